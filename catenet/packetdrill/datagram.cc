// SPDX-License-Identifier: Apache-2.0
#include "catenet/packetdrill/datagram.h"

#include <algorithm>
#include <cstring>

#include "catenet/packet/checksum.h"
#include "catenet/transport/udp/pseudo_sum.h"
#include "catenet/wire/icmp.h"
#include "catenet/wire/icmpv6.h"
#include "catenet/wire/ipv4.h"
#include "catenet/wire/ipv6.h"
#include "catenet/wire/tcp.h"
#include "catenet/wire/udp.h"

namespace catenet::packetdrill {
namespace {

constexpr std::uint8_t kArrivingTtl = 255;
constexpr std::uint8_t kQuotedTtl = 64;
constexpr std::size_t kQuotedBytes = 8;  // behind the quoted IP header: the least that RFC 792 asks for
constexpr auto kProtocolIcmpv6 = static_cast<std::uint8_t>(wire::IpProtocol::kIcmpv6);

using Buffer = std::vector<std::byte>;

template <typename Header>
Header& add(Buffer& out) {
  const std::size_t at = out.size();
  out.resize(at + sizeof(Header));
  return *std::construct_at(reinterpret_cast<Header*>(out.data() + at));
}

void write_ip(Buffer& out, std::uint8_t protocol, std::size_t payload, const wire::IpAddress& from,
              const wire::IpAddress& to, const IpFields& ip) {
  if (from.is_v6()) {
    auto& header = add<wire::Ipv6Header>(out);
    header.set_traffic_class(ip.tos.value_or(ip.ecn.value_or(0)));
    header.set_flow_label(ip.flow_label.value_or(0));
    header.payload_length = static_cast<std::uint16_t>(payload);
    header.next_header = protocol;
    header.hop_limit = ip.ttl.value_or(kArrivingTtl);
    header.source = from.v6();
    header.destination = to.v6();
    return;
  }
  const wire::Ipv4Address source = from.v4();
  const wire::Ipv4Address destination = to.v4();
  auto& header = add<wire::Ipv4Header>(out);
  header.total_length = static_cast<std::uint16_t>(wire::kIpv4HeaderSize + payload);
  header.tos = ip.tos.value_or(ip.ecn.value_or(0));
  header.ttl = ip.ttl.value_or(kArrivingTtl);
  header.protocol = protocol;
  header.source = source;
  header.destination = destination;
  header.checksum = internet_checksum(wire::bytes_of(header));
}

std::size_t options_size(const TcpFields& tcp) {
  std::size_t size = 0;
  for (const TcpOption& o : *tcp.options) {
    size += o.kind <= option_kind::kNop ? 1 : 2 + o.body.size();
  }
  return (size + 3) / 4 * 4;
}

// Header, options, payload; the checksum is left to the caller.
void write_tcp(Buffer& out, const TcpFields& tcp, std::uint16_t source, std::uint16_t destination) {
  const std::size_t at = out.size();
  const std::size_t size = wire::kTcpHeaderSize + options_size(tcp);
  auto& header = add<wire::TcpHeader>(out);
  header.source_port = source;
  header.destination_port = destination;
  header.seq = tcp.seq;
  header.ack = tcp.ack;
  header.set_header_size(size);
  header.offset_reserved = static_cast<std::uint8_t>(header.offset_reserved | ((tcp.flags & kTcpFlagAe) != 0 ? 1 : 0));
  header.flags = static_cast<std::uint8_t>(tcp.flags);
  header.window = tcp.window.value_or(0);
  header.urgent_pointer = tcp.urgent;
  for (const TcpOption& o : *tcp.options) {
    out.push_back(std::byte(o.kind));
    if (o.kind > option_kind::kNop) {
      out.push_back(std::byte(2 + o.body.size()));
      std::transform(o.body.begin(), o.body.end(), std::back_inserter(out),
                     [](std::uint8_t b) { return std::byte(b); });
    }
  }
  out.resize(at + size + tcp.length);  // what is left of the options is "end of list", the payload zero
}

void write_udp(Buffer& out, std::uint32_t length, std::uint16_t source, std::uint16_t destination) {
  const std::size_t at = out.size();
  auto& header = add<wire::UdpHeader>(out);
  header.source_port = source;
  header.destination_port = destination;
  header.length = static_cast<std::uint16_t>(wire::kUdpHeaderSize + length);
  out.resize(at + wire::kUdpHeaderSize + length);
}

// Without its checksum, which covers the addresses, too, in IPv6.
void write_icmp(Buffer& out, const IcmpFields& icmp, const wire::FourTuple& quoted) {
  if (icmp.v6) {
    auto& header = add<wire::Icmpv6Header>(out);
    header.type = icmp.type;
    header.code = icmp.code;
    header.word = icmp.mtu != 0 ? icmp.mtu : std::uint32_t{icmp.id} << 16;
  } else {
    auto& header = add<wire::IcmpHeader>(out);
    header.type = icmp.type;
    header.code = icmp.code;
    header.word0 = icmp.id;
    header.word1 = static_cast<std::uint16_t>(icmp.mtu);
  }
  if (icmp.quoted != IcmpFields::Quoted::none) {
    const bool tcp = icmp.quoted == IcmpFields::Quoted::tcp;
    Buffer inner;
    IpFields ip;
    ip.ttl = kQuotedTtl;
    const std::size_t size = (tcp ? wire::kTcpHeaderSize : wire::kUdpHeaderSize) + icmp.quoted_length;
    write_ip(inner, static_cast<std::uint8_t>(tcp ? wire::IpProtocol::kTcp : wire::IpProtocol::kUdp), size,
             quoted.local.address, quoted.foreign.address, ip);
    const std::size_t ip_size = inner.size();
    if (tcp) {
      TcpFields fields;
      fields.seq = icmp.quoted_seq;
      fields.options.emplace();
      write_tcp(inner, fields, quoted.local.port, quoted.foreign.port);
    } else {
      write_udp(inner, icmp.quoted_length, quoted.local.port, quoted.foreign.port);
    }
    inner.resize(ip_size + kQuotedBytes);
    out.insert(out.end(), inner.begin(), inner.end());
  }
}

void finish_transport(std::span<std::byte> payload, std::size_t field, std::uint8_t protocol,
                      const wire::Endpoint& from, const wire::Endpoint& to) {
  const std::uint32_t sum =
      transport::pseudo_header_sum(from.address, to.address, protocol, static_cast<std::uint32_t>(payload.size()));
  const std::uint16_t checksum = checksum_finish(checksum_add(payload, sum));
  wire::store16(payload, field, checksum == 0 ? 0xffff : checksum);
}

bool checksum_is_right(wire::Bytes payload, std::uint8_t protocol, const Seen& seen) {
  return checksum_finish(
             checksum_add(payload, transport::pseudo_header_sum(seen.source.address, seen.destination.address, protocol,
                                                                static_cast<std::uint32_t>(payload.size())))) == 0;
}

bool all_zero(wire::Bytes bytes) {
  return std::ranges::all_of(bytes, [](std::byte b) { return b == std::byte{0}; });
}

void read_options(wire::Bytes bytes, Seen& seen, std::vector<TcpOption>& out) {
  for (std::size_t at = 0; at < bytes.size();) {
    TcpOption option;
    option.kind = wire::load8(bytes, at);
    if (option.kind <= option_kind::kNop) {
      out.push_back(option);
      ++at;
      continue;
    }
    const std::size_t length = at + 1 < bytes.size() ? wire::load8(bytes, at + 1) : 0;
    if (length < 2 || at + length > bytes.size()) {
      seen.defect = "a TCP option of wrong length";
      return;
    }
    for (std::size_t i = 2; i < length; ++i) {
      option.body.push_back(wire::load8(bytes, at + i));
    }
    out.push_back(std::move(option));
    at += length;
  }
}

void read_tcp(wire::Bytes payload, Seen& seen) {
  const auto header = wire::TcpHeader::parse(payload);
  if (!header) {
    seen.defect = "a malformed TCP header";
    return;
  }
  const wire::TcpHeader& h = **header;
  TcpFields tcp;
  seen.source.port = h.source_port;
  seen.destination.port = h.destination_port;
  tcp.flags = static_cast<std::uint16_t>(h.flags | ((h.offset_reserved & 1) != 0 ? kTcpFlagAe : 0));
  tcp.seq = h.seq;
  tcp.ack = h.ack;
  tcp.window = h.window;
  tcp.urgent = h.urgent_pointer;
  tcp.length = static_cast<std::uint32_t>(payload.size() - h.header_size());
  tcp.options.emplace();
  read_options(h.options_in(payload), seen, *tcp.options);
  seen.zeroes = all_zero(payload.subspan(h.header_size()));
  if ((h.offset_reserved & 0x0e) != 0) {
    seen.defect = "reserved bits of the TCP header that are not zero";
  }
  if (!checksum_is_right(payload, static_cast<std::uint8_t>(wire::IpProtocol::kTcp), seen)) {
    seen.defect = "a wrong TCP checksum";
  }
  seen.body = std::move(tcp);
}

void read_udp(wire::Bytes payload, Seen& seen) {
  const auto header = wire::UdpHeader::parse(payload);
  if (!header) {
    seen.defect = "a malformed UDP header";
    return;
  }
  seen.source.port = (*header)->source_port;
  seen.destination.port = (*header)->destination_port;
  seen.zeroes = all_zero(payload.subspan(wire::kUdpHeaderSize));
  const bool checked = (*header)->has_checksum() || seen.source.address.is_v6();  // RFC 8200 8.1
  if (checked && !checksum_is_right(payload, static_cast<std::uint8_t>(wire::IpProtocol::kUdp), seen)) {
    seen.defect = "a wrong UDP checksum";
  }
  seen.body = UdpFields{static_cast<std::uint32_t>((*header)->payload_size())};
}

void read_icmp(wire::Bytes payload, Seen& seen) {
  const auto header = wire::IcmpHeader::parse(payload);
  if (!header) {
    seen.defect = "a malformed ICMP message";
    return;
  }
  const wire::IcmpHeader& h = **header;
  IcmpFields icmp{.type = h.type, .code = h.code};
  if (h.is_error()) {
    icmp.mtu = h.is(wire::IcmpType::kUnreachable) && h.code == 4 ? h.next_hop_mtu() : std::uint16_t{0};
    if (const auto quote = wire::IcmpQuote::parse(payload); quote && quote->payload.size() >= kQuotedBytes) {
      const std::size_t size = quote->header->payload_size();
      seen.quoted_local_port = wire::load16(quote->payload, 2);
      if (quote->header->protocol == static_cast<std::uint8_t>(wire::IpProtocol::kUdp)) {
        icmp.quoted = IcmpFields::Quoted::udp;
        icmp.quoted_length = static_cast<std::uint32_t>(size - std::min(size, wire::kUdpHeaderSize));
      } else if (quote->header->protocol == static_cast<std::uint8_t>(wire::IpProtocol::kTcp)) {
        icmp.quoted = IcmpFields::Quoted::tcp;
        icmp.quoted_seq = wire::load32(quote->payload, 4);
      }
    }
  } else {
    icmp.id = h.id();
  }
  if (internet_checksum(payload) != 0) {
    seen.defect = "a wrong ICMP checksum";
  }
  seen.body = icmp;
}

void read_icmpv6(wire::Bytes payload, Seen& seen) {
  const auto header = wire::Icmpv6Header::parse(payload);
  if (!header) {
    seen.defect = "a malformed ICMPv6 message";
    return;
  }
  const wire::Icmpv6Header& h = **header;
  IcmpFields icmp{.v6 = true, .type = h.type, .code = h.code};
  if (h.is_error()) {
    icmp.mtu = h.is(wire::Icmpv6Type::kPacketTooBig) ? h.mtu() : 0;
    if (const auto quote = wire::Icmpv6Quote::parse(payload); quote && quote->payload.size() >= kQuotedBytes) {
      const std::size_t size = quote->header->payload_length;
      seen.quoted_local_port = wire::load16(quote->payload, 2);
      if (quote->protocol == wire::IpProtocol::kUdp) {
        icmp.quoted = IcmpFields::Quoted::udp;
        icmp.quoted_length = static_cast<std::uint32_t>(size - std::min(size, wire::kUdpHeaderSize));
      } else if (quote->protocol == wire::IpProtocol::kTcp) {
        icmp.quoted = IcmpFields::Quoted::tcp;
        icmp.quoted_seq = wire::load32(quote->payload, 4);
      }
    }
  } else {
    icmp.id = h.id();
  }
  if (!checksum_is_right(payload, kProtocolIcmpv6, seen)) {
    seen.defect = "a wrong ICMPv6 checksum";
  }
  seen.body = icmp;
}

void read_transport(wire::Bytes payload, wire::IpProtocol protocol, Seen& seen) {
  switch (protocol) {
    case wire::IpProtocol::kTcp:
      read_tcp(payload, seen);
      break;
    case wire::IpProtocol::kUdp:
      read_udp(payload, seen);
      break;
    case wire::IpProtocol::kIcmp:
      read_icmp(payload, seen);
      break;
    case wire::IpProtocol::kIcmpv6:
      read_icmpv6(payload, seen);
      break;
    case wire::IpProtocol::kFragment:
      seen.defect = "a fragment";
      break;
    default:
      seen.defect = "a packet of another protocol";
  }
}

Seen take_ipv6_apart(std::span<const std::byte> packet, Seen seen) {
  const auto header = wire::Ipv6Header::parse(packet);
  if (!header) {
    seen.defect = "a malformed IPv6 header";
    return seen;
  }
  const wire::Ipv6Header& h = **header;
  seen.source.address = wire::Ipv6Address(h.source);
  seen.destination.address = wire::Ipv6Address(h.destination);
  seen.tos = h.traffic_class();
  seen.ttl = h.hop_limit;
  seen.flow_label = h.flow_label();
  read_transport(packet.subspan(wire::kIpv6HeaderSize, h.payload_length), h.next(), seen);
  return seen;
}

}  // namespace

std::vector<std::byte> build(const PacketEvent& packet, const wire::Endpoint& source, const wire::Endpoint& destination,
                             const wire::FourTuple& quoted) {
  Buffer payload;
  auto protocol = wire::IpProtocol::kIcmp;
  if (const auto* tcp = std::get_if<TcpFields>(&packet.body)) {
    protocol = wire::IpProtocol::kTcp;
    write_tcp(payload, *tcp, source.port, destination.port);
    finish_transport(payload, offsetof(wire::TcpHeader, checksum), static_cast<std::uint8_t>(protocol), source,
                     destination);
  } else if (const auto* udp = std::get_if<UdpFields>(&packet.body)) {
    protocol = wire::IpProtocol::kUdp;
    write_udp(payload, udp->length, source.port, destination.port);
    finish_transport(payload, offsetof(wire::UdpHeader, checksum), static_cast<std::uint8_t>(protocol), source,
                     destination);
  } else {
    const auto& icmp = std::get<IcmpFields>(packet.body);
    write_icmp(payload, icmp, quoted);
    if (icmp.v6) {
      protocol = wire::IpProtocol::kIcmpv6;
      finish_transport(payload, offsetof(wire::Icmpv6Header, checksum), kProtocolIcmpv6, source, destination);
    } else {
      wire::store16(payload, offsetof(wire::IcmpHeader, checksum), internet_checksum(payload));
    }
  }
  payload.resize(std::min(payload.size(), wire::kIpv4MaxPacket - wire::kIpv4HeaderSize));
  Buffer out;
  out.reserve(wire::kIpv6HeaderSize + payload.size());
  write_ip(out, static_cast<std::uint8_t>(protocol), payload.size(), source.address, destination.address, packet.ip);
  out.insert(out.end(), payload.begin(), payload.end());
  return out;
}

Seen take_apart(std::span<const std::byte> packet, Instant at) {
  Seen seen;
  seen.at = at;
  if (!packet.empty() && wire::load8(packet, 0) >> 4 == 6) {
    return take_ipv6_apart(packet, seen);
  }
  const auto header = wire::Ipv4Header::parse(packet);
  if (!header) {
    seen.defect = "a malformed IPv4 header";
    return seen;
  }
  const wire::Ipv4Header& h = **header;
  seen.source.address = wire::Ipv4Address(h.source);
  seen.destination.address = wire::Ipv4Address(h.destination);
  seen.tos = h.tos;
  seen.ttl = h.ttl;
  if (h.is_fragment()) {
    seen.defect = "a fragment";
    return seen;
  }
  read_transport(packet.subspan(h.header_size(), h.payload_size()), wire::IpProtocol{h.protocol}, seen);
  if (internet_checksum(packet.first(h.header_size())) != 0) {
    seen.defect = "a wrong IPv4 checksum";
  }
  return seen;
}

}  // namespace catenet::packetdrill
