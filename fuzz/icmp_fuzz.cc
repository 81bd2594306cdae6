// SPDX-License-Identifier: Apache-2.0
// ICMP: headers are emitted byte by byte; a quoted packet lies inside the message; what our makers make reads back.
#include <array>

#include "catenet/wire/icmp.h"
#include "fuzz/fuzz.h"

using namespace catenet::wire;
using catenet::fuzz::expect;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes bytes = catenet::fuzz::input(data, size);
  const auto parsed = IcmpHeader::parse(bytes);
  if (!parsed) {
    expect(parsed.error() == WireError::kTooShort && size < 28);
    return 0;
  }
  const IcmpHeader& header = **parsed;
  std::array<std::byte, kIcmpHeaderSize> out;
  emit_header(header, out);
  catenet::fuzz::expect_equal(out, bytes.first(out.size()));
  if (header.is_error()) {
    if (const auto quote = IcmpQuote::parse(bytes)) {
      expect(quote->payload.data() + quote->payload.size() == bytes.data() + size);
      expect(kIcmpHeaderSize + quote->header->header_size() + quote->payload.size() == size);
    }
  }
  IcmpHeader made = IcmpHeader::redirect(IcmpRedirect{header.code}, header.gateway());
  expect(made.gateway() == header.gateway() && made.code == header.code);
  made = IcmpHeader::unreachable(IcmpUnreachable{header.code}, header.next_hop_mtu());
  expect(made.next_hop_mtu() == header.next_hop_mtu() && made.is_error());
  made = IcmpHeader::parameter_problem(header.pointer());
  expect(made.pointer() == header.pointer());
  made = IcmpHeader::echo_reply(header.id(), header.sequence());
  expect(made.id() == header.id() && made.sequence() == header.sequence() && !made.is_error());
  return 0;
}
