// SPDX-License-Identifier: Apache-2.0
#include "catenet/lab/describe.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "catenet/lab/describe_parts.h"
#include "catenet/lab/spelling.h"

namespace catenet::lab {
namespace {

constexpr std::size_t kLongestName = 63;  // RFC 1035 2.3.4: names of nodes are host names

void read_head(MapReader& reader, Description& lab) {
  Setting<std::string> name;
  if (reader.read("lab", name, parse_name)) {
    lab.name = *name;
    lab.named = true;
  }
  reader.read("seed", lab.seed,
              [](std::string_view text) { return parse_integer(text, 0, std::numeric_limits<std::uint64_t>::max()); });
  reader.read("until", lab.until, [](std::string_view text) {
    auto until = parse_duration(text);
    return until && *until == Duration{}
               ? Parsed<Duration>(std::unexpected("a run of no length; expected for example 60s"))
               : until;
  });
  reader.read("snaplen", lab.snaplen, [](std::string_view text) {
    const auto bytes = parse_size(text);
    if (!bytes) {
      return Parsed<std::uint32_t>(std::unexpected(bytes.error()));
    }
    return *bytes >= 1 && *bytes <= 262'144
               ? Parsed<std::uint32_t>(static_cast<std::uint32_t>(*bytes))
               : std::unexpected(fmt::format("{} is out of range; expected 1 to 262144 bytes", in_quotes(text)));
  });
}

/// "alice" or "alice:sw1": marks the interfaces to capture.
void capture_one(const YamlValue& item, DescribeState& state) {
  const std::string_view text = item.text;
  const std::string_view node_name = text.substr(0, text.find(':'));
  const auto node = state.nodes.find(node_name);
  if (node == state.nodes.end()) {
    state.diagnostics.error(item.place, fmt::format("capture: unknown node {}; expected all, none, or a list of nodes "
                                                    "and interfaces such as [alice, 'gw1:gw2']{}",
                                                    in_quotes(node_name), did_you_mean(node_name, state.nodes)));
    return;
  }
  const bool whole = node_name.size() == text.size();
  const std::string_view wanted = whole ? std::string_view() : text.substr(node_name.size() + 1);
  bool found = whole;
  NearestWord nearest(wanted);
  for (Interface& interface : state.lab.nodes[node->second].interfaces) {
    nearest.offer(interface.peer_name);
    if (whole || interface.peer_name == wanted || interface.name == wanted) {
      interface.capture = true;
      found = true;
    }
  }
  if (!found) {
    state.diagnostics.error(item.place, fmt::format("capture: node {} has no link to {}{}", in_quotes(node_name),
                                                    in_quotes(wanted), nearest.hint()));
  }
}

void read_capture(const YamlValue& value, DescribeState& state) {
  Setting<std::vector<std::string>> capture{{}, Origin::kGiven};
  const auto items = scalars_of(value, "capture", state.diagnostics);
  for (const YamlValue* item : items) {
    capture.value.push_back(item->text);
  }
  state.lab.capture = capture;
  if (items.size() == 1 && items[0]->text == "all") {
    return;
  }
  for (Node& node : state.lab.nodes) {
    for (Interface& interface : node.interfaces) {
      interface.capture = false;
    }
  }
  if (items.size() == 1 && items[0]->text == "none") {
    return;
  }
  for (const YamlValue* item : items) {
    capture_one(*item, state);
  }
}

}  // namespace

std::string did_you_mean(std::string_view wrong, const NameTable& names) {
  NearestWord nearest(wrong);
  for (const auto& [name, index] : names) {
    nearest.offer(name);
  }
  return nearest.hint();
}

Parsed<std::string> parse_name(std::string_view text) {
  const auto plain = [](unsigned char c) { return c < 0x80 && std::isalnum(c) != 0; };
  const bool ok = !text.empty() && text.size() <= kLongestName && plain(static_cast<unsigned char>(text[0])) &&
                  std::all_of(text.begin(), text.end(),
                              [&](char c) { return plain(static_cast<unsigned char>(c)) || c == '-' || c == '_'; }) &&
                  text.find("--") == std::string_view::npos;
  if (ok) {
    return std::string(text);
  }
  return std::unexpected(fmt::format("{} is not a name; expected letters, digits, '-' and '_', at most {}, no '--'",
                                     in_quotes(text), kLongestName));
}

Parsed<std::uint32_t> parse_mtu(std::string_view text) {
  const auto mtu = parse_integer(text, 68, 65'535);
  return mtu ? Parsed<std::uint32_t>(static_cast<std::uint32_t>(*mtu)) : std::unexpected(mtu.error());
}

Parsed<std::vector<std::string>> split_words(std::string_view command) {
  std::vector<std::string> words;
  std::string word;
  bool open = false;  // a word has begun, perhaps an empty one in quotes
  char quote = 0;
  for (const char c : command) {
    if (quote != 0) {
      if (quote == c) {
        quote = 0;
      } else {
        word += c;
      }
    } else if (c == '"' || c == '\'') {
      quote = c;
      open = true;
    } else if (c == ' ' || c == '\t' || c == '\n') {
      if (open) {
        words.push_back(std::exchange(word, {}));
      }
      open = false;
    } else {
      word += c;
      open = true;
    }
  }
  if (quote != 0) {
    return std::unexpected(fmt::format("the quote {} is never closed", quote));
  }
  if (open) {
    words.push_back(std::move(word));
  }
  return words;
}

Description describe(const YamlValue& root, std::string_view default_name, const Rules& rules,
                     Diagnostics& diagnostics) {
  Description lab;
  lab.name = default_name;
  if (root.is_null()) {
    diagnostics.error({root.place.source}, "the lab is empty; expected at least nodes: and links:");
    return lab;
  }
  DescribeState state{lab, diagnostics, rules, {}, {}, false};
  MapReader reader(root, "the lab", diagnostics);
  read_head(reader, lab);
  const YamlValue* until = root.find("until");
  state.cut_short = until != nullptr && until->place.source == Place::kOverride;
  const YamlValue nothing;
  const YamlValue* defaults = reader.take("defaults");
  read_defaults(defaults != nullptr ? *defaults : nothing, state);
  const YamlValue* nodes = reader.take("nodes");
  if (nodes != nullptr) {
    read_node_names(*nodes, state);
  } else if (root.is_map()) {
    diagnostics.error(root.place, "the lab has no nodes:; expected for example nodes: {alice: host, sw1: switch}");
  }
  if (const YamlValue* links = reader.take("links"); links != nullptr) {
    read_links(*links, state);
  }
  std::vector<const YamlValue*> node_values;
  for (std::size_t i = 0; nodes != nullptr && i < lab.nodes.size(); ++i) {
    node_values.push_back(&nodes->items[i]);
  }
  read_node_details(node_values, state);
  if (const YamlValue* capture = reader.take("capture"); capture != nullptr) {
    read_capture(*capture, state);
  }
  if (const YamlValue* events = reader.take("events"); events != nullptr && !events->is_null()) {
    read_events(*events, state);
  }
  if (const YamlValue* expect = reader.take("expect"); expect != nullptr && !expect->is_null()) {
    read_expectations(*expect, state);
  }
  if (const YamlValue* matrix = reader.take("matrix"); matrix != nullptr) {
    read_matrix(*matrix, state);
  }
  if (const YamlValue* seeds = reader.take("seeds"); seeds != nullptr) {
    read_seeds(*seeds, state);
  }
  reader.finish();
  return lab;
}

}  // namespace catenet::lab
