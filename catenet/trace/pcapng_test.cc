// SPDX-License-Identifier: Apache-2.0
#include "catenet/trace/pcapng.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "catenet/trace/testing_rig.h"

namespace catenet::trace {
namespace {

using testing::have_tshark;
using testing::TemporaryFile;
using testing::tshark_fields;

const std::vector<std::byte> kFrame(61, std::byte{0x5a});

std::uint32_t word(const std::vector<std::byte>& bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    value |= std::to_integer<std::uint32_t>(bytes.at(at + i)) << (8 * i);
  }
  return value;
}

TEST(Pcapng, BlocksAreFramedAsTheDraftSays) {
  MemorySink sink;
  PcapngWriter writer(sink, "catenet 9.9");
  EXPECT_EQ(writer.add_interface({.name = "a:eth0", .description = "to b"}), 0U);
  EXPECT_EQ(writer.add_interface({.name = "a:eth1"}), 1U);
  writer.write({.interface = 1, .at = Instant::from_ns(5'000'000'007), .length = 61, .data = kFrame, .comment = "hm"});
  std::vector<std::uint32_t> types;
  std::size_t at = 0;
  while (at < sink.bytes().size()) {
    const std::uint32_t length = word(sink.bytes(), at + 4);
    ASSERT_EQ(length % 4, 0U);
    ASSERT_EQ(word(sink.bytes(), at + length - 4), length) << "the length stands at both ends";
    types.push_back(word(sink.bytes(), at));
    at += length;
  }
  EXPECT_EQ(types, (std::vector<std::uint32_t>{0x0a0d0d0a, 1, 1, 6}));
  EXPECT_EQ(word(sink.bytes(), 8), 0x1a2b3c4dU);
}

TEST(Pcapng, TheSameCallsGiveTheSameBytes) {
  const auto make = [] {
    MemorySink sink;
    PcapngWriter writer(sink, "catenet");
    writer.add_interface({.name = "a:eth0"});
    writer.write({.length = 61, .data = kFrame});
    return sink.bytes();
  };
  EXPECT_EQ(make(), make());
}

TEST(Pcapng, HeldPacketsFollowTheOneThatReleasesThem) {
  MemorySink sink;
  PcapngWriter writer(sink, "catenet");
  writer.add_interface({.name = "a:eth0"});
  const std::size_t start = sink.bytes().size();
  writer.hold();
  writer.write({.direction = Direction::outbound, .length = 61, .data = kFrame});
  EXPECT_EQ(sink.bytes().size(), start);
  writer.release({.direction = Direction::inbound, .length = 40, .data = std::span(kFrame).first(40)});
  EXPECT_EQ(word(sink.bytes(), start + 24), 40U);
  EXPECT_EQ(word(sink.bytes(), start + word(sink.bytes(), start + 4) + 24), 61U);
}

TEST(Pcapng, TsharkReadsNamesStampsDirectionsAndComments) {
  if (!have_tshark()) {
    GTEST_SKIP() << "tshark is not installed";
  }
  MemorySink sink;
  PcapngWriter writer(sink, "catenet 9.9");
  writer.add_interface({.name = "alice:eth0", .description = "to sw1"});
  writer.add_interface({.name = "bob:eth1", .snaplen = 20});
  writer.write({.interface = 0, .at = Instant::from_ns(1'000'000'001), .length = 61, .data = kFrame});
  writer.write({.interface = 1,
                .at = Instant::from_ns(292LL * 365 * 86400 * 1'000'000'000),
                .direction = Direction::outbound,
                .length = 61,
                .data = std::span(kFrame).first(20),
                .comment = "dropped: ttl-expired"});
  EXPECT_EQ(tshark_fields(sink.bytes(),
                          "frame.interface_name frame.interface_description frame.time_epoch "
                          "frame.packet_flags_direction frame.len frame.cap_len frame.comment"),
            "alice:eth0|to sw1|1.000000001|0x00000001|61|61|\n"
            "bob:eth1||9208512000.000000000|0x00000002|61|20|dropped: ttl-expired\n");
}

TEST(Pcapng, CapinfosKnowsTheApplicationAndTheResolution) {
  if (!have_tshark()) {
    GTEST_SKIP() << "capinfos is not installed";
  }
  MemorySink sink;
  PcapngWriter writer(sink, "catenet 9.9");
  writer.add_interface({.name = "alice:eth0"});
  writer.write({.length = 61, .data = kFrame});
  const TemporaryFile file("info.pcapng");
  file.write(sink.bytes());
  const std::string info = testing::output_of("capinfos " + file.path());
  EXPECT_NE(info.find("catenet 9.9"), std::string::npos) << info;
  EXPECT_NE(info.find("nanosecond"), std::string::npos) << info;
  EXPECT_NE(info.find("Encapsulation = Ethernet"), std::string::npos) << info;
}

TEST(Pcapng, AnEmptyCaptureIsAValidFile) {
  if (!have_tshark()) {
    GTEST_SKIP() << "tshark is not installed";
  }
  MemorySink sink;
  PcapngWriter writer(sink, "catenet");
  writer.add_interface({.name = "alice:eth0"});
  EXPECT_EQ(tshark_fields(sink.bytes(), "frame.number"), "");
}

}  // namespace
}  // namespace catenet::trace
