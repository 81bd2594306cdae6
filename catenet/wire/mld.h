// SPDX-License-Identifier: Apache-2.0
// MLD, IGMP for IPv6 and a part of ICMPv6: version 2 (RFC 3810 5), and what of version 1 (RFC 2710 3) it must still
// speak. Parsers and emitters are in igmp.cc.
#pragma once
#include "catenet/wire/icmpv6.h"
#include "catenet/wire/igmp.h"

namespace catenet::wire {

/// A query, or a message of version 1. The checksum covers a pseudo-header, too.
struct MldMessage {
  std::uint8_t type = 0;
  std::uint8_t code = 0;
  be16 checksum;
  be16 max_response;  ///< milliseconds; from 32768 on a floating-point number (version 2)
  be16 reserved;
  Ipv6Address group;

  /// `message` is a whole one of type kListenerQuery. kTooShort, kBadLength (25 to 27 bytes: RFC 3810 8.1).
  static Parsed<GroupQuery<Ipv6Address>> parse_query(Bytes message);
};
static_assert(sizeof(MldMessage) == 24 && FixedHeader<MldMessage>);

/// A report of version 2 about one group.
struct MldReport {
  std::uint8_t type = static_cast<std::uint8_t>(Icmpv6Type::kListenerReportV2);
  std::uint8_t code = 0;
  be16 checksum;
  be16 reserved;
  be16 records;
  std::uint8_t record = 0;  ///< a GroupRecord
  std::uint8_t auxiliary_words = 0;
  be16 sources;
  Ipv6Address group;

  /// Ready to send, but for the checksum, which is zero.
  static MldReport about(const Ipv6Address& group, GroupRecord record);
};
static_assert(sizeof(MldReport) == 28 && FixedHeader<MldReport>);

}  // namespace catenet::wire
