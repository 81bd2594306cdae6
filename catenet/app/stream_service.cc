// SPDX-License-Identifier: Apache-2.0
#include "catenet/app/stream_service.h"

namespace catenet::app {

Task<int> StreamService::run() {
  auto listener = AsyncSocket::listener(host(), any_address(port_));
  if (!listener) {
    co_return complain(name_, fmt::format("cannot listen on port {}", port_), listener.error());
  }
  if (const auto code = prepare()) {
    co_return *code;
  }
  ready();
  std::uint64_t accepted = 0;
  while (true) {
    wire::Endpoint peer;
    const auto fd = co_await listener->accept(&peer);
    if (!fd) {
      // Out of descriptors, say: the connection waits in the queue until others have ended.
      co_await pause(Duration::milliseconds(100));
      continue;
    }
    AsyncSocket connection(host(), *fd);
    count("connections", ++accepted);
    if (running_tasks() <= kMaxConnections) {
      spawn(serve(std::move(connection), peer));
    }
  }
}

}  // namespace catenet::app
