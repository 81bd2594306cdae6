// SPDX-License-Identifier: Apache-2.0
#include "catenet/ip/arp.h"

#include "catenet/wire/ethernet.h"

namespace catenet::ip {
namespace {
constexpr auto kArpType = static_cast<std::uint16_t>(wire::EtherType::kArp);
}

Arp::Arp(Node& node, ArpHost& host, const NeighborConfig& config)
    : node_(node), host_(host), cache_(node.timers(), config, *this) {}

// RFC 826, "Packet Reception": first merge what the sender says of itself, then see whether it speaks to us.
void Arp::receive(Interface& in, Packet packet, const wire::LinkAddress&) {
  if (packet.meta().cast == LinkCast::to_other) {
    in.drop(std::move(packet), DropReason::not_for_us);
    return;
  }
  (void)packet.pullup(sizeof(wire::ArpPacket));  // a shorter one fails to parse
  const auto parsed = wire::ArpPacket::parse(packet.head());
  if (!parsed || (!(*parsed)->is_request() && !(*parsed)->is_reply())) {
    in.drop(std::move(packet), DropReason::bad_arp);
    return;
  }
  const wire::ArpPacket message = **parsed;
  const wire::Ipv4Address sender = message.sender_ip;
  const wire::Ipv4Address target = message.target_ip;
  const bool for_us = host_.owns(in, target);
  const bool from_ours = host_.owns(in, sender);  // somebody else uses our address: learn nothing from that
  if (!message.sender_mac.is_unicast() || sender.is_multicast() || sender.is_broadcast() || sender.is_loopback()) {
    in.drop(std::move(packet), DropReason::bad_arp);
    return;
  }
  const bool learned =
      !sender.is_unspecified() && !from_ours && cache_.learn(in, sender, wire::LinkAddress(message.sender_mac), for_us);
  if (for_us && message.is_request() && !from_ours) {
    send_arp(in, wire::ArpPacket::reply_to(message, in.address().to_mac()), message.sender_mac);
  } else if (!learned) {
    in.drop(std::move(packet), DropReason::arp_not_for_us);
    return;
  }
  packet.consume();
}

void Arp::announce(Interface& out, wire::Ipv4Address address) {
  if (out.address().is_mac()) {
    send_arp(out, wire::ArpPacket::request(out.address().to_mac(), address, address), wire::MacAddress::broadcast());
  }
}

std::vector<Arp::Row> Arp::table() const {
  std::vector<Row> rows;
  rows.reserve(cache_.size());
  const Instant now = node_.now();
  cache_.for_each([&](const Neighbor& n) {
    rows.push_back({n.address(), n.link_address(), &n.interface(), n.state(now), now - n.confirmed_at(), n.parked()});
  });
  return rows;
}

void Arp::solicit(const Neighbor& entry, bool unicast) {
  Interface& out = entry.interface();
  const wire::MacAddress mac = out.address().to_mac();
  const wire::LinkAddress to = unicast ? entry.link_address() : wire::LinkAddress(wire::MacAddress::broadcast());
  send_arp(out, wire::ArpPacket::request(mac, host_.address_on(out, entry.address()), entry.address()), to);
}

void Arp::send_arp(Interface& out, const wire::ArpPacket& message, const wire::LinkAddress& to) {
  Packet packet = node_.pool().make();
  if (!packet) {
    return;  // as if it had been lost: the timer asks again
  }
  packet.push_header<wire::ArpPacket>() = message;
  packet.meta().stamp = node_.now();
  packet.meta().checksum = ChecksumState::verified;
  out.output(std::move(packet), to, kArpType);
}

void Arp::transmit(Packet packet, const Neighbor& entry) {
  entry.interface().output(std::move(packet), entry.link_address(), static_cast<std::uint16_t>(wire::EtherType::kIpv4));
}

void Arp::unresolved(Packet packet, Interface& out, const wire::Ipv4Address&) {
  host_.unresolved(std::move(packet), out);
}

void Arp::resolved(const Neighbor& entry) {
  node_.note(NoteKind::arp_resolved, [&] {
    return entry.address().to_string() + " is at " + entry.link_address().to_string() + " on " +
           entry.interface().name();
  });
}

void Arp::failed(Interface& out, const wire::Ipv4Address& next_hop) {
  node_.note(NoteKind::arp_failed, [&] { return next_hop.to_string() + " did not answer on " + out.name(); });
}

}  // namespace catenet::ip
