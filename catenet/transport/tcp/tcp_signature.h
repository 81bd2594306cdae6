// SPDX-License-Identifier: Apache-2.0
// What a signature of a segment is made of: by MD5 (RFC 2385 2.0) and by TCP-AO (RFC 5925 5.1, with the key derivation
// of 5.2 and the algorithms of RFC 5926 3). Functions of bytes and keys, without state. The hash functions are somebody
// else's (SegmentDigest): this room needs nothing but the standard library.
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "catenet/packet/packet.h"
#include "catenet/wire/endpoint.h"
#include "catenet/wire/tcp.h"

namespace catenet::transport {

/// Hash functions (catenet/crypto has some). Of one host: they may keep contexts.
class SegmentDigest {
 public:
  enum class Algorithm : std::uint8_t {
    md5,           ///< the hash alone (RFC 1321), 16 bytes; no key
    hmac_sha1,     ///< RFC 2104 with SHA-1, 20 bytes; a key of any size
    aes_128_cmac,  ///< RFC 4493, 16 bytes; a key of 16 bytes
  };
  static constexpr std::size_t kMaxSize = 20;
  using Output = std::array<std::byte, kMaxSize>;
  [[nodiscard]] static constexpr std::size_t size_of(Algorithm a) { return a == Algorithm::hmac_sha1 ? 20 : 16; }

  virtual ~SegmentDigest() = default;
  /// Of the pieces one after another; size_of() bytes of the answer count.
  [[nodiscard]] virtual Output compute(Algorithm algorithm, std::span<const std::byte> key,
                                       std::span<const std::span<const std::byte>> pieces) = 0;
};
/// Makes them, once a host needs them.
using MakeSegmentDigest = std::unique_ptr<SegmentDigest> (*)();

/// A key as the user gives it. Linux's limit is ours (TCP_MD5SIG_MAXKEYLEN).
struct TcpSecret {
  static constexpr std::size_t kMaxSize = 80;
  std::array<std::byte, kMaxSize> storage{};
  std::uint8_t size = 0;

  TcpSecret() = default;
  /// Precondition: at most kMaxSize.
  explicit TcpSecret(std::span<const std::byte> key) : size(static_cast<std::uint8_t>(key.size())) {
    std::copy(key.begin(), key.end(), storage.begin());
  }
  [[nodiscard]] std::span<const std::byte> bytes() const { return std::span(storage).first(size); }
  bool operator==(const TcpSecret&) const = default;
};

/// MAC and key derivation of TCP-AO, which go together (RFC 5926 3.1 and 3.2).
enum class TcpAoAlgorithm : std::uint8_t { hmac_sha1_96, aes_128_cmac_96 };

/// A traffic key (RFC 5925 5.2): for one direction of one connection.
struct TcpTrafficKey {
  SegmentDigest::Output storage{};
  std::uint8_t size = 0;
  [[nodiscard]] std::span<const std::byte> bytes() const { return std::span(storage).first(size); }
};

/// One direction of a connection, from its sender's point of view.
struct TcpDirection {
  wire::Endpoint source;
  wire::Endpoint destination;
};

/// RFC 2385 2.0 over `segment`, whose front is its TCP header, contiguous. What its checksum says does not matter.
[[nodiscard]] SegmentDigest::Output md5_signature(SegmentDigest& digest, const TcpDirection& way, const Packet& segment,
                                                  const TcpSecret& key);

/// RFC 5926 3.1.1. `destination_isn` is 0 for the SYN that begins (RFC 5925 5.2).
[[nodiscard]] TcpTrafficKey ao_traffic_key(SegmentDigest& digest, TcpAoAlgorithm algorithm, const TcpSecret& master,
                                           const TcpDirection& way, std::uint32_t source_isn,
                                           std::uint32_t destination_isn);

/// How one segment is to be signed.
struct TcpAoInput {
  TcpAoAlgorithm algorithm = TcpAoAlgorithm::hmac_sha1_96;
  bool covers_options = true;  ///< the other options too (RFC 5925 5.1)
  std::uint32_t sne = 0;       ///< sequence number extension of the segment's number (6.2)
  std::size_t mac_at = 0;      ///< offset of the MAC in the header
  std::size_t mac_size = 0;
};
/// RFC 5925 5.1 over `segment` as md5_signature(); the MAC there counts as zero.
[[nodiscard]] SegmentDigest::Output ao_signature(SegmentDigest& digest, const TcpDirection& way, const Packet& segment,
                                                 const TcpAoInput& input, const TcpTrafficKey& key);

/// Takes as long wherever they differ.
[[nodiscard]] bool same_signature(std::span<const std::byte> a, std::span<const std::byte> b);

}  // namespace catenet::transport
