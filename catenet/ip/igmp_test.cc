// SPDX-License-Identifier: Apache-2.0
// The members' side of IGMP, and with it of GroupReporter: what is said when, to whom, and in which words. A bridge of
// Linux believes it in run/groups_kernel_test.cc. Covers group_reporter.cc.
#include "catenet/ip/igmp.h"

#include <gtest/gtest.h>

#include "catenet/ip/ip_test_net.h"

namespace catenet::ip {
namespace {

using namespace catenet::literals;
using wire::IgmpHeader;
using wire::IgmpType;

constexpr wire::Ipv4Address kTheGroup(239, 1, 1, 1);
constexpr std::uint8_t kIgmpProtocol = 2;

class IgmpTest : public OneHost {
 protected:
  void SetUp() override { start(); }
  /// "join 239.1.1.1 at 0 s" of each message that was sent since this was last asked.
  std::vector<std::string> said() {
    std::vector<std::string> words;
    for (; looked_ < wire0->frames.size(); ++looked_) {
      const Sent& sent = wire0->frames[looked_];
      if (!sent.is_ip() || sent.ip().protocol != kIgmpProtocol) {
        continue;
      }
      EXPECT_EQ(sent.ip().ttl, 1);
      EXPECT_EQ(sent.ip().header_size(), 24U) << "router alert";
      EXPECT_EQ(sent.bytes[34], std::byte{0x94});
      const ByteString message = sent.payload();
      EXPECT_EQ(internet_checksum(message), 0);
      words.push_back(word_of(message) + " to " + wire::Ipv4Address(sent.ip().destination).to_string());
      EXPECT_EQ(sent.eth().destination, Traits<wire::Ipv4Address>::link_group(sent.ip().destination));
    }
    return words;
  }
  static std::string word_of(const ByteString& message) {
    const auto* header = wire::view<IgmpHeader>(message);
    if (header->kind() == IgmpType::kReportV2) {
      return "report2 " + wire::Ipv4Address(header->group).to_string();
    }
    if (header->kind() == IgmpType::kLeave) {
      return "leave2 " + wire::Ipv4Address(header->group).to_string();
    }
    const auto* report = wire::view<wire::IgmpReport>(message);
    constexpr const char* kWords[] = {"?", "include", "is in", "leave", "join"};
    return std::string(kWords[report->record]) + " " + wire::Ipv4Address(report->group).to_string();
  }
  void query(wire::Ipv4Address group, std::uint8_t max_response, bool version3 = true) {
    IgmpHeader header;
    header.type = static_cast<std::uint8_t>(IgmpType::kQuery);
    header.max_response = max_response;
    header.group = group;
    say(header, version3 ? 4 : 0, group.is_unspecified() ? "224.0.0.1" : group.to_string());
  }
  void say(IgmpHeader header, std::size_t more, const std::string& to, const char* from = "10.0.0.2",
           std::uint8_t ttl = 1) {
    ByteString message(sizeof header + more);
    std::memcpy(message.data(), &header, sizeof header);
    const be16 checksum = internet_checksum(message);
    std::memcpy(message.data() + 2, &checksum, 2);
    Fields fields{.source = from, .destination = to.c_str(), .protocol = kIgmpProtocol, .ttl = ttl};
    fields.payload = message;
    wire0->inject(make_frame(Traits<wire::Ipv4Address>::link_group(ip4(fields.destination)), mac(2), EtherType::kIpv4,
                             make_ip(fields)));
  }
  using Words = std::vector<std::string>;
  std::size_t looked_ = 0;
};

TEST_F(IgmpTest, AChangeIsToldAtOnceAndOnceMore) {
  ASSERT_TRUE(node->ipv4.join(kTheGroup, eth0));
  EXPECT_EQ(said(), Words{"join 239.1.1.1 to 224.0.0.22"});
  ASSERT_TRUE(node->ipv4.join(kTheGroup, eth0)) << "a second member says nothing new";
  run_for(1_s);
  EXPECT_EQ(said(), Words{"join 239.1.1.1 to 224.0.0.22"});
  run_for(1000_s);
  node->ipv4.leave(kTheGroup, eth0);
  EXPECT_EQ(said(), Words{});
  node->ipv4.leave(kTheGroup, eth0);
  EXPECT_EQ(said(), Words{"leave 239.1.1.1 to 224.0.0.22"});
  run_for(1000_s);
  EXPECT_EQ(said(), Words{"leave 239.1.1.1 to 224.0.0.22"});
}

TEST_F(IgmpTest, WhatEverybodyHearsIsNotTold) {
  ASSERT_TRUE(node->ipv4.join(ip4("224.0.0.1"), eth0));
  ASSERT_TRUE(node->ipv4.join(kTheGroup)) << "on no interface of its own";
  run_for(10_s);
  EXPECT_EQ(said(), Words{});
  query({}, 10);
  EXPECT_EQ(drops(DropReason::unknown_protocol), 1U) << "nobody to ask";
}

TEST_F(IgmpTest, QueriesAreAnsweredInTime) {
  ASSERT_TRUE(node->ipv4.join(kTheGroup, eth0));
  ASSERT_TRUE(node->ipv4.join(ip4("239.1.1.2"), eth0));
  run_for(10_s);
  (void)said();
  query({}, 100);  // ten seconds
  EXPECT_EQ(said(), Words{});
  run_for(10_s);
  Words words = said();
  std::ranges::sort(words);
  EXPECT_EQ(words, (Words{"is in 239.1.1.1 to 224.0.0.22", "is in 239.1.1.2 to 224.0.0.22"}));
  query(kTheGroup, 10);
  query(kTheGroup, 10);
  run_for(1_s);
  EXPECT_EQ(said(), Words{"is in 239.1.1.1 to 224.0.0.22"}) << "one answer";
  query(ip4("239.1.1.2"), 0);  // at once: within the shortest time there is
  run_for(100_ms);
  EXPECT_EQ(said(), Words{"is in 239.1.1.2 to 224.0.0.22"});
}

TEST_F(IgmpTest, AnOldQuerierIsAnsweredInItsWords) {
  ASSERT_TRUE(node->ipv4.join(kTheGroup, eth0));
  run_for(10_s);
  (void)said();
  query({}, 100, false);
  run_for(10_s);
  EXPECT_EQ(said(), Words{"report2 239.1.1.1 to 239.1.1.1"});
  query({}, 100, false);
  IgmpHeader other;
  other.type = static_cast<std::uint8_t>(IgmpType::kReportV2);
  other.group = kTheGroup;
  say(other, 0, "239.1.1.1");
  run_for(10_s);
  EXPECT_EQ(said(), Words{}) << "another one has said so";
  node->ipv4.leave(kTheGroup, eth0);
  run_for(10_s);
  EXPECT_EQ(said(), Words{"leave2 239.1.1.1 to 224.0.0.2"});
  run_for(260_s);
  ASSERT_TRUE(node->ipv4.join(kTheGroup, eth0));
  EXPECT_EQ(said(), Words{"join 239.1.1.1 to 224.0.0.22"}) << "it has been silent for long";
}

TEST_F(IgmpTest, ASwitchWithoutAnAddressMayAsk) {
  ASSERT_TRUE(node->ipv4.join(kTheGroup, eth0));
  run_for(10_s);
  (void)said();
  IgmpHeader header;
  header.type = static_cast<std::uint8_t>(IgmpType::kQuery);
  header.group = kTheGroup;
  for (const char* to : {"224.0.0.1", "239.1.1.1"}) {  // RFC 4541 2.1.1
    say(header, 4, to, "0.0.0.0");
    run_for(1_s);
    EXPECT_EQ(said(), Words{"is in 239.1.1.1 to 224.0.0.22"});
  }
  inject_ip({.source = "0.0.0.0", .destination = "239.1.1.1"});
  EXPECT_EQ(drops(DropReason::martian_source), 1U) << "nobody else";
}

TEST_F(IgmpTest, WhoLeavesEverNewGroupsIsNotRememberedForEver) {
  constexpr auto kMost = static_cast<std::uint32_t>(Igmp::kMostGoing);
  for (std::uint32_t i = 0; i < kMost + 100; ++i) {
    const wire::Ipv4Address group(kTheGroup.value() + i);
    ASSERT_TRUE(node->ipv4.join(group, eth0));
    node->ipv4.leave(group, eth0);
  }
  EXPECT_EQ(said().size(), 2 * (kMost + 100)) << "each is told of at once";
  run_for(10_s);
  EXPECT_EQ(said().size(), kMost) << "and as many as there is room for once more";
  ASSERT_TRUE(node->ipv4.join(kTheGroup, eth0));
  node->ipv4.leave(kTheGroup, eth0);
  run_for(10_s);
  EXPECT_EQ(said(),
            (Words{"join 239.1.1.1 to 224.0.0.22", "leave 239.1.1.1 to 224.0.0.22", "leave 239.1.1.1 to 224.0.0.22"}))
      << "now there is room again";
}

TEST_F(IgmpTest, ANewLinkIsToldAgain) {
  ASSERT_TRUE(node->ipv4.join(kTheGroup, eth0));
  run_for(10_s);
  (void)said();
  node->link_changed(*eth0);
  EXPECT_EQ(said(), Words{"join 239.1.1.1 to 224.0.0.22"});
  node->ipv4.leave(kTheGroup, eth0, false);
  run_for(10_s);
  EXPECT_EQ(said(), Words{}) << "a host that ends says nothing, not even for the second time";
}

TEST_F(IgmpTest, NonsenseIsDroppedByName) {
  ASSERT_TRUE(node->ipv4.join(kTheGroup, eth0));
  IgmpHeader header;
  header.type = static_cast<std::uint8_t>(IgmpType::kQuery);
  say(header, 2, "224.0.0.1");  // neither of version 2 nor of 3
  Fields fields{.destination = "224.0.0.1", .protocol = kIgmpProtocol, .ttl = 1};
  fields.payload = pattern(8);
  wire0->inject(
      make_frame(Traits<wire::Ipv4Address>::link_group(ip4("224.0.0.1")), mac(2), EtherType::kIpv4, make_ip(fields)));
  EXPECT_EQ(drops(DropReason::bad_igmp), 2U);
}

TEST_F(IgmpTest, WhoIsNotOnTheLinkIsNotAnswered) {
  ASSERT_TRUE(node->ipv4.join(kTheGroup, eth0));
  run_for(10_s);
  (void)said();
  IgmpHeader header;
  header.type = static_cast<std::uint8_t>(IgmpType::kQuery);
  header.max_response = 10;
  say(header, 4, "224.0.0.1", "10.0.0.2", 2);  // a router would have counted its TTL down to this
  run_for(10_s);
  EXPECT_EQ(said(), Words{});
  EXPECT_EQ(drops(DropReason::bad_igmp), 1U);
}

TEST(IgmpConfig, ReportsCanBeSwitchedOff) {
  Scheduler scheduler;
  PacketPool pool;
  Environment environment{scheduler, pool, 1};
  Ipv4Config config;
  config.report_groups = false;
  TestNode node(environment, 1, "quiet", config);
  Tap tap(environment);
  Interface& eth0 = node.add_interface("eth0");
  eth0.set_link_layer(std::make_unique<link::EthernetLink>());
  eth0.set_qdisc(std::make_unique<queue::Fifo>());
  eth0.attach(tap);
  ASSERT_TRUE(node.ipv4.join(kTheGroup, &eth0));
  EXPECT_TRUE(tap.frames.empty());
}

}  // namespace
}  // namespace catenet::ip
