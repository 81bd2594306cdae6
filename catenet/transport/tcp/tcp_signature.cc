// SPDX-License-Identifier: Apache-2.0
#include "catenet/transport/tcp/tcp_signature.h"

#include <cstddef>

#include "catenet/wire/pseudo_header.h"

namespace catenet::transport {
namespace {

constexpr std::uint8_t kTcpNumber = 6;
constexpr std::size_t kMostPieces = 4 + Packet::kMaxSlices + 1;

/// What is hashed, in order.
class Pieces {
 public:
  void add(std::span<const std::byte> piece) {
    if (!piece.empty()) {
      check(count_ < pieces_.size(), "pieces of a segment");
      pieces_[count_++] = piece;
    }
  }
  /// Data behind the header.
  void add_data(const Packet& segment, std::size_t header_size) {
    segment.for_each_piece(header_size, [this](std::span<const std::byte> piece) { add(piece); });
  }
  [[nodiscard]] std::span<const std::span<const std::byte>> all() const { return std::span(pieces_).first(count_); }

 private:
  std::array<std::span<const std::byte>, kMostPieces> pieces_;
  std::size_t count_ = 0;
};

/// As the checksum has it (RFC 9293 3.1, RFC 8200 8.1), in bytes.
class PseudoHeader {
 public:
  PseudoHeader(const TcpDirection& way, std::size_t length) {
    if (way.source.address.is_v4()) {
      wire::Ipv4PseudoHeader header;
      header.source = way.source.address.v4();
      header.destination = way.destination.address.v4();
      header.protocol = kTcpNumber;
      header.length = static_cast<std::uint16_t>(length);
      size_ = wire::emit_header(header, bytes_);
    } else {
      wire::Ipv6PseudoHeader header;
      header.source = way.source.address.v6();
      header.destination = way.destination.address.v6();
      header.length = static_cast<std::uint32_t>(length);
      header.next_header = kTcpNumber;
      size_ = wire::emit_header(header, bytes_);
    }
  }
  [[nodiscard]] std::span<const std::byte> bytes() const { return std::span(bytes_).first(size_); }

 private:
  std::array<std::byte, sizeof(wire::Ipv6PseudoHeader)> bytes_{};
  std::size_t size_ = 0;
};

using HeaderCopy = std::array<std::byte, wire::kTcpMaxHeaderSize>;

// The checksum counts as zero. Answers the header's size.
std::size_t copy_header(const Packet& segment, HeaderCopy& out) {
  const std::size_t size = segment.header<wire::TcpHeader>().header_size();
  std::copy_n(segment.data(), size, out.begin());
  wire::store16(out, offsetof(wire::TcpHeader, checksum), 0);
  return size;
}

SegmentDigest::Algorithm digest_of(TcpAoAlgorithm algorithm) {
  return algorithm == TcpAoAlgorithm::hmac_sha1_96 ? SegmentDigest::Algorithm::hmac_sha1
                                                   : SegmentDigest::Algorithm::aes_128_cmac;
}

}  // namespace

// RFC 2385 2.0: pseudo-header, header without options, data, key.
SegmentDigest::Output md5_signature(SegmentDigest& digest, const TcpDirection& way, const Packet& segment,
                                    const TcpSecret& key) {
  const PseudoHeader pseudo(way, segment.size());
  HeaderCopy header;
  const std::size_t header_size = copy_header(segment, header);
  Pieces pieces;
  pieces.add(pseudo.bytes());
  pieces.add(std::span(header).first(wire::kTcpHeaderSize));
  pieces.add_data(segment, header_size);
  pieces.add(key.bytes());
  return digest.compute(SegmentDigest::Algorithm::md5, {}, pieces.all());
}

// RFC 5926 3.1.1: one turn of the KDF is enough, since what it gives is as long as what is wanted.
TcpTrafficKey ao_traffic_key(SegmentDigest& digest, TcpAoAlgorithm algorithm, const TcpSecret& master,
                             const TcpDirection& way, std::uint32_t source_isn, std::uint32_t destination_isn) {
  constexpr std::array<std::byte, 7> kHead = {std::byte{1},   std::byte{'T'}, std::byte{'C'}, std::byte{'P'},
                                              std::byte{'-'}, std::byte{'A'}, std::byte{'O'}};
  const SegmentDigest::Algorithm hash = digest_of(algorithm);
  std::array<std::byte, 14> tail{};
  wire::store16(tail, 0, way.source.port);
  wire::store16(tail, 2, way.destination.port);
  wire::store32(tail, 4, source_isn);
  wire::store32(tail, 8, destination_isn);
  wire::store16(tail, 12, static_cast<unsigned>(SegmentDigest::size_of(hash) * 8));
  Pieces pieces;
  pieces.add(kHead);
  pieces.add(way.source.address.bytes());
  pieces.add(way.destination.address.bytes());
  pieces.add(tail);
  TcpTrafficKey key;
  key.size = static_cast<std::uint8_t>(SegmentDigest::size_of(hash));
  constexpr std::size_t kAesKey = 16;
  if (hash == SegmentDigest::Algorithm::aes_128_cmac && master.size != kAesKey) {
    // RFC 5926 3.1.1.2: a master key of another size is made one of 16 bytes first.
    constexpr std::array<std::byte, kAesKey> kZero{};
    Pieces whole;
    whole.add(master.bytes());
    const SegmentDigest::Output fitting = digest.compute(hash, kZero, whole.all());
    key.storage = digest.compute(hash, std::span(fitting).first(kAesKey), pieces.all());
  } else {
    key.storage = digest.compute(hash, master.bytes(), pieces.all());
  }
  return key;
}

// RFC 5925 5.1: SNE, pseudo-header, header with its options or with this one alone, data.
SegmentDigest::Output ao_signature(SegmentDigest& digest, const TcpDirection& way, const Packet& segment,
                                   const TcpAoInput& input, const TcpTrafficKey& key) {
  std::array<std::byte, 4> sne{};
  wire::store32(sne, 0, input.sne);
  const PseudoHeader pseudo(way, segment.size());
  HeaderCopy header;
  const std::size_t header_size = copy_header(segment, header);
  constexpr std::size_t kOptionHead = 4;
  const std::span<std::byte> option =
      std::span(header).subspan(input.mac_at - kOptionHead, kOptionHead + input.mac_size);
  std::ranges::fill(option.subspan(kOptionHead), std::byte{0});
  Pieces pieces;
  pieces.add(sne);
  pieces.add(pseudo.bytes());
  if (input.covers_options) {
    pieces.add(std::span(header).first(header_size));
  } else {
    pieces.add(std::span(header).first(wire::kTcpHeaderSize));
    pieces.add(option);
  }
  pieces.add_data(segment, header_size);
  return digest.compute(digest_of(input.algorithm), key.bytes(), pieces.all());
}

bool same_signature(std::span<const std::byte> a, std::span<const std::byte> b) {
  std::byte difference = a.size() == b.size() ? std::byte{0} : std::byte{1};
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    difference |= a[i] ^ b[i];
  }
  return difference == std::byte{0};
}

}  // namespace catenet::transport
