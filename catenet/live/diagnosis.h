// SPDX-License-Identifier: Apache-2.0
// Why a namespace could not be made, and what to do about it, in one line. The text is a pure function of an errno
// value and a few settings of the machine, so that every case is tested on any machine.
//
// Cases known (user_namespaces(7), Ubuntu 23.10+ security notes):
//   kernel.unprivileged_userns_clone=0              Debian/Arch switch: EPERM
//   kernel.apparmor_restrict_unprivileged_userns=1  stock Ubuntu 24.04: unshare itself may succeed, but the new
//                                                   namespace has no capabilities, so a later step fails with
//                                                   EPERM/EACCES
//   user.max_user_namespaces=0 or used up           ENOSPC; likewise user.max_net_namespaces
//   kernel without CONFIG_USER_NS                   EINVAL
//   seccomp filter of a container                   EPERM although every setting allows it
#pragma once
#include <optional>
#include <string>

namespace catenet::live {

/// The settings that decide; nullopt = this machine does not have the setting.
struct NamespaceSettings {
  std::optional<long> unprivileged_userns_clone;
  std::optional<long> apparmor_restrict_unprivileged_userns;
  std::optional<long> max_user_namespaces;
  std::optional<long> max_net_namespaces;
  bool root = false;       ///< the effective user is root
  std::string executable;  ///< our own path, for the AppArmor profile; may be empty
};

/// Reads the settings of this machine.
NamespaceSettings read_namespace_settings();

/// `step` is what was being done ("unshare", "write uid_map", "mount /proc"); `code` its errno value.
std::string explain_namespace_failure(const std::string& step, int code, const NamespaceSettings& settings);

}  // namespace catenet::live
