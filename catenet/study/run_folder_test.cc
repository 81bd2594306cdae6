// SPDX-License-Identifier: Apache-2.0
// run_folder.cc: what a run left, and folders that are none.
#include "catenet/study/run_folder.h"

#include "catenet/study/study_test_bench.h"

namespace catenet::study {
namespace {
using testing::HasSubstr;

std::string error_of(const std::filesystem::path& folder) {
  const auto run = open_run(folder);
  return run ? "" : run.error();
}

TEST(RunFolder, IsWhatARunLeft) {
  run::RunOptions options;
  options.tables_at = {Instant::from_ns(1'500'000'000)};
  const Done done(echo_lab("0%"), options);
  const RunFolder run = done.open();
  EXPECT_EQ(run.captures, (std::vector<std::string>{"a_r.pcapng", "b_r.pcapng", "r_a.pcapng", "r_b.pcapng"}));
  EXPECT_EQ(run.moments, (std::set<std::string>{"1.500000000", "end"}));
  EXPECT_EQ(run.digest().size(), 16U);
  EXPECT_FALSE(run.real_time());
  EXPECT_THAT(run.lab, HasSubstr("lab: echoes"));
}

TEST(RunFolder, SaysWhatIsMissingOrWrong) {
  const Done done(echo_lab("0%"));
  const auto& path = done.path();
  EXPECT_THAT(error_of(path / "nothing"), HasSubstr("is not a folder; expected the output folder of a run"));
  std::ofstream(path / "tables.jsonl", std::ios::app) << "{\"moment\":\"x\"}\n";
  EXPECT_THAT(error_of(path), HasSubstr("tables.jsonl:4: not a line of tables"));
  std::filesystem::remove(path / "tables.jsonl");
  EXPECT_THAT(error_of(path), HasSubstr("tables.jsonl is missing"));
  std::filesystem::remove(path / "events.jsonl");
  EXPECT_THAT(error_of(path), HasSubstr("events.jsonl is missing"));
  for (const char* text :
       {"", "[]", "{\"sim\": 1}", R"({"catenet":"1","sim":{"clock":"virtual","end_s":-1,"digest":null}})",
        R"({"catenet":"1","sim":{"clock":"virtual","end_s":1e300,"digest":null}})",
        R"({"catenet":1,"sim":{"clock":"virtual","end_s":1,"digest":null}})"}) {
    std::ofstream(path / "report.json") << text;
    EXPECT_THAT(error_of(path), HasSubstr("is not the report of a run")) << text;
  }
  std::filesystem::remove(path / "report.json");
  EXPECT_THAT(error_of(path), HasSubstr("report.json is missing"));
}

TEST(RunFolder, SecondsAreExact) {
  EXPECT_EQ(seconds_from("12.3"), Instant::from_ns(12'300'000'000));
  EXPECT_EQ(seconds_from("0.000000001"), Instant::from_ns(1));
  EXPECT_EQ(seconds_from("8999999999.999999999"), Instant::from_ns(8'999'999'999'999'999'999));
  EXPECT_EQ(moment_name(*seconds_from("7")), "7.000000000");
  for (const char* text :
       {"", ".", "1.", ".5", "-1", "1.0000000001", "99999999999", "1e3", "1.2.3", "9000000001", " 1"}) {
    EXPECT_FALSE(seconds_from(text)) << text;
  }
  EXPECT_EQ(instant_of(Json(6.046)), Instant::from_ns(6'046'000'000));
  EXPECT_FALSE(instant_of(Json("6")));
  EXPECT_FALSE(instant_of(Json(-1)));
}

}  // namespace
}  // namespace catenet::study
