// SPDX-License-Identifier: Apache-2.0
// The socket options of Linux whose value is a number and which our sockets have.
#pragma once
#include <cstdint>

#include "catenet/socket/socket_table.h"

namespace catenet::packetdrill {

struct OptionRow {
  int level;
  int name;
  Result<void> (*set)(socket::SocketTable& table, int fd, std::int64_t value);  ///< null: it cannot be set
  Result<std::int64_t> (*get)(socket::SocketTable& table, int fd);              ///< null: it cannot be read
};

/// Null: there is none.
[[nodiscard]] const OptionRow* find_option(std::int64_t level, std::int64_t name);

}  // namespace catenet::packetdrill
