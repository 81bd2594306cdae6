// SPDX-License-Identifier: Apache-2.0
#include "catenet/link/frames/frame_pcb.h"

#include <algorithm>

#include "catenet/link/frames/frames.h"
#include "catenet/net/interface.h"
#include "catenet/packet/checksum.h"
#include "catenet/wire/ethernet.h"

namespace catenet::link {

FramePcb::FramePcb(Frames& frames, bool with_header, std::uint16_t protocol)
    : frames_(frames), protocol_(protocol), with_header_(with_header) {
  frames_.add(*this);
}

FramePcb::~FramePcb() {
  frames_.remove(*this);
  while (!queue_.empty()) {
    frames_.node_.drop(queue_.pop_front().bytes, DropReason::socket_closed);
  }
}

Result<void> FramePcb::bind(unsigned interface, std::uint16_t protocol) {
  const Interface* which = frames_.interface_of(interface);
  if (interface != 0 && which == nullptr) {
    return fail(ENODEV, "no interface of this number");
  }
  protocol = protocol != 0 ? protocol : protocol_;
  const bool same = interface == interface_ && protocol == protocol_;
  interface_ = interface;
  protocol_ = protocol;
  if (!same && protocol != 0 && which != nullptr && !which->is_enabled()) {  // it is bound, and its next call is told
    pending_error_ = ENETDOWN;
    changed();
  }
  return {};
}

LinkEndpoint FramePcb::local() const {
  LinkEndpoint end;
  end.protocol = protocol_;
  end.interface = interface_;
  if (const Interface* interface = frames_.interface_of(interface_)) {
    end.address = interface->address();
    end.hardware = interface->link_layer().header_size() == 0 ? kHardwareNone : kHardwareEthernet;
  }
  return end;
}

// ---- out --------------------------------------------------------------------------------------------------------

Result<void> FramePcb::send(std::span<const std::byte> bytes, const LinkEndpoint* to) {
  Interface* out = frames_.interface_of(to != nullptr ? to->interface : interface_);
  if (out == nullptr) {
    return fail(ENXIO, "no interface to send from");
  }
  const std::size_t header_size = out->link_layer().header_size();
  if (!with_header_ && header_size != 0 && (to == nullptr || to->address.size() < wire::MacAddress::kSize)) {
    return fail(EINVAL, "no address to send to");
  }
  if (!out->is_enabled()) {  // a cable that is out is another matter: nobody is told, and what is sent is lost
    return fail(ENETDOWN, "the interface is off");
  }
  if (bytes.size() > out->mtu() + (with_header_ ? header_size : 0)) {
    return fail(EMSGSIZE, "longer than a frame can be");
  }
  if (with_header_ && bytes.size() < header_size) {
    return fail(EINVAL, "shorter than a frame's header");
  }
  Node& node = frames_.node_;
  Packet frame = node.pool().make();
  if (!frame) {
    return fail(ENOBUFS, "the packet pool is at its limit");
  }
  bool made = frame.append(bytes);
  if (made && with_header_ && header_size != 0 && frame.size() < wire::kEthernetMinFrame) {
    made = frame.append_zeros(wire::kEthernetMinFrame - frame.size());
  } else if (made && !with_header_) {
    const wire::LinkAddress destination = header_size != 0 ? to->address : wire::LinkAddress();
    made = out->link_layer().encapsulate(frame, out->address(), destination, to != nullptr ? to->protocol : protocol_);
  }
  if (!made) {
    node.drop(std::move(frame), DropReason::no_memory, out);
    return fail(ENOBUFS, "the packet pool is at its limit");
  }
  frame.meta().stamp = node.now();
  frame.meta().sender = number_;
  frame.meta().priority = static_cast<std::uint8_t>(std::min(options_.priority, 7U));
  frame.meta().mark = options_.mark;
  ++frames_.counters_.out_frames;
  out->send(std::move(frame));
  return {};
}

// ---- in ---------------------------------------------------------------------------------------------------------

bool FramePcb::wants(const LinkEndpoint& from) const {
  if (interface_ != 0 && interface_ != from.interface) {
    return false;
  }
  return from.kind == FrameKind::outgoing ? protocol_ == kEveryProtocol && !options_.ignore_outgoing
                                          : protocol_ == kEveryProtocol || protocol_ == from.protocol;
}

std::uint32_t FramePcb::wanted_of(const Packet& frame, const LinkEndpoint& from, std::size_t header_size) const {
  FilterView view{.packet = frame, .begin = with_header_ ? 0 : header_size, .network = header_size, .link = 0};
  view.protocol = from.protocol;
  view.hardware = from.hardware;
  view.interface = from.interface;
  view.kind = static_cast<std::uint8_t>(from.kind);
  return options_.filter.wanted(view);
}

void FramePcb::take(const Packet& frame, const LinkEndpoint& from, std::size_t header_size) {
  const std::uint32_t wanted = wanted_of(frame, from, header_size);
  if (wanted == 0) {
    return;
  }
  ++statistics_.frames;
  Packet copy = frame.clone();
  if (!copy) {
    ++statistics_.dropped;  // the pool is at its limit; the frame itself goes on
    ++dropped_;
    return;
  }
  complete_checksum(copy);  // its reader may look at it
  if (!with_header_) {
    copy.pull(header_size);
  }
  copy.trim(std::min<std::size_t>(wanted, copy.size()));
  const std::size_t cost = copy.size() + kFrameCost;
  if (queued_bytes_ + cost > options_.receive_limit) {
    ++statistics_.dropped;
    ++dropped_;
    ++frames_.counters_.receive_full;
    frames_.node_.drop(std::move(copy), DropReason::packet_receive_full, frames_.interface_of(from.interface));
    return;
  }
  ++frames_.counters_.in_frames;
  queued_bytes_ += cost;
  queue_.push_back({std::move(copy), from});
  changed();
}

Result<ReceivedFrame> FramePcb::receive() {
  if (pending_error_ != 0) {
    return fail(take_error(), "the interface is off");
  }
  if (queue_.empty()) {
    return fail(EAGAIN, "no frame is waiting");
  }
  ReceivedFrame frame = queue_.pop_front();
  queued_bytes_ -= frame.bytes.size() + kFrameCost;
  return frame;
}

// ---- memberships ------------------------------------------------------------------------------------------------

Result<void> FramePcb::join(unsigned interface, Membership what) {
  if (frames_.interface_of(interface) == nullptr) {
    return fail(ENODEV, "no interface of this number");
  }
  if (joined_.size() >= kMaxMemberships) {
    return fail(ENOBUFS, "too many memberships");
  }
  joined_.push_back({interface, what});
  return {};
}

Result<void> FramePcb::leave(unsigned interface, Membership what) {
  const auto at = std::ranges::find(joined_, Joined{interface, what});
  if (at != joined_.end()) {
    joined_.erase(at);
  }
  return {};
}

}  // namespace catenet::link
