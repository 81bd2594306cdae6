// SPDX-License-Identifier: Apache-2.0
// Player: one run of one script. Internal to the runner.
#pragma once
#include <deque>
#include <optional>

#include "catenet/packetdrill/assertion.h"
#include "catenet/packetdrill/calls.h"
#include "catenet/packetdrill/flow.h"
#include "catenet/packetdrill/freebsd.h"
#include "catenet/packetdrill/runner.h"
#include "catenet/packetdrill/world.h"

namespace catenet::packetdrill {

class Player {
 public:
  Player(const Settings& settings, const Script& script);
  [[nodiscard]] Outcome play();

 private:
  /// Nothing: go on.
  using Stop = std::optional<Outcome>;
  struct Pending {  // a call that has not returned
    const Event* event = nullptr;
    Progress progress;
    Instant until;
  };

  Stop play_event(const Event& event);
  [[nodiscard]] bool has_listener(std::uint16_t port) const;
  Stop play_inbound(const Event& event, const PacketEvent& packet);
  Stop play_call(const Event& event, const CallEvent& call);
  Stop check_sockets(const Event& event, const SocketCount& wanted);
  Stop check_row(const Event& event, const RowCheck& wanted);
  Stop play_command(const Event& event, const std::string& command);
  /// Of a connection that the script is done with, while it expects the beginning of another one.
  [[nodiscard]] bool is_afterword(const Seen& seen, const PacketEvent& expected);
  Stop play_code(const Event& event, const CodeEvent& code);

  // Outbound packets (player_packets.cc).
  Stop play_outbound(const Event& event, const PacketEvent& packet);
  Stop compare_packet(const Event& event, const PacketEvent& expected, Seen seen);
  Stop gather(const Event& event, const PacketEvent& expected, Flow& flow, Seen& seen);
  Stop check_time(const Event& event, Instant at, const std::string& what);
  /// The next packet that leaves, not after `end`.
  [[nodiscard]] std::optional<Seen> next_packet(Instant end);
  Flow* flow_of(const Seen& seen, const PacketEvent& expected);
  Flow* flow_for(const PacketEvent& packet);
  Flow& open_flow(bool tcp, const wire::Endpoint& local, const wire::Endpoint& remote);
  [[nodiscard]] wire::Endpoint server_end(const PacketEvent& packet) const;

  // Calls.
  Stop settle(const Answer& answer);
  Stop judge(const Event& event, const CallEvent& call, const Answer& answer);
  /// Lets the pending call end, in its time.
  Stop finish_call();
  void try_pending();
  void note_call(const CallEvent& call, const Answer& answer);

  /// Lets time pass up to `at`, what is due then included.
  Stop advance(Instant at);
  bool step(Instant end);
  [[nodiscard]] Instant start_of(const Event& event) const;
  [[nodiscard]] Duration tolerance(Instant at) const;
  Outcome failed(const Event& event, std::string reason, std::string expected = {}, std::string got = {}) const;
  Outcome skipped(const Event& event, std::string reason) const;

  const Settings& settings_;
  const Script& script_;
  World world_;
  Calls calls_;
  Variables variables_;
  std::deque<Flow> flows_;
  Flow* current_ = nullptr;
  std::optional<wire::Endpoint> fresh_listener_;  // nothing has come for it yet
  std::uint16_t next_port_ = 41000;               // of the remote end
  int last_fd_ = -1;                              // of the last call
  Instant before_;                                // when the event before this one ended
  std::optional<Pending> pending_;
  Stop ended_;  // how the pending call ended, if badly
};

}  // namespace catenet::packetdrill
