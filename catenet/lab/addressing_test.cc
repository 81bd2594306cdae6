// SPDX-License-Identifier: Apache-2.0
// Covers routes.cc as well.
#include "catenet/lab/addressing.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "catenet/lab/loader.h"

namespace catenet::lab {
namespace {

Description load(std::string_view text) {
  LoadedLab loaded = load_text(text, "t.yaml");
  EXPECT_TRUE(loaded.ok()) << loaded.errors();
  return std::move(loaded.lab);
}

const Node& node(const Description& lab, std::string_view name) {
  for (const Node& n : lab.nodes) {
    if (n.name == name) {
      return n;
    }
  }
  ADD_FAILURE() << "no node " << name;
  return lab.nodes.front();
}

std::string address(const Description& lab, std::string_view name, std::size_t interface = 0) {
  return node(lab, name).interfaces.at(interface).address->to_string();
}

/// "10.0.2.0/24 via 10.0.1.2, ..."
std::string routes(const Description& lab, std::string_view name) {
  std::string out;
  for (const Route& route : node(lab, name).routes) {
    out += (out.empty() ? "" : ", ") + route.destination.to_string() + " via " + route.via.to_string();
  }
  return out;
}

TEST(Addressing, GivesRoutersTheFirstAddressesAndHostsTheNext) {
  const Description lab = load(
      "nodes: {a: host, r1: router, b: host, r2: router, s: switch, t: switch}\n"
      "links: [r1 -- r2, a -- s, s -- t, t -- b, r1 -- s, r2 -- t]");
  ASSERT_EQ(lab.segments.size(), 2U);
  EXPECT_EQ(address(lab, "r1", 0), "10.0.0.1/24");
  EXPECT_EQ(address(lab, "r2", 0), "10.0.0.2/24");
  EXPECT_EQ(address(lab, "r1", 1), "10.0.1.1/24");
  EXPECT_EQ(address(lab, "r2", 1), "10.0.1.2/24");
  EXPECT_EQ(address(lab, "a"), "10.0.1.3/24");
  EXPECT_EQ(address(lab, "b"), "10.0.1.4/24");
  EXPECT_EQ(node(lab, "a").gateway->to_string(), "10.0.1.1");
  EXPECT_EQ(node(lab, "a").gateway.origin, Origin::kAssigned);
  EXPECT_EQ(lab.segments[1].members.size(), 4U);
}

TEST(Addressing, KeepsClearOfGivenAddresses) {
  const Description lab = load(
      "nodes: {a: {address: 10.0.1.1/29}, b: host, c: {address: 10.0.1.2/29}, d: host, e: host, s: switch}\n"
      "links: [a -- s, b -- s, c -- s, d -- e]");
  EXPECT_EQ(address(lab, "b"), "10.0.1.3/29");
  EXPECT_EQ(address(lab, "d"), "10.0.0.1/24");  // segment 1's usual block is taken by hand: the first free one
  EXPECT_FALSE(node(lab, "b").gateway.is_set());
}

TEST(Addressing, FillsAPointToPointPrefix) {
  const Description lab = load("nodes: {a: {address: 192.0.2.0/31}, b: host}\nlinks: [a -- b]");
  EXPECT_EQ(address(lab, "b"), "192.0.2.1/31");
}

TEST(Addressing, WidensTheNetworkOfALargeSegment) {
  std::string text = "nodes: {s: switch, r: router, x: host, y: host";
  std::string links = "links: [x -- y";
  for (int i = 0; i < 300; ++i) {
    text += fmt::format(", h{}: host", i);
    links += fmt::format(", h{} -- s", i);
  }
  const Description lab = load(text + "}\n" + links + ", r -- s]");
  EXPECT_EQ(address(lab, "x"), "10.0.0.1/24");
  EXPECT_EQ(address(lab, "r"), "10.0.2.1/23");
  EXPECT_EQ(address(lab, "h299"), "10.0.3.45/23");
}

TEST(Addressing, HasRoomForManySegments) {
  std::string text = "nodes:\n";
  std::string links = "links:\n";
  for (int i = 0; i < 20'000; ++i) {
    text += fmt::format("  a{0}: host\n  b{0}: host\n", i);
    links += fmt::format("  - a{0} -- b{0}\n", i);
  }
  const Description lab = load(text + links);
  EXPECT_EQ(address(lab, "a0"), "10.0.0.1/30");
  EXPECT_EQ(address(lab, "b19999"), "10.1.56.126/30");
}

TEST(Addressing, DerivesMacsFromNodeAndInterface) {
  const Description lab = load("nodes: {a: host, b: {mac: 02:00:00:01:00:00}, s: switch}\nlinks: [a -- s, b -- s]");
  EXPECT_EQ(node(lab, "a").interfaces[0].mac->to_string(), "02:10:00:01:00:00");  // moved out of b's way
  EXPECT_EQ(node(lab, "b").interfaces[0].mac->to_string(), "02:00:00:01:00:00");
  EXPECT_EQ(node(lab, "s").interfaces[1].mac->to_string(), "02:00:00:03:00:01");
}

TEST(Routes, TakeTheShortestPathAndTheLowerNodeAmongEquals) {
  // A square: from r1 to the network behind r3 both ways are two hops; r2 comes before r4.
  const Description lab = load(
      "nodes: {r1: router, r4: router, r2: router, r3: router, h: host}\n"
      "links: [r1 -- r2, r2 -- r3, r3 -- r4, r4 -- r1, r3 -- h]");
  EXPECT_EQ(routes(lab, "r1"), "10.0.2.0/24 via 10.0.3.2, 10.0.1.0/24 via 10.0.0.2, 10.0.4.0/24 via 10.0.3.2");
  EXPECT_EQ(routes(lab, "h"), "");
  EXPECT_EQ(node(lab, "r1").routes[0].interface, 1U);
}

TEST(Routes, EcmpUsesAllWaysThatAreEquallyShort) {
  // The square again, and a second cable between r1 and r2.
  const Description lab = load(
      "nodes: {r1: {kind: router, routing: ecmp}, r4: router, r2: router, r3: router, h: host}\n"
      "links: [r1 -- r2, r2 -- r3, r3 -- r4, r4 -- r1, r3 -- h, r1 -- r2]");
  EXPECT_EQ(routes(lab, "r1"),
            "10.0.2.0/24 via 10.0.3.2, 10.0.1.0/24 via 10.0.0.2, 10.0.1.0/24 via 10.0.5.2, 10.0.4.0/24 via 10.0.3.2, "
            "10.0.4.0/24 via 10.0.0.2, 10.0.4.0/24 via 10.0.5.2");
  EXPECT_EQ(node(lab, "r1").routes[2].interface, 2U);
  // Nobody else asked for it.
  EXPECT_EQ(routes(lab, "r3"), "10.0.3.0/24 via 10.0.2.1, 10.0.0.0/24 via 10.0.1.1, 10.0.5.0/24 via 10.0.1.1");
}

TEST(Routes, EcmpKeepsToGivenOnes) {
  const Description lab = load(
      "nodes: {r1: {kind: router, routing: ecmp, routes: [10.0.2.0/24 via 10.0.0.2]}, r2: router, r4: router, r3: "
      "router}\n"
      "links: [r1 -- r2 -- r3, r1 -- r4 -- r3]");
  EXPECT_EQ(routes(lab, "r1"), "10.0.2.0/24 via 10.0.0.2, 10.0.1.0/24 via 10.0.0.2, 10.0.3.0/24 via 10.0.2.2");
}

TEST(Routes, SeveralToOnePrefixMayBeGiven) {
  const Description lab = load(
      "nodes: {r1: {kind: router, routes: [default via 10.0.0.2, default via 10.0.1.2]}, r2: router, r3: router}\n"
      "links: [r1 -- r2, r1 -- r3]");
  EXPECT_EQ(routes(lab, "r1"), "0.0.0.0/0 via 10.0.0.2, 0.0.0.0/0 via 10.0.1.2");
}

TEST(Routes, GivenOnesSwitchOffComputedOnesUnlessBothAreAsked) {
  constexpr std::string_view kLab =
      "nodes: {{r1: {{kind: router, {}routes: [default via 10.0.0.2]}}, r2: router, r3: router}}\n"
      "links: [r1 -- r2 -- r3]";
  EXPECT_EQ(routes(load(fmt::format(fmt::runtime(kLab), "")), "r1"), "0.0.0.0/0 via 10.0.0.2");
  EXPECT_EQ(routes(load(fmt::format(fmt::runtime(kLab), "routing: auto, ")), "r1"),
            "0.0.0.0/0 via 10.0.0.2, 10.0.1.0/24 via 10.0.0.2");
  const Description manual = load(
      "nodes: {r1: {kind: router, routing: manual}, r2: router, h: host}\n"
      "links: [r1 -- r2 -- h]");
  EXPECT_EQ(routes(manual, "r1"), "");
}

TEST(Addressing, NamesInterfacesAfterPeersAndEthernets) {
  const Description lab = load("nodes: {a: {stack: linux}, r: router}\nlinks: [a -- r, r -- a]");
  EXPECT_EQ(node(lab, "a").interfaces[1].name, "eth1");
  EXPECT_EQ(node(lab, "a").interfaces[1].peer_name, "r#2");
  EXPECT_EQ(node(lab, "r").interfaces[1].name, "a#2");
  EXPECT_EQ(lab.links[1].name, "r--a#2");
  EXPECT_TRUE(lab.needs_real_time());
}

}  // namespace
}  // namespace catenet::lab
