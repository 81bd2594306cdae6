// SPDX-License-Identifier: Apache-2.0
#include "catenet/lab/yaml_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace catenet::lab {
namespace {

using testing::HasSubstr;

std::string first_error(std::string_view text, const YamlLimits& limits = {}) {
  Diagnostics d;
  read_yaml(text, d, limits);
  return d.ok() ? "" : d.sorted()[0].message;
}

TEST(YamlReader, KeepsOrderAndPlaces) {
  Diagnostics d;
  const YamlValue root = read_yaml("b: 1\na:\n  - x\n  - {k: v}\n", d);
  ASSERT_TRUE(d.ok());
  ASSERT_EQ(root.keys.size(), 2U);
  EXPECT_EQ(root.keys[0].text, "b");
  EXPECT_EQ(root.keys[1].place, (Place{Place::kFile, 2, 1}));
  EXPECT_EQ(root.items[1].items[0].place, (Place{Place::kFile, 3, 5}));
  EXPECT_EQ(root.find("a")->items[1].find("k")->text, "v");
  EXPECT_EQ(root.find("c"), nullptr);
}

TEST(YamlReader, ExpandsAliases) {
  Diagnostics d;
  const YamlValue root = read_yaml("a: &x {k: [1, 2]}\nb: *x\n", d);
  ASSERT_TRUE(d.ok());
  EXPECT_EQ(root.find("b")->find("k")->items[1].text, "2");
}

TEST(YamlReader, StopsAtItsLimits) {
  YamlLimits limits;
  limits.bytes = 100;
  EXPECT_THAT(first_error(std::string(101, 'x'), limits), HasSubstr("at most 100"));
  limits.values = 5;
  EXPECT_THAT(first_error("[1, 2, 3, 4, 5, 6]", limits), HasSubstr("more than 5 values"));
  limits.depth = 2;
  EXPECT_THAT(first_error("[[[1]]]", limits), HasSubstr("deep"));
  limits.aliased = 3;
  EXPECT_THAT(first_error("[&a 1, *a, *a, *a]", limits), "");
  limits.values = 50;
  EXPECT_THAT(first_error("[&a 1, *a, *a, *a, *a]", limits), HasSubstr("aliases"));
}

TEST(YamlReader, SurvivesDeepAndTwistedInput) {
  EXPECT_THAT(first_error(std::string(100'000, '[')), HasSubstr("deep"));
  EXPECT_THAT(first_error(std::string(100'000, '{')), HasSubstr(""));
  EXPECT_THAT(first_error("&a [*a]"), HasSubstr("alias inside"));
  EXPECT_THAT(first_error("*unknown"), HasSubstr("not YAML"));
  EXPECT_NE(first_error("\"open"), "");
  EXPECT_NE(first_error("%YAML 9.9\n---\na: b\n"), "");
}

TEST(YamlReader, RefusesBytesThatAreNotText) {
  EXPECT_THAT(first_error("a: \xff"), HasSubstr("UTF-8"));
  EXPECT_THAT(first_error(std::string_view("a: \0", 4)), HasSubstr("control"));
  EXPECT_THAT(first_error("a:\n\tb: c\n"), HasSubstr("tab"));
  EXPECT_EQ(first_error("\xef\xbb\xbf"
                        "a: b\r\n"),
            "");
}

TEST(YamlReader, AllowsTabsInBlockScalars) {
  Diagnostics d;
  const YamlValue root = read_yaml("run: |\n  make\n  \tall\nnext: 1\n", d);
  ASSERT_TRUE(d.ok());
  EXPECT_EQ(root.find("run")->text, "make\n\tall\n");
  EXPECT_EQ(root.find("next")->text, "1");
}

TEST(YamlReader, ReportsEveryDuplicateKey) {
  Diagnostics d;
  read_yaml("a: 1\nb: 2\na: 3\nb: 4\n", d);
  EXPECT_EQ(d.count(), 2U);
}

TEST(YamlReader, ShiftsPlacesByTheOrigin) {
  Diagnostics d;
  const YamlValue root = read_yaml("{k: v}", d, {}, {Place::kOverride, 3, 8});
  EXPECT_EQ(root.find("k")->place, (Place{Place::kOverride, 3, 12}));
}

}  // namespace
}  // namespace catenet::lab
