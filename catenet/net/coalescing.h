// SPDX-License-Identifier: Apache-2.0
// Coalescing (generic receive offload): consecutive Ethernet frames with TCP segments of one connection, in order, that
// a receiver may as well get as one super-segment: what segmentation.h cuts, put together again. Only segments that
// differ in nothing but sequence number, length and PSH go together (and IPv4's identification and checksums); all are
// full but the last; PSH ends the run. So cutting the whole gives back the same bytes.
//
// It holds no frames: it looks at one after another, says whether it belongs, and at the end gives the header of the
// whole. The payload stays where it is.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "catenet/packet/packet.h"

namespace catenet {

class Coalescing {
 public:
  static constexpr std::size_t kMaxHeader = 14 + 40 + 60;
  static constexpr std::size_t kMaxPacket = 65535;  ///< of the network layer

  /// Begins afresh with this frame; false if nothing can follow it.
  bool start(const Packet& frame);
  /// The next frame of the run? Precondition: start() and all since were true.
  bool add(const Packet& frame);

  [[nodiscard]] std::size_t count() const { return count_; }  ///< frames
  [[nodiscard]] bool is_v4() const { return v4_; }
  [[nodiscard]] std::size_t header_size() const { return header_size_; }    ///< link, network and transport
  [[nodiscard]] std::size_t segment_size() const { return segment_size_; }  ///< payload bytes of all but the last
  [[nodiscard]] std::size_t transport_offset() const { return transport_; }
  /// The header of the whole: lengths set, IPv4's checksum complete, TCP's field holds the pseudo-header's sum.
  std::span<const std::byte> finish_header();

 private:
  [[nodiscard]] bool continues(const std::byte* header, std::size_t payload) const;

  std::array<std::byte, kMaxHeader> header_;  // of the first frame
  std::size_t count_ = 0;
  std::size_t transport_ = 0;
  std::size_t header_size_ = 0;
  std::size_t segment_size_ = 0;
  std::size_t payload_ = 0;  // bytes of all
  std::uint32_t next_seq_ = 0;
  std::uint16_t next_id_ = 0;
  bool v4_ = true;
  bool closed_ = false;  // nothing follows a short segment or PSH
};

}  // namespace catenet
