// SPDX-License-Identifier: Apache-2.0
#include "catenet/live/process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>

#include <cstdio>

#include "catenet/live/epoll_loop.h"
#include "catenet/live/test_bench.h"

namespace catenet::live {
namespace {

using namespace bench;
using namespace catenet::literals;
using testing::HasSubstr;

class ProcessTest : public testing::Test {
 protected:
  void SetUp() override {
    NamespaceSpec spec{.name = "host", .working_directory = "/usr"};
    auto made = Namespace::create(spec);
    if (!made) {
      GTEST_SKIP() << made.error().text;
    }
    node_ = std::move(*made);
  }
  ExitStatus run(const std::string& command) {
    auto process = node_->start({.command = command});
    return process ? (*process)->wait(20_s).value_or(ExitStatus{true, -1}) : ExitStatus{true, -2};
  }
  std::unique_ptr<Namespace> node_;
};

TEST(ExitStatusText, ReadsWell) {
  EXPECT_EQ((ExitStatus{false, 2}.text()), "exit 2");
  EXPECT_EQ((ExitStatus{true, SIGTERM}.text()), "killed by SIGTERM");
  EXPECT_EQ((ExitStatus{true, 200}.text()), "killed by signal 200");
  EXPECT_TRUE((ExitStatus{false, 0}.success()));
  EXPECT_FALSE((ExitStatus{true, 0}.success()));
}

TEST_F(ProcessTest, ExitCodesAndSignals) {
  EXPECT_EQ(run("true"), (ExitStatus{false, 0}));
  EXPECT_EQ(run("exit 42"), (ExitStatus{false, 42}));
  EXPECT_EQ(run("no-such-command-anywhere"), (ExitStatus{false, 127}));
  EXPECT_EQ(run("kill -SEGV $$"), (ExitStatus{true, SIGSEGV}));
}

TEST_F(ProcessTest, OutputGoesToFilesAndPipes) {
  char path[] = "/tmp/catenet-process-XXXXXX";
  const UniqueFd file(::mkstemp(path));
  ASSERT_TRUE(file);
  auto process = node_->start({.command = "echo out; echo err >&2", .out = Output::file(path), .err = Output::pipe()});
  ASSERT_TRUE(process);
  EXPECT_EQ((*process)->wait(20_s), (ExitStatus{false, 0}));
  EXPECT_EQ(read_file(path).value(), "out\n");
  char text[16] = {};
  EXPECT_EQ(::read((*process)->stderr_fd(), text, sizeof text), 4);
  EXPECT_STREQ(text, "err\n");
  EXPECT_EQ((*process)->stdout_fd(), -1);
  ::unlink(path);
  EXPECT_THAT(node_->start({.command = "true", .out = Output::file("/no/such/place")}).error().text,
              HasSubstr("host: open /no/such/place: No such file or directory"));
}

TEST_F(ProcessTest, EnvironmentDirectoryAndDescriptors) {
  ::setenv("http_proxy", "http://outside:3128", 1);
  auto fresh = Namespace::create({.name = "fresh", .working_directory = "/usr"}).value();
  EXPECT_EQ(output_of(*fresh, "pwd; echo ${http_proxy:-none}"), "/usr\nnone\n");
  ::unsetenv("http_proxy");
  auto process = fresh->start({.command = "echo $GREETING; pwd; cat; ls /proc/self/fd | wc -l",
                               .out = Output::pipe(),
                               .environment = {"GREETING=hello"},
                               .working_directory = "/etc"});
  ASSERT_TRUE(process);
  EXPECT_EQ((*process)->wait(20_s), (ExitStatus{false, 0}));
  char text[64] = {};
  EXPECT_GT(::read((*process)->stdout_fd(), text, sizeof text - 1), 0);
  EXPECT_STREQ(text, "hello\n/etc\n4\n");  // stdin is empty; 0, 1, 2 and ls's own folder: nothing was inherited
  auto nowhere = fresh->start({.command = "true", .working_directory = "/no/such/place"});
  EXPECT_EQ(nowhere.error().text, "fresh: working directory /no/such/place: No such file or directory");
}

TEST_F(ProcessTest, TheEndIsReadableInAnEpollLoop) {
  auto loop = EpollLoop::create();
  auto process = node_->start({.command = "sleep 0.05; exit 3"});
  ASSERT_TRUE(process);
  EXPECT_EQ((*process)->poll(), std::nullopt);
  std::optional<ExitStatus> status;
  auto ended = [&] {
    loop->unwatch((*process)->exit_fd());
    status = (*process)->poll();
  };
  ASSERT_TRUE(loop->watch((*process)->exit_fd(), Delegate<void()>::of(ended)));
  EXPECT_EQ(loop->wait_until(loop->now() + 20_s).value(), 1);
  EXPECT_EQ(status, (ExitStatus{false, 3}));
  EXPECT_EQ((*process)->poll(), status);
}

TEST_F(ProcessTest, TerminateIsPoliteThenNot) {
  auto polite = node_->start({.command = "exec sleep 1000"}).value();
  polite->terminate(20_s);
  EXPECT_EQ(polite->wait(20_s), (ExitStatus{true, SIGTERM}));

  auto deaf = node_->start({.command = "trap '' TERM; echo ready; while :; do sleep 0.05; done", .out = Output::pipe()})
                  .value();
  pollfd ready{deaf->stdout_fd(), POLLIN, 0};
  ASSERT_EQ(::poll(&ready, 1, 20'000), 1);
  deaf->terminate(100_ms);
  EXPECT_EQ(deaf->wait(50_ms), std::nullopt);
  EXPECT_EQ(deaf->wait(20_s), (ExitStatus{true, SIGKILL}));
}

TEST_F(ProcessTest, ADroppedHandleKillsTheGroup) {
  {
    auto group = node_->start({.command = "sleep 1000 & sleep 1001"}).value();
  }
  for (int tries = 0; tries < 500 && output_of(*node_, "ls /proc | grep -c '^[0-9]'") != "4\n"; ++tries) {
    ::usleep(5000);
  }
  EXPECT_EQ(output_of(*node_, "ls /proc | grep -c '^[0-9]'"), "4\n");  // keeper, sh, ls, grep
}

TEST_F(ProcessTest, OutlivesItsNamespaceAsAHandle) {
  auto orphan = node_->start({.command = "sleep 1000"}).value();
  node_.reset();
  EXPECT_EQ(orphan->wait(20_s), (ExitStatus{true, SIGKILL}));
  orphan->terminate(1_s);  // nothing to do, and nothing breaks
}

TEST_F(ProcessTest, ACommandThatIsTooLongIsRefused) {
  EXPECT_THAT(node_->start({.command = "true " + std::string(kMaxMessage, 'x')}).error().text,
              HasSubstr("beyond 64 KiB"));
}

}  // namespace
}  // namespace catenet::live
