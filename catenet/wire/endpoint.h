// SPDX-License-Identifier: Apache-2.0
// Endpoint: an Internet address and a port (host order). FourTuple: the two ends of a conversation as one of them sees
// it, the key of the transport's tables; hash it with a secret seed of the host (see base/hash.h).
#pragma once
#include <array>
#include <bit>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "catenet/wire/ip_address.h"

namespace catenet::wire {

struct Endpoint {
  IpAddress address;
  std::uint16_t port = 0;

  static constexpr std::size_t kMaxText = IpAddress::kMaxText + 8;
  /// "1.2.3.4:80" or "[::1]:80" (RFC 5952 6), port 0 to 65535. EINVAL otherwise.
  static Result<Endpoint> parse(std::string_view text);
  static constexpr Endpoint any(Family family) { return {IpAddress::any(family), 0}; }

  constexpr bool operator==(const Endpoint&) const = default;
  constexpr auto operator<=>(const Endpoint&) const = default;
  [[nodiscard]] constexpr std::uint64_t hash(std::uint64_t seed = 0) const { return mix64(address.hash(seed), port); }

  char* write_to(char* out) const;
  [[nodiscard]] std::string to_string() const;
};
static_assert(sizeof(Endpoint) == 20);

struct FourTuple {
  Endpoint local;
  Endpoint foreign;

  /// The same conversation as the other end sees it.
  [[nodiscard]] constexpr FourTuple reversed() const { return {foreign, local}; }
  /// Every segment that arrives is compared so with what the table found: five words, no branches.
  constexpr bool operator==(const FourTuple& other) const {
    using Words = std::array<std::uint64_t, 5>;
    const auto a = std::bit_cast<Words>(*this);
    const auto b = std::bit_cast<Words>(other);
    return ((a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]) | (a[3] ^ b[3]) | (a[4] ^ b[4])) == 0;
  }
  constexpr auto operator<=>(const FourTuple&) const = default;
  [[nodiscard]] constexpr std::uint64_t hash(std::uint64_t seed = 0) const {
    const std::uint64_t ports = std::uint64_t{local.port} << 16 | foreign.port;
    if (local.address.is_v4() && foreign.address.is_v4()) {  // the common case in two multiplications
      const std::uint64_t both = std::uint64_t{local.address.v4().value()} << 32 | foreign.address.v4().value();
      return mix64(mix64(seed, both), ports);
    }
    return mix64(foreign.address.hash(local.address.hash(seed)), ports);
  }
  [[nodiscard]] std::string to_string() const;  ///< "local > foreign"
};
static_assert(std::has_unique_object_representations_v<FourTuple>);

}  // namespace catenet::wire
