// SPDX-License-Identifier: Apache-2.0
// NeighborCache<A>: link addresses of the neighbours on every link of a node, and the packets that wait for one. The
// state machine of address resolution without its messages, for its two clients: ARP (RFC 826, RFC 1122 2.3.2) and
// neighbour discovery (RFC 4861 7.3, and 7048: who does not answer alone is asked among everybody).
//
//   (none) --packet--> incomplete --answer--> reachable --reachable_time--> stale --packet--> delay
//                          |  broadcast, 1/s, tries                                             | delay_first_probe
//                          v                                                                    v
//                       removed <--broadcast tries-- incomplete <--unicast tries--------------- probe
//   Any ARP from the neighbour, or an advertisement that answers us, makes its entry reachable again; what it says
//   unasked makes a stale one. Packets flow in every state but incomplete.
//
// "stale" costs no timer: it is "reachable" whose time is over. Entries have stable addresses until removed; every
// removal raises generation(), which is what caches of Entry* must compare.
#pragma once
#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <tuple>
#include <vector>

#include "catenet/base/ring.h"
#include "catenet/event/timer.h"
#include "catenet/ip/config.h"
#include "catenet/net/interface.h"
#include "catenet/packet/packet.h"
#include "catenet/wire/address.h"

namespace catenet::ip {

enum class NeighborState : std::uint8_t { incomplete, reachable, stale, delay, probe, permanent };

[[nodiscard]] constexpr const char* name(NeighborState state) {
  constexpr const char* kNames[] = {"incomplete", "reachable", "stale", "delay", "probe", "permanent"};
  return kNames[static_cast<std::size_t>(state)];
}

/// What the packets of a family die of when they find no neighbour.
template <typename A>
struct NeighborDrops;
template <>
struct NeighborDrops<wire::Ipv4Address> {
  static constexpr DropReason kQueueFull = DropReason::arp_queue_full;
  static constexpr DropReason kFailed = DropReason::arp_failed;
  static constexpr DropReason kCacheFull = DropReason::arp_cache_full;
};
template <>
struct NeighborDrops<wire::Ipv6Address> {
  static constexpr DropReason kQueueFull = DropReason::ndp_queue_full;
  static constexpr DropReason kFailed = DropReason::ndp_failed;
  static constexpr DropReason kCacheFull = DropReason::ndp_cache_full;
};

template <typename A>
class NeighborCache {
 public:
  class Entry {
   public:
    [[nodiscard]] const A& address() const { return address_; }
    [[nodiscard]] Interface& interface() const { return interface_; }
    [[nodiscard]] const wire::LinkAddress& link_address() const { return link_address_; }
    /// May link_address() be used right now, without telling the cache? The hot path's one question.
    [[nodiscard]] bool is_usable(Instant now) const { return now < usable_until_; }
    [[nodiscard]] NeighborState state(Instant now) const {
      return state_ == NeighborState::reachable && !is_usable(now) ? NeighborState::stale : state_;
    }
    [[nodiscard]] Instant confirmed_at() const { return confirmed_at_; }
    [[nodiscard]] std::size_t parked() const { return parked_.size(); }

   private:
    friend class NeighborCache;
    Entry(NeighborCache& cache, Interface& interface, const A& address)
        : cache_(cache),
          interface_(interface),
          timer_(cache.timers_, Delegate<void(Instant)>::template to<&Entry::on_timer>(*this)),
          address_(address) {}
    void on_timer(Instant now) { cache_.on_timer(*this, now); }

    NeighborCache& cache_;
    Interface& interface_;
    Instant usable_until_;  // zero: not at all
    Instant confirmed_at_;
    Timer timer_;
    Ring<Packet> parked_;
    A address_;
    wire::LinkAddress link_address_;
    NeighborState state_ = NeighborState::incomplete;
    std::uint8_t tries_ = 0;
  };

  /// Who asks the questions and sends the packets.
  class Client {
   public:
    /// Ask `entry`'s neighbour for its link address: everybody, or (`unicast`) the address that we have.
    virtual void solicit(const Entry& entry, bool unicast) = 0;
    /// A packet whose neighbour is known: send it.
    virtual void transmit(Packet packet, const Entry& entry) = 0;
    /// A packet whose neighbour did not answer. The entry is gone.
    virtual void unresolved(Packet packet, Interface& out, const A& next_hop) = 0;
    /// The story: an incomplete entry was completed, or given up.
    virtual void resolved(const Entry& entry) = 0;
    virtual void failed(Interface& out, const A& next_hop) = 0;

   protected:
    ~Client() = default;
  };

  NeighborCache(TimerQueue& timers, const NeighborConfig& config, Client& client)
      : timers_(timers), config_(config), client_(client) {}
  ~NeighborCache() { flush(nullptr, DropReason::run_ended); }
  NeighborCache(const NeighborCache&) = delete;
  NeighborCache& operator=(const NeighborCache&) = delete;

  [[nodiscard]] Entry* find(const Interface& interface, const A& address) const {
    const auto at = position(interface, address);
    return at != entries_.end() && is(**at, interface, address) ? at->get() : nullptr;
  }
  /// Transmits the packet, or parks it and asks; parks at most config.parked_packets (the oldest is dropped as
  /// "queue full"). With no room for an entry it is dropped as "cache full".
  void send(Packet packet, Interface& out, const A& next_hop);
  /// A neighbour spoke: refreshes its entry. An unknown neighbour gets one only if `create` (RFC 826).
  /// Returns false when nothing was known and nothing was made.
  bool learn(Interface& in, const A& address, const wire::LinkAddress& link_address, bool create);
  /// A neighbour said where it is without being asked (RFC 4861 7.2.3): its entry is made, or changed and then stale.
  void hear(Interface& in, const A& address, const wire::LinkAddress& link_address, bool create);
  /// A neighbour's advertisement (RFC 4861 7.2.5). False when nobody wanted to know.
  bool advertised(Interface& in, const A& address, const std::optional<wire::LinkAddress>& link_address, bool solicited,
                  bool override);
  /// An upper layer heard from the neighbour (RFC 4861 7.3.1): as good as an answer.
  void confirm(const Interface& interface, const A& address);
  /// An entry that is never asked for nor changed by what is heard. False: the cache is full.
  bool add_permanent(Interface& interface, const A& address, const wire::LinkAddress& link_address);
  bool remove(const Interface& interface, const A& address);
  /// Forgets the neighbours of one interface, or of all (null), but for permanent ones; parked packets are dropped.
  void flush(const Interface* interface, DropReason reason);

  [[nodiscard]] std::uint32_t generation() const { return generation_; }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  /// In the order of (interface, address).
  template <typename F>
  void for_each(F&& f) const {
    for (const auto& entry : entries_) {
      f(static_cast<const Entry&>(*entry));
    }
  }

 private:
  using Entries = std::vector<std::unique_ptr<Entry>>;
  static bool is(const Entry& e, const Interface& interface, const A& address) {
    return &e.interface_ == &interface && e.address_ == address;
  }
  [[nodiscard]] typename Entries::const_iterator position(const Interface& interface, const A& address) const {
    return std::lower_bound(
        entries_.begin(), entries_.end(), std::tuple(interface.index(), address),
        [](const auto& e, const auto& key) { return std::tuple(e->interface_.index(), e->address_) < key; });
  }
  [[nodiscard]] Entry* make(Interface& interface, const A& address);
  bool evict_oldest();
  std::unique_ptr<Entry> extract(const Interface& interface, const A& address);
  void complete(Entry& entry, const wire::LinkAddress& link_address, Instant now, bool confirmed = true);
  void start_delay(Entry& entry, Instant now);
  void ask(Entry& entry, bool unicast, Instant now);
  void on_timer(Entry& entry, Instant now);
  void give_up(Entry& entry);

  TimerQueue& timers_;
  const NeighborConfig& config_;
  Client& client_;
  Entries entries_;
  std::uint32_t generation_ = 0;
};

template <typename A>
void NeighborCache<A>::send(Packet packet, Interface& out, const A& next_hop) {
  const Instant now = timers_.now();
  Entry* entry = find(out, next_hop);
  if (entry == nullptr) {
    entry = make(out, next_hop);
    if (entry == nullptr) {
      out.drop(std::move(packet), NeighborDrops<A>::kCacheFull);
      return;
    }
    ask(*entry, false, now);
  }
  if (entry->state_ == NeighborState::incomplete) {
    if (entry->parked_.size() >= std::max<std::size_t>(config_.parked_packets, 1)) {
      out.drop(entry->parked_.pop_front(), NeighborDrops<A>::kQueueFull);
    }
    entry->parked_.push_back(std::move(packet));
    return;
  }
  if (!entry->is_usable(now)) {  // stale: it may go on being used while we find out
    start_delay(*entry, now);
  }
  client_.transmit(std::move(packet), *entry);
}

template <typename A>
void NeighborCache<A>::start_delay(Entry& entry, Instant now) {
  entry.state_ = NeighborState::delay;
  entry.usable_until_ = Instant::never();
  entry.timer_.arm(now + config_.delay_first_probe);
}

template <typename A>
bool NeighborCache<A>::learn(Interface& in, const A& address, const wire::LinkAddress& link_address, bool create) {
  Entry* entry = find(in, address);
  if (entry == nullptr && create) {
    entry = make(in, address);
  }
  if (entry == nullptr) {
    return false;
  }
  if (entry->state_ != NeighborState::permanent) {
    complete(*entry, link_address, timers_.now());
  }
  return true;
}

template <typename A>
void NeighborCache<A>::hear(Interface& in, const A& address, const wire::LinkAddress& link_address, bool create) {
  Entry* entry = find(in, address);
  if (entry == nullptr && create) {
    entry = make(in, address);
  }
  if (entry != nullptr && entry->state_ != NeighborState::permanent &&
      (entry->state_ == NeighborState::incomplete || entry->link_address_ != link_address)) {
    complete(*entry, link_address, timers_.now(), false);
  }
}

template <typename A>
bool NeighborCache<A>::advertised(Interface& in, const A& address, const std::optional<wire::LinkAddress>& link_address,
                                  bool solicited, bool override) {
  const Instant now = timers_.now();
  Entry* entry = find(in, address);
  if (entry == nullptr || entry->state_ == NeighborState::permanent) {
    return false;
  }
  if (entry->state_ == NeighborState::incomplete) {
    if (link_address) {
      complete(*entry, *link_address, now, solicited);
    }
    return link_address.has_value();
  }
  const bool other = link_address && *link_address != entry->link_address_;
  if (other && !override) {  // I: it may be an anycast address, or a liar; what we have is doubtful now
    if (entry->state(now) == NeighborState::reachable) {
      entry->usable_until_ = now;
    }
    return true;
  }
  if (solicited || other) {  // II
    complete(*entry, other ? *link_address : wire::LinkAddress(entry->link_address_), now, solicited);
  }
  return true;
}

/// Not `confirmed`: the entry is stale, and goes on being used while we find out.
template <typename A>
void NeighborCache<A>::complete(Entry& entry, const wire::LinkAddress& link_address, Instant now, bool confirmed) {
  const bool waited = entry.state_ == NeighborState::incomplete;
  entry.link_address_ = link_address;
  entry.state_ = NeighborState::reachable;
  entry.tries_ = 0;
  entry.timer_.cancel();
  if (confirmed) {
    entry.confirmed_at_ = now;
  }
  entry.usable_until_ = confirmed ? now + config_.reachable_time : now;
  if (!waited) {
    return;
  }
  client_.resolved(entry);
  Ring<Packet> parked = std::move(entry.parked_);
  if (!confirmed && !parked.empty()) {
    start_delay(entry, now);
  }
  while (!parked.empty()) {
    client_.transmit(parked.pop_front(), entry);
  }
}

template <typename A>
void NeighborCache<A>::confirm(const Interface& interface, const A& address) {
  Entry* entry = find(interface, address);
  if (entry != nullptr && entry->state_ != NeighborState::incomplete && entry->state_ != NeighborState::permanent) {
    complete(*entry, wire::LinkAddress(entry->link_address_), timers_.now());
  }
}

template <typename A>
bool NeighborCache<A>::add_permanent(Interface& interface, const A& address, const wire::LinkAddress& link_address) {
  Entry* entry = find(interface, address);
  if (entry == nullptr) {
    entry = make(interface, address);
  }
  if (entry == nullptr) {
    return false;
  }
  complete(*entry, link_address, timers_.now());
  entry->state_ = NeighborState::permanent;
  entry->usable_until_ = Instant::never();
  return true;
}

template <typename A>
typename NeighborCache<A>::Entry* NeighborCache<A>::make(Interface& interface, const A& address) {
  if (entries_.size() >= config_.entries && !evict_oldest()) {
    return nullptr;
  }
  return entries_.insert(position(interface, address), std::unique_ptr<Entry>(new Entry(*this, interface, address)))
      ->get();
}

/// Makes room: the stale entry that was confirmed longest ago goes. False if every entry is in use.
template <typename A>
bool NeighborCache<A>::evict_oldest() {
  const Instant now = timers_.now();
  Entry* oldest = nullptr;
  for (const auto& entry : entries_) {
    if (entry->state(now) == NeighborState::stale &&
        (oldest == nullptr || entry->confirmed_at_ < oldest->confirmed_at_)) {
      oldest = entry.get();
    }
  }
  return oldest != nullptr && remove(oldest->interface_, oldest->address_);
}

template <typename A>
std::unique_ptr<typename NeighborCache<A>::Entry> NeighborCache<A>::extract(const Interface& interface,
                                                                            const A& address) {
  const auto at = position(interface, address);
  if (at == entries_.end() || !is(**at, interface, address)) {
    return nullptr;
  }
  const auto slot = entries_.begin() + (at - entries_.cbegin());
  std::unique_ptr<Entry> entry = std::move(*slot);
  entries_.erase(slot);
  ++generation_;
  return entry;
}

template <typename A>
bool NeighborCache<A>::remove(const Interface& interface, const A& address) {
  const std::unique_ptr<Entry> entry = extract(interface, address);
  while (entry != nullptr && !entry->parked_.empty()) {
    entry->interface_.drop(entry->parked_.pop_front(), NeighborDrops<A>::kFailed);
  }
  return entry != nullptr;
}

template <typename A>
void NeighborCache<A>::flush(const Interface* interface, DropReason reason) {
  std::erase_if(entries_, [&](std::unique_ptr<Entry>& entry) {
    if ((interface != nullptr && interface != &entry->interface_) || entry->state_ == NeighborState::permanent) {
      return false;
    }
    while (!entry->parked_.empty()) {
      entry->interface_.drop(entry->parked_.pop_front(), reason);
    }
    return true;
  });
  ++generation_;
}

template <typename A>
void NeighborCache<A>::ask(Entry& entry, bool unicast, Instant now) {
  ++entry.tries_;
  entry.timer_.arm(now + config_.retransmit);
  client_.solicit(entry, unicast);
}

template <typename A>
void NeighborCache<A>::on_timer(Entry& entry, Instant now) {
  switch (entry.state_) {
    case NeighborState::delay:
      entry.state_ = NeighborState::probe;
      entry.tries_ = 0;
      [[fallthrough]];
    case NeighborState::probe:
      if (entry.tries_ < config_.unicast_tries) {
        ask(entry, true, now);
        return;
      }
      entry.state_ = NeighborState::incomplete;  // perhaps it has a new link address: ask everybody
      entry.usable_until_ = Instant::zero();
      entry.tries_ = 0;
      [[fallthrough]];
    case NeighborState::incomplete:
      if (entry.tries_ < config_.broadcast_tries) {
        ask(entry, false, now);
      } else {
        give_up(entry);
      }
      return;
    case NeighborState::reachable:
    case NeighborState::stale:
    case NeighborState::permanent:
      return;
  }
}

template <typename A>
void NeighborCache<A>::give_up(Entry& entry) {
  // Out of the table first: what the failure sets off may ask for the same neighbour again.
  const std::unique_ptr<Entry> gone = extract(entry.interface_, entry.address_);
  client_.failed(gone->interface_, gone->address_);
  while (!gone->parked_.empty()) {
    client_.unresolved(gone->parked_.pop_front(), gone->interface_, gone->address_);
  }
}

}  // namespace catenet::ip
