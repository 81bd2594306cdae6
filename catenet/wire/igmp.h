// SPDX-License-Identifier: Apache-2.0
// IGMP, how hosts tell routers and switches which groups they want to hear: version 3 (RFC 3376 4), and what of
// versions 1 and 2 (RFC 2236 2) it must still speak. And what it shares with MLD (mld.h).
#pragma once
#include <cstddef>
#include <cstdint>

#include "catenet/wire/bytes.h"
#include "catenet/wire/ip_address.h"

namespace catenet::wire {

enum class IgmpType : std::uint8_t {
  kQuery = 0x11,
  kReportV1 = 0x12,
  kReportV2 = 0x16,
  kLeave = 0x17,
  kReportV3 = 0x22,
};

/// What a record of a report says of a group (RFC 3376 4.2.12, RFC 3810 5.2.12). Without sources, "exclude" means that
/// the group is wanted and "include" that it is not.
enum class GroupRecord : std::uint8_t { kIsInclude = 1, kIsExclude = 2, kToInclude = 3, kToExclude = 4 };

/// A question for members: of all groups when `group` is unspecified.
template <typename A>
struct GroupQuery {
  A group{};
  unsigned version = 0;               ///< of the protocol that the querier speaks
  std::uint32_t max_response_ms = 0;  ///< answers come within this time
  bool operator==(const GroupQuery&) const = default;
};

/// A query, or a message of versions 1 and 2.
struct IgmpHeader {
  std::uint8_t type = 0;
  std::uint8_t max_response = 0;  ///< tenths of a second; from 128 on a floating-point number (version 3)
  be16 checksum;
  BeIpv4 group;

  [[nodiscard]] IgmpType kind() const { return IgmpType{type}; }
  /// `message` is a whole one of type kQuery, its checksum verified. kTooShort, kBadLength (9 to 11 bytes: RFC
  /// 3376 7.1).
  static Parsed<GroupQuery<Ipv4Address>> parse_query(Bytes message);
};
static_assert(sizeof(IgmpHeader) == 8 && FixedHeader<IgmpHeader>);

/// A report of version 3 about one group.
struct IgmpReport {
  std::uint8_t type = static_cast<std::uint8_t>(IgmpType::kReportV3);
  std::uint8_t reserved = 0;
  be16 checksum;
  be16 reserved2;
  be16 records;
  std::uint8_t record = 0;  ///< a GroupRecord
  std::uint8_t auxiliary_words = 0;
  be16 sources;
  BeIpv4 group;

  /// Ready to send, its checksum included.
  static IgmpReport about(const Ipv4Address& group, GroupRecord record);
};
static_assert(sizeof(IgmpReport) == 16 && FixedHeader<IgmpReport>);

/// Codes above a limit are floating-point numbers: `bits` of them are the mantissa (RFC 3376 4.1.1, RFC 3810 5.1.3).
[[nodiscard]] constexpr std::uint32_t group_response_time(std::uint32_t code, unsigned bits) {
  if (code < 1U << (bits + 3)) {
    return code;
  }
  const std::uint32_t mantissa = (code & ((1U << bits) - 1)) | 1U << bits;
  return mantissa << ((code >> bits & 7) + 3);
}

}  // namespace catenet::wire
