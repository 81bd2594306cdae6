// SPDX-License-Identifier: Apache-2.0
// `links:` and `defaults: {link: ...}`: chains of nodes with what the links between them are like.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "catenet/lab/describe_parts.h"
#include "catenet/lab/spelling.h"

namespace catenet::lab {
namespace {

constexpr std::size_t kMostInterfaces = 65'536;        // an interface's number is two bytes of its MAC address
constexpr std::uint64_t kPicosecondsPerMetre = 5'000;  // light in fibre, and close to a wave on twisted pair

void read_queue(MapReader& reader, Setting<QueueLimit>& out) {
  const YamlValue* value = reader.take("queue");
  if (value == nullptr) {
    return;
  }
  QueueLimit limit;
  for (const YamlValue* item : scalars_of(*value, "queue", reader.diagnostics())) {
    const bool packets = item->text.ends_with('p');
    const auto count = packets ? parse_packets(item->text) : Parsed<std::uint32_t>(0U);
    const auto bytes = packets ? Parsed<std::uint64_t>(0U) : parse_size(item->text);
    std::string wrong = !count ? count.error() : !bytes ? bytes.error() : "";
    if (wrong.empty() && !packets && *bytes == 0) {
      wrong = "a queue of 0 bytes can send nothing; expected for example 64KiB or 100p";
    }
    if (wrong.empty() && (packets ? limit.packets != 0 : limit.bytes != 0)) {
      wrong = fmt::format("a second limit in {}; expected one in bytes, one in packets, or both",
                          packets ? "packets" : "bytes");
    }
    if (!wrong.empty()) {
      reader.diagnostics().error(item->place, "queue: " + wrong);
      return;
    }
    limit.packets += *count;
    limit.bytes += *bytes;
  }
  if (limit != QueueLimit{}) {
    out = {limit, reader.origin()};
  }
}

constexpr std::uint64_t kMostRedLength = std::uint64_t{1} << 36;

/// A threshold of RED: "50p" or "64KiB".
struct RedLength {
  bool in_bytes = false;
  std::uint64_t value = 0;
};
Parsed<RedLength> parse_red_length(std::string_view text) {
  const bool in_bytes = !text.ends_with('p');
  RedLength out{in_bytes, 0};
  if (in_bytes) {
    const auto bytes = parse_size(text);
    if (!bytes) {
      return std::unexpected(bytes.error() + "; or packets such as 50p");
    }
    out.value = *bytes;
  } else {
    const auto packets = parse_packets(text);
    if (!packets) {
      return std::unexpected(packets.error());
    }
    out.value = *packets;
  }
  if (out.value > kMostRedLength) {
    return std::unexpected("more than 64GiB");
  }
  return out;
}

Parsed<Probability> parse_positive_probability(std::string_view text) {
  const auto probability = parse_probability(text);
  return probability && probability->is_zero() ? std::unexpected("expected more than 0") : probability;
}

/// What is wrong with the thresholds as a pair; empty: nothing.
std::string wrong_thresholds(const Setting<RedLength>& min, const Setting<RedLength>& max) {
  if (!min.is_set() || !max.is_set()) {
    return fmt::format("{} is missing; expected for example {{min: 5p, max: 15p}}", min.is_set() ? "max" : "min");
  }
  if (min->in_bytes != max->in_bytes) {
    return "min and max are in different units; expected both in packets or both in bytes";
  }
  return min->value < max->value ? "" : "max is not above min";
}

void read_red(MapReader& reader, Setting<std::optional<RedSettings>>& out) {
  const YamlValue* value = reader.take("red");
  if (value == nullptr) {
    return;
  }
  if (value->is_scalar() && value->text == "false") {  // off, where the defaults have it on
    out = {std::nullopt, reader.origin()};
    return;
  }
  if (!value->is_map()) {
    reader.diagnostics().error(value->place, "red: expected a map such as {min: 50p, max: 150p}, or false");
    return;
  }
  MapReader red(*value, "red of " + reader.what(), reader.diagnostics(), reader.origin());
  RedSettings settings;
  Setting<RedLength> min;
  Setting<RedLength> max;
  Setting<Probability> probability{settings.probability};
  Setting<Probability> weight{settings.weight};
  Setting<bool> gentle{settings.gentle};
  Setting<bool> ecn{settings.ecn};
  const std::size_t before = reader.diagnostics().count();
  red.read("min", min, parse_red_length);
  red.read("max", max, parse_red_length);
  red.read("probability", probability, parse_positive_probability);
  red.read("weight", weight, parse_positive_probability);
  red.read("gentle", gentle, parse_flag);
  red.read("ecn", ecn, parse_flag);
  red.finish();
  if (reader.diagnostics().count() != before) {
    return;
  }
  if (const std::string wrong = wrong_thresholds(min, max); !wrong.empty()) {
    reader.diagnostics().error(value->place, "red: " + wrong);
    return;
  }
  settings = {min->in_bytes, min->value, max->value, *probability, *weight, *gentle, *ecn};
  out = {settings, reader.origin()};
}

/// The keys that may differ between the two directions.
void read_direction(MapReader& reader, Direction& out) {
  reader.read("rate", out.rate, parse_rate);
  const bool delayed = reader.read("delay", out.delay, parse_duration);
  const YamlValue* length_value = reader.take("length");
  if (length_value != nullptr) {
    const auto parsed = parse_length_mm(length_value->text);
    if (delayed) {
      reader.diagnostics().error(length_value->place, "length: the delay is given already; expected one of the two");
    } else if (!parsed || !length_value->is_scalar()) {
      reader.diagnostics().error(length_value->place, "length: " + (parsed ? "expected one value" : parsed.error()));
    } else {
      const auto ns = static_cast<std::int64_t>(*parsed * kPicosecondsPerMetre / 1'000 / 1'000);
      out.delay = {Duration::nanoseconds(ns), reader.origin()};
      out.length_mm = *parsed;
    }
  } else if (delayed) {
    out.length_mm.reset();
  }
  read_queue(reader, out.queue);
  reader.read("mark", out.mark, parse_packets);
  read_red(reader, out.red);
  reader.read("loss", out.loss, parse_probability);
  reader.read("duplicate", out.duplicate, parse_probability);
  reader.read("reorder", out.reorder, parse_reordering);
  reader.read("jitter", out.jitter, parse_duration);
  reader.read("corrupt", out.corrupt, parse_probability);
  reader.read("bit_error_rate", out.bit_error_rate, parse_bit_error_rate);
}

template <typename T>
void overlay(Setting<T>& to, const Setting<T>& from) {
  if (from.is_set()) {
    to = from;
  }
}

void overlay(Direction& to, const Direction& from) {
  if (from.delay.is_set()) {
    to.length_mm = from.length_mm;
  }
  overlay(to.rate, from.rate);
  overlay(to.delay, from.delay);
  overlay(to.queue, from.queue);
  overlay(to.mark, from.mark);
  overlay(to.red, from.red);
  overlay(to.loss, from.loss);
  overlay(to.duplicate, from.duplicate);
  overlay(to.reorder, from.reorder);
  overlay(to.jitter, from.jitter);
  overlay(to.corrupt, from.corrupt);
  overlay(to.bit_error_rate, from.bit_error_rate);
}

void read_link_options(const YamlValue& value, const std::string& what, Origin origin, Diagnostics& diagnostics,
                       Link& link) {
  MapReader reader(value, what, diagnostics, origin);
  Direction both;
  read_direction(reader, both);
  overlay(link.forward, both);
  overlay(link.backward, both);
  reader.read("mtu", link.mtu, parse_mtu);
  reader.read("trains", link.trains, parse_flag);
  for (const auto& [key, direction] : {std::pair("forward", &link.forward), std::pair("backward", &link.backward)}) {
    if (const YamlValue* one_way = reader.take(key); one_way != nullptr) {
      MapReader one(*one_way, fmt::format("{} of {}", key, what), diagnostics, origin);
      read_direction(one, *direction);
      one.finish();
    }
  }
  reader.finish();
}

bool is_impaired(const Direction& d) {
  return !d.loss->is_zero() || !d.duplicate->is_zero() || !d.reorder->probability.is_zero() || *d.jitter > Duration{} ||
         !d.corrupt->is_zero() || !d.bit_error_rate->is_zero();
}

struct End {
  std::string name;
  Place place;
};

/// "a -- b -- c" into names with their places.
std::vector<End> split_chain(std::string_view text, Place place) {
  std::vector<End> ends;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t stop = std::min(text.find("--", at), text.size());
    std::size_t from = at;
    std::size_t to = stop;
    while (from < to && text[from] == ' ') {
      ++from;
    }
    while (to > from && text[to - 1] == ' ') {
      --to;
    }
    Place here = place;
    here.column += static_cast<std::uint32_t>(from);
    ends.push_back({std::string(text.substr(from, to - from)), here});
    at = stop + 2;
  }
  return ends;
}

class LinkReader {
 public:
  explicit LinkReader(DescribeState& state) : state_(state) {}

  void read_entry(const YamlValue& entry) {
    if (entry.is_scalar()) {
      read_chain({entry.text, entry.place}, nullptr);
    } else if (entry.is_map() && entry.keys.size() == 1 && entry.items.size() == 1) {
      read_chain(entry.keys[0], &entry.items[0]);
    } else {
      state_.diagnostics.error(entry.place, "expected a link such as 'alice -- sw1' or 'alice -- sw1: {rate: 10Mbit}'");
    }
  }

 private:
  void read_chain(const YamlKey& chain, const YamlValue* options) {
    const std::vector<End> ends = split_chain(chain.text, chain.place);
    if (ends.size() < 2) {
      state_.diagnostics.error(chain.place, fmt::format("{} is not a link; expected two or more nodes joined by ' -- '",
                                                        in_quotes(chain.text)));
      return;
    }
    Link model = state_.defaults.link;
    if (options != nullptr) {
      read_link_options(*options, fmt::format("link {}", in_quotes(chain.text)), Origin::kGiven, state_.diagnostics,
                        model);
    }
    for (std::size_t i = 0; i + 1 < ends.size(); ++i) {
      add(ends[i], ends[i + 1], model, i == 0);
    }
  }

  NodeIndex find(const End& end, bool complain) {
    const auto it = state_.nodes.find(end.name);
    if (it != state_.nodes.end()) {
      return it->second;
    }
    if (complain && end.name.empty()) {
      state_.diagnostics.error(end.place, "a node's name is missing; expected two or more nodes joined by ' -- '");
    } else if (complain) {
      state_.diagnostics.error(end.place, fmt::format("unknown node {}; expected a name from nodes:{}",
                                                      in_quotes(end.name), did_you_mean(end.name, state_.nodes)));
    }
    return kNoIndex;
  }

  /// In a chain every inner node ends two links; only the link it begins with complains about it.
  void add(const End& a, const End& b, const Link& model, bool first) {
    Link link = model;
    link.a = find(a, first);
    link.b = find(b, true);
    if (link.a == kNoIndex || link.b == kNoIndex) {
      return;
    }
    if (link.a == link.b) {
      state_.diagnostics.error(b.place, fmt::format("node {} is linked to itself", in_quotes(a.name)));
      return;
    }
    link.place = a.place;
    if (*link.trains && (is_impaired(link.forward) || is_impaired(link.backward))) {
      state_.diagnostics.error(a.place, fmt::format("{} -- {} carries trains, so nothing may happen to a single frame; "
                                                    "expected trains: false, or no loss, duplicate, reorder, jitter, "
                                                    "corrupt and bit_error_rate",
                                                    a.name, b.name));
    }
    for (const Direction* d : {&link.forward, &link.backward}) {
      if (*d->mark != 0 && d->red->has_value()) {
        state_.diagnostics.error(a.place, fmt::format("{} -- {} has mark and red, which are two ways to choose whom to "
                                                      "mark; expected one of them, or mark: 0p or red: false",
                                                      a.name, b.name));
        break;
      }
    }
    const auto times = ++pairs_[std::minmax(link.a, link.b)];
    const std::string suffix = times == 1 ? "" : fmt::format("#{}", times);
    link.name = fmt::format("{}--{}{}", a.name, b.name, suffix);
    const auto index = static_cast<LinkIndex>(state_.lab.links.size());
    link.a_interface = attach(link.a, link.b, suffix, index, true, link, a.place);
    link.b_interface = attach(link.b, link.a, suffix, index, false, link, b.place);
    state_.lab.links.push_back(std::move(link));
  }

  std::uint32_t attach(NodeIndex at, NodeIndex peer, const std::string& suffix, LinkIndex index, bool is_a,
                       const Link& link, Place place) {
    Node& node = state_.lab.nodes[at];
    if (node.interfaces.size() == kMostInterfaces) {
      state_.diagnostics.error(place,
                               fmt::format("node {} has more than {} links", in_quotes(node.name), kMostInterfaces));
    }
    Interface interface;
    interface.peer_name = state_.lab.nodes[peer].name + suffix;
    interface.name = node.is_linux() ? fmt::format("eth{}", node.interfaces.size()) : interface.peer_name;
    interface.peer = peer;
    interface.link = index;
    interface.is_a = is_a;
    interface.mtu = link.mtu;
    node.interfaces.push_back(std::move(interface));
    return static_cast<std::uint32_t>(node.interfaces.size() - 1);
  }

  DescribeState& state_;
  std::map<std::pair<NodeIndex, NodeIndex>, int> pairs_;  // links between two nodes so far
};

}  // namespace

Parsed<Reordering> parse_reordering(std::string_view text) {
  // "10%" or "10% by 5ms"
  Reordering out{{}, Duration::milliseconds(1)};
  const std::size_t by = text.find(" by ");
  const auto probability = parse_probability(text.substr(0, by));
  if (!probability) {
    return std::unexpected(probability.error() + "; expected for example '10% by 5ms'");
  }
  out.probability = *probability;
  if (by != std::string_view::npos) {
    const auto delay = parse_duration(text.substr(by + 4));
    if (!delay) {
      return std::unexpected(delay.error());
    }
    out.by = *delay;
  }
  return out;
}

void read_links(const YamlValue& links, DescribeState& state) {
  if (links.is_null()) {
    return;
  }
  if (!links.is_list()) {
    state.diagnostics.error(links.place, "links: expected a list such as [alice -- sw1, bob -- sw1]");
    return;
  }
  LinkReader reader(state);
  for (const YamlValue& entry : links.items) {
    reader.read_entry(entry);
  }
}

void read_link_defaults(const YamlValue& value, DescribeState& state) {
  read_link_options(value, "defaults of links", Origin::kDefaults, state.diagnostics, state.defaults.link);
}

}  // namespace catenet::lab
