// SPDX-License-Identifier: Apache-2.0
// Prefix<A>: an address and a length, for routes ("10.0.0.0/8") and for interfaces ("10.0.0.1/8": the host bits stay).
// Ipv4Prefix, Ipv6Prefix, and IpPrefix for code written for both families (CIDR, RFC 4632; RFC 4291 2.3).
#pragma once
#include <compare>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "catenet/wire/ip_address.h"

namespace catenet::wire {

template <typename A>
class Prefix {
 public:
  static constexpr std::size_t kMaxText = A::kMaxText + 4;

  constexpr Prefix() = default;  ///< everything: 0.0.0.0/0 or ::/0
  /// A length above the address's width counts as the width.
  constexpr Prefix(const A& address, unsigned length)
      : address_(address), length_(static_cast<std::uint8_t>(std::min(length, address.bit_width()))) {}
  template <typename B>
    requires(!std::same_as<A, B> && std::convertible_to<B, A>)
  constexpr Prefix(const Prefix<B>& o)  // NOLINT(google-explicit-constructor): Ipv4Prefix is an IpPrefix
      : Prefix(o.address(), o.length()) {}

  /// The prefix of exactly one address.
  static constexpr Prefix host(const A& address) { return {address, address.bit_width()}; }
  /// A network: address '/' length, host bits zero. EINVAL otherwise.
  static Result<Prefix> parse(std::string_view text);
  /// An interface's address with its prefix length: host bits allowed. EINVAL when it is not address '/' length.
  static Result<Prefix> parse_interface(std::string_view text);

  [[nodiscard]] constexpr const A& address() const { return address_; }
  [[nodiscard]] constexpr unsigned length() const { return length_; }
  [[nodiscard]] constexpr A network() const { return address_.masked(length_); }
  /// The same prefix with its host bits zero.
  [[nodiscard]] constexpr Prefix canonical() const { return {network(), length_}; }
  /// All host bits one; it is a broadcast address only for IPv4 and has_broadcast().
  [[nodiscard]] constexpr A broadcast() const { return address_.filled(length_); }
  /// False for IPv6 and for /31 and /32 (RFC 3021), where every address is a host's.
  [[nodiscard]] constexpr bool has_broadcast() const { return address_.bit_width() == 32 && length_ < 31; }
  [[nodiscard]] constexpr bool is_host() const { return length_ == address_.bit_width(); }

  [[nodiscard]] constexpr bool contains(const A& a) const {
    return a.bit_width() == address_.bit_width() && a.masked(length_) == network();
  }
  [[nodiscard]] constexpr bool contains(const Prefix& o) const { return o.length_ >= length_ && contains(o.address_); }

  constexpr bool operator==(const Prefix&) const = default;
  constexpr auto operator<=>(const Prefix&) const = default;
  [[nodiscard]] constexpr std::uint64_t hash(std::uint64_t seed = 0) const {
    return mix64(address_.hash(seed), length_);
  }

  char* write_to(char* out) const;
  [[nodiscard]] std::string to_string() const;

 private:
  A address_{};
  std::uint8_t length_ = 0;
};

using Ipv4Prefix = Prefix<Ipv4Address>;
using Ipv6Prefix = Prefix<Ipv6Address>;
using IpPrefix = Prefix<IpAddress>;

extern template class Prefix<Ipv4Address>;
extern template class Prefix<Ipv6Address>;
extern template class Prefix<IpAddress>;

}  // namespace catenet::wire
