// SPDX-License-Identifier: Apache-2.0
#include "catenet/trace/summary.h"

#include <fmt/format.h>

#include <algorithm>

#include "catenet/trace/pcapng.h"
#include "catenet/wire/arp.h"
#include "catenet/wire/ethernet.h"
#include "catenet/wire/icmp.h"
#include "catenet/wire/icmpv6.h"
#include "catenet/wire/ipv4.h"
#include "catenet/wire/ipv6.h"
#include "catenet/wire/ndp.h"
#include "catenet/wire/tcp.h"
#include "catenet/wire/udp.h"

namespace catenet::trace {
namespace {

using wire::Bytes;
using wire::IpProtocol;

std::string internet_packet(Bytes packet, bool quoted);

/// What an IP header says, of either version, and the bytes behind it as far as they are there.
struct Datagram {
  std::string source;
  std::string destination;
  IpProtocol protocol{};
  Bytes payload;
  std::size_t length = 0;  ///< of the payload on the wire
  bool v6 = false;
  std::string notes;  ///< " ttl 1, CE"
};

std::string host_and_port(const Datagram& d, const std::string& host, unsigned port) {
  return d.v6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

std::string ends(const Datagram& d) { return d.source + " > " + d.destination; }

/// "S.", as tcpdump has them: "." stands for ACK; E, W and e for ECE, CWR and AE.
std::string flags_of(const wire::TcpHeader& tcp) {
  constexpr std::pair<std::uint8_t, char> kFlags[] = {
      {wire::TcpFlag::kSyn, 'S'}, {wire::TcpFlag::kFin, 'F'}, {wire::TcpFlag::kRst, 'R'}, {wire::TcpFlag::kPsh, 'P'},
      {wire::TcpFlag::kUrg, 'U'}, {wire::TcpFlag::kCwr, 'W'}, {wire::TcpFlag::kEce, 'E'}, {wire::TcpFlag::kAck, '.'}};
  std::string out = (tcp.offset_reserved & wire::kTcpAeFlag) != 0 ? "e" : "";
  for (const auto& [bit, letter] : kFlags) {
    if (tcp.has(bit)) {
      out += letter;
    }
  }
  return out.empty() ? "none" : out;
}

std::string options_of(const wire::TcpOptions& options) {
  std::string out;
  const auto add = [&](const std::string& text) { out += (out.empty() ? "" : ", ") + text; };
  if (options.mss) {
    add(fmt::format("mss {}", *options.mss));
  }
  if (options.sack_permitted) {
    add("sack");
  }
  if (options.window_scale) {
    add(fmt::format("ws {}", *options.window_scale));
  }
  if (options.timestamps) {
    add(fmt::format("ts {} {}", options.timestamps->value, options.timestamps->echo));
  }
  for (std::size_t i = 0; i < options.sack_count; ++i) {
    add(fmt::format("sack {}-{}", options.sack[i].left, options.sack[i].right));
  }
  if (options.fast_open) {
    add(fmt::format("fast open {} bytes", options.fast_open->size));
  }
  if (options.user_timeout) {
    add("user timeout");
  }
  if (options.accurate_ecn) {
    add("accurate ecn");
  }
  if (options.signature.is_there()) {
    add(options.signature.kind == wire::TcpSignature::Kind::md5 ? "md5" : "ao");
  }
  return out.empty() ? out : " <" + out + ">";
}

std::string tcp_segment(const Datagram& d) {
  const auto parsed = wire::TcpHeader::parse(d.payload);
  if (!parsed) {
    return fmt::format("{} TCP, header {}, len {}", ends(d), wire::to_text(parsed.error()), d.length);
  }
  const wire::TcpHeader& tcp = **parsed;
  std::string out =
      fmt::format("{} > {} TCP {} seq {}", host_and_port(d, d.source, tcp.source_port),
                  host_and_port(d, d.destination, tcp.destination_port), flags_of(tcp), std::uint32_t{tcp.seq});
  if (tcp.has(wire::TcpFlag::kAck)) {
    out += fmt::format(" ack {}", std::uint32_t{tcp.ack});
  }
  if (tcp.has(wire::TcpFlag::kUrg)) {
    out += fmt::format(" urg {}", std::uint16_t{tcp.urgent_pointer});
  }
  const std::size_t data = d.length - std::min(d.length, tcp.header_size());
  out += fmt::format(" win {} len {}", std::uint16_t{tcp.window}, data);
  const auto options = wire::TcpOptions::parse(tcp.options_in(d.payload));
  return out + (options ? options_of(*options) : " <bad option>");
}

std::string udp_datagram(const Datagram& d) {
  const auto* udp = wire::view<wire::UdpHeader>(d.payload);
  if (udp == nullptr) {
    return fmt::format("{} UDP, header too short, len {}", ends(d), d.length);
  }
  const std::size_t said = udp->length;
  const std::string_view name = d.protocol == IpProtocol::kUdpLite ? "UDP-Lite" : "UDP";
  const bool bad = d.protocol == IpProtocol::kUdp && (said < wire::kUdpHeaderSize || said > d.length);
  return fmt::format("{} > {} {} len {}{}", host_and_port(d, d.source, udp->source_port),
                     host_and_port(d, d.destination, udp->destination_port), name,
                     d.length - std::min(d.length, wire::kUdpHeaderSize), bad ? " (bad length)" : "");
}

std::string icmp_kind(const wire::IcmpHeader& icmp) {
  switch (icmp.kind()) {
    case wire::IcmpType::kEcho:
      return fmt::format("echo request id {} seq {}", icmp.id(), icmp.sequence());
    case wire::IcmpType::kEchoReply:
      return fmt::format("echo reply id {} seq {}", icmp.id(), icmp.sequence());
    case wire::IcmpType::kUnreachable: {
      constexpr std::string_view kCodes[] = {"net", "host", "protocol", "port", "fragmentation needed"};
      const std::string code =
          icmp.code < std::size(kCodes) ? std::string(kCodes[icmp.code]) : fmt::format("code {}", icmp.code);
      return "unreachable (" + code + (icmp.code == 4 ? fmt::format(", mtu {})", icmp.next_hop_mtu()) : ")");
    }
    case wire::IcmpType::kTimeExceeded:
      return icmp.code == 0 ? "time exceeded" : "reassembly time exceeded";
    case wire::IcmpType::kRedirect:
      return "redirect to " + icmp.gateway().to_string();
    case wire::IcmpType::kParameterProblem:
      return fmt::format("parameter problem at {}", icmp.pointer());
    default:
      return fmt::format("type {} code {}", icmp.type, icmp.code);
  }
}

/// " about (...)": the packet that an error quotes.
std::string quote(Bytes message, std::size_t header) {
  return message.size() > header ? " about (" + internet_packet(message.subspan(header), true) + ")" : "";
}

std::string icmp_message(const Datagram& d) {
  const auto* icmp = wire::view<wire::IcmpHeader>(d.payload);
  if (icmp == nullptr) {
    return fmt::format("{} ICMP, header too short", ends(d));
  }
  return fmt::format("{} ICMP {} len {}{}", ends(d), icmp_kind(*icmp),
                     d.length - std::min(d.length, wire::kIcmpHeaderSize),
                     icmp->is_error() ? quote(d.payload, wire::kIcmpHeaderSize) : "");
}

std::string icmpv6_kind(const wire::Icmpv6Header& icmp, Bytes message) {
  using enum wire::Icmpv6Type;
  const auto* neighbour = wire::view<wire::NdpNeighborMessage>(message);
  const std::string target = neighbour != nullptr ? neighbour->target.to_string() : "?";
  switch (icmp.kind()) {
    case kEcho:
      return fmt::format("echo request id {} seq {}", icmp.id(), icmp.sequence());
    case kEchoReply:
      return fmt::format("echo reply id {} seq {}", icmp.id(), icmp.sequence());
    case kUnreachable:
      return fmt::format("unreachable code {}", icmp.code);
    case kPacketTooBig:
      return fmt::format("packet too big, mtu {}", icmp.mtu());
    case kTimeExceeded:
      return icmp.code == 0 ? "time exceeded" : "reassembly time exceeded";
    case kParameterProblem:
      return fmt::format("parameter problem at {}", icmp.pointer());
    case kRouterSolicitation:
      return "router solicitation";
    case kRouterAdvertisement:
      return "router advertisement";
    case kNeighborSolicitation:
      return "who has " + target;
    case kNeighborAdvertisement:
      return target + " is here";
    default:
      return fmt::format("type {} code {}", icmp.type, icmp.code);
  }
}

std::string icmpv6_message(const Datagram& d) {
  const auto* icmp = wire::view<wire::Icmpv6Header>(d.payload);
  if (icmp == nullptr) {
    return fmt::format("{} ICMPv6, header too short", ends(d));
  }
  return fmt::format("{} ICMPv6 {} len {}{}", ends(d), icmpv6_kind(*icmp, d.payload),
                     d.length - std::min(d.length, wire::kIcmpv6HeaderSize),
                     icmp->is_error() ? quote(d.payload, wire::kIcmpv6HeaderSize) : "");
}

std::string transport_message(const Datagram& d) {
  switch (d.protocol) {
    case IpProtocol::kTcp:
      return tcp_segment(d);
    case IpProtocol::kUdp:
    case IpProtocol::kUdpLite:
      return udp_datagram(d);
    case IpProtocol::kIcmp:
      return icmp_message(d);
    case IpProtocol::kIcmpv6:
      return icmpv6_message(d);
    case IpProtocol::kIgmp:
      return fmt::format("{} IGMP len {}", ends(d), d.length);
    default:
      return fmt::format("{} protocol {} len {}", ends(d), static_cast<unsigned>(d.protocol), d.length);
  }
}

std::string ecn_note(wire::Ecn ecn) { return ecn == wire::Ecn::kCe ? " CE" : ""; }

std::string ipv4_packet(Bytes packet) {
  const auto parsed = wire::Ipv4Header::parse_quoted(packet);
  if (!parsed) {
    return fmt::format("IPv4, header {}", wire::to_text(parsed.error()));
  }
  const wire::Ipv4Header& ip = **parsed;
  Datagram d;
  d.source = wire::Ipv4Address(ip.source).to_string();
  d.destination = wire::Ipv4Address(ip.destination).to_string();
  d.protocol = IpProtocol{ip.protocol};
  d.length = ip.payload_size();
  const Bytes rest = packet.subspan(ip.header_size());
  d.payload = rest.first(std::min(rest.size(), d.length));
  d.notes = fmt::format(" ttl {}{}", ip.ttl, ecn_note(ip.ecn()));
  const std::string fragment = ip.is_fragment() ? fmt::format(" fragment id {} at {}{}", std::uint16_t{ip.id},
                                                              ip.fragment_offset(), ip.more_fragments() ? "+" : "")
                                                : "";
  return (ip.is_first_fragment() ? transport_message(d)
                                 : fmt::format("{} protocol {} len {}", ends(d), ip.protocol, d.length)) +
         fragment + d.notes;
}

std::string ipv6_packet(Bytes packet) {
  const auto parsed = wire::Ipv6Header::parse_quoted(packet);
  if (!parsed) {
    return fmt::format("IPv6, header {}", wire::to_text(parsed.error()));
  }
  const wire::Ipv6Header& ip = **parsed;
  const std::size_t whole = wire::kIpv6HeaderSize + ip.payload_length;
  const Bytes there = packet.first(std::min(packet.size(), whole));
  Datagram d;
  d.v6 = true;
  d.source = ip.source.to_string();
  d.destination = ip.destination.to_string();
  d.notes = fmt::format(" hops {}{}", ip.hop_limit, ecn_note(ip.ecn()));
  wire::Ipv6ChainReader chain(there);
  while (true) {
    const auto extension = chain.next();
    if (!extension) {
      return fmt::format("{} extension header {}{}", ends(d), wire::to_text(extension.error()), d.notes);
    }
    if (!*extension) {
      break;
    }
  }
  d.protocol = chain.upper_layer();
  d.length = whole - std::min(whole, chain.offset());
  d.payload = there.subspan(std::min(there.size(), chain.offset()));
  return (chain.is_later_fragment() ? fmt::format("{} later fragment len {}", ends(d), d.length)
                                    : transport_message(d)) +
         d.notes;
}

/// `quoted`: inside an ICMP error, whose own quotes are not looked at, so that there is an end.
std::string internet_packet(Bytes packet, bool quoted) {
  if (packet.empty()) {
    return "nothing";
  }
  const unsigned version = wire::load8(packet, 0) >> 4;
  if (quoted) {
    const auto v4 = wire::Ipv4Header::parse_quoted(packet);
    const auto v6 = wire::Ipv6Header::parse_quoted(packet);
    if ((v4 && (*v4)->protocol == static_cast<std::uint8_t>(IpProtocol::kIcmp)) ||
        (v6 && (*v6)->next() == IpProtocol::kIcmpv6)) {
      return v4 ? fmt::format("{} > {} ICMP", wire::Ipv4Address((*v4)->source).to_string(),
                              wire::Ipv4Address((*v4)->destination).to_string())
                : fmt::format("{} > {} ICMPv6", (*v6)->source.to_string(), (*v6)->destination.to_string());
    }
  }
  return version == 4   ? ipv4_packet(packet)
         : version == 6 ? ipv6_packet(packet)
                        : fmt::format("not IP (version {})", version);
}

std::string arp_packet(Bytes payload) {
  const auto parsed = wire::ArpPacket::parse(payload);
  if (!parsed) {
    return fmt::format("ARP, {}", wire::to_text(parsed.error()));
  }
  const wire::ArpPacket& arp = **parsed;
  const std::string sender = wire::Ipv4Address(arp.sender_ip).to_string();
  if (arp.is_request()) {
    return fmt::format("ARP who has {}, tell {}", wire::Ipv4Address(arp.target_ip).to_string(), sender);
  }
  return arp.is_reply() ? fmt::format("ARP {} is at {}", sender, arp.sender_mac.to_string())
                        : fmt::format("ARP operation {}", std::uint16_t{arp.operation});
}

std::string ethernet_frame(Bytes frame) {
  const auto parsed = wire::EthernetFrame::parse(frame);
  if (!parsed) {
    return fmt::format("Ethernet, {}, {} bytes", wire::to_text(parsed.error()), frame.size());
  }
  std::uint16_t type = parsed->type;
  Bytes payload = frame.subspan(parsed->header_size());
  std::string tags;
  for (int depth = 0; depth < 2; ++depth) {
    const auto* tag = wire::view<wire::VlanTag>(payload);
    const bool tagged =
        wire::EtherType{type} == wire::EtherType::kVlan || wire::EtherType{type} == wire::EtherType::kServiceVlan;
    if (!tagged || tag == nullptr) {
      break;
    }
    tags += fmt::format("vlan {} ", tag->vlan_id());
    type = tag->type;
    payload = payload.subspan(sizeof(wire::VlanTag));
  }
  switch (wire::EtherType{type}) {
    case wire::EtherType::kIpv4:
    case wire::EtherType::kIpv6:
      return tags + internet_packet(payload, false);
    case wire::EtherType::kArp:
      return tags + arp_packet(payload);
    default:
      return fmt::format("{}{} > {} type 0x{:04x} len {}", tags, parsed->source.to_string(),
                         parsed->destination.to_string(), type, payload.size());
  }
}

}  // namespace

std::string summary(std::span<const std::byte> frame, std::uint16_t link_type) {
  switch (link_type) {
    case kLinkTypeEthernet:
      return ethernet_frame(frame);
    case kLinkTypeRaw:
      return internet_packet(frame, false);
    default:
      return fmt::format("link type {}, {} bytes", link_type, frame.size());
  }
}

}  // namespace catenet::trace
