// SPDX-License-Identifier: Apache-2.0
#include "catenet/ip/icmp.h"

#include <algorithm>

#include "catenet/ip/ipv4.h"
#include "catenet/packet/checksum.h"

namespace catenet::ip {

using wire::IcmpHeader;
using wire::IcmpType;
using wire::IcmpUnreachable;
using wire::Ipv4Address;
using wire::Ipv4Header;

namespace {

constexpr auto kIcmp = static_cast<std::uint8_t>(wire::IpProtocol::kIcmp);
constexpr std::uint8_t kInternetworkControl = 0xc0;  // RFC 1812 4.3.2.5: precedence 6 for errors

std::optional<ErrorReport::Kind> kind_of(const IcmpHeader& message) {
  using Kind = ErrorReport::Kind;
  if (message.is(IcmpType::kTimeExceeded)) {
    return message.code == 0 ? Kind::time_exceeded : Kind::reassembly_time_exceeded;
  }
  if (message.is(IcmpType::kParameterProblem)) {
    return Kind::parameter_problem;
  }
  switch (IcmpUnreachable{message.code}) {  // RFC 1122 3.2.2.1, RFC 1812 5.2.7.1
    case IcmpUnreachable::kNet:
    case IcmpUnreachable::kSourceRouteFailed:
    case IcmpUnreachable::kNetUnknown:
    case IcmpUnreachable::kNetForTos:
      return Kind::network_unreachable;
    case IcmpUnreachable::kHost:
    case IcmpUnreachable::kHostUnknown:
    case IcmpUnreachable::kHostIsolated:
    case IcmpUnreachable::kHostForTos:
      return Kind::host_unreachable;
    case IcmpUnreachable::kProtocol:
      return Kind::protocol_unreachable;
    case IcmpUnreachable::kPort:
      return Kind::port_unreachable;
    case IcmpUnreachable::kFragmentationNeeded:
      return Kind::packet_too_big;
    case IcmpUnreachable::kNetProhibited:
    case IcmpUnreachable::kHostProhibited:
    case IcmpUnreachable::kAdministrativelyProhibited:
    case IcmpUnreachable::kHostPrecedence:
    case IcmpUnreachable::kPrecedenceCutoff:
      return Kind::administratively_prohibited;
  }
  return std::nullopt;
}

}  // namespace

Icmp::Icmp(Ipv4& ipv4, const IcmpConfig& config)
    : Echo(config.clients, static_cast<std::uint16_t>(ipv4.node().random_stream("icmp identifier").next())),
      ipv4_(ipv4),
      config_(config),
      bucket_(config.errors_per_second, config.error_burst) {}

Result<void> Icmp::send_echo(Packet packet, std::uint16_t identifier, std::uint16_t sequence, SendOptions options) {
  if (packet.headroom() < sizeof(IcmpHeader)) {
    ipv4_.node().drop(std::move(packet), DropReason::no_memory);
    return fail(ENOBUFS, "no headroom for the ICMP header");
  }
  packet.push_header<IcmpHeader>() = IcmpHeader::echo(identifier, sequence);
  packet.header<IcmpHeader>().checksum = checksum_finish(checksum_add(packet, 0));
  packet.meta().checksum = ChecksumState::verified;
  options.protocol = kIcmp;
  sent_.add(static_cast<std::uint8_t>(IcmpType::kEcho));
  return ipv4_.output(std::move(packet), options);
}

// Errors out

/// RFC 1122 3.2.2, RFC 1812 4.3.2.7: what may never be answered with an error.
bool Icmp::may_answer(const Packet& packet) const {
  const Ipv4Header& header = packet.header<Ipv4Header>();
  const Ipv4Address source = header.source;
  const Ipv4Address destination = header.destination;
  const bool ours = packet.meta().arrival_interface == 0;  // looped back: then 127/8 is a fair source
  if (packet.meta().cast != LinkCast::to_us || !header.is_first_fragment() || destination.is_multicast() ||
      ipv4_.is_broadcast(destination) || ipv4_.is_broadcast(source) ||
      (source.is_martian_source() && !(ours && source.is_loopback()))) {
    return false;
  }
  if (header.protocol != kIcmp) {
    return true;
  }
  IcmpHeader quoted;
  if (packet.size() <= header.header_size()) {
    return false;
  }
  quoted.type = std::to_integer<std::uint8_t>(packet.peek(header.header_size()));
  return !quoted.is_error();
}

void Icmp::send_error(const Packet& packet, const IcmpHeader& error) {
  Node& node = ipv4_.node();
  if (!may_answer(packet)) {
    return;
  }
  Packet quoted = packet.clone();
  Packet message = node.pool().make();
  // RFC 1812 4.3.2.3: as much as fits, without the error exceeding 576 bytes.
  const std::size_t length =
      std::min(packet.size(), wire::kIcmpMaxErrorPacket - wire::kIpv4HeaderSize - wire::kIcmpHeaderSize);
  std::byte* bytes = message ? message.extend(wire::kIcmpHeaderSize + length) : nullptr;
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
  const be16 checksum = internet_checksum({bytes, wire::kIcmpHeaderSize + length});
  std::memcpy(bytes + offsetof(IcmpHeader, checksum), &checksum, sizeof checksum);
  message.meta().checksum = ChecksumState::verified;
  if (!bucket_.take(node.now())) {
    node.drop(std::move(message), DropReason::icmp_rate_limited);
    return;
  }
  const Ipv4Header& header = packet.header<Ipv4Header>();
  SendOptions options;
  options.destination = Ipv4Address(header.source);
  if (ipv4_.may_send_from(Ipv4Address(header.destination))) {  // else by the route back (RFC 1812 4.3.2.4)
    options.source = Ipv4Address(header.destination);
  }
  options.protocol = kIcmp;
  options.traffic_class = kInternetworkControl;
  ++ipv4_.counters_.icmp_errors_sent;
  sent_.add(error.type);
  (void)ipv4_.output(std::move(message), options);
}

// In

/// Ends a message that means nothing to us; a raw socket that has a copy may know better.
void Icmp::unwanted(Packet packet, DropReason reason, const Delivery& delivery) {
  if (delivery.copied) {
    packet.consume();
  } else {
    ipv4_.node().drop(std::move(packet), reason, delivery.interface);
  }
}

void Icmp::receive(Packet packet, const Delivery& delivery) {
  Node& node = ipv4_.node();
  complete_checksum(packet);
  if (packet.meta().checksum == ChecksumState::unverified) {
    if (checksum_fold(checksum_add(packet, 0)) != 0xffff) {
      ++malformed_;
      node.drop(std::move(packet), DropReason::bad_icmp_checksum, delivery.interface);
      return;
    }
    packet.meta().checksum = ChecksumState::verified;
  }
  if (!packet.pullup(wire::kIcmpHeaderSize)) {
    ++malformed_;
    node.drop(std::move(packet), DropReason::bad_icmp, delivery.interface);
    return;
  }
  if (packet.header<IcmpHeader>().is_error()) {
    // Enough to see a quoted header with options and the transport header behind it. An echo is not pulled up like
    // that: it goes back, and needs its headroom.
    constexpr std::size_t kEnough = wire::kIcmpHeaderSize + wire::kIpv4MaxHeaderSize + 64;
    (void)packet.pullup(std::min(packet.size(), kEnough));
  }
  const auto header = IcmpHeader::parse(packet.head());
  if (!header) {
    ++malformed_;
    node.drop(std::move(packet), DropReason::bad_icmp, delivery.interface);
    return;
  }
  received_.add((*header)->type);
  switch ((*header)->kind()) {
    case IcmpType::kEcho:
      answer_echo(std::move(packet), delivery);
      return;
    case IcmpType::kEchoReply:
      receive_reply(std::move(packet), delivery);
      return;
    case IcmpType::kUnreachable:
    case IcmpType::kTimeExceeded:
    case IcmpType::kParameterProblem:
      receive_error(std::move(packet), delivery);
      return;
    case IcmpType::kSourceQuench:  // RFC 6633
    case IcmpType::kRedirect:
      unwanted(std::move(packet), DropReason::icmp_ignored, delivery);
      return;
    default:
      unwanted(std::move(packet), DropReason::unknown_icmp_type, delivery);
      return;
  }
}

/// RFC 1122 3.2.2.6. The request itself goes back: one byte changes.
void Icmp::answer_echo(Packet packet, const Delivery& delivery) {
  if (!config_.answer_echo || (delivery.to_group && !config_.answer_broadcast_echo)) {
    unwanted(std::move(packet), DropReason::icmp_ignored, delivery);
    return;
  }
  auto& header = packet.header<IcmpHeader>();
  const auto before = static_cast<std::uint16_t>(header.type << 8 | header.code);
  header.type = static_cast<std::uint8_t>(IcmpType::kEchoReply);
  header.checksum =
      checksum_update(header.checksum, before, static_cast<std::uint16_t>(header.type << 8 | header.code));
  if (header.checksum == 0) {  // RFC 1624 3: one of the two zeros; the other one if everything else is zero as well
    header.checksum = checksum_finish(checksum_add(packet, 0));
  }
  PacketMeta& meta = packet.meta();
  meta.mark = 0;
  meta.priority = 0;
  SendOptions options;
  if (!delivery.to_group) {
    options.source = delivery.destination;
  }
  options.destination = delivery.source;
  options.protocol = kIcmp;
  options.traffic_class = delivery.traffic_class;
  sent_.add(static_cast<std::uint8_t>(IcmpType::kEchoReply));
  (void)ipv4_.output(std::move(packet), options);
}

void Icmp::receive_reply(Packet packet, const Delivery& delivery) {
  const IcmpHeader& header = packet.header<IcmpHeader>();
  const std::uint16_t sequence = header.sequence();
  EchoClient* client = find(header.id());
  if (client == nullptr) {
    unwanted(std::move(packet), DropReason::icmp_no_socket, delivery);
    return;
  }
  client->on_echo_reply(std::move(packet), delivery, sequence);
}

void Icmp::receive_error(Packet packet, const Delivery& delivery) {
  Node& node = ipv4_.node();
  const IcmpHeader& message = packet.header<IcmpHeader>();
  const auto quote = wire::IcmpQuote::parse(packet.head());
  if (!quote) {
    node.drop(std::move(packet), DropReason::bad_icmp, delivery.interface);
    return;
  }
  const auto kind = kind_of(message);
  const Ipv4Header& quoted = *quote->header;
  // Only what we have sent can be in error, and only its first fragment can be told whose it was.
  if (!kind || !ipv4_.may_send_from(Ipv4Address(quoted.source)) || !quoted.is_first_fragment()) {
    unwanted(std::move(packet), kind ? DropReason::icmp_no_socket : DropReason::unknown_icmp_type, delivery);
    return;
  }
  ErrorReport report;
  report.kind = *kind;
  report.reporter = delivery.source;
  report.source = Ipv4Address(quoted.source);
  report.destination = Ipv4Address(quoted.destination);
  report.transport_header = quote->payload;
  if (*kind == ErrorReport::Kind::packet_too_big) {
    learn_path_mtu(message, quoted, report);
  }
  if (deliver(report, quoted.protocol)) {
    packet.consume();
  } else {
    unwanted(std::move(packet), DropReason::icmp_no_socket, delivery);
  }
}

/// RFC 1191 3, 5: one step down, to what the router says or to the next plateau; never up.
void Icmp::learn_path_mtu(const IcmpHeader& message, const Ipv4Header& quoted, ErrorReport& report) {
  const Ipv4Config& config = ipv4_.config();
  const Instant now = ipv4_.node().now();
  const std::uint16_t length = quoted.total_length;
  std::uint16_t mtu = message.next_hop_mtu();
  if (mtu == 0 || mtu >= length) {  // a router older than RFC 1191, or one that counts wrong
    mtu = PathMtuCache::plateau_below(length);
  }
  const std::uint16_t least = std::max<std::uint16_t>(config.min_path_mtu, wire::kIpv4MinMtu);
  PathMtuCache::Entry lesson{
      .destination = Ipv4Address(quoted.destination), .mtu = std::max(mtu, least), .locked = mtu < least};
  lesson.expires = now + config.path_mtu_lifetime;
  ipv4_.path_mtus_.learn(lesson, now, config.path_mtus);
  report.mtu = lesson.mtu;
}

bool Icmp::deliver(const ErrorReport& report, std::uint8_t protocol) {
  const bool raw = ipv4_.raw_receiver() != nullptr && ipv4_.raw_receiver()->raw_error(report, protocol);
  if (protocol == kIcmp) {
    return deliver_echo_error(report) || raw;
  }
  Protocol* owner = ipv4_.protocol(protocol);
  if (owner != nullptr) {
    owner->on_error(report);
  }
  return owner != nullptr || raw;
}

bool Icmp::deliver_echo_error(const ErrorReport& report) {
  const auto* request = wire::view<IcmpHeader>(report.transport_header);
  if (request == nullptr || !request->is(IcmpType::kEcho)) {
    return false;
  }
  EchoClient* client = find(request->id());
  if (client != nullptr) {
    client->on_echo_error(report, request->sequence());
  }
  return client != nullptr;
}

void Icmp::on_error(const ErrorReport& report) { (void)deliver_echo_error(report); }

}  // namespace catenet::ip
