// SPDX-License-Identifier: Apache-2.0
// What a Namespace and its keeper say to each other over the control socket. Internal to live/.
//
//   owner                          intermediate process              keeper
//   fork ------------------------> unshare
//        <----------- unshared --- waits
//   writes the id maps
//        --- mapped -------------> clone(CLONE_PARENT) ------------> waits
//        <----- keeper_started --- ends
//        --- build ------------------------------------------------> NICs, addresses, routes, mounts
//        <---------------------------------- ready (NIC fds) ------- serves
//        --- start (stdout, stderr, exit pipe) --------------------> fork, exec
//        <---------------------------------- started --------------- reaps; writes an ExitReport into the exit pipe
//        --- stop -------------------------------------------------> SIGTERM ... SIGKILL
// Any step may answer `failed` instead.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "catenet/live/descriptor.h"

namespace catenet::live {

enum class Verb : std::uint32_t { unshared = 1, mapped, keeper_started, build, ready, failed, start, started, stop };

/// One message: a fixed head, then `texts`, each ended by a zero byte.
struct Control {
  Verb verb = Verb::failed;
  std::int32_t code = 0;       ///< failed: errno; unshared: 1 = with a user namespace; stop: signal
  std::int64_t value = 0;      ///< keeper_started: process id outside; started, stop: inside; failed: see kForbidden
  std::int64_t grace_ns = -1;  ///< stop: SIGKILL after this; -1: never
  std::vector<std::string> texts;  ///< without zero bytes inside
  std::vector<UniqueFd> fds;       ///< of a received message; to send, they are given apart
};

/// Control::value of a failure at a step which machines that restrict namespaces forbid; texts[0] is only the step.
inline constexpr std::int64_t kForbidden = 1;

Result<void> send_control(int socket, const Control& control, std::span<const int> fds = {});
/// EPIPE at end of file, EPROTO when the message makes no sense.
Result<Control> receive_control(int socket);

/// What the keeper writes into a program's exit pipe.
struct ExitReport {
  std::int32_t by_signal = 0;
  std::int32_t value = 0;
};

}  // namespace catenet::live
