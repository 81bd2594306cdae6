// SPDX-License-Identifier: Apache-2.0
// Ethernet II, 802.3 with LLC and SNAP, VLAN tags; this file is also the test of llc.cc.
#include "catenet/wire/ethernet.h"

#include <gtest/gtest.h>

#include "catenet/wire/testing_pcap.h"

namespace catenet::wire {
namespace {

using testing::Buffer;
using testing::hex;

constexpr char kAddresses[] = "01 80 c2 00 00 00  02 00 00 00 00 01";

Buffer frame(std::string_view rest, std::size_t pad_to = 0) {
  Buffer bytes = hex(kAddresses);
  testing::append(bytes, hex(rest));
  bytes.resize(std::max(bytes.size(), pad_to));
  return bytes;
}

Buffer emitted_frame(const EthernetFrame& frame) {
  Buffer out(frame.header_size());
  EXPECT_EQ(frame.emit(out), out.size());
  return out;
}

TEST(Ethernet, ReadsATypedFrame) {
  const Buffer bytes = frame("08 00  45 00", 60);
  const auto parsed = EthernetFrame::parse(bytes);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->destination, MacAddress(1, 0x80, 0xc2, 0, 0, 0));
  EXPECT_EQ(parsed->source, MacAddress::from_u64(0x020000000001));
  EXPECT_EQ(parsed->framing, EthernetFraming::kEthernet2);
  EXPECT_EQ(parsed->type, 0x0800);
  EXPECT_EQ(parsed->payload_size, 46U);
  EXPECT_EQ(emitted_frame(*parsed), frame("08 00"));
  EXPECT_EQ(view<EthernetHeader>(bytes)->ether_type(), EtherType::kIpv4);
}

TEST(Ethernet, ReadsSpanningTreeOverLlc) {
  const auto parsed = EthernetFrame::parse(frame("00 26  42 42 03  00 00", 60));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->framing, EthernetFraming::kLlc);
  EXPECT_EQ(parsed->llc.dsap, kSapBridge);
  EXPECT_EQ(parsed->type, 0);
  EXPECT_EQ(parsed->header_size(), 17U);
  EXPECT_EQ(parsed->payload_size, 35U);  // a configuration message (802.1D 9.3.1), padding cut off
  EXPECT_EQ(emitted_frame(*parsed), frame("00 26  42 42 03"));
}

TEST(Ethernet, ReadsSnap) {
  const auto ip = EthernetFrame::parse(frame("00 1c  aa aa 03 00 00 00 08 00", 60));
  ASSERT_TRUE(ip);
  EXPECT_EQ(ip->framing, EthernetFraming::kSnap);
  EXPECT_EQ(ip->type, 0x0800);
  EXPECT_EQ(ip->llc, Llc::snap(0x0800));
  EXPECT_EQ(ip->payload_size, 20U);
  EXPECT_EQ(emitted_frame(*ip), frame("00 1c  aa aa 03 00 00 00 08 00"));

  const auto vendor = EthernetFrame::parse(frame("00 08  aa aa 03 00 00 0c 20 00", 60));
  ASSERT_TRUE(vendor);
  EXPECT_EQ(vendor->type, 0);  // not an EtherType: the OUI is a vendor's
  EXPECT_EQ(vendor->llc.oui, 0x00000cU);
  EXPECT_EQ(vendor->llc.protocol, 0x2000);
}

TEST(Ethernet, ReadsNumberedLlc) {
  const auto parsed = EthernetFrame::parse(frame("00 06  f0 f1 02 14 aa bb", 60));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->llc.control, 0x1402);
  EXPECT_EQ(parsed->llc.size(), 4U);
  EXPECT_EQ(parsed->payload_size, 2U);
  EXPECT_EQ(emitted_frame(*parsed), frame("00 06  f0 f1 02 14"));
}

TEST(Ethernet, NamesEachMalformation) {
  EXPECT_EQ(EthernetFrame::parse(hex(kAddresses)).error(), WireError::kTooShort);
  EXPECT_EQ(EthernetFrame::parse({}).error(), WireError::kTooShort);
  for (const char* rest : {"05 dd", "05 ff", "00 2f", "00 00", "00 02 aa aa", "00 07 aa aa 03 00 00 00 08"}) {
    EXPECT_EQ(EthernetFrame::parse(frame(rest, 60)).error(), WireError::kBadLength) << rest;
  }
  EXPECT_TRUE(EthernetFrame::parse(frame("05 dc 42 42 03", 1514)));  // 1500: the greatest length
  EXPECT_TRUE(EthernetFrame::parse(frame("06 00", 60)));             // 1536: the least type
}

TEST(Ethernet, VlanTag) {
  const Buffer bytes = hex("b0 64 08 00");
  const auto* tag = view<VlanTag>(bytes);
  ASSERT_NE(tag, nullptr);
  EXPECT_EQ(tag->vlan_id(), 100);
  EXPECT_EQ(tag->priority(), 5);
  EXPECT_TRUE(tag->drop_eligible());
  EXPECT_EQ(VlanTag::make_tci(5, true, 100), 0xb064);
  EXPECT_EQ(tag->type, 0x0800);
}

}  // namespace
}  // namespace catenet::wire
