// SPDX-License-Identifier: Apache-2.0
#include "catenet/link/frames/frames.h"

#include <algorithm>

#include "catenet/net/interface.h"
#include "catenet/wire/ethernet.h"

namespace catenet::link {
namespace {

/// How a frame looks from a packet socket, but for its direction; what it is encapsulated in is known by the kind of
/// the interface's address.
LinkEndpoint describe(const Interface& interface, const Packet& frame) {
  LinkEndpoint end;
  end.interface = interface.index() + 1U;
  if (interface.link_layer().header_size() == 0) {  // RFC 791 3.1, RFC 8200 3: the first half-byte tells
    const bool v6 = frame.size() > 0 && std::to_integer<unsigned>(frame.peek(0)) >> 4 == 6;
    end.protocol = static_cast<std::uint16_t>(v6 ? wire::EtherType::kIpv6 : wire::EtherType::kIpv4);
    end.hardware = kHardwareNone;
    return end;
  }
  wire::EthernetHeader header;
  (void)frame.copy_out(0, std::as_writable_bytes(std::span(&header, 1)));
  end.hardware = kHardwareEthernet;
  end.address = header.source;
  end.protocol = header.type;
  if (header.is_length()) {  // eth_type_trans(): Novell's frames have all ones where others have LLC
    const bool novell = frame.size() >= sizeof header + 2 && frame.peek(sizeof header) == std::byte{0xff} &&
                        frame.peek(sizeof header + 1) == std::byte{0xff};
    end.protocol = novell ? kRawLength : kLlcLength;
  }
  const wire::MacAddress to = header.destination;
  end.kind = to.is_broadcast()                              ? FrameKind::broadcast
             : to.is_multicast()                            ? FrameKind::multicast
             : wire::LinkAddress(to) == interface.address() ? FrameKind::to_us
                                                            : FrameKind::to_other;
  return end;
}

}  // namespace

Frames::~Frames() { check(all_.empty(), "packet sockets outlive their host"); }

Result<void> Frames::may_open() const {
  return sockets_ < limits_.sockets ? Result<void>() : fail(ENOBUFS, "the host has too many packet sockets");
}

void Frames::add(FramePcb& pcb) {
  all_.push_back(pcb);
  ++sockets_;
  pcb.number_ = next_number_++;
  next_number_ += next_number_ == 0 ? 1 : 0;  // 0 is nobody's
  tap(true);
}

void Frames::remove(FramePcb& pcb) {
  pcb.unlink();
  --sockets_;
  tap(sockets_ > 0);
}

void Frames::tap(bool on) {
  for (const auto& interface : node_.interfaces()) {
    interface->set_tap(on ? this : nullptr);
  }
}

Interface* Frames::interface_of(unsigned number) const {
  const auto interfaces = node_.interfaces();
  return number == 0 || number > interfaces.size() ? nullptr : interfaces[number - 1].get();
}

bool Frames::is_promiscuous(unsigned interface) {
  const FramePcb::Joined asked{interface, FramePcb::Membership::promiscuous};
  for (const FramePcb& pcb : all_) {
    if (std::ranges::find(pcb.joined_, asked) != pcb.joined_.end()) {
      return true;
    }
  }
  return false;
}

void Frames::frame_came(Interface& in, Packet& frame) {
  frame.meta().sender = 0;  // another host's number
  const std::size_t header_size = in.link_layer().header_size();
  if (frame.size() < header_size) {
    return;  // no frame; the link layer will say so
  }
  const LinkEndpoint from = describe(in, frame);
  if (from.kind == FrameKind::to_other && !is_promiscuous(from.interface)) {
    return;
  }
  for (FramePcb& pcb : all_) {
    if (pcb.wants(from)) {
      pcb.take(frame, from, header_size);
    }
  }
}

void Frames::frame_goes(Interface& out, const Packet& frame) {
  LinkEndpoint from = describe(out, frame);
  from.kind = FrameKind::outgoing;
  for (FramePcb& pcb : all_) {
    if (pcb.wants(from) && pcb.number_ != frame.meta().sender) {
      pcb.take(frame, from, out.link_layer().header_size());
    }
  }
}

void Frames::link_changed(Interface& interface) {
  if (interface.is_enabled()) {
    return;
  }
  for (FramePcb& pcb : all_) {
    if (pcb.interface_ == interface.index() + 1U && pcb.protocol_ != 0) {
      pcb.pending_error_ = ENETDOWN;
      pcb.changed();
    }
  }
}

}  // namespace catenet::link
