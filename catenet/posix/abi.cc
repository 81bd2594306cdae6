// SPDX-License-Identifier: Apache-2.0
#include "catenet/posix/abi.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <string>

namespace catenet::posix {

int refuse_call(const char* call, const char* instead) {
  std::string text = std::string("catenet: ") + call + "() is not available in a simulated host";
  text += *instead != '\0' ? std::string("; ") + instead + "\n" : std::string("\n");
  std::fputs(text.c_str(), self().stream(2));
  return refuse(ENOSYS);
}

namespace {

// RFC 2133's sockaddr_in6 had no scope; Linux takes it still.
constexpr socklen_t kShortSockaddrIn6 = offsetof(sockaddr_in6, sin6_scope_id);

Result<wire::Endpoint> ipv6_endpoint(const sockaddr* address, socklen_t size) {
  sockaddr_in6 in{};
  std::memcpy(&in, address, std::min<std::size_t>(size, sizeof in));
  const auto bytes =
      wire::Ipv6Address::from_bytes(std::as_bytes(std::span<const std::uint8_t, 16>(in.sin6_addr.s6_addr)));
  if (!bytes.is_link_scoped()) {  // the scope means nothing then
    return wire::Endpoint{bytes, ntohs(in.sin6_port)};
  }
  if (in.sin6_scope_id > wire::IpAddress::kMaxZone) {
    return fail(ENODEV, "no interface of this number");
  }
  return wire::Endpoint{wire::IpAddress(bytes, static_cast<std::uint8_t>(in.sin6_scope_id)), ntohs(in.sin6_port)};
}

}  // namespace

Result<wire::Endpoint> endpoint_from(const sockaddr* address, socklen_t size, int domain, bool or_ipv4) {
  if (address == nullptr) {
    return fail(EFAULT, "no address");
  }
  if (size < sizeof(sa_family_t)) {
    return fail(EINVAL, "an address without a family");
  }
  if (domain == AF_INET6 && !(or_ipv4 && address->sa_family == AF_INET)) {
    if (size < kShortSockaddrIn6) {  // looked at before the family
      return fail(EINVAL, "an address that is cut");
    }
    return address->sa_family == AF_INET6 ? ipv6_endpoint(address, size)
                                          : fail(EAFNOSUPPORT, "an address of another family");
  }
  if (size < sizeof(sockaddr_in)) {
    return fail(EINVAL, "an address that is cut");
  }
  if (address->sa_family != AF_INET) {
    return fail(EAFNOSUPPORT, "an address of another family");
  }
  sockaddr_in in{};
  std::memcpy(&in, address, sizeof in);
  return wire::Endpoint{wire::Ipv4Address(ntohl(in.sin_addr.s_addr)), ntohs(in.sin_port)};
}

void endpoint_to(const wire::Endpoint& end, sockaddr* address, socklen_t* size) {
  if (address == nullptr || size == nullptr) {
    return;
  }
  if (end.address.is_v4()) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_addr.s_addr = htonl(end.address.v4().value());
    in.sin_port = htons(end.port);
    std::memcpy(address, &in, std::min<std::size_t>(sizeof in, *size));
    *size = sizeof in;
  } else {
    sockaddr_in6 in{};
    in.sin6_family = AF_INET6;
    const auto bytes = end.address.v6().to_bytes();
    std::memcpy(&in.sin6_addr, bytes.data(), bytes.size());
    in.sin6_port = htons(end.port);
    in.sin6_scope_id = end.address.zone();
    std::memcpy(address, &in, std::min<std::size_t>(sizeof in, *size));
    *size = sizeof in;
  }
}

}  // namespace catenet::posix
