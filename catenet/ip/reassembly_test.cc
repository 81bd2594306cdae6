// SPDX-License-Identifier: Apache-2.0
#include "catenet/ip/reassembly.h"

#include <algorithm>

#include "catenet/base/rng.h"
#include "catenet/ip/ip_test_net.h"

namespace catenet::ip {
namespace {

class ReassemblyTest : public OneHost {
 protected:
  /// Bytes [begin, end) of pattern(total), as a fragment.
  void piece(std::size_t begin, std::size_t end, std::size_t total, std::uint16_t id = 1) {
    const ByteString all = pattern(total);
    const auto more = end < total ? Ipv4Header::kMoreFragments : std::uint16_t{0};
    inject_ip({.id = id,
               .fragment = static_cast<std::uint16_t>(more | begin / 8),
               .payload = ByteString(all.begin() + static_cast<std::ptrdiff_t>(begin),
                                     all.begin() + static_cast<std::ptrdiff_t>(end))});
  }
  [[nodiscard]] std::size_t waiting() const {
    return node->ipv4.reassembly() != nullptr ? node->ipv4.reassembly()->datagrams() : 0;
  }
};

TEST_F(ReassemblyTest, AnyOrderAnyCut) {
  start();
  Rng rng(5);
  for (int round = 0; round < 200; ++round) {
    const std::size_t total = 1 + rng.below(1400);
    std::vector<std::pair<std::size_t, std::size_t>> cuts;
    for (std::size_t at = 0; at < total;) {
      const std::size_t end = std::min(total, at + 8 * (1 + rng.below(20)));
      cuts.emplace_back(at, end);
      at = end;
    }
    if (cuts.size() < 2) {
      continue;
    }
    for (std::size_t i = cuts.size(); i > 1; --i) {
      std::swap(cuts[i - 1], cuts[rng.below(i)]);
    }
    const std::size_t before = node->udp.got.size();
    for (const auto& [begin, end] : cuts) {
      EXPECT_EQ(node->udp.got.size(), before);
      piece(begin, end, total, static_cast<std::uint16_t>(round));
    }
    ASSERT_EQ(node->udp.got.size(), before + 1);
    EXPECT_EQ(node->udp.got.back().bytes, pattern(total));
    EXPECT_EQ(node->udp.got.back().checksum, ChecksumState::unverified);
  }
  EXPECT_EQ(waiting(), 0u);
  EXPECT_EQ(node->ipv4.reassembly()->bytes(), 0u);
}

TEST_F(ReassemblyTest, DuplicatesAreTolerated) {
  start();
  piece(0, 80, 200);
  piece(0, 80, 200);
  piece(80, 160, 200);
  piece(80, 160, 200);
  piece(160, 200, 200);
  EXPECT_EQ(drops(DropReason::fragment_duplicate), 2u);
  ASSERT_EQ(node->udp.got.size(), 1u);
  EXPECT_EQ(node->udp.got[0].bytes, pattern(200));
}

TEST_F(ReassemblyTest, OverlapKillsTheDatagram) {
  start();
  piece(0, 80, 200, 1);
  piece(72, 160, 200, 1);
  EXPECT_EQ(drops(DropReason::fragment_overlap), 2u);
  piece(80, 160, 200, 2);
  piece(80, 120, 200, 2);
  EXPECT_EQ(drops(DropReason::fragment_overlap), 4u);
  piece(80, 160, 200, 3);
  piece(0, 88, 200, 3);
  EXPECT_EQ(drops(DropReason::fragment_overlap), 6u);
  EXPECT_EQ(waiting(), 0u);
  EXPECT_TRUE(node->udp.got.empty());
}

TEST_F(ReassemblyTest, ContradictionsKillTheDatagram) {
  start();
  piece(80, 160, 160, 1);   // the last one
  piece(160, 240, 400, 1);  // behind the end
  EXPECT_EQ(drops(DropReason::bad_fragment), 2u);
  piece(160, 240, 400, 2);
  piece(0, 80, 80, 2);  // the last one, before what is there: it is whole, so no fragment
  EXPECT_EQ(node->udp.got.size(), 1u);
  piece(80, 120, 120, 2);  // the end lies before data
  EXPECT_EQ(drops(DropReason::bad_fragment), 4u);
  EXPECT_EQ(waiting(), 0u);
}

TEST_F(ReassemblyTest, ImpossibleFragments) {
  start();
  inject_ip({.fragment = Ipv4Header::kMoreFragments, .payload = pattern(9)});  // not a multiple of eight
  inject_ip({.fragment = Ipv4Header::kMoreFragments, .payload = {}});
  inject_ip({.fragment = 0x1fff, .payload = pattern(100)});  // the ping of death: beyond 65,535
  EXPECT_EQ(drops(DropReason::bad_fragment), 3u);
  EXPECT_EQ(waiting(), 0u);
}

TEST_F(ReassemblyTest, TimeoutIsReportedOnlyWithFragmentZero) {
  start();
  teach(*node, *eth0, "10.0.0.2", 2);
  piece(80, 160, 240, 1);
  run_for(Duration::seconds(10));
  piece(0, 80, 240, 2);
  run_for(Duration::milliseconds(49'999));
  EXPECT_EQ(drops(DropReason::reassembly_timeout), 0u);
  run_for(Duration::milliseconds(2));
  EXPECT_EQ(drops(DropReason::reassembly_timeout), 1u);
  EXPECT_TRUE(wire0->frames.empty());
  teach(*node, *eth0, "10.0.0.2", 2);
  run_for(Duration::seconds(10));
  EXPECT_EQ(drops(DropReason::reassembly_timeout), 2u);
  ASSERT_EQ(wire0->frames.size(), 1u);
  EXPECT_EQ(wire0->frames[0].icmp().type, 11);
  EXPECT_EQ(wire0->frames[0].icmp().code, 1);
  EXPECT_EQ(wire0->frames[0].at.ns(), 70'000'000'000);
}

TEST_F(ReassemblyTest, LimitOfDatagrams) {
  Ipv4Config config;
  config.reassembly.datagrams = 2;
  start(config);
  piece(0, 80, 160, 1);
  piece(0, 80, 160, 2);
  piece(0, 80, 160, 3);
  EXPECT_EQ(drops(DropReason::reassembly_full), 1u);
  piece(80, 160, 160, 2);
  piece(80, 160, 160, 3);
  EXPECT_EQ(node->udp.got.size(), 2u);
}

TEST_F(ReassemblyTest, LimitOfBytes) {
  Ipv4Config config;
  config.reassembly.bytes = 1000;
  start(config);
  piece(0, 800, 1600, 1);
  piece(0, 800, 1000, 2);
  EXPECT_EQ(drops(DropReason::reassembly_full), 1u);  // the older one went
  piece(800, 1000, 1000, 2);
  EXPECT_EQ(node->udp.got.size(), 1u);
  piece(0, 800, 1600, 3);
  piece(800, 1600, 1600, 3);  // larger than all we have
  EXPECT_EQ(drops(DropReason::reassembly_full), 3u);
  EXPECT_EQ(node->ipv4.reassembly()->bytes(), 0u);
}

TEST_F(ReassemblyTest, LimitOfFragments) {
  Ipv4Config config;
  config.reassembly.fragments = 3;
  start(config);
  for (std::size_t i = 0; i < 4; ++i) {
    piece(i * 8, i * 8 + 8, 400);
  }
  EXPECT_EQ(drops(DropReason::reassembly_full), 4u);
  EXPECT_EQ(waiting(), 0u);
}

TEST_F(ReassemblyTest, TheLargestDatagram) {
  start();
  const std::size_t total = 65515;
  for (std::size_t at = 0; at < total; at += 1480) {
    piece(at, std::min(total, at + 1480), total);
  }
  ASSERT_EQ(node->udp.got.size(), 1u);
  EXPECT_EQ(node->udp.got[0].bytes, pattern(total));
}

TEST_F(ReassemblyTest, WhatWaitsAtTheEndIsNamed) {
  start();
  piece(0, 80, 160);
  nodes_.clear();
  EXPECT_EQ(drops(DropReason::run_ended), 1u);
}

}  // namespace
}  // namespace catenet::ip
