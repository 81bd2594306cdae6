// SPDX-License-Identifier: Apache-2.0
#include "catenet/ip/echo.h"

#include <algorithm>

namespace catenet::ip {

Result<std::uint16_t> Echo::open(EchoClient& client, std::uint16_t wanted) {
  if (clients_.size() >= limit_) {
    return fail(ENOBUFS, "too many programs ping");
  }
  if (wanted != 0 && find(wanted) != nullptr) {
    return fail(EADDRINUSE, "the echo identifier is taken");
  }
  while (wanted == 0) {
    const std::uint16_t next = next_identifier_++;
    wanted = next != 0 && find(next) == nullptr ? next : std::uint16_t{0};
  }
  clients_.insert(std::upper_bound(clients_.begin(), clients_.end(), wanted,
                                   [](std::uint16_t id, const Entry& e) { return id < e.identifier; }),
                  {wanted, &client});
  return wanted;
}

void Echo::close(std::uint16_t identifier) {
  std::erase_if(clients_, [&](const Entry& e) { return e.identifier == identifier; });
}

EchoClient* Echo::find(std::uint16_t identifier) const {
  const auto at = std::lower_bound(clients_.begin(), clients_.end(), identifier,
                                   [](const Entry& e, std::uint16_t id) { return e.identifier < id; });
  return at != clients_.end() && at->identifier == identifier ? at->client : nullptr;
}

bool TokenBucket::take(Instant now) {
  if (rate_ == 0) {
    return false;
  }
  const std::int64_t interval = 1'000'000'000 / rate_;  // of one token
  const std::int64_t fresh = interval == 0 ? burst_ : (now - filled_).ns() / interval;
  if (fresh + tokens_ >= burst_) {
    tokens_ = burst_;
    filled_ = now;
  } else {
    tokens_ += static_cast<std::uint32_t>(fresh);
    filled_ += Duration::nanoseconds(fresh * interval);
  }
  if (tokens_ == 0) {
    return false;
  }
  --tokens_;
  return true;
}

}  // namespace catenet::ip
