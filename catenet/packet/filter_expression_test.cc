// SPDX-License-Identifier: Apache-2.0
// Filter expressions (filter_expression.cc, filter_primitives.cc, filter_code.cc, filter_scanner.cc), with tcpdump as
// judge: a capture of frames of all kinds is read by `tcpdump -r` with the same words, and the same frames must be
// left.
#include "catenet/packet/filter_expression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "catenet/base/rng.h"
#include "catenet/packet/filter_scanner.h"

namespace catenet {
namespace {

using Bytes = std::vector<std::uint8_t>;

void put16(Bytes& to, std::uint32_t value) {
  to.push_back(static_cast<std::uint8_t>(value >> 8));
  to.push_back(static_cast<std::uint8_t>(value));
}

/// Frames between a few hosts, of every kind that the language can tell apart, some of them damaged.
class FrameMaker {
 public:
  explicit FrameMaker(std::uint64_t seed) : rng_(seed) {}
  Bytes make() {
    Bytes frame = mac(rng_.below(6) == 0 ? 0xff : rng_.below(3));
    if (rng_.below(8) == 0) {
      frame = {1, 0, 0x5e, 0, 0, 1};
    }
    const Bytes from = mac(rng_.below(3));
    frame.insert(frame.end(), from.begin(), from.end());
    switch (rng_.below(8)) {
      case 0:
        arp(frame, 0x0806);
        break;
      case 1:
        rng_.below(2) == 0 ? arp(frame, 0x8035) : put16(frame, 0x88cc);
        break;
      case 2:
      case 3:
        ipv6(frame);
        break;
      default:
        ipv4(frame);
    }
    frame.insert(frame.end(), rng_.below(40), 0);
    cut_ = rng_.below(10) == 0;
    if (cut_) {
      frame.resize(std::max<std::size_t>(14, rng_.below(frame.size())));
    }
    return frame;
  }
  [[nodiscard]] bool was_cut() const { return cut_; }

 private:
  static Bytes mac(std::uint64_t n) {
    return n == 0xff ? Bytes(6, 0xff) : Bytes{2, 0, 0, static_cast<std::uint8_t>(n), 0, 0};
  }
  void address(Bytes& to) {
    const Bytes hosts[] = {{10, 0, 0, 1}, {10, 0, 0, 2}, {10, 0, 1, 1}, {192, 168, 7, 7}, {224, 0, 0, 5}};
    const Bytes& host = hosts[rng_.below(5)];
    to.insert(to.end(), host.begin(), host.end());
  }
  std::uint32_t port() {
    constexpr std::uint32_t kPorts[] = {80, 443, 53, 1024, 65535};
    return kPorts[rng_.below(5)];
  }
  std::uint8_t protocol(bool v6) {
    const std::uint8_t kinds[] = {6, 6, 17, static_cast<std::uint8_t>(v6 ? 58 : 1), 2, 132};
    return kinds[rng_.below(6)];
  }
  void arp(Bytes& to, std::uint32_t type) {
    put16(to, type);
    for (const std::uint32_t field : {1U, 0x0800U, 0x0604U, 1U, 0x0200U, 0U, 0U}) {
      put16(to, field);
    }
    address(to);
    to.insert(to.end(), 6, 0);
    address(to);
  }
  void payload(Bytes& to) {
    put16(to, port());
    put16(to, port());
    for (int i = 0; i < 10; ++i) {
      to.push_back(static_cast<std::uint8_t>(rng_.below(256)));
    }
    to.back() = static_cast<std::uint8_t>(1U << rng_.below(6));
    to.insert(to.end(), 6, 0);
  }
  void ipv4(Bytes& to) {
    put16(to, 0x0800);
    const auto words = static_cast<std::uint8_t>(5 + (rng_.below(4) == 0 ? rng_.below(11) : 0));
    to.push_back(0x40 | words);
    to.push_back(0);
    put16(to, words * 4U + 20);
    put16(to, 7);
    put16(to, rng_.below(5) == 0 ? static_cast<std::uint32_t>(rng_.below(0x4000)) : 0x4000);
    to.push_back(64);
    to.push_back(protocol(false));
    put16(to, 0);
    address(to);
    address(to);
    to.insert(to.end(), (words - 5U) * 4, 1);
    payload(to);
    if (rng_.below(3) == 0) {
      to[14 + words * 4U] = static_cast<std::uint8_t>(rng_.below(12));  // an ICMP type
    }
  }
  void ipv6(Bytes& to) {
    put16(to, 0x86dd);
    put16(to, 0x6000);
    put16(to, 0);
    put16(to, 20);
    const bool fragment = rng_.below(4) == 0;
    const std::uint8_t next = protocol(true);
    to.push_back(fragment ? 44 : next);
    to.push_back(64);
    for (int i = 0; i < 2; ++i) {
      to.insert(to.end(), {0xfd, 0});
      to.insert(to.end(), 13, 0);
      to.push_back(static_cast<std::uint8_t>(1 + rng_.below(2)));
    }
    if (fragment) {
      to.insert(to.end(), {next, 0, 0, 0, 0, 0, 0, 1});
    }
    payload(to);
  }

  Rng rng_;
  bool cut_ = false;
};

std::optional<std::vector<FilterAddress>> names(std::string_view name) {
  if (name == "alice") {
    return std::vector<FilterAddress>{{.bytes = {10, 0, 0, 1}},
                                      {.bytes = {0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, .is_v6 = true}};
  }
  return name == "sw1" ? std::optional(std::vector<FilterAddress>()) : std::nullopt;
}
std::expected<std::vector<FilterInstruction>, FilterError> compile(std::string_view expression) {
  auto known = [](std::string_view name) { return names(name); };
  return compile_filter(expression, FilterNames::of(known));
}
std::string error_of(std::string_view expression) {
  const auto program = compile(expression);
  return program ? "none" : std::to_string(program.error().offset) + ": " + program.error().message;
}

class FilterExpression : public testing::Test {
 protected:
  static constexpr std::size_t kFrames = 1500;
  void SetUp() override {
    FrameMaker maker(7);
    for (std::size_t i = 0; i < kFrames; ++i) {
      frames.push_back(maker.make());
      cut.push_back(maker.was_cut());
    }
  }
  std::vector<std::size_t> ours(std::string_view expression) {
    std::vector<std::size_t> left;
    const auto program = compile(expression);
    EXPECT_TRUE(program.has_value()) << expression << ": " << error_of(expression);
    const auto filter = PacketFilter::make(*program);
    EXPECT_TRUE(filter.has_value()) << expression;
    for (std::size_t i = 0; i < frames.size(); ++i) {
      Packet packet = pool.make();
      EXPECT_TRUE(packet.append(std::as_bytes(std::span(frames[i]))));
      if ((*filter)->run({.packet = packet}) != 0) {
        left.push_back(i);
      }
      packet.consume();
    }
    return left;
  }
  [[nodiscard]] std::vector<std::size_t> whole(std::vector<std::size_t> numbers) const {
    std::erase_if(numbers, [&](std::size_t i) { return cut[i]; });
    return numbers;
  }
  /// The frames' numbers are their stamps. Nothing when tcpdump refuses the expression.
  std::optional<std::vector<std::size_t>> tcpdumps(const std::string& expression) {
    const std::string out = file("out.pcap");
    const std::string command = "tcpdump -n -r " + file("in.pcap") + " -w " + out + " '" + expression + "' 2>/dev/null";
    if (std::system(command.c_str()) != 0) {  // NOLINT(cert-env33-c): fixed words, in a folder of our own
      return std::nullopt;
    }
    std::ifstream in(out, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    const std::string bytes = text.str();
    std::vector<std::size_t> left;
    const auto word = [&](std::size_t at) {
      std::uint32_t value = 0;
      std::copy_n(bytes.data() + at, 4, reinterpret_cast<char*>(&value));
      return value;
    };
    for (std::size_t at = 24; at + 16 <= bytes.size(); at += 16 + word(at + 8)) {
      left.push_back(word(at));
    }
    return left;
  }
  void write_capture() {
    folder = (std::filesystem::temp_directory_path() / "catenet-filter-XXXXXX").string();
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    std::ofstream outer(file("in.pcap"), std::ios::binary);
    const auto word = [&](std::uint32_t value) { outer.write(reinterpret_cast<const char*>(&value), 4); };
    for (const std::uint32_t field : {0xa1b2c3d4U, 0x00040002U, 0U, 0U, 65535U, 1U}) {
      word(field);
    }
    for (std::size_t i = 0; i < frames.size(); ++i) {
      word(static_cast<std::uint32_t>(i));
      word(0);
      word(static_cast<std::uint32_t>(frames[i].size()));
      word(static_cast<std::uint32_t>(frames[i].size()));
      outer.write(reinterpret_cast<const char*>(frames[i].data()), static_cast<std::streamsize>(frames[i].size()));
    }
  }
  void TearDown() override {
    std::error_code ignored;
    if (!folder.empty()) {
      std::filesystem::remove_all(folder, ignored);
    }
  }
  [[nodiscard]] std::string file(const std::string& name) const { return folder + "/" + name; }

  PacketPool pool;
  std::vector<Bytes> frames;
  std::vector<bool> cut;
  std::string folder;
};

constexpr const char* kExpressions[] = {
    "tcp",
    "udp",
    "icmp",
    "icmp6",
    "igmp",
    "ip",
    "ip6",
    "arp",
    "rarp",
    "not ip",
    "! arp",
    "host 10.0.0.1",
    "src 10.0.0.1",
    "dst host 10.0.0.2",
    "src or dst host 10.0.0.1",
    "src and dst host 10.0.0.1",
    "ip host 10.0.0.1",
    "arp host 10.0.0.1",
    "ip src 10.0.1.1",
    "net 10.0.0.0/16",
    "src net 10.0.0.0/24",
    "dst net 192.168.0.0/16",
    "net 0.0.0.0/0",
    "port 80",
    "tcp port 80",
    "udp port 53",
    "src port 1024",
    "tcp dst port 443",
    "src and dst port 80",
    "portrange 80-443",
    "udp portrange 53-80",
    "tcp src portrange 1024-65535",
    "port 80 or 443",
    "tcp port 80 or 443",
    "not port 80 and 443",
    "host 10.0.0.1 or 10.0.0.2",
    "tcp and src 10.0.0.1",
    "tcp or udp and src 10.0.0.1",
    "udp and src 10.0.0.1 or tcp",
    "tcp or (udp and src 10.0.0.1)",
    "not (tcp or udp)",
    "not tcp or udp",
    "tcp and not port 80",
    "(tcp or udp) and (port 80 or 53)",
    "tcp && !port 80 || arp",
    "ether src 02:00:00:01:00:00",
    "ether dst ff:ff:ff:ff:ff:ff",
    "ether host 02:00:00:02:00:00",
    "ether proto 0x0806",
    "ip proto 17",
    "ip6 proto 6",
    "proto 6",
    "broadcast",
    "multicast",
    "ether broadcast",
    "ether multicast",
    "ip multicast",
    "less 60",
    "greater 70",
    "len > 64",
    "len <= 50",
    "len != 54",
    "tcp[13] & 2 != 0",
    "tcp[tcpflags] & (tcp-syn|tcp-fin) != 0",
    "tcp[tcpflags] == tcp-ack",
    "tcp[0:2] = 80",
    "udp[2:2] >= 443",
    "ip[8] < 65",
    "ip[2:2] > 40",
    "icmp[icmptype] == icmp-echo",
    "icmp[icmptype] != icmp-unreach and icmp[icmpcode] = 0",
    "ether[12:2] = 0x0800",
    "ip[0] & 0xf > 5",
    "arp[6:2] = 1",
    "ip[6:2] & 0x1fff = 0",
    "tcp[4:4] > 0x80000000",
};

TEST_F(FilterExpression, MeansWhatTcpdumpMeans) {
  if (std::system("tcpdump --version >/dev/null 2>&1") != 0) {  // NOLINT(cert-env33-c)
    GTEST_SKIP() << "no tcpdump (Debian: tcpdump)";
  }
  write_capture();
  for (const char* expression : kExpressions) {
    const auto theirs = tcpdumps(expression);
    ASSERT_TRUE(theirs.has_value()) << "tcpdump refuses " << expression;
    // A load behind the end of a frame ends a program, and libpcap's optimiser moves loads: only whole frames count.
    EXPECT_EQ(whole(ours(expression)), whole(*theirs)) << expression;
  }
}

TEST_F(FilterExpression, NamesStandForAllTheirAddresses) {
  EXPECT_EQ(ours("ip and src alice"), ours("src 10.0.0.1 and ip"));
  EXPECT_GT(ours("ip6 and src alice").size(), 10U);
  EXPECT_GT(ours("alice").size(), ours("host 10.0.0.1").size());
  EXPECT_TRUE(ours("host sw1").empty()) << "a switch has no addresses";
  EXPECT_EQ(ours("ip host alice"), ours("ip host 10.0.0.1"));
}

TEST_F(FilterExpression, FlagsByTheirNames) {
  EXPECT_EQ(ours("syn and ip"), ours("tcp[13] & 2 != 0"));
  EXPECT_EQ(ours("not ip6 and (rst or fin)"), ours("tcp[tcpflags] & (tcp-rst|tcp-fin) != 0"));
  EXPECT_GT(ours("ip6 and ack").size(), 3U);
}

TEST(FilterExpressions, SayWhatIsWrongAndWhere) {
  EXPECT_THAT(error_of(""), testing::StartsWith("0: an empty filter"));
  EXPECT_THAT(error_of("tcp and"), testing::StartsWith("7: the end where a condition is missing"));
  EXPECT_THAT(error_of("tcp or bob"), testing::StartsWith("7: unknown host 'bob'"));
  EXPECT_THAT(error_of("tcp udp"), testing::StartsWith("4: 'udp' is out of place"));
  EXPECT_THAT(error_of("tcp bob"), testing::StartsWith("4: 'tcp' has no such addresses"));
  EXPECT_THAT(error_of("(tcp"), testing::StartsWith("4: the parenthesis is never closed"));
  EXPECT_THAT(error_of("tcp)"), testing::StartsWith("3: ')' is out of place"));
  EXPECT_THAT(error_of("port http"), testing::StartsWith("5: 'http' is no port"));
  EXPECT_THAT(error_of("port 70000"), testing::StartsWith("5: '70000' is no port"));
  EXPECT_THAT(error_of("portrange 80"), testing::StartsWith("10: '80' is no range"));
  EXPECT_THAT(error_of("portrange 90-80"), testing::StartsWith("10: '90-80' is no range"));
  EXPECT_THAT(error_of("icmp port 80"), testing::StartsWith("10: 'icmp' has no ports"));
  EXPECT_THAT(error_of("net 10.0.0.1/24"), testing::StartsWith("4: '10.0.0.1/24' has bits behind"));
  EXPECT_THAT(error_of("net alice"), testing::StartsWith("4: 'alice' is no network"));
  EXPECT_THAT(error_of("ether host alice"), testing::StartsWith("11: 'alice' is no MAC address"));
  EXPECT_THAT(error_of("host 10.0.0.300"), testing::StartsWith("5: unknown host"));
  EXPECT_THAT(error_of("tcp[13"), testing::StartsWith("6: the bracket is never closed"));
  EXPECT_THAT(error_of("tcp[13:3] = 1"), testing::StartsWith("7: '3' is no size"));
  EXPECT_THAT(error_of("tcp[13] 5"), testing::StartsWith("8: '5' compares nothing"));
  EXPECT_THAT(error_of("tcp[x] = 1"), testing::StartsWith("4: 'x' is no number"));
  EXPECT_THAT(error_of("ip6[0] = 1"), testing::StartsWith("0: 'ip6' has no bytes"));
  EXPECT_THAT(error_of("tcp broadcast"), testing::StartsWith("0: nothing that can be said of broadcast"));
  EXPECT_THAT(error_of("src"), testing::StartsWith("3: a name, address or number is missing"));
  EXPECT_THAT(error_of("less many"), testing::StartsWith("5: 'many' is not a length"));
  EXPECT_THAT(error_of("ip proto 300"), testing::StartsWith("9: no such protocol"));
  EXPECT_THAT(error_of("tcp $ udp"), testing::StartsWith("4: '$' is out of place"));
}

TEST(FilterExpressions, HaveLimits) {
  EXPECT_THAT(error_of(std::string(5000, ' ')), testing::StartsWith("4096: a filter of more than"));
  EXPECT_EQ(error_of(std::string(64, '(') + "tcp" + std::string(64, ')')), "none");
  EXPECT_THAT(error_of(std::string(65, '(') + "tcp" + std::string(65, ')')),
              testing::StartsWith("64: parentheses nested"));
  std::string many = "port 1";
  while (many.size() < 4000) {
    many += " or 1";
  }
  EXPECT_THAT(error_of(many), testing::StartsWith("0: the filter is too long"));
}

TEST(FilterExpressions, AnyTextIsAProgramOrAnError) {
  const char* words[] = {"tcp",      "and",  "or",         "not", "(",     ")",     "src",   "dst", "host",
                         "10.0.0.1", "port", "80",         "[",   "]",     ":",     "2",     "&",   "=",
                         "len",      "net",  "10.0.0.0/8", "syn", "ether", "proto", "alice", "!",   "portrange"};
  Rng rng(3);
  int programs = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (std::uint64_t n = rng.below(8) + 1; n > 0; --n) {
      text += std::string(words[rng.below(std::size(words))]) + " ";
    }
    if (const auto program = compile(text)) {
      ++programs;
      EXPECT_TRUE(PacketFilter::make(*program).has_value()) << text;
    } else {
      EXPECT_LE(program.error().offset, text.size());
    }
  }
  EXPECT_GT(programs, 300);
}

TEST(FilterScanner, TakesColonsApartOnlyInBrackets) {
  std::vector<std::string> texts;
  for (const FilterToken& token : scan_filter("ether src 02:00::1 and tcp[0:2]>=0x10||!x")) {
    texts.emplace_back(token.text);
  }
  EXPECT_THAT(texts, testing::ElementsAre("ether", "src", "02:00::1", "and", "tcp", "[", "0", ":", "2", "]",
                                          ">=", "0x10", "||", "!", "x", ""));
}

}  // namespace
}  // namespace catenet
