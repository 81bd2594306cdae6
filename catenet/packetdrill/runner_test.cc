// SPDX-License-Identifier: Apache-2.0
// runner.cc, player.cc, player_packets.cc, world.cc, datagram.cc, flow.cc, compare.cc, calls.cc, call_options.cc,
// calls_epoll.cc, calls_notices.cc, epoll_set.cc, freebsd.cc, symbols.cc, settings.cc, assertion.cc, tcp_info.cc. What
// passes is in tests/packetdrill; here is what must not.
#include "catenet/packetdrill/runner.h"

#include <gtest/gtest.h>

#include <string>

#include "catenet/packetdrill/assertion.h"
#include "catenet/packetdrill/settings.h"

namespace catenet::packetdrill {
namespace {

using Status = Outcome::Status;

const std::string kOpen = R"(0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 65535 <mss 1460,nop,wscale 0>
+0 > S. 0:0(0) ack 1 <mss 1460,nop,wscale 8>
+.1 < . 1:1(0) ack 1 win 65535
+0 accept(3, ..., ...) = 4
)";

Outcome run(const std::string& text) { return run_text(text, {.linux_profile = true}); }
std::string result(const std::string& text) {
  const Outcome o = run(text);
  switch (o.status) {
    case Status::passed:
      return "passed";
    case Status::failed:
      return "failed: " + o.reason;
    case Status::skipped:
      return "skipped: " + o.reason;
    case Status::broken:
      break;
  }
  return "broken: " + o.reason;
}
std::string after_open(const std::string& text) { return result(kOpen + text); }

TEST(Runner, EverythingThatAScriptWritesIsCompared) {
  EXPECT_EQ(after_open("+0 write(4, ..., 100) = 100\n+0 > P. 1:101(100) ack 1"), "passed");
  const std::string write = "+0 write(4, ..., 100) = 100\n+0 > ";
  EXPECT_EQ(after_open(write + ". 1:101(100) ack 1"), "failed: flags");
  EXPECT_EQ(after_open(write + "P. 2:102(100) ack 1"), "failed: sequence number");
  EXPECT_EQ(after_open(write + "P. 1:91(90) ack 1"), "failed: length");
  EXPECT_EQ(after_open(write + "P. 1:101(100) ack 2"), "failed: acknowledgement number");
  EXPECT_EQ(after_open(write + "P. 1:101(100) ack 1 win 1"), "failed: window");
  EXPECT_EQ(after_open(write + "P. 1:101(100) ack 1 urg 4"), "failed: urgent pointer");
  EXPECT_EQ(after_open(write + "P. 1:101(100) ack 1 <nop,nop>"), "failed: options");
  EXPECT_EQ(after_open(write + "P. 1:101(100) ack 1 <...>"), "passed");
  EXPECT_EQ(after_open(write + "[ce] P. 1:101(100) ack 1"), "failed: ECN codepoint");
  EXPECT_EQ(after_open(write + "[ttl 3] P. 1:101(100) ack 1"), "failed: TTL");
  EXPECT_EQ(after_open(write + "[tos 0x99] P. 1:101(100) ack 1"), "failed: TOS");
  EXPECT_EQ(after_open(write + "udp (100)"), "failed: protocol");
  EXPECT_EQ(after_open(write + "1 > 2 P. 1:101(100) ack 1"), "failed: ports");
}

// The same script in each family: addresses, headers and checksums are the runner's business.
TEST(Runner, OneScriptForAllFamilies) {
  const std::string script = kOpen + "+0 write(4, ..., 100) = 100\n+0 > [ttl 64] P. 1:101(100) ack 1";
  for (const IpVersion version : {IpVersion::ipv4, IpVersion::ipv4_mapped_ipv6, IpVersion::ipv6}) {
    const RunOptions options{
        .linux_profile = true, .ip_version = version, .mtu = version == IpVersion::ipv6 ? 1520U : 0};
    EXPECT_EQ(run_text(script, options).status, Status::passed) << static_cast<int>(version);
  }
  EXPECT_EQ(result("--ip_version=ipv6\n" + kOpen), "failed: options") << "an MSS of 1440, not 1460";
  EXPECT_EQ(result("--ip_version=ipv6\n--mtu=1520\n" + script), "passed");
  EXPECT_EQ(result("--ip_version=ipv6\n--mtu=1000\n" + script), "skipped: IPv6 over an MTU of 1000");
  EXPECT_EQ(result("--ip_version=ipv5\n" + script), "skipped: the option --ip_version=ipv5");
}

TEST(Runner, Icmpv6HasNamesOfItsOwn) {
  const std::string six =
      "--ip_version=ipv6\n--mtu=1520\n" + kOpen + "+0 write(4, ..., 100) = 100\n+0 > P. 1:101(100) ack 1\n";
  EXPECT_EQ(result(six + "+0 < icmp packet_too_big mtu 1300 [1:101(100)]"), "passed");
  EXPECT_EQ(result(six + "+0 < icmp unreachable frag_needed mtu 1300 [1:101(100)]"),
            "skipped: the ICMP message unreachable frag_needed");
  EXPECT_EQ(after_open("+0 < icmp packet_too_big mtu 1300 [1:101(100)]"), "skipped: the ICMP message packet_too_big");
  const std::string udp = "--ip_version=ipv6\n0 < udp 5353 > 9999 (100)\n+0 > icmp unreachable ";
  EXPECT_EQ(result(udp + "port_unreachable [udp (100)]"), "passed");
  EXPECT_EQ(result(udp + "port_unreachable [udp (99)]"), "failed: quoted length");
  EXPECT_EQ(result(udp + "no_route [udp (100)]"), "failed: ICMP type or code");
}

TEST(Runner, FlowLabelsAreCompared) {
  const std::string six = "--ip_version=ipv6\n--mtu=1520\n" + kOpen + "+0 write(4, ..., 100) = 100\n+0 > ";
  EXPECT_EQ(result(six + "[flowlabel 0x0] P. 1:101(100) ack 1"), "failed: flow label");
  EXPECT_EQ(after_open("+0 > [flowlabel 0x1] . 1:1(0) ack 1"), "broken: IPv4 has no flow labels");
}

TEST(Runner, TheSynAckIsComparedToo) {
  const std::string listen = kOpen.substr(0, kOpen.find("+0 > S."));
  EXPECT_EQ(result(listen + "+0 > S. 0:0(0) ack 1 <mss 1400,nop,wscale 8>"), "failed: options");
  EXPECT_EQ(result(listen + "+0 > S. 0:0(0) ack 1 <nop,wscale 8,mss 1460>"), "failed: options");
  EXPECT_EQ(result(listen + "+0 > S. 0:0(0) ack 2 <...>"), "failed: acknowledgement number");
}

TEST(Runner, TimesAreChecked) {
  EXPECT_EQ(after_open("+0 write(4, ..., 10) = 10\n+.1 > P. 1:11(10) ack 1"), "failed: time of an outbound packet");
  EXPECT_EQ(after_open("+0 write(4, ..., 10) = 10\n+.003 > P. 1:11(10) ack 1"), "passed");
  EXPECT_EQ(after_open("+0 write(4, ..., 10) = 10\n+.01~+.02 > P. 1:11(10) ack 1"),
            "failed: time of an outbound packet");
  EXPECT_EQ(after_open("+0 write(4, ..., 10) = 10\n* > P. 1:11(10) ack 1"), "passed");
  EXPECT_EQ(after_open("+0 > P. 1:11(10) ack 1"), "failed: no packet left");
  EXPECT_EQ(result("--tolerance_usecs=200000\n" + kOpen + "+0 write(4, ..., 10) = 10\n+.1 > P. 1:11(10) ack 1"),
            "passed");
}

TEST(Runner, APacketThatTheScriptForgetsIsTheNextOne) {
  EXPECT_EQ(after_open("+0 write(4, ..., 10) = 10\n+.1 close(4) = 0\n+0 > F. 11:11(0) ack 1"), "failed: flags");
}

TEST(Runner, CallsAreJudged) {
  EXPECT_EQ(after_open("+0 write(4, ..., 10) = 11"), "failed: result of write");
  EXPECT_EQ(after_open("+0 write(9, ..., 10) = -1 EPIPE (x)"), "failed: errno of write");
  EXPECT_EQ(after_open("+0 read(4, ..., 10) = 5"), "failed: read still blocks");
  EXPECT_EQ(after_open("+0...0.1 read(4, ..., 10) = 10\n+.05 < P. 1:11(10) ack 1 win 9\n+0 > . 1:1(0) ack 11"),
            "failed: read returned at the wrong time");
  EXPECT_EQ(after_open("+0 getsockopt(4, IPPROTO_TCP, TCP_NODELAY, [1], [4]) = 0"),
            "failed: getsockopt: the option is 0, not 1");
}

TEST(Runner, WhatIsNotThereIsSkippedByName) {
  EXPECT_EQ(after_open("+0 eventfd(1, 0) = 5"), "skipped: the call eventfd");
  EXPECT_EQ(after_open("+0 send(4, ..., 10, MSG_OOB) = 10"), "skipped: a send with the flags MSG_OOB");
  EXPECT_EQ(after_open("+0 setsockopt(4, SOL_SOCKET, SO_TXTIME, [1], 4) = 0"), "skipped: the socket option SO_TXTIME");
  EXPECT_EQ(after_open("+0 setsockopt(4, SOL_SOCKET, SO_TIMESTAMPING, [SOF_TIMESTAMPING_RX_SOFTWARE], 4) = 0"),
            "skipped: the socket option SO_TIMESTAMPING");
  EXPECT_EQ(after_open("+0 open(\"/tmp/nothing\", O_RDONLY) = 5"), "skipped: a file that no command has made");
  EXPECT_EQ(after_open("+0 `nstat | grep -q TcpExtTCPDSACKRecv`"), "skipped: the command 'nstat'");
  EXPECT_EQ(after_open("+0 setsockopt(4, SOL_SOCKET, SO_FROB, [1], 4) = 0"), "skipped: the socket option SO_FROB");
  EXPECT_EQ(after_open("+0 `reboot`"), "skipped: the command 'reboot'");
  EXPECT_EQ(after_open("+0 `sysctl -q net.ipv4.tcp_frobs=1`"), "skipped: sysctl net.ipv4.tcp_frobs=1");
  EXPECT_EQ(after_open("+0 %{ import os }%"), "skipped: the Python statement 'import os '");
  EXPECT_EQ(after_open("+0 %{ assert tcpi_frobs == 1 }%"), "skipped: tcpi_frobs");
  EXPECT_EQ(result("0 socket(AF_INET6, SOCK_STREAM, IPPROTO_TCP) = 3"), "skipped: the address family AF_INET6");
}

TEST(Runner, AssertionsAboutTheConnection) {
  EXPECT_EQ(after_open("+0 %{ assert tcpi_snd_cwnd == 10, tcpi_snd_cwnd }%"), "passed");
  EXPECT_EQ(after_open("+0 %{ assert tcpi_snd_cwnd == 11, tcpi_snd_cwnd }%"),
            "failed: assert tcpi_snd_cwnd == 11; tcpi_snd_cwnd is 10");
  EXPECT_EQ(after_open("+0 %{ assert tcpi_state == TCP_ESTABLISHED }%"), "passed");
}

TEST(Runner, EpollAndControlMessagesAreCompared) {
  const std::string set = "+0 epoll_create(1) = 9\n+0 epoll_ctl(9, EPOLL_CTL_ADD, 4, {events=EPOLLOUT, fd=4}) = 0\n";
  EXPECT_EQ(after_open(set + "+0 epoll_wait(9, {events=EPOLLOUT, fd=4}, 1, 0) = 1"), "passed");
  EXPECT_EQ(after_open(set + "+0 epoll_wait(9, {events=EPOLLIN, fd=4}, 1, 0) = 1"),
            "failed: epoll_wait: events is 4, not 1");
  EXPECT_EQ(after_open(set + "+0 epoll_wait(9, {events=EPOLLOUT, fd=7}, 1, 0) = 1"),
            "failed: epoll_wait: the data are 4, not 7");
  EXPECT_EQ(after_open(set + "+0 epoll_wait(9, {events=0, fd=0}, 1, 0) = 0"), "failed: epoll_wait: events is 4, not 0");
  EXPECT_EQ(after_open("+0 epoll_wait(9, {events=0, fd=0}, 1, 0) = 0"), "failed: result of epoll_wait");
  const std::string inquiry =
      "+0 setsockopt(4, SOL_TCP, TCP_INQ, [1], 4) = 0\n+0 < P. 1:11(10) ack 1 win 65535\n+0 > . 1:1(0) ack 11\n"
      "+0 recvmsg(4, {msg_name(...)=..., msg_iov(1)=[{..., 4}], msg_flags=0, msg_control=[{cmsg_level=SOL_TCP, "
      "cmsg_type=TCP_CM_INQ, cmsg_data=";
  EXPECT_EQ(after_open(inquiry + "6}]}, 0) = 4"), "passed");
  EXPECT_EQ(after_open(inquiry + "5}]}, 0) = 4"), "failed: recvmsg: TCP_CM_INQ says 6, not 5");
}

// Of a send with MSG_ZEROCOPY, all that the error queue says.
TEST(Runner, TheErrorQueueIsCompared) {
  const std::string sent =
      "+0 setsockopt(4, SOL_SOCKET, SO_ZEROCOPY, [1], 4) = 0\n+0 send(4, ..., 10, MSG_ZEROCOPY) = 10\n"
      "+0 > P. 1:11(10) ack 1\n+0 < . 1:1(0) ack 11 win 65535\n";
  const auto receive = [](const std::string& flags, const std::string& info) {
    return "+0 recvmsg(4, {msg_name(...)=..., msg_iov(1)=[{...,0}], msg_flags=" + flags +
           ", msg_control=[{cmsg_level=CMSG_LEVEL_IP, cmsg_type=CMSG_TYPE_RECVERR, cmsg_data={ee_errno=0, "
           "ee_origin=SO_EE_ORIGIN_ZEROCOPY, ee_type=0, ee_code=SO_EE_CODE_ZEROCOPY_COPIED, ee_info=" +
           info + ", ee_data=0}}]}, MSG_ERRQUEUE) = 0";
  };
  EXPECT_EQ(after_open(sent + receive("MSG_ERRQUEUE", "0")), "passed");
  EXPECT_EQ(after_open(sent + receive("MSG_ERRQUEUE", "1")), "failed: recvmsg: in the error queue ee_info is 0, not 1");
  EXPECT_EQ(after_open(sent + receive("0", "0")), "failed: recvmsg: in the error queue msg_flags is 8192, not 0");
  EXPECT_EQ(after_open(receive("MSG_ERRQUEUE", "0")), "failed: result of recvmsg");
}

TEST(Runner, FilesAreOnesThatCommandsMake) {
  const std::string made = "+0 `dd bs=2 count=5 if=/dev/zero of=/tmp/f`\n+0 open(\"/tmp/f\", O_RDONLY) = 5\n";
  EXPECT_EQ(after_open(made + "+0 sendfile(4, 5, [0], 20) = 10\n+0 > P. 1:11(10) ack 1"), "passed");
  EXPECT_EQ(after_open(made + "+0 sendfile(4, 5, [7], 20) = 3\n+0 > P. 1:4(3) ack 1\n+0 close(5) = 0"), "passed");
}

TEST(Runner, RowsOfTheConnectionTableAreLookedFor) {
  EXPECT_EQ(after_open("+0 `grep \" 0A \" /proc/net/tcp /proc/net/tcp6 | grep \":1F90\"`"), "passed");
  EXPECT_EQ(after_open("+0 `grep \" 02 \" /proc/net/tcp /proc/net/tcp6 | grep \":1F90\"`"),
            "failed: no connection in this state");
}

TEST(Runner, AddressesOfTheOtherFamilyAreNotTaken) {
  EXPECT_EQ(result("--local_ip=fd00::1\n0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3"),
            "skipped: the address fd00::1 in a run of the other family");
  EXPECT_EQ(result("--remote_ip=nowhere\n0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3"),
            "skipped: the option --remote_ip=nowhere");
  EXPECT_EQ(result("--netmask_ip=255.0.255.0\n0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3"),
            "skipped: the option --netmask_ip=255.0.255.0");
}

// The sysctls, the order of options, the buffer's size and the count of sockets are FreeBSD's; all are compared.
TEST(Runner, ScriptsMadeForFreeBsd) {
  const std::string begin =
      "0 `sysctl -w net.inet.tcp.rfc1323=1`\n+0 `sysctl -w net.inet.tcp.recvspace=65536`\n"
      "+0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n+0 fcntl(3, F_SETFL, O_RDWR | O_NONBLOCK) = 0\n"
      "+0 getsockopt(3, SOL_SOCKET, SO_RCVBUF, [65536], [4]) = 0\n"
      "+0 connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)\n";
  const std::string open =
      "+0 > S 0:0(0) win 65535 <mss 1460,nop,wscale 6,sackOK,TS val 100 ecr 0>\n"
      "+.1 < S. 0:0(0) ack 1 win 32767 <mss 1460,sackOK,eol,eol>\n+0 > . 1:1(0) ack 1 win 65535\n";
  EXPECT_EQ(result(begin + open + "+0 getsockopt(3, SOL_SOCKET, SO_RCVBUF, [65700], [4]) = 0\n" +
                   "+0 `sockstat -4 -P tcp -s | grep packetdril | grep -c ESTABLISHED | grep 1`"),
            "passed");
  EXPECT_EQ(result(begin + open + "+0 getsockopt(3, SOL_SOCKET, SO_RCVBUF, [65536], [4]) = 0"),
            "failed: getsockopt: the option is 65700, not 65536");
  EXPECT_EQ(result(begin + open + "+0 `sockstat -4 -P tcp -s | grep -c TIME_WAIT | grep 1`"),
            "failed: sockets in this state");
  EXPECT_EQ(result(begin + "+0 > S 0:0(0) win 65535 <mss 1460,nop,wscale 5,sackOK,TS val 100 ecr 0>"),
            "failed: options");
  EXPECT_EQ(result(begin + "+0 > S 0:0(0) win 65535 <mss 1460,nop,wscale 6,sackOK,eol,eol>"), "failed: options");
  EXPECT_EQ(result("0 `sysctl -w net.inet.tcp.insecure_rst=1`"), "skipped: sysctl net.inet.tcp.insecure_rst=1");
}

TEST(Runner, ScriptsThatOnlyLookMadeForFreeBsd) {
  const std::string begin =
      "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n+0 fcntl(3, F_SETFL, O_RDWR | O_NONBLOCK) = 0\n"
      "+0 connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)\n";
  const std::string syn = "+0 > S 0:0(0) win 65535 <mss 1460,nop,wscale 6,sackOK,TS val 100 ecr 0>\n";
  EXPECT_EQ(result(begin + syn + "+0 %{ assert tcpi_state == TCPI_SYN_SENT }%"), "passed");
  EXPECT_EQ(result(begin + syn + "+0 %{ assert tcpi_state == TCPI_ESTABLISHED }%"),
            "failed: assert tcpi_state == TCPI_ESTABLISHED ; tcpi_state is 2, TCPI_ESTABLISHED is 1");
  EXPECT_EQ(result(begin + syn + "+0 read(3, ..., 9) = -1 EWOULDBLOCK (Operation would block)"), "passed");
  EXPECT_EQ(result(begin + syn + "+0 read(3, ..., 9) = -1 EINVAL"), "failed: errno of read");
  // A command that sets one of Linux's makes it a script of Linux's.
  EXPECT_EQ(result("`sysctl -q net.ipv4.tcp_sack=1`\n" + begin + syn), "failed: options");
}

// Where the script gives both, what one of them says is enough; where it gives one, nothing else is.
TEST(Runner, EitherOfTwoConditions) {
  const std::string good = "+0 getsockopt(4, SOL_SOCKET, SO_ERROR, [0], [4]) = 0\n";
  const std::string bad = "+0 getsockopt(4, SOL_SOCKET, SO_ERROR, [EPIPE], [4]) = 0\n";
  EXPECT_EQ(after_open("#ifdef STANDARD\n" + good + "#endif\n#ifdef FreeBSD\n" + bad + "#endif\n"), "passed");
  EXPECT_EQ(after_open("#ifdef STANDARD\n" + bad + "#endif\n#ifdef FreeBSD\n" + good + "#endif\n"), "passed");
  EXPECT_EQ(after_open("#ifdef STANDARD\n" + bad + "#endif\n#ifdef FreeBSD\n" + bad + "#endif\n"),
            "failed: getsockopt: the option is 0, not 32");
}

TEST(Runner, NumbersToAPortWhereNobodyListens) {
  const std::string bound =
      "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n+0 bind(3, ..., ...) = 0\n+0 < S 17:20(3) win 9\n";
  EXPECT_EQ(result(bound + "+0 > R. 0:0(0) ack 21"), "passed");
  EXPECT_EQ(result(bound + "+0 > R. 0:0(0) ack 4"), "failed: acknowledgement number");
}

TEST(Runner, WhatOnlyOneSystemHasIsSkipped) {
  EXPECT_EQ(after_open("+0 > . 1:1(0) ack 1 <nop,nop,md5 valid>"), "skipped: signatures that packetdrill makes");
  EXPECT_EQ(after_open("+0 < . 1:1(0) ack 1 win 9 <nop,nop>/udp(1 > 9811)"), "skipped: TCP in UDP");
  EXPECT_EQ(result("--udp_encapsulation=tcp\n0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3"),
            "skipped: the option --udp_encapsulation");
  EXPECT_EQ(result("--mtu=20\n0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3"), "skipped: the option --mtu");
  for (const char* setting : {"icmp_may_rst=0", "drop_synfin=1", "ecn.maxretries=0", "syncookies_only=1"}) {
    EXPECT_EQ(result("0 `sysctl -w net.inet.tcp." + std::string(setting) + "`"),
              "skipped: sysctl net.inet.tcp." + std::string(setting));
  }
}

TEST(Runner, NoScriptRunsForEver) {
  EXPECT_EQ(result("0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n+99999 close(3) = 0"), "passed");
  EXPECT_EQ(after_open("+0...99999 poll([{fd=4, events=POLLIN, revents=0}], 1, 99999000) = 0"), "passed");
}

TEST(Assertion, PythonsRules) {
  const auto check = [](std::string_view code) {
    Variables variables;
    return check_code(code, variables,
                      [](std::string_view name) { return name == "x" ? std::optional<std::int64_t>(7) : std::nullopt; })
        .kind;
  };
  using Kind = Verdict::Kind;
  for (const char* code : {"assert x == 7", "assert 1 < x <= 7", "assert not x == 8 and (x & 3) == 3",
                           "assert x // 2 == 3; assert x % 4 == 3", "assert -x // 2 == -4", "assert x | 8 == 15",
                           "assert 2 + 3 * 4 == 14", "assert x == 6 or x == 7", "assert x << 2 == 28\nassert ~x == -8",
                           "assert (x ==\n 7)", "print(x)\nassert True", "y = x + 1\ny += 2; y -= 1\nassert y == 9"}) {
    EXPECT_EQ(check(code), Kind::holds) << code;
  }
  for (const char* code : {"assert x == 8", "assert False", "assert x == 7\nassert x < 7", "assert 1 < x < 7"}) {
    EXPECT_EQ(check(code), Kind::fails) << code;
  }
  for (const char* code : {"assert y == 1", "x + 5", "z += 1", "assert x ** 2 == 49", "assert x.y", "assert f(x)",
                           "assert (x", "assert x // 0 == 1", "assert 1.5 > 1"}) {
    EXPECT_EQ(check(code), Kind::unsupported) << code;
  }
}

TEST(Settings, CommandsThatAreUnderstood) {
  TcpSettings tcp;
  EXPECT_EQ(apply_command("sysctl -q net.ipv4.tcp_sack=0 net.ipv4.tcp_rmem=\"4096 10000 20000\"; true", tcp),
            std::nullopt);
  EXPECT_FALSE(tcp.config.sack);
  EXPECT_EQ(tcp.config.receive_buffer, 20000U);
  EXPECT_EQ(tcp.config.max_receive_buffer, 20000U);
  EXPECT_EQ(apply_command("../common/set_sysctls.py /proc/sys/net/ipv4/tcp_timestamps=0 \\\n  "
                          "/proc/sys/net/ipv4/tcp_keepalive_time=10",
                          tcp),
            std::nullopt);
  EXPECT_FALSE(tcp.config.timestamps);
  EXPECT_EQ(tcp.config.keepalive_idle, Duration::seconds(10));
  EXPECT_EQ(apply_command("../../common/defaults.sh", tcp), std::nullopt);
  EXPECT_TRUE(tcp.config.sack);
  EXPECT_EQ(apply_command("sysctl -q net.ipv4.tcp_syncookies=2 net.core.somaxconn=7 net.ipv4.tcp_tw_reuse=1", tcp),
            std::nullopt);
  EXPECT_EQ(tcp.policy.syn_cookies, transport::SynCookies::always);
  EXPECT_EQ(tcp.policy.time_wait_reuse, transport::TimeWaitReuse::always);
  EXPECT_EQ(tcp.limits.backlog, 7U);
  EXPECT_EQ(apply_command("sysctl -q net.ipv4.tcp_ecn=1  # asks\n# nothing\nethtool -K tun0 tso off gso off", tcp),
            std::nullopt);
  EXPECT_EQ(tcp.config.ecn, transport::EcnMode::ask);
  EXPECT_TRUE(apply_command("tc qdisc add dev tun0 root pfifo limit 0", tcp));
  EXPECT_TRUE(apply_command("sysctl -q net.ipv4.tcp_syncookies=3", tcp));
  EXPECT_TRUE(apply_command("sysctl -q net.ipv4.tcp_ecn=6", tcp));
  EXPECT_EQ(apply_command("sysctl -q net.ipv4.tcp_ecn=5 net.ipv4.tcp_ecn_option=0", tcp), std::nullopt);
  EXPECT_EQ(tcp.config.ecn, transport::EcnMode::answer_accurate);
  EXPECT_FALSE(tcp.config.accurate_ecn_options);
  EXPECT_EQ(apply_command("sysctl -q net.ipv4.tcp_rmem=\"4096 131072 $((32*1024*1024))\"", tcp), std::nullopt);
  EXPECT_EQ(tcp.config.max_receive_buffer, 32U << 20);
  EXPECT_TRUE(apply_command("sysctl -q net.ipv4.tcp_rmem=\"4096 131072 $((32*x))\"", tcp));
  EXPECT_EQ(apply_command("sysctl -q net.ipv4.tcp_early_retrans=0 net.ipv4.tcp_rto_max_ms=1000", tcp), std::nullopt);
  EXPECT_FALSE(tcp.config.tlp);
  EXPECT_EQ(tcp.config.max_rto, Duration::seconds(1));
  EXPECT_TRUE(apply_command("sysctl -q net.ipv4.tcp_congestion_control=vivace", tcp));
}

}  // namespace
}  // namespace catenet::packetdrill
