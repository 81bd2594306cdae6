// SPDX-License-Identifier: Apache-2.0
// The peer of bench_chain and bench_host in ns-3: the same chain of routers under the same load, and the same idle
// hosts. Libraries as Debian ships them, optimised, without the traffic-control layer (which would only slow it down),
// one default route per node.
//   ns3_chain chain ROUTERS SECONDS     ns3_chain idle HOSTS     ns3_chain linked HOSTS
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <vector>

#include <ns3/applications-module.h>
#include <ns3/core-module.h>
#include <ns3/internet-module.h>
#include <ns3/network-module.h>
#include <ns3/point-to-point-module.h>
#include <ns3/traffic-control-module.h>
#include <unistd.h>

namespace {

constexpr double kPacketsPerSecond = 100'000;
constexpr std::uint32_t kPayload = 1000;
constexpr std::uint16_t kPort = 9;

double cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

double resident_bytes() {
  long total = 0;
  long resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

// host - router * n - host, links of 10 Gbit/s and 10 us.
std::uint64_t run_chain(std::uint32_t routers, double seconds, double& cpu) {
  using namespace ns3;
  NodeContainer nodes;
  nodes.Create(routers + 2);
  InternetStackHelper stack;
  stack.SetIpv6StackInstall(false);
  Ipv4StaticRoutingHelper routing;
  stack.SetRoutingHelper(routing);
  stack.Install(nodes);
  PointToPointHelper link;
  link.SetDeviceAttribute("DataRate", StringValue("10Gbps"));
  link.SetChannelAttribute("Delay", StringValue("10us"));
  link.SetQueue("ns3::DropTailQueue", "MaxSize", StringValue("1000p"));
  Ipv4AddressHelper addresses("10.0.0.0", "255.255.255.252");
  TrafficControlHelper control;
  Ipv4Address last;
  for (std::uint32_t i = 0; i <= routers; ++i) {
    const NetDeviceContainer devices = link.Install(nodes.Get(i), nodes.Get(i + 1));
    const Ipv4InterfaceContainer interfaces = addresses.Assign(devices);
    control.Uninstall(devices);
    addresses.NewNetwork();
    last = interfaces.GetAddress(1);
    routing.GetStaticRouting(nodes.Get(i)->GetObject<Ipv4>())->SetDefaultRoute(last, i == 0 ? 1 : 2);
  }
  UdpServerHelper server(kPort);
  server.Install(nodes.Get(routers + 1)).Start(Seconds(0));
  UdpClientHelper client(last, kPort);
  client.SetAttribute("MaxPackets", UintegerValue(0xffffffff));
  client.SetAttribute("Interval", TimeValue(Seconds(1 / kPacketsPerSecond)));
  client.SetAttribute("PacketSize", UintegerValue(kPayload));
  ApplicationContainer sender = client.Install(nodes.Get(0));
  sender.Start(Seconds(0));
  sender.Stop(Seconds(seconds));
  Simulator::Stop(Seconds(seconds + 0.1));
  const double start = cpu_seconds();
  Simulator::Run();
  cpu = cpu_seconds() - start;
  return server.GetServer()->GetReceived();
}

// Bytes per idle host; linked: with a link from each host to the next.
double idle_hosts(std::uint32_t hosts, bool linked) {
  using namespace ns3;
  const double before = resident_bytes();
  NodeContainer nodes;
  nodes.Create(hosts);
  InternetStackHelper stack;
  stack.SetIpv6StackInstall(false);
  stack.Install(nodes);
  PointToPointHelper link;
  Ipv4AddressHelper addresses("10.0.0.0", "255.255.255.252");
  TrafficControlHelper control;
  for (std::uint32_t i = 0; linked && i + 1 < hosts; ++i) {
    const NetDeviceContainer devices = link.Install(nodes.Get(i), nodes.Get(i + 1));
    addresses.Assign(devices);
    control.Uninstall(devices);
    addresses.NewNetwork();
  }
  return (resident_bytes() - before) / hosts;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 4 && std::strcmp(argv[1], "chain") == 0) {
    const auto routers = static_cast<std::uint32_t>(std::atoi(argv[2]));
    double cpu = 0;
    const std::uint64_t received = run_chain(routers, std::atof(argv[3]), cpu);
    std::printf("{\"value\":%.9g}\n", static_cast<double>(received) * (routers + 1) / cpu);
  } else if (argc == 3 && (std::strcmp(argv[1], "idle") == 0 || std::strcmp(argv[1], "linked") == 0)) {
    std::printf("{\"value\":%.9g}\n",
                idle_hosts(static_cast<std::uint32_t>(std::atoi(argv[2])), std::strcmp(argv[1], "linked") == 0));
  } else {
    std::fprintf(stderr, "usage: ns3_chain chain ROUTERS SECONDS | idle HOSTS | linked HOSTS\n");
    return 2;
  }
  std::fflush(stdout);
  _exit(0);  // taking the network down is not measured
}
