// SPDX-License-Identifier: Apache-2.0
// Interface: where a node meets its medium. Down: output() puts the link header on, send() queues and transmits. Up:
// the medium calls receive(), the interface verifies, counts and hands the frame to its node. An uncongested frame
// never sees the queue.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "catenet/net/counters.h"
#include "catenet/net/frame_tap.h"
#include "catenet/net/link_layer.h"
#include "catenet/net/medium.h"
#include "catenet/net/node.h"
#include "catenet/net/qdisc.h"
#include "catenet/wire/address.h"

namespace catenet {

class Interface final : public FrameSink {
 public:
  static constexpr std::uint32_t kDefaultMtu = 1500;
  static constexpr std::uint32_t kMaxMtu = 65535;

  Interface(Node& node, std::uint16_t index, std::string_view name);
  ~Interface() override;

  // Assembly, before the run or by a fault in it.
  void attach(Medium& medium);
  void set_link_layer(std::unique_ptr<LinkLayer> link_layer) { link_layer_ = std::move(link_layer); }
  void set_qdisc(std::unique_ptr<Qdisc> qdisc) {
    qdisc_ = std::move(qdisc);
    passes_ = qdisc_ != nullptr && qdisc_->is_transparent() && qdisc_->packets() == 0;
  }
  void set_address(const wire::LinkAddress& address) { address_ = address; }
  /// Who sees every frame beside the node; null: nobody. It outlives its registration.
  void set_tap(FrameTap* tap) { tap_ = tap; }
  [[nodiscard]] FrameTap* tap() const { return tap_; }
  /// Largest network-layer packet, in bytes; 68 (RFC 791) to kMaxMtu.
  void set_mtu(std::uint32_t mtu) { mtu_ = mtu; }

  [[nodiscard]] Node& node() const { return node_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::uint16_t index() const { return index_; }
  [[nodiscard]] std::uint32_t mtu() const { return mtu_; }
  [[nodiscard]] const wire::LinkAddress& address() const { return address_; }
  [[nodiscard]] LinkLayer& link_layer() const { return *link_layer_; }
  [[nodiscard]] const Qdisc& qdisc() const { return *qdisc_; }
  [[nodiscard]] Medium* medium() const { return shut_ != nullptr ? shut_medium_ : medium_; }
  /// Frames can come and go: it is switched on, and its medium is up.
  [[nodiscard]] bool is_up() const { return medium_ != nullptr && medium_->is_up(); }
  /// The administrator's switch (IFF_UP): of one that is off, frames that wait, come or go are dropped.
  void set_enabled(bool on);
  [[nodiscard]] bool is_enabled() const { return shut_ == nullptr; }
  [[nodiscard]] const InterfaceCounters& counters() const { return counters_; }
  [[nodiscard]] const DropCounters& drops() const { return drops_; }
  /// Hash over every frame received here and its time: a part of the run's digest; 0 without Environment::digests.
  [[nodiscard]] std::uint64_t digest() const { return digest_; }

  /// Encapsulates a network-layer packet for a neighbour and sends it. `protocol` is an EtherType.
  void output(Packet&& packet, const wire::LinkAddress& to, std::uint16_t protocol);
  /// Sends a complete frame: on the medium if that is idle and nobody waits, else into the queue. A super-segment is
  /// cut first unless the medium takes it whole.
  void send(Packet&& frame) {
    if (frame.meta().segment_size != 0) [[unlikely]] {
      send_super_segment(std::move(frame));
    } else {
      send_frame(std::move(frame));
    }
  }
  /// Ends what waits in the queue: at the end of a run, or when the node crashes.
  void drain(DropReason reason);

  void drop(Packet packet, DropReason reason) { node_.drop(std::move(packet), reason, this); }

  // FrameSink
  void receive(Packet frame) override;
  void medium_ready() override;
  void discard_frame(Packet frame, DropReason reason) override {
    ++counters_.lost_on_wire;
    drop(std::move(frame), reason);
  }
  void link_changed() override { node_.link_changed(*this); }

 private:
  friend class Node;
  void send_frame(Packet&& frame);
  void send_super_segment(Packet super);
  void transmit(Packet&& frame);
  void pump(Instant now);
  void note_queue() { passes_ = qdisc_->packets() == 0 && qdisc_->is_transparent(); }
  void on_shaper_timer(Instant now);

  class Shut;  // what the medium finds while the interface is off, so that frames of others pay nothing for the switch

  Node& node_;
  Medium* medium_ = nullptr;  // null also while it is off
  FrameTap* tap_ = nullptr;
  std::unique_ptr<LinkLayer> link_layer_;
  std::unique_ptr<Qdisc> qdisc_;
  std::unique_ptr<Timer> shaper_timer_;  // only for disciplines that delay
  InterfaceCounters counters_;
  DropCounters drops_;
  std::uint64_t digest_ = 0;
  wire::LinkAddress address_;
  std::uint32_t mtu_ = kDefaultMtu;
  std::uint16_t index_;
  bool digests_;
  bool ready_requested_ = false;
  bool passes_ = false;  // nothing waits, and a frame may go round the qdisc
  std::string name_;
  std::unique_ptr<Shut> shut_;  // null: it is on
  Medium* shut_medium_ = nullptr;
};

}  // namespace catenet
