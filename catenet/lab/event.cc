// SPDX-License-Identifier: Apache-2.0
#include "catenet/lab/event.h"

#include <algorithm>

#include "catenet/lab/description.h"

namespace catenet::lab {
namespace {

/// Marks what must be there for the actions of events.
struct OutlookMaker {
  const Description& lab;
  std::vector<LinkOutlook>& outlooks;

  void mark(const LinkPart& on) const {
    outlooks[on.link].forward |= on.forward;
    outlooks[on.link].backward |= on.backward;
  }
  /// Frames on their way into these nodes.
  void mark_ways_into(const std::vector<std::uint32_t>& nodes) const {
    for (const std::uint32_t node : nodes) {
      for (const Interface& interface : lab.nodes[node].interfaces) {
        (interface.is_a ? outlooks[interface.link].backward : outlooks[interface.link].forward) = true;
      }
    }
  }

  void operator()(const LinkChange& change) const {
    if (change.delay) {
      outlooks[change.on.link].least_delay = std::min(outlooks[change.on.link].least_delay, *change.delay);
    }
    if (change.impairs()) {
      mark(change.on);
    }
  }
  void operator()(const LinkBurst& burst) const { mark(burst.on); }
  void operator()(const LinkFilter& filter) const { mark(filter.on); }
  void operator()(const NetworkPartition& partition) const {
    mark_ways_into(partition.b);
    if (!partition.one_way) {
      mark_ways_into(partition.a);
    }
  }
  void operator()(const LinkFlap&) const {}
  void operator()(const NetworkHeal&) const {}
  void operator()(const NodeChange&) const {}
};

}  // namespace

std::vector<LinkOutlook> link_outlooks(const Description& lab) {
  std::vector<LinkOutlook> outlooks;
  outlooks.reserve(lab.links.size());
  for (const Link& link : lab.links) {
    outlooks.push_back({.least_delay = std::min(*link.forward.delay, *link.backward.delay)});
  }
  for (const Event& event : lab.events) {
    std::visit(OutlookMaker{lab, outlooks}, event.action);
  }
  return outlooks;
}

}  // namespace catenet::lab
