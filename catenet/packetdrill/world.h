// SPDX-License-Identifier: Apache-2.0
// The host under test and its only link, in virtual time. The link carries bare IP and ends in the script: what the
// host sends is kept in the order of sending, what the script sends arrives at once.
#pragma once
#include <deque>
#include <span>
#include <vector>

#include "catenet/event/scheduler.h"
#include "catenet/net/interface.h"
#include "catenet/net/link_layer.h"
#include "catenet/net/medium.h"
#include "catenet/node/host.h"
#include "catenet/packetdrill/datagram.h"
#include "catenet/packetdrill/settings.h"

namespace catenet::packetdrill {

/// No header: the packet's first byte tells its version.
class BareLink final : public LinkLayer {
 public:
  [[nodiscard]] std::size_t header_size() const override { return 0; }
  [[nodiscard]] bool needs_resolution() const override { return false; }
  [[nodiscard]] bool encapsulate(Packet&, const wire::LinkAddress&, const wire::LinkAddress&, std::uint16_t) override {
    return true;
  }
  [[nodiscard]] std::expected<Arrival, DropReason> decapsulate(Packet& frame, const wire::LinkAddress& ours) override;
  [[nodiscard]] bool verify(Packet&) override { return true; }
};

/// The host's face of the link: always ready, infinitely fast.
class Tun final : public Medium {
 public:
  explicit Tun(Scheduler& scheduler) : scheduler_(scheduler) {}
  void set_sink(FrameSink& sink) override { sink_ = &sink; }
  [[nodiscard]] bool is_idle() const override { return true; }
  void transmit(Packet frame) override;
  void request_ready() override {}
  [[nodiscard]] bool is_up() const override { return true; }

  void deliver(Packet packet) { sink_->receive(std::move(packet)); }
  std::deque<Seen> sent;  ///< oldest first
  struct Raw {
    Instant at;
    std::vector<std::byte> bytes;
  };
  /// Instead of `sent`, if `keeps_raw`: as they left.
  std::deque<Raw> raw;
  bool keeps_raw = false;

  static constexpr std::size_t kMaxSent = 100'000;  ///< kept at once; more are forgotten

 private:
  Scheduler& scheduler_;
  FrameSink* sink_ = nullptr;
};

class World {
 public:
  /// An IPv6 link has an MTU of 1280 at least.
  World(const node::HostConfig& config, const Addresses& addresses, std::uint32_t mtu);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  /// For connections from now on.
  void apply(const TcpSettings& settings);
  [[nodiscard]] Instant now() const { return scheduler.now(); }
  void inject(std::span<const std::byte> packet);
  /// Fires one event at or before `end`; false if there is none.
  bool step(Instant end);
  /// Sets the clock, when nothing is left to happen before `at`.
  void set_time(Instant at);
  /// Events fired so far are more than any sensible script needs.
  [[nodiscard]] bool is_exhausted() const { return scheduler.events() > kMaxHostEvents; }

  static constexpr std::uint64_t kMaxHostEvents = 3'000'000;

  const Addresses addresses;
  Scheduler scheduler;
  PacketPool pool;
  Environment environment{scheduler, pool, 1};
  Tun tun{scheduler};
  node::Host host;
};

}  // namespace catenet::packetdrill
