// SPDX-License-Identifier: Apache-2.0
// SynCookie: a handshake that nobody remembers (RFC 4987 3.6). The SYN,ACK's initial sequence number says, to us alone,
// which SYN it answers; the ACK that comes back proves that its sender is there, and brings the connection with it.
// Laid out as in Linux, and proof against guessing to the same degree:
//
//   number = H0(ends) + irs + (minute << 24) + ((H1(ends, minute) + index of the MSS) mod 2^24)
//
// Of 2^32 numbers eight are good at any time. The number has room for the peer's MSS only, rounded down to one of four
// usual ones. Window scale, SACK and ECN travel in the low six bits of our timestamp, where the peer sends timestamps
// (the value is then up to 63 ms in the past), and are lost where not. Time is handed in; H is SipHash with a secret.
#pragma once
#include <cstdint>
#include <optional>

#include "catenet/base/time.h"
#include "catenet/transport/tcp/tcb_types.h"

namespace catenet::transport {

class SynCookie {
 public:
  /// An ACK that comes back later than two turns of the minute counter is refused: after one to two minutes.
  static constexpr std::uint32_t kMinutes = 2;

  SynCookie(std::uint64_t secret0, std::uint64_t secret1) : secret_{secret0, secret1} {}

  /// The initial sequence number of the SYN,ACK that answers `syn`, between `tuple`'s ends.
  [[nodiscard]] std::uint32_t make(const wire::FourTuple& tuple, const TcpSegment& syn, Instant now) const;
  /// The SYN that an ACK proves, as far as it can be known: number, MSS, options and ECN flags. `stamp_offset`: of our
  /// timestamp clock. Null: not one of our numbers.
  [[nodiscard]] std::optional<TcpSegment> check(const wire::FourTuple& tuple, const TcpSegment& ack,
                                                std::uint32_t stamp_offset, Instant now) const;

  /// What would be left of a SYN if it came back by a cookie; it is answered so.
  [[nodiscard]] static TcpSegment remembered(const TcpSegment& syn);
  /// The millisecond clock, put back to the last value whose low bits tell the SYN's options.
  [[nodiscard]] static std::uint32_t clock_with_options(const TcpSegment& syn, std::uint32_t clock_ms);

 private:
  [[nodiscard]] std::uint32_t hash(const wire::FourTuple& tuple, std::uint32_t minute, bool second) const;
  std::uint64_t secret_[2];
};

}  // namespace catenet::transport
