// SPDX-License-Identifier: Apache-2.0
// getsockopt() and setsockopt() for multicast, both families: ip(7), ipv6(7), RFC 3493 5.2, RFC 3678 5.1 (groups only;
// sources cannot be chosen).
#include <netinet/in.h>

#include "catenet/posix/option_value.h"
#include "catenet/wire/prefix.h"

namespace catenet::posix {

namespace option = socket::option;

namespace {

Interface* interface_numbered(const SocketFile& file, unsigned number) {
  const auto interfaces = file.host().node().interfaces();
  return number == 0 || number > interfaces.size() ? nullptr : interfaces[number - 1].get();
}

/// The interface that has this address of IPv4; null if none.
Interface* interface_with(const SocketFile& file, wire::Ipv4Address address) {
  return file.host().table().protocols().network.interface_with(address);
}

/// The three forms in which IPv4's options name an interface, the shortest of which is one address.
struct Chosen {
  wire::Ipv4Address group;
  wire::Ipv4Address address;
  unsigned number = 0;
};
Result<Chosen> chosen_in(const Value& value, std::size_t least) {
  if (value.data == nullptr) {
    return fail(EFAULT, "no value");
  }
  if (value.size < least) {
    return fail(EINVAL, "a value that is cut");
  }
  ip_mreqn whole{};
  if (value.size >= sizeof(ip_mreq)) {
    std::memcpy(&whole, value.data, value.size >= sizeof whole ? sizeof whole : sizeof(ip_mreq));
  } else {
    std::memcpy(&whole.imr_address, value.data, sizeof whole.imr_address);
  }
  return Chosen{wire::Ipv4Address(ntohl(whole.imr_multiaddr.s_addr)),
                wire::Ipv4Address(ntohl(whole.imr_address.s_addr)), static_cast<unsigned>(whole.imr_ifindex)};
}

Result<void> change_group(const SocketFile& file, bool join, const wire::IpAddress& group, Interface* interface) {
  return join ? set(file, option::JoinGroup{group, interface}) : set(file, option::LeaveGroup{group, interface});
}

Result<void> set_membership4(const SocketFile& file, bool join, const Value& value) {
  const auto chosen = chosen_in(value, sizeof(ip_mreq));
  if (!chosen) {
    return std::unexpected(chosen.error());
  }
  const bool named = chosen->number != 0 || !chosen->address.is_unspecified();
  Interface* interface = chosen->number != 0 ? interface_numbered(file, chosen->number)
                         : named             ? interface_with(file, chosen->address)
                                             : nullptr;
  if (named && interface == nullptr && chosen->group.is_multicast()) {
    return fail(join ? ENODEV : EADDRNOTAVAIL, "no such interface");
  }
  return change_group(file, join, chosen->group, interface);
}

Result<void> set_membership6(const SocketFile& file, bool join, const Value& value) {
  const auto given = value.as<ipv6_mreq>();
  if (!given) {
    return std::unexpected(given.error());
  }
  Interface* interface = interface_numbered(file, given->ipv6mr_interface);
  const auto* bytes = reinterpret_cast<const std::byte*>(given->ipv6mr_multiaddr.s6_addr);
  const auto group = wire::Ipv6Address::from_bytes(std::span<const std::byte, 16>(bytes, 16));
  if (given->ipv6mr_interface != 0 && interface == nullptr && group.is_multicast()) {
    return fail(join ? ENODEV : EADDRNOTAVAIL, "no interface of this number");
  }
  return change_group(file, join, group, interface);
}

/// RFC 3678 5.1.1: one form for both families.
Result<void> set_membership(const SocketFile& file, bool join, const Value& value) {
  const auto given = value.as<group_req>();
  if (!given) {
    return std::unexpected(given.error());
  }
  if (given->gr_group.ss_family != file.domain) {
    return fail(file.domain == AF_INET ? EINVAL : EADDRNOTAVAIL, "a group of another family");
  }
  Interface* interface = interface_numbered(file, given->gr_interface);
  wire::IpAddress group;
  if (file.domain == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &given->gr_group, sizeof in);
    group = wire::Ipv4Address(ntohl(in.sin_addr.s_addr));
  } else {
    sockaddr_in6 in{};
    std::memcpy(&in, &given->gr_group, sizeof in);
    group = wire::Ipv6Address::from_bytes(std::as_bytes(std::span<const std::uint8_t, 16>(in.sin6_addr.s6_addr)));
  }
  if (given->gr_interface != 0 && interface == nullptr && group.is_multicast()) {
    return fail(join ? ENODEV : EADDRNOTAVAIL, "no interface of this number");
  }
  return change_group(file, join, group, interface);
}

Result<void> set_interface4(const SocketFile& file, const Value& value) {
  const auto chosen = chosen_in(value, sizeof(in_addr));
  if (!chosen) {
    return std::unexpected(chosen.error());
  }
  if (chosen->number == 0 && chosen->address.is_unspecified()) {
    return set(file, option::MulticastInterface{});
  }
  Interface* interface =
      chosen->number != 0 ? interface_numbered(file, chosen->number) : interface_with(file, chosen->address);
  return interface != nullptr ? set(file, option::MulticastInterface{interface, chosen->address})
                              : fail(EADDRNOTAVAIL, "no such interface");
}

Result<void> set_interface6(const SocketFile& file, int number) {
  Interface* interface = interface_numbered(file, static_cast<unsigned>(number));
  return number == 0 || interface != nullptr ? set(file, option::MulticastInterface{interface, wire::Ipv6Address()})
                                             : fail(ENODEV, "no interface of this number");
}

Result<void> get_interface(const SocketFile& file, Value& value) {
  const auto read = file.host().get_option<option::MulticastInterface>(file.number());
  if (!read) {
    return std::unexpected(read.error());
  }
  if (file.domain == AF_INET6) {
    return value.give(read->interface != nullptr ? read->interface->index() + 1 : 0);
  }
  return value.give(in_addr{htonl(read->source.v4().value())});
}

}  // namespace

bool is_group_option(const SocketFile& file, int name) {
  if (name == MCAST_JOIN_GROUP || name == MCAST_LEAVE_GROUP) {
    return true;
  }
  return file.domain == AF_INET6 ? name == IPV6_JOIN_GROUP || name == IPV6_LEAVE_GROUP || name == IPV6_MULTICAST_IF ||
                                       name == IPV6_MULTICAST_LOOP || name == IPV6_MULTICAST_ALL
                                 : name == IP_ADD_MEMBERSHIP || name == IP_DROP_MEMBERSHIP || name == IP_MULTICAST_IF ||
                                       name == IP_MULTICAST_LOOP || name == IP_MULTICAST_ALL;
}

Result<void> set_group_option(const SocketFile& file, int name, const Value& value) {
  const bool v6 = file.domain == AF_INET6;
  const bool join = name == MCAST_JOIN_GROUP || name == (v6 ? IPV6_JOIN_GROUP : IP_ADD_MEMBERSHIP);
  const bool leave = name == MCAST_LEAVE_GROUP || name == (v6 ? IPV6_LEAVE_GROUP : IP_DROP_MEMBERSHIP);
  if (file.is_stream() && (join || leave)) {
    return fail(EPROTO, "a group of a stream");
  }
  if (join || leave) {
    return name == MCAST_JOIN_GROUP || name == MCAST_LEAVE_GROUP ? set_membership(file, join, value)
           : v6                                                  ? set_membership6(file, join, value)
                                                                 : set_membership4(file, join, value);
  }
  if (name == IP_MULTICAST_IF && !v6) {
    return file.is_stream() ? fail(EINVAL, "a group of a stream") : set_interface4(file, value);
  }
  const auto number = v6 ? value.as<int>() : value.as_small();
  if (!number) {
    return std::unexpected(number.error());
  }
  if (v6 && name == IPV6_MULTICAST_IF) {
    return file.is_stream() ? no_such_option() : set_interface6(file, *number);
  }
  const bool loop = name == (v6 ? IPV6_MULTICAST_LOOP : IP_MULTICAST_LOOP);
  if ((v6 || !loop) && *number != 0 && *number != 1) {
    return fail(EINVAL, "neither on nor off");
  }
  return loop ? set(file, option::MulticastLoop{*number != 0}) : set(file, option::MulticastAll{*number != 0});
}

Result<void> get_group_option(const SocketFile& file, int name, Value& value) {
  switch (name) {
    case IP_MULTICAST_IF:
    case IPV6_MULTICAST_IF:
      return name == (file.domain == AF_INET ? IP_MULTICAST_IF : IPV6_MULTICAST_IF) ? get_interface(file, value)
                                                                                    : no_such_option();
    case IP_MULTICAST_LOOP:
    case IPV6_MULTICAST_LOOP:
      return name == (file.domain == AF_INET ? IP_MULTICAST_LOOP : IPV6_MULTICAST_LOOP)
                 ? get<option::MulticastLoop>(file, value, kOn)
                 : no_such_option();
    case IP_MULTICAST_ALL:
    case IPV6_MULTICAST_ALL:
      return name == (file.domain == AF_INET ? IP_MULTICAST_ALL : IPV6_MULTICAST_ALL)
                 ? get<option::MulticastAll>(file, value, kOn)
                 : no_such_option();
    default:
      return no_such_option();
  }
}

}  // namespace catenet::posix
