// SPDX-License-Identifier: Apache-2.0
// Finding a connection among a million by its four-tuple: the table of TCP beside absl::flat_hash_map with the same
// keys and the same values, asked in the same random order, slice by slice in turn. Half of the time of such a look-up
// is waiting for memory, so both find the block and read its tuple, as TCP does before it does anything else.
#include <memory>
#include <vector>

#include "bench/harness.h"
#include "catenet/base/rng.h"
#include "catenet/transport/tcp/pcb_table.h"
#ifdef CATENET_HAVE_ABSL
#include <absl/container/flat_hash_map.h>
#endif

namespace catenet::bench {
namespace {

struct alignas(64) Block {
  wire::FourTuple key;
  [[nodiscard]] const wire::FourTuple& tuple() const { return key; }
  char rest[400] = {};  // neighbours in memory are no neighbours in the table
};

std::vector<std::unique_ptr<Block>> make_blocks(std::uint32_t count) {
  std::vector<std::unique_ptr<Block>> blocks;
  for (std::uint32_t i = 0; i < count; ++i) {
    blocks.push_back(std::make_unique<Block>());
    blocks.back()->key = {{wire::Ipv4Address(10, 0, 0, 1), 80},
                          {wire::Ipv4Address(0x0b000000 + i / 50'000), static_cast<std::uint16_t>(1024 + i % 50'000)}};
  }
  return blocks;
}

void look_up(std::uint32_t count) {
  const auto blocks = make_blocks(count);
  Rng order(1);
  std::vector<wire::FourTuple> asked(1U << 20);
  for (auto& key : asked) {
    key = blocks[order.below(count)]->key;
  }
  transport::PcbTable<Block> table(order.next());
  for (const auto& block : blocks) {
    table.insert(*block);
  }
  const auto ours = [&](std::uint64_t n) {
    std::uint64_t sum = 0;
    for (std::uint64_t i = 0; i < n; ++i) {
      sum += table.find(asked[i % asked.size()])->key.foreign.port;
    }
    keep(sum);
  };
  const std::string name = "find a connection among " + std::to_string(count);
#ifdef CATENET_HAVE_ABSL
  struct Hash {
    std::uint64_t secret;
    std::size_t operator()(const wire::FourTuple& key) const { return key.hash(secret); }
  };
  absl::flat_hash_map<wire::FourTuple, Block*, Hash> peer(0, Hash{order.next()});
  for (const auto& block : blocks) {
    peer.emplace(block->key, block.get());
  }
  const auto theirs = [&](std::uint64_t n) {
    std::uint64_t sum = 0;
    for (std::uint64_t i = 0; i < n; ++i) {
      sum += peer.find(asked[i % asked.size()])->second->key.foreign.port;
    }
    keep(sum);
  };
  const Pair pair = seconds_per(ours, theirs);
  report(name, "ns", pair.ours * 1e9, "absl::flat_hash_map", pair.theirs * 1e9);
#else
  report(name, "ns", seconds_per(ours) * 1e9);
#endif
}

}  // namespace
}  // namespace catenet::bench

int main() {
  catenet::bench::look_up(1000);
  catenet::bench::look_up(100'000);
  catenet::bench::look_up(1'000'000);
}
