// SPDX-License-Identifier: Apache-2.0
// getsockopt() and setsockopt() at the levels SOL_UDP and SOL_UDPLITE, which Linux takes for one: udp(7), udplite(7).
#include <netinet/udp.h>

#include <limits>

#include "catenet/posix/option_value.h"

namespace catenet::posix {

namespace option = socket::option;

namespace {

// What no header of the C library has.
constexpr int kSendCoverage = 10;     // UDPLITE_SEND_CSCOV
constexpr int kReceiveCoverage = 11;  // UDPLITE_RECV_CSCOV

constexpr int kMost = std::numeric_limits<std::uint16_t>::max();

/// As Linux: what the protocol does not allow becomes the nearest that it does.
std::uint16_t coverage_of(int bytes) {
  constexpr int kLeast = 8;
  return static_cast<std::uint16_t>(bytes == 0 ? 0 : std::clamp(bytes, kLeast, kMost));
}

}  // namespace

Result<void> set_udp_option(const SocketFile& file, int name, const Value& value) {
  const auto number = value.as<int>();
  if (!number) {
    return std::unexpected(number.error());
  }
  switch (name) {
    case kSendCoverage:
      return set(file, option::SendCoverage{coverage_of(*number)});
    case UDP_SEGMENT:
      if (*number < 0 || *number > kMost) {
        return fail(EINVAL, "not a segment size");
      }
      return set(file, option::SegmentSize{static_cast<std::uint16_t>(*number)});
    case UDP_GRO:
      return set(file, option::ReceiveSegments{*number != 0});
    case kReceiveCoverage:
      return set(file, option::ReceiveCoverage{coverage_of(*number)});
    default:
      return no_such_option();
  }
}

Result<void> get_udp_option(const SocketFile& file, int name, Value& value) {
  switch (name) {
    case kSendCoverage:  // of UDP, too: its checksum covers everything
      return get<option::SendCoverage>(file, value, [](const auto& o) { return o.bytes; });
    case UDP_SEGMENT:
      return get<option::SegmentSize>(file, value, [](const auto& o) { return o.bytes; });
    case UDP_GRO:
      return get<option::ReceiveSegments>(file, value, kOn);
    case kReceiveCoverage:
      return get<option::ReceiveCoverage>(file, value, [](const auto& o) { return o.bytes.value_or(0); });
    default:
      return no_such_option();
  }
}

}  // namespace catenet::posix
