// SPDX-License-Identifier: Apache-2.0
// The Internet checksum, beside a plain loop over 16-bit words as RFC 1071 4.1 gives it, and the packet pool, beside
// malloc of the same number of bytes.
#include <cstdlib>
#include <vector>

#include "bench/harness.h"
#include "catenet/packet/checksum.h"
#include "catenet/packet/packet.h"

namespace catenet::bench {
namespace {

// A compiler may turn this loop into vectors at -O3; at the project's -O2 it stays what it says.
[[gnu::noinline]] std::uint16_t plain_checksum(const std::byte* p, std::size_t n) {
  std::uint32_t sum = 0;
  for (; n > 1; n -= 2, p += 2) {
    sum += std::to_integer<std::uint32_t>(p[0]) << 8 | std::to_integer<std::uint32_t>(p[1]);
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return static_cast<std::uint16_t>(~sum);
}

void bench_checksum(std::size_t size) {
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<std::byte>(i * 7);
  }
  check(internet_checksum(bytes) == plain_checksum(bytes.data(), bytes.size()), "both checksums agree");
  const Pair cost = seconds_per(
      [&](std::uint64_t n) {
        while (n-- > 0) {
          keep(internet_checksum(bytes));
        }
      },
      [&](std::uint64_t n) {
        while (n-- > 0) {
          keep(plain_checksum(bytes.data(), bytes.size()));
        }
      });
  const double gigabytes = static_cast<double>(size) * 1e-9;
  report("checksum of " + std::to_string(size) + " bytes", "GB/s", gigabytes / cost.ours, "scalar RFC 1071 loop",
         gigabytes / cost.theirs);
}

void bench_pool() {
  PacketPool pool;
  const Pair cost = seconds_per(
      [&](std::uint64_t n) {
        while (n-- > 0) {
          Packet packet = pool.make();
          if (packet) {
            keep(packet.data());
            packet.consume();
          }
        }
      },
      [&](std::uint64_t n) {
        while (n-- > 0) {
          void* block = std::malloc(448);
          keep(block);
          std::free(block);
        }
      });
  report("packet pool, get and put", "ns", cost.ours * 1e9, "malloc and free", cost.theirs * 1e9);
}

}  // namespace
}  // namespace catenet::bench

int main() {
  catenet::bench::bench_checksum(64);
  catenet::bench::bench_checksum(1460);
  catenet::bench::bench_checksum(65536);
  catenet::bench::bench_pool();
}
