// SPDX-License-Identifier: Apache-2.0
// Fragmentation (RFC 791 2.3, 3.2). A fragment of a fragment keeps the flags and offsets of the original datagram.
#include <algorithm>
#include <array>

#include "catenet/ip/fragment.h"
#include "catenet/ip/ipv4.h"
#include "catenet/net/segmentation.h"
#include "catenet/packet/checksum.h"
#include "catenet/wire/ipv4_options.h"

namespace catenet::ip {

using wire::Ipv4Header;

void Ipv4::fragment(Packet packet, Path& path, std::size_t mtu) {
  if (packet.meta().segment_size != 0) [[unlikely]] {  // its segments are what a wire of the whole way would have had
    Segmentation segments(packet);
    while (!segments.done()) {
      Packet segment = segments.next();
      if (!segment) {
        node_.drop(std::move(packet), DropReason::no_memory, path.out);
        return;
      }
      if (segment.size() > mtu) {
        fragment(std::move(segment), path, mtu);
      } else {
        transmit(std::move(segment), path);
      }
    }
    packet.consume();
    return;
  }
  complete_checksum(packet);  // the sum runs over the whole datagram; no fragment could complete it
  const Ipv4Header original = packet.header<Ipv4Header>();
  const std::size_t header_size = original.header_size();
  std::array<std::byte, wire::kIpv4MaxOptions> options{};
  const wire::Bytes all_options = original.has_options() ? original.options_in(packet.head()) : wire::Bytes();
  std::copy(all_options.begin(), all_options.end(), options.begin());
  std::size_t options_size = all_options.size();  // of the fragment being made: all of them in the first one
  const std::size_t payload = packet.size() - header_size;
  ++counters_.fragmented;
  for (std::size_t done = 0; done < payload;) {
    const std::size_t room = (mtu - wire::kIpv4HeaderSize - options_size) / 8 * 8;
    const bool last = payload - done <= mtu - wire::kIpv4HeaderSize - options_size;
    const std::size_t n = last ? payload - done : room;
    Packet piece = node_.pool().make();
    if (n == 0 || !piece) {
      node_.drop(std::move(packet), DropReason::no_memory, path.out);
      return;
    }
    piece.meta() = packet.meta();
    piece.meta().segment_size = 0;
    const std::size_t size = wire::kIpv4HeaderSize + options_size;
    std::byte* bytes = piece.extend(size);
    auto& header = *std::construct_at(reinterpret_cast<Ipv4Header*>(bytes), original);
    std::copy_n(options.begin(), options_size, bytes + wire::kIpv4HeaderSize);
    header.set_header_size(size);
    header.total_length = static_cast<std::uint16_t>(size + n);
    header.set_fragment(original.fragment_offset() + done, !last || original.more_fragments());
    header.checksum = 0;
    header.checksum = internet_checksum(piece.head().first(size));
    piece.mark_network_header();
    if (!append_range(piece, packet, header_size + done, n)) {
      node_.drop(std::move(piece), DropReason::no_memory, path.out);
      node_.drop(std::move(packet), DropReason::no_memory, path.out);
      return;
    }
    ++counters_.fragments_made;
    transmit(std::move(piece), path);
    if (done == 0 && options_size > 0) {  // later fragments carry only the options marked "copied" (RFC 791 3.1)
      std::array<std::byte, wire::kIpv4MaxOptions> copied{};
      options_size = wire::copy_fragment_options(wire::Bytes(options).first(options_size), copied);
      options = copied;
    }
    done += n;
  }
  packet.consume();  // it lives on in its fragments
}

}  // namespace catenet::ip
