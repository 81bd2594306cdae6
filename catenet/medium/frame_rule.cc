// SPDX-License-Identifier: Apache-2.0
#include "catenet/medium/frame_rule.h"

#include <algorithm>
#include <array>

#include "catenet/base/endian.h"

namespace catenet::medium {
namespace {

constexpr std::size_t kMacSize = 6;
constexpr std::size_t kTypeAt = 2 * kMacSize;
constexpr std::size_t kNetworkAt = kTypeAt + 2;
constexpr std::uint16_t kTypeIpv4 = 0x0800;
constexpr std::uint16_t kTypeIpv6 = 0x86dd;

}  // namespace

bool Origins::contain_source_of(const Packet& frame) const {
  std::array<std::byte, kNetworkAt> head{};
  if (frame.copy_out(0, head) < head.size()) {
    return false;
  }
  std::uint64_t mac = 0;
  for (std::size_t i = 0; i < kMacSize; ++i) {
    mac = mac << 8 | std::to_integer<std::uint64_t>(head[kMacSize + i]);
  }
  if (std::binary_search(links.begin(), links.end(), mac)) {
    return true;
  }
  const auto type = static_cast<std::uint16_t>(std::to_integer<unsigned>(head[kTypeAt]) << 8 |
                                               std::to_integer<unsigned>(head[kTypeAt + 1]));
  if (type == kTypeIpv4) {
    std::array<std::byte, 4> source{};
    return frame.copy_out(kNetworkAt + 12, source) == source.size() &&
           std::binary_search(hosts.begin(), hosts.end(), wire::IpAddress(wire::Ipv4Address::from_bytes(source)));
  }
  if (type == kTypeIpv6) {
    std::array<std::byte, 16> source{};
    return frame.copy_out(kNetworkAt + 8, source) == source.size() &&
           std::binary_search(hosts.begin(), hosts.end(), wire::IpAddress(wire::Ipv6Address::from_bytes(source)));
  }
  return false;
}

bool FrameRule::takes(const Packet& frame) {
  const bool fits = (origins == nullptr || origins->contain_source_of(frame)) &&
                    (filter == nullptr || filter->run({.packet = frame, .network = kNetworkAt, .link = 0}) != 0);
  if (!fits) {
    return false;
  }
  ++seen;
  return repeats ? seen % nth == 0 : seen == nth;
}

}  // namespace catenet::medium
