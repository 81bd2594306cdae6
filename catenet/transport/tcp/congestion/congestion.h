// SPDX-License-Identifier: Apache-2.0
// CongestionControl: how many bytes may be under way. The one seam between TCP's machinery and an algorithm: the Tcb
// decides what is lost and what to send next, the algorithm decides cwnd. One small object per connection.
//
// Adding one: congestion/foo.{h,cc}, a value of CongestionAlgorithm and a line in make_congestion_control().
#pragma once
#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "catenet/base/time.h"
#include "catenet/transport/tcp/congestion/rate_control.h"

namespace catenet::transport {

enum class CongestionAlgorithm : std::uint8_t { new_reno, cubic, dctcp, vegas, bbr };
/// "newreno", "cubic", "dctcp", "vegas", "bbr": as in lab files and reports.
[[nodiscard]] std::string_view name(CongestionAlgorithm algorithm);
[[nodiscard]] std::optional<CongestionAlgorithm> congestion_algorithm_from(std::string_view name);

/// What one acknowledgement told.
struct AckEvent {
  Instant now;
  std::uint32_t acked = 0;    ///< bytes newly acknowledged cumulatively
  std::uint32_t flight = 0;   ///< bytes under way before it
  bool cwnd_limited = false;  ///< the window was in use; an idle window must not grow (RFC 7661)
  bool recovering = false;    ///< in fast recovery: measure, but let the window alone
  bool boundless = false;     ///< in slow start: no limit to what one acknowledgement adds; see TcpConfig
  std::uint32_t marked = 0;   ///< bytes that met congestion, as the receiver says; at most `acked` (RFC 3168, 9768)
  std::uint32_t ack = 0;      ///< SEG.ACK and SND.NXT, for counting round trips
  std::uint32_t snd_nxt = 0;
  Duration rtt;   ///< measured by this acknowledgement; zero: nothing was
  Duration srtt;  ///< zero: no sample yet
};

class CongestionControl {
 public:
  static constexpr std::uint32_t kMaxCwnd = 1U << 30;        ///< the largest window there can be (RFC 7323 2.3)
  static constexpr std::uint32_t kNoThreshold = 0xffffffff;  ///< ssthresh of who has met no congestion

  virtual ~CongestionControl() = default;
  [[nodiscard]] virtual CongestionAlgorithm algorithm() const = 0;
  /// The connection is established, or the path's segment size changed. Bytes per full segment.
  virtual void set_mss(std::uint32_t mss) = 0;
  /// New data acknowledged.
  virtual void on_ack(const AckEvent& event) = 0;
  /// Fast recovery starts; `flight` is FlightSize (RFC 5681 3.2 step 2).
  virtual void on_fast_retransmit(std::uint32_t flight, Instant now) = 0;
  /// Everything that was under way when recovery started is acknowledged.
  virtual void on_recovery_end(std::uint32_t flight, Instant now) = 0;
  /// The network marked packets instead of dropping them (RFC 3168 6.1.2). At most once per window, not in recovery.
  virtual void on_ecn(std::uint32_t flight, Instant now) = 0;
  /// The retransmission timer expired; `first` is false for a timeout of the same segment again (RFC 5681 3.1).
  virtual void on_timeout(std::uint32_t flight, bool first, Instant now) = 0;
  /// Nothing was sent for longer than an RTO (RFC 5681 4.1).
  virtual void on_idle(Instant now) = 0;
  /// A recovery is about to start (on_fast_retransmit() or on_timeout() comes next): remember what undo() restores. An
  /// algorithm with more state than cwnd and ssthresh extends both.
  virtual void save_undo() {
    undo_cwnd_ = cwnd_;
    undo_ssthresh_ = ssthresh_;
  }
  /// The latest recovery was spurious: nothing was lost (RFC 4015). May come after its end; the window never shrinks by
  /// it. Called at most once for each save_undo().
  virtual void undo() {
    cwnd_ = std::max(cwnd_, undo_cwnd_);
    ssthresh_ = std::max(ssthresh_, undo_ssthresh_);
  }

  /// RFC 7661: the window is `bytes` at least, or at most, whatever on_idle() or the end of a recovery made of it.
  void restore(std::uint32_t bytes) { cwnd_ = std::max(cwnd_, bytes); }
  void limit(std::uint32_t bytes) { cwnd_ = std::min(cwnd_, bytes); }

  /// Its other half, if it goes by delivery rates: then it also decides alone what goes out in recovery, without PRR.
  [[nodiscard]] virtual RateControl* rate_control() { return nullptr; }

  /// It lives on marks: connections that use it ask for ECN, and without it fall back to NewReno (RFC 8257 3.5).
  [[nodiscard]] static constexpr bool needs_ecn(CongestionAlgorithm a) { return a == CongestionAlgorithm::dctcp; }

  /// It has a rate_control(), and is made before the first data are sent.
  [[nodiscard]] static constexpr bool goes_by_rates(CongestionAlgorithm a) { return a == CongestionAlgorithm::bbr; }

  [[nodiscard]] std::uint32_t cwnd() const { return cwnd_; }          ///< bytes
  [[nodiscard]] std::uint32_t ssthresh() const { return ssthresh_; }  ///< bytes; 0xffffffff: arbitrarily high

 protected:
  std::uint32_t cwnd_ = 0;
  std::uint32_t ssthresh_ = kNoThreshold;

 private:
  std::uint32_t undo_cwnd_ = 0;
  std::uint32_t undo_ssthresh_ = 0;
};

/// Initial window in bytes. `segments` n: min(n MSS, max(2 MSS, n 1460)), which is RFC 6928 for 10; 0: RFC 3390.
[[nodiscard]] std::uint32_t initial_window_bytes(std::uint32_t mss, std::uint32_t segments);

/// `mss`: bytes per full segment; `initial_window`: in segments, as above.
[[nodiscard]] std::unique_ptr<CongestionControl> make_congestion_control(CongestionAlgorithm algorithm,
                                                                         std::uint32_t mss,
                                                                         std::uint32_t initial_window);

}  // namespace catenet::transport
