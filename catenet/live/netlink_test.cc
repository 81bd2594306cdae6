// SPDX-License-Identifier: Apache-2.0
// Requests byte by byte, and against the kernel in a bare user + network namespace of a forked child.
#include "catenet/live/netlink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sched.h>

#include <functional>

#include "catenet/live/test_bench.h"

namespace catenet::live {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(NetlinkText, AddressesPrefixesRoutes) {
  EXPECT_EQ(to_text(Ipv4Prefix{{192, 168, 0, 255}, 24}), "192.168.0.255/24");
  EXPECT_EQ(to_text(Ipv4Route{{{0, 0, 0, 0}, 0}, Ipv4Bytes{10, 0, 0, 1}, "eth0"}), "0.0.0.0/0 via 10.0.0.1 dev eth0");
  EXPECT_EQ(to_text(Ipv4Route{{{10, 1, 0, 0}, 16}, std::nullopt, "eth1"}), "10.1.0.0/16 dev eth1");
}

TEST(NetlinkRequest, PadsToFourAndCountsNestsWithTheirHeads) {
  NetlinkRequest request(RTM_NEWLINK, NLM_F_CREATE);
  const std::size_t nest = request.begin_nest(IFLA_LINKINFO);
  request.put_text(IFLA_INFO_KIND, "veth");
  request.end_nest(nest);
  const auto& bytes = request.finish(7);
  // nlmsghdr (16), nest head (4), attribute head (4), "veth\0" and three bytes of padding.
  ASSERT_EQ(bytes.size(), 32U);
  EXPECT_EQ(bytes[0], 32);
  EXPECT_EQ(bytes[4], RTM_NEWLINK);
  EXPECT_EQ(bytes[8], 7);
  EXPECT_THAT(std::vector(bytes.begin() + 16, bytes.end()),
              ElementsAre(16, 0, IFLA_LINKINFO, 0x80, 9, 0, IFLA_INFO_KIND, 0, 'v', 'e', 't', 'h', 0, 0, 0, 0));
}

/// Runs `body` with an Rtnl of a fresh namespace.
void with_rtnl(const std::function<void(Rtnl&)>& body) {
  const int code = bench::in_child([&] {
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
      ::_exit(77);
    }
    auto rtnl = Rtnl::open();
    ASSERT_TRUE(rtnl);
    body(*rtnl);
  });
  if (code == 77) {
    GTEST_SKIP() << "no user namespaces here";
  }
  EXPECT_EQ(code, 0);
}

TEST(Rtnl, BuildsLinksAddressesAndRoutes) {
  with_rtnl([](Rtnl& rtnl) {
    ASSERT_TRUE(rtnl.add_veth({.name = "a", .mac = MacBytes{2, 0, 0, 0, 0, 9}, .peer_name = "b", .mtu = 1400}));
    EXPECT_NE(rtnl.index_of("a").value(), rtnl.index_of("b").value());
    ASSERT_TRUE(rtnl.set_link("b", MacBytes{2, 0, 0, 0, 0, 8}, 9000));
    ASSERT_TRUE(rtnl.set_up("a"));
    ASSERT_TRUE(rtnl.set_up("b"));
    ASSERT_TRUE(rtnl.add_address("a", {{10, 0, 0, 1}, 31}));
    ASSERT_TRUE(rtnl.add_address("b", {{10, 0, 1, 1}, 24}));
    ASSERT_TRUE(rtnl.add_route({{{10, 9, 0, 0}, 16}, std::nullopt, "a"}));
    auto gateway = rtnl.add_route({{{0, 0, 0, 0}, 0}, Ipv4Bytes{10, 0, 1, 2}, ""});
    EXPECT_TRUE(gateway) << gateway.error().text;
  });
}

TEST(Rtnl, ErrorsSayWhatAndWhy) {
  with_rtnl([](Rtnl& rtnl) {
    EXPECT_EQ(rtnl.index_of("none").error().code, ENODEV);
    EXPECT_THAT(rtnl.set_up("none").error().text, HasSubstr("NIC none up: No such device"));
    ASSERT_TRUE(rtnl.set_up("lo"));
    ASSERT_TRUE(rtnl.add_address("lo", {{10, 0, 0, 1}, 24}));
    EXPECT_EQ(rtnl.add_address("lo", {{10, 0, 0, 1}, 24}).error().code, EEXIST);
    EXPECT_EQ(rtnl.add_address("lo", {{10, 0, 0, 1}, 33}).error().code, EINVAL);
    EXPECT_THAT(rtnl.add_address("none", {{10, 0, 0, 1}, 24}).error().text, HasSubstr("10.0.0.1/24 on none"));
    EXPECT_THAT(rtnl.add_route({{{10, 9, 0, 0}, 16}, Ipv4Bytes{192, 0, 2, 1}, ""}).error().text,
                HasSubstr("route 10.9.0.0/16 via 192.0.2.1: Network is unreachable"));
    EXPECT_EQ(rtnl.add_route({{{10, 9, 0, 1}, 16}, std::nullopt, "lo"}).error().code, EINVAL);  // host bits
    EXPECT_EQ(rtnl.add_route({{{10, 9, 0, 0}, 16}, std::nullopt, ""}).error().code, EINVAL);
    EXPECT_EQ(rtnl.add_route({{{10, 9, 0, 0}, 16}, std::nullopt, "none"}).error().code, ENODEV);
  });
}

}  // namespace
}  // namespace catenet::live
