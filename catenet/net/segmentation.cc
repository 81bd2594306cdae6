// SPDX-License-Identifier: Apache-2.0
#include "catenet/net/segmentation.h"

#include <algorithm>
#include <cstring>

#include "catenet/packet/checksum.h"
#include "catenet/wire/ipv4.h"
#include "catenet/wire/tcp.h"
#include "catenet/wire/udp.h"

namespace catenet {
namespace {

constexpr std::size_t kIpv6LengthField = 4;  // offset of the field (RFC 8200 3)
constexpr std::size_t kIpv6HeaderSize = 40;

bool is_ipv4(const std::byte* network) { return std::to_integer<unsigned>(*network) >> 4 == 4; }

}  // namespace

Segmentation::Segmentation(const Packet& super) : super_(super) {
  const PacketMeta& meta = super.meta();
  const std::size_t front = super.headroom();
  check(meta.segment_size > 0 && meta.checksum == ChecksumState::partial && meta.network_header >= front &&
            meta.checksum_start > meta.network_header,
        "a super-segment knows its headers");
  network_ = meta.network_header - front;
  transport_ = meta.checksum_start - front;
  is_tcp_ = meta.checksum_field - meta.checksum_start == offsetof(wire::TcpHeader, checksum);
  std::size_t header = sizeof(wire::UdpHeader);
  if (is_tcp_) {
    check(super.head().size() >= transport_ + wire::kTcpHeaderSize, "a super-segment's header is in its head");
    header = reinterpret_cast<const wire::TcpHeader*>(super.data() + transport_)->header_size();
  }
  payload_ = transport_ + header;
  check(super.head().size() >= payload_, "a super-segment's headers are in its head");
  size_ = meta.segment_size;
  count_ = std::max<std::size_t>(1, (super.size() - payload_ + size_ - 1) / size_);
}

Packet Segmentation::next() {
  if (done()) {
    return {};
  }
  const std::size_t from = payload_ + given_ * size_;
  const std::size_t payload = std::min(size_, super_.size() - from);
  Packet segment = super_.pool().make(super_.headroom());
  if (!segment) {
    return segment;
  }
  if (!segment.append(super_.head().first(payload_)) || !segment.append(super_, from, payload)) {
    segment.consume();
    return {};
  }
  segment.meta() = super_.meta();
  segment.meta().segment_size = 0;
  set_numbers(segment, payload);
  ++given_;
  return segment;
}

void Segmentation::set_numbers(Packet& segment, std::size_t payload) const {
  std::byte* network = segment.data() + network_;
  std::byte* transport = segment.data() + transport_;
  const auto length = static_cast<std::uint16_t>(payload_ - transport_ + payload);
  if (is_ipv4(network)) {
    auto& header = *reinterpret_cast<wire::Ipv4Header*>(network);
    header.total_length = static_cast<std::uint16_t>(segment.size() - network_);
    if (!header.dont_fragment()) {
      header.id = static_cast<std::uint16_t>(header.id + given_);
    }
    header.checksum = 0;
    header.checksum = internet_checksum({network, header.header_size()});
  } else {
    const be16 behind = static_cast<std::uint16_t>(segment.size() - network_ - kIpv6HeaderSize);
    std::memcpy(network + kIpv6LengthField, &behind, sizeof behind);
  }
  // The field holds the sum of the pseudo-header, in which only the length is another one.
  be16 field;
  std::byte* at = segment.data() + (segment.meta().checksum_field - segment.headroom());
  std::memcpy(&field, at, sizeof field);
  const auto whole = static_cast<std::uint16_t>(super_.size() - transport_);
  field = checksum_fold(std::uint32_t{field} + static_cast<std::uint16_t>(~whole) + length);
  std::memcpy(at, &field, sizeof field);
  if (is_tcp_) {
    set_tcp(transport);
  } else {
    reinterpret_cast<wire::UdpHeader*>(transport)->length = length;
  }
}

void Segmentation::set_tcp(std::byte* bytes) const {
  auto& header = *reinterpret_cast<wire::TcpHeader*>(bytes);
  header.seq = header.seq + static_cast<std::uint32_t>(given_ * size_);
  std::uint8_t not_here = 0;
  if (given_ + 1 < count_) {
    not_here |= wire::TcpFlag::kFin | wire::TcpFlag::kPsh;
  }
  if (given_ > 0) {
    not_here |= wire::TcpFlag::kCwr;
  }
  header.flags = static_cast<std::uint8_t>(header.flags & ~not_here);
}

}  // namespace catenet
