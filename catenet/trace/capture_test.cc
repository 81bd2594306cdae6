// SPDX-License-Identifier: Apache-2.0
#include "catenet/trace/capture.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "catenet/trace/testing_rig.h"

namespace catenet::trace {
namespace {

using testing::have_tshark;
using testing::tshark_fields;
using testing::World;

struct CaptureTest : ::testing::Test {
  CaptureTest() {
    world.environment.observer = &watch;
    capture.plug_in();
    world.scheduler.run_until(Instant::from_ns(7'000'000));
  }
  std::string fields(const std::string& names) const { return tshark_fields(sink.bytes(), names); }

  World world;
  MemorySink sink;
  DropWatch watch;
  PcapngWriter writer{sink, "catenet"};
  Capture capture{world.interface, world.wire, writer, &watch};
};

TEST_F(CaptureTest, PassesEverythingOnInBothDirections) {
  EXPECT_EQ(world.wire.sink, &capture);
  EXPECT_EQ(world.interface.medium(), &capture);
  capture.transmit(world.datagram("out"));
  ASSERT_EQ(world.wire.sent.size(), 1U);
  EXPECT_EQ(world.wire.sent[0].size(), 45U);
  int received = 0;
  auto count = [&](Interface&, Packet frame) {
    ++received;
    frame.consume();
  };
  world.node.on_receive(count);
  capture.receive(world.datagram("in"));
  EXPECT_EQ(received, 1);
  EXPECT_TRUE(capture.is_idle());
  EXPECT_TRUE(capture.is_up());
  world.wire.up = false;
  EXPECT_FALSE(capture.is_up());
}

TEST_F(CaptureTest, FramesTheMediumLosesAreNotWritten) {
  const std::size_t before = sink.bytes().size();
  capture.discard_frame(world.datagram("lost"), DropReason::link_loss);
  EXPECT_EQ(world.interface.drops().of(DropReason::link_loss), 1U);
  EXPECT_EQ(sink.bytes().size(), before);
}

TEST_F(CaptureTest, ChecksumsAreCompleteInTheFileAndStayPartialInTheFrame) {
  if (!have_tshark()) {
    GTEST_SKIP() << "tshark is not installed";
  }
  capture.transmit(world.datagram("odd"));
  capture.transmit(world.datagram(std::string(1400, 'x')));
  capture.receive(world.datagram("even"));
  EXPECT_EQ(fields("frame.time_epoch frame.packet_flags_direction ip.checksum.status udp.checksum.status udp.length"),
            "0.007000000|0x00000002|1|1|11\n"
            "0.007000000|0x00000002|1|1|1408\n"
            "0.007000000|0x00000001|1|1|12\n");
  EXPECT_EQ(fields("_ws.malformed"), "\n\n\n");
  EXPECT_EQ(world.wire.sent[0].meta().checksum, ChecksumState::partial);
}

TEST_F(CaptureTest, ADroppedFrameCarriesTheReason) {
  if (!have_tshark()) {
    GTEST_SKIP() << "tshark is not installed";
  }
  auto drop_when_expired = [&](Interface& in, Packet frame) {
    if (frame.header<wire::Ipv4Header>(14).ttl <= 1) {
      frame.pull(14);
      world.node.drop(std::move(frame), DropReason::ttl_expired, &in);
    } else {
      frame.consume();
    }
  };
  world.node.on_receive(drop_when_expired);
  capture.receive(world.datagram("first", 1));
  capture.receive(world.datagram("second"));
  EXPECT_EQ(fields("frame.comment frame.len"), "dropped: ttl-expired|47\n|48\n");
}

TEST_F(CaptureTest, AnAnswerStandsBehindItsQuestion) {
  if (!have_tshark()) {
    GTEST_SKIP() << "tshark is not installed";
  }
  auto answer = [&](Interface& in, Packet frame) {
    capture.transmit(world.datagram("an answer"));
    world.node.drop(std::move(frame), DropReason::udp_no_port, &in);
  };
  world.node.on_receive(answer);
  capture.receive(world.datagram("a question"));
  EXPECT_EQ(fields("frame.packet_flags_direction frame.comment"), "0x00000001|dropped: udp-no-port\n0x00000002|\n");
}

TEST_F(CaptureTest, DropsOfOtherPacketsAreNotThisFramesFault) {
  if (!have_tshark()) {
    GTEST_SKIP() << "tshark is not installed";
  }
  auto drop_another = [&](Interface&, Packet frame) {
    frame.consume();
    world.node.drop(world.datagram("made here"), DropReason::queue_full);
  };
  world.node.on_receive(drop_another);
  capture.receive(world.datagram("innocent"));
  world.node.drop(world.datagram("later"), DropReason::queue_full);
  EXPECT_EQ(fields("frame.len frame.comment"), "50|\n");
}

TEST_F(CaptureTest, ADamagedFrameIsWrittenWithoutItsFcs) {
  if (!have_tshark()) {
    GTEST_SKIP() << "tshark is not installed";
  }
  for (const std::string_view fcs : {std::string_view("\1\1\1\1"), std::string_view("\0\0\0\0", 4)}) {
    Packet frame = world.datagram("data");
    ASSERT_TRUE(frame.append(std::as_bytes(std::span(fcs.data(), fcs.size()))));
    frame.meta().fcs_present = true;
    frame.meta().checksum = ChecksumState::unverified;
    capture.receive(std::move(frame));
  }
  EXPECT_EQ(world.interface.drops().of(DropReason::fcs_error), 1U);
  EXPECT_EQ(fields("frame.len frame.packet_flags_crc_error frame.comment"), "46|1|dropped: fcs-error\n46|0|\n");
}

TEST(Capture, KeepsNoMoreThanItsSnaplen) {
  if (!have_tshark()) {
    GTEST_SKIP() << "tshark is not installed";
  }
  World world;
  MemorySink sink;
  PcapngWriter writer(sink, "catenet");
  Capture capture(world.interface, world.wire, writer, nullptr, {.snaplen = 34, .description = "short"});
  capture.plug_in();
  capture.transmit(world.datagram("payload"));
  capture.receive(world.datagram("payload"));
  EXPECT_EQ(tshark_fields(sink.bytes(), "frame.interface_name frame.cap_len frame.len"),
            "alice:eth0|34|49\nalice:eth0|34|49\n");
}

}  // namespace
}  // namespace catenet::trace
