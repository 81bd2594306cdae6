// SPDX-License-Identifier: Apache-2.0
// getsockopt() and setsockopt() at level IPPROTO_IPV6 (RFC 3493 5, RFC 3542), as Linux answers them.
#include "catenet/posix/option_value.h"
#include "catenet/wire/ip_address.h"

namespace catenet::posix {

namespace option = socket::option;

namespace {

constexpr int kAsBefore = -1;  // the default

Result<void> set_mtu_discovery(const SocketFile& file, int how) {
  if (how != IPV6_PMTUDISC_DONT && how != IPV6_PMTUDISC_DO) {
    const bool known = how >= IPV6_PMTUDISC_DONT && how <= IPV6_PMTUDISC_OMIT;
    return fail(known ? ENOPROTOOPT : EINVAL, "a way of path MTU discovery that is not there");
  }
  return set(file, option::DontFragment{how == IPV6_PMTUDISC_DO});
}

}  // namespace

Result<void> set_ipv6_option(SocketFile& file, int name, const Value& value) {
  if (is_group_option(file, name)) {
    return set_group_option(file, name, value);
  }
  if (file.is_raw() && (name == IPV6_CHECKSUM || name == IPV6_HDRINCL)) {
    return set_raw_option(file, IPPROTO_IPV6, name, value);
  }
  const auto number = value.as<int>();
  if (!number) {
    return std::unexpected(number.error());
  }
  const bool on = *number != 0;
  const bool byte = *number >= kAsBefore && *number <= 255;
  switch (name) {
    case IPV6_V6ONLY:
      return set(file, option::V6Only{on});
    case IPV6_UNICAST_HOPS:
      if (!byte) {
        return fail(EINVAL, "not a hop limit");
      }
      return set(file, option::TimeToLive{static_cast<std::uint8_t>(*number == kAsBefore ? 0 : *number)});
    case IPV6_MULTICAST_HOPS:
      if (!file.is_stream() && !byte) {
        return fail(EINVAL, "not a hop limit");
      }
      return set(file, option::MulticastTtl{static_cast<std::uint8_t>(*number == kAsBefore ? 1 : *number)});
    case IPV6_TCLASS:
      if (!byte) {
        return fail(EINVAL, "not a traffic class");
      }
      return set(file, option::TrafficClass{static_cast<std::uint8_t>(*number == kAsBefore ? 0 : *number)});
    case IPV6_RECVERR:
      return set(file, option::ReceiveErrors{on});
    case IPV6_DONTFRAG:
      return set(file, option::DontFragment{on});
    case IPV6_MTU_DISCOVER:
      return set_mtu_discovery(file, *number);
    case IPV6_RECVPKTINFO:
    case IPV6_RECVHOPLIMIT:
    case IPV6_RECVTCLASS:
      if (file.is_stream()) {
        return no_such_option();
      }
      (name == IPV6_RECVPKTINFO    ? file.tell_destination
       : name == IPV6_RECVHOPLIMIT ? file.tell_ttl
                                   : file.tell_tos) = on;
      return {};
    default:
      return no_such_option();
  }
}

Result<void> get_ipv6_option(const SocketFile& file, int name, Value& value) {
  if (is_group_option(file, name)) {
    return get_group_option(file, name, value);
  }
  if (file.is_raw() && (name == IPV6_CHECKSUM || name == IPV6_HDRINCL)) {
    return get_raw_option(file, IPPROTO_IPV6, name, value);
  }
  switch (name) {
    case IPV6_V6ONLY:
      return get<option::V6Only>(file, value, kOn);
    case IPV6_UNICAST_HOPS:
      return get<option::TimeToLive>(file, value, [](const auto& o) { return o.hops == 0 ? 64 : o.hops; });
    case IPV6_MULTICAST_HOPS:
      return get<option::MulticastTtl>(file, value, [](const auto& o) { return o.hops; });
    case IPV6_TCLASS:
      return get<option::TrafficClass>(file, value, [](const auto& o) { return o.bits; });
    case IPV6_RECVERR:
      return get<option::ReceiveErrors>(file, value, kOn);
    case IPV6_DONTFRAG:
      return get<option::DontFragment>(file, value, kOn);
    case IPV6_MTU_DISCOVER:
      return get<option::DontFragment>(file, value,
                                       [](const auto& o) { return o.on ? IPV6_PMTUDISC_DO : IPV6_PMTUDISC_DONT; });
    case IPV6_RECVPKTINFO:
      return value.give(file.tell_destination ? 1 : 0);
    case IPV6_RECVHOPLIMIT:
      return value.give(file.tell_ttl ? 1 : 0);
    case IPV6_RECVTCLASS:
      return value.give(file.tell_tos ? 1 : 0);
    default:
      return no_such_option();
  }
}

}  // namespace catenet::posix
