// SPDX-License-Identifier: Apache-2.0
// Whole namespaces with real NICs, as the caller and as an ordinary user, by TAP and by packet socket. Also the tests
// of keeper.cc and nic_setup.cc.
#include "catenet/live/namespace.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>
#include <tuple>

#include "catenet/live/test_bench.h"

namespace catenet::live {
namespace {

using namespace bench;
using namespace catenet::literals;
using testing::HasSubstr;
using testing::Not;

std::string slurp(const std::string& path) { return read_file(path.c_str()).value_or(""); }

class NicTest : public testing::TestWithParam<std::tuple<Who, Attachment>> {
 protected:
  void SetUp() override {
    if (const std::string why = why_no_namespace(); !why.empty()) {
      GTEST_SKIP() << why;
    }
  }
  /// Runs `body` on a namespace with one NIC; skips where there is no TAP for this user.
  void on_node(const std::function<void(Namespace&)>& body, std::uint32_t mtu = 1500) {
    auto [who, attachment] = GetParam();
    const bool tap_allowed = who == Who::caller && ::access("/dev/net/tun", R_OK | W_OK) == 0;
    if (attachment == Attachment::tap && !tap_allowed) {
      GTEST_SKIP() << "this user may not open /dev/net/tun";
    }
    run_as(who, [&, how = attachment] {
      auto node = Namespace::create(one_nic(how, mtu));
      ASSERT_TRUE(node) << node.error().text;
      body(**node);
    });
  }
};

std::string way_name(const testing::TestParamInfo<std::tuple<Who, Attachment>>& way) {
  const char* how[] = {"automatic", "tap", "packet_socket"};
  return name_of(std::get<0>(way.param)) + "_" + how[static_cast<int>(std::get<1>(way.param))];
}

INSTANTIATE_TEST_SUITE_P(Ways, NicTest,
                         testing::Values(std::tuple(Who::caller, Attachment::tap),
                                         std::tuple(Who::caller, Attachment::packet_socket),
                                         std::tuple(Who::nobody, Attachment::automatic)),
                         way_name);

TEST_P(NicTest, InsideLooksAsSpecified) {
  on_node([](Namespace& node) {
    ASSERT_EQ(node.nic_count(), 1U);
    EXPECT_EQ(output_of(node, "hostname"), "alice\n");
    EXPECT_EQ(output_of(node, "cat /sys/class/net/eth0/address /sys/class/net/eth0/mtu"), "02:00:00:00:00:01\n1500\n");
    EXPECT_EQ(output_of(node, "ls /sys/class/net"), "eth0\nlo\n");  // and no trace of a far end
    EXPECT_THAT(output_of(node, "cat /proc/net/fib_trie"), HasSubstr("10.0.0.1\n"));
    // Kernel's byte order: default route by 10.0.0.2, link route 10.0.0.0/24.
    const std::string routes = output_of(node, "cat /proc/net/route");
    EXPECT_THAT(routes, HasSubstr("eth0\t00000000\t0200000A\t0003"));
    EXPECT_THAT(routes, HasSubstr("eth0\t0000000A\t00000000\t0001"));
    EXPECT_EQ(output_of(node, "id -u"), "0\n");
    EXPECT_EQ(output_of(node, "set -- /proc/[0-9]*; echo $#"), "2\n");  // keeper and sh: nobody else's processes
    EXPECT_THAT(slurp("/proc/" + std::to_string(node.keeper()) + "/comm"), HasSubstr("catenet:alice"));
  });
}

TEST_P(NicTest, PingIsAnsweredByHandMadeBytes) {
  on_node([](Namespace& node) {
    Neighbour neighbour(node.nic(0));
    auto ping = node.start({.command = "ping -c1 -W5 10.0.0.2", .out = Output::pipe(), .err = Output::pipe()});
    ASSERT_TRUE(ping);
    std::optional<ExitStatus> status;
    EXPECT_TRUE(neighbour.serve([&] { return (status = (*ping)->poll()).has_value(); }));
    EXPECT_EQ(status, (ExitStatus{false, 0}));
    EXPECT_GE(node.counters(0)->tx_packets, 2U);  // ARP and echo
    EXPECT_GE(node.counters(0)->rx_packets, 2U);
  });
}

TEST_P(NicTest, JumboFramesPassWhole) {
  on_node(
      [](Namespace& node) {
        Neighbour neighbour(node.nic(0));
        auto ping = node.start({.command = "ping -c1 -W5 -M do -s 8972 10.0.0.2"});
        ASSERT_TRUE(ping);
        std::optional<ExitStatus> status;
        EXPECT_TRUE(neighbour.serve([&] { return (status = (*ping)->poll()).has_value(); }));
        EXPECT_EQ(status, (ExitStatus{false, 0}));
        EXPECT_TRUE(std::any_of(neighbour.seen.begin(), neighbour.seen.end(),
                                [](const Bytes& frame) { return frame.size() == 9014; }));
      },
      9000);
}

TEST_P(NicTest, ChecksumsAreTrueOutwardsAndVerifiedInwards) {
  on_node([](Namespace& node) {
    Neighbour neighbour(node.nic(0));
    auto sender = node.start({.command = "bash -c 'echo catenet >/dev/udp/10.0.0.2/9'"});
    ASSERT_TRUE(sender);
    Bytes datagram;
    EXPECT_TRUE(neighbour.serve([&] {
      auto at = std::find_if(neighbour.seen.begin(), neighbour.seen.end(), [](auto& f) { return is_ipv4(f, 17); });
      datagram = at == neighbour.seen.end() ? Bytes() : *at;
      return !datagram.empty();
    }));
    ASSERT_GE(datagram.size(), 42U);
    const std::size_t size = datagram.size() - 34;
    EXPECT_NE(datagram[40] | datagram[41], 0);
    std::uint32_t pseudo = 17 + static_cast<std::uint32_t>(size);
    for (std::size_t i = 26; i < 34; i += 2) {
      pseudo += std::uint32_t{datagram[i]} << 8 | datagram[i + 1];
    }
    EXPECT_EQ(internet_checksum(&datagram[34], size, pseudo), 0);

    neighbour.seen.clear();
    neighbour.send(echo_request(1, false));
    neighbour.send(echo_request(2, true));
    const auto reply = [](const Bytes& f) { return is_ipv4(f, 1) && f[34] == 0; };
    EXPECT_TRUE(neighbour.serve([&] { return std::any_of(neighbour.seen.begin(), neighbour.seen.end(), reply); }));
    for (const Bytes& frame : neighbour.seen) {
      EXPECT_FALSE(reply(frame) && frame[39] == 1) << "the request with a wrong checksum was answered";
    }
  });
}

TEST_P(NicTest, NothingIsSentUnasked) {
  on_node([](Namespace& node) {
    Neighbour neighbour(node.nic(0));
    EXPECT_FALSE(neighbour.serve([] { return false; }, 400));
    EXPECT_EQ(neighbour.seen.size(), 0U);
    EXPECT_EQ(node.counters(0)->tx_packets, 0U);
  });
}

TEST_P(NicTest, VlanTagsStayInTheFrame) {
  on_node([](Namespace& node) {
    Bytes tagged = echo_request(1, true);
    const std::uint8_t tag[] = {0x81, 0x00, 0x20, 0x0a};  // priority 1, VLAN 10
    tagged.insert(tagged.begin() + 12, std::begin(tag), std::end(tag));
    EXPECT_EQ(run_inside(node,
                         [&] {
                           const UniqueFd raw(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
                           sockaddr_ll to{};
                           to.sll_family = AF_PACKET;
                           to.sll_ifindex = static_cast<int>(::if_nametoindex("eth0"));
                           EXPECT_EQ(::sendto(raw.get(), tagged.data(), tagged.size(), 0,
                                              reinterpret_cast<sockaddr*>(&to), sizeof to),
                                     static_cast<ssize_t>(tagged.size()));
                         }),
              0);
    Neighbour neighbour(node.nic(0));
    EXPECT_TRUE(neighbour.serve([&] { return !neighbour.seen.empty(); }));
    EXPECT_EQ(neighbour.seen.at(0), tagged);
  });
}

class NamespaceTest : public testing::TestWithParam<Who> {
 protected:
  void SetUp() override {
    if (const std::string why = why_no_namespace(); !why.empty()) {
      GTEST_SKIP() << why;
    }
  }
};

INSTANTIATE_TEST_SUITE_P(Users, NamespaceTest, testing::Values(Who::caller, Who::nobody),
                         [](const auto& user) { return name_of(user.param); });

TEST_P(NamespaceTest, TheHostsFileIsInsideOnly) {
  run_as(GetParam(), [] {
    const std::string outside = slurp("/etc/hosts");
    NamespaceSpec spec{.name = "bob", .hosts = "127.0.0.1 localhost\n10.9.8.7 server.lab\n", .resolv_conf = "# none\n"};
    auto node = Namespace::create(spec);
    ASSERT_TRUE(node) << node.error().text;
    EXPECT_EQ(output_of(**node, "cat /etc/hosts"), *spec.hosts);
    EXPECT_THAT(output_of(**node, "getent hosts server.lab"), HasSubstr("10.9.8.7"));
    EXPECT_EQ(output_of(**node, "cat /etc/resolv.conf 2>/dev/null || echo '# none'"), "# none\n");
    EXPECT_EQ(slurp("/etc/hosts"), outside);
    EXPECT_THAT(slurp("/proc/self/mountinfo"), Not(HasSubstr("/etc/hosts")));
    EXPECT_THAT(output_of(**node, "cat /proc/mounts"),
                Not(HasSubstr(" /tmp tmpfs rw,nosuid,nodev,noexec,relatime,size=16384k")));
  });
}

TEST_P(NamespaceTest, SysctlsAreWrittenInsideOnly) {
  run_as(GetParam(), [] {
    const std::string outside = slurp("/proc/sys/net/ipv4/ip_forward");
    auto node =
        Namespace::create({.name = "router", .sysctls = {{"net/ipv4/ip_forward", outside == "1\n" ? "0" : "1"}}});
    ASSERT_TRUE(node) << node.error().text;
    EXPECT_NE(output_of(**node, "cat /proc/sys/net/ipv4/ip_forward"), outside);
    EXPECT_EQ(slurp("/proc/sys/net/ipv4/ip_forward"), outside);
    auto wrong = Namespace::create({.name = "router", .sysctls = {{"net/ipv4/no_such", "1"}}});
    EXPECT_EQ(wrong.error().text, "router: sysctl net/ipv4/no_such=1: No such file or directory");
  });
}

TEST_P(NamespaceTest, ListenersAreSeenWithoutAPacket) {
  run_as(GetParam(), [] {
    auto node = Namespace::create({.name = "server"});
    ASSERT_TRUE(node) << node.error().text;
    EXPECT_FALSE((*node)->wait_until_listening(Transport::tcp, 8080, 20_ms));
    EXPECT_EQ(run_inside(**node,
                         [&] {
                           sockaddr_in6 any{};
                           any.sin6_family = AF_INET6;
                           any.sin6_port = htons(8080);
                           const UniqueFd tcp(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
                           const UniqueFd udp(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
                           ASSERT_EQ(::bind(tcp.get(), reinterpret_cast<sockaddr*>(&any), sizeof any), 0);
                           EXPECT_FALSE((*node)->is_listening(Transport::tcp, 8080)) << "bound is not listening";
                           ASSERT_EQ(::listen(tcp.get(), 1), 0);
                           EXPECT_TRUE((*node)->wait_until_listening(Transport::tcp, 8080, 1_s));
                           EXPECT_FALSE((*node)->is_listening(Transport::udp, 8080));
                           ASSERT_EQ(::bind(udp.get(), reinterpret_cast<sockaddr*>(&any), sizeof any), 0);
                           EXPECT_TRUE((*node)->is_listening(Transport::udp, 8080));
                         }),
              0);
    EXPECT_FALSE((*node)->is_listening(Transport::tcp, 8080));
  });
}

/// Host process ids of everything in the keeper's PID namespace.
std::vector<pid_t> processes_of(pid_t keeper) {
  struct stat own{}, other{};
  std::vector<pid_t> found;
  if (::stat(("/proc/" + std::to_string(keeper) + "/ns/pid").c_str(), &own) != 0) {
    return found;
  }
  DIR* proc = ::opendir("/proc");
  while (const dirent* entry = ::readdir(proc)) {
    const pid_t id = std::atoi(entry->d_name);
    if (id > 0 && ::stat(("/proc/" + std::to_string(id) + "/ns/pid").c_str(), &other) == 0 &&
        other.st_ino == own.st_ino) {
      found.push_back(id);
    }
  }
  ::closedir(proc);
  return found;
}

/// Whether a process runs: a zombie that its new parent has not yet reaped does not.
bool runs(pid_t id) {
  const std::string status = slurp("/proc/" + std::to_string(id) + "/status");
  return !status.empty() && status.find("State:\tZ") == std::string::npos;
}

/// A process that owns two namespaces with programs, some of them orphans that left their group; tells their ids.
[[noreturn]] void own_two_namespaces(int report) {
  std::vector<std::unique_ptr<Namespace>> nodes;
  std::vector<std::unique_ptr<Process>> programs;
  std::vector<pid_t> ids;
  for (const char* name : {"one", "two"}) {
    NamespaceSpec spec = one_nic(Attachment::automatic);
    spec.name = name;
    nodes.push_back(Namespace::create(spec).value());
    programs.push_back(
        nodes.back()->start({.command = "setsid sh -c 'trap \"\" TERM HUP; sleep 1000' & sleep 1001"}).value());
  }
  for (auto& node : nodes) {
    for (int tries = 0; processes_of(node->keeper()).size() < 4 && tries < 1000; ++tries) {
      ::usleep(5000);
    }
    const auto inside = processes_of(node->keeper());
    ids.insert(ids.end(), inside.begin(), inside.end());
  }
  (void)!::write(report, ids.data(), ids.size() * sizeof(pid_t));
  while (true) {
    ::pause();
  }
}

TEST_P(NamespaceTest, NothingSurvivesTheDeathOfItsOwner) {
  for (int signal_number : {SIGKILL, SIGINT, SIGSEGV}) {
    int report[2];
    ASSERT_EQ(::pipe(report), 0);
    run_as(GetParam(), [&] {
      ::prctl(PR_SET_CHILD_SUBREAPER, 1);
      const pid_t owner = ::fork();
      if (owner == 0) {
        ::signal(SIGSEGV, SIG_DFL);  // a sanitizer would take it for its own
        own_two_namespaces(report[1]);
      }
      std::vector<pid_t> ids(64);
      const ssize_t n = ::read(report[0], ids.data(), ids.size() * sizeof(pid_t));
      ASSERT_GE(n, static_cast<ssize_t>(8 * sizeof(pid_t)));  // keeper, sh, sh or sleep, sleep; twice
      ids.resize(static_cast<std::size_t>(n) / sizeof(pid_t));
      for (pid_t id : ids) {
        EXPECT_TRUE(runs(id));
      }
      ::kill(owner, signal_number);
      ASSERT_EQ(::waitpid(owner, nullptr, 0), owner);
      bool any = true;
      for (int tries = 0; any && tries < 1000; ++tries) {
        ::usleep(5000);
        any = std::any_of(ids.begin(), ids.end(), runs);
      }
      EXPECT_FALSE(any) << "processes survived signal " << signal_number;
      while (::waitpid(-1, nullptr, WNOHANG) > 0) {
      }
    });
    ::close(report[0]);
    ::close(report[1]);
  }
}

TEST_P(NamespaceTest, TheDestructorLeavesNoProcessNoDescriptorNoDevice) {
  run_as(GetParam(), [] {
    const auto open_fds = [] {
      std::vector<pid_t> fds;
      DIR* folder = ::opendir("/proc/self/fd");
      while (::readdir(folder) != nullptr) {
        fds.push_back(0);
      }
      ::closedir(folder);
      return fds.size();
    };
    const std::size_t before = open_fds();
    pid_t keeper = -1;
    std::vector<pid_t> inside;
    {
      auto node = Namespace::create(one_nic(Attachment::automatic));
      ASSERT_TRUE(node) << node.error().text;
      keeper = (*node)->keeper();
      auto sleeper = (*node)->start({.command = "sleep 1000"});
      ASSERT_TRUE(sleeper);
      inside = processes_of(keeper);
      EXPECT_GE(inside.size(), 2U);
    }
    EXPECT_EQ(open_fds(), before);
    for (pid_t id : inside) {
      EXPECT_FALSE(runs(id));
    }
    EXPECT_EQ(::kill(keeper, 0), -1);
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);  // no child left to reap
  });
}

TEST_P(NamespaceTest, AKilledKeeperIsNoticed) {
  run_as(GetParam(), [] {
    auto node = Namespace::create({.name = "doomed"});
    ASSERT_TRUE(node) << node.error().text;
    auto sleeper = (*node)->start({.command = "sleep 1000"});
    ASSERT_TRUE(sleeper);
    pollfd wait{(*node)->gone_fd(), POLLIN, 0};
    EXPECT_EQ(::poll(&wait, 1, 0), 0);
    ::kill((*node)->keeper(), SIGKILL);
    EXPECT_EQ(::poll(&wait, 1, 10'000), 1);
    EXPECT_EQ((*sleeper)->wait(10_s), (ExitStatus{true, SIGKILL}));
    EXPECT_EQ((*node)->start({.command = "true"}).error().code, EPIPE);
  });
}

TEST(NamespaceErrors, SaySoInOneLine) {
  if (const std::string why = why_no_namespace(); !why.empty()) {
    GTEST_SKIP() << why;
  }
  EXPECT_EQ(Namespace::create({.name = ""}).error().code, EINVAL);
  NamespaceSpec spec{.name = "n", .nics = {{.name = "eth0"}, {.name = "eth0"}}};
  EXPECT_EQ(Namespace::create(spec).error().text, "n: two NICs named eth0");
  for (const char* name : {"lo", "", "a/b", "sixteen_bytes_xx", "a b"}) {
    spec.nics = {{.name = name}};
    EXPECT_EQ(Namespace::create(spec).error().code, EINVAL) << name;
  }
  spec.nics = {{.name = "eth0", .mtu = 67}};
  EXPECT_THAT(Namespace::create(spec).error().text, HasSubstr("MTU 67"));
  spec = one_nic(Attachment::packet_socket);
  spec.routes = {{{{10, 9, 0, 0}, 16}, Ipv4Bytes{192, 0, 2, 1}, ""}};
  EXPECT_THAT(Namespace::create(spec).error().text,
              HasSubstr("alice: route 10.9.0.0/16 via 192.0.2.1: Network is unreachable"));
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a failed create left a child";
}

TEST(NamespaceErrors, AMachineThatForbidsThemIsExplained) {
  const int code = in_child([] {
    // In a user namespace of our own we may forbid further ones, as a machine's administrator would.
    if (::unshare(CLONE_NEWUSER) != 0 || !write_file("/proc/sys/user/max_user_namespaces", "0")) {
      ::_exit(77);
    }
    auto refused = Namespace::create({.name = "alice"});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ENOSPC);
    EXPECT_EQ(
        refused.error().text,
        "alice: cannot make a network namespace (unshare: No space left on device): user namespaces are forbidden "
        "(user.max_user_namespaces=0); allow them with: sudo sysctl user.max_user_namespaces=15000");
  });
  if (code == 77) {
    GTEST_SKIP() << "no user namespace to forbid them in";
  }
  EXPECT_EQ(code, 0);
}

TEST(NamespaceAsRoot, KeepsEveryIdAndWorksWithoutAUserNamespace) {
  if (::geteuid() != 0 || !why_no_namespace().empty()) {
    GTEST_SKIP() << "needs root";
  }
  auto node = Namespace::create({.name = "r"}).value();
  std::string inside = output_of(*node, "cat /proc/self/uid_map");
  std::istringstream words(inside);
  std::string first, second;
  words >> first >> second;
  EXPECT_EQ(first, second);
  NamespaceSpec spec = one_nic(Attachment::automatic);
  spec.user_namespace = UserNamespace::never;
  spec.hosts = "127.0.0.1 only\n";
  auto plain = Namespace::create(spec);
  ASSERT_TRUE(plain) << plain.error().text;
  EXPECT_STREQ((*plain)->description(), "no user namespace (root)");
  EXPECT_EQ(output_of(**plain, "cat /etc/hosts"), "127.0.0.1 only\n");
  EXPECT_EQ(output_of(**plain, "hostname"), "alice\n");
  EXPECT_THAT(slurp("/etc/hosts"), Not(HasSubstr("only")));
  EXPECT_THAT(slurp("/proc/sys/kernel/hostname"), Not(HasSubstr("alice")));
}

}  // namespace
}  // namespace catenet::live
