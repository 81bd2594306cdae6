// SPDX-License-Identifier: Apache-2.0
// URLs of the http scheme (RFC 3986, RFC 9110 4.2.1).
#pragma once
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace catenet::app {

struct Url {
  std::string host;  ///< a name or an address; an IPv6 address without its brackets
  std::uint16_t port = 80;
  std::string target = "/";  ///< path and query, as it is sent
  /// What the Host field says: brackets as needed, no port when it is 80.
  [[nodiscard]] std::string authority() const;
  /// "http://" may be left out. Else what is wrong, for a person.
  static std::expected<Url, std::string> parse(std::string_view text);
};

}  // namespace catenet::app
