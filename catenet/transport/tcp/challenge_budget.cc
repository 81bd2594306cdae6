// SPDX-License-Identifier: Apache-2.0
#include "catenet/transport/tcp/challenge_budget.h"

namespace catenet::transport {

bool ChallengeBudget::take(Instant now) {
  const std::int64_t second = now.ns() / 1'000'000'000;
  if (second != second_) {
    second_ = second;
    left_ = limit_ / 2 + limit_ % 2 + static_cast<std::uint32_t>(rng_.below(limit_));
  }
  if (left_ == 0) {
    return false;
  }
  --left_;
  return true;
}

}  // namespace catenet::transport
