// SPDX-License-Identifier: Apache-2.0
// ChallengeBudget: how many challenge ACKs a whole host sends in a second (RFC 5961 7; Linux's
// tcp_challenge_ack_limit). A fixed number would be a side channel: who spends all but one of them on a connection of
// his own learns by the last whether his forged segment to somebody else's was answered too (CVE-2016-5696). Therefore
// each second has a number of its own, between half of the limit and one and a half, which nobody can know.
#pragma once
#include <cstdint>

#include "catenet/base/rng.h"
#include "catenet/base/time.h"

namespace catenet::transport {

class ChallengeBudget {
 public:
  /// `limit` a second on average; at least 1.
  ChallengeBudget(std::uint32_t limit, const Rng& rng) : rng_(rng), limit_(limit) {}

  /// One is about to be sent. False: not in this second.
  [[nodiscard]] bool take(Instant now);

 private:
  Rng rng_;
  std::uint32_t limit_;
  std::uint32_t left_ = 0;
  std::int64_t second_ = -1;
};

}  // namespace catenet::transport
