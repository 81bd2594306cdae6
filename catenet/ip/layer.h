// SPDX-License-Identifier: Apache-2.0
// Layer<A>: what the network layers of both families have in common, written once: routes and groups, the way to a
// destination (Path), who gets what arrives (protocols, hooks), packets to ourselves, and the step to the neighbour.
// Ipv4 and Ipv6 are made of it; what a header says and means is theirs.
//
// A few destinations are remembered with their route and neighbour (Path), so that a packet of a known flow costs one
// comparison instead of two searches; a change of routes, addresses or neighbours makes all of them void. Where several
// routes are equally good, a hash of the flow chooses (way_for), and who has only one route pays a comparison for it.
//
// Packets to ourselves come back through a timer, loopback_delay later, and never touch an interface. Their transport
// checksum may still be partial.
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "catenet/ip/address_filter.h"
#include "catenet/ip/config.h"
#include "catenet/ip/ether_table.h"
#include "catenet/ip/fib.h"
#include "catenet/ip/flow.h"
#include "catenet/ip/hook.h"
#include "catenet/ip/neighbor_cache.h"
#include "catenet/ip/network.h"
#include "catenet/ip/path_mtu.h"
#include "catenet/ip/reassembly.h"
#include "catenet/wire/ipv4.h"
#include "catenet/wire/ipv6.h"

namespace catenet::ip {

/// What the code that is written once must know of a family.
template <typename A>
struct Traits;
template <>
struct Traits<wire::Ipv4Address> {
  using Header = wire::Ipv4Header;
  static constexpr std::uint16_t kEtherType = 0x0800;
  static Flow flow_of(Packet& packet) { return flow_of_ipv4(packet); }
  /// RFC 1112 6.4: the low 23 bits of the group.
  static wire::MacAddress link_group(wire::Ipv4Address group) {
    return wire::MacAddress::from_u64(0x01005e000000 | (group.value() & 0x7fffff));
  }
};
template <>
struct Traits<wire::Ipv6Address> {
  using Header = wire::Ipv6Header;
  static constexpr std::uint16_t kEtherType = 0x86dd;
  static Flow flow_of(Packet& packet) { return flow_of_ipv6(packet); }
  /// RFC 2464 7: the low 32 bits of the group.
  static wire::MacAddress link_group(const wire::Ipv6Address& group) {
    return wire::MacAddress::from_u64(0x333300000000 | std::uint64_t{group.group(6)} << 16 | group.group(7));
  }
};

/// What may be done with an address of ours (RFC 4862 2). IPv4's are all preferred.
enum class AddressState : std::uint8_t {
  preferred,
  deprecated,  ///< still ours, but not chosen as a source if there is another (RFC 6724 5, rule 3)
  tentative,   ///< not ours yet: somebody may have it already
  duplicate,   ///< somebody has it; not ours
};
[[nodiscard]] constexpr const char* name(AddressState state) {
  constexpr const char* kNames[] = {"preferred", "deprecated", "tentative", "duplicate"};
  return kNames[static_cast<std::size_t>(state)];
}

/// An address of the node, in the order of configuration.
template <typename A>
struct LocalAddress {
  wire::Prefix<A> prefix;  ///< with host bits: 10.0.0.1/24
  A broadcast;             ///< of the prefix; the address itself where there is none (/31, /32, IPv6)
  Interface* interface = nullptr;
  AddressState state = AddressState::preferred;
  [[nodiscard]] const A& address() const { return prefix.address(); }
  [[nodiscard]] bool is_assigned() const { return state <= AddressState::deprecated; }
};

/// Packets, as RFC 4293 counts them. Drops are in the node's and the interfaces' drop counters.
struct PacketCounters {
  std::uint64_t received = 0;   ///< well-formed packets from links and from ourselves
  std::uint64_t delivered = 0;  ///< handed to a transport
  std::uint64_t forwarded = 0;
  std::uint64_t sent = 0;  ///< made here
  std::uint64_t fragmented = 0;
  std::uint64_t fragments_made = 0;
  std::uint64_t reassembled = 0;
  std::uint64_t icmp_errors_sent = 0;
};

template <typename A>
class Layer : public Network, public NetworkProtocol {
 public:
  using Address = A;
  using Neighbors = NeighborCache<A>;
  using Neighbor = typename Neighbors::Entry;

  // Configuration, before or during a run.
  [[nodiscard]] std::span<const LocalAddress<A>> addresses() const { return addresses_; }
  /// Any route. `interface` may be null when next_hop is on a connected network. EHOSTUNREACH (it is not), EINVAL (next
  /// hop is ours or not unicast), ENOBUFS (limit).
  Result<void> add_route(Route<A> route);
  Result<void> set_default_route(const A& next_hop, Interface* interface = nullptr, std::uint32_t metric = 0);
  /// ESRCH.
  Result<void> remove_route(const wire::Prefix<A>& prefix, const A& next_hop);
  [[nodiscard]] const Fib<A>& fib() const { return fib_; }
  /// Receives what is sent to a multicast group on `interface` (null: on any), until it has been left as often as
  /// joined. Routers and switches are told of a group on an interface. EINVAL, ENOBUFS.
  Result<void> join(const A& group, Interface* interface = nullptr);
  void leave(const A& group, Interface* interface = nullptr, bool told = true);
  Result<void> join_group(const wire::IpAddress& group, Interface* interface) final;
  void leave_group(const wire::IpAddress& group, Interface* interface, bool told) final;
  /// A transport by its IP protocol number; the last one registered counts. It outlives this object's use.
  void register_protocol(std::uint8_t number, Protocol& protocol);
  [[nodiscard]] Protocol* protocol(std::uint8_t number) const;
  /// Who gets copies of what arrives for this node; null: nobody. It outlives its registration.
  void set_raw_receiver(RawReceiver* receiver) { raw_ = receiver; }
  [[nodiscard]] RawReceiver* raw_receiver() const { return raw_; }
  void add_hook(HookPoint point, Hook& hook);
  void remove_hook(const Hook& hook);

  [[nodiscard]] Node& node() const { return node_; }
  [[nodiscard]] const PacketCounters& counters() const { return counters_; }
  [[nodiscard]] PathMtuCache& path_mtus() { return path_mtus_; }
  [[nodiscard]] const Reassembly* reassembly() const { return reassembly_.get(); }  ///< null until the first fragment
  [[nodiscard]] std::vector<wire::IpPrefix> addresses_of(const Interface& interface) const final;
  [[nodiscard]] wire::IpAddress first_address_of(const Interface& interface) const override;
  [[nodiscard]] Interface* interface_with(const wire::IpAddress& address) const override;
  [[nodiscard]] std::size_t header_size() const final { return sizeof(Header); }
  [[nodiscard]] std::size_t max_super_segment() const final { return wire::kIpv4MaxPacket; }  // 16 bits in both

 protected:
  using Header = typename Traits<A>::Header;
  enum class PathKind : std::uint8_t { none, local, broadcast, multicast, unicast };
  /// Where packets for one destination go.
  struct Path {
    A destination{};
    A next_hop{};
    std::uint32_t generation = 0;  // of routes, addresses and neighbours together
    PathKind kind = PathKind::none;
    std::uint8_t ways = 1;         // equal routes, `route` and those behind it; a packet that leaves has chosen one
    Interface* out = nullptr;      // unicast: the link; broadcast: the link whose broadcast it is, if directed
    Neighbor* neighbor = nullptr;  // unicast on links with resolution: found already
    const Route<A>* route = nullptr;
  };

  /// `config` may still be under construction. The family calls set_neighbors() as soon as it has some.
  Layer(Node& node, const IpConfig& config) : node_(node), common_(config) {}
  void set_neighbors(Neighbors& neighbors) { neighbors_ = &neighbors; }
  ~Layer() override;

  // What the families add.
  /// Where packets for `destination` go, as far as that depends on the destination alone.
  [[nodiscard]] virtual Path find_path(const A& destination) const = 0;
  /// A packet (front = IP header, validated) for us, for others or for nobody; `in` is null if it is our own.
  virtual void route_input(Interface* in, Packet packet) = 0;
  /// A packet that we sent, or that passes, is larger than `mtu`.
  virtual void fragment(Packet packet, Path& path, std::size_t mtu) = 0;
  /// The first fragment of a datagram whose other pieces did not come in time.
  virtual void on_reassembly_timeout(const Packet& first) = 0;
  /// The node is in a group for the first time, or no longer.
  virtual void group_changed(const A& group, Interface& interface, bool joined, bool told) = 0;
  /// Groups that are ours without being joined.
  [[nodiscard]] virtual bool is_own_group(const A& group) const = 0;

  // Paths.
  [[nodiscard]] std::uint32_t generation() const {
    return fib_.generation() + neighbors_->generation() + addresses_generation_;
  }
  [[nodiscard]] Path& path_to(const A& destination) {
    Path* const set = path_set(destination);
    const std::uint32_t now = generation();
    for (Path* path = set; path != set + kPathWays; ++path) {
      if (path->destination == destination && path->generation == now) [[likely]] {
        return *path;
      }
    }
    return remember_path(destination);
  }
  [[nodiscard]] Path& remember_path(const A& destination);
  [[nodiscard]] Path* path_set(const A& destination) {
    return many_paths_ == nullptr ? &few_paths_[slot_of(destination, kFewPathBits) * kPathWays]
                                  : &many_paths_[slot_of(destination, kManyPathBits) * kPathWays];
  }
  /// The route, and the neighbour, of a path whose destination is neither ours nor everybody.
  void find_route(Path& path) const;
  /// The way of a packet (front = network header) whose path may have several.
  [[nodiscard]] Path& way_for(Path& path, Packet& packet) {
    return path.ways == 1 ? path : way_of(path, packet.header<Header>().source, Traits<A>::flow_of(packet));
  }
  /// The same for a packet that has no header yet (front = transport header).
  [[nodiscard]] Path& way_for(Path& path, Packet& packet, const A& source, std::uint8_t protocol) {
    return path.ways == 1 ? path : way_of(path, source, flow_of_transport(packet, 0, protocol));
  }
  [[nodiscard]] Path& way_of(const Path& path, const A& source, Flow flow);
  /// What passes whichever way it takes.
  [[nodiscard]] static std::uint32_t mtu_of(const Path& path) {
    std::uint32_t mtu = path.out->mtu();
    for (std::uint8_t i = 1; i < path.ways; ++i) {
      mtu = std::min<std::uint32_t>(mtu, path.route[i].interface->mtu());
    }
    return mtu;
  }
  /// The same over a given link: its own routes only; without any, the destination is taken to be on the link.
  [[nodiscard]] Path forced_path(const A& destination, Interface& out) const;
  /// False: neither an address of ours nor a broadcast address of one of our links.
  [[nodiscard]] bool may_be_ours(const A& address) const {
    return address_filter_ == nullptr || address_filter_->may_have(address.hash());
  }
  /// After every change of addresses_; what was added is the last one.
  void addresses_changed();
  /// Null also for an address that is not ours yet.
  [[nodiscard]] const LocalAddress<A>* find_local(const A& address) const {
    if (!may_be_ours(address)) {
      return nullptr;
    }
    for (const LocalAddress<A>& a : addresses_) {
      if (a.address() == address && a.is_assigned()) {
        return &a;
      }
    }
    return nullptr;
  }
  [[nodiscard]] Interface* connected_interface(const A& next_hop) const;
  /// `in` is null for what nobody knows the link of.
  [[nodiscard]] bool is_joined(const A& group, const Interface* in) const;
  [[nodiscard]] static std::optional<A> family_address(const wire::IpAddress& address);
  void insert_connected_route(const LocalAddress<A>& address, const A& preferred_source);
  /// Takes an address off the list, and the connected route if no other address needs it. False: not there.
  bool erase_address(const Interface& interface, const A& address);

  // In.
  /// True if the packet goes on; else the hook has ended it.
  [[nodiscard]] bool pass_hooks(HookPoint point, Packet& packet, Interface* in, Interface* out) {
    return hooks_ == nullptr || run_hooks(point, packet, in, out);
  }
  [[nodiscard]] bool run_hooks(HookPoint point, Packet& packet, Interface* in, Interface* out);
  [[nodiscard]] Reassembly& make_reassembly();

  // Out.
  /// The front of a packet that leaves is its header now.
  void mark_made_here(Packet& packet) const {
    packet.mark_network_header();
    PacketMeta& meta = packet.meta();
    meta.stamp = node_.now();
    meta.arrival_interface = 0;
    meta.cast = LinkCast::to_us;
  }
  Result<void> refuse(Packet packet, DropReason reason, int code, const char* context);
  /// A packet made here, its header complete: hooks, then back to us, into pieces or to the neighbour.
  Result<void> depart(Packet&& packet, Path& path, bool too_big, std::size_t mtu, const SendOptions& options);
  void transmit(Packet&& packet, Path& path) {
    Neighbor* neighbor = path.neighbor;
    if (neighbor != nullptr && neighbor->is_usable(node_.now())) [[likely]] {
      path.out->output(std::move(packet), neighbor->link_address(), Traits<A>::kEtherType);
    } else {
      transmit_slow(std::move(packet), path);
    }
  }
  void transmit_slow(Packet packet, Path& path);
  /// `in`: where it seems to come in; null: nowhere, it is ours alone.
  void loop_back(Packet packet, Interface* in = nullptr);
  /// A packet to a group that has passed the hooks of output: a copy for this node, if it is in the group on that link,
  /// which passes those of postrouting as the packet itself will (Linux's ip_mc_output). False: that was
  /// all, and the packet has ended.
  [[nodiscard]] bool pass_group(Packet& packet, const Path& path, const SendOptions& options);
  /// What ICMP taught us of the path; null: nothing.
  [[nodiscard]] const PathMtuCache::Entry* learned_mtu(const A& destination) const {
    return path_mtus_.find(destination, node_.now());
  }

  // Paths are remembered in sets of two: a host's own address and its peer's may well share a set. Few sets do for most
  // nodes; one whose destinations push each other out again and again gets more, once.
  static constexpr std::size_t kPathWays = 2;
  static constexpr unsigned kFewPathBits = 2;
  static constexpr unsigned kManyPathBits = 8;
  static constexpr std::uint16_t kPathConflicts = 256;
  struct Looped {
    Instant due;
    Packet packet;
    Interface* in;
  };
  struct Registration {
    std::uint8_t number;
    Protocol* protocol;
  };

  Node& node_;
  const IpConfig& common_;
  Neighbors* neighbors_ = nullptr;
  Fib<A> fib_;
  std::array<Path, kPathWays << kFewPathBits> few_paths_;
  std::unique_ptr<Path[]> many_paths_;  // null until they are needed
  std::vector<LocalAddress<A>> addresses_;
  std::unique_ptr<AddressFilter> address_filter_;  // null: few addresses
  std::vector<Registration> protocols_;
  RawReceiver* raw_ = nullptr;
  std::unique_ptr<HookTable> hooks_;
  PacketCounters counters_;
  std::uint32_t addresses_generation_ = 1;  // so that an empty Path is void
  std::uint16_t path_conflicts_ = 0;
  std::uint8_t path_victim_ = 0;  // the way that was filled last
  struct Membership {
    A group;
    Interface* interface;  // null: any
    std::uint32_t count;
  };
  std::vector<Membership> memberships_;
  PathMtuCache path_mtus_;
  std::unique_ptr<Reassembly> reassembly_;

 private:
  /// Of a node with equal routes: what is known of their neighbours, and what makes its choices its own.
  struct Ways {
    static constexpr unsigned kBits = 4;
    explicit Ways(std::uint64_t seed) : secret(seed) {}
    std::uint64_t secret;
    std::array<Path, 1U << kBits> paths;
  };
  static std::size_t slot_of(const wire::Ipv4Address& a, unsigned bits) {
    return a.value() * 0x9e3779b1U >> (32 - bits);
  }
  static std::size_t slot_of(const wire::Ipv6Address& a, unsigned bits) { return a.hash() >> (64 - bits); }
  void on_loopback_timer(Instant now);

  std::unique_ptr<Ways> ways_;  // null until the first choice
  std::unique_ptr<Timer> loopback_timer_;
  Ring<Looped> looped_;
};

/// Bytes of the largest packet that `packet` (front = network header of `network_header_size` bytes, followed by the
/// transport's) is on the wire: less than its size for a super-segment.
[[nodiscard]] std::size_t wire_size(const Packet& packet, std::size_t network_header_size, std::uint8_t protocol);

extern template class Layer<wire::Ipv4Address>;
extern template class Layer<wire::Ipv6Address>;

}  // namespace catenet::ip
