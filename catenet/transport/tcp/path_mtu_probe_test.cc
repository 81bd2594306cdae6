// SPDX-License-Identifier: Apache-2.0
#include "catenet/transport/tcp/path_mtu_probe.h"

#include <gtest/gtest.h>

#include <vector>

namespace catenet::transport {
namespace {

constexpr Instant kProbeEpoch = Instant::zero();

// What is tried one after the other when the path takes `truth`.
std::vector<std::uint32_t> search(PathMtuProbe& probe, std::uint32_t truth, std::uint32_t threshold = 8) {
  std::vector<std::uint32_t> tried;
  while (const std::uint32_t size = probe.next_size(threshold)) {
    tried.push_back(size);
    probe.sent(size, 1, 1 + size);
    size <= truth ? probe.succeeded() : probe.failed();
    EXPECT_FALSE(probe.is_out());
  }
  return tried;
}

TEST(PathMtuProbe, HalvesWhatIsLeft) {
  PathMtuProbe probe(1024, 1460, kProbeEpoch);
  EXPECT_EQ(search(probe, 1240), (std::vector<std::uint32_t>{1242, 1132, 1186, 1213, 1227, 1234}));
  EXPECT_EQ(probe.low(), 1234U);
  EXPECT_EQ(probe.high(), 1241U);
}

TEST(PathMtuProbe, NeverClaimsMoreThanThePathTakesAndMissesLessThanTheThreshold) {
  for (std::uint32_t truth = 1024; truth <= 8960; truth += 7) {
    PathMtuProbe probe(1024, 8960, kProbeEpoch);
    EXPECT_LE(search(probe, truth).size(), 13U);
    EXPECT_LE(probe.low(), truth);
    EXPECT_GT(probe.low() + 8, truth);
  }
}

TEST(PathMtuProbe, ASearchWithoutThresholdEnds) {
  PathMtuProbe probe(1024, 1460, kProbeEpoch);
  (void)search(probe, 1460, 0);
  EXPECT_EQ(probe.low(), 1459U);
}

TEST(PathMtuProbe, ABaseAboveWhatIsPossibleIsCut) {
  PathMtuProbe probe(1024, 536, kProbeEpoch);
  EXPECT_EQ(probe.low(), 536U);
  EXPECT_EQ(probe.next_size(8), 0U);
}

TEST(PathMtuProbe, WhatIsSaidOfThePathCounts) {
  PathMtuProbe probe(1024, 1460, kProbeEpoch);
  probe.limit(1300);
  EXPECT_EQ(probe.next_size(8), 1162U);
  probe.limit(1400);  // says nothing new
  EXPECT_EQ(probe.high(), 1300U);
  probe.limit(500);
  EXPECT_EQ(probe.low(), 500U);
  EXPECT_EQ(probe.next_size(8), 0U);
}

TEST(PathMtuProbe, ABlackHoleLowersTheBaseOnly) {
  PathMtuProbe probe(1024, 1460, kProbeEpoch);
  probe.sent(1242, 1, 1243);
  probe.suspect(512);
  EXPECT_FALSE(probe.is_out());
  EXPECT_EQ(probe.low(), 512U);
  EXPECT_EQ(probe.high(), 1460U);
  probe.suspect(700);  // never up again by suspicion
  EXPECT_EQ(probe.low(), 512U);
}

TEST(PathMtuProbe, SearchesAgainAfterTheInterval) {
  PathMtuProbe probe(1024, 1460, kProbeEpoch);
  (void)search(probe, 1240);
  EXPECT_FALSE(probe.search_again(1460, Duration::seconds(600), kProbeEpoch + Duration::seconds(599)));
  EXPECT_EQ(probe.high(), 1241U);
  EXPECT_TRUE(probe.search_again(1460, Duration::seconds(600), kProbeEpoch + Duration::seconds(600)));
  EXPECT_EQ(probe.low(), 1234U);
  EXPECT_EQ(probe.high(), 1460U);
  EXPECT_FALSE(probe.search_again(1460, Duration::seconds(600), kProbeEpoch + Duration::seconds(601)));
  (void)search(probe, 1460);
  EXPECT_GT(probe.low() + 8, 1460U);
}

}  // namespace
}  // namespace catenet::transport
