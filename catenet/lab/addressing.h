// SPDX-License-Identifier: Apache-2.0
// Completes a Description: MAC addresses, segments, IPv4 addresses, gateways and routes that the lab did not give, and
// checks those it gave against the network they are in. A pure function of the description.
//
// Segments are what a broadcast reaches: links joined by switches, numbered from 0 in the order of their first link.
// - A segment where any address is given has that address's network. Segment i without one gets 10.0.i.0/24
//   (10.(i/256).(i%256).0/24), or the next free block when that is taken or too small; in labs of more than 16,384 such
//   segments each gets the smallest block that fits, so that the 16 million addresses of 10/8 suffice.
// - Routers get the first free addresses of their segment, hosts the next, each in the order of `nodes:`.
// - A host's gateway is the first forwarding node on its first interface that has one.
// - Node n (from 1), interface i (from 0) has the MAC address 02:nn:nn:nn:ii:ii.
// - A forwarding node with `routing: auto` gets a route to every segment it can reach: the fewest hops, and among
// equals
//   the neighbour that comes first in `nodes:`. With `routing: ecmp` it gets one over every neighbour that is on a way
//   with the fewest hops.
#pragma once
#include "catenet/lab/description.h"
#include "catenet/lab/diagnostic.h"

namespace catenet::lab {

void assign(Description& lab, Diagnostics& diagnostics);

/// Computed routes of all nodes together; a lab that needs more is told to give `routing: manual`.
inline constexpr std::size_t kMostComputedRoutes = 20'000'000;

// The steps of assign(), in their order.
void assign_macs(Description& lab, Diagnostics& diagnostics);
void find_segments(Description& lab);
void refuse_switch_loops(const Description& lab, Diagnostics& diagnostics);
void assign_addresses(Description& lab, Diagnostics& diagnostics);
void assign_gateways(Description& lab, Diagnostics& diagnostics);
void resolve_given_routes(Description& lab, Diagnostics& diagnostics);
void compute_routes(Description& lab, Diagnostics& diagnostics);

}  // namespace catenet::lab
