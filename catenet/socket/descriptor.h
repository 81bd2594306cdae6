// SPDX-License-Identifier: Apache-2.0
// Descriptor: what a number in the table stands for. One class per socket type under it (stream, datagram, ping); what
// a type does not have answers with the error that Linux gives. The calls mean what socket_table.h says.
#pragma once
#include <memory>
#include <span>

#include "catenet/base/intrusive_list.h"
#include "catenet/socket/pcb_view.h"
#include "catenet/socket/socket_table.h"
#include "catenet/socket/types.h"
#include "catenet/socket/waiter.h"

namespace catenet::socket {

class Descriptor : public ListNode<struct MarkedDescriptors> {
 public:
  explicit Descriptor(SocketTable& table) : table_(table) {}
  virtual ~Descriptor() = default;
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  virtual Result<void> bind(const wire::Endpoint& local) = 0;
  virtual Result<void> listen(int) { return fail(EOPNOTSUPP, "listen on a socket without connections"); }
  /// The connection, not yet in the table.
  virtual Result<std::unique_ptr<Descriptor>> accept() {
    return fail(EOPNOTSUPP, "accept on a socket without connections");
  }
  virtual Result<void> connect(const wire::Endpoint& foreign) = 0;
  virtual Result<std::size_t> connect_with(const wire::Endpoint&, std::span<const std::byte>) {
    return fail(EOPNOTSUPP, "Fast Open on a socket without connections");
  }
  virtual Result<void> disconnect() { return fail(EOPNOTSUPP, "disconnect a stream"); }
  // Of packet sockets, whose ends are no Internet addresses.
  virtual Result<void> bind_link(const link::LinkEndpoint&) { return fail(EINVAL, "not a packet socket"); }
  virtual Result<std::size_t> send_link(std::span<const std::byte>, const link::LinkEndpoint&) {
    return fail(EINVAL, "not a packet socket");
  }
  [[nodiscard]] virtual Result<link::LinkEndpoint> local_link() const { return fail(EINVAL, "not a packet socket"); }
  virtual Result<link::FramePcb::Statistics> take_statistics() { return fail(ENOPROTOOPT, "not a packet socket"); }
  /// `to` is null for send().
  virtual Result<std::size_t> send(std::span<const std::byte> bytes, const wire::Endpoint* to) = 0;
  virtual Result<std::size_t> send_with(std::span<const std::byte>, const SendFlags&) {
    return fail(EOPNOTSUPP, "flags of a stream");
  }
  virtual void end_send(bool) {}
  virtual void expect_send() {}
  virtual Result<SendNotice> recv_notice() { return fail(EAGAIN, "only streams give notices"); }
  virtual Result<void> send_packet(Packet payload, const wire::Endpoint* to);
  virtual Result<std::size_t> send_segments(std::span<const std::byte>, std::uint16_t, const wire::Endpoint*) {
    return fail(EOPNOTSUPP, "segments of what is no datagram");
  }
  virtual Result<std::size_t> send_batch(std::span<const Outgoing>) {
    return fail(EOPNOTSUPP, "a batch of what is no datagram");
  }
  virtual Result<Received> recv(std::span<std::byte> out, bool peek) = 0;
  virtual Result<std::size_t> recv_batch(std::span<Incoming>) {
    return fail(EOPNOTSUPP, "a batch of what is no datagram");
  }
  virtual Result<ErrorRecord> recv_error() { return fail(EOPNOTSUPP, "a stream has no error queue"); }
  virtual Result<void> shutdown(ShutdownHow how) = 0;
  /// The user closes it; the object dies right after.
  virtual void close() {}
  /// The host stops: forgets its protocol without a word.
  virtual void let_go() {}
  [[nodiscard]] virtual wire::Endpoint local() const = 0;
  [[nodiscard]] virtual Result<wire::Endpoint> peer() const = 0;
  virtual Result<void> set_option(const Option& option) = 0;
  virtual Result<void> read_option(Option& option) const = 0;
  virtual int take_error() = 0;
  [[nodiscard]] virtual unsigned readiness() const = 0;
  /// Without its number.
  [[nodiscard]] virtual PcbRow row() const = 0;

 protected:
  /// Something that readiness() tells may have changed.
  void changed() { table_.mark(*this); }
  [[nodiscard]] const Protocols& protocols() const { return table_.protocols(); }
  static std::unexpected<Error> no_such_option() { return fail(ENOPROTOOPT, "not an option of this type of socket"); }
  SocketTable& table_;

 private:
  friend class SocketTable;
  int fd_ = -1;
  WaitList waiters_;
  SocketTable::Watcher watcher_;
};

}  // namespace catenet::socket
