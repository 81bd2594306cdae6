// SPDX-License-Identifier: Apache-2.0
// Fragmentation, which is the source's business alone (RFC 8200 4.5). What we send has no extension headers, so that
// all behind the IP header may be cut.
#include <algorithm>

#include "catenet/ip/fragment.h"
#include "catenet/ip/ipv6.h"
#include "catenet/packet/checksum.h"

namespace catenet::ip {

using wire::IpProtocol;
using wire::Ipv6FragmentHeader;
using wire::Ipv6Header;

void Ipv6::fragment(Packet packet, Path& path, std::size_t mtu) {
  complete_checksum(packet);  // the sum runs over the whole datagram; no fragment could complete it
  const Ipv6Header original = packet.header<Ipv6Header>();
  const std::size_t payload = packet.size() - wire::kIpv6HeaderSize;
  const std::size_t headers = wire::kIpv6HeaderSize + wire::kIpv6FragmentHeaderSize;
  const auto id = static_cast<std::uint32_t>(fragment_ids_.next());
  ++counters_.fragmented;
  for (std::size_t done = 0; done < payload;) {
    const std::size_t room = mtu - headers;
    const bool last = payload - done <= room;
    const std::size_t n = last ? payload - done : room / 8 * 8;
    Packet piece = node_.pool().make();
    if (!piece) {
      node_.drop(std::move(packet), DropReason::no_memory, path.out);
      return;
    }
    piece.meta() = packet.meta();
    piece.meta().segment_size = 0;
    std::byte* bytes = piece.extend(headers);
    auto& header = *std::construct_at(reinterpret_cast<Ipv6Header*>(bytes), original);
    header.next_header = static_cast<std::uint8_t>(IpProtocol::kFragment);
    header.payload_length = static_cast<std::uint16_t>(wire::kIpv6FragmentHeaderSize + n);
    auto& fragment = *std::construct_at(reinterpret_cast<Ipv6FragmentHeader*>(bytes + wire::kIpv6HeaderSize));
    fragment.next_header = original.next_header;
    fragment.set_offset(done, !last);
    fragment.id = id;
    piece.mark_network_header();
    if (!append_range(piece, packet, wire::kIpv6HeaderSize + done, n)) {
      node_.drop(std::move(piece), DropReason::no_memory, path.out);
      node_.drop(std::move(packet), DropReason::no_memory, path.out);
      return;
    }
    ++counters_.fragments_made;
    transmit(std::move(piece), path);
    done += n;
  }
  packet.consume();  // it lives on in its fragments
}

}  // namespace catenet::ip
