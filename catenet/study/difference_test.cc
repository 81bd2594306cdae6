// SPDX-License-Identifier: Apache-2.0
// difference.cc, compare_captures.cc, compare_lines.cc, difference_text.cc: runs that are the same, runs that part, and
// files that are damaged.
#include "catenet/study/difference.h"

#include "catenet/study/study_test_bench.h"

namespace catenet::study {
namespace {
using testing::HasSubstr;
using testing::Not;

Difference compared(const RunFolder& a, const RunFolder& b, const DiffOptions& options = {}) {
  auto difference = compare_runs(a, b, options);
  EXPECT_TRUE(difference.has_value()) << difference.error();
  return difference ? std::move(*difference) : Difference{};
}

/// Changes a byte of a file, at `from_end` bytes before its end.
void flip(const std::filesystem::path& file, std::uint64_t at) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekg(static_cast<std::streamoff>(at));
  const char old = static_cast<char>(stream.get());
  stream.seekp(static_cast<std::streamoff>(at));
  stream.put(static_cast<char>(old ^ 1));
}

void replace(const std::filesystem::path& file, const std::string& from, const std::string& to) {
  std::ifstream in(file, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  const std::size_t at = text.find(from);
  ASSERT_NE(at, std::string::npos) << from;
  std::ofstream(file, std::ios::binary) << text.replace(at, from.size(), to);
}

TEST(Difference, OfARunWithItselfIsNone) {
  run::RunOptions options;
  options.partition_size = 1;
  const Done first(echo_lab("0%"));
  const Done second(echo_lab("0%"), options);
  const RunFolder a = first.open();
  const RunFolder b = second.open();
  const Difference difference = compared(a, b);
  EXPECT_TRUE(difference.same()) << render(difference, a, b, false);
  EXPECT_EQ(difference.captures, 4U);
  EXPECT_EQ(difference.moments, 1U);
  EXPECT_THAT(render(difference, a, b, false), HasSubstr("the digests are equal"));
  EXPECT_EQ(to_json(difference, a, b)["same"], true);
}

TEST(Difference, IsTheFirstFrameThatOneHasAndTheOtherHasNot) {
  const Done first(echo_lab("0%"));
  const Done second(echo_lab("100%"));
  const RunFolder a = first.open();
  const RunFolder b = second.open();
  const Difference difference = compared(a, b);
  EXPECT_FALSE(difference.same());
  ASSERT_FALSE(difference.partings.empty());
  // r says that its address is its own; b hears of it 2 ms later, or not.
  const Parting& parting = difference.partings.front();
  EXPECT_EQ(parting.file, "b_r.pcapng");
  EXPECT_EQ(parting.kind, Parting::Kind::received);
  ASSERT_TRUE(parting.a.line.has_value());
  EXPECT_THAT(*parting.a.line, HasSubstr("in  ARP who has 10.0.1.1, tell 10.0.1.1 [dropped: arp-not-for-us]"));
  EXPECT_EQ(parting.b.line, std::nullopt);
  EXPECT_EQ(parting.a.after.size(), kContext);
  bool in_events = false;
  for (const Parting& other : difference.partings) {
    EXPECT_GE(other.at, parting.at);
    in_events = in_events || (other.file == "events.jsonl" && other.at == parting.at);
  }
  EXPECT_TRUE(in_events) << "the frame that was lost is a drop";
  const std::string text = render(difference, a, b, false);
  EXPECT_THAT(text, HasSubstr("drop link-loss"));
  EXPECT_THAT(text, HasSubstr("  A       loss: 0%\n  B       loss: 100%\n"));
  EXPECT_THAT(text, HasSubstr("  B (nothing more)\n"));
  EXPECT_THAT(text, HasSubstr("nodes.r.interfaces.b.rx_packets: 5 | 0"));
  EXPECT_THAT(text, Not(HasSubstr("\033")));
  EXPECT_THAT(render(difference, a, b, true), HasSubstr("\033[31m"));
  const Json json = to_json(difference, a, b);
  EXPECT_EQ(json["partings"][0]["file"], "b_r.pcapng");
  EXPECT_EQ(json["partings"][0]["b"]["line"], nullptr);
}

TEST(Difference, OfTwoFramesNamesTheByte) {
  const Done first(echo_lab("0%"));
  const Done second(echo_lab("0%"));
  // The last byte of the second frame of b's capture, whose block ends with padding, flags (8), end mark and length.
  const RunFolder a = first.open();
  const Difference none = compared(a, second.open());
  ASSERT_TRUE(none.same());
  std::string bytes = second.folder().read("b_r.pcapng");
  const std::size_t arp = bytes.find(std::string("\x08\x06\x00\x01\x08\x00\x06\x04\x00\x02", 10));
  ASSERT_NE(arp, std::string::npos);
  flip(second.path() / "b_r.pcapng", arp + 30);
  const RunFolder b = second.open();
  const Difference difference = compared(a, b);
  ASSERT_EQ(difference.partings.size(), 1U);
  EXPECT_EQ(difference.partings[0].byte, 12U + 30U);
  EXPECT_EQ(difference.partings[0].before.size(), kContext);
  EXPECT_THAT(render(difference, a, b, false), HasSubstr("the frames differ from byte 42 on"));
  EXPECT_TRUE(compared(a, b, {.before = difference.partings[0].at}).same()) << "before that moment they agree";
}

TEST(Difference, OfTablesAndEventsSaysWhere) {
  const Done first(echo_lab("0%"));
  const Done second(echo_lab("0%"));
  replace(second.path() / "tables.jsonl", "\"state\":\"reachable\"", "\"state\":\"unreachable\"");
  replace(second.path() / "events.jsonl", "program-exited", "program-exhausted");
  const Difference difference = compared(first.open(), second.open());
  ASSERT_EQ(difference.partings.size(), 2U);
  EXPECT_EQ(difference.partings[0].file, "events.jsonl");
  EXPECT_THAT(difference.partings[0].b.line.value_or(""), HasSubstr("a program-exhausted p: exit 0"));
  EXPECT_EQ(difference.partings[1].what, "node a at end: arp.0.state");
  EXPECT_EQ(difference.partings[1].a.line, "reachable");
  EXPECT_EQ(difference.partings[1].b.line, "unreachable");
}

TEST(Difference, WithoutCapturesSaysSo) {
  const Done first(echo_lab("0%", "capture: none\n"));
  const Done second(echo_lab("0%", "capture: [a]\n"));
  const RunFolder a = first.open();
  const RunFolder b = second.open();
  const std::string text = render(compared(a, b), a, b, false);
  EXPECT_THAT(text, HasSubstr("no frames were compared"));
  EXPECT_THAT(text, HasSubstr("1 capture is only in B (a_r.pcapng)"));
  EXPECT_THAT(text, HasSubstr("the runs are the same"));
}

TEST(Difference, OfOtherMomentsComparesThoseThatBothHave) {
  run::RunOptions options;
  options.tables_at = {Instant::from_ns(1'500'000'000)};
  const Done first(echo_lab("0%"), options);
  const Done second(echo_lab("0%"));
  const Difference difference = compared(first.open(), second.open());
  EXPECT_TRUE(difference.same());
  EXPECT_EQ(difference.moments, 1U);
}

TEST(Difference, DamagedFilesAreErrorsThatNameThem) {
  const Done first(echo_lab("0%"));
  const Done second(echo_lab("0%"));
  const RunFolder a = first.open();
  const RunFolder b = second.open();
  std::filesystem::resize_file(b.path / "a_r.pcapng", std::filesystem::file_size(b.path / "a_r.pcapng") - 3);
  EXPECT_THAT(compare_runs(a, b).error(), HasSubstr("a_r.pcapng: byte "));
  std::filesystem::remove(b.path / "a_r.pcapng");
  EXPECT_THAT(compare_runs(a, b).error(), HasSubstr("a_r.pcapng: cannot be read"));
  const RunFolder c = second.open();
  std::ofstream(c.path / "events.jsonl") << "hello\n";
  EXPECT_THAT(compare_runs(a, c).error(), HasSubstr("events.jsonl:1: not a line of events"));
}

TEST(CompareJson, CountsAllAndKeepsSome) {
  std::vector<ReportDifference> found;
  const Json a = Json::parse(R"({"x": 1, "y": [1, {"z": 2}], "gone": true, "same": [1]})");
  const Json b = Json::parse(R"({"x": 1.5, "y": [1, {"z": 3}, 4], "same": [1], "new": "n"})");
  EXPECT_EQ(compare_json(a, b, "", 3, found), 5U);
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].path + found[0].a + found[0].b, "x11.5");
  EXPECT_EQ(found[1].path, "y.1.z");
  EXPECT_EQ(found[2].path + found[2].a, "y.2-");
}

}  // namespace
}  // namespace catenet::study
