// SPDX-License-Identifier: Apache-2.0
// ICMPv6: headers are emitted byte by byte; a quoted packet lies inside the message; what our makers make reads back.
#include <array>

#include "catenet/wire/icmpv6.h"
#include "fuzz/fuzz.h"

using namespace catenet::wire;
using catenet::fuzz::expect;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes bytes = catenet::fuzz::input(data, size);
  const auto parsed = Icmpv6Header::parse(bytes);
  const auto quote = Icmpv6Quote::parse(bytes);
  if (!parsed) {
    expect(parsed.error() == WireError::kTooShort && size < kIcmpv6HeaderSize && !quote);
    return 0;
  }
  const Icmpv6Header& header = **parsed;
  std::array<std::byte, kIcmpv6HeaderSize> out;
  emit_header(header, out);
  catenet::fuzz::expect_equal(out, bytes.first(out.size()));
  if (quote) {
    expect(quote->payload.data() + quote->payload.size() == bytes.data() + size);
    expect(kIcmpv6HeaderSize + kIpv6HeaderSize + quote->payload.size() <= size);
    expect(quote->is_later_fragment || !is_ipv6_extension(quote->protocol));
  }
  expect(Icmpv6Header::packet_too_big(header.mtu()).mtu() == header.mtu());
  expect(Icmpv6Header::parameter_problem(Icmpv6Parameter{header.code}, header.pointer()).pointer() == header.pointer());
  const Icmpv6Header made = Icmpv6Header::echo_reply(header.id(), header.sequence());
  expect(made.id() == header.id() && made.sequence() == header.sequence() && !made.is_error());
  return 0;
}
