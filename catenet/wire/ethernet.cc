// SPDX-License-Identifier: Apache-2.0
// Telling Ethernet II from 802.3 (IEEE 802.3 3.2.6).
#include "catenet/wire/ethernet.h"

namespace catenet::wire {

Parsed<EthernetFrame> EthernetFrame::parse(Bytes frame) {
  const auto* header = view<EthernetHeader>(frame);
  if (header == nullptr) {
    return bad(WireError::kTooShort);
  }
  EthernetFrame out;
  out.destination = header->destination;
  out.source = header->source;
  const Bytes rest = frame.subspan(kEthernetHeaderSize);
  if (!header->is_length()) {
    out.type = header->type;
    out.payload_size = rest.size();
    return out;
  }
  const std::size_t length = header->type;
  if (length > kEthernetMtu || length > rest.size()) {
    return bad(WireError::kBadLength);
  }
  const auto llc = Llc::parse(rest.first(length));
  if (!llc) {
    return bad(WireError::kBadLength);
  }
  out.llc = *llc;
  out.framing = llc->is_snap() ? EthernetFraming::kSnap : EthernetFraming::kLlc;
  out.type = llc->is_snap() && llc->oui == 0 ? llc->protocol : 0;
  out.payload_size = length - llc->size();
  return out;
}

std::size_t EthernetFrame::emit(MutableBytes out) const {
  EthernetHeader header{destination, source, type};
  if (framing == EthernetFraming::kEthernet2) {
    return emit_header(header, out);
  }
  const std::size_t length = llc.size() + payload_size;
  check(length <= kEthernetMtu, "emit: an 802.3 length is at most 1500");
  header.type = static_cast<std::uint16_t>(length);
  emit_header(header, out);
  return kEthernetHeaderSize + llc.emit(out.subspan(kEthernetHeaderSize));
}

}  // namespace catenet::wire
