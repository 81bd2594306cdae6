// SPDX-License-Identifier: Apache-2.0
// do_only(): what --do makes of a lab.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "catenet/run/run_test_bench.h"

namespace catenet::run {
namespace {
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view kLab = R"(
nodes:
  alice: {kind: host, run: [ping bob, {run: echo bob, after: ping}]}
  bob: {kind: host, run: [{run: http-server, after: ping}, echo-server]}
  sw: switch
  linus: {stack: linux, run: uptime}
links: [alice -- sw, bob -- sw, linus -- sw]
expect: [ping.exit == 0]
)";

std::string error_of(std::string_view what) {
  lab::Description lab = load(kLab);
  const auto done = do_only(lab, std::vector{std::string(what)});
  EXPECT_EQ(lab.programs.size(), done ? 3U : 5U) << "an error changes nothing";
  return done ? "" : done.error();
}

lab::Program done(std::string_view what) {
  lab::Description lab = load(kLab);
  const auto result = do_only(lab, std::vector{std::string(what)});
  EXPECT_TRUE(result.has_value()) << result.error();
  const auto found =
      std::find_if(lab.programs.begin(), lab.programs.end(), [](const lab::Program& p) { return p.name == "do"; });
  return found != lab.programs.end() ? *found : lab::Program();
}

TEST(DoOnly, SaysWhatIsWrong) {
  const char* form = "--do wants 'NODE: COMMAND', for instance --do 'alice: ping bob'";
  EXPECT_EQ(error_of(""), form);
  EXPECT_EQ(error_of("ping bob"), form);
  EXPECT_EQ(error_of("alice:ping"), form);
  EXPECT_EQ(error_of("bib: ping alice"), "--do: there is no node 'bib' in the lab; did you mean 'bob'?");
  EXPECT_EQ(error_of("sw: ping bob"), "--do: sw is a switch, which runs no programs");
  EXPECT_EQ(error_of("alice: "), "--do: no command, or an open quote, in ''");
  EXPECT_EQ(error_of("alice: ping \"bob"), "--do: no command, or an open quote, in 'ping \"bob'");
  EXPECT_EQ(error_of("alice: pong bob"), "--do: no built-in program 'pong'; did you mean 'ping'?");
  EXPECT_THAT(error_of("alice: ping"), StartsWith("--do: "));
  EXPECT_THAT(error_of("alice: ping bob count=many"), HasSubstr("count"));
}

TEST(DoOnly, LeavesTheServicesAndOneProgramThatFollowsThem) {
  lab::Description lab = load(kLab);
  ASSERT_TRUE(do_only(lab, std::vector<std::string>{"alice: fetch 'http://bob/a'"}));
  ASSERT_EQ(lab.programs.size(), 3U);
  EXPECT_EQ(lab.programs[1].name, "http-server");
  EXPECT_TRUE(lab.programs[1].after.empty()) << "whom it waited for is gone";
  const lab::Program& program = lab.programs[0];  // a lab's programs are in the order of its nodes
  EXPECT_EQ(program.name, "do");
  EXPECT_EQ(program.node, 0U);
  EXPECT_EQ(program.words, (std::vector<std::string>{"fetch", "http://bob/a"}));
  EXPECT_EQ(program.after, (std::vector<lab::ProgramIndex>{1, 2}));
  EXPECT_TRUE(lab.expectations.empty()) << "they are about programs that are gone";
}

TEST(DoOnly, SeveralRunOneAfterAnother) {
  lab::Description lab =
      load("nodes: {a: {kind: host, run: ping b}, b: {kind: host, run: http-server}}\nlinks: [a -- b]");
  ASSERT_TRUE(do_only(lab, std::vector<std::string>{"a: fetch http://b/", "b: ping a count=2", "a: ping b count=1"}));
  const Ran ran(std::move(lab));
  EXPECT_EQ(ran.status(), "passed") << testing::PrintToString(ran.result.failed);
  EXPECT_EQ(ran.program("do")["result"]["status"], 200);
  EXPECT_GE(ran.program("do-2")["started_s"], ran.program("do")["ended_s"]);
  EXPECT_GE(ran.program("do-3")["started_s"], ran.program("do-2")["ended_s"]);
}

TEST(DoOnly, TakesNoNameThatAServiceHas) {
  lab::Description lab = load("nodes: {a: {run: [{run: echo-server, name: do-2}]}, b: host}\nlinks: [a -- b]");
  const auto done = do_only(lab, std::vector<std::string>{"b: ping a", "b: ping a"});
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error(), HasSubstr("a service named 'do-2'"));
}

TEST(DoOnly, OneWrongCommandLeavesTheLabAlone) {
  lab::Description lab = load(kLab);
  EXPECT_FALSE(do_only(lab, std::vector<std::string>{"alice: ping bob", "alice: pong bob"}));
  EXPECT_EQ(lab.programs.size(), 5U);
}

TEST(DoOnly, OurWordsBecomeThoseOfLinux) {
  EXPECT_EQ(done("linus: ping bob").command, "ping -c 4 bob");
  EXPECT_EQ(done("linus: trace bob").command, "traceroute -n bob");
  EXPECT_THAT(done("linus: fetch http://bob/").command, StartsWith("curl "));
  EXPECT_THAT(done("linus: fetch http://bob/").command, testing::EndsWith(" http://bob/"));
  EXPECT_EQ(done("linus: ping -c 1 bob").command, "ping -c 1 bob");
  EXPECT_EQ(done("linus: echo \"$HOME\" | wc").command, "echo \"$HOME\" | wc");
}

TEST(DoOnly, AWordKeepsItsQuotesOnTheWayToTheShell) {
  EXPECT_THAT(done("linus: fetch 'http://bob/?a=1&b=2'").command, testing::EndsWith(" 'http://bob/?a=1&b=2'"));
  EXPECT_EQ(done("linus: ping \"b'; reboot\"").command, "ping -c 4 'b'\\''; reboot'");
}

TEST(DoOnly, TheLabRuns) {
  lab::Description lab =
      load("nodes: {a: {kind: host, run: ping b}, b: {kind: host, run: http-server}}\nlinks: [a -- b]");
  ASSERT_TRUE(do_only(lab, std::vector<std::string>{"a: fetch http://b/"}));
  const Ran ran(std::move(lab));
  EXPECT_EQ(ran.status(), "passed") << testing::PrintToString(ran.result.failed);
  EXPECT_EQ(ran.report()["programs"].size(), 2U);
  EXPECT_EQ(ran.program("do")["result"]["status"], 200);
}

TEST(DoAt, AddsProgramsAtAMoment) {
  lab::Description lab = load(kLab);
  ASSERT_TRUE(do_only(lab, std::vector<std::string>{"alice: ping bob"}));
  ASSERT_TRUE(do_at(lab, std::vector<std::string>{"bob: ping alice", "alice: ping bob count=2"}, Duration::seconds(3)));
  std::vector<std::string> names;
  for (const lab::Program& program : lab.programs) {
    names.push_back(fmt::format("{} {} {}", program.node, program.name, program.at->ns()));
  }
  EXPECT_THAT(names, testing::ElementsAre("0 do 0", "0 do-3 3000000000", "1 http-server 0", "1 echo-server 0",
                                          "1 do-2 3000000000"));
  EXPECT_FALSE(do_at(lab, std::vector<std::string>{"bob: pong"}, Duration::seconds(3)));
}

}  // namespace
}  // namespace catenet::run
