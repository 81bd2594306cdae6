// SPDX-License-Identifier: Apache-2.0
// Writer for pcapng capture files (draft-ietf-opsawg-pcapng): one section header, one interface description per
// interface, one enhanced packet block per frame with a nanosecond stamp, its direction and comments. Nothing of the
// machine or of the calendar goes in: the same run writes the same bytes everywhere. Stamps count from the start of the
// run, so readers show 1970-01-01 as its date.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "catenet/base/result.h"
#include "catenet/base/time.h"
#include "catenet/trace/byte_sink.h"

namespace catenet::trace {

inline constexpr std::uint16_t kLinkTypeEthernet = 1;  ///< LINKTYPE_ETHERNET
inline constexpr std::uint16_t kLinkTypeRaw = 101;     ///< LINKTYPE_RAW: begins with an IPv4 or IPv6 header
inline constexpr std::uint32_t kDefaultSnaplen = 262144;

enum class Direction : std::uint8_t { inbound = 1, outbound = 2 };  // values of epb_flags bits 0-1

struct PcapngInterface {
  std::string_view name;         ///< if_name; "alice:eth0"
  std::string_view description;  ///< if_description; left out when empty
  std::uint16_t link_type = kLinkTypeEthernet;
  std::uint32_t snaplen = kDefaultSnaplen;  ///< bytes kept of a frame, at least 1
};

/// What is said about one frame.
struct PcapngPacket {
  std::uint32_t interface = 0;  ///< as add_interface() returned it
  Instant at;
  Direction direction = Direction::inbound;
  bool bad_fcs = false;             ///< epb_flags bit 24: CRC error
  std::uint32_t length = 0;         ///< on the wire, without FCS
  std::span<const std::byte> data;  ///< what was kept of it: at most `length` bytes
  std::string_view comment;         ///< left out when empty
};

class PcapngWriter {
 public:
  /// Writes the section header. `application` is the program and its version, "catenet 0.1.0". The sink outlives the
  /// writer.
  PcapngWriter(ByteSink& sink, std::string_view application);

  /// Returns the number that packets name.
  std::uint32_t add_interface(const PcapngInterface& interface);
  void write(const PcapngPacket& packet);
  /// Keeps what is written from now on until a packet that came before it can be written: release() writes that packet,
  /// then what was kept.
  void hold() { holding_ = true; }
  void release(const PcapngPacket& first);

  Result<void> flush() { return sink_.flush(); }
  /// The first error of the sink: what was written after it is missing from the file.
  [[nodiscard]] Result<void> status() const { return sink_.status(); }

 private:
  ByteSink& sink_;
  std::uint32_t interfaces_ = 0;
  bool holding_ = false;
  std::vector<std::byte> held_;
  std::vector<std::byte> block_;  // scratch, kept so that no frame costs an allocation
};

}  // namespace catenet::trace
