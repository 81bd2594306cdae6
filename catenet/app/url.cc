// SPDX-License-Identifier: Apache-2.0
#include "catenet/app/url.h"

#include <fmt/format.h>

#include <algorithm>

#include "catenet/app/quantity.h"
#include "catenet/wire/ip_address.h"

namespace catenet::app {
namespace {

bool is_host_char(unsigned char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' || c == '_';
}

}  // namespace

std::string Url::authority() const {
  const std::string shown = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return port == 80 ? shown : fmt::format("{}:{}", shown, port);
}

std::expected<Url, std::string> Url::parse(std::string_view text) {
  const std::string_view whole = text;
  const auto wrong = [&](std::string_view why) {
    return std::unexpected(fmt::format("'{}' is not a URL that can be fetched: {}", whole, why));
  };
  if (const std::size_t scheme = text.find("://"); scheme != std::string_view::npos) {
    if (text.substr(0, scheme) != "http") {
      return wrong("expected http://HOST[:PORT][/PATH]");
    }
    text.remove_prefix(scheme + 3);
  }
  const auto is_printable = [](unsigned char c) { return c > 0x20 && c < 0x7f; };
  if (!std::all_of(text.begin(), text.end(), is_printable)) {
    return wrong("blanks and special characters must be written %XX");
  }
  Url url;
  const std::size_t end = std::min(text.find_first_of("/?#"), text.size());
  std::string_view authority = text.substr(0, end);
  const std::string_view rest = text.substr(end);
  url.target = rest.substr(0, rest.find('#'));  // a fragment stays with the client
  if (!url.target.starts_with('/')) {
    url.target.insert(0, 1, '/');
  }
  if (authority.find('@') != std::string_view::npos) {
    return wrong("user names are not supported");
  }
  std::size_t host_end = authority.find(':');
  if (authority.starts_with('[')) {
    const std::size_t bracket = authority.find(']');
    if (bracket == std::string_view::npos) {
      return wrong("']' is missing");
    }
    url.host = authority.substr(1, bracket - 1);
    host_end = bracket + 1;
    if (!wire::Ipv6Address::parse(url.host)) {  // RFC 3986 3.2.2: brackets hold an IPv6 address
      return wrong("in brackets an IPv6 address is expected");
    }
  } else {
    url.host = authority.substr(0, host_end);
    if (!std::all_of(url.host.begin(), url.host.end(), is_host_char)) {
      return wrong("its host is neither a name nor an address");
    }
  }
  if (url.host.empty()) {
    return wrong("it has no host");
  }
  authority.remove_prefix(std::min(host_end, authority.size()));
  if (!authority.empty() && authority != ":") {
    const auto port = parse_integer(authority.substr(1), 1, 65'535);
    if (!authority.starts_with(':') || !port) {
      return wrong("its port is not a number from 1 to 65535");
    }
    url.port = static_cast<std::uint16_t>(*port);
  }
  return url;
}

}  // namespace catenet::app
