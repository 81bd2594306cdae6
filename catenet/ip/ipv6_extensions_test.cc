// SPDX-License-Identifier: Apache-2.0
// Extension headers and fragments (ipv6_extensions.cc, ipv6_fragment.cc).
#include <algorithm>

#include "catenet/base/rng.h"
#include "catenet/ip/ipv6_test_net.h"

namespace catenet::ip {
namespace {

class ExtensionTest : public OneHost6 {
 protected:
  void inject_options(IpProtocol header, const char* option, const char* destination = kHost) {
    Fields6 f{.destination = destination, .next = header, .extensions = hex(std::string("1100 ") + option)};
    const auto to =
        f.destination == std::string_view(kHost) ? mac(1) : Traits<Ipv6Address>::link_group(ip6(destination));
    wire0->inject(make_frame(to, mac(2), EtherType::kIpv6, make_ip6(f)));
  }
};

TEST_F(ExtensionTest, AChainIsPassedOver) {
  start();
  inject6({.next = IpProtocol::kHopByHop,
           .extensions = hex("3c00 0502 0000 0100"  // router alert
                             "2b00 0104 00000000"
                             "2c00 0300 00000000"  // a routing header that has been everywhere
                             "3c00 0000 12345678"  // an atomic fragment
                             "1100 0104 00000000"),
           .payload = pattern(30)});
  ASSERT_EQ(node->udp.got.size(), 1u);
  EXPECT_EQ(node->udp.got[0].bytes, pattern(30));
  EXPECT_EQ(node->ipv6.reassembly(), nullptr);
}

TEST_F(ExtensionTest, HopByHopStandsInFront) {
  start();
  inject6({.next = IpProtocol::kDestinationOptions, .extensions = hex("0000 0104 00000000 1100 0104 00000000")});
  EXPECT_EQ(last_error(Icmpv6Type::kParameterProblem, 1).icmp6().pointer(), 40u);
  EXPECT_EQ(drops(DropReason::bad_extension_header), 1u);
}

TEST_F(ExtensionTest, UnknownOptionsAreTreatedAsTheirTypeSays) {
  start();
  for (const IpProtocol header : {IpProtocol::kHopByHop, IpProtocol::kDestinationOptions}) {
    const auto delivered = node->udp.got.size();
    const auto answered = wire0->frames.size();
    inject_options(header, "1e04 00000000");  // 00: skip
    EXPECT_EQ(node->udp.got.size(), delivered + 1);
    inject_options(header, "5e04 00000000");  // 01: drop
    EXPECT_EQ(wire0->frames.size(), answered);
    inject_options(header, "9e04 00000000");  // 10: report
    EXPECT_EQ(last_error(Icmpv6Type::kParameterProblem, 2).icmp6().pointer(), 42u);
    inject_options(header, "9e04 00000000", "ff02::1");
    EXPECT_EQ(wire0->frames.size(), answered + 2) << "even about a packet to a group";
    inject_options(header, "0100 de02 0000");  // 11: report
    EXPECT_EQ(last_error(Icmpv6Type::kParameterProblem, 2).icmp6().pointer(), 44u);
    inject_options(header, "de04 00000000", "ff02::1");  // but not to a group
    EXPECT_EQ(wire0->frames.size(), answered + 3);
    EXPECT_EQ(node->udp.got.size(), delivered + 1);
  }
  EXPECT_EQ(drops(DropReason::bad_ip_option), 10u);
}

TEST_F(ExtensionTest, JumbogramsAreRefused) {
  start();
  inject6({.next = IpProtocol::kHopByHop, .extensions = hex("1100 c204 00010000"), .payload = {}});
  EXPECT_EQ(last_error(Icmpv6Type::kParameterProblem, 2).icmp6().pointer(), 42u);
}

TEST_F(ExtensionTest, AnOptionBeyondItsHeader) {
  start();
  inject_options(IpProtocol::kDestinationOptions, "0502 0000 05ff");
  EXPECT_EQ(last_error(Icmpv6Type::kParameterProblem, 0).icmp6().pointer(), 46u);
}

TEST_F(ExtensionTest, RoutingHeadersAreRefused) {
  start();
  ByteString type0 = hex("1102 0001 00000000");
  type0.resize(24);
  inject6({.next = IpProtocol::kRouting, .extensions = type0});
  EXPECT_EQ(last_error(Icmpv6Type::kParameterProblem, 0).icmp6().pointer(), 42u);
  EXPECT_EQ(drops(DropReason::source_route_refused), 1u);
}

TEST_F(ExtensionTest, CutChains) {
  start();
  inject6({.next = IpProtocol::kDestinationOptions, .extensions = hex("1100 01"), .payload = {}});
  inject6({.next = IpProtocol::kDestinationOptions, .extensions = hex("1101 0104 00000000"), .payload = {}});
  EXPECT_EQ(drops(DropReason::bad_extension_header), 2u);
  EXPECT_TRUE(wire0->frames.empty());
}

TEST_F(ExtensionTest, LongChains) {
  start();
  ByteString many;
  for (unsigned i = 0; i < wire::Ipv6ChainReader::kMaxHeaders; ++i) {
    const ByteString one =
        hex(i + 1 == wire::Ipv6ChainReader::kMaxHeaders ? "1100 0104 00000000" : "3c00 0104 00000000");
    many.insert(many.end(), one.begin(), one.end());
  }
  inject6({.next = IpProtocol::kDestinationOptions, .extensions = many});
  EXPECT_EQ(node->udp.got.size(), 1u);
  const ByteString one = hex("3c00 0104 00000000");
  many.insert(many.begin(), one.begin(), one.end());
  inject6({.next = IpProtocol::kDestinationOptions, .extensions = many});
  EXPECT_EQ(drops(DropReason::extension_header_limit), 1u);
  ByteString large = hex("1112 01ff");  // 152 bytes
  large.resize(152);
  inject6({.next = IpProtocol::kDestinationOptions, .extensions = large});
  EXPECT_EQ(drops(DropReason::extension_header_limit), 2u);
  EXPECT_EQ(node->udp.got.size(), 1u);
}

// ---- fragments

class FragmentTest6 : public OneHost6 {
 protected:
  /// Bytes [begin, end) of pattern(total), as a fragment.
  void piece(std::size_t begin, std::size_t end, std::size_t total, std::uint32_t id = 1,
             const ByteString& before = {}) {
    const ByteString all = pattern(total);
    wire::Ipv6FragmentHeader header{.next_header = 17, .id = id};
    header.set_offset(begin, end < total);
    ByteString extensions = before;
    const auto bytes = wire::bytes_of(header);
    extensions.insert(extensions.end(), bytes.begin(), bytes.end());
    inject6({.next = before.empty() ? IpProtocol::kFragment : IpProtocol::kDestinationOptions,
             .extensions = extensions,
             .payload = ByteString(all.begin() + static_cast<std::ptrdiff_t>(begin),
                                   all.begin() + static_cast<std::ptrdiff_t>(end))});
  }
  [[nodiscard]] std::size_t waiting() const {
    return node->ipv6.reassembly() != nullptr ? node->ipv6.reassembly()->datagrams() : 0;
  }
};

TEST_F(FragmentTest6, AnyOrderAnyCut) {
  start();
  Rng rng(5);
  for (std::uint32_t round = 0; round < 200; ++round) {
    const std::size_t total = 9 + rng.below(1400);
    std::vector<std::pair<std::size_t, std::size_t>> cuts;
    for (std::size_t at = 0; at < total;) {
      const std::size_t end = std::min(total, at + 8 * (1 + rng.below(20)));
      cuts.emplace_back(at, end);
      at = end;
    }
    for (std::size_t i = cuts.size(); i > 1; --i) {
      std::swap(cuts[i - 1], cuts[rng.below(i)]);
    }
    const std::size_t before = node->udp.got.size();
    for (const auto& [begin, end] : cuts) {
      EXPECT_EQ(node->udp.got.size(), before);
      piece(begin, end, total, round);
    }
    ASSERT_EQ(node->udp.got.size(), before + 1) << total;
    EXPECT_EQ(node->udp.got.back().bytes, pattern(total));
  }
  EXPECT_EQ(waiting(), 0u);
}

TEST_F(FragmentTest6, WhatStandsInFrontOfThemMayDiffer) {  // the first fragment's counts (RFC 8200 4.5)
  start();
  node->udp.refuse_with_port_unreachable = true;
  node->udp.delivery_network = &node->ipv6;
  piece(80, 200, 200, 1);
  piece(0, 80, 200, 1, hex("2c00 0104 00000000"));
  piece(0, 80, 200, 2);
  piece(80, 200, 200, 2, hex("2c00 0104 00000000"));
  ASSERT_EQ(node->udp.got.size(), 2u);
  EXPECT_EQ(node->udp.got[0].bytes, pattern(200));
  EXPECT_EQ(node->udp.got[1].bytes, pattern(200));
  // What is quoted is the whole packet, as if it had never been cut.
  ASSERT_EQ(wire0->frames.size(), 2u);
  const ByteString first = wire0->frames[0].payload6();
  EXPECT_EQ(first.size(), 8u + 40 + 8 + 200);
  EXPECT_EQ(first[8 + 6], std::byte{60});
  EXPECT_EQ(first[8 + 40], std::byte{17});
  EXPECT_EQ(wire0->frames[1].payload6().size(), 8u + 40 + 200);
}

TEST_F(FragmentTest6, OverlapKillsTheDatagram) {  // RFC 5722
  start();
  piece(0, 80, 200, 1);
  piece(72, 160, 200, 1);
  EXPECT_EQ(drops(DropReason::fragment_overlap), 2u);
  piece(0, 80, 200, 2);
  piece(0, 80, 200, 2);  // the same once more is no overlap (RFC 8200 4.5)
  EXPECT_EQ(drops(DropReason::fragment_duplicate), 1u);
  piece(80, 200, 200, 2);
  EXPECT_EQ(node->udp.got.size(), 1u);
  EXPECT_TRUE(wire0->frames.empty());
}

TEST_F(FragmentTest6, AnAtomicFragmentDisturbsNobody) {  // RFC 6946
  start();
  piece(0, 80, 200, 7);
  piece(0, 100, 100, 7);
  ASSERT_EQ(node->udp.got.size(), 1u);
  EXPECT_EQ(node->udp.got[0].bytes, pattern(100));
  piece(80, 200, 200, 7);
  ASSERT_EQ(node->udp.got.size(), 2u);
  EXPECT_EQ(node->udp.got[1].bytes, pattern(200));
}

TEST_F(FragmentTest6, ImpossibleFragmentsAreReported) {
  start();
  inject6({.next = IpProtocol::kFragment, .extensions = hex("1100 0001 00000001"), .payload = pattern(9)});
  EXPECT_EQ(last_error(Icmpv6Type::kParameterProblem, 0).icmp6().pointer(), 4u);
  inject6({.next = IpProtocol::kFragment, .extensions = hex("1100 fff8 00000001"), .payload = pattern(100)});
  EXPECT_EQ(last_error(Icmpv6Type::kParameterProblem, 0).icmp6().pointer(), 42u);
  inject6({.next = IpProtocol::kFragment, .extensions = hex("1100 0008 00000001"), .payload = {}});
  EXPECT_EQ(drops(DropReason::bad_fragment), 3u);
  EXPECT_EQ(waiting(), 0u);
}

TEST_F(FragmentTest6, AFirstFragmentHasAllHeaders) {  // RFC 7112
  start();
  inject6({.next = IpProtocol::kFragment, .extensions = hex("0600 0001 00000001"), .payload = pattern(16)});
  last_error(Icmpv6Type::kParameterProblem, 3);
  inject6(
      {.next = IpProtocol::kFragment, .extensions = hex("3c00 0001 00000001"), .payload = hex("1102 0104 00000000")});
  last_error(Icmpv6Type::kParameterProblem, 3);
  EXPECT_EQ(wire0->frames.size(), 2u);
  EXPECT_EQ(drops(DropReason::bad_extension_header), 2u);
  EXPECT_EQ(waiting(), 0u);
}

TEST_F(FragmentTest6, TimeIsLimited) {
  start();
  piece(0, 80, 200, 1);
  run_for(Duration::seconds(10));
  piece(80, 160, 200, 2);
  run_for(Duration::seconds(49));
  EXPECT_TRUE(wire0->frames.empty());
  run_for(Duration::seconds(20));
  EXPECT_EQ(drops(DropReason::reassembly_timeout), 2u);
  std::erase_if(wire0->frames, [](const Sent& s) { return s.is_icmp6(Icmpv6Type::kNeighborSolicitation); });
  ASSERT_EQ(wire0->frames.size(), 1u) << "only about a datagram whose first fragment came";
  EXPECT_EQ(last_error(Icmpv6Type::kTimeExceeded, 1).at.ns(), 60'000'000'000);
}

TEST_F(FragmentTest6, EverySizeFromHereToOurselves) {
  start();
  // Cut by us, put together by us: what leaves comes in again from a neighbour who sends everything back.
  eth0->set_mtu(1280);
  for (const std::size_t size : {1232u, 1233u, 1240u, 2464u, 2465u, 9000u, 65000u, 65535u}) {
    wire0->frames.clear();
    node->udp.got.clear();
    ASSERT_TRUE(send_to(kPeer, size));
    const auto frames = wire0->frames;
    EXPECT_EQ(frames.size(), size <= 1240 ? 1u : (size + 1231) / 1232) << size;
    for (auto frame : frames) {
      EXPECT_LE(frame.bytes.size(), 1280u + 14);
      auto* header = reinterpret_cast<Ipv6Header*>(frame.bytes.data() + 14);
      std::swap(header->source, header->destination);
      wire0->inject(make_frame(mac(1), mac(2), EtherType::kIpv6, {frame.bytes.begin() + 14, frame.bytes.end()}));
    }
    ASSERT_EQ(node->udp.got.size(), 1u) << size;
    EXPECT_EQ(node->udp.got[0].bytes, pattern(size));
  }
}

TEST_F(FragmentTest6, PiecesShareThePayload) {
  start();
  ASSERT_TRUE(send_to(kPeer, 4000));
  ASSERT_EQ(wire0->frames.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(wire0->frames[i].ip6().next(), IpProtocol::kFragment);
    const auto& fragment = wire0->frames[i].at_offset<wire::Ipv6FragmentHeader>(54);
    EXPECT_EQ(fragment.next_header, 17);
    EXPECT_EQ(fragment.offset(), i * 1448);
    EXPECT_EQ(fragment.more(), i < 2);
    EXPECT_EQ(fragment.id, wire0->frames[0].at_offset<wire::Ipv6FragmentHeader>(54).id);
    EXPECT_GT(wire0->slices[i], 0u);
  }
  ASSERT_TRUE(send_to(kPeer, 4000));
  EXPECT_NE(wire0->frames[3].at_offset<wire::Ipv6FragmentHeader>(54).id,
            wire0->frames[0].at_offset<wire::Ipv6FragmentHeader>(54).id);
}

}  // namespace
}  // namespace catenet::ip
