// SPDX-License-Identifier: Apache-2.0
// For tests of transports and sockets: hosts joined by a network layer that has no headers, one latency and no loss.
// Checksums are completed and verified as if there were a wire. Small faults can be asked for: a hop that a TTL does
// not pass, destinations that a router says it cannot reach.
#pragma once
#include <array>
#include <map>
#include <memory>
#include <string_view>
#include <vector>

#include "catenet/base/ring.h"
#include "catenet/event/scheduler.h"
#include "catenet/ip/network.h"
#include "catenet/net/node.h"
#include "catenet/packet/checksum.h"

namespace catenet::transport {

inline wire::IpAddress ip(std::string_view text) { return wire::IpAddress::parse(text).value(); }
inline wire::Endpoint at(std::string_view text) { return wire::Endpoint::parse(text).value(); }
inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}
inline std::string text_of(const Packet& packet) {
  std::string text(packet.size(), '\0');
  packet.copy_out(0, std::as_writable_bytes(std::span(text.data(), text.size())));
  return text;
}

class PlainNode final : public Node {
 public:
  using Node::Node;
  void receive(Interface& in, Packet frame) override { drop(std::move(frame), DropReason::no_medium, &in); }
};

class TestNetwork;

/// The cloud between them: who has which address.
struct TestCloud {
  Duration latency = Duration::milliseconds(1);
  wire::IpAddress router = wire::Ipv4Address(10, 0, 0, 254);
  std::uint8_t hops = 1;  ///< a TTL up to this ends at the router
  std::map<wire::IpAddress, TestNetwork*> hosts;
  std::map<wire::IpAddress, ip::ErrorReport::Kind> unreachable;  ///< the router answers for these
};

class TestNetwork final : public ip::Network, private EventSource {
 public:
  TestNetwork(Node& node, TestCloud& cloud, const wire::IpAddress& address, SourceId id)
      : EventSource(id), node_(node), cloud_(cloud), address_(address) {
    cloud_.hosts[address] = this;
  }
  ~TestNetwork() override {
    while (!way_.empty()) {
      if (Item item = way_.pop_front(); item.packet) {
        node_.drop(std::move(item.packet), DropReason::run_ended);
      }
    }
  }
  void set_protocol(std::uint8_t number, ip::Protocol& protocol) { protocols_[number] = &protocol; }
  [[nodiscard]] const wire::IpAddress& address() const { return address_; }
  std::uint64_t port_unreachables = 0;
  std::vector<std::string> memberships;
  Interface* arrival = nullptr;  ///< where packets seem to come in
  ip::SendOptions last_options;
  std::uint32_t last_checksum_field = 0;

  Result<void> output(Packet packet, const ip::SendOptions& options) override {
    last_options = options;
    const wire::IpAddress& to = options.destination;
    if (is_broadcast(to) && !options.allow_broadcast) {
      node_.drop(std::move(packet), DropReason::broadcast_refused);
      return fail(EACCES);
    }
    const bool here = is_local(to);
    if (!here) {
      complete_checksum(packet);  // as a frame that leaves our hands; the receiver has to verify it
      packet.meta().checksum = ChecksumState::unverified;
    }
    Item item;
    item.due = node_.now() + (here ? Duration::microseconds(1) : cloud_.latency);
    item.options = options;
    if (options.source.is_unspecified()) {
      item.options.source = address_;
    }
    const bool unicast = !to.is_multicast() && !is_broadcast(to);
    const bool expires = !here && unicast && options.ttl != 0 && options.ttl <= cloud_.hops;
    const auto refused = cloud_.unreachable.find(to);
    if (expires || refused != cloud_.unreachable.end()) {
      const auto kind = expires ? ip::ErrorReport::Kind::time_exceeded : refused->second;
      answer_with_error(std::move(item), packet, kind, cloud_.router, *this);
      node_.drop(std::move(packet), expires ? DropReason::ttl_expired : DropReason::no_route);
      return {};
    }
    if (!here && unicast && !cloud_.hosts.contains(to)) {
      node_.drop(std::move(packet), DropReason::no_route);
      return fail(ENETUNREACH);
    }
    item.packet = std::move(packet);
    push(std::move(item));
    return {};
  }
  Result<wire::IpAddress> select_source(const wire::IpAddress& to) const override {
    if (to.is_loopback()) {
      return wire::IpAddress(wire::Ipv4Address::loopback());
    }
    const bool known = is_local(to) || is_broadcast(to) || to.is_multicast() || cloud_.hosts.contains(to) ||
                       cloud_.unreachable.contains(to);
    return known ? Result<wire::IpAddress>(address_) : fail(ENETUNREACH, "no route");
  }
  Result<void> join_group(const wire::IpAddress& group, Interface*) override {
    memberships.push_back("+" + group.to_string());
    return {};
  }
  void leave_group(const wire::IpAddress& group, Interface*, bool) override {
    memberships.push_back("-" + group.to_string());
  }
  std::uint32_t path_mtu(const wire::IpAddress&) const override { return 1500; }
  bool is_local(const wire::IpAddress& a) const override { return a == address_ || a.is_loopback(); }
  bool is_broadcast(const wire::IpAddress& a) const override { return a.is_broadcast() || a == ip("10.0.0.255"); }
  void send_port_unreachable(const Packet& packet, const ip::Delivery& d) override {
    ++port_unreachables;
    TestNetwork& sender = is_local(d.source) ? *this : *cloud_.hosts.at(d.source);
    Item item;
    item.due = node_.now() + cloud_.latency;
    item.options.source = d.source;
    item.options.destination = d.destination;
    item.options.protocol = d.protocol;
    answer_with_error(std::move(item), packet, ip::ErrorReport::Kind::port_unreachable, d.destination, sender);
  }
  std::size_t header_size() const override { return 20; }

 private:
  struct Item {
    Instant due;
    Packet packet;  // null: an error
    ip::SendOptions options;
    ip::ErrorReport::Kind kind{};
    wire::IpAddress reporter;
    std::array<std::byte, 8> quoted{};
  };
  void answer_with_error(Item item, const Packet& packet, ip::ErrorReport::Kind kind, const wire::IpAddress& reporter,
                         TestNetwork& sender) {
    item.kind = kind;
    item.reporter = reporter;
    packet.copy_out(0, item.quoted);
    sender.push(std::move(item));
  }
  void push(Item item) {
    way_.push_back(std::move(item));
    schedule_next();
  }
  void schedule_next() {
    Instant next = Instant::never();
    for (std::size_t i = 0; i < way_.size(); ++i) {
      next = std::min(next, way_[i].due);
    }
    node_.scheduler().schedule(*this, next);
  }
  void fire(Instant now) override {
    Ring<Item> later;
    std::vector<Item> due;
    while (!way_.empty()) {
      Item item = way_.pop_front();
      if (item.due <= now) {
        due.push_back(std::move(item));
      } else {
        later.push_back(std::move(item));
      }
    }
    way_ = std::move(later);
    for (Item& item : due) {
      arrive(std::move(item));
    }
    schedule_next();
  }
  void arrive(Item item) {
    if (!item.packet) {
      const ip::ErrorReport report{item.kind,  0, item.reporter, item.options.source, item.options.destination,
                                   item.quoted};
      protocols_.at(item.options.protocol)->on_error(report);
      return;
    }
    const wire::IpAddress to = item.options.destination;
    if (to.is_multicast() || is_broadcast(to)) {
      for (const auto& [address, host] : cloud_.hosts) {
        if (host != this) {
          host->deliver(item.packet.clone(), item.options);
        }
      }
      item.packet.consume();
      return;
    }
    (is_local(to) ? *this : *cloud_.hosts.at(to)).deliver(std::move(item.packet), item.options);
  }
  void deliver(Packet packet, const ip::SendOptions& o) {
    ip::Delivery d;
    d.source = o.source;
    d.destination = o.destination;
    d.interface = arrival;
    d.protocol = o.protocol;
    d.ttl = o.ttl == 0 ? 64 : o.ttl;
    d.traffic_class = o.traffic_class;
    d.to_group = o.destination.is_multicast() || is_broadcast(o.destination);
    packet.mark_network_header();
    protocols_.at(o.protocol)->receive(std::move(packet), d);
  }

  Node& node_;
  TestCloud& cloud_;
  wire::IpAddress address_;
  std::map<std::uint8_t, ip::Protocol*> protocols_;
  Ring<Item> way_;
};

}  // namespace catenet::transport
