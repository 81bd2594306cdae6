// SPDX-License-Identifier: Apache-2.0
// Formats: the headers of one TCP segment (Ethernet, IPv4, TCP with timestamps) parsed from bytes and emitted again,
// and an ARP packet, which has no options.
#include <array>
#include <cstring>

#include "bench/harness.h"
#include "catenet/wire/arp.h"
#include "catenet/wire/ethernet.h"
#include "catenet/wire/ipv4.h"
#include "catenet/wire/tcp.h"

namespace catenet::bench {
namespace {

using wire::Bytes;
using wire::MutableBytes;

constexpr std::size_t kSegmentBytes = 14 + 20 + 32;
using Buffer = std::array<std::byte, 128>;

[[gnu::noinline]] std::size_t emit_segment(MutableBytes out, std::uint32_t seq) {
  wire::EthernetFrame frame;
  frame.type = 0x0800;
  frame.payload_size = kSegmentBytes - 14;
  std::size_t at = frame.emit(out);
  wire::Ipv4Header ip;
  ip.total_length = kSegmentBytes - 14;
  ip.ttl = 64;
  ip.protocol = 6;
  ip.source = wire::Ipv4Address(10, 0, 0, 1);
  ip.destination = wire::Ipv4Address(10, 0, 0, 2);
  at += wire::emit_header(ip, out.subspan(at));
  wire::TcpOptions options;
  options.timestamps = wire::TcpTimestamps{seq, seq + 1};
  wire::TcpHeader tcp;
  tcp.source_port = 7801;
  tcp.destination_port = 1234;
  tcp.seq = seq;
  tcp.flags = wire::TcpFlag::kAck;
  tcp.window = 65535;
  tcp.set_header_size(wire::kTcpHeaderSize + options.size());
  at += wire::emit_header(tcp, out.subspan(at));
  return at + options.emit(out.subspan(at));
}

[[gnu::noinline]] std::uint32_t parse_segment(Bytes bytes) {
  const auto frame = wire::EthernetFrame::parse(bytes);
  if (!frame) {
    return 0;
  }
  const Bytes packet = bytes.subspan(frame->header_size());
  const auto ip = wire::Ipv4Header::parse(packet);
  if (!ip) {
    return 0;
  }
  const Bytes segment = packet.subspan((*ip)->header_size(), (*ip)->payload_size());
  const auto tcp = wire::TcpHeader::parse(segment);
  if (!tcp) {
    return 0;
  }
  const auto options = wire::TcpOptions::parse((*tcp)->options_in(segment));
  return options && options->timestamps ? (*tcp)->seq + options->timestamps->value : 0;
}

void bench_segment() {
  Buffer buffer{};
  check(emit_segment(buffer, 5) == kSegmentBytes, "size of the segment");
  check(parse_segment(Bytes(buffer).first(kSegmentBytes)) == 10, "the segment parses");
  std::uint32_t seq = 0;
  const double emit = seconds_per([&](std::uint64_t n) {
    while (n-- > 0) {
      keep(emit_segment(buffer, ++seq));
    }
  });
  const double parse = seconds_per([&](std::uint64_t n) {
    while (n-- > 0) {
      keep(parse_segment(Bytes(buffer).first(kSegmentBytes)));
    }
  });
  report("wire parse, Ethernet + IPv4 + TCP with timestamps", "ns", parse * 1e9);
  report("wire emit, Ethernet + IPv4 + TCP with timestamps", "ns", emit * 1e9);
}

void bench_arp() {
  Buffer buffer{};
  const auto request = wire::ArpPacket::request({}, wire::Ipv4Address(10, 0, 0, 1), wire::Ipv4Address(10, 0, 0, 2));
  const double emit = seconds_per([&](std::uint64_t n) {
    while (n-- > 0) {
      keep(wire::emit_header(request, buffer));
      keep(buffer);
    }
  });
  const double parse = seconds_per([&](std::uint64_t n) {
    while (n-- > 0) {
      const auto arp = wire::ArpPacket::parse(buffer);
      keep(arp && (*arp)->is_request());
    }
  });
  report("wire parse, ARP", "ns", parse * 1e9);
  report("wire emit, ARP", "ns", emit * 1e9);
}

}  // namespace
}  // namespace catenet::bench

int main() {
  catenet::bench::bench_segment();
  catenet::bench::bench_arp();
}
