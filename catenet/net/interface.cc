// SPDX-License-Identifier: Apache-2.0
#include "catenet/net/interface.h"

#include "catenet/base/hash.h"
#include "catenet/net/segmentation.h"

namespace catenet {

class Interface::Shut final : public FrameSink {
 public:
  explicit Shut(Interface& interface) : interface_(interface) {}
  void receive(Packet frame) override { interface_.discard_frame(std::move(frame), DropReason::link_down); }
  void medium_ready() override { interface_.ready_requested_ = false; }
  void discard_frame(Packet frame, DropReason reason) override { interface_.discard_frame(std::move(frame), reason); }
  void link_changed() override {}  // it is down all the same

 private:
  Interface& interface_;
};

Interface::Interface(Node& node, std::uint16_t index, std::string_view name)
    : node_(node), index_(index), digests_(node.environment().digests), name_(name) {}

Interface::~Interface() = default;

void Interface::attach(Medium& medium) {
  if (shut_ != nullptr) {
    shut_medium_ = &medium;
    medium.set_sink(*shut_);
    return;
  }
  medium_ = &medium;
  medium.set_sink(*this);
}

void Interface::set_enabled(bool on) {
  if (on == is_enabled()) {
    return;
  }
  if (!on) {
    shut_ = std::make_unique<Shut>(*this);
    shut_medium_ = std::exchange(medium_, nullptr);
    if (shut_medium_ != nullptr) {
      shut_medium_->set_sink(*shut_);
    }
    drain(DropReason::link_down);
  } else {
    const std::unique_ptr<Shut> shut = std::move(shut_);
    if (shut_medium_ != nullptr) {
      attach(*std::exchange(shut_medium_, nullptr));
    }
  }
  node_.link_changed(*this);
}

void Interface::on_shaper_timer(Instant now) {
  if (medium_ != nullptr) {
    pump(now);
  }
}

void Interface::output(Packet&& packet, const wire::LinkAddress& to, std::uint16_t protocol) {
  if (!link_layer_->encapsulate(packet, address_, to, protocol)) {
    drop(std::move(packet), DropReason::no_memory);
    return;
  }
  send(std::move(packet));
}

void Interface::send_super_segment(Packet super) {
  if (medium_ != nullptr && medium_->takes_super_segments()) {
    send_frame(std::move(super));
    return;
  }
  Segmentation segments(super);
  while (!segments.done()) {
    Packet segment = segments.next();
    if (!segment) {
      drop(std::move(super), DropReason::no_memory);
      return;
    }
    send_frame(std::move(segment));
  }
  super.consume();
}

void Interface::send_frame(Packet&& frame) {
  if (medium_ == nullptr) {
    drop(std::move(frame), is_enabled() ? DropReason::no_medium : DropReason::link_down);
    return;
  }
  const bool idle = medium_->is_idle();
  if (passes_ && idle) [[likely]] {
    transmit(std::move(frame));
    return;
  }
  const bool first = idle && qdisc_->packets() == 0;
  qdisc_->enqueue(std::move(frame), *this);
  if (first) {
    pump(node_.now());  // a shaper may still hold it back
    return;
  }
  note_queue();
  if (!ready_requested_ && qdisc_->packets() > 0) {
    ready_requested_ = true;
    medium_->request_ready();
  }
}

void Interface::medium_ready() {
  ready_requested_ = false;
  pump(node_.now());
}

void Interface::pump(Instant now) {
  while (medium_->is_idle()) {
    Packet frame = qdisc_->dequeue(now, *this);
    if (!frame) {
      note_queue();
      const Instant later = qdisc_->ready_at(now);
      if (!later.is_never()) {
        if (shaper_timer_ == nullptr) {
          shaper_timer_ =
              std::make_unique<Timer>(node_.timers(), Delegate<void(Instant)>::to<&Interface::on_shaper_timer>(*this));
        }
        shaper_timer_->arm(later);
      }
      return;
    }
    transmit(std::move(frame));
  }
  note_queue();
  if (!ready_requested_ && qdisc_->packets() > 0) {
    ready_requested_ = true;
    medium_->request_ready();
  }
}

void Interface::drain(DropReason reason) {
  while (qdisc_ != nullptr) {
    Packet frame = qdisc_->dequeue(Instant::never(), *this);  // a shaper lets everything go at the end of time
    if (!frame) {
      note_queue();
      return;
    }
    drop(std::move(frame), reason);
  }
}

void Interface::transmit(Packet&& frame) {
  ++counters_.tx_packets;
  counters_.tx_bytes += frame.size();
  if (tap_ != nullptr) [[unlikely]] {
    tap_->frame_goes(*this, frame);
  }
  medium_->transmit(std::move(frame));
}

void Interface::receive(Packet frame) {
  const Instant now = node_.now();
  if (frame.meta().fcs_present) [[unlikely]] {
    if (!link_layer_->verify(frame)) {
      ++counters_.lost_on_wire;
      drop(std::move(frame), DropReason::fcs_error);
      return;
    }
  }
  ++counters_.rx_packets;
  counters_.rx_bytes += frame.size();
  if (digests_) {
    digest_ = mix64(digest_ ^ static_cast<std::uint64_t>(now.ns()), hash_frame(frame.head(), frame.size()));
  }
  PacketMeta& meta = frame.meta();
  meta.arrival_interface = static_cast<std::uint16_t>(index_ + 1);
  meta.stamp = now;
  meta.priority = 0;  // what another host's sockets said
  meta.mark = 0;
  if (tap_ != nullptr) [[unlikely]] {
    tap_->frame_came(*this, frame);
  }
  node_.receive(*this, std::move(frame));
}

}  // namespace catenet
