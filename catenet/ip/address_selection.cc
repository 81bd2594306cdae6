// SPDX-License-Identifier: Apache-2.0
#include "catenet/ip/address_selection.h"

#include <algorithm>

#include "catenet/wire/prefix.h"

namespace catenet::ip {

using wire::Ipv6Address;
using wire::Ipv6Prefix;
using wire::Scope;

namespace {

struct Row {
  Ipv6Prefix prefix;
  AddressPolicy policy;
};

// RFC 6724 2.1, longest prefixes first.
constexpr Row kPolicies[] = {
    {{Ipv6Address::loopback(), 128}, {50, 0}},
    {{Ipv6Address({0, 0, 0, 0, 0, 0xffff, 0, 0}), 96}, {35, 4}},
    {{Ipv6Address(), 96}, {1, 3}},
    {{Ipv6Address({0x2001, 0, 0, 0, 0, 0, 0, 0}), 32}, {5, 5}},
    {{Ipv6Address({0x2002, 0, 0, 0, 0, 0, 0, 0}), 16}, {30, 2}},
    {{Ipv6Address({0x3ffe, 0, 0, 0, 0, 0, 0, 0}), 16}, {1, 12}},
    {{Ipv6Address({0xfec0, 0, 0, 0, 0, 0, 0, 0}), 10}, {1, 11}},
    {{Ipv6Address({0xfc00, 0, 0, 0, 0, 0, 0, 0}), 7}, {3, 13}},
    {{Ipv6Address(), 0}, {40, 1}},
};

Ipv6Address six(const wire::IpAddress& a) { return a.is_v4() ? Ipv6Address::mapped(a.v4()) : a.v6(); }

/// RFC 6724 2.2: what lies behind the prefix of the source says nothing about where it is.
unsigned common_prefix(const Ipv6Address& source, unsigned prefix_length, const Ipv6Address& destination) {
  return std::min(source.common_prefix(destination), prefix_length);
}

/// RFC 6724 6 for two destinations: negative when `a` comes first, positive when `b` does.
int compare(const DestinationCandidate& a, const DestinationCandidate& b) {
  const auto prefer = [](bool first, bool second) { return first == second ? 0 : first ? -1 : 1; };
  if (!a.source || !b.source) {  // rule 1: unusable destinations last
    return prefer(a.source.has_value(), b.source.has_value());
  }
  const Ipv6Address da = six(a.address);
  const Ipv6Address db = six(b.address);
  const Ipv6Address sa = six(*a.source);
  const Ipv6Address sb = six(*b.source);
  if (const int r = prefer(da.scope() == sa.scope(), db.scope() == sb.scope()); r != 0) {  // rule 2
    return r;
  }
  if (const int r = prefer(!a.deprecated, !b.deprecated); r != 0) {  // rule 3
    return r;
  }
  const AddressPolicy pa = policy_of(da);
  const AddressPolicy pb = policy_of(db);
  if (const int r = prefer(pa.label == policy_of(sa).label, pb.label == policy_of(sb).label); r != 0) {  // rule 5
    return r;
  }
  if (pa.precedence != pb.precedence) {  // rule 6
    return pa.precedence > pb.precedence ? -1 : 1;
  }
  if (da.scope() != db.scope()) {  // rule 8
    return da.scope() < db.scope() ? -1 : 1;
  }
  // Rule 9, which in IPv4 would send everybody to whose number happens to be near.
  if (a.address.is_v6() && b.address.is_v6()) {
    const int ca = static_cast<int>(common_prefix(sa, a.prefix_length, da));
    return static_cast<int>(common_prefix(sb, b.prefix_length, db)) - ca;
  }
  return 0;
}

}  // namespace

AddressPolicy policy_of(const Ipv6Address& address) {
  return std::find_if(std::begin(kPolicies), std::end(kPolicies),
                      [&](const Row& r) { return r.prefix.contains(address); })
      ->policy;
}

bool is_better_source(const SourceCandidate& a, const SourceCandidate& b, const Ipv6Address& destination) {
  if ((a.address == destination) != (b.address == destination)) {  // rule 1
    return a.address == destination;
  }
  const Scope scope = destination.scope();
  if (a.address.scope() != b.address.scope()) {  // rule 2: the smallest scope that reaches
    return a.address.scope() < b.address.scope() ? a.address.scope() >= scope : b.address.scope() < scope;
  }
  if (a.deprecated != b.deprecated) {  // rule 3
    return b.deprecated;
  }
  if (a.outgoing != b.outgoing) {  // rule 5
    return a.outgoing;
  }
  const std::uint8_t label = policy_of(destination).label;
  const bool matches = policy_of(a.address).label == label;
  if (matches != (policy_of(b.address).label == label)) {  // rule 6
    return matches;
  }
  return common_prefix(a.address, a.prefix_length, destination) >
         common_prefix(b.address, b.prefix_length, destination);  // rule 8
}

void sort_destinations(std::span<DestinationCandidate> candidates) {
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const DestinationCandidate& a, const DestinationCandidate& b) { return compare(a, b) < 0; });
}

}  // namespace catenet::ip
