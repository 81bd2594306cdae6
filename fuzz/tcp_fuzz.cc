// SPDX-License-Identifier: Apache-2.0
// TCP: the header in place; options parse, emit and parse to the same again, on 32-bit boundaries, in 40 bytes at most.
#include <vector>

#include "catenet/wire/tcp.h"
#include "fuzz/fuzz.h"

using namespace catenet::wire;
using catenet::fuzz::expect;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes bytes = catenet::fuzz::input(data, size);
  const auto parsed = TcpHeader::parse(bytes);
  if (!parsed) {
    expect(parsed.error() == (size < kTcpHeaderSize ? WireError::kTooShort : WireError::kBadHeaderLength));
    return 0;
  }
  const TcpHeader& header = **parsed;
  expect(header.header_size() >= kTcpHeaderSize && header.header_size() <= size);
  const auto options = TcpOptions::parse(header.options_in(bytes));
  if (!options) {
    return 0;
  }
  std::vector<std::byte> out(options->size());
  expect(options->emit(out) == out.size() && out.size() % 4 == 0);
  expect(out.size() <= kTcpMaxOptions || options->fast_open || options->signature.is_there());
  // A sender that packs without padding fits one block more than we do: that one is left out, and nothing else.
  TcpOptions expected = *options;
  expected.sack_count = static_cast<std::uint8_t>(options->fitting_sack_blocks());
  expect(options->fast_open || options->signature.is_there() || options->sack_count - expected.sack_count <= 1);
  if (options->signature.kind == TcpSignature::Kind::several) {
    expected.signature = {};
  }
  std::fill(expected.sack.begin() + expected.sack_count, expected.sack.end(), SackBlock{});
  expect(TcpOptions::parse(out) == expected);
  return 0;
}
