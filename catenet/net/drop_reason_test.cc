// SPDX-License-Identifier: Apache-2.0
// Names of drop reasons are an interface: reports, captures and expectations spell them.
#include "catenet/net/drop_reason.h"

#include <gtest/gtest.h>

#include <cctype>
#include <set>
#include <string>

#include "catenet/net/counters.h"

namespace catenet {
namespace {

template <typename F>
void for_each_reason(F&& f) {
  for (std::size_t i = 0; i < kDropReasonCount; ++i) {
    f(static_cast<DropReason>(i));
  }
}

TEST(DropReason, NamesAreUniqueAndKebabCase) {
  std::set<std::string_view> names;
  for_each_reason([&](DropReason reason) {
    const std::string_view text = name(reason);
    EXPECT_TRUE(names.insert(text).second) << text << " twice";
    ASSERT_FALSE(text.empty());
    EXPECT_TRUE(std::islower(text.front()) && text.back() != '-') << text;
    EXPECT_EQ(text.find("--"), text.npos) << text;
    EXPECT_EQ(text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-"), text.npos) << text;
  });
  EXPECT_EQ(names.size(), kDropReasonCount);
}

TEST(DropReason, NamesAreTheIdentifiersWithDashes) {
  const auto check_one = [](DropReason reason, std::string identifier) {
    for (char& c : identifier) {
      c = c == '_' ? '-' : c;
    }
    EXPECT_EQ(name(reason), identifier);
  };
#define CATENET_X(id, text, why) check_one(DropReason::id, #id);
  CATENET_DROP_REASONS(CATENET_X)
#undef CATENET_X
}

TEST(DropReason, NamesFindTheirReason) {
  for_each_reason([](DropReason reason) { EXPECT_EQ(drop_reason_from(name(reason)), reason) << name(reason); });
  for (const char* unknown : {"", "ttl", "TTL-EXPIRED", "ttl_expired", "ttl-expired ", "count_"}) {
    EXPECT_EQ(drop_reason_from(unknown), std::nullopt) << unknown;
  }
}

TEST(DropReason, ExplanationsAreClausesThatSayMoreThanTheName) {
  for_each_reason([](DropReason reason) {
    const std::string_view text = explanation(reason);
    EXPECT_GT(text.size(), 8U) << name(reason);
    EXPECT_NE(text, name(reason));
    EXPECT_NE(text.back(), '.') << "one clause, to be put into a sentence: " << text;
  });
}

TEST(DropCounters, AreOrderedByReasonWhateverTheOrderOfTheDrops) {
  DropCounters drops;
  EXPECT_EQ(drops.total(), 0U);
  EXPECT_EQ(drops.of(DropReason::no_route), 0U);
  drops.add(DropReason::run_ended, 3);
  drops.add(DropReason::link_loss);
  drops.add(DropReason::no_route);
  drops.add(DropReason::link_loss);
  EXPECT_EQ(drops.of(DropReason::link_loss), 2U);
  EXPECT_EQ(drops.of(DropReason::link_down), 0U) << "between two that are there";
  EXPECT_EQ(drops.total(), 6U);
  std::string rows;
  for (const auto& [reason, packets] : drops) {
    rows += std::string(name(reason)) + " " + std::to_string(packets) + ";";
  }
  EXPECT_EQ(rows, "link-loss 2;no-route 1;run-ended 3;");
}

}  // namespace
}  // namespace catenet
