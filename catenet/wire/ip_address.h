// SPDX-License-Identifier: Apache-2.0
// Internet addresses: Ipv4Address (RFC 791), Ipv6Address (RFC 4291), and IpAddress, either of them, so that transport
// is written once. Values: trivially copyable, compared byte by byte in network order (v4 before v6 in IpAddress).
// Text is strict and locale-free: dotted quads without leading zeros, IPv6 as RFC 5952 writes it.
#pragma once
#include <algorithm>
#include <array>
#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "catenet/base/endian.h"
#include "catenet/base/hash.h"
#include "catenet/base/result.h"
#include "catenet/wire/text.h"

namespace catenet::wire {

enum class Family : std::uint8_t { kV4 = 4, kV6 = 6 };

/// How far an address means anything (RFC 4007 4, RFC 4291 2.7), in the numbers of the multicast scope field.
enum class Scope : std::uint8_t {
  kInterfaceLocal = 1,
  kLinkLocal = 2,
  kAdminLocal = 4,
  kSiteLocal = 5,
  kOrganizationLocal = 8,
  kGlobal = 14
};

class Ipv4Address {
 public:
  static constexpr std::size_t kSize = 4;
  static constexpr unsigned kBits = 32;
  static constexpr std::size_t kMaxText = 15;

  constexpr Ipv4Address() = default;  ///< 0.0.0.0
  constexpr Ipv4Address(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d)
      : value_(std::uint32_t{a} << 24 | std::uint32_t{b} << 16 | std::uint32_t{c} << 8 | d) {}
  /// Host order: Ipv4Address(0x0a000001) is 10.0.0.1.
  explicit constexpr Ipv4Address(std::uint32_t host_order) : value_(host_order) {}
  static constexpr Ipv4Address from_bytes(std::span<const std::byte, kSize> b) {
    return {std::to_integer<std::uint8_t>(b[0]), std::to_integer<std::uint8_t>(b[1]),
            std::to_integer<std::uint8_t>(b[2]), std::to_integer<std::uint8_t>(b[3])};
  }
  static constexpr Ipv4Address any() { return {}; }
  static constexpr Ipv4Address broadcast() { return Ipv4Address(0xffffffff); }
  static constexpr Ipv4Address loopback() { return {127, 0, 0, 1}; }
  /// Four decimal numbers of 0..255 without leading zeros, nothing else. EINVAL otherwise.
  static Result<Ipv4Address> parse(std::string_view text);

  [[nodiscard]] constexpr std::uint32_t value() const { return value_; }  ///< host order
  [[nodiscard]] constexpr std::array<std::byte, kSize> to_bytes() const {
    return {std::byte(value_ >> 24), std::byte(value_ >> 16), std::byte(value_ >> 8), std::byte(value_)};
  }
  [[nodiscard]] constexpr unsigned bit_width() const { return kBits; }
  /// The first `length` bits, the rest zero (lengths above 32 count as 32).
  [[nodiscard]] constexpr Ipv4Address masked(unsigned length) const { return Ipv4Address(value_ & mask(length)); }
  /// The first `length` bits, the rest one.
  [[nodiscard]] constexpr Ipv4Address filled(unsigned length) const { return Ipv4Address(value_ | ~mask(length)); }
  static constexpr std::uint32_t mask(unsigned length) {
    return length == 0 ? 0 : length >= kBits ? 0xffffffff : ~(0xffffffffU >> length);
  }

  [[nodiscard]] constexpr bool is_unspecified() const { return value_ == 0; }
  [[nodiscard]] constexpr bool is_broadcast() const { return value_ == 0xffffffff; }  // limited (RFC 919)
  [[nodiscard]] constexpr bool is_multicast() const { return value_ >> 28 == 0xe; }
  [[nodiscard]] constexpr bool is_local_multicast() const { return value_ >> 8 == 0xe00000; }  // 224.0.0.0/24
  [[nodiscard]] constexpr bool is_loopback() const { return value_ >> 24 == 127; }
  [[nodiscard]] constexpr bool is_this_network() const { return value_ >> 24 == 0; }     // 0.0.0.0/8
  [[nodiscard]] constexpr bool is_link_local() const { return value_ >> 16 == 0xa9fe; }  // RFC 3927
  [[nodiscard]] constexpr bool is_reserved() const { return value_ >> 28 == 0xf; }       // class E and broadcast
  [[nodiscard]] constexpr bool is_private() const {                                      // RFC 1918
    return value_ >> 24 == 10 || value_ >> 20 == 0xac1 || value_ >> 16 == 0xc0a8;
  }
  /// A source that a router must not forward (RFC 1812 5.3.7, RFC 1122 3.2.1.3).
  [[nodiscard]] constexpr bool is_martian_source() const {
    return is_this_network() || is_loopback() || is_multicast() || is_reserved();
  }
  /// A destination that must not appear on a wire. Limited broadcast and multicast are not martians, only unroutable.
  [[nodiscard]] constexpr bool is_martian_destination() const {
    return is_this_network() || is_loopback() || (is_reserved() && !is_broadcast());
  }

  constexpr auto operator<=>(const Ipv4Address&) const = default;
  [[nodiscard]] constexpr std::uint64_t hash(std::uint64_t seed = 0) const { return mix64(seed, value_); }

  /// Writes at most kMaxText characters, no terminator; returns the end.
  char* write_to(char* out) const;
  [[nodiscard]] std::string to_string() const;

 private:
  std::uint32_t value_ = 0;
};

/// An IPv4 address inside a packed header: network order, alignment 1, converts both ways.
class BeIpv4 {
 public:
  constexpr BeIpv4() = default;
  constexpr BeIpv4(Ipv4Address a) : raw_(a.value()) {}  // NOLINT(google-explicit-constructor)
  constexpr operator Ipv4Address() const {
    return Ipv4Address(std::uint32_t{raw_});
  }  // NOLINT(google-explicit-constructor)

 private:
  be32 raw_;
};
static_assert(sizeof(BeIpv4) == 4 && alignof(BeIpv4) == 1);

class Ipv6Address {
 public:
  static constexpr std::size_t kSize = 16;
  static constexpr unsigned kBits = 128;
  static constexpr std::size_t kMaxText = 45;

  constexpr Ipv6Address() = default;  ///< ::
  /// Eight groups in reading order: Ipv6Address({0xfe80, 0, 0, 0, 0, 0, 0, 1}).
  explicit constexpr Ipv6Address(const std::array<std::uint16_t, 8>& groups) {
    for (std::size_t i = 0; i < 8; ++i) {
      bytes_[2 * i] = std::byte(groups[i] >> 8);
      bytes_[2 * i + 1] = std::byte(groups[i] & 0xff);
    }
  }
  static constexpr Ipv6Address from_bytes(std::span<const std::byte, kSize> bytes) {
    Ipv6Address a;
    std::copy(bytes.begin(), bytes.end(), a.bytes_.begin());
    return a;
  }
  /// ::ffff:a.b.c.d (RFC 4291 2.5.5.2): how a socket for both families names an IPv4 address; never on a wire.
  static constexpr Ipv6Address mapped(Ipv4Address a) {
    return Ipv6Address(
        {0, 0, 0, 0, 0, 0xffff, static_cast<std::uint16_t>(a.value() >> 16), static_cast<std::uint16_t>(a.value())});
  }
  static constexpr Ipv6Address any() { return {}; }
  static constexpr Ipv6Address loopback() { return Ipv6Address({0, 0, 0, 0, 0, 0, 0, 1}); }
  /// RFC 4291 2.2 in all three forms, without a zone. EINVAL otherwise.
  static Result<Ipv6Address> parse(std::string_view text);

  [[nodiscard]] constexpr const std::array<std::byte, kSize>& to_bytes() const { return bytes_; }
  [[nodiscard]] constexpr std::span<const std::byte, kSize> bytes() const { return bytes_; }
  [[nodiscard]] constexpr std::uint16_t group(std::size_t i) const {
    return static_cast<std::uint16_t>(byte(2 * i) << 8 | byte(2 * i + 1));
  }
  [[nodiscard]] constexpr unsigned bit_width() const { return kBits; }
  [[nodiscard]] constexpr Ipv6Address masked(unsigned length) const { return with_tail(length, std::byte{0}); }
  [[nodiscard]] constexpr Ipv6Address filled(unsigned length) const { return with_tail(length, std::byte{0xff}); }

  [[nodiscard]] constexpr bool is_unspecified() const { return *this == any(); }
  [[nodiscard]] constexpr bool is_loopback() const { return *this == loopback(); }
  [[nodiscard]] constexpr bool is_multicast() const { return byte(0) == 0xff; }
  [[nodiscard]] constexpr bool is_link_local() const { return byte(0) == 0xfe && (byte(1) & 0xc0) == 0x80; }
  [[nodiscard]] constexpr bool is_unique_local() const { return (byte(0) & 0xfe) == 0xfc; }  // RFC 4193
  [[nodiscard]] constexpr bool is_v4_mapped() const {                                        // ::ffff:0:0/96
    return masked(96) == Ipv6Address({0, 0, 0, 0, 0, 0xffff, 0, 0});
  }
  /// The address inside a mapped one.
  [[nodiscard]] constexpr Ipv4Address v4_mapped() const {
    return Ipv4Address(std::uint32_t{group(6)} << 16 | group(7));
  }
  /// Of a multicast address as it says; of others what RFC 6724 3.1 and 3.2 make of them.
  [[nodiscard]] constexpr Scope scope() const {
    if (is_multicast()) {
      return Scope{static_cast<std::uint8_t>(byte(1) & 0x0f)};
    }
    if (is_v4_mapped()) {
      return v4_mapped().is_link_local() || v4_mapped().is_loopback() ? Scope::kLinkLocal : Scope::kGlobal;
    }
    const bool site_local = byte(0) == 0xfe && (byte(1) & 0xc0) == 0xc0;
    return is_link_local() || is_loopback() ? Scope::kLinkLocal : site_local ? Scope::kSiteLocal : Scope::kGlobal;
  }
  /// Does it take a zone to say which one is meant? Link-local unicast, and groups that do not leave the link.
  [[nodiscard]] constexpr bool is_link_scoped() const {
    return is_link_local() || (is_multicast() && scope() <= Scope::kLinkLocal);
  }
  /// How many of the first bits are those of `o`.
  [[nodiscard]] constexpr unsigned common_prefix(const Ipv6Address& o) const {
    for (unsigned i = 0; i < kSize; ++i) {
      if (const auto difference = static_cast<std::uint8_t>(byte(i) ^ o.byte(i)); difference != 0) {
        return i * 8 + static_cast<unsigned>(std::countl_zero(difference));
      }
    }
    return kBits;
  }
  /// The group that its neighbour solicitations go to (RFC 4291 2.7.1).
  [[nodiscard]] constexpr Ipv6Address solicited_node() const {
    return Ipv6Address({0xff02, 0, 0, 0, 0, 1, static_cast<std::uint16_t>(0xff00 | byte(13)), group(7)});
  }
  /// RFC 4291 2.5.2, 2.5.3, 2.7.
  [[nodiscard]] constexpr bool is_martian_source() const { return is_unspecified() || is_loopback() || is_multicast(); }

  constexpr bool operator==(const Ipv6Address&) const = default;
  constexpr auto operator<=>(const Ipv6Address&) const = default;
  [[nodiscard]] constexpr std::uint64_t hash(std::uint64_t seed = 0) const {
    return mix64(mix64(seed, word(0)), word(8));
  }

  /// RFC 5952: lower case, the longest run of zero groups (the first of equals, two at least) as "::", v4-mapped with a
  /// dotted quad. At most kMaxText characters, no terminator; returns the end.
  char* write_to(char* out) const;
  [[nodiscard]] std::string to_string() const;

 private:
  [[nodiscard]] constexpr std::uint8_t byte(std::size_t i) const { return std::to_integer<std::uint8_t>(bytes_[i]); }
  [[nodiscard]] constexpr std::uint64_t word(std::size_t at) const {
    std::uint64_t v = 0;
    for (std::size_t i = 0; i < 8; ++i) {
      v = v << 8 | byte(at + i);
    }
    return v;
  }
  [[nodiscard]] constexpr Ipv6Address with_tail(unsigned length, std::byte fill) const {
    Ipv6Address a = *this;
    for (unsigned i = length / 8; i < kSize; ++i) {
      const unsigned kept = i == length / 8 ? length % 8 : 0;
      const std::byte keep = std::byte(0xff00U >> kept & 0xff);
      a.bytes_[i] = (a.bytes_[i] & keep) | (fill & ~keep);
    }
    return a;
  }
  std::array<std::byte, kSize> bytes_{};
};
static_assert(sizeof(Ipv6Address) == 16 && alignof(Ipv6Address) == 1);

/// An address of either family. A link-local IPv6 address means something on one link only; its zone (RFC 4007) says on
/// which: 1 + the index of the interface, 0 where nothing is said and for all other addresses.
class IpAddress {
 public:
  static constexpr std::size_t kMaxText = Ipv6Address::kMaxText + 4;
  static constexpr unsigned kMaxZone = 255;

  constexpr IpAddress() = default;      ///< 0.0.0.0
  constexpr IpAddress(Ipv4Address a) {  // NOLINT(google-explicit-constructor)
    if consteval {
      const auto bytes = a.to_bytes();
      std::copy(bytes.begin(), bytes.end(), bytes_.begin());
    } else {  // in one store, so that a copy made at once, as each packet makes several, need not wait for two
      const be32 network_order = a.value();
      std::uint32_t raw = 0;
      std::memcpy(&raw, &network_order, sizeof raw);
      using Sixteen [[gnu::vector_size(16)]] = std::uint64_t;
      const Sixteen first = {std::endian::native == std::endian::little
                                 ? std::uint64_t{raw} << 8 | static_cast<std::uint64_t>(Family::kV4)
                                 : static_cast<std::uint64_t>(Family::kV4) << 56 | std::uint64_t{raw} << 24,
                             0};
      std::memcpy(static_cast<void*>(this), &first, sizeof first);
    }
  }
  constexpr IpAddress(const Ipv6Address& a)  // NOLINT(google-explicit-constructor)
      : family_(Family::kV6), bytes_(a.to_bytes()) {}
  constexpr IpAddress(const Ipv6Address& a, std::uint8_t zone)
      : family_(Family::kV6), bytes_(a.to_bytes()), zone_(zone) {}
  static constexpr IpAddress any(Family family) {
    return family == Family::kV4 ? IpAddress(Ipv4Address::any()) : IpAddress(Ipv6Address::any());
  }
  /// Either text form, without a zone; a colon decides for IPv6. EINVAL otherwise.
  static Result<IpAddress> parse(std::string_view text);

  [[nodiscard]] constexpr Family family() const { return family_; }
  [[nodiscard]] constexpr bool is_v4() const { return family_ == Family::kV4; }
  [[nodiscard]] constexpr bool is_v6() const { return family_ == Family::kV6; }
  /// The address of that family; 0.0.0.0 or :: when it is of the other one.
  [[nodiscard]] constexpr Ipv4Address v4() const {
    return is_v4() ? Ipv4Address::from_bytes(std::span(bytes_).first<4>()) : Ipv4Address();
  }
  [[nodiscard]] constexpr Ipv6Address v6() const { return is_v6() ? Ipv6Address::from_bytes(bytes_) : Ipv6Address(); }
  [[nodiscard]] constexpr std::uint8_t zone() const { return zone_; }
  /// 4 or 16 bytes in network order, valid while this object lives.
  [[nodiscard]] constexpr std::span<const std::byte> bytes() const {
    return {bytes_.data(), is_v4() ? Ipv4Address::kSize : Ipv6Address::kSize};
  }
  [[nodiscard]] constexpr unsigned bit_width() const { return is_v4() ? Ipv4Address::kBits : Ipv6Address::kBits; }
  [[nodiscard]] constexpr IpAddress masked(unsigned length) const {
    return is_v4() ? IpAddress(v4().masked(length)) : IpAddress(v6().masked(length));
  }
  [[nodiscard]] constexpr IpAddress filled(unsigned length) const {
    return is_v4() ? IpAddress(v4().filled(length)) : IpAddress(v6().filled(length));
  }

  [[nodiscard]] constexpr bool is_unspecified() const { return *this == any(family_); }
  [[nodiscard]] constexpr bool is_multicast() const { return is_v4() ? v4().is_multicast() : v6().is_multicast(); }
  [[nodiscard]] constexpr bool is_loopback() const { return is_v4() ? v4().is_loopback() : v6().is_loopback(); }
  [[nodiscard]] constexpr bool is_link_local() const { return is_v4() ? v4().is_link_local() : v6().is_link_local(); }
  [[nodiscard]] constexpr bool is_broadcast() const { return is_v4() && v4().is_broadcast(); }
  [[nodiscard]] constexpr bool is_martian_source() const {
    return is_v4() ? v4().is_martian_source() : v6().is_martian_source();
  }

  constexpr bool operator==(const IpAddress&) const = default;
  constexpr auto operator<=>(const IpAddress&) const = default;
  [[nodiscard]] constexpr std::uint64_t hash(std::uint64_t seed = 0) const {
    return is_v4() ? v4().hash(seed) : v6().hash(seed);
  }

  /// A zone follows behind '%' as a number (RFC 4007 11.2). At most kMaxText characters.
  char* write_to(char* out) const;
  [[nodiscard]] std::string to_string() const;

 private:
  Family family_ = Family::kV4;
  std::array<std::byte, 16> bytes_{};  // a v4 address is the first four, the rest stays zero so that == may compare all
  std::uint8_t zone_ = 0;
};
static_assert(sizeof(IpAddress) == 18 && std::has_unique_object_representations_v<IpAddress>);

}  // namespace catenet::wire
