// SPDX-License-Identifier: Apache-2.0
// The peer of bench_engine in ns-3, as Debian ships it, without the traffic-control layer: the same dumbbell, and the
// same idle hosts, of which the time to make them counts.
//   ns3_engine dumbbell FLOWS SECONDS     ns3_engine idle HOSTS
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <vector>

#include <ns3/applications-module.h>
#include <ns3/core-module.h>
#include <ns3/internet-module.h>
#include <ns3/network-module.h>
#include <ns3/point-to-point-module.h>
#include <ns3/traffic-control-module.h>
#include <unistd.h>

namespace {

using namespace ns3;

constexpr std::uint16_t kPort = 9;

double cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

class Net {
 public:
  Net() : addresses_("10.0.0.0", "255.255.255.252") { stack_.SetIpv6StackInstall(false); }
  void install(const NodeContainer& nodes) { stack_.Install(nodes); }
  /// The address of b's end.
  Ipv4Address link(PointToPointHelper& helper, const Ptr<Node>& a, const Ptr<Node>& b) {
    const NetDeviceContainer devices = helper.Install(a, b);
    const Ipv4InterfaceContainer interfaces = addresses_.Assign(devices);
    control_.Uninstall(devices);
    addresses_.NewNetwork();
    return interfaces.GetAddress(1);
  }

 private:
  InternetStackHelper stack_;
  TrafficControlHelper control_;
  Ipv4AddressHelper addresses_;
};

PointToPointHelper cable(const char* delay) {
  PointToPointHelper helper;
  helper.SetDeviceAttribute("DataRate", StringValue("1Gbps"));
  helper.SetChannelAttribute("Delay", StringValue(delay));
  helper.SetQueue("ns3::DropTailQueue", "MaxSize", StringValue("1000p"));
  return helper;
}

// Nanoseconds of CPU time for a virtual second.
double dumbbell(std::uint32_t flows, double seconds) {
  Config::SetDefault("ns3::TcpSocket::SegmentSize", UintegerValue(1448));
  Config::SetDefault("ns3::TcpSocket::SndBufSize", UintegerValue(4 << 20));
  Config::SetDefault("ns3::TcpSocket::RcvBufSize", UintegerValue(4 << 20));
  Config::SetDefault("ns3::TcpSocket::InitialCwnd", UintegerValue(10));
  Config::SetDefault("ns3::TcpL4Protocol::SocketType", TypeIdValue(TypeId::LookupByName("ns3::TcpCubic")));
  Net net;
  NodeContainer senders, receivers, routers;
  senders.Create(flows);
  receivers.Create(flows);
  routers.Create(2);
  net.install(senders);
  net.install(receivers);
  net.install(routers);
  PointToPointHelper access = cable("1ms");
  PointToPointHelper bottleneck = cable("10ms");
  net.link(bottleneck, routers.Get(0), routers.Get(1));
  std::vector<Ipv4Address> to;
  for (std::uint32_t i = 0; i < flows; ++i) {
    net.link(access, routers.Get(0), senders.Get(i));
    to.push_back(net.link(access, routers.Get(1), receivers.Get(i)));
  }
  Ipv4GlobalRoutingHelper::PopulateRoutingTables();
  ApplicationContainer sinks;
  for (std::uint32_t i = 0; i < flows; ++i) {
    PacketSinkHelper sink("ns3::TcpSocketFactory", InetSocketAddress(Ipv4Address::GetAny(), kPort));
    sinks.Add(sink.Install(receivers.Get(i)));
    BulkSendHelper bulk("ns3::TcpSocketFactory", InetSocketAddress(to[i], kPort));
    bulk.SetAttribute("MaxBytes", UintegerValue(0));
    bulk.SetAttribute("SendSize", UintegerValue(65536));
    bulk.Install(senders.Get(i)).Start(Seconds(0.001 * i));
  }
  sinks.Start(Seconds(0));
  Simulator::Stop(Seconds(seconds));
  const double start = cpu_seconds();
  Simulator::Run();
  const double cpu = cpu_seconds() - start;
  double bytes = 0;
  for (std::uint32_t i = 0; i < flows; ++i) {
    bytes += static_cast<double>(DynamicCast<PacketSink>(sinks.Get(i))->GetTotalRx());
  }
  std::fprintf(stderr, "goodput %.3g bit/s\n", bytes * 8 / seconds);
  return cpu / seconds * 1e9;
}

// Nanoseconds to make a host with a link to the next.
double idle(std::uint32_t hosts) {
  const double start = cpu_seconds();
  Net net;
  NodeContainer nodes;
  nodes.Create(hosts);
  net.install(nodes);
  PointToPointHelper link;
  for (std::uint32_t i = 0; i + 1 < hosts; ++i) {
    net.link(link, nodes.Get(i), nodes.Get(i + 1));
  }
  return (cpu_seconds() - start) / hosts * 1e9;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 4 && std::strcmp(argv[1], "dumbbell") == 0) {
    std::printf("{\"value\":%.9g}\n", dumbbell(static_cast<std::uint32_t>(std::atoi(argv[2])), std::atof(argv[3])));
  } else if (argc == 3 && std::strcmp(argv[1], "idle") == 0) {
    std::printf("{\"value\":%.9g}\n", idle(static_cast<std::uint32_t>(std::atoi(argv[2]))));
  } else {
    std::fprintf(stderr, "usage: ns3_engine dumbbell FLOWS SECONDS | idle HOSTS\n");
    return 2;
  }
  std::fflush(stdout);
  _exit(0);  // taking the network down is not measured
}
