// SPDX-License-Identifier: Apache-2.0
// SocketFile: a socket as a process sees it: the SocketLayer's non-blocking socket, and what POSIX adds: waiting, its
// time limits, ancillary data asked for, epoll instances that watch it.
#pragma once
#include <netinet/in.h>

#include <optional>
#include <vector>

#include "catenet/posix/open_file.h"
#include "catenet/posix/wait.h"
#include "catenet/socket/socket_layer.h"

namespace catenet::posix {

class EpollEntry;

class SocketFile final : public OpenFile {
 public:
  /// Takes over `number` of `host`. `type` SOCK_STREAM, SOCK_DGRAM or SOCK_RAW; `protocol` IPPROTO_*.
  SocketFile(socket::SocketLayer& host, int number, int of_domain, int of_type, int of_protocol)
      : domain(of_domain), type(of_type), protocol(of_protocol), host_(host), number_(number) {}
  ~SocketFile() override;

  Result<std::size_t> read(std::span<std::byte> out) override { return receive(out, 0); }
  Result<std::size_t> write(std::span<const std::byte> bytes) override { return send(bytes, nullptr, 0); }
  [[nodiscard]] int events() const override;
  void closing() override;
  SocketFile* socket() override { return this; }

  /// `flags` MSG_*: EOPNOTSUPP for those that are not known.
  /// `to` is where a stream connects to when MSG_FASTOPEN is among the flags.
  /// `segment_size` is of this datagram, whatever the socket's option says (UDP_SEGMENT as ancillary data).
  Result<std::size_t> send(std::span<const std::byte> bytes, const wire::Endpoint* to, int flags,
                           std::optional<std::uint16_t> segment_size = std::nullopt);
  /// The same for a packet socket.
  Result<std::size_t> send_frame(std::span<const std::byte> bytes, const link::LinkEndpoint& to, int flags);
  Result<std::size_t> receive(std::span<std::byte> out, int flags) {
    const auto got = receive_from(out, flags);
    return got ? Result<std::size_t>(got->size) : std::unexpected(got.error());
  }
  /// `size` is what the call answers: with MSG_TRUNC the whole length of the datagram.
  Result<socket::Received> receive_from(std::span<std::byte> out, int flags);
  /// Waits for what receive_from() would wait for. False: nothing came in time, or an error did, which stays pending.
  bool await_more(int flags);
  Result<void> connect(const wire::Endpoint& foreign);
  /// The number of the connection in the SocketLayer.
  Result<int> accept(wire::Endpoint* peer);
  /// Bytes that could be read now (FIONREAD), and that the peer has not acknowledged (SIOCOUTQ).
  [[nodiscard]] std::size_t bytes_to_read() const;
  [[nodiscard]] std::size_t bytes_to_send() const;
  [[nodiscard]] bool is_stream() const { return type == 1; }
  /// Of UDP or UDP-Lite.
  [[nodiscard]] bool is_udp() const { return protocol == IPPROTO_UDP || protocol == IPPROTO_UDPLITE; }
  [[nodiscard]] bool is_raw() const { return type == 3 && domain != AF_PACKET; }
  [[nodiscard]] bool is_listening() const;

  [[nodiscard]] int number() const { return number_; }
  [[nodiscard]] socket::SocketLayer& host() const { return host_; }

  /// An epoll instance watches it, or no longer does.
  void add(EpollEntry& entry);
  void remove(EpollEntry& entry);
  /// Something happened that the SocketLayer tells of later only: its watchers look at once.
  void look();

  const int domain;
  const int type;
  const int protocol;
  // Options that are the process's side of the matter. Time limits: zero, none.
  Duration receive_limit;
  Duration send_limit;
  bool broadcast = false;         ///< of a stream or a packet socket, for which it means nothing, on Linux too
  bool reuse_address = false;     ///< of a packet socket, likewise
  bool tell_destination = false;  ///< IP_PKTINFO, IPV6_RECVPKTINFO
  bool tell_ttl = false;          ///< IP_RECVTTL, IPV6_RECVHOPLIMIT
  bool tell_tos = false;          ///< IP_RECVTOS, IPV6_RECVTCLASS

 private:
  Result<std::size_t> send_opening(std::span<const std::byte> bytes, const wire::Endpoint* to, int flags);
  template <typename Attempt>
  auto repeat(unsigned interest, bool may_wait, Duration limit, Attempt attempt) -> decltype(attempt());
  void on_change(int number, unsigned mask);
  void drained();
  [[nodiscard]] std::uint64_t arrivals() const;

  socket::SocketLayer& host_;
  int number_;
  // For edge-triggered watchers: what was true when they last were told.
  std::vector<EpollEntry*> entries_;
  bool watched_ = false;
  bool first_ = false;     // the next call of on_change() is the one that watching begins with
  bool was_full_ = false;  // a send would have had to wait
  unsigned seen_mask_ = 0;
  std::uint64_t seen_arrivals_ = 0;
};

}  // namespace catenet::posix
