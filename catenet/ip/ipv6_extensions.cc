// SPDX-License-Identifier: Apache-2.0
// Extension headers of packets for us, and the hop-by-hop options of all (RFC 8200 4); fragments (RFC 8200 4.5, RFC
// 5722, RFC 6946, RFC 7112). All headers that are read lie in the packet's head; no packet may ask for more than fits.
#include <algorithm>
#include <cstring>

#include "catenet/ip/ipv6.h"
#include "catenet/wire/tcp.h"
#include "catenet/wire/udp.h"

namespace catenet::ip {

using wire::Icmpv6Header;
using wire::Icmpv6Parameter;
using wire::IpProtocol;
using wire::Ipv6ExtensionHeader;
using wire::Ipv6FragmentHeader;
using wire::Ipv6Header;
using wire::Ipv6RoutingHeader;

bool Ipv6::pass_extension(Interface* in, Packet& packet, Chain& chain) {
  const auto refuse = [&](DropReason reason) {
    node_.drop(std::move(packet), reason, in);
    return false;
  };
  const auto report = [&](DropReason reason, Icmpv6Parameter code, std::size_t pointer) {
    fail_input(in, std::move(packet), reason, Icmpv6Header::parameter_problem(code, pointer));
    return false;
  };
  constexpr std::size_t kLeast = 8;  // of any extension header
  if (chain.at + kLeast > packet.size()) {
    return refuse(DropReason::bad_extension_header);
  }
  if (++chain.count > wire::Ipv6ChainReader::kMaxHeaders || chain.at + kLeast > kMaxHeaders) {
    return refuse(DropReason::extension_header_limit);
  }
  (void)packet.pullup(chain.at + kLeast);
  const std::size_t size = chain.next == IpProtocol::kFragment ? wire::kIpv6FragmentHeaderSize
                                                               : packet.header<Ipv6ExtensionHeader>(chain.at).size();
  if (chain.at + size > packet.size()) {
    return refuse(DropReason::bad_extension_header);
  }
  if (chain.at + size > kMaxHeaders) {
    return refuse(DropReason::extension_header_limit);
  }
  (void)packet.pullup(chain.at + size);
  switch (chain.next) {
    case IpProtocol::kFragment:
      return take_fragment(in, packet, chain);
    case IpProtocol::kHopByHop:
      if (chain.at != wire::kIpv6HeaderSize) {  // RFC 8200 4.1: nowhere but in front
        return report(DropReason::bad_extension_header, Icmpv6Parameter::kNextHeader, chain.named_at);
      }
      [[fallthrough]];
    case IpProtocol::kDestinationOptions:
      if (!process_options(in, packet, chain.at, size)) {
        return false;
      }
      break;
    case IpProtocol::kRouting:  // none that we know (RFC 8200 4.4, RFC 5095)
      if (packet.header<Ipv6RoutingHeader>(chain.at).segments_left != 0) {
        return report(DropReason::source_route_refused, Icmpv6Parameter::kHeaderField,
                      chain.at + Ipv6RoutingHeader::kTypeOffset);
      }
      break;
    default:
      break;
  }
  chain.next = IpProtocol{packet.header<Ipv6ExtensionHeader>(chain.at).next_header};
  chain.named_at = chain.at;
  chain.at += size;
  return true;
}

/// RFC 8200 4.2. No option asks anything of us: a router alert (RFC 2711) is for protocols that routers here do not
/// speak. What nobody knows is treated as its type says.
bool Ipv6::process_options(Interface* in, Packet& packet, std::size_t at, std::size_t size) {
  wire::Ipv6OptionReader options(packet.head().subspan(at, size));
  for (;;) {
    const auto option = options.next();
    if (!option) {
      fail_input(in, std::move(packet), DropReason::bad_ip_option,
                 Icmpv6Header::parameter_problem(Icmpv6Parameter::kHeaderField, at + options.offset()));
      return false;
    }
    if (!*option) {
      return true;
    }
    using Unknown = wire::Ipv6Option::Unknown;
    const Unknown action = (*option)->if_unknown();
    if (action == Unknown::skip || (*option)->is(wire::Ipv6OptionType::kRouterAlert)) {
      continue;
    }
    const bool to_group = packet.header<Ipv6Header>().destination.is_multicast();
    if (action == Unknown::report || (action == Unknown::report_unless_multicast && !to_group)) {
      icmp_.send_error(packet, Icmpv6Header::parameter_problem(Icmpv6Parameter::kOption, at + (*option)->offset));
    }
    node_.drop(std::move(packet), DropReason::bad_ip_option, in);
    return false;
  }
}

bool Ipv6::take_fragment(Interface* in, Packet& packet, Chain& chain) {
  const Ipv6FragmentHeader fragment = packet.header<Ipv6FragmentHeader>(chain.at);
  const std::size_t headers = chain.at + wire::kIpv6FragmentHeaderSize;
  if (fragment.is_atomic()) {  // RFC 6946: a packet of its own, whatever else has its identification
    chain.next = IpProtocol{fragment.next_header};
    chain.named_at = chain.at;
    chain.at = headers;
    return true;
  }
  const std::size_t length = packet.size() - headers;
  const auto report = [&](DropReason reason, Icmpv6Parameter code, std::size_t pointer) {
    fail_input(in, std::move(packet), reason, Icmpv6Header::parameter_problem(code, pointer));
    return false;
  };
  if (fragment.more() && length % 8 != 0) {
    return report(DropReason::bad_fragment, Icmpv6Parameter::kHeaderField, offsetof(Ipv6Header, payload_length));
  }
  if (chain.at - wire::kIpv6HeaderSize + fragment.offset() + length > wire::kIpv6MaxPayload) {
    return report(DropReason::bad_fragment, Icmpv6Parameter::kHeaderField,
                  chain.at + Ipv6FragmentHeader::kOffsetOffset);
  }
  if (length == 0) {
    node_.drop(std::move(packet), DropReason::bad_fragment, in);
    return false;
  }
  if (fragment.offset() == 0 && !has_whole_chain(packet)) {  // RFC 7112 5
    return report(DropReason::bad_extension_header, Icmpv6Parameter::kIncompleteChain, 0);
  }
  const Ipv6Header& header = packet.header<Ipv6Header>();
  FragmentInfo info;
  info.source = with_zone(header.source, in);
  info.destination = with_zone(header.destination, in);
  info.id = fragment.id;
  info.begin = static_cast<std::uint32_t>(fragment.offset());
  info.more = fragment.more();
  info.header_size = static_cast<std::uint16_t>(headers);
  Packet whole = make_reassembly().add(std::move(packet), info, in);
  if (!whole) {
    return false;
  }
  ++counters_.reassembled;
  packet = std::move(whole);
  const unsigned count = chain.count;
  chain = strip_fragment_header(packet);
  chain.count = count;
  return true;
}

/// Does a first fragment have all headers, the transport's included? What comes later could otherwise change what this
/// one was let through for.
bool Ipv6::has_whole_chain(Packet& packet) {
  (void)packet.pullup(std::min(packet.size(), kMaxHeaders));
  wire::Ipv6ChainReader chain(packet.head());
  for (;;) {
    const auto extension = chain.next();
    if (!extension) {
      return extension.error() != wire::WireError::kTooShort;  // too many: its reader will say so
    }
    if (!*extension) {
      break;
    }
  }
  const std::size_t left = packet.size() - chain.offset();
  switch (chain.upper_layer()) {
    case IpProtocol::kTcp:
      return left >= wire::kTcpHeaderSize;
    case IpProtocol::kUdp:
    case IpProtocol::kUdpLite:
    case IpProtocol::kIcmpv6:
      return left >= wire::kUdpHeaderSize;
    default:
      return true;
  }
}

/// Of a packet put together from fragments: takes the fragment header of the first one out. Returns where it was, which
/// is where what it named is now.
Ipv6::Chain Ipv6::strip_fragment_header(Packet& packet) {
  wire::Ipv6ChainReader reader(packet.head());
  Chain chain;
  for (bool found = false; !found;) {
    const auto extension = reader.next();
    check(extension && *extension, "the first fragment has a fragment header");
    chain.at = (*extension)->offset;
    chain.named_at = (*extension)->named_at;
    found = (*extension)->type == IpProtocol::kFragment && !packet.header<Ipv6FragmentHeader>(chain.at).is_atomic();
  }
  const std::uint8_t next = packet.header<Ipv6FragmentHeader>(chain.at).next_header;
  chain.next = IpProtocol{next};
  std::memmove(packet.data() + wire::kIpv6FragmentHeaderSize, packet.data(), chain.at);
  packet.pull(wire::kIpv6FragmentHeaderSize);
  *(packet.data() + chain.named_at) = std::byte{next};
  packet.header<Ipv6Header>().payload_length = static_cast<std::uint16_t>(packet.size() - wire::kIpv6HeaderSize);
  packet.mark_network_header();
  return chain;
}

void Ipv6::on_reassembly_timeout(const Packet& first) {
  icmp_.send_error(first, Icmpv6Header::time_exceeded(wire::Icmpv6TimeExceeded::kReassembly));
}

}  // namespace catenet::ip
