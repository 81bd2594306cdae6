// SPDX-License-Identifier: Apache-2.0
// ICMP for IPv4 (RFC 792, RFC 1122 3.2.2, RFC 1812 4.3): echo, errors out under the rules that keep them from
// multiplying, errors in up to the transport they are about. Part of an Ipv4, which owns it.
//
// Left alone on purpose: redirects are neither sent nor believed, source quench is ignored (RFC 6633), time stamps and
// address masks are not answered.
#pragma once
#include <cstdint>

#include "catenet/ip/config.h"
#include "catenet/ip/echo.h"
#include "catenet/ip/message_counters.h"
#include "catenet/ip/network.h"
#include "catenet/wire/icmp.h"

namespace catenet::ip {

class Ipv4;

class Icmp final : public Protocol, public Echo {
 public:
  Icmp(Ipv4& ipv4, const IcmpConfig& config);

  // Echo
  Result<void> send_echo(Packet packet, std::uint16_t identifier, std::uint16_t sequence, SendOptions options) override;

  // For the rooms of this stack.
  /// Tells the sender of `packet` what happened to it, unless RFC 1122 3.2.2 forbids or the rate limit is reached. The
  /// front of `packet` is its IP header; it is not changed. `error` has everything but its checksum.
  void send_error(const Packet& packet, const wire::IcmpHeader& error);
  [[nodiscard]] bool may_answer(const Packet& packet) const;
  /// Hands an error to the protocol that it is about. False when nobody cares.
  bool deliver(const ErrorReport& report, std::uint8_t protocol);

  /// Messages that came and were whole, and that were sent, by type; and those that were not whole.
  [[nodiscard]] const MessageCounters& received() const { return received_; }
  [[nodiscard]] const MessageCounters& sent() const { return sent_; }
  [[nodiscard]] std::uint64_t malformed() const { return malformed_; }

  // Protocol
  void receive(Packet packet, const Delivery& delivery) override;
  void on_error(const ErrorReport& report) override;

 private:
  void unwanted(Packet packet, DropReason reason, const Delivery& delivery);
  void answer_echo(Packet packet, const Delivery& delivery);
  void receive_reply(Packet packet, const Delivery& delivery);
  void receive_error(Packet packet, const Delivery& delivery);
  bool deliver_echo_error(const ErrorReport& report);
  void learn_path_mtu(const wire::IcmpHeader& message, const wire::Ipv4Header& quoted, ErrorReport& report);

  Ipv4& ipv4_;
  const IcmpConfig& config_;
  TokenBucket bucket_;
  MessageCounters received_;
  MessageCounters sent_;
  std::uint64_t malformed_ = 0;
};

}  // namespace catenet::ip
