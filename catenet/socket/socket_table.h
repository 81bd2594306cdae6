// SPDX-License-Identifier: Apache-2.0
// SocketTable: the descriptors of one host and the non-blocking operations on them. It decides what the protocols below
// leave open: which errno a call gets in which state of the socket (Linux's answers), who is woken when.
//
// Wake-ups: a protocol says "something changed" inside its event; the descriptor is marked and one task is posted,
// which compares readiness with what waiters and the watcher want and calls them. Nothing else calls user code.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "catenet/base/delegate.h"
#include "catenet/base/intrusive_list.h"
#include "catenet/base/result.h"
#include "catenet/ip/echo.h"
#include "catenet/ip/network.h"
#include "catenet/link/frames/frames.h"
#include "catenet/net/node.h"
#include "catenet/socket/types.h"
#include "catenet/socket/waiter.h"
#include "catenet/transport/raw/raw.h"
#include "catenet/transport/tcp/tcp.h"
#include "catenet/transport/udp/udp.h"

namespace catenet::ip {
class Ipv6;
}

namespace catenet::socket {

class Descriptor;

/// What a host's sockets stand on; all of it outlives them.
struct Protocols {
  Node& node;
  ip::Network& network;  ///< IPv4
  transport::Udp& udp;
  transport::Tcp& tcp;
  ip::Echo* icmp = nullptr;            ///< null: sockets of type ping answer EPROTONOSUPPORT
  transport::Udp* udp_lite = nullptr;  ///< null: so do those of type datagram_lite
  transport::Raw* raw = nullptr;       ///< null: so do those of type raw
  link::Frames* frames = nullptr;      ///< null: so do those of type packet
  /// Gives the host's IPv6, which it wires to the transports. Called for the first socket of that family; empty:
  /// EAFNOSUPPORT.
  Delegate<ip::Ipv6&()> ipv6 = {};
};

class SocketTable {
 public:
  static constexpr int kFirstDescriptor = 3;  ///< 0, 1 and 2 are a program's standard streams
  using Watcher = Delegate<void(int fd, unsigned ready)>;

  explicit SocketTable(const Protocols& protocols);
  ~SocketTable();
  SocketTable(const SocketTable&) = delete;
  SocketTable& operator=(const SocketTable&) = delete;

  // --- operations; EBADF for a number that is no descriptor ---------------------------------------------------------
  /// The lowest free number. `protocol` is a raw socket's, 1 to 255, or the EtherType that a packet socket listens to
  /// (link::kEveryProtocol: all; 0: nothing until bind_link()); the latter has no family. EMFILE, EPROTONOSUPPORT,
  /// EAFNOSUPPORT, ENOBUFS.
  Result<int> socket(SocketType type, wire::Family family = wire::Family::kV4, std::uint16_t protocol = 0);
  /// Port 0: an ephemeral one. EINVAL bound already, EADDRINUSE, EADDRNOTAVAIL, EAFNOSUPPORT.
  Result<void> bind(int fd, const wire::Endpoint& local);
  /// EOPNOTSUPP not a stream, EINVAL connected, EADDRINUSE.
  Result<void> listen(int fd, int backlog);
  /// The descriptor of the oldest connection. EAGAIN, EINVAL not listening, EOPNOTSUPP, EMFILE.
  Result<int> accept(int fd, wire::Endpoint* peer = nullptr);
  /// Stream: EINPROGRESS; call again (EALREADY meanwhile) or wait for kWrite: 0 once, or why it failed (ECONNREFUSED,
  /// ETIMEDOUT, EHOSTUNREACH ...); EISCONN after that. Datagram: at once. EAFNOSUPPORT, ENETUNREACH, EACCES,
  /// EADDRNOTAVAIL, EADDRINUSE, EISCONN on a listener.
  Result<void> connect(int fd, const wire::Endpoint& foreign);
  /// connect and send in one (sendto with MSG_FASTOPEN, RFC 7413): how many bytes went with the SYN, at least one; or
  /// EINPROGRESS: none, because the peer's cookie is not known (it is asked for) or there were none to send. On a
  /// connection it is send(). EALREADY a handshake is under way, EOPNOTSUPP not a stream or Fast Open is off, EISCONN a
  /// listener, and those of connect.
  Result<std::size_t> connect_with(int fd, const wire::Endpoint& foreign, std::span<const std::byte> bytes);
  /// Forgets the foreign end (connect with AF_UNSPEC). A stream's connection is reset, its listening ends.
  Result<void> disconnect(int fd);
  /// Bytes taken, at least one. EAGAIN, EPIPE (stream not connected, or shut), EDESTADDRREQ, EMSGSIZE, or the pending
  /// error.
  Result<std::size_t> send(int fd, std::span<const std::byte> bytes);
  /// The same of a stream, with flags. EOPNOTSUPP of other types.
  Result<std::size_t> send(int fd, std::span<const std::byte> bytes, const SendFlags& flags);
  /// What was sent on a stream so far ends a call of its user: there will be notices, if option::SendStamps asks for
  /// them, or if `zero_copy` and option::ZeroCopy allows it.
  Result<void> end_send(int fd, bool zero_copy);
  /// A stream whose handshake is under way: the caller waits for its end, to send more.
  Result<void> expect_send(int fd);
  /// The oldest notice; those of neighbouring sends come as one. EAGAIN.
  Result<SendNotice> recv_notice(int fd);
  /// A stream ignores the address. EINVAL port 0, EAFNOSUPPORT, EACCES, ENETUNREACH, and those of send.
  Result<std::size_t> send_to(int fd, std::span<const std::byte> bytes, const wire::Endpoint& to);
  /// The same for a datagram socket without a copy: `payload` has the headroom of PacketPool::make(); on errors it is
  /// dropped with a reason. EOPNOTSUPP for other types.
  Result<void> send_packet(int fd, Packet payload, const wire::Endpoint* to = nullptr);
  /// A datagram socket's send that goes as datagrams of `segment_size` bytes each, whatever option::SegmentSize says;
  /// 0: as one. `to` null: the connected end. As send; EMSGSIZE also when a segment does not fit the path's MTU, EINVAL
  /// for more than UdpPcb::kMaxSegments or when no checksums are made, EIO of UDP-Lite, EOPNOTSUPP of other types.
  Result<std::size_t> send_segments(int fd, std::span<const std::byte> bytes, std::uint16_t segment_size,
                                    const wire::Endpoint* to = nullptr);
  /// Many datagrams in one call: how many were accepted. The first that is refused ends it; its error is the answer
  /// when there was none before it. EOPNOTSUPP of other types, and those of send_to and send_segments.
  Result<std::size_t> send_batch(int fd, std::span<const Outgoing> messages);
  /// As many datagrams as there are, one into each room. EAGAIN none, EOPNOTSUPP of other types, or the pending error.
  Result<std::size_t> recv_batch(int fd, std::span<Incoming> messages);
  /// 0: the end of a stream. EAGAIN, ENOTCONN, or the pending error (ECONNRESET, ECONNREFUSED ...), once.
  Result<std::size_t> recv(int fd, std::span<std::byte> out);
  Result<Received> recv_from(int fd, std::span<std::byte> out);
  Result<Received> peek_from(int fd, std::span<std::byte> out);
  /// recv without taking (MSG_PEEK).
  Result<std::size_t> peek(int fd, std::span<std::byte> out);
  /// The oldest entry of the error queue, see option::ReceiveErrors. EAGAIN, EOPNOTSUPP for streams.
  Result<ErrorRecord> recv_error(int fd);
  /// ENOTCONN.
  Result<void> shutdown(int fd, ShutdownHow how);
  /// Those who wait on it are woken with EBADF. Queued bytes of a stream are still delivered.
  Result<void> close(int fd);
  [[nodiscard]] Result<wire::Endpoint> getsockname(int fd) const;
  /// ENOTCONN.
  [[nodiscard]] Result<wire::Endpoint> getpeername(int fd) const;
  /// ENOPROTOOPT: not an option of this type; EINVAL: a value it cannot have, or too late.
  Result<void> set_option(int fd, const Option& option);
  template <typename T>
  [[nodiscard]] Result<T> get_option(int fd) const {
    Option option = T{};
    if (auto done = read_option(fd, option); !done) {
      return std::unexpected(done.error());
    }
    return std::get<T>(option);
  }
  /// The pending error, which is cleared; 0 if none (SO_ERROR).
  Result<int> take_error(int fd);

  // --- packet sockets; EINVAL for others, whose calls in turn answer EINVAL or EOPNOTSUPP for these
  // -------------------
  /// Listens to an interface (0: all) and a protocol (0: the one it has). ENODEV.
  Result<void> bind_link(int fd, const link::LinkEndpoint& local);
  /// ENXIO, ENETDOWN, EINVAL, EMSGSIZE, ENOBUFS: see FramePcb::send. send() goes where bind_link() said.
  Result<std::size_t> send_link(int fd, std::span<const std::byte> bytes, const link::LinkEndpoint& to);
  [[nodiscard]] Result<link::LinkEndpoint> link_name(int fd) const;
  /// Frames since this was last asked (PACKET_STATISTICS). ENOPROTOOPT.
  Result<link::FramePcb::Statistics> take_statistics(int fd);

  // --- readiness ----------------------------------------------------------------------------------------------------
  /// What is true now, a mask of ready::k*.
  [[nodiscard]] Result<unsigned> poll(int fd) const;
  /// From now on `watcher` is called, posted, whenever something happened to the descriptor and its mask is not 0; and
  /// once now if it is not. A null watcher ends it.
  Result<void> watch(int fd, Watcher watcher);
  /// Wakes `waiter` once: when poll(fd) has any of `interest`, kError or kHangup; at `deadline`, or when fd is closed.
  Result<void> wait(Waiter& waiter, int fd, unsigned interest, Instant deadline, Delegate<void()> wake);
  /// Wakes it by wake_all(list), or at `deadline`.
  void wait_on(WaitList& list, Waiter& waiter, Instant deadline, Delegate<void()> wake);
  void wake_all(WaitList& list);
  /// Wakes it at `deadline`.
  void wait_until(Waiter& waiter, Instant deadline, Delegate<void()> wake);
  /// Wakes it after the present event.
  void wake_soon(Waiter& waiter, Delegate<void()> wake);

  [[nodiscard]] const Protocols& protocols() const { return protocols_; }
  [[nodiscard]] Node& node() const { return protocols_.node; }
  /// At most this many at once (RLIMIT_NOFILE).
  void set_limit(std::size_t descriptors) { limit_ = descriptors; }
  [[nodiscard]] std::size_t open_descriptors() const { return open_; }
  /// The descriptor, for views; null if there is none of that number. Numbers are below end_of_descriptors().
  [[nodiscard]] const Descriptor* find(int fd) const;
  [[nodiscard]] int end_of_descriptors() const { return kFirstDescriptor + static_cast<int>(slots_.size()); }
  /// The host stops: every descriptor is gone at once, nothing is sent, nobody is woken.
  void let_go();
  /// Paused (SIGSTOP): who waits is not woken, whatever comes; what has come by then wakes him when it goes on.
  void set_paused(bool paused);

 private:
  friend class Waiter;
  friend class Descriptor;
  Result<Descriptor*> at(int fd) const;
  Result<int> place(std::unique_ptr<Descriptor> descriptor);
  Result<int> packet_socket(bool with_header, std::uint16_t protocol);
  Result<int> raw_socket(wire::Family family, std::uint16_t protocol);
  Result<void> read_option(int fd, Option& option) const;
  void mark(Descriptor& descriptor);
  void make_ready(Waiter& waiter, Waiter::Outcome outcome);
  void post();
  void run_wakeups();
  void look_at(Descriptor& descriptor);

  Protocols protocols_;
  std::size_t limit_ = 1024;
  std::size_t open_ = 0;
  bool posted_ = false;
  bool paused_ = false;
  std::vector<std::unique_ptr<Descriptor>> slots_;
  IntrusiveList<Descriptor, struct MarkedDescriptors> marked_;
  WaitList ready_;
};

}  // namespace catenet::socket
