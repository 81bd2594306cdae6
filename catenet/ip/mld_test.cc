// SPDX-License-Identifier: Apache-2.0
// What MLD has of its own: its messages, their headers, who may ask. When things are said is tested in igmp_test.cc.
#include "catenet/ip/mld.h"

#include <gtest/gtest.h>

#include "catenet/ip/ipv6_test_net.h"
#include "catenet/wire/mld.h"
#include "catenet/wire/pseudo_header.h"

namespace catenet::ip {
namespace {

using namespace catenet::literals;

class MldTest : public IpTest {
 protected:
  void SetUp() override {
    Ipv6Config config;
    config.dad_transmits = 0;
    node = &add_node("host", {}, config);
    eth0 = &add_interface(*node, "eth0", 1, nullptr);
    wire0 = &tap(*eth0);
    ASSERT_TRUE(node->ipv6.enable(*eth0));
  }
  static std::uint16_t sum_of(const wire::Ipv6Header& header, std::span<const std::byte> message) {
    const wire::Ipv6PseudoHeader pseudo{.source = header.source,
                                        .destination = header.destination,
                                        .length = static_cast<std::uint32_t>(message.size()),
                                        .next_header = 58};
    return checksum_finish(checksum_add(message, checksum_add(wire::bytes_of(pseudo))));
  }
  std::vector<std::string> said() {
    std::vector<std::string> words;
    for (; looked_ < wire0->frames.size(); ++looked_) {
      const Sent& sent = wire0->frames[looked_];
      if (sent.eth().type != 0x86dd || sent.ip6().next() != wire::IpProtocol::kHopByHop) {
        continue;
      }
      EXPECT_EQ(sent.ip6().hop_limit, 1);
      EXPECT_TRUE(wire::Ipv6Address(sent.ip6().source).is_link_local());
      const ByteString payload = sent.payload6();
      EXPECT_EQ((ByteString(payload.begin(), payload.begin() + 8)),
                (ByteString{std::byte{58}, std::byte{0}, std::byte{5}, std::byte{2}, std::byte{0}, std::byte{0},
                            std::byte{1}, std::byte{0}}))
          << "router alert";
      const auto message = std::span(payload).subspan(8);
      EXPECT_EQ(sum_of(sent.ip6(), message), 0);
      const std::string to = " to " + wire::Ipv6Address(sent.ip6().destination).to_string();
      if (const auto* report = wire::view<wire::MldReport>(message); report != nullptr && report->type == 143) {
        words.push_back("record " + std::to_string(report->record) + " " + report->group.to_string() + to);
      } else {
        const auto* old = wire::view<wire::MldMessage>(message);
        words.push_back("type " + std::to_string(old->type) + " " + old->group.to_string() + to);
      }
    }
    return words;
  }
  void query(std::size_t size, const char* source = "fe80::2", std::uint8_t hop_limit = 1) {
    ByteString message(size);
    message[0] = std::byte{130};
    message[5] = std::byte{100};  // milliseconds
    wire::Ipv6Header header;
    header.payload_length = static_cast<std::uint16_t>(size);
    header.next_header = 58;
    header.hop_limit = hop_limit;
    header.source = ip6(source);
    header.destination = ip6("ff02::1");
    const be16 checksum = sum_of(header, message);
    std::memcpy(message.data() + 2, &checksum, 2);
    ByteString packet(sizeof header);
    std::memcpy(packet.data(), &header, sizeof header);
    packet.insert(packet.end(), message.begin(), message.end());
    wire0->inject(
        make_frame(Traits<wire::Ipv6Address>::link_group(header.destination), mac(2), EtherType::kIpv6, packet));
  }
  using Words = std::vector<std::string>;
  TestNode* node = nullptr;
  Interface* eth0 = nullptr;
  Tap* wire0 = nullptr;
  std::size_t looked_ = 0;
};

TEST_F(MldTest, ChangesAreToldToAllWhoListen) {
  ASSERT_TRUE(node->ipv6.join(ip6("ff15::9"), eth0));
  run_for(1_s);
  EXPECT_EQ(said(), (Words{"record 4 ff15::9 to ff02::16", "record 4 ff15::9 to ff02::16"}));
  node->ipv6.leave(ip6("ff15::9"), eth0);
  run_for(1_s);
  EXPECT_EQ(said(), (Words{"record 3 ff15::9 to ff02::16", "record 3 ff15::9 to ff02::16"}));
}

TEST_F(MldTest, WhatStaysInTheHostIsNotTold) {
  ASSERT_TRUE(node->ipv6.join(ip6("ff11::9"), eth0));
  ASSERT_TRUE(node->ipv6.join(ip6("ff02::1"), eth0));
  run_for(1_s);
  EXPECT_EQ(said(), Words{});
  query(28);
  EXPECT_EQ(drops(DropReason::icmp_ignored), 1U);
}

TEST_F(MldTest, QueriesOfBothVersionsAreAnswered) {
  ASSERT_TRUE(node->ipv6.join(ip6("ff15::9"), eth0));
  run_for(10_s);
  (void)said();
  query(28);
  run_for(100_ms);
  EXPECT_EQ(said(), Words{"record 2 ff15::9 to ff02::16"});
  query(24);
  run_for(100_ms);
  EXPECT_EQ(said(), Words{"type 131 ff15::9 to ff15::9"});
  node->ipv6.leave(ip6("ff15::9"), eth0);
  run_for(10_s);
  EXPECT_EQ(said(), Words{"type 132 ff15::9 to ff02::2"});
}

TEST_F(MldTest, OnlyNeighboursMayAsk) {
  ASSERT_TRUE(node->ipv6.join(ip6("ff15::9"), eth0));
  run_for(10_s);
  (void)said();
  query(28, "2001:db8::2");
  query(28, "fe80::2", 2);
  query(26);
  run_for(10_s);
  EXPECT_EQ(said(), Words{});
  EXPECT_EQ(drops(DropReason::bad_icmp), 3U);
}

}  // namespace
}  // namespace catenet::ip
