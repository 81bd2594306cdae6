// SPDX-License-Identifier: Apache-2.0
#include "catenet/live/descriptor.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>

namespace catenet::live {
namespace {

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) != -1; }

TEST(UniqueFd, ClosesWhatItOwnsOnceAndMovesOwnership) {
  int raw = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  {
    UniqueFd first(raw);
    UniqueFd second(std::move(first));
    EXPECT_EQ(first.get(), -1);  // NOLINT(bugprone-use-after-move): that it is empty now is the point
    EXPECT_EQ(second.get(), raw);
    EXPECT_TRUE(is_open(raw));
  }
  EXPECT_FALSE(is_open(raw));
}

TEST(Message, CarriesBytesAndDescriptorsThatAreCloseOnExec) {
  auto pair = message_pair().value();
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  UniqueFd reader(ends[0]);
  UniqueFd writer(ends[1]);
  std::array<std::uint8_t, 3> hello = {1, 2, 3};
  int passed = writer.get();
  ASSERT_TRUE(send_message(pair.first.get(), hello, std::span(&passed, 1)));
  auto got = receive_message(pair.second.get());
  ASSERT_TRUE(got);
  EXPECT_EQ(got->bytes, (std::vector<std::uint8_t>{1, 2, 3}));
  ASSERT_EQ(got->fds.size(), 1U);
  EXPECT_NE(::fcntl(got->fds[0].get(), F_GETFD) & FD_CLOEXEC, 0);
  ASSERT_EQ(::write(got->fds[0].get(), "x", 1), 1);
  char byte = 0;
  ASSERT_EQ(::read(reader.get(), &byte, 1), 1);
  EXPECT_EQ(byte, 'x');
}

TEST(Message, EndOfFileIsEpipeOnBothSides) {
  auto pair = message_pair().value();
  pair.second.reset();
  EXPECT_EQ(receive_message(pair.first.get()).error().code, EPIPE);
  std::array<std::uint8_t, 1> byte = {0};
  EXPECT_EQ(send_message(pair.first.get(), byte).error().code, EPIPE);  // and no SIGPIPE ends the test
}

TEST(Message, RefusesWhatIsTooLongOrEmpty) {
  auto pair = message_pair().value();
  std::vector<std::uint8_t> big(kMaxMessage + 1);
  EXPECT_EQ(send_message(pair.first.get(), big).error().code, EMSGSIZE);
  EXPECT_EQ(send_message(pair.first.get(), {}).error().code, EMSGSIZE);
}

TEST(ReadFile, GivesTheTextOrTheReason) {
  EXPECT_FALSE(read_file("/proc/self/status").value().empty());
  EXPECT_EQ(read_file("/proc/self/no-such-file").error().code, ENOENT);
  EXPECT_EQ(write_file("/proc/self/no-such-file", "x").error().code, ENOENT);
}

}  // namespace
}  // namespace catenet::live
