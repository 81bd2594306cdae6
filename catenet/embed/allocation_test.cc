// SPDX-License-Identifier: Apache-2.0
// What two stacks ask of the system's allocator while they talk: nothing, once they have what they need.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "catenet/embed/stack.h"

namespace {
std::size_t allocations = 0;
}

// Not inlined, or GCC mixes them up with free(). All of the standard library's other forms end here
// ([new.delete.single]).
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* block = std::malloc(size)) {
    return block;
  }
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* block) noexcept { std::free(block); }
[[gnu::noinline]] void operator delete(void* block, std::size_t) noexcept { std::free(block); }

namespace catenet::embed {
namespace {

using transport::TcpPcb;
using transport::UdpPcb;
using wire::Endpoint;
using wire::Ipv4Address;
using wire::Ipv4Prefix;

constexpr Ipv4Address kLeft(10, 1, 0, 1);
constexpr Ipv4Address kRight(10, 1, 0, 2);

std::unique_ptr<Stack> make(Ipv4Address address, bool ethernet) {
  StackConfig config;
  config.address = Ipv4Prefix(address, 24);
  if (ethernet) {
    config.mac = wire::MacAddress::from_u64(0x020000000000 | (address.value() & 0xff));
  }
  config.limits.memory = {.packets = 8192, .chunk_bytes = 64 << 20};
  config.limits.reserved_packets = 4096;
  config.limits.reserved_bytes = 16 << 20;
  config.tcp.send_buffer = 128 << 10;
  config.tcp.receive_buffer = 128 << 10;
  return Stack::make(config).value();
}

class AllocationTest : public testing::TestWithParam<bool> {
 protected:
  void exchange(Duration time) {
    const Instant until = now + time;
    while (now < until) {
      now = now + Duration::microseconds(100);
      left->advance(now);
      right->advance(now);
      while (left->has_output() || right->has_output()) {
        carry(*left, *right);
        carry(*right, *left);
      }
    }
  }
  void carry(Stack& from, Stack& to) {
    for (auto packet = from.output(); !packet.empty(); packet = from.output()) {
      to.input(packet, now);
    }
  }
  // One sends for a second of their time, the other reads; how many bytes came.
  std::uint64_t stream(TcpPcb& from, TcpPcb& to) {
    std::uint64_t got = 0;
    for (int i = 0; i < 1000; ++i) {
      while (from.send(block)) {
      }
      exchange(Duration::milliseconds(1));
      while (const auto n = to.receive(block)) {
        got += *n;
      }
    }
    return got;
  }

  Instant now = Instant::zero();
  std::unique_ptr<Stack> left = make(kLeft, GetParam());
  std::unique_ptr<Stack> right = make(kRight, GetParam());
  std::array<std::byte, 4096> block{};
};

TEST_P(AllocationTest, AStreamNeedsNoneOnceItRuns) {
  const std::size_t at_first = allocations;
  const Endpoint to{kRight, 7};
  TcpPcb* listener = right->tcp().listen(to, 4).value();
  TcpPcb* client = left->tcp().connect({}, to).value();
  exchange(Duration::milliseconds(10));
  TcpPcb* server = listener->accept().value();
  (void)stream(*client, *server);
  (void)stream(*server, *client);
  const std::size_t before = allocations;
  EXPECT_GT(before, at_first) << "they are counted";
  EXPECT_GT(stream(*client, *server), 50'000'000U);
  EXPECT_GT(stream(*server, *client), 50'000'000U);
  EXPECT_EQ(allocations, before);
}

TEST_P(AllocationTest, DatagramsNeedNoneOnceTheyFlow) {
  const Endpoint to{kRight, 9};
  UdpPcb sender(left->udp());
  UdpPcb receiver(right->udp());
  ASSERT_TRUE(receiver.bind(to));
  const auto round = [&] {
    std::size_t got = 0;
    for (int i = 0; i < 100; ++i) {
      for (int j = 0; j < 20; ++j) {
        (void)sender.send(std::span(block).first(1400), &to);
      }
      exchange(Duration::milliseconds(1));
      while (auto datagram = receiver.receive()) {
        datagram->payload.consume();
        ++got;
      }
    }
    return got;
  };
  (void)round();
  const std::size_t before = allocations;
  EXPECT_EQ(round(), 2000U);
  EXPECT_EQ(allocations, before);
}

INSTANTIATE_TEST_SUITE_P(Links, AllocationTest, testing::Bool(),
                         [](const auto& link) { return link.param ? "Ethernet" : "BareIp"; });

}  // namespace
}  // namespace catenet::embed
