// SPDX-License-Identifier: Apache-2.0
// Sizes of flows in a web-search cluster: Alizadeh et al., "Data Center TCP (DCTCP)", SIGCOMM 2010, figure 4, as the
// simulation studies after it tabulate the curve (traffic_gen/WebSearch_distribution.txt of
// alibaba-edu/High-Precision-Congestion-Control, SIGCOMM 2019): bytes and percent, straight lines between.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

#include "catenet/base/rng.h"

namespace catenet::bench {

class WebSearch {
 public:
  /// Bytes of a flow, at least 1.
  static std::uint64_t draw(Rng& rng) {
    const std::uint64_t percent = rng.below(kScale * 100);  // in units of 1 / kScale
    std::size_t i = 1;
    while (kCurve[i].percent * kScale <= percent) {
      ++i;
    }
    const Point& low = kCurve[i - 1];
    const Point& high = kCurve[i];
    const std::uint64_t width = (high.percent - low.percent) * kScale;
    return 1 + low.bytes + (high.bytes - low.bytes) * (percent - low.percent * kScale) / width;
  }
  /// 1.71 MB.
  static constexpr std::uint64_t mean() {
    std::uint64_t sum = 0;
    for (std::size_t i = 1; i < kCurve.size(); ++i) {
      sum += (kCurve[i - 1].bytes + kCurve[i].bytes) * (kCurve[i].percent - kCurve[i - 1].percent);
    }
    return sum / 200;
  }

 private:
  static constexpr std::uint64_t kScale = 10'000;
  struct Point {
    std::uint64_t bytes;
    std::uint64_t percent;
  };
  static constexpr std::array<Point, 12> kCurve{{{0, 0},
                                                 {10'000, 15},
                                                 {20'000, 20},
                                                 {30'000, 30},
                                                 {50'000, 40},
                                                 {80'000, 53},
                                                 {200'000, 60},
                                                 {1'000'000, 70},
                                                 {2'000'000, 80},
                                                 {5'000'000, 90},
                                                 {10'000'000, 97},
                                                 {30'000'000, 100}}};
};

}  // namespace catenet::bench
