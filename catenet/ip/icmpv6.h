// SPDX-License-Identifier: Apache-2.0
// ICMP for IPv6 (RFC 4443): echo, errors out under the rules that keep them from multiplying, errors in up to the
// transport they are about. Neighbours' messages go to Ndp. Part of an Ipv6, which owns it.
//
// Left alone on purpose: redirects and routers' messages are neither sent nor believed.
#pragma once
#include <cstdint>

#include "catenet/ip/config.h"
#include "catenet/ip/echo.h"
#include "catenet/ip/network.h"
#include "catenet/wire/icmpv6.h"

namespace catenet::ip {

class Ipv6;

class Icmpv6 final : public Protocol, public Echo {
 public:
  Icmpv6(Ipv6& ipv6, const IcmpConfig& config);

  // Echo
  Result<void> send_echo(Packet packet, std::uint16_t identifier, std::uint16_t sequence, SendOptions options) override;

  // For the rooms of this stack.
  /// Tells the sender of `packet` what happened to it, unless RFC 4443 2.4(e) forbids or the rate limit is reached. The
  /// front of `packet` is its IP header; it is not changed. `error` has everything but its checksum.
  void send_error(const Packet& packet, const wire::Icmpv6Header& error);
  [[nodiscard]] bool may_answer(const Packet& packet, const wire::Icmpv6Header& error) const;
  /// Hands an error to the protocol that it is about. False when nobody cares.
  bool deliver(const ErrorReport& report, wire::IpProtocol protocol);

  // Protocol
  void receive(Packet packet, const Delivery& delivery) override;
  void on_error(const ErrorReport& report) override;

 private:
  void unwanted(Packet packet, DropReason reason, const Delivery& delivery);
  void receive_verified(Packet packet, const Delivery& delivery);
  void answer_echo(Packet packet, const Delivery& delivery);
  void receive_reply(Packet packet, const Delivery& delivery);
  void receive_error(Packet packet, const Delivery& delivery);
  bool deliver_echo_error(const ErrorReport& report);
  [[nodiscard]] bool learn_path_mtu(const wire::Icmpv6Header& message, ErrorReport& report);

  Ipv6& ipv6_;
  const IcmpConfig& config_;
  TokenBucket bucket_;
};

}  // namespace catenet::ip
