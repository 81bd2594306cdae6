// SPDX-License-Identifier: Apache-2.0
#include "catenet/live/diagnosis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>

namespace catenet::live {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Diagnosis, DebianSwitchNamesTheSysctlLine) {
  NamespaceSettings settings{.unprivileged_userns_clone = 0};
  std::string text = explain_namespace_failure("unshare", EPERM, settings);
  EXPECT_THAT(text, HasSubstr("unshare: Operation not permitted"));
  EXPECT_THAT(text, HasSubstr("sudo sysctl kernel.unprivileged_userns_clone=1"));
}

TEST(Diagnosis, UbuntuNamesTheProfileOfThisProgramAtAnyStep) {
  NamespaceSettings settings{.unprivileged_userns_clone = 1,
                             .apparmor_restrict_unprivileged_userns = 1,
                             .executable = "/opt/catenet/bin/catenet"};
  for (int code : {EPERM, EACCES}) {
    std::string text = explain_namespace_failure("write uid_map", code, settings);
    EXPECT_THAT(text, HasSubstr("kernel.apparmor_restrict_unprivileged_userns=1"));
    EXPECT_THAT(text, HasSubstr("profile catenet /opt/catenet/bin/catenet flags=(unconfined) { userns, }"));
  }
}

TEST(Diagnosis, RootIsNotToldAboutUnprivilegedSwitches) {
  NamespaceSettings settings{.unprivileged_userns_clone = 0, .apparmor_restrict_unprivileged_userns = 1, .root = true};
  std::string text = explain_namespace_failure("unshare", EPERM, settings);
  EXPECT_THAT(text, Not(HasSubstr("apparmor_restrict")));
  EXPECT_THAT(text, HasSubstr("seccomp"));
}

TEST(Diagnosis, LimitsAreToldApart) {
  EXPECT_THAT(explain_namespace_failure("unshare", ENOSPC, {.max_user_namespaces = 0}),
              HasSubstr("sysctl user.max_user_namespaces=15000"));
  EXPECT_THAT(explain_namespace_failure("unshare", ENOSPC, {.max_user_namespaces = 9, .max_net_namespaces = 0}),
              HasSubstr("sysctl user.max_net_namespaces=15000"));
  EXPECT_THAT(explain_namespace_failure("unshare", ENOSPC, {.max_user_namespaces = 9, .max_net_namespaces = 9}),
              HasSubstr("used up"));
}

TEST(Diagnosis, KernelWithoutNamespaces) {
  EXPECT_THAT(explain_namespace_failure("unshare", EINVAL, {}), HasSubstr("CONFIG_USER_NS"));
}

TEST(Diagnosis, AMaskedProcIsToldFromAFilter) {
  EXPECT_THAT(explain_namespace_failure("mount /proc", EPERM, {}), HasSubstr("systempaths=unconfined"));
  EXPECT_THAT(explain_namespace_failure("unshare", EPERM, {}), HasSubstr("seccomp=unconfined"));
}

TEST(Diagnosis, EveryTextIsOneLine) {
  NamespaceSettings ubuntu{.apparmor_restrict_unprivileged_userns = 1};
  for (int code : {EPERM, EACCES, ENOSPC, EINVAL, ENOSYS, ENOMEM}) {
    EXPECT_EQ(explain_namespace_failure("unshare", code, ubuntu).find('\n'), std::string::npos);
  }
}

TEST(Diagnosis, SettingsOfThisMachine) {
  NamespaceSettings settings = read_namespace_settings();
  EXPECT_EQ(settings.root, ::geteuid() == 0);
  EXPECT_THAT(settings.executable, HasSubstr("test_live"));
}

}  // namespace
}  // namespace catenet::live
