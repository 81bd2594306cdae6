// SPDX-License-Identifier: Apache-2.0
// Classic BPF, and the kernel as judge: the same program on a socket of it, the same bytes sent there. What comes out
// is what the program wanted. Programs that see a link's or network's header are compared in posix/oracle_test.cc.
#include "catenet/packet/packet_filter.h"

#include <gtest/gtest.h>
#include <linux/filter.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sstream>

#include "catenet/base/rng.h"

namespace catenet {
namespace {

using Program = std::vector<FilterInstruction>;

class FilterTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, ends_), 0); }
  void TearDown() override {
    ::close(ends_[0]);
    ::close(ends_[1]);
    EXPECT_EQ(pool_.stats().alive(), 0U);
  }
  Packet packet_of(std::span<const std::byte> bytes) {
    Packet packet = pool_.make();
    EXPECT_TRUE(packet.append(bytes));
    return packet;
  }
  /// The bytes that are wanted of those there are; -1: it is no program.
  int ours(const Program& program, std::span<const std::byte> bytes) {
    const auto filter = PacketFilter::make(program);
    if (!filter) {
      return -1;
    }
    Packet packet = packet_of(bytes);
    const std::uint32_t wanted = (*filter)->run({.packet = packet});
    packet.consume();
    return static_cast<int>(std::min<std::size_t>(wanted, bytes.size()));
  }
  int kernels(const Program& program, std::span<const std::byte> bytes) {
    std::vector<sock_filter> copy;
    for (const FilterInstruction& i : program) {
      copy.push_back({i.code, i.if_true, i.if_false, i.value});
    }
    const sock_fprog all{static_cast<unsigned short>(copy.size()), copy.data()};
    if (::setsockopt(ends_[1], SOL_SOCKET, SO_ATTACH_FILTER, &all, sizeof all) != 0) {
      return -1;
    }
    EXPECT_EQ(::send(ends_[0], bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
    std::array<std::byte, 4096> room;
    return std::max(0, static_cast<int>(::recv(ends_[1], room.data(), room.size(), 0)));
  }
  static std::vector<std::byte> random_bytes(Rng& rng, std::size_t size) {
    std::vector<std::byte> bytes(size);
    for (std::byte& b : bytes) {
      b = std::byte(rng.below(rng.below(2) == 0 ? 256 : 8));
    }
    return bytes;
  }

 private:
  PacketPool pool_;
  int ends_[2] = {-1, -1};
};

struct Captured {
  const char* expression;
  Program program;
};

// As "tcpdump -y EN10MB -dd" has them.
const Captured kOfTcpdump[] = {
    {"udp port 53",
     {{0x28, 0, 0, 0xc},   {0x15, 0, 6, 0x86dd}, {0x30, 0, 0, 0x14},   {0x15, 0, 15, 0x11},   {0x28, 0, 0, 0x36},
      {0x15, 12, 0, 0x35}, {0x28, 0, 0, 0x38},   {0x15, 10, 11, 0x35}, {0x15, 0, 10, 0x800},  {0x30, 0, 0, 0x17},
      {0x15, 0, 8, 0x11},  {0x28, 0, 0, 0x14},   {0x45, 6, 0, 0x1fff}, {0xb1, 0, 0, 0xe},     {0x48, 0, 0, 0xe},
      {0x15, 2, 0, 0x35},  {0x48, 0, 0, 0x10},   {0x15, 0, 1, 0x35},   {0x06, 0, 0, 0x40000}, {0x06, 0, 0, 0x0}}},
    {"tcp[tcpflags] & (tcp-syn|tcp-fin) != 0 and not src net 10.0.0.0/8",
     {{0x28, 0, 0, 0xc},
      {0x15, 0, 11, 0x800},
      {0x30, 0, 0, 0x17},
      {0x15, 0, 9, 0x6},
      {0x28, 0, 0, 0x14},
      {0x45, 7, 0, 0x1fff},
      {0xb1, 0, 0, 0xe},
      {0x50, 0, 0, 0x1b},
      {0x45, 0, 4, 0x3},
      {0x20, 0, 0, 0x1a},
      {0x54, 0, 0, 0xff000000},
      {0x15, 1, 0, 0xa000000},
      {0x06, 0, 0, 0x40000},
      {0x06, 0, 0, 0x0}}},
    {"ip6 proto 17 or (ip[6:2] & 0x1fff != 0 and len <= 100)",
     {{0x28, 0, 0, 0xc},
      {0x15, 0, 5, 0x86dd},
      {0x30, 0, 0, 0x14},
      {0x15, 8, 0, 0x11},
      {0x15, 0, 8, 0x2c},
      {0x30, 0, 0, 0x36},
      {0x15, 5, 6, 0x11},
      {0x15, 0, 5, 0x800},
      {0x28, 0, 0, 0x14},
      {0x45, 0, 3, 0x1fff},
      {0x80, 0, 0, 0x0},
      {0x25, 1, 0, 0x64},
      {0x06, 0, 0, 0x40000},
      {0x06, 0, 0, 0x0}}},
    {"vlan 5 and arp",
     {{0x28, 0, 0, 0xc},
      {0x15, 2, 0, 0x8100},
      {0x15, 1, 0, 0x88a8},
      {0x15, 0, 6, 0x9100},
      {0x28, 0, 0, 0xe},
      {0x54, 0, 0, 0xfff},
      {0x15, 0, 3, 0x5},
      {0x28, 0, 0, 0x10},
      {0x15, 0, 1, 0x806},
      {0x06, 0, 0, 0x40000},
      {0x06, 0, 0, 0x0}}},
    {"icmp[icmptype] == icmp-echo && ip[2:2] / 3 > 20",
     {{0x28, 0, 0, 0xc},
      {0x15, 0, 11, 0x800},
      {0x30, 0, 0, 0x17},
      {0x15, 0, 9, 0x1},
      {0x28, 0, 0, 0x14},
      {0x45, 7, 0, 0x1fff},
      {0xb1, 0, 0, 0xe},
      {0x50, 0, 0, 0xe},
      {0x15, 0, 4, 0x8},
      {0x28, 0, 0, 0x10},
      {0x34, 0, 0, 0x3},
      {0x25, 0, 1, 0x14},
      {0x06, 0, 0, 0x40000},
      {0x06, 0, 0, 0x0}}},
};

TEST_F(FilterTest, ProgramsOfTcpdumps) {
  Rng rng(11);
  // What the expressions ask for, and what differs in a byte.
  constexpr std::pair<std::size_t, std::uint8_t> kFields[] = {
      {12, 0x08}, {12, 0x86}, {13, 0xdd}, {12, 0x81}, {13, 0x00}, {15, 5},  {17, 6},  {14, 0x45},
      {14, 0x46}, {16, 0},    {17, 90},   {20, 0},    {20, 1},    {21, 0},  {21, 9},  {23, 17},
      {23, 6},    {23, 1},    {20, 17},   {26, 10},   {34, 0},    {34, 8},  {35, 53}, {36, 0},
      {37, 53},   {39, 53},   {47, 2},    {55, 53},   {54, 17},   {20, 44}, {16, 8}};
  for (const Captured& captured : kOfTcpdump) {
    int wanted = 0;
    for (int n = 0; n < 4'000; ++n) {
      std::vector<std::byte> frame(64);
      frame[12] = std::byte{8};
      frame[14] = std::byte{0x45};
      frame[23] = std::byte(std::array{1, 6, 17}[rng.below(3)]);
      if (rng.below(4) == 0) {  // of a VLAN
        frame[12] = std::byte{0x81};
        frame[14] = std::byte{0};
        frame[15] = std::byte{5};
        frame[16] = std::byte{8};
        frame[17] = std::byte{6};
      }
      for (std::uint64_t k = rng.below(12); k > 0; --k) {
        const auto& [at, value] = kFields[rng.below(std::size(kFields))];
        frame[at] = std::byte{value};
      }
      frame.resize(rng.below(8) == 0 ? 1 + rng.below(110) : 60);
      const int theirs = kernels(captured.program, frame);
      ASSERT_EQ(ours(captured.program, frame), theirs) << captured.expression;
      wanted += theirs > 0 ? 1 : 0;
    }
    EXPECT_GT(wanted, 5) << captured.expression;
    EXPECT_LT(wanted, 3'900) << captured.expression;
  }
}

/// An instruction that mostly makes sense, `after` instructions from the end.
FilterInstruction random_instruction(Rng& rng, std::uint32_t after) {
  constexpr std::uint16_t kCodes[] = {0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x0c, 0x14, 0x15, 0x16, 0x1c,
                                      0x1d, 0x20, 0x24, 0x25, 0x28, 0x2c, 0x2d, 0x30, 0x34, 0x35, 0x3c, 0x3d, 0x40,
                                      0x44, 0x45, 0x48, 0x4c, 0x4d, 0x50, 0x54, 0x5c, 0x60, 0x61, 0x64, 0x6c, 0x74,
                                      0x7c, 0x80, 0x81, 0x84, 0x87, 0x94, 0x9c, 0xa4, 0xac, 0xb1};
  FilterInstruction i;
  i.code = rng.below(300) == 0 ? static_cast<std::uint16_t>(rng.below(0x200)) : kCodes[rng.below(std::size(kCodes))];
  if (i.code == 0x06 && rng.below(4) != 0) {
    i.code = 0x07;  // not so soon
  }
  const bool jump = (i.code & 7) == 5;
  const std::uint32_t reach = rng.below(200) == 0 ? after + 2 : std::max(1U, std::min(after, 6U));
  i.if_true = jump ? static_cast<std::uint8_t>(rng.below(reach)) : std::uint8_t{0};
  i.if_false = jump ? static_cast<std::uint8_t>(rng.below(reach)) : std::uint8_t{0};
  constexpr std::uint32_t kOdd[] = {0, 1, 31, 32, 0x7fffffff, 0x80000000, 0xffffffff};
  i.value = i.code == 0x05       ? static_cast<std::uint32_t>(rng.below(reach))
            : rng.below(40) == 0 ? kOdd[rng.below(std::size(kOdd))]
            : (i.code & 7) == 2 || (i.code & 7) == 3 || (i.code & 0xe6) == 0x60
                ? static_cast<std::uint32_t>(rng.below(rng.below(50) == 0 ? 18 : 3))
                : static_cast<std::uint32_t>(rng.below(40));
  const bool far = (i.code & 0xe7) == 0x20 || i.code == 0xb1;  // what lies before a packet is another matter
  i.value = far && i.value >> 31 != 0 ? 41 : i.value;
  return i;
}

std::string text_of(const Program& program) {
  std::ostringstream text;
  for (const FilterInstruction& i : program) {
    text << std::hex << i.code << ' ' << int{i.if_true} << ' ' << int{i.if_false} << ' ' << i.value << "; ";
  }
  return text.str();
}

TEST_F(FilterTest, ThousandsOfProgramsAsTheKernelHasThem) {
  Rng rng(4711);
  int programs = 0;
  int wanted = 0;
  for (int n = 0; n < 20'000; ++n) {
    const auto length = static_cast<std::uint32_t>(1 + rng.below(24));
    Program program;
    for (std::uint32_t i = 0; i + 1 < length; ++i) {
      program.push_back(random_instruction(rng, length - i - 1));
    }
    program.push_back({static_cast<std::uint16_t>(rng.below(100) == 0 ? 0x04
                                                  : rng.below(2) == 0 ? 0x06
                                                                      : 0x16),
                       0, 0, static_cast<std::uint32_t>(rng.below(70))});
    const auto bytes = random_bytes(rng, 1 + rng.below(60));
    const int theirs = kernels(program, bytes);
    ASSERT_EQ(ours(program, bytes), theirs) << "program " << n << " of " << text_of(program);
    programs += theirs >= 0 ? 1 : 0;
    wanted += theirs > 0 ? 1 : 0;
  }
  EXPECT_GT(programs, 5'000) << "else it shows little";
  EXPECT_GT(wanted, 1'000);
}

TEST_F(FilterTest, WhatIsNoProgramIsRefusedByBoth) {
  const std::byte one[1] = {};
  const FilterInstruction end{0x06, 0, 0, 1};
  const Program bad[] = {{},
                         {{0x00, 0, 0, 1}},
                         {{0x05, 0, 0, 1}, end},
                         {{0x05, 0, 0, 0xffffffff}, end},
                         {{0x15, 0, 1, 0}, end},
                         {{0x34, 0, 0, 0}, end},
                         {{0x94, 0, 0, 0}, end},
                         {{0x64, 0, 0, 32}, end},
                         {{0x02, 0, 0, 16}, end},
                         {{0x60, 0, 0, 0}, end},
                         {{0x15, 1, 0, 0}, {0x02, 0, 0, 3}, {0x61, 0, 0, 3}, end},
                         {{0x20, 0, 0, 0xfffff000 + 64}, end},
                         {{0x20, 0, 0, 0xfffff000 + 1}, end},
                         {{0x0e, 0, 0, 0}}};
  for (const Program& program : bad) {
    EXPECT_EQ(ours(program, one), -1) << &program - bad;
    EXPECT_EQ(kernels(program, one), -1) << &program - bad;
  }
  Program longest(PacketFilter::kMostInstructions, end);
  EXPECT_EQ(ours(longest, one), 1);
  EXPECT_EQ(kernels(longest, one), 1);
  longest.push_back(end);
  EXPECT_EQ(ours(longest, one), -1);
  EXPECT_EQ(kernels(longest, one), -1);
}

}  // namespace
}  // namespace catenet
