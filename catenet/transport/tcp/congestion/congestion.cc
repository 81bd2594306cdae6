// SPDX-License-Identifier: Apache-2.0
// The table of congestion control algorithms.
#include "catenet/transport/tcp/congestion/congestion.h"

#include <algorithm>

#include "catenet/transport/tcp/congestion/bbr.h"
#include "catenet/transport/tcp/congestion/cubic.h"
#include "catenet/transport/tcp/congestion/dctcp.h"
#include "catenet/transport/tcp/congestion/new_reno.h"
#include "catenet/transport/tcp/congestion/vegas.h"

namespace catenet::transport {
namespace {

struct Row {
  CongestionAlgorithm algorithm;
  std::string_view name;
};
constexpr Row kRows[] = {
    {CongestionAlgorithm::new_reno, "newreno"}, {CongestionAlgorithm::cubic, "cubic"},
    {CongestionAlgorithm::dctcp, "dctcp"},      {CongestionAlgorithm::vegas, "vegas"},
    {CongestionAlgorithm::bbr, "bbr"},
};

}  // namespace

std::string_view name(CongestionAlgorithm algorithm) {
  for (const Row& row : kRows) {
    if (row.algorithm == algorithm) {
      return row.name;
    }
  }
  return "unknown";
}

std::optional<CongestionAlgorithm> congestion_algorithm_from(std::string_view name) {
  for (const Row& row : kRows) {
    if (row.name == name) {
      return row.algorithm;
    }
  }
  return std::nullopt;
}

std::uint32_t initial_window_bytes(std::uint32_t mss, std::uint32_t segments) {
  return segments == 0 ? std::min(4 * mss, std::max(2 * mss, 4380U))
                       : std::min(segments * mss, std::max(2 * mss, segments * 1460));
}

std::unique_ptr<CongestionControl> make_congestion_control(CongestionAlgorithm algorithm, std::uint32_t mss,
                                                           std::uint32_t initial_window) {
  const std::uint32_t bytes = initial_window_bytes(mss, initial_window);
  switch (algorithm) {
    case CongestionAlgorithm::new_reno:
      return std::make_unique<NewReno>(mss, bytes);
    case CongestionAlgorithm::cubic:
      return std::make_unique<Cubic>(mss, bytes);
    case CongestionAlgorithm::dctcp:
      return std::make_unique<Dctcp>(mss, bytes);
    case CongestionAlgorithm::vegas:
      return std::make_unique<Vegas>(mss, bytes);
    case CongestionAlgorithm::bbr:
      return std::make_unique<Bbr>(mss, bytes);
  }
  return nullptr;
}

}  // namespace catenet::transport
