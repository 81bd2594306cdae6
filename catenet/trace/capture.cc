// SPDX-License-Identifier: Apache-2.0
#include "catenet/trace/capture.h"

#include <algorithm>
#include <utility>

#include "catenet/packet/checksum.h"

namespace catenet::trace {
namespace {

constexpr std::size_t kFcsSize = 4;

// Puts the value that complete_checksum() would store into the copy, if the copy is long enough to hold the field.
void complete_copy(const Packet& frame, std::vector<std::byte>& copy) {
  const PacketMeta& meta = frame.meta();
  if (meta.checksum != ChecksumState::partial || meta.checksum_start < frame.headroom() ||
      meta.checksum_field < frame.headroom()) {
    return;
  }
  const std::size_t field = meta.checksum_field - frame.headroom();
  if (field + 2 > copy.size()) {
    return;
  }
  const std::uint16_t value = finish_partial_checksum(checksum_add(frame, meta.checksum_start - frame.headroom()),
                                                      meta.checksum_field - meta.checksum_start);
  copy[field] = static_cast<std::byte>(value >> 8);
  copy[field + 1] = static_cast<std::byte>(value);
}

}  // namespace

void DropWatch::dropped(Instant, const Node& node, const Interface*, const Packet& packet, DropReason reason) {
  if (receiving_ != nullptr && &receiving_->interface_.node() == &node) {
    receiving_->note_drop(packet, reason);
  }
}

Capture::Capture(Interface& interface, Medium& inner, PcapngWriter& writer, DropWatch* watch, const Options& options)
    : interface_(interface),
      inner_(inner),
      writer_(writer),
      watch_(watch),
      id_(writer.add_interface({.name = interface.node().name() + ":" + interface.name(),
                                .description = options.description,
                                .link_type = options.link_type,
                                .snaplen = options.snaplen})),
      snaplen_(options.snaplen) {}

void Capture::set_sink(FrameSink& sink) {
  sink_ = &sink;
  inner_.set_sink(*this);
}

// Copies what the file keeps of the frame; returns its length on the wire. The FCS is no part of either.
std::uint32_t Capture::copy(const Packet& frame, std::vector<std::byte>& out) const {
  std::size_t length = frame.size();
  if (frame.meta().fcs_present) {
    length -= std::min(length, kFcsSize);
  }
  out.resize(std::min<std::size_t>(length, snaplen_));
  frame.copy_out(0, out);
  complete_copy(frame, out);
  return static_cast<std::uint32_t>(length);
}

void Capture::transmit(Packet frame) {
  const std::uint32_t length = copy(frame, sent_);
  writer_.write({.interface = id_,
                 .at = interface_.node().now(),
                 .direction = Direction::outbound,
                 .length = length,
                 .data = sent_});
  inner_.transmit(std::move(frame));
}

void Capture::receive(Packet frame) {
  const std::uint32_t length = copy(frame, arrived_);
  const Instant at = interface_.node().now();
  drop_.reset();
  writer_.hold();  // an answer stands behind its question
  if (watch_ != nullptr) {
    watch_->receiving_ = this;
  }
  sink_->receive(std::move(frame));
  if (watch_ != nullptr) {
    watch_->receiving_ = nullptr;
  }

  char comment[64];
  std::size_t written = 0;
  if (drop_) {
    constexpr std::string_view kPrefix = "dropped: ";
    const std::string_view reason = name(*drop_);
    written = kPrefix.copy(comment, sizeof comment);
    written += reason.copy(comment + written, sizeof comment - written);
  }
  writer_.release({.interface = id_,
                   .at = at,
                   .direction = Direction::inbound,
                   .bad_fcs = drop_ == DropReason::fcs_error,
                   .length = length,
                   .data = arrived_,
                   .comment = {comment, written}});
}

// Not every drop in this time is of this frame: an ARP reply may let packets go that meet a full queue. Those that
// descend from the frame carry the interface and the instant of its arrival; a damaged frame dies before it gets them.
void Capture::note_drop(const Packet& packet, DropReason reason) {
  const PacketMeta& meta = packet.meta();
  const bool ours = meta.arrival_interface == interface_.index() + 1 && meta.stamp == interface_.node().now();
  if (!drop_ && (ours || reason == DropReason::fcs_error)) {
    drop_ = reason;
  }
}

}  // namespace catenet::trace
