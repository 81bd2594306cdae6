// SPDX-License-Identifier: Apache-2.0
// Initial sequence numbers (RFC 6528): a 4-microsecond clock plus a keyed hash of the four-tuple, so that numbers grow
// for each pair of ends and nobody outside can guess them. The key comes from the host's random stream. The hash is
// SipHash-2-4 (Aumasson and Bernstein) over the tuple.
#pragma once
#include <bit>
#include <cstdint>
#include <span>

#include "catenet/base/time.h"
#include "catenet/wire/endpoint.h"

namespace catenet::transport {

class SipHash {
 public:
  SipHash(std::uint64_t key0, std::uint64_t key1)
      : v0_(key0 ^ 0x736f6d6570736575ULL),
        v1_(key1 ^ 0x646f72616e646f6dULL),
        v2_(key0 ^ 0x6c7967656e657261ULL),
        v3_(key1 ^ 0x7465646279746573ULL) {}

  /// The hash of a whole message.
  std::uint64_t operator()(std::span<const std::byte> message) {
    std::size_t at = 0;
    for (; at + 8 <= message.size(); at += 8) {
      absorb(word(message.subspan(at, 8)));
    }
    absorb(word(message.subspan(at)) | std::uint64_t{message.size()} << 56);
    v2_ ^= 0xff;
    for (int i = 0; i < 4; ++i) {
      round();
    }
    return v0_ ^ v1_ ^ v2_ ^ v3_;
  }

 private:
  static std::uint64_t word(std::span<const std::byte> bytes) {
    std::uint64_t w = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      w |= std::uint64_t{std::to_integer<std::uint8_t>(bytes[i])} << (8 * i);
    }
    return w;
  }
  void absorb(std::uint64_t w) {
    v3_ ^= w;
    round();
    round();
    v0_ ^= w;
  }
  void round() {
    v0_ += v1_;
    v1_ = std::rotl(v1_, 13) ^ v0_;
    v0_ = std::rotl(v0_, 32);
    v2_ += v3_;
    v3_ = std::rotl(v3_, 16) ^ v2_;
    v0_ += v3_;
    v3_ = std::rotl(v3_, 21) ^ v0_;
    v2_ += v1_;
    v1_ = std::rotl(v1_, 17) ^ v2_;
    v2_ = std::rotl(v2_, 32);
  }
  std::uint64_t v0_;
  std::uint64_t v1_;
  std::uint64_t v2_;
  std::uint64_t v3_;
};

/// F(local, foreign, key); `salt` tells several numbers about the same two ends apart.
[[nodiscard]] inline std::uint64_t tuple_hash(const wire::FourTuple& tuple, std::span<const std::uint64_t, 2> key,
                                              std::uint64_t salt = 0) {
  std::byte message[2 * (16 + 2) + 8];
  std::size_t at = 0;
  for (const wire::Endpoint* end : {&tuple.local, &tuple.foreign}) {
    for (const std::byte b : end->address.bytes()) {
      message[at++] = b;
    }
    message[at++] = std::byte(end->port >> 8);
    message[at++] = std::byte(end->port & 0xff);
  }
  for (; salt != 0; salt >>= 8) {
    message[at++] = std::byte(salt & 0xff);
  }
  return SipHash(key[0], key[1])({message, at});
}

/// ISN = M + F (RFC 6528 3).
[[nodiscard]] inline std::uint32_t initial_sequence(Instant now, std::uint64_t hash) {
  return static_cast<std::uint32_t>(now.ns() / 4000) + static_cast<std::uint32_t>(hash);
}
/// A connection's timestamp clock starts at a secret place too (RFC 7323 7.1), the other half of the hash.
[[nodiscard]] inline std::uint32_t timestamp_offset(std::uint64_t hash) {
  return static_cast<std::uint32_t>(hash >> 32);
}

}  // namespace catenet::transport
