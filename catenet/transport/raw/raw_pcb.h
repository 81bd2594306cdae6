// SPDX-License-Identifier: Apache-2.0
// RawPcb: the control block of one raw socket: its protocol, its two addresses, its receive queue, its error queue.
// Rules and errno values are those of Linux (raw(7), ipv6(7), RFC 3542 3).
//
// What it receives has, over IPv4, the IP header in front; over IPv6 it starts behind all of IP's headers (RFC 3542 3).
// What it sends gets a header, unless Options::header_included says that it has one: so it is from the start for
// protocol 255 (IPPROTO_RAW). Everything is non-blocking; `set_on_change` tells when trying again may help.
#pragma once
#include <array>
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
#include "catenet/transport/udp/udp_pcb.h"
#include "catenet/wire/endpoint.h"

namespace catenet::transport {

class Raw;

inline constexpr std::uint8_t kProtocolRaw = 255;  ///< IPPROTO_RAW: sends any protocol, receives none

/// A received packet. Whoever takes it ends it with consume().
struct RawPacket {
  Packet bytes;
  wire::IpAddress from;
  wire::IpAddress to;  ///< as in the header: one of ours, a broadcast or a group
  Interface* interface = nullptr;
  std::uint8_t ttl = 0;
  std::uint8_t traffic_class = 0;
};

/// An ICMP error about a packet of this socket: ports are zero.
using RawError = UdpError;

/// Types of ICMP (32 bits of it) or ICMPv6 that a socket does not want: bit `type` of the whole is set.
using IcmpTypeFilter = std::array<std::uint32_t, 8>;

class RawPcb : public ListNode<RawPcb> {
 public:
  static constexpr std::size_t kDefaultReceiveLimit = UdpPcb::kDefaultReceiveLimit;
  static constexpr std::size_t kPacketCost = UdpPcb::kDatagramCost;  ///< counted per queued packet beside its bytes
  static constexpr std::size_t kMaxErrors = UdpPcb::kMaxErrors;

  /// May be changed at any time; they hold from the next operation on.
  struct Options : DatagramOptions {
    bool header_included = false;  ///< what is sent has its IP header (IP_HDRINCL, IPV6_HDRINCL)
    IcmpTypeFilter filter{};       ///< ICMP_FILTER, ICMP6_FILTER; of ICMP's sockets alone
    /// IPv6: where in what is sent the checksum belongs, which is then made here; what comes with a wrong one is
    /// dropped (IPV6_CHECKSUM, RFC 3542 3.1). None: nobody looks. ICMPv6's is always at 2.
    std::optional<std::uint32_t> checksum_offset;
  };

  /// `raw` has said that it may_open() one of this family, and outlives it.
  RawPcb(Raw& raw, wire::Family family, std::uint8_t protocol);
  ~RawPcb();

  /// Receives what is sent to this address alone, and sends from it if it is no group. May be repeated. EINVAL
  /// connected, another family, or a link-scoped address or group without its link, which else becomes the device
  /// (ENODEV: there is none of that zone); EADDRNOTAVAIL not an address of this host.
  Result<void> bind(const wire::IpAddress& local);
  /// Receives what comes from this address alone, and sends there; its port is kept and means nothing. May be repeated.
  /// EAFNOSUPPORT, EACCES broadcast not allowed, ENETUNREACH, EINVAL a link-local address without its link.
  Result<void> connect(const wire::Endpoint& foreign);
  /// Undoes connect and bind. As on Linux, the socket receives nothing any more.
  void disconnect();

  /// One packet to `to`, or to the connected end when that is null. EDESTADDRREQ no end given or known, EMSGSIZE,
  /// EFAULT ICMP without type and code, EACCES, EINVAL a header that is none or a checksum outside the packet, ENOBUFS,
  /// EAFNOSUPPORT, ENETUNREACH. With a header included, as Linux has it, also EPIPE after shutdown, or the pending ICMP
  /// error. Over IPv6 the port of `to` is 0 or the protocol (EINVAL), which a socket of kProtocolRaw chooses so.
  Result<void> send(std::span<const std::byte> bytes, const wire::Endpoint* to = nullptr);
  /// The oldest packet. EAGAIN none; a pending ICMP error comes first, once.
  Result<RawPacket> receive();
  /// The same, which stays queued; null if none.
  [[nodiscard]] const RawPacket* peek() const { return queue_.empty() ? nullptr : &queue_.front(); }
  /// The oldest entry of the error queue. EAGAIN none.
  Result<RawError> receive_error();
  /// The pending error, which is cleared; 0 if none (SO_ERROR).
  int take_error() { return std::exchange(pending_error_, 0); }
  void shutdown_send() { send_shut_ = true; }
  void shutdown_receive() { receive_shut_ = true; }

  /// Membership of a group, as of UdpPcb: the host hears it, and so does every raw socket that it is for.
  Result<void> join(const wire::IpAddress& group, Interface* interface);
  Result<void> leave(const wire::IpAddress& group, Interface* interface);
  void leave_groups(bool told);

  [[nodiscard]] wire::Family family() const { return family_; }
  [[nodiscard]] std::uint8_t protocol() const { return protocol_; }
  [[nodiscard]] bool is_icmp() const;
  /// Its port is the protocol, as Linux tells it; the zone of a link's group is the device.
  [[nodiscard]] wire::Endpoint local() const;
  [[nodiscard]] const wire::Endpoint& foreign() const { return foreign_; }
  [[nodiscard]] bool is_connected() const { return connected_; }
  [[nodiscard]] bool is_send_shut() const { return send_shut_; }
  [[nodiscard]] bool is_receive_shut() const { return receive_shut_; }
  [[nodiscard]] bool has_packet() const { return !queue_.empty(); }
  [[nodiscard]] bool has_error() const { return pending_error_ != 0; }
  [[nodiscard]] bool has_queued_errors() const { return !errors_.empty(); }
  [[nodiscard]] std::size_t queued_bytes() const { return queued_bytes_; }
  [[nodiscard]] std::size_t queued() const { return queue_.size(); }
  /// Packets that came and found the queue full.
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }
  [[nodiscard]] Options& options() { return options_; }
  [[nodiscard]] const Options& options() const { return options_; }
  /// Called inside the protocol's event when a packet or an error has come: note it, post, and return.
  void set_on_change(Delegate<void()> on_change) { on_change_ = on_change; }

 private:
  friend class Raw;
  /// Where a packet goes, and as what.
  struct Way {
    wire::IpAddress to;
    std::uint8_t protocol = 0;
  };
  Result<void> choose_link(const wire::IpAddress& local);
  [[nodiscard]] Result<wire::IpAddress> foreign_from(const wire::IpAddress& to) const;
  [[nodiscard]] Result<Way> way_to(const wire::Endpoint* to, std::size_t size) const;
  [[nodiscard]] Result<void> may_send(const Way& way, std::span<const std::byte> bytes) const;
  Result<void> write_checksum(Packet& packet, ip::SendOptions& options) const;
  Result<void> transmit(Packet packet, ip::SendOptions options);
  [[nodiscard]] Interface* way_out(const wire::IpAddress& to) const;
  [[nodiscard]] bool matches(std::uint8_t protocol, const wire::IpAddress& local, const wire::IpAddress& foreign,
                             const Interface* arrival) const;
  [[nodiscard]] bool is_unwanted(const Packet& packet, std::size_t header_size) const;
  [[nodiscard]] std::uint32_t wanted_of(const Packet& packet, const ip::Delivery& delivery,
                                        std::size_t header_size) const;
  void take(const Packet& packet, const ip::Delivery& delivery, std::size_t header_size);
  void report(const ip::ErrorReport& report);
  void changed() const {
    if (on_change_) {
      on_change_();
    }
  }

  Raw& raw_;
  wire::IpAddress local_;   // what it listens to
  wire::IpAddress source_;  // what it sends from
  wire::Endpoint foreign_;
  wire::Family family_;
  std::uint8_t protocol_;
  bool hears_ = true;
  bool connected_ = false;
  bool send_shut_ = false;
  bool receive_shut_ = false;
  int pending_error_ = 0;
  Options options_;
  std::size_t queued_bytes_ = 0;
  std::uint64_t dropped_ = 0;
  Ring<RawPacket> queue_;
  Ring<RawError> errors_;
  Memberships memberships_;
  Delegate<void()> on_change_;
};

}  // namespace catenet::transport
