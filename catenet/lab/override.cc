// SPDX-License-Identifier: Apache-2.0
#include "catenet/lab/override.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "catenet/lab/spelling.h"

namespace catenet::lab {
namespace {

constexpr std::size_t kLongestArgument = 65'536;
constexpr std::size_t kMostValues = 10'000;  // in one argument

struct Step {
  std::string name;
  Place place;
};

std::vector<Step> split_path(std::string_view path, std::uint32_t line) {
  std::vector<Step> steps;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t dot = std::min(path.find('.', at), path.size());
    steps.push_back(
        {std::string(path.substr(at, dot - at)), {Place::kOverride, line, static_cast<std::uint32_t>(at + 1)}});
    at = dot + 1;
  }
  return steps;
}

std::vector<std::string> chain_names(std::string_view chain) {
  std::vector<std::string> names;
  for (std::size_t at = 0; at <= chain.size();) {
    const std::size_t stop = std::min(chain.find("--", at), chain.size());
    std::string_view name = chain.substr(at, stop - at);
    while (name.starts_with(' ')) {
      name.remove_prefix(1);
    }
    while (name.ends_with(' ')) {
      name.remove_suffix(1);
    }
    names.emplace_back(name);
    at = stop + 2;
  }
  return names;
}

/// The chain an entry of `links:` is made of; empty when it is no link (describe() will say so).
std::string_view chain_of(const YamlValue& entry) {
  if (entry.is_scalar()) {
    return entry.text;
  }
  return entry.is_map() && entry.keys.size() == 1 ? std::string_view(entry.keys[0].text) : std::string_view();
}

/// An entry of its own for one link, with the settings of the chain it was in.
YamlValue single_link(const YamlValue& entry, const std::string& a, const std::string& b) {
  YamlValue out;
  out.kind = YamlValue::Kind::kMap;
  out.place = entry.place;
  out.keys.push_back({a + " -- " + b, entry.is_map() ? entry.keys[0].place : entry.place});
  YamlValue settings;
  settings.place = entry.place;
  out.items.push_back(entry.is_map() && !entry.items.empty() ? entry.items[0] : settings);
  return out;
}

class Override {
 public:
  Override(YamlValue& root, Diagnostics& diagnostics) : root_(root), diagnostics_(diagnostics) {}

  void apply(const std::string& text, std::uint32_t line) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      diagnostics_.error({Place::kOverride, line, 1},
                         fmt::format("{} sets nothing; expected PATH=VALUE such as seed=7", in_quotes(text)));
      return;
    }
    Diagnostics inner;
    YamlLimits limits;
    limits.bytes = kLongestArgument;
    limits.values = kMostValues;
    const YamlValue value = read_yaml(std::string_view(text).substr(equals + 1), inner, limits,
                                      {Place::kOverride, line, static_cast<std::uint32_t>(equals + 2)});
    for (const Diagnostic& error : inner.sorted()) {
      // A value that goes over several lines still belongs to this argument.
      diagnostics_.error({Place::kOverride, line, error.place.line == line ? error.place.column : 1}, error.message);
    }
    if (inner.ok()) {
      set(split_path(text.substr(0, equals), line), value);
    }
  }

 private:
  void set(const std::vector<Step>& steps, const YamlValue& value) {
    YamlValue* at = &root_;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      if (steps[i].name.empty()) {
        diagnostics_.error(steps[i].place, "a part of the path is empty");
        return;
      }
      const bool link = i == 1 && steps[0].name == "links" && at->is_list();
      at = link ? find_link(*at, steps[i]) : child(*at, steps, i);
      if (at == nullptr) {
        return;
      }
    }
    *at = value;
  }

  /// The value of a key, made when the map has none.
  YamlValue* child(YamlValue& parent, const std::vector<Step>& steps, std::size_t i) {
    const Step& step = steps[i];
    // "nodes.bob.mtu=9000" on "bob: host": the kind alone stands for a map with that kind.
    if (parent.is_scalar() && i == 2 && steps[0].name == "nodes") {
      YamlValue map;
      map.kind = YamlValue::Kind::kMap;
      map.place = parent.place;
      map.keys.push_back({"kind", parent.place});
      map.items.push_back(std::move(parent));
      parent = std::move(map);
    }
    if (parent.is_null()) {
      parent.kind = YamlValue::Kind::kMap;
    }
    if (!parent.is_map()) {
      diagnostics_.error(step.place,
                         fmt::format("{} has no parts: it is {}", in_quotes(i == 0 ? "the lab" : steps[i - 1].name),
                                     parent.is_list() ? "a list" : "a single value"));
      return nullptr;
    }
    if (YamlValue* found = parent.find(step.name); found != nullptr) {
      return found;
    }
    if (i == 1 && steps[0].name == "nodes") {
      NearestWord nearest(step.name);
      for (const YamlKey& key : parent.keys) {
        nearest.offer(key.text);
      }
      diagnostics_.error(step.place, fmt::format("unknown node {}{}", in_quotes(step.name), nearest.hint()));
      return nullptr;
    }
    parent.keys.push_back({step.name, step.place});
    parent.items.emplace_back();
    parent.items.back().place = step.place;
    return &parent.items.back();
  }

  /// The settings of one link. A chain of several links is taken apart so that only this one changes.
  YamlValue* find_link(YamlValue& links, const Step& step) {
    std::string_view wanted = step.name;
    std::size_t number = 1;
    if (const std::size_t hash = wanted.find('#'); hash != std::string_view::npos) {
      const auto parsed = parse_number(wanted.substr(hash + 1));
      number = parsed;
      wanted = wanted.substr(0, hash);
    }
    const std::vector<std::string> ends = chain_names(wanted);
    if (ends.size() != 2 || number == 0) {
      diagnostics_.error(step.place, fmt::format("{} is not a link; expected for example links.gw1--gw2 or "
                                                 "links.gw1--gw2#2",
                                                 in_quotes(step.name)));
      return nullptr;
    }
    NearestWord nearest(wanted);
    for (std::size_t e = 0; e < links.items.size(); ++e) {
      const std::vector<std::string> names = chain_names(chain_of(links.items[e]));
      for (std::size_t i = 0; i + 1 < names.size(); ++i) {
        nearest.offer(names[i] + "--" + names[i + 1]);
        const bool same =
            (names[i] == ends[0] && names[i + 1] == ends[1]) || (names[i] == ends[1] && names[i + 1] == ends[0]);
        if (same && --number == 0) {
          return separate(links, e, i, names);
        }
      }
    }
    diagnostics_.error(step.place, fmt::format("unknown link {}{}", in_quotes(step.name), nearest.hint()));
    return nullptr;
  }

  static std::size_t parse_number(std::string_view text) {
    std::size_t out = 0;
    for (const char c : text) {
      if (c < '0' || c > '9' || out > 1'000'000) {
        return 0;
      }
      out = out * 10 + static_cast<std::size_t>(c - '0');
    }
    return out;
  }

  static YamlValue* separate(YamlValue& links, std::size_t entry, std::size_t wanted,
                             const std::vector<std::string>& names) {
    const YamlValue whole = links.items[entry];
    std::vector<YamlValue> parts;
    for (std::size_t i = 0; i + 1 < names.size(); ++i) {
      parts.push_back(single_link(whole, names[i], names[i + 1]));
    }
    const auto at = links.items.begin() + static_cast<std::ptrdiff_t>(entry);
    links.items.insert(links.items.erase(at), parts.begin(), parts.end());
    return &links.items[entry + wanted].items[0];
  }

  YamlValue& root_;
  Diagnostics& diagnostics_;
};

/// One argument, one line.
Source source_of(std::string name, std::span<const std::string> arguments) {
  Source source{std::move(name), {}};
  for (std::string text : arguments) {
    for (char& c : text) {
      c = c == '\n' ? ' ' : c;
    }
    source.text += text + "\n";
  }
  return source;
}

}  // namespace

Source override_source(std::span<const std::string> overrides) { return source_of("--set", overrides); }
Source event_source(std::span<const std::string> events) { return source_of("--then", events); }

void apply_overrides(YamlValue& root, std::span<const std::string> overrides, Diagnostics& diagnostics) {
  Override override(root, diagnostics);
  for (std::size_t i = 0; i < overrides.size(); ++i) {
    override.apply(overrides[i], static_cast<std::uint32_t>(i + 1));
  }
}

void append_events(YamlValue& root, std::span<const std::string> events, Diagnostics& diagnostics) {
  if (events.empty() || !root.is_map()) {
    return;
  }
  if (root.find("events") == nullptr) {
    root.keys.push_back({"events", {Place::kEvents, 1, 1}});
    root.items.emplace_back();
  }
  YamlValue& list = *root.find("events");
  if (list.is_null()) {
    list.kind = YamlValue::Kind::kList;
  }
  if (!list.is_list()) {
    return;  // describe() will say so
  }
  YamlLimits limits;
  limits.bytes = kLongestArgument;
  limits.values = kMostValues;
  for (std::size_t i = 0; i < events.size(); ++i) {
    list.items.push_back(
        read_yaml(events[i], diagnostics, limits, {Place::kEvents, static_cast<std::uint32_t>(i + 1), 1}));
  }
}

}  // namespace catenet::lab
