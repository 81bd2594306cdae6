// SPDX-License-Identifier: Apache-2.0
// Namespace: a lab node with `stack: linux`, made of Linux namespaces (user, network, mount, UTS, PID) without root.
//
// Life: create() forks a small keeper process, which is process 1 of the new PID namespace, builds the NICs, addresses,
// routes and private files, hands the NICs' descriptors back and then starts programs on request. Nothing outlives
// Catenet: the keeper ends when its control socket closes (exit, crash or SIGKILL of Catenet) and, a second rope, by
// PR_SET_PDEATHSIG when the thread that called create() ends; with process 1 the kernel kills everything inside, and
// with the last process the namespaces, NICs and mounts are gone. Nothing is ever written to the outer file system.
//
// Inside, programs run as root of their own user namespace: an ordinary user's own id is mapped to 0 (and only that
// one, so programs that switch to another user fail); when Catenet runs as root every id is mapped to itself. They see
// the machine's files with the caller's rights; own are /proc, /sys, /etc/hosts and, if given, /etc/resolv.conf.
//
// Threads: call from one thread, which must live as long as the Namespace.
#pragma once
#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "catenet/base/time.h"
#include "catenet/live/error.h"
#include "catenet/live/listen_probe.h"
#include "catenet/live/nic_channel.h"
#include "catenet/live/nic_setup.h"
#include "catenet/live/process.h"

namespace catenet::live {

struct NicSpec {
  std::string name;             ///< 1 to 15 bytes, "eth0"
  std::optional<MacBytes> mac;  ///< empty: the kernel draws one
  std::uint32_t mtu = 1500;     ///< bytes, 68 to 65514, without the Ethernet header
  std::vector<Ipv4Prefix> addresses;
  Attachment attachment = Attachment::automatic;
};

struct Sysctl {
  std::string path;  ///< below /proc/sys, "net/ipv4/ip_forward"
  std::string value;
};

/// Whether to go through a user namespace; `never` needs root (and is what root falls back on where they are
/// forbidden).
enum class UserNamespace : std::uint8_t { automatic, never };

struct NamespaceSpec {
  std::string name;  ///< node name, also the host name inside; 1 to 63 bytes
  std::vector<NicSpec> nics;
  std::vector<Ipv4Route> routes;
  std::vector<Sysctl> sysctls;             ///< written when NICs and routes are there
  std::optional<std::string> hosts;        ///< text of /etc/hosts inside
  std::optional<std::string> resolv_conf;  ///< text of /etc/resolv.conf inside
  std::string working_directory;           ///< of programs, unless they say otherwise; empty: the caller's
  UserNamespace user_namespace = UserNamespace::automatic;
};

/// The kernel's counters of a NIC, seen from inside (rx = from Catenet).
struct NicCounters {
  std::uint64_t rx_bytes = 0, rx_packets = 0, rx_drops = 0;
  std::uint64_t tx_bytes = 0, tx_packets = 0, tx_drops = 0;
};

class Namespace {
 public:
  /// Takes some milliseconds. Errors are one line: what failed, and for forbidden namespaces what to do.
  static LiveResult<std::unique_ptr<Namespace>> create(const NamespaceSpec& spec);
  /// Kills everything inside and waits until it is gone.
  ~Namespace();
  Namespace(const Namespace&) = delete;
  Namespace& operator=(const Namespace&) = delete;

  [[nodiscard]] const std::string& name() const { return name_; }
  /// In the order of NamespaceSpec::nics; owned by the Namespace.
  [[nodiscard]] std::size_t nic_count() const { return nics_.size(); }
  [[nodiscard]] NicChannel& nic(std::size_t i) { return *nics_[i]; }

  /// Starts `/bin/sh -c command`. EPIPE: the namespace is gone; else the reason of the shell not starting.
  LiveResult<std::unique_ptr<Process>> start(const ProcessSpec& spec);

  /// Is a socket inside bound to this port and (TCP) listening, IPv4 or IPv6? Reads /proc, sends nothing.
  [[nodiscard]] bool is_listening(Transport transport, std::uint16_t port) const;
  /// Asks every 2 ms until it is so; false after `timeout`. Blocks: for a driver ask is_listening() by a timer.
  [[nodiscard]] bool wait_until_listening(Transport transport, std::uint16_t port, Duration timeout) const;

  /// ENODEV when the NIC is gone.
  [[nodiscard]] LiveResult<NicCounters> counters(std::size_t nic) const;

  /// The keeper's process id outside; /proc/<id>/net is the namespace's.
  [[nodiscard]] pid_t keeper() const { return keeper_; }
  /// Readable when the keeper has ended, which nobody but the destructor should make it do.
  [[nodiscard]] int gone_fd() const { return keeper_pidfd_.get(); }
  /// "user namespace" or "no user namespace (root)".
  [[nodiscard]] const char* description() const;

 private:
  Namespace() = default;

  std::string name_;
  std::string working_directory_;
  pid_t keeper_ = -1;
  bool with_user_namespace_ = true;
  UniqueFd keeper_pidfd_;
  std::shared_ptr<UniqueFd> control_;  ///< shared with the Processes, which may outlive us
  std::vector<std::string> nic_names_;
  std::vector<std::unique_ptr<NicChannel>> nics_;
};

}  // namespace catenet::live
