// SPDX-License-Identifier: Apache-2.0
// Raw sockets over the real network layers: alice -- router -- bob, both families. What single calls answer is compared
// with the kernel in posix/oracle_test.cc (testdata/raw.c). Covers raw.cc and raw_pcb.cc.
#include "catenet/transport/raw/raw.h"

#include <gmock/gmock.h>

#include "catenet/ip/ipv6_test_net.h"

namespace catenet::transport {
namespace {

using namespace catenet::literals;
using ip::ByteString;
using wire::Family;

constexpr std::uint8_t kNobodys = 200;  // a protocol that no transport has
constexpr std::uint8_t kIcmp4 = 1;
constexpr std::uint8_t kIcmp6 = 58;

class RawTest : public ip::IpTest {
 protected:
  struct End {
    ip::TestNode* node;
    Raw raw;
    explicit End(ip::TestNode& n) : node(&n), raw(n.ipv4) { raw.set_ipv6(n.ipv6); }
  };
  void SetUp() override {
    ip::Ipv4Config forwarding4;
    forwarding4.forwarding = true;
    ip::Ipv6Config config6;
    config6.dad_transmits = 0;
    ip::Ipv6Config forwarding6 = config6;
    forwarding6.forwarding = true;
    ip::TestNode& a = add_node("alice", {}, config6);
    ip::TestNode& router = add_node("router", forwarding4, forwarding6);
    ip::TestNode& b = add_node("bob", {}, config6);
    join(plug(a, "eth0", "10.0.1.1/24", "2001:db8:1::1/64"),
         plug(router, "eth0", "10.0.1.254/24", "2001:db8:1::fe/64"));
    join(plug(router, "eth1", "10.0.2.254/24", "2001:db8:2::fe/64"),
         plug(b, "eth0", "10.0.2.1/24", "2001:db8:2::1/64"));
    EXPECT_TRUE(a.ipv4.set_default_route(ip::ip4("10.0.1.254")));
    EXPECT_TRUE(b.ipv4.set_default_route(ip::ip4("10.0.2.254")));
    EXPECT_TRUE(a.ipv6.set_default_route(ip::ip6("2001:db8:1::fe")));
    EXPECT_TRUE(b.ipv6.set_default_route(ip::ip6("2001:db8:2::fe")));
    alice = std::make_unique<End>(a);
    bob = std::make_unique<End>(b);
  }
  Interface& plug(ip::TestNode& node, const char* name, const char* address4, const char* address6) {
    Interface& interface = add_interface(node, name, next_mac_++, address4);
    EXPECT_TRUE(node.ipv6.add_address(interface, ip::net6(address6)));
    return interface;
  }
  void TearDown() override {
    alice.reset();
    bob.reset();
    IpTest::TearDown();
  }
  static wire::Endpoint end(std::string_view address) { return {*wire::IpAddress::parse(address), 0}; }
  static int code_of(const Result<void>& result) { return result ? 0 : result.error().code; }
  static int send(RawPcb& pcb, const ByteString& bytes, std::string_view to) {
    const wire::Endpoint where = end(to);
    return code_of(pcb.send(bytes, &where));
  }
  /// The oldest packet's bytes; empty without one.
  static ByteString take(RawPcb& pcb) {
    auto packet = pcb.receive();
    if (!packet) {
      return {};
    }
    ByteString bytes(packet->bytes.size());
    (void)packet->bytes.copy_out(0, bytes);
    packet->bytes.consume();
    return bytes;
  }

  unsigned next_mac_ = 1;
  std::unique_ptr<End> alice;
  std::unique_ptr<End> bob;
};

TEST_F(RawTest, APacketComesWholeWithItsHeaderHoweverItTravelled) {
  RawPcb out(alice->raw, Family::kV4, kNobodys);
  RawPcb in(bob->raw, Family::kV4, kNobodys);
  const ByteString sent = ip::pattern(4000);
  out.options().ttl = 9;
  out.options().traffic_class = 0x28;
  ASSERT_EQ(send(out, sent, "10.0.2.1"), 0);
  run_for(100_ms);
  EXPECT_EQ(alice->node->ipv4.counters().fragments_made, 3U);
  const ByteString got = take(in);
  ASSERT_EQ(got.size(), 4020U);
  const auto* header = wire::view<wire::Ipv4Header>(got);
  EXPECT_EQ(header->total_length, 4020);
  EXPECT_FALSE(header->is_fragment());
  EXPECT_EQ(header->ttl, 8) << "one router";
  EXPECT_EQ(header->tos, 0x28);
  EXPECT_EQ(internet_checksum(std::span(got).first(20)), 0);
  EXPECT_TRUE(std::equal(sent.begin(), sent.end(), got.begin() + 20));
  EXPECT_EQ(drops(DropReason::unknown_protocol), 0U);
}

TEST_F(RawTest, OverIpv6ItComesWithoutHeaders) {
  RawPcb out(alice->raw, Family::kV6, kNobodys);
  RawPcb in(bob->raw, Family::kV6, kNobodys);
  const ByteString sent = ip::pattern(4000);
  ASSERT_EQ(send(out, sent, "2001:db8:2::1"), 0);
  run_for(100_ms);
  EXPECT_EQ(alice->node->ipv6.counters().fragments_made, 3U);
  ASSERT_NE(in.peek(), nullptr);
  EXPECT_EQ(in.peek()->from.to_string(), "2001:db8:1::1");
  EXPECT_EQ(in.peek()->ttl, 63);
  EXPECT_EQ(take(in), sent);
}

TEST_F(RawTest, WithoutARawSocketTheProtocolIsUnreachable) {
  for (const Family family : {Family::kV4, Family::kV6}) {
    RawPcb out(alice->raw, family, kNobodys);
    const char* to = family == Family::kV4 ? "10.0.2.1" : "2001:db8:2::1";
    ASSERT_TRUE(out.connect(end(to)));
    ASSERT_TRUE(out.send(ip::pattern(20)));
    run_for(100_ms);
    EXPECT_EQ(out.take_error(), ENOPROTOOPT);
    RawPcb in(bob->raw, family, kNobodys);
    RawPcb other(bob->raw, family, kNobodys + 1);
    ASSERT_TRUE(out.send(ip::pattern(20)));
    run_for(100_ms);
    EXPECT_EQ(out.take_error(), 0);
    EXPECT_TRUE(in.has_packet());
    EXPECT_FALSE(other.has_packet());
  }
  EXPECT_EQ(drops(DropReason::unknown_protocol), 2U);
}

TEST_F(RawTest, NobodyIsAskedWhileThereIsNoSocket) {
  EXPECT_EQ(bob->node->ipv4.raw_receiver(), nullptr);
  {
    RawPcb six(bob->raw, Family::kV6, kNobodys);
    EXPECT_EQ(bob->node->ipv4.raw_receiver(), nullptr);
    EXPECT_NE(bob->node->ipv6.raw_receiver(), nullptr);
    RawPcb four(bob->raw, Family::kV4, kNobodys);
    RawPcb more(bob->raw, Family::kV4, kNobodys);
    EXPECT_NE(bob->node->ipv4.raw_receiver(), nullptr);
    EXPECT_EQ(bob->raw.sockets(), 3U);
  }
  EXPECT_EQ(bob->node->ipv4.raw_receiver(), nullptr);
  EXPECT_EQ(bob->node->ipv6.raw_receiver(), nullptr);
  bob->raw.set_limits({.sockets = 1});
  EXPECT_TRUE(bob->raw.may_open(Family::kV4));
  const RawPcb one(bob->raw, Family::kV4, kNobodys);
  EXPECT_EQ(code_of(bob->raw.may_open(Family::kV4)), ENOBUFS);
}

TEST_F(RawTest, APingIsNoLossThoughNoPingSocketWaits) {
  RawPcb ping(alice->raw, Family::kV4, kIcmp4);
  RawPcb ping6(alice->raw, Family::kV6, kIcmp6);
  ASSERT_EQ(send(ping, ip::make_icmp(wire::IcmpHeader::echo(1, 2), ip::pattern(40)), "10.0.2.1"), 0);
  ByteString request = ip::make_icmp(wire::IcmpHeader::echo(1, 2), ip::pattern(40));
  request[0] = std::byte{128};  // what is wrong with the checksum now is put right on the way out
  ASSERT_EQ(send(ping6, request, "2001:db8:2::1"), 0);
  run_for(100_ms);
  const ByteString reply = take(ping);
  ASSERT_EQ(reply.size(), 68U);
  EXPECT_EQ(reply[20], std::byte{0});
  ByteString reply6 = take(ping6);
  for (; !reply6.empty() && reply6[0] != std::byte{129}; reply6 = take(ping6)) {  // neighbours' messages, too
  }
  EXPECT_EQ(reply6.size(), 48U);
  EXPECT_EQ(drops(DropReason::icmp_no_socket), 0U);
  ping.options().filter[0] = 1;  // echo replies: now nobody has it
  ASSERT_EQ(send(ping, ip::make_icmp(wire::IcmpHeader::echo(1, 3), ip::pattern(40)), "10.0.2.1"), 0);
  run_for(100_ms);
  EXPECT_TRUE(take(ping).empty());
  EXPECT_EQ(drops(DropReason::icmp_no_socket), 1U);
}

TEST_F(RawTest, SocketsChooseByAddressAndDevice) {
  RawPcb all(bob->raw, Family::kV4, kNobodys);
  RawPcb bound(bob->raw, Family::kV4, kNobodys);
  RawPcb tied(bob->raw, Family::kV4, kNobodys);
  RawPcb elsewhere(bob->raw, Family::kV4, kNobodys);
  Interface& eth1 = plug(*bob->node, "eth1", "10.0.3.1/24", "2001:db8:3::1/64");
  ASSERT_TRUE(bound.bind(*wire::IpAddress::parse("10.0.3.1")));
  ASSERT_TRUE(tied.connect(end("10.0.2.254")));
  elsewhere.options().device = &eth1;
  RawPcb out(alice->raw, Family::kV4, kNobodys);
  ASSERT_EQ(send(out, ip::pattern(8), "10.0.2.1"), 0);
  run_for(100_ms);
  EXPECT_EQ(all.queued(), 1U);
  EXPECT_EQ(bound.queued() + tied.queued() + elsewhere.queued(), 0U);
  EXPECT_EQ(code_of(bound.bind(*wire::IpAddress::parse("10.0.9.9"))), EADDRNOTAVAIL);
  EXPECT_EQ(code_of(tied.bind(*wire::IpAddress::parse("10.0.2.1"))), EINVAL) << "connected";
}

TEST_F(RawTest, AFullQueueDropsByName) {
  RawPcb in(bob->raw, Family::kV4, kNobodys);
  RawPcb out(alice->raw, Family::kV4, kNobodys);
  in.options().receive_limit = 2 * (1020 + RawPcb::kPacketCost);
  for (int i = 0; i < 5; ++i) {
    ASSERT_EQ(send(out, ip::pattern(1000), "10.0.2.1"), 0);
  }
  run_for(100_ms);
  EXPECT_EQ(in.queued(), 2U);
  EXPECT_EQ(in.dropped(), 3U);
  EXPECT_EQ(drops(DropReason::raw_receive_full), 3U);
  EXPECT_EQ(bob->raw.counters().receive_full, 3U);
  EXPECT_FALSE(take(in).empty());
  ASSERT_EQ(send(out, ip::pattern(1000), "10.0.2.1"), 0);
  run_for(100_ms);
  EXPECT_EQ(in.queued(), 2U);
}

TEST_F(RawTest, BroadcastsNeedPermission) {
  RawPcb out(alice->raw, Family::kV4, kNobodys);
  EXPECT_EQ(send(out, ip::pattern(8), "10.0.1.255"), EACCES);
  EXPECT_EQ(code_of(out.connect(end("255.255.255.255"))), EACCES);
  out.options().broadcast = true;
  EXPECT_EQ(send(out, ip::pattern(8), "10.0.1.255"), 0);
  EXPECT_EQ(send(out, ip::pattern(8), "2001:db8:2::1"), EAFNOSUPPORT);
  RawPcb out6(alice->raw, Family::kV6, kNobodys);
  EXPECT_EQ(send(out6, ip::pattern(8), "10.0.2.1"), EAFNOSUPPORT);
  EXPECT_EQ(send(out6, ip::pattern(8), "::ffff:10.0.2.1"), ENETUNREACH);
  EXPECT_EQ(send(out6, ip::pattern(8), "fe80::1"), EINVAL) << "on which link?";
  out6.options().device = alice->node->find_interface("eth0");
  EXPECT_EQ(send(out6, ip::pattern(8), "fe80::1"), 0);
  run_for(10_s);  // until it is given up for lost
}

TEST_F(RawTest, AHeaderOfTheSendersGoesAsItIs) {
  RawPcb out(alice->raw, Family::kV4, kProtocolRaw);
  RawPcb in(bob->raw, Family::kV4, kNobodys);
  ASSERT_TRUE(out.options().header_included);
  ip::Fields fields{.source = "192.0.2.9", .destination = "10.0.2.1", .protocol = kNobodys, .ttl = 5, .id = 4711};
  fields.fragment = wire::Ipv4Header::kDontFragment;
  ASSERT_EQ(send(out, ip::make_ip(fields), "10.0.2.1"), 0);
  run_for(100_ms);
  ByteString got = take(in);
  ByteString expected = ip::make_ip(fields);
  ASSERT_EQ(got.size(), expected.size());
  EXPECT_EQ(got[8], std::byte{4}) << "a router's work";
  got[8] = expected[8];
  got[10] = expected[10];  // and its checksum
  got[11] = expected[11];
  EXPECT_EQ(got, expected);
  fields.payload = ip::pattern(1481);
  EXPECT_EQ(send(out, ip::make_ip(fields), "10.0.2.1"), EMSGSIZE) << "it is never cut";
  EXPECT_EQ(send(out, ip::pattern(30), "10.0.2.1"), EINVAL);
  out.shutdown_send();
  fields.payload = ip::pattern(8);
  EXPECT_EQ(send(out, ip::make_ip(fields), "10.0.2.1"), EPIPE);
}

TEST_F(RawTest, ErrorsOnTheWayAreForWhoAsked) {
  RawPcb out(alice->raw, Family::kV4, kNobodys);
  RawPcb deaf(alice->raw, Family::kV4, kNobodys);
  out.options().ttl = 1;
  out.options().receive_errors = true;
  ASSERT_EQ(send(out, ip::pattern(8), "10.0.2.1"), 0);
  run_for(100_ms);
  const auto error = out.receive_error();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, EHOSTUNREACH);
  EXPECT_EQ(error->reporter.to_string(), "10.0.1.254");
  EXPECT_EQ(error->destination.address.to_string(), "10.0.2.1");
  EXPECT_EQ(out.receive_error().error().code, EAGAIN);
  EXPECT_EQ(deaf.take_error(), 0);
  deaf.options().dont_fragment = true;
  EXPECT_EQ(send(deaf, ip::pattern(1481), "10.0.2.1"), EMSGSIZE);
}

TEST_F(RawTest, AWrongChecksumIsDroppedByName) {
  RawPcb out(alice->raw, Family::kV6, kNobodys);
  RawPcb in(bob->raw, Family::kV6, kNobodys);
  in.options().checksum_offset = 2;
  ASSERT_EQ(send(out, ip::pattern(9), "2001:db8:2::1"), 0);
  run_for(100_ms);
  EXPECT_FALSE(in.has_packet());
  EXPECT_EQ(drops(DropReason::bad_raw_checksum), 1U);
  EXPECT_EQ(drops(DropReason::unknown_protocol), 0U) << "it had a socket all the same";
  out.options().checksum_offset = 2;
  ASSERT_EQ(send(out, ip::pattern(9), "2001:db8:2::1"), 0);
  run_for(100_ms);
  EXPECT_TRUE(in.has_packet());
}

}  // namespace
}  // namespace catenet::transport
