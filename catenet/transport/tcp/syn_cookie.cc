// SPDX-License-Identifier: Apache-2.0
#include "catenet/transport/tcp/syn_cookie.h"

#include <algorithm>
#include <array>
#include <span>

#include "catenet/transport/tcp/isn.h"

namespace catenet::transport {
namespace {

using wire::TcpFlag;

// What a peer offers is rounded down to one of these: what everybody takes, tunnels, PPPoE, Ethernet, jumbo frames.
constexpr std::array<std::uint16_t, 4> kMssV4 = {536, 1300, 1440, 1460};
constexpr std::array<std::uint16_t, 4> kMssV6 = {1220, 1420, 1440, 8940};
constexpr unsigned kHashBits = 24;
constexpr std::uint32_t kHashMask = (1U << kHashBits) - 1;

// The low bits of the timestamp.
constexpr std::uint32_t kNoScale = 0xf;
constexpr std::uint32_t kScaleMask = 0xf;
constexpr std::uint32_t kSackBit = 1 << 4;
constexpr std::uint32_t kEcnBit = 1 << 5;
constexpr std::uint32_t kOptionMask = 0x3f;
constexpr std::uint8_t kAsksForEcn = TcpFlag::kEce | TcpFlag::kCwr;

std::uint32_t minute_of(Instant now) { return static_cast<std::uint32_t>(now.ns() / 60'000'000'000); }

const std::array<std::uint16_t, 4>& mss_table(const wire::FourTuple& tuple) {
  return tuple.local.address.is_v4() ? kMssV4 : kMssV6;
}

std::uint32_t option_bits(const TcpSegment& syn) {
  std::uint32_t bits = kNoScale;
  if (syn.options.window_scale) {
    bits = std::min(*syn.options.window_scale, wire::kTcpMaxWindowScale);
  }
  bits |= syn.options.sack_permitted ? kSackBit : 0;
  bits |= (syn.flags & kAsksForEcn) == kAsksForEcn ? kEcnBit : 0;
  return bits;
}

}  // namespace

std::uint32_t SynCookie::hash(const wire::FourTuple& tuple, std::uint32_t minute, bool second) const {
  const std::uint64_t salt = std::uint64_t{minute} << 8 | (second ? 2U : 1U);
  return static_cast<std::uint32_t>(tuple_hash(tuple, std::span<const std::uint64_t, 2>(secret_), salt));
}

std::uint32_t SynCookie::make(const wire::FourTuple& tuple, const TcpSegment& syn, Instant now) const {
  const auto& table = mss_table(tuple);
  const std::uint16_t wanted = syn.options.mss.value_or(table[0]);
  std::uint32_t index = table.size() - 1;
  while (index > 0 && table[index] > wanted) {
    --index;
  }
  const std::uint32_t minute = minute_of(now);
  return hash(tuple, 0, false) + syn.seq + (minute << kHashBits) + ((hash(tuple, minute, true) + index) & kHashMask);
}

std::optional<TcpSegment> SynCookie::check(const wire::FourTuple& tuple, const TcpSegment& ack,
                                           std::uint32_t stamp_offset, Instant now) const {
  TcpSegment syn;
  syn.seq = ack.seq - 1;
  syn.flags = TcpFlag::kSyn;
  syn.window = ack.window;
  const std::uint32_t cookie = ack.ack - 1 - hash(tuple, 0, false) - syn.seq;
  const std::uint32_t age = (minute_of(now) - (cookie >> kHashBits)) & 0xff;
  if (age >= kMinutes) {
    return std::nullopt;
  }
  const auto& table = mss_table(tuple);
  const std::uint32_t index = (cookie - hash(tuple, minute_of(now) - age, true)) & kHashMask;
  if (index >= table.size()) {
    return std::nullopt;
  }
  syn.options.mss = table[index];
  if (ack.options.timestamps) {
    const std::uint32_t bits = (ack.options.timestamps->echo - stamp_offset) & kOptionMask;
    syn.options.timestamps = wire::TcpTimestamps{ack.options.timestamps->value, 0};
    syn.options.sack_permitted = (bits & kSackBit) != 0;
    syn.flags |= (bits & kEcnBit) != 0 ? kAsksForEcn : std::uint8_t{0};
    if ((bits & kScaleMask) != kNoScale) {
      syn.options.window_scale = static_cast<std::uint8_t>(bits & kScaleMask);
    }
  }
  return syn;
}

TcpSegment SynCookie::remembered(const TcpSegment& syn) {
  TcpSegment left;
  left.seq = syn.seq;
  left.window = syn.window;
  left.flags = TcpFlag::kSyn;
  left.options.mss = syn.options.mss;
  if (syn.options.timestamps) {
    left.options.timestamps = syn.options.timestamps;
    left.options.window_scale = syn.options.window_scale;
    left.options.sack_permitted = syn.options.sack_permitted;
    left.flags |= (syn.flags & kAsksForEcn) == kAsksForEcn ? kAsksForEcn : std::uint8_t{0};
  }
  return left;
}

std::uint32_t SynCookie::clock_with_options(const TcpSegment& syn, std::uint32_t clock_ms) {
  const std::uint32_t stamp = (clock_ms & ~kOptionMask) | option_bits(syn);
  return static_cast<std::int32_t>(stamp - clock_ms) > 0 ? stamp - (kOptionMask + 1) : stamp;
}

}  // namespace catenet::transport
