// SPDX-License-Identifier: Apache-2.0
// calls: a list of socket calls, made one after the other as a textbook program would make them, each printed with its
// result. For walks through the protocol control blocks:
//
//   calls socket, bind 0.0.0.0:1234, listen 5, accept
//
// A call works on the newest descriptor that can do it: bind, listen, accept and connect on the last socket(), the
// others on the last one made by socket() or accept(). "send@4 hello" names the descriptor. What was opened stays open
// after the last call, until the Program object dies, so that its tables can be looked at.
#pragma once
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "catenet/app/program.h"
#include "catenet/base/time.h"
#include "catenet/socket/types.h"

namespace catenet::app {

struct SocketCall {
  enum class Verb : std::uint8_t {
    socket,
    bind,
    listen,
    accept,
    connect,
    send,
    recv,
    sendto,
    recvfrom,
    shutdown,
    close,
    sleep,
  };
  Verb verb{};
  std::optional<int> fd;  ///< after '@'
  std::string host;       ///< of an address: a name or an address
  std::uint16_t port = 0;
  std::uint64_t number = 0;  ///< a backlog, a count of bytes
  std::string text;          ///< to send
  Duration time;             ///< of sleep
  socket::SocketType type = socket::SocketType::stream;
  socket::ShutdownHow how = socket::ShutdownHow::send;
};

/// The calls in "socket, bind 0.0.0.0:1234", or what is wrong.
[[nodiscard]] std::expected<std::vector<SocketCall>, std::string> parse_calls(std::string_view text);

[[nodiscard]] ProgramKind calls_kind();

}  // namespace catenet::app
