// SPDX-License-Identifier: Apache-2.0
// The purpose of the room in small: an unmodified server and an unmodified client in two namespaces, and the frames
// between them carried by hand from NIC to NIC, as an ordinary user too.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <fstream>

#include "catenet/live/epoll_loop.h"
#include "catenet/live/test_bench.h"

namespace catenet::live {
namespace {

using namespace bench;
using namespace catenet::literals;

/// Carries frames from one NIC to the other; what the far kernel does not take is lost, as on a full switch.
struct Relay {
  NicChannel* from;
  NicChannel* to;
  std::vector<Bytes> buffers = std::vector<Bytes>(NicChannel::kBatch, Bytes(from->max_frame()));
  std::uint64_t carried = 0;

  void readable() {
    std::vector<RxFrame> frames;
    for (Bytes& buffer : buffers) {
      frames.push_back({buffer.data(), static_cast<std::uint32_t>(buffer.size())});
    }
    const std::size_t got = from->receive(frames).value();
    std::vector<iovec> parts(got);
    std::vector<TxFrame> out;
    for (std::size_t i = 0; i < got; ++i) {
      parts[i] = {frames[i].data, frames[i].length};
      out.push_back({&parts[i], 1, frames[i].offload});
    }
    carried += to->send(out).value();
  }
};

LiveResult<std::unique_ptr<Namespace>> host(const char* name, std::uint8_t number, Attachment attachment) {
  return Namespace::create({.name = name,
                            .nics = {{.name = "eth0",
                                      .mac = MacBytes{2, 0, 0, 0, 0, number},
                                      .addresses = {{{10, 0, 0, number}, 24}},
                                      .attachment = attachment}},
                            .hosts = "127.0.0.1 localhost\n10.0.0.2 server.lab\n",
                            .working_directory = "/tmp"});
}

void fetch_ten_megabytes(Attachment attachment) {
  if (attachment == Attachment::tap && ::access("/dev/net/tun", R_OK | W_OK) != 0) {
    GTEST_SKIP() << "/dev/net/tun is not for this user";
  }
  char folder[] = "/tmp/catenet-www-XXXXXX";
  ASSERT_NE(::mkdtemp(folder), nullptr);
  const std::string file = std::string(folder) + "/ten";
  std::ofstream(file) << std::string(10'000'000, 'x');  // NOLINT(bugprone-string-constructor)
  auto client = host("client", 1, attachment);
  auto server = host("server", 2, attachment);
  ASSERT_TRUE(client && server);
  auto loop = EpollLoop::create();
  Relay there{&(*client)->nic(0), &(*server)->nic(0)};
  Relay back{&(*server)->nic(0), &(*client)->nic(0)};
  ASSERT_TRUE(loop->watch(there.from->fd(), Delegate<void()>::to<&Relay::readable>(there)));
  ASSERT_TRUE(loop->watch(back.from->fd(), Delegate<void()>::to<&Relay::readable>(back)));
  auto httpd = (*server)->start({.command = "exec /usr/bin/python3 -m http.server 8000", .working_directory = folder});
  ASSERT_TRUE(httpd);
  ASSERT_TRUE((*server)->wait_until_listening(Transport::tcp, 8000, 20_s));
  EXPECT_EQ(there.carried + back.carried, 0U) << "the readiness probe sent a packet";
  auto curl = (*client)->start({.command = "exec curl -s -o /dev/null -w '%{http_code} %{size_download}' "
                                           "http://server.lab:8000/ten",
                                .out = Output::pipe()});
  ASSERT_TRUE(curl);
  const Instant end = loop->now() + 60_s;
  while (!(*curl)->poll() && loop->now() < end) {
    (void)loop->wait_until(std::min(end, loop->now() + 5_ms));
  }
  EXPECT_EQ((*curl)->poll(), (ExitStatus{false, 0}));
  char text[64] = {};
  (void)!::read((*curl)->stdout_fd(), text, sizeof text - 1);
  EXPECT_STREQ(text, "200 10000000");
  EXPECT_GT(back.carried, 10'000'000U / back.from->max_frame());
  if (back.from->has_offloads()) {
    EXPECT_LT(back.carried, 10'000'000U / 1500 / 4) << "the kernel hands over super-segments";
  } else {
    EXPECT_GT(back.carried, 10'000'000U / 1500);
  }
  (*httpd)->terminate(5_s);
  EXPECT_EQ((*httpd)->wait(20_s), (ExitStatus{true, 15}));
  ::unlink(file.c_str());
  ::rmdir(folder);
}

class TwoNodesTest : public testing::TestWithParam<std::tuple<Who, Attachment>> {};

std::string way_of_two(const testing::TestParamInfo<std::tuple<Who, Attachment>>& way) {
  const char* how[] = {"automatic", "tap", "packet_socket"};
  return name_of(std::get<0>(way.param)) + "_" + how[static_cast<int>(std::get<1>(way.param))];
}

INSTANTIATE_TEST_SUITE_P(Ways, TwoNodesTest,
                         testing::Values(std::tuple(Who::caller, Attachment::automatic),
                                         std::tuple(Who::caller, Attachment::tap),
                                         std::tuple(Who::caller, Attachment::packet_socket),
                                         std::tuple(Who::nobody, Attachment::automatic)),
                         way_of_two);

TEST_P(TwoNodesTest, CurlFetchesFromPython) {
  if (::access("/usr/bin/python3", X_OK) != 0 || ::system("command -v curl >/dev/null") != 0) {
    GTEST_SKIP() << "needs python3 and curl";
  }
  if (const std::string why = why_no_namespace(); !why.empty()) {
    GTEST_SKIP() << why;
  }
  run_as(std::get<0>(GetParam()), [] { fetch_ten_megabytes(std::get<1>(GetParam())); });
}

}  // namespace
}  // namespace catenet::live
