// SPDX-License-Identifier: Apache-2.0
#include "catenet/transport/tcp/fast_open.h"

#include <algorithm>
#include <cerrno>

#include "catenet/base/check.h"
#include "catenet/transport/tcp/isn.h"

namespace catenet::transport {
namespace {

constexpr std::size_t kCookieSize = 8;

std::uint64_t load_little(std::span<const std::byte, 8> bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    value |= std::uint64_t{std::to_integer<std::uint8_t>(bytes[i])} << (8 * i);
  }
  return value;
}

}  // namespace

Result<FastOpenKeys> FastOpenKeys::from_bytes(std::span<const std::byte> bytes) {
  Key first{};
  Key second{};
  if (bytes.size() != kKeySize && bytes.size() != 2 * kKeySize) {
    return fail(EINVAL, "a Fast Open key has 16 bytes");
  }
  std::ranges::copy(bytes.first(kKeySize), first.begin());
  if (bytes.size() == kKeySize) {
    return FastOpenKeys(first);
  }
  std::ranges::copy(bytes.subspan(kKeySize), second.begin());
  return FastOpenKeys(first, second);
}

std::span<const std::byte> FastOpenKeys::bytes() const {
  static_assert(sizeof keys_ == 2 * kKeySize);
  return std::span(keys_[0].data(), count_ * kKeySize);
}

wire::TcpFastOpen FastOpenKeys::cookie_of(std::size_t key, const wire::FourTuple& tuple, bool experimental) const {
  std::array<std::byte, 2 * wire::Ipv6Address::kSize> message{};
  std::size_t size = 0;
  for (const wire::IpAddress* address : {&tuple.foreign.address, &tuple.local.address}) {
    if (address->is_v4()) {
      for (const std::byte b : address->v4().to_bytes()) {
        message[size++] = b;
      }
    } else {
      for (const std::byte b : address->bytes()) {
        message[size++] = b;
      }
    }
  }
  const std::span<const std::byte> k(keys_[key]);
  std::uint64_t hash = SipHash(load_little(k.first<8>()), load_little(k.last<8>()))(std::span(message).first(size));
  wire::TcpFastOpen out;
  out.size = kCookieSize;
  out.experimental = experimental;
  for (std::size_t i = 0; i < kCookieSize; ++i, hash >>= 8) {
    out.cookie[i] = std::byte(hash & 0xff);
  }
  return out;
}

wire::TcpFastOpen FastOpenKeys::cookie(const wire::FourTuple& tuple, bool experimental) const {
  check(count_ > 0, "cookies need a key");
  return cookie_of(0, tuple, experimental);
}

FastOpenKeys::Verdict FastOpenKeys::judge(const wire::FourTuple& tuple, const wire::TcpFastOpen& presented) const {
  for (std::size_t i = 0; i < count_; ++i) {
    if (cookie_of(i, tuple, presented.experimental) == presented) {
      return i == 0 ? Verdict::good : Verdict::outdated;
    }
  }
  return Verdict::wrong;
}

const FastOpenCache::Server* FastOpenCache::find(const wire::IpAddress& server) {
  const auto at = entries_.find(server);
  if (at == entries_.end()) {
    return nullptr;
  }
  order_.splice(order_.end(), order_, at->second.place);
  return &at->second.server;
}

FastOpenCache::Server& FastOpenCache::learn(const wire::IpAddress& server) {
  const auto [at, made] = entries_.try_emplace(server);
  if (made) {
    at->second.place = order_.insert(order_.end(), server);
    evict();
  } else {
    order_.splice(order_.end(), order_, at->second.place);
  }
  return at->second.server;
}

void FastOpenCache::note_loss(const wire::IpAddress& server, Instant now) {
  Server& known = learn(server);
  known.losses = static_cast<std::uint8_t>(std::min(known.losses + 1, 255));
  if (known.losses >= kLosses) {
    const unsigned doublings = std::min<unsigned>(known.losses - kLosses, kMaxDoublings);
    known.paused_until = now + kPause * (std::int64_t{1} << doublings);
  }
}

void FastOpenCache::clear() {
  entries_.clear();
  order_.clear();
}

void FastOpenCache::set_limit(std::size_t limit) {
  limit_ = std::max<std::size_t>(limit, 1);
  evict();
}

// Never the youngest: learn() answers with a reference to it.
void FastOpenCache::evict() {
  while (entries_.size() > limit_ && entries_.size() > 1) {
    entries_.erase(order_.front());
    order_.pop_front();
  }
}

}  // namespace catenet::transport
