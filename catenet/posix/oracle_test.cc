// SPDX-License-Identifier: Apache-2.0
// The kernel as judge: testdata/errors.c, errors6.c, udp.c, raw.c, packet.c, groups.c and the servers of
// examples/sockets run as they are under the kernel and inside simulated hosts; what they print and how they end must
// be equal. Covers calls_socket.cc, calls_data.cc, calls_file.cc, calls_poll.cc, calls_options.cc, calls_names.cc,
// calls_time.cc, calls_stdio.cc, calls_process.cc, options_ipv6.cc, options_raw.cc, options_packet.cc,
// options_groups.cc, link_address.cc, options_udp.cc, options_filter.cc, options_tcp_keys.cc, socket_file.cc, epoll.cc,
// wait.cc, stream.cc, open_file.cc, abi.cc, current.cc.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "catenet/posix/program_test_bench.h"
#include "catenet/testing/looped_host.h"
#include "catenet/testing/routed_hosts.h"

CATENET_POSIX_PROGRAM(errors);
CATENET_POSIX_PROGRAM(errors6);
CATENET_POSIX_PROGRAM(udp);
CATENET_POSIX_PROGRAM(raw);
CATENET_POSIX_PROGRAM(packet);
CATENET_POSIX_PROGRAM(groups);
CATENET_POSIX_PROGRAM(signatures);
CATENET_POSIX_PROGRAM(client);
CATENET_POSIX_PROGRAM(iterative);
CATENET_POSIX_PROGRAM(threads);
CATENET_POSIX_PROGRAM(select_server);
CATENET_POSIX_PROGRAM(poll_server);
CATENET_POSIX_PROGRAM(epoll_server);
CATENET_POSIX_PROGRAM(epoll_edge);
CATENET_POSIX_PROGRAM(ping);

// A process that ends by exit() leaves its heap to the kernel; inside the simulator that memory stays until the
// simulator ends. The client does so when it cannot connect; everybody else frees what they have.
extern "C" const char* __lsan_default_suppressions();  // NOLINT(bugprone-reserved-identifier): the sanitizer's name
extern "C" const char* __lsan_default_suppressions() { return "leak:catenet_posix_main_client\n"; }  // NOLINT

namespace catenet::posix {
namespace {

using testing::RoutedHosts;

class Oracle : public ::testing::TestWithParam<const char*> {
 protected:
  void compare(catenet_posix_image& image, const char* program) { compare(image, {program, GetParam()}); }
  void compare(catenet_posix_image& image, std::vector<std::string> kernel_command);
};

void Oracle::compare(catenet_posix_image& image, std::vector<std::string> kernel_command) {
  const Transcript kernel = KernelRun(std::move(kernel_command)).finish();
  RoutedHosts net;
  Transcript ours;
  const auto process =
      Process::start(net.alice.sockets(), image, {.arguments = {"errors", GetParam()}, .output = ours.sink()});
  net.run_for(Duration::seconds(10));
  EXPECT_FALSE(process->is_running()) << "waits for ever";
  ours.exit_code = process->exit_code();
  process->stop();
  EXPECT_EQ(ours.text, kernel.text);
  EXPECT_EQ(ours.exit_code, kernel.exit_code);
}

TEST_P(Oracle, AnswersAsTheKernelDoes) { compare(catenet_posix_image_errors, KERNEL_errors); }

INSTANTIATE_TEST_SUITE_P(Cases, Oracle,
                         ::testing::Values("making", "bad_descriptors", "not_sockets", "numbers", "binding",
                                           "unconnected", "refused", "refused_read", "connecting", "talking",
                                           "half_close", "reset", "broken_pipe", "caught_pipe", "scattered",
                                           "datagrams", "options", "time_limits", "waiting", "epoll_levels",
                                           "epoll_edges", "names", "ending"),
                         [](const auto& test) { return std::string(test.param); });

class Oracle6 : public Oracle {};
TEST_P(Oracle6, AnswersAsTheKernelDoes) { compare(catenet_posix_image_errors6, KERNEL_errors6); }

INSTANTIATE_TEST_SUITE_P(Cases, Oracle6,
                         ::testing::Values("making", "binding", "sharing", "connecting", "talking", "talking_to_ipv4",
                                           "datagrams", "options", "names"),
                         [](const auto& test) { return std::string(test.param); });

class OracleUdpLite : public Oracle {
 protected:
  void SetUp() override {
    const int fd = ::socket(AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE);
    if (fd < 0) {
      GTEST_SKIP() << "the kernel has no UDP-Lite: nobody to compare with";
    }
    ::close(fd);
  }
};
TEST_P(OracleUdpLite, AnswersAsTheKernelDoes) { compare(catenet_posix_image_udp, KERNEL_udp); }

INSTANTIATE_TEST_SUITE_P(Cases, OracleUdpLite,
                         ::testing::Values("lite_making", "lite_names", "lite_options", "lite_coverage",
                                           "lite_coverage6", "lite_talking", "segment_lite"),
                         [](const auto& test) { return std::string(test.param); });

class OracleUdp : public Oracle {};
TEST_P(OracleUdp, AnswersAsTheKernelDoes) { compare(catenet_posix_image_udp, KERNEL_udp); }

INSTANTIATE_TEST_SUITE_P(Cases, OracleUdp,
                         ::testing::Values("segment_options", "segments", "segments6", "segment_errors",
                                           "segment_filters", "segment_filters6", "segment_cmsg", "segments_as_one",
                                           "batches", "batch_times", "batch_errors", "batch_stream", "batch_segments"),
                         [](const auto& test) { return std::string(test.param); });

// Raw sockets need privileges, and a network where nobody else speaks.
class OracleRaw : public Oracle {
 protected:
  void SetUp() override {
    if (::system("unshare -n ip link set lo up 2>/dev/null") != 0) {
      GTEST_SKIP() << "no network namespaces: nobody to compare with";
    }
  }
};
TEST_P(OracleRaw, AnswersAsTheKernelDoes) {
  compare(
      catenet_posix_image_raw,
      {"/bin/sh", "-c", "exec unshare -n sh -c 'ip link set lo up; exec \"$0\" \"$1\"' $0 $1", KERNEL_raw, GetParam()});
}

INSTANTIATE_TEST_SUITE_P(Cases, OracleRaw,
                         ::testing::Values("making", "ends", "echoing", "filtering", "sharing", "copies", "whole",
                                           "faults", "unreachable", "taken", "options", "control", "full", "filters",
                                           "after_disconnect", "ends6", "echoing6", "checksums6", "faults6",
                                           "control6"),
                         [](const auto& test) { return std::string(test.param); });

// A host with two interfaces, one at each end of a cable: of the kernel's, a pair of veth devices.
class OracleLooped : public ::testing::TestWithParam<const char*> {
 protected:
  /// `more`: commands that finish the kernel's.
  void compare(catenet_posix_image& image, const char* program, const std::string& more, bool ipv6) {
    const std::string set_up =
        "ip link add eth0 address 02:00:00:00:00:01 type veth peer name eth1 address 02:00:00:00:00:02 && "
        "ip address add 10.0.1.1/24 brd + dev eth0 && " +
        more;
    if (::system(("unshare -n sh -c '" + set_up + "' 2>/dev/null").c_str()) != 0) {
      GTEST_SKIP() << "no network namespaces: nobody to compare with";
    }
    const std::string command = "exec unshare -n sh -c '" + set_up + "; exec \"$0\" \"$1\"' $0 $1";
    const Transcript kernel = KernelRun({"/bin/sh", "-c", command, program, GetParam()}).finish();
    testing::LoopedHost net;
    if (ipv6) {
      net.enable_ipv6();
    }
    Transcript ours;
    const auto process =
        Process::start(net.host.sockets(), image, {.arguments = {"program", GetParam()}, .output = ours.sink()});
    net.run_for(Duration::seconds(10));
    EXPECT_FALSE(process->is_running()) << "waits for ever";
    ours.exit_code = process->exit_code();
    process->stop();
    EXPECT_EQ(ours.text, kernel.text);
    EXPECT_EQ(ours.exit_code, kernel.exit_code);
  }
};

class OraclePacket : public OracleLooped {};
TEST_P(OraclePacket, AnswersAsTheKernelDoes) {
  compare(catenet_posix_image_packet, KERNEL_packet,
          "sysctl -qw net.ipv6.conf.all.disable_ipv6=1 && ip link set eth0 up && ip link set eth1 up && "
          // The kernel tells of the carrier when it comes to it.
          "for i in 1 2 3 4 5 6 7 8 9; do ip -o link show eth0 | grep -q state.UP && "
          "ip -o link show eth1 | grep -q state.UP && break; sleep 0.2; done",
          false);
}

class OracleGroups : public OracleLooped {};
TEST_P(OracleGroups, AnswersAsTheKernelDoes) {
  compare(catenet_posix_image_groups, KERNEL_groups,
          "sysctl -qw net.ipv6.conf.eth0.accept_dad=0 net.ipv6.conf.eth1.accept_dad=0 && ip link set lo up && "
          "ip link set eth0 up && "
          "ip link set eth1 up && ip route add 224.0.0.0/4 dev eth0",
          true);
}

INSTANTIATE_TEST_SUITE_P(Cases, OracleGroups,
                         ::testing::Values("members", "options", "looping", "sharing", "choosing", "raw", "raw6", "own",
                                           "members6", "looping6"),
                         [](const auto& test) { return std::string(test.param); });

INSTANTIATE_TEST_SUITE_P(Cases, OraclePacket,
                         ::testing::Values("making", "ends", "frames", "payloads", "outgoing", "lengths", "faults",
                                           "promiscuous", "options", "receiving", "interfaces", "addresses", "downs",
                                           "filters", "filter_options"),
                         [](const auto& test) { return std::string(test.param); });

// TCP's MD5 signatures; the kernel may have been built without.
class OracleSignatures : public Oracle {
 protected:
  void SetUp() override {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    tcp_md5sig key{};
    key.tcpm_addr.ss_family = AF_INET;
    key.tcpm_keylen = 1;
    const int done = ::setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG, &key, sizeof key);
    ::close(fd);
    if (done != 0) {
      GTEST_SKIP() << "the kernel has no MD5 signatures: nobody to compare with";
    }
  }
};
TEST_P(OracleSignatures, AnswersAsTheKernelDoes) { compare(catenet_posix_image_signatures, KERNEL_signatures); }

INSTANTIATE_TEST_SUITE_P(Cases, OracleSignatures,
                         ::testing::Values("md5_errors", "md5_errors6", "md5_talking", "md5_talking6", "md5_prefix",
                                           "md5_wrong", "md5_missing", "md5_unwanted"),
                         [](const auto& test) { return std::string(test.param); });

// Kernels before 6.7 have no TCP-AO: what the program prints is what tcp_ao.rst says.
TEST(PosixSignatures, Ao) {
  RoutedHosts net;
  Transcript ours;
  const auto process = Process::start(net.alice.sockets(), catenet_posix_image_signatures,
                                      {.arguments = {"signatures", "ao"}, .output = ours.sink()});
  net.run_for(Duration::seconds(10));
  EXPECT_FALSE(process->is_running()) << "waits for ever";
  process->stop();
  EXPECT_EQ(ours.text,
            "add: 0\nadd again: EEXIST\nmd5 besides: EKEYREJECTED\nunknown algorithm: ENOENT\nreserved: EINVAL\n"
            "interface: EINVAL\ncurrent of a listener: EINVAL\nconnect: 0\nsent: 5\necho: 5\n"
            "info: 0 flags 3 current 61 next 84 bad 0 good yes\nkeys: 0 n 1 cmac(aes128) 12 61 84 flags 3 prefix 32\n"
            "choose another: ENOENT\nremove current: EBUSY\nremove: ENOENT\ntoo late: EISCONN\n");
}

// ---- servers --------------------------------------------------------------------------------------------------------

struct Style {
  const char* name;
  catenet_posix_image* image;
  const char* kernel;
  const char* connections;
};

class Styles : public ::testing::TestWithParam<Style> {};

constexpr std::string_view kLines =
    "echo one\nupper two\necho three\nnonsense\nupper a longer line, with more words\necho six\nupper seven\n";

std::string free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  socklen_t size = sizeof address;
  EXPECT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(fd);
  return std::to_string(ntohs(address.sin_port));
}

TEST_P(Styles, TheTranscriptsAreTheKernels) {
  const Style& style = GetParam();
  const std::string port = free_port();
  KernelRun server({style.kernel, port, style.connections});
  server.read_until("ready\n");
  const Transcript kernel_client = KernelRun({KERNEL_client, "127.0.0.1", port, style.connections}, kLines).finish();
  const Transcript kernel_server = server.finish();

  RoutedHosts net;
  Transcript our_server;
  Transcript our_client;
  const auto serving =
      Process::start(net.bob.sockets(), *style.image,
                     {.arguments = {style.name, port, style.connections}, .output = our_server.sink()});
  net.run_for(Duration::milliseconds(1));
  const auto asking = Process::start(net.alice.sockets(), catenet_posix_image_client,
                                     {.arguments = {"client", "bob", port, style.connections},
                                      .input = std::string(kLines),
                                      .output = our_client.sink()});
  net.run_for(Duration::seconds(10));
  our_server.exit_code = serving->exit_code();
  our_client.exit_code = asking->exit_code();
  EXPECT_FALSE(serving->is_running());
  EXPECT_FALSE(asking->is_running());
  serving->stop();
  asking->stop();
  EXPECT_EQ(our_client.text, kernel_client.text);
  EXPECT_EQ(our_server.text, kernel_server.text);
  EXPECT_EQ(our_client.exit_code, kernel_client.exit_code);
  EXPECT_EQ(our_server.exit_code, kernel_server.exit_code);
}

INSTANTIATE_TEST_SUITE_P(
    Servers, Styles,
    ::testing::Values(Style{"iterative", &catenet_posix_image_iterative, KERNEL_iterative, "1"},
                      Style{"threads", &catenet_posix_image_threads, KERNEL_threads, "3"},
                      Style{"select", &catenet_posix_image_select_server, KERNEL_select_server, "3"},
                      Style{"poll", &catenet_posix_image_poll_server, KERNEL_poll_server, "3"},
                      Style{"epoll", &catenet_posix_image_epoll_server, KERNEL_epoll_server, "3"},
                      Style{"epoll_edge", &catenet_posix_image_epoll_edge, KERNEL_epoll_edge, "3"}),
    [](const auto& test) { return std::string(test.param.name); });

// ---- a ping ---------------------------------------------------------------------------------------------------------

Transcript ping_from(RoutedHosts& net, const char* whom) {
  Transcript ours;
  const auto process = Process::start(net.alice.sockets(), catenet_posix_image_ping,
                                      {.arguments = {"ping", whom, "3"}, .output = ours.sink()});
  net.run_for(Duration::seconds(10));
  EXPECT_FALSE(process->is_running()) << "waits for ever";
  ours.exit_code = process->exit_code();
  process->stop();
  return ours;
}

TEST(PosixPing, AnswersAsTheKernelDoes) {
  const Transcript kernel = KernelRun({KERNEL_ping, "127.0.0.1", "3"}).finish();
  if (kernel.exit_code == 2) {
    GTEST_SKIP() << "no raw sockets for this user: nobody to compare with";
  }
  RoutedHosts net;
  const Transcript ours = ping_from(net, "127.0.0.1");
  EXPECT_EQ(ours.text, kernel.text);
  EXPECT_EQ(ours.exit_code, kernel.exit_code);
}

TEST(PosixPing, ReachesAnotherHost) {
  RoutedHosts net;
  EXPECT_EQ(ping_from(net, "bob").text,
            "PING 10.0.2.2, 56 bytes of data\n"
            "64 bytes from 10.0.2.2: icmp_seq=1 ttl=63\n"
            "64 bytes from 10.0.2.2: icmp_seq=2 ttl=63\n"
            "64 bytes from 10.0.2.2: icmp_seq=3 ttl=63\n"
            "3 sent, 3 received\n");
  net.set_bob_up(false);
  EXPECT_EQ(ping_from(net, "bob").text, "PING 10.0.2.2, 56 bytes of data\n3 sent, 0 received\n");
}

}  // namespace
}  // namespace catenet::posix
