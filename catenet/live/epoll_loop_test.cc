// SPDX-License-Identifier: Apache-2.0
#include "catenet/live/epoll_loop.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace catenet::live {
namespace {

using namespace catenet::literals;

struct Pipe {
  Pipe() {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    reader.reset(ends[0]);
    writer.reset(ends[1]);
  }
  void write() const { EXPECT_EQ(::write(writer.get(), "x", 1), 1); }
  UniqueFd reader, writer;
};

struct Reader {
  EpollLoop* loop;
  int fd;
  int unwatch = -1;  ///< done in the callback
  int calls = 0;
  void readable() {
    ++calls;
    loop->unwatch(unwatch);
    char byte = 0;
    (void)!::read(fd, &byte, 1);
  }
};

TEST(EpollLoop, SleepsUntilTheInstantAndNotLess) {
  auto loop = EpollLoop::create();
  ASSERT_TRUE(loop);
  EpollLoop::set_timer_slack(1_ns);
  for (int i = 0; i < 5; ++i) {
    const Instant deadline = loop->now() + 300_us;
    EXPECT_EQ(loop->wait_until(deadline).value(), 0);
    EXPECT_GE(loop->now(), deadline);
    EXPECT_LT(loop->now() - deadline, 1_s);  // generous: the machine may be busy
  }
}

TEST(EpollLoop, APastDeadlineOnlyLooks) {
  auto loop = EpollLoop::create();
  Pipe pipe;
  Reader reader{&*loop, pipe.reader.get()};
  ASSERT_TRUE(loop->watch(pipe.reader.get(), Delegate<void()>::to<&Reader::readable>(reader)));
  EXPECT_EQ(loop->wait_until(Instant::zero()).value(), 0);
  pipe.write();
  EXPECT_EQ(loop->wait_until(Instant::zero()).value(), 1);
  EXPECT_EQ(reader.calls, 1);
}

TEST(EpollLoop, ReadableEndsASleepWithoutLimit) {
  auto loop = EpollLoop::create();
  Pipe pipe;
  Reader reader{&*loop, pipe.reader.get()};
  ASSERT_TRUE(loop->watch(pipe.reader.get(), Delegate<void()>::to<&Reader::readable>(reader)));
  pipe.write();
  EXPECT_EQ(loop->wait_until(Instant::never()).value(), 1);
}

TEST(EpollLoop, UnwatchedInTheSameRoundIsNotCalled) {
  auto loop = EpollLoop::create();
  Pipe a, b;
  Reader first{&*loop, a.reader.get(), b.reader.get()};
  Reader second{&*loop, b.reader.get(), a.reader.get()};
  ASSERT_TRUE(loop->watch(a.reader.get(), Delegate<void()>::to<&Reader::readable>(first)));
  ASSERT_TRUE(loop->watch(b.reader.get(), Delegate<void()>::to<&Reader::readable>(second)));
  a.write();
  b.write();
  EXPECT_EQ(loop->wait_until(loop->now() + 1_s).value(), 1);  // whichever came first silenced the other
  EXPECT_EQ(first.calls + second.calls, 1);
}

TEST(EpollLoop, WatchingTwiceOrNothingIsAnError) {
  auto loop = EpollLoop::create();
  Pipe pipe;
  Reader reader{&*loop, pipe.reader.get()};
  const auto callback = Delegate<void()>::to<&Reader::readable>(reader);
  ASSERT_TRUE(loop->watch(pipe.reader.get(), callback));
  EXPECT_EQ(loop->watch(pipe.reader.get(), callback).error().code, EEXIST);
  EXPECT_EQ(loop->watch(-1, callback).error().code, EBADF);
  loop->unwatch(pipe.reader.get());
  EXPECT_TRUE(loop->watch(pipe.reader.get(), callback));
}

TEST(SignalWatch, DeliversByDescriptorAndRestoresTheMask) {
  auto loop = EpollLoop::create();
  {
    auto signals = SignalWatch::create({SIGUSR1});
    ASSERT_TRUE(signals);
    EXPECT_FALSE(signals->next());
    int got = 0;
    auto take = [&] { got = signals->next().value_or(0); };
    ASSERT_TRUE(loop->watch(signals->fd(), Delegate<void()>::of(take)));
    ::kill(::getpid(), SIGUSR1);
    EXPECT_EQ(loop->wait_until(loop->now() + 10_s).value(), 1);
    EXPECT_EQ(got, SIGUSR1);
    loop->unwatch(signals->fd());
    ::kill(::getpid(), SIGUSR1);  // left waiting: must not end the test when the mask is restored
  }
  sigset_t mask;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  EXPECT_EQ(sigismember(&mask, SIGUSR1), 0);
}

}  // namespace
}  // namespace catenet::live
