// SPDX-License-Identifier: Apache-2.0
// What can be set about TCP: TcpConfig for a connection (a host's default is copied into each new one), TcpPolicy and
// TcpLimits for a host.
#pragma once
#include <cstdint>
#include <string_view>

#include "catenet/base/time.h"
#include "catenet/transport/tcp/congestion/congestion.h"

namespace catenet::transport {

/// Explicit congestion notification (RFC 3168): ask for it and answer, only answer, or neither; and the same with
/// accurate feedback (RFC 9768), each falling back to what the peer has. Linux's tcp_ecn 1, 2, 0; 3, 4, 5.
enum class EcnMode : std::uint8_t { ask, answer, never, ask_accurate, ask_answer_accurate, answer_accurate };

[[nodiscard]] constexpr bool answers_accurate_ecn(EcnMode mode) { return mode >= EcnMode::ask_accurate; }

/// What becomes of a congestion window that was not in use: it begins anew after an idle RTO (RFC 5681 4.1; Linux's
/// tcp_slow_start_after_idle), stays, or stays for five minutes and is cut by what was used (RFC 7661).
enum class IdleWindow : std::uint8_t { restart, keep, validate };

/// Which ICMP errors end an attempt to connect: those that RFC 1122 4.2.3.9 calls hard; besides "prohibited" and "time
/// exceeded", all as refusals (FreeBSD); or every one (RFC 5461 4.1, Linux).
enum class EndsOpening : std::uint8_t { hard_errors, refusals, every_error };

/// Path MTU discovery by probing (RFC 4821; Linux's tcp_mtu_probing 0, 1, 2). ICMP is heard all the same.
enum class MtuProbing : std::uint8_t { never, after_black_hole, always };

struct TcpConfig {
  std::uint32_t send_buffer = 1 << 20;          ///< bytes not yet acknowledged or not yet sent, to begin with
  std::uint32_t receive_buffer = 1 << 20;       ///< bytes not yet read, to begin with
  std::uint32_t max_send_buffer = 32 << 20;     ///< it grows so far, twice the congestion window
  std::uint32_t max_receive_buffer = 32 << 20;  ///< it grows so far, as the user reads; decides the window scale
  std::uint16_t max_mss = 0xffff;               ///< upper bound of what we send and advertise
  std::uint8_t initial_window = 10;             ///< segments (RFC 6928); 0: RFC 3390
  CongestionAlgorithm congestion = CongestionAlgorithm::cubic;
  IdleWindow idle_window = IdleWindow::restart;
  EcnMode ecn = EcnMode::answer;          ///< DCTCP asks unless this is `never`
  bool accurate_ecn_options = true;       ///< RFC 9768 3.2.3: with acknowledgements, on change and as beacons
  std::uint8_t accurate_ecn_beacons = 3;  ///< so often in a round trip (Linux's tcp_ecn_option_beacon)
  bool accurate_ecn_always = false;       ///< options in every segment, once the peer has sent one (Linux)
  bool generalized_ecn = false;           ///< with accurate ECN all but the handshake may be marked (RFC 8311, Linux)
  bool nagle = true;                      ///< RFC 896, as Minshall and Linux read it; false is TCP_NODELAY
  bool cork = false;              ///< only full segments go (TCP_CORK); what has waited for an RTO goes all the same
  bool window_scaling = true;     ///< RFC 7323 2
  bool timestamps = true;         ///< RFC 7323 3
  bool sack = true;               ///< RFC 2018
  bool dsack = true;              ///< RFC 2883: report data that came twice
  bool rack = true;               ///< RFC 8985 6: loss by time, where SACK is in use; false: by count (RFC 6675)
  bool tlp = true;                ///< RFC 8985 7: probe for a lost tail, where SACK is in use
  bool prr = true;                ///< RFC 9937, where SACK is in use; false: the whole cut at once
  bool frto = true;               ///< RFC 5682, where SACK is in use
  bool undo = true;               ///< take back a recovery that was spurious (RFC 3522, RFC 4015, by DSACK)
  bool limited_transmit = true;   ///< RFC 3042
  bool header_prediction = true;  ///< a short way for what nearly always comes; false, for comparison: the long one
  bool super_segments = true;     ///< one packet for several new segments; a medium of frames gets them one by one
  bool keepalive = false;         ///< RFC 9293 3.8.4: off unless asked for
  std::uint8_t syn_retries = 6;   ///< retransmissions of SYN or SYN-ACK before ETIMEDOUT
  std::uint8_t retries = 15;      ///< retransmissions of one segment in a row before ETIMEDOUT (R2)
  std::uint8_t keepalive_probes = 9;
  std::uint8_t challenge_acks = 10;  ///< RFC 5961 7: a connection sends no more in challenge_window; Linux: 1 in 500 ms
  std::uint8_t quick_acks = 10;      ///< segments at the start that are acknowledged at once, to let slow start run
  Duration delayed_ack = Duration::milliseconds(40);  ///< below 500 ms (RFC 1122 4.2.3.2); 0: every segment at once
  Duration initial_rto = Duration::seconds(1);        ///< RFC 6298 2.1
  Duration min_rto = Duration::milliseconds(200);     ///< RFC 6298 2.4 says 1 s; the practice of today is 200 ms
  /// min_rto is a floor of the variance: RTO = SRTT + max(min_rto, 4 RTTVAR). As Linux has it (FreeBSD adds as much): a
  /// peer may delay an acknowledgement for up to 200 ms, on top of the round trip. False: max(min_rto, SRTT + 4
  /// RTTVAR).
  bool variance_floor = true;
  Duration max_rto = Duration::seconds(120);
  Duration msl = Duration::seconds(30);         ///< TIME-WAIT lasts two of them
  Duration fin_wait_2 = Duration::seconds(60);  ///< for a peer that never closes, once our user has closed
  Duration user_timeout;                        ///< RFC 9293 3.9.1: data unacknowledged that long; 0: retries decide
  Duration advertised_user_timeout;  ///< RFC 5482: what the peer is told; 0: nothing, nor is it heeded (Linux)
  Duration min_user_timeout = Duration::seconds(100);     ///< RFC 5482's L_LIMIT
  Duration max_user_timeout = Duration::seconds(86'400);  ///< RFC 5482's U_LIMIT
  Duration keepalive_idle = Duration::seconds(7200);
  Duration keepalive_interval = Duration::seconds(75);
  Duration challenge_window = Duration::seconds(1);  ///< 0: no limit
  MtuProbing mtu_probing = MtuProbing::never;
  EndsOpening ends_opening = EndsOpening::hard_errors;
  std::uint16_t mtu_base_mss = 1024;                     ///< data bytes that every path takes: where a search begins
  std::uint16_t mtu_probe_floor = 48;                    ///< data bytes; black holes make segments no smaller
  std::uint16_t mtu_probe_threshold = 8;                 ///< bytes; a search stops when so little is left to be found
  Duration mtu_probe_interval = Duration::seconds(600);  ///< and begins anew so long after it began

  /// What goes back to back, as one packet: 0: as much as there is room for. Otherwise so many segments, more on a fast
  /// path, but never over half the congestion window: as Linux does (tcp_min_tso_segs, tcp_tso_rtt_log).
  std::uint8_t burst_segments = 0;
  /// A segment without the timestamps that were negotiated is taken (Linux); otherwise dropped (RFC 7323 3.2, SHOULD).
  bool missing_timestamps = false;
  /// In slow start one acknowledgement opens the window by all that it acknowledges (Linux's CUBIC); otherwise by eight
  /// segments at most (RFC 9406 4.2, without pacing).
  bool boundless_growth = false;
  /// In slow start a window may grow to twice what was under way at most (RFC 7661 4.2, Linux); otherwise only one that
  /// was used up.
  bool half_window_counts = false;
  /// What an acknowledgement adds to the window is what it says to have arrived: what SACK or duplicate
  /// acknowledgements had said before does not count again (Linux); otherwise what it acknowledges (RFC 5681 3.1).
  bool growth_by_delivery = false;
  /// A cut takes its share of what the window was (Linux; RFC 9438 4.6 lets one do so); otherwise of what was under way
  /// (RFC 5681 3.1).
  bool cuts_window = false;
  /// A mark cuts the window as a loss does, and by and by (RFC 9937 with RFC 3168 6.1.2; Linux); otherwise at once, and
  /// by less (RFC 8511).
  bool gentle_mark_cuts = false;
  /// The window is what the buffer takes in whole segments, even if its field tells less (FreeBSD): as far as a segment
  /// without data is concerned.
  bool buffer_is_window = false;
  /// A closed window is probed by an old number without data (Linux); otherwise by a byte (RFC 9293 3.8.6.1).
  bool empty_probes = false;
  /// The send buffer holds packets, as Linux counts them: each with kPacketOverhead beside its data, and begun while
  /// there is room at all; room that was waited for is a third of the buffer.
  bool counts_packets = false;
  static constexpr std::uint32_t kPacketOverhead = 640;

  std::uint32_t unsent_low_mark = 0;  ///< no more is taken while so much is unsent (TCP_NOTSENT_LOWAT); 0: no limit

  [[nodiscard]] bool announces_user_timeout() const { return advertised_user_timeout > Duration{}; }
  /// A size that stays (SO_SNDBUF, SO_RCVBUF).
  void fix_send_buffer(std::uint32_t bytes) { send_buffer = max_send_buffer = bytes; }
  void fix_receive_buffer(std::uint32_t bytes) { receive_buffer = max_receive_buffer = bytes; }

  bool operator==(const TcpConfig&) const = default;
};

/// Which SYNs are answered with a cookie instead of being remembered (RFC 4987 3.6; Linux's tcp_syncookies 0, 1, 2).
enum class SynCookies : std::uint8_t { never, when_full, always };
/// Whether connect() may take the port of a connection in TIME-WAIT, a second after its last segment and with
/// timestamps to tell old from new (RFC 6191's reasoning, from the other end; Linux's tcp_tw_reuse 0, 2, 1).
enum class TimeWaitReuse : std::uint8_t { never, loopback, always };

/// Fast Open (RFC 7413); Linux's tcp_fastopen has a bit for each of these. A listener must ask for it besides.
struct FastOpenPolicy {
  bool client = true;                  ///< 0x1: whoever wants to may send data with a SYN
  bool server = true;                  ///< 0x2: and listeners may take them. Linux: off
  bool client_without_cookie = false;  ///< 0x4
  bool server_without_cookie = false;  ///< 0x200
  bool every_listener = false;         ///< 0x400: none needs to ask; its queue is as long as its backlog
  /// After two timeouts in a row on a connection with Fast Open nobody uses it for so long, doubled each time: a box on
  /// the way may swallow such connections (tcp_fastopen_blackhole_timeout). 0: never mind.
  Duration black_hole_pause;
  /// RFC 7413 4.1.3.1: a server that gives no cookie, or takes no data and gives no new one, is not asked again for so
  /// long (FreeBSD); 0: it is asked by the experimental option once, and again whenever there is something to send.
  Duration refusal_pause;

  bool operator==(const FastOpenPolicy&) const = default;
};

/// How a host's TCP behaves as a whole.
struct TcpPolicy {
  FastOpenPolicy fast_open;
  SynCookies syn_cookies = SynCookies::when_full;
  TimeWaitReuse time_wait_reuse = TimeWaitReuse::loopback;
  bool abort_on_overflow = false;  ///< a handshake that finds the accept queue full is reset, not left to try again
  std::uint32_t challenge_ack_limit = 0;  ///< of a host in a second, about (challenge_budget.h); 0: none
  bool time_wait_ignores_rst = false;     ///< RFC 1337's first fix (Linux's tcp_rfc1337); RFC 9293 lets a reset end it

  bool operator==(const TcpPolicy&) const = default;
};

struct TcpLimits {
  std::uint32_t pcbs = 65536;              ///< sockets and connections
  std::uint32_t backlog = 4096;            ///< upper bound of what listen() asks for (Linux's somaxconn)
  std::uint32_t requests = 65536;          ///< handshakes begun by peers, of all listeners
  std::uint32_t fast_open_servers = 1024;  ///< whose cookies a client keeps
  std::uint32_t time_wait = 65536;         ///< connections in TIME-WAIT; at the limit the oldest is given up
  std::uint32_t finished_flows = 1024;     ///< closed connections whose figures are kept for the report
  std::uint16_t port_low = 49152;          ///< ephemeral ports (RFC 6335 6)
  std::uint16_t port_high = 65535;
};

}  // namespace catenet::transport
