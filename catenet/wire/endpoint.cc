// SPDX-License-Identifier: Apache-2.0
// Texts of endpoints.
#include "catenet/wire/endpoint.h"

namespace catenet::wire {

Result<Endpoint> Endpoint::parse(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return fail(EINVAL, "an endpoint is an address, ':' and a port");
  }
  const auto port = parse_decimal(text.substr(colon + 1), 65535);
  if (!port) {
    return fail(EINVAL, "a port is 0 to 65535");
  }
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) {
    host = host.substr(1, host.size() - 2);
  }
  const auto address = IpAddress::parse(host);
  if (!address) {
    return std::unexpected(address.error());
  }
  if (bracketed != address->is_v6()) {
    return fail(EINVAL, "an endpoint's IPv6 address is written in brackets, an IPv4 address is not");
  }
  return Endpoint{*address, static_cast<std::uint16_t>(*port)};
}

char* Endpoint::write_to(char* out) const {
  if (address.is_v6()) {
    *out++ = '[';
  }
  out = address.write_to(out);
  if (address.is_v6()) {
    *out++ = ']';
  }
  *out++ = ':';
  return std::to_chars(out, out + 5, port).ptr;
}

std::string Endpoint::to_string() const {
  char text[kMaxText];
  return {text, write_to(text)};
}

std::string FourTuple::to_string() const { return local.to_string() + " > " + foreign.to_string(); }

}  // namespace catenet::wire
