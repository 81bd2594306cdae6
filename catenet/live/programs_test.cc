// SPDX-License-Identifier: Apache-2.0
// Programs without a namespace, as children of a forked stand-in for the keeper (reap() takes every child there is).
#include "catenet/live/programs.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "catenet/live/test_bench.h"

namespace catenet::live {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(MergeEnvironment, DropsProxiesAndLetsTheCallerOverride) {
  const char* outer[] = {"PATH=/bin", "http_proxy=http://x", "HTTPS_PROXY=y", "no_proxy=z",
                         "LANG=C",    "PROXY=kept",          nullptr};
  const std::vector<std::string> extra = {"LANG=de", "A=1"};
  EXPECT_THAT(merge_environment(outer, extra), ElementsAre("PATH=/bin", "PROXY=kept", "LANG=de", "A=1"));
  EXPECT_THAT(merge_environment(nullptr, {}), ElementsAre());
}

struct Started {
  LiveResult<pid_t> id;
  UniqueFd exit;
};

Started start(Programs& programs, std::string directory, std::string command) {
  int ends[2];
  EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  Control request{Verb::start, 0, 0, -1, {std::move(directory), std::move(command)}, {}};
  request.fds.emplace_back(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  request.fds.emplace_back(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  request.fds.emplace_back(ends[1]);
  return {programs.start(std::move(request)), UniqueFd(ends[0])};
}

ExitReport finish(Programs& programs, const UniqueFd& exit) {
  ExitReport report{-1, -1};
  for (int i = 0; i < 2000; ++i) {
    programs.enforce_grace();
    programs.reap();
    pollfd wait{exit.get(), POLLIN, 0};
    if (::poll(&wait, 1, 5) == 1) {
      EXPECT_EQ(::read(exit.get(), &report, sizeof report), static_cast<ssize_t>(sizeof report));
      break;
    }
  }
  return report;
}

TEST(Programs, ReportsCodesAndSignals) {
  EXPECT_EQ(bench::in_child([] {
              Programs programs;
              Started seven = start(programs, "/", "exit 7");
              Started killed = start(programs, "", "kill -9 $$");
              ASSERT_TRUE(seven.id && killed.id);
              const ExitReport first = finish(programs, seven.exit);
              EXPECT_EQ(first.by_signal, 0);
              EXPECT_EQ(first.value, 7);
              const ExitReport second = finish(programs, killed.exit);
              EXPECT_EQ(second.by_signal, 1);
              EXPECT_EQ(second.value, SIGKILL);
            }),
            0);
}

TEST(Programs, AMissingDirectoryIsAnErrorAtOnce) {
  EXPECT_EQ(bench::in_child([] {
              Programs programs;
              Started none = start(programs, "/no/such/place", "true");
              ASSERT_FALSE(none.id);
              EXPECT_EQ(none.id.error().code, ENOENT);
              EXPECT_THAT(none.id.error().text, HasSubstr("/no/such/place"));
            }),
            0);
}

TEST(Programs, GraceEndsInSigkill) {
  EXPECT_EQ(bench::in_child([] {
              Programs programs;
              Started deaf = start(programs, "", "trap '' TERM; while :; do sleep 0.05; done");
              ASSERT_TRUE(deaf.id);
              ::usleep(100'000);  // let the trap be set
              EXPECT_EQ(programs.enforce_grace(), -1);
              programs.stop({Verb::stop, SIGTERM, *deaf.id, 50'000'000, {}, {}});
              const int left = programs.enforce_grace();
              EXPECT_GT(left, 0);
              EXPECT_LE(left, 51);
              const ExitReport report = finish(programs, deaf.exit);
              EXPECT_EQ(report.value, SIGKILL);
              programs.stop({Verb::stop, SIGTERM, *deaf.id, -1, {}, {}});  // known no more: signals nobody
            }),
            0);
}

TEST(Programs, ARequestWithoutItsDescriptorsIsRefused) {
  Programs programs;
  EXPECT_EQ(programs.start({Verb::start, 0, 0, -1, {"/", "true"}, {}}).error().code, EPROTO);
}

}  // namespace
}  // namespace catenet::live
