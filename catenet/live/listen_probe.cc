// SPDX-License-Identifier: Apache-2.0
#include "catenet/live/listen_probe.h"

#include <charconv>

namespace catenet::live {
namespace {

std::string_view next_word(std::string_view& line) {
  const std::size_t start = line.find_first_not_of(' ');
  if (start == std::string_view::npos) {
    line = {};
    return {};
  }
  const std::size_t end = std::min(line.find(' ', start), line.size());
  std::string_view word = line.substr(start, end - start);
  line.remove_prefix(end);
  return word;
}

/// -1 when the word is not a hexadecimal number to its end.
long hex(std::string_view word) {
  long value = 0;
  auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value, 16);
  return error == std::errc() && end == word.data() + word.size() && !word.empty() ? value : -1;
}

/// The port behind the last colon of "0100007F:1F90".
long port_of(std::string_view endpoint) {
  const std::size_t colon = endpoint.rfind(':');
  return colon == std::string_view::npos ? -1 : hex(endpoint.substr(colon + 1));
}

}  // namespace

bool listens_in_table(std::string_view table, Transport transport, std::uint16_t port) {
  // States as in the kernel's include/net/tcp_states.h; an unconnected UDP socket is shown as TCP_CLOSE.
  constexpr long kTcpListen = 0x0A;
  constexpr long kTcpClose = 0x07;
  const long wanted = transport == Transport::tcp ? kTcpListen : kTcpClose;
  while (!table.empty()) {
    const std::size_t end = std::min(table.find('\n'), table.size());
    std::string_view line = table.substr(0, end);
    table.remove_prefix(std::min(end + 1, table.size()));
    next_word(line);  // "sl"
    const long local = port_of(next_word(line));
    const long remote = port_of(next_word(line));
    const long state = hex(next_word(line));
    if (local == port && remote == 0 && state == wanted) {
      return true;
    }
  }
  return false;
}

}  // namespace catenet::live
