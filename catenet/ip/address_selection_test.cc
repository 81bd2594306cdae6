// SPDX-License-Identifier: Apache-2.0
// The examples of RFC 6724 10.
#include "catenet/ip/address_selection.h"

#include <gtest/gtest.h>

#include <string>

namespace catenet::ip {
namespace {

using wire::IpAddress;
using wire::Ipv6Address;

Ipv6Address six(const char* text) { return *Ipv6Address::parse(text); }

/// The best of the candidates, as Ipv6 goes through them.
std::string best_source(const char* destination, const std::vector<SourceCandidate>& candidates) {
  const SourceCandidate* best = nullptr;
  for (const SourceCandidate& c : candidates) {
    if (best == nullptr || is_better_source(c, *best, six(destination))) {
      best = &c;
    }
  }
  return best->address.to_string();
}
std::string best_source(const char* destination, const char* a, const char* b) {
  const std::vector<SourceCandidate> one = {{six(a), 64, false, true}, {six(b), 64, false, true}};
  const std::vector<SourceCandidate> other = {one[1], one[0]};
  EXPECT_EQ(best_source(destination, one), best_source(destination, other)) << "the order of configuration counts";
  return best_source(destination, one);
}

TEST(SourceSelection, ExamplesOfTheRfc) {  // 10.1
  EXPECT_EQ(best_source("2001:db8:1::1", "2001:db8:3::1", "fe80::1"), "2001:db8:3::1");
  EXPECT_EQ(best_source("ff05::1", "2001:db8:3::1", "fe80::1"), "2001:db8:3::1");
  EXPECT_EQ(best_source("2001:db8:1::1", "2001:db8:1::1", "2001:db8:2::1"), "2001:db8:1::1");
  EXPECT_EQ(best_source("fe80::1", "fe80::2", "2001:db8:1::1"), "fe80::2");
  EXPECT_EQ(best_source("2001:db8:1::1", "2001:db8:1::2", "2001:db8:3::2"), "2001:db8:1::2");
  EXPECT_EQ(best_source("2002:c633:6401::1", "2002:c633:6401::d5e3:0:0:1", "2001:db8:1::2"),
            "2002:c633:6401:0:d5e3::1");
}

TEST(SourceSelection, DeprecatedOnlyIfThereIsNoOther) {
  const SourceCandidate old{six("2001:db8:1::2"), 64, true, true};
  const SourceCandidate fresh{six("2001:db8:3::2"), 64, false, true};
  EXPECT_EQ(best_source("2001:db8:1::1", {old, fresh}), "2001:db8:3::2");
  const SourceCandidate link_local{six("fe80::2"), 64, false, true};
  EXPECT_EQ(best_source("2001:db8:1::1", {old, link_local}), "2001:db8:1::2");  // scope comes before age
}

TEST(SourceSelection, TheOutgoingInterface) {
  const SourceCandidate here{six("2001:db8:3::2"), 64, false, true};
  const SourceCandidate there{six("2001:db8:1::2"), 64, false, false};
  EXPECT_EQ(best_source("2001:db8:1::1", {there, here}), "2001:db8:3::2");
}

TEST(SourceSelection, BitsBehindThePrefixDoNotCount) {
  const SourceCandidate first{six("2001:db8:1::ffff"), 64, false, true};
  const SourceCandidate second{six("2001:db8:1::2"), 64, false, true};
  EXPECT_EQ(best_source("2001:db8:1::3", {first, second}), "2001:db8:1::ffff");
}

DestinationCandidate to(const char* destination, const char* source, bool deprecated = false) {
  DestinationCandidate c{.address = *IpAddress::parse(destination), .deprecated = deprecated};
  if (source != nullptr) {
    c.source = *IpAddress::parse(source);
  }
  return c;
}
/// Which comes first, whatever the order before.
std::string first_of(const DestinationCandidate& a, const DestinationCandidate& b) {
  std::vector<DestinationCandidate> one = {a, b};
  std::vector<DestinationCandidate> other = {b, a};
  sort_destinations(one);
  sort_destinations(other);
  EXPECT_EQ(one[0].address, other[0].address);
  return one[0].address.to_string();
}

TEST(DestinationSelection, ExamplesOfTheRfc) {  // 10.2
  EXPECT_EQ(first_of(to("2001:db8:1::1", "2001:db8:1::2"), to("198.51.100.121", "169.254.13.78")), "2001:db8:1::1");
  EXPECT_EQ(first_of(to("2001:db8:1::1", "fe80::1"), to("198.51.100.121", "198.51.100.117")), "198.51.100.121");
  EXPECT_EQ(first_of(to("2001:db8:1::1", "2001:db8:1::2"), to("10.1.2.3", "10.1.2.4")), "2001:db8:1::1");
  EXPECT_EQ(first_of(to("2001:db8:1::1", "2001:db8:1::2"), to("fe80::1", "fe80::2")), "fe80::1");
  EXPECT_EQ(first_of(to("2001:db8:1::1", "2001:db8:1::2"), to("2001:db8:3ffe::1", "2001:db8:3f44::2")),
            "2001:db8:1::1");
  EXPECT_EQ(first_of(to("2002:c633:6401::1", "2002:c633:6401::2"), to("2001:db8:1::1", "2001:db8:1::2")),
            "2001:db8:1::1");
  EXPECT_EQ(first_of(to("2002:c633:6401::1", "2002:c633:6401::2"), to("2001:db8:1::1", "2002:c633:6401::2")),
            "2002:c633:6401::1");
}

TEST(DestinationSelection, WhereThereIsNoWay) {
  EXPECT_EQ(first_of(to("2001:db8:1::1", nullptr), to("10.1.2.3", "10.1.2.4")), "10.1.2.3");
  EXPECT_EQ(first_of(to("2001:db8:1::1", "2001:db8:1::2", true), to("10.1.2.3", "10.1.2.4")), "10.1.2.3");
  EXPECT_EQ(first_of(to("fd00::1", "fd00::2"), to("10.1.2.3", "10.1.2.4")), "10.1.2.3");  // precedence 3 and 35
}

TEST(DestinationSelection, EqualsKeepTheirOrder) {
  std::vector<DestinationCandidate> names = {to("10.9.0.2", "10.0.0.1"), to("10.0.0.2", "10.0.0.1"),
                                             to("2001:db8::2", nullptr), to("2001:db8::3", nullptr)};
  sort_destinations(names);
  EXPECT_EQ(names[0].address.to_string(), "10.9.0.2");
  EXPECT_EQ(names[2].address.to_string(), "2001:db8::2");
  // What lies behind the source's prefix does not count, either.
  DestinationCandidate near = to("2001:db8:1::1", "2001:db8:1::3");
  DestinationCandidate far = to("2001:db8:1::8001", "2001:db8:1::3");
  near.prefix_length = far.prefix_length = 64;
  std::vector<DestinationCandidate> both = {far, near};
  sort_destinations(both);
  EXPECT_EQ(both[0].address, far.address);
}

}  // namespace
}  // namespace catenet::ip
