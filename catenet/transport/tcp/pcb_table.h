// SPDX-License-Identifier: Apache-2.0
// PcbTable: four-tuple -> protocol control block. Every block with a local port is in it once; one that has no peer (a
// listener, or a socket that is only bound) has an unspecified foreign end, one bound to every address an unspecified
// local address. Demultiplexing is therefore three questions, the most specific first:
//
//   local address, local port, foreign address, foreign port      the connection itself
//   local address, local port, any                                who listens on just that address
//   any,           local port, any                                who listens on all of them
//
// A table of buckets, each one cache line: seven blocks and eight bits of each one's hash, so that a look-up among a
// million connections touches the bucket, then the block it was looking for, and hardly ever anything else. A block
// whose bucket is full stands in the next one that has room; the buckets it passed count it, and a search goes on only
// where somebody has passed. Keyed with a secret of the host so that nobody outside can choose colliding ports. Nothing
// is allocated before the first entry. Order inside the table is never shown: who lists it sorts by tuple.
#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "catenet/wire/endpoint.h"

namespace catenet::transport {

/// The key of a block without a peer.
[[nodiscard]] inline wire::FourTuple listening_key(const wire::Endpoint& local) {
  return {local, wire::Endpoint::any(local.address.family())};
}
/// The same, on every address.
[[nodiscard]] inline wire::FourTuple wildcard_key(const wire::Endpoint& local) {
  return listening_key({wire::IpAddress::any(local.address.family()), local.port});
}

/// Pcb has `const wire::FourTuple& tuple() const`, which does not change while the block is in the table.
template <typename Pcb>
class PcbTable {
 public:
  explicit PcbTable(std::uint64_t secret) : secret_(secret) {}

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] Pcb* find(const wire::FourTuple& key) const {
    if (size_ == 0) {
      return nullptr;
    }
    const std::uint64_t hash = key.hash(secret_);
    for (std::size_t i = home(hash);; i = next(i)) {
      const Bucket& bucket = buckets_[i];
      for (std::uint64_t found = bucket.matches(tag(hash)); found != 0; found &= found - 1) {
        Pcb* pcb = bucket.pcbs[Bucket::place(found)];
        if (pcb->tuple() == key) {
          return pcb;
        }
      }
      if (bucket.passed() == 0) {
        return nullptr;
      }
    }
  }
  /// Precondition: find(pcb.tuple()) is null.
  void insert(Pcb& pcb) {
    if ((size_ + 1) * 6 > buckets_.size() * Bucket::kPlaces * 5) {
      grow();
    }
    put(pcb);
    ++size_;
  }
  /// Precondition: it is in the table.
  void erase(Pcb& pcb) {
    const std::uint64_t hash = pcb.tuple().hash(secret_);
    for (std::size_t i = home(hash);; i = next(i)) {
      Bucket& bucket = buckets_[i];
      for (std::uint64_t found = bucket.matches(tag(hash)); found != 0; found &= found - 1) {
        if (bucket.pcbs[Bucket::place(found)] == &pcb) {
          bucket.set(Bucket::place(found), 0, nullptr);
          --size_;
          return;
        }
      }
      bucket.leave();
    }
  }

 private:
  struct alignas(64) Bucket {
    static constexpr unsigned kPlaces = 7;
    static constexpr std::uint64_t kLow = 0x0001010101010101;   // the lowest bit of each place
    static constexpr std::uint64_t kHigh = 0x0080808080808080;  // the highest
    static constexpr std::uint64_t kMostPassed = 0xff;

    /// Bit 8 i + 7 is set where place i has that tag; tag 0 finds the empty places.
    [[nodiscard]] std::uint64_t matches(std::uint64_t wanted) const {
      const std::uint64_t difference = tags ^ (wanted * kLow);
      return ~(((difference & ~kHigh) + (kHigh - kLow)) | difference) & kHigh;
    }
    [[nodiscard]] static unsigned place(std::uint64_t found) {
      return static_cast<unsigned>(std::countr_zero(found)) / 8;
    }
    void set(unsigned place, std::uint64_t value, Pcb* pcb) {
      tags = (tags & ~(std::uint64_t{0xff} << (8 * place))) | value << (8 * place);
      pcbs[place] = pcb;
    }
    /// How many blocks stand further on because this bucket was full. From 255 on nobody knows, and it stays.
    [[nodiscard]] std::uint64_t passed() const { return tags >> 56; }
    void pass() { tags += passed() == kMostPassed ? 0 : std::uint64_t{1} << 56; }
    void leave() { tags -= passed() == kMostPassed ? 0 : std::uint64_t{1} << 56; }

    std::uint64_t tags = 0;  // seven bytes of tags, and passed() in the highest
    Pcb* pcbs[kPlaces] = {};
  };
  static_assert(sizeof(Bucket) == 64);

  [[nodiscard]] static std::uint64_t tag(std::uint64_t hash) { return hash >> 56 == 0 ? 1 : hash >> 56; }
  [[nodiscard]] std::size_t home(std::uint64_t hash) const { return hash & (buckets_.size() - 1); }
  [[nodiscard]] std::size_t next(std::size_t i) const { return (i + 1) & (buckets_.size() - 1); }
  void put(Pcb& pcb) {
    const std::uint64_t hash = pcb.tuple().hash(secret_);
    for (std::size_t i = home(hash);; i = next(i)) {
      if (const std::uint64_t empty = buckets_[i].matches(0); empty != 0) {
        buckets_[i].set(Bucket::place(empty), tag(hash), &pcb);
        return;
      }
      buckets_[i].pass();
    }
  }
  void grow() {
    std::vector<Bucket> old(buckets_.empty() ? 1 : buckets_.size() * 2);
    old.swap(buckets_);
    for (const Bucket& bucket : old) {
      for (Pcb* pcb : bucket.pcbs) {
        if (pcb != nullptr) {
          put(*pcb);
        }
      }
    }
  }

  std::uint64_t secret_;
  std::vector<Bucket> buckets_;
  std::size_t size_ = 0;
};

}  // namespace catenet::transport
