// SPDX-License-Identifier: Apache-2.0
#include "catenet/run/faults.h"

#include <algorithm>

#include "catenet/packet/filter_expression.h"
#include "catenet/run/link_settings.h"

namespace catenet::run {
namespace {

using What = lab::NodeChange::What;

template <typename T, typename U>
void overlay(T& to, const std::optional<U>& from) {
  if (from) {
    to = *from;
  }
}

void overlay(lab::LinkChange& to, const lab::LinkChange& from) {
  overlay(to.rate, from.rate);
  overlay(to.delay, from.delay);
  overlay(to.loss, from.loss);
  overlay(to.duplicate, from.duplicate);
  overlay(to.corrupt, from.corrupt);
  overlay(to.reorder, from.reorder);
  overlay(to.reorder_by, from.reorder_by);
  overlay(to.jitter, from.jitter);
  overlay(to.bit_error_rate, from.bit_error_rate);
}

void overlay(lab::Direction& to, const lab::LinkChange& from) {
  overlay(to.rate.value, from.rate);
  overlay(to.delay.value, from.delay);
  overlay(to.loss.value, from.loss);
  overlay(to.duplicate.value, from.duplicate);
  overlay(to.corrupt.value, from.corrupt);
  overlay(to.reorder.value.probability, from.reorder);
  overlay(to.reorder.value.by, from.reorder_by);
  overlay(to.jitter.value, from.jitter);
  overlay(to.bit_error_rate.value, from.bit_error_rate);
}

template <typename T>
bool erase_event(std::vector<T>& from, std::size_t event) {
  return std::erase_if(from, [&](const T& each) { return each.event == event; }) > 0;
}

/// The addresses of some nodes.
std::shared_ptr<const medium::Origins> origins_of(const lab::Description& lab,
                                                  const std::vector<std::uint32_t>& nodes) {
  auto origins = std::make_shared<medium::Origins>();
  for (const lab::NodeIndex node : nodes) {
    for (const lab::Interface& interface : lab.nodes[node].interfaces) {
      origins->links.push_back(interface.mac->to_u64());
      if (interface.address.is_set()) {
        origins->hosts.emplace_back(interface.address->address());
      }
    }
  }
  std::sort(origins->links.begin(), origins->links.end());
  std::sort(origins->hosts.begin(), origins->hosts.end());
  return origins;
}

/// The lab has let the expression pass, so it is one; the addresses of its nodes are known by now.
std::shared_ptr<const PacketFilter> compiled(const std::string& expression, const lab::Description& lab) {
  auto addresses = [&](std::string_view name) -> std::optional<std::vector<FilterAddress>> {
    std::vector<FilterAddress> found;
    for (const lab::Node& node : lab.nodes) {
      for (const lab::Interface& interface : node.interfaces) {
        if (node.name == name && interface.address.is_set()) {
          const auto bytes = interface.address->address().to_bytes();
          std::transform(bytes.begin(), bytes.end(), found.emplace_back().bytes.begin(),
                         [](std::byte b) { return std::to_integer<std::uint8_t>(b); });
        }
      }
    }
    return found;
  };
  const auto program = compile_filter(expression, FilterNames::of(addresses));
  check(program.has_value(), "a filter that the lab's check let pass is none");
  auto filter = PacketFilter::make(*program);
  check(filter.has_value(), "a compiled filter is no program");
  return *filter;
}

}  // namespace

Faults::Faults(Network& network, Programs& programs, OnRestart on_restart)
    : network_(network), programs_(programs), on_restart_(on_restart) {}

void Faults::begin(std::size_t index, Delegate<bool(lab::NodeIndex)> comes_back) {
  comes_back_ = comes_back;
  std::visit([&](const auto& action) { begin_one(index, action); }, network_.lab().events[index].action);
}

bool Faults::end(std::size_t index) {
  return std::visit([&](const auto& action) { return end_one(index, action); }, network_.lab().events[index].action);
}

bool Faults::flap(std::size_t index, bool up) {
  const lab::LinkIndex link = std::get<lab::LinkFlap>(network_.lab().events[index].action).on.link;
  for (Switch& mine : links_[link].switches) {
    if (mine.event == index) {
      mine.up = up;
      settle_up(link);
      return true;
    }
  }
  return false;
}

Node& Faults::teller(std::size_t index) const {
  const lab::Description& lab = network_.lab();
  const lab::EventAction& action = lab.events[index].action;
  lab::NodeIndex node = 0;
  if (const auto* change = std::get_if<lab::LinkChange>(&action)) {
    node = lab.links[change->on.link].a;
  } else if (const auto* flap = std::get_if<lab::LinkFlap>(&action)) {
    node = lab.links[flap->on.link].a;
  } else if (const auto* burst = std::get_if<lab::LinkBurst>(&action)) {
    node = lab.links[burst->on.link].a;
  } else if (const auto* filter = std::get_if<lab::LinkFilter>(&action)) {
    node = lab.links[filter->on.link].a;
  } else if (const auto* partition = std::get_if<lab::NetworkPartition>(&action)) {
    node = partition->a.front();
  } else if (const auto* of_nodes = std::get_if<lab::NodeChange>(&action)) {
    node = of_nodes->nodes.front();
  }
  return *network_.nodes()[node].node;
}

// ---- links --------------------------------------------------------------------------------------------------------

void Faults::begin_one(std::size_t index, const lab::LinkChange& change) {
  if (change.up) {
    set_switch(index, change.on.link, *change.up);
  } else {
    lay(index, change.on, {.change = change});
  }
}

bool Faults::end_one(std::size_t index, const lab::LinkChange& change) {
  if (!change.up) {
    return lift(index, change.on);
  }
  const bool was = erase_event(links_[change.on.link].switches, index);
  settle_up(change.on.link);
  return was;
}

void Faults::begin_one(std::size_t index, const lab::LinkFlap& flap) { set_switch(index, flap.on.link, false); }

bool Faults::end_one(std::size_t index, const lab::LinkFlap& flap) {
  const bool was = erase_event(links_[flap.on.link].switches, index);
  settle_up(flap.on.link);
  return was;
}

void Faults::begin_one(std::size_t index, const lab::LinkBurst& burst) {
  lay(index, burst.on, {.burst = medium::BurstLoss{burst.to_bad, burst.to_good, burst.loss_bad, burst.loss_good}});
}

bool Faults::end_one(std::size_t index, const lab::LinkBurst& burst) { return lift(index, burst.on); }

void Faults::lay(std::size_t index, const lab::LinkPart& on, Layer layer) {
  layer.event = index;
  layer.stays = !network_.lab().events[index].time.lasts;
  LinkState& state = links_[on.link];
  for (const bool forward : {true, false}) {
    if (!(forward ? on.forward : on.backward)) {
      continue;
    }
    std::vector<Layer>& layers = forward ? state.forward : state.backward;
    if (layer.stays && !layers.empty() && layers.back().stays) {  // they are never taken apart again
      overlay(layers.back().change, layer.change);
      overlay(layers.back().burst, layer.burst);
    } else {
      layers.push_back(layer);
    }
    settle(on.link, forward);
  }
}

bool Faults::lift(std::size_t index, const lab::LinkPart& on) {
  LinkState& state = links_[on.link];
  const bool forward = erase_event(state.forward, index);
  const bool backward = erase_event(state.backward, index);
  settle(on.link, true);
  settle(on.link, false);
  return forward || backward;
}

/// What counts for one direction now, from what the lab says upwards.
void Faults::settle(lab::LinkIndex index, bool forward) {
  const lab::Link& link = network_.lab().links[index];
  const Network::LinkEntry& made = network_.links()[index];
  const LinkState& state = links_[index];
  lab::Direction direction = forward ? link.forward : link.backward;
  std::optional<medium::BurstLoss> burst;
  for (const Layer& layer : forward ? state.forward : state.backward) {
    overlay(direction, layer.change);
    overlay(burst, layer.burst);
  }
  made.cable->set_spec(forward, cable_spec(link, direction));
  if (medium::Impairment* impairment = (forward ? made.forward : made.backward).get(); impairment != nullptr) {
    medium::ImpairmentSpec spec = impairment_spec(direction);
    spec.burst = burst.value_or(medium::BurstLoss{});
    impairment->set_spec(spec);
  }
}

void Faults::set_switch(std::size_t index, lab::LinkIndex link, bool up) {
  std::vector<Switch>& switches = links_[link].switches;
  const bool stays = !network_.lab().events[index].time.lasts;
  if (stays && !switches.empty() && switches.back().stays) {
    switches.back() = {index, stays, up};
  } else {
    switches.push_back({index, stays, up});
  }
  settle_up(link);
}

void Faults::settle_up(lab::LinkIndex index) {
  const lab::Link& link = network_.lab().links[index];
  const Network::LinkEntry& made = network_.links()[index];
  const std::vector<Switch>& switches = links_[index].switches;
  const bool up = (switches.empty() || switches.back().up) && !is_down(link.a) && !is_down(link.b);
  if (up == made.cable->is_up()) {
    return;
  }
  if (!up) {
    for (medium::Impairment* held : {made.forward.get(), made.backward.get()}) {
      if (held != nullptr) {  // to the rest of the lab they are still on the wire
        held->drain(DropReason::link_down);
      }
    }
  }
  made.cable->set_up(up);
}

// ---- filters ------------------------------------------------------------------------------------------------------

void Faults::begin_one(std::size_t index, const lab::LinkFilter& filter) {
  medium::FrameRule rule;
  rule.number = index;
  rule.filter = compiled(filter.expression, network_.lab());
  rule.nth = filter.nth;
  rule.repeats = filter.repeats;
  rule.action = static_cast<medium::FrameRule::Action>(filter.action);
  rule.reason = DropReason::link_filtered;
  rule.delay = filter.delay;
  for (const bool forward : {true, false}) {
    if (forward ? filter.on.forward : filter.on.backward) {
      on_the_way(filter.on.link, forward).add_rule(rule);
    }
  }
}

bool Faults::end_one(std::size_t index, const lab::LinkFilter& filter) {
  for (const bool forward : {true, false}) {
    if (forward ? filter.on.forward : filter.on.backward) {
      on_the_way(filter.on.link, forward).remove_rule(index);
    }
  }
  return true;
}

// ---- partitions ---------------------------------------------------------------------------------------------------

void Faults::begin_one(std::size_t index, const lab::NetworkPartition& partition) {
  partitions_.insert(index);
  cut_ways(index, partition.a, partition.b);
  if (!partition.one_way) {
    cut_ways(index, partition.b, partition.a);
  }
}

/// Frames of `from` do not enter `into`; a link that joins the two is dead in this direction.
void Faults::cut_ways(std::size_t index, const std::vector<std::uint32_t>& from,
                      const std::vector<std::uint32_t>& into) {
  const auto origins = origins_of(network_.lab(), from);
  for (const lab::NodeIndex node : into) {
    for (const lab::Interface& interface : network_.lab().nodes[node].interfaces) {
      medium::FrameRule rule;
      rule.number = index;
      rule.origins = std::binary_search(from.begin(), from.end(), interface.peer) ? nullptr : origins;
      in_front_of(interface).add_rule(std::move(rule));
    }
  }
}

bool Faults::end_one(std::size_t index, const lab::NetworkPartition& partition) {
  for (const auto* side : {&partition.a, &partition.b}) {
    for (const lab::NodeIndex node : *side) {
      if (side == &partition.a && partition.one_way) {
        continue;
      }
      for (const lab::Interface& interface : network_.lab().nodes[node].interfaces) {
        in_front_of(interface).remove_rule(index);
      }
    }
  }
  return partitions_.erase(index) > 0;
}

void Faults::begin_one(std::size_t /*index*/, const lab::NetworkHeal& /*heal*/) {
  while (!partitions_.empty()) {
    const std::size_t index = *partitions_.begin();
    (void)end_one(index, std::get<lab::NetworkPartition>(network_.lab().events[index].action));
  }
}

bool Faults::end_one(std::size_t /*index*/, const lab::NetworkHeal& /*heal*/) { return false; }

medium::Impairment& Faults::in_front_of(const lab::Interface& interface) const {
  return on_the_way(interface.link, !interface.is_a);
}

medium::Impairment& Faults::on_the_way(lab::LinkIndex index, bool forward) const {
  const Network::LinkEntry& link = network_.links()[index];
  const auto& found = forward ? link.forward : link.backward;
  check(found != nullptr, "a link was made without what an event of the lab needs");
  return *found;
}

// ---- nodes --------------------------------------------------------------------------------------------------------

void Faults::begin_one(std::size_t index, const lab::NodeChange& change) {
  for (const lab::NodeIndex node : change.nodes) {
    switch (change.what) {
      case What::kCrash:
        crash(index, node);
        break;
      case What::kRestart:
        if (!is_down(node)) {
          crash(index, node);
        }
        (void)restart(node);
        break;
      case What::kPause:
        nodes_[node].paused_by.insert(index);
        set_paused(node, true);
        break;
      case What::kResume:
        nodes_[node].paused_by.clear();
        set_paused(node, false);
        break;
    }
  }
}

bool Faults::end_one(std::size_t index, const lab::NodeChange& change) {
  bool was = false;
  for (const lab::NodeIndex node : change.nodes) {
    NodeState& state = nodes_[node];
    if (change.what == What::kPause && state.paused_by.erase(index) > 0) {
      was = true;
      set_paused(node, !state.paused_by.empty());
    }
    if (change.what == What::kCrash && state.crashed_by.erase(index) > 0) {
      was = true;
      if (state.crashed_by.empty()) {
        state.crashed_by.insert(index);  // as one that is restarted
        (void)restart(node);
      }
    }
  }
  return was;
}

bool Faults::is_down(lab::NodeIndex node) const {
  const auto found = nodes_.find(node);
  return found != nodes_.end() && !found->second.crashed_by.empty();
}

void Faults::settle_links_of(lab::NodeIndex node) {
  for (const lab::Interface& interface : network_.lab().nodes[node].interfaces) {
    settle_up(interface.link);
  }
}

// As if somebody had pulled the plug: its neighbours see their links go down, nobody else is told.
void Faults::crash(std::size_t index, lab::NodeIndex node) {
  const bool was_down = is_down(node);
  nodes_[node].crashed_by.insert(index);
  if (was_down) {
    return;
  }
  nodes_[node].paused_by.clear();
  const bool restarts = std::get<lab::NodeChange>(network_.lab().events[index].action).what == What::kRestart;
  programs_.crash(node, restarts || comes_back_(node));
  settle_links_of(node);
  network_.crash(node);
}

bool Faults::restart(lab::NodeIndex node) {
  if (!is_down(node)) {
    return false;
  }
  nodes_[node].crashed_by.clear();
  network_.start_again(node);
  if (network_.nodes()[node].host != nullptr && on_restart_) {
    on_restart_(node);
  }
  settle_links_of(node);
  programs_.start_again(node);
  return true;
}

void Faults::set_paused(lab::NodeIndex node, bool paused) {
  if (!is_down(node)) {
    programs_.set_paused(node, paused);
  }
}

}  // namespace catenet::run
