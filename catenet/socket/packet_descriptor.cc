// SPDX-License-Identifier: Apache-2.0
#include "catenet/socket/packet_descriptor.h"

#include <type_traits>

#include "catenet/socket/datagram_options.h"

namespace catenet::socket {

PacketDescriptor::PacketDescriptor(SocketTable& table, link::Frames& frames, bool with_header, std::uint16_t protocol)
    : Descriptor(table), pcb_(frames, with_header, protocol) {
  pcb_.set_on_change(Delegate<void()>::to<&PacketDescriptor::changed>(*this));
}

Result<std::size_t> PacketDescriptor::send(std::span<const std::byte> bytes, const wire::Endpoint* to) {
  if (to != nullptr) {
    return fail(EINVAL, "not a link's address");
  }
  const auto done = pcb_.send(bytes);
  return done ? Result<std::size_t>(bytes.size()) : std::unexpected(done.error());
}

Result<std::size_t> PacketDescriptor::send_link(std::span<const std::byte> bytes, const link::LinkEndpoint& to) {
  const auto done = pcb_.send(bytes, &to);
  return done ? Result<std::size_t>(bytes.size()) : std::unexpected(done.error());
}

Result<Received> PacketDescriptor::recv(std::span<std::byte> out, bool peek) {
  const auto tell = [&](const link::ReceivedFrame& f) {
    Received got;
    got.size = f.bytes.copy_out(0, out);
    got.full_size = f.bytes.size();
    got.interface = f.from.interface;
    got.link = f.from;
    return got;
  };
  if (peek && !pcb_.has_error() && pcb_.has_frame()) {
    return tell(*pcb_.peek());
  }
  auto frame = pcb_.receive();
  if (!frame) {
    return std::unexpected(frame.error());
  }
  const Received got = tell(*frame);
  frame->bytes.consume();
  return got;
}

unsigned PacketDescriptor::readiness() const {
  return ready::kWrite | (pcb_.has_frame() ? ready::kRead : 0) | (pcb_.has_error() ? ready::kError : 0);
}

PcbRow PacketDescriptor::row() const {
  PcbRow row;
  row.protocol = "packet";
  row.receive_queue = pcb_.queued_bytes();
  row.queued = pcb_.queued();
  row.receive_limit = pcb_.options().receive_limit;
  row.dropped = pcb_.dropped();
  return row;
}

// ---- options ------------------------------------------------------------------------------------------------------

namespace {

/// False: it is an option of something else.
template <typename O, typename Fields, typename Move>
bool move_packet_option(O& o, Fields& fields, const Move& move) {
  if constexpr (std::is_same_v<std::remove_const_t<O>, option::IgnoreOutgoing>) {
    move(o.on, fields.ignore_outgoing);
    return true;
  } else {
    return move_queue_option(o, fields, move);
  }
}

}  // namespace

Result<void> PacketDescriptor::set_option(const Option& option) {
  if (const auto* join = std::get_if<option::JoinLink>(&option)) {
    return pcb_.join(join->interface, join->what);
  }
  if (const auto* leave = std::get_if<option::LeaveLink>(&option)) {
    return pcb_.leave(leave->interface, leave->what);
  }
  if (const auto* filter = std::get_if<option::Filter>(&option)) {
    return change_filter(pcb_.options().filter, *filter);
  }
  if (const auto* lock = std::get_if<option::FilterLock>(&option)) {
    return change_filter(pcb_.options().filter, *lock);
  }
  const bool known =
      std::visit([this](const auto& o) { return move_packet_option(o, pcb_.options(), kSetField); }, option);
  return known ? Result<void>() : no_such_option();
}

Result<void> PacketDescriptor::read_option(Option& option) const {
  const bool known = std::visit(
      [this](auto& o) {
        return move_packet_option(o, pcb_.options(), kReadField) || read_filter_option(o, pcb_.options().filter);
      },
      option);
  return known ? Result<void>() : no_such_option();
}

}  // namespace catenet::socket
