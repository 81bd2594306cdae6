// SPDX-License-Identifier: Apache-2.0
// Small types that TCP's rooms share: states, a decoded segment header, counters, and what a row of the connection
// table shows.
#pragma once
#include <cstdint>
#include <string_view>

#include "catenet/base/time.h"
#include "catenet/wire/endpoint.h"
#include "catenet/wire/tcp.h"

namespace catenet::transport {

/// What a peer takes that does not say it: what everybody must (RFC 9293 3.7.1, MUST-15).
[[nodiscard]] inline std::uint16_t default_mss(const wire::IpAddress& peer) { return peer.is_v4() ? 536 : 1220; }

/// RFC 9293 3.3.2.
enum class TcpState : std::uint8_t {
  closed,
  listen,
  syn_sent,
  syn_received,
  established,
  fin_wait_1,
  fin_wait_2,
  close_wait,
  closing,
  last_ack,
  time_wait,
};
/// "ESTABLISHED", "FIN-WAIT-1", ...
[[nodiscard]] std::string_view name(TcpState state);

/// A segment's header as values. The segment's data is the Packet beside it, header pulled off.
struct TcpSegment {
  std::uint32_t seq = 0;
  std::uint32_t ack = 0;
  std::uint16_t window = 0;  ///< as in the header, unscaled
  std::uint8_t flags = 0;    ///< wire::TcpFlag
  wire::TcpOptions options;
  std::uint8_t ecn = 0;  ///< ECN field of the network header (RFC 3168 5)
  bool ae = false;       ///< the flag beside the eight (RFC 9768 3.1)

  /// AE, CWR and ECE as one number.
  [[nodiscard]] std::uint8_t ace() const { return static_cast<std::uint8_t>((ae ? 4 : 0) | flags >> 6); }

  [[nodiscard]] bool has(std::uint8_t flag) const { return (flags & flag) != 0; }
  [[nodiscard]] bool syn() const { return has(wire::TcpFlag::kSyn); }
  [[nodiscard]] bool fin() const { return has(wire::TcpFlag::kFin); }
  [[nodiscard]] bool rst() const { return has(wire::TcpFlag::kRst); }
  [[nodiscard]] bool has_ack() const { return has(wire::TcpFlag::kAck); }
};

/// What a send wants to be told of its last byte; see send_watch.h.
struct TcpSendWish {
  std::uint32_t id = 0;       ///< comes back in the notices
  bool released = false;      ///< the bytes are needed no more
  bool scheduled = false;     ///< they go to the path
  bool sent = false;          ///< they have gone
  bool acknowledged = false;  ///< the peer has them
  [[nodiscard]] bool stamps() const { return scheduled || sent || acknowledged; }
  [[nodiscard]] bool any() const { return released || stamps(); }
};
struct TcpSendNotice {
  enum class What : std::uint8_t { released, scheduled, sent, acknowledged };
  What what = What::released;
  std::uint32_t id = 0;
  std::uint32_t last = 0;  ///< released: of these, from `id` on; else the same
  Instant at;
};

/// What the network header of a connection's packets says.
struct TcpMarking {
  std::uint8_t traffic_class = 0;  ///< without the ECN field
  std::uint8_t hops = 0;           ///< 0: the node's default
  bool may_fragment = false;       ///< routers may cut it (IPv4); otherwise they say that it is too big
};

/// How bytes are sent, beside what the connection is set to.
struct TcpSendFlags {
  bool more = false;           ///< the user has more: what is no full segment waits for the next event (MSG_MORE)
  bool end_of_record = false;  ///< no segment holds these bytes and later ones (MSG_EOR)
};

/// What a connection counts all the time. Bytes are payload bytes.
struct TcpTraffic {
  std::uint64_t bytes_sent = 0;  ///< first transmissions only
  std::uint64_t bytes_acked = 0;
  std::uint64_t bytes_received = 0;  ///< in order, handed to the receive buffer
  std::uint64_t segments_sent = 0;
  std::uint64_t segments_received = 0;
};

/// What it counts when something goes wrong; most connections never do.
struct TcpTroubles {
  std::uint64_t bytes_retransmitted = 0;
  std::uint32_t retransmits = 0;       ///< segments, SYN and FIN included
  std::uint32_t fast_retransmits = 0;  ///< times fast recovery was entered
  std::uint32_t timeouts = 0;          ///< of the retransmission timer
  std::uint32_t duplicate_acks = 0;
  std::uint32_t marks = 0;         ///< segments that arrived with "congestion experienced" (RFC 3168)
  std::uint32_t mark_cuts = 0;     ///< times the window was cut because the peer reported marks
  std::uint32_t out_of_order = 0;  ///< segments that arrived ahead of a gap
  // Loss recovery, by the names of Linux's nstat.
  std::uint32_t sack_recovery = 0;        ///< TCPSackRecovery: fast recoveries by SACK
  std::uint32_t reno_recovery = 0;        ///< TCPRenoRecovery: without
  std::uint32_t loss_probes = 0;          ///< TCPLossProbes
  std::uint32_t loss_probe_recovery = 0;  ///< TCPLossProbeRecovery: a probe repaired the only loss
  std::uint32_t dsack_old_sent = 0;       ///< TCPDSACKOldSent: duplicates of what was in order
  std::uint32_t dsack_ofo_sent = 0;       ///< TCPDSACKOfoSent: duplicates of what was not
  std::uint32_t dsack_recv = 0;           ///< TCPDSACKRecv
  std::uint32_t full_undo = 0;            ///< TCPFullUndo: at the end of a fast recovery, by timestamps
  std::uint32_t partial_undo = 0;         ///< TCPPartialUndo: before its end
  std::uint32_t dsack_undo = 0;           ///< TCPDSACKUndo
  std::uint32_t loss_undo = 0;            ///< TCPLossUndo: a recovery after a timeout
  std::uint32_t spurious_rtos = 0;        ///< TCPSpuriousRTOs: of them found by F-RTO
  std::uint32_t sack_reneging = 0;        ///< TCPSACKReneging
};

/// Counters of one connection.
struct TcpStatistics : TcpTraffic, TcpTroubles {};

/// Sums over connections.
TcpStatistics& operator+=(TcpStatistics& sum, const TcpStatistics& more);

/// What a connection in TIME-WAIT has to know of its past; see time_wait.h.
struct TimeWaitFacts {
  std::uint32_t snd_nxt = 0;
  std::uint32_t rcv_nxt = 0;
  std::uint32_t timestamp_offset = 0;  ///< of our timestamp clock
  std::uint32_t ts_recent = 0;
  Instant ts_recent_at;
  std::uint16_t window = 0;  ///< as our last segments said
  bool timestamps = false;
};

/// A row of `catenet show pcb`: what Linux's tcp_info tells. Bytes where a name does not say otherwise.
struct TcpPcbInfo {
  wire::FourTuple tuple;  ///< foreign is unspecified with port 0 when there is none
  TcpState state = TcpState::closed;
  std::uint32_t receive_queue = 0;  ///< bytes not read; for a listener: connections not accepted
  std::uint32_t send_queue = 0;     ///< bytes not acknowledged; for a listener: its backlog
  std::uint32_t cwnd = 0;
  std::uint32_t ssthresh = 0;
  std::uint32_t mss = 0;
  Duration srtt;  ///< zero: no sample yet
  Duration rto;
  std::string_view algorithm;  ///< empty for a listener
  TcpStatistics statistics;

  std::uint32_t pmtu = 0;           ///< the largest packet that TCP believes the path takes
  std::uint32_t in_flight = 0;      ///< presumed under way: pipe
  std::uint32_t unacked = 0;        ///< sent and not acknowledged: FlightSize
  std::uint32_t sacked = 0;         ///< of them reported by SACK
  std::uint32_t lost = 0;           ///< of them presumed lost
  std::uint32_t retransmitted = 0;  ///< of them sent again and presumed under way
  std::uint32_t send_window = 0;    ///< what the peer offers, from snd_una on
  std::uint32_t receive_window = 0;
  Duration rttvar;
  Duration min_rtt;                 ///< zero: no sample yet
  std::uint64_t delivery_rate = 0;  ///< bytes per second, if the congestion control measures it; 0: it does not, or yet
  std::uint64_t pacing_rate = 0;    ///< the same; 0: not paced
  bool delivery_rate_app_limited = false;  ///< the application was slower than the path may be
  std::string_view recovery;               ///< "fast" or "timeout" while losses are repaired; else empty
  std::string_view timer;                  ///< the one that runs out first: "retransmit", ...; empty: none is armed
  Instant timer_at;                        ///< when; nothing if `timer` is empty
  std::uint8_t retries = 0;                ///< timeouts in a row
  std::uint8_t send_scale = 0;             ///< shift of the windows that the peer says; receive_scale: that we say
  std::uint8_t receive_scale = 0;
  bool timestamps = false;  ///< what was negotiated
  bool sack = false;
  bool ecn = false;
  bool window_scaling = false;
  bool reordering_seen = false;
  std::uint32_t advertised_mss = 0;  ///< what our SYN says, or would
  bool duplicate_acks = false;   ///< the latest acknowledgements without progress are signs of loss or of reordering
  bool cutting = false;          ///< the window was cut because of marks less than a round trip ago
  bool syn_data = false;         ///< data in a SYN were taken (RFC 7413)
  Duration busy_time;            ///< something was queued or under way; of that:
  Duration window_limited_time;  ///< the peer's window was in the way
  Duration buffer_limited_time;  ///< the user waited for room
  Duration since_data;           ///< since data came, or since the handshake
  std::uint32_t delivered = 0;   ///< segments known to have arrived, the SYN among them
  std::uint32_t delivered_marked = 0;  ///< of them, as far as the peer tells, with "congestion experienced"
  std::uint32_t reordering = 0;        ///< segments that arrived out of order, at most
  std::uint32_t reorderings = 0;       ///< how often some did
  std::uint32_t receive_segment = 0;   ///< the largest segment that came
  std::uint8_t probes = 0;             ///< of a closed window or an idle peer, without answer
};

/// One connection's figures for report.json, open or closed.
struct TcpFlow {
  wire::FourTuple tuple;
  TcpState state = TcpState::closed;
  Instant started;   ///< SYN sent or received
  Instant ended;     ///< Instant::never(): still there
  Instant last_ack;  ///< when the newest byte was acknowledged: the end of the transfer for a goodput
  Duration srtt;
  int error = 0;  ///< errno, 0: ended orderly
  TcpStatistics statistics;
};

}  // namespace catenet::transport
