// SPDX-License-Identifier: Apache-2.0
// Two hosts with a router between them, in virtual time:
//
//   alice 10.0.1.1 --- 10.0.1.254 gw 10.0.2.254 --- 10.0.2.2 bob
//
// Both cables: 10 Mbit/s, 1 ms, unless told otherwise. The hosts know each other (and gw) by name.
#pragma once
#include <memory>
#include <string_view>
#include <vector>

#include "catenet/crypto/segment_digest.h"
#include "catenet/link/ethernet/ethernet_link.h"
#include "catenet/medium/cable.h"
#include "catenet/medium/impairment.h"
#include "catenet/node/host.h"
#include "catenet/queue/fifo.h"
#include "catenet/sim/simulation.h"
#include "catenet/socket/name_table.h"

namespace catenet::testing {

class RoutedHosts {
 public:
  explicit RoutedHosts(const medium::CableSpec& spec = default_cable(), std::uint64_t seed = 1)
      : simulation_(seed),
        world_(simulation_.add_partition()),
        alice(world_, 1, "alice"),
        gw(world_, 2, "gw"),
        bob(world_, 3, "bob"),
        left_(world_, world_, 10, spec, spec),
        right_(world_, world_, 20, spec, spec) {
    plug(alice, "eth0", left_.a(), 1, "10.0.1.1/24");
    plug(gw, "eth0", left_.b(), 2, "10.0.1.254/24");
    plug(gw, "eth1", right_.a(), 3, "10.0.2.254/24");
    plug(bob, "eth0", right_.b(), 4, "10.0.2.2/24");
    (void)alice.ipv4().set_default_route({10, 0, 1, 254});
    (void)bob.ipv4().set_default_route({10, 0, 2, 254});
    names_.add("alice", *wire::IpAddress::parse("10.0.1.1"));
    names_.add("bob", *wire::IpAddress::parse("10.0.2.2"));
    names_.add("gw", *wire::IpAddress::parse("10.0.1.254"));
    for (node::Host* host : {static_cast<node::Host*>(&alice), &bob}) {
      host->sockets().set_names(&names_);
      host->tcp().set_digest(crypto::make_segment_digest);
    }
  }
  ~RoutedHosts() {
    alice.stop_programs();
    bob.stop_programs();
    left_.drain(DropReason::run_ended);
    right_.drain(DropReason::run_ended);
    for (auto& impairment : impairments_) {
      impairment->drain(DropReason::run_ended);
    }
  }
  RoutedHosts(const RoutedHosts&) = delete;
  RoutedHosts& operator=(const RoutedHosts&) = delete;

  static medium::CableSpec default_cable() { return {.rate = BitRate::mbps(10), .delay = Duration::milliseconds(1)}; }
  void run_for(Duration duration) { simulation_.run_until(simulation_.now() + duration); }
  [[nodiscard]] Instant now() const { return simulation_.now(); }

  /// From now on frames that arrive at bob, or at gw from bob, suffer.
  void impair_to_bob(const medium::ImpairmentSpec& spec) { impair(right_.b(), *bob.find_interface("eth0"), spec); }
  void impair_from_bob(const medium::ImpairmentSpec& spec) { impair(right_.a(), *gw.find_interface("eth1"), spec); }
  /// Pulls or plugs the cable between gw and bob.
  void set_bob_up(bool up) { right_.set_up(up); }

 private:
  void plug(node::Host& host, std::string_view name, Medium& medium, std::uint8_t station, std::string_view address) {
    Interface& interface = host.add_interface(name);
    interface.set_link_layer(std::make_unique<link::EthernetLink>());
    interface.set_qdisc(std::make_unique<queue::Fifo>());
    interface.set_address(wire::MacAddress({0x02, 0, 0, 0, 0, station}));
    interface.attach(medium);
    (void)host.ipv4().add_address(interface, *wire::Ipv4Prefix::parse_interface(address));
  }
  void impair(Medium& medium, Interface& sink, const medium::ImpairmentSpec& spec) {
    const auto id = static_cast<SourceId>(30 + impairments_.size());
    impairments_.push_back(std::make_unique<medium::Impairment>(world_, id, sink.name(), sink, spec));
    medium.set_sink(*impairments_.back());
  }

  sim::Simulation simulation_;
  Environment& world_;
  socket::NameTable names_;

 public:
  node::Host alice;
  node::Router gw;
  node::Host bob;

 private:
  medium::Cable left_;
  medium::Cable right_;
  std::vector<std::unique_ptr<medium::Impairment>> impairments_;
};

}  // namespace catenet::testing
