// SPDX-License-Identifier: Apache-2.0
// TcpRequest: a handshake that a peer has begun with a listener (RFC 9293's SYN-RECEIVED), as the SYN that asked for it
// and what we answered. There is no Tcb: whenever one is needed, to answer again or because the handshake is done, it
// is made anew from these facts. A flood of SYNs therefore costs 150 bytes a SYN, as long as the listener's queue has
// room.
#pragma once
#include <cstdint>

#include "catenet/base/intrusive_list.h"
#include "catenet/event/timer.h"
#include "catenet/transport/tcp/tcb.h"
#include "catenet/transport/tcp/tcp_authentication.h"
#include "catenet/transport/tcp/tcp_entry.h"

namespace catenet::transport {

class Tcp;
class TcpPcb;
struct TcpSynQueue;

class TcpRequest final : public TcpEntry, public ListNode<TcpSynQueue> {
 public:
  TcpRequest(Tcp& tcp, TcpPcb& listener, const wire::FourTuple& tuple, const TcpSegment& syn, std::uint32_t iss,
             Interface* arrival);

  /// The SYN again; of its options those that mean something.
  [[nodiscard]] TcpSegment syn() const;
  /// This segment of `bytes` of data completes the handshake: it acknowledges our SYN, lies in the window, and is not
  /// older than the SYN (RFC 7323 5.3). `window`: what we offered; `config`: the listener's.
  [[nodiscard]] bool is_completed_by(const TcpSegment& segment, std::uint32_t bytes, std::uint32_t window,
                                     const TcpConfig& config) const;
  [[nodiscard]] TcpPcb& listener() const { return listener_; }
  [[nodiscard]] std::uint32_t iss() const { return iss_; }
  /// Its SYN,ACK has been sent once.
  [[nodiscard]] bool is_young() const { return timeouts_ == 0; }

 private:
  friend class Tcp;
  void on_timer(Instant now);
  void note_answer(Instant now);  // the SYN,ACK went once more
  /// Of the SYN, if it was signed by TCP-AO.
  [[nodiscard]] TcpAoIds key_ids() const { return {key_id_, next_key_id_}; }
  [[nodiscard]] Tcb::HalfOpen past() const { return {answered_at_, retransmits_, timeouts_}; }

  Tcp& tcp_;
  TcpPcb& listener_;
  Interface* arrival_;
  Timer timer_;
  Instant answered_at_;  // when the latest SYN,ACK went
  std::uint32_t irs_;
  std::uint32_t iss_;
  std::uint32_t timestamp_ = 0;
  std::uint16_t window_;
  std::uint16_t mss_ = 0;
  std::uint8_t flags_;
  std::uint8_t ecn_;
  std::uint8_t window_scale_ = 0;
  std::uint8_t retransmits_ = 0;
  std::uint8_t timeouts_ = 0;
  std::uint8_t key_id_ = 0;
  std::uint8_t next_key_id_ = 0;
  bool ae_ : 1 = false;
  bool has_mss_ : 1 = false;
  bool has_window_scale_ : 1 = false;
  bool has_timestamp_ : 1 = false;
  bool sack_permitted_ : 1 = false;
  bool completed_ : 1 = false;  // its ACK came, and found the queue of connections full
};

}  // namespace catenet::transport
