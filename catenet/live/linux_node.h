// SPDX-License-Identifier: Apache-2.0
// LinuxNode: how a Linux namespace appears in the network. Each of its interfaces is joined to one NIC of the
// namespace: a frame that arrives over the link is written to the NIC, a frame that the kernel inside sends is put on
// the link. It knows no protocol; the protocols are Linux's.
#pragma once
#include <memory>
#include <vector>

#include "catenet/live/nic_port.h"
#include "catenet/live/nic_source.h"
#include "catenet/net/interface.h"
#include "catenet/net/node.h"

namespace catenet::live {

class LinuxNode final : public Node, public NicSource {
 public:
  /// Frames that wait for the kernel at one NIC before more are dropped (send-failed).
  static constexpr std::size_t kMaxWaiting = NicPort::kMaxWaiting;

  using Node::Node;
  ~LinuxNode() override;

  /// Joins an interface to a NIC. The channel outlives the node.
  void join(Interface& interface, NicChannel& channel);

  void receive(Interface& in, Packet frame) override;

  // NicSource: what the kernel has sent goes on the link.
  [[nodiscard]] std::size_t nic_count() const override { return nics_.size(); }
  [[nodiscard]] int fd(std::size_t nic) const override { return nics_[nic]->port.channel().fd(); }
  bool fetch(std::size_t nic) override;
  void poll(std::size_t nic) override;
  void set_prompt(bool on) override;
  bool flush() override;

  /// Ends the frames that wait at the end of a run.
  void drain(DropReason reason);
  /// Frames from inside that never became packets: lost by a packet socket because they were not fetched in time, or
  /// refused because the pool was at its limit. What a TAP loses is not in it: the kernel tells that to the NIC inside,
  /// and Namespace::counters() shows it as tx_drops.
  [[nodiscard]] std::uint64_t overruns() const;

 private:
  struct Nic {
    Nic(Interface& i, NicChannel& channel, PacketPool& pool)
        : interface(i), port(channel, pool, NicPort::Drop::to<&Nic::drop>(*this)) {}
    void drop(Packet frame, DropReason reason) { interface.drop(std::move(frame), reason); }
    void send(Packet frame) { interface.send(std::move(frame)); }
    Interface& interface;
    NicPort port;
  };

  std::vector<std::unique_ptr<Nic>> nics_;
};

}  // namespace catenet::live
