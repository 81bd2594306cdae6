// SPDX-License-Identifier: Apache-2.0
// The 32-bit CRC of Ethernet, 802.11 and PPP (IEEE 802.3 3.2.9, RFC 1662 C.3): reflected polynomial 0xEDB88320, all
// ones before, complemented after, sent least significant byte first.
// Two bodies, one result: eight tables everywhere, carry-less multiplication where the processor has it (asked at run
// time, so that one build serves every x86-64).
#pragma once
#include <cstddef>
#include <cstdint>

#include "catenet/wire/bytes.h"

namespace catenet::wire {

/// The register after a frame and its correct FCS, before the final complement.
inline constexpr std::uint32_t kFcsResidue = 0xdebb20e3;

/// A CRC over pieces: a packet's head and its payload chunks.
class Crc32 {
 public:
  void update(Bytes bytes);
  [[nodiscard]] std::uint32_t value() const { return ~state_; }   ///< the CRC of all bytes so far
  [[nodiscard]] std::uint32_t residue() const { return state_; }  ///< kFcsResidue after a frame with its FCS

 private:
  std::uint32_t state_ = 0xffffffff;
};

[[nodiscard]] std::uint32_t crc32(Bytes bytes);

/// Writes the FCS as it goes on the wire: four bytes, least significant first.
void emit_fcs(std::uint32_t crc, MutableBytes out);
/// Whether the last four bytes are the FCS of those before them; false for fewer than four.
[[nodiscard]] bool fcs_ok(Bytes frame_with_fcs);

/// The two bodies, for tests and benchmarks. Both take and return the register, without complement.
std::uint32_t crc32_tables(std::uint32_t state, Bytes bytes);
/// Only where has_clmul() is true.
std::uint32_t crc32_clmul(std::uint32_t state, Bytes bytes);
[[nodiscard]] bool has_clmul();

}  // namespace catenet::wire
