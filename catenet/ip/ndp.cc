// SPDX-License-Identifier: Apache-2.0
#include "catenet/ip/ndp.h"

#include <algorithm>

#include "catenet/packet/checksum.h"
#include "catenet/wire/pseudo_header.h"

namespace catenet::ip {

using wire::Icmpv6Type;
using wire::Ipv6Address;
using wire::NdpNeighborMessage;
using wire::NdpOptions;
using wire::NdpOptionType;

namespace {

constexpr Ipv6Address kAllNodes({0xff02, 0, 0, 0, 0, 0, 0, 1});
constexpr Duration kMaxFirstDelay = Duration::seconds(1);  // MAX_RTR_SOLICITATION_DELAY, RFC 4862 5.4.2

wire::LinkAddress link_group(const Ipv6Address& group) {  // RFC 2464 7
  return wire::MacAddress::from_u64(0x333300000000 | std::uint64_t{group.group(6)} << 16 | group.group(7));
}

}  // namespace

Ndp::Ndp(Node& node, NdpHost& host, const NeighborConfig& config, std::uint8_t dad_transmits)
    : node_(node),
      host_(host),
      config_(config),
      cache_(node.timers(), config, *this),
      delays_(node.random_stream("ndp delay")),
      dad_transmits_(dad_transmits) {}

// In

/// What holds for both messages (RFC 4861 7.1.1, 7.1.2): from this link, for a unicast address, options well formed.
void Ndp::receive(Packet packet, const Delivery& delivery) {
  constexpr std::size_t kEnough = 128;  // the message and more options than anybody sends
  (void)packet.pullup(std::min(packet.size(), kEnough));
  const auto* message = wire::view<NdpNeighborMessage>(packet.head());
  if (message == nullptr || delivery.ttl != wire::kNdpHopLimit || message->icmp.code != 0 ||
      message->target.is_multicast() || delivery.interface == nullptr || packet.size() > kEnough ||
      !NdpOptions::parse(packet.head().subspan(sizeof *message))) {
    node_.drop(std::move(packet), DropReason::bad_ndp, delivery.interface);
    return;
  }
  if (message->icmp.is(Icmpv6Type::kNeighborSolicitation)) {
    receive_solicitation(std::move(packet), delivery);
  } else {
    receive_advertisement(std::move(packet), delivery);
  }
}

/// RFC 4861 7.2.3, RFC 4862 5.4.3.
void Ndp::receive_solicitation(Packet packet, const Delivery& delivery) {
  Interface& in = *delivery.interface;
  const NdpNeighborMessage message = packet.header<NdpNeighborMessage>();
  const NdpOptions options = *NdpOptions::parse(packet.head().subspan(sizeof message));
  const Ipv6Address source = delivery.source.v6();
  const bool anonymous = source.is_unspecified();  // somebody looks for duplicates
  if (anonymous && (options.source_link_address || delivery.destination.v6() != message.target.solicited_node())) {
    in.drop(std::move(packet), DropReason::bad_ndp);
    return;
  }
  if (host_.is_tentative(in, message.target)) {
    if (anonymous) {
      found_duplicate(in, message.target);
      packet.consume();
    } else {  // it is not ours to answer for
      in.drop(std::move(packet), DropReason::ndp_not_for_us);
    }
    return;
  }
  if (!host_.owns(in, message.target)) {
    in.drop(std::move(packet), DropReason::ndp_not_for_us);
    return;
  }
  if (!anonymous && options.source_link_address && options.source_link_address->is_unicast()) {
    cache_.hear(in, source, *options.source_link_address, true);
  }
  packet.consume();
  answer(in, message.target, source);
}

/// RFC 4861 7.2.4. Who asked without a name is answered through everybody.
void Ndp::answer(Interface& in, const Ipv6Address& target, const Ipv6Address& source) {
  const bool anonymous = source.is_unspecified();
  std::uint32_t flags = NdpNeighborMessage::kOverride;
  flags |= host_.is_router() ? NdpNeighborMessage::kRouter : 0;
  flags |= anonymous ? 0 : NdpNeighborMessage::kSolicited;
  send(in, NdpNeighborMessage::advertisement(target, flags), NdpOptionType::kTargetLinkAddress, target,
       anonymous ? kAllNodes : source, anonymous ? link_group(kAllNodes) : wire::LinkAddress());
}

/// RFC 4861 7.2.5, RFC 4862 5.4.4.
void Ndp::receive_advertisement(Packet packet, const Delivery& delivery) {
  Interface& in = *delivery.interface;
  const NdpNeighborMessage message = packet.header<NdpNeighborMessage>();
  const NdpOptions options = *NdpOptions::parse(packet.head().subspan(sizeof message));
  if (delivery.destination.is_multicast() && message.is_solicited()) {
    in.drop(std::move(packet), DropReason::bad_ndp);
    return;
  }
  if (host_.is_tentative(in, message.target)) {
    found_duplicate(in, message.target);
    packet.consume();
    return;
  }
  std::optional<wire::LinkAddress> link_address;
  if (options.target_link_address && options.target_link_address->is_unicast()) {
    link_address = *options.target_link_address;
  }
  // Somebody who says that one of our addresses is his does not become our neighbour.
  if (host_.owns(in, message.target) ||
      !cache_.advertised(in, message.target, link_address, message.is_solicited(), message.is_override())) {
    in.drop(std::move(packet), DropReason::ndp_not_for_us);
    return;
  }
  packet.consume();
}

// Out

void Ndp::solicit(const Neighbor& entry, bool unicast) {
  Interface& out = entry.interface();
  const Ipv6Address source = host_.address_on(out, entry.address());
  if (source.is_unspecified()) {
    return;  // no address to be answered at: the tries run out
  }
  const Ipv6Address group = entry.address().solicited_node();
  send(out, NdpNeighborMessage::solicitation(entry.address()), NdpOptionType::kSourceLinkAddress, source,
       unicast ? entry.address() : group, unicast ? entry.link_address() : link_group(group));
}

/// Without a source nobody may learn our link address (RFC 4861 4.3).
void Ndp::send(Interface& out, const NdpNeighborMessage& message, NdpOptionType option, const Ipv6Address& source,
               const Ipv6Address& destination, const wire::LinkAddress& to) {
  Packet packet = node_.pool().make();
  if (!packet) {
    return;  // as if it had been lost
  }
  if (!source.is_unspecified() && out.address().is_mac()) {
    packet.push_header<wire::NdpLinkAddressOption>() = {static_cast<std::uint8_t>(option), 1, out.address().to_mac()};
  }
  auto& header = packet.push_header<NdpNeighborMessage>();
  header = message;
  const wire::Ipv6PseudoHeader pseudo{.source = source,
                                      .destination = destination,
                                      .length = static_cast<std::uint32_t>(packet.size()),
                                      .next_header = static_cast<std::uint8_t>(wire::IpProtocol::kIcmpv6)};
  header.icmp.checksum = checksum_finish(checksum_add(packet, 0, checksum_add(wire::bytes_of(pseudo))));
  packet.meta().checksum = ChecksumState::verified;
  host_.send_on_link(std::move(packet), source, destination, out, to);
}

void Ndp::transmit(Packet packet, const Neighbor& entry) {
  entry.interface().output(std::move(packet), entry.link_address(), static_cast<std::uint16_t>(0x86dd));
}

void Ndp::unresolved(Packet packet, Interface& out, const Ipv6Address&) { host_.unresolved(std::move(packet), out); }

void Ndp::resolved(const Neighbor& entry) {
  node_.note(NoteKind::ndp_resolved, [&] {
    return entry.address().to_string() + " is at " + entry.link_address().to_string() + " on " +
           entry.interface().name();
  });
}

void Ndp::failed(Interface& out, const Ipv6Address& next_hop) {
  node_.note(NoteKind::ndp_failed, [&] { return next_hop.to_string() + " did not answer on " + out.name(); });
}

std::vector<Ndp::Row> Ndp::table() const {
  std::vector<Row> rows;
  rows.reserve(cache_.size());
  const Instant now = node_.now();
  cache_.for_each([&](const Neighbor& n) {
    rows.push_back({n.address(), n.link_address(), &n.interface(), n.state(now), now - n.confirmed_at(), n.parked()});
  });
  return rows;
}

// Duplicates (RFC 4862 5.4)

void Ndp::detect_duplicates(Interface& interface, const Ipv6Address& address) {
  forget(interface, address);
  // 5.4.2: not all at once when the power comes back.
  const auto delay =
      Duration::nanoseconds(static_cast<std::int64_t>(delays_.below(static_cast<std::uint64_t>(kMaxFirstDelay.ns()))));
  detections_.push_back({&interface, address, node_.now() + delay});
  if (timer_ == nullptr) {
    timer_ = std::make_unique<Timer>(node_.timers(), Delegate<void(Instant)>::to<&Ndp::on_timer>(*this));
  }
  arm();
}

void Ndp::forget(const Interface& interface, const Ipv6Address& address) {
  const std::size_t n =
      std::erase_if(detections_, [&](const Detection& d) { return d.interface == &interface && d.address == address; });
  if (n > 0) {
    arm();
  }
}

void Ndp::found_duplicate(Interface& in, const Ipv6Address& address) {
  forget(in, address);
  host_.settle_address(in, address, true);
  node_.note(NoteKind::address_duplicate,
             [&] { return "somebody has " + address.to_string() + " on " + in.name() + " already"; });
}

void Ndp::on_timer(Instant now) {
  std::vector<Detection> over;
  for (Detection& d : detections_) {
    if (d.due > now) {
      continue;
    }
    if (d.sent == dad_transmits_) {
      over.push_back(d);
      continue;
    }
    ++d.sent;
    d.due = now + config_.retransmit;
    const Ipv6Address group = d.address.solicited_node();
    send(*d.interface, NdpNeighborMessage::solicitation(d.address), NdpOptionType::kSourceLinkAddress, Ipv6Address(),
         group, link_group(group));
  }
  for (const Detection& d : over) {
    forget(*d.interface, d.address);
    host_.settle_address(*d.interface, d.address, false);
  }
  arm();
}

void Ndp::arm() {
  Instant next = Instant::never();
  for (const Detection& d : detections_) {
    next = std::min(next, d.due);
  }
  timer_->arm(next);
}

}  // namespace catenet::ip
