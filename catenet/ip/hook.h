// SPDX-License-Identifier: Apache-2.0
// Hooks: the places on a packet's way where a filter, connection tracking or NAT may look at it, change it, drop it or
// keep it. A node without hooks pays one test of a null pointer per place.
//
//   wire -> prerouting -> (route) -> forward -> postrouting -> wire
//                            |                      ^
//                            v                      |
//                          input -> transport -> output
#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "catenet/net/interface.h"
#include "catenet/packet/packet.h"

namespace catenet::ip {

enum class HookPoint : std::uint8_t {
  prerouting,   ///< everything that arrived and is well formed
  input,        ///< for this node, reassembled
  forward,      ///< for others, route known, TTL not yet decremented
  output,       ///< made here, header complete
  postrouting,  ///< about to leave, not yet fragmented
};
inline constexpr std::size_t kHookPoints = 5;

class Hook {
 public:
  enum class Verdict : std::uint8_t {
    accept,
    drop,   ///< the caller drops it with the reason `filtered`
    taken,  ///< the hook has moved the packet out and answers for it
  };
  virtual ~Hook() = default;
  /// The packet's front is its IP header. A hook that rewrites it keeps the header checksum right (RFC 1624); after
  /// prerouting and output the route is looked up anew. `in` and `out` are null where there is none (yet).
  virtual Verdict on_packet(HookPoint point, Packet& packet, Interface* in, Interface* out) = 0;
};

/// Hooks by place, in the order of their registration. They outlive the table's use.
class HookTable {
 public:
  void add(HookPoint point, Hook& hook) { at(point).push_back(&hook); }
  void remove(const Hook& hook) {
    for (auto& hooks : points_) {
      std::erase(hooks, &hook);
    }
  }
  /// The first verdict that is not accept, or accept.
  Hook::Verdict run(HookPoint point, Packet& packet, Interface* in, Interface* out) {
    for (Hook* hook : at(point)) {
      const Hook::Verdict verdict = hook->on_packet(point, packet, in, out);
      if (verdict != Hook::Verdict::accept) {
        return verdict;
      }
    }
    return Hook::Verdict::accept;
  }

 private:
  std::vector<Hook*>& at(HookPoint point) { return points_[static_cast<std::size_t>(point)]; }
  std::array<std::vector<Hook*>, kHookPoints> points_;
};

}  // namespace catenet::ip
