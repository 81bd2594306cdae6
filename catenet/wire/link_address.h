// SPDX-License-Identifier: Apache-2.0
// Link addresses: MacAddress, the 48-bit IEEE 802 address, and LinkAddress, the address of any link technology (none on
// a point-to-point line, 6 bytes on Ethernet, up to 8 elsewhere) as the layers above see it.
// Values without ownership; MacAddress has alignment 1 and is used directly inside packed headers.
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

#include "catenet/base/hash.h"
#include "catenet/base/result.h"
#include "catenet/wire/text.h"

namespace catenet::wire {

class MacAddress {
 public:
  static constexpr std::size_t kSize = 6;
  static constexpr std::size_t kMaxText = 17;

  constexpr MacAddress() = default;
  constexpr MacAddress(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d, std::uint8_t e, std::uint8_t f)
      : bytes_{a, b, c, d, e, f} {}
  static constexpr MacAddress broadcast() { return {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}; }
  /// The low 48 bits of `n`, most significant byte first: from_u64(0x020000000001) is 02:00:00:00:00:01.
  static constexpr MacAddress from_u64(std::uint64_t n) {
    MacAddress mac;
    for (std::size_t i = 0; i < kSize; ++i) {
      mac.bytes_[i] = static_cast<std::uint8_t>(n >> (40 - 8 * i));
    }
    return mac;
  }
  static MacAddress from_bytes(std::span<const std::byte, kSize> bytes) {
    MacAddress mac;
    std::memcpy(mac.bytes_.data(), bytes.data(), kSize);
    return mac;
  }
  /// Six pairs of hexadecimal digits joined by ':' or by '-', not both. EINVAL otherwise.
  static Result<MacAddress> parse(std::string_view text);

  [[nodiscard]] constexpr std::uint64_t to_u64() const {
    std::uint64_t n = 0;
    for (const std::uint8_t byte : bytes_) {
      n = n << 8 | byte;
    }
    return n;
  }
  [[nodiscard]] std::span<const std::byte, kSize> bytes() const {
    return std::as_bytes(std::span<const std::uint8_t, kSize>(bytes_));
  }
  [[nodiscard]] constexpr std::uint8_t operator[](std::size_t i) const { return bytes_[i]; }

  [[nodiscard]] constexpr bool is_broadcast() const { return *this == broadcast(); }
  [[nodiscard]] constexpr bool is_multicast() const { return (bytes_[0] & 1) != 0; }  // broadcast is one too
  [[nodiscard]] constexpr bool is_unicast() const { return !is_multicast(); }
  [[nodiscard]] constexpr bool is_locally_administered() const { return (bytes_[0] & 2) != 0; }
  [[nodiscard]] constexpr bool is_zero() const { return *this == MacAddress(); }

  constexpr bool operator==(const MacAddress& o) const {
    if consteval {
      return bytes_ == o.bytes_;
    }
    return word() == o.word();
  }
  constexpr auto operator<=>(const MacAddress&) const = default;
  [[nodiscard]] constexpr std::uint64_t hash(std::uint64_t seed = 0) const { return mix64(seed, to_u64()); }
  /// The six bytes as they would be read at once, two zero bytes behind them: each received frame compares so.
  [[nodiscard]] std::uint64_t word() const {
    std::uint32_t first = 0;
    std::uint16_t last = 0;
    std::memcpy(&first, bytes_.data(), sizeof first);
    std::memcpy(&last, bytes_.data() + sizeof first, sizeof last);
    return std::endian::native == std::endian::little ? first | std::uint64_t{last} << 32
                                                      : std::uint64_t{first} << 32 | std::uint64_t{last} << 16;
  }

  /// Writes "02:00:00:00:00:01" (kMaxText characters, no terminator) and returns the end.
  char* write_to(char* out) const;
  [[nodiscard]] std::string to_string() const;

 private:
  std::array<std::uint8_t, kSize> bytes_{};
};
static_assert(sizeof(MacAddress) == 6 && alignof(MacAddress) == 1);

class LinkAddress {
 public:
  static constexpr std::size_t kMaxSize = 8;
  static constexpr std::size_t kMaxText = 3 * kMaxSize - 1;

  constexpr LinkAddress() = default;  ///< no address: the other end of a point-to-point link
  LinkAddress(const MacAddress& mac)  // NOLINT(google-explicit-constructor): the common case of every LAN
      : size_(MacAddress::kSize) {
    // As one word: a copy of the address then reads what was written at once, which every received frame notices.
    const std::uint64_t word = mac.word();
    std::memcpy(bytes_.data(), &word, sizeof word);
  }
  /// Bytes beyond kMaxSize are cut off; callers check lengths from outside first.
  explicit LinkAddress(std::span<const std::byte> bytes)
      : size_(static_cast<std::uint8_t>(std::min(bytes.size(), kMaxSize))) {
    std::copy_n(bytes.begin(), size_, bytes_.begin());
  }

  [[nodiscard]] constexpr std::size_t size() const { return size_; }
  [[nodiscard]] constexpr bool empty() const { return size_ == 0; }
  [[nodiscard]] std::span<const std::byte> bytes() const { return {bytes_.data(), size_}; }
  [[nodiscard]] constexpr bool is_mac() const { return size_ == MacAddress::kSize; }
  /// The Ethernet address; all zero when the length is not 6.
  [[nodiscard]] MacAddress to_mac() const {
    return is_mac() ? MacAddress::from_bytes(std::span(bytes_).first<MacAddress::kSize>()) : MacAddress();
  }

  constexpr bool operator==(const LinkAddress& o) const {
    return std::bit_cast<std::uint64_t>(bytes_) == std::bit_cast<std::uint64_t>(o.bytes_) && size_ == o.size_;
  }
  constexpr auto operator<=>(const LinkAddress&) const = default;
  [[nodiscard]] std::uint64_t hash(std::uint64_t seed = 0) const { return hash_bytes(bytes(), seed); }

  /// Colon-separated pairs of digits, "" for no address; at most kMaxText characters.
  char* write_to(char* out) const;
  [[nodiscard]] std::string to_string() const;

 private:
  std::array<std::byte, kMaxSize> bytes_{};
  std::uint8_t size_ = 0;
};
static_assert(sizeof(LinkAddress) == 9);

}  // namespace catenet::wire
