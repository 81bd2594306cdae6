// SPDX-License-Identifier: Apache-2.0
#include "catenet/lab/override.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "catenet/lab/loader.h"

namespace catenet::lab {
namespace {

constexpr std::string_view kLab =
    "nodes: {a: host, b: {mtu: 1400}, r: router}\n"
    "links:\n"
    "  - a -- r -- b: {loss: 1%}\n"
    "  - a -- r\n";

LoadedLab load_with(std::vector<std::string> overrides) {
  LoadOptions options;
  options.overrides = std::move(overrides);
  return load_text(kLab, "t.yaml", options);
}

TEST(Override, SetsWhatThereIsAndWhatThereIsNot) {
  const LoadedLab loaded = load_with(
      {"seed=7", "nodes.a.mtu=9000", "nodes.b.mtu=1300", "defaults.link.rate=5Mbit", "nodes.r.arp.retries=9"});
  ASSERT_TRUE(loaded.ok()) << loaded.errors();
  EXPECT_EQ(*loaded.lab.seed, 7U);
  EXPECT_EQ(*loaded.lab.nodes[0].interfaces[0].mtu, 9'000U);
  EXPECT_EQ(*loaded.lab.nodes[1].interfaces[0].mtu, 1'300U);
  EXPECT_EQ(*loaded.lab.links[2].forward.rate, BitRate::mbps(5));
  EXPECT_EQ(*loaded.lab.nodes[2].arp.retries, 9U);
}

TEST(Override, ChangesOneLinkOfAChain) {
  const LoadedLab loaded = load_with({"links.b--r.loss=5%", "links.a--r#2.delay=3ms"});
  ASSERT_TRUE(loaded.ok()) << loaded.errors();
  ASSERT_EQ(loaded.lab.links.size(), 3U);
  EXPECT_EQ(loaded.lab.links[0].forward.loss->ppb(), 10'000'000U);
  EXPECT_EQ(loaded.lab.links[1].forward.loss->ppb(), 50'000'000U);
  EXPECT_EQ(*loaded.lab.links[2].backward.delay, Duration::milliseconds(3));
}

TEST(Override, ErrorsPointIntoTheArgument) {
  EXPECT_EQ(load_with({"seed=7", "links.r--b.loss=500%"}).errors(),
            "--set:2:17: error: loss: '500%' is over 100%\n  links.r--b.loss=500%\n                  ^\n");
  const auto says = [](std::string text, std::string_view what) {
    EXPECT_THAT(load_with({std::move(text)}).errors(), testing::HasSubstr(what));
  };
  says("links.a--q.loss=1%", "unknown link 'a--q'; did you mean 'a--r'?");
  says("links.a--r#3.loss=1%", "unknown link");
  says("links.a.loss=1%", "'a' is not a link");
  says("nodes.c.mtu=9000", "unknown node 'c'");
  says("sede=7", "did you mean 'seed'?");
  says("seed", "sets nothing");
  says("seed..x=1", "empty");
  says("nodes.b.mtu.x=1", "has no parts");
  says("seed=[1", "not YAML");
  says("seed=\xff", "UTF-8");
}

TEST(AppendEvents, AddsToThoseOfTheLab) {
  LoadOptions options;
  options.events = {"2s: crash a", "1s for 500ms: [link a--r down, pause b]"};
  const LoadedLab loaded = load_text(std::string(kLab) + "events: [3s: crash b]\n", "t.yaml", options);
  ASSERT_TRUE(loaded.ok()) << loaded.errors();
  ASSERT_EQ(loaded.lab.events.size(), 4U);
  EXPECT_EQ(loaded.lab.events[0].text(), "3s: crash b");
  EXPECT_EQ(loaded.lab.events[1].text(), "2s: crash a");
  EXPECT_EQ(loaded.lab.events[3].text(), "1s for 500ms: pause b");
  EXPECT_EQ(load_text(kLab, "t.yaml", options).lab.events.size(), 3U) << "a lab without events gets some";
}

TEST(AppendEvents, ErrorsPointIntoTheEvent) {
  LoadOptions options;
  options.events = {"2s: crash a", "2s: crush a"};
  EXPECT_THAT(load_text(kLab, "t.yaml", options).errors(), testing::HasSubstr("--then:2:5: error: "));
  options.events = {"2s: [crash a"};
  EXPECT_THAT(load_text(kLab, "t.yaml", options).errors(), testing::HasSubstr("--then:1:"));
}

}  // namespace
}  // namespace catenet::lab
