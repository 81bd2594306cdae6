// SPDX-License-Identifier: Apache-2.0
#include "catenet/run/events.h"

#include <algorithm>

namespace catenet::run {

Events::Events(Network& network, Programs& programs, Faults::OnRestart on_restart)
    : network_(network), programs_(programs), faults_(network, programs, on_restart) {
  const std::vector<lab::Event>& events = network.lab().events;
  for (std::size_t i = 0; i < events.size(); ++i) {
    records_.push_back({.text = events[i].text()});
    if (events[i].time.moment == lab::EventTime::Moment::kRun) {
      plan(i, Instant::zero() + events[i].time.after);
    } else {
      waiting_.push_back(i);
    }
  }
}

void Events::plan(std::size_t event, Instant at) {
  records_[event].at = at;
  agenda_.insert({at, Step::begin, event});
}

std::optional<Instant> Events::moment_of(const lab::EventTime& time) const {
  for (const auto& record : programs_.records()) {
    if (record->described->name != time.program) {
      continue;
    }
    switch (time.moment) {
      case lab::EventTime::Moment::kStarts:
        return record->starts > 0 ? std::optional(record->started) : std::nullopt;
      case lab::EventTime::Moment::kReady:
        return record->ready ? std::optional(record->ready_at) : std::nullopt;
      default:
        return record->phase == ProgramRecord::Phase::ended ? std::optional(record->ended) : std::nullopt;
    }
  }
  return std::nullopt;  // --do has replaced it
}

void Events::look(Instant now) {
  std::erase_if(waiting_, [&](std::size_t event) {
    const lab::EventTime& time = network_.lab().events[event].time;
    const auto moment = moment_of(time);
    if (moment) {
      const Duration known = network_.lab().needs_real_time() ? Duration{} : Programs::kHandOver;
      plan(event, std::max(*moment + known + time.after, now));
    }
    return moment.has_value();
  });
}

void Events::apply(Instant now) {
  while (!agenda_.empty() && agenda_.begin()->at <= now) {
    const Item item = *agenda_.begin();
    agenda_.erase(agenda_.begin());
    perform(item);
  }
}

void Events::perform(const Item& item) {
  const lab::Event& event = network_.lab().events[item.event];
  EventRecord& record = records_[item.event];
  const auto* flap = std::get_if<lab::LinkFlap>(&event.action);
  const auto flap_at = [&](Instant at, Step step) {
    if (!record.until || at < *record.until) {
      agenda_.insert({at, step, item.event});
    }
  };
  switch (item.step) {
    case Step::begin:
      record.applied = true;
      faults_.teller(item.event).note(NoteKind::event, [&] { return event.what; });
      if (event.time.lasts) {
        record.until = item.at + *event.time.lasts;
        agenda_.insert({*record.until, Step::end, item.event});
      }
      if (flap != nullptr) {
        flap_at(item.at + flap->down, Step::up);
      }
      faults_.begin(item.event, Delegate<bool(lab::NodeIndex)>::to<&Events::comes_back>(*this));
      break;
    case Step::up:
      if (faults_.flap(item.event, true)) {
        flap_at(item.at + (flap->period - flap->down), Step::down);
      }
      break;
    case Step::down:
      if (faults_.flap(item.event, false)) {
        flap_at(item.at + flap->down, Step::up);
      }
      break;
    case Step::end:
      if (faults_.end(item.event)) {
        faults_.teller(item.event).note(NoteKind::event, [&] { return "over: " + event.what; });
      }
      break;
  }
}

/// Somebody will start the node again, for all that is known: a program whose machine is gone is then not at its end.
bool Events::comes_back(lab::NodeIndex node) const {
  const auto starts_it = [&](std::size_t index, bool ends) {
    const auto* change = std::get_if<lab::NodeChange>(&network_.lab().events[index].action);
    const auto wanted = ends ? lab::NodeChange::What::kCrash : lab::NodeChange::What::kRestart;
    return change != nullptr && change->what == wanted &&
           std::find(change->nodes.begin(), change->nodes.end(), node) != change->nodes.end();
  };
  return std::any_of(agenda_.begin(), agenda_.end(),
                     [&](const Item& item) { return starts_it(item.event, item.step == Step::end); }) ||
         std::any_of(waiting_.begin(), waiting_.end(), [&](std::size_t event) { return starts_it(event, false); });
}

}  // namespace catenet::run
