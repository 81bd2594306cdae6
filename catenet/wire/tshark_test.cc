// SPDX-License-Identifier: Apache-2.0
// tshark as judge: frames put together by our emitters go into a capture, and what it decodes (fields and checksums)
// must be what we put in. Skipped where tshark is missing.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <sstream>

#include "catenet/wire/arp.h"
#include "catenet/wire/ethernet.h"
#include "catenet/wire/fcs.h"
#include "catenet/wire/icmp.h"
#include "catenet/wire/icmpv6.h"
#include "catenet/wire/ipv4_options.h"
#include "catenet/wire/pseudo_header.h"
#include "catenet/wire/tcp.h"
#include "catenet/wire/testing_pcap.h"
#include "catenet/wire/udp.h"
#include "catenet/wire/udp_lite.h"

namespace catenet::wire {
namespace {

using testing::append;
using testing::Buffer;

const MacAddress kAliceMac = MacAddress::from_u64(0x020000000001);
const MacAddress kBobMac = MacAddress::from_u64(0x020000000002);
constexpr Ipv4Address kAlice(10, 0, 0, 1);
constexpr Ipv4Address kBob(10, 0, 0, 2);
constexpr Ipv6Address kAlice6({0x2001, 0xdb8, 0, 0, 0, 0, 0, 1});
constexpr Ipv6Address kBob6({0x2001, 0xdb8, 0, 0, 0, 0, 0, 2});

// An IP packet from Alice to Bob with its header checksum.
Buffer ip(IpProtocol protocol, Bytes payload, const Ipv4Options& options = {}) {
  Buffer packet(kIpv4HeaderSize + options.size());
  options.emit(MutableBytes(packet).subspan(kIpv4HeaderSize));
  auto* header = edit<Ipv4Header>(packet);
  *header =
      Ipv4Header{.ttl = 64, .protocol = static_cast<std::uint8_t>(protocol), .source = kAlice, .destination = kBob};
  header->set_header_size(packet.size());
  header->set_dscp(46);
  header->total_length = static_cast<std::uint16_t>(packet.size() + payload.size());
  header->checksum = static_cast<std::uint16_t>(~testing::ones_sum(packet));
  append(packet, payload);
  return packet;
}

// The same over IPv6, with the given bytes as extension headers, the first of which is `first`.
Buffer ipv6(IpProtocol first, Bytes extensions, Bytes payload) {
  Ipv6Header header{.payload_length = static_cast<std::uint16_t>(extensions.size() + payload.size()),
                    .next_header = static_cast<std::uint8_t>(first),
                    .hop_limit = 64,
                    .source = kAlice6,
                    .destination = kBob6};
  header.set_traffic_class(0xb8);
  header.set_flow_label(0xabcde);
  Buffer packet;
  append(packet, header);
  append(packet, extensions);
  append(packet, payload);
  return packet;
}

// A framed payload, padded, with its FCS.
Buffer frame(EtherType type, Bytes payload) {
  Buffer out;
  append(out, EthernetHeader::make(kBobMac, kAliceMac, type));
  append(out, payload);
  out.resize(std::max(out.size(), kEthernetMinFrame));
  const std::uint32_t crc = crc32(out);
  out.resize(out.size() + kFcsSize);
  emit_fcs(crc, MutableBytes(out).last(kFcsSize));
  return out;
}

// The checksum of a transport segment whose checksum field is zero.
// UDP-Lite's covers the beginning of a packet of `length` bytes.
std::uint16_t transport_checksum(IpProtocol protocol, Bytes segment, std::size_t length) {
  const Ipv4PseudoHeader pseudo{.source = kAlice,
                                .destination = kBob,
                                .protocol = static_cast<std::uint8_t>(protocol),
                                .length = static_cast<std::uint16_t>(length)};
  return static_cast<std::uint16_t>(~testing::ones_sum(segment, testing::ones_sum(bytes_of(pseudo))));
}

std::uint16_t transport_checksum(IpProtocol protocol, Bytes segment) {
  return transport_checksum(protocol, segment, segment.size());
}

std::uint16_t transport_checksum6(IpProtocol protocol, Bytes segment, std::size_t length) {
  const Ipv6PseudoHeader pseudo{.source = kAlice6,
                                .destination = kBob6,
                                .length = static_cast<std::uint32_t>(length),
                                .next_header = static_cast<std::uint8_t>(protocol)};
  return static_cast<std::uint16_t>(~testing::ones_sum(segment, testing::ones_sum(bytes_of(pseudo))));
}

std::uint16_t transport_checksum6(IpProtocol protocol, Bytes segment) {
  return transport_checksum6(protocol, segment, segment.size());
}

Buffer tcp(std::uint8_t flags, const TcpOptions& options) {
  Buffer segment(kTcpHeaderSize + options.size());
  auto* header = edit<TcpHeader>(segment);
  *header = TcpHeader{
      .source_port = 40000, .destination_port = 80, .seq = 0x01020304, .ack = 5, .flags = flags, .window = 1000};
  header->set_header_size(segment.size());
  options.emit(MutableBytes(segment).subspan(kTcpHeaderSize));
  header->checksum = transport_checksum(IpProtocol::kTcp, segment);
  return segment;
}

class Tshark : public ::testing::Test {
 protected:
  void SetUp() override {
    if (std::system("tshark --version >/dev/null 2>&1") != 0) {
      GTEST_SKIP() << "tshark is not installed: nobody to compare with";
    }
  }

  // One line per frame with the values of `fields` joined by '|'.
  std::vector<std::string> decode(const std::vector<Buffer>& frames, const std::string& fields) {
    const std::string test = ::testing::UnitTest::GetInstance()->current_test_info()->name();
    const std::string path = ::testing::TempDir() + "catenet_wire_" + test + std::to_string(getpid()) + ".pcap";
    testing::write_pcap(path, frames);
    std::string command =
        "tshark -r '" + path +
        "' -o eth.fcs:Always -o eth.check_fcs:TRUE -o ip.check_checksum:TRUE -o udp.check_checksum:TRUE"
        " -o udplite.check_checksum:TRUE -o udplite.ignore_checksum_coverage:FALSE"
        " -o tcp.check_checksum:TRUE -o tcp.relative_sequence_numbers:FALSE -T fields -E 'separator=|'";
    std::istringstream names(fields);
    for (std::string name; names >> name;) {
      command += " -e " + name;
    }
    std::vector<std::string> lines;
    FILE* pipe = popen((command + " 2>/dev/null").c_str(), "r");
    char line[4096];
    while (pipe != nullptr && std::fgets(line, sizeof line, pipe) != nullptr) {
      lines.emplace_back(line, std::strcspn(line, "\n"));
    }
    EXPECT_TRUE(pipe != nullptr && pclose(pipe) == 0) << command;
    std::remove(path.c_str());
    return lines;
  }
};

using Lines = std::vector<std::string>;

TEST_F(Tshark, Arp) {
  const ArpPacket request = ArpPacket::request(kAliceMac, kAlice, kBob);
  const Lines got = decode({frame(EtherType::kArp, bytes_of(request)),
                            frame(EtherType::kArp, bytes_of(ArpPacket::reply_to(request, kBobMac)))},
                           "eth.fcs.status arp.opcode arp.src.hw_mac arp.src.proto_ipv4 arp.dst.proto_ipv4");
  EXPECT_EQ(got, (Lines{"1|1|02:00:00:00:00:01|10.0.0.1|10.0.0.2", "1|2|02:00:00:00:00:02|10.0.0.2|10.0.0.1"}));
}

TEST_F(Tshark, FcsOfEveryLengthThroughBothBodies) {
  std::vector<Buffer> frames;
  for (std::size_t size = 46; size < 200; size += 7) {
    frames.push_back(frame(EtherType::kLoopback, Buffer(size, std::byte{0xa5})));
  }
  frames.push_back(frame(EtherType::kLoopback, Buffer(1500, std::byte{0x5a})));
  Lines expected(frames.size(), "1");
  EXPECT_EQ(decode(frames, "eth.fcs.status"), expected);
  frames[0].back() ^= std::byte{1};
  expected[0] = "0";
  EXPECT_EQ(decode(frames, "eth.fcs.status"), expected);
}

TEST_F(Tshark, SnapOver8023) {
  EthernetFrame snap{.destination = kBobMac, .source = kAliceMac, .framing = EthernetFraming::kSnap};
  const Buffer packet = ip(IpProtocol::kIcmp, bytes_of(IcmpHeader::echo(1, 1)));
  snap.llc = Llc::snap(0x0800);
  snap.payload_size = packet.size();
  Buffer out(snap.header_size());
  snap.emit(out);
  append(out, packet);
  out.resize(kEthernetMinFrame + kFcsSize);
  emit_fcs(crc32(Bytes(out).first(kEthernetMinFrame)), MutableBytes(out).last(kFcsSize));
  EXPECT_EQ(decode({out}, "eth.fcs.status eth.len llc.dsap llc.oui llc.type ip.dst icmp.type"),
            (Lines{"1|36|0xaa|0|0x0800|10.0.0.2|8"}));
}

TEST_F(Tshark, Ipv4Options) {
  wire::Ipv4Options options;
  options.router_alert = 0;
  options.record_route = Ipv4RouteOption{.count = 2};
  options.record_route->slots[0] = Ipv4Address(10, 9, 0, 1);
  options.record_route->pointer = 8;
  const Buffer payload(8);
  const Lines got = decode({frame(EtherType::kIpv4, ip(IpProtocol{253}, payload, options))},
                           "ip.hdr_len ip.dsfield.dscp ip.len ip.checksum.status ip.opt.ra ip.rec_rt ip.opt.ptr");
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0].substr(0, got[0].find_last_of('|')), "36|46|44|1|0|10.9.0.1");
  EXPECT_EQ(got[0].substr(got[0].find_last_of('|') + 1), "8");
}

TEST_F(Tshark, IcmpAndWhatItQuotes) {
  Buffer message;
  append(message, IcmpHeader::unreachable(IcmpUnreachable::kFragmentationNeeded, 1400));
  append(message, ip(IpProtocol::kUdp, bytes_of(UdpHeader{1000, 53, 8, 0})));
  edit<IcmpHeader>(message)->checksum = static_cast<std::uint16_t>(~testing::ones_sum(message));
  Buffer echo;
  append(echo, IcmpHeader::echo(0x1234, 7));
  edit<IcmpHeader>(echo)->checksum = static_cast<std::uint16_t>(~testing::ones_sum(echo));
  const Lines got = decode(
      {frame(EtherType::kIpv4, ip(IpProtocol::kIcmp, message)), frame(EtherType::kIpv4, ip(IpProtocol::kIcmp, echo))},
      "icmp.type icmp.code icmp.checksum.status icmp.mtu icmp.seq udp.dstport");
  EXPECT_EQ(got, (Lines{"3|4|1|1400||53", "8|0|1||7|"}));
}

TEST_F(Tshark, Udp) {
  Buffer datagram;
  append(datagram, UdpHeader{1000, 9999, 11, 0});
  append(datagram, testing::hex("616263"));
  edit<UdpHeader>(datagram)->checksum = transport_checksum(IpProtocol::kUdp, datagram);
  EXPECT_EQ(decode({frame(EtherType::kIpv4, ip(IpProtocol::kUdp, datagram))},
                   "udp.srcport udp.dstport udp.length udp.checksum.status data.data"),
            (Lines{"1000|9999|11|1|616263"}));
}

TEST_F(Tshark, UdpLite) {
  std::vector<Buffer> frames;
  const auto add = [&](std::uint16_t coverage, bool v6, std::size_t damaged) {
    Buffer datagram;
    append(datagram, UdpLiteHeader{1000, 9999, coverage, 0});
    append(datagram, testing::hex("616263"));
    const Bytes covered = Bytes(datagram).first((*UdpLiteHeader::parse(datagram))->covered(datagram.size()));
    const auto sum = v6 ? transport_checksum6(IpProtocol::kUdpLite, covered, datagram.size())
                        : transport_checksum(IpProtocol::kUdpLite, covered, datagram.size());
    edit<UdpLiteHeader>(datagram)->checksum = sum;
    datagram[damaged] ^= std::byte{1};
    frames.push_back(v6 ? frame(EtherType::kIpv6, ipv6(IpProtocol::kUdpLite, {}, datagram))
                        : frame(EtherType::kIpv4, ip(IpProtocol::kUdpLite, datagram)));
  };
  add(0, false, 10);
  add(9, false, 10);
  add(9, false, 8);
  add(9, true, 10);
  add(9, true, 8);
  EXPECT_EQ(decode(frames, "udp.srcport udp.dstport udp.checksum_coverage udp.checksum.status data.data"),
            (Lines{"1000|9999|0|0|616262", "1000|9999|9|1|616262", "1000|9999|9|0|606263", "1000|9999|9|1|616262",
                   "1000|9999|9|0|606263"}));
}

TEST_F(Tshark, Ipv6AndItsExtensionHeaders) {
  Buffer datagram;
  append(datagram, UdpHeader{1000, 9999, 11, 0});
  append(datagram, testing::hex("616263"));
  edit<UdpHeader>(datagram)->checksum = transport_checksum6(IpProtocol::kUdp, datagram);
  // Hop-by-hop with a router alert, destination options of padding, a fragment header that changes nothing.
  const Buffer chain = testing::hex("3c00 0502 0000 0100  2c00 0104 00000000  1100 0000 12345678");
  const Lines got =
      decode({frame(EtherType::kIpv6, ipv6(IpProtocol::kUdp, {}, datagram)),
              frame(EtherType::kIpv6, ipv6(IpProtocol::kHopByHop, chain, datagram))},
             "ipv6.tclass ipv6.flow ipv6.plen ipv6.hlim ipv6.src ipv6.dst ipv6.opt.router_alert ipv6.fraghdr.ident "
             "udp.dstport udp.checksum.status data.data");
  EXPECT_EQ(got, (Lines{"0x000000b8|0x0abcde|11|64|2001:db8::1|2001:db8::2|||9999|1|616263",
                        "0x000000b8|0x0abcde|35|64|2001:db8::1|2001:db8::2|0|0x12345678|9999|1|616263"}));
}

TEST_F(Tshark, Icmpv6AndWhatItQuotes) {
  std::vector<Buffer> frames;
  const auto add = [&](const Icmpv6Header& header, Bytes rest) {
    Buffer message;
    append(message, header);
    append(message, rest);
    edit<Icmpv6Header>(message)->checksum = transport_checksum6(IpProtocol::kIcmpv6, message);
    frames.push_back(frame(EtherType::kIpv6, ipv6(IpProtocol::kIcmpv6, {}, message)));
  };
  const Buffer quoted = ipv6(IpProtocol::kUdp, {}, bytes_of(UdpHeader{1000, 53, 8, 0}));
  add(Icmpv6Header::echo(0x1234, 7), {});
  add(Icmpv6Header::packet_too_big(1400), quoted);
  add(Icmpv6Header::unreachable(Icmpv6Unreachable::kPort), quoted);
  add(Icmpv6Header::parameter_problem(Icmpv6Parameter::kOption, 42), quoted);
  EXPECT_EQ(decode(frames,
                   "icmpv6.type icmpv6.code icmpv6.checksum.status icmpv6.echo.sequence_number icmpv6.mtu "
                   "icmpv6.pointer udp.dstport"),
            (Lines{"128|0|1|7|||", "2|0|1||1400||53", "1|4|1||||53", "4|2|1|||42|53"}));
}

TEST_F(Tshark, TcpOptions) {
  const wire::TcpOptions syn{
      .mss = 1460, .window_scale = 7, .sack_permitted = true, .timestamps = TcpTimestamps{11, 22}};
  const wire::TcpOptions ack{.timestamps = TcpTimestamps{33, 44}, .sack_count = 2, .sack = {{{1, 2}, {3, 4}}}};
  const Lines got = decode({frame(EtherType::kIpv4, ip(IpProtocol::kTcp, tcp(TcpFlag::kSyn, syn))),
                            frame(EtherType::kIpv4, ip(IpProtocol::kTcp, tcp(TcpFlag::kAck, ack)))},
                           "tcp.flags tcp.seq tcp.hdr_len tcp.checksum.status tcp.options.mss_val "
                           "tcp.options.wscale.shift tcp.options.timestamp.tsval tcp.options.timestamp.tsecr "
                           "tcp.options.sack_le tcp.options.sack_re");
  EXPECT_EQ(got, (Lines{"0x0002|16909060|40|1|1460|7|11|22||", "0x0010|16909060|52|1|||33|44|1,3|2,4"}));
}

TEST_F(Tshark, TcpSignaturesAndUserTimeout) {
  wire::TcpOptions md5{.mss = 1460, .sack_permitted = true};
  md5.signature = {.kind = TcpSignature::Kind::md5, .mac_size = TcpSignature::kMd5Mac};
  md5.user_timeout = TcpUserTimeout{.value = 300};
  wire::TcpOptions ao{.timestamps = TcpTimestamps{33, 44}, .sack_count = 2, .sack = {{{1, 2}, {3, 4}}}};
  ao.signature = {.kind = TcpSignature::Kind::ao, .mac_size = 12, .key_id = 61, .next_key_id = 84};
  const wire::TcpOptions minutes{.user_timeout = TcpUserTimeout{.value = 2, .minutes = true}};
  const Lines got = decode({frame(EtherType::kIpv4, ip(IpProtocol::kTcp, tcp(TcpFlag::kSyn, md5))),
                            frame(EtherType::kIpv4, ip(IpProtocol::kTcp, tcp(TcpFlag::kAck, ao))),
                            frame(EtherType::kIpv4, ip(IpProtocol::kTcp, tcp(TcpFlag::kAck, minutes)))},
                           "tcp.hdr_len tcp.options.md5.digest tcp.options.ao.keyid tcp.options.ao.rnextkeyid "
                           "tcp.options.ao.mac tcp.options.user_to_granularity tcp.options.user_to_val "
                           "tcp.options.mss_val tcp.options.timestamp.tsval tcp.options.sack_le");
  const std::string zero(24, '0');
  EXPECT_EQ(got, (Lines{"52|" + zero + "00000000||||0|300|1460||", "60||61|84|" + zero + "||||33|1", "24|||||1|2|||"}));
}

TEST_F(Tshark, TcpAccurateEcn) {  // RFC 9768
  wire::TcpOptions ack;
  ack.accurate_ecn = TcpAccurateEcn{1001, 2002, 3003, 3, false};
  wire::TcpOptions swapped = ack;
  swapped.accurate_ecn->e1b_first = true;
  const auto segment = [](const wire::TcpOptions& options) {
    Buffer bytes = tcp(TcpFlag::kAck, options);
    auto* header = edit<TcpHeader>(bytes);
    header->set_ace(5);
    header->checksum = 0;
    header->checksum = transport_checksum(IpProtocol::kTcp, bytes);
    return frame(EtherType::kIpv4, ip(IpProtocol::kTcp, bytes));
  };
  const Lines got = decode({segment(ack), segment(swapped)},
                           "tcp.flags tcp.hdr_len tcp.checksum.status tcp.options.acc_ecn.ee0b "
                           "tcp.options.acc_ecn.eceb tcp.options.acc_ecn.ee1b");
  EXPECT_EQ(got, (Lines{"0x0150|32|1|1001|2002|3003", "0x0150|32|1|1001|2002|3003"}));
}

}  // namespace
}  // namespace catenet::wire
