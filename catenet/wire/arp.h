// SPDX-License-Identifier: Apache-2.0
// ARP for IPv4 on Ethernet (RFC 826): 28 bytes, always of the same shape. Requests, replies, probes and announcements
// (RFC 5227) are the same packet with different fields filled.
#pragma once
#include <cstdint>

#include "catenet/wire/bytes.h"
#include "catenet/wire/ip_address.h"
#include "catenet/wire/link_address.h"

namespace catenet::wire {

inline constexpr std::uint16_t kArpHardwareEthernet = 1;

enum class ArpOperation : std::uint16_t { kRequest = 1, kReply = 2 };

struct ArpPacket {
  be16 hardware_type = kArpHardwareEthernet;
  be16 protocol_type = 0x0800;
  std::uint8_t hardware_size = MacAddress::kSize;
  std::uint8_t protocol_size = Ipv4Address::kSize;
  be16 operation;
  MacAddress sender_mac;
  BeIpv4 sender_ip;
  MacAddress target_mac;
  BeIpv4 target_ip;

  [[nodiscard]] bool is_request() const { return operation == static_cast<std::uint16_t>(ArpOperation::kRequest); }
  [[nodiscard]] bool is_reply() const { return operation == static_cast<std::uint16_t>(ArpOperation::kReply); }
  /// A question before an address is used: no sender address yet (RFC 5227 1.1).
  [[nodiscard]] bool is_probe() const { return is_request() && Ipv4Address(sender_ip).is_unspecified(); }
  /// Sender and target address are the same: "this is mine" (RFC 5227 1.1, RFC 5944 4.6).
  [[nodiscard]] bool is_announcement() const { return Ipv4Address(sender_ip) == target_ip; }

  static ArpPacket request(const MacAddress& sender_mac, Ipv4Address sender_ip, Ipv4Address target_ip);
  /// The answer to `request` from the owner of its target address.
  static ArpPacket reply_to(const ArpPacket& request, const MacAddress& owner);

  /// In place; bytes beyond 28 are the frame's padding. kTooShort; kUnsupported for another hardware or protocol type
  /// or size (RFC 826 lets a host drop those). The operation is not judged: unknown ones are the caller's to ignore.
  static Parsed<const ArpPacket*> parse(Bytes bytes);
};
static_assert(sizeof(ArpPacket) == 28 && FixedHeader<ArpPacket>);

}  // namespace catenet::wire
