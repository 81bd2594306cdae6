// SPDX-License-Identifier: Apache-2.0
// NameTable: names and their addresses, as /etc/hosts has them. The lab fills one for all its nodes and hands it to
// each host (SocketLayer::set_names); a DNS resolver would stand behind the same look-up.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "catenet/base/result.h"
#include "catenet/wire/ip_address.h"

namespace catenet::socket {

class NameTable {
 public:
  /// Adds an address to a name; the first one added is the preferred one. A pair that is there already is not repeated.
  void add(std::string_view name, const wire::IpAddress& address);
  /// The addresses of a name, an address written out included. ENOENT: no such name.
  [[nodiscard]] Result<std::vector<wire::IpAddress>> lookup(std::string_view name) const;
  /// The name of an address: the first in alphabetical order; empty if none.
  [[nodiscard]] std::string_view name_of(const wire::IpAddress& address) const;

 private:
  std::map<std::string, std::vector<wire::IpAddress>, std::less<>> names_;
};

}  // namespace catenet::socket
