// SPDX-License-Identifier: Apache-2.0
// UDP-Lite: no coverage is believed that is shorter than the header or longer than the packet; the header is emitted
// byte by byte and parses again.
#include <array>

#include "catenet/wire/udp_lite.h"
#include "fuzz/fuzz.h"

using namespace catenet::wire;
using catenet::fuzz::expect;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes bytes = catenet::fuzz::input(data, size);
  const auto parsed = UdpLiteHeader::parse(bytes);
  if (!parsed) {
    expect(parsed.error() == (size < kUdpLiteHeaderSize ? WireError::kTooShort : WireError::kBadLength));
    return 0;
  }
  const std::size_t covered = (*parsed)->covered(size);
  expect(covered >= kUdpLiteMinCoverage && covered <= size);
  std::array<std::byte, kUdpLiteHeaderSize> out;
  emit_header(**parsed, out);
  catenet::fuzz::expect_equal(out, bytes.first(out.size()));
  expect(UdpLiteHeader::parse(out, size).has_value());
  expect(UdpLiteHeader::parse(out).has_value() == ((*parsed)->coverage <= kUdpLiteHeaderSize));
  return 0;
}
