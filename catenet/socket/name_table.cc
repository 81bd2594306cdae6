// SPDX-License-Identifier: Apache-2.0
#include "catenet/socket/name_table.h"

#include <algorithm>

namespace catenet::socket {

void NameTable::add(std::string_view name, const wire::IpAddress& address) {
  auto& addresses = names_.try_emplace(std::string(name)).first->second;
  if (std::ranges::find(addresses, address) == addresses.end()) {
    addresses.push_back(address);
  }
}

Result<std::vector<wire::IpAddress>> NameTable::lookup(std::string_view name) const {
  if (const auto address = wire::IpAddress::parse(name)) {
    return std::vector{*address};
  }
  const auto found = names_.find(name);
  if (found == names_.end()) {
    return fail(ENOENT, "no host of this name");
  }
  return found->second;
}

std::string_view NameTable::name_of(const wire::IpAddress& address) const {
  for (const auto& [name, addresses] : names_) {
    if (std::ranges::find(addresses, address) != addresses.end()) {
      return name;
    }
  }
  return {};
}

}  // namespace catenet::socket
