// SPDX-License-Identifier: Apache-2.0
// --set path=value: changes the YAML tree before it is described, so that an override meets the same checks and errors
// as the file. Paths: "seed", "defaults.link.rate", "nodes.bob.mtu", "links.gw1--gw2.loss" (either order of the ends;
// "links.gw1--gw2#2" for the second link between them). Values are YAML: 5%, [64KiB, 100p], {sw1: 10.0.0.1/24}.
#pragma once
#include <span>
#include <string>

#include "catenet/lab/diagnostic.h"
#include "catenet/lab/yaml_reader.h"

namespace catenet::lab {

/// The arguments as a source for diagnostics: line n is the n-th.
Source override_source(std::span<const std::string> overrides);

void apply_overrides(YamlValue& root, std::span<const std::string> overrides, Diagnostics& diagnostics);

/// Events that are added to the tree, one to a line, as a source for messages.
Source event_source(std::span<const std::string> events);
/// Each is one entry of `events:`, as YAML.
void append_events(YamlValue& root, std::span<const std::string> events, Diagnostics& diagnostics);

}  // namespace catenet::lab
