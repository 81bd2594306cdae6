// SPDX-License-Identifier: Apache-2.0
// scanner.cc, parser.cc, packet_parser.cc, call_parser.cc, notation.cc
#include "catenet/packetdrill/parser.h"

#include <gtest/gtest.h>

#include "catenet/packetdrill/notation.h"

namespace catenet::packetdrill {
namespace {

Script good(std::string_view text) {
  const auto script = parse(text);
  EXPECT_TRUE(script) << text << ": " << (script ? "" : script.error().text);
  return script.value_or(Script{});
}
Complaint bad(std::string_view text) {
  const auto script = parse(text);
  EXPECT_FALSE(script) << text;
  return script ? Complaint{} : script.error();
}
/// The packet of a script of one event, written again.
std::string packet(std::string_view text) {
  const Script script = good("0 " + std::string(text));
  const auto* p = script.events.size() == 1 ? std::get_if<PacketEvent>(&script.events[0].what) : nullptr;
  return p != nullptr ? to_text(*p) : "?";
}

TEST(Parser, PacketsAreWrittenAsTheyWereRead) {
  for (const char* text :
       {"> S 0:0(0) win 65535 <mss 1460,sackOK,TS val 100 ecr 0,nop,wscale 8>", "> . 1:1(0) ack 1",
        "< FP. 1:1001(1000) ack 5 win 257 <nop,nop,sack 1:2 3:4>", "> R 5:5(0)", "> . 1:1(0) ack 1 <...>",
        "> [ect0] P. 1:11(10) ack 1", "> [ect01] 80 > 1234 . 1:1(0) ack 1", "> [tos 0x20] udp (10)",
        "> [ttl 7] udp 1 > 2 (10)", "< icmp unreachable frag_needed mtu 1400 [1:1461(1460)]",
        "> icmp unreachable port_unreachable [udp (3)]", "> - 0:0(0)", "> SEWA 0:0(0)", "< U. 1:3(2) ack 1 win 9 urg 2",
        "> S. 0:0(0) ack 1 <mss 1460,FO 0011aabb>"}) {
    EXPECT_EQ(packet(text), text);
  }
  EXPECT_EQ(packet("< [1:11(10)] icmp unreachable net_unreachable"), "< icmp unreachable net_unreachable [1:11(10)]");
  EXPECT_EQ(packet("> .5 1:1(0) ack 1"), "> EA. 1:1(0) ack 1");  // ACE 5: AE and ECE
}

TEST(Parser, OtherNamesForTheSame) {
  EXPECT_EQ(packet("> (class 0x20) S 0:0(0)"), "> [tos 0x20] S 0:0(0)");
  EXPECT_EQ(packet("> (hlim 4) S 0:0(0)"), "> [ttl 4] S 0:0(0)");
  EXPECT_EQ(packet("< icmp time_exceeded frag_reass_exceeded [0:0(0)]"),
            packet("< icmp time_exceeded reassembly [0:0(0)]"));
  EXPECT_EQ(packet("> 5 > 6 . 1:1(0) ack 1"), "> 5 > 6 . 1:1(0) ack 1");
}

TEST(Parser, NumbersThatAreNotCounted) {
  const auto numbers = [](std::string_view text) {
    const Script script = good("0 " + std::string(text));
    const auto& tcp = std::get<TcpFields>(std::get<PacketEvent>(script.events.at(0).what).body);
    return std::pair(tcp.any_seq, tcp.wire_seq);
  };
  EXPECT_EQ(numbers("> S. ...(0) ack 1"), std::pair(true, false));
  EXPECT_EQ(numbers("> R. 0:0(0)! ack 1"), std::pair(false, true));
  EXPECT_EQ(numbers("> R. 0:0(0) ack 1"), std::pair(false, false));
  EXPECT_EQ(bad("0 < S. ...(0) ack 1").text, "... can only be expected, not sent");
}

TEST(Parser, Conditions) {
  const std::string text = R"(0 close(1) = 0
#ifdef STANDARD
0 close(2) = 0
#ifndef FreeBSD
0 close(3) = 0
#else
0 close(4) = 0
#endif
#else
0 close(5) = 0
#endif
0 close(6) = 0)";
  const auto closed = [&](std::string_view defined) {
    std::string all;
    const auto script = parse(text, {}, defined);
    for (const Event& event : script.value().events) {
      all += std::to_string(std::get<CallEvent>(event.what).arguments.at(0).number);
    }
    return all;
  };
  EXPECT_EQ(closed("STANDARD"), "1236");
  EXPECT_EQ(closed("FreeBSD"), "156");
  EXPECT_EQ(parse("\n#ifdef X\n0 close(1) = 0\n#endif\n0 ?").error().line, 5U);  // lines count as they stand
}

TEST(Parser, TimesAndComments) {
  const Script s = good(R"(--tolerance_usecs=10000 // more
`sysctl -q net.ipv4.tcp_sack=1`  # first
0.1 close(3) = 0
+.25 close(3) = 0 /* two
lines */
+0~+.1 > . 1:1(0) ack 1
1~2 > . 1:1(0) ack 1
* > . 1:1(0) ack 1
+0...0.2 read(3, ..., 10) = -1 EAGAIN (Resource temporarily unavailable)
+0 %{ assert tcpi_snd_cwnd == 10 }%
)");
  ASSERT_EQ(s.options.size(), 1U);
  EXPECT_EQ(s.options[0].second, "10000");
  ASSERT_EQ(s.events.size(), 8U);
}

TEST(Parser, CodeNeedsATime) { EXPECT_EQ(bad("%{ assert 1 }%").text, "expected a time in seconds"); }

TEST(Parser, Calls) {
  const Script s =
      good(R"(0 bind(3, {sa_family = AF_INET, sin_port = htons(7), sin_addr = inet_addr("0.0.0.0")}, ...) = 0
+0 poll([{fd=3, events=POLLIN|POLLOUT, revents=0}], 1, -5) = 0
+0 sendmsg(3, {msg_name(...)=..., msg_iov(1)=[{..., 10}], msg_flags=0}, 0) = 10
+0...2 accept(3, ..., ...) = -1 EINVAL (Invalid argument))");
  ASSERT_EQ(s.events.size(), 4U);
  const auto& bind = std::get<CallEvent>(s.events[0].what);
  EXPECT_EQ(bind.name, "bind");
  EXPECT_EQ(to_text(bind.arguments[1]), R"({sa_family=AF_INET, sin_port=htons(7), sin_addr=inet_addr("0.0.0.0")})");
  EXPECT_EQ(to_text(std::get<CallEvent>(s.events[1].what).arguments[0]), "[{fd=3, events=POLLIN|POLLOUT, revents=0}]");
  const auto& accept = std::get<CallEvent>(s.events[3].what);
  EXPECT_EQ(accept.error, "EINVAL");
  EXPECT_EQ(accept.until, Duration::seconds(2));
}

TEST(Parser, MistakesAreToldWithTheirLine) {
  EXPECT_EQ(bad("0 close(3) = 0\n+0 > X. 1:1(0) ack 1").line, 2U);
  EXPECT_EQ(bad("0 > . 1:5(3) ack 1").text, "sequence numbers that do not fit the length");
  EXPECT_EQ(bad("0 < . 1:1(0) ack 1 <...>").text, "<...> can only be expected, not sent");
  EXPECT_EQ(bad("0~1 < . 1:1(0) ack 1").text, "only an outbound packet can have a range of times, or *");
  EXPECT_EQ(bad("0 > . 1:1(0) ack 99999999999").text, "a number out of range");
  EXPECT_EQ(bad("2~1 > . 1:1(0) ack 1").text, "a time range that ends before it starts");
  EXPECT_EQ(bad("1000000 close(3) = 0").text, "a time of more than 100000 seconds");
  EXPECT_EQ(bad("0 close(3").text, "expected ')'");
  EXPECT_EQ(bad("/* no end").text, "a comment without end");
  EXPECT_EQ(bad("0 `no end").text, "expected '`' after '`'");
  EXPECT_EQ(bad("0 f(" + std::string(1000, '[')).text, "an expression that is nested too deep");
  EXPECT_EQ(bad(std::string(kMaxScriptBytes + 1, ' ')).text, "a script of more than 1 MiB");
  EXPECT_FALSE(bad("0 > X").unsupported);
}

TEST(Parser, WhatIsNotThereIsNamed) {
  EXPECT_TRUE(bad("0 > ipv4 1.1.1.1 > 2.2.2.2: . 1:1(0) ack 1").unsupported);
  EXPECT_EQ(bad("0 > sctp: INIT[]").text, "packets of sctp");
  EXPECT_EQ(bad("0 > . 1:1(0) ack 1 <scps 1>").text, "the TCP option scps");
  EXPECT_TRUE(bad("0 < icmp frobnicate").unsupported);
}

}  // namespace
}  // namespace catenet::packetdrill
