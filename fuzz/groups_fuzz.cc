// SPDX-License-Identifier: Apache-2.0
// Queries of IGMP and MLD: a length tells the version, times stay within what their codes can say, and a report of what
// was asked for is what it says.
#include "catenet/wire/igmp.h"
#include "catenet/wire/mld.h"
#include "fuzz/fuzz.h"

using namespace catenet::wire;
using catenet::fuzz::expect;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes bytes = catenet::fuzz::input(data, size);
  if (const auto query = IgmpHeader::parse_query(bytes)) {
    expect(size == sizeof(IgmpHeader) ? query->version <= 2 : size >= 12 && query->version == 3);
    expect(query->max_response_ms <= 3'174'400);  // RFC 3376 4.1.1: 0x1f << 10 tenths
    const IgmpReport report = IgmpReport::about(query->group, GroupRecord::kIsExclude);
    expect(Ipv4Address(report.group) == query->group && report.records == 1);
  } else {
    expect(query.error() == (size < sizeof(IgmpHeader) ? WireError::kTooShort : WireError::kBadLength));
  }
  if (const auto query = MldMessage::parse_query(bytes)) {
    expect(size == sizeof(MldMessage) ? query->version == 1 : size >= 28 && query->version == 2);
    expect(query->max_response_ms <= 8'387'584);  // RFC 3810 5.1.3: 0x1fff << 10
    const MldReport report = MldReport::about(query->group, GroupRecord::kToExclude);
    expect(report.group == query->group && report.records == 1);
  } else {
    expect(query.error() == (size < sizeof(MldMessage) ? WireError::kTooShort : WireError::kBadLength));
  }
  return 0;
}
