// SPDX-License-Identifier: Apache-2.0
// The rules of port_claim.h, and the same questions put to the kernel this test runs on: both must answer alike.
#include "catenet/transport/port_claim.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>

namespace catenet::transport {
namespace {

PortClaim claim(const char* address, bool reuse_address = false, bool reuse_port = false, bool v6_only = false,
                bool listening = false) {
  return {*wire::IpAddress::parse(address), nullptr, reuse_address, reuse_port, v6_only, listening};
}

TEST(PortClaim, AddressesOverlap) {
  EXPECT_TRUE(overlap(claim("10.0.0.1"), claim("10.0.0.1")));
  EXPECT_FALSE(overlap(claim("10.0.0.1"), claim("10.0.0.2")));
  EXPECT_TRUE(overlap(claim("0.0.0.0"), claim("10.0.0.2")));
  EXPECT_TRUE(overlap(claim("10.0.0.2"), claim("0.0.0.0")));
  EXPECT_TRUE(overlap(claim("::"), claim("10.0.0.2")));
  EXPECT_TRUE(overlap(claim("0.0.0.0"), claim("::")));
  EXPECT_FALSE(overlap(claim("0.0.0.0"), claim("::", false, false, true)));
  EXPECT_FALSE(overlap(claim("0.0.0.0"), claim("fe80::1")));
  EXPECT_TRUE(overlap(claim("::", false, false, true), claim("fe80::1")));
}

TEST(PortClaim, DevicesKeepApart) {
  std::array<int, 2> two{};  // only their addresses are looked at
  PortClaim a = claim("0.0.0.0");
  PortClaim b = a;
  a.device = reinterpret_cast<const Interface*>(&two[0]);
  EXPECT_TRUE(overlap(a, b));
  b.device = reinterpret_cast<const Interface*>(&two[1]);
  EXPECT_FALSE(overlap(a, b));
  b.device = a.device;
  EXPECT_TRUE(overlap(a, b));
}

TEST(PortClaim, AnAutomaticPortIsSharedWithNobody) {
  EXPECT_FALSE(stream_conflict(claim("0.0.0.0", true), claim("0.0.0.0", true), false));
  EXPECT_TRUE(stream_conflict(claim("0.0.0.0", true), claim("0.0.0.0", true), true));
  EXPECT_TRUE(stream_conflict(claim("0.0.0.0", false, true), claim("0.0.0.0", false, true), true));
  EXPECT_FALSE(stream_conflict(claim("10.0.0.1"), claim("10.0.0.2"), true));
}

/// A socket of the kernel that makes a claim; port 0 chooses one.
class KernelSocket {
 public:
  KernelSocket(const PortClaim& c, int type, std::uint16_t port) {
    const bool four = c.address.is_v4();
    fd_ = ::socket(four ? AF_INET : AF_INET6, type, 0);
    const int one = 1;
    const int v6_only = c.v6_only ? 1 : 0;
    if (c.reuse_address) {
      ::setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    }
    if (c.reuse_port) {
      ::setsockopt(fd_, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
    }
    sockaddr_in in{};
    sockaddr_in6 in6{};
    if (four) {
      in.sin_family = AF_INET;
      in.sin_port = htons(port);
      in.sin_addr.s_addr = htonl(c.address.v4().value());
      error_ = ::bind(fd_, reinterpret_cast<sockaddr*>(&in), sizeof in) == 0 ? 0 : errno;
    } else {
      ::setsockopt(fd_, IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, sizeof v6_only);
      in6.sin6_family = AF_INET6;
      in6.sin6_port = htons(port);
      if (!c.address.is_unspecified()) {
        in6.sin6_addr = in6addr_loopback;
      }
      error_ = ::bind(fd_, reinterpret_cast<sockaddr*>(&in6), sizeof in6) == 0 ? 0 : errno;
    }
    if (error_ == 0 && c.listening) {
      error_ = ::listen(fd_, 1) == 0 ? 0 : errno;
    }
  }
  KernelSocket(const KernelSocket&) = delete;
  KernelSocket& operator=(const KernelSocket&) = delete;
  ~KernelSocket() { ::close(fd_); }
  [[nodiscard]] int error() const { return error_; }
  [[nodiscard]] std::uint16_t port() const {
    sockaddr_in6 end{};
    socklen_t size = sizeof end;
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&end), &size);
    return ntohs(end.sin6_port);  // at the same place in both families
  }

 private:
  int fd_ = -1;
  int error_ = 0;
};

/// What the kernel says to `comer` on the port of `holder`. Somebody else may be on that port, too (a connection of
/// another program in TIME-WAIT): a refusal counts when it comes on five ports.
int kernel_verdict(const PortClaim& holder, const PortClaim& comer, int type) {
  int verdict = 0;
  for (int tries = 0; tries < 5; ++tries) {
    const KernelSocket first(holder, type, 0);
    EXPECT_EQ(first.error(), 0);
    verdict = KernelSocket(comer, type, first.port()).error();
    if (verdict == 0) {
      break;
    }
  }
  return verdict;
}

TEST(PortClaim, TheKernelAnswersAlike) {
  const bool has_v6 = KernelSocket(claim("::1"), SOCK_STREAM, 0).error() == 0;
  const std::array addresses = {"0.0.0.0", "127.0.0.1", "127.0.0.2", "::", "::1"};
  int asked = 0;
  for (unsigned bits = 0; bits < 1U << 8; ++bits) {
    for (const char* first : addresses) {
      for (const char* second : addresses) {
        const auto bit = [&](unsigned n) { return (bits >> n & 1) != 0; };
        const PortClaim a = claim(first, bit(0), bit(1), bit(2), bit(3));
        const PortClaim b = claim(second, bit(4), bit(5), bit(6), bit(7));
        const bool v6 = a.address.is_v6() || b.address.is_v6();
        if ((v6 && !has_v6) || (a.address.is_v4() && a.v6_only) || (b.address.is_v4() && b.v6_only)) {
          continue;
        }
        ++asked;
        const std::string what = std::string(first) + " then " + second + ", case " + std::to_string(bits);
        EXPECT_EQ(kernel_verdict(a, b, SOCK_STREAM), stream_conflict(b, a, false) ? EADDRINUSE : 0) << what;
        if (!a.listening && !b.listening) {
          EXPECT_EQ(kernel_verdict(a, b, SOCK_DGRAM), datagram_conflict(b, a) ? EADDRINUSE : 0) << what;
        }
      }
    }
  }
  EXPECT_GE(asked, 500);
}

}  // namespace
}  // namespace catenet::transport
