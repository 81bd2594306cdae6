// SPDX-License-Identifier: Apache-2.0
// How ping and trace show a host: "router1 (10.0.0.254)", or the address alone where there is no name.
#pragma once
#include <string>

#include "catenet/socket/socket_layer.h"

namespace catenet::app {

[[nodiscard]] inline std::string host_text(const socket::SocketLayer& host, const wire::IpAddress& address) {
  const std::string text = address.to_string();
  const std::string_view name = host.names() == nullptr ? std::string_view() : host.names()->name_of(address);
  return name.empty() ? text : std::string(name) + " (" + text + ")";
}

}  // namespace catenet::app
