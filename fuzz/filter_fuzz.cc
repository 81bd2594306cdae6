// SPDX-License-Identifier: Apache-2.0
// Classic BPF: what is taken for a program ends, reads nothing outside of its packet and memory, and says the same
// twice; what is cut off at its end is no program or wants what it wanted.
//
// Input: a byte that counts instructions, so many of eight bytes each, and the packet.
#include <cstring>
#include <vector>

#include "catenet/packet/packet_filter.h"
#include "fuzz/fuzz.h"

using namespace catenet;
using catenet::fuzz::expect;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = catenet::fuzz::input(data, size);
  if (bytes.empty()) {
    return 0;
  }
  const std::size_t count = std::min<std::size_t>(std::to_integer<std::size_t>(bytes[0]), (bytes.size() - 1) / 8);
  std::vector<FilterInstruction> program(count);
  if (count > 0) {
    std::memcpy(static_cast<void*>(program.data()), bytes.data() + 1, count * 8);
  }
  const auto filter = PacketFilter::make(program);
  if (!filter) {
    return 0;
  }
  expect((program.back().code & 7) == 6);
  const auto rest = bytes.subspan(1 + count * 8);
  PacketPool pool;
  Packet packet = pool.make();
  expect(packet.append(rest));
  const std::size_t begin = rest.size() / 3;
  for (const FilterView& view :
       {FilterView{.packet = packet}, FilterView{.packet = packet, .begin = begin, .link = 0}}) {
    expect((*filter)->run(view) == (*filter)->run(view));
  }
  packet.consume();
  return 0;
}
