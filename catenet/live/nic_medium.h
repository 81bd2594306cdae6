// SPDX-License-Identifier: Apache-2.0
// NicMedium: a NIC as the wire of an interface. What a simulated node sends on the interface arrives at the NIC's far
// end (eth0 of a namespace, a TAP device of the machine), and the other way round: the shortest way between our stack
// and a kernel's, without a link that has a rate or a delay. The kernel's queue is the only one: frames that it does
// not take wait in the port and are dropped there under send-failed.
#pragma once
#include "catenet/live/nic_port.h"
#include "catenet/live/nic_source.h"
#include "catenet/net/interface.h"

namespace catenet::live {

class NicMedium final : public Medium, public NicSource {
 public:
  /// Plugs the interface in. Both outlive the medium's use.
  NicMedium(Interface& interface, NicChannel& channel);

  // Medium
  void set_sink(FrameSink& sink) override { sink_ = &sink; }
  [[nodiscard]] bool is_idle() const override { return true; }
  void transmit(Packet frame) override { port_.queue(std::move(frame)); }
  void request_ready() override { sink_->medium_ready(); }
  [[nodiscard]] bool takes_super_segments() const override { return port_.channel().has_offloads(); }
  [[nodiscard]] bool is_up() const override { return true; }

  // NicSource
  [[nodiscard]] std::size_t nic_count() const override { return 1; }
  [[nodiscard]] int fd(std::size_t) const override { return port_.channel().fd(); }
  bool fetch(std::size_t) override {
    return port_.fetch(interface_.node().now(), Delegate<void(Packet)>::to<&NicMedium::arrive>(*this));
  }
  void poll(std::size_t) override {
    port_.poll(interface_.node().now(), Delegate<void(Packet)>::to<&NicMedium::arrive>(*this));
  }
  void set_prompt(bool on) override { port_.set_prompt(on); }
  bool flush() override { return port_.flush(); }

  /// Ends the frames that wait at the end of a run.
  void drain(DropReason reason) { port_.drain(reason); }
  [[nodiscard]] std::uint64_t overruns() const { return port_.overruns(); }

 private:
  void arrive(Packet frame) { sink_->receive(std::move(frame)); }
  void drop(Packet frame, DropReason reason) { interface_.drop(std::move(frame), reason); }

  Interface& interface_;
  FrameSink* sink_ = nullptr;
  NicPort port_;
};

inline NicMedium::NicMedium(Interface& interface, NicChannel& channel)
    : interface_(interface), port_(channel, interface.node().pool(), NicPort::Drop::to<&NicMedium::drop>(*this)) {
  interface.attach(*this);
}

}  // namespace catenet::live
