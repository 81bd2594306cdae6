// SPDX-License-Identifier: Apache-2.0
#include "catenet/ip/icmpv6.h"

#include <algorithm>
#include <cstring>

#include "catenet/ip/fragment.h"
#include "catenet/ip/ipv6.h"
#include "catenet/packet/checksum.h"
#include "catenet/wire/pseudo_header.h"

namespace catenet::ip {

using wire::Icmpv6Header;
using wire::Icmpv6Type;
using wire::Icmpv6Unreachable;
using wire::IpAddress;
using wire::IpProtocol;
using wire::Ipv6Address;
using wire::Ipv6Header;

namespace {

constexpr auto kIcmpv6 = static_cast<std::uint8_t>(IpProtocol::kIcmpv6);

std::uint32_t pseudo_sum(const Ipv6Address& source, const Ipv6Address& destination, std::size_t length) {
  const wire::Ipv6PseudoHeader pseudo{.source = source,
                                      .destination = destination,
                                      .length = static_cast<std::uint32_t>(length),
                                      .next_header = kIcmpv6};
  return checksum_add(wire::bytes_of(pseudo));
}

std::optional<ErrorReport::Kind> kind_of(const Icmpv6Header& message) {
  using Kind = ErrorReport::Kind;
  switch (message.kind()) {
    case Icmpv6Type::kPacketTooBig:
      return Kind::packet_too_big;
    case Icmpv6Type::kTimeExceeded:
      return message.code == 0 ? Kind::time_exceeded : Kind::reassembly_time_exceeded;
    case Icmpv6Type::kParameterProblem:
      return message.code == static_cast<std::uint8_t>(wire::Icmpv6Parameter::kNextHeader) ? Kind::protocol_unreachable
                                                                                           : Kind::parameter_problem;
    case Icmpv6Type::kUnreachable:
      break;
    default:
      return std::nullopt;
  }
  switch (Icmpv6Unreachable{message.code}) {  // RFC 4443 3.1
    case Icmpv6Unreachable::kNoRoute:
    case Icmpv6Unreachable::kBeyondScope:
      return Kind::network_unreachable;
    case Icmpv6Unreachable::kAddress:
      return Kind::host_unreachable;
    case Icmpv6Unreachable::kPort:
      return Kind::port_unreachable;
    case Icmpv6Unreachable::kAdministrativelyProhibited:
    case Icmpv6Unreachable::kSourcePolicy:
    case Icmpv6Unreachable::kRejectRoute:
      return Kind::administratively_prohibited;
  }
  return std::nullopt;
}

}  // namespace

Icmpv6::Icmpv6(Ipv6& ipv6, const IcmpConfig& config)
    : Echo(config.clients, static_cast<std::uint16_t>(ipv6.node().random_stream("icmpv6 identifier").next())),
      ipv6_(ipv6),
      config_(config),
      bucket_(config.errors_per_second, config.error_burst) {}

Result<void> Icmpv6::send_echo(Packet packet, std::uint16_t identifier, std::uint16_t sequence, SendOptions options) {
  Node& node = ipv6_.node();
  if (packet.headroom() < sizeof(Icmpv6Header)) {
    node.drop(std::move(packet), DropReason::no_memory);
    return fail(ENOBUFS, "no headroom for the ICMPv6 header");
  }
  if (options.source.is_unspecified()) {  // the checksum must know it
    const Result<IpAddress> source = ipv6_.select_source(options.destination);
    if (!source) {
      node.drop(std::move(packet), DropReason::no_address);
      return std::unexpected(source.error());
    }
    options.source = *source;
  }
  packet.push_header<Icmpv6Header>() = Icmpv6Header::echo(identifier, sequence);
  packet.header<Icmpv6Header>().checksum =
      checksum_fold(pseudo_sum(options.source.v6(), options.destination.v6(), packet.size()));
  mark_partial_checksum(packet, 0, offsetof(Icmpv6Header, checksum));
  options.protocol = kIcmpv6;
  return ipv6_.output(std::move(packet), options);
}

// Errors out

/// RFC 4443 2.4(e): what may never be answered with an error.
bool Icmpv6::may_answer(const Packet& packet, const Icmpv6Header& error) const {
  const Ipv6Header& header = packet.header<Ipv6Header>();
  const bool ours = packet.meta().arrival_interface == 0;  // looped back: then ::1 is a fair source
  const Ipv6Address source = header.source;
  if (source.is_unspecified() || source.is_multicast() || (source.is_loopback() && !ours)) {
    return false;
  }
  // Path MTU discovery works for groups, too, and so does asking for options that nobody knows.
  const bool for_groups =
      error.is(Icmpv6Type::kPacketTooBig) || (error.is(Icmpv6Type::kParameterProblem) &&
                                              error.code == static_cast<std::uint8_t>(wire::Icmpv6Parameter::kOption));
  if (!for_groups && (packet.meta().cast != LinkCast::to_us || header.destination.is_multicast())) {
    return false;
  }
  wire::Ipv6ChainReader chain(packet.head());
  for (;;) {
    const auto extension = chain.next();
    if (!extension || !*extension) {
      break;
    }
  }
  if (chain.upper_layer() != IpProtocol::kIcmpv6) {
    return true;
  }
  if (chain.is_later_fragment() || packet.size() <= chain.offset()) {
    return false;  // perhaps of an error
  }
  Icmpv6Header quoted;
  quoted.type = std::to_integer<std::uint8_t>(packet.peek(chain.offset()));
  return !quoted.is_error() && !quoted.is(Icmpv6Type::kRedirect);
}

void Icmpv6::send_error(const Packet& packet, const Icmpv6Header& error) {
  Node& node = ipv6_.node();
  if (!may_answer(packet, error)) {
    return;
  }
  const Ipv6Header& header = packet.header<Ipv6Header>();
  const std::uint16_t arrival = packet.meta().arrival_interface;
  const Interface* in = arrival == 0 ? nullptr : node.interfaces()[arrival - 1U].get();
  SendOptions options;
  options.protocol = kIcmpv6;
  options.destination = Ipv6::with_zone(header.source, in);
  const IpAddress asked = Ipv6::with_zone(header.destination, in);
  if (!asked.is_multicast() && ipv6_.may_send_from(asked)) {  // RFC 4443 2.2
    options.source = asked;
  } else if (const Result<IpAddress> source = ipv6_.select_source(options.destination); source) {
    options.source = *source;
  } else {
    return;  // no way back
  }
  if (!bucket_.take(node.now())) {
    if (Packet unsent = node.pool().make()) {
      node.drop(std::move(unsent), DropReason::icmp_rate_limited);
    }
    return;
  }
  Packet quoted = packet.clone();
  Packet message = node.pool().make();
  // RFC 4443 2.4(c): as much as fits, without the error exceeding the smallest MTU.
  const std::size_t length =
      std::min(packet.size(), wire::kIpv6MinMtu - wire::kIpv6HeaderSize - wire::kIcmpv6HeaderSize);
  std::byte* bytes = message ? message.extend(wire::kIcmpv6HeaderSize + length) : nullptr;
  if (!quoted || bytes == nullptr) {
    if (quoted) {
      quoted.consume();
    }
    if (message) {
      node.drop(std::move(message), DropReason::no_memory);
    }
    return;
  }
  complete_checksum(quoted);  // its sender may look at it
  std::memcpy(bytes, &error, sizeof error);
  (void)quoted.copy_out(0, {bytes + sizeof error, length});
  quoted.consume();
  const be16 checksum = checksum_finish(
      checksum_add(wire::Bytes(bytes, wire::kIcmpv6HeaderSize + length),
                   pseudo_sum(options.source.v6(), options.destination.v6(), wire::kIcmpv6HeaderSize + length)));
  std::memcpy(bytes + offsetof(Icmpv6Header, checksum), &checksum, sizeof checksum);
  message.meta().checksum = ChecksumState::verified;
  ++ipv6_.counters_.icmp_errors_sent;
  (void)ipv6_.output(std::move(message), options);
}

// In

/// Ends a message that means nothing to us; a raw socket that has a copy may know better.
void Icmpv6::unwanted(Packet packet, DropReason reason, const Delivery& delivery) {
  if (delivery.copied) {
    packet.consume();
  } else {
    ipv6_.node().drop(std::move(packet), reason, delivery.interface);
  }
}

void Icmpv6::receive(Packet packet, const Delivery& delivery) {
  Node& node = ipv6_.node();
  complete_checksum(packet);
  if (packet.meta().checksum == ChecksumState::unverified) {
    const std::uint32_t pseudo = pseudo_sum(delivery.source.v6(), delivery.destination.v6(), packet.size());
    if (checksum_fold(checksum_add(packet, 0, pseudo)) != 0xffff) {
      node.drop(std::move(packet), DropReason::bad_icmp_checksum, delivery.interface);
      return;
    }
    packet.meta().checksum = ChecksumState::verified;
  }
  if (!packet.pullup(wire::kIcmpv6HeaderSize)) {
    node.drop(std::move(packet), DropReason::bad_icmp, delivery.interface);
    return;
  }
  receive_verified(std::move(packet), delivery);
}

void Icmpv6::receive_verified(Packet packet, const Delivery& delivery) {
  const Icmpv6Header& header = packet.header<Icmpv6Header>();
  switch (header.kind()) {
    case Icmpv6Type::kEcho:
      answer_echo(std::move(packet), delivery);
      return;
    case Icmpv6Type::kEchoReply:
      receive_reply(std::move(packet), delivery);
      return;
    case Icmpv6Type::kUnreachable:
    case Icmpv6Type::kPacketTooBig:
    case Icmpv6Type::kTimeExceeded:
    case Icmpv6Type::kParameterProblem:
      receive_error(std::move(packet), delivery);
      return;
    case Icmpv6Type::kNeighborSolicitation:
    case Icmpv6Type::kNeighborAdvertisement:
      ipv6_.ndp_.receive(std::move(packet), delivery);
      return;
    case Icmpv6Type::kListenerQuery:
    case Icmpv6Type::kListenerReport:
    case Icmpv6Type::kListenerDone:
    case Icmpv6Type::kListenerReportV2:
      if (ipv6_.mld_ != nullptr) {
        ipv6_.mld_->receive(std::move(packet), delivery);
      } else {  // we are in no group
        unwanted(std::move(packet), DropReason::icmp_ignored, delivery);
      }
      return;
    case Icmpv6Type::kRouterSolicitation:  // see the top of ipv6.h
    case Icmpv6Type::kRouterAdvertisement:
    case Icmpv6Type::kRedirect:
      unwanted(std::move(packet), DropReason::icmp_ignored, delivery);
      return;
    default:  // RFC 4443 2.4(b)
      unwanted(std::move(packet), DropReason::unknown_icmp_type, delivery);
      return;
  }
}

/// RFC 4443 4.2. The data of the request go back as they are.
void Icmpv6::answer_echo(Packet packet, const Delivery& delivery) {
  Node& node = ipv6_.node();
  if (!config_.answer_echo || (delivery.to_group && !config_.answer_broadcast_echo)) {
    unwanted(std::move(packet), DropReason::icmp_ignored, delivery);
    return;
  }
  SendOptions options;
  options.destination = delivery.source;
  options.protocol = kIcmpv6;
  options.traffic_class = delivery.traffic_class;
  options.source = delivery.destination;
  if (delivery.to_group) {
    const Result<IpAddress> source = ipv6_.select_source(delivery.source);
    if (!source) {
      node.drop(std::move(packet), DropReason::no_address, delivery.interface);
      return;
    }
    options.source = *source;
  }
  const Icmpv6Header request = packet.header<Icmpv6Header>();
  packet.pull(wire::kIcmpv6HeaderSize);
  Packet reply = node.pool().make();
  if (!reply || !append_range(reply, packet, 0, packet.size())) {
    if (reply) {
      node.drop(std::move(reply), DropReason::no_memory);
    }
    node.drop(std::move(packet), DropReason::no_memory, delivery.interface);
    return;
  }
  packet.consume();
  reply.push_header<Icmpv6Header>() = Icmpv6Header::echo_reply(request.id(), request.sequence());
  reply.header<Icmpv6Header>().checksum =
      checksum_fold(pseudo_sum(options.source.v6(), options.destination.v6(), reply.size()));
  mark_partial_checksum(reply, 0, offsetof(Icmpv6Header, checksum));
  (void)ipv6_.output(std::move(reply), options);
}

void Icmpv6::receive_reply(Packet packet, const Delivery& delivery) {
  const Icmpv6Header& header = packet.header<Icmpv6Header>();
  const std::uint16_t sequence = header.sequence();
  EchoClient* client = find(header.id());
  if (client == nullptr) {
    unwanted(std::move(packet), DropReason::icmp_no_socket, delivery);
    return;
  }
  client->on_echo_reply(std::move(packet), delivery, sequence);
}

void Icmpv6::receive_error(Packet packet, const Delivery& delivery) {
  Node& node = ipv6_.node();
  constexpr std::size_t kEnough = wire::kIcmpv6HeaderSize + wire::kIpv6HeaderSize + 128;
  (void)packet.pullup(std::min(packet.size(), kEnough));
  const Icmpv6Header& message = packet.header<Icmpv6Header>();
  const auto quote = wire::Icmpv6Quote::parse(packet.head());
  if (!quote) {
    node.drop(std::move(packet), DropReason::bad_icmp, delivery.interface);
    return;
  }
  const auto kind = kind_of(message);
  ErrorReport report;
  report.reporter = delivery.source;
  report.source = Ipv6::with_zone(quote->header->source, delivery.interface);
  report.destination = Ipv6::with_zone(quote->header->destination, delivery.interface);
  report.transport_header = quote->payload;
  // Only what we have sent can be in error.
  if (!kind || !ipv6_.may_send_from(report.source)) {
    unwanted(std::move(packet), kind ? DropReason::icmp_no_socket : DropReason::unknown_icmp_type, delivery);
    return;
  }
  report.kind = *kind;
  if (*kind == ErrorReport::Kind::packet_too_big && !learn_path_mtu(message, report)) {
    unwanted(std::move(packet), DropReason::icmp_ignored, delivery);
    return;
  }
  // A later fragment does not tell whose it was.
  if (!quote->is_later_fragment && deliver(report, quote->protocol)) {
    packet.consume();
  } else {
    unwanted(std::move(packet), DropReason::icmp_no_socket, delivery);
  }
}

/// RFC 8201 4: what is below the smallest MTU is not believed; never up. False: ignored.
bool Icmpv6::learn_path_mtu(const Icmpv6Header& message, ErrorReport& report) {
  const Ipv6Config& config = ipv6_.config();
  const Instant now = ipv6_.node().now();
  const std::uint32_t mtu = message.mtu();
  if (mtu < wire::kIpv6MinMtu) {
    return false;
  }
  PathMtuCache::Entry lesson{.destination = IpAddress(report.destination.v6()),
                             .mtu = static_cast<std::uint16_t>(std::min<std::uint32_t>(mtu, 0xffff))};
  lesson.expires = now + config.path_mtu_lifetime;
  ipv6_.path_mtus_.learn(lesson, now, config.path_mtus);
  report.mtu = mtu;
  return true;
}

bool Icmpv6::deliver(const ErrorReport& report, IpProtocol protocol) {
  const auto number = static_cast<std::uint8_t>(protocol);
  const bool raw = ipv6_.raw_receiver() != nullptr && ipv6_.raw_receiver()->raw_error(report, number);
  if (protocol == IpProtocol::kIcmpv6) {
    return deliver_echo_error(report) || raw;
  }
  Protocol* owner = ipv6_.protocol(number);
  if (owner != nullptr) {
    owner->on_error(report);
  }
  return owner != nullptr || raw;
}

bool Icmpv6::deliver_echo_error(const ErrorReport& report) {
  const auto* request = wire::view<Icmpv6Header>(report.transport_header);
  if (request == nullptr || !request->is(Icmpv6Type::kEcho)) {
    return false;
  }
  EchoClient* client = find(request->id());
  if (client != nullptr) {
    client->on_echo_error(report, request->sequence());
  }
  return client != nullptr;
}

void Icmpv6::on_error(const ErrorReport& report) { (void)deliver_echo_error(report); }

}  // namespace catenet::ip
