// SPDX-License-Identifier: Apache-2.0
#include "catenet/wire/igmp.h"

#include "catenet/wire/mld.h"

namespace catenet::wire {
namespace {

constexpr std::uint32_t kTenthOfASecondMs = 100;
constexpr std::uint32_t kVersion1ResponseMs = 10'000;  // RFC 2236 4: what a query without a time means
constexpr std::size_t kIgmp3Query = 12;
constexpr std::size_t kMld2Query = 28;

/// The checksum of bytes that are few (RFC 1071).
std::uint16_t small_checksum(Bytes bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
    sum += load16(bytes, i);
  }
  sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~((sum & 0xffff) + (sum >> 16)));
}

}  // namespace

Parsed<GroupQuery<Ipv4Address>> IgmpHeader::parse_query(Bytes message) {
  const auto* header = view<IgmpHeader>(message);
  if (header == nullptr) {
    return bad(WireError::kTooShort);
  }
  if (message.size() > sizeof(IgmpHeader) && message.size() < kIgmp3Query) {
    return bad(WireError::kBadLength);
  }
  GroupQuery<Ipv4Address> query;
  query.group = header->group;
  if (message.size() >= kIgmp3Query) {
    query.version = 3;
    query.max_response_ms = group_response_time(header->max_response, 4) * kTenthOfASecondMs;
  } else {
    query.version = header->max_response == 0 ? 1 : 2;
    query.max_response_ms = header->max_response == 0 ? kVersion1ResponseMs : header->max_response * kTenthOfASecondMs;
  }
  return query;
}

IgmpReport IgmpReport::about(const Ipv4Address& group, GroupRecord record) {
  IgmpReport report;
  report.records = 1;
  report.record = static_cast<std::uint8_t>(record);
  report.group = group;
  report.checksum = small_checksum(bytes_of(report));
  return report;
}

Parsed<GroupQuery<Ipv6Address>> MldMessage::parse_query(Bytes message) {
  const auto* header = view<MldMessage>(message);
  if (header == nullptr) {
    return bad(WireError::kTooShort);
  }
  if (message.size() > sizeof(MldMessage) && message.size() < kMld2Query) {
    return bad(WireError::kBadLength);
  }
  GroupQuery<Ipv6Address> query;
  query.group = header->group;
  query.version = message.size() >= kMld2Query ? 2 : 1;
  const std::uint16_t code = header->max_response;
  query.max_response_ms = query.version == 2 ? group_response_time(code, 12) : code;
  return query;
}

MldReport MldReport::about(const Ipv6Address& group, GroupRecord record) {
  MldReport report;
  report.records = 1;
  report.record = static_cast<std::uint8_t>(record);
  report.group = group;
  return report;
}

}  // namespace catenet::wire
