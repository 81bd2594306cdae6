// SPDX-License-Identifier: Apache-2.0
// One host inside your own program: an echo server on 10.1.0.2 and 2001:db8::2, port 7, on your source of packets (here
// a TUN device) and your loop (here poll). Packets and the time go in; packets and the next deadline come out.
// docs/embedding.md
#include <catenet/embed/stack.h>
#include <poll.h>

#include <chrono>
#include <cstdio>
#include <list>
#include <random>

#include "tun.h"

using namespace catenet;

static Instant now() { return Instant::from_ns(std::chrono::steady_clock::now().time_since_epoch().count()); }

// How long poll() may sleep, rounded up; -1: until a packet comes.
static int milliseconds_to(Instant deadline) {
  return deadline.is_never()
             ? -1
             : static_cast<int>(std::max<std::int64_t>(0, (deadline - now()).ns() + 999'999) / 1'000'000);
}

// Gives back what has come; false once the connection is over.
static bool echo(transport::TcpPcb& connection) {
  std::byte bytes[4096];
  while (connection.writable()) {
    const auto waiting = connection.peek(bytes);
    if (!waiting)
      return waiting.error().code == EAGAIN;
    if (*waiting == 0)
      return false;  // the end of the stream
    const auto sent = connection.send({bytes, *waiting});
    if (!sent)
      return false;
    (void)connection.receive({bytes, *sent});
  }
  return connection.error() == 0;
}

int main(int argc, char** argv) {
  const int tun = open_tun(argc > 1 ? argv[1] : "tun0");
  embed::StackConfig config;
  config.address = *wire::Ipv4Prefix::parse_interface("10.1.0.2/24");
  config.address6 = *wire::Ipv6Prefix::parse_interface("2001:db8::2/64");
  config.seed = std::random_device()();
  const auto made = embed::Stack::make(config);
  if (tun < 0 || !made)
    return std::perror("host"), 1;
  embed::Stack& stack = **made;
  transport::TcpPcb* listener = stack.tcp().listen({wire::IpAddress::any(wire::Family::kV6), 7}, 16).value();
  std::list<transport::TcpPcb*> connections;
  static std::byte packet[65536];
  for (std::puts("ready"), std::fflush(stdout);;) {
    pollfd wait{tun, POLLIN, 0};
    poll(&wait, 1, milliseconds_to(stack.deadline()));
    for (ssize_t n; (n = read(tun, packet, sizeof packet)) > 0;)
      stack.input({packet, std::size_t(n)}, now());
    stack.advance(now());
    while (const auto connection = listener->accept())
      connections.push_back(*connection);
    connections.remove_if([](auto* connection) { return !echo(*connection) && (connection->close(), true); });
    for (auto out = stack.output(); !out.empty(); out = stack.output())
      (void)!write(tun, out.data(), out.size());
  }
}
