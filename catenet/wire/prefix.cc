// SPDX-License-Identifier: Apache-2.0
// Texts of prefixes.
#include "catenet/wire/prefix.h"

namespace catenet::wire {

template <typename A>
Result<Prefix<A>> Prefix<A>::parse_interface(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) {
    return fail(EINVAL, "a prefix is an address, '/' and a length");
  }
  const auto address = A::parse(text.substr(0, slash));
  if (!address) {
    return std::unexpected(address.error());
  }
  const auto length = parse_decimal(text.substr(slash + 1), address->bit_width());
  if (!length) {
    return fail(EINVAL, "a prefix length is 0 to 32 for IPv4, 0 to 128 for IPv6");
  }
  return Prefix(*address, *length);
}

template <typename A>
Result<Prefix<A>> Prefix<A>::parse(std::string_view text) {
  const auto prefix = parse_interface(text);
  if (prefix && prefix->network() != prefix->address()) {
    return fail(EINVAL, "bits beyond the prefix length must be zero");
  }
  return prefix;
}

template <typename A>
char* Prefix<A>::write_to(char* out) const {
  out = address_.write_to(out);
  *out++ = '/';
  return std::to_chars(out, out + 3, length_).ptr;
}

template <typename A>
std::string Prefix<A>::to_string() const {
  char text[kMaxText];
  return {text, write_to(text)};
}

template class Prefix<Ipv4Address>;
template class Prefix<Ipv6Address>;
template class Prefix<IpAddress>;

}  // namespace catenet::wire
