// SPDX-License-Identifier: Apache-2.0
// ARP: what parses is emitted byte by byte, and its reply parses and answers it.
#include <array>

#include "catenet/wire/arp.h"
#include "fuzz/fuzz.h"

using namespace catenet::wire;
using catenet::fuzz::expect;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes bytes = catenet::fuzz::input(data, size);
  const auto packet = ArpPacket::parse(bytes);
  if (!packet) {
    expect(packet.error() == WireError::kTooShort || packet.error() == WireError::kUnsupported);
    return 0;
  }
  std::array<std::byte, sizeof(ArpPacket)> out;
  emit_header(**packet, out);
  catenet::fuzz::expect_equal(out, bytes.first(out.size()));

  const MacAddress owner = MacAddress::from_u64(0x020000000001);
  const ArpPacket reply = ArpPacket::reply_to(**packet, owner);
  emit_header(reply, out);
  const auto again = ArpPacket::parse(out);
  expect(again && (*again)->is_reply() && (*again)->target_mac == (*packet)->sender_mac);
  expect(Ipv4Address((*again)->sender_ip) == (*packet)->target_ip && (*again)->sender_mac == owner);
  return 0;
}
