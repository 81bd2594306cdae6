// SPDX-License-Identifier: Apache-2.0
// Mld: the members' side of MLD of one node (RFC 3810), made with its first group. Of the groups that an interface
// hears for neighbour discovery nothing is said: the links here flood what is for a group.
#pragma once
#include "catenet/ip/group_reporter.h"
#include "catenet/ip/network.h"

namespace catenet::ip {

class Ipv6;

class Mld final : public GroupReporter<wire::Ipv6Address> {
 public:
  explicit Mld(Ipv6& ipv6);

  /// A message of types 130 to 132 and 143, its checksum verified.
  void receive(Packet packet, const Delivery& delivery);

 private:
  void report(Interface& out, const wire::Ipv6Address& group, wire::GroupRecord record, bool old) override;

  Ipv6& ipv6_;
};

}  // namespace catenet::ip
