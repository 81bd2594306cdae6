// SPDX-License-Identifier: Apache-2.0
// WindowedMax: the largest of the values of the last `window` units of time, in constant space and time: it keeps the
// best, the best since it, and the best since that (Kathleen Nichols' estimator, as draft-ietf-ccwg-bbr-06 5.5.5 asks).
// What it tells is at least the largest of the last half window, and at most that of the whole.
#pragma once
#include <array>
#include <cstdint>

namespace catenet::transport {

class WindowedMax {
 public:
  std::uint32_t update(std::uint32_t window, std::uint32_t time, std::uint32_t value) {
    const Sample news{time, value};
    if (value >= best_[0].value || time - best_[2].time > window) {
      best_ = {news, news, news};
      return value;
    }
    if (value >= best_[1].value) {
      best_[1] = best_[2] = news;
    } else if (value >= best_[2].value) {
      best_[2] = news;
    }
    for (int i = 0; i < 2 && time - best_[0].time > window; ++i) {
      best_ = {best_[1], best_[2], news};
    }
    const std::uint32_t age = time - best_[0].time;
    if (best_[1].time == best_[0].time && age > window / 4) {
      best_[1] = best_[2] = news;
    } else if (best_[2].time == best_[1].time && age > window / 2) {
      best_[2] = news;
    }
    return best_[0].value;
  }
  [[nodiscard]] std::uint32_t value() const { return best_[0].value; }

 private:
  struct Sample {
    std::uint32_t time = 0;
    std::uint32_t value = 0;
  };
  std::array<Sample, 3> best_;
};

}  // namespace catenet::transport
