// SPDX-License-Identifier: Apache-2.0
// ICMP, echo for programs (echo.cc), and path MTUs as ICMP teaches them (path_mtu.cc).
#include "catenet/ip/icmp.h"

#include "catenet/ip/ip_test_net.h"

namespace catenet::ip {
namespace {

class Pinger final : public EchoClient {
 public:
  void on_echo_reply(Packet packet, const Delivery& delivery, std::uint16_t sequence) override {
    replies.push_back(sequence);
    from = delivery.source;
    bytes = packet.size();
    packet.consume();
  }
  void on_echo_error(const ErrorReport& report, std::uint16_t sequence) override {
    errors.emplace_back(report.kind, sequence);
    from = report.reporter;
  }
  std::vector<std::uint16_t> replies;
  std::vector<std::pair<ErrorReport::Kind, std::uint16_t>> errors;
  wire::IpAddress from;
  std::size_t bytes = 0;
};

class IcmpTest : public OneHost {
 protected:
  void start_known(const Ipv4Config& config = {}) {
    start(config);
    teach(*node, *eth0, "10.0.0.2", 2);
    teach(*node, *eth0, "10.0.0.9", 9);
  }
  void inject_icmp(const IcmpHeader& header, const ByteString& data, Fields f = {}) {
    f.protocol = 1;
    f.payload = make_icmp(header, data);
    inject_ip(f);
  }
  /// An error from 10.0.0.9 about a packet from us to 10.0.0.2.
  void inject_error(const IcmpHeader& header, Fields about) {
    about.source = "10.0.0.1";
    about.destination = "10.0.0.2";
    inject_icmp(header, make_ip(about), {.source = "10.0.0.9"});
  }
};

TEST_F(IcmpTest, AnswersEcho) {
  start_known();
  inject_icmp(IcmpHeader::echo(77, 3), pattern(500));
  ASSERT_EQ(wire0->frames.size(), 1u);
  const Sent& reply = wire0->frames[0];
  EXPECT_EQ(Ipv4Address(reply.ip().source), ip4("10.0.0.1"));
  EXPECT_EQ(Ipv4Address(reply.ip().destination), ip4("10.0.0.2"));
  EXPECT_EQ(reply.ip().ttl, 64);
  EXPECT_EQ(reply.icmp().type, 0);
  EXPECT_EQ(reply.icmp().id(), 77);
  EXPECT_EQ(reply.icmp().sequence(), 3);
  EXPECT_EQ(internet_checksum(reply.payload()), 0);
  const ByteString message = reply.payload();
  const ByteString data(message.begin() + 8, message.end());
  EXPECT_EQ(data, pattern(500));
}

TEST_F(IcmpTest, AnswersEchoOfNothingButZeros) {
  start_known();
  inject_icmp(IcmpHeader::echo(0, 0), ByteString(8));
  ASSERT_EQ(wire0->frames.size(), 1u);
  EXPECT_EQ(wire0->frames[0].icmp().checksum, 0xffff);  // 0 would be wrong: RFC 1624 3
  EXPECT_EQ(internet_checksum(wire0->frames[0].payload()), 0);
}

TEST_F(IcmpTest, BroadcastEchoIsIgnoredUnlessWanted) {
  const auto ask_all = [&] {
    wire0->inject(make_frame(
        MacAddress::broadcast(), mac(2), EtherType::kIpv4,
        make_ip(
            {.destination = "10.0.0.255", .protocol = 1, .payload = make_icmp(IcmpHeader::echo(1, 1), pattern(8))})));
  };
  start_known();
  ask_all();
  EXPECT_EQ(drops(DropReason::icmp_ignored), 1u);
  EXPECT_TRUE(wire0->frames.empty());
  Ipv4Config config;
  config.icmp.answer_broadcast_echo = true;
  start_known(config);
  ask_all();
  ASSERT_EQ(wire0->frames.size(), 1u);
  EXPECT_EQ(Ipv4Address(wire0->frames[0].ip().source), ip4("10.0.0.1"));
}

TEST_F(IcmpTest, BadMessagesHaveReasons) {
  start_known();
  ByteString damaged = make_icmp(IcmpHeader::echo(1, 1), pattern(8));
  damaged[10] ^= std::byte{1};
  inject_ip({.protocol = 1, .payload = damaged});
  EXPECT_EQ(drops(DropReason::bad_icmp_checksum), 1u);
  ByteString short_one = make_icmp(IcmpHeader::echo(1, 1), {});
  short_one.resize(4);
  const be16 checksum = 0xf7ff;
  std::memcpy(short_one.data() + 2, &checksum, 2);
  inject_ip({.protocol = 1, .payload = short_one});
  EXPECT_EQ(drops(DropReason::bad_icmp), 1u);
  inject_icmp(IcmpHeader{.type = 42}, pattern(8));
  EXPECT_EQ(drops(DropReason::unknown_icmp_type), 1u);
  inject_icmp(IcmpHeader{.type = 4}, make_ip({}));
  inject_icmp(IcmpHeader{.type = 5}, make_ip({}));
  EXPECT_EQ(drops(DropReason::icmp_ignored), 2u);
  inject_icmp(IcmpHeader::echo_reply(1, 1), pattern(8));
  EXPECT_EQ(drops(DropReason::icmp_no_socket), 1u);
  inject_icmp(IcmpHeader::unreachable(wire::IcmpUnreachable::kPort), ByteString(12));
  EXPECT_EQ(drops(DropReason::bad_icmp), 2u);
  EXPECT_TRUE(wire0->frames.empty());
}

TEST_F(IcmpTest, PingsThroughAClient) {
  TestNode& a = add_node("a");
  TestNode& b = add_node("b");
  join(add_interface(a, "eth0", 1, "10.0.0.1/24"), add_interface(b, "eth0", 2, "10.0.0.2/24"));
  Pinger pinger;
  const auto id = a.ipv4.icmp().open(pinger);
  ASSERT_TRUE(id);
  EXPECT_EQ(a.ipv4.icmp().open(pinger, *id).error().code, EADDRINUSE);
  for (std::uint16_t i = 1; i <= 3; ++i) {
    ASSERT_TRUE(a.ipv4.icmp().send_echo(make_packet(pattern(56)), *id, i, {.destination = ip4("10.0.0.2")}));
    run_for(Duration::seconds(1));
  }
  EXPECT_EQ(pinger.replies, (std::vector<std::uint16_t>{1, 2, 3}));
  EXPECT_EQ(pinger.from, wire::IpAddress(ip4("10.0.0.2")));
  EXPECT_EQ(pinger.bytes, 64u);
  ASSERT_TRUE(a.ipv4.icmp().send_echo(make_packet(pattern(56)), *id, 4, {.destination = ip4("127.0.0.1")}));
  run_for(Duration::seconds(1));
  EXPECT_EQ(pinger.replies.back(), 4);
  a.ipv4.icmp().close(*id);
  ASSERT_TRUE(a.ipv4.icmp().send_echo(make_packet(pattern(56)), *id, 5, {.destination = ip4("10.0.0.2")}));
  run_for(Duration::seconds(1));
  EXPECT_EQ(drops(DropReason::icmp_no_socket), 1u);
}

TEST_F(IcmpTest, ErrorsReachThePinger) {
  start_known();
  Pinger pinger;
  ASSERT_TRUE(node->ipv4.icmp().open(pinger, 500));
  inject_error(IcmpHeader::time_exceeded(wire::IcmpTimeExceeded::kTransit),
               {.protocol = 1, .payload = make_icmp(IcmpHeader::echo(500, 9), {})});
  ASSERT_EQ(pinger.errors.size(), 1u);
  EXPECT_EQ(pinger.errors[0], std::pair(ErrorReport::Kind::time_exceeded, std::uint16_t{9}));
  EXPECT_EQ(pinger.from, wire::IpAddress(ip4("10.0.0.9")));
  // A silent neighbour is an error, too.
  ASSERT_TRUE(node->ipv4.icmp().send_echo(make_packet({}), 500, 10, {.destination = ip4("10.0.0.77")}));
  run_for(Duration::seconds(4));
  ASSERT_EQ(pinger.errors.size(), 2u);
  EXPECT_EQ(pinger.errors[1], std::pair(ErrorReport::Kind::host_unreachable, std::uint16_t{10}));
}

TEST_F(IcmpTest, ErrorsReachTheTransport) {
  start_known();
  using wire::IcmpUnreachable;
  using Kind = ErrorReport::Kind;
  const std::pair<IcmpUnreachable, Kind> expected[] = {
      {IcmpUnreachable::kNet, Kind::network_unreachable},
      {IcmpUnreachable::kHost, Kind::host_unreachable},
      {IcmpUnreachable::kProtocol, Kind::protocol_unreachable},
      {IcmpUnreachable::kPort, Kind::port_unreachable},
      {IcmpUnreachable::kSourceRouteFailed, Kind::network_unreachable},
      {IcmpUnreachable::kAdministrativelyProhibited, Kind::administratively_prohibited}};
  for (const auto& [code, kind] : expected) {
    inject_error(IcmpHeader::unreachable(code), {.payload = pattern(8)});
    ASSERT_FALSE(node->udp.errors.empty());
    EXPECT_EQ(node->udp.errors.back().kind, kind);
  }
  EXPECT_EQ(node->udp.errors[0].source, wire::IpAddress(ip4("10.0.0.1")));
  EXPECT_EQ(node->udp.errors[0].destination, wire::IpAddress(ip4("10.0.0.2")));
  EXPECT_EQ(node->udp.quoted[0], pattern(8));
  // About a packet that we did not send.
  inject_icmp(IcmpHeader::unreachable(IcmpUnreachable::kPort), make_ip({.source = "10.0.0.3"}));
  EXPECT_EQ(drops(DropReason::icmp_no_socket), 1u);
  inject_error(IcmpHeader::unreachable(IcmpUnreachable::kPort), {.protocol = 99});
  EXPECT_EQ(drops(DropReason::icmp_no_socket), 2u);
}

TEST_F(IcmpTest, PortUnreachable) {
  start_known();
  node->udp.refuse_with_port_unreachable = true;
  node->udp.delivery_network = &node->ipv4;
  inject_ip({.payload = pattern(100)});
  ASSERT_EQ(wire0->frames.size(), 1u);
  EXPECT_EQ(wire0->frames[0].icmp().type, 3);
  EXPECT_EQ(wire0->frames[0].icmp().code, 3);
  EXPECT_EQ(wire0->frames[0].ip().total_length, 20 + 8 + 20 + 100);
}

// RFC 1122 3.2.2: what is never answered. Protocol 99 is unknown here, so anything answerable would be.
TEST_F(IcmpTest, NeverAnswered) {
  start_known();
  inject_ip({.protocol = 99});
  EXPECT_EQ(wire0->frames.size(), 1u);  // the control: an ordinary packet is
  const auto to_all = [&](const char* destination) {
    wire0->inject(make_frame(MacAddress::broadcast(), mac(2), EtherType::kIpv4,
                             make_ip({.destination = destination, .protocol = 99})));
  };
  to_all("10.0.0.255");
  to_all("255.255.255.255");
  to_all("224.0.0.1");
  EXPECT_EQ(drops(DropReason::unknown_protocol), 4u);
  const ByteString bad_option{std::byte{7}, std::byte{60}, std::byte{4}, std::byte{0}};
  inject_ip({.options = bad_option});
  EXPECT_EQ(wire0->frames.size(), 2u);  // control
  inject_ip({.fragment = 5, .options = bad_option});
  inject_ip({.protocol = 1,
             .options = bad_option,
             .payload = make_icmp(IcmpHeader::unreachable(wire::IcmpUnreachable::kPort), make_ip({}))});
  EXPECT_EQ(drops(DropReason::bad_ip_option), 3u);
  EXPECT_EQ(wire0->frames.size(), 2u);
  inject_ip({.protocol = 1, .options = bad_option, .payload = make_icmp(IcmpHeader::echo(1, 1), {})});
  EXPECT_EQ(wire0->frames.size(), 3u);  // a request is not an error
}

TEST_F(IcmpTest, RateLimit) {
  Ipv4Config config;
  config.icmp.errors_per_second = 10;
  config.icmp.error_burst = 3;
  start_known(config);
  for (int i = 0; i < 10; ++i) {
    inject_ip({.protocol = 99});
  }
  EXPECT_EQ(wire0->frames.size(), 3u);
  EXPECT_EQ(drops(DropReason::icmp_rate_limited), 7u);
  run_for(Duration::milliseconds(250));
  for (int i = 0; i < 10; ++i) {
    inject_ip({.protocol = 99});
  }
  EXPECT_EQ(wire0->frames.size(), 5u);
}

TEST(TokenBucket, ZeroRateGivesNothing) {
  TokenBucket bucket(0, 10);
  EXPECT_FALSE(bucket.take(Instant::from_ns(5)));
}

TEST(TokenBucket, KeepsFractions) {
  TokenBucket bucket(1000, 1);
  int taken = 0;
  for (int i = 1; i <= 100; ++i) {  // every 0.7 ms for 70 ms
    taken += bucket.take(Instant::from_ns(i * 700'000)) ? 1 : 0;
  }
  EXPECT_GE(taken, 49);
  EXPECT_LE(taken, 71);
}

// Path MTU discovery (RFC 1191).

TEST_F(IcmpTest, LearnsThePathMtu) {
  start_known();
  const auto too_big = [&](std::uint16_t mtu, std::size_t length) {
    inject_error(IcmpHeader::unreachable(wire::IcmpUnreachable::kFragmentationNeeded, mtu),
                 {.fragment = Ipv4Header::kDontFragment, .payload = pattern(length - 20)});
  };
  too_big(1400, 1500);
  EXPECT_EQ(node->udp.errors.at(0).kind, ErrorReport::Kind::packet_too_big);
  EXPECT_EQ(node->udp.errors[0].mtu, 1400u);
  EXPECT_EQ(node->ipv4.path_mtu(ip4("10.0.0.2")), 1400u);
  EXPECT_EQ(node->ipv4.path_mtu(ip4("10.0.0.3")), 1500u);
  too_big(1450, 1500);  // never up
  EXPECT_EQ(node->ipv4.path_mtu(ip4("10.0.0.2")), 1400u);
  too_big(0, 1400);  // an old router: the next plateau
  EXPECT_EQ(node->ipv4.path_mtu(ip4("10.0.0.2")), 1006u);
  ASSERT_TRUE(send_to("10.0.0.2", 1200));
  EXPECT_EQ(wire0->frames.size(), 2u);  // fragmented here
  EXPECT_EQ(send_to("10.0.0.2", 1200, {.dont_fragment = true}).error().code, EMSGSIZE);
  run_for(Duration::seconds(601));
  EXPECT_EQ(node->ipv4.path_mtu(ip4("10.0.0.2")), 1500u);
}

TEST_F(IcmpTest, TinyReportsAreNotBelieved) {
  start_known();
  inject_error(IcmpHeader::unreachable(wire::IcmpUnreachable::kFragmentationNeeded, 68),
               {.fragment = Ipv4Header::kDontFragment, .payload = pattern(1000)});
  EXPECT_EQ(node->ipv4.path_mtu(ip4("10.0.0.2")), 552u);
  ASSERT_TRUE(send_to("10.0.0.2", 500, {.dont_fragment = true}));
  EXPECT_FALSE(wire0->frames.back().ip().dont_fragment());  // so that a link that narrow still gets it
}

TEST(PathMtuCache, Plateaus) {
  std::vector<std::uint16_t> steps;
  for (std::uint32_t length = 65536; length > 68; length = steps.back()) {
    steps.push_back(PathMtuCache::plateau_below(length));
  }
  EXPECT_EQ(steps, (std::vector<std::uint16_t>{65535, 32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296, 68}));
}

TEST(PathMtuCache, LimitForgetsTheOneThatEndsFirst) {
  PathMtuCache cache;
  for (unsigned i = 1; i <= 3; ++i) {
    cache.learn({.destination = Ipv4Address(i), .mtu = 1000, .expires = Instant::from_ns(100 * i)}, Instant::zero(), 2);
  }
  EXPECT_EQ(cache.entries().size(), 2u);
  EXPECT_EQ(cache.find(Ipv4Address(1), Instant::zero()), nullptr);
  EXPECT_NE(cache.find(Ipv4Address(3), Instant::zero()), nullptr);
  EXPECT_EQ(cache.find(Ipv4Address(3), Instant::from_ns(300)), nullptr);
}

}  // namespace
}  // namespace catenet::ip
