// SPDX-License-Identifier: Apache-2.0
// StreamService: a program that listens on a TCP port and serves each connection with a coroutine of its own, at most
// kMaxConnections at a time; one more is closed at once.
#pragma once
#include <string_view>

#include "catenet/app/coroutine_program.h"

namespace catenet::app {

class StreamService : public CoroutineProgram {
 public:
  static constexpr std::size_t kMaxConnections = 512;
  StreamService(const Context& on, std::string_view name, std::uint16_t port)
      : CoroutineProgram(on), name_(name), port_(port) {}

 protected:
  /// One connection, closed when this returns.
  virtual Task<void> serve(AsyncSocket connection, wire::Endpoint peer) = 0;
  /// Before the service is ready: what else it needs. An exit code ends it.
  virtual std::optional<int> prepare() { return std::nullopt; }
  int on_stop() override { return 0; }
  [[nodiscard]] std::string_view name() const { return name_; }
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  Task<int> run() final;
  std::string_view name_;
  std::uint16_t port_;
};

/// Every address of the host.
[[nodiscard]] inline wire::Endpoint any_address(std::uint16_t port) {
  return {wire::IpAddress::any(wire::Family::kV4), port};
}

}  // namespace catenet::app
