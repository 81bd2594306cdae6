// SPDX-License-Identifier: Apache-2.0
// Also of sha256.cc and flow_meter.cc.
#include "catenet/app/content.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "catenet/app/flow_meter.h"
#include "catenet/app/sha256.h"
#include "catenet/socket/operation.h"

namespace catenet::app {
namespace {
using namespace literals;
using socket::as_bytes;

TEST(Content, IsTheSameFromAnyOffset) {
  const Content content("x");
  std::vector<std::byte> whole(5000);
  content.fill(0, whole);
  for (const std::size_t from : {1UL, 7UL, 8UL, 9UL, 1023UL, 4999UL}) {
    std::vector<std::byte> part(whole.size() - from);
    content.fill(from, part);
    EXPECT_EQ(std::memcmp(part.data(), whole.data() + from, part.size()), 0) << from;
  }
  EXPECT_EQ(content.matching(0, whole), whole.size());
  whole[3210] ^= std::byte{1};
  EXPECT_EQ(content.matching(0, whole), 3210U);
  EXPECT_EQ(content.matching(1, std::span(whole).first(100)), 0U) << "bytes out of their place are seen";
  std::vector<std::byte> other(64);
  Content("y").fill(0, other);
  EXPECT_NE(std::memcmp(other.data(), whole.data(), other.size()), 0);
}

// FIPS 180-4 examples, as published with the standard (and RFC 6234 8.5).
TEST(Sha256, PublishedExamples) {
  Sha256 sha;
  sha.update(as_bytes("abc"));
  EXPECT_EQ(hex_text(sha.finish()), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex_text(sha.finish()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  sha.update(as_bytes("abcdbcdecdefdefgefghfghighijhi"));
  sha.update(as_bytes("jkijkljklmklmnlmnomnopnopq"));
  EXPECT_EQ(hex_text(sha.finish()), "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  const std::string million(1'000'000, 'a');
  sha.update(as_bytes(million));
  EXPECT_EQ(hex_text(sha.finish()), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

// RFC 4648 10.
TEST(Base64, PublishedExamples) {
  EXPECT_EQ(base64_text(as_bytes("")), "");
  EXPECT_EQ(base64_text(as_bytes("f")), "Zg==");
  EXPECT_EQ(base64_text(as_bytes("fo")), "Zm8=");
  EXPECT_EQ(base64_text(as_bytes("foo")), "Zm9v");
  EXPECT_EQ(base64_text(as_bytes("foob")), "Zm9vYg==");
  EXPECT_EQ(base64_text(as_bytes("fooba")), "Zm9vYmE=");
  EXPECT_EQ(base64_text(as_bytes("foobar")), "Zm9vYmFy");
}

// RFC 3550 A.8: packets of 160 ticks (8 kHz) that arrive at these ticks; the estimate after each by hand.
TEST(Jitter, RtpExample) {
  const std::int64_t arrivals[] = {0, 165, 320, 500, 640, 790, 960, 1130, 1280, 1500};
  const std::int64_t ticks[] = {0, 0, 0, 1, 2, 3, 3, 4, 4, 8};
  const double exact[] = {0, .3125, .6055, 1.8176, 2.9540, 3.3944, 3.8072, 4.1943, 4.5572, 8.0223};
  Jitter in_ticks;
  Jitter in_ns;
  constexpr std::int64_t kNsPerTick = 125'000;
  for (std::int64_t i = 0; i < 10; ++i) {
    const std::int64_t transit = arrivals[i] - 160 * i;
    in_ticks.input(transit);
    in_ns.input(transit * kNsPerTick);
    EXPECT_EQ(in_ticks.value(), ticks[i]) << i;
    EXPECT_NEAR(static_cast<double>(in_ns.value()) / kNsPerTick, exact[i], 1e-4) << i;
  }
}

TEST(FlowMeter, LossOrderDuplicatesLatency) {
  FlowMeter flow;
  const auto input = [&](std::uint64_t n, Duration latency) {
    flow.input(n, Instant::from_ns(1000), Instant::from_ns(1000) + latency);
  };
  input(0, 10_ms);
  input(1, 20_ms);
  input(4, 30_ms);
  EXPECT_EQ(flow.lost(), 2U);
  input(2, 60_ms);
  EXPECT_EQ(flow.lost(), 1U) << "a late one is not lost";
  EXPECT_EQ(flow.reordered(), 1U);
  input(4, 90_ms);
  input(2, 90_ms);
  EXPECT_EQ(flow.duplicates(), 2U);
  EXPECT_EQ(flow.received(), 6U);
  EXPECT_EQ(flow.unique(), 4U);
  EXPECT_EQ(flow.latency_sum(), 120_ms);
  EXPECT_EQ(flow.latency_max(), 60_ms);
  input(5000, 1_ms);
  EXPECT_EQ(flow.lost(), 5001U - 5U);
  input(4, 1_ms);
  EXPECT_EQ(flow.reordered(), 2U) << "older than the window: not known as a duplicate";
  input(4999, 1_ms);
  EXPECT_EQ(flow.reordered(), 3U);
}

TEST(Probe, OnlyItsOwnDatagrams) {
  Probe probe;
  probe.sequence = 7;
  probe.sent_ns = 99;
  std::vector<std::byte> bytes(100);
  std::memcpy(bytes.data(), &probe, sizeof probe);
  ASSERT_TRUE(Probe::parse(bytes));
  EXPECT_EQ(Probe::parse(bytes)->sequence, 7U);
  EXPECT_FALSE(Probe::parse(std::span(bytes).first(23)));
  bytes[8] = std::byte{0xff};
  EXPECT_FALSE(Probe::parse(bytes)) << "a sequence number that would overflow our sums";
  bytes[8] = std::byte{0};
  bytes[0] = std::byte{0};
  EXPECT_FALSE(Probe::parse(bytes));
}

}  // namespace
}  // namespace catenet::app
