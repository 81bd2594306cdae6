// SPDX-License-Identifier: Apache-2.0
// Reader for pcapng capture files (draft-ietf-opsawg-pcapng): a packet at a time, of files of any size. Both byte
// orders, several sections, stamps of any resolution; enhanced and simple packet blocks. Other blocks are passed over
// by their length. Nothing in the file is believed: what is wrong with it is told with the place.
//
//   PcapngReader reader(stream);
//   while (auto packet = reader.next()) { if (!*packet) break;  ... (*packet)->data ... }
#pragma once
#include <cstdint>
#include <expected>
#include <istream>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catenet/base/time.h"

namespace catenet::trace {

/// What a file may ask for.
struct PcapngLimits {
  std::uint32_t block = 16U << 20;      ///< bytes of one block
  std::uint32_t interfaces = 1U << 16;  ///< in one section
};

/// An interface as its description block has it.
struct PcapngSource {
  std::string name;
  std::string description;
  std::uint16_t link_type = 0;
};

/// One packet as read.
struct CapturedPacket {
  std::uint32_t interface = 0;  ///< index into PcapngReader::interfaces()
  Instant at;                   ///< zero where the block has no stamp
  std::uint8_t direction = 0;   ///< 0: not said, 1: inbound, 2: outbound (epb_flags)
  bool bad_fcs = false;
  std::uint32_t length = 0;  ///< on the wire
  std::vector<std::byte> data;
  std::string comment;
  std::uint64_t offset = 0;  ///< of the block in the file

  /// Everything but the place in the file.
  [[nodiscard]] bool same_as(const CapturedPacket& other) const {
    return at == other.at && interface == other.interface && direction == other.direction && bad_fcs == other.bad_fcs &&
           length == other.length && comment == other.comment && data == other.data;
  }
};

class PcapngReader {
 public:
  /// The stream is binary, and outlives the reader.
  explicit PcapngReader(std::istream& stream, const PcapngLimits& limits = {}) : stream_(stream), limits_(limits) {}

  /// The next packet, nothing at the end of the file, or what is wrong, with the byte where. After an error there is no
  /// more to be had.
  [[nodiscard]] std::expected<std::optional<CapturedPacket>, std::string> next();
  /// Those described so far, in the present section.
  [[nodiscard]] const std::vector<PcapngSource>& interfaces() const { return interfaces_; }

 private:
  using Step = std::expected<void, std::string>;
  struct Clock {  // of an interface: seconds are `per_second` of its units
    bool binary = false;
    std::uint8_t power = 6;
    std::int64_t offset_s = 0;
  };
  struct Options;

  std::expected<bool, std::string> read_block();
  Step begin_section();
  Step add_interface();
  std::expected<CapturedPacket, std::string> enhanced() const;
  std::expected<CapturedPacket, std::string> simple() const;
  std::expected<Instant, std::string> time_of(const Clock& clock, std::uint64_t stamp) const;
  [[nodiscard]] std::string at(std::string_view what) const;
  [[nodiscard]] std::uint16_t load16(std::size_t at) const;
  [[nodiscard]] std::uint32_t load32(std::size_t at) const;
  bool fill(std::size_t bytes);

  std::istream& stream_;
  PcapngLimits limits_;
  bool begun_ = false;  // a section header was read
  bool swapped_ = false;
  std::uint64_t offset_ = 0;     // of the next block
  std::uint64_t block_at_ = 0;   // of the present one
  std::uint32_t type_ = 0;       // of the present one
  std::vector<std::byte> body_;  // between the two lengths
  std::vector<PcapngSource> interfaces_;
  std::vector<Clock> clocks_;  // beside interfaces_
  std::vector<std::uint32_t> snaplens_;
};

}  // namespace catenet::trace
