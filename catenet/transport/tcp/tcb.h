// SPDX-License-Identifier: Apache-2.0
// Tcb: the transmission control block (RFC 9293 3.3.1), one connection as a state machine without input or output.
// Whoever owns it tells it what happened and asks it what to do:
//
//   input(segment, now)   a segment came            transmit(now)  the next segment to send, until none is left
//   on_timeout(now)       deadline() has come       deadline()     when to call on_timeout()
//   send, receive, ...    the user calls            take_event()   whether to wake the user
//
// After each of the first three and the user's calls: transmit() until it answers nothing, then arm one timer with
// deadline(). All times are handed in; the same input gives the same output.
//
// Where to read: tcb.cc (life and user calls), tcb_input.cc (RFC 9293 3.10.7), tcb_ack.cc (acknowledgement),
// tcb_recovery.cc (loss, and what turns out not to have been one), tcb_ecn.cc and tcb_accurate_ecn.cc (marks),
// tcb_output.cc (what to send when), tcb_rates.cc (how fast the path delivers), tcb_fast_open.cc (data in handshakes),
// tcb_mtu_probe.cc (how large segments may be), tcb_validation.cc (windows that nobody fills), tcb_timers.cc,
// tcb_user_timeout.cc (what the ends tell each other of their patience).
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "catenet/base/result.h"
#include "catenet/packet/packet.h"
#include "catenet/transport/tcp/accurate_ecn.h"
#include "catenet/transport/tcp/challenge_budget.h"
#include "catenet/transport/tcp/chronograph.h"
#include "catenet/transport/tcp/config.h"
#include "catenet/transport/tcp/path_mtu_probe.h"
#include "catenet/transport/tcp/prr.h"
#include "catenet/transport/tcp/rack.h"
#include "catenet/transport/tcp/receive_buffer.h"
#include "catenet/transport/tcp/rtt.h"
#include "catenet/transport/tcp/send_buffer.h"
#include "catenet/transport/tcp/send_watch.h"
#include "catenet/transport/tcp/sent_segments.h"
#include "catenet/transport/tcp/tcb_types.h"
#include "catenet/transport/tcp/tcp_counters.h"
#include "catenet/transport/tcp/window_validation.h"

namespace catenet::transport {

/// What all connections of a host share; outlives them.
struct TcbEnvironment {
  PacketPool* pool = nullptr;
  DropSink drop;
  TcpCounters* counters = nullptr;        ///< of rare events; null: nobody counts
  ChallengeBudget* challenges = nullptr;  ///< of challenge ACKs; null: no limit but each connection's own
};

/// What a connection starts from.
struct TcbOrigin {
  std::uint32_t iss = 0;                ///< initial send sequence number (RFC 6528)
  std::uint32_t timestamp_offset = 0;   ///< added to the millisecond clock (RFC 7323 5.4)
  std::uint32_t max_segment = 1460;     ///< bytes behind a TCP header without options that the path takes
  std::uint32_t max_super_segment = 0;  ///< data bytes of one packet, if it may be several segments; else 0
};

class Tcb {
 public:
  enum TimerKind : std::uint8_t {
    kLossProbe,  // before kRetransmit: a probe that is due at the same time goes in its place (RFC 8985 7.2)
    kReorder,
    kRetransmit,
    kPersist,
    kDelayedAck,
    kKeepalive,
    kUserTimeout,
    kFinWait2,
    kPacing,  // the next data may go (tcb_rates.cc)
    kTimerCount
  };
  /// Fast recovery, recovery after a timeout, or neither.
  enum class Recovery : std::uint8_t { none, fast, timeout };

  /// The environment, the configuration and the tuple are referred to, not copied.
  Tcb(const TcbEnvironment& environment, const TcpConfig& config, const wire::FourTuple& tuple,
      const TcbOrigin& origin);
  ~Tcb();
  /// Settings change under way, or have moved.
  void set_config(const TcpConfig& config);
  Tcb(const Tcb&) = delete;
  Tcb& operator=(const Tcb&) = delete;

  // --- life --------------------------------------------------------------------------------------------------------
  /// CLOSED -> SYN-SENT.
  void open_active(Instant now);
  /// A listener got this SYN: -> SYN-RECEIVED.
  void open_passive(const TcpSegment& syn, Instant now);
  /// What became of the SYN,ACKs that were sent before there was this Tcb.
  struct HalfOpen {
    Instant answered;              ///< when the latest one went; Instant::never(): nobody knows (SYN cookies)
    std::uint8_t retransmits = 0;  ///< how many were not the first
    std::uint8_t timeouts = 0;     ///< of them: because nothing came
  };
  /// open_passive(), and the SYN,ACK has been sent.
  void resume_passive(const TcpSegment& syn, const HalfOpen& past, Instant now);
  /// SYN-RECEIVED: transmit() gives the SYN,ACK again.
  void repeat_syn_ack() { syn_due_ = true; }
  /// Fast Open (RFC 7413; tcb_fast_open.cc): the option that goes with our first SYN or SYN,ACK. Before the open calls.
  void set_fast_open(const wire::TcpFastOpen& option);
  /// CLOSED: these bytes go with our SYN; answers how many were taken (fewer only when the pool is at its limit).
  std::size_t preload(std::span<const std::byte> bytes);
  /// open_passive() for a SYN whose cookie is good: its data are received, and we may send before the handshake ends.
  void open_passive_early(const TcpSegment& syn, Packet data, Instant now);

  // --- the machine -------------------------------------------------------------------------------------------------
  /// `data`: what is behind the TCP header, possibly empty. Ends the packet or keeps it.
  void input(Packet&& data, const TcpSegment& segment, Instant now);
  /// The next segment (front = TCP header, checksum partial), or a null packet: nothing to send now.
  [[nodiscard]] Packet transmit(Instant now);
  /// transmit() would answer nothing and leave everything as it is. A quick look: false says nothing.
  [[nodiscard]] bool has_nothing_to_send() const {
    const bool owes = syn_due_ | ack_due_ | rst_due_ | retransmit_due_ | loss_probe_due_ | probe_due_ | keepalive_due_ |
                      probe_out_ | early_ack_due_;
    return !owes && recovery_ == Recovery::none && snd_nxt_ == send_end() && state_ == TcpState::established &&
           !config_->keepalive && config_->user_timeout == Duration{} && !config_->announces_user_timeout() &&
           !is_armed(kPersist) && !is_armed(kUserTimeout);
  }
  [[nodiscard]] bool owes_acknowledgement() const { return ack_due_; }
  /// ECN field of the network header for the segment that transmit() gave last (RFC 3168 5).
  [[nodiscard]] std::uint8_t ecn_field() const { return ect_ ? 2 : 0; }
  [[nodiscard]] Instant deadline() const;
  void on_timeout(Instant now);
  /// Segments carry this option from now on, each its own (no super-segments); the owner fills in the MAC.
  void set_signature(const wire::TcpSignature& signature);
  /// ICMP says packets are too big, or the route changed (RFC 8201, RFC 1191); as TcbOrigin::max_segment.
  void set_max_segment(std::uint32_t bytes);
  /// Any other ICMP error (RFC 9293 3.9.2.2). `hard`: ends a handshake; else only remembered for a timeout.
  void on_network_error(int code, bool hard);

  // --- the user ----------------------------------------------------------------------------------------------------
  Result<std::size_t> send(std::span<const std::byte> bytes, const TcpSendFlags& flags = {});
  /// send() takes a packet at a time; transmit() between them.
  [[nodiscard]] bool sends_by_packets() const { return config_->counts_packets || config_->unsent_low_mark != 0; }
  /// A writer waits for the handshake's end: its acknowledgement can go with what will be written.
  void expect_write() { write_expected_ = true; }
  /// What waited because its send said that there is more need not wait any longer.
  void push() { tail_held_ = false; }
  /// Of the last byte that was given so far.
  void watch(const TcpSendWish& wish, Instant now);
  [[nodiscard]] SendWatch* watched() const { return rare_ ? rare_->watch.get() : nullptr; }
  Result<std::size_t> receive(std::span<std::byte> out, bool peek = false);
  Result<void> shutdown_send();
  void shutdown_receive();
  /// The user lets go, orderly; a reset if received bytes were not read.
  void close(Instant now);
  /// The user lets go; transmit() gives the RST that the state asks for (RFC 9293 3.10.5).
  void abort();

  [[nodiscard]] bool readable() const;
  [[nodiscard]] bool writable() const;
  [[nodiscard]] bool at_end() const { return (fin_received_ || receive_shut_) && received_.readable() == 0; }
  [[nodiscard]] int error() const { return error_; }
  /// Also of a reset that came when all had been received, which is no error() to who reads.
  int take_error() {
    const bool late = error_ == 0 && reset_ && state_ == TcpState::closed;
    return late ? std::exchange(soft_error_, 0) : std::exchange(error_, 0);
  }
  /// True once after readable(), writable() or error() may have become true.
  bool take_event() { return std::exchange(event_, false); }

  // --- what it knows -----------------------------------------------------------------------------------------------
  [[nodiscard]] TcpState state() const { return state_; }
  /// ESTABLISHED or later, and not CLOSED.
  [[nodiscard]] bool is_synchronized() const { return state_ >= TcpState::established; }
  /// Data went with the SYN and were taken: all of ours, or the peer's.
  [[nodiscard]] bool syn_data_taken() const { return fast_open() != nullptr && fast_open()->taken; }
  /// How many bytes went with our SYN.
  [[nodiscard]] std::uint32_t syn_data() const { return fast_open() != nullptr ? fast_open()->bytes : 0; }
  /// How many of them were refused, have been sent again, and are not acknowledged.
  [[nodiscard]] std::uint32_t syn_data_again() const {
    const std::uint32_t end = seq_min(origin_.iss + 1 + syn_data(), snd_nxt_);
    return traffic_.bytes_acked < syn_data() && is_synchronized() && seq_before(snd_una_, end) ? end - snd_una_ : 0;
  }
  /// Timeouts in a row without an answer.
  [[nodiscard]] unsigned retries() const { return retries_; }
  /// A RST, ours or the peer's, ended it.
  [[nodiscard]] bool was_reset() const { return reset_; }
  /// TIME-WAIT is the end of a Tcb: its owner keeps the facts as long as 2 MSL, answers what still comes, and closes.
  [[nodiscard]] TimeWaitFacts time_wait_facts() const;
  void end_time_wait() { enter_closed(); }
  /// An ICMP error quoting this sequence number is about something we have under way (RFC 5927 4.1).
  [[nodiscard]] bool is_outstanding(std::uint32_t seq) const {
    return seq_up_to(snd_una_, seq) && seq_before(seq, snd_nxt_);
  }
  [[nodiscard]] const wire::FourTuple& tuple() const { return tuple_; }
  [[nodiscard]] std::uint32_t snd_una() const { return snd_una_; }
  [[nodiscard]] std::uint32_t snd_nxt() const { return snd_nxt_; }
  [[nodiscard]] std::uint32_t snd_wnd() const { return snd_wnd_; }
  /// One past the last byte that the user has given.
  [[nodiscard]] std::uint32_t given_end() const { return data_end(); }
  [[nodiscard]] std::uint32_t iss() const { return origin_.iss; }
  [[nodiscard]] std::uint32_t rcv_nxt() const { return rcv_nxt_; }
  [[nodiscard]] std::uint32_t rcv_wnd() const { return rcv_adv_ - rcv_nxt_; }
  [[nodiscard]] std::uint32_t irs() const { return irs_; }
  /// Bytes behind a TCP header without options that the path takes, as far as is known.
  [[nodiscard]] std::uint32_t max_segment() const { return origin_.max_segment; }
  [[nodiscard]] std::uint32_t advertised_mss() const {
    return std::min<std::uint32_t>(max_segment(), config_->max_mss);
  }
  [[nodiscard]] std::uint8_t snd_wscale() const { return snd_wscale_; }
  [[nodiscard]] std::uint8_t rcv_wscale() const { return rcv_wscale_; }
  /// Data bytes per full segment, options taken off.
  [[nodiscard]] std::uint32_t mss() const { return mss_; }
  [[nodiscard]] std::uint32_t cwnd() const {
    return congestion_ ? congestion_->cwnd() : has_window() ? initial_window_bytes(mss_, first_window()) : 0;
  }
  [[nodiscard]] std::uint32_t ssthresh() const {
    return congestion_ ? congestion_->ssthresh() : has_window() ? CongestionControl::kNoThreshold : 0;
  }
  /// FlightSize: sent and not acknowledged.
  [[nodiscard]] std::uint32_t flight() const { return snd_nxt_ - snd_una_; }
  /// Bytes presumed under way.
  [[nodiscard]] std::uint32_t pipe() const;
  [[nodiscard]] Recovery recovery() const { return recovery_; }
  [[nodiscard]] const SentSegments& sent_segments() const { return segments_; }
  [[nodiscard]] const Rack& rack() const { return rack_; }
  [[nodiscard]] const RttEstimator& rtt() const { return rtt_; }
  [[nodiscard]] Duration rto() const { return rtt_.rto(config_->initial_rto, rto_floor(), config_->max_rto); }
  [[nodiscard]] Instant timer(TimerKind kind) const {
    const std::size_t slot = slot_of(kind);
    return slot < kCommonTimers ? timers_[slot] : rare_ ? rare_->timers[slot - kCommonTimers] : Instant::never();
  }
  [[nodiscard]] std::uint32_t send_queue() const { return send_.size(); }
  [[nodiscard]] std::uint32_t receive_queue() const { return received_.readable(); }
  /// Bytes that each queue may hold now: as configured, or as far as the path has made them grow.
  [[nodiscard]] std::uint32_t send_limit() const;
  [[nodiscard]] std::uint32_t receive_limit() const {
    return std::max(config_->receive_buffer, std::min(receive_grown_, config_->max_receive_buffer));
  }
  [[nodiscard]] TcpStatistics statistics() const { return {traffic_, rare_ ? rare_->troubles : TcpTroubles{}}; }
  /// How long data may stay unacknowledged; zero: as long as there are retries.
  [[nodiscard]] Duration user_timeout() const;
  [[nodiscard]] Instant last_ack_at() const { return last_ack_at_; }
  [[nodiscard]] std::string_view algorithm() const {
    return name(congestion_ ? congestion_->algorithm() : has_window() ? chosen_congestion() : config_->congestion);
  }
  [[nodiscard]] bool uses_timestamps() const { return timestamps_; }
  [[nodiscard]] bool uses_sack() const { return sack_; }
  [[nodiscard]] bool uses_window_scaling() const { return scaling_; }
  [[nodiscard]] bool uses_ecn() const { return ecn_; }
  /// Null unless both ends speak accurate ECN.
  [[nodiscard]] const AccurateEcn* accurate_feedback() const { return accurate_ecn(); }
  [[nodiscard]] bool is_cutting() const { return ecn_ && seq_before(snd_una_, cwr_end_); }
  [[nodiscard]] bool sees_duplicate_acks() const { return dup_acks_ > 0; }
  /// What goes out by: cwnd(), or what proportional rate reduction makes of it.
  [[nodiscard]] std::uint32_t window_in_use() const { return uses_prr() ? prr_.cwnd() : cwnd(); }
  /// Null until data are sent.
  [[nodiscard]] const Chronograph* chronograph() const { return sending_ ? &sending_->time : nullptr; }
  [[nodiscard]] std::uint32_t delivered_segments() const {
    return (is_synchronized() ? 1 : 0) + (sending_ ? sending_->delivered : 0);
  }
  [[nodiscard]] std::uint32_t delivered_marked() const;
  [[nodiscard]] Duration since_data(Instant now) const { return Duration::milliseconds(to_ms(now) - data_at_); }
  [[nodiscard]] std::uint32_t largest_received() const { return peer_segment_; }
  [[nodiscard]] std::uint8_t unanswered_probes() const { return is_armed(kPersist) ? retries_ : probes_; }
  /// check()s what must always hold: order of the variables, buffers within limits. For tests and the fuzzer.
  void check_invariants() const;

 private:
  struct Plan {  // a segment to build
    std::uint32_t seq = 0;
    std::uint32_t length = 0;
    bool fin = false;
    bool probe = false;       // into a closed window: the persist timer looks after it
    bool loss_probe = false;  // RFC 8985 7
    bool mtu_probe = false;   // larger than mss: RFC 4821
    bool push = false;        // with PSH in any case
  };
  struct AckNews {  // what one acknowledgement told about what was sent
    Instant now;
    std::uint32_t ack = 0;
    std::uint32_t delivered = 0;  // bytes that are now known to have arrived
    std::uint32_t sacked = 0;     // of them by SACK
    std::uint32_t sack_count = 0;
    std::uint32_t echo = 0;
    Duration rtt;  // of what was sent once and is now acknowledged; zero: nothing was
    wire::SackBlock dsack;
    std::uint32_t marked = 0;  // bytes that met congestion
    bool ece = false;          // some did
    bool has_echo = false;
    bool has_dsack = false;
    bool advances = false;
    bool duplicate = false;
    bool original = false;   // what was sent before recover_, and once, has arrived
    bool reordered = false;  // something sent once has arrived behind newer data; the oldest of it is at:
    std::uint32_t low = 0;
  };
  // Timers that every connection arms now and then come first.
  static constexpr std::size_t kCommonTimers = 3;
  [[nodiscard]] static constexpr std::size_t slot_of(TimerKind kind) {
    constexpr std::array<std::uint8_t, kTimerCount> kSlots = {0, 3, 1, 4, 2, 5, 6, 7, 8};
    static_assert(kSlots[kLossProbe] == 0 && kSlots[kRetransmit] == 1 && kSlots[kDelayedAck] == 2);
    return kSlots[kind];
  }
  struct FastOpen {                           // of a connection that has to do with it
    std::optional<wire::TcpFastOpen> option;  // to send
    std::uint32_t bytes = 0;                  // of our data that went with the SYN
    bool early = false;                       // we took the peer's, and may send in SYN-RECEIVED
    bool taken = false;
  };
  struct Rare {  // what an idle connection, and most others, never need
    Rare() { timers.fill(Instant::never()); }
    TcpTroubles troubles;
    std::array<Instant, kTimerCount - kCommonTimers> timers;
    Instant challenge_window;
    std::uint8_t challenges = 0;         // since then
    std::uint32_t undo_una = 0;          // snd_una when the latest recovery began
    std::uint32_t undo_retransmits = 0;  // retransmissions of it that no DSACK has reported
    std::uint32_t undo_stamp = 0;        // our timestamp clock at the first of them
    std::uint32_t rst_seq = 0;           // of the RST that is due
    std::uint32_t peer_fin = 0;          // number of the peer's FIN
    std::uint32_t early_ack = 0;         // what the early acknowledgement says
    wire::SackBlock dsack;               // to report: data that came twice (RFC 2883)
    wire::TcpSignature signature;        // in every segment
    bool user_timeout_due = false;       // the next segment tells it
    Duration remote_user_timeout;        // what the peer told; zero: nothing
    std::unique_ptr<FastOpen> fast_open;
    std::unique_ptr<PathMtuProbe> mtu_probe;
    std::unique_ptr<AccurateEcn> accurate_ecn;  // both ends speak it
    std::unique_ptr<WindowValidation> validation;
    std::unique_ptr<SendWatch> watch;
    Ring<std::uint32_t> records;               // where they end (TcpSendFlags::end_of_record)
    std::uint64_t recovery_retransmitted = 0;  // TcpTroubles::bytes_retransmitted when the latest recovery began
  };
  struct Sending {  // of who has sent data
    Chronograph time;
    Instant last_sent_at = Instant::never();
    std::uint32_t delivered = 0;  // segments
    std::uint32_t marked = 0;
    std::uint32_t most_out = 0;      // under way at most, in the window that ends at cwnd_limited_end_
    std::uint32_t pushed = 0;        // up to here the user had no more to give, or PSH was due
    Ring<std::uint32_t> pushes;      // where that was, for what goes again; see TcpConfig::counts_packets
    std::uint32_t packet_begin = 0;  // where the packet begins that the user fills; see sends_by_packets()
  };
  enum class Frto : std::uint8_t { off, retransmitted, new_data };  // steps of RFC 5682 3.1

  // tcb_input.cc
  [[nodiscard]] bool is_expected(const TcpSegment& segment, std::size_t length) const;
  void input_expected(Packet&& data, const TcpSegment& segment, Instant now);
  void input_syn_sent(Packet data, const TcpSegment& segment, Instant now);
  void input_synchronized(Packet data, const TcpSegment& segment, Instant now);
  void input_tailored(Packet data, const TcpSegment& segment, Instant now);
  [[nodiscard]] bool check_timestamp(const TcpSegment& segment, Instant now) const;
  /// Where the receive window ends, for segments without data.
  [[nodiscard]] std::uint32_t bare_edge() const;
  [[nodiscard]] bool is_acceptable(std::uint32_t seq, std::uint32_t length) const;
  void refuse_unacceptable(Packet data, const TcpSegment& segment, Instant now);
  void input_reset(Packet data, const TcpSegment& segment, Instant now);
  [[nodiscard]] bool input_ack_field(const TcpSegment& segment, bool has_data, Instant now);
  void input_text(Packet data, std::uint32_t seq, Instant now);
  void keep_out_of_order(Packet data, std::uint32_t seq);
  void drop(Packet data, DropReason reason) { environment_.drop(std::move(data), reason); }
  void answer_reset(std::uint32_t seq);
  void input_fin();
  void accept_options(const TcpSegment& syn);
  void establish(const TcpSegment& segment, Instant now);
  void challenge(Instant now);
  void answer_rationed(std::uint64_t TcpCounters::* skipped, Instant now);
  [[nodiscard]] bool is_rationed(Instant now);
  void received_data(std::uint32_t bytes, bool filled_gap, Instant now);

  void note_duplicate(std::uint32_t left, std::uint32_t right);
  void grow_receive_limit(Instant now);

  // tcb_ack.cc
  void acknowledge(const TcpSegment& segment, bool has_data, Instant now);
  void acknowledge_new(const TcpSegment& segment, AckNews& news);
  void acknowledge_expected(const TcpSegment& segment, Instant now);
  [[nodiscard]] AckEvent begin_event(const TcpSegment& segment, Instant now) const;
  void advance(const TcpSegment& segment, AckEvent& event);
  void wake_writer();
  void take_sack(const TcpSegment& segment, AckNews& news);
  void delivered(const SentSegment& segment, std::uint32_t begin, AckNews& news);
  [[nodiscard]] bool has_room_again() const;
  void measure(const TcpSegment& segment, Instant now);
  void update_send_window(const TcpSegment& segment);
  void fin_acknowledged(Instant now);

  // tcb_recovery.cc
  void recover(const AckNews& news);
  void duplicate_ack(const AckNews& news);
  void partial_ack(const AckNews& news);
  void enter_fast_recovery(std::uint32_t delivered, Instant now);
  void leave_recovery(const AckNews& news);
  void recover_from_timeout(Instant now);
  void presume_all_lost();
  void send_lost_again();
  [[nodiscard]] bool detect_losses(Instant now);
  void start_undo();
  void note_dsack(const AckNews& news);
  [[nodiscard]] bool is_spurious(const AckNews& news) const;
  void undo();
  void forward_rto(const AckNews& news);
  [[nodiscard]] std::uint32_t sacked_segments() const;
  void schedule_loss_probe(Instant now);
  void loss_probe_answered(const AckNews& news);
  void on_loss_probe_timeout(Instant now);
  void on_reorder_timeout(Instant now);
  [[nodiscard]] bool uses_prr() const {
    return ((recovery_ == Recovery::fast && sack_) || mark_cut_) && config_->prr && segments_.rates() == nullptr;
  }

  // tcb_output.cc
  [[nodiscard]] bool plan(Plan& out, Instant now);
  [[nodiscard]] bool plan_fast(Plan& out, Instant now);
  [[nodiscard]] bool plan_again(Plan& out, std::size_t i) const;
  [[nodiscard]] bool plan_lost(Plan& out, Instant now);
  [[nodiscard]] bool plan_by_count(Plan& out, Instant now);
  [[nodiscard]] bool plan_loss_probe(Plan& out) const;
  [[nodiscard]] bool plan_probe(Plan& out) const;
  [[nodiscard]] bool plan_new(Plan& out, Instant now);
  [[nodiscard]] bool cwnd_allows(std::uint32_t length) const;
  [[nodiscard]] std::uint32_t room_in_cwnd() const;
  [[nodiscard]] std::uint32_t burst_length(std::uint32_t most, std::uint32_t available, bool last) const;
  [[nodiscard]] std::uint32_t burst_limit() const;
  [[nodiscard]] std::uint32_t burst_again(std::uint32_t length) const;
  [[nodiscard]] bool worth_sending(std::uint32_t length, std::uint32_t available, bool fin, bool idle) const;
  [[nodiscard]] Packet build_data(Plan& plan, Instant now);
  [[nodiscard]] Packet build_syn(Instant now);
  [[nodiscard]] Packet build_control(std::uint32_t seq, std::uint8_t flags, Instant now);
  [[nodiscard]] Packet finish(Packet packet, std::uint32_t seq, std::uint8_t flags, wire::TcpOptions options,
                              Instant now);
  void finish_plain(Packet& packet, std::uint32_t seq, std::uint8_t flags, Instant now);
  void write_header(Packet& packet, std::size_t header_size, std::uint32_t seq, std::uint8_t flags);
  void note_built(Packet& packet, std::uint8_t flags, Instant now);
  void note_sent(const Plan& plan, Instant now);
  void note_retransmission(const Plan& plan, Instant now);
  void note_window_use();
  [[nodiscard]] bool is_cwnd_limited() const {
    return cwnd_limited_ ||
           (config_->half_window_counts && cwnd() < ssthresh() && cwnd() < 2 * (sending_ ? sending_->most_out : 0));
  }
  [[nodiscard]] std::uint32_t usable_window(std::uint32_t from) const;
  /// Bytes from `seq` to the end of its record; as many as there can be: nobody has said where that is.
  [[nodiscard]] std::uint32_t left_of_record(std::uint32_t seq) const;
  [[nodiscard]] bool ends_push(std::uint32_t end) const;
  void forget_ends();
  void note_push(bool due);
  [[nodiscard]] Sending& sending();
  [[nodiscard]] static std::uint32_t to_ms(Instant now) { return static_cast<std::uint32_t>(now.ns() / 1'000'000); }
  void note_all_sent(Instant now);
  [[nodiscard]] std::uint32_t packet_goal() const;
  [[nodiscard]] std::uint32_t packet_filled() const;
  [[nodiscard]] std::uint32_t room_for_packet() const;
  void offer_window();
  [[nodiscard]] std::uint16_t window_field(bool syn);
  [[nodiscard]] wire::TcpOptions running_options(Instant now, bool with_sack);
  [[nodiscard]] std::uint32_t timestamp(Instant now) const {
    return static_cast<std::uint32_t>(now.ns() / 1'000'000) + origin_.timestamp_offset;
  }
  [[nodiscard]] bool small_under_way() const {
    return seq_before(snd_una_, small_end_) && seq_up_to(small_end_, snd_nxt_);
  }
  [[nodiscard]] std::uint32_t data_end() const { return send_seq_ + send_.size(); }
  [[nodiscard]] std::uint32_t send_end() const { return data_end() + (fin_queued_ ? 1 : 0); }

  [[nodiscard]] bool signs() const { return rare_ && rare_->signature.is_there(); }
  /// As Linux: the signature by MD5 and timestamps would leave no room for SACK, so a SYN has no timestamps then.
  [[nodiscard]] bool may_stamp() const { return !signs() || rare_->signature.kind != wire::TcpSignature::Kind::md5; }

  // tcb_ecn.cc
  [[nodiscard]] std::uint8_t ecn_syn_flags();
  void negotiate_ecn(const TcpSegment& syn);
  [[nodiscard]] CongestionAlgorithm chosen_congestion() const;
  void note_marks(const TcpSegment& segment, std::uint32_t length, std::uint32_t each);
  [[nodiscard]] std::uint8_t prepare_ecn(const Plan& plan);
  [[nodiscard]] Packet build_early_ack(Instant now);
  void react_to_marks(const TcpSegment& segment, std::uint32_t flight, Instant now);
  void note_window_cut();
  [[nodiscard]] bool speaks_dctcp() const { return config_->congestion == CongestionAlgorithm::dctcp; }

  // tcb_accurate_ecn.cc
  [[nodiscard]] AccurateEcn* accurate_ecn() const { return ecn_ && rare_ ? rare_->accurate_ecn.get() : nullptr; }
  [[nodiscard]] bool sends_ecn_always() const {
    return config_->accurate_ecn_always && config_->accurate_ecn_options && accurate_ecn() != nullptr &&
           accurate_ecn()->peer_sends_options();
  }
  [[nodiscard]] bool asks_for_accurate_ecn() const;
  [[nodiscard]] bool negotiate_accurate_ecn(const TcpSegment& syn);
  void note_handshake_ace(const TcpSegment& segment, bool has_data);
  void set_ecn_flags(wire::TcpHeader& header, bool pure);
  [[nodiscard]] bool owes_handshake_ack() const;
  [[nodiscard]] bool may_send_super_segments() const;
  void add_accurate_ecn(wire::TcpOptions& options, Instant now);
  void note_accurate_marks(const TcpSegment& segment, std::uint32_t length, std::uint32_t each);
  void read_accurate_marks(const TcpSegment& segment, std::uint32_t acked, AckNews& news);

  // tcb_rates.cc
  void start_rates(Instant now);
  void note_app_limited();
  void begin_rates(Instant now);
  void tell_rate(bool cwnd_limited);
  [[nodiscard]] bool waits_for_pacing(Instant now);
  void pace(std::uint32_t length, Instant now);
  [[nodiscard]] std::uint32_t send_quantum() const;

  // tcb_user_timeout.cc
  void take_user_timeout(const wire::TcpUserTimeout& option);
  void add_user_timeout_to_syn(wire::TcpOptions& options);
  void add_user_timeout(wire::TcpOptions& options);
  [[nodiscard]] bool make_room_for_user_timeout(Plan& plan) const;

  // tcb_mtu_probe.cc
  enum class ProbePlan : std::uint8_t { none, wait, send };
  [[nodiscard]] PathMtuProbe* mtu_probe() const { return rare_ ? rare_->mtu_probe.get() : nullptr; }
  [[nodiscard]] std::uint32_t probed_segment() const;
  PathMtuProbe& start_mtu_probing(Instant now);
  [[nodiscard]] ProbePlan plan_mtu_probe(Plan& out, std::uint32_t start, Instant now);
  void note_mtu_probe_sent(const Plan& plan);
  void note_mtu_probe_answer();
  [[nodiscard]] bool mtu_probe_lost();
  void give_up_mtu_probe();
  void limit_mtu_probe(std::uint32_t bytes);
  void suspect_black_hole(Instant now);

  // tcb_validation.cc
  [[nodiscard]] WindowValidation* window_validation() const { return rare_ ? rare_->validation.get() : nullptr; }
  [[nodiscard]] bool validates_window() const;
  void note_idle(Instant now);
  void validate_window(std::uint32_t una, Instant now);
  [[nodiscard]] std::uint32_t flight_for_cut(std::uint32_t flight, Instant now);
  void note_validated_recovery_end();
  void forget_validation();

  // tcb_fast_open.cc
  void add_fast_open(Packet& syn, wire::TcpOptions& options);
  void note_syn_data_answer(const TcpSegment& segment);
  [[nodiscard]] bool establish_early(const TcpSegment& segment, bool has_data, Instant now);
  [[nodiscard]] FastOpen* fast_open() const { return rare_ ? rare_->fast_open.get() : nullptr; }
  [[nodiscard]] bool is_early() const { return fast_open() != nullptr && fast_open()->early; }
  // Most connections of a busy server have nothing under way: the algorithm's state is made when it has something to
  // do.
  [[nodiscard]] CongestionControl& congestion() {
    if (!congestion_) [[unlikely]] {
      start_congestion_control();
    }
    return *congestion_;
  }
  void start_congestion_control();
  [[nodiscard]] bool has_window() const { return is_early() || (is_synchronized() && state_ != TcpState::time_wait); }
  // In segments. RFC 5681 3.1: a lost SYN is a sign of congestion, and the initial window is then one.
  [[nodiscard]] std::uint32_t first_window() const { return syn_retransmitted_ ? 1 : config_->initial_window; }

  // tcb_timers.cc
  void on_retransmit_timeout(Instant now);
  void on_persist_timeout(Instant now);
  void on_keepalive_timeout(Instant now);
  void arm(TimerKind kind, Instant at) {
    const std::size_t slot = slot_of(kind);
    (slot < kCommonTimers ? timers_[slot] : rare().timers[slot - kCommonTimers]) = at;
  }
  void disarm(TimerKind kind) {
    if (slot_of(kind) < kCommonTimers || rare_) {
      arm(kind, Instant::never());
    }
  }
  void disarm_all();
  [[nodiscard]] bool is_armed(TimerKind kind) const { return !timer(kind).is_never(); }
  void arm_retransmit(Instant now) { arm(kRetransmit, now + rto()); }
  [[nodiscard]] Duration rto_floor() const {
    return config_->variance_floor ? rtt_.srtt() + config_->min_rto : config_->min_rto;
  }
  [[nodiscard]] Duration persist_timeout() const {
    return rtt_.backed_off(persist_shift_, config_->initial_rto, rto_floor(), config_->max_rto);
  }
  void keep_time(Instant now);
  void stop_time();
  void tell_watch(Instant now) {
    if (SendWatch* watch = watched(); watch != nullptr && watch->advance(snd_una_, snd_nxt_, now)) [[unlikely]] {
      event_ = true;
    }
  }
  void update_send_timers(Instant now);
  void start_time_wait();

  // tcb.cc
  void fail(int error);
  void give_up();
  void count(std::uint64_t TcpCounters::* what) const {
    if (environment_.counters != nullptr) {
      ++(environment_.counters->*what);
    }
  }
  [[nodiscard]] Rare& rare() {
    if (!rare_) [[unlikely]] {
      rare_ = std::make_unique<Rare>();
    }
    return *rare_;
  }
  [[nodiscard]] TcpTroubles& troubles() { return rare().troubles; }
  std::unexpected<Error> fail_with_error(const char* what);
  void enter_closed();
  void set_mss();
  // That all segments carry.
  [[nodiscard]] std::uint32_t option_bytes() const {
    return (timestamps_ ? 12 : 0) + (sends_ecn_always() ? 12 : 0) +
           (signs() ? static_cast<std::uint32_t>(rare_->signature.size()) : 0);
  }
  /// Of what the peer, the path as far as it was said, and the user allow; as TcbOrigin::max_segment.
  [[nodiscard]] std::uint32_t largest_segment() const;
  [[nodiscard]] bool may_send_data() const;

  const TcbEnvironment& environment_;
  const TcpConfig* config_;
  const wire::FourTuple& tuple_;
  TcbOrigin origin_;

  TcpState state_ = TcpState::closed;
  Recovery recovery_ = Recovery::none;
  bool passive_ : 1 = false;
  bool timestamps_ : 1 = false;
  bool sack_ : 1 = false;
  bool scaling_ : 1 = false;
  bool ecn_ : 1 = false;            // both ends speak it
  bool ecn_asked_ : 1 = false;      // our latest SYN did ask
  bool ece_ : 1 = false;            // what our acknowledgements say; with DCTCP also DCTCP.CE (RFC 8257 3.2)
  bool ect_ : 1 = false;            // the segment that transmit() gave last may be marked
  bool cwr_due_ : 1 = false;        // the next new data tell that the window was cut
  bool early_ack_due_ : 1 = false;  // up to early_ack, before what changed ece_
  std::uint8_t snd_wscale_ = 0;
  std::uint8_t rcv_wscale_ = 0;

  // What transmit() owes.
  bool syn_due_ : 1 = false;
  bool syn_out_ : 1 = false;  // it has been sent
  bool ack_due_ : 1 = false;
  bool rst_due_ : 1 = false;
  bool rst_has_ack_ : 1 = false;
  bool retransmit_due_ : 1 = false;  // the first lost segment, whatever the window says
  bool loss_probe_due_ : 1 = false;
  bool probe_due_ : 1 = false;  // one byte into a closed window
  bool keepalive_due_ : 1 = false;
  bool probe_out_ : 1 = false;   // the only thing under way is a probe's byte
  std::uint32_t small_end_ = 0;  // one past the last byte sent in a segment that was not full

  // The user's side.
  bool fin_queued_ : 1 = false;
  bool fin_received_ : 1 = false;
  bool peer_fin_known_ : 1 = false;  // a FIN came ahead of a gap
  bool receive_shut_ : 1 = false;
  bool detached_ : 1 = false;  // the user closed
  bool send_blocked_ : 1 = false;
  bool write_expected_ : 1 = false;
  bool tail_held_ : 1 = false;  // the latest send said that there is more, and nothing has happened since
  bool unpushed_ : 1 = false;   // the latest send said so
  bool mark_cut_ : 1 = false;   // a mark is bringing the window down, by and by
  bool event_ = false;
  bool reset_ : 1 = false;
  std::int16_t error_ = 0;  // errno
  std::int16_t soft_error_ = 0;

  // RFC 9293 3.3.1, send sequence variables
  std::uint32_t snd_una_ = 0;
  std::uint32_t snd_nxt_ = 0;
  std::uint32_t snd_wnd_ = 0;
  std::uint32_t snd_wl1_ = 0;
  std::uint32_t snd_wl2_ = 0;
  std::uint32_t max_snd_wnd_ = 0;
  std::uint32_t send_seq_ = 0;  // of the first byte in send_
  std::uint32_t peer_mss_ = 536;
  std::uint32_t mss_ = 536;

  // receive sequence variables
  std::uint32_t rcv_nxt_ = 0;
  std::uint32_t rcv_adv_ = 0;  // right edge that we promised
  std::uint32_t irs_ = 0;
  std::uint32_t last_ack_sent_ = 0;
  std::uint32_t unacked_bytes_ = 0;  // received in order since our last acknowledgement
  std::uint32_t peer_segment_ = 0;   // largest segment seen
  std::uint32_t ts_recent_ = 0;
  Instant ts_recent_at_;
  std::uint32_t receive_grown_ = 0;  // what receive_limit() has grown to; 0: not at all
  std::uint32_t read_seq_ = 0;       // how far the user had read at read_at_
  std::uint32_t last_read_ = 0;      // bytes read in the round trip before
  bool dsack_due_ : 1 = false;
  std::uint8_t quick_acks_ = 0;

  // Loss recovery
  std::uint8_t retries_ = 0;
  std::uint8_t persist_shift_ = 0;
  std::uint8_t probes_ = 0;  // keepalive
  bool timing_ : 1 = false;  // a segment is being timed
  bool cwnd_limited_ : 1 = false;
  bool rescued_ : 1 = false;  // RescueRxt was used in this recovery (RFC 6675)
  Frto frto_ = Frto::off;
  bool frto_sent_ : 1 = false;      // new data went since
  bool undo_armed_ : 1 = false;     // the latest recovery may turn out to be spurious
  bool undo_counting_ : 1 = false;  // it has sent something again
  bool undo_timeout_ : 1 = false;   // it began with a timeout
  bool tlp_out_ : 1 = false;        // RFC 8985 7.1: TLP.end_seq is not None
  bool tlp_is_retrans_ : 1 = false;
  bool syn_retransmitted_ : 1 = false;
  bool stale_echoes_ : 1 = false;  // an echo from before retransmit_stamp_ says nothing of a round trip
  std::uint32_t dup_acks_ = 0;
  std::uint32_t dup_acked_ = 0;  // bytes that duplicate ACKs say have left, without SACK
  std::uint32_t limited_ = 0;    // bytes sent by limited transmit
  std::uint32_t recover_ = 0;    // RecoveryPoint: one past the last byte sent when recovery began
  std::uint32_t tlp_end_seq_ = 0;
  std::uint32_t cwr_end_ = 0;  // one past the last byte sent when the window was last cut
  std::uint32_t timed_end_ = 0;
  std::uint32_t cwnd_limited_end_ = 0;
  std::uint32_t retransmit_stamp_ = 0;  // our timestamp clock at the latest retransmission
  std::uint32_t read_at_ = 0;           // when read_seq_ was noted: microseconds modulo 2^32, 0: never
  std::uint32_t data_at_ = 0;           // when data came, or the handshake ended: milliseconds
  Instant timed_at_;
  Instant last_ack_at_;
  Instant last_heard_;

  RttEstimator rtt_;
  std::unique_ptr<CongestionControl> congestion_;  // by congestion(), from the first data on
  SentSegments segments_;
  Rack rack_;
  Prr prr_;
  SendBuffer send_;
  ReceiveBuffer received_;
  std::array<Instant, kCommonTimers> timers_;
  TcpTraffic traffic_;
  std::unique_ptr<Sending> sending_;
  std::unique_ptr<Rare> rare_;  // by rare(), once it is wanted
};

/// "retransmit", "loss-probe", ...
[[nodiscard]] std::string_view name(Tcb::TimerKind timer);

}  // namespace catenet::transport
