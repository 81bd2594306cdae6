// SPDX-License-Identifier: Apache-2.0
// LLC and SNAP, bytes to fields and back (IEEE 802.2 3.2, RFC 1042).
#include "catenet/wire/llc.h"

namespace catenet::wire {

Parsed<Llc> Llc::parse(Bytes bytes) {
  if (bytes.size() < 3) {
    return bad(WireError::kTooShort);
  }
  Llc llc{.dsap = load8(bytes, 0), .ssap = load8(bytes, 1), .control = load8(bytes, 2)};
  if (bytes.size() < llc.size()) {
    return bad(WireError::kTooShort);
  }
  if (llc.is_snap()) {
    llc.oui = load32(bytes, 2) & 0xffffff;
    llc.protocol = load16(bytes, 6);
  } else if (!llc.is_unnumbered()) {
    llc.control = static_cast<std::uint16_t>(llc.control | load8(bytes, 3) << 8);
  }
  return llc;
}

std::size_t Llc::emit(MutableBytes out) const {
  check(out.size() >= size(), "emit: room for LLC");
  store8(out, 0, dsap);
  store8(out, 1, ssap);
  store8(out, 2, control);
  if (is_snap()) {
    store8(out, 3, oui >> 16);
    store16(out, 4, oui & 0xffff);
    store16(out, 6, protocol);
  } else if (!is_unnumbered()) {
    store8(out, 3, control >> 8);
  }
  return size();
}

}  // namespace catenet::wire
