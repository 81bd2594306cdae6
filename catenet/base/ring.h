// SPDX-License-Identifier: Apache-2.0
// Ring<T>: a double-ended queue in one flat power-of-two array. Grows by doubling up to what the owner allows (owners
// check size() against their own limit), never shrinks, and allocates nothing until the first push: an idle owner costs
// one pointer, and a connection has several.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>

#include "catenet/base/check.h"

namespace catenet {

template <typename T>
class Ring {
 public:
  Ring() = default;
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;
  Ring(Ring&& o) noexcept : block_(std::exchange(o.block_, nullptr)) {}
  Ring& operator=(Ring&& o) noexcept {
    std::swap(block_, o.block_);
    return *this;
  }
  ~Ring() {
    clear();
    release(block_);
  }

  [[nodiscard]] std::size_t size() const { return block_ != nullptr ? block_->size : 0; }
  [[nodiscard]] bool empty() const { return size() == 0; }
  T& operator[](std::size_t i) { return block_->slot(i); }
  const T& operator[](std::size_t i) const { return block_->slot(i); }
  T& front() { return (*this)[0]; }
  const T& front() const { return (*this)[0]; }
  T& back() { return (*this)[block_->size - 1]; }

  void push_back(T value) {
    if (block_ == nullptr || block_->size == block_->capacity) [[unlikely]] {
      grow();
    }
    std::construct_at(&block_->slot(block_->size), std::move(value));
    ++block_->size;
  }
  T pop_front() {
    check(!empty(), "pop_front of an empty ring");
    T* slot = &block_->slot(0);
    T value = std::move(*slot);
    std::destroy_at(slot);
    block_->head = (block_->head + 1) & (block_->capacity - 1);
    --block_->size;
    return value;
  }
  T pop_back() {
    check(!empty(), "pop_back of an empty ring");
    T* slot = &block_->slot(block_->size - 1);
    T value = std::move(*slot);
    std::destroy_at(slot);
    --block_->size;
    return value;
  }
  void clear() {
    while (!empty()) {
      (void)pop_back();
    }
    if (block_ != nullptr) {
      block_->head = 0;
    }
  }

 private:
  static constexpr std::uint32_t kFirst = 4;  // elements; a power of two, as each capacity is

  struct Block {
    std::uint32_t capacity;
    std::uint32_t head;
    std::uint32_t size;

    [[nodiscard]] T& slot(std::size_t i) { return slots()[(head + static_cast<std::uint32_t>(i)) & (capacity - 1)]; }
    [[nodiscard]] T* slots() { return reinterpret_cast<T*>(reinterpret_cast<std::byte*>(this) + kOffset); }
  };
  static constexpr std::size_t kAlignment = alignof(T) > alignof(Block) ? alignof(T) : alignof(Block);
  static_assert(kAlignment <= __STDCPP_DEFAULT_NEW_ALIGNMENT__);
  static constexpr std::size_t kOffset = (sizeof(Block) + kAlignment - 1) / kAlignment * kAlignment;

  static void release(Block* block) { ::operator delete(block); }
  void grow() {
    const std::uint32_t bigger = block_ == nullptr ? kFirst : block_->capacity * 2;
    void* memory = ::operator new(kOffset + bigger * sizeof(T));
    const std::uint32_t held = block_ == nullptr ? 0 : block_->size;
    auto* fresh = new (memory) Block{bigger, 0, held};
    for (std::uint32_t i = 0; i < held; ++i) {
      T& from = block_->slot(i);
      std::construct_at(&fresh->slot(i), std::move(from));
      std::destroy_at(&from);
    }
    release(block_);
    block_ = fresh;
  }

  Block* block_ = nullptr;
};

}  // namespace catenet
