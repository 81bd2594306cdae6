// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "catenet/lab/describe_parts.h"
#include "catenet/lab/spelling.h"
#include "catenet/lab/yaml_text.h"

namespace catenet::lab {
namespace {

constexpr std::uint64_t kMostRuns = 1'000'000;
constexpr std::uint64_t kLargestSeed = std::numeric_limits<std::int64_t>::max();  // results keep them as SQL integers

/// What may be varied: the keys of a lab that make a difference to a run, with seeds: for the seed.
constexpr std::string_view kRoots[] = {"until", "snaplen", "defaults", "nodes", "links", "events"};

Parsed<SeedRange> parse_seeds(std::string_view text) {
  const std::size_t dots = text.find("..");
  const auto first = parse_integer(text.substr(0, dots), 0, kLargestSeed);
  const auto last = dots == std::string_view::npos ? first : parse_integer(text.substr(dots + 2), 0, kLargestSeed);
  if (!first || !last) {
    return std::unexpected(
        fmt::format("{} are no seeds; expected a number, or a range such as 1..10", in_quotes(text)));
  }
  if (*last < *first || *last - *first >= kMostRuns) {
    return std::unexpected(fmt::format("{} is no range of 1 to {} seeds", in_quotes(text), kMostRuns));
  }
  return SeedRange{*first, *last};
}

void read_parameter(const YamlKey& key, const YamlValue& value, DescribeState& state) {
  Parameter parameter{key.text, {}, key.place};
  const std::string root = key.text.substr(0, key.text.find('.'));
  if (std::find(std::begin(kRoots), std::end(kRoots), root) == std::end(kRoots)) {
    state.diagnostics.error(key.place, fmt::format("matrix: {} cannot be varied; expected a path that begins with {}{}",
                                                   in_quotes(key.text), join_or(kRoots), did_you_mean(root, kRoots)));
    return;
  }
  const auto add = [&](const YamlValue& item) {
    std::string text = flow_text(item);
    if (std::find(parameter.values.begin(), parameter.values.end(), text) != parameter.values.end()) {
      state.diagnostics.error(item.place, fmt::format("matrix: {} has the value {} twice", key.text, text));
      return;
    }
    parameter.values.push_back(std::move(text));
  };
  if (value.is_list() && !value.items.empty()) {
    std::for_each(value.items.begin(), value.items.end(), add);
  } else if (value.is_scalar()) {
    add(value);
  } else {
    state.diagnostics.error(value.place,
                            fmt::format("matrix: {}: expected a list of values such as [1%, 5%]", key.text));
    return;
  }
  state.lab.matrix.push_back(std::move(parameter));
}

}  // namespace

void read_matrix(const YamlValue& matrix, DescribeState& state) {
  if (matrix.is_null()) {
    return;
  }
  if (!matrix.is_map()) {
    state.diagnostics.error(matrix.place,
                            "matrix: expected a map of paths to lists of values, such as {links.a--b.loss: [1%, 5%]}");
    return;
  }
  for (std::size_t i = 0; i < matrix.keys.size(); ++i) {
    read_parameter(matrix.keys[i], matrix.items[i], state);
  }
  std::uint64_t points = 1;
  for (const Parameter& parameter : state.lab.matrix) {
    points = std::min(points * parameter.values.size(), kMostRuns + 1);
  }
  if (points > kMostRuns) {
    state.diagnostics.error(matrix.place, fmt::format("matrix: more than {} combinations", kMostRuns));
  }
}

void read_seeds(const YamlValue& seeds, DescribeState& state) {
  std::vector<SeedRange>& ranges = state.lab.seeds;
  std::uint64_t count = 0;
  for (const YamlValue* item : scalars_of(seeds, "seeds", state.diagnostics)) {
    const auto range = parse_seeds(item->text);
    if (!range) {
      state.diagnostics.error(item->place, "seeds: " + range.error());
      continue;
    }
    const bool twice = std::any_of(ranges.begin(), ranges.end(), [&](const SeedRange& other) {
      return range->first <= other.last && other.first <= range->last;
    });
    count += range->last - range->first + 1;
    if (twice || count > kMostRuns) {
      state.diagnostics.error(item->place, twice ? fmt::format("seeds: {} has seeds that are there already", item->text)
                                                 : fmt::format("seeds: more than {}", kMostRuns));
      continue;
    }
    ranges.push_back(*range);
  }
}

}  // namespace catenet::lab
