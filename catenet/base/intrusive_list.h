// SPDX-License-Identifier: Apache-2.0
// IntrusiveList<T>: a doubly linked list through members of its elements; linking and unlinking cost no memory and need
// no search. T derives from ListNode<Tag>; Tag tells several lists of one element apart. An element leaves its list
// when it dies.
#pragma once
#include <cstddef>

namespace catenet {

template <typename Tag = void>
class ListNode {
 public:
  ListNode() = default;
  ListNode(const ListNode&) = delete;
  ListNode& operator=(const ListNode&) = delete;
  ~ListNode() { unlink(); }
  [[nodiscard]] bool is_linked() const { return next_ != nullptr; }
  void unlink() {
    if (next_ != nullptr) {
      prev_->next_ = next_;
      next_->prev_ = prev_;
      next_ = prev_ = nullptr;
    }
  }

 private:
  template <typename, typename>
  friend class IntrusiveList;
  ListNode* next_ = nullptr;
  ListNode* prev_ = nullptr;
};

template <typename T, typename Tag = void>
class IntrusiveList {
  using Node = ListNode<Tag>;

 public:
  IntrusiveList() { root_.next_ = root_.prev_ = &root_; }
  IntrusiveList(const IntrusiveList&) = delete;
  IntrusiveList& operator=(const IntrusiveList&) = delete;
  ~IntrusiveList() {
    while (!empty()) {
      root_.next_->unlink();
    }
    root_.next_ = root_.prev_ = nullptr;
  }

  [[nodiscard]] bool empty() const { return root_.next_ == &root_; }
  T& front() { return *static_cast<T*>(root_.next_); }
  T& back() { return *static_cast<T*>(root_.prev_); }
  void push_back(T& element) { insert_before(root_, element); }
  void push_front(T& element) { insert_before(*root_.next_, element); }
  /// Behind the last element that does not come after it: keeps a sorted list sorted. Looks from the back.
  template <typename Less>
  void insert_sorted(T& element, Less&& less) {
    static_cast<Node&>(element).unlink();
    Node* before = root_.prev_;
    while (before != &root_ && less(element, *static_cast<T*>(before))) {
      before = before->prev_;
    }
    insert_before(*before->next_, element);
  }
  T& pop_front() {
    T& element = front();
    static_cast<Node&>(element).unlink();
    return element;
  }

  class iterator {
   public:
    explicit iterator(Node* at) : at_(at) {}
    T& operator*() const { return *static_cast<T*>(at_); }
    T* operator->() const { return static_cast<T*>(at_); }
    iterator& operator++() {
      at_ = at_->next_;
      return *this;
    }
    bool operator==(const iterator&) const = default;

   private:
    Node* at_;
  };
  iterator begin() { return iterator(root_.next_); }
  iterator end() { return iterator(&root_); }

 private:
  void insert_before(Node& where, T& element) {
    auto& node = static_cast<Node&>(element);
    node.unlink();
    node.prev_ = where.prev_;
    node.next_ = &where;
    where.prev_->next_ = &node;
    where.prev_ = &node;
  }
  Node root_;
};

}  // namespace catenet
