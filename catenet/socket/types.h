// SPDX-License-Identifier: Apache-2.0
// Small types of the socket interface: kinds, readiness, options, what a receive tells, a step of a program.
// All operations are non-blocking; their errors are the errno values that Linux gives for the same call.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "catenet/base/result.h"
#include "catenet/base/time.h"
#include "catenet/ip/network.h"
#include "catenet/link/frames/frame_pcb.h"
#include "catenet/packet/packet_filter.h"
#include "catenet/transport/raw/raw_pcb.h"
#include "catenet/transport/tcp/congestion/congestion.h"
#include "catenet/transport/tcp/fast_open.h"
#include "catenet/transport/tcp/tcb_types.h"
#include "catenet/transport/tcp/tcp_authentication.h"
#include "catenet/transport/udp/udp_pcb.h"
#include "catenet/wire/endpoint.h"

namespace catenet::socket {

enum class SocketType : std::uint8_t {
  stream,          ///< TCP
  datagram,        ///< UDP
  datagram_lite,   ///< UDP-Lite (RFC 3828): a datagram socket whose checksums may cover a part
  ping,            ///< ICMP echo, as Linux's SOCK_DGRAM with IPPROTO_ICMP or IPPROTO_ICMPV6; see ping_descriptor.h
  raw,             ///< packets of one IP protocol; see transport/raw/raw_pcb.h
  packet,          ///< frames with their link headers; see link/frames/frame_pcb.h
  packet_payload,  ///< the same without link headers
};

enum class ShutdownHow : std::uint8_t { receive, send, both };

/// Readiness, a mask. kHangup and kError are reported whether asked for or not, as poll(2) does. POLLERR is kError or
/// kErrorQueue.
namespace ready {
inline constexpr unsigned kRead = 1;         ///< recv or accept would not answer EAGAIN
inline constexpr unsigned kWrite = 2;        ///< send would not answer EAGAIN; a connect has ended
inline constexpr unsigned kPeerShut = 4;     ///< the peer will send nothing more (POLLRDHUP)
inline constexpr unsigned kHangup = 8;       ///< both directions are shut, or never were open (POLLHUP)
inline constexpr unsigned kError = 16;       ///< a pending error; the next operation gets it
inline constexpr unsigned kErrorQueue = 32;  ///< recv_error, or recv_notice of a stream, would not answer EAGAIN
}  // namespace ready

/// What recv_from tells beside the bytes.
struct Received {
  std::size_t size = 0;       ///< bytes written into the caller's buffer
  std::size_t full_size = 0;  ///< bytes that the datagram had; more than `size`: it was cut
  wire::Endpoint from;
  wire::Endpoint to;       ///< as in the header (IP_PKTINFO): one of ours, a broadcast or a group
  unsigned interface = 0;  ///< where it came in: its index + 1; 0: not known
  std::uint8_t ttl = 0;
  std::uint8_t traffic_class = 0;
  std::uint16_t segment_size = 0;  ///< several datagrams of this size, the last perhaps shorter; 0: one
  link::LinkEndpoint link;         ///< packet: whose frame it is, instead of the above
  [[nodiscard]] bool truncated() const { return full_size > size; }
};

/// One of many datagrams to be sent (send_batch).
using Outgoing = transport::UdpMessage;

/// Room for one of many datagrams (recv_batch).
struct Incoming {
  std::span<std::byte> room;
  Received got;  ///< set by the call
};

/// An entry of a socket's error queue: an ICMP error about one of its packets (Linux: recvmsg with MSG_ERRQUEUE).
struct ErrorRecord {
  int code = 0;  ///< errno
  ip::ErrorReport::Kind kind{};
  wire::IpAddress reporter;      ///< who sent the ICMP message: for traceroute, the router
  wire::Endpoint destination;    ///< where our packet was going
  std::uint16_t local_port = 0;  ///< our port; for a ping socket its identifier
  std::uint16_t sequence = 0;    ///< for a ping socket: of the echo in error
  std::uint32_t mtu = 0;         ///< for packet_too_big: the next hop's
};

/// How a stream's bytes are sent, beside what its options say.
using SendFlags = transport::TcpSendFlags;

/// An entry of a stream's queue of notices (Linux: recvmsg with MSG_ERRQUEUE).
struct SendNotice {
  using What = transport::TcpSendNotice::What;
  What what = What::released;
  std::uint32_t first = 0;  ///< released: the sends, counted from 0, whose bytes are needed no more;
  std::uint32_t last = 0;   ///< else both: the last byte of a send, counted from 0 when stamps were asked for
  Instant at;
};

/// Socket options, one type each: layer.set_option(fd, option::Broadcast{true}).
namespace option {
struct Broadcast {
  bool on = false;
};  ///< datagram, ping, raw: may send to broadcast addresses
struct ReuseAddress {
  bool on = false;
};  ///< before bind; of a raw socket, which has no port, it means nothing, on Linux too
struct ReusePort {
  bool on = false;
};  ///< stream, datagram, before bind: what comes is spread over all sockets of the port that say the same
struct BindToDevice {
  Interface* interface = nullptr;
};  ///< stream, datagram, raw: what comes and goes there only; null: anywhere
struct V6Only {
  bool on = false;
};  ///< stream, datagram of IPv6, before bind: leaves IPv4 alone (IPV6_V6ONLY)
struct ReceiveBuffer {
  std::size_t bytes = 0;
};
struct SendBuffer {
  std::size_t bytes = 0;
};  ///< stream; datagram, raw, packet: kept and told, no send of theirs waits for others
struct Priority {
  std::uint32_t value = 0;
};  ///< datagram, raw, packet: of what is sent, for queues (SO_PRIORITY)
struct Mark {
  std::uint32_t value = 0;
};  ///< datagram, raw, packet: of what is sent, for filters (SO_MARK)
struct Filter {
  std::shared_ptr<const PacketFilter> program;
};  ///< datagram, raw, packet: what of each packet is wanted (SO_ATTACH_FILTER); null: all, ENOENT if that is so
    ///< already
struct FilterLock {
  bool on = false;
};  ///< datagram, raw, packet: the filter stays as it is for good, as does this (EPERM; SO_LOCK_FILTER)
struct TimeToLive {
  std::uint8_t hops = 0;
};  ///< 0: the node's default
struct MulticastTtl {
  std::uint8_t hops = 1;
};  ///< datagram, raw
struct MulticastLoop {
  bool on = true;
};  ///< datagram, raw: what is sent to a group that this host is in is heard here, too
struct MulticastAll {
  bool on = true;
};  ///< datagram: hears the groups that other sockets of the host are in, too (IP_MULTICAST_ALL)
struct MulticastInterface {
  Interface* interface = nullptr;
  wire::IpAddress source;
};  ///< datagram, raw: where packets to groups go; null: by route. From `source`, unless that is unspecified
struct TrafficClass {
  std::uint8_t bits = 0;
};  ///< DSCP and ECN bits; of a stream the DSCP only
struct DontFragment {
  bool on = false;
};  ///< a stream begins with it
struct NoChecksum {
  bool on = false;
};  ///< datagram over IPv4
struct HeaderIncluded {
  bool on = false;
};  ///< raw: what is sent has its IP header (IP_HDRINCL, IPV6_HDRINCL)
struct UnwantedTypes {
  transport::IcmpTypeFilter types{};
};  ///< raw, of ICMP or ICMPv6 (EOPNOTSUPP else): a set bit keeps a type out (ICMP_FILTER, ICMP6_FILTER)
struct ChecksumOffset {
  std::optional<std::uint32_t> bytes;
};  ///< raw of IPv6: where the checksum is, made here and looked at (IPV6_CHECKSUM); even (EINVAL)
struct ReceiveErrors {
  bool on = false;
};  ///< datagram, ping, raw: fill the error queue (IP_RECVERR)
struct SendCoverage {
  std::uint16_t bytes = 0;
};  ///< datagram_lite: what checksums cover, from the header's first byte on; 0: all; below 8: 8 (UDPLITE_SEND_CSCOV)
struct ReceiveCoverage {
  std::optional<std::uint16_t> bytes;
};  ///< datagram_lite: what is covered less is dropped; 0: all must be; none: anything goes (UDPLITE_RECV_CSCOV)
struct SegmentSize {
  std::uint16_t bytes = 0;
};  ///< datagram: what is longer goes as datagrams of this size, at most UdpPcb::kMaxSegments (UDP_SEGMENT); 0: as one
struct ReceiveSegments {
  bool on = false;
};  ///< datagram: datagrams of one size and origin may come as one, see Received::segment_size (UDP_GRO)
struct NoDelay {
  bool on = false;
};  ///< stream: Nagle's algorithm off
struct Cork {
  bool on = false;
};  ///< stream: only full segments go; what waits goes when it is taken off, or after an RTO
struct SynRetries {
  std::uint8_t times = 0;
};  ///< stream: how often a SYN goes again before the attempt is given up (TCP_SYNCNT)
struct UnsentLowMark {
  std::uint32_t bytes = 0;
};  ///< stream: no more is taken while so much is unsent (TCP_NOTSENT_LOWAT); 0: no limit
struct ZeroCopy {
  bool on = false;
};  ///< stream: sends may ask to be told when their bytes are needed no more (SO_ZEROCOPY)
struct SendStamps {
  bool scheduled = false;
  bool sent = false;
  bool acknowledged = false;
};  ///< stream: when each send's last byte was (SO_TIMESTAMPING)
struct KeepAlive {
  bool on = false;
};  ///< stream
struct KeepAliveTiming {
  Duration idle;
  Duration interval;
  std::uint8_t probes = 0;
};  ///< stream: when KeepAlive is on (RFC 9293 3.8.4)
struct MaxSegment {
  std::uint16_t bytes = 0;
};  ///< stream, before connect or listen; reads what a connection has
struct FastOpen {
  std::uint32_t queue = 0;
};  ///< stream, before or while listening: take data with SYNs of so many connections at once (RFC 7413); 0: of none
struct FastOpenConnect {
  bool on = false;
  bool pending = false;  ///< read only: connect() has been called, and the SYN waits for the first send
};  ///< stream, before connect
struct FastOpenWithoutCookie {
  bool on = false;
};  ///< stream: no cookies are asked for or sent
struct FastOpenKeys {
  transport::FastOpenKeys keys;
};  ///< stream: of a listener's cookies, in place of the host's
struct Md5Key {
  wire::IpPrefix peer;
  transport::TcpSecret secret;
};  ///< stream, write only: segments to and from these peers are signed (RFC 2385); empty: not any more
    ///< (TCP_MD5SIG_EXT)
struct AoKey {
  transport::TcpAoKey key;
  bool current = false;  ///< signs from now on
  bool next = false;     ///< the peer is asked to use it
};  ///< stream, write only: the same by TCP-AO (RFC 5925; TCP_AO_ADD_KEY)
struct AoKeyRemoval {
  wire::IpPrefix peer;
  std::uint8_t send_id = 0;
  std::uint8_t receive_id = 0;
};  ///< stream, write only (TCP_AO_DEL_KEY)
struct AoChoice {
  std::optional<std::uint8_t> current;  ///< send_id
  std::optional<std::uint8_t> next;     ///< receive_id
  std::optional<bool> required;
};  ///< stream, write only: what is not given stays (TCP_AO_INFO)
struct Keys {
  transport::TcpKeys keys;
};  ///< stream, read only
struct AdvertisedUserTimeout {
  Duration after;
};  ///< stream: what the peer is told (RFC 5482), so that both ends are as patient as the more patient; 0: nothing
struct UserTimeout {
  Duration after;
};  ///< stream (RFC 9293 3.9.1); 0: off
struct Congestion {
  transport::CongestionAlgorithm algorithm{};
};  ///< stream, before connect or listen
struct Linger {
  bool on = false;
  Duration after;
};  ///< stream: on with 0 makes close a reset
/// Stream, read only: the control block's figures (TCP_INFO, SIOCINQ, SIOCOUTQ).
struct Figures {
  transport::TcpPcbInfo tcp;
  std::size_t notices = 0;  ///< that recv_notice() has to give
};
struct JoinGroup {
  wire::IpAddress group;
  Interface* interface = nullptr;
};  ///< datagram, raw; write only
struct LeaveGroup {
  wire::IpAddress group;
  Interface* interface = nullptr;
};  ///< datagram, raw; write only
struct IgnoreOutgoing {
  bool on = false;
};  ///< packet: frames that this host sends are not of interest (PACKET_IGNORE_OUTGOING)
struct JoinLink {
  unsigned interface = 0;  ///< its index + 1
  link::FramePcb::Membership what{};
};  ///< packet; write only (PACKET_ADD_MEMBERSHIP)
struct LeaveLink {
  unsigned interface = 0;
  link::FramePcb::Membership what{};
};  ///< packet; write only (PACKET_DROP_MEMBERSHIP)
}  // namespace option

using Option = std::variant<
    option::Broadcast, option::ReuseAddress, option::ReusePort, option::BindToDevice, option::V6Only,
    option::ReceiveBuffer, option::SendBuffer, option::TimeToLive, option::MulticastTtl, option::TrafficClass,
    option::DontFragment, option::NoChecksum, option::HeaderIncluded, option::UnwantedTypes, option::ChecksumOffset,
    option::ReceiveErrors, option::SendCoverage, option::ReceiveCoverage, option::SegmentSize, option::ReceiveSegments,
    option::NoDelay, option::Cork, option::KeepAlive, option::KeepAliveTiming, option::FastOpen,
    option::FastOpenConnect, option::FastOpenWithoutCookie, option::FastOpenKeys, option::MaxSegment, option::Figures,
    option::Md5Key, option::AoKey, option::AoKeyRemoval, option::AoChoice, option::Keys, option::AdvertisedUserTimeout,
    option::UserTimeout, option::Congestion, option::Linger, option::JoinGroup, option::LeaveGroup,
    option::MulticastLoop, option::MulticastAll, option::MulticastInterface, option::IgnoreOutgoing, option::JoinLink,
    option::LeaveLink, option::UnsentLowMark, option::ZeroCopy, option::SendStamps, option::SynRetries,
    option::Priority, option::Mark, option::Filter, option::FilterLock>;

/// A call with its arguments, to be shown.
struct Call {
  std::string_view name;
  int fd = -1;
  std::optional<wire::Endpoint> end;  ///< an address argument
  std::int64_t number = -1;           ///< a count of bytes, a backlog; -1: none
  std::string_view word;              ///< "stream", "both"
};

/// One operation of a program, for walk-throughs and logs.
struct Step {
  enum class Phase : std::uint8_t { waits, returned };
  Phase phase = Phase::returned;
  const Call& call;
  int error = 0;           ///< errno; 0: success, or it waits
  std::int64_t value = 0;  ///< what it returned
  /// "bind(3, 0.0.0.0:1234) = 0", "accept(3) = -1 EAGAIN", "accept(3) waits".
  [[nodiscard]] std::string text() const;
};

/// "EAGAIN": the name of an errno value; "E<number>" for those that this interface never gives.
[[nodiscard]] std::string errno_name(int code);

}  // namespace catenet::socket
