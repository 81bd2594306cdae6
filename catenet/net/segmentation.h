// SPDX-License-Identifier: Apache-2.0
// Segmentation: what becomes of a super-segment (PacketMeta::segment_size > 0) where it meets a medium that carries
// frames only. The transport makes one packet of many segments, so that one trip through the house serves all of them;
// here it is cut, headers are copied and their numbers set right: IPv4 total length, identification and checksum, IPv6
// payload length, UDP length, TCP sequence number; FIN and PSH go with the last segment, CWR with the first (RFC 3168
// 6.1.2). Payload is shared, not copied. Checksums stay partial.
//
// A super-segment is TCP or UDP behind IPv4 or IPv6, its network header marked (Packet::mark_network_header), its
// checksum partial; which of the two transports it is shows in where that checksum's field is.
#pragma once
#include <cstddef>
#include <cstdint>

#include "catenet/packet/packet.h"

namespace catenet {

class Segmentation {
 public:
  /// `super` is not changed, and outlives this. Precondition: super.meta().segment_size > 0, and as above.
  explicit Segmentation(const Packet& super);

  /// Segments of the whole, 1 at least.
  [[nodiscard]] std::size_t count() const { return count_; }
  /// Bytes in front of the payload, which every segment has.
  [[nodiscard]] std::size_t header_size() const { return payload_; }
  /// All were given.
  [[nodiscard]] bool done() const { return given_ == count_; }
  /// The next segment, a complete frame (or packet) as the whole was. Null: the pool is at its limit, or done().
  [[nodiscard]] Packet next();

 private:
  void set_numbers(Packet& segment, std::size_t payload) const;
  void set_tcp(std::byte* header) const;

  const Packet& super_;
  std::size_t network_;    // offset of the network header from the front
  std::size_t transport_;  // of the transport header
  std::size_t payload_;    // of the first byte behind it
  std::size_t size_;       // payload bytes of a segment
  std::size_t count_;
  std::size_t given_ = 0;
  bool is_tcp_;
};

/// Segments that a frame stands for: 1 unless it is a super-segment.
[[nodiscard]] inline std::size_t segment_count(const Packet& frame) {
  return frame.meta().segment_size == 0 ? 1 : Segmentation(frame).count();
}

}  // namespace catenet
