// SPDX-License-Identifier: Apache-2.0
// Cable: a full-duplex point-to-point wire between two interfaces, each direction with its own rate and delay.
//
// A direction is two event sources: the transmitter (at the sender: "the wire is free again", pending only when
// somebody waits for it) and the receiver (at the far end: "the last bit of the next frame is here"). Frames in flight
// sit in a ring, so a busy wire costs one event a frame and the heap holds wires, not packets.
//
//   frame time = (frame + overhead) * 8 / rate, exact to the sub-nanosecond remainder; arrival = start + frame time +
//   delay
//
// Ends may belong to different partitions: the delay of such a cable bounds the window (sim/). If different threads run
// them, frames pass by boxes (net/crossing.h).
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "catenet/base/rate.h"
#include "catenet/base/ring.h"
#include "catenet/event/scheduler.h"
#include "catenet/net/crossing.h"
#include "catenet/net/medium.h"
#include "catenet/net/node.h"

namespace catenet::medium {

struct CableSpec {
  BitRate rate = BitRate::gbps(1);
  Duration delay = Duration::microseconds(1);  ///< propagation; 5 ns a metre on copper and fibre
  /// Bytes that go over the wire with every frame: Ethernet preamble 8 and FCS 4.
  std::uint32_t overhead = 12;
  /// Byte times of silence behind every frame: Ethernet's inter-frame gap. It keeps the sender busy, not the receiver.
  std::uint32_t gap = 12;
  /// Carries super-segments whole: a train of frames arrives at once, with the last bit of the last one, after the time
  /// that all its frames take. Cheaper by far; what happens between the frames of a train is not to be seen.
  bool trains = false;
};

/// Nanoseconds of propagation for a length of copper or fibre (two thirds of the speed of light).
[[nodiscard]] constexpr Duration propagation_delay(std::uint32_t metres) { return Duration::nanoseconds(metres) * 5; }

class Cable final {
 public:
  /// SourceIds used: first_id .. first_id + kSourceIds - 1.
  static constexpr SourceId kSourceIds = 4;
  /// `a_side` and `b_side`: the worlds of the two ends (the same one inside a partition).
  Cable(Environment& a_side, Environment& b_side, SourceId first_id, const CableSpec& a_to_b, const CableSpec& b_to_a);
  ~Cable();
  Cable(const Cable&) = delete;
  Cable& operator=(const Cable&) = delete;

  /// What end A and end B plug into: a's transmit() sends towards B, and its sink gets what B sent.
  [[nodiscard]] Medium& a() { return ab_; }
  [[nodiscard]] Medium& b() { return ba_; }

  /// No frame arrives earlier than this after it was sent: the bound of a window where the ends are in two partitions.
  [[nodiscard]] Duration lookahead() const;
  /// No spec that is set later has a shorter delay, in either direction. To be said before the cable joins partitions.
  void promise_delay(Duration least) { least_delay_ = least; }

  /// Pulls or plugs the cable. Frames in flight are lost (link-down) when pulled.
  void set_up(bool up);
  /// A new rate counts for frames that start after the call; a new delay too (frames never overtake each other on a
  /// wire). Whether it carries trains does not change. Between partitions a delay is not below what was promised. Both
  /// are for when nobody runs.
  void set_spec(bool a_to_b, const CableSpec& spec);
  [[nodiscard]] bool is_up() const { return up_; }
  [[nodiscard]] std::size_t in_flight() const { return ab_.in_flight() + ba_.in_flight(); }
  /// Ends the frames in flight at the end of a run.
  void drain(DropReason reason);

 private:
  struct InFlight {
    Instant arrival;
    Packet frame;
  };
  // What is sent to another thread, by parity of the window.
  struct Boxes {
    std::vector<InFlight> box[2];
    std::size_t taken[2] = {0, 0};  // of the box; the rest was refused
    [[nodiscard]] std::size_t untaken() const { return box[0].size() + box[1].size() - taken[0] - taken[1]; }
  };

  // The sending face of one direction, and the ring of what is under way on it.
  class Direction final : public Medium, public Crossing {
   public:
    Direction(Cable& cable, Environment& from, Environment& to, SourceId id, const CableSpec& spec);
    void set_sink(FrameSink& sink) override { own_sink_ = &sink; }
    [[nodiscard]] bool is_idle() const override { return from_.scheduler.now() >= free_at_; }
    void transmit(Packet frame) override;
    void request_ready() override;
    [[nodiscard]] bool takes_super_segments() const override { return spec_.trains; }
    [[nodiscard]] bool is_up() const override;
    [[nodiscard]] std::size_t in_flight() const { return flying_.size() + (boxes_ != nullptr ? boxes_->untaken() : 0); }
    void take(unsigned parity) override;
    void release(unsigned parity) override;
    void drain(DropReason reason);

   private:
    friend class Cable;
    [[nodiscard]] std::size_t wire_bytes(const Packet& frame) const;
    void fly(Instant arrival, Packet&& frame);
    struct Transmitter final : EventSource {
      Transmitter(Direction& d, SourceId id) : EventSource(id), direction(d) {}
      void fire(Instant now) override;
      Direction& direction;
    };
    struct Receiver final : EventSource {
      Receiver(Direction& d, SourceId id) : EventSource(id), direction(d) {}
      void fire(Instant now) override;
      Direction& direction;
    };

    Cable& cable_;
    Environment& from_;
    Environment& to_;
    CableSpec spec_;
    Duration gap_time_;
    FrameSink* own_sink_ = nullptr;  // at the sending end: told medium_ready
    Direction* opposite_ = nullptr;  // its own_sink_ is where our frames go
    Instant free_at_;                // when the transmitter has sent the last bit and the gap
    Instant last_arrival_;
    std::uint64_t remainder_ = 0;
    Ring<InFlight> flying_;         // in the order of arrival
    std::unique_ptr<Boxes> boxes_;  // null: one thread runs both ends
    Transmitter transmitter_;
    Receiver receiver_;
  };

  bool up_ = true;
  Duration least_delay_ = Duration::max();  // that was promised
  Direction ab_;
  Direction ba_;
};

}  // namespace catenet::medium
