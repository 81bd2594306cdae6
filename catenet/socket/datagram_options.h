// SPDX-License-Identifier: Apache-2.0
// What the options of a datagram or raw socket and the fields of its control block have to do with each other, said
// once for setting and for reading.
#pragma once
#include <type_traits>

#include "catenet/socket/types.h"
#include "catenet/transport/datagram_options.h"

namespace catenet::socket {

/// The two directions.
inline constexpr auto kSetField = [](const auto& from_option, auto& to_field) { to_field = from_option; };
inline constexpr auto kReadField = [](auto& to_option, const auto& from_field) { to_option = from_field; };

/// EPERM: it is locked. ENOENT: there is none to take off.
inline Result<void> change_filter(FilterSlot& slot, const option::Filter& o) {
  if (slot.locked) {
    return fail(EPERM, "the filter is locked");
  }
  if (o.program == nullptr && slot.program == nullptr) {
    return fail(ENOENT, "there is no filter");
  }
  slot.program = o.program;
  return {};
}
inline Result<void> change_filter(FilterSlot& slot, const option::FilterLock& o) {
  if (slot.locked && !o.on) {
    return fail(EPERM, "locked for good");
  }
  slot.locked = o.on;
  return {};
}
template <typename T>
inline constexpr bool kIsFilter = std::is_same_v<T, option::Filter> || std::is_same_v<T, option::FilterLock>;

/// False: it is an option of something else.
template <typename O>
bool read_filter_option(O& o, const FilterSlot& slot) {
  if constexpr (std::is_same_v<O, option::Filter>) {
    o.program = slot.program;
  } else if constexpr (std::is_same_v<O, option::FilterLock>) {
    o.on = slot.locked;
  }
  return kIsFilter<O>;
}

/// What packet sockets have as well: calls `move` for each pair of `o` and `fields`. False: it is an option of
/// something else.
template <typename O, typename Fields, typename Move>
bool move_queue_option(O& o, Fields& fields, const Move& move) {
  using T = std::remove_const_t<O>;
  if constexpr (std::is_same_v<T, option::ReceiveBuffer>) {
    move(o.bytes, fields.receive_limit);
  } else if constexpr (std::is_same_v<T, option::SendBuffer>) {
    move(o.bytes, fields.send_limit);
  } else if constexpr (std::is_same_v<T, option::Priority>) {
    move(o.value, fields.priority);
  } else if constexpr (std::is_same_v<T, option::Mark>) {
    move(o.value, fields.mark);
  } else {
    return false;
  }
  return true;
}

/// The same of a DatagramOptions.
template <typename O, typename Fields, typename Move>
bool move_datagram_option(O& o, Fields& fields, const Move& move) {
  using T = std::remove_const_t<O>;
  if constexpr (std::is_same_v<T, option::Broadcast>) {
    move(o.on, fields.broadcast);
  } else if constexpr (std::is_same_v<T, option::ReuseAddress>) {
    move(o.on, fields.reuse_address);
  } else if constexpr (std::is_same_v<T, option::BindToDevice>) {
    move(o.interface, fields.device);
  } else if constexpr (std::is_same_v<T, option::TimeToLive>) {
    move(o.hops, fields.ttl);
  } else if constexpr (std::is_same_v<T, option::MulticastTtl>) {
    move(o.hops, fields.multicast_ttl);
  } else if constexpr (std::is_same_v<T, option::MulticastLoop>) {
    move(o.on, fields.multicast_loop);
  } else if constexpr (std::is_same_v<T, option::MulticastInterface>) {
    move(o.interface, fields.multicast_device);
    move(o.source, fields.multicast_source);
  } else if constexpr (std::is_same_v<T, option::TrafficClass>) {
    move(o.bits, fields.traffic_class);
  } else if constexpr (std::is_same_v<T, option::DontFragment>) {
    move(o.on, fields.dont_fragment);
  } else if constexpr (std::is_same_v<T, option::ReceiveErrors>) {
    move(o.on, fields.receive_errors);
  } else {
    return move_queue_option(o, fields, move);
  }
  return true;
}

}  // namespace catenet::socket
