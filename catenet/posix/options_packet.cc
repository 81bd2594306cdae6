// SPDX-License-Identifier: Apache-2.0
// getsockopt() and setsockopt() at level SOL_PACKET: packet(7). Rings, fanout, filters and headers of virtio are not
// there.
#include <netpacket/packet.h>

#include "catenet/posix/link_address.h"
#include "catenet/posix/option_value.h"

namespace catenet::posix {

namespace option = socket::option;

namespace {

// What the C library's header does not have (linux/if_packet.h).
constexpr int kStatistics = 6;       // PACKET_STATISTICS
constexpr int kIgnoreOutgoing = 23;  // PACKET_IGNORE_OUTGOING

/// struct tpacket_stats.
struct TpacketStats {
  std::uint32_t packets;
  std::uint32_t drops;
};

Result<void> set_link_membership(const SocketFile& file, bool join, const Value& value) {
  const auto given = value.as<packet_mreq>();
  if (!given) {
    return std::unexpected(given.error());
  }
  using Membership = link::FramePcb::Membership;
  if (given->mr_type > static_cast<unsigned>(Membership::all_multicast)) {  // a second address, say
    return no_such_option();
  }
  const auto number = static_cast<unsigned>(given->mr_ifindex);
  const auto interfaces = file.host().node().interfaces();
  const auto what = static_cast<Membership>(given->mr_type);
  const bool known = number != 0 && number <= interfaces.size();
  if (join && known && what == Membership::multicast &&
      given->mr_alen != interfaces[number - 1]->address().bytes().size()) {
    return fail(EINVAL, "not an address of this link");
  }
  return join ? set(file, option::JoinLink{number, what}) : set(file, option::LeaveLink{number, what});
}

}  // namespace

Result<void> set_packet_option(const SocketFile& file, int name, const Value& value) {
  switch (name) {
    case PACKET_ADD_MEMBERSHIP:
    case PACKET_DROP_MEMBERSHIP:
      return set_link_membership(file, name == PACKET_ADD_MEMBERSHIP, value);
    case kIgnoreOutgoing: {
      const auto number = value.as<int>();
      if (!number || *number < 0 || *number > 1) {
        return number ? fail(EINVAL, "neither on nor off") : std::unexpected(number.error());
      }
      return set(file, option::IgnoreOutgoing{*number != 0});
    }
    default:
      return no_such_option();
  }
}

Result<void> get_packet_option(const SocketFile& file, int name, Value& value) {
  switch (name) {
    case kStatistics: {
      const auto read = file.host().take_statistics(file.number());
      return read ? value.give(TpacketStats{read->frames, read->dropped}) : std::unexpected(read.error());
    }
    case kIgnoreOutgoing:
      return get<option::IgnoreOutgoing>(file, value, kOn);
    default:
      return no_such_option();
  }
}

}  // namespace catenet::posix
