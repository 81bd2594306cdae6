// SPDX-License-Identifier: Apache-2.0
#include "catenet/run/link_settings.h"

#include <algorithm>

namespace catenet::run {

medium::CableSpec cable_spec(const lab::Link& link, const lab::Direction& d) {
  return {.rate = *d.rate, .delay = *d.delay, .trains = *link.trains};
}

medium::ImpairmentSpec impairment_spec(const lab::Direction& d) {
  medium::ImpairmentSpec spec;
  spec.loss = *d.loss;
  spec.duplicate = *d.duplicate;
  spec.corrupt = *d.corrupt;
  spec.reorder = d.reorder->probability;
  spec.reorder_delay = d.reorder->by;
  spec.jitter = *d.jitter;
  const std::uint64_t rate = d.bit_error_rate->per_e18;
  spec.bits_per_error = rate == 0 ? 0 : std::max<std::uint64_t>(1, lab::BitErrorRate::kOne / rate);
  return spec;
}

}  // namespace catenet::run
