// SPDX-License-Identifier: Apache-2.0
#include "catenet/ip/flow.h"

#include "catenet/ip/ipv6_test_net.h"

namespace catenet::ip {
namespace {

class FlowTest : public IpTest {
 protected:
  template <typename F>
  Flow of(F&& function, const ByteString& bytes, auto... more) {
    Packet packet = pool.make();
    EXPECT_TRUE(packet.append(bytes));
    const Flow flow = function(packet, more...);
    packet.consume();
    return flow;
  }
  Flow of4(const Fields& f) { return of(flow_of_ipv4, make_ip(f)); }
  Flow of6(const Fields6& f) { return of(flow_of_ipv6, make_ip6(f)); }
};

const ByteString kPorts = hex("1234 5678 0000 0000");

TEST_F(FlowTest, TransportsWithPortsHaveThem) {
  for (const std::uint8_t protocol : {6, 17, 136}) {
    EXPECT_EQ(of4({.protocol = protocol, .payload = kPorts}), (Flow{0x12345678, protocol}));
    EXPECT_EQ(of6({.next = IpProtocol{protocol}, .payload = kPorts}), (Flow{0x12345678, protocol}));
  }
  EXPECT_EQ(of4({.protocol = 1, .payload = kPorts}), (Flow{0, 1}));
  EXPECT_EQ(of6({.next = IpProtocol::kIcmpv6, .payload = kPorts}), (Flow{0, 58}));
}

TEST_F(FlowTest, OptionsAreSteppedOver) {
  EXPECT_EQ(of4({.options = hex("0101 0100"), .payload = kPorts}), (Flow{0x12345678, 17}));
  EXPECT_EQ(of6({.next = IpProtocol::kDestinationOptions, .extensions = hex("1100 0104 0000 0000"), .payload = kPorts}),
            (Flow{0x12345678, 17}));
}

TEST_F(FlowTest, AllFragmentsOfADatagramAreAlike) {
  EXPECT_EQ(of4({.fragment = 0x2000, .payload = kPorts}), (Flow{0, 17}));
  EXPECT_EQ(of4({.fragment = 0x0001, .payload = pattern(8)}), (Flow{0, 17}));
  EXPECT_EQ(of6({.next = IpProtocol::kFragment, .extensions = hex("1100 0001 0000 0007"), .payload = kPorts}),
            (Flow{0, 17}));
  EXPECT_EQ(of6({.next = IpProtocol::kFragment, .extensions = hex("1100 0009 0000 0007"), .payload = pattern(8)}),
            (Flow{0, 17}));
}

TEST_F(FlowTest, WhatIsCutShortHasNoPorts) {
  EXPECT_EQ(of4({.payload = pattern(3)}), (Flow{0, 17}));
  EXPECT_EQ(of6({.payload = {}}), (Flow{0, 17}));
  EXPECT_EQ(of6({.next = IpProtocol::kDestinationOptions, .payload = hex("11ff 0000")}), Flow{});
  EXPECT_EQ(of(flow_of_transport, pattern(10), std::size_t{8}, std::uint8_t{6}), (Flow{0, 6}));
}

TEST_F(FlowTest, PortsMayLieInASlice) {
  Packet packet = pool.make();
  const ByteString whole = make_ip({.payload = kPorts});
  ASSERT_TRUE(packet.append(wire::Bytes(whole).first(20)));
  Packet rest = pool.make();
  ChunkRef chunk = pool.make_chunk(8);
  ASSERT_TRUE(chunk);
  std::copy(kPorts.begin(), kPorts.end(), chunk.bytes());
  ASSERT_TRUE(packet.append(chunk, 0, 8));
  rest.consume();
  EXPECT_EQ(flow_of_ipv4(packet), (Flow{0x12345678, 17}));
  packet.consume();
}

}  // namespace
}  // namespace catenet::ip
