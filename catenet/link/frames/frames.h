// SPDX-License-Identifier: Apache-2.0
// Frames: the packet sockets of one host. It taps the host's interfaces while there is such a socket, and hands a clone
// of each frame to those that want it: what comes in to all of its protocol, what goes out to those of every protocol,
// but for the sender (packet(7)).
//
// A frame for another station is what a network card would not let through: it is seen only where a socket asks for
// it (promiscuous).
#pragma once
#include <cstddef>
#include <cstdint>

#include "catenet/base/intrusive_list.h"
#include "catenet/link/frames/frame_pcb.h"
#include "catenet/net/frame_tap.h"
#include "catenet/net/node.h"

namespace catenet::link {

class Frames final : private FrameTap {
 public:
  struct Limits {
    std::size_t sockets = 1024;  ///< at once
  };
  struct Counters {
    std::uint64_t in_frames = 0;     ///< copies put into a queue
    std::uint64_t receive_full = 0;  ///< copies that found it full
    std::uint64_t out_frames = 0;    ///< given to an interface
  };

  explicit Frames(Node& node) : node_(node) {}
  ~Frames();
  Frames(const Frames&) = delete;
  Frames& operator=(const Frames&) = delete;

  void set_limits(const Limits& limits) { limits_ = limits; }
  [[nodiscard]] const Counters& counters() const { return counters_; }
  [[nodiscard]] std::size_t sockets() const { return sockets_; }
  [[nodiscard]] Node& node() const { return node_; }
  /// ENOBUFS.
  [[nodiscard]] Result<void> may_open() const;
  /// The node says that an interface's link came up or went down.
  void link_changed(Interface& interface);

 private:
  friend class FramePcb;
  // FrameTap
  void frame_came(Interface& in, Packet& frame) override;
  void frame_goes(Interface& out, const Packet& frame) override;

  void add(FramePcb& pcb);
  void remove(FramePcb& pcb);
  void tap(bool on);
  [[nodiscard]] Interface* interface_of(unsigned number) const;
  [[nodiscard]] bool is_promiscuous(unsigned interface);

  Node& node_;
  Limits limits_;
  Counters counters_;
  std::size_t sockets_ = 0;
  std::uint16_t next_number_ = 1;
  IntrusiveList<FramePcb, FramePcb> all_;
};

}  // namespace catenet::link
