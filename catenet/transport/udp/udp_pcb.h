// SPDX-License-Identifier: Apache-2.0
// UdpPcb: one UDP socket's protocol control block: its two ends, its receive queue, its error queue (RFC 768,
// RFC 1122 4.1). Rules and errno values are those of Linux.
//
// Life: made by its owner (the socket layer, an application in a router) -> bind or the first send gives it a port ->
// connect narrows it to one foreign end -> destroyed, which drops what is still queued. It touches no heap until a port
// is taken or a datagram arrives. Everything is non-blocking; `set_on_change` tells when trying again may help.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "catenet/base/delegate.h"
#include "catenet/base/intrusive_list.h"
#include "catenet/base/result.h"
#include "catenet/base/ring.h"
#include "catenet/ip/network.h"
#include "catenet/packet/packet.h"
#include "catenet/transport/datagram_options.h"
#include "catenet/transport/memberships.h"
#include "catenet/transport/port_claim.h"
#include "catenet/wire/endpoint.h"

namespace catenet::transport {

class Udp;

enum class UdpFlavour : std::uint8_t {
  udp,
  lite,  ///< UDP-Lite, RFC 3828: the checksum covers what the two ends agree is worth it
};

/// A received datagram: `payload` starts at the first byte of data. Whoever takes it ends it with consume().
struct UdpDatagram {
  Packet payload;
  wire::Endpoint from;
  wire::Endpoint to;  ///< as in the header: one of ours, a broadcast or a group
  Interface* interface = nullptr;
  std::uint8_t ttl = 0;
  std::uint8_t traffic_class = 0;
  std::uint16_t segment_size = 0;  ///< `payload` is several datagrams of this size, the last may be shorter; 0: one
};

/// One of many datagrams to be sent.
struct UdpMessage {
  std::span<const std::byte> payload;
  std::optional<wire::Endpoint> to;           ///< none: the connected end
  std::optional<std::uint16_t> segment_size;  ///< none: Options::segment_size
};

/// An ICMP error about a datagram of this socket (Linux: IP_RECVERR).
struct UdpError {
  int code = 0;  ///< errno
  ip::ErrorReport::Kind kind{};
  std::uint32_t mtu = 0;         ///< for packet_too_big
  wire::IpAddress reporter;      ///< the router or host that sent the ICMP message
  wire::Endpoint destination;    ///< where the datagram was going
  std::uint16_t local_port = 0;  ///< where it came from
};

/// What an ICMP error means to a datagram socket, as Linux has it: a hard one is reported to a connected socket, a soft
/// one (the network may recover) only to the error queue. "Too big" is hard for one that forbids fragments.
[[nodiscard]] bool is_hard_error(ip::ErrorReport::Kind kind, bool dont_fragment);

class UdpPcb : public ListNode<UdpPcb> {
 public:
  static constexpr std::size_t kDefaultReceiveLimit = DatagramOptions::kDefaultReceiveLimit;
  static constexpr std::size_t kDatagramCost = 256;  ///< counted per queued datagram beside its bytes, so that empty
                                                     ///< ones are bounded too
  static constexpr std::size_t kMaxErrors = 64;
  static constexpr std::size_t kMaxSegments = 128;  ///< datagrams of one send (Linux's UDP_MAX_SEGMENTS)

  /// May be changed at any time; they hold from the next operation on.
  struct Options : DatagramOptions {
    bool multicast_all = true;  ///< hears the groups of the host's other sockets, too (IP_MULTICAST_ALL)
    bool reuse_port = false;    ///< as reuse_address, and what comes is spread over all of them (SO_REUSEPORT)
    bool v6_only = false;       ///< a socket of IPv6 leaves IPv4 alone (IPV6_V6ONLY)
    bool no_checksum = false;   ///< IPv4 only: send zero checksums (RFC 768)
    /// What is longer goes as datagrams of this size, the last perhaps shorter (UDP_SEGMENT); 0: as one. They are one
    /// packet as far down as the way allows, so a send of many costs little more than a send of one.
    std::uint16_t segment_size = 0;
    /// Datagrams that may be had as one need not be cut (UDP_GRO): those that were one send of this host or came as one
    /// packet, see UdpDatagram::segment_size; for those that wait in a row see run().
    bool receive_segments = false;
    // UDP-Lite alone. Bytes from its header's first on, 1 to 7 counted as 8; 0: the whole datagram.
    std::uint16_t send_coverage = 0;                ///< a shorter datagram is covered as a whole
    std::optional<std::uint16_t> receive_coverage;  ///< what is covered less is dropped; none: anything goes
  };

  explicit UdpPcb(Udp& udp, wire::Family family = wire::Family::kV4);
  ~UdpPcb();

  // A socket of IPv6 speaks IPv4 too unless Options::v6_only says that it does not. It may be given IPv4 addresses as
  // they are or mapped (RFC 3493 3.7); what it tells is never mapped.

  /// Takes a local end; port 0: an ephemeral one. EINVAL bound already, or IPv4 of a socket for IPv6 only;
  /// EAFNOSUPPORT, EADDRNOTAVAIL not an address of this host (nor a broadcast or group address), EADDRINUSE, ENOBUFS
  /// the host's limit of sockets.
  Result<void> bind(const wire::Endpoint& local);
  /// Gets the datagrams for every address and port that no other socket wants; UdpDatagram::to tells which it was, and
  /// send_from() answers in its name. Occupies no port. Of use where the network layer takes packets for others
  /// (ip::IpConfig::accept_any). EINVAL bound already, EADDRINUSE another socket does.
  Result<void> bind_any();
  /// Fixes the foreign end (and the local address, by route). May be repeated. EAFNOSUPPORT, EACCES broadcast not
  /// allowed, ENETUNREACH (also IPv4 of a socket for IPv6 only), EINVAL a link-local address without its link, EAGAIN
  /// no port left.
  Result<void> connect(const wire::Endpoint& foreign);
  /// Undoes connect, and the choice of local end that connect or send made.
  void disconnect();

  /// One datagram to `to`, or to the connected end when that is null. EDESTADDRREQ no end given or known, EINVAL port
  /// 0, EMSGSIZE, EACCES, EPIPE after shutdown, ENOBUFS, ENETUNREACH, or the pending ICMP error.
  ///
  /// With a segment size: many datagrams. Beside the above, EMSGSIZE one of them does not fit the path's MTU, EINVAL
  /// more than kMaxSegments, or no checksum is wanted, EIO of UDP-Lite.
  Result<void> send(std::span<const std::byte> payload, const wire::Endpoint* to = nullptr) {
    return send_segments(payload, options_.segment_size, to);
  }
  /// The same with a segment size for this one call.
  Result<void> send_segments(std::span<const std::byte> payload, std::uint16_t segment_size,
                             const wire::Endpoint* to = nullptr);
  /// Many in one call: how many were accepted, one at least. The first that is refused ends it; its error is the
  /// answer when there was none before it.
  Result<std::size_t> send_batch(std::span<const UdpMessage> messages);
  /// The same as send() without a copy; `payload` has the headroom of PacketPool::make(). On errors the packet is
  /// dropped.
  Result<void> send(Packet payload, const wire::Endpoint* to = nullptr) {
    return send_packet(std::move(payload), options_.segment_size, to);
  }
  /// One datagram with a local end of the caller's choice; the socket need not be bound. EADDRNOTAVAIL: may not be sent
  /// from. Else as send().
  Result<void> send_from(std::span<const std::byte> payload, const wire::Endpoint& from, const wire::Endpoint& to);
  /// The oldest datagram. EAGAIN none; a pending ICMP error comes first, once.
  Result<UdpDatagram> receive();
  /// As many as there are and `out` has room for, one at least: EAGAIN none. A pending ICMP error comes first, once.
  Result<std::size_t> receive_batch(std::span<UdpDatagram> out);
  /// The oldest datagram's bytes and origin, which stays queued; null if none.
  [[nodiscard]] const UdpDatagram* peek() const { return queue_.empty() ? nullptr : &queue_.front(); }
  /// How many of the oldest datagrams may be taken for one: with Options::receive_segments those that came over a link
  /// from one end in a row, of one size, the last perhaps shorter; else 1. 0: none waits.
  [[nodiscard]] std::size_t run() const;
  /// The i-th oldest, i < queued().
  [[nodiscard]] const UdpDatagram& peek(std::size_t i) const { return queue_[i]; }
  /// The oldest entry of the error queue. EAGAIN none.
  Result<UdpError> receive_error();
  /// The pending error, which is cleared; 0 if none (SO_ERROR).
  int take_error() { return std::exchange(pending_error_, 0); }
  void shutdown_send() { send_shut_ = true; }
  void shutdown_receive() { receive_shut_ = true; }

  /// Membership of a group (RFC 1112) on one interface; null: on that which packets to it go out on, as Linux chooses,
  /// or on any if there is none. EINVAL not a group, EADDRINUSE joined already, EADDRNOTAVAIL (leave) not joined,
  /// ENOBUFS.
  Result<void> join(const wire::IpAddress& group, Interface* interface);
  Result<void> leave(const wire::IpAddress& group, Interface* interface);
  /// Of all at once; without a word to routers and switches when not `told`.
  void leave_groups(bool told);

  [[nodiscard]] wire::Family family() const { return family_; }
  [[nodiscard]] UdpFlavour flavour() const;
  [[nodiscard]] const wire::Endpoint& local() const { return local_; }
  [[nodiscard]] const wire::Endpoint& foreign() const { return foreign_; }
  [[nodiscard]] bool is_bound() const { return local_.port != 0; }
  [[nodiscard]] bool is_connected() const { return connected_; }
  [[nodiscard]] bool is_send_shut() const { return send_shut_; }
  [[nodiscard]] bool is_receive_shut() const { return receive_shut_; }
  [[nodiscard]] bool has_datagram() const { return !queue_.empty(); }
  [[nodiscard]] bool has_error() const { return pending_error_ != 0; }
  [[nodiscard]] bool has_queued_errors() const { return !errors_.empty(); }
  [[nodiscard]] std::size_t queued_bytes() const { return queued_bytes_; }
  [[nodiscard]] std::size_t queued() const { return queue_.size(); }
  /// Datagrams that came and found the queue full.
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }
  [[nodiscard]] Options& options() { return options_; }
  [[nodiscard]] const Options& options() const { return options_; }
  /// Called inside the protocol's event when a datagram or an error has come: note it, post, and return.
  void set_on_change(Delegate<void()> on_change) { on_change_ = on_change; }

 private:
  friend class Udp;
  Result<void> take_port(const wire::IpAddress& address, std::uint16_t port);
  Result<void> auto_bind();
  [[nodiscard]] bool takes(wire::Family family) const {
    return family == family_ || (family_ == wire::Family::kV6 && !options_.v6_only);
  }
  [[nodiscard]] Result<wire::Endpoint> foreign_from(const wire::Endpoint& to) const;
  Result<wire::Endpoint> destination_of(const wire::Endpoint* to, std::size_t size) const;
  Result<void> send_packet(Packet packet, std::uint16_t segment_size, const wire::Endpoint* to);
  Result<void> may_cut(std::size_t size, std::uint16_t segment_size, const wire::Endpoint& to) const;
  Result<void> transmit(Packet packet, std::uint16_t segment_size, const wire::Endpoint& to,
                        const wire::Endpoint& from);
  Result<void> transmit_each(Packet packet, std::uint16_t segment_size, const wire::Endpoint& to,
                             const wire::Endpoint& from);
  void write_checksum(Packet& packet, const wire::Endpoint& to, const wire::Endpoint& from);
  [[nodiscard]] bool is_covered_enough(const Packet& packet) const;
  void enqueue_each(Packet packet, const ip::Delivery& delivery, std::uint16_t from_port);
  [[nodiscard]] bool passes_filter(Packet& packet, const ip::Delivery& delivery) const;
  void enqueue(Packet packet, const ip::Delivery& delivery, std::uint16_t from_port);
  void keep(UdpDatagram datagram);
  void report(const UdpError& error, bool hard);
  [[nodiscard]] bool hears_group(const wire::IpAddress& group, const Interface* interface) const {
    return options_.multicast_all || memberships_.contain(group, interface);
  }
  [[nodiscard]] Interface* way_out(const wire::IpAddress& to) const;
  [[nodiscard]] Result<wire::IpAddress> source_for(const wire::IpAddress& to) const;
  [[nodiscard]] int match(const wire::Endpoint& local, const wire::Endpoint& foreign, const Interface* arrival) const;
  [[nodiscard]] PortClaim claim(const wire::IpAddress& address) const {
    return {address, options_.device, options_.reuse_address, options_.reuse_port, options_.v6_only};
  }
  void changed() const {
    if (on_change_) {
      on_change_();
    }
  }

  Udp& udp_;
  UdpPcb* next_by_port_ = nullptr;  // chains of Udp's tables
  UdpPcb* next_exact_ = nullptr;
  wire::Endpoint local_;
  wire::Endpoint foreign_;
  wire::Family family_;
  bool connected_ = false;
  bool address_chosen_ = false;  // by the user, in bind
  bool port_chosen_ = false;
  bool send_shut_ = false;
  bool receive_shut_ = false;
  int pending_error_ = 0;
  Options options_;
  std::size_t queued_bytes_ = 0;
  std::uint64_t dropped_ = 0;
  Ring<UdpDatagram> queue_;
  Ring<UdpError> errors_;
  Memberships memberships_;
  Delegate<void()> on_change_;
};

}  // namespace catenet::transport
