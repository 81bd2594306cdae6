// SPDX-License-Identifier: Apache-2.0
#include "catenet/lab/event_action.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "catenet/base/text.h"
#include "catenet/lab/spelling.h"
#include "catenet/packet/filter_expression.h"

namespace catenet::lab {
namespace {

using namespace std::string_view_literals;

constexpr std::array kActions = {"link"sv,  "filter"sv,  "partition"sv, "heal"sv,
                                 "crash"sv, "restart"sv, "pause"sv,     "resume"sv};
constexpr std::array kFilterActions = {"drop"sv, "delay"sv, "duplicate"sv, "corrupt"sv};  // LinkFilter::Action
constexpr std::array kChangeKeys = {"rate"sv,    "delay"sv,  "loss"sv,    "duplicate"sv,
                                    "reorder"sv, "jitter"sv, "corrupt"sv, "bit_error_rate"sv};
constexpr std::array kFlapKeys = {"period"sv, "down"sv};
constexpr std::array kBurstKeys = {"good"sv, "bad"sv, "p"sv, "r"sv, "loss"sv, "good_loss"sv};
constexpr std::array kLinkWords = {"up"sv, "down"sv, "flap"sv, "burst"sv};
constexpr std::string_view kLinkExample = "expected up, down, flap, burst or new values such as 'loss=10% jitter=5ms'";

/// The mean number of packets in a state -> the probability to leave it.
Parsed<Probability> parse_mean_packets(std::string_view text) {
  const auto n = parse_integer(text, 1, Probability::kOne);
  return n ? Parsed<Probability>(Probability::from_ppb((Probability::kOne + *n / 2) / *n)) : std::unexpected(n.error());
}

struct Join {
  std::size_t at = std::string_view::npos;
  std::string_view text;
};
Join find_join(std::string_view text) {
  Join first;
  for (const std::string_view join : {"--"sv, "->"sv, "<-"sv}) {
    if (const std::size_t at = text.find(join); at < first.at) {
      first = {at, join};
    }
  }
  return first;
}

}  // namespace

EventReader::EventReader(DescribeState& state) : state_(state) {
  for (std::size_t i = 0; i < state.lab.links.size(); ++i) {
    links_.try_emplace(state.lab.links[i].name, static_cast<LinkIndex>(i));
  }
}

std::nullopt_t EventReader::wrong(const Word& word, const std::string& message) {
  state_.diagnostics.error(word.place, "events: " + message);
  return std::nullopt;
}

std::optional<EventAction> EventReader::read(std::string_view text, Place place) {
  WordReader words(text, place);
  auto action = read_action(words);
  return action && refuse_rest(words) ? std::move(action) : std::nullopt;
}

bool EventReader::refuse_rest(WordReader& words) {
  if (words.at_end()) {
    return true;
  }
  wrong(words.peek(), fmt::format("{} is too much; expected nothing more", in_quotes(words.peek().text)));
  return false;
}

std::optional<EventAction> EventReader::read_action(WordReader& words) {
  const Word first = words.take();
  if (first.text == "link") {
    return read_link(words);
  }
  if (first.text == "filter") {
    return read_filter(words);
  }
  if (first.text == "partition") {
    return read_partition(words);
  }
  if (first.text == "heal") {
    return NetworkHeal{};
  }
  constexpr std::array kChanges = {"crash"sv, "restart"sv, "pause"sv, "resume"sv};
  if (const auto what = find_word(kChanges, first.text)) {
    return read_nodes_of(words, static_cast<NodeChange::What>(*what));
  }
  if (first.text == "move" || first.text == "skew") {
    return wrong(first, first.text == "move"
                            ? "moving a cable to another port is not there yet; two links, of which one is "
                              "down, come near it"
                            : "clocks of nodes that run fast or slow are not there yet");
  }
  return wrong(first, fmt::format("{} is nothing that can happen; expected {}{}", in_quotes(first.text),
                                  join_or(kActions), did_you_mean(first.text, kActions)));
}

// ---- nodes --------------------------------------------------------------------------------------------------------

std::optional<std::vector<NodeIndex>> EventReader::read_nodes(WordReader& words, std::string_view before) {
  std::vector<NodeIndex> nodes;
  const Word first = words.peek();
  while (!words.at_end() && words.peek().text != "from" && words.peek().text != "->") {
    const Word word = words.take();
    for (std::size_t at = 0; at <= word.text.size();) {
      const std::size_t comma = std::min(word.text.find(',', at), word.text.size());
      const std::string_view name = std::string_view(word.text).substr(at, comma - at);
      Word here = word;
      here.place.column += static_cast<std::uint32_t>(at);
      at = comma + 1;
      if (name.empty()) {
        continue;
      }
      const auto node = state_.nodes.find(name);
      if (node == state_.nodes.end()) {
        return wrong(here, fmt::format("unknown node {}; expected a name from nodes:{}", in_quotes(name),
                                       lab::did_you_mean(name, state_.nodes)));
      }
      if (std::find(nodes.begin(), nodes.end(), node->second) != nodes.end()) {
        return wrong(here, fmt::format("node {} comes twice", in_quotes(name)));
      }
      nodes.push_back(node->second);
    }
  }
  if (nodes.empty()) {
    return wrong(first,
                 fmt::format("no node after {}; expected names from nodes: such as alice,bob", in_quotes(before)));
  }
  std::sort(nodes.begin(), nodes.end());
  return nodes;
}

std::optional<EventAction> EventReader::read_nodes_of(WordReader& words, NodeChange::What what) {
  constexpr std::array kVerbs = {"crash"sv, "restart"sv, "pause"sv, "resume"sv};
  const std::string_view verb = kVerbs[static_cast<std::size_t>(what)];
  const Word first = words.peek();
  auto nodes = read_nodes(words, verb);
  if (!nodes) {
    return std::nullopt;
  }
  for (const NodeIndex node : *nodes) {
    const bool programs = what == NodeChange::What::kPause || what == NodeChange::What::kResume;
    if (programs && state_.lab.nodes[node].is_switch()) {
      return wrong(first, fmt::format("{} is a switch, which runs no programs; expected a host or router",
                                      in_quotes(state_.lab.nodes[node].name)));
    }
  }
  return NodeChange{what, std::move(*nodes)};
}

std::optional<EventAction> EventReader::read_partition(WordReader& words) {
  NetworkPartition out;
  auto a = read_nodes(words, "partition");
  if (!a) {
    return std::nullopt;
  }
  out.a = std::move(*a);
  if (words.at_end()) {  // from all others
    for (NodeIndex i = 0; i < state_.lab.nodes.size(); ++i) {
      if (!std::binary_search(out.a.begin(), out.a.end(), i)) {
        out.b.push_back(i);
      }
    }
    return out;
  }
  const Word joint = words.take();
  out.one_way = joint.text == "->";
  const Word first = words.peek();
  auto b = read_nodes(words, joint.text);
  if (!b) {
    return std::nullopt;
  }
  out.b = std::move(*b);
  for (const NodeIndex node : out.b) {
    if (std::binary_search(out.a.begin(), out.a.end(), node)) {
      return wrong(first, fmt::format("node {} is on both sides", in_quotes(state_.lab.nodes[node].name)));
    }
  }
  return out;
}

// ---- links --------------------------------------------------------------------------------------------------------

// "gw1--gw2", "gw1 -- gw2", "gw1->gw2", "gw1<-gw2", "gw1--gw2#2"
std::optional<LinkPart> EventReader::read_link_part(WordReader& words) {
  Word word = words.take();
  if (find_join(word.text).text.empty() && find_join(words.peek().text).at == 0) {
    word.text += words.take().text;
    word.text += words.take().text;
  }
  const Join join = find_join(word.text);
  if (join.text.empty()) {
    return wrong(word, fmt::format("{} is not a link; expected for example gw1--gw2, or gw1->gw2 for one direction",
                                   in_quotes(word.text)));
  }
  std::string a = word.text.substr(0, join.at);
  std::string b = word.text.substr(join.at + join.text.size());
  std::string number;
  if (const std::size_t hash = b.find('#'); hash != std::string::npos) {
    number = b.substr(hash);
    b.resize(hash);
  }
  const bool backwards = join.text == "<-";
  if (backwards) {
    std::swap(a, b);
  }
  LinkPart out;
  if (const auto same = links_.find(a + "--" + b + number); same != links_.end()) {
    out.link = same->second;
    out.backward = join.text == "--";
    return out;
  }
  if (const auto turned = links_.find(b + "--" + a + number); turned != links_.end()) {
    out.link = turned->second;
    out.forward = join.text == "--";
    return out;
  }
  NearestWord nearest(a + "--" + b + number);
  for (const auto& [name, index] : links_) {
    nearest.offer(name);
  }
  return wrong(word,
               fmt::format("there is no link {}; expected one from links:{}", in_quotes(word.text), nearest.hint()));
}

bool EventReader::is_whole(const LinkPart& on, const Word& at) {
  if (on.forward && on.backward) {
    return true;
  }
  wrong(at, fmt::format("a cable goes {} as a whole; expected A--B, or for one direction loss=100%", at.text));
  return false;
}

bool EventReader::allows_single_frames(const LinkPart& on, const Word& at) {
  if (!*state_.lab.links[on.link].trains) {
    return true;
  }
  wrong(at, fmt::format("{} carries trains, so nothing may happen to a single frame; expected trains: false, or only "
                        "rate, delay, up, down and flap",
                        state_.lab.links[on.link].name));
  return false;
}

std::optional<EventAction> EventReader::read_link(WordReader& words) {
  const auto on = read_link_part(words);
  if (!on) {
    return std::nullopt;
  }
  const Word verb = words.peek();
  if (verb.text == "up" || verb.text == "down") {
    (void)words.take();
    return is_whole(*on, verb) ? std::optional<EventAction>(LinkChange{.on = *on, .up = verb.text == "up"})
                               : std::nullopt;
  }
  if (words.skip("flap")) {
    return is_whole(*on, verb) ? read_flap(words, *on) : std::nullopt;
  }
  if (words.skip("burst")) {
    return allows_single_frames(*on, verb) ? read_burst(words, *on) : std::nullopt;
  }
  if (verb.text.find('=') == std::string::npos) {
    const std::string& text = verb.text;
    return wrong(verb, text.empty() ? fmt::format("nothing happens to the link; {}", kLinkExample)
                                    : fmt::format("{} is nothing that happens to a link; {}{}", in_quotes(text),
                                                  kLinkExample, did_you_mean(text, kLinkWords)));
  }
  return read_change(words, *on);
}

std::optional<EventReader::Values> EventReader::read_values(WordReader& words, std::span<const std::string_view> keys) {
  Values values;
  while (!words.at_end()) {
    Word word = words.take();
    const std::size_t equals = word.text.find('=');
    const std::string key = word.text.substr(0, equals);
    if (equals == std::string::npos || !find_word(keys, key)) {
      return wrong(word,
                   fmt::format("unknown value {}; expected {}, each with its value as in {}={}{}", in_quotes(key),
                               join_or(keys), keys[0], keys[0] == "rate" ? "1Mbit" : "...", did_you_mean(key, keys)));
    }
    word.text.erase(0, equals + 1);
    word.place.column += static_cast<std::uint32_t>(equals + 1);
    if (key == "reorder" && words.peek().text == "by") {
      (void)words.take();
      word.text += " by " + words.take().text;
    }
    if (!values.try_emplace(key, word).second) {
      return wrong(word, fmt::format("{} is given twice", key));
    }
  }
  return values;
}

template <typename T, typename Parse>
bool EventReader::get(const Values& values, std::string_view key, std::optional<T>& out, Parse parse) {
  const auto found = values.find(key);
  if (found == values.end()) {
    return true;
  }
  auto parsed = parse(found->second.text);
  if (!parsed) {
    wrong(found->second, fmt::format("{}: {}", key, parsed.error()));
    return false;
  }
  out = std::move(*parsed);
  return true;
}

std::optional<EventAction> EventReader::read_change(WordReader& words, const LinkPart& on) {
  const Word first = words.peek();
  const auto values = read_values(words, kChangeKeys);
  if (!values) {
    return std::nullopt;
  }
  LinkChange out{.on = on};
  std::optional<Reordering> reorder;
  const bool fine = get(*values, "rate", out.rate, parse_rate) && get(*values, "delay", out.delay, parse_duration) &&
                    get(*values, "loss", out.loss, parse_probability) &&
                    get(*values, "duplicate", out.duplicate, parse_probability) &&
                    get(*values, "corrupt", out.corrupt, parse_probability) &&
                    get(*values, "reorder", reorder, parse_reordering) &&
                    get(*values, "jitter", out.jitter, parse_duration) &&
                    get(*values, "bit_error_rate", out.bit_error_rate, parse_bit_error_rate);
  if (reorder) {
    out.reorder = reorder->probability;
    out.reorder_by = reorder->by;
  }
  return fine && (!out.impairs() || allows_single_frames(on, first)) ? std::optional<EventAction>(out) : std::nullopt;
}

std::optional<EventAction> EventReader::read_flap(WordReader& words, const LinkPart& on) {
  const Word first = words.peek();
  const auto values = read_values(words, kFlapKeys);
  if (!values) {
    return std::nullopt;
  }
  std::optional<Duration> period;
  std::optional<Duration> down;
  if (!get(*values, "period", period, parse_duration) || !get(*values, "down", down, parse_duration)) {
    return std::nullopt;
  }
  if (!period) {
    return wrong(first, "how often does it go down? Expected for example 'flap period=500ms'");
  }
  if (*period < LinkFlap::kShortest) {
    return wrong(values->at("period"), fmt::format("a period of {} is too short; expected at least {}",
                                                   to_text(*period), to_text(LinkFlap::kShortest)));
  }
  const LinkFlap out{on, *period, down.value_or(*period / 2)};
  if (out.down <= Duration{} || out.down >= out.period) {
    return wrong(values->at("down"),
                 fmt::format("down for {} of {}; expected more than nothing and less than the period",
                             to_text(out.down), to_text(out.period)));
  }
  return out;
}

std::optional<EventAction> EventReader::read_burst(WordReader& words, const LinkPart& on) {
  const Word first = words.peek();
  const auto values = read_values(words, kBurstKeys);
  if (!values) {
    return std::nullopt;
  }
  std::optional<Probability> good;
  std::optional<Probability> bad;
  std::optional<Probability> p;
  std::optional<Probability> r;
  std::optional<Probability> loss;
  std::optional<Probability> good_loss;
  if (!get(*values, "good", good, parse_mean_packets) || !get(*values, "bad", bad, parse_mean_packets) ||
      !get(*values, "p", p, parse_probability) || !get(*values, "r", r, parse_probability) ||
      !get(*values, "loss", loss, parse_probability) || !get(*values, "good_loss", good_loss, parse_probability)) {
    return std::nullopt;
  }
  if (good.has_value() == p.has_value() || bad.has_value() == r.has_value()) {
    return wrong(first,
                 "expected mean lengths in packets, 'good=100 bad=5', or the probabilities to leave these states, "
                 "'p=1% r=20%'");
  }
  return LinkBurst{on, good ? *good : *p, bad ? *bad : *r, loss.value_or(Probability::from_ppb(Probability::kOne)),
                   good_loss.value_or(Probability{})};
}

// ---- filters ------------------------------------------------------------------------------------------------------

std::optional<EventAction> EventReader::read_filter(WordReader& words) {
  const auto on = read_link_part(words);
  if (!on) {
    return std::nullopt;
  }
  LinkFilter out{.on = *on};
  const Word verb = words.take();
  const auto action = find_word(kFilterActions, verb.text);
  if (!action) {
    return wrong(verb, fmt::format("{} is nothing that a filter does; expected {}{}", in_quotes(verb.text),
                                   join_or(kFilterActions), did_you_mean(verb.text, kFilterActions)));
  }
  out.action = static_cast<LinkFilter::Action>(*action);
  if (out.action == LinkFilter::Action::kDelay) {
    const Word time = words.take();
    const auto delay = parse_duration(time.text);
    if (!delay || *delay == Duration{}) {
      return wrong(time, delay ? "a delay of nothing; expected for example 20ms" : "delay: " + delay.error());
    }
    out.delay = *delay;
  }
  if (!read_count(words, out)) {
    return std::nullopt;
  }
  const Word expression = words.take();
  if (!expression.quoted) {
    return wrong(expression,
                 fmt::format("{} where an expression is missing; expected it in quotes, for example \"tcp and "
                             "src alice\"",
                             expression.text.empty() ? "the end" : in_quotes(expression.text)));
  }
  out.expression = expression.text;
  return allows_single_frames(*on, verb) && compiles(expression) ? std::optional<EventAction>(std::move(out))
                                                                 : std::nullopt;
}

// "3rd" or "every 3rd"; nothing: each one.
bool EventReader::read_count(WordReader& words, LinkFilter& out) {
  const bool every = words.skip("every");
  const Word& next = words.peek();
  if (!every && (next.quoted || next.text.empty() || !is_digit(next.text.front()))) {
    return true;
  }
  const Word word = words.take();
  const std::size_t digits = std::min(word.text.find_first_not_of("0123456789"), word.text.size());
  const std::string_view ending = std::string_view(word.text).substr(digits);
  const auto n = parse_integer(word.text.substr(0, digits), 1, 1'000'000'000);
  const bool ordinal = ending == "st" || ending == "nd" || ending == "rd" || ending == "th";
  if (!n || !ordinal) {
    wrong(word,
          fmt::format("{} is no place in a row; expected for example 1st, 3rd or every 10th", in_quotes(word.text)));
    return false;
  }
  out.nth = *n;
  out.repeats = every;
  return true;
}

bool EventReader::compiles(const Word& expression) {
  auto known = [&](std::string_view name) -> std::optional<std::vector<FilterAddress>> {
    return state_.nodes.find(name) == state_.nodes.end() ? std::nullopt : std::optional(std::vector<FilterAddress>(1));
  };
  const auto program = compile_filter(expression.text, FilterNames::of(known));
  if (!program) {
    Word at = expression;
    at.place.column += static_cast<std::uint32_t>(program.error().offset + 1);
    wrong(at, program.error().message);
  }
  return program.has_value();
}

}  // namespace catenet::lab
