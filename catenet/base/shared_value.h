// SPDX-License-Identifier: Apache-2.0
// SharedValue<T>: one unchanging T that many refer to, in a word each; the last to let go frees it. What
// std::shared_ptr<const T> is in two words. Never null. Copies may be held by different threads.
#pragma once
#include <atomic>
#include <cstdint>
#include <utility>

namespace catenet {

template <typename T>
class SharedValue {
 public:
  explicit SharedValue(T value) : shared_(new Shared{std::move(value), 1}) {}
  SharedValue(const SharedValue& other) : shared_(other.shared_) {
    shared_->holders.fetch_add(1, std::memory_order_relaxed);
  }
  SharedValue& operator=(SharedValue other) {
    std::swap(shared_, other.shared_);
    return *this;
  }
  ~SharedValue() {
    if (shared_->holders.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      delete shared_;
    }
  }

  const T& operator*() const { return shared_->value; }
  const T* operator->() const { return &shared_->value; }

 private:
  struct Shared {
    const T value;
    std::atomic<std::uint32_t> holders;
  };
  Shared* shared_;
};

}  // namespace catenet
