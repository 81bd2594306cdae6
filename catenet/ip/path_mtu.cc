// SPDX-License-Identifier: Apache-2.0
#include "catenet/ip/path_mtu.h"

#include <algorithm>

namespace catenet::ip {
namespace {

auto position(auto& entries, const wire::IpAddress& destination) {
  return std::lower_bound(entries.begin(), entries.end(), destination,
                          [](const auto& e, const wire::IpAddress& d) { return e.destination < d; });
}

}  // namespace

const PathMtuCache::Entry* PathMtuCache::find_slow(const wire::IpAddress& destination, Instant now) const {
  const auto at = position(entries_, destination);
  return at != entries_.end() && at->destination == destination && now < at->expires ? &*at : nullptr;
}

void PathMtuCache::learn(const Entry& lesson, Instant now, std::size_t limit) {
  const auto at = position(entries_, lesson.destination);
  if (at != entries_.end() && at->destination == lesson.destination) {
    if (at->expires <= now || lesson.mtu <= at->mtu) {
      *at = lesson;
    }
    return;
  }
  if (limit == 0) {
    return;
  }
  if (entries_.size() >= limit) {
    entries_.erase(std::min_element(entries_.begin(), entries_.end(),
                                    [](const Entry& a, const Entry& b) { return a.expires < b.expires; }));
  }
  entries_.insert(position(entries_, lesson.destination), lesson);
}

std::uint16_t PathMtuCache::plateau_below(std::uint32_t length) {
  constexpr std::uint16_t kPlateaus[] = {65535, 32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296};
  for (const std::uint16_t plateau : kPlateaus) {
    if (plateau < length) {
      return plateau;
    }
  }
  return 68;
}

}  // namespace catenet::ip
