// SPDX-License-Identifier: Apache-2.0
#include "catenet/ip/ndp.h"

#include "catenet/ip/ipv6_test_net.h"

namespace catenet::ip {
namespace {

using wire::NdpNeighborMessage;

constexpr const char* kOther = "2001:db8::7";  // mac(7)

class NdpTest : public OneHost6 {
 protected:
  static ByteString link_option(unsigned type, unsigned n) {
    ByteString bytes = hex("0001 000000000000");
    bytes[0] = std::byte(type);
    std::memcpy(bytes.data() + 2, mac(n).bytes().data(), 6);
    return bytes;
  }
  void inject_ndp(const NdpNeighborMessage& message, const ByteString& options, const char* source,
                  const char* destination, unsigned from = 7, std::uint8_t hop_limit = 255) {
    const Ipv6Address to = ip6(destination);
    const ByteString packet = make_ip6({.source = source,
                                        .destination = destination,
                                        .next = IpProtocol::kIcmpv6,
                                        .hop_limit = hop_limit,
                                        .payload = make_icmp6(message, options, source, destination)});
    wire0->inject(make_frame(to.is_multicast() ? Traits<Ipv6Address>::link_group(to) : mac(1), mac(from),
                             EtherType::kIpv6, packet));
  }
  /// The neighbour kOther asks for us.
  void inject_solicitation(const char* target = kHost, const char* source = kOther) {
    const std::string group = ip6(target).solicited_node().to_string();
    inject_ndp(NdpNeighborMessage::solicitation(ip6(target)),
               std::string_view(source) == "::" ? ByteString() : link_option(1, 7), source, group.c_str());
  }
  /// It answers, from mac(n).
  void inject_advertisement(std::uint32_t flags, unsigned n = 7, const char* target = kOther,
                            const char* destination = kHost) {
    inject_ndp(NdpNeighborMessage::advertisement(ip6(target), flags), link_option(2, n), target, destination, n);
  }
  std::string state(const char* address = kOther) {
    const auto* entry = node->ipv6.ndp().cache().find(*eth0, ip6(address));
    return entry == nullptr ? "none" : name(entry->state(scheduler.now()));
  }
  MacAddress link_of(const char* address) {
    return node->ipv6.ndp().cache().find(*eth0, ip6(address))->link_address().to_mac();
  }
  static constexpr std::uint32_t kSolicited = NdpNeighborMessage::kSolicited;
  static constexpr std::uint32_t kOverride = NdpNeighborMessage::kOverride;
};

TEST_F(NdpTest, AsksAndSendsWhatWaits) {
  start();
  ASSERT_TRUE(send_to(kOther));
  ASSERT_TRUE(send_to(kOther));
  ASSERT_EQ(wire0->frames.size(), 1u);
  const Sent& question = last_error(Icmpv6Type::kNeighborSolicitation, 0);
  EXPECT_EQ(question.eth().destination, MacAddress::from_u64(0x3333ff000007));
  EXPECT_EQ(question.ip6().destination, ip6("ff02::1:ff00:7"));
  EXPECT_EQ(question.ip6().source, ip6(kHost));
  EXPECT_EQ(question.ip6().hop_limit, 255);
  EXPECT_EQ(question.at_offset<NdpNeighborMessage>(54).target, ip6(kOther));
  EXPECT_EQ(ByteString(question.bytes.begin() + 78, question.bytes.end()), link_option(1, 1));
  inject_advertisement(kSolicited | kOverride);
  ASSERT_EQ(wire0->frames.size(), 3u);
  EXPECT_EQ(wire0->frames[1].eth().destination, mac(7));
  EXPECT_EQ(state(), "reachable");
  EXPECT_EQ(node->ipv6.ndp().table().size(), 2u);
  EXPECT_EQ(story.notes.back(), "0 ms host ndp-resolved: 2001:db8::7 is at 02:00:00:00:00:07 on eth0");
}

TEST_F(NdpTest, AnswersForItsAddresses) {
  start();
  inject_solicitation();
  const Sent& answer = last_error(Icmpv6Type::kNeighborAdvertisement, 0);
  EXPECT_EQ(answer.eth().destination, mac(7));
  EXPECT_EQ(answer.ip6().source, ip6(kHost));
  EXPECT_EQ(answer.ip6().destination, ip6(kOther));
  EXPECT_EQ(answer.ip6().hop_limit, 255);
  const auto& message = answer.at_offset<NdpNeighborMessage>(54);
  EXPECT_EQ(message.icmp.word, kSolicited | kOverride);
  EXPECT_EQ(message.target, ip6(kHost));
  EXPECT_EQ(ByteString(answer.bytes.begin() + 78, answer.bytes.end()), link_option(2, 1));
  EXPECT_EQ(state(), "delay") << "who asks is not confirmed by it, and was answered";
  inject_solicitation("fe80::ff:fe00:1");
  EXPECT_EQ(wire0->frames.size(), 2u);
  inject_solicitation("2001:db8::99");
  EXPECT_EQ(drops(DropReason::not_for_us), 1u) << "the group of nobody here";
  inject_solicitation("2001:db8::ff00:1");  // our group, somebody else's address
  EXPECT_EQ(drops(DropReason::ndp_not_for_us), 1u);
  EXPECT_EQ(wire0->frames.size(), 2u);
}

TEST_F(NdpTest, TellsEverybodyWhoAskedWithoutAnAddress) {
  start();
  inject_solicitation(kHost, "::");
  const Sent& answer = last_error(Icmpv6Type::kNeighborAdvertisement, 0);
  EXPECT_EQ(answer.ip6().destination, ip6("ff02::1"));
  EXPECT_EQ(answer.eth().destination, MacAddress::from_u64(0x333300000001));
  EXPECT_EQ(answer.at_offset<NdpNeighborMessage>(54).icmp.word, kOverride);
}

TEST_F(NdpTest, ARouterSaysSo) {
  Ipv6Config config = without_detection();
  config.forwarding = true;
  start(config);
  inject_solicitation();
  EXPECT_TRUE(last_error(Icmpv6Type::kNeighborAdvertisement, 0).at_offset<NdpNeighborMessage>(54).is_router());
}

TEST_F(NdpTest, AnAnswerWithoutAKnownLinkAddressAsksFirst) {
  start();
  inject_ndp(NdpNeighborMessage::solicitation(ip6(kHost)), {}, kOther, kHost);
  last_error(Icmpv6Type::kNeighborSolicitation, 0);
  inject_advertisement(kSolicited);
  last_error(Icmpv6Type::kNeighborAdvertisement, 0);
}

TEST_F(NdpTest, MessagesFromBeyondTheLinkAreNotBelieved) {
  start();
  const auto solicitation = NdpNeighborMessage::solicitation(ip6(kHost));
  inject_ndp(solicitation, link_option(1, 7), kOther, kHost, 7, 254);
  auto coded = solicitation;
  coded.icmp.code = 1;
  inject_ndp(coded, link_option(1, 7), kOther, kHost);
  inject_ndp(NdpNeighborMessage::solicitation(ip6("ff02::1")), link_option(1, 7), kOther, kHost);
  inject_ndp(solicitation, hex("0100 000000000000"), kOther, kHost);
  inject_ndp(solicitation, link_option(1, 7), "::", "ff02::1:ff00:1");
  inject_ndp(solicitation, {}, "::", "ff02::1");
  inject_ndp(solicitation, ByteString(200), kOther, kHost);
  inject_advertisement(kSolicited, 7, kOther, "ff02::1");
  inject_icmp6(solicitation.icmp, {}, {.source = kOther, .hop_limit = 255});
  EXPECT_EQ(drops(DropReason::bad_ndp), 9u);
  EXPECT_TRUE(wire0->frames.empty());
  EXPECT_EQ(state(), "none");
}

TEST_F(NdpTest, WhatIsHeardUnaskedMakesNoNeighbour) {
  start();
  inject_advertisement(kOverride, 7, kOther, "ff02::1");
  EXPECT_EQ(drops(DropReason::ndp_not_for_us), 1u);
  EXPECT_EQ(state(), "none");
  inject_advertisement(kSolicited | kOverride, 7, kHost);  // somebody says he is us
  EXPECT_EQ(drops(DropReason::martian_source), 1u);
}

TEST_F(NdpTest, AdvertisementsByTheTable) {  // RFC 4861 7.2.5
  start();
  const auto known = [&] {
    node->ipv6.ndp().cache().remove(*eth0, ip6(kOther));
    teach6(*eth0, kOther, 7);
  };
  known();
  inject_advertisement(0, 8);  // another link address, no override: doubtful
  EXPECT_EQ(state(), "stale");
  EXPECT_EQ(link_of(kOther), mac(7));
  known();
  inject_advertisement(kOverride, 8);  // unsolicited: believed, not confirmed
  EXPECT_EQ(state(), "stale");
  EXPECT_EQ(link_of(kOther), mac(8));
  known();
  inject_advertisement(kSolicited | kOverride, 8);
  EXPECT_EQ(state(), "reachable");
  EXPECT_EQ(link_of(kOther), mac(8));
  known();
  run_for(Duration::seconds(31));
  EXPECT_EQ(state(), "stale");
  inject_advertisement(kOverride, 7);  // nothing new: nothing is confirmed
  EXPECT_EQ(state(), "stale");
  inject_advertisement(kSolicited, 7);
  EXPECT_EQ(state(), "reachable");
  // Asked for, and answered without being asked: used at once, and asked again.
  ASSERT_TRUE(send_to("2001:db8::9"));
  inject_advertisement(kOverride, 9, "2001:db8::9", "ff02::1");
  EXPECT_EQ(state("2001:db8::9"), "delay");
  EXPECT_EQ(wire0->frames.back().eth().destination, mac(9));
}

TEST_F(NdpTest, WatchesThatTheNeighbourIsThere) {  // RFC 4861 7.3
  start();
  teach6(*eth0, kOther, 7);
  run_for(Duration::seconds(30));
  EXPECT_EQ(state(), "stale");
  run_for(Duration::seconds(1000));
  EXPECT_TRUE(wire0->frames.empty()) << "nobody asks for a neighbour whom nobody needs";
  ASSERT_TRUE(send_to(kOther));
  EXPECT_EQ(state(), "delay");
  run_for(Duration::milliseconds(5001));
  EXPECT_EQ(state(), "probe");
  const Sent& probe = last_error(Icmpv6Type::kNeighborSolicitation, 0);
  EXPECT_EQ(probe.eth().destination, mac(7));
  EXPECT_EQ(probe.ip6().destination, ip6(kOther));
  inject_advertisement(kSolicited, 7);
  EXPECT_EQ(state(), "reachable");
}

TEST_F(NdpTest, ANeighbourWhoIsGoneIsForgotten) {
  start();
  teach6(*eth0, kOther, 7);
  run_for(Duration::seconds(31));
  ASSERT_TRUE(send_to(kOther));
  run_for(Duration::seconds(20));
  EXPECT_EQ(state(), "none");
  std::size_t alone = 0;
  std::size_t everybody = 0;
  for (const Sent& sent : wire0->frames) {
    if (sent.is_icmp6(Icmpv6Type::kNeighborSolicitation)) {
      ++(sent.eth().destination == mac(7) ? alone : everybody);
    }
  }
  EXPECT_EQ(alone, 3u);
  EXPECT_EQ(everybody, 3u);
  EXPECT_NE(story.notes.back().find("ndp-failed: 2001:db8::7 did not answer on eth0"), std::string::npos);
}

TEST_F(NdpTest, LimitsAreNamed) {
  Ipv6Config config = without_detection();
  config.neighbor.parked_packets = 2;
  config.neighbor.entries = 2;
  start(config);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(send_to(kOther));
  }
  EXPECT_EQ(drops(DropReason::ndp_queue_full), 1u);
  ASSERT_TRUE(send_to("2001:db8::8"));
  EXPECT_EQ(drops(DropReason::ndp_cache_full), 1u);
}

TEST_F(NdpTest, ASpoofersFloodStaysWithinTheCache) {
  Ipv6Config config = without_detection();
  config.neighbor.entries = 16;
  start(config);
  for (unsigned i = 0; i < 1000; ++i) {
    const std::string source = "2001:db8::5:" + std::to_string(i);
    inject_solicitation(kHost, source.c_str());
  }
  EXPECT_LE(node->ipv6.ndp().cache().size(), 16u);
  ASSERT_TRUE(send_to(kOther));  // service goes on
  inject_advertisement(kSolicited | kOverride);
  EXPECT_EQ(wire0->frames.back().eth().destination, mac(7));
}

// ---- duplicates

class DadTest : public NdpTest {
 protected:
  void start_tentative() {
    start(Ipv6Config());
    node->ipv6.ndp().cache().flush(nullptr, DropReason::run_ended);
  }
  std::string state_of(const char* address) {
    for (const auto& a : node->ipv6.addresses()) {
      if (a.address() == ip6(address)) {
        return name(a.state);
      }
    }
    return "none";
  }
  std::size_t solicitations() {
    std::size_t n = 0;
    for (const Sent& sent : wire0->frames) {
      n += sent.is_icmp6(Icmpv6Type::kNeighborSolicitation) ? 1 : 0;
    }
    return n;
  }
};

TEST_F(DadTest, AnAddressIsTentativeUntilNobodyHasClaimedIt) {
  start_tentative();
  EXPECT_EQ(state_of(kHost), "tentative");
  EXPECT_FALSE(node->ipv6.is_local(ip6(kHost)));
  EXPECT_EQ(send_to(kPeer).error().code, EADDRNOTAVAIL);
  run_for(Duration::milliseconds(999));
  EXPECT_EQ(solicitations(), 2u) << "one for each address, not at once";
  const Sent& question = last_error(Icmpv6Type::kNeighborSolicitation, 0);
  EXPECT_EQ(question.ip6().source, ip6("::"));
  EXPECT_EQ(question.payload6().size(), 24u) << "without an option";
  run_for(Duration::milliseconds(1001));
  EXPECT_EQ(state_of(kHost), "preferred");
  EXPECT_EQ(state_of("fe80::ff:fe00:1"), "preferred");
  EXPECT_EQ(solicitations(), 2u);
  EXPECT_TRUE(node->ipv6.is_local(ip6(kHost)));
}

TEST_F(DadTest, SomebodyHasIt) {
  start_tentative();
  run_for(Duration::milliseconds(500));
  inject_advertisement(kOverride, 7, kHost, "ff02::1");
  EXPECT_EQ(state_of(kHost), "duplicate");
  run_for(Duration::seconds(10));
  EXPECT_EQ(state_of(kHost), "duplicate");
  EXPECT_EQ(state_of("fe80::ff:fe00:1"), "preferred");
  EXPECT_FALSE(node->ipv6.is_local(ip6(kHost)));
  inject_solicitation(kHost, "fe80::7");
  EXPECT_EQ(drops(DropReason::ndp_not_for_us), 1u);
  EXPECT_EQ(story.notes.back().substr(story.notes.back().find("address")),
            "address-duplicate: somebody has 2001:db8::1 on eth0 already");
}

TEST_F(DadTest, SomebodyIsAboutToTakeIt) {
  start_tentative();
  inject_solicitation(kHost, "::");
  EXPECT_EQ(state_of(kHost), "duplicate");
  inject_solicitation("fe80::ff:fe00:1", "fe80::7");  // who resolves it meets no answer yet
  EXPECT_EQ(drops(DropReason::ndp_not_for_us), 1u);
  EXPECT_EQ(state_of("fe80::ff:fe00:1"), "tentative");
}

TEST_F(DadTest, ALinkThatComesUpIsAskedAnew) {
  start_tentative();
  run_for(Duration::seconds(3));
  EXPECT_EQ(state_of(kHost), "preferred");
  wire0->up = false;
  eth0->link_changed();
  EXPECT_EQ(state_of(kHost), "preferred");
  wire0->up = true;
  eth0->link_changed();
  EXPECT_EQ(state_of(kHost), "tentative");
  run_for(Duration::seconds(3));
  EXPECT_EQ(state_of(kHost), "preferred");
  EXPECT_EQ(solicitations(), 4u);
}

TEST_F(DadTest, AnAddressThatIsTakenAwayIsNotAskedFor) {
  start_tentative();
  ASSERT_TRUE(node->ipv6.remove_address(*eth0, ip6(kHost)));
  run_for(Duration::seconds(3));
  EXPECT_EQ(solicitations(), 1u);
}

TEST_F(IpTest, TwoHostsAndARouterOverIpv6) {
  Ipv6Config router;
  router.forwarding = true;
  TestNode& a = add_node("a");
  TestNode& r = add_node("r", {}, router);
  TestNode& b = add_node("b");
  Interface& a0 = add_interface(a, "eth0", 1, nullptr);
  Interface& r0 = add_interface(r, "eth0", 2, nullptr);
  Interface& r1 = add_interface(r, "eth1", 3, nullptr);
  Interface& b0 = add_interface(b, "eth0", 4, nullptr);
  join(a0, r0);
  join(r1, b0);
  ASSERT_TRUE(a.ipv6.add_address(a0, net6("2001:db8:a::1/64")));
  ASSERT_TRUE(r.ipv6.add_address(r0, net6("2001:db8:a::2/64")));
  ASSERT_TRUE(r.ipv6.add_address(r1, net6("2001:db8:b::2/64")));
  ASSERT_TRUE(b.ipv6.add_address(b0, net6("2001:db8:b::1/64")));
  ASSERT_TRUE(a.ipv6.set_default_route(ip6("2001:db8:a::2")));
  ASSERT_TRUE(b.ipv6.set_default_route(ip6("2001:db8:b::2")));
  run_for(Duration::seconds(3));
  SendOptions options;
  options.destination = ip6("2001:db8:b::1");
  options.protocol = 17;
  ASSERT_TRUE(a.ipv6.output(make_packet(pattern(5000)), options));
  run_for(Duration::seconds(1));
  ASSERT_EQ(b.udp.got.size(), 1u);
  EXPECT_EQ(b.udp.got[0].bytes, pattern(5000));
  EXPECT_EQ(b.udp.got[0].delivery.ttl, 63);
}

}  // namespace
}  // namespace catenet::ip
