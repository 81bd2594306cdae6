// SPDX-License-Identifier: Apache-2.0
// Igmp: the members' side of IGMP of one node (RFC 3376), made with its first group. What it says goes out beside the
// routes and hooks, as neighbours' messages do.
#pragma once
#include "catenet/ip/group_reporter.h"
#include "catenet/ip/network.h"

namespace catenet::ip {

class Ipv4;

class Igmp final : public Protocol, public GroupReporter<wire::Ipv4Address> {
 public:
  explicit Igmp(Ipv4& ipv4);

  // Protocol
  void receive(Packet packet, const Delivery& delivery) override;
  void on_error(const ErrorReport&) override {}

 private:
  void report(Interface& out, const wire::Ipv4Address& group, wire::GroupRecord record, bool old) override;

  Ipv4& ipv4_;
};

}  // namespace catenet::ip
