// SPDX-License-Identifier: Apache-2.0
#include "catenet/study/sweep_plan.h"

#include <fmt/format.h>

#include "catenet/app/sha256.h"
#include "catenet/run/effective_lab.h"
#include "catenet/run/load.h"

namespace catenet::study {
namespace {

std::vector<std::string> overrides_of(const SweepPlan& plan, const SweepPoint& point) {
  std::vector<std::string> out = plan.set;
  for (std::size_t i = 0; i < plan.parameters.size(); ++i) {
    out.push_back(plan.parameters[i] + "=" + point.values[i]);
  }
  return out;
}

std::string label_of(const SweepPlan& plan, const SweepPoint& point) {
  std::string out;
  for (std::size_t i = 0; i < plan.parameters.size(); ++i) {
    out += (i == 0 ? "" : " ") + plan.parameters[i] + "=" + point.values[i];
  }
  return out.empty() ? "-" : out;
}

void without_captures(lab::Description& lab) {
  lab.capture = {{"none"}, lab::Origin::kGiven};
  for (lab::Node& node : lab.nodes) {
    for (lab::Interface& interface : node.interfaces) {
      interface.capture = false;
    }
  }
}

/// Folders of programs count as the lab has them: where the results go is no part of the lab.
std::string hash_of(lab::Description lab) {
  without_captures(lab);
  lab.seed.value = 0;
  app::Sha256 sha;
  const std::string text = run::effective_lab(lab, ".", ".");
  sha.update(std::as_bytes(std::span(text)));
  return app::hex_text(sha.finish());
}

/// The values of point `number`, counted from 0.
SweepPoint point_at(const lab::Description& lab, std::uint64_t number) {
  SweepPoint point;
  point.values.resize(lab.matrix.size());
  for (std::size_t i = lab.matrix.size(); i-- > 0;) {
    const auto& values = lab.matrix[i].values;
    point.values[i] = values[number % values.size()];
    number /= values.size();
  }
  return point;
}

}  // namespace

std::expected<SweepPlan, std::string> plan_sweep(const std::filesystem::path& file,
                                                 const std::vector<std::string>& set) {
  SweepPlan plan;
  plan.file = file;
  plan.set = set;
  const lab::LoadedLab base = run::load_lab(file, set);
  if (!base.ok()) {
    return std::unexpected(base.errors());
  }
  plan.lab = base.lab.name;
  std::uint64_t points = 1;
  for (const lab::Parameter& parameter : base.lab.matrix) {
    plan.parameters.push_back(parameter.path);
    points *= parameter.values.size();
  }
  for (const lab::SeedRange& range : base.lab.seeds) {
    for (std::uint64_t seed = range.first; seed <= range.last; ++seed) {
      plan.seeds.push_back(seed);
    }
  }
  if (plan.seeds.empty()) {
    plan.seeds.push_back(*base.lab.seed);
  }
  if (points > kMostSweepRuns / plan.seeds.size()) {
    return std::unexpected(fmt::format("{}: {} points with {} seeds each are more than {} runs\n", file.string(),
                                       points, plan.seeds.size(), kMostSweepRuns));
  }
  for (std::uint64_t i = 0; i < points; ++i) {
    SweepPoint point = point_at(base.lab, i);
    point.label = label_of(plan, point);
    const lab::LoadedLab loaded = run::load_lab(file, overrides_of(plan, point));
    if (!loaded.ok()) {
      return std::unexpected(fmt::format("with {}:\n{}", point.label, loaded.errors()));
    }
    plan.real_time = plan.real_time || loaded.lab.needs_real_time();
    point.hash = hash_of(loaded.lab);
    plan.points.push_back(std::move(point));
  }
  return plan;
}

std::expected<std::string, std::string> lab_of_point(const SweepPlan& plan, const SweepPoint& point,
                                                     const std::filesystem::path& out, bool captures) {
  lab::LoadedLab loaded = run::load_lab(plan.file, overrides_of(plan, point));
  if (!loaded.ok()) {
    return std::unexpected(loaded.errors());
  }
  if (hash_of(loaded.lab) != point.hash) {
    return std::unexpected(fmt::format("{} was changed while the sweep ran\n", plan.file.string()));
  }
  if (!captures) {
    without_captures(loaded.lab);
  }
  return run::effective_lab(loaded.lab, std::filesystem::absolute(plan.file).parent_path(), out);
}

}  // namespace catenet::study
