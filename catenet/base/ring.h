// SPDX-License-Identifier: Apache-2.0
// Ring<T>: a double-ended queue in one flat power-of-two array. Grows by doubling up to what the owner allows (owners
// check size() against their own limit), never shrinks, and allocates nothing until the first push: an idle owner costs
// 24 bytes.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "catenet/base/check.h"

namespace catenet {

template <typename T>
class Ring {
 public:
  Ring() = default;
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;
  Ring(Ring&& o) noexcept
      : slots_(std::exchange(o.slots_, nullptr)),
        capacity_(std::exchange(o.capacity_, 0)),
        head_(std::exchange(o.head_, 0)),
        size_(std::exchange(o.size_, 0)) {}
  Ring& operator=(Ring&& o) noexcept {
    std::swap(slots_, o.slots_);
    std::swap(capacity_, o.capacity_);
    std::swap(head_, o.head_);
    std::swap(size_, o.size_);
    return *this;
  }
  ~Ring() {
    clear();
    std::allocator<T>().deallocate(slots_, capacity_);
  }

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  T& operator[](std::size_t i) { return slots_[index(i)]; }
  const T& operator[](std::size_t i) const { return slots_[index(i)]; }
  T& front() { return (*this)[0]; }
  const T& front() const { return (*this)[0]; }
  T& back() { return (*this)[size_ - 1]; }

  void push_back(T value) {
    if (size_ == capacity_) {
      grow();
    }
    std::construct_at(&slots_[index(size_)], std::move(value));
    ++size_;
  }
  T pop_front() {
    check(size_ > 0, "pop_front of an empty ring");
    T* slot = &slots_[head_];
    T value = std::move(*slot);
    std::destroy_at(slot);
    head_ = (head_ + 1) & (capacity_ - 1);
    --size_;
    return value;
  }
  T pop_back() {
    check(size_ > 0, "pop_back of an empty ring");
    T* slot = &slots_[index(size_ - 1)];
    T value = std::move(*slot);
    std::destroy_at(slot);
    --size_;
    return value;
  }
  void clear() {
    while (size_ > 0) {
      (void)pop_back();
    }
    head_ = 0;
  }

 private:
  [[nodiscard]] std::uint32_t index(std::size_t i) const {
    return (head_ + static_cast<std::uint32_t>(i)) & (capacity_ - 1);
  }
  void grow() {
    const std::uint32_t bigger = capacity_ == 0 ? 4 : capacity_ * 2;
    T* fresh = std::allocator<T>().allocate(bigger);
    for (std::uint32_t i = 0; i < size_; ++i) {
      T& from = slots_[index(i)];
      std::construct_at(&fresh[i], std::move(from));
      std::destroy_at(&from);
    }
    std::allocator<T>().deallocate(slots_, capacity_);
    slots_ = fresh;
    capacity_ = bigger;
    head_ = 0;
  }

  T* slots_ = nullptr;
  std::uint32_t capacity_ = 0;
  std::uint32_t head_ = 0;
  std::uint32_t size_ = 0;
};

}  // namespace catenet
