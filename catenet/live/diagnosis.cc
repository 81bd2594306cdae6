// SPDX-License-Identifier: Apache-2.0
#include "catenet/live/diagnosis.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>

#include "catenet/live/descriptor.h"
#include "catenet/live/error.h"

namespace catenet::live {
namespace {

std::optional<long> read_setting(const char* path) {
  auto text = read_file(path, 64);
  if (!text) {
    return std::nullopt;
  }
  long value = 0;
  auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  return error == std::errc() ? std::optional(value) : std::nullopt;
}

// AppArmor 4 syntax; "flags=(unconfined) { userns, }" is how Ubuntu's own profiles allow browsers.
std::string apparmor_advice(const std::string& executable) {
  const std::string path = executable.empty() ? "/path/to/catenet" : executable;
  return "AppArmor restricts unprivileged user namespaces (kernel.apparmor_restrict_unprivileged_userns=1); allow "
         "Catenet "
         "with: echo 'abi <abi/4.0>, profile catenet " +
         path +
         " flags=(unconfined) { userns, }' | sudo tee /etc/apparmor.d/catenet && sudo apparmor_parser -r "
         "/etc/apparmor.d/catenet   (or, for every program until reboot: sudo sysctl "
         "kernel.apparmor_restrict_unprivileged_userns=0)";
}

}  // namespace

NamespaceSettings read_namespace_settings() {
  NamespaceSettings settings;
  settings.unprivileged_userns_clone = read_setting("/proc/sys/kernel/unprivileged_userns_clone");
  settings.apparmor_restrict_unprivileged_userns =
      read_setting("/proc/sys/kernel/apparmor_restrict_unprivileged_userns");
  settings.max_user_namespaces = read_setting("/proc/sys/user/max_user_namespaces");
  settings.max_net_namespaces = read_setting("/proc/sys/user/max_net_namespaces");
  settings.root = ::geteuid() == 0;
  std::array<char, 4096> path;
  ssize_t n = ::readlink("/proc/self/exe", path.data(), path.size());
  if (n > 0) {
    settings.executable.assign(path.data(), static_cast<std::size_t>(n));
  }
  return settings;
}

std::string explain_namespace_failure(const std::string& step, int code, const NamespaceSettings& settings) {
  const std::string head = "cannot make a network namespace (" + step + ": " + errno_text(code) + "): ";
  const bool refused = code == EPERM || code == EACCES;
  if (refused && !settings.root && settings.unprivileged_userns_clone == 0) {
    return head +
           "user namespaces are forbidden (kernel.unprivileged_userns_clone=0); allow them with: "
           "sudo sysctl kernel.unprivileged_userns_clone=1";
  }
  if (refused && !settings.root && settings.apparmor_restrict_unprivileged_userns.value_or(0) > 0) {
    return head + apparmor_advice(settings.executable);
  }
  if ((refused || code == ENOSPC) && settings.max_user_namespaces == 0) {
    return head +
           "user namespaces are forbidden (user.max_user_namespaces=0); allow them with: "
           "sudo sysctl user.max_user_namespaces=15000";
  }
  if (code == ENOSPC && settings.max_net_namespaces == 0) {
    return head +
           "network namespaces are forbidden (user.max_net_namespaces=0); allow them with: "
           "sudo sysctl user.max_net_namespaces=15000";
  }
  if (code == ENOSPC) {
    return head +
           "the limit of namespaces is used up; raise it with: sudo sysctl user.max_user_namespaces=60000 "
           "user.max_net_namespaces=60000";
  }
  if (code == EINVAL || code == ENOSYS) {
    return head +
           "this kernel lacks a namespace kind; it needs CONFIG_USER_NS, CONFIG_NET_NS, CONFIG_PID_NS, "
           "CONFIG_UTS_NS (grep _NS= /boot/config-$(uname -r))";
  }
  if (refused && step == "mount /proc") {
    return head +
           "parts of /proc are masked here, as in a container; start it with --privileged or --security-opt "
           "systempaths=unconfined";
  }
  if (refused) {
    return head +
           "no setting forbids it, so a container's seccomp filter, a chroot or a security module does; run outside "
           "the "
           "container, or start it with --privileged or --security-opt seccomp=unconfined";
  }
  return head + "not a known restriction of user namespaces";
}

}  // namespace catenet::live
