// SPDX-License-Identifier: Apache-2.0
// getsockopt() and setsockopt() for what only raw sockets have: raw(7), RFC 3542 3. Linux knows them at several levels.
#include "catenet/posix/option_value.h"

namespace catenet::posix {

namespace option = socket::option;

namespace {

constexpr int kIcmpFilter = 1;  // ICMP_FILTER and ICMP6_FILTER; the former is in no header of the C library

bool is_icmp_level(const SocketFile& file, int level) {
  return level == (file.domain == AF_INET ? kRawLevel : static_cast<int>(IPPROTO_ICMPV6));
}

/// How much of the filter is the caller's business: ICMP's is 32 bits, ICMPv6's all.
std::size_t filter_size(const SocketFile& file, std::size_t given) {
  return std::min(given, file.domain == AF_INET ? sizeof(std::uint32_t) : sizeof(transport::IcmpTypeFilter));
}

// What is shorter than the filter changes that much of it.
Result<void> set_filter(const SocketFile& file, const Value& value) {
  auto filter = file.host().get_option<option::UnwantedTypes>(file.number());
  if (!filter) {
    return std::unexpected(filter.error());
  }
  if (value.data == nullptr && value.size != 0) {
    return fail(EFAULT, "no value");
  }
  if (value.size != 0) {
    std::memcpy(filter->types.data(), value.data, filter_size(file, value.size));
  }
  return set(file, *filter);
}

Result<void> get_filter(const SocketFile& file, Value& value) {
  const auto filter = file.host().get_option<option::UnwantedTypes>(file.number());
  if (!filter) {
    return std::unexpected(filter.error());
  }
  value.size = static_cast<socklen_t>(filter_size(file, value.size));
  std::memcpy(value.data, filter->types.data(), value.size);
  return {};
}

Result<void> set_checksum(const SocketFile& file, int level, int offset) {
  if (file.protocol == IPPROTO_ICMPV6 && level == IPPROTO_IPV6) {  // RFC 3542 3.1; at SOL_RAW Linux allows it
    return fail(EINVAL, "ICMPv6's checksum is where it is");
  }
  if (offset < 0) {
    return set(file, option::ChecksumOffset{});
  }
  return set(file, option::ChecksumOffset{static_cast<std::uint32_t>(offset)});
}

}  // namespace

Result<void> set_raw_option(const SocketFile& file, int level, int name, const Value& value) {
  if (!file.is_raw()) {
    return no_such_option();
  }
  if (is_icmp_level(file, level)) {
    const bool icmp = file.protocol == (file.domain == AF_INET ? static_cast<int>(IPPROTO_ICMP) : IPPROTO_ICMPV6);
    if (!icmp && (name == kIcmpFilter || file.domain == AF_INET6)) {
      return fail(EOPNOTSUPP, "an option of ICMP on another socket");
    }
    return name == kIcmpFilter ? set_filter(file, value) : no_such_option();
  }
  if (file.domain == AF_INET) {
    return no_such_option();
  }
  const auto number = value.as<int>();
  if (!number) {
    return std::unexpected(number.error());
  }
  switch (name) {
    case IPV6_HDRINCL:
      return set(file, option::HeaderIncluded{*number != 0});
    case IPV6_CHECKSUM:
      return set_checksum(file, level, *number);
    default:
      return no_such_option();
  }
}

Result<void> get_raw_option(const SocketFile& file, int level, int name, Value& value) {
  if (!file.is_raw()) {
    return fail(file.domain == AF_INET ? EOPNOTSUPP : ENOPROTOOPT, "a level that is not there");
  }
  if (is_icmp_level(file, level)) {
    const bool icmp = file.protocol == (file.domain == AF_INET ? static_cast<int>(IPPROTO_ICMP) : IPPROTO_ICMPV6);
    if (!icmp && (name == kIcmpFilter || file.domain == AF_INET6)) {
      return fail(EOPNOTSUPP, "an option of ICMP on another socket");
    }
    return name == kIcmpFilter ? get_filter(file, value) : no_such_option();
  }
  if (file.domain == AF_INET) {
    return fail(EOPNOTSUPP, "a level that is not there");
  }
  switch (name) {
    case IPV6_HDRINCL:
      return get<option::HeaderIncluded>(file, value, kOn);
    case IPV6_CHECKSUM:
      return get<option::ChecksumOffset>(file, value,
                                         [](const auto& o) { return o.bytes ? static_cast<int>(*o.bytes) : -1; });
    default:
      return no_such_option();
  }
}

}  // namespace catenet::posix
