// SPDX-License-Identifier: Apache-2.0
#include "catenet/socket/packet_descriptor.h"

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

Result<void> PacketDescriptor::set_option(const Option& option) {
  if (const auto* buffer = std::get_if<option::ReceiveBuffer>(&option)) {
    pcb_.options().receive_limit = buffer->bytes;
  } else if (const auto* ignore = std::get_if<option::IgnoreOutgoing>(&option)) {
    pcb_.options().ignore_outgoing = ignore->on;
  } else if (const auto* join = std::get_if<option::JoinLink>(&option)) {
    return pcb_.join(join->interface, join->what);
  } else if (const auto* leave = std::get_if<option::LeaveLink>(&option)) {
    return pcb_.leave(leave->interface, leave->what);
  } else {
    return no_such_option();
  }
  return {};
}

Result<void> PacketDescriptor::read_option(Option& option) const {
  if (auto* buffer = std::get_if<option::ReceiveBuffer>(&option)) {
    buffer->bytes = pcb_.options().receive_limit;
  } else if (auto* ignore = std::get_if<option::IgnoreOutgoing>(&option)) {
    ignore->on = pcb_.options().ignore_outgoing;
  } else {
    return no_such_option();
  }
  return {};
}

}  // namespace catenet::socket
