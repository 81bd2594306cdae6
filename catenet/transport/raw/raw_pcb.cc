// SPDX-License-Identifier: Apache-2.0
#include "catenet/transport/raw/raw_pcb.h"

#include <algorithm>

#include "catenet/packet/checksum.h"
#include "catenet/transport/filter_view.h"
#include "catenet/transport/link_zone.h"
#include "catenet/transport/raw/raw.h"
#include "catenet/transport/udp/pseudo_sum.h"
#include "catenet/wire/ip_protocol.h"
#include "catenet/wire/ipv4.h"
#include "catenet/wire/mapped_address.h"

namespace catenet::transport {
namespace {

constexpr auto kRawIcmp = static_cast<std::uint8_t>(wire::IpProtocol::kIcmp);
constexpr auto kRawIcmpv6 = static_cast<std::uint8_t>(wire::IpProtocol::kIcmpv6);
constexpr std::uint16_t kIcmpv6ChecksumOffset = 2;  // RFC 4443 2.1

}  // namespace

RawPcb::RawPcb(Raw& raw, wire::Family family, std::uint8_t protocol)
    : raw_(raw),
      local_(wire::IpAddress::any(family)),
      source_(wire::IpAddress::any(family)),
      foreign_(wire::Endpoint::any(family)),
      family_(family),
      protocol_(protocol) {
  options_.header_included = protocol == kProtocolRaw;
  if (family == wire::Family::kV6 && protocol == kRawIcmpv6) {
    options_.checksum_offset = kIcmpv6ChecksumOffset;
  }
  raw_.add(*this);
}

RawPcb::~RawPcb() {
  leave_groups(true);
  raw_.remove(*this);
  while (!queue_.empty()) {
    raw_.node_.drop(queue_.pop_front().bytes, DropReason::socket_closed);
  }
}

wire::Endpoint RawPcb::local() const {
  const unsigned zone = options_.device != nullptr ? options_.device->index() + 1U : 0U;
  const bool group = local_.is_v6() && local_.is_multicast() && local_.v6().is_link_scoped();
  const bool zoned = group && zone <= wire::IpAddress::kMaxZone;
  return {zoned ? wire::IpAddress(local_.v6(), static_cast<std::uint8_t>(zone)) : local_,
          hears_ ? protocol_ : std::uint8_t{0}};
}

bool RawPcb::is_icmp() const { return protocol_ == (family_ == wire::Family::kV4 ? kRawIcmp : kRawIcmpv6); }

// ---- ends -------------------------------------------------------------------------------------------------------

/// What means something on one link only is heard there only: on that of its zone, from now on, or on the device's.
Result<void> RawPcb::choose_link(const wire::IpAddress& local) {
  if (!local.is_v6() || !local.v6().is_link_scoped()) {
    return {};
  }
  if (local.zone() == 0) {
    return options_.device != nullptr ? Result<void>() : fail(EINVAL, "a link-scoped address without its link");
  }
  const auto interfaces = raw_.node_.interfaces();
  if (local.zone() > interfaces.size()) {
    return fail(ENODEV, "no interface of this number");
  }
  options_.device = interfaces[local.zone() - 1].get();
  return {};
}

Result<void> RawPcb::bind(const wire::IpAddress& local) {
  if (local.family() != family_) {
    return fail(EINVAL, "bind to an address of another family");
  }
  if (wire::unmapped(local).family() != family_) {
    return fail(EADDRNOTAVAIL, "raw sockets of IPv6 do not speak IPv4");
  }
  if (connected_) {
    return fail(EINVAL, "connected");
  }
  if (const auto chosen = choose_link(local); !chosen) {
    return chosen;
  }
  const auto zoned = with_link_zone(local, options_.device);
  if (!zoned) {
    return std::unexpected(zoned.error());
  }
  const ip::Network& network = raw_.network(family_);
  const bool everybody = zoned->is_multicast() || network.is_broadcast(*zoned);
  if (!zoned->is_unspecified() && !everybody && !network.may_send_from(*zoned)) {
    return fail(EADDRNOTAVAIL, "bind to an address of another host");
  }
  // A group's zone says where to listen; the address of a packet that comes has none.
  const bool group6 = zoned->is_v6() && zoned->is_multicast();
  local_ = group6 ? wire::IpAddress(zoned->v6()) : *zoned;
  source_ = everybody ? wire::IpAddress::any(family_) : *zoned;
  return {};
}

/// Where a packet to `to` goes: "every address" is this host, a link-local address has its link.
Result<wire::IpAddress> RawPcb::foreign_from(const wire::IpAddress& to) const {
  if (to.family() != family_) {
    return fail(EAFNOSUPPORT, "an address of another family");
  }
  if (wire::unmapped(to).family() != family_) {
    return fail(ENETUNREACH, "raw sockets of IPv6 do not speak IPv4");
  }
  return with_link_zone(to.is_unspecified() ? wire::loopback(family_) : to, options_.device);
}

Result<void> RawPcb::connect(const wire::Endpoint& foreign) {
  const auto to = foreign_from(foreign.address);
  if (!to) {
    return std::unexpected(to.error());
  }
  const ip::Network& network = raw_.network(family_);
  const auto source = network.select_source_on(*to, way_out(*to));
  if (!source) {
    return std::unexpected(source.error());
  }
  if (network.is_broadcast(*to) && !options_.broadcast) {
    return fail(EACCES, "connect to a broadcast address without the broadcast option");
  }
  source_ = source_.is_unspecified() ? *source : source_;
  local_ = local_.is_unspecified() ? *source : local_;
  foreign_ = {*to, foreign.port};
  connected_ = true;
  return {};
}

void RawPcb::disconnect() {
  connected_ = false;
  hears_ = false;
  foreign_ = wire::Endpoint::any(family_);
  local_ = source_ = wire::IpAddress::any(family_);
  options_.device = nullptr;
}

/// Where packets to `to` must go out; null: where the route leads.
Interface* RawPcb::way_out(const wire::IpAddress& to) const {
  const bool group = to.is_multicast() && to.zone() == 0;
  return options_.device != nullptr || !group ? options_.device : options_.multicast_device;
}

void RawPcb::leave_groups(bool told) {
  memberships_.leave_all([&](const wire::IpAddress&) { return &raw_.network(family_); }, told);
}

Result<void> RawPcb::join(const wire::IpAddress& group, Interface* interface) {
  if (group.family() != family_) {
    return fail(EINVAL, "a group of another family");
  }
  return memberships_.join(raw_.network(family_), group, interface, raw_.limits_.memberships_per_socket);
}

Result<void> RawPcb::leave(const wire::IpAddress& group, Interface* interface) {
  return memberships_.leave(raw_.network(family_), group, interface);
}

bool RawPcb::matches(std::uint8_t protocol, const wire::IpAddress& local, const wire::IpAddress& foreign,
                     const Interface* arrival) const {
  return hears_ && protocol == protocol_ && (local_.is_unspecified() || local_ == local) &&
         (!connected_ || foreign_.address == foreign) &&
         (options_.device == nullptr || arrival == nullptr || arrival == options_.device);
}

// ---- out --------------------------------------------------------------------------------------------------------

// The checks in the order in which Linux makes them (raw_sendmsg(), rawv6_sendmsg()).
Result<RawPcb::Way> RawPcb::way_to(const wire::Endpoint* to, std::size_t size) const {
  constexpr std::size_t kMost = 65'535;
  if (size > kMost) {
    return fail(EMSGSIZE, "larger than a packet can be");
  }
  if (to == nullptr) {
    return connected_ ? Result<Way>(Way{foreign_.address, protocol_})
                      : fail(EDESTADDRREQ, "no destination given, and none connected to");
  }
  Way way{to->address, protocol_};
  if (family_ == wire::Family::kV6 && to->port != 0 && to->address.is_v6()) {
    if ((to->port != protocol_ && protocol_ != kProtocolRaw) || to->port > 255) {
      return fail(EINVAL, "a protocol that is not the socket's");
    }
    way.protocol = static_cast<std::uint8_t>(to->port);
  }
  const auto end = foreign_from(to->address);
  if (!end) {
    return std::unexpected(end.error());
  }
  way.to = *end;
  return way;
}

Result<void> RawPcb::may_send(const Way& way, std::span<const std::byte> bytes) const {
  if (!options_.header_included && is_icmp() && bytes.size() < 2) {
    return fail(EFAULT, "ICMP without type and code");  // Linux reads them to choose the route
  }
  if (raw_.network(family_).is_broadcast(way.to) && !options_.broadcast) {
    return fail(EACCES, "send to a broadcast address without the broadcast option");
  }
  const std::size_t ip_header = family_ == wire::Family::kV4 && !options_.header_included ? wire::kIpv4HeaderSize : 0;
  if (bytes.size() + ip_header > wire::kIpv4MaxPacket) {
    return fail(EMSGSIZE, "larger than a packet can be");
  }
  // Linux looks at these two only where it does not make the header.
  if (options_.header_included && pending_error_ != 0) {
    return fail(pending_error_, "an ICMP error about an earlier packet");
  }
  if (options_.header_included && send_shut_) {
    return fail(EPIPE, "sending was shut down");
  }
  if (!options_.header_included && options_.checksum_offset && *options_.checksum_offset + 2U > bytes.size()) {
    return fail(EINVAL, "a checksum outside the packet");
  }
  return {};
}

Result<void> RawPcb::send(std::span<const std::byte> bytes, const wire::Endpoint* to) {
  const auto way = way_to(to, bytes.size());
  if (!way) {
    return std::unexpected(way.error());
  }
  if (const auto may = may_send(*way, bytes); !may) {
    if (may.error().code == pending_error_) {
      pending_error_ = 0;
    }
    return may;
  }
  Packet packet = raw_.node_.pool().make();
  if (!packet) {
    return fail(ENOBUFS, "the packet pool is at its limit");
  }
  if (!packet.append(bytes)) {
    raw_.node_.drop(std::move(packet), DropReason::no_memory);
    return fail(ENOBUFS, "the packet pool is at its limit");
  }
  ip::SendOptions options;
  options.source = source_;
  options.destination = way->to;
  options.protocol = way->protocol;
  options.ttl = way->to.is_multicast() ? options_.multicast_ttl : options_.ttl;
  options.traffic_class = options_.traffic_class;
  options.dont_fragment = options_.dont_fragment;
  options.allow_broadcast = options_.broadcast;
  options.interface = way_out(way->to);
  options.to_ourselves = options_.multicast_loop;
  options.stays_here = way->to.is_multicast() && options_.multicast_ttl == 0;
  if (way->to.is_multicast() && source_.is_unspecified() && options_.multicast_source.family() == family_) {
    options.source = options_.multicast_source;
  }
  return transmit(std::move(packet), options);
}

/// RFC 3542 3.1: over the pseudo-header and everything, whatever the field holds.
Result<void> RawPcb::write_checksum(Packet& packet, ip::SendOptions& options) const {
  if (options.source.is_unspecified()) {  // the checksum must know it
    const auto source = raw_.network(family_).select_source_on(options.destination, options.interface);
    if (!source) {
      return std::unexpected(source.error());
    }
    options.source = *source;
  }
  const std::size_t at = *options_.checksum_offset;
  const auto write = [&](std::uint16_t value) {
    return packet.poke(at, std::byte(value >> 8)) && packet.poke(at + 1, std::byte(value & 0xff));
  };
  if (!write(0)) {
    return fail(ENOBUFS, "the packet pool is at its limit");
  }
  const auto length = static_cast<std::uint32_t>(packet.size());
  const std::uint32_t pseudo = pseudo_header_sum(options.source, options.destination, options.protocol, length);
  std::uint16_t sum = checksum_finish(checksum_add(packet, 0, pseudo));
  if (sum == 0 && options.protocol == static_cast<std::uint8_t>(wire::IpProtocol::kUdp)) {
    sum = 0xffff;  // RFC 768: zero says that there is none
  }
  return write(sum) ? Result<void>() : fail(ENOBUFS, "the packet pool is at its limit");
}

Result<void> RawPcb::transmit(Packet packet, ip::SendOptions options) {
  const bool v4 = family_ == wire::Family::kV4;
  ++raw_.counters_.out_packets;
  options_.label(packet.meta());
  if (options_.header_included) {
    return v4 ? raw_.ipv4_.output_whole(std::move(packet), options)
              : raw_.ipv6_->output_whole(std::move(packet), options);
  }
  if (options_.checksum_offset) {
    if (const auto done = write_checksum(packet, options); !done) {
      raw_.node_.drop(std::move(packet), DropReason::no_address);
      return done;
    }
  }
  return raw_.network(family_).output(std::move(packet), options);
}

// ---- in ---------------------------------------------------------------------------------------------------------

/// What ICMP_FILTER and ICMP6_FILTER say; a message without its header is nobody's.
bool RawPcb::is_unwanted(const Packet& packet, std::size_t header_size) const {
  if (!is_icmp()) {
    return false;
  }
  const bool v4 = family_ == wire::Family::kV4;
  const std::size_t least = v4 ? 8 : 4;  // what Linux looks at
  if (packet.size() < header_size + least) {
    return true;
  }
  const auto type = std::to_integer<unsigned>(packet.peek(header_size));
  if (v4 && type >= 32) {
    return false;  // the filter has no bit for it
  }
  return (options_.filter[type / 32] >> (type % 32) & 1) != 0;
}

std::uint32_t RawPcb::wanted_of(const Packet& packet, const ip::Delivery& d, std::size_t header_size) const {
  const bool v4 = family_ == wire::Family::kV4;
  return options_.packet_filter.wanted(filter_view(packet, v4 ? 0 : header_size, family_, d.interface));
}

void RawPcb::take(const Packet& packet, const ip::Delivery& d, std::size_t header_size) {
  Packet copy = packet.clone();
  if (!copy) {
    ++dropped_;  // the pool is at its limit; the packet itself goes on
    return;
  }
  complete_checksum(copy);  // its reader may look at it
  const std::uint32_t wanted = wanted_of(copy, d, header_size);
  if (family_ == wire::Family::kV6) {
    copy.pull(header_size);
  }
  if (options_.checksum_offset && copy.meta().checksum == ChecksumState::unverified) {
    const auto length = static_cast<std::uint32_t>(copy.size());
    const std::uint32_t pseudo = pseudo_header_sum(d.source, d.destination, d.protocol, length);
    if (checksum_fold(checksum_add(copy, 0, pseudo)) != 0xffff) {
      ++dropped_;
      raw_.node_.drop(std::move(copy), DropReason::bad_raw_checksum, d.interface);
      return;
    }
  }
  if (wanted == 0) {
    raw_.node_.drop(std::move(copy), DropReason::filtered, d.interface);
    return;
  }
  copy.trim(std::min<std::size_t>(wanted, copy.size()));
  const std::size_t cost = copy.size() + kPacketCost;
  if (queued_bytes_ + cost > options_.receive_limit) {
    ++raw_.counters_.receive_full;
    ++dropped_;
    raw_.node_.drop(std::move(copy), DropReason::raw_receive_full, d.interface);
    return;
  }
  ++raw_.counters_.in_packets;
  queued_bytes_ += cost;
  queue_.push_back({std::move(copy), d.source, d.destination, d.interface, d.ttl, d.traffic_class});
  changed();
}

Result<RawPacket> RawPcb::receive() {
  if (pending_error_ != 0) {
    return fail(take_error(), "an ICMP error about an earlier packet");
  }
  if (queue_.empty()) {
    return fail(EAGAIN, "no packet is waiting");
  }
  RawPacket packet = queue_.pop_front();
  queued_bytes_ -= packet.bytes.size() + kPacketCost;
  return packet;
}

// ---- errors -----------------------------------------------------------------------------------------------------

void RawPcb::report(const ip::ErrorReport& report) {
  if (report.kind == ip::ErrorReport::Kind::source_quench) {  // RFC 6633
    return;
  }
  const int code = report.to_errno();
  if (options_.receive_errors) {
    if (errors_.size() < kMaxErrors) {
      errors_.push_back({code, report.kind, report.mtu, report.reporter, {report.destination, 0}, 0});
    }
  } else if (!connected_ || !is_hard_error(report.kind, options_.dont_fragment)) {
    return;
  }
  pending_error_ = code;
  changed();
}

Result<RawError> RawPcb::receive_error() {
  if (errors_.empty()) {
    return fail(EAGAIN, "the error queue is empty");
  }
  const RawError error = errors_.pop_front();
  pending_error_ = errors_.empty() ? 0 : errors_.front().code;  // as Linux does when its queue is read
  return error;
}

}  // namespace catenet::transport
