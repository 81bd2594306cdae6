// SPDX-License-Identifier: Apache-2.0
// The channels over a pair of message sockets, which keep frame borders as a NIC does; with real NICs:
// namespace_test.cc.
#include "catenet/live/nic_channel.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <vector>

namespace catenet::live {
namespace {

class NicChannelTest : public testing::TestWithParam<ChannelKind> {
 protected:
  void SetUp() override {
    auto pair = message_pair().value();
    ::fcntl(pair.first.get(), F_SETFL, O_NONBLOCK);
    ::fcntl(pair.second.get(), F_SETFL, O_NONBLOCK);
    far_ = std::move(pair.second);
    channel_ = make_channel(GetParam(), std::move(pair.first), "test", 1500);
  }

  std::vector<RxFrame> places(std::size_t count, std::uint32_t capacity = 1522) {
    buffers_.assign(count, std::vector<std::uint8_t>(capacity));
    std::vector<RxFrame> frames;
    for (auto& buffer : buffers_) {
      frames.push_back({buffer.data(), capacity});
    }
    return frames;
  }

  UniqueFd far_;
  std::unique_ptr<NicChannel> channel_;
  std::vector<std::vector<std::uint8_t>> buffers_;
};

INSTANTIATE_TEST_SUITE_P(Kinds, NicChannelTest, testing::Values(ChannelKind::tap, ChannelKind::packet_socket),
                         [](const auto& kind) { return kind.param == ChannelKind::tap ? "tap" : "packet_socket"; });

TEST_P(NicChannelTest, ReceivesWhatWaitsAndThenNothing) {
  auto frames = places(8);
  EXPECT_EQ(channel_->receive(frames).value(), 0U);
  for (std::size_t size : {60U, 1514U, 61U}) {
    std::vector<std::uint8_t> frame(size, static_cast<std::uint8_t>(size));
    ASSERT_EQ(::write(far_.get(), frame.data(), size), static_cast<ssize_t>(size));
  }
  ASSERT_EQ(channel_->receive(frames).value(), 3U);
  EXPECT_EQ(frames[0].length, 60U);
  EXPECT_EQ(frames[1].length, 1514U);
  EXPECT_EQ(frames[2].length, 61U);
  EXPECT_EQ(frames[2].data[60], 61);
  EXPECT_EQ(channel_->receive(frames).value(), 0U);
}

TEST_P(NicChannelTest, ABatchIsAtMostItsPlaces) {
  std::array<std::uint8_t, 60> frame{};
  for (int i = 0; i < 5; ++i) {
    ASSERT_EQ(::write(far_.get(), frame.data(), frame.size()), 60);
  }
  auto frames = places(3);
  EXPECT_EQ(channel_->receive(frames).value(), 3U);
  EXPECT_EQ(channel_->receive(frames).value(), 2U);
}

TEST_P(NicChannelTest, TooSmallAPlaceIsRefusedNotCut) {
  auto frames = places(2, channel_->max_frame() - 1);
  EXPECT_EQ(channel_->receive(frames).error().code, EMSGSIZE);
}

TEST_P(NicChannelTest, SendsPiecesAsOneFrameUntilTheKernelIsFull) {
  std::array<std::uint8_t, 1000> payload{};
  std::array<std::uint8_t, 14> header{};
  iovec parts[2] = {{header.data(), header.size()}, {payload.data(), payload.size()}};
  std::vector<TxFrame> burst(4096, TxFrame{parts, 2});
  const std::size_t taken = channel_->send(burst).value();
  EXPECT_GT(taken, 0U);
  EXPECT_LT(taken, burst.size());
  EXPECT_EQ(channel_->send(burst).value(), 0U);
  std::array<std::uint8_t, 2000> got;
  for (std::size_t i = 0; i < taken; ++i) {
    ASSERT_EQ(::read(far_.get(), got.data(), got.size()), 1014);
  }
  EXPECT_EQ(::read(far_.get(), got.data(), got.size()), -1);
}

TEST_P(NicChannelTest, KnowsItsFacts) {
  EXPECT_EQ(channel_->description(), "test");
  EXPECT_EQ(channel_->max_frame(), 1522U);
  EXPECT_EQ(channel_->overruns(), 0U);
}

}  // namespace
}  // namespace catenet::live
