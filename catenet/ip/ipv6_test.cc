// SPDX-License-Identifier: Apache-2.0
// Addresses, routes and sources of an Ipv6 (ipv6.cc, layer.cc).
#include "catenet/ip/ipv6.h"

#include "catenet/ip/ipv6_test_net.h"

namespace catenet::ip {
namespace {

class Ipv6Test : public OneHost6 {
 protected:
  static int code(const Result<void>& r) { return r ? 0 : r.error().code; }
  std::string source_for(const char* destination) {
    const auto source = node->ipv6.select_source(wire::IpAddress(ip6(destination)));
    return source ? source->to_string() : std::to_string(source.error().code);
  }
};

TEST_F(Ipv6Test, AnInterfaceHasALinkLocalAddress) {
  start();
  ASSERT_EQ(node->ipv6.addresses().size(), 2u);
  EXPECT_EQ(node->ipv6.addresses()[0].prefix.to_string(), "fe80::ff:fe00:1/64");  // of 02:00:00:00:00:01
  EXPECT_EQ(node->ipv6.addresses()[1].prefix.to_string(), "2001:db8::1/64");
  EXPECT_TRUE(node->ipv6.is_local(wire::IpAddress(ip6("fe80::ff:fe00:1"), 1)));
  EXPECT_FALSE(node->ipv6.is_local(wire::IpAddress(ip6("fe80::ff:fe00:1"), 2)));
  EXPECT_TRUE(node->ipv6.is_local(wire::Ipv6Address::loopback()));
  EXPECT_TRUE(node->ipv6.enable(*eth0));
  EXPECT_EQ(node->ipv6.addresses().size(), 2u);
}

TEST_F(Ipv6Test, RefusesWhatIsNoAddress) {
  start();
  for (const char* bad : {"::/64", "::1/128", "ff02::1/64", "::ffff:10.0.0.1/128", "2001:db8::7/0"}) {
    EXPECT_EQ(code(node->ipv6.add_address(*eth0, net6(bad))), EINVAL) << bad;
  }
  EXPECT_EQ(code(node->ipv6.add_address(*eth0, net6("2001:db8::1/64"))), EEXIST);
  Interface& narrow = add_interface(*node, "eth1", 2, nullptr);
  narrow.set_mtu(1279);
  EXPECT_EQ(code(node->ipv6.enable(narrow)), EINVAL);
  EXPECT_EQ(code(node->ipv6.add_address(narrow, net6("2001:db8:9::1/64"))), EINVAL);
  EXPECT_EQ(code(node->ipv6.add_address(narrow, net6("fe80::9/64"))), EINVAL);
  EXPECT_EQ(code(node->ipv6.remove_address(*eth0, ip6("2001:db8::9"))), EADDRNOTAVAIL);
}

TEST_F(Ipv6Test, OneLinkLocalAddressOnTwoLinks) {
  start();
  Interface& eth1 = add_interface(*node, "eth1", 2, nullptr);
  EXPECT_TRUE(node->ipv6.add_address(*eth0, net6("fe80::1/64")));
  EXPECT_TRUE(node->ipv6.add_address(eth1, net6("fe80::1/64")));
  EXPECT_EQ(code(node->ipv6.add_address(eth1, net6("2001:db8::1/64"))), EEXIST);
}

TEST_F(Ipv6Test, ConnectedRoutesComeAndGo) {
  start();
  EXPECT_EQ(node->ipv6.fib().size(), 1u);
  EXPECT_TRUE(node->ipv6.add_address(*eth0, net6("2001:db8::8/64")));
  EXPECT_EQ(node->ipv6.fib().size(), 1u);
  EXPECT_TRUE(node->ipv6.remove_address(*eth0, ip6("2001:db8::1")));
  EXPECT_EQ(node->ipv6.fib().size(), 1u);
  EXPECT_EQ(source_for("2001:db8::2"), "2001:db8::8");
  EXPECT_TRUE(node->ipv6.remove_address(*eth0, ip6("2001:db8::8")));
  EXPECT_TRUE(node->ipv6.fib().empty());
  EXPECT_EQ(source_for("2001:db8::2"), std::to_string(ENETUNREACH));
}

TEST_F(Ipv6Test, RoutesOverNeighbours) {
  start();
  EXPECT_EQ(code(node->ipv6.set_default_route(ip6("2001:db8:7::1"))), EHOSTUNREACH);
  EXPECT_EQ(code(node->ipv6.set_default_route(ip6("2001:db8::1"))), EINVAL);
  EXPECT_EQ(code(node->ipv6.set_default_route(ip6("ff02::1"))), EINVAL);
  EXPECT_EQ(code(node->ipv6.set_default_route(ip6("fe80::9"))), EHOSTUNREACH) << "on which link?";
  EXPECT_EQ(code(node->ipv6.set_default_route(ip6("fe80::9"), eth0)), 0);
  teach6(*eth0, "fe80::9", 9);
  ASSERT_TRUE(send_to("2001:db8:5::5"));
  EXPECT_EQ(wire0->frames.at(0).eth().destination, mac(9));
  EXPECT_EQ(wire0->frames[0].ip6().source, ip6(kHost));
  EXPECT_EQ(code(node->ipv6.remove_route(net6("::/0"), ip6("fe80::9"))), 0);
  EXPECT_EQ(code(send_to("2001:db8:5::5")), ENETUNREACH);
}

TEST_F(Ipv6Test, SourcesByRfc6724) {
  start();
  Interface& eth1 = add_interface(*node, "eth1", 3, nullptr);
  ASSERT_TRUE(node->ipv6.add_address(*eth0, net6("fd00:1::1/64")));
  ASSERT_TRUE(node->ipv6.add_address(eth1, net6("2001:db8:9::1/64")));
  ASSERT_TRUE(node->ipv6.set_default_route(ip6(kPeer)));
  EXPECT_EQ(source_for("2001:db8::2"), kHost);
  EXPECT_EQ(source_for("fd00:9::2"), "fd00:1::1");          // the label
  EXPECT_EQ(source_for("2001:db8:9::2"), "2001:db8:9::1");  // the interface
  EXPECT_EQ(source_for("2001:db8:8::2"), kHost);            // eth0 is where the default route leads
  EXPECT_EQ(source_for("2001:db8:9::1"), "2001:db8:9::1");  // itself
  EXPECT_EQ(source_for("::1"), "::1");
  ASSERT_TRUE(node->ipv6.set_deprecated(*eth0, ip6(kHost), true));
  EXPECT_EQ(source_for("2001:db8::2"), "fd00:1::1");
  ASSERT_TRUE(node->ipv6.set_deprecated(*eth0, ip6(kHost), false));
  EXPECT_EQ(source_for("2001:db8::2"), kHost);
  EXPECT_EQ(code(node->ipv6.set_deprecated(eth1, ip6(kHost), true)), EADDRNOTAVAIL);
}

TEST_F(Ipv6Test, LinkLocalDestinationsNeedTheirLink) {
  start();
  EXPECT_EQ(source_for("fe80::2"), std::to_string(EINVAL));
  const auto source = node->ipv6.select_source(wire::IpAddress(ip6("fe80::2"), 1));
  ASSERT_TRUE(source);
  EXPECT_EQ(source->to_string(), "fe80::ff:fe00:1%1");
  EXPECT_EQ(node->ipv6.path_mtu(wire::IpAddress(ip6("fe80::2"), 1)), 1500u);
  EXPECT_EQ(source_for("fe80::ff:fe00:1"), "fe80::ff:fe00:1%1");  // ours says where it is
  EXPECT_EQ(node->ipv6.select_source(wire::IpAddress(ip6("fe80::2"), 7)).error().code, EINVAL);
}

}  // namespace
}  // namespace catenet::ip
