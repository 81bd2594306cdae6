// SPDX-License-Identifier: Apache-2.0
// A lab as plain data: what the file says, what the defaults add, and what was assigned (addresses, MACs, routes). It
// builds nothing and knows no running network; the builder walks it. Indices, never pointers, join its parts, and every
// order in it (nodes, links, interfaces, programs, segments, routes) is the order of the lab file, so that whatever is
// derived from it is the same in every run.
// Life cycle: describe() fills it from YAML, assign() (addressing.h) completes it, the builder and explain() read it.
#pragma once
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "catenet/base/rate.h"
#include "catenet/base/rng.h"
#include "catenet/base/time.h"
#include "catenet/lab/diagnostic.h"
#include "catenet/lab/event.h"
#include "catenet/lab/expectation.h"
#include "catenet/lab/registry.h"
#include "catenet/lab/units.h"
#include "catenet/wire/address.h"

namespace catenet::lab {

using NodeIndex = std::uint32_t;
using LinkIndex = std::uint32_t;
using SegmentIndex = std::uint32_t;
using ProgramIndex = std::uint32_t;
inline constexpr std::uint32_t kNoIndex = std::numeric_limits<std::uint32_t>::max();

/// Where a value came from.
enum class Origin : std::uint8_t {
  kBuiltIn,   ///< nobody said anything
  kDefaults,  ///< the lab's `defaults:`
  kGiven,     ///< said for this node, link or program
  kAssigned,  ///< worked out by assign()
};

/// A value and where it came from.
template <typename T>
struct Setting {
  T value{};
  Origin origin = Origin::kBuiltIn;

  const T& operator*() const { return value; }
  const T* operator->() const { return &value; }
  [[nodiscard]] bool is_set() const { return origin != Origin::kBuiltIn; }
};

/// Limits of a transmit queue; 0 means "not limited in this unit".
struct QueueLimit {
  std::uint64_t bytes = 0;
  std::uint32_t packets = 0;
  bool operator==(const QueueLimit&) const = default;
};

/// Random early detection: thresholds of the average queue, both in packets or both in bytes.
struct RedSettings {
  bool in_bytes = false;
  std::uint64_t min = 0;
  std::uint64_t max = 0;
  Probability probability = Probability::from_ppb(20'000'000);  ///< of a mark or drop at `max`
  Probability weight = Probability::from_ppb(2'000'000);        ///< of the present length in the average
  bool gentle = true;
  bool ecn = true;
  bool operator==(const RedSettings&) const = default;
};

/// This fraction of the packets is held back by `by`, so that later ones overtake them.
struct Reordering {
  Probability probability;
  Duration by;
  bool operator==(const Reordering&) const = default;
};

/// One direction of a link.
struct Direction {
  Setting<BitRate> rate{BitRate::gbps(1)};
  Setting<Duration> delay{Duration::microseconds(1)};  ///< propagation, one way
  std::optional<std::uint64_t> length_mm;              ///< when the delay was given as a length
  Setting<QueueLimit> queue{{std::uint64_t{1} << 20, 1'000}};
  Setting<std::uint32_t> mark;              ///< packets in the queue from which on ECN packets are marked; 0: never
  Setting<std::optional<RedSettings>> red;  ///< nullopt: first in, first out
  Setting<Probability> loss;
  Setting<Probability> duplicate;
  Setting<Reordering> reorder;
  Setting<Duration> jitter;              ///< added to the delay, uniform in [0, jitter]; packets may overtake
  Setting<Probability> corrupt;          ///< of a packet: bytes altered behind the FCS's back
  Setting<BitErrorRate> bit_error_rate;  ///< of a bit on the wire: the FCS catches it
};

struct Link {
  std::string name;  ///< "gw1--gw2"; the second one between the same nodes is "gw1--gw2#2"
  Place place;
  NodeIndex a = 0;
  NodeIndex b = 0;
  std::uint32_t a_interface = 0;  ///< index into nodes[a].interfaces
  std::uint32_t b_interface = 0;
  Setting<std::uint32_t> mtu{1'500};
  Setting<bool> trains{false};  ///< super-segments cross it whole
  Direction forward;            ///< from a to b
  Direction backward;           ///< from b to a
};

struct Interface {
  std::string name;       ///< the peer's name; eth0, eth1, ... on a node with stack linux
  std::string peer_name;  ///< how the lab calls it: "sw1", or "sw1#2" for the second link to sw1
  NodeIndex peer = 0;
  LinkIndex link = 0;
  bool is_a = true;  ///< this end is the link's a: it sends with `forward`
  bool capture = true;
  Setting<wire::MacAddress> mac;
  Setting<std::uint32_t> mtu{1'500};
  SegmentIndex segment = kNoIndex;    ///< of hosts and routers
  Setting<wire::Ipv4Prefix> address;  ///< host bits kept; of hosts and routers, set after assign()
  Place address_place;
  Place mac_place;
};

struct Route {
  wire::Ipv4Prefix destination;  ///< canonical
  wire::Ipv4Address via;
  std::uint32_t interface = 0;  ///< index into the node's interfaces
  Origin origin = Origin::kGiven;
  Place place;
};

struct ArpSettings {
  Setting<Duration> timeout{Duration::seconds(60)};  ///< how long a resolved entry is trusted
  Setting<std::uint32_t> retries{3};                 ///< requests before giving up
};

/// A key of `tcp:` with its value: a flag, bytes, or a word. Checked against tcp_options().
struct OptionSetting {
  std::string name;
  std::variant<bool, std::uint64_t, Duration, std::string> value;
  Origin origin = Origin::kBuiltIn;
};

struct Node {
  std::string name;
  Place place;
  Setting<NodeKind> kind;
  Setting<Stack> stack;
  std::vector<Interface> interfaces;  ///< in order of the links
  Setting<bool> forwarding;           ///< built-in: true for a router
  Setting<Routing> routing;           ///< auto, ecmp: routes worked out by assign()
  std::vector<Route> routes;
  Setting<wire::Ipv4Address> gateway;  ///< unset (is_set() false): none
  Place gateway_place;
  Setting<std::uint32_t> ttl{64};
  Setting<Duration> mac_ageing{Duration::seconds(300)};
  ArpSettings arp;
  std::vector<OptionSetting> tcp;  ///< every option of tcp_options(), in its order

  [[nodiscard]] bool is_switch() const { return *kind == NodeKind::kSwitch; }
  [[nodiscard]] bool is_linux() const { return *stack == Stack::kLinux; }
};

/// When a service counts as started: somebody listens on this port.
struct Ready {
  bool tcp = true;
  std::uint16_t port = 0;
};

struct Program {
  std::string name;    ///< unique in the lab
  bool named = false;  ///< by the user
  std::string command;
  std::vector<std::string> words;  ///< of a simulated node's program: the application and its arguments
  NodeIndex node = 0;
  Place place;
  Setting<Duration> at;             ///< not before this time
  std::vector<ProgramIndex> after;  ///< programs that must have ended; services that must be ready
  Setting<bool> service{false};     ///< runs until the lab ends
  std::optional<Ready> ready;
  std::vector<std::pair<std::string, std::string>> env;
  std::string cwd;                      ///< relative to the lab file; empty: the lab file's folder
  std::string stdout_file;              ///< inside the output folder; empty: the default name
  Setting<std::optional<int>> exit{0};  ///< expected exit code; nullopt: any
};

/// What one broadcast reaches: links joined by switches.
struct Segment {
  wire::Ipv4Prefix prefix;  ///< canonical
  Origin origin = Origin::kAssigned;
  std::vector<std::pair<NodeIndex, std::uint32_t>> members;  ///< (node, interface) with an address, by node order
};

/// A value that a sweep varies, as --set would: a path, and YAML for each of its values.
struct Parameter {
  std::string path;
  std::vector<std::string> values;  ///< at least one, all different
  Place place;
};
/// Both ends belong to it.
struct SeedRange {
  std::uint64_t first = 1;
  std::uint64_t last = 1;
};

struct Description {
  std::string name;
  bool named = false;  ///< by `lab:`, else after the file
  Setting<std::uint64_t> seed{1};
  Setting<Duration> until{Duration::seconds(60)};
  Setting<std::uint32_t> snaplen{65'535};
  Setting<std::vector<std::string>> capture{{"all"}};  ///< {"all"}, {"none"} or the list; see Interface::capture
  std::vector<Node> nodes;
  std::vector<Link> links;
  std::vector<Program> programs;  ///< by node, then in order
  std::vector<Event> events;      ///< in the order of the file
  std::vector<Expectation> expectations;
  std::vector<Segment> segments;  ///< after assign()
  std::vector<Parameter> matrix;  ///< of a sweep; a single run does not look at it
  std::vector<SeedRange> seeds;   ///< the same; no two share a seed

  /// True when any node is a real Linux namespace: the lab must run in real time.
  [[nodiscard]] bool needs_real_time() const {
    for (const Node& node : nodes) {
      if (node.is_linux()) {
        return true;
      }
    }
    return false;
  }
};

}  // namespace catenet::lab
