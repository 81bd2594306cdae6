// SPDX-License-Identifier: Apache-2.0
#include "catenet/run/stepper.h"

#include <gmock/gmock.h>

#include "catenet/run/run_test_bench.h"

namespace catenet::run {
namespace {
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kCalls = R"(
until: 2s
nodes:
  a: {kind: host, run: ['calls socket udp, bind 0.0.0.0:7801, close']}
  b: {kind: host, run: [{run: 'calls socket udp', name: later, at: 1s}]}
  c: host
links: [{a -- b: {delay: 1ms}}, {b -- c: {delay: 1ms}}]
)";

std::string transcript(std::string_view table, std::string_view lab = kCalls) {
  RunOptions options;
  options.step_table = table;
  options.partition_size = 1;
  const Ran ran(lab, options);
  EXPECT_EQ(ran.report()["sim"]["partitions"], 1) << "calls are told in the order of time";
  return ran.console.texts;
}

TEST(Stepper, ShowsTheTableOfEachHostWithProgramsAfterEachCall) {
  const std::string text = transcript("arp");
  EXPECT_EQ(text,
            "\n#1 at 0.000000 s  a: socket(datagram) = 3\na\n  (empty)\nb\n  (empty)\n"
            "\n#2 at 0.000000 s  a: bind(3, 0.0.0.0:7801) = 0\na\n  (empty)\nb\n  (empty)\n"
            "\n#3 at 0.000000 s  a: close(3) = 0\na\n  (empty)\nb\n  (empty)\n"
            "\n#4 at 1.000000 s  b: socket(datagram) = 3\na\n  (empty)\nb\n  (empty)\n");
}

TEST(Stepper, ThePcbTableFollowsTheCalls) {
  const std::string text = transcript("pcb");
  const std::size_t bound = text.find("#2 ");
  const std::size_t closed = text.find("#3 ");
  ASSERT_NE(closed, text.npos);
  EXPECT_THAT(text.substr(0, bound), Not(HasSubstr("7801")));
  EXPECT_THAT(text.substr(text.find('\n', bound), closed - bound), HasSubstr("7801"));
  EXPECT_THAT(text.substr(closed), Not(HasSubstr("7801")));
}

TEST(Stepper, TellsWhoWaitsWithoutATable) {
  const std::string text = transcript("arp",
                                      "until: 2s\n"
                                      "nodes: {a: {kind: host, run: ['calls socket, connect b:80'], }, b: host}\n"
                                      "links: [a -- b]");
  EXPECT_THAT(text, HasSubstr("a: connect(3, 10.0.0.2:80) waits\n\n#3")) << text;
  EXPECT_THAT(text, HasSubstr("ECONNREFUSED")) << text;
  EXPECT_THAT(text, HasSubstr("10.0.0.2  02:00:00:02:00:00")) << text;
}

TEST(Stepper, WatchesOnlyWhileItLives) {
  const lab::Description lab = load(kCalls);
  trace::Journal journal;
  auto network = *Network::build(lab, journal, {});
  Notebook console;
  {
    const Stepper stepper(*network, *find_table("arp"), console);
    ASSERT_TRUE(network->nodes()[0].host->sockets().socket(socket::SocketType::datagram));
    EXPECT_THAT(console.texts, HasSubstr("#1 "));
    EXPECT_FALSE(network->nodes()[2].host->has_sockets()) << "it runs nothing";
  }
  const std::string before = console.texts;
  ASSERT_TRUE(network->nodes()[0].host->sockets().socket(socket::SocketType::datagram));
  EXPECT_EQ(console.texts, before);
}

}  // namespace
}  // namespace catenet::run
