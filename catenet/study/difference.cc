// SPDX-License-Identifier: Apache-2.0
#include "catenet/study/difference.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <tuple>

#include "catenet/study/shown.h"

namespace catenet::study {
namespace {

constexpr std::size_t kShownOfValue = 120;

std::string value_text(const Json& value) {
  return shown(value.is_string() ? value.get<std::string>() : value.dump(), kShownOfValue);
}

/// Counts differences and keeps the first ones.
class JsonComparison {
 public:
  JsonComparison(std::size_t most, std::vector<ReportDifference>& out) : most_(most), out_(out) {}
  void compare(const Json& a, const Json& b, const std::string& path) {
    if (a.is_object() && b.is_object()) {
      objects(a, b, path);
    } else if (a.is_array() && b.is_array()) {
      arrays(a, b, path);
    } else if (a != b) {
      found(path, value_text(a), value_text(b));
    }
  }
  [[nodiscard]] std::uint64_t count() const { return count_; }

 private:
  static std::string inside(const std::string& path, const std::string& key) {
    return path.empty() ? shown(key) : path + "." + shown(key);
  }
  void objects(const Json& a, const Json& b, const std::string& path) {
    for (const auto& [key, value] : a.items()) {
      if (const auto other = b.find(key); other != b.end()) {
        compare(value, *other, inside(path, key));
      } else {
        found(inside(path, key), value_text(value), "-");
      }
    }
    for (const auto& [key, value] : b.items()) {
      if (!a.contains(key)) {
        found(inside(path, key), "-", value_text(value));
      }
    }
  }
  void arrays(const Json& a, const Json& b, const std::string& path) {
    for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
      const std::string here = inside(path, std::to_string(i));
      if (i < a.size() && i < b.size()) {
        compare(a[i], b[i], here);
      } else {
        found(here, i < a.size() ? value_text(a[i]) : "-", i < b.size() ? value_text(b[i]) : "-");
      }
    }
  }
  void found(const std::string& path, std::string a, std::string b) {
    ++count_;
    if (out_.size() < most_) {
      out_.push_back({path, std::move(a), std::move(b)});
    }
  }

  std::size_t most_;
  std::vector<ReportDifference>& out_;
  std::uint64_t count_ = 0;
};

/// What two runs of one lab have in common by promise.
Json comparable(Json report) {
  report.erase("wall");
  report["sim"].erase("partitions");
  return report;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

/// Effective labs have the same keys in the same order, so that line beside line tells most differences; where nodes,
/// links or programs were added, what lies between the common beginning and the common end is told.
void compare_labs(const std::string& a, const std::string& b, Difference& out) {
  const auto lines_a = lines_of(a);
  const auto lines_b = lines_of(b);
  std::size_t told[2] = {};
  const auto tell = [&](bool in_a, std::string_view text) {
    if (told[in_a ? 0 : 1]++ < kLabShown) {
      out.lab.push_back({in_a, shown(text)});
    }
  };
  if (lines_a.size() == lines_b.size()) {
    for (std::size_t i = 0; i < lines_a.size(); ++i) {
      if (lines_a[i] != lines_b[i]) {
        tell(true, lines_a[i]);
        tell(false, lines_b[i]);
      }
    }
  } else {
    const auto [from_a, from_b] = std::mismatch(lines_a.begin(), lines_a.end(), lines_b.begin(), lines_b.end());
    auto end_a = lines_a.end();
    auto end_b = lines_b.end();
    while (end_a != from_a && end_b != from_b && *std::prev(end_a) == *std::prev(end_b)) {
      --end_a;
      --end_b;
    }
    std::for_each(from_a, end_a, [&](std::string_view line) { tell(true, line); });
    std::for_each(from_b, end_b, [&](std::string_view line) { tell(false, line); });
  }
  out.lab_count = std::max(told[0], told[1]);
}

/// The moments whose tables both runs have and which count.
std::set<std::string> common_moments(const RunFolder& a, const RunFolder& b, const DiffOptions& options) {
  std::set<std::string> out;
  for (const std::string& moment : a.moments) {
    const auto at = seconds_from(moment);
    const auto& before = options.before;
    const bool counts = !before || (at && (*at < *before || (options.its_tables && *at == *before)));
    if (counts && b.moments.contains(moment)) {
      out.insert(moment);
    }
  }
  return out;
}

void note_captures(const std::vector<std::string>& have, const std::vector<std::string>& other, std::string_view who,
                   Difference& out) {
  std::vector<std::string> only;
  std::set_difference(have.begin(), have.end(), other.begin(), other.end(), std::back_inserter(only));
  if (!only.empty()) {
    out.notes.push_back(fmt::format("{} capture{} only in {} ({}{})", only.size(), only.size() == 1 ? " is" : "s are",
                                    who, only.front(), only.size() > 1 ? ", ..." : ""));
  }
}

void note(const RunFolder& a, const RunFolder& b, Difference& out) {
  note_captures(a.captures, b.captures, "A", out);
  note_captures(b.captures, a.captures, "B", out);
  if (out.captures == 0) {
    out.notes.emplace_back(
        "no frames were compared: the runs have no capture in common (capture: none?). --rerun makes captures");
  }
  if (a.real_time() || b.real_time()) {
    out.notes.emplace_back("a run in real time is never the same twice");
  }
  if (a.lab.empty() || b.lab.empty()) {
    out.notes.emplace_back("the labs were not compared: lab.yaml is missing");
  }
}

}  // namespace

std::uint64_t compare_json(const Json& a, const Json& b, const std::string& path, std::size_t most,
                           std::vector<ReportDifference>& out) {
  JsonComparison comparison(most, out);
  comparison.compare(a, b, path);
  return comparison.count();
}

std::expected<Difference, std::string> compare_runs(const RunFolder& a, const RunFolder& b,
                                                    const DiffOptions& options) {
  Difference out;
  const auto take = [&](MaybeParting parting) -> std::expected<void, std::string> {
    if (!parting) {
      return std::unexpected(parting.error());
    }
    if (*parting) {
      out.partings.push_back(std::move(**parting));
    }
    return {};
  };
  std::vector<std::string> captures;
  std::set_intersection(a.captures.begin(), a.captures.end(), b.captures.begin(), b.captures.end(),
                        std::back_inserter(captures));
  for (const std::string& file : captures) {
    if (const auto taken = take(compare_captures(a, b, file, options.before)); !taken) {
      return std::unexpected(taken.error());
    }
  }
  out.captures = captures.size();
  if (const auto taken = take(compare_events(a, b, options.before)); !taken) {
    return std::unexpected(taken.error());
  }
  const auto moments = common_moments(a, b, options);
  out.moments = moments.size();
  if (const auto taken = take(compare_tables(a, b, moments)); !taken) {
    return std::unexpected(taken.error());
  }
  std::stable_sort(out.partings.begin(), out.partings.end(), [](const Parting& x, const Parting& y) {
    return std::tuple(x.at, x.kind) < std::tuple(y.at, y.kind);
  });
  if (!options.before) {
    out.report_count = compare_json(comparable(a.report), comparable(b.report), "", kReportShown, out.report);
  }
  if (!a.lab.empty() && !b.lab.empty() && a.lab != b.lab) {
    compare_labs(a.lab, b.lab, out);
  }
  if (!options.before) {
    note(a, b, out);
  }
  return out;
}

}  // namespace catenet::study
