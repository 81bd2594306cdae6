// SPDX-License-Identifier: Apache-2.0
// ICMPv6, and path MTUs as it teaches them.
#include "catenet/ip/icmpv6.h"

#include "catenet/ip/ipv6_test_net.h"

namespace catenet::ip {
namespace {

class Pinger6 final : public EchoClient {
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

class IcmpTest6 : public OneHost6 {
 protected:
  /// An error from the peer about a UDP datagram from us to `destination`.
  void inject_error(const Icmpv6Header& header, const char* destination = "2001:db8:9::9",
                    const ByteString& quoted = hex("03e8 0035 0010 0000 0011 2233")) {
    inject_icmp6(header, make_ip6({.source = kHost, .destination = destination, .payload = quoted}));
  }
};

TEST_F(IcmpTest6, AnswersEcho) {
  start();
  inject_icmp6(Icmpv6Header::echo(77, 3), pattern(500));
  const Sent& reply = last_error(Icmpv6Type::kEchoReply, 0);
  EXPECT_EQ(reply.ip6().source, ip6(kHost));
  EXPECT_EQ(reply.ip6().destination, ip6(kPeer));
  EXPECT_EQ(reply.ip6().hop_limit, 64);
  EXPECT_EQ(reply.icmp6().id(), 77);
  EXPECT_EQ(reply.icmp6().sequence(), 3);
  const ByteString message = reply.payload6();
  EXPECT_EQ(ByteString(message.begin() + 8, message.end()), pattern(500));
}

TEST_F(IcmpTest6, AnswersEchoBehindExtensionHeaders) {
  start();
  Fields6 f{.next = IpProtocol::kDestinationOptions, .extensions = hex("3a00 0104 00000000")};
  f.payload = make_icmp6(Icmpv6Header::echo(77, 3), pattern(500), f.source, f.destination);
  inject6(f);
  last_error(Icmpv6Type::kEchoReply, 0);
}

TEST_F(IcmpTest6, AnswersEchoToAGroupFromItsOwnAddress) {
  start();
  const auto inject_group = [&] {
    const ByteString request = make_icmp6(Icmpv6Header::echo(77, 3), pattern(8), kPeer, "ff02::1");
    wire0->inject(make_frame(MacAddress::from_u64(0x333300000001), mac(2), EtherType::kIpv6,
                             make_ip6({.destination = "ff02::1", .next = IpProtocol::kIcmpv6, .payload = request})));
  };
  inject_group();
  EXPECT_EQ(last_error(Icmpv6Type::kEchoReply, 0).ip6().source, ip6(kHost));
  nodes_.clear();
  Ipv6Config config = without_detection();
  config.icmp.answer_broadcast_echo = false;
  start(config);
  inject_group();
  EXPECT_TRUE(wire0->frames.empty());
  EXPECT_EQ(drops(DropReason::icmp_ignored), 1u);
}

TEST_F(IcmpTest6, Pings) {
  start();
  Pinger6 pinger;
  const auto id = node->ipv6.icmp().open(pinger);
  ASSERT_TRUE(id);
  SendOptions options;
  options.destination = ip6(kPeer);
  ASSERT_TRUE(node->ipv6.icmp().send_echo(make_packet(pattern(100)), *id, 9, options));
  const Sent& request = last_error(Icmpv6Type::kEcho, 0);
  EXPECT_EQ(request.icmp6().id(), *id);
  inject_icmp6(Icmpv6Header::echo_reply(*id, 9), pattern(100));
  EXPECT_EQ(pinger.replies, std::vector<std::uint16_t>{9});
  EXPECT_EQ(pinger.bytes, 108u);
  inject_icmp6(Icmpv6Header::time_exceeded(wire::Icmpv6TimeExceeded::kTransit),
               {request.bytes.begin() + 14, request.bytes.end()});
  ASSERT_EQ(pinger.errors.size(), 1u);
  EXPECT_EQ(pinger.errors[0], std::pair(ErrorReport::Kind::time_exceeded, std::uint16_t{9}));
  node->ipv6.icmp().close(*id);
  inject_icmp6(Icmpv6Header::echo_reply(*id, 9), pattern(100));
  EXPECT_EQ(drops(DropReason::icmp_no_socket), 1u);
  options.destination = ip6("2001:db8:9::9");
  EXPECT_EQ(node->ipv6.icmp().send_echo(make_packet(pattern(8)), 1, 1, options).error().code, ENETUNREACH);
}

TEST_F(IcmpTest6, WrongMessagesAreNamed) {
  start();
  Fields6 f{.next = IpProtocol::kIcmpv6};
  f.payload = make_icmp6(Icmpv6Header::echo(77, 3), pattern(10), kPeer, kHost);
  f.payload[9] ^= std::byte{1};
  inject6(f);
  EXPECT_EQ(drops(DropReason::bad_icmp_checksum), 1u);
  f.payload = make_icmp6(be32(0x80000000), {}, kPeer, kHost);  // half a header
  inject6(f);
  EXPECT_EQ(drops(DropReason::bad_icmp), 1u);
  inject_icmp6(Icmpv6Header{.type = 200}, {});
  inject_icmp6(Icmpv6Header{.type = 100}, {});  // an unknown error, about nothing we would know
  EXPECT_EQ(drops(DropReason::unknown_icmp_type), 2u);
  inject_icmp6(Icmpv6Header{.type = 134}, pattern(8));  // a router's advertisement
  EXPECT_EQ(drops(DropReason::icmp_ignored), 1u);
  inject_icmp6(Icmpv6Header::unreachable(wire::Icmpv6Unreachable::kPort), pattern(20));
  EXPECT_EQ(drops(DropReason::bad_icmp), 2u);
  EXPECT_TRUE(wire0->frames.empty());
}

TEST_F(IcmpTest6, ErrorsReachTheirTransport) {
  start();
  using Kind = ErrorReport::Kind;
  const std::pair<Icmpv6Header, Kind> cases[] = {
      {Icmpv6Header::unreachable(wire::Icmpv6Unreachable::kNoRoute), Kind::network_unreachable},
      {Icmpv6Header::unreachable(wire::Icmpv6Unreachable::kAddress), Kind::host_unreachable},
      {Icmpv6Header::unreachable(wire::Icmpv6Unreachable::kPort), Kind::port_unreachable},
      {Icmpv6Header::unreachable(wire::Icmpv6Unreachable::kAdministrativelyProhibited),
       Kind::administratively_prohibited},
      {Icmpv6Header::time_exceeded(wire::Icmpv6TimeExceeded::kTransit), Kind::time_exceeded},
      {Icmpv6Header::time_exceeded(wire::Icmpv6TimeExceeded::kReassembly), Kind::reassembly_time_exceeded},
      {Icmpv6Header::parameter_problem(wire::Icmpv6Parameter::kNextHeader, 6), Kind::protocol_unreachable},
      {Icmpv6Header::parameter_problem(wire::Icmpv6Parameter::kHeaderField, 4), Kind::parameter_problem},
  };
  for (const auto& [header, kind] : cases) {
    inject_error(header);
    ASSERT_FALSE(node->udp.errors.empty());
    EXPECT_EQ(node->udp.errors.back().kind, kind);
    EXPECT_EQ(node->udp.errors.back().source, wire::IpAddress(ip6(kHost)));
    EXPECT_EQ(node->udp.errors.back().destination, wire::IpAddress(ip6("2001:db8:9::9")));
    EXPECT_EQ(node->udp.errors.back().reporter, wire::IpAddress(ip6(kPeer)));
    EXPECT_EQ(node->udp.quoted.back(), hex("03e8 0035 0010 0000 0011 2233"));
  }
  const std::size_t before = node->udp.errors.size();
  inject_icmp6(cases[0].first, make_ip6({.source = "2001:db8::77", .destination = kPeer}));  // not ours
  EXPECT_EQ(drops(DropReason::icmp_no_socket), 1u);
  inject_error(Icmpv6Header{.type = 1, .code = 77});
  EXPECT_EQ(drops(DropReason::unknown_icmp_type), 1u);
  EXPECT_EQ(node->udp.errors.size(), before);
}

TEST_F(IcmpTest6, PathMtus) {  // RFC 8201
  start();
  ASSERT_TRUE(node->ipv6.set_default_route(ip6(kPeer)));
  inject_error(Icmpv6Header::packet_too_big(1400));
  EXPECT_EQ(node->udp.errors.at(0).mtu, 1400u);
  EXPECT_EQ(node->ipv6.path_mtu(ip6("2001:db8:9::9")), 1400u);
  EXPECT_EQ(node->ipv6.path_mtu(ip6("2001:db8:9::8")), 1500u);
  inject_error(Icmpv6Header::packet_too_big(1450));
  EXPECT_EQ(node->ipv6.path_mtu(ip6("2001:db8:9::9")), 1400u) << "never up";
  inject_error(Icmpv6Header::packet_too_big(1279));
  EXPECT_EQ(drops(DropReason::icmp_ignored), 1u) << "below what every link carries";
  EXPECT_EQ(node->ipv6.path_mtu(ip6("2001:db8:9::9")), 1400u);
  inject_error(Icmpv6Header::packet_too_big(1280));
  EXPECT_EQ(node->ipv6.path_mtu(ip6("2001:db8:9::9")), 1280u);
  ASSERT_TRUE(send_to("2001:db8:9::9", 1300));
  EXPECT_EQ(wire0->frames.size(), 2u);
  EXPECT_EQ(wire0->frames[0].bytes.size(), 14u + 1280);
  EXPECT_EQ(send_to("2001:db8:9::9", 1300, {.dont_fragment = true}).error().code, EMSGSIZE);
  run_for(Duration::seconds(601));
  EXPECT_EQ(node->ipv6.path_mtu(ip6("2001:db8:9::9")), 1500u);
}

TEST_F(IcmpTest6, AnErrorAboutALaterFragmentTeachesThePathOnly) {
  start();
  ASSERT_TRUE(node->ipv6.set_default_route(ip6(kPeer)));
  const ByteString fragment = make_ip6({.source = kHost,
                                        .destination = "2001:db8:9::9",
                                        .next = IpProtocol::kFragment,
                                        .extensions = hex("1100 05a8 00000007")});
  inject_icmp6(Icmpv6Header::packet_too_big(1300), fragment);
  EXPECT_EQ(node->ipv6.path_mtu(ip6("2001:db8:9::9")), 1300u);
  EXPECT_TRUE(node->udp.errors.empty());
}

TEST_F(IcmpTest6, NeverAnswersWhatMustNotBeAnswered) {  // RFC 4443 2.4(e)
  start();
  inject6({.source = kPeer, .destination = "ff02::1", .next = IpProtocol::kSctp});
  EXPECT_EQ(drops(DropReason::martian_destination) + drops(DropReason::unknown_protocol), 1u);
  inject_icmp6(Icmpv6Header{.type = 1, .code = 99}, pattern(60));
  Fields6 options{.next = IpProtocol::kDestinationOptions, .extensions = hex("3a00 9e04 00000000")};
  options.payload = make_icmp6(Icmpv6Header::packet_too_big(1300), pattern(60), kPeer, kHost);
  inject6(options);  // an error with an option that should be reported
  options.payload = make_icmp6(Icmpv6Header{.type = 137}, pattern(60), kPeer, kHost);
  inject6(options);
  EXPECT_TRUE(wire0->frames.empty());
  options.payload = make_icmp6(Icmpv6Header::echo(1, 1), pattern(60), kPeer, kHost);
  inject6(options);
  EXPECT_EQ(wire0->frames.size(), 1u);
}

TEST_F(IcmpTest6, ErrorsAreRationed) {
  Ipv6Config config = without_detection();
  config.icmp.errors_per_second = 10;
  config.icmp.error_burst = 5;
  start(config);
  for (int i = 0; i < 20; ++i) {
    inject6({.next = IpProtocol::kSctp});
  }
  EXPECT_EQ(wire0->frames.size(), 5u);
  EXPECT_EQ(drops(DropReason::icmp_rate_limited), 15u);
  run_for(Duration::milliseconds(250));
  for (int i = 0; i < 20; ++i) {
    inject6({.next = IpProtocol::kSctp});
  }
  EXPECT_EQ(wire0->frames.size(), 7u);
  EXPECT_EQ(node->ipv6.counters().icmp_errors_sent, 7u);
}

TEST_F(IcmpTest6, TheLongestErrorFillsTheSmallestMtu) {
  start();
  inject6({.next = IpProtocol::kSctp, .payload = pattern(1460)});
  EXPECT_EQ(last_error(Icmpv6Type::kParameterProblem, 1).bytes.size(), 14u + 1280);
}

}  // namespace
}  // namespace catenet::ip
