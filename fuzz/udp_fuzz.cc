// SPDX-License-Identifier: Apache-2.0
// UDP: the length is believed only when the bytes are there; the header is emitted byte by byte and parses alone when
// its length is made to match.
#include <array>

#include "catenet/wire/udp.h"
#include "fuzz/fuzz.h"

using namespace catenet::wire;
using catenet::fuzz::expect;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes bytes = catenet::fuzz::input(data, size);
  const auto parsed = UdpHeader::parse(bytes);
  if (!parsed) {
    expect(parsed.error() == (size < kUdpHeaderSize ? WireError::kTooShort : WireError::kBadLength));
    return 0;
  }
  expect(kUdpHeaderSize + (*parsed)->payload_size() <= size);
  std::array<std::byte, kUdpHeaderSize> out;
  emit_header(**parsed, out);
  catenet::fuzz::expect_equal(out, bytes.first(out.size()));
  expect(UdpHeader::parse(out).has_value() == ((*parsed)->payload_size() == 0));
  edit<UdpHeader>(out)->length = kUdpHeaderSize;
  const auto alone = UdpHeader::parse(out);
  expect(alone && (*alone)->payload_size() == 0 && (*alone)->destination_port == (*parsed)->destination_port);
  return 0;
}
