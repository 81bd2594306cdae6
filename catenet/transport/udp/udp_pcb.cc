// SPDX-License-Identifier: Apache-2.0
#include "catenet/transport/udp/udp_pcb.h"

#include <algorithm>
#include <cstddef>

#include "catenet/net/segmentation.h"
#include "catenet/packet/checksum.h"
#include "catenet/transport/filter_view.h"
#include "catenet/transport/link_zone.h"
#include "catenet/transport/udp/pseudo_sum.h"
#include "catenet/transport/udp/udp.h"
#include "catenet/wire/ipv4.h"
#include "catenet/wire/mapped_address.h"
#include "catenet/wire/udp.h"
#include "catenet/wire/udp_lite.h"

namespace catenet::transport {

UdpPcb::UdpPcb(Udp& udp, wire::Family family)
    : udp_(udp), local_(wire::Endpoint::any(family)), foreign_(wire::Endpoint::any(family)), family_(family) {
  udp_.all_.push_back(*this);
}

UdpFlavour UdpPcb::flavour() const { return udp_.flavour(); }

UdpPcb::~UdpPcb() {
  if (is_bound()) {
    udp_.unlink(*this);
  }
  if (udp_.any_ == this) {
    udp_.any_ = nullptr;
  }
  leave_groups(true);
  while (!queue_.empty()) {
    UdpDatagram d = queue_.pop_front();
    udp_.drop(std::move(d.payload), DropReason::socket_closed);
  }
}

// ---- ends -------------------------------------------------------------------------------------------------------

Result<void> UdpPcb::take_port(const wire::IpAddress& address, std::uint16_t port) {
  if (udp_.bound_ >= udp_.limits_.sockets) {
    return fail(ENOBUFS, "the host has too many UDP sockets");
  }
  if (port == 0) {
    const auto chosen = udp_.ephemeral_port(*this, address);
    if (!chosen) {
      return std::unexpected(chosen.error());
    }
    port = *chosen;
  } else if (udp_.conflicts(*this, address, port)) {
    return fail(EADDRINUSE, "the UDP port is taken");
  }
  local_ = {address, port};
  udp_.link(*this);
  return {};
}

Result<void> UdpPcb::bind(const wire::Endpoint& end) {
  wire::Endpoint local{wire::unmapped(end.address), end.port};
  const ip::Network* network = udp_.network(local.address.family());
  if (network == nullptr || (local.address.is_v6() && family_ == wire::Family::kV4)) {
    return fail(EAFNOSUPPORT, "bind to an address of another family");
  }
  if (!takes(local.address.family())) {
    return fail(EINVAL, "bind a socket for IPv6 only to an address of IPv4");
  }
  const auto zoned = with_link_zone(local.address, options_.device);
  if (!zoned) {
    return std::unexpected(zoned.error());
  }
  local.address = *zoned;
  const bool usable = local.address.is_unspecified() || local.address.is_multicast() ||
                      network->may_send_from(local.address) || network->is_broadcast(local.address);
  if (!usable) {
    return fail(EADDRNOTAVAIL, "bind to an address of another host");
  }
  if (is_bound()) {
    return fail(EINVAL, "bound already");
  }
  if (auto done = take_port(local.address, local.port); !done) {
    return done;
  }
  address_chosen_ = !local.address.is_unspecified();
  options_.v6_only |= address_chosen_ && local.address.is_v6();  // as Linux: it could never be IPv4's
  port_chosen_ = local.port != 0;
  return {};
}

Result<void> UdpPcb::bind_any() {
  if (is_bound()) {
    return fail(EINVAL, "bound already");
  }
  if (udp_.any_ != nullptr) {
    return fail(udp_.any_ == this ? EINVAL : EADDRINUSE, "a socket has every port already");
  }
  udp_.any_ = this;
  return {};
}

Result<void> UdpPcb::auto_bind() {
  if (is_bound()) {
    return {};
  }
  auto done = take_port(local_.address, 0);
  if (!done && done.error().code == EADDRINUSE) {
    return fail(EAGAIN, "no ephemeral UDP port is free");
  }
  return done;
}

/// Where a datagram to `to` goes: not mapped, "every address" as "this host". The errors are Linux's.
Result<wire::Endpoint> UdpPcb::foreign_from(const wire::Endpoint& to) const {
  wire::Endpoint end{wire::unmapped(to.address), to.port};
  const wire::Family family = end.address.family();
  if (udp_.network(family) == nullptr || (end.address.is_v6() && family_ == wire::Family::kV4)) {
    return fail(EAFNOSUPPORT, "an address of another family");
  }
  if (!takes(family)) {
    return fail(ENETUNREACH, "an address of IPv4 for a socket of IPv6 only");
  }
  if (end.address.is_unspecified()) {  // "this host", as on Linux
    end.address = wire::loopback(family);
  }
  if (address_chosen_ && local_.address.family() != family) {
    return fail(EAFNOSUPPORT, "IPv6 from an address of IPv4");
  }
  const auto zoned = with_link_zone(end.address, options_.device);
  if (!zoned) {
    return std::unexpected(zoned.error());
  }
  end.address = *zoned;
  return end;
}

Result<void> UdpPcb::connect(const wire::Endpoint& foreign) {
  if (auto done = auto_bind(); !done) {  // first of all, as Linux does: a failed connect leaves the port
    return done;
  }
  const auto to = foreign_from(foreign);
  if (!to) {
    return std::unexpected(to.error());
  }
  wire::Endpoint local = local_;
  const bool other_family = local.address.family() != to->address.family();
  if (other_family || local.address.is_unspecified() || local.address.is_multicast()) {
    const auto source = source_for(to->address);
    if (!source) {
      return std::unexpected(source.error());
    }
    local.address = *source;
  }
  if (udp_.is_broadcast(to->address) && !options_.broadcast) {
    return fail(EACCES, "connect to a broadcast address without the broadcast option");
  }
  udp_.unlink(*this);
  local_ = local;
  foreign_ = *to;
  connected_ = true;
  udp_.link(*this);
  return {};
}

void UdpPcb::disconnect() {
  if (!is_bound()) {
    return;
  }
  udp_.unlink(*this);
  connected_ = false;
  foreign_ = wire::Endpoint::any(family_);
  if (!address_chosen_) {
    local_.address = wire::IpAddress::any(family_);
  }
  if (port_chosen_) {
    udp_.link(*this);
  } else {
    local_.port = 0;
  }
}

// -1: not for this socket; else the better the more specific. The ports are part of the question.
int UdpPcb::match(const wire::Endpoint& local, const wire::Endpoint& foreign, const Interface* arrival) const {
  if (local_.port != local.port || !takes(local.address.family())) {
    return -1;
  }
  int score = 0;
  if (options_.device != nullptr) {
    if (arrival != nullptr && options_.device != arrival) {
      return -1;
    }
    score += 4;
  }
  if (!local_.address.is_unspecified()) {
    if (local_.address != local.address) {
      return -1;
    }
    score += 1;
  }
  if (connected_) {
    if (foreign_ != foreign) {
      return -1;
    }
    score += 2;
  }
  return score;
}

// ---- out --------------------------------------------------------------------------------------------------------

// The checks in the order in which Linux makes them, so that a call with two faults gets the same errno.
Result<wire::Endpoint> UdpPcb::destination_of(const wire::Endpoint* to, std::size_t size) const {
  if (size > 65'535) {
    return fail(EMSGSIZE, "larger than a UDP datagram can be");
  }
  if (to != nullptr && to->address.is_v6() && family_ == wire::Family::kV4) {
    return fail(EAFNOSUPPORT, "send to an address of another family");
  }
  if (to != nullptr && to->port == 0) {
    return fail(EINVAL, "send to port 0");
  }
  if (to == nullptr && !connected_) {
    return fail(EDESTADDRREQ, "no destination given, and none connected to");
  }
  const Result<wire::Endpoint> end = to != nullptr ? foreign_from(*to) : foreign_;
  if (!end) {
    return end;
  }
  if (udp_.is_broadcast(end->address) && !options_.broadcast) {
    return fail(EACCES, "send to a broadcast address without the broadcast option");
  }
  if (pending_error_ != 0) {
    return fail(pending_error_, "an ICMP error about an earlier datagram");
  }
  if (send_shut_) {
    return fail(EPIPE, "sending was shut down");
  }
  const std::size_t ip_header = end->address.is_v4() ? wire::kIpv4HeaderSize : 0;  // IPv6 does not count its own
  if (size + wire::kUdpHeaderSize > 65'535 - ip_header) {
    return fail(EMSGSIZE, "larger than a UDP datagram can be");
  }
  return end;
}

// May a payload be sent in segments? The order of the checks is Linux's.
Result<void> UdpPcb::may_cut(std::size_t size, std::uint16_t segment_size, const wire::Endpoint& to) const {
  if (segment_size == 0) {
    return {};
  }
  const ip::Network& network = *udp_.network(to.address.family());
  if (network.header_size() + wire::kUdpHeaderSize + std::min<std::size_t>(size, segment_size) >
      network.path_mtu(to.address)) {
    return fail(EMSGSIZE, "segments larger than the path's MTU");
  }
  if (size > segment_size * kMaxSegments) {
    return fail(EINVAL, "more segments than a send may have");
  }
  if (options_.no_checksum) {
    return fail(EINVAL, "segments without a checksum");
  }
  if (udp_.is_lite()) {
    return fail(EIO, "UDP-Lite has no segments");
  }
  return {};
}

Result<void> UdpPcb::send_segments(std::span<const std::byte> payload, std::uint16_t segment_size,
                                   const wire::Endpoint* to) {
  if (const auto bound = auto_bind(); !bound) {  // first of all, as Linux does, whatever else is wrong
    return bound;
  }
  // Refuse before copying; the packet's own way makes the same checks again.
  if (const auto end = destination_of(to, payload.size()); !end) {
    if (end.error().code == pending_error_) {
      pending_error_ = 0;
    }
    return std::unexpected(end.error());
  }
  Packet packet = udp_.node_.pool().make();
  if (!packet) {
    return fail(ENOBUFS, "the packet pool is at its limit");
  }
  if (!packet.append(payload)) {
    udp_.drop(std::move(packet), DropReason::no_memory);
    return fail(ENOBUFS, "the packet pool is at its limit");
  }
  return send_packet(std::move(packet), segment_size, to);
}

Result<std::size_t> UdpPcb::send_batch(std::span<const UdpMessage> messages) {
  std::size_t done = 0;
  for (const UdpMessage& m : messages) {
    const auto sent = send_segments(m.payload, m.segment_size.value_or(options_.segment_size), m.to ? &*m.to : nullptr);
    if (!sent) {
      return done > 0 ? Result<std::size_t>(done) : std::unexpected(sent.error());
    }
    ++done;
  }
  return done;
}

Result<void> UdpPcb::send_packet(Packet packet, std::uint16_t segment_size, const wire::Endpoint* to) {
  const auto refuse = [&](const Error& error, DropReason reason) -> Result<void> {
    udp_.drop(std::move(packet), reason);
    return std::unexpected(error);
  };
  if (const auto bound = auto_bind(); !bound) {
    return refuse(bound.error(), DropReason::no_memory);
  }
  const auto end = destination_of(to, packet.size());
  if (!end) {
    if (end.error().code == pending_error_) {
      pending_error_ = 0;
    }
    const int code = end.error().code;
    return refuse(end.error(), code == EMSGSIZE ? DropReason::message_too_long
                               : code == EACCES ? DropReason::broadcast_refused
                                                : DropReason::socket_closed);
  }
  wire::IpAddress source = local_.address;
  const bool other_family = source.family() != end->address.family();
  if (other_family || source.is_unspecified() || source.is_multicast() || udp_.is_broadcast(source)) {
    const auto chosen = source_for(end->address);
    if (!chosen) {
      return refuse(chosen.error(), chosen.error().code == ENETUNREACH ? DropReason::no_route : DropReason::no_address);
    }
    source = *chosen;
  }
  if (const auto may = may_cut(packet.size(), segment_size, *end); !may) {
    return refuse(may.error(), DropReason::message_too_long);
  }
  return transmit(std::move(packet), segment_size, *end, {source, local_.port});
}

Result<void> UdpPcb::send_from(std::span<const std::byte> payload, const wire::Endpoint& from,
                               const wire::Endpoint& to) {
  const auto end = destination_of(&to, payload.size());
  if (!end) {
    if (end.error().code == pending_error_) {
      pending_error_ = 0;
    }
    return std::unexpected(end.error());
  }
  const wire::Endpoint source{wire::unmapped(from.address), from.port};
  const wire::Family family = source.address.family();
  if (source.port == 0 || family != end->address.family() || !udp_.network(family)->may_send_from(source.address)) {
    return fail(EADDRNOTAVAIL, "not an address and port to send from");
  }
  Packet packet = udp_.node_.pool().make();
  if (packet && packet.append(payload)) {
    if (const auto may = may_cut(packet.size(), options_.segment_size, *end); !may) {
      udp_.drop(std::move(packet), DropReason::message_too_long);
      return may;
    }
    return transmit(std::move(packet), options_.segment_size, *end, source);
  }
  if (packet) {
    udp_.drop(std::move(packet), DropReason::no_memory);
  }
  return fail(ENOBUFS, "the packet pool is at its limit");
}

// Of a packet whose header has all else. UDP-Lite's length is its coverage, as long as that is the whole.
void UdpPcb::write_checksum(Packet& packet, const wire::Endpoint& to, const wire::Endpoint& from) {
  auto& header = packet.header<wire::UdpHeader>();
  const std::uint16_t length = header.length;
  if (options_.no_checksum && to.address.is_v4() && !udp_.is_lite()) {  // RFC 3828 3.1: UDP-Lite's is a must
    packet.meta().checksum = ChecksumState::verified;
    return;
  }
  const std::uint32_t pseudo = pseudo_header_sum(from.address, to.address, udp_.protocol(), length);
  const std::uint16_t coverage = std::max(options_.send_coverage, wire::kUdpLiteMinCoverage);
  if (udp_.is_lite() && options_.send_coverage != 0 && coverage < length) {
    // A partial checksum runs to the packet's end. This one costs little: what it covers has just been written.
    header.length = coverage;
    header.checksum =
        finish_partial_checksum(checksum_add_first(packet, coverage, pseudo), offsetof(wire::UdpLiteHeader, checksum));
    packet.meta().checksum = ChecksumState::verified;
    return;
  }
  header.checksum = checksum_fold(pseudo);
  mark_partial_checksum(packet, 0, offsetof(wire::UdpHeader, checksum));
}

// Segments as datagrams of their own, where the network layer takes no super-segment so large. What was accepted is
// accepted: an error is the first one's that was not.
Result<void> UdpPcb::transmit_each(Packet packet, std::uint16_t segment_size, const wire::Endpoint& to,
                                   const wire::Endpoint& from) {
  Result<void> answer;
  for (std::size_t at = 0; at < packet.size(); at += segment_size) {
    Packet segment = udp_.node_.pool().make();
    const std::size_t n = std::min<std::size_t>(segment_size, packet.size() - at);
    if (!segment || !segment.append(packet, at, n)) {
      if (segment) {
        udp_.drop(std::move(segment), DropReason::no_memory);
      }
      udp_.drop(std::move(packet), DropReason::no_memory);
      return answer ? fail(ENOBUFS, "the packet pool is at its limit") : answer;
    }
    const auto done = transmit(std::move(segment), 0, to, from);
    answer = answer ? done : answer;
  }
  packet.consume();  // it lives on in its segments
  return answer;
}

Result<void> UdpPcb::transmit(Packet packet, std::uint16_t segment_size, const wire::Endpoint& to,
                              const wire::Endpoint& from) {
  ip::Network& network = *udp_.network(to.address.family());
  std::size_t datagrams = 1;
  packet.meta().segment_size = 0;  // of a packet that came in and goes on
  if (segment_size != 0 && packet.size() > segment_size) [[unlikely]] {
    if (network.header_size() + wire::kUdpHeaderSize + packet.size() > network.max_super_segment()) {
      return transmit_each(std::move(packet), segment_size, to, from);
    }
    datagrams = (packet.size() + segment_size - 1) / segment_size;
    packet.meta().segment_size = segment_size;
  }
  const auto length = static_cast<std::uint16_t>(packet.size() + wire::kUdpHeaderSize);
  auto& header = packet.push_header<wire::UdpHeader>();
  header.source_port = from.port;
  header.destination_port = to.port;
  header.length = length;
  write_checksum(packet, to, from);
  packet.meta().stamp = udp_.node_.now();
  options_.label(packet.meta());
  ip::SendOptions options;
  options.source = from.address;
  options.destination = to.address;
  options.protocol = udp_.protocol();
  if (to.address.family() == family_) {  // what a socket of IPv6 says of its packets holds for IPv6
    options.ttl = to.address.is_multicast() ? options_.multicast_ttl : options_.ttl;
    options.stays_here = to.address.is_multicast() && options_.multicast_ttl == 0;
    options.traffic_class = options_.traffic_class;
  }
  options.to_ourselves = options_.multicast_loop;
  options.dont_fragment = options_.dont_fragment;
  options.allow_broadcast = options_.broadcast;
  options.interface = way_out(to.address);
  udp_.counters_.out_datagrams += datagrams;
  return network.output(std::move(packet), options);
}

// ---- in ---------------------------------------------------------------------------------------------------------

// RFC 3828 3.1: the receiver decides what is covered too little; one that asks for all of it takes nothing less.
bool UdpPcb::is_covered_enough(const Packet& packet) const {
  if (!udp_.is_lite() || !options_.receive_coverage) {
    return true;
  }
  const std::size_t covered = packet.header<wire::UdpLiteHeader>().covered(packet.size());
  return covered == packet.size() || (*options_.receive_coverage != 0 && covered >= *options_.receive_coverage);
}

/// False: the packet is not wanted; else it is cut to what is, but never into its header (Linux).
bool UdpPcb::passes_filter(Packet& packet, const ip::Delivery& delivery) const {
  const std::size_t size = packet.size();
  packet.rewind_to_network_header();
  const std::size_t begin = packet.size() - size;
  const std::uint32_t wanted =
      options_.packet_filter.wanted(filter_view(packet, begin, delivery.source.family(), delivery.interface));
  packet.pull(begin);
  packet.trim(std::min(size, std::max<std::size_t>(wanted, wire::kUdpHeaderSize)));
  return wanted != 0;
}

/// A filter sees each of several datagrams with its own headers (Linux cuts them there, too).
void UdpPcb::enqueue_each(Packet packet, const ip::Delivery& delivery, std::uint16_t from_port) {
  const std::size_t size = packet.size();
  packet.rewind_to_network_header();
  const std::size_t begin = packet.size() - size;
  for (Segmentation segments(packet); !segments.done();) {
    Packet segment = segments.next();
    if (!segment) {
      return udp_.drop(std::move(packet), DropReason::no_memory, delivery.interface);
    }
    segment.pull(begin);
    enqueue(std::move(segment), delivery, from_port);
  }
  packet.consume();  // it lives on in its segments
}

void UdpPcb::enqueue(Packet packet, const ip::Delivery& delivery, std::uint16_t from_port) {
  if (!is_covered_enough(packet)) {
    ++udp_.counters_.in_errors;
    udp_.drop(std::move(packet), DropReason::udplite_uncovered, delivery.interface);
    return;
  }
  const std::uint16_t to_port = packet.header<wire::UdpHeader>().destination_port;  // not ours, after bind_any()
  const std::size_t whole = packet.size() - wire::kUdpHeaderSize;                   // before a filter cuts it
  const std::uint16_t each = whole > packet.meta().segment_size ? packet.meta().segment_size : std::uint16_t{0};
  if (options_.packet_filter.program != nullptr) [[unlikely]] {
    const bool several = packet.meta().segment_size != 0 && packet.meta().checksum == ChecksumState::partial;
    if (several && !options_.receive_segments) {
      return enqueue_each(std::move(packet), delivery, from_port);
    }
    if (!passes_filter(packet, delivery)) {
      return udp_.drop(std::move(packet), DropReason::filtered, delivery.interface);
    }
  }
  packet.pull(wire::kUdpHeaderSize);
  UdpDatagram d{{},
                {delivery.source, from_port},
                {delivery.destination, to_port},
                delivery.interface,
                delivery.ttl,
                delivery.traffic_class,
                each};
  if (each == 0 || options_.receive_segments) [[likely]] {
    d.payload = std::move(packet);
    return keep(std::move(d));
  }
  d.segment_size = 0;
  for (std::size_t at = 0; at < packet.size(); at += each) {
    Packet segment = udp_.node_.pool().make();
    if (!segment || !segment.append(packet, at, std::min<std::size_t>(each, packet.size() - at))) {
      if (segment) {
        udp_.drop(std::move(segment), DropReason::no_memory, d.interface);
      }
      return udp_.drop(std::move(packet), DropReason::no_memory, d.interface);
    }
    keep({std::move(segment), d.from, d.to, d.interface, d.ttl, d.traffic_class});
  }
  packet.consume();  // it lives on in its segments
}

void UdpPcb::keep(UdpDatagram d) {
  const std::size_t each = d.segment_size;
  const std::size_t cost = d.payload.size() + kDatagramCost;
  if (queued_bytes_ + cost > options_.receive_limit) {
    ++udp_.counters_.in_errors;
    ++udp_.counters_.receive_full;
    ++dropped_;
    udp_.drop(std::move(d.payload), DropReason::udp_receive_full, d.interface);
    return;
  }
  udp_.counters_.in_datagrams += each == 0 ? 1 : std::max<std::size_t>(1, (d.payload.size() + each - 1) / each);
  queued_bytes_ += cost;
  queue_.push_back(std::move(d));
  changed();
}

std::size_t UdpPcb::run() const {
  if (queue_.empty()) {
    return 0;
  }
  const UdpDatagram& first = queue_.front();
  const std::size_t size = first.payload.size();
  if (!options_.receive_segments || first.segment_size != 0 || first.interface == nullptr || size == 0) {
    return 1;  // what came from this host came as it was sent
  }
  std::size_t n = 1;
  std::size_t bytes = size;
  while (n < std::min(queue_.size(), kMaxSegments)) {
    const UdpDatagram& next = queue_[n];
    const std::size_t more = next.payload.size();
    if (next.segment_size != 0 || next.from != first.from || next.to != first.to || next.interface != first.interface ||
        next.ttl != first.ttl || next.traffic_class != first.traffic_class || more == 0 || more > size ||
        bytes + more > wire::kUdpMaxPayload) {
      break;
    }
    ++n;
    bytes += more;
    if (more < size) {
      break;
    }
  }
  return n;
}

Result<UdpDatagram> UdpPcb::receive() {
  if (pending_error_ != 0) {
    return fail(take_error(), "an ICMP error about an earlier datagram");
  }
  if (queue_.empty()) {
    return fail(EAGAIN, "no datagram is waiting");
  }
  UdpDatagram d = queue_.pop_front();
  queued_bytes_ -= d.payload.size() + kDatagramCost;
  return d;
}

Result<std::size_t> UdpPcb::receive_batch(std::span<UdpDatagram> out) {
  std::size_t done = 0;
  for (; done < out.size(); ++done) {
    auto d = receive();
    if (!d) {
      return done > 0 ? Result<std::size_t>(done) : std::unexpected(d.error());
    }
    out[done] = std::move(*d);
  }
  return done;
}

// ---- errors -----------------------------------------------------------------------------------------------------

bool is_hard_error(ip::ErrorReport::Kind kind, bool dont_fragment) {
  using Kind = ip::ErrorReport::Kind;
  switch (kind) {
    case Kind::port_unreachable:
    case Kind::protocol_unreachable:
    case Kind::administratively_prohibited:
    case Kind::parameter_problem:
      return true;
    case Kind::packet_too_big:
      return dont_fragment;
    default:
      return false;
  }
}

void UdpPcb::report(const UdpError& error, bool hard) {
  if (options_.receive_errors) {
    if (errors_.size() < kMaxErrors) {
      errors_.push_back(error);
    }
  } else if (!hard || !connected_) {
    return;
  }
  pending_error_ = error.code;
  changed();
}

Result<UdpError> UdpPcb::receive_error() {
  if (errors_.empty()) {
    return fail(EAGAIN, "the error queue is empty");
  }
  const UdpError error = errors_.pop_front();
  pending_error_ = errors_.empty() ? 0 : errors_.front().code;  // as Linux does when its queue is read
  return error;
}

// ---- groups -----------------------------------------------------------------------------------------------------

/// Where packets to `to` must go out; null: where the route leads.
Interface* UdpPcb::way_out(const wire::IpAddress& to) const {
  const bool group = to.is_multicast() && to.zone() == 0 && to.family() == family_;
  return options_.device != nullptr || !group ? options_.device : options_.multicast_device;
}

Result<wire::IpAddress> UdpPcb::source_for(const wire::IpAddress& to) const {
  if (to.is_multicast() && to.family() == family_ && options_.multicast_source.family() == family_ &&
      !options_.multicast_source.is_unspecified()) {
    return options_.multicast_source;
  }
  return udp_.network(to.family())->select_source_on(to, way_out(to));
}

void UdpPcb::leave_groups(bool told) {
  memberships_.leave_all([&](const wire::IpAddress& group) { return udp_.network(group.family()); }, told);
}

Result<void> UdpPcb::join(const wire::IpAddress& group, Interface* interface) {
  ip::Network* network = udp_.network(group.family());
  if (!takes(group.family()) || network == nullptr) {
    return fail(EINVAL, "a group of another family");
  }
  return memberships_.join(*network, group, interface, udp_.limits_.memberships_per_socket);
}

Result<void> UdpPcb::leave(const wire::IpAddress& group, Interface* interface) {
  ip::Network* network = udp_.network(group.family());
  return network == nullptr ? fail(EADDRNOTAVAIL, "not a member") : memberships_.leave(*network, group, interface);
}

}  // namespace catenet::transport
