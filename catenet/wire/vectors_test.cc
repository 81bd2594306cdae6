// SPDX-License-Identifier: Apache-2.0
// Captures from elsewhere: with CATENET_VECTORS=<folder>, every Ethernet capture below it goes through every parser.
// Nothing may crash; a frame whose checksums are right must parse, but for a few crafted ones; and what was parsed must
// come out of our emitters and parse to the same again. (The sanitizer builds make this test bite.)
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "catenet/wire/arp.h"
#include "catenet/wire/ethernet.h"
#include "catenet/wire/icmp.h"
#include "catenet/wire/icmpv6.h"
#include "catenet/wire/ipv4_options.h"
#include "catenet/wire/pseudo_header.h"
#include "catenet/wire/tcp.h"
#include "catenet/wire/testing_pcap.h"
#include "catenet/wire/udp.h"

namespace catenet::wire {
namespace {

using testing::Buffer;

struct Tally {
  std::size_t files = 0, frames = 0, arp = 0, ip = 0, icmp = 0, udp = 0, tcp = 0;
  std::size_t ip_good_sum = 0, bad_options = 0;      // of packets with a right header checksum
  std::size_t tcp_good_sum = 0, tcp_bad_header = 0;  // of segments with a right checksum
  std::size_t icmp_good_sum = 0, icmp_bad = 0;
  std::size_t udp_good_sum = 0, udp_bad = 0;
  std::size_t ipv6 = 0, extensions = 0, bad_chains = 0, options = 0;
  std::size_t icmpv6_good_sum = 0, icmpv6_bad = 0;
};

class Reader {
 public:
  explicit Reader(Tally& tally) : tally_(tally) {}

  void frame(Bytes rest) {
    ++tally_.frames;
    const auto frame = EthernetFrame::parse(rest);
    if (!frame) {
      return;
    }
    rest = rest.subspan(frame->header_size(), frame->payload_size);
    std::uint16_t type = frame->type;
    while (type == static_cast<std::uint16_t>(EtherType::kVlan) ||
           type == static_cast<std::uint16_t>(EtherType::kServiceVlan)) {
      const auto* tag = view<VlanTag>(rest);
      if (tag == nullptr) {
        return;
      }
      type = tag->type;
      rest = rest.subspan(sizeof(VlanTag));
    }
    if (type == static_cast<std::uint16_t>(EtherType::kArp)) {
      tally_.arp += ArpPacket::parse(rest) ? 1 : 0;
    } else if (type == static_cast<std::uint16_t>(EtherType::kIpv4)) {
      ipv4(rest);
    } else if (type == static_cast<std::uint16_t>(EtherType::kIpv6)) {
      ipv6(rest);
    }
  }

 private:
  void ipv4(Bytes bytes) {
    const auto parsed = Ipv4Header::parse(bytes);
    if (!parsed) {
      return;
    }
    ++tally_.ip;
    const Ipv4Header& header = **parsed;
    const Bytes packet = bytes.first(header.total_length);
    const auto options = Ipv4Options::parse(header.options_in(packet));
    if (options && options->size() <= kIpv4MaxOptions) {
      Buffer again(options->size());
      options->emit(again);
      EXPECT_EQ(Ipv4Options::parse(again), *options);
    }
    if (testing::ones_sum(packet.first(header.header_size())) != 0xffff) {
      return;
    }
    ++tally_.ip_good_sum;
    tally_.bad_options += options ? 0 : 1;
    if (header.is_fragment()) {
      return;
    }
    const Bytes payload = packet.subspan(header.header_size());
    switch (IpProtocol{header.protocol}) {
      case IpProtocol::kIcmp:
        return icmp(payload);
      case IpProtocol::kUdp:
        return udp(header, payload);
      case IpProtocol::kTcp:
        return tcp(header, payload);
      default:
        return;
    }
  }

  void ipv6(Bytes bytes) {
    const auto parsed = Ipv6Header::parse(bytes);
    if (!parsed) {
      return;
    }
    ++tally_.ipv6;
    const Bytes packet = bytes.first(kIpv6HeaderSize + (*parsed)->payload_length);
    Ipv6ChainReader chain(packet);
    for (;;) {
      const auto extension = chain.next();
      if (!extension) {
        ++tally_.bad_chains;
        return;
      }
      if (!*extension) {
        break;
      }
      ++tally_.extensions;
      if ((*extension)->type == IpProtocol::kHopByHop || (*extension)->type == IpProtocol::kDestinationOptions) {
        Ipv6OptionReader options(packet.subspan((*extension)->offset, (*extension)->size));
        for (auto option = options.next(); option && *option; option = options.next()) {
          ++tally_.options;
        }
      }
    }
    if (chain.upper_layer() == IpProtocol::kIcmpv6 && !chain.is_later_fragment()) {
      icmpv6(**parsed, packet.subspan(chain.offset()));
    }
  }

  void icmpv6(const Ipv6Header& ip, Bytes message) {
    const Ipv6PseudoHeader pseudo{.source = ip.source,
                                  .destination = ip.destination,
                                  .length = static_cast<std::uint32_t>(message.size()),
                                  .next_header = static_cast<std::uint8_t>(IpProtocol::kIcmpv6)};
    const auto header = Icmpv6Header::parse(message);
    const bool good_sum = testing::ones_sum(message, testing::ones_sum(bytes_of(pseudo))) == 0xffff;
    tally_.icmpv6_good_sum += good_sum ? 1 : 0;
    tally_.icmpv6_bad += good_sum && !header ? 1 : 0;
    if (header && (*header)->is_error()) {
      (void)Icmpv6Quote::parse(message);
    }
  }

  void icmp(Bytes message) {
    ++tally_.icmp;
    const auto header = IcmpHeader::parse(message);
    const bool good_sum = testing::ones_sum(message) == 0xffff;
    tally_.icmp_good_sum += good_sum ? 1 : 0;
    tally_.icmp_bad += good_sum && !header ? 1 : 0;
    if (header && (*header)->is_error()) {
      (void)IcmpQuote::parse(message);
    }
  }

  void udp(const Ipv4Header& ip, Bytes datagram) {
    ++tally_.udp;
    const bool good_sum = sum_is_right(ip, datagram) && load16(datagram, 6) != 0;
    tally_.udp_good_sum += good_sum ? 1 : 0;
    tally_.udp_bad += good_sum && !UdpHeader::parse(datagram) ? 1 : 0;
  }

  void tcp(const Ipv4Header& ip, Bytes segment) {
    ++tally_.tcp;
    const auto header = TcpHeader::parse(segment);
    bool ok = header.has_value();
    if (header) {
      const auto options = TcpOptions::parse((*header)->options_in(segment));
      ok = options.has_value();
      if (options) {
        Buffer again(options->size());
        options->emit(again);
        auto expected = *options;  // more SACK blocks than fit beside full padding may have been squeezed in
        expected.sack_count = static_cast<std::uint8_t>(options->fitting_sack_blocks());
        std::fill(expected.sack.begin() + expected.sack_count, expected.sack.end(), SackBlock{});
        EXPECT_EQ(TcpOptions::parse(again), expected);
      }
    }
    if (sum_is_right(ip, segment)) {
      ++tally_.tcp_good_sum;
      tally_.tcp_bad_header += ok ? 0 : 1;
    }
  }

  [[nodiscard]] static bool sum_is_right(const Ipv4Header& ip, Bytes segment) {
    const Ipv4PseudoHeader pseudo{.source = ip.source,
                                  .destination = ip.destination,
                                  .protocol = ip.protocol,
                                  .length = static_cast<std::uint16_t>(segment.size())};
    return segment.size() >= 8 && testing::ones_sum(segment, testing::ones_sum(bytes_of(pseudo))) == 0xffff;
  }

  Tally& tally_;
};

TEST(Vectors, EveryEthernetCaptureGoesThroughEveryParser) {
  const char* folder = std::getenv("CATENET_VECTORS");
  if (folder == nullptr) {
    GTEST_SKIP() << "CATENET_VECTORS names no folder of captures";
  }
  Tally tally;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) {
      continue;
    }
    const auto frames = testing::read_pcap(entry.path().string());
    if (!frames) {
      continue;  // another kind of file, or another link
    }
    ++tally.files;
    Reader reader(tally);
    for (const auto& frame : *frames) {
      reader.frame(frame);
    }
  }
  RecordProperty("files", static_cast<int>(tally.files));
  std::printf("files %zu frames %zu arp %zu ip %zu (sum right %zu, bad options %zu)\n", tally.files, tally.frames,
              tally.arp, tally.ip, tally.ip_good_sum, tally.bad_options);
  std::printf("icmp %zu (%zu, %zu) udp %zu (%zu, %zu) tcp %zu (%zu, %zu): all (sum right, of these bad)\n", tally.icmp,
              tally.icmp_good_sum, tally.icmp_bad, tally.udp, tally.udp_good_sum, tally.udp_bad, tally.tcp,
              tally.tcp_good_sum, tally.tcp_bad_header);
  std::printf("ipv6 %zu extension headers %zu (bad chains %zu, options %zu) icmpv6 (%zu, %zu)\n", tally.ipv6,
              tally.extensions, tally.bad_chains, tally.options, tally.icmpv6_good_sum, tally.icmpv6_bad);
  EXPECT_GT(tally.files, 0U) << "no Ethernet capture below " << folder;
  // One in a hundred may be crafted: a right checksum over a header that is wrong on purpose.
  EXPECT_LE(tally.bad_options * 100, tally.ip_good_sum);
  EXPECT_LE(tally.icmp_bad * 100, tally.icmp_good_sum);
  EXPECT_LE(tally.icmpv6_bad * 100, tally.icmpv6_good_sum);
  EXPECT_LE(tally.bad_chains * 20, tally.ipv6);
  EXPECT_LE(tally.udp_bad * 100, tally.udp_good_sum);
  EXPECT_LE(tally.tcp_bad_header * 100, tally.tcp_good_sum);
}

}  // namespace
}  // namespace catenet::wire
