// SPDX-License-Identifier: Apache-2.0
// IPv4: header fields, options as values (parse, emit, parse), the changes routers make in place, fragments' options.
#include <vector>

#include "catenet/wire/ipv4_options.h"
#include "fuzz/fuzz.h"

using namespace catenet::wire;
using catenet::fuzz::expect;

namespace {

constexpr Ipv4Address kOwn(10, 0, 0, 1);

// Options that were well formed stay so when a router has written into them.
void write_in_place(Bytes options) {
  std::vector<std::byte> copy(options.begin(), options.end());
  Ipv4OptionReader reader(options);
  for (auto next = reader.next(); next && *next; next = reader.next()) {
    const MutableBytes option = MutableBytes(copy).subspan((*next)->offset - kIpv4HeaderSize, (*next)->bytes.size());
    if ((*next)->is(Ipv4OptionType::kRecordRoute)) {
      const bool full = Ipv4RouteOption::parse(option)->is_exhausted();
      expect(record_route(option, kOwn) == !full);
    } else if ((*next)->is(Ipv4OptionType::kLooseSourceRoute) || (*next)->is(Ipv4OptionType::kStrictSourceRoute)) {
      const bool exhausted = Ipv4RouteOption::parse(option)->is_exhausted();
      expect(advance_source_route(option, kOwn).has_value() == !exhausted);
    } else if ((*next)->is(Ipv4OptionType::kTimestamp)) {
      record_timestamp(option, kOwn, 1);
    }
  }
  expect(Ipv4Options::parse(copy).has_value());
}

void check_options(Bytes options) {
  std::size_t offset = 0;
  const auto parsed = Ipv4Options::parse(options, &offset);
  if (!parsed) {
    expect(offset >= kIpv4HeaderSize && offset < kIpv4HeaderSize + options.size());
    return;
  }
  expect(parsed->size() <= kIpv4MaxOptions);
  std::vector<std::byte> out(parsed->size());
  expect(parsed->emit(out) == out.size() && out.size() % 4 == 0);
  expect(Ipv4Options::parse(out) == *parsed);
  write_in_place(options);

  std::vector<std::byte> copied(options.size());
  copied.resize(copy_fragment_options(options, copied));
  expect(copied.size() % 4 == 0);
  const auto in_fragments = Ipv4Options::parse(copied);
  expect(in_fragments && in_fragments->source_route == parsed->source_route &&
         in_fragments->router_alert == parsed->router_alert && !in_fragments->record_route && !in_fragments->timestamp);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes bytes = catenet::fuzz::input(data, size);
  const auto quoted = Ipv4Header::parse_quoted(bytes);
  const auto parsed = Ipv4Header::parse(bytes);
  expect(!parsed || quoted.has_value());
  if (!quoted) {
    return 0;
  }
  Ipv4Header header = **quoted;
  expect(header.header_size() >= kIpv4HeaderSize && header.header_size() <= size);
  expect(header.header_size() + header.payload_size() == header.total_length);
  expect(parsed.has_value() == (header.total_length <= size));
  header.set_header_size(header.header_size());
  header.set_dscp(header.dscp());
  header.set_ecn(header.ecn());
  catenet::fuzz::expect_equal(bytes_of(header), bytes.first(kIpv4HeaderSize));
  header.set_fragment(header.fragment_offset(), header.more_fragments());
  expect((header.fragment & 0x7fff) == ((*quoted)->fragment & 0x7fff));  // the reserved bit is not kept
  check_options(header.options_in(bytes));
  return 0;
}
