// SPDX-License-Identifier: Apache-2.0
// MacTable: address -> port and the time it was last heard. Flat open addressing, linear probing, doubling up to a
// limit; nothing is allocated before the first address. Keys come from the network, so their hash is keyed with a
// secret.
#pragma once
#include <cstdint>
#include <vector>

#include "catenet/base/time.h"
#include "catenet/wire/link_address.h"

namespace catenet::bridge {

class MacTable {
 public:
  static constexpr std::uint16_t kNoPort = 0xffff;
  MacTable(std::uint64_t secret, std::uint32_t max_addresses, Duration ageing)
      : secret_(secret), max_addresses_(max_addresses), ageing_(ageing) {}

  enum class Learned : std::uint8_t { known, fresh, moved, full };
  Learned learn(const wire::MacAddress& address, std::uint16_t port, Instant now);
  /// The port, or kNoPort if unknown or silent for longer than the ageing time.
  [[nodiscard]] std::uint16_t find(const wire::MacAddress& address, Instant now) const;
  void forget_port(std::uint16_t port);

  struct Entry {
    wire::MacAddress address;
    std::uint16_t port = kNoPort;  // kNoPort: the slot is free
    Instant heard;
  };
  /// Live entries ordered by address.
  [[nodiscard]] std::vector<Entry> snapshot(Instant now) const;
  [[nodiscard]] std::size_t size() const { return used_; }

 private:
  [[nodiscard]] bool is_live(const Entry& e, Instant now) const {
    return e.port != kNoPort && now - e.heard <= ageing_;
  }
  [[nodiscard]] std::size_t slot_of(const wire::MacAddress& address) const;
  /// Rebuilds with room for one more, dropping what is aged and what `forgotten` names; false at the limit.
  bool rebuild(Instant now, std::uint16_t forgotten);

  std::uint64_t secret_;
  std::uint32_t max_addresses_;
  std::uint32_t used_ = 0;
  Duration ageing_;
  Instant next_sweep_;  // a full table looks for aged entries at most once a second, whatever arrives
  std::vector<Entry> slots_;
};

}  // namespace catenet::bridge
