// SPDX-License-Identifier: Apache-2.0
// AccurateEcn: the counters of accurate ECN feedback (RFC 9768), of both half-connections. Its words:
//
//   ACE     three flags of every segment (AE, CWR, ECE) read as a number: the low bits of how many packets the sender
//           of the segment has received with "congestion experienced"
//   r.*     what we received, and feed back; s.*: what the peer has fed back of what we sent
//   cep     packets with the mark; ceb, e0b, e1b: bytes of payload by the ECN field they came with
//
// In the handshake ACE says something else: with which ECN field the SYN, or the SYN,ACK, has arrived. Then a box that
// tampers with the field can be told from one that is congested. Who negotiates what is in tcb_accurate_ecn.cc.
#pragma once
#include <cstdint>
#include <optional>
#include <utility>

#include "catenet/base/time.h"
#include "catenet/wire/tcp.h"

namespace catenet::transport {

class AccurateEcn {
 public:
  static constexpr std::uint8_t kNotEct = 0;  // the ECN field of the network header (RFC 3168 5)
  static constexpr std::uint8_t kEct1 = 1;
  static constexpr std::uint8_t kEct0 = 2;
  static constexpr std::uint8_t kCe = 3;

  /// The peer's SYN or SYN,ACK arrived with this ECN field.
  explicit AccurateEcn(std::uint8_t syn_field);

  /// ACE for an ECN field, in handshakes (tables 2 and 3).
  [[nodiscard]] static std::uint8_t handshake_ace(std::uint8_t field);
  /// A SYN,ACK's ACE answers in this way (table 2); the others are RFC 3168's, or none.
  [[nodiscard]] static bool is_accurate_answer(std::uint8_t ace) { return ace >= 2 && ace != 5 && ace != 7; }

  // --- the receiver ------------------------------------------------------------------------------------------------
  /// `segments` acceptable segments came with this field and `bytes` of payload. True: acknowledge at once (3.2.2.5.1).
  [[nodiscard]] bool received(std::uint8_t field, std::uint32_t segments, std::uint32_t bytes);
  /// Of the next segment; `pure`: neither data nor SACK. A pure one that acknowledges the SYN,ACK answers it.
  [[nodiscard]] std::uint8_t next_ace(bool pure);
  /// We have sent the SYN, and next_ace() owes the peer what became of its SYN,ACK.
  void owe_handshake_ack() {
    owes_handshake_ack_ = true;
    heard_ = false;  // what was heard so far is a SYN
  }
  /// The SYN,ACK came again, and so will its answer (3.2.2.1).
  void repeat_handshake_ack() { owes_handshake_ack_ = true; }
  [[nodiscard]] bool owes_handshake_ack() const { return owes_handshake_ack_; }
  [[nodiscard]] std::uint8_t syn_field() const { return syn_field_; }
  /// An option shall go along: another counter moves than before, or `beacons` of them are due in each round trip.
  [[nodiscard]] bool option_is_due(std::uint8_t beacons, Duration srtt, Instant now) const;
  [[nodiscard]] wire::TcpAccurateEcn option(Instant now);
  /// The peer sends options too. True: that is news.
  bool hear_option() { return !std::exchange(peer_sends_options_, true); }
  [[nodiscard]] bool peer_sends_options() const { return peer_sends_options_; }

  // --- the sender --------------------------------------------------------------------------------------------------
  /// The peer says with which field our SYN or SYN,ACK has arrived, which went without ECT; or, if not `pure`, counts.
  void take_handshake(std::uint8_t ace, bool pure);
  /// The acknowledgement that take_handshake() has seen comes to take_feedback() next: it is no count.
  void pass_over() { pass_over_ = true; }
  struct Marks {
    std::uint32_t packets = 0;
    std::uint32_t bytes = 0;
  };
  /// An acknowledgement of at least `segments` segments of `mss` bytes: what is news of marks (appendix A.2).
  Marks take_feedback(std::uint8_t ace, const std::optional<wire::TcpAccurateEcn>& option, std::uint32_t segments,
                      std::uint32_t mss);
  /// The path lets ECN through, as far as is known.
  [[nodiscard]] bool may_send_ect() const { return ect_; }

  /// Bytes marked that a duplicate acknowledgement told: the congestion control hears of them with the next that
  /// moves on.
  void carry(std::uint32_t bytes) { carried_ += bytes; }
  [[nodiscard]] std::uint32_t with_carried(std::uint32_t bytes) { return bytes + std::exchange(carried_, 0U); }

  [[nodiscard]] std::uint32_t received_marks() const { return r_cep_; }
  [[nodiscard]] std::uint32_t reported_marks() const { return s_cep_; }

 private:
  [[nodiscard]] std::optional<std::uint32_t> take_option(const wire::TcpAccurateEcn& option);

  std::uint32_t r_cep_ = 5;
  std::uint32_t r_ceb_ = 0;
  std::uint32_t r_e0b_ = 1;
  std::uint32_t r_e1b_ = 1;
  std::uint32_t s_cep_ = 5;
  std::uint32_t s_ceb_ = 0;
  std::uint32_t told_cep_ = 5;          // what our latest segment said
  std::uint32_t segments_per_ack_ = 0;  // smoothed, in 64ths
  Instant option_at_ = Instant::never();
  std::uint8_t syn_field_;
  std::uint8_t last_field_ = kNotEct;  // of the latest payload
  std::uint8_t extra_options_ = 0;     // to go whatever the beacons say
  bool owes_handshake_ack_ : 1 = false;
  bool ect_ : 1 = true;
  bool pass_over_ = false;
  bool heard_ : 1 = false;  // a segment that is no SYN
  bool option_heard_ : 1 = false;
  bool peer_sends_options_ = false;
  bool option_is_good_ : 1 = true;  // nobody zeroes it
  std::uint32_t carried_ = 0;
};

}  // namespace catenet::transport
