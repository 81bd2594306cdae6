// SPDX-License-Identifier: Apache-2.0
// What the tests of this folder share: nodes with an Ipv4 and an Ipv6 whose interfaces end in a Tap (every frame sent
// is kept as bytes, frames are injected by hand) or are joined by cables; makers of packets; and the rule that at the
// end of every test each packet has been consumed or dropped with a reason.
#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "catenet/ip/ipv4.h"
#include "catenet/ip/ipv6.h"
#include "catenet/link/ethernet/ethernet_link.h"
#include "catenet/medium/cable.h"
#include "catenet/packet/checksum.h"
#include "catenet/queue/fifo.h"
#include "catenet/wire/ethernet.h"
#include "catenet/wire/pseudo_header.h"

namespace catenet::ip {

using wire::ArpPacket;
using wire::EthernetHeader;
using wire::EtherType;
using wire::IcmpHeader;
using wire::IcmpType;
using wire::Icmpv6Header;
using wire::Icmpv6Type;
using wire::IpProtocol;
using wire::Ipv4Address;
using wire::Ipv4Header;
using wire::Ipv4Prefix;
using wire::Ipv6Address;
using wire::Ipv6Header;
using wire::Ipv6Prefix;
using wire::MacAddress;
using ByteString = std::vector<std::byte>;

inline Ipv4Address ip4(const char* text) { return *Ipv4Address::parse(text); }
inline Ipv4Prefix net4(const char* text) { return *Ipv4Prefix::parse_interface(text); }
inline Ipv6Address ip6(const char* text) { return *Ipv6Address::parse(text); }
inline Ipv6Prefix net6(const char* text) { return *Ipv6Prefix::parse_interface(text); }
inline MacAddress mac(unsigned n) { return MacAddress::from_u64(0x020000000000 + n); }

inline ByteString pattern(std::size_t n) {
  ByteString bytes(n);
  for (std::size_t i = 0; i < n; ++i) {
    bytes[i] = std::byte(i * 7 + i / 256);
  }
  return bytes;
}

/// A frame that a node sent.
struct Sent {
  Instant at;
  ByteString bytes;
  [[nodiscard]] const EthernetHeader& eth() const { return *reinterpret_cast<const EthernetHeader*>(bytes.data()); }
  template <typename H>
  [[nodiscard]] const H& at_offset(std::size_t offset) const {
    EXPECT_LE(offset + sizeof(H), bytes.size());
    return *reinterpret_cast<const H*>(bytes.data() + offset);
  }
  [[nodiscard]] const ArpPacket& arp() const { return at_offset<ArpPacket>(14); }
  [[nodiscard]] const Ipv4Header& ip() const { return at_offset<Ipv4Header>(14); }
  [[nodiscard]] const IcmpHeader& icmp() const { return at_offset<IcmpHeader>(14 + ip().header_size()); }
  /// What the IP packet carries.
  [[nodiscard]] ByteString payload() const {
    const auto begin = bytes.begin() + 14 + static_cast<std::ptrdiff_t>(ip().header_size());
    return {begin, bytes.begin() + 14 + ip().total_length};
  }
  [[nodiscard]] bool is_arp() const { return eth().type == 0x0806; }
  [[nodiscard]] bool is_ip() const { return eth().type == 0x0800; }
  [[nodiscard]] const Ipv6Header& ip6() const { return at_offset<Ipv6Header>(14); }
  [[nodiscard]] const Icmpv6Header& icmp6() const { return at_offset<Icmpv6Header>(54); }
  [[nodiscard]] bool is_icmp6(Icmpv6Type type) const {
    return eth().type == 0x86dd && ip6().next() == wire::IpProtocol::kIcmpv6 && icmp6().is(type);
  }
  /// What stands behind the IPv6 header.
  [[nodiscard]] ByteString payload6() const {
    return {bytes.begin() + 54, bytes.begin() + 54 + static_cast<std::ptrdiff_t>(ip6().payload_length)};
  }
};

/// The end of an interface in a test: never busy, keeps what is sent.
class Tap final : public Medium {
 public:
  explicit Tap(Environment& environment) : environment_(environment) {}
  void set_sink(FrameSink& sink) override { sink_ = &sink; }
  [[nodiscard]] bool is_idle() const override { return true; }
  void transmit(Packet frame) override {
    complete_checksum(frame);
    Sent sent{environment_.scheduler.now(), ByteString(frame.size())};
    (void)frame.copy_out(0, sent.bytes);
    slices.push_back(frame.slice_count());
    frames.push_back(std::move(sent));
    frame.consume();
  }
  void request_ready() override { FAIL() << "a tap is never busy"; }
  [[nodiscard]] bool is_up() const override { return up; }
  void inject(const ByteString& bytes, ChecksumState state = ChecksumState::unverified) {
    Packet frame = environment_.pool.make(100);
    ASSERT_TRUE(frame.append(bytes));
    frame.meta().checksum = state;
    sink_->receive(std::move(frame));
  }

  std::vector<Sent> frames;
  std::vector<std::size_t> slices;
  bool up = true;

 private:
  Environment& environment_;
  FrameSink* sink_ = nullptr;
};

/// A transport that keeps what it gets.
class Keeper final : public Protocol {
 public:
  struct Got {
    Delivery delivery;
    ByteString bytes;
    std::size_t slices;
    ChecksumState checksum;
  };
  void receive(Packet packet, const Delivery& delivery) override {
    Got g{delivery, ByteString(packet.size()), packet.slice_count(), packet.meta().checksum};
    (void)packet.copy_out(0, g.bytes);
    got.push_back(std::move(g));
    if (refuse_with_port_unreachable) {
      delivery_network->send_port_unreachable(packet, delivery);
    }
    packet.consume();
  }
  void on_error(const ErrorReport& report) override {
    errors.push_back(report);
    quoted.emplace_back(report.transport_header.begin(), report.transport_header.end());
  }
  std::vector<Got> got;
  std::vector<ErrorReport> errors;
  std::vector<ByteString> quoted;
  bool refuse_with_port_unreachable = false;
  Network* delivery_network = nullptr;
};

class TestNode final : public Node {
 public:
  TestNode(Environment& environment, SourceId id, const char* name, const Ipv4Config& config,
           const Ipv6Config& config6 = {})
      : Node(environment, id, name), ipv4(*this, config), ipv6(*this, config6) {
    types.add(0x0800, ipv4);
    types.add(0x0806, ipv4.arp());
    types.add(0x86dd, ipv6);
    ipv4.register_protocol(17, udp);
    ipv6.register_protocol(17, udp);
  }
  void receive(Interface& in, Packet frame) override { types.dispatch(in, std::move(frame)); }
  void link_changed(Interface& interface) override {
    Node::link_changed(interface);
    ipv4.link_changed(interface);
    ipv6.link_changed(interface);
  }
  EtherTable types;
  Keeper udp;
  Ipv4 ipv4;
  Ipv6 ipv6;
};

/// Counts notes and drops of a whole test.
class Story final : public Observer {
 public:
  void dropped(Instant, const Node&, const Interface*, const Packet&, DropReason reason) override { drops.add(reason); }
  void noted(Instant now, const Node& node, NoteKind kind, std::string_view text) override {
    notes.push_back(std::to_string(now.ns() / 1'000'000) + " ms " + node.name() + " " +
                    std::string(catenet::name(kind)) + ": " + std::string(text));
  }
  DropCounters drops;
  std::vector<std::string> notes;
};

struct Fields {
  const char* source = "10.0.0.2";
  const char* destination = "10.0.0.1";
  std::uint8_t protocol = 17;
  std::uint8_t ttl = 64;
  std::uint16_t id = 1;
  std::uint16_t fragment = 0;  // flags and offset/8
  ByteString options;
  ByteString payload = pattern(8);
};

inline ByteString make_ip(const Fields& f) {
  Ipv4Header header;
  header.set_header_size(20 + f.options.size());
  header.total_length = static_cast<std::uint16_t>(20 + f.options.size() + f.payload.size());
  header.id = f.id;
  header.fragment = f.fragment;
  header.ttl = f.ttl;
  header.protocol = f.protocol;
  header.source = ip4(f.source);
  header.destination = ip4(f.destination);
  ByteString bytes(20);
  std::memcpy(bytes.data(), &header, 20);
  bytes.insert(bytes.end(), f.options.begin(), f.options.end());
  const be16 checksum = internet_checksum(bytes);
  std::memcpy(bytes.data() + 10, &checksum, 2);
  bytes.insert(bytes.end(), f.payload.begin(), f.payload.end());
  return bytes;
}

inline ByteString make_frame(const MacAddress& to, const MacAddress& from, EtherType type, const ByteString& payload) {
  const EthernetHeader header = EthernetHeader::make(to, from, type);
  ByteString bytes(std::max<std::size_t>(sizeof header + payload.size(), 60));
  std::memcpy(bytes.data(), &header, sizeof header);
  std::copy(payload.begin(), payload.end(), bytes.begin() + sizeof header);
  return bytes;
}

inline ByteString make_arp(const ArpPacket& arp) {
  ByteString bytes(sizeof arp);
  std::memcpy(bytes.data(), &arp, sizeof arp);
  return bytes;
}

inline ByteString make_icmp(IcmpHeader header, const ByteString& data) {
  ByteString bytes(sizeof header);
  std::memcpy(bytes.data(), &header, sizeof header);
  bytes.insert(bytes.end(), data.begin(), data.end());
  const be16 checksum = internet_checksum(bytes);
  std::memcpy(bytes.data() + 2, &checksum, 2);
  return bytes;
}

class IpTest : public ::testing::Test {
 protected:
  TestNode& add_node(const char* name, const Ipv4Config& config = {}, const Ipv6Config& config6 = {}) {
    nodes_.push_back(std::make_unique<TestNode>(environment, next_id_++, name, config, config6));
    return *nodes_.back();
  }
  /// An interface with an address and a hardware address mac(n), not yet plugged in.
  Interface& add_interface(TestNode& node, const char* name, unsigned n, const char* address) {
    Interface& interface = node.add_interface(name);
    interface.set_link_layer(std::make_unique<link::EthernetLink>());
    interface.set_qdisc(std::make_unique<queue::Fifo>());
    interface.set_address(mac(n));
    if (address != nullptr) {
      EXPECT_TRUE(node.ipv4.add_address(interface, net4(address)));
    }
    return interface;
  }
  Tap& tap(Interface& interface) {
    taps_.push_back(std::make_unique<Tap>(environment));
    interface.attach(*taps_.back());
    return *taps_.back();
  }
  medium::Cable& join(Interface& a, Interface& b) {
    cables_.push_back(
        std::make_unique<medium::Cable>(environment, environment, next_id_, medium::CableSpec{}, medium::CableSpec{}));
    next_id_ += medium::Cable::kSourceIds;
    a.attach(cables_.back()->a());
    b.attach(cables_.back()->b());
    return *cables_.back();
  }
  void run_for(Duration d) { scheduler.run_until(scheduler.now() + d); }
  /// The neighbour with address `ip` and hardware address mac(n) answers before it is asked.
  void teach(TestNode& node, Interface& interface, const char* ip, unsigned n) {
    ASSERT_TRUE(node.ipv4.arp().cache().learn(interface, ip4(ip), mac(n), true));
  }
  Packet make_packet(const ByteString& payload) {
    Packet packet = pool.make();
    EXPECT_TRUE(packet.append(payload));
    packet.meta().checksum = ChecksumState::verified;
    return packet;
  }
  std::uint64_t drops(DropReason reason) const { return story.drops.of(reason); }

  void TearDown() override {
    for (auto& cable : cables_) {
      cable->drain(DropReason::run_ended);
    }
    nodes_.clear();
    EXPECT_EQ(pool.stats().unaccounted, 0u);
    EXPECT_EQ(pool.stats().alive(), 0u);
  }

  Scheduler scheduler;
  PacketPool pool;
  Story story;
  Environment environment{scheduler, pool, 7, &story};
  std::vector<std::unique_ptr<Tap>> taps_;
  std::vector<std::unique_ptr<medium::Cable>> cables_;
  std::vector<std::unique_ptr<TestNode>> nodes_;
  SourceId next_id_ = 1;
};

/// One node with one tapped interface eth0, 10.0.0.1/24, mac(1).
class OneHost : public IpTest {
 protected:
  void start(const Ipv4Config& config = {}) {
    node = &add_node("host", config);
    eth0 = &add_interface(*node, "eth0", 1, "10.0.0.1/24");
    wire0 = &tap(*eth0);
  }
  void inject_ip(const Fields& f) { inject_bytes(make_ip(f)); }
  void inject_bytes(const ByteString& packet) { wire0->inject(make_frame(mac(1), mac(2), EtherType::kIpv4, packet)); }
  Result<void> send_to(const char* destination, std::size_t size = 8, SendOptions options = {}) {
    options.destination = ip4(destination);
    options.protocol = options.protocol == 0 ? 17 : options.protocol;
    return node->ipv4.output(make_packet(pattern(size)), options);
  }
  TestNode* node = nullptr;
  Interface* eth0 = nullptr;
  Tap* wire0 = nullptr;
};

/// A router with eth0 10.0.0.1/24 (mac 1, neighbour 10.0.0.2 mac 2) and eth1 10.1.0.1/24 (mac 11, 10.1.0.2 mac 12).
class OneRouter : public OneHost {
 protected:
  void start_router(Ipv4Config config = {}) {
    config.forwarding = true;
    start(config);
    eth1 = &add_interface(*node, "eth1", 11, "10.1.0.1/24");
    wire1 = &tap(*eth1);
    teach(*node, *eth0, "10.0.0.2", 2);
    teach(*node, *eth1, "10.1.0.2", 12);
  }
  Interface* eth1 = nullptr;
  Tap* wire1 = nullptr;
};

}  // namespace catenet::ip
