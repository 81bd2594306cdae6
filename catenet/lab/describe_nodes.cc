// SPDX-License-Identifier: Apache-2.0
// `nodes:` and the defaults of each kind of node.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "catenet/lab/describe_parts.h"
#include "catenet/lab/spelling.h"

namespace catenet::lab {
namespace {

std::size_t index_of(NodeKind kind) { return static_cast<std::size_t>(kind); }

template <typename Enum>
Parsed<Enum> parse_word(std::string_view text, std::span<const std::string_view> words, std::string_view what) {
  if (const auto index = find_word(words, text)) {
    return static_cast<Enum>(*index);
  }
  return std::unexpected(
      fmt::format("unknown {} {}; expected {}{}", what, in_quotes(text), join_or(words), did_you_mean(text, words)));
}

Parsed<NodeKind> parse_kind(std::string_view text) {
  return parse_word<NodeKind>(text, node_kind_names(), "kind of node");
}

Parsed<wire::MacAddress> parse_mac(std::string_view text) {
  const auto mac = wire::MacAddress::parse(text);
  if (!mac) {
    return std::unexpected(
        fmt::format("{} is not a MAC address; expected for example 02:00:00:00:00:01", in_quotes(text)));
  }
  if (mac->is_multicast() || mac->is_zero()) {
    return std::unexpected(fmt::format("{} is {}; an interface has an address of its own", in_quotes(text),
                                       mac->is_zero() ? "no address" : "a group address"));
  }
  return *mac;
}

/// An address that an interface can have (RFC 1122 3.2.1.3, RFC 6890).
Parsed<wire::Ipv4Prefix> parse_interface_address(std::string_view text) {
  const auto prefix = wire::Ipv4Prefix::parse_interface(text);
  if (!prefix) {
    const bool bare = wire::Ipv4Address::parse(text).has_value();
    return std::unexpected(
        bare ? fmt::format("{} has no prefix length; expected for example {}/24", in_quotes(text), text)
             : fmt::format("{} is not an IPv4 address with a prefix length; expected for example "
                           "10.0.0.1/24",
                           in_quotes(text)));
  }
  const wire::Ipv4Address address = prefix->address();
  const char* wrong = nullptr;
  if (address.is_multicast()) {
    wrong = "a multicast address";
  } else if (address.is_loopback()) {
    wrong = "a loopback address";
  } else if (address.is_this_network() || address.is_reserved()) {
    wrong = "a reserved address";
  } else if (prefix->length() == 0) {
    wrong = "not in a network: the prefix length is 0";
  } else if (prefix->length() < 31 && address == prefix->network()) {
    wrong = "the network's own number";
  } else if (prefix->has_broadcast() && address == prefix->broadcast()) {
    wrong = "the network's broadcast address";
  }
  if (wrong != nullptr) {
    return std::unexpected(fmt::format("{} is {}; an interface cannot have it", in_quotes(text), wrong));
  }
  return *prefix;
}

Parsed<wire::Ipv4Address> parse_address(std::string_view text) {
  const auto address = wire::Ipv4Address::parse(text);
  return address ? Parsed<wire::Ipv4Address>(*address)
                 : std::unexpected(fmt::format("{} is not an IPv4 address", in_quotes(text)));
}

/// "10.9.0.0/16 via 10.0.0.2" or "default via 10.0.0.2"; the interface is found when addresses are known.
Parsed<Route> parse_route(std::string_view text) {
  const std::size_t via = text.find(" via ");
  if (via == std::string_view::npos) {
    return std::unexpected(fmt::format("{} is not a route; expected '10.9.0.0/16 via 10.0.0.2'", in_quotes(text)));
  }
  Route route;
  const std::string_view destination = text.substr(0, via);
  if (destination != "default") {
    const auto prefix = wire::Ipv4Prefix::parse(destination);
    if (!prefix) {
      const auto host_bits = wire::Ipv4Prefix::parse_interface(destination);
      return std::unexpected(host_bits ? fmt::format("{} has host bits; did you mean '{}'?", in_quotes(destination),
                                                     host_bits->canonical().to_string())
                                       : fmt::format("{} is not a prefix; expected for example 10.9.0.0/16 or default",
                                                     in_quotes(destination)));
    }
    route.destination = *prefix;
  }
  const auto gateway = parse_address(text.substr(via + 5));
  if (!gateway) {
    return std::unexpected(gateway.error());
  }
  route.via = *gateway;
  return route;
}

Parsed<std::uint32_t> parse_ttl(std::string_view text) {
  const auto ttl = parse_integer(text, 1, 255);
  return ttl ? Parsed<std::uint32_t>(static_cast<std::uint32_t>(*ttl)) : std::unexpected(ttl.error());
}

Parsed<std::uint32_t> parse_retries(std::string_view text) {
  const auto retries = parse_integer(text, 0, 100);
  return retries ? Parsed<std::uint32_t>(static_cast<std::uint32_t>(*retries)) : std::unexpected(retries.error());
}

/// A time of which zero makes no sense.
Parsed<Duration> parse_positive_duration(std::string_view text) {
  auto duration = parse_duration(text);
  if (duration && *duration == Duration{}) {
    return std::unexpected(fmt::format("{} is zero; expected a time above zero", in_quotes(text)));
  }
  return duration;
}

Parsed<decltype(OptionSetting::value)> parse_duration_between(std::string_view text, Duration low, Duration high) {
  const auto duration = parse_duration(text);
  if (!duration) {
    return std::unexpected(duration.error());
  }
  if (*duration < low || *duration > high) {
    return std::unexpected(
        fmt::format("{} is out of range; expected {} to {}", in_quotes(text), to_text(low), to_text(high)));
  }
  return *duration;
}

Parsed<decltype(OptionSetting::value)> parse_option(const OptionRule& rule, std::string_view text) {
  using Result = Parsed<decltype(OptionSetting::value)>;
  switch (rule.type) {
    case OptionRule::Type::kFlag: {
      const auto flag = parse_flag(text);
      return flag ? Result(*flag) : std::unexpected(flag.error());
    }
    case OptionRule::Type::kSize: {
      const auto size = parse_size(text);
      if (size && (*size < rule.low || *size > rule.high)) {
        return std::unexpected(fmt::format("{} is out of range; expected {} to {}", in_quotes(text),
                                           size_text(rule.low), size_text(rule.high)));
      }
      return size ? Result(*size) : std::unexpected(size.error());
    }
    case OptionRule::Type::kCount: {
      const auto count = parse_integer(text, rule.low, rule.high);
      return count ? Result(*count) : std::unexpected(count.error());
    }
    case OptionRule::Type::kDuration:
      return parse_duration_between(text, Duration::nanoseconds(static_cast<std::int64_t>(rule.low)),
                                    Duration::nanoseconds(static_cast<std::int64_t>(rule.high)));
    case OptionRule::Type::kWord:
      break;
  }
  if (!find_word(rule.words, text)) {
    return std::unexpected(fmt::format("unknown {} {}; expected {}{}", rule.name, in_quotes(text), join_or(rule.words),
                                       did_you_mean(text, rule.words)));
  }
  return std::string(text);
}

void read_tcp(MapReader& parent, std::vector<OptionSetting>& options) {
  const YamlValue* value = parent.take("tcp");
  if (value == nullptr) {
    return;
  }
  MapReader reader(*value, fmt::format("tcp of {}", parent.what()), parent.diagnostics(), parent.origin());
  for (std::size_t i = 0; i < options.size(); ++i) {
    Setting<decltype(OptionSetting::value)> setting;
    const OptionRule& rule = tcp_options()[i];
    if (reader.read(rule.name, setting, [&](std::string_view text) { return parse_option(rule, text); })) {
      options[i].value = setting.value;
      options[i].origin = setting.origin;
    }
  }
  reader.finish();
}

/// The keys that `defaults:` may set for a kind of node as well as the node itself.
void read_common(MapReader& reader, Node& node, Setting<std::uint32_t>& mtu) {
  reader.read("mtu", mtu, parse_mtu);
  if (node.is_switch()) {
    reader.read("mac_ageing", node.mac_ageing, parse_positive_duration);
    return;
  }
  if (node.is_linux()) {
    return;  // the kernel's own settings stay the kernel's
  }
  reader.read("forwarding", node.forwarding, parse_flag);
  if (*node.kind == NodeKind::kRouter) {
    reader.read("routing", node.routing,
                [](std::string_view text) { return parse_word<Routing>(text, routing_names(), "routing"); });
  }
  reader.read("ttl", node.ttl, parse_ttl);
  if (const YamlValue* arp = reader.take("arp"); arp != nullptr) {
    MapReader arp_reader(*arp, fmt::format("arp of {}", reader.what()), reader.diagnostics(), reader.origin());
    arp_reader.read("timeout", node.arp.timeout, parse_positive_duration);
    arp_reader.read("retries", node.arp.retries, parse_retries);
    arp_reader.finish();
  }
  read_tcp(reader, node.tcp);
}

/// address/addresses and mac/macs share their shape: one value for the only interface, or a map by interface.
class InterfaceSettings {
 public:
  InterfaceSettings(MapReader& reader, Node& node) : reader_(reader), node_(node) {}

  template <typename T, typename Parse>
  void read(std::string_view one, std::string_view many, Setting<T> Interface::* member, Place Interface::* place,
            Parse parse) {
    if (const YamlValue* value = reader_.take_scalar(one); value != nullptr) {
      if (node_.interfaces.size() == 1) {
        set(*value, one, node_.interfaces[0], member, place, parse);
      } else {
        error(value->place,
              node_.interfaces.empty()
                  ? fmt::format("{}: node {} has no link to have it on", one, in_quotes(node_.name))
                  : fmt::format("{}: node {} has {} interfaces; expected {}: {{{}: ...}}", one, in_quotes(node_.name),
                                node_.interfaces.size(), many, node_.interfaces[0].peer_name));
      }
    }
    const YamlValue* map = reader_.take(many);
    if (map == nullptr) {
      return;
    }
    if (!map->is_map()) {
      error(map->place, fmt::format("{}: expected a map from interface to value", many));
      return;
    }
    for (std::size_t i = 0; i < map->keys.size(); ++i) {
      Interface* interface = find(map->keys[i], many);
      if (interface != nullptr && !map->items[i].is_scalar()) {
        error(map->items[i].place, fmt::format("{}: expected one value", many));
      } else if (interface != nullptr) {
        set(map->items[i], many, *interface, member, place, parse);
      }
    }
  }

 private:
  template <typename T, typename Parse>
  void set(const YamlValue& value, std::string_view key, Interface& interface, Setting<T> Interface::* member,
           Place Interface::* place, Parse parse) {
    const auto parsed = parse(value.text);
    if (!parsed) {
      error(value.place, fmt::format("{}: {}", key, parsed.error()));
      return;
    }
    if ((interface.*member).is_set()) {
      error(value.place, fmt::format("{}: interface {} of node {} has one already", key, in_quotes(interface.name),
                                     in_quotes(node_.name)));
      return;
    }
    interface.*member = {*parsed, Origin::kGiven};
    interface.*place = value.place;
  }

  Interface* find(const YamlKey& key, std::string_view what) {
    NearestWord nearest(key.text);
    for (Interface& interface : node_.interfaces) {
      if (interface.peer_name == key.text || interface.name == key.text) {
        return &interface;
      }
      nearest.offer(interface.peer_name);
    }
    std::string known;
    for (std::size_t i = 0; i < node_.interfaces.size() && i < 8; ++i) {
      known += (i == 0 ? "" : ", ") + node_.interfaces[i].peer_name;
    }
    error(key.place, fmt::format("{}: node {} has no link to {}; it has {}{}", what, in_quotes(node_.name),
                                 in_quotes(key.text), known.empty() ? "none" : known, nearest.hint()));
    return nullptr;
  }

  void error(Place place, std::string message) { reader_.diagnostics().error(place, std::move(message)); }

  MapReader& reader_;
  Node& node_;
};

void read_gateway_and_routes(MapReader& reader, Node& node) {
  if (reader.read("gateway", node.gateway, parse_address)) {
    node.gateway_place = reader.take("gateway")->place;
  }
  const YamlValue* routes = reader.take("routes");
  if (routes == nullptr || routes->is_null()) {
    return;
  }
  for (const YamlValue* item : scalars_of(*routes, "routes", reader.diagnostics())) {
    auto route = parse_route(item->text);
    if (!route) {
      reader.diagnostics().error(item->place, "routes: " + route.error());
      continue;
    }
    route->place = item->place;
    node.routes.push_back(*route);
  }
  // Routes by hand switch off those worked out, unless the lab asks for both.
  if (!node.routing.is_set()) {
    node.routing = {Routing::kManual, Origin::kAssigned};
  }
}

void read_details(const YamlValue& value, Node& node, NodeIndex index, DescribeState& state,
                  std::vector<AfterName>& afters) {
  Setting<std::uint32_t> mtu = state.defaults.node_mtu[index_of(*node.kind)];
  if (value.is_map()) {
    const std::string article = node.is_linux() ? "linux " : "";
    MapReader reader(value, fmt::format("node {} (a {}{})", in_quotes(node.name), article, name_of(*node.kind)),
                     state.diagnostics);
    reader.take("kind");
    reader.take("stack");
    if (!node.is_switch()) {
      InterfaceSettings interfaces(reader, node);
      interfaces.read("address", "addresses", &Interface::address, &Interface::address_place, parse_interface_address);
      interfaces.read("mac", "macs", &Interface::mac, &Interface::mac_place, parse_mac);
      read_gateway_and_routes(reader, node);
      if (const YamlValue* run = reader.take("run"); run != nullptr) {
        read_programs(*run, index, state, afters);
      }
    }
    read_common(reader, node, mtu);
    reader.finish();
  }
  if (mtu.is_set()) {
    for (Interface& interface : node.interfaces) {
      interface.mtu = mtu;
    }
  }
  if (node.is_linux() && node.interfaces.empty()) {
    state.diagnostics.error(node.place, fmt::format("node {} has stack linux but no link; a namespace without a link "
                                                    "reaches nobody",
                                                    in_quotes(node.name)));
  }
}

/// Kind and stack, which decide what else the node may have.
void read_kind(const YamlValue& value, DescribeState& state, Setting<NodeKind>& kind, Setting<Stack>& stack) {
  const auto set = [&](const YamlValue& from, auto& out, const auto& parsed) {
    if (parsed) {
      out = {*parsed, Origin::kGiven};
    } else {
      state.diagnostics.error(from.place, parsed.error());
    }
  };
  if (value.is_scalar()) {
    set(value, kind, parse_kind(value.text));
    return;
  }
  if (!value.is_map()) {
    if (value.is_list()) {
      state.diagnostics.error(value.place, "expected a kind of node (host, router or switch) or a map of its settings");
    }
    return;
  }
  if (const YamlValue* given = value.find("kind"); given != nullptr) {
    set(*given, kind, parse_kind(given->text));
  }
  const YamlValue* given = value.find("stack");
  if (given == nullptr) {
    return;
  }
  set(*given, stack, parse_word<Stack>(given->text, stack_names(), "stack"));
  if (*stack == Stack::kLinux && *kind != NodeKind::kHost) {
    state.diagnostics.error(
        given->place, fmt::format("stack: linux is for hosts only; a {} runs on Catenet's stack", name_of(*kind)));
    stack = {};
  }
}

}  // namespace

void read_node_names(const YamlValue& nodes, DescribeState& state) {
  if (!nodes.is_map()) {
    state.diagnostics.error(nodes.place, "nodes: expected a map such as {alice: host, sw1: switch}");
    return;
  }
  if (nodes.keys.size() > state.rules.max_nodes) {
    state.diagnostics.error(nodes.keys[state.rules.max_nodes].place,
                            fmt::format("too many nodes: {}; at most {}", nodes.keys.size(), state.rules.max_nodes));
    return;
  }
  state.lab.nodes.reserve(nodes.keys.size());
  for (std::size_t i = 0; i < nodes.keys.size(); ++i) {
    const YamlKey& key = nodes.keys[i];
    if (const auto name = parse_name(key.text); !name) {
      state.diagnostics.error(key.place, "node " + name.error());
    }
    Setting<NodeKind> kind;
    Setting<Stack> stack;
    read_kind(nodes.items[i], state, kind, stack);
    Node node = state.defaults.nodes[index_of(*kind)];
    node.name = key.text;
    node.place = key.place;
    node.kind = kind;
    node.stack = stack;
    if (!node.forwarding.is_set()) {
      node.forwarding.value = *kind == NodeKind::kRouter;
    }
    state.nodes.try_emplace(key.text, static_cast<NodeIndex>(state.lab.nodes.size()));
    state.lab.nodes.push_back(std::move(node));
  }
}

void read_node_details(const std::vector<const YamlValue*>& node_values, DescribeState& state) {
  std::vector<AfterName> afters;
  for (std::size_t i = 0; i < state.lab.nodes.size(); ++i) {
    read_details(*node_values[i], state.lab.nodes[i], static_cast<NodeIndex>(i), state, afters);
  }
  finish_programs(afters, state);
}

void read_defaults(const YamlValue& value, DescribeState& state) {
  for (std::size_t kind = 0; kind < 3; ++kind) {
    Node& node = state.defaults.nodes[kind];
    node.kind.value = static_cast<NodeKind>(kind);
    for (const OptionRule& rule : tcp_options()) {
      node.tcp.push_back({std::string(rule.name), *parse_option(rule, rule.fallback), Origin::kBuiltIn});
    }
  }
  MapReader reader(value, "defaults", state.diagnostics, Origin::kDefaults);
  if (const YamlValue* link = reader.take("link"); link != nullptr) {
    read_link_defaults(*link, state);
  }
  for (std::size_t kind = 0; kind < 3; ++kind) {
    if (const YamlValue* node = reader.take(node_kind_names()[kind]); node != nullptr) {
      MapReader node_reader(*node, fmt::format("defaults of a {}", node_kind_names()[kind]), state.diagnostics,
                            Origin::kDefaults);
      read_common(node_reader, state.defaults.nodes[kind], state.defaults.node_mtu[kind]);
      node_reader.finish();
    }
  }
  reader.finish();
}

}  // namespace catenet::lab
