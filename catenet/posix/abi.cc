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

Result<wire::Endpoint> endpoint_from(const sockaddr* address, socklen_t size, int domain) {
  if (address == nullptr) {
    return fail(EFAULT, "no address");
  }
  if (size < sizeof(sa_family_t)) {
    return fail(EINVAL, "an address without a family");
  }
  if (address->sa_family != domain && size >= sizeof(sockaddr_in)) {
    return fail(EAFNOSUPPORT, "an address of another family");
  }
  if (address->sa_family == AF_INET) {
    sockaddr_in in{};
    if (size < sizeof in) {
      return fail(EINVAL, "an address that is cut");
    }
    std::memcpy(&in, address, sizeof in);
    return wire::Endpoint{wire::Ipv4Address(ntohl(in.sin_addr.s_addr)), ntohs(in.sin_port)};
  }
  if (address->sa_family == AF_INET6) {
    sockaddr_in6 in{};
    if (size < sizeof in) {
      return fail(EINVAL, "an address that is cut");
    }
    std::memcpy(&in, address, sizeof in);
    return wire::Endpoint{
        wire::Ipv6Address::from_bytes(std::as_bytes(std::span<const std::uint8_t, 16>(in.sin6_addr.s6_addr))),
        ntohs(in.sin6_port)};
  }
  return fail(size < sizeof(sockaddr_in) ? EINVAL : EAFNOSUPPORT, "an address of another family");
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
    std::memcpy(address, &in, std::min<std::size_t>(sizeof in, *size));
    *size = sizeof in;
  }
}

}  // namespace catenet::posix
