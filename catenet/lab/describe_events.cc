// SPDX-License-Identifier: Apache-2.0
// `events:`: what happens while the lab runs. An entry is a time and one action or several:
//
//   TIME: ACTION      TIME is  2s | 4s..8s | 4s for 4s | PROGRAM starts|ready|ends [+ 500ms] [for 2s]
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "catenet/base/text.h"
#include "catenet/lab/describe_parts.h"
#include "catenet/lab/event_action.h"
#include "catenet/lab/spelling.h"
#include "catenet/lab/word_reader.h"

namespace catenet::lab {
namespace {

constexpr std::size_t kMostEvents = 100'000;
constexpr std::array<std::string_view, 3> kMoments = {"starts", "ready", "ends"};
constexpr std::string_view kTimeExample =
    "expected a time such as 2s, 4s..8s, 4s for 500ms, or what a program does: 'web ready', 'get-page ends + 1s'";

class TimeReader {
 public:
  TimeReader(const NameTable& programs, DescribeState& state) : programs_(programs), state_(state) {}

  std::optional<EventTime> read(const YamlKey& key) {
    EventTime out;
    text_ = key.text;
    place_ = key.place;
    std::string_view rest = text_;
    std::string_view lasts;
    if (const std::size_t at = rest.find(" for "); at != std::string_view::npos) {
      lasts = rest.substr(at + 5);
      rest = rest.substr(0, at);
    }
    const std::size_t dots = rest.find("..");
    if (!(is_condition(rest) ? read_condition(rest, out) : read_span(rest, dots, out))) {
      return std::nullopt;
    }
    if (!lasts.empty()) {
      if (out.lasts) {
        return wrong(lasts, "an end and a length; expected one of the two");
      }
      const auto length = duration(lasts);
      if (!length) {
        return std::nullopt;
      }
      if (*length == Duration{}) {
        return wrong(lasts, "an event of no length; expected for example 500ms");
      }
      out.lasts = *length;
    }
    return out;
  }

 private:
  static bool is_condition(std::string_view text) {
    WordReader words(text, {});
    const Word first = words.take();
    return !words.at_end() && (find_word(kMoments, words.peek().text) || !is_digit(first.text.front()));
  }

  std::nullopt_t wrong(std::string_view at, const std::string& message) {
    Place place = place_;
    place.column += at.data() >= text_.data() && at.data() <= text_.data() + text_.size()
                        ? static_cast<std::uint32_t>(at.data() - text_.data())
                        : 0;
    state_.diagnostics.error(place, "events: " + message);
    return std::nullopt;
  }

  std::optional<Duration> duration(std::string_view text) {
    const auto parsed = parse_duration(trim(text));
    return parsed ? std::optional(*parsed)
                  : wrong(text, parsed.error().find("expected") == std::string::npos
                                    ? fmt::format("{}; {}", parsed.error(), kTimeExample)
                                    : parsed.error());
  }

  bool read_span(std::string_view text, std::size_t dots, EventTime& out) {
    const auto begin = duration(text.substr(0, dots));
    if (!begin) {
      return false;
    }
    out.after = *begin;
    if (*begin > *state_.lab.until && !state_.cut_short) {
      wrong(text, fmt::format("{} is after the end of the run; expected at most {} (until:)", to_text(*begin),
                              to_text(*state_.lab.until)));
      return false;
    }
    if (dots == std::string_view::npos) {
      return true;
    }
    const auto end = duration(text.substr(dots + 2));
    if (!end) {
      return false;
    }
    if (*end <= *begin) {
      wrong(text.substr(dots + 2),
            fmt::format("it ends at {} and begins at {}; expected a later end", to_text(*end), to_text(*begin)));
      return false;
    }
    out.lasts = *end - *begin;
    return true;
  }

  bool read_condition(std::string_view text, EventTime& out) {
    WordReader words(text, {});
    out.program = words.take().text;
    const std::string moment = words.take().text;
    const std::string_view moment_at = text.substr(text.find(moment, text.find(out.program) + out.program.size()));
    const auto which = find_word(kMoments, moment);
    if (!which) {
      wrong(moment_at, fmt::format("{} is nothing that a program does; expected starts, ready or ends{}",
                                   in_quotes(moment), did_you_mean(moment, kMoments)));
      return false;
    }
    out.moment = static_cast<EventTime::Moment>(*which + 1);
    if (const std::size_t plus = text.find('+'); plus != std::string_view::npos) {
      const auto after = duration(text.substr(plus + 1));
      out.after = after.value_or(Duration{});
      if (!after) {
        return false;
      }
    } else if (!words.at_end()) {
      wrong(moment_at.substr(moment.size()),
            fmt::format("{} after {}; {}", in_quotes(words.peek().text), in_quotes(moment), kTimeExample));
      return false;
    }
    const auto program = programs_.find(out.program);
    if (program == programs_.end()) {
      wrong(text, fmt::format("unknown program {}; {}{}", in_quotes(out.program), kTimeExample,
                              lab::did_you_mean(out.program, programs_)));
      return false;
    }
    if (out.moment == EventTime::Moment::kReady && !*state_.lab.programs[program->second].service) {
      wrong(moment_at,
            fmt::format("{} is no service, which alone can be ready; expected starts or ends", in_quotes(out.program)));
      return false;
    }
    return true;
  }

  const NameTable& programs_;
  DescribeState& state_;
  std::string_view text_;
  Place place_;
};

bool is_for_an_interval(const EventAction& action) {
  const auto* node = std::get_if<NodeChange>(&action);
  return !std::holds_alternative<NetworkHeal>(action) &&
         (node == nullptr || node->what == NodeChange::What::kCrash || node->what == NodeChange::What::kPause);
}

void read_action(const YamlKey& when, const YamlValue& what, TimeReader& times, EventReader& actions,
                 DescribeState& state) {
  Event event;
  event.when = trim(when.text);
  event.what = trim(what.text);
  event.place = what.place;
  const auto time = times.read(when);
  auto action = actions.read(what.text, what.place);
  if (!action || !time) {
    return;
  }
  event.time = *time;
  event.action = std::move(*action);
  if (event.time.lasts && !is_for_an_interval(event.action)) {
    state.diagnostics.error(what.place, fmt::format("events: {} happens at once; expected one time, not {}",
                                                    in_quotes(event.what), in_quotes(event.when)));
    return;
  }
  state.lab.events.push_back(std::move(event));
}

void read_entry(const YamlValue& entry, TimeReader& times, EventReader& actions, DescribeState& state) {
  const std::size_t colon = entry.is_scalar() ? entry.text.find(": ") : std::string::npos;
  if (colon != std::string::npos) {  // in quotes: 'get-page ends: crash web'
    YamlValue what;
    what.kind = YamlValue::Kind::kScalar;
    what.text = entry.text.substr(colon + 2);
    what.place = entry.place;
    what.place.column += static_cast<std::uint32_t>(colon + 2);
    read_action({entry.text.substr(0, colon), entry.place}, what, times, actions, state);
    return;
  }
  if (!entry.is_map() || entry.keys.size() != 1 || entry.items.size() != 1) {
    state.diagnostics.error(entry.place, "events: expected a time and what happens, such as '2s: link gw1--gw2 down'");
    return;
  }
  const std::string about = fmt::format("events: {}", entry.keys[0].text);
  for (const YamlValue* item : scalars_of(entry.items[0], about, state.diagnostics)) {
    read_action(entry.keys[0], *item, times, actions, state);
  }
}

void refuse_idle_heals(DescribeState& state) {
  const auto& events = state.lab.events;
  const bool partitioned = std::any_of(
      events.begin(), events.end(), [](const Event& e) { return std::holds_alternative<NetworkPartition>(e.action); });
  for (const Event& event : events) {
    if (!partitioned && std::holds_alternative<NetworkHeal>(event.action)) {
      state.diagnostics.error(event.place, "events: there is nothing to heal: no event partitions the network");
    }
  }
}

}  // namespace

void read_events(const YamlValue& events, DescribeState& state) {
  if (!events.is_list()) {
    state.diagnostics.error(events.place, "events: expected a list such as [2s: link gw1--gw2 down]");
    return;
  }
  if (events.items.size() > kMostEvents) {
    state.diagnostics.error(events.place,
                            fmt::format("too many events: {}; at most {}", events.items.size(), kMostEvents));
    return;
  }
  NameTable programs;
  for (std::size_t i = 0; i < state.lab.programs.size(); ++i) {
    programs.try_emplace(state.lab.programs[i].name, static_cast<std::uint32_t>(i));
  }
  TimeReader times(programs, state);
  EventReader actions(state);
  for (const YamlValue& entry : events.items) {
    read_entry(entry, times, actions, state);
  }
  refuse_idle_heals(state);
}

}  // namespace catenet::lab
