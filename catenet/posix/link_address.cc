// SPDX-License-Identifier: Apache-2.0
#include "catenet/posix/link_address.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "catenet/wire/prefix.h"

namespace catenet::posix {
namespace {

constexpr std::size_t kBeforeAddress = offsetof(sockaddr_ll, sll_addr);

std::uint16_t hardware_of(const Interface& interface) {
  return interface.link_layer().header_size() == 0 ? link::kHardwareNone : link::kHardwareEthernet;
}

/// What ifconfig shows of it.
unsigned flags_of(const Interface& interface) {
  const bool lan = interface.link_layer().needs_resolution();
  return (interface.is_enabled() ? IFF_UP : 0) | (interface.is_up() ? IFF_RUNNING : 0) |
         (lan ? IFF_BROADCAST | IFF_MULTICAST : IFF_POINTOPOINT | IFF_NOARP | IFF_MULTICAST);
}

sockaddr_ll link_sockaddr(const Interface& interface) {
  sockaddr_ll out{};
  out.sll_family = AF_PACKET;
  out.sll_ifindex = interface.index() + 1;
  out.sll_hatype = hardware_of(interface);
  const auto bytes = interface.address().bytes();
  out.sll_halen = static_cast<unsigned char>(bytes.size());
  std::memcpy(out.sll_addr, bytes.data(), bytes.size());
  return out;
}

sockaddr_in v4_sockaddr(wire::Ipv4Address address) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_addr.s_addr = htonl(address.value());
  return out;
}

sockaddr_in6 v6_sockaddr(const wire::Ipv6Address& address, unsigned scope) {
  sockaddr_in6 out{};
  out.sin6_family = AF_INET6;
  std::memcpy(&out.sin6_addr, address.to_bytes().data(), sizeof out.sin6_addr);
  out.sin6_scope_id = address.is_link_local() ? scope : 0;
  return out;
}

wire::Ipv4Address mask_of(const wire::IpPrefix& prefix) {
  return wire::Ipv4Address(wire::Ipv4Address::mask(prefix.length()));
}
wire::Ipv4Address broadcast_of(const wire::IpPrefix& prefix) {
  return prefix.address().v4().filled(std::min(prefix.length(), 32U));
}

Interface* interface_named(const SocketFile& file, const char* name) {
  const std::string_view word(name, strnlen(name, IFNAMSIZ));
  return file.host().node().find_interface(word);
}

Result<int> list_addresses(const SocketFile& file, ifconf& list) {
  const ip::Network& network = file.host().table().protocols().network;
  std::vector<ifreq> rows;
  for (const auto& interface : file.host().node().interfaces()) {
    for (const wire::IpPrefix& prefix : network.addresses_of(*interface)) {
      ifreq row{};
      interface->name().copy(row.ifr_name, IFNAMSIZ - 1);
      const sockaddr_in address = v4_sockaddr(prefix.address().v4());
      std::memcpy(&row.ifr_addr, &address, sizeof address);
      rows.push_back(row);
    }
  }
  const std::size_t size = rows.size() * sizeof(ifreq);
  if (list.ifc_buf == nullptr) {  // how much room is needed?
    list.ifc_len = static_cast<int>(size);
    return 0;
  }
  const std::size_t room = static_cast<std::size_t>(std::max(list.ifc_len, 0)) / sizeof(ifreq) * sizeof(ifreq);
  list.ifc_len = static_cast<int>(std::min(size, room));
  if (list.ifc_len != 0) {
    std::memcpy(list.ifc_buf, rows.data(), static_cast<std::size_t>(list.ifc_len));
  }
  return 0;
}

/// One of the requests for an address of IPv4: of the first that the interface has.
Result<int> tell_address(const SocketFile& file, const Interface& interface, unsigned long request, ifreq& out) {
  const auto prefixes = file.host().table().protocols().network.addresses_of(interface);
  if (prefixes.empty()) {
    return fail(EADDRNOTAVAIL, "the interface has no address");
  }
  const wire::Ipv4Address own = prefixes[0].address().v4();
  const bool lan = interface.link_layer().needs_resolution();
  const sockaddr_in address =
      v4_sockaddr(request == SIOCGIFNETMASK   ? mask_of(prefixes[0])
                  : request == SIOCGIFBRDADDR ? (lan ? broadcast_of(prefixes[0]) : wire::Ipv4Address())
                                              : own);
  std::memcpy(&out.ifr_addr, &address, sizeof address);
  return 0;
}

}  // namespace

// ---- addresses ----------------------------------------------------------------------------------------------------

Result<link::LinkEndpoint> link_from(const sockaddr* address, socklen_t size, bool to_send) {
  if (address == nullptr) {
    return fail(EFAULT, "no address");
  }
  if (size < sizeof(sockaddr_ll)) {
    return fail(EINVAL, "an address that is cut");
  }
  sockaddr_ll in{};
  std::memcpy(&in, address, sizeof in);
  if (!to_send && in.sll_family != AF_PACKET) {
    return fail(EINVAL, "an address of another family");
  }
  if (to_send && in.sll_halen + kBeforeAddress > size) {
    return fail(EINVAL, "an address longer than what was given");
  }
  link::LinkEndpoint end;
  end.protocol = ntohs(in.sll_protocol);
  end.interface = static_cast<unsigned>(in.sll_ifindex);
  // Linux reads as many bytes as the device's addresses have, whatever sll_halen says.
  end.address = wire::LinkAddress(std::as_bytes(std::span(in.sll_addr)).first<wire::MacAddress::kSize>());
  return end;
}

void link_to(const link::LinkEndpoint& end, sockaddr* address, socklen_t* size, bool received) {
  if (address == nullptr || size == nullptr) {
    return;
  }
  sockaddr_ll out{};
  out.sll_family = AF_PACKET;
  out.sll_protocol = htons(end.protocol);
  out.sll_ifindex = static_cast<int>(end.interface);
  out.sll_hatype = end.hardware;
  out.sll_pkttype = static_cast<unsigned char>(end.kind);
  const auto bytes = end.address.bytes();
  out.sll_halen = static_cast<unsigned char>(bytes.size());
  std::memcpy(out.sll_addr, bytes.data(), bytes.size());
  std::memcpy(address, &out, std::min<std::size_t>(sizeof out, *size));
  *size = static_cast<socklen_t>(received ? sizeof out : kBeforeAddress + bytes.size());
}

// ---- interfaces ---------------------------------------------------------------------------------------------------

Result<int> interface_request(const SocketFile& file, unsigned long request, void* argument) {
  if (request == SIOCGIFCONF) {
    return list_addresses(file, *static_cast<ifconf*>(argument));
  }
  if (request != SIOCGIFINDEX && request != SIOCGIFNAME && request != SIOCGIFHWADDR && request != SIOCGIFFLAGS &&
      request != SIOCGIFMTU && request != SIOCGIFADDR && request != SIOCGIFNETMASK && request != SIOCGIFBRDADDR &&
      request != SIOCGIFDSTADDR && request != SIOCSIFFLAGS) {
    return fail(ENOTTY, "a request of ioctl that is not there");
  }
  auto& asked = *static_cast<ifreq*>(argument);
  const auto interfaces = file.host().node().interfaces();
  const auto number = static_cast<std::size_t>(asked.ifr_ifindex);
  Interface* interface = request != SIOCGIFNAME                       ? interface_named(file, asked.ifr_name)
                         : number >= 1 && number <= interfaces.size() ? interfaces[number - 1].get()
                                                                      : nullptr;
  if (interface == nullptr) {
    return fail(ENODEV, "no such interface");
  }
  switch (request) {
    case SIOCGIFINDEX:
      asked.ifr_ifindex = interface->index() + 1;
      return 0;
    case SIOCGIFNAME:
      std::memset(asked.ifr_name, 0, sizeof asked.ifr_name);
      interface->name().copy(asked.ifr_name, IFNAMSIZ - 1);
      return 0;
    case SIOCGIFHWADDR: {
      const auto bytes = interface->address().bytes();
      asked.ifr_hwaddr = {};
      asked.ifr_hwaddr.sa_family = hardware_of(*interface);
      std::memcpy(asked.ifr_hwaddr.sa_data, bytes.data(), bytes.size());
      return 0;
    }
    case SIOCGIFFLAGS:
      asked.ifr_flags = static_cast<short>(flags_of(*interface));
      return 0;
    case SIOCSIFFLAGS: {
      const auto changed = static_cast<std::uint16_t>(static_cast<unsigned>(asked.ifr_flags) ^ flags_of(*interface));
      if ((changed & ~(IFF_UP | IFF_RUNNING)) != 0) {  // the latter is nobody's to set
        return fail(EOPNOTSUPP, "a flag that cannot be changed");
      }
      interface->set_enabled((asked.ifr_flags & IFF_UP) != 0);
      return 0;
    }
    case SIOCGIFMTU:
      asked.ifr_mtu = static_cast<int>(interface->mtu());
      return 0;
    default:
      return tell_address(file, *interface, request, asked);
  }
}

namespace {

/// One row of getifaddrs() with what its pointers point to.
struct InterfaceRow {
  ifaddrs head;
  char name[IFNAMSIZ];
  sockaddr_storage address;
  sockaddr_storage mask;
  sockaddr_storage broadcast;
};

template <typename T>
sockaddr* put(sockaddr_storage& place, const T& address) {
  std::memcpy(&place, &address, sizeof address);
  return reinterpret_cast<sockaddr*>(&place);
}

/// A row for the interface itself, or for one of its addresses.
void fill_row(InterfaceRow& row, const Interface& interface, const wire::IpPrefix* prefix) {
  interface.name().copy(row.name, IFNAMSIZ - 1);
  row.head.ifa_name = row.name;
  constexpr unsigned kLowerUp = 0x10000;  // IFF_LOWER_UP, for which ioctl() has no room
  row.head.ifa_flags = flags_of(interface) | (interface.is_up() ? kLowerUp : 0);
  if (prefix == nullptr) {
    sockaddr_ll everybody = link_sockaddr(interface);
    row.head.ifa_addr = put(row.address, everybody);
    std::memset(everybody.sll_addr, 0xff, everybody.sll_halen);
    row.head.ifa_broadaddr = put(row.broadcast, everybody);
  } else if (prefix->address().is_v4()) {
    row.head.ifa_addr = put(row.address, v4_sockaddr(prefix->address().v4()));
    row.head.ifa_netmask = put(row.mask, v4_sockaddr(mask_of(*prefix)));
    row.head.ifa_broadaddr = put(row.broadcast, v4_sockaddr(broadcast_of(*prefix)));
  } else {
    row.head.ifa_addr = put(row.address, v6_sockaddr(prefix->address().v6(), interface.index() + 1U));
    row.head.ifa_netmask = put(row.mask, v6_sockaddr(wire::Ipv6Address().filled(0).masked(prefix->length()), 0));
  }
}

}  // namespace

Result<ifaddrs*> interface_addresses(socket::SocketLayer& host) {
  struct Entry {
    const Interface* interface;
    const wire::IpPrefix* prefix;
  };
  std::vector<std::vector<wire::IpPrefix>> kept;  // what the entries point to
  std::vector<Entry> entries;
  const auto interfaces = host.node().interfaces();
  kept.reserve(2 * interfaces.size());
  for (const auto& interface : interfaces) {
    entries.push_back({interface.get(), nullptr});
  }
  for (const wire::Family family : {wire::Family::kV4, wire::Family::kV6}) {
    const ip::Network* network = host.table().protocols().udp.network(family);
    for (const auto& interface : interfaces) {
      if (network != nullptr) {
        kept.push_back(network->addresses_of(*interface));
        for (const wire::IpPrefix& prefix : kept.back()) {
          entries.push_back({interface.get(), &prefix});
        }
      }
    }
  }
  if (entries.empty()) {
    return nullptr;
  }
  auto* rows =
      static_cast<InterfaceRow*>(std::calloc(entries.size(), sizeof(InterfaceRow)));  // freeifaddrs() is free()
  if (rows == nullptr) {
    return fail(ENOMEM, "no memory");
  }
  for (std::size_t i = 0; i < entries.size(); ++i) {
    fill_row(rows[i], *entries[i].interface, entries[i].prefix);
    rows[i].head.ifa_next = i + 1 < entries.size() ? &rows[i + 1].head : nullptr;
  }
  return &rows[0].head;
}

}  // namespace catenet::posix
