// SPDX-License-Identifier: Apache-2.0
#include "catenet/net/coalescing.h"

#include <cstring>

#include "catenet/packet/checksum.h"
#include "catenet/wire/ethernet.h"
#include "catenet/wire/ipv4.h"
#include "catenet/wire/tcp.h"

namespace catenet {
namespace {

constexpr std::size_t kLink = 14;
constexpr std::size_t kEtherType = 12;
constexpr std::size_t kIpv6Header = 40;
constexpr std::size_t kIpv6PayloadLength = 4;
constexpr std::size_t kIpv6NextHeader = 6;
constexpr std::size_t kIpv6Addresses = 8;
constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kPlain = wire::TcpFlag::kAck | wire::TcpFlag::kPsh;  // no other flag may be set

std::uint16_t load16(const std::byte* at) {
  be16 value;
  std::memcpy(&value, at, sizeof value);
  return value;
}
void store16(std::byte* at, std::uint16_t value) {
  const be16 field = value;
  std::memcpy(at, &field, sizeof field);
}
const wire::Ipv4Header& ipv4(const std::byte* frame) {
  return *reinterpret_cast<const wire::Ipv4Header*>(frame + kLink);
}
const wire::TcpHeader& tcp(const std::byte* frame, std::size_t at) {
  return *reinterpret_cast<const wire::TcpHeader*>(frame + at);
}

/// Where the TCP header of a frame begins if it is one that may be put together with others; else 0.
std::size_t find_tcp(const Packet& frame) {
  const auto head = frame.head();
  if (frame.meta().checksum == ChecksumState::unverified || frame.meta().segment_size != 0 ||
      frame.meta().fcs_present || head.size() < kLink + wire::kIpv4HeaderSize + wire::kTcpHeaderSize) {
    return 0;
  }
  const std::uint16_t type = load16(head.data() + kEtherType);
  if (type == static_cast<std::uint16_t>(wire::EtherType::kIpv4)) {
    const wire::Ipv4Header& ip = ipv4(head.data());
    const bool plain = ip.version_ihl == 0x45 && !ip.is_fragment() && ip.protocol == kTcp &&
                       std::size_t{ip.total_length} + kLink == frame.size();
    return plain ? kLink + wire::kIpv4HeaderSize : 0;
  }
  if (type == static_cast<std::uint16_t>(wire::EtherType::kIpv6)) {
    const std::byte* ip = head.data() + kLink;
    const bool plain = head.size() >= kLink + kIpv6Header + wire::kTcpHeaderSize &&
                       std::to_integer<std::uint8_t>(ip[kIpv6NextHeader]) == kTcp &&
                       load16(ip + kIpv6PayloadLength) + kLink + kIpv6Header == frame.size();
    return plain ? kLink + kIpv6Header : 0;
  }
  return 0;
}

/// Link, network and transport header of a frame whose TCP header begins at `transport`; 0: it is no plain segment.
std::size_t plain_header(const Packet& frame, std::size_t transport) {
  const wire::TcpHeader& header = tcp(frame.data(), transport);
  const std::size_t size = transport + header.header_size();
  const bool plain = header.header_size() >= wire::kTcpHeaderSize && size <= frame.head().size() &&
                     size < frame.size() && (header.flags & ~kPlain) == 0;
  return plain ? size : 0;
}

}  // namespace

bool Coalescing::start(const Packet& frame) {
  count_ = 0;
  transport_ = find_tcp(frame);
  header_size_ = transport_ == 0 ? 0 : plain_header(frame, transport_);
  if (header_size_ == 0) {
    return false;
  }
  std::memcpy(header_.data(), frame.data(), header_size_);
  const wire::TcpHeader& header = tcp(header_.data(), transport_);
  v4_ = transport_ == kLink + wire::kIpv4HeaderSize;
  payload_ = segment_size_ = frame.size() - header_size_;
  next_seq_ = header.seq + static_cast<std::uint32_t>(payload_);
  next_id_ = v4_ ? static_cast<std::uint16_t>(ipv4(header_.data()).id + 1) : std::uint16_t{0};
  count_ = 1;
  closed_ = (header.flags & wire::TcpFlag::kPsh) != 0;
  return !closed_;
}

bool Coalescing::add(const Packet& frame) {
  if (closed_ || find_tcp(frame) != transport_ || plain_header(frame, transport_) != header_size_) {
    return false;
  }
  const std::size_t payload = frame.size() - header_size_;
  if (!continues(frame.data(), payload)) {
    return false;
  }
  const wire::TcpHeader& header = tcp(frame.data(), transport_);
  reinterpret_cast<wire::TcpHeader*>(header_.data() + transport_)->flags |= header.flags & wire::TcpFlag::kPsh;
  payload_ += payload;
  next_seq_ += static_cast<std::uint32_t>(payload);
  ++next_id_;
  ++count_;
  closed_ = payload < segment_size_ || (header.flags & wire::TcpFlag::kPsh) != 0;
  return true;
}

bool Coalescing::continues(const std::byte* header, std::size_t payload) const {
  const std::byte* first = header_.data();
  if (payload > segment_size_ || header_size_ - kLink + payload_ + payload > kMaxPacket ||
      std::memcmp(first, header, kLink) != 0) {
    return false;
  }
  if (v4_) {
    const wire::Ipv4Header& a = ipv4(first);
    const wire::Ipv4Header& b = ipv4(header);
    const bool same = a.tos == b.tos && a.fragment == b.fragment && a.ttl == b.ttl &&
                      std::memcmp(&a.source, &b.source, 2 * sizeof a.source) == 0;  // and the destination behind it
    // RFC 6864 4.1: the identification of an atomic packet means nothing; if it is constant, it stays so.
    const bool in_turn = a.dont_fragment() ? b.id == a.id : b.id == next_id_;
    if (!same || !in_turn) {
      return false;
    }
  } else if (std::memcmp(first + kLink, header + kLink, kIpv6PayloadLength) != 0 ||
             std::memcmp(first + kLink + kIpv6NextHeader, header + kLink + kIpv6NextHeader,
                         kIpv6Header - kIpv6NextHeader) != 0) {
    return false;
  }
  const wire::TcpHeader& a = tcp(first, transport_);
  const wire::TcpHeader& b = tcp(header, transport_);
  return a.source_port == b.source_port && a.destination_port == b.destination_port && b.seq == next_seq_ &&
         a.ack == b.ack && a.offset_reserved == b.offset_reserved && a.window == b.window &&
         a.urgent_pointer == b.urgent_pointer &&
         std::memcmp(first + transport_ + wire::kTcpHeaderSize, header + transport_ + wire::kTcpHeaderSize,
                     header_size_ - transport_ - wire::kTcpHeaderSize) == 0;
}

std::span<const std::byte> Coalescing::finish_header() {
  std::byte* network = header_.data() + kLink;
  const auto length = static_cast<std::uint32_t>(header_size_ - transport_ + payload_);
  std::uint32_t sum = kTcp + length;
  if (v4_) {
    auto& header = *reinterpret_cast<wire::Ipv4Header*>(network);
    header.total_length = static_cast<std::uint16_t>(wire::kIpv4HeaderSize + length);
    header.checksum = 0;
    header.checksum = internet_checksum({network, wire::kIpv4HeaderSize});
    sum = checksum_add({network + offsetof(wire::Ipv4Header, source), 8}, sum);
  } else {
    store16(network + kIpv6PayloadLength, static_cast<std::uint16_t>(length));
    sum = checksum_add({network + kIpv6Addresses, 32}, sum);
  }
  store16(header_.data() + transport_ + offsetof(wire::TcpHeader, checksum), checksum_fold(sum));
  return {header_.data(), header_size_};
}

}  // namespace catenet
