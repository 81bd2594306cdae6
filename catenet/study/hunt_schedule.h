// SPDX-License-Identifier: Apache-2.0
// Fault schedules for a hunt: entries of `events:` that a seed draws for a lab, and how such a schedule is made
// smaller. All faults end, so that what is broken can recover; a program that does not is a finding.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catenet/lab/description.h"

namespace catenet::study {

enum class FaultKind : std::uint8_t { link, partition, loss, delay, duplicate, reorder, pause, crash };
/// "link", "partition", ...
[[nodiscard]] std::string_view name(FaultKind kind);
[[nodiscard]] std::optional<FaultKind> fault_kind(std::string_view name);
/// All but crash: what a crash forgets is the program's own affair.
[[nodiscard]] std::vector<FaultKind> usual_faults();

/// One fault: "1.2s for 300ms: partition a from b,c".
struct Fault {
  Duration at;
  Duration lasts;
  std::string what;
  [[nodiscard]] std::string text() const;
};
using Schedule = std::vector<Fault>;
[[nodiscard]] std::vector<std::string> texts(const Schedule& schedule);

struct FaultLimits {
  std::vector<FaultKind> kinds = usual_faults();
  std::uint32_t most = 4;                  ///< faults in a schedule, at least 1
  Duration window = Duration::seconds(1);  ///< faults begin and end in it, above zero
};

/// The schedule of a seed: a pure function of lab, limits and seed. Empty where the lab has nothing that could fail.
[[nodiscard]] Schedule draw_schedule(const lab::Description& lab, const FaultLimits& limits, std::uint64_t seed);

/// A schedule that still `breaks`, of which no single fault can be left out, and whose faults are as short and their
/// times as round as was found with at most `tries` calls. Precondition: breaks(schedule).
[[nodiscard]] Schedule shrink(Schedule schedule, const std::function<bool(const Schedule&)>& breaks,
                              std::uint32_t tries);

}  // namespace catenet::study
