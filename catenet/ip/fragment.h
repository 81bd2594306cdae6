// SPDX-License-Identifier: Apache-2.0
// What both families need to cut a packet into pieces: a range of its bytes at the end of another packet.
#pragma once
#include <cstddef>

#include "catenet/packet/packet.h"

namespace catenet::ip {

/// Appends bytes [offset, offset + length) of `from` to `to`. Payload chunks are shared; only what lies in the head of
/// `from`, or what the slices of `to` do not suffice for, is copied. False: no memory; `to` may then have grown.
[[nodiscard]] bool append_range(Packet& to, const Packet& from, std::size_t offset, std::size_t length);

}  // namespace catenet::ip
