// SPDX-License-Identifier: Apache-2.0
// Most of it costs nothing while packets move: connections count for themselves and are added up here, and what was
// dropped is in the node's drop counters already.
#include "catenet/run/counters.h"

#include <algorithm>
#include <fstream>
#include <initializer_list>
#include <map>
#include <sstream>
#include <vector>

#include "catenet/wire/icmp.h"

namespace catenet::run {
namespace {

using transport::TcpStatistics;

/// Drops of a host and its interfaces.
class HostDrops {
 public:
  explicit HostDrops(const Node& node) : node_(node) {}
  [[nodiscard]] std::uint64_t of(std::initializer_list<DropReason> reasons) const {
    std::uint64_t sum = 0;
    for (const DropReason reason : reasons) {
      sum += node_.drops().of(reason);
      for (const auto& interface : node_.interfaces()) {
        sum += interface->drops().of(reason);
      }
    }
    return sum;
  }

 private:
  const Node& node_;
};

/// Everything that the values are made of, gathered once.
struct Facts {
  explicit Facts(node::Host& of) : host(of), drops(of), ip(of.ipv4().counters()), sums(of.tcp().totals()) {}
  [[nodiscard]] const ip::Icmp& icmp() const { return host.ipv4().icmp(); }
  [[nodiscard]] const transport::TcpCounters& tcp() const { return host.tcp().counters(); }
  [[nodiscard]] const transport::Udp::Counters& udp() const { return host.udp().counters(); }
  [[nodiscard]] const transport::Udp::Counters& udp_lite() const { return host.udp_lite().counters(); }

  node::Host& host;
  HostDrops drops;
  const ip::PacketCounters& ip;
  TcpStatistics sums;
};

struct Source {
  CounterKind kind;
  std::uint64_t (*value)(const Facts&);
};

using R = DropReason;
using wire::IcmpType;

std::uint64_t bad_headers(const Facts& f) {
  return f.drops.of({R::bad_ip_version, R::bad_ip_header, R::bad_ip_length, R::bad_ip_checksum, R::bad_ip_option,
                     R::source_route_refused, R::bad_extension_header, R::extension_header_limit});
}
std::uint64_t bad_segments(const Facts& f) {
  return f.drops.of({R::bad_tcp_header, R::bad_tcp_option, R::bad_tcp_checksum});
}
template <IcmpType kType>
std::uint64_t icmp_in(const Facts& f) {
  return f.icmp().received().of(static_cast<std::uint8_t>(kType));
}
template <IcmpType kType>
std::uint64_t icmp_out(const Facts& f) {
  return f.icmp().sent().of(static_cast<std::uint8_t>(kType));
}

constexpr Source kIp[] = {
    {{"IpInReceives", "ipSystemStatsInReceives.1", "packets from links and from ourselves, bad ones included"},
     [](const Facts& f) { return f.ip.received + bad_headers(f); }},
    {{"IpInHdrErrors", "ipSystemStatsInHdrErrors.1", "packets with a bad header, or whose time to live ran out"},
     [](const Facts& f) { return bad_headers(f) + f.drops.of({R::ttl_expired}); }},
    {{"IpInAddrErrors", "ipSystemStatsInAddrErrors.1", "packets whose destination is neither ours nor to be forwarded"},
     [](const Facts& f) { return f.drops.of({R::martian_destination, R::not_forwarding, R::link_broadcast_forward}); }},
    {{"IpForwDatagrams", "ipSystemStatsOutForwDatagrams.1", "packets forwarded"},
     [](const Facts& f) { return f.ip.forwarded; }},
    {{"IpInUnknownProtos", "ipSystemStatsInUnknownProtos.1", "packets for a protocol that is not there"},
     [](const Facts& f) { return f.drops.of({R::unknown_protocol}); }},
    {{"IpInDelivers", "ipSystemStatsInDelivers.1", "packets handed to a protocol above"},
     [](const Facts& f) { return f.ip.delivered; }},
    {{"IpOutRequests", "ipSystemStatsOutRequests.1", "packets made here; one that is many segments is one"},
     [](const Facts& f) { return f.ip.sent; }},
    {{"IpOutNoRoutes", "ipSystemStatsOutNoRoutes.1", "packets without a route"},
     [](const Facts& f) { return f.drops.of({R::no_route}); }},
    {{"IpReasmTimeout", "", "fragments whose datagram was not complete in time"},
     [](const Facts& f) { return f.drops.of({R::reassembly_timeout}); }},
    {{"IpReasmOKs", "ipSystemStatsReasmOKs.1", "datagrams put together"},
     [](const Facts& f) { return f.ip.reassembled; }},
    {{"IpReasmFails", "ipSystemStatsReasmFails.1", "fragments that could not be used"},
     [](const Facts& f) {
       return f.drops.of({R::bad_fragment, R::fragment_overlap, R::reassembly_timeout, R::reassembly_full});
     }},
    {{"IpFragOKs", "ipSystemStatsOutFragOKs.1", "packets cut into fragments"},
     [](const Facts& f) { return f.ip.fragmented; }},
    {{"IpFragFails", "ipSystemStatsOutFragFails.1", "packets that were too big and not to be cut"},
     [](const Facts& f) { return f.drops.of({R::fragmentation_needed}); }},
    {{"IpFragCreates", "ipSystemStatsOutFragCreates.1", "fragments made"},
     [](const Facts& f) { return f.ip.fragments_made; }},
};

/// Of the other family, if the host has it.
template <std::uint64_t ip::PacketCounters::* kWhat>
std::uint64_t ip6(const Facts& f) {
  return f.host.has_ipv6() ? f.host.ipv6().counters().*kWhat : 0;
}

constexpr Source kIp6[] = {
    {{"Ip6InReceives", "ipSystemStatsInReceives.2", "well-formed packets from links and from ourselves"},
     ip6<&ip::PacketCounters::received>},
    {{"Ip6InDelivers", "ipSystemStatsInDelivers.2", "packets handed to a protocol above"},
     ip6<&ip::PacketCounters::delivered>},
    {{"Ip6OutForwDatagrams", "ipSystemStatsOutForwDatagrams.2", "packets forwarded"},
     ip6<&ip::PacketCounters::forwarded>},
    {{"Ip6OutRequests", "ipSystemStatsOutRequests.2", "packets made here; one that is many segments is one"},
     ip6<&ip::PacketCounters::sent>},
    {{"Ip6ReasmOKs", "ipSystemStatsReasmOKs.2", "datagrams put together"}, ip6<&ip::PacketCounters::reassembled>},
    {{"Ip6FragOKs", "ipSystemStatsOutFragOKs.2", "packets cut into fragments"}, ip6<&ip::PacketCounters::fragmented>},
    {{"Ip6FragCreates", "ipSystemStatsOutFragCreates.2", "fragments made"}, ip6<&ip::PacketCounters::fragments_made>},
};

constexpr Source kIcmp[] = {
    {{"IcmpInMsgs", "icmpStatsInMsgs", "messages received"},
     [](const Facts& f) { return f.icmp().received().total() + f.icmp().malformed(); }},
    {{"IcmpInErrors", "icmpStatsInErrors", "of them malformed or with a wrong checksum"},
     [](const Facts& f) { return f.icmp().malformed(); }},
    {{"IcmpInCsumErrors", "", "of them with a wrong checksum"},
     [](const Facts& f) { return f.drops.of({R::bad_icmp_checksum}); }},
    {{"IcmpInDestUnreachs", "icmpMsgStatsInPkts.3", "destination unreachable"}, icmp_in<IcmpType::kUnreachable>},
    {{"IcmpInTimeExcds", "icmpMsgStatsInPkts.11", "time exceeded"}, icmp_in<IcmpType::kTimeExceeded>},
    {{"IcmpInParmProbs", "icmpMsgStatsInPkts.12", "parameter problem"}, icmp_in<IcmpType::kParameterProblem>},
    {{"IcmpInSrcQuenchs", "icmpMsgStatsInPkts.4", "source quench"}, icmp_in<IcmpType::kSourceQuench>},
    {{"IcmpInRedirects", "icmpMsgStatsInPkts.5", "redirect"}, icmp_in<IcmpType::kRedirect>},
    {{"IcmpInEchos", "icmpMsgStatsInPkts.8", "echo requests"}, icmp_in<IcmpType::kEcho>},
    {{"IcmpInEchoReps", "icmpMsgStatsInPkts.0", "echo replies"}, icmp_in<IcmpType::kEchoReply>},
    {{"IcmpOutMsgs", "icmpStatsOutMsgs", "messages sent"}, [](const Facts& f) { return f.icmp().sent().total(); }},
    {{"IcmpOutDestUnreachs", "icmpMsgStatsOutPkts.3", "destination unreachable"}, icmp_out<IcmpType::kUnreachable>},
    {{"IcmpOutTimeExcds", "icmpMsgStatsOutPkts.11", "time exceeded"}, icmp_out<IcmpType::kTimeExceeded>},
    {{"IcmpOutParmProbs", "icmpMsgStatsOutPkts.12", "parameter problem"}, icmp_out<IcmpType::kParameterProblem>},
    {{"IcmpOutEchos", "icmpMsgStatsOutPkts.8", "echo requests"}, icmp_out<IcmpType::kEcho>},
    {{"IcmpOutEchoReps", "icmpMsgStatsOutPkts.0", "echo replies"}, icmp_out<IcmpType::kEchoReply>},
};

// What connections count; TcpCounters come besides.
constexpr Source kTcp[] = {
    {{"TcpCurrEstab", "tcpCurrEstab", "connections in ESTABLISHED or CLOSE-WAIT now"},
     [](const Facts& f) { return std::uint64_t{f.host.tcp().established_count()}; }},
    {{"TcpInSegs", "tcpInSegs", "segments received, bad ones included"},
     [](const Facts& f) { return f.sums.segments_received; }},
    {{"TcpOutSegs", "tcpOutSegs", "segments sent, but for those with nothing new"},
     [](const Facts& f) { return f.sums.segments_sent - f.sums.retransmits; }},
    {{"TcpRetransSegs", "tcpRetransSegs", "segments sent again"},
     [](const Facts& f) { return std::uint64_t{f.sums.retransmits}; }},
    {{"TcpInErrs", "tcpInErrs", "segments with a bad header, option or checksum"}, bad_segments},
    {{"TcpInCsumErrors", "", "of them with a wrong checksum"},
     [](const Facts& f) { return f.drops.of({R::bad_tcp_checksum}); }},
};

constexpr Source kTcpExtensions[] = {
    {{"TcpExtTCPTimeouts", "", "times that a retransmission timer ran out"},
     [](const Facts& f) { return std::uint64_t{f.sums.timeouts}; }},
    {{"TcpExtTCPSackRecovery", "", "fast recoveries by SACK"},
     [](const Facts& f) { return std::uint64_t{f.sums.sack_recovery}; }},
    {{"TcpExtTCPRenoRecovery", "", "fast recoveries without SACK"},
     [](const Facts& f) { return std::uint64_t{f.sums.reno_recovery}; }},
    {{"TcpExtTCPLossProbes", "", "loss probes sent (RFC 8985)"},
     [](const Facts& f) { return std::uint64_t{f.sums.loss_probes}; }},
    {{"TcpExtTCPLossProbeRecovery", "", "losses that a probe repaired"},
     [](const Facts& f) { return std::uint64_t{f.sums.loss_probe_recovery}; }},
    {{"TcpExtTCPDSACKOldSent", "", "DSACKs sent about data in order"},
     [](const Facts& f) { return std::uint64_t{f.sums.dsack_old_sent}; }},
    {{"TcpExtTCPDSACKOfoSent", "", "DSACKs sent about data out of order"},
     [](const Facts& f) { return std::uint64_t{f.sums.dsack_ofo_sent}; }},
    {{"TcpExtTCPDSACKRecv", "", "DSACKs received"}, [](const Facts& f) { return std::uint64_t{f.sums.dsack_recv}; }},
    {{"TcpExtTCPFullUndo", "", "recoveries taken back at their end, by timestamps"},
     [](const Facts& f) { return std::uint64_t{f.sums.full_undo}; }},
    {{"TcpExtTCPPartialUndo", "", "recoveries taken back before their end"},
     [](const Facts& f) { return std::uint64_t{f.sums.partial_undo}; }},
    {{"TcpExtTCPDSACKUndo", "", "recoveries taken back by DSACK"},
     [](const Facts& f) { return std::uint64_t{f.sums.dsack_undo}; }},
    {{"TcpExtTCPLossUndo", "", "recoveries after a timeout taken back"},
     [](const Facts& f) { return std::uint64_t{f.sums.loss_undo}; }},
    {{"TcpExtTCPSpuriousRTOs", "", "timeouts that F-RTO found spurious (RFC 5682)"},
     [](const Facts& f) { return std::uint64_t{f.sums.spurious_rtos}; }},
    {{"TcpExtTCPSACKReneging", "", "times that a peer threw away what it had reported"},
     [](const Facts& f) { return std::uint64_t{f.sums.sack_reneging}; }},
    {{"TcpExtTCPOFOQueue", "", "segments that came ahead of a gap"},
     [](const Facts& f) { return std::uint64_t{f.sums.out_of_order}; }},
    {{"TcpExtTCPOFODrop", "", "of them dropped, there being too many"},
     [](const Facts& f) { return f.drops.of({R::tcp_reassembly_full}); }},
    {{"TcpDuplicateAcks", "", "duplicate acknowledgements received (not in nstat)"},
     [](const Facts& f) { return std::uint64_t{f.sums.duplicate_acks}; }},
    {{"TcpMarkedSegments", "", "segments received with `congestion experienced` (not in nstat)"},
     [](const Facts& f) { return std::uint64_t{f.sums.marks}; }},
    {{"TcpMarkCuts", "", "windows cut because the peer reported marks (not in nstat)"},
     [](const Facts& f) { return std::uint64_t{f.sums.mark_cuts}; }},
#define CATENET_X(id, name, text) \
  {{name, "", text}, [](const Facts& f) { return f.host.tcp().signature_counters().id; }},
    CATENET_TCP_SIGNATURE_COUNTERS(CATENET_X)
#undef CATENET_X
};

constexpr Source kUdp[] = {
    {{"UdpInDatagrams", "udpInDatagrams", "datagrams put into a socket's queue"},
     [](const Facts& f) { return f.udp().in_datagrams; }},
    {{"UdpNoPorts", "udpNoPorts", "datagrams for a port that nobody has"},
     [](const Facts& f) { return f.udp().no_ports; }},
    {{"UdpInErrors", "udpInErrors", "datagrams that were malformed or found a queue full"},
     [](const Facts& f) { return f.udp().in_errors; }},
    {{"UdpOutDatagrams", "udpOutDatagrams", "datagrams sent"}, [](const Facts& f) { return f.udp().out_datagrams; }},
    {{"UdpRcvbufErrors", "", "datagrams that found a socket's queue full"},
     [](const Facts& f) { return f.udp().receive_full; }},
    {{"UdpInCsumErrors", "", "datagrams with a wrong checksum"}, [](const Facts& f) { return f.udp().bad_checksums; }},
};

constexpr Source kUdpLite[] = {
    {{"UdpLiteInDatagrams", "", "the same of UDP-Lite"}, [](const Facts& f) { return f.udp_lite().in_datagrams; }},
    {{"UdpLiteNoPorts", "", "the same of UDP-Lite"}, [](const Facts& f) { return f.udp_lite().no_ports; }},
    {{"UdpLiteInErrors", "", "the same of UDP-Lite; or covered too little"},
     [](const Facts& f) { return f.udp_lite().in_errors; }},
    {{"UdpLiteOutDatagrams", "", "the same of UDP-Lite"}, [](const Facts& f) { return f.udp_lite().out_datagrams; }},
    {{"UdpLiteRcvbufErrors", "", "the same of UDP-Lite"}, [](const Facts& f) { return f.udp_lite().receive_full; }},
    {{"UdpLiteInCsumErrors", "", "the same of UDP-Lite"}, [](const Facts& f) { return f.udp_lite().bad_checksums; }},
};

std::string_view tcp_mib(std::string_view name) {
  constexpr std::pair<std::string_view, std::string_view> kObjects[] = {{"TcpActiveOpens", "tcpActiveOpens"},
                                                                        {"TcpPassiveOpens", "tcpPassiveOpens"},
                                                                        {"TcpAttemptFails", "tcpAttemptFails"},
                                                                        {"TcpEstabResets", "tcpEstabResets"},
                                                                        {"TcpOutRsts", "tcpOutRsts"}};
  for (const auto& [nstat, object] : kObjects) {
    if (nstat == name) {
      return object;
    }
  }
  return "";
}

/// Every counter in the order of the table: f(kind, source or null, value of TcpCounters).
template <typename F>
void for_each(const transport::TcpCounters& tcp, F&& f) {
  const auto group = [&](std::span<const Source> sources) {
    for (const Source& source : sources) {
      f(source.kind, &source, std::uint64_t{0});
    }
  };
  const auto own = [&](bool extensions) {
    tcp.for_each([&](std::string_view name, std::string_view what, std::uint64_t value) {
      if (name.starts_with("TcpExt") == extensions) {
        f(CounterKind{name, tcp_mib(name), what}, nullptr, value);
      }
    });
  };
  group(kIp);
  group(kIp6);
  group(kIcmp);
  own(false);
  group(kTcp);
  group(kUdp);
  group(kUdpLite);
  own(true);
  group(kTcpExtensions);
}

}  // namespace

std::span<const CounterKind> counter_kinds() {
  static const std::vector<CounterKind> kinds = [] {
    std::vector<CounterKind> made;
    for_each({}, [&](const CounterKind& kind, const Source*, std::uint64_t) { made.push_back(kind); });
    return made;
  }();
  return kinds;
}

Json host_counters(node::Host& host) {
  const Facts facts(host);
  Json counters = Json::object();
  for_each(facts.tcp(), [&](const CounterKind& kind, const Source* source, std::uint64_t value) {
    counters[std::string(kind.name)] = source != nullptr ? source->value(facts) : value;
  });
  return counters;
}

// Two lines for each protocol: "Tcp: RtoAlgorithm RtoMin ..." and "Tcp: 1 200 ...".
Json linux_counters(const std::string& folder) {
  Json counters = Json::object();
  for (const char* name : {"/snmp", "/netstat"}) {
    std::ifstream file(folder + name);
    std::string names;
    std::string values;
    while (std::getline(file, names) && std::getline(file, values)) {
      std::istringstream words(names);
      std::istringstream numbers(values);
      std::string protocol;
      std::string again;
      words >> protocol;
      numbers >> again;
      protocol = protocol.substr(0, protocol.find(':'));
      std::int64_t value = 0;
      for (std::string word; words >> word && numbers >> value;) {
        counters[protocol + word] = value;
      }
    }
  }
  std::ifstream file(folder + "/snmp6");  // a name and its value on each line
  std::int64_t value = 0;
  for (std::string name; file >> name >> value;) {
    counters[name] = value;
  }
  return counters;
}

Json without_zeros(const Json& counters) {
  Json kept = Json::object();
  for (const auto& [name, value] : counters.items()) {
    if (value != 0) {
      kept[name] = value;
    }
  }
  return kept;
}

Json counter_rows(const Json& counters, bool all) {
  std::map<std::string_view, const CounterKind*> known;
  for (const CounterKind& kind : counter_kinds()) {
    known[kind.name] = &kind;
  }
  Json rows = Json::array();
  for (const auto& [name, value] : counters.items()) {
    if (all || value != 0) {
      const auto at = known.find(name);
      rows.push_back({{"name", name},
                      {"value", value},
                      {"mib", at == known.end() ? "" : at->second->mib},
                      {"what", at == known.end() ? "" : at->second->what}});
    }
  }
  return rows;
}

}  // namespace catenet::run
