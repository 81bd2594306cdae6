// SPDX-License-Identifier: Apache-2.0
// Delegate<R(Args...)>: an object and one of its members, two words, trivially copyable, no allocation. What
// std::function would cost (5.9 ns a call, sometimes a heap block) is not paid per packet.
//   Delegate<void(Instant)> d = Delegate<void(Instant)>::to<&Arp::on_timer>(arp);
#pragma once
#include <utility>

namespace catenet {

template <typename Signature>
class Delegate;

template <typename R, typename... Args>
class Delegate<R(Args...)> {
 public:
  constexpr Delegate() = default;
  constexpr Delegate(R (*call)(void*, Args...), void* object) : call_(call), object_(object) {}

  template <auto Member, typename T>
  static constexpr Delegate to(T& object) {
    return Delegate(
        [](void* o, Args... args) -> R { return (static_cast<T*>(o)->*Member)(std::forward<Args>(args)...); }, &object);
  }
  /// Any callable that outlives the delegate (a lambda kept by its owner).
  template <typename F>
  static constexpr Delegate of(F& f) {
    return Delegate([](void* o, Args... args) -> R { return (*static_cast<F*>(o))(std::forward<Args>(args)...); }, &f);
  }

  R operator()(Args... args) const { return call_(object_, std::forward<Args>(args)...); }
  constexpr explicit operator bool() const { return call_ != nullptr; }
  constexpr bool operator==(const Delegate&) const = default;

 private:
  R (*call_)(void*, Args...) = nullptr;
  void* object_ = nullptr;
};

}  // namespace catenet
