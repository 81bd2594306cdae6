// SPDX-License-Identifier: Apache-2.0
// Memberships: the multicast groups that a socket is in (RFC 1112 7.1, RFC 3493 5.2), by Linux's rules. The network
// layer counts them, so that a group is heard as long as one socket of the host is in it.
#pragma once
#include <algorithm>
#include <cerrno>
#include <vector>

#include "catenet/ip/network.h"

namespace catenet::transport {

class Memberships {
 public:
  /// On one interface; null: on that which packets to the group go out on, or on any if there is none. EINVAL not a
  /// group, EADDRINUSE joined already, ENOBUFS.
  Result<void> join(ip::Network& network, const wire::IpAddress& group, Interface* interface, std::size_t limit) {
    if (!group.is_multicast()) {
      return fail(EINVAL, "not a multicast address");
    }
    const Membership wanted{group, interface != nullptr ? interface : network.group_interface(group)};
    if (std::ranges::find(all_, wanted) != all_.end()) {
      return fail(EADDRINUSE, "a member already");
    }
    if (all_.size() >= limit) {
      return fail(ENOBUFS, "the socket is in too many groups");
    }
    if (auto joined = network.join_group(group, wanted.interface); !joined) {
      return joined;
    }
    all_.push_back(wanted);
    return {};
  }
  /// On that interface; null: over IPv4 on the one that join() would choose, over IPv6 on any, as Linux has it.
  /// EADDRNOTAVAIL.
  Result<void> leave(ip::Network& network, const wire::IpAddress& group, const Interface* interface) {
    const Interface* on = interface == nullptr && group.is_v4() ? network.group_interface(group) : interface;
    const auto at = std::ranges::find_if(
        all_, [&](const Membership& m) { return m.group == group && (on == nullptr || m.interface == on); });
    if (at == all_.end()) {
      return fail(EADDRNOTAVAIL, "not a member");
    }
    network.leave_group(group, at->interface, true);
    all_.erase(at);
    return {};
  }
  /// f(group) gives the network layer of its family. `told`: see Network::leave_group.
  template <typename F>
  void leave_all(F&& network_of, bool told) {
    for (const Membership& m : all_) {
      network_of(m.group)->leave_group(m.group, m.interface, told);
    }
    all_.clear();
  }
  [[nodiscard]] bool contain(const wire::IpAddress& group, const Interface* interface) const {
    return std::ranges::any_of(all_, [&](const Membership& m) {
      return m.group == group && (m.interface == nullptr || m.interface == interface);
    });
  }

 private:
  struct Membership {
    wire::IpAddress group;
    Interface* interface;
    bool operator==(const Membership&) const = default;
  };
  std::vector<Membership> all_;
};

}  // namespace catenet::transport
