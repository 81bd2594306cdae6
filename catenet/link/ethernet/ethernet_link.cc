// SPDX-License-Identifier: Apache-2.0
#include "catenet/link/ethernet/ethernet_link.h"

#include "catenet/wire/ethernet.h"
#include "catenet/wire/fcs.h"

namespace catenet::link {

bool EthernetLink::encapsulate(Packet& packet, const wire::LinkAddress& from, const wire::LinkAddress& to,
                               std::uint16_t protocol) {
  auto& header = packet.push_header<wire::EthernetHeader>();
  header.destination = to.to_mac();
  header.source = from.to_mac();
  header.type = protocol;
  return packet.size() >= wire::kEthernetMinFrame || packet.append_zeros(wire::kEthernetMinFrame - packet.size());
}

std::expected<LinkLayer::Arrival, DropReason> EthernetLink::decapsulate(Packet& frame, const wire::LinkAddress& ours) {
  if (!frame.pullup(wire::kEthernetHeaderSize)) {
    return std::unexpected(DropReason::frame_too_short);
  }
  const auto& header = frame.header<wire::EthernetHeader>();
  const wire::MacAddress& destination = header.destination;
  const wire::MacAddress& source = header.source;
  if (source.is_multicast()) {  // IEEE 802.3 3.2.4: a source is an individual address
    return std::unexpected(DropReason::bad_source_address);
  }
  // Made where the caller will read it: a copy of fresh bytes costs more than all the rest.
  std::expected<Arrival, DropReason> result(std::in_place, std::uint16_t{header.type}, wire::LinkAddress(source));
  Arrival& arrival = *result;
  PacketMeta& meta = frame.meta();
  if (destination.is_broadcast()) {
    meta.cast = LinkCast::broadcast;
  } else if (destination.is_multicast()) {
    meta.cast = LinkCast::multicast;
  } else {
    meta.cast = wire::LinkAddress(destination) == ours ? LinkCast::to_us : LinkCast::to_other;
  }
  std::size_t skip = wire::kEthernetHeaderSize;
  if (arrival.protocol < wire::kEtherTypeMin) {  // 802.3: a length, then LLC
    (void)frame.pullup(std::min<std::size_t>(frame.size(), wire::kEthernetHeaderSize + 8));
    // The parser needs to see the whole length; beyond the head it only counts bytes, which pullup does not have to
    // move.
    const std::size_t length = arrival.protocol;
    if (length + wire::kEthernetHeaderSize > frame.size()) {
      return std::unexpected(DropReason::bad_llc);
    }
    const auto llc = wire::Llc::parse(frame.head().subspan(
        wire::kEthernetHeaderSize, std::min(length, frame.head().size() - wire::kEthernetHeaderSize)));
    if (!llc || !llc->is_snap() || llc->oui != wire::kOuiEthernet) {
      return std::unexpected(DropReason::bad_llc);
    }
    arrival.protocol = llc->protocol;
    frame.trim(wire::kEthernetHeaderSize + length);
    skip += llc->size();
  }
  frame.pull(skip);
  return result;
}

bool EthernetLink::verify(Packet& frame) {
  frame.meta().fcs_present = false;
  wire::Crc32 crc;
  frame.for_each_piece(0, [&](std::span<const std::byte> piece) { crc.update(piece); });
  if (frame.size() < wire::kFcsSize || crc.residue() != wire::kFcsResidue) {
    return false;
  }
  frame.trim(frame.size() - wire::kFcsSize);
  return true;
}

}  // namespace catenet::link
