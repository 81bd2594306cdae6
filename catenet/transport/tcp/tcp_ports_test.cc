// SPDX-License-Identifier: Apache-2.0
#include "catenet/transport/tcp/tcp_ports.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "catenet/base/rng.h"

namespace catenet::transport {
namespace {

class Occupant final : public TcpPortUser {
 public:
  Occupant(std::uint16_t port, bool peer, bool reuses, bool chosen)
      : TcpPortUser(Kind::connection, {{wire::Ipv4Address(0x0a000001), port},
                                       {wire::Ipv4Address(0x0a000002), static_cast<std::uint16_t>(peer ? 80 : 0)}}) {
    reuse_address_ = reuses;
    chosen_by_user_ = chosen;
    listening_ = !peer;
  }
  [[nodiscard]] bool was_chosen() const { return chosen_by_user_; }
  [[nodiscard]] std::uint16_t port() const { return tuple_.local.port; }
};

// What the books answer, asked of everybody.
bool anyone_objects(const std::vector<std::unique_ptr<Occupant>>& all, const PortClaim& claim, std::uint16_t port) {
  return std::ranges::any_of(
      all, [&](const auto& one) { return one->port() == port && stream_conflict(claim, one->claim(), false); });
}

TEST(TcpPorts, AnswersAsIfItAskedEverybody) {
  Rng rng(7);
  TcpPorts ports;
  std::vector<std::unique_ptr<Occupant>> all;
  for (int i = 0; i < 20'000; ++i) {
    if (all.empty() || rng.below(5) < (i < 10'000 ? 3 : 2)) {  // grows, then shrinks
      const auto port = static_cast<std::uint16_t>(1 + rng.below(2000) * (rng.below(2) == 0 ? 1 : 32));
      all.push_back(std::make_unique<Occupant>(port, rng.below(2) == 0, rng.below(2) == 0, rng.below(3) == 0));
      ports.add(*all.back());
    } else {
      std::swap(all[rng.below(all.size())], all.back());
      ports.remove(*all.back());
      all.pop_back();
    }
    const auto port = static_cast<std::uint16_t>(rng.below(2000));
    for (const bool reuses : {false, true}) {
      const PortClaim claim{wire::Ipv4Address(0x0a000001), nullptr, reuses, false, false, true};
      ASSERT_EQ(ports.conflict(claim, port, nullptr, false), anyone_objects(all, claim, port)) << "step " << i;
    }
    ASSERT_EQ(ports.is_chosen(port),
              std::ranges::any_of(all, [port](const auto& one) { return one->port() == port && one->was_chosen(); }));
  }
  while (!all.empty()) {
    ports.remove(*all.back());
    all.pop_back();
  }
  EXPECT_EQ(ports.size(), 0U);
}

}  // namespace
}  // namespace catenet::transport
