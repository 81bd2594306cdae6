// SPDX-License-Identifier: Apache-2.0
// Node and Environment: a machine in the network, and the part of the world that is handed to it (time, packets,
// randomness, an observer). A node touches nothing else, so the same node runs in virtual time, in real time and
// embedded.
//
// What a node is made of (ARP, IPv4, TCP, ...) is decided in node/; net knows only that frames come in at interfaces.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catenet/base/rng.h"
#include "catenet/event/scheduler.h"
#include "catenet/event/timer.h"
#include "catenet/net/counters.h"
#include "catenet/net/drop_reason.h"
#include "catenet/net/observer.h"
#include "catenet/packet/packet.h"

namespace catenet {

class Interface;
class Outbox;

/// What is handed to the nodes of one partition. All members outlive the nodes.
struct Environment {
  Scheduler& scheduler;
  PacketPool& pool;
  std::uint64_t seed = 1;        ///< of the run; streams are named from it
  Observer* observer = nullptr;  ///< may be null
  bool digests = true;           ///< interfaces made from now on hash what they receive, for the digest of a run
  unsigned thread = 0;           ///< that runs the nodes
  Outbox* outbox = nullptr;      ///< of that thread; null where there is one thread only
};

class Node {
 public:
  /// `id`: the place in the total order of events, unique in the run (one SourceId for the node's timers).
  Node(Environment& environment, SourceId id, std::string_view name);
  virtual ~Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  /// A frame that arrived at `in`: FCS verified and gone, counted, meta().arrival_interface and stamp set.
  virtual void receive(Interface& in, Packet frame) = 0;
  /// The link of an interface came up or went down.
  virtual void link_changed(Interface& interface);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] Instant now() const { return environment_.scheduler.now(); }
  [[nodiscard]] Scheduler& scheduler() const { return environment_.scheduler; }
  [[nodiscard]] PacketPool& pool() const { return environment_.pool; }
  [[nodiscard]] TimerQueue& timers() { return timers_; }
  [[nodiscard]] Environment& environment() const { return environment_; }
  /// The node's random stream for one purpose: Rng(seed, node name, purpose); another one after each crash.
  [[nodiscard]] Rng random_stream(std::string_view purpose) const;

  /// Interfaces in the order of their making; the address of an Interface never changes.
  Interface& add_interface(std::string_view name);
  [[nodiscard]] std::span<const std::unique_ptr<Interface>> interfaces() const { return interfaces_; }
  [[nodiscard]] Interface* find_interface(std::string_view name) const;

  /// Ends a packet with a reason: counts it (at `interface` if given, else at the node), tells the observer, frees it.
  void drop(Packet packet, DropReason reason, Interface* interface = nullptr);
  /// Drops that belong to no interface.
  [[nodiscard]] const DropCounters& drops() const { return drops_; }
  /// How often it has crashed.
  [[nodiscard]] std::uint32_t crashes() const { return crashes_; }

  /// Tells the story. `text` is a callable that makes the string; it is called only when somebody listens.
  template <typename MakeText>
  void note(NoteKind kind, MakeText&& text) const {
    if (environment_.observer != nullptr) {
      environment_.observer->noted(now(), *this, kind, text());
    }
  }

 protected:
  /// While a machine loses its memory, what it drops dies of that, whatever the room says that it was in.
  void drop_all_as(std::optional<DropReason> reason) { drops_as_ = reason; }
  /// It has crashed: streams asked for from now on are new ones (RFC 6528: numbers of before must not come again).
  void begin_again() { ++crashes_; }

 private:
  Environment& environment_;
  TimerQueue timers_;
  std::optional<DropReason> drops_as_;
  std::uint32_t crashes_ = 0;
  std::string name_;
  std::vector<std::unique_ptr<Interface>> interfaces_;
  DropCounters drops_;
};

}  // namespace catenet
