// SPDX-License-Identifier: Apache-2.0
// Capture files: any bytes give packets and perhaps an error with its place. Each packet has a line, whatever is in it;
// what our writer makes of the packets reads as the same packets.
#include <sstream>

#include "catenet/trace/pcapng.h"
#include "catenet/trace/pcapng_reader.h"
#include "catenet/trace/summary.h"
#include "fuzz/fuzz.h"

using namespace catenet::trace;
using catenet::fuzz::expect;

namespace {

constexpr PcapngLimits kLimits = {.block = 1U << 16, .interfaces = 16};

/// Written by our writer, of one interface, and read again.
void expect_round_trip(const CapturedPacket& packet, std::uint16_t link_type) {
  MemorySink sink;
  PcapngWriter writer(sink, "fuzz");
  writer.add_interface({.name = "a:b", .link_type = link_type});
  writer.write({.at = packet.at,
                .direction = packet.direction == 2 ? Direction::outbound : Direction::inbound,
                .bad_fcs = packet.bad_fcs,
                .length = packet.length,
                .data = packet.data,
                .comment = packet.comment});
  std::istringstream stream(sink.text());
  PcapngReader reader(stream, {.block = 1U << 20, .interfaces = 1});
  const auto again = reader.next();
  expect(again.has_value() && again->has_value());
  expect((*again)->data == packet.data && (*again)->comment == packet.comment && (*again)->length == packet.length);
  expect(packet.at.ns() < 0 || (*again)->at == packet.at);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::istringstream stream(std::string(reinterpret_cast<const char*>(data), size));
  PcapngReader reader(stream, kLimits);
  while (true) {
    const auto packet = reader.next();
    if (!packet) {
      expect(packet.error().starts_with("byte "));
      return 0;
    }
    if (!*packet) {
      return 0;
    }
    expect((*packet)->interface < reader.interfaces().size());
    const std::uint16_t link_type = reader.interfaces()[(*packet)->interface].link_type;
    expect(!summary((*packet)->data, link_type).empty());
    if ((*packet)->comment.size() < 0xffff) {
      expect_round_trip(**packet, link_type);
    }
  }
}
