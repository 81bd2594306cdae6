// SPDX-License-Identifier: Apache-2.0
// Texts of link addresses (IEEE 802: pairs of hexadecimal digits).
#include "catenet/wire/link_address.h"

namespace catenet::wire {
namespace {

char* write_pairs(char* out, std::span<const std::byte> bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i > 0) {
      *out++ = ':';
    }
    const auto value = std::to_integer<unsigned>(bytes[i]);
    *out++ = kDigits[value >> 4];
    *out++ = kDigits[value & 15];
  }
  return out;
}

}  // namespace

Result<MacAddress> MacAddress::parse(std::string_view text) {
  if (text.size() != kMaxText) {
    return fail(EINVAL, "a MAC address is six pairs of hexadecimal digits");
  }
  const char separator = text[2];
  if (separator != ':' && separator != '-') {
    return fail(EINVAL, "the pairs of a MAC address are joined by ':' or '-'");
  }
  MacAddress mac;
  for (std::size_t i = 0; i < kSize; ++i) {
    const int high = hex_digit(text[3 * i]);
    const int low = hex_digit(text[3 * i + 1]);
    if (high < 0 || low < 0) {
      return fail(EINVAL, "not a hexadecimal digit in a MAC address");
    }
    if (i + 1 < kSize && text[3 * i + 2] != separator) {
      return fail(EINVAL, "the pairs of a MAC address are joined by ':' or '-'");
    }
    mac.bytes_[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return mac;
}

char* MacAddress::write_to(char* out) const { return write_pairs(out, bytes()); }

std::string MacAddress::to_string() const {
  char text[kMaxText];
  return {text, write_to(text)};
}

char* LinkAddress::write_to(char* out) const { return write_pairs(out, bytes()); }

std::string LinkAddress::to_string() const {
  char text[kMaxText];
  return {text, write_to(text)};
}

}  // namespace catenet::wire
