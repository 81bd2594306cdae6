// SPDX-License-Identifier: Apache-2.0
// For tests of net/: a medium, a queue and a link layer that do as they are told, and an observer that writes down.
#pragma once
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "catenet/base/ring.h"
#include "catenet/net/interface.h"
#include "catenet/net/recorder.h"

namespace catenet {

/// Is busy after each frame until free() is called.
struct ScriptedMedium final : Medium {
  ~ScriptedMedium() override {
    for (Packet& packet : sent) {
      packet.consume();
    }
  }
  void set_sink(FrameSink& to) override { sink = &to; }
  bool is_idle() const override { return idle; }
  void transmit(Packet frame) override {
    check(idle, "transmit on a busy medium");
    idle = false;
    sent.push_back(std::move(frame));
  }
  void request_ready() override { ++requests; }
  bool is_up() const override { return up; }
  void free() {
    idle = true;
    if (std::exchange(requests, 0) > 0) {
      sink->medium_ready();
    }
  }
  FrameSink* sink = nullptr;
  std::vector<Packet> sent;
  bool idle = true;
  bool up = true;
  int requests = 0;  ///< since the medium was last free
};

/// First in, first out; nothing leaves before `gate`. The third frame that waits is one too many.
struct GatedQueue final : Qdisc {
  void enqueue(Packet packet, Interface& owner) override {
    if (ring.size() == 2) {
      owner.drop(std::move(packet), DropReason::queue_full);
      return;
    }
    ring.push_back(std::move(packet));
  }
  Packet dequeue(Instant now, Interface&) override { return ring.empty() || now < gate ? Packet() : ring.pop_front(); }
  Instant ready_at(Instant now) const override { return ring.empty() ? Instant::never() : std::max(now, gate); }
  std::size_t packets() const override { return ring.size(); }
  std::size_t bytes() const override { return 0; }
  Ring<Packet> ring;
  Instant gate;
};

/// One byte in front; the last byte of a frame is its check sequence and must be zero.
struct ByteLink final : LinkLayer {
  std::size_t header_size() const override { return 1; }
  bool needs_resolution() const override { return false; }
  bool encapsulate(Packet& packet, const wire::LinkAddress&, const wire::LinkAddress&,
                   std::uint16_t protocol) override {
    if (refuse) {
      return false;
    }
    *packet.push(1) = static_cast<std::byte>(protocol);
    return true;
  }
  std::expected<Arrival, DropReason> decapsulate(Packet&, const wire::LinkAddress&) override { return Arrival{}; }
  bool verify(Packet& frame) override {
    const bool good = frame.peek(frame.size() - 1) == std::byte{0};
    frame.trim(frame.size() - 1);
    frame.meta().fcs_present = false;
    return good;
  }
  bool refuse = false;
};

struct Diary final : Observer {
  void dropped(Instant, const Node& node, const Interface* interface, const Packet& packet,
               DropReason reason) override {
    lines.push_back(node.name() + "." + (interface != nullptr ? interface->name() : "-") + " drops " +
                    std::to_string(packet.size()) + " bytes: " + std::string(name(reason)));
  }
  void noted(Instant, const Node& node, NoteKind kind, std::string_view text) override {
    lines.push_back(node.name() + " " + std::string(name(kind)) + " " + std::string(text));
  }
  std::vector<std::string> lines;
};

struct NetBench {
  Packet frame(std::size_t size, std::uint8_t fill = 0) {
    Packet packet = pool.make();
    check(packet.append(std::vector<std::byte>(size, std::byte{fill})), "no memory for a test's frame");
    return packet;
  }
  /// An interface with the scripted parts, which stay owned by it.
  Interface& plug(Node& at, Medium& medium) {
    Interface& interface = at.add_interface("eth" + std::to_string(at.interfaces().size()));
    interface.set_qdisc(std::make_unique<GatedQueue>());
    interface.set_link_layer(std::make_unique<ByteLink>());
    interface.attach(medium);
    return interface;
  }
  Scheduler scheduler;
  PacketPool pool;
  Environment world{scheduler, pool, 1, nullptr};
};

}  // namespace catenet
