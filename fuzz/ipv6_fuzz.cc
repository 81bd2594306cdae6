// SPDX-License-Identifier: Apache-2.0
// IPv6: header fields, the chain of extension headers, and the options in them: nothing reaches beyond the bytes, and
// what one element leaves, the next one takes up.
#include "catenet/wire/ipv6.h"
#include "fuzz/fuzz.h"

using namespace catenet::wire;
using catenet::fuzz::expect;

namespace {

void check_options(Bytes header) {
  Ipv6OptionReader options(header);
  std::size_t end = sizeof(Ipv6ExtensionHeader);
  for (;;) {
    const auto option = options.next();
    if (!option) {
      expect(options.offset() >= end && options.offset() < header.size());
      return;
    }
    if (!*option) {
      expect(options.offset() == header.size());
      return;
    }
    expect((*option)->offset >= end && !(*option)->is(Ipv6OptionType::kPad1) && !(*option)->is(Ipv6OptionType::kPadN));
    end = (*option)->offset + 2 + (*option)->data.size();
    expect(end == options.offset() && end <= header.size());
    expect((*option)->data.data() == header.data() + (*option)->offset + 2);
  }
}

void check_chain(Bytes packet) {
  Ipv6ChainReader chain(packet);
  std::size_t end = kIpv6HeaderSize;
  std::size_t named_at = offsetof(Ipv6Header, next_header);
  for (unsigned count = 0;; ++count) {
    const IpProtocol type = chain.upper_layer();
    const auto extension = chain.next();
    if (!extension) {
      expect(extension.error() == WireError::kBadOption ? count == Ipv6ChainReader::kMaxHeaders
                                                        : extension.error() == WireError::kTooShort);
      return;
    }
    if (!*extension) {
      expect(chain.offset() == end && (chain.is_later_fragment() || !is_ipv6_extension(type)));
      return;
    }
    const Ipv6Extension& e = **extension;
    expect(e.type == type && e.offset == end && e.named_at == named_at && e.size >= 8 && e.size % 8 == 0);
    end = e.offset + e.size;
    named_at = e.offset;
    expect(end <= packet.size() && load8(packet, e.offset) == static_cast<std::uint8_t>(chain.upper_layer()));
    if (e.type == IpProtocol::kHopByHop || e.type == IpProtocol::kDestinationOptions) {
      check_options(packet.subspan(e.offset, e.size));
    } else if (e.type == IpProtocol::kFragment) {
      const auto* fragment = view<Ipv6FragmentHeader>(packet.subspan(e.offset));
      expect(chain.is_later_fragment() == (fragment->offset() != 0));
      Ipv6FragmentHeader again = *fragment;
      again.set_offset(fragment->offset(), fragment->more());
      expect(again.offset() == fragment->offset() && again.more() == fragment->more());
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes bytes = catenet::fuzz::input(data, size);
  const auto quoted = Ipv6Header::parse_quoted(bytes);
  const auto parsed = Ipv6Header::parse(bytes);
  expect(!parsed || quoted.has_value());
  if (!quoted) {
    return 0;
  }
  Ipv6Header header = **quoted;
  expect(parsed.has_value() == (kIpv6HeaderSize + header.payload_length <= size));
  header.set_traffic_class(header.traffic_class());
  header.set_ecn(header.ecn());
  header.set_flow_label(header.flow_label());
  catenet::fuzz::expect_equal(bytes_of(header), bytes.first(kIpv6HeaderSize));
  check_chain(bytes);
  return 0;
}
