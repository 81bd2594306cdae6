// SPDX-License-Identifier: Apache-2.0
#include "catenet/packetdrill/compare.h"

#include "catenet/packetdrill/notation.h"
#include "catenet/wire/tcp.h"

namespace catenet::packetdrill {
namespace {

using wire::TcpFlag;

std::string tcp_difference(const TcpFields& expected, const TcpFields& got) {
  if (expected.flags != got.flags) {
    return "flags";
  }
  if (expected.seq != got.seq && !expected.any_seq) {
    return "sequence number";
  }
  if (expected.length != got.length) {
    return "length";
  }
  if ((expected.flags & TcpFlag::kAck) != 0 && expected.ack != got.ack) {
    return "acknowledgement number";
  }
  if (expected.window && expected.window != got.window) {
    return "window";
  }
  if (expected.urgent != got.urgent) {
    return "urgent pointer";
  }
  return expected.options && expected.options != got.options ? "options" : "";
}

std::string icmp_difference(const IcmpFields& expected, const IcmpFields& got) {
  if (expected.v6 != got.v6 || expected.type != got.type || expected.code != got.code) {
    return "ICMP type or code";
  }
  if (expected.mtu != 0 && expected.mtu != got.mtu) {
    return "MTU";
  }
  if (expected.id != 0 && expected.id != got.id) {
    return "ICMP identifier";
  }
  if (expected.quoted != IcmpFields::Quoted::none && expected.quoted != got.quoted) {
    return "quoted packet";
  }
  return expected.quoted == IcmpFields::Quoted::udp && expected.quoted_length != got.quoted_length ? "quoted length"
                                                                                                   : "";
}

std::string ip_difference(const IpFields& expected, const Seen& got) {
  constexpr std::uint8_t kEcnMask = 3;
  const unsigned ecn = got.tos & kEcnMask;
  if (expected.ecn && *expected.ecn != ecn) {
    return "ECN codepoint";
  }
  if (expected.any_ect && ecn != 1 && ecn != 2) {
    return "ECN codepoint";
  }
  if (expected.tos && *expected.tos != got.tos) {
    return "TOS";
  }
  if (expected.flow_label && *expected.flow_label != got.flow_label) {
    return "flow label";
  }
  return expected.ttl && *expected.ttl != got.ttl ? "TTL" : "";
}

}  // namespace

std::string difference(const PacketEvent& expected, const Seen& got) {
  if (!got.defect.empty()) {
    return got.defect;
  }
  if (expected.body.index() != got.body.index()) {
    return "protocol";
  }
  if ((expected.source_port != 0 && expected.source_port != got.source.port) ||
      (expected.destination_port != 0 && expected.destination_port != got.destination.port)) {
    return "ports";
  }
  std::string what;
  if (const auto* tcp = std::get_if<TcpFields>(&expected.body)) {
    what = tcp_difference(*tcp, std::get<TcpFields>(got.body));
  } else if (const auto* udp = std::get_if<UdpFields>(&expected.body)) {
    what = udp->length != std::get<UdpFields>(got.body).length ? "length" : "";
  } else {
    what = icmp_difference(std::get<IcmpFields>(expected.body), std::get<IcmpFields>(got.body));
  }
  return what.empty() ? ip_difference(expected.ip, got) : what;
}

bool glue(TcpFields& whole, std::uint32_t first_length, const TcpFields& next) {
  constexpr unsigned kLast = TcpFlag::kPsh | TcpFlag::kFin;
  const auto rest = [](unsigned flags) { return flags & ~(kLast | TcpFlag::kCwr); };
  const bool continues = next.seq == whole.seq + whole.length && next.length > 0 && next.length <= first_length &&
                         whole.length % first_length == 0 && (whole.flags & TcpFlag::kFin) == 0 &&
                         rest(next.flags) == rest(whole.flags) && next.ack == whole.ack &&
                         next.window == whole.window && next.options == whole.options;
  if (!continues) {
    return false;
  }
  whole.length += next.length;
  whole.flags = static_cast<std::uint16_t>((whole.flags & ~kLast) | (next.flags & kLast));
  return true;
}

std::string shown(const PacketEvent& expected, const Seen& got) {
  PacketEvent packet;
  packet.body = got.body;
  constexpr std::uint8_t kEcnMask = 3;
  if (expected.ip.ecn || expected.ip.any_ect) {
    packet.ip.ecn = got.tos & kEcnMask;
  }
  if (expected.ip.tos) {
    packet.ip.tos = got.tos;
  }
  if (expected.ip.ttl) {
    packet.ip.ttl = got.ttl;
  }
  if (expected.ip.flow_label) {
    packet.ip.flow_label = got.flow_label;
  }
  if (expected.source_port != 0) {
    packet.source_port = got.source.port;
    packet.destination_port = got.destination.port;
  }
  if (auto* tcp = std::get_if<TcpFields>(&packet.body)) {
    const auto* wanted = std::get_if<TcpFields>(&expected.body);
    if (wanted != nullptr && !wanted->window) {
      tcp->window.reset();
    }
  }
  return to_text(packet);
}

}  // namespace catenet::packetdrill
