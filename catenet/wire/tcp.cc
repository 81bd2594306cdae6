// SPDX-License-Identifier: Apache-2.0
// TCP options, bytes to values and back.
#include "catenet/wire/tcp.h"

#include <algorithm>

namespace catenet::wire {
namespace {

// Kinds (RFC 9293 3.2, RFC 2018 2-3, RFC 7323 2.2 and 3.2, RFC 7413 4.1.1, RFC 6994 2, RFC 2385 3, RFC 5482 3, RFC 5925
// 2.2) and their lengths.
constexpr std::uint8_t kEndOfOptionList = 0;
constexpr std::uint8_t kNoOperation = 1;
constexpr std::uint8_t kMss = 2;
constexpr std::uint8_t kWindowScale = 3;
constexpr std::uint8_t kSackPermitted = 4;
constexpr std::uint8_t kSack = 5;
constexpr std::uint8_t kTimestamps = 8;
constexpr std::uint8_t kMd5Signature = 19;
constexpr std::uint8_t kUserTimeout = 28;
constexpr std::uint8_t kAuthentication = 29;
constexpr std::uint8_t kFastOpen = 34;
constexpr std::uint8_t kAccurateEcn0 = 172;
constexpr std::uint8_t kAccurateEcn1 = 174;
constexpr std::uint8_t kExperiment = 254;
constexpr std::uint16_t kFastOpenExperiment = 0xf989;
constexpr std::size_t kMssSize = 4;
constexpr std::size_t kWindowScaleSize = 3;
constexpr std::size_t kSackPermittedSize = 2;
constexpr std::size_t kTimestampsSize = 10;
constexpr std::size_t kSackBlockSize = 8;
constexpr std::size_t kMd5SignatureSize = 2 + TcpSignature::kMd5Mac;
constexpr std::size_t kUserTimeoutSize = 4;
constexpr std::size_t kAuthenticationHead = 4;  // kind, length, key id, next key id
constexpr unsigned kMinutes = 0x8000;

std::size_t size_of(const TcpFastOpen& option) { return ((option.experimental ? 4U : 2U) + option.size + 3U) / 4 * 4; }

void take_fast_open(Bytes cookie, bool experimental, TcpOptions& out) {
  const bool valid = cookie.size() >= TcpFastOpen::kMinCookie && cookie.size() <= TcpFastOpen::kMaxCookie;
  if (cookie.size() % 2 != 0 || (!cookie.empty() && !valid)) {
    return;
  }
  TcpFastOpen& option = out.fast_open.emplace();
  option.size = static_cast<std::uint8_t>(cookie.size());
  option.experimental = experimental;
  std::ranges::copy(cookie, option.cookie.begin());
}

std::size_t size_of(const TcpAccurateEcn& option) { return (2U + 3U * option.fields + 3U) / 4 * 4; }

// The counters in the order of the kind; the middle one is the same.
std::array<std::uint32_t*, 3> fields_of(TcpAccurateEcn& option) {
  return option.e1b_first ? std::array{&option.e1b, &option.ceb, &option.e0b}
                          : std::array{&option.e0b, &option.ceb, &option.e1b};
}

std::uint32_t load24(Bytes bytes, std::size_t at) {
  return std::uint32_t{load8(bytes, at)} << 16 | load16(bytes, at + 1);
}

void take_accurate_ecn(Bytes option, TcpOptions& out) {
  const std::size_t fields = (option.size() - 2) / 3;
  if (option.size() != 2 + 3 * fields || fields > 3) {
    return;
  }
  TcpAccurateEcn& value = out.accurate_ecn.emplace();
  value.e1b_first = load8(option, 0) == kAccurateEcn1;
  value.fields = static_cast<std::uint8_t>(fields);
  const auto counters = fields_of(value);
  for (std::size_t i = 0; i < fields; ++i) {
    *counters[i] = load24(option, 2 + 3 * i);
  }
}

void put_accurate_ecn(TcpAccurateEcn option, MutableBytes out) {
  std::ranges::fill(out, std::byte{kNoOperation});
  store8(out, 0, option.e1b_first ? kAccurateEcn1 : kAccurateEcn0);
  store8(out, 1, 2U + 3U * option.fields);
  const auto counters = fields_of(option);
  for (std::size_t i = 0; i < option.fields; ++i) {
    store8(out, 2 + 3 * i, *counters[i] >> 16 & 0xff);
    store16(out, 3 + 3 * i, *counters[i] & 0xffff);
  }
}

// `option` begins at `at`.
bool take_signature(Bytes option, std::size_t at, TcpOptions& out) {
  TcpSignature found;
  if (load8(option, 0) == kMd5Signature) {
    if (option.size() != kMd5SignatureSize) {
      return false;
    }
    found = {TcpSignature::Kind::md5, TcpSignature::kMd5Mac, 0, 0, static_cast<std::uint8_t>(at + 2)};
  } else {
    if (option.size() <= kAuthenticationHead) {  // RFC 5925 2.2: an option without a MAC is none
      return false;
    }
    found = {TcpSignature::Kind::ao, static_cast<std::uint8_t>(option.size() - kAuthenticationHead), load8(option, 2),
             load8(option, 3), static_cast<std::uint8_t>(at + kAuthenticationHead)};
  }
  if (out.signature.is_there()) {
    found = {.kind = TcpSignature::Kind::several};
  }
  out.signature = found;
  return true;
}

// Takes one option of two bytes or more, which begins at `at`; false when a known kind has a wrong length.
bool take(Bytes option, std::size_t at, TcpOptions& out) {
  const std::size_t size = option.size();
  switch (load8(option, 0)) {
    case kMss:
      if (size != kMssSize) {
        return false;
      }
      out.mss = load16(option, 2);
      return true;
    case kWindowScale:
      if (size != kWindowScaleSize) {
        return false;
      }
      out.window_scale = load8(option, 2);
      return true;
    case kSackPermitted:
      out.sack_permitted = true;
      return size == kSackPermittedSize;
    case kTimestamps:
      if (size != kTimestampsSize) {
        return false;
      }
      out.timestamps = TcpTimestamps{load32(option, 2), load32(option, 6)};
      return true;
    case kSack: {
      const std::size_t count = (size - 2) / kSackBlockSize;
      if ((size - 2) % kSackBlockSize != 0 || count == 0 || count > TcpOptions::kMaxSackBlocks) {
        return false;
      }
      out.sack = {};
      for (std::size_t i = 0; i < count; ++i) {
        out.sack[i] = {load32(option, 2 + i * kSackBlockSize), load32(option, 6 + i * kSackBlockSize)};
      }
      out.sack_count = static_cast<std::uint8_t>(count);
      return true;
    }
    case kUserTimeout:
      if (size != kUserTimeoutSize) {
        return false;
      }
      out.user_timeout = TcpUserTimeout{static_cast<std::uint16_t>(load16(option, 2) & TcpUserTimeout::kMax),
                                        (load16(option, 2) & kMinutes) != 0};
      return true;
    case kMd5Signature:
    case kAuthentication:
      return take_signature(option, at, out);
    case kFastOpen:
      take_fast_open(option.subspan(2), false, out);
      return true;
    case kAccurateEcn0:
    case kAccurateEcn1:
      take_accurate_ecn(option, out);
      return true;
    case kExperiment:
      if (size >= 4 && load16(option, 2) == kFastOpenExperiment) {
        take_fast_open(option.subspan(4), true, out);
      }
      return true;
    default:
      return true;
  }
}

}  // namespace

bool TcpOptions::parse_each(Bytes options) {
  std::size_t at = 0;
  while (at < options.size()) {
    const std::uint8_t kind = load8(options, at);
    if (kind == kEndOfOptionList) {
      break;
    }
    if (kind == kNoOperation) {
      ++at;
      continue;
    }
    const std::size_t left = options.size() - at;
    const std::size_t length = left < 2 ? 0 : load8(options, at + 1);
    if (length < 2 || length > left || !take(options.subspan(at, length), at, *this)) {
      return false;
    }
    at += length;
  }
  return true;
}

std::size_t TcpOptions::size_without_sack() const {
  return signature.size() + (mss ? 4 : 0) +
         (timestamps       ? 12
          : sack_permitted ? 4
                           : 0) +
         (window_scale ? 4 : 0) + (user_timeout ? kUserTimeoutSize : 0) + (fast_open ? size_of(*fast_open) : 0) +
         (accurate_ecn ? size_of(*accurate_ecn) : 0);
}

std::size_t TcpOptions::fitting_sack_blocks() const {
  const std::size_t room = kTcpMaxOptions - std::min(kTcpMaxOptions, size_without_sack());
  return room < 4 ? 0 : std::min<std::size_t>(sack_count, (room - 4) / kSackBlockSize);
}

std::size_t TcpOptions::full_size() const {
  const std::size_t blocks = fitting_sack_blocks();
  return size_without_sack() + (blocks > 0 ? 4 + blocks * kSackBlockSize : 0);
}

std::size_t TcpOptions::full_emit(MutableBytes out) const {
  check(sack_count <= kMaxSackBlocks && out.size() >= size(), "emit: room for the TCP options");
  std::size_t at = 0;
  const auto word = [&](unsigned a, unsigned b, unsigned c, unsigned d) {
    store16(out, at, a << 8 | b);
    store16(out, at + 2, c << 8 | d);
    at += 4;
  };
  const auto word32 = [&](std::uint32_t v) {
    store32(out, at, v);
    at += 4;
  };
  if (signature.size() > 0) {
    std::fill_n(out.begin(), signature.size(), std::byte{0});
    signature.kind == TcpSignature::Kind::md5
        ? word(kNoOperation, kNoOperation, kMd5Signature, kMd5SignatureSize)
        : word(kAuthentication, static_cast<unsigned>(kAuthenticationHead + signature.mac_size), signature.key_id,
               signature.next_key_id);
    for (at += signature.mac_size; at < signature.size(); ++at) {
      store8(out, at, kNoOperation);
    }
  }
  if (mss) {
    word(kMss, kMssSize, *mss >> 8, *mss & 0xff);
  }
  if (timestamps) {
    // SACK-permitted is just as long as the padding that timestamps need.
    sack_permitted ? word(kSackPermitted, kSackPermittedSize, kTimestamps, kTimestampsSize)
                   : word(kNoOperation, kNoOperation, kTimestamps, kTimestampsSize);
    word32(timestamps->value);
    word32(timestamps->echo);
  }
  if (accurate_ecn) {
    put_accurate_ecn(*accurate_ecn, out.subspan(at, size_of(*accurate_ecn)));
    at += size_of(*accurate_ecn);
  }
  if (sack_permitted && !timestamps) {
    word(kNoOperation, kNoOperation, kSackPermitted, kSackPermittedSize);
  }
  if (window_scale) {
    word(kNoOperation, kWindowScale, kWindowScaleSize, *window_scale);
  }
  if (user_timeout) {
    const unsigned value = (user_timeout->minutes ? kMinutes : 0U) | user_timeout->value;
    word(kUserTimeout, kUserTimeoutSize, value >> 8, value & 0xff);
  }
  if (fast_open) {
    std::fill_n(out.begin() + static_cast<std::ptrdiff_t>(at), size_of(*fast_open), std::byte{kNoOperation});
    const std::size_t begin = at;
    at += size_of(*fast_open);
    const std::size_t head = fast_open->experimental ? 4 : 2;
    store8(out, begin, fast_open->experimental ? kExperiment : kFastOpen);
    store8(out, begin + 1, static_cast<std::uint8_t>(head + fast_open->size));
    if (fast_open->experimental) {
      store16(out, begin + 2, kFastOpenExperiment);
    }
    std::ranges::copy(fast_open->bytes(), out.begin() + static_cast<std::ptrdiff_t>(begin + head));
  }
  if (const std::size_t blocks = fitting_sack_blocks(); blocks > 0) {
    word(kNoOperation, kNoOperation, kSack, static_cast<unsigned>(2 + blocks * kSackBlockSize));
    for (std::size_t i = 0; i < blocks; ++i) {
      word32(sack[i].left);
      word32(sack[i].right);
    }
  }
  return at;
}

}  // namespace catenet::wire
