// SPDX-License-Identifier: Apache-2.0
#include "catenet/study/hunt_schedule.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "catenet/base/rng.h"
#include "catenet/lab/units.h"

namespace catenet::study {
namespace {

constexpr std::array<std::string_view, 8> kFaultNames = {"link",      "partition", "loss",  "delay",
                                                         "duplicate", "reorder",   "pause", "crash"};
constexpr Duration kShortestFault = Duration::milliseconds(1);

/// Draws words for one lab.
class Drawer {
 public:
  Drawer(const lab::Description& lab, const FaultLimits& limits, std::uint64_t seed)
      : lab_(lab), limits_(limits), rng_(seed, "hunt", "schedule") {
    for (const lab::Node& node : lab.nodes) {
      if (!node.is_switch()) {
        hosts_.push_back(node.name);
      }
    }
  }

  Schedule draw() {
    Schedule schedule;
    const std::uint64_t count = 1 + rng_.below(limits_.most);
    for (std::uint64_t i = 0; i < count; ++i) {
      const FaultKind kind = limits_.kinds[rng_.below(limits_.kinds.size())];
      const std::string what = words(kind);
      const Fault fault = when(what);
      if (!what.empty()) {
        schedule.push_back(fault);
      }
    }
    std::stable_sort(schedule.begin(), schedule.end(), [](const Fault& a, const Fault& b) { return a.at < b.at; });
    return schedule;
  }

 private:
  /// Lengths of every order of magnitude are equally likely; whole milliseconds, which people can read.
  Fault when(std::string what) {
    const auto window = static_cast<std::uint64_t>(std::max<std::int64_t>(2, limits_.window / kShortestFault));
    std::uint64_t longest = window / 2;
    longest >>= rng_.below(static_cast<std::uint64_t>(std::bit_width(longest)));
    const std::uint64_t lasts = 1 + rng_.below(std::max<std::uint64_t>(1, longest));
    const std::uint64_t at = rng_.below(window - std::min(lasts, window - 1));
    return {kShortestFault * static_cast<std::int64_t>(at), kShortestFault * static_cast<std::int64_t>(lasts),
            std::move(what)};
  }

  /// Empty: there is nothing that could have such a fault.
  std::string words(FaultKind kind) {
    switch (kind) {
      case FaultKind::link:
        return on_link("--", " down");
      case FaultKind::loss:
        return on_link(rng_.below(2) == 0 ? "--" : "->", fmt::format(" loss={}%", 5 * (1 + rng_.below(19))));
      case FaultKind::delay:
        return on_link(rng_.below(2) == 0 ? "--" : "->", fmt::format(" jitter={}ms", 1U << rng_.below(10)));
      case FaultKind::duplicate:
        return on_link("--", fmt::format(" duplicate={}%", 5 * (1 + rng_.below(19))));
      case FaultKind::reorder:
        return on_link("--", fmt::format(" reorder={}% by {}ms", 5 * (1 + rng_.below(10)), 1U << rng_.below(8)));
      case FaultKind::partition:
        return partition();
      case FaultKind::pause:
        return hosts_.empty() ? "" : "pause " + one(hosts_);
      case FaultKind::crash:
        return hosts_.empty() ? "" : "crash " + one(hosts_);
    }
    return {};
  }

  std::string on_link(std::string_view between, std::string_view change) {
    if (lab_.links.empty()) {
      return {};
    }
    const lab::Link& link = lab_.links[rng_.below(lab_.links.size())];
    std::string name = link.name;
    if (const auto at = name.find("--"); between == "->" && at != std::string::npos) {
      name = rng_.below(2) == 0 ? lab_.nodes[link.a].name + "->" + lab_.nodes[link.b].name
                                : lab_.nodes[link.b].name + "->" + lab_.nodes[link.a].name;
      name += link.name.find('#') == std::string::npos ? "" : link.name.substr(link.name.find('#'));
    }
    // A link with trains carries packets that are not frames: nothing happens to single ones.
    return *link.trains && change != " down" ? "" : "link " + name + std::string(change);
  }

  std::string partition() {
    std::vector<std::string> sides[2];
    for (const std::string& host : hosts_) {
      sides[rng_.below(2)].push_back(host);
    }
    if (sides[0].empty() || sides[1].empty()) {
      return {};
    }
    return fmt::format("partition {}{}{}", fmt::join(sides[0], ","), rng_.below(3) == 0 ? " -> " : " from ",
                       fmt::join(sides[1], ","));
  }

  const std::string& one(const std::vector<std::string>& names) { return names[rng_.below(names.size())]; }

  const lab::Description& lab_;
  const FaultLimits& limits_;
  Rng rng_;
  std::vector<std::string> hosts_;
};

/// Makes smaller, as long as there are tries.
class Shrinker {
 public:
  Shrinker(Schedule schedule, const std::function<bool(const Schedule&)>& breaks, std::uint32_t tries)
      : best_(std::move(schedule)), breaks_(breaks), left_(tries) {}

  Schedule go() {
    drop_halves();
    for (bool better = true; better && left_ > 0;) {
      better = drop_single();
      for (std::size_t i = 0; i < best_.size(); ++i) {
        shorten(i);
        round(i);
      }
    }
    return best_;
  }

 private:
  bool take(const Schedule& smaller) {
    if (left_ == 0 || smaller.empty()) {
      return false;
    }
    --left_;
    if (!breaks_(smaller)) {
      return false;
    }
    best_ = smaller;
    return true;
  }

  void drop_halves() {
    while (best_.size() > 2) {
      const auto middle = best_.begin() + static_cast<std::ptrdiff_t>(best_.size() / 2);
      if (!take(Schedule(best_.begin(), middle)) && !take(Schedule(middle, best_.end()))) {
        return;
      }
    }
  }
  bool drop_single() {
    bool dropped = false;
    for (std::size_t i = 0; i < best_.size() && best_.size() > 1;) {
      Schedule smaller = best_;
      smaller.erase(smaller.begin() + static_cast<std::ptrdiff_t>(i));
      if (take(smaller)) {
        dropped = true;
      } else {
        ++i;
      }
    }
    return dropped;
  }
  /// From both ends: half of what there is, as often as that still breaks it.
  void shorten(std::size_t i) {
    for (const bool from_begin : {false, true}) {
      while (best_[i].lasts >= 2 * kShortestFault) {
        Schedule smaller = best_;
        const Duration half = kShortestFault * (smaller[i].lasts / 2 / kShortestFault);
        smaller[i].at = smaller[i].at + (from_begin ? smaller[i].lasts - half : Duration{});
        smaller[i].lasts = half;
        if (!take(smaller)) {
          break;
        }
      }
    }
  }
  void round(std::size_t i) {
    for (const Duration grain : {Duration::seconds(1), Duration::milliseconds(100), Duration::milliseconds(10)}) {
      const Duration rounded = grain * (best_[i].at / grain);
      if (rounded == best_[i].at) {
        return;
      }
      Schedule rounder = best_;
      rounder[i].lasts = rounder[i].lasts + (rounder[i].at - rounded);  // it ends when it ended
      rounder[i].at = rounded;
      if (rounder[i].lasts <= 2 * best_[i].lasts && take(rounder)) {
        return;
      }
    }
  }

  Schedule best_;
  const std::function<bool(const Schedule&)>& breaks_;
  std::uint32_t left_;
};

}  // namespace

std::string_view name(FaultKind kind) { return kFaultNames.at(static_cast<std::size_t>(kind)); }

std::optional<FaultKind> fault_kind(std::string_view name) {
  const auto at = std::find(kFaultNames.begin(), kFaultNames.end(), name);
  return at == kFaultNames.end() ? std::nullopt : std::optional(static_cast<FaultKind>(at - kFaultNames.begin()));
}

std::vector<FaultKind> usual_faults() {
  std::vector<FaultKind> kinds;
  for (std::size_t i = 0; i < kFaultNames.size(); ++i) {
    if (static_cast<FaultKind>(i) != FaultKind::crash) {
      kinds.push_back(static_cast<FaultKind>(i));
    }
  }
  return kinds;
}

std::string Fault::text() const { return fmt::format("{} for {}: {}", lab::to_text(at), lab::to_text(lasts), what); }

std::vector<std::string> texts(const Schedule& schedule) {
  std::vector<std::string> out;
  for (const Fault& fault : schedule) {
    out.push_back(fault.text());
  }
  return out;
}

Schedule draw_schedule(const lab::Description& lab, const FaultLimits& limits, std::uint64_t seed) {
  return Drawer(lab, limits, seed).draw();
}

Schedule shrink(Schedule schedule, const std::function<bool(const Schedule&)>& breaks, std::uint32_t tries) {
  return Shrinker(std::move(schedule), breaks, tries).go();
}

}  // namespace catenet::study
