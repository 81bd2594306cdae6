// SPDX-License-Identifier: Apache-2.0
// What a lab says of one direction of a link, in the words of medium/.
#pragma once
#include "catenet/lab/description.h"
#include "catenet/medium/cable.h"
#include "catenet/medium/impairment.h"

namespace catenet::run {

[[nodiscard]] medium::CableSpec cable_spec(const lab::Link& link, const lab::Direction& direction);
[[nodiscard]] medium::ImpairmentSpec impairment_spec(const lab::Direction& direction);

}  // namespace catenet::run
