// SPDX-License-Identifier: Apache-2.0
// testdata/broken/*.yaml, each with its messages in a .expected file beside it; testdata/good/*.yaml load without one.
// CATENET_UPDATE_EXPECTED=1 writes the .expected files anew: read the difference before keeping it.
// Covers describe.cc, describe_nodes.cc, describe_links.cc, describe_programs.cc, describe_sweep.cc, yaml_text.cc,
// map_reader.cc, registry.cc, loader.cc, explain.cc.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "catenet/lab/explain.h"
#include "catenet/lab/loader.h"

namespace catenet::lab {
namespace {

namespace fs = std::filesystem;

fs::path testdata() { return fs::path(__FILE__).parent_path() / "testdata"; }

std::string read(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

std::vector<std::string> labs(const std::string& folder) {
  std::vector<std::string> out;
  for (const auto& entry : fs::directory_iterator(testdata() / folder)) {
    if (entry.path().extension() == ".yaml") {
      out.push_back(entry.path().stem().string());
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

constexpr std::string_view kReasons[] = {"queue-full", "ttl-expired"};
constexpr std::string_view kFacts[] = {"bytes", "exit", "goodput", "rtt_avg"};

LoadOptions options() {
  LoadOptions out;
  out.rules.drop_reasons = kReasons;
  out.rules.program_facts = kFacts;
  return out;
}

class BrokenLab : public testing::TestWithParam<std::string> {};

TEST_P(BrokenLab, SaysWhatIsWrong) {
  const fs::path file = testdata() / "broken" / (GetParam() + ".yaml");
  const fs::path expected = testdata() / "broken" / (GetParam() + ".expected");
  const LoadedLab loaded = load_text(read(file), GetParam() + ".yaml", options());
  ASSERT_FALSE(loaded.ok());
  if (std::getenv("CATENET_UPDATE_EXPECTED") != nullptr) {
    std::ofstream(expected, std::ios::binary) << loaded.errors();
  }
  EXPECT_EQ(loaded.errors(), read(expected));
}

INSTANTIATE_TEST_SUITE_P(All, BrokenLab, testing::ValuesIn(labs("broken")),
                         [](const auto& test) { return test.param; });

class GoodLab : public testing::TestWithParam<std::string> {};

std::string without_comments(const std::string& text) {
  std::istringstream lines(text);
  std::string out;
  for (std::string line; std::getline(lines, line);) {
    line.resize(std::min(line.find("  #"), line.size()));
    if (line.find_first_not_of(' ') != std::string::npos && line[line.find_first_not_of(' ')] != '#') {
      out += line + "\n";
    }
  }
  return out;
}

TEST_P(GoodLab, LoadsAndExplainsItself) {
  const LoadedLab loaded = load_file(testdata() / "good" / (GetParam() + ".yaml"), options());
  ASSERT_TRUE(loaded.ok()) << loaded.errors();
  const std::string explained = explain(loaded.lab);
  const LoadedLab again = load_text(explained, GetParam() + ".yaml", options());
  ASSERT_TRUE(again.ok()) << again.errors();
  EXPECT_EQ(without_comments(explain(again.lab)), without_comments(explained));
}

INSTANTIATE_TEST_SUITE_P(All, GoodLab, testing::ValuesIn(labs("good")), [](const auto& test) { return test.param; });

TEST(Loader, SaysThatAFileCannotBeRead) {
  const LoadedLab loaded = load_file("/nonexistent/lab.yaml");
  EXPECT_EQ(loaded.errors(), "/nonexistent/lab.yaml: error: cannot read the file: No such file or directory\n");
  EXPECT_FALSE(load_file(testdata()).ok());
}

TEST(Loader, NamesTheLabAfterItsFile) {
  EXPECT_EQ(load_text("nodes: {a: host}", "x/my lab (2).yaml").lab.name, "my-lab-2");
  EXPECT_EQ(load_text("nodes: {a: host}\nlab: mine", "x.yaml").lab.name, "mine");
}

TEST(Loader, LimitsTheNumberOfNodes) {
  LoadOptions few;
  few.rules.max_nodes = 2;
  const LoadedLab loaded = load_text("nodes: {a: host, b: host, c: host}", "x.yaml", few);
  EXPECT_THAT(loaded.errors(), testing::HasSubstr("too many nodes: 3; at most 2"));
}

TEST(Loader, AsksTheApplicationsAboutTheirArguments) {
  class NoArguments : public AppCheck {
   public:
    std::optional<std::string> check(std::span<const std::string> words) const override {
      return words.size() > 1 ? std::optional("no argument " + words[1]) : std::nullopt;
    }
  };
  const NoArguments check;
  LoadOptions with;
  with.rules.app_check = &check;
  const LoadedLab loaded = load_text("nodes: {a: {run: [echo-server, ping b]}, b: host}\nlinks: [a -- b]", "x", with);
  EXPECT_THAT(loaded.errors(), testing::HasSubstr("x:1:32: error: run: ping: no argument b"));
  EXPECT_EQ(loaded.diagnostics.count(), 1U);
}

TEST(SplitWords, KnowsQuotes) {
  EXPECT_THAT(*split_words("fetch  'a b' \"\" c\"d\"e"), testing::ElementsAre("fetch", "a b", "", "cde"));
  EXPECT_FALSE(split_words("it's"));
}

}  // namespace
}  // namespace catenet::lab
