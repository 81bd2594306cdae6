// SPDX-License-Identifier: Apache-2.0
// ARP packets (RFC 826).
#include "catenet/wire/arp.h"

namespace catenet::wire {

ArpPacket ArpPacket::request(const MacAddress& sender_mac, Ipv4Address sender_ip, Ipv4Address target_ip) {
  ArpPacket packet;
  packet.operation = static_cast<std::uint16_t>(ArpOperation::kRequest);
  packet.sender_mac = sender_mac;
  packet.sender_ip = sender_ip;
  packet.target_ip = target_ip;  // the target's hardware address is what is asked for: zero
  return packet;
}

ArpPacket ArpPacket::reply_to(const ArpPacket& request, const MacAddress& owner) {
  ArpPacket packet;
  packet.operation = static_cast<std::uint16_t>(ArpOperation::kReply);
  packet.sender_mac = owner;
  packet.sender_ip = request.target_ip;
  packet.target_mac = request.sender_mac;
  packet.target_ip = request.sender_ip;
  return packet;
}

Parsed<const ArpPacket*> ArpPacket::parse(Bytes bytes) {
  // The fixed part comes first: a short packet for other hardware is "unsupported", not "too short".
  if (bytes.size() < 8) {
    return bad(WireError::kTooShort);
  }
  if (load16(bytes, 0) != kArpHardwareEthernet || load16(bytes, 2) != 0x0800 || load8(bytes, 4) != MacAddress::kSize ||
      load8(bytes, 5) != Ipv4Address::kSize) {
    return bad(WireError::kUnsupported);
  }
  const auto* packet = view<ArpPacket>(bytes);
  if (packet == nullptr) {
    return bad(WireError::kTooShort);
  }
  return packet;
}

}  // namespace catenet::wire
