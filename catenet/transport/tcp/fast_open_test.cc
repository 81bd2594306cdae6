// SPDX-License-Identifier: Apache-2.0
#include "catenet/transport/tcp/fast_open.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace catenet::transport {
namespace {

using namespace catenet::literals;

wire::FourTuple ends(const char* server, const char* client) {
  return {{*wire::IpAddress::parse(server), 80}, {*wire::IpAddress::parse(client), 1234}};
}

// "a1a1a1a1-b2b2b2b2-...", as Linux's tcp_fastopen_key writes it: four words, the lowest byte first in memory.
FastOpenKeys::Key key(const char* text) {
  unsigned words[4] = {};
  EXPECT_EQ(std::sscanf(text, "%x-%x-%x-%x", &words[0], &words[1], &words[2], &words[3]), 4);
  FastOpenKeys::Key key{};
  for (std::size_t i = 0; i < key.size(); ++i) {
    key[i] = std::byte(words[i / 4] >> (8 * (i % 4)) & 0xff);
  }
  return key;
}

std::string hex(const wire::TcpFastOpen& option) {
  std::string text;
  for (const std::byte b : option.bytes()) {
    char pair[3];
    (void)std::snprintf(pair, sizeof pair, "%02x", std::to_integer<unsigned>(b));
    text += pair;
  }
  return text;
}

TEST(FastOpen, CookiesAreLinuxs) {  // figures that Linux's own tests and packetdrill's publish
  const FastOpenKeys usual(key("a1a1a1a1-b2b2b2b2-c3c3c3c3-d4d4d4d4"));
  EXPECT_EQ(hex(usual.cookie(ends("192.168.0.1", "192.0.2.1"), false)), "3021b9d889017eeb");
  EXPECT_EQ(hex(usual.cookie(ends("fd3d:0a0b:17d6::1", "fd3d:fa7b:d17d::1"), false)), "c1d1e9742a47a9bc");
  const FastOpenKeys zero(key("0-0-0-0"));
  EXPECT_EQ(hex(zero.cookie(ends("192.168.0.1", "192.0.2.1"), false)), "b7c12350a90dc8f5");
  EXPECT_EQ(hex(zero.cookie(ends("fd3d:0a0b:17d6::1", "fd3d:fa7b:d17d::1"), false)), "82af1a8f9a205c34");
}

TEST(FastOpen, CookiesAreJudged) {
  const wire::FourTuple tuple = ends("10.0.0.2", "10.0.0.1");
  const FastOpenKeys::Key one = key("1-2-3-4");
  const FastOpenKeys::Key two = key("5-6-7-8");
  const wire::TcpFastOpen old = FastOpenKeys(one).cookie(tuple, true);
  EXPECT_TRUE(old.experimental);
  const FastOpenKeys rotated(two, one);
  EXPECT_EQ(rotated.judge(tuple, old), FastOpenKeys::Verdict::outdated);
  EXPECT_EQ(rotated.judge(tuple, rotated.cookie(tuple, false)), FastOpenKeys::Verdict::good);
  EXPECT_EQ(FastOpenKeys(two).judge(tuple, old), FastOpenKeys::Verdict::wrong);
  EXPECT_EQ(rotated.judge(ends("10.0.0.2", "10.0.0.9"), old), FastOpenKeys::Verdict::wrong);
  wire::TcpFastOpen shorter = old;
  shorter.size = 6;
  EXPECT_EQ(rotated.judge(tuple, shorter), FastOpenKeys::Verdict::wrong);
}

TEST(FastOpen, KeysAsBytes) {
  std::array<std::byte, 48> bytes{};
  bytes[20] = std::byte{7};
  EXPECT_EQ(FastOpenKeys::from_bytes(std::span(bytes).first(15)).error().code, EINVAL);
  EXPECT_EQ(FastOpenKeys::from_bytes(bytes).error().code, EINVAL);
  EXPECT_EQ(FastOpenKeys::from_bytes(std::span(bytes).first(16))->bytes().size(), 16U);
  const auto two = FastOpenKeys::from_bytes(std::span(bytes).first(32));
  EXPECT_TRUE(std::ranges::equal(two->bytes(), std::span(bytes).first(32)));
  EXPECT_TRUE(FastOpenKeys().empty());
}

TEST(FastOpenCache, KeepsTheLatelyUsed) {
  FastOpenCache cache(2);
  const wire::IpAddress a = *wire::IpAddress::parse("10.0.0.1");
  const wire::IpAddress b = *wire::IpAddress::parse("10.0.0.2");
  const wire::IpAddress c = *wire::IpAddress::parse("10.0.0.3");
  EXPECT_EQ(cache.find(a), nullptr);
  cache.learn(a).mss = 1;
  cache.learn(b).mss = 2;
  EXPECT_EQ(cache.find(a)->mss, 1);
  cache.learn(c).mss = 3;
  EXPECT_EQ(cache.find(b), nullptr);
  EXPECT_EQ(cache.find(a)->mss, 1);
  EXPECT_EQ(cache.find(c)->mss, 3);
  cache.set_limit(1);
  EXPECT_EQ(cache.size(), 1U);
  EXPECT_NE(cache.find(c), nullptr);
  cache.clear();
  EXPECT_EQ(cache.size(), 0U);
}

TEST(FastOpenCache, LossesPauseAServer) {
  FastOpenCache cache(8);
  const wire::IpAddress a = *wire::IpAddress::parse("10.0.0.1");
  const Instant now = Instant::zero() + 100_s;
  cache.note_loss(a, now);
  EXPECT_LE(cache.find(a)->paused_until, now);  // once may be chance
  cache.note_loss(a, now);
  EXPECT_EQ(cache.find(a)->paused_until, now + 60_s);
  cache.note_loss(a, now);
  EXPECT_EQ(cache.find(a)->paused_until, now + 120_s);
  for (int i = 0; i < 300; ++i) {
    cache.note_loss(a, now);
  }
  EXPECT_EQ(cache.find(a)->paused_until, now + 64 * 60_s);
}

}  // namespace
}  // namespace catenet::transport
