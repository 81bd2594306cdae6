// SPDX-License-Identifier: Apache-2.0
// pcapng_reader.cc: what the writer writes, files that others wrote, and files that are wrong.
#include "catenet/trace/pcapng_reader.h"

#include <gmock/gmock.h>

#include <sstream>

#include "catenet/trace/pcapng.h"

namespace catenet::trace {
namespace {

using ::testing::HasSubstr;

std::string bytes_from(std::initializer_list<unsigned> values) {
  std::string out;
  for (const unsigned value : values) {
    out += static_cast<char>(value);
  }
  return out;
}

/// A section header and one Ethernet interface in big-endian, stamps of `resolution` (an if_tsresol).
std::string big_endian(unsigned resolution) {
  return bytes_from({0x0a, 0x0d, 0x0d, 0x0a, 0,    0,    0,    28,   0x1a, 0x2b, 0x3c, 0x4d, 0, 1, 0, 0,  //
                     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0,    0,    0,    28}) +
         bytes_from({0, 0, 0, 1, 0,          0, 0, 32, 0, 1, 0, 0, 0, 0, 0, 9,  //
                     0, 9, 0, 1, resolution, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 32});
}
/// Its packet: five bytes, stamp 0x0000000100000002.
std::string big_endian_packet() {
  return bytes_from({0, 0, 0, 6, 0, 0, 0, 40, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 5, 0, 0, 0, 7,  //
                     1, 2, 3, 4, 5, 0, 0, 0,  0, 0, 0, 40});
}

struct Read {
  explicit Read(const std::string& file, const PcapngLimits& limits = {}) : stream(file), reader(stream, limits) {
    while (true) {
      auto packet = reader.next();
      if (!packet) {
        error = packet.error();
        return;
      }
      if (!*packet) {
        return;
      }
      packets.push_back(std::move(**packet));
    }
  }
  std::istringstream stream;
  PcapngReader reader;
  std::vector<CapturedPacket> packets;
  std::string error;
};

TEST(PcapngReader, ReadsWhatTheWriterWrote) {
  MemorySink sink;
  PcapngWriter writer(sink, "catenet");
  const std::vector<std::byte> data(61, std::byte{0x5a});
  writer.add_interface({.name = "a:eth0", .description = "to b"});
  writer.add_interface({.name = "a:eth1", .link_type = kLinkTypeRaw, .snaplen = 20});
  writer.write(
      {.interface = 0, .at = Instant::from_ns(1), .direction = Direction::outbound, .length = 61, .data = data});
  writer.write({.interface = 1,
                .at = Instant::from_ns(292LL * 365 * 86400 * 1'000'000'000 + 7),
                .bad_fcs = true,
                .length = 61,
                .data = std::span(data).first(20),
                .comment = "dropped: fcs-error"});
  const Read read(sink.text());
  EXPECT_EQ(read.error, "");
  ASSERT_EQ(read.reader.interfaces().size(), 2U);
  EXPECT_EQ(read.reader.interfaces()[0].name, "a:eth0");
  EXPECT_EQ(read.reader.interfaces()[0].description, "to b");
  EXPECT_EQ(read.reader.interfaces()[1].link_type, kLinkTypeRaw);
  ASSERT_EQ(read.packets.size(), 2U);
  const CapturedPacket& first = read.packets[0];
  EXPECT_EQ(first.at, Instant::from_ns(1));
  EXPECT_EQ(first.direction, 2);
  EXPECT_EQ(first.data, data);
  const CapturedPacket& second = read.packets[1];
  EXPECT_EQ(second.interface, 1U);
  EXPECT_EQ(second.at.ns(), 292LL * 365 * 86400 * 1'000'000'000 + 7);
  EXPECT_TRUE(second.bad_fcs);
  EXPECT_EQ(second.length, 61U);
  EXPECT_EQ(second.data.size(), 20U);
  EXPECT_EQ(second.comment, "dropped: fcs-error");
  EXPECT_FALSE(first.same_as(second));
  EXPECT_EQ(second.offset - first.offset, 20 + 64 + 12 + 12U);
}

TEST(PcapngReader, ReadsTheOtherByteOrderAndOtherResolutions) {
  const Read millis(big_endian(3) + big_endian_packet());
  EXPECT_EQ(millis.error, "");
  ASSERT_EQ(millis.packets.size(), 1U);
  EXPECT_EQ(millis.packets[0].at.ns(), ((1LL << 32) + 2) * 1'000'000);
  EXPECT_EQ(millis.packets[0].length, 7U);
  EXPECT_THAT(millis.packets[0].data,
              ::testing::ElementsAre(std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}, std::byte{5}));
  const Read binary(big_endian(0x80 | 33) + big_endian_packet());
  ASSERT_EQ(binary.packets.size(), 1U);
  EXPECT_EQ(binary.packets[0].at.ns(), 500'000'000);
  const Read fine(big_endian(12) + big_endian_packet());
  ASSERT_EQ(fine.packets.size(), 1U);
  EXPECT_EQ(fine.packets[0].at.ns(), 4'294'967);
}

TEST(PcapngReader, ASecondSectionBeginsAnew) {
  const Read read(big_endian(9) + big_endian_packet() + big_endian(9) + big_endian_packet());
  EXPECT_EQ(read.error, "");
  EXPECT_EQ(read.packets.size(), 2U);
  EXPECT_EQ(read.reader.interfaces().size(), 1U);
}

TEST(PcapngReader, ASimplePacketIsCutByTheSnaplen) {
  const Read read(big_endian(9) + bytes_from({0, 0, 0, 3, 0, 0, 0, 28, 0, 0, 0, 99, 1, 2, 3, 4, 5, 6, 7, 8,  //
                                              9, 0, 0, 0, 0, 0, 0, 28}));
  EXPECT_EQ(read.error, "");
  ASSERT_EQ(read.packets.size(), 1U);
  EXPECT_EQ(read.packets[0].length, 99U);
  EXPECT_EQ(read.packets[0].data.size(), 9U);
}

TEST(PcapngReader, AnEmptyFileHasNoPacket) {
  const Read read("");
  EXPECT_EQ(read.error, "");
  EXPECT_TRUE(read.packets.empty());
}

TEST(PcapngReader, SaysWhatIsWrongAndWhere) {
  const std::string head = big_endian(9);
  const std::string packet = big_endian_packet();
  EXPECT_THAT(Read("hello, world").error, HasSubstr("byte 0: not a pcapng file"));
  EXPECT_THAT(Read(head.substr(0, 10)).error, HasSubstr("byte 0: the file ends inside a section header"));
  EXPECT_THAT(Read(head + packet.substr(0, 30)).error, HasSubstr("byte 60: the file ends inside a block"));
  EXPECT_THAT(Read(head + packet.substr(0, 3)).error, HasSubstr("byte 60: the file ends inside a block"));
  std::string wrong = head + packet;
  wrong[8] = 0;
  EXPECT_THAT(Read(wrong).error, HasSubstr("byte-order magic"));
  wrong = head + packet;
  wrong[13] = 9;
  EXPECT_THAT(Read(wrong).error, HasSubstr("version 9"));
  wrong = head + packet;
  wrong[60 + 7] = 41;
  EXPECT_THAT(Read(wrong).error, HasSubstr("a block of 41 bytes"));
  wrong = head + packet;
  wrong[60 + 4] = 0x7f;
  EXPECT_THAT(Read(wrong).error, HasSubstr("at most 16777216 are read"));
  wrong = head + packet;
  wrong[60 + 39] = 44;
  EXPECT_THAT(Read(wrong).error, HasSubstr("two lengths differ"));
  wrong = head + packet;
  wrong[60 + 11] = 1;
  EXPECT_THAT(Read(wrong).error, HasSubstr("a packet of interface 1, which is not described"));
  wrong = head + packet;
  wrong[60 + 23] = 9;
  EXPECT_THAT(Read(wrong).error, HasSubstr("a packet that reaches beyond its block"));
  EXPECT_THAT(Read(big_endian(0) + packet).error, "");
  wrong = big_endian(0) + packet;
  wrong[60 + 12] = 1;
  EXPECT_THAT(Read(wrong).error, HasSubstr("292 years"));
  wrong = head + packet;
  wrong[28 + 19] = 40;
  EXPECT_THAT(Read(wrong).error, HasSubstr("an option that reaches beyond its block"));
  EXPECT_THAT(Read(head + head.substr(28), {.interfaces = 1}).error, HasSubstr("more than 1 interfaces"));
}

}  // namespace
}  // namespace catenet::trace
