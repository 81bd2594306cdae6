// SPDX-License-Identifier: Apache-2.0
// Capture: a wrapper between an interface and its medium that writes what passes to a pcapng file.
//
//   Interface  <->  Capture  <->  (impairments)  <->  cable            capture.plug_in(): once, before the run
//
// An outgoing frame is written when it goes on the wire, so the queue's delay is already in its stamp; an incoming one
// when its last bit has arrived. If the node drops it while it looks at it, its block carries "dropped: <reason>": so
// the block is written after receive() has returned, and what the node sent meanwhile follows it. The DropWatch hears
// of drops (it is an Observer of the same Environment) and passes them to the capture that is receiving.
//
// A checksum that is still partial is completed in the copy that is written; the frame itself stays as it was, so a
// captured run takes the same decisions as one that is not captured. An interface without a Capture pays nothing.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "catenet/net/interface.h"
#include "catenet/net/medium.h"
#include "catenet/net/observer.h"
#include "catenet/trace/pcapng.h"

namespace catenet::trace {

class Capture;

/// Tells captures of drops. One per Environment (it belongs to that thread), registered there as (one of) the
/// observers; captures of its nodes refer to it.
class DropWatch final : public Observer {
 public:
  void dropped(Instant now, const Node& node, const Interface* interface, const Packet& packet,
               DropReason reason) override;
  void noted(Instant, const Node&, NoteKind, std::string_view) override {}

 private:
  friend class Capture;
  Capture* receiving_ = nullptr;  // a medium never calls receive() from inside transmit(), so one at a time
};

class Capture final : public Medium, public FrameSink {
 public:
  struct Options {
    std::uint32_t snaplen = kDefaultSnaplen;  ///< bytes kept of a frame
    std::uint16_t link_type = kLinkTypeEthernet;
    std::string description;  ///< if_description: what the interface is plugged into
  };
  /// Adds "node:interface" to the file. Everything given outlives the capture, and the capture outlives its use by the
  /// interface. `watch` may be null: then no frame has a comment.
  Capture(Interface& interface, Medium& inner, PcapngWriter& writer, DropWatch* watch, const Options& options);
  Capture(Interface& interface, Medium& inner, PcapngWriter& writer, DropWatch* watch)
      : Capture(interface, inner, writer, watch, Options{}) {}

  /// Attaches the interface to this capture and this capture to the inner medium.
  void plug_in() { interface_.attach(*this); }

  // Medium, towards the interface.
  void set_sink(FrameSink& sink) override;
  [[nodiscard]] bool is_idle() const override { return inner_.is_idle(); }
  [[nodiscard]] bool takes_super_segments() const override { return inner_.takes_super_segments(); }
  void transmit(Packet frame) override;
  void request_ready() override { inner_.request_ready(); }
  [[nodiscard]] bool is_up() const override { return inner_.is_up(); }

  // FrameSink, towards the medium.
  void receive(Packet frame) override;
  void medium_ready() override { sink_->medium_ready(); }
  void discard_frame(Packet frame, DropReason reason) override { sink_->discard_frame(std::move(frame), reason); }
  void link_changed() override { sink_->link_changed(); }

 private:
  friend class DropWatch;
  void note_drop(const Packet& packet, DropReason reason);
  std::uint32_t copy(const Packet& frame, std::vector<std::byte>& out) const;

  Interface& interface_;
  Medium& inner_;
  FrameSink* sink_ = nullptr;
  PcapngWriter& writer_;
  DropWatch* watch_;
  std::uint32_t id_;
  std::uint32_t snaplen_;
  std::optional<DropReason> drop_;  // of the frame that is being received
  std::vector<std::byte> arrived_;  // its bytes; kept, so that no frame costs an allocation
  std::vector<std::byte> sent_;     // those of a frame that goes out
};

}  // namespace catenet::trace
