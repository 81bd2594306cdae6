// SPDX-License-Identifier: Apache-2.0
// Ethernet: the emitted header is the parsed one, byte by byte. FCS: both bodies agree, whole or in pieces.
#include <vector>

#include "catenet/wire/ethernet.h"
#include "catenet/wire/fcs.h"
#include "fuzz/fuzz.h"

using namespace catenet::wire;
using catenet::fuzz::expect;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes bytes = catenet::fuzz::input(data, size);
  if (const auto frame = EthernetFrame::parse(bytes)) {
    expect(frame->header_size() + frame->payload_size <= size);
    std::vector<std::byte> out(frame->header_size());
    expect(frame->emit(out) == out.size());
    catenet::fuzz::expect_equal(out, bytes.first(out.size()));
    expect((frame->framing == EthernetFraming::kEthernet2) ==
           (frame->type >= kEtherTypeMin && !view<EthernetHeader>(bytes)->is_length()));
  } else {
    expect(size < kEthernetHeaderSize || view<EthernetHeader>(bytes)->is_length());
  }

  const std::uint32_t crc = crc32(bytes);
  expect(crc32_tables(0xffffffff, bytes) == ~crc);
  expect(!has_clmul() || crc32_clmul(0xffffffff, bytes) == ~crc);
  Crc32 pieces;
  const std::size_t cut = size == 0 ? 0 : data[0] % (size + 1);
  pieces.update(bytes.first(cut));
  pieces.update(bytes.subspan(cut));
  expect(pieces.value() == crc);
  std::vector<std::byte> with_fcs(bytes.begin(), bytes.end());
  with_fcs.resize(size + kFcsSize);
  emit_fcs(crc, MutableBytes(with_fcs).last(kFcsSize));
  expect(fcs_ok(with_fcs));
  with_fcs[cut] ^= std::byte{0x08};
  expect(!fcs_ok(with_fcs));
  return 0;
}
