// SPDX-License-Identifier: Apache-2.0
#include "catenet/study/facts.h"

#include <fnmatch.h>

#include <fmt/format.h>

#include <algorithm>

namespace catenet::study {
namespace {

using Facts = std::map<std::string, double>;

void add(Facts& facts, const std::string& name, const Json& value) {
  if (value.is_number()) {
    facts[name] = value.get<double>();
  } else if (value.is_boolean()) {
    facts[name] = value.get<bool>() ? 1 : 0;
  }
}

void add_programs(Facts& facts, const Json& programs) {
  for (const Json& program : programs) {
    if (!program.is_object() || !program.value("name", Json()).is_string()) {
      continue;
    }
    const std::string name = program["name"].get<std::string>() + ".";
    add(facts, name + "exit", program.value("exit", Json()));
    const Json started = program.value("started_s", Json());
    const Json ended = program.value("ended_s", Json());
    if (started.is_number() && ended.is_number()) {
      facts[name + "duration_s"] = ended.get<double>() - started.get<double>();
    }
    const Json result = program.value("result", Json::object());
    for (const auto& [key, value] : result.items()) {
      add(facts, name + key, value);
    }
  }
}

void add_flows(Facts& facts, const Json& flows) {
  double again = 0;
  for (const Json& flow : flows) {
    const Json count = flow.is_object() ? flow.value("retransmits", Json()) : Json();
    again += count.is_number() ? count.get<double>() : 0;
  }
  facts["flows.total"] = static_cast<double>(flows.size());
  facts["flows.retransmits"] = again;
}

/// Every number below `value` whose path a pattern wants.
void add_matching(Facts& facts, const Json& value, const std::string& path, const FactPatterns& patterns) {
  if (value.is_object()) {
    for (const auto& [key, inner] : value.items()) {
      add_matching(facts, inner, fmt::format("{}.{}", path, key), patterns);
    }
    return;
  }
  const bool wanted = std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
    return ::fnmatch(pattern.c_str(), path.c_str(), 0) == 0;
  });
  if (wanted) {
    add(facts, path, value);
  }
}

}  // namespace

std::map<std::string, double> facts_of(const Json& report, const FactPatterns& more) {
  Facts facts;
  add_programs(facts, report.value("programs", Json::array()));
  double dropped = 0;
  const Json drops = report.value("drops", Json::object());
  for (const auto& [reason, packets] : drops.items()) {
    add(facts, "drops." + reason, packets);
    dropped += packets.is_number() ? packets.get<double>() : 0;
  }
  facts["drops.total"] = dropped;
  add_flows(facts, report.value("flows", Json::array()));
  const Json sim = report.value("sim", Json::object());
  for (const char* key : {"end_s", "events", "packet_hops"}) {
    add(facts, std::string("sim.") + key, sim.value(key, Json()));
  }
  if (!more.empty()) {
    add_matching(facts, report.value("nodes", Json::object()), "nodes", more);
    for (const std::string& pattern : more) {
      if (pattern.find_first_of("*?[") == std::string::npos) {
        facts.emplace(pattern, 0);  // it was asked for by its name
      }
    }
  }
  return facts;
}

bool is_zero_when_missing(std::string_view name) { return name.starts_with("drops.") || name.starts_with("nodes."); }

}  // namespace catenet::study
