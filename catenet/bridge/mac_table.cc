// SPDX-License-Identifier: Apache-2.0
#include "catenet/bridge/mac_table.h"

#include <algorithm>

namespace catenet::bridge {

std::size_t MacTable::slot_of(const wire::MacAddress& address) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t i = address.hash(secret_) & mask;
  while (slots_[i].port != kNoPort && slots_[i].address != address) {
    i = (i + 1) & mask;
  }
  return i;
}

std::uint16_t MacTable::find(const wire::MacAddress& address, Instant now) const {
  if (slots_.empty()) {
    return kNoPort;
  }
  const Entry& entry = slots_[slot_of(address)];
  return is_live(entry, now) ? entry.port : kNoPort;
}

MacTable::Learned MacTable::learn(const wire::MacAddress& address, std::uint16_t port, Instant now) {
  if (!slots_.empty()) {
    Entry& entry = slots_[slot_of(address)];
    if (entry.port != kNoPort) {
      const bool live = is_live(entry, now);
      const bool same = entry.port == port;
      entry.port = port;
      entry.heard = now;
      return !live ? Learned::fresh : same ? Learned::known : Learned::moved;
    }
  }
  const bool full = used_ >= max_addresses_;
  if (full && now < next_sweep_) {
    return Learned::full;
  }
  if (full || (used_ + 1) * 4 > slots_.size() * 3) {
    next_sweep_ = full ? now + Duration::seconds(1) : next_sweep_;
    if (!rebuild(now, kNoPort)) {
      return Learned::full;
    }
  }
  slots_[slot_of(address)] = Entry{address, port, now};
  ++used_;
  return Learned::fresh;
}

void MacTable::forget_port(std::uint16_t port) {
  if (used_ > 0) {
    (void)rebuild(Instant::never(), port);
  }
}

bool MacTable::rebuild(Instant now, std::uint16_t forgotten) {
  std::vector<Entry> kept;
  for (const Entry& entry : slots_) {
    const bool keep = forgotten != kNoPort ? entry.port != kNoPort && entry.port != forgotten : is_live(entry, now);
    if (keep) {
      kept.push_back(entry);
    }
  }
  std::size_t capacity = 8;
  while ((kept.size() + 1) * 4 > capacity * 3 / 2) {
    capacity *= 2;
  }
  slots_.assign(capacity, Entry{});
  for (const Entry& entry : kept) {
    slots_[slot_of(entry.address)] = entry;
  }
  used_ = static_cast<std::uint32_t>(kept.size());
  return used_ < max_addresses_;
}

std::vector<MacTable::Entry> MacTable::snapshot(Instant now) const {
  std::vector<Entry> rows;
  for (const Entry& entry : slots_) {
    if (is_live(entry, now)) {
      rows.push_back(entry);
    }
  }
  std::sort(rows.begin(), rows.end(), [](const Entry& a, const Entry& b) { return a.address < b.address; });
  return rows;
}

}  // namespace catenet::bridge
