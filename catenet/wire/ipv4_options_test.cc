// SPDX-License-Identifier: Apache-2.0
#include "catenet/wire/ipv4_options.h"

#include <gtest/gtest.h>

#include "catenet/wire/testing_pcap.h"

namespace catenet::wire {
namespace {

using testing::Buffer;
using testing::hex;

Buffer emitted_options(const Ipv4Options& options) {
  Buffer out(options.size());
  EXPECT_EQ(options.emit(out), out.size());
  return out;
}

TEST(Ipv4Options, ReaderWalksAndStopsAtTheEnd) {
  const Buffer bytes = hex("01 94 04 00 00 01 01 82 03 ff 00 07");  // NOP, router alert, NOPs, security, EOL, padding
  Ipv4OptionReader reader(bytes);
  auto next = reader.next();
  ASSERT_TRUE(next && *next);
  EXPECT_TRUE((*next)->is(Ipv4OptionType::kRouterAlert));
  EXPECT_TRUE((*next)->is_copied());
  EXPECT_EQ((*next)->offset, 21U);
  EXPECT_EQ((*next)->bytes.size(), 4U);
  next = reader.next();
  ASSERT_TRUE(next && *next);
  EXPECT_EQ((*next)->type, 0x82);
  EXPECT_EQ((*next)->offset, 27U);
  next = reader.next();
  ASSERT_TRUE(next);
  EXPECT_FALSE(*next);
  EXPECT_FALSE(*reader.next());
}

TEST(Ipv4Options, ParsesRecordRoute) {
  const auto parsed = Ipv4Options::parse(hex("07 0b 08 0a000001 00000000 00"));
  ASSERT_TRUE(parsed && parsed->record_route);
  const Ipv4RouteOption& route = *parsed->record_route;
  EXPECT_EQ(route.count, 2);
  EXPECT_EQ(route.pointer, 8);
  EXPECT_FALSE(route.is_exhausted());
  EXPECT_EQ(route.slots[0], Ipv4Address(10, 0, 0, 1));
  EXPECT_EQ(emitted_options(*parsed), hex("07 0b 08 0a000001 00000000 00"));
}

TEST(Ipv4Options, EmitsAllKindsTogether) {
  Ipv4Options options;
  options.router_alert = 0;
  options.source_route = Ipv4RouteOption{.type = Ipv4OptionType::kLooseSourceRoute, .count = 1};
  options.source_route->slots[0] = Ipv4Address(10, 0, 0, 9);
  options.record_route = Ipv4RouteOption{.count = 1};
  options.timestamp = Ipv4TimestampOption{.count = 1};
  const Buffer bytes = emitted_options(options);
  EXPECT_EQ(bytes, hex("94 04 00 00  83 07 04 0a000009  07 07 04 00000000  44 08 05 00 00000000 0000"));
  EXPECT_EQ(Ipv4Options::parse(bytes), options);
  EXPECT_EQ(Ipv4Options().size(), 0U);
}

TEST(Ipv4Options, NamesThePlaceOfABadOption) {
  struct Case {
    const char* bytes;
    std::size_t offset;  // from the start of the IP header
  };
  constexpr Case kCases[] = {
      {"07", 20},                                         // no length
      {"01 01 07 00", 22},                                // length 0
      {"01 01 07 01", 22},                                // length 1
      {"94 04 00 00 07 08 04 00", 24},                    // beyond the header
      {"07 04 04 00", 20},                                // not 3 + 4n
      {"07 07 03 00000000 00", 20},                       // pointer below 4
      {"07 07 05 00000000 00", 20},                       // pointer inside a slot
      {"44 08 04 00 00000000", 20},                       // timestamp pointer below 5
      {"44 08 05 01 00000000", 20},                       // half an entry of address and time
      {"44 08 05 02 00000000", 20},                       // unknown flag
      {"94 03 00 00", 20},                                // router alert is four bytes
      {"94 04 00 00 94 04 00 00", 24},                    // twice
      {"83 07 04 00000000 89 07 04 00000000 00 00", 27},  // loose and strict source route
  };
  for (const Case& c : kCases) {
    std::size_t offset = 0;
    EXPECT_EQ(Ipv4Options::parse(hex(c.bytes), &offset), bad(WireError::kBadOption)) << c.bytes;
    EXPECT_EQ(offset, c.offset) << c.bytes;
  }
}

TEST(Ipv4Options, PassesOverUnknownOnes) {
  const auto parsed = Ipv4Options::parse(hex("82 0b 00 00 00 00 00 00 00 00 00  94 04 00 01 00"));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->router_alert, 1);
}

TEST(Ipv4Options, RecordsARouteUntilFull) {
  Buffer option = hex("07 0b 04 00000000 00000000");
  EXPECT_TRUE(record_route(option, Ipv4Address(10, 0, 0, 1)));
  EXPECT_TRUE(record_route(option, Ipv4Address(10, 0, 1, 1)));
  EXPECT_FALSE(record_route(option, Ipv4Address(10, 0, 2, 1)));
  EXPECT_EQ(option, hex("07 0b 0c 0a000001 0a000101"));
  EXPECT_TRUE(Ipv4RouteOption::parse(option)->is_exhausted());
}

TEST(Ipv4Options, AdvancesASourceRoute) {
  Buffer option = hex("83 0b 04 0a000009 0a000109");
  EXPECT_EQ(advance_source_route(option, Ipv4Address(10, 9, 9, 1)), Ipv4Address(10, 0, 0, 9));
  EXPECT_EQ(advance_source_route(option, Ipv4Address(10, 9, 9, 2)), Ipv4Address(10, 0, 1, 9));
  EXPECT_EQ(advance_source_route(option, Ipv4Address(10, 9, 9, 3)), std::nullopt);
  EXPECT_EQ(option, hex("83 0b 0c 0a090901 0a090902"));
}

TEST(Ipv4Options, RecordsTimestamps) {
  Buffer times = hex("44 08 05 00 00000000");
  EXPECT_TRUE(record_timestamp(times, Ipv4Address(10, 0, 0, 1), 0x01020304));
  EXPECT_EQ(times, hex("44 08 09 00 01020304"));
  for (int i = 1; i <= 15; ++i) {
    EXPECT_TRUE(record_timestamp(times, Ipv4Address(10, 0, 0, 1), 7)) << i;
  }
  EXPECT_EQ(times, hex("44 08 09 f0 01020304"));
  EXPECT_FALSE(record_timestamp(times, Ipv4Address(10, 0, 0, 1), 7));

  Buffer both = hex("44 0c 05 01 00000000 00000000");
  EXPECT_TRUE(record_timestamp(both, Ipv4Address(10, 0, 0, 1), 7));
  EXPECT_EQ(both, hex("44 0c 0d 01 0a000001 00000007"));

  Buffer named = hex("44 0c 05 03 0a000002 00000000");
  EXPECT_TRUE(record_timestamp(named, Ipv4Address(10, 0, 0, 1), 7));
  EXPECT_EQ(named, hex("44 0c 05 03 0a000002 00000000"));
  EXPECT_TRUE(record_timestamp(named, Ipv4Address(10, 0, 0, 2), 7));
  EXPECT_EQ(named, hex("44 0c 0d 03 0a000002 00000007"));
  EXPECT_TRUE(record_timestamp(named, Ipv4Address(10, 0, 0, 2), 8));
  EXPECT_EQ(named, hex("44 0c 0d 03 0a000002 00000007"));
}

TEST(Ipv4Options, FragmentsCarryOnlyCopiedOptions) {
  const Buffer options = hex("07 07 04 00000000 01  94 04 00 00  82 03 ff 00");
  Buffer out(options.size());
  EXPECT_EQ(copy_fragment_options(options, out), 8U);
  out.resize(8);
  EXPECT_EQ(out, hex("94 04 00 00 82 03 ff 00"));
}

}  // namespace
}  // namespace catenet::wire
