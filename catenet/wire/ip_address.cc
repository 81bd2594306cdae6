// SPDX-License-Identifier: Apache-2.0
// Texts of Internet addresses: RFC 4291 2.2 is read, RFC 5952 is written.
#include "catenet/wire/ip_address.h"

namespace catenet::wire {
namespace {

constexpr std::size_t kGroups = 8;

// Reads 1 to 4 hexadecimal digits; -1 when the text is anything else.
int parse_group(std::string_view text) {
  if (text.empty() || text.size() > 4) {
    return -1;
  }
  int value = 0;
  for (const char c : text) {
    const int digit = hex_digit(c);
    if (digit < 0) {
      return -1;
    }
    value = value << 4 | digit;
  }
  return value;
}

struct Groups {
  std::array<std::uint16_t, kGroups> value{};
  std::size_t count = 0;
};

// Reads groups joined by ':' into `out`; the last may be a dotted quad when `may_end_in_quad`. An empty text is no
// group at all (either side of "::").
bool parse_groups(std::string_view text, bool may_end_in_quad, Groups& out) {
  if (text.empty()) {
    return true;
  }
  while (true) {
    const std::size_t colon = text.find(':');
    const std::string_view part = text.substr(0, colon);
    if (colon == std::string_view::npos && may_end_in_quad && part.find('.') != std::string_view::npos) {
      const auto quad = Ipv4Address::parse(part);
      if (!quad || out.count + 2 > kGroups) {
        return false;
      }
      out.value[out.count++] = static_cast<std::uint16_t>(quad->value() >> 16);
      out.value[out.count++] = static_cast<std::uint16_t>(quad->value());
      return true;
    }
    const int group = parse_group(part);
    if (group < 0 || out.count == kGroups) {
      return false;
    }
    out.value[out.count++] = static_cast<std::uint16_t>(group);
    if (colon == std::string_view::npos) {
      return true;
    }
    text.remove_prefix(colon + 1);
  }
}

}  // namespace

Result<Ipv4Address> Ipv4Address::parse(std::string_view text) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) {
    const std::size_t dot = i < 3 ? text.find('.') : text.size();
    if (dot == std::string_view::npos) {
      return fail(EINVAL, "an IPv4 address is four numbers joined by dots");
    }
    const auto number = parse_decimal(text.substr(0, dot), 255);
    if (!number) {
      return fail(EINVAL, "each number of an IPv4 address is 0 to 255 without leading zeros");
    }
    value = value << 8 | *number;
    text.remove_prefix(i < 3 ? dot + 1 : dot);
  }
  return Ipv4Address(value);
}

char* Ipv4Address::write_to(char* out) const {
  for (int shift = 24; shift >= 0; shift -= 8) {
    const std::uint32_t byte = value_ >> shift & 0xff;
    if (shift != 24) {
      *out++ = '.';
    }
    out = std::to_chars(out, out + 3, byte).ptr;
  }
  return out;
}

std::string Ipv4Address::to_string() const {
  char text[kMaxText];
  return {text, write_to(text)};
}

Result<Ipv6Address> Ipv6Address::parse(std::string_view text) {
  Groups head;
  Groups tail;
  const std::size_t gap = text.find("::");
  if (gap == std::string_view::npos) {
    if (!parse_groups(text, true, head) || head.count != kGroups) {
      return fail(EINVAL, "an IPv6 address has eight groups of hexadecimal digits, or one '::'");
    }
    return Ipv6Address(head.value);
  }
  // A second "::" leaves an empty group in the tail, which parse_groups refuses.
  if (!parse_groups(text.substr(0, gap), false, head) || !parse_groups(text.substr(gap + 2), true, tail) ||
      head.count + tail.count >= kGroups) {
    return fail(EINVAL, "not an IPv6 address");
  }
  for (std::size_t i = 0; i < tail.count; ++i) {
    head.value[kGroups - tail.count + i] = tail.value[i];
  }
  return Ipv6Address(head.value);
}

char* Ipv6Address::write_to(char* out) const {
  if (is_v4_mapped()) {  // RFC 5952 5
    constexpr std::string_view kPrefix = "::ffff:";
    out = std::copy(kPrefix.begin(), kPrefix.end(), out);
    return Ipv4Address::from_bytes(std::span(bytes_).last<4>()).write_to(out);
  }
  std::size_t best = 0;
  std::size_t best_length = 1;  // a single zero group is written out (RFC 5952 4.2.2)
  for (std::size_t i = 0; i < kGroups;) {
    std::size_t end = i;
    while (end < kGroups && group(end) == 0) {
      ++end;
    }
    if (end - i > best_length) {
      best = i;
      best_length = end - i;
    }
    i = end + 1;
  }
  const bool shortened = best_length > 1;
  for (std::size_t i = 0; i < kGroups; ++i) {
    if (shortened && i == best) {
      *out++ = ':';
      *out++ = ':';
      i += best_length - 1;
      continue;
    }
    if (i > 0 && !(shortened && i == best + best_length)) {
      *out++ = ':';
    }
    out = std::to_chars(out, out + 4, group(i), 16).ptr;
  }
  return out;
}

std::string Ipv6Address::to_string() const {
  char text[kMaxText];
  return {text, write_to(text)};
}

Result<IpAddress> IpAddress::parse(std::string_view text) {
  if (text.find(':') != std::string_view::npos) {
    const auto v6 = Ipv6Address::parse(text);
    return v6 ? Result<IpAddress>(*v6) : std::unexpected(v6.error());
  }
  const auto v4 = Ipv4Address::parse(text);
  return v4 ? Result<IpAddress>(*v4) : std::unexpected(v4.error());
}

char* IpAddress::write_to(char* out) const {
  out = is_v4() ? v4().write_to(out) : v6().write_to(out);
  if (zone_ != 0) {
    *out++ = '%';
    out = std::to_chars(out, out + 3, zone_).ptr;
  }
  return out;
}

std::string IpAddress::to_string() const {
  char text[kMaxText];
  return {text, write_to(text)};
}

}  // namespace catenet::wire
