// SPDX-License-Identifier: Apache-2.0
// Names and addresses: the lab's names (SocketLayer::resolve_all), no file of the machine and no query. Services are
// those below.
#include <arpa/inet.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "catenet/posix/abi.h"
#include "catenet/posix/link_address.h"
#include "catenet/posix/scratch.h"
#include "catenet/wire/mapped_address.h"

namespace catenet::posix {
namespace {

struct Service {
  std::string_view name;
  std::uint16_t port;
  bool tcp;
  bool udp;
};
constexpr Service kServices[] = {
    {"echo", 7, true, true},   {"discard", 9, true, true}, {"daytime", 13, true, true},  {"chargen", 19, true, true},
    {"ftp", 21, true, false},  {"ssh", 22, true, false},   {"telnet", 23, true, false},  {"smtp", 25, true, false},
    {"time", 37, true, true},  {"domain", 53, true, true}, {"tftp", 69, false, true},    {"http", 80, true, false},
    {"ntp", 123, false, true}, {"https", 443, true, true}, {"syslog", 514, false, true},
};

std::optional<std::uint16_t> port_number(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && !text.empty() ? std::optional(port) : std::nullopt;
}

const Service* service_named(std::string_view name, bool tcp, bool udp) {
  for (const Service& service : kServices) {
    if (service.name == name && ((tcp && service.tcp) || (udp && service.udp))) {
      return &service;
    }
  }
  return nullptr;
}
const Service* service_at(std::uint16_t port, bool tcp) {
  for (const Service& service : kServices) {
    if (service.port == port && (tcp ? service.tcp : service.udp)) {
      return &service;
    }
  }
  return nullptr;
}

// ---- getaddrinfo ----------------------------------------------------------------------------------------------------

struct Kind {
  int type;
  int protocol;
  bool unasked = true;  // also for who does not say which
};
constexpr Kind kKinds[] = {{SOCK_STREAM, IPPROTO_TCP},
                           {SOCK_DGRAM, IPPROTO_UDP},
                           {SOCK_DGRAM, IPPROTO_UDPLITE, false},
                           {SOCK_RAW, IPPROTO_IP}};

/// As the C library has it: all, or the first that is what was asked for.
std::vector<Kind> kinds_of(const addrinfo& hints) {
  const bool asked = hints.ai_socktype != 0 || hints.ai_protocol != 0;
  std::vector<Kind> kinds;
  for (const Kind& kind : kKinds) {
    const bool raw = kind.type == SOCK_RAW;
    const bool fits = (hints.ai_socktype == 0 || hints.ai_socktype == kind.type) &&
                      (hints.ai_protocol == 0 || hints.ai_protocol == kind.protocol || raw);
    if (asked ? fits : kind.unasked) {
      kinds.push_back({kind.type, raw ? hints.ai_protocol : kind.protocol});
      if (asked) {
        break;
      }
    }
  }
  return kinds;
}

/// One block: the record, its address, its name.
addrinfo* make_record(const Kind& kind, const wire::Endpoint& end, const std::string& canonical) {
  struct Block {
    addrinfo info;
    sockaddr_storage address;
  };
  auto* block = static_cast<Block*>(std::calloc(1, sizeof(Block) + canonical.size() + 1));
  if (block == nullptr) {
    return nullptr;
  }
  socklen_t size = sizeof block->address;
  endpoint_to(end, reinterpret_cast<sockaddr*>(&block->address), &size);
  block->info.ai_family = end.address.is_v4() ? AF_INET : AF_INET6;
  block->info.ai_socktype = kind.type;
  block->info.ai_protocol = kind.protocol;
  block->info.ai_addr = reinterpret_cast<sockaddr*>(&block->address);
  block->info.ai_addrlen = size;
  if (!canonical.empty()) {
    block->info.ai_canonname = static_cast<char*>(std::memcpy(block + 1, canonical.c_str(), canonical.size() + 1));
  }
  return &block->info;
}

/// An interface's number as C has it, by name or written out; 0: there is none.
unsigned number_of_interface(std::string_view name) {
  const auto interfaces = self().host().node().interfaces();
  for (const auto& interface : interfaces) {
    if (interface->name() == name) {
      return interface->index() + 1U;
    }
  }
  const unsigned number = port_number(name).value_or(0);
  return number <= interfaces.size() ? number : 0;
}

/// An address written out, with its zone behind '%' (RFC 4007 11).
std::optional<wire::IpAddress> written_address(std::string_view text) {
  const std::size_t percent = text.find('%');
  const auto address = wire::IpAddress::parse(text.substr(0, percent));
  if (!address || percent == std::string_view::npos) {
    return address ? std::optional(*address) : std::nullopt;
  }
  const unsigned zone = number_of_interface(text.substr(percent + 1));
  if (!address->is_v6() || !address->v6().is_link_scoped() || zone == 0 || zone > wire::IpAddress::kMaxZone) {
    return std::nullopt;
  }
  return wire::IpAddress(address->v6(), static_cast<std::uint8_t>(zone));
}

/// Those of the family that is asked for: IPv4's mapped if need be and wanted, mapped ones as what they are.
void keep_family(const addrinfo& hints, std::vector<wire::IpAddress>& addresses) {
  if (hints.ai_family == AF_UNSPEC) {
    return;
  }
  const bool v4 = hints.ai_family == AF_INET;
  const bool map = !v4 && (hints.ai_flags & AI_V4MAPPED) != 0 &&
                   std::ranges::none_of(addresses, [](const wire::IpAddress& a) { return a.is_v6(); });
  for (wire::IpAddress& address : addresses) {
    address = v4 ? wire::unmapped(address) : map ? wire::mapped(address) : address;
  }
  std::erase_if(addresses, [&](const wire::IpAddress& a) { return a.is_v4() != v4; });
}

/// EAI_*, or 0 and the addresses of `node`.
int addresses_of(const char* node, const addrinfo& hints, std::vector<wire::IpAddress>& out) {
  if (node == nullptr) {  // in glibc's order
    using wire::Family;
    using wire::IpAddress;
    out = (hints.ai_flags & AI_PASSIVE) != 0 ? std::vector{IpAddress::any(Family::kV4), IpAddress::any(Family::kV6)}
                                             : std::vector{wire::loopback(Family::kV6), wire::loopback(Family::kV4)};
  } else if (const auto written = written_address(node); written) {
    out = {*written};
  } else if ((hints.ai_flags & AI_NUMERICHOST) != 0) {
    return EAI_NONAME;
  } else if (std::string_view(node) == "localhost") {
    out = {wire::Ipv4Address::loopback(), wire::Ipv6Address::loopback()};
  } else if (auto found = self().host().resolve_all(node); found) {
    out = std::move(*found);
  } else {
    return EAI_NONAME;
  }
  keep_family(hints, out);
  return out.empty() ? EAI_ADDRFAMILY : 0;
}

int look_up(const char* node, const char* service, const addrinfo& hints, addrinfo** out) {
  constexpr int kKnown = AI_PASSIVE | AI_CANONNAME | AI_NUMERICHOST | AI_NUMERICSERV | AI_ADDRCONFIG | AI_V4MAPPED;
  if (node == nullptr && service == nullptr) {
    return EAI_NONAME;
  }
  if ((hints.ai_flags & ~kKnown) != 0 || (node == nullptr && (hints.ai_flags & AI_CANONNAME) != 0)) {
    return EAI_BADFLAGS;
  }
  if (hints.ai_family != AF_UNSPEC && hints.ai_family != AF_INET && hints.ai_family != AF_INET6) {
    return EAI_FAMILY;
  }
  const std::vector<Kind> kinds = kinds_of(hints);
  if (kinds.size() == 1 && kinds[0].type == SOCK_RAW && service != nullptr) {
    return EAI_SERVICE;  // a raw socket has no ports
  }
  std::vector<wire::IpAddress> addresses;
  if (const int code = addresses_of(node, hints, addresses); code != 0) {
    return code;
  }
  addrinfo** next = out;
  *out = nullptr;
  for (const wire::IpAddress& address : addresses) {
    for (const Kind& kind : kinds) {
      std::uint16_t port = 0;
      if (service != nullptr) {
        const auto number = port_number(service);
        const Service* named = service_named(service, kind.protocol == IPPROTO_TCP, kind.protocol == IPPROTO_UDP);
        if (!number && (named == nullptr || (hints.ai_flags & AI_NUMERICSERV) != 0)) {
          continue;
        }
        port = number ? *number : named->port;
      }
      const bool canonical = (hints.ai_flags & AI_CANONNAME) != 0 && next == out;
      *next = make_record(kind, {address, port}, canonical ? node : "");
      if (*next == nullptr) {
        return EAI_MEMORY;
      }
      next = &(*next)->ai_next;
    }
  }
  if (*out != nullptr) {
    return 0;
  }
  return kinds.empty() ? EAI_SOCKTYPE : (hints.ai_flags & AI_NUMERICSERV) != 0 ? EAI_NONAME : EAI_SERVICE;
}

// ---- getnameinfo ----------------------------------------------------------------------------------------------------

int give(std::string_view text, char* out, socklen_t room) {
  if (out == nullptr || room == 0) {
    return 0;
  }
  if (text.size() >= room) {
    return EAI_OVERFLOW;
  }
  std::memcpy(out, text.data(), text.size());
  out[text.size()] = '\0';
  return 0;
}

std::string name_of(const wire::IpAddress& address) {
  const socket::NameTable* names = self().host().names();
  return std::string(address.is_loopback() ? "localhost" : names != nullptr ? names->name_of(address) : "");
}

/// With the zone's interface by name.
std::string written_out(const wire::IpAddress& address) {
  const auto interfaces = self().host().node().interfaces();
  const std::size_t zone = address.zone();
  if (zone == 0 || zone > interfaces.size()) {
    return address.to_string();
  }
  return address.v6().to_string() + "%" + std::string(interfaces[zone - 1]->name());
}

hostent* make_host(std::string name, const std::vector<wire::IpAddress>& addresses) {
  auto& s = self().scratch();
  s.host_name = std::move(name);
  s.addresses.clear();
  s.address_list.clear();
  for (const wire::IpAddress& address : addresses) {
    if (address.is_v4()) {
      const auto bytes = address.v4().to_bytes();
      std::memcpy(s.addresses.emplace_back().data(), bytes.data(), bytes.size());
    }
  }
  for (auto& address : s.addresses) {
    s.address_list.push_back(address.data());
  }
  s.address_list.push_back(nullptr);
  s.host = {s.host_name.data(), s.no_aliases, AF_INET, 4, s.address_list.data()};
  return &s.host;
}

servent* make_service(const Service* found, bool tcp) {
  if (found == nullptr) {
    return nullptr;
  }
  auto& s = self().scratch();
  s.service_name = found->name;
  s.service_protocol = tcp ? "tcp" : "udp";
  s.service = {s.service_name.data(), s.no_aliases, htons(found->port), s.service_protocol.data()};
  return &s.service;
}

}  // namespace
}  // namespace catenet::posix

using namespace catenet::posix;
namespace wire = catenet::wire;

extern "C" {

int catenet_posix_getaddrinfo(const char* node, const char* service, const addrinfo* hints, addrinfo** out) {
  addrinfo none{};
  none.ai_flags = AI_V4MAPPED | AI_ADDRCONFIG;
  return look_up(node, service, hints != nullptr ? *hints : none, out);
}

void catenet_posix_freeaddrinfo(addrinfo* list) {
  while (list != nullptr) {
    addrinfo* next = list->ai_next;
    std::free(list);
    list = next;
  }
}

int catenet_posix_getnameinfo(const sockaddr* address, socklen_t size, char* host, socklen_t host_room, char* service,
                              socklen_t service_room, int flags) {
  const auto end = endpoint_from(address, size, address != nullptr ? address->sa_family : AF_INET);
  if (!end || (end->address.is_v6() && size < sizeof(sockaddr_in6))) {
    return EAI_FAMILY;
  }
  std::string name = (flags & NI_NUMERICHOST) != 0 ? "" : name_of(end->address);
  if (name.empty()) {
    if ((flags & NI_NAMEREQD) != 0) {
      return EAI_NONAME;
    }
    name = written_out(end->address);
  }
  const Service* known = (flags & NI_NUMERICSERV) != 0 ? nullptr : service_at(end->port, (flags & NI_DGRAM) == 0);
  const int code = give(name, host, host_room);
  return code != 0
             ? code
             : give(known != nullptr ? std::string(known->name) : std::to_string(end->port), service, service_room);
}

hostent* catenet_posix_gethostbyname(const char* name) {
  std::vector<wire::IpAddress> addresses;
  addrinfo hints{};
  hints.ai_family = AF_INET;
  if (addresses_of(name, hints, addresses) != 0) {
    h_errno = HOST_NOT_FOUND;
    return nullptr;
  }
  return make_host(name, addresses);
}

hostent* catenet_posix_gethostbyaddr(const void* data, socklen_t size, int family) {
  if (family != AF_INET || size != 4) {
    h_errno = NO_RECOVERY;
    return nullptr;
  }
  in_addr raw{};
  std::memcpy(&raw, data, sizeof raw);
  const wire::IpAddress address = wire::Ipv4Address(ntohl(raw.s_addr));
  const std::string name = name_of(address);
  if (name.empty()) {
    h_errno = HOST_NOT_FOUND;
    return nullptr;
  }
  return make_host(name, {address});
}

servent* catenet_posix_getservbyname(const char* name, const char* protocol) {
  const std::string_view wanted = protocol != nullptr ? protocol : "tcp";
  return make_service(service_named(name, wanted == "tcp", wanted == "udp"), wanted == "tcp");
}

servent* catenet_posix_getservbyport(int port, const char* protocol) {
  const bool tcp = protocol == nullptr || std::string_view(protocol) == "tcp";
  return make_service(service_at(ntohs(static_cast<std::uint16_t>(port)), tcp), tcp);
}

unsigned catenet_posix_if_nametoindex(const char* name) {
  const unsigned number = port_number(name) ? 0 : number_of_interface(name);
  return number != 0 ? number : (errno = ENODEV, 0U);
}

int catenet_posix_getifaddrs(ifaddrs** out) {
  const auto list = interface_addresses(self().host());
  if (list) {
    *out = *list;
  }
  return list ? 0 : refuse(list.error().code);
}

char* catenet_posix_if_indextoname(unsigned number, char* out) {
  const auto interfaces = self().host().node().interfaces();
  if (number == 0 || number > interfaces.size()) {
    errno = ENXIO;
    return nullptr;
  }
  const std::string_view name = std::string_view(interfaces[number - 1]->name()).substr(0, IF_NAMESIZE - 1);
  out[name.copy(out, name.size())] = '\0';
  return out;
}

int catenet_posix_gethostname(char* out, std::size_t room) {
  const std::string name(self().host().node().name());
  if (name.size() >= room) {
    return refuse(ENAMETOOLONG);
  }
  std::memcpy(out, name.c_str(), name.size() + 1);
  return 0;
}

}  // extern "C"
