// SPDX-License-Identifier: Apache-2.0
// For tests of sockets: two hosts with UDP, TCP and sockets over the plain test network, one millisecond apart.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "catenet/socket/socket_layer.h"
#include "catenet/transport/tcp/tcp.h"
#include "catenet/transport/udp/udp.h"
#include "catenet/transport/udp/udp_test_net.h"

namespace catenet::socket {

using transport::at;
using transport::ip;

struct TestHost {
  TestHost(Environment& environment, transport::TestCloud& cloud, SourceId id, std::string_view name,
           const wire::IpAddress& address, const SocketLayer::Limits& limits = {})
      : node(environment, id, name),
        network(node, cloud, address, id + 1),
        udp(node, network),
        udp_lite(node, network, wire::Family::kV4, transport::UdpFlavour::lite),
        tcp(node, network),
        sockets({node, network, udp, tcp, nullptr, &udp_lite}, limits) {
    network.set_protocol(transport::kProtocolUdp, udp);
    network.set_protocol(transport::kProtocolUdpLite, udp_lite);
    network.set_protocol(transport::Tcp::kProtocolNumber, tcp);
  }
  transport::PlainNode node;
  transport::TestNetwork network;
  transport::Udp udp;
  transport::Udp udp_lite;
  transport::Tcp tcp;
  SocketLayer sockets;
};

struct TwoHosts {
  explicit TwoHosts(const SocketLayer::Limits& limits = {})
      : a(environment, cloud, 1, "a", ip("10.0.0.1"), limits), b(environment, cloud, 3, "b", ip("10.0.0.2"), limits) {}
  /// Long enough for a handshake and an answer, short of any retransmission.
  void run(Duration duration = Duration::milliseconds(50)) { scheduler.run_until(scheduler.now() + duration); }

  Scheduler scheduler;
  PacketPool pool;
  Environment environment{scheduler, pool, 1};
  transport::TestCloud cloud;
  TestHost a;
  TestHost b;
};

template <typename T>
int code_of(const Result<T>& result) {
  return result ? 0 : result.error().code;
}

/// The steps of a host as lines, "a: bind(3, 0.0.0.0:7) = 0".
class Transcript {
 public:
  void follow(SocketLayer& host) { host.set_on_step(SocketLayer::OnStep::to<&Transcript::add>(*this)); }
  void add(const Step& step) { lines.push_back(step.text()); }
  std::vector<std::string> lines;
};

}  // namespace catenet::socket
