// SPDX-License-Identifier: Apache-2.0
#include "catenet/packetdrill/datagram.h"

#include <algorithm>
#include <cstring>

#include "catenet/packet/checksum.h"
#include "catenet/transport/udp/pseudo_sum.h"
#include "catenet/wire/icmp.h"
#include "catenet/wire/ipv4.h"
#include "catenet/wire/tcp.h"
#include "catenet/wire/udp.h"

namespace catenet::packetdrill {
namespace {

constexpr std::uint8_t kArrivingTtl = 255;
constexpr std::uint8_t kQuotedTtl = 64;
constexpr std::size_t kQuotedBytes = 8;  // behind the quoted IP header: the least that RFC 792 asks for

using Buffer = std::vector<std::byte>;

template <typename Header>
Header& add(Buffer& out) {
  const std::size_t at = out.size();
  out.resize(at + sizeof(Header));
  return *std::construct_at(reinterpret_cast<Header*>(out.data() + at));
}

void write_ip(Buffer& out, std::uint8_t protocol, std::size_t payload, wire::Ipv4Address source,
              wire::Ipv4Address destination, const IpFields& ip) {
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

void write_icmp(Buffer& out, const IcmpFields& icmp, const wire::FourTuple& quoted) {
  const std::size_t at = out.size();
  auto& header = add<wire::IcmpHeader>(out);
  header.type = icmp.type;
  header.code = icmp.code;
  header.word0 = icmp.id;
  header.word1 = icmp.mtu;
  if (icmp.quoted != IcmpFields::Quoted::none) {
    const bool tcp = icmp.quoted == IcmpFields::Quoted::tcp;
    Buffer inner;
    IpFields ip;
    ip.ttl = kQuotedTtl;
    const std::size_t size = (tcp ? wire::kTcpHeaderSize : wire::kUdpHeaderSize) + icmp.quoted_length;
    write_ip(inner, static_cast<std::uint8_t>(tcp ? wire::IpProtocol::kTcp : wire::IpProtocol::kUdp), size,
             quoted.local.address.v4(), quoted.foreign.address.v4(), ip);
    if (tcp) {
      TcpFields fields;
      fields.seq = icmp.quoted_seq;
      fields.options.emplace();
      write_tcp(inner, fields, quoted.local.port, quoted.foreign.port);
    } else {
      write_udp(inner, icmp.quoted_length, quoted.local.port, quoted.foreign.port);
    }
    inner.resize(wire::kIpv4HeaderSize + kQuotedBytes);
    out.insert(out.end(), inner.begin(), inner.end());
  }
  const auto message = std::span(out).subspan(at);
  wire::store16(message, offsetof(wire::IcmpHeader, checksum), internet_checksum(message));
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
  if ((*header)->has_checksum() &&
      !checksum_is_right(payload, static_cast<std::uint8_t>(wire::IpProtocol::kUdp), seen)) {
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
    write_icmp(payload, std::get<IcmpFields>(packet.body), quoted);
  }
  payload.resize(std::min(payload.size(), wire::kIpv4MaxPacket - wire::kIpv4HeaderSize));
  Buffer out;
  out.reserve(wire::kIpv4HeaderSize + payload.size());
  write_ip(out, static_cast<std::uint8_t>(protocol), payload.size(), source.address.v4(), destination.address.v4(),
           packet.ip);
  out.insert(out.end(), payload.begin(), payload.end());
  return out;
}

Seen take_apart(std::span<const std::byte> packet, Instant at) {
  Seen seen;
  seen.at = at;
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
  const auto payload = packet.subspan(h.header_size(), h.payload_size());
  switch (wire::IpProtocol{h.protocol}) {
    case wire::IpProtocol::kTcp:
      read_tcp(payload, seen);
      break;
    case wire::IpProtocol::kUdp:
      read_udp(payload, seen);
      break;
    case wire::IpProtocol::kIcmp:
      read_icmp(payload, seen);
      break;
    default:
      seen.defect = "a packet of another protocol";
  }
  if (internet_checksum(packet.first(h.header_size())) != 0) {
    seen.defect = "a wrong IPv4 checksum";
  }
  return seen;
}

}  // namespace catenet::packetdrill
