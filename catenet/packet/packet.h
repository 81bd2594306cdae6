// SPDX-License-Identifier: Apache-2.0
// Packet: the one buffer that every room of the house passes on. A move-only handle of one word on a pooled head; the
// head holds the headers (and small payloads) in place and refers to shared payload chunks for the rest, so that
// forwarding copies nothing, and a byte that a sender wrote once can sit in its send buffer, on the wire and in a
// capture at once.
//
//   head:  | metadata | headroom (128) | first bytes of the frame | tailroom |
//   then:  slice 0, slice 1, ... (chunk, offset, length) in order
//
// Life: PacketPool::make() -> moved from room to room -> exactly one of consume() (it reached its user) or a drop with
// a reason (net::Node::drop, which calls discard()). A handle that merely goes out of scope is counted as unaccounted,
// and packet conservation (checked at the end of every run) fails: nothing is lost without a name.
//
// A pool and its packets belong to one thread at a time.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "catenet/base/check.h"
#include "catenet/base/time.h"

namespace catenet {

class PacketPool;
class Packet;

/// A block of payload bytes shared by reference count. Made by PacketPool::make_chunk; freed with the last reference.
struct Chunk {
  PacketPool* pool;
  Chunk* next_free;
  std::uint32_t references;
  std::uint32_t capacity;
  std::byte* bytes() { return reinterpret_cast<std::byte*>(this + 1); }
};

/// Owns one reference to a chunk.
class ChunkRef {
 public:
  ChunkRef() = default;
  explicit ChunkRef(Chunk* chunk) : chunk_(chunk) {}  // takes over one reference
  ChunkRef(const ChunkRef& o) : chunk_(o.chunk_) {
    if (chunk_ != nullptr) {
      ++chunk_->references;
    }
  }
  ChunkRef(ChunkRef&& o) noexcept : chunk_(std::exchange(o.chunk_, nullptr)) {}
  ChunkRef& operator=(ChunkRef o) noexcept {
    std::swap(chunk_, o.chunk_);
    return *this;
  }
  ~ChunkRef() { reset(); }
  void reset();
  Chunk* release() { return std::exchange(chunk_, nullptr); }
  [[nodiscard]] Chunk* get() const { return chunk_; }
  explicit operator bool() const { return chunk_ != nullptr; }
  [[nodiscard]] std::byte* bytes() const { return chunk_->bytes(); }
  [[nodiscard]] std::uint32_t capacity() const { return chunk_->capacity; }

 private:
  Chunk* chunk_ = nullptr;
};

/// What is known about the transport checksum.
enum class ChecksumState : std::uint8_t {
  unverified,  ///< as it came from a wire that may corrupt: the receiver must verify
  partial,   ///< made here: the field holds the pseudo-header sum only; complete_checksum() before it leaves our hands
  verified,  ///< complete, and known to be right
};

/// How the link layer addressed the frame, as seen by the receiver.
enum class LinkCast : std::uint8_t { to_us, broadcast, multicast, to_other };

/// Facts that travel with a packet. Every field is valid at any time; zero means "nothing known".
struct PacketMeta {
  Instant stamp;                        ///< arrival at the interface it was last received on, or when it was made
  std::uint16_t segment_size = 0;       ///< payload bytes per segment of a super-segment; 0: one segment
  std::uint16_t checksum_start = 0;     ///< storage offset where a partial checksum begins to sum; 0: none
  std::uint16_t checksum_field = 0;     ///< storage offset of the 16-bit field it belongs to; 0: none
  std::uint16_t network_header = 0;     ///< storage offset of the network-layer header; 0: not set
  std::uint16_t arrival_interface = 0;  ///< 1 + index of the interface at this node; 0: made here
  ChecksumState checksum = ChecksumState::unverified;
  LinkCast cast = LinkCast::to_us;
  std::uint8_t priority = 0;  ///< 0 best effort to 7 network control, for queue disciplines
  bool fcs_present = false;   ///< the last four bytes are an Ethernet FCS (only behind a link with bit errors)
  std::uint16_t sender = 0;   ///< the packet socket of this host that made the frame; 0: none
  std::uint32_t mark = 0;     ///< for filters and tests
};

class Packet {
 public:
  static constexpr std::size_t kHeadroom = 128;  ///< what make() leaves in front for headers
  static constexpr std::size_t kHeadStorage = 256;
  static constexpr std::size_t kMaxSlices = 4;

  Packet() = default;
  Packet(Packet&& o) noexcept : head_(std::exchange(o.head_, nullptr)) {}
  Packet& operator=(Packet&& o) noexcept {
    if (this != &o) {
      abandon_if_any();
      head_ = std::exchange(o.head_, nullptr);
    }
    return *this;
  }
  Packet(const Packet&) = delete;
  Packet& operator=(const Packet&) = delete;
  ~Packet() { abandon_if_any(); }

  /// False for the null handle: moved from, or the pool is at its limit.
  explicit operator bool() const { return head_ != nullptr; }

  [[nodiscard]] std::size_t size() const { return head_->size; }
  /// The contiguous first bytes. What is behind them sits in slices.
  [[nodiscard]] std::span<std::byte> head() { return {head_->storage + head_->offset, head_->length}; }
  [[nodiscard]] std::span<const std::byte> head() const { return {head_->storage + head_->offset, head_->length}; }
  [[nodiscard]] std::byte* data() { return head_->storage + head_->offset; }
  [[nodiscard]] const std::byte* data() const { return head_->storage + head_->offset; }
  [[nodiscard]] PacketMeta& meta() { return head_->meta; }
  [[nodiscard]] const PacketMeta& meta() const { return head_->meta; }
  [[nodiscard]] PacketPool& pool() const { return *head_->pool; }
  [[nodiscard]] std::size_t headroom() const { return head_->offset; }

  /// Makes room for `n` bytes in front and returns them, uninitialised. Precondition: n <= headroom().
  std::byte* push(std::size_t n) {
    check(n <= head_->offset, "packet headroom");
    head_->offset = static_cast<std::uint16_t>(head_->offset - n);
    head_->length = static_cast<std::uint16_t>(head_->length + n);
    head_->size += static_cast<std::uint32_t>(n);
    return data();
  }
  template <typename Header>
  Header& push_header() {
    return *std::construct_at(reinterpret_cast<Header*>(push(sizeof(Header))));
  }
  /// Makes the first `n` bytes contiguous in the head; false if the packet is shorter or n > 192. Cheap when they
  /// already are.
  [[nodiscard]] bool pullup(std::size_t n) { return n <= head_->length || pullup_slow(n); }
  /// Moves the head, if it must, so that `n` bytes (at most kHeadStorage) from the present front on can be contiguous:
  /// what is stripped and pulled up after this, within those, stays where unpull() finds it. Costs headroom.
  void reserve_head(std::size_t n) {
    if (head_->offset + n > kHeadStorage) [[unlikely]] {
      move_head_to_front();
    }
  }
  /// The header at the front; precondition: pullup(sizeof(Header)) was true.
  template <typename Header>
  Header& header(std::size_t offset = 0) {
    return *reinterpret_cast<Header*>(data() + offset);
  }
  template <typename Header>
  const Header& header(std::size_t offset = 0) const {
    return *reinterpret_cast<const Header*>(data() + offset);
  }
  /// Strips `n` bytes from the front. Bytes stripped inside the head stay in the headroom and can be had back by
  /// unpull().
  void pull(std::size_t n) {
    if (n <= head_->length) [[likely]] {
      head_->offset = static_cast<std::uint16_t>(head_->offset + n);
      head_->length = static_cast<std::uint16_t>(head_->length - n);
      head_->size -= static_cast<std::uint32_t>(n);
    } else {
      pull_slow(n);
    }
  }
  /// Takes back `n` bytes that pull() stripped.
  void unpull(std::size_t n) { push(n); }
  /// Cuts the packet to `n` bytes from the front; no effect if it is shorter.
  void trim(std::size_t n);

  /// Remembers that the network header starts at the present front; rewind_to_network_header() makes it the front
  /// again.
  void mark_network_header() { head_->meta.network_header = head_->offset; }
  void rewind_to_network_header() {
    check(head_->meta.network_header <= head_->offset, "network header is behind the front");
    unpull(static_cast<std::size_t>(head_->offset - head_->meta.network_header));
  }

  /// Adds a copy of `bytes` at the end; false when the pool has no chunk left or the slices are used up.
  [[nodiscard]] bool append(std::span<const std::byte> bytes);
  /// Adds `length` bytes of a shared chunk at the end without a copy; false if the slices are used up.
  [[nodiscard]] bool append(const ChunkRef& chunk, std::uint32_t offset, std::uint32_t length);
  /// Adds `length` bytes of another packet of the same pool, from its `offset` on: what sits in its slices is shared,
  /// what sits in its head is copied. Precondition: offset + length <= from.size(). False: as both above.
  [[nodiscard]] bool append(const Packet& from, std::size_t offset, std::size_t length);
  /// Adds `n` bytes at the end, uninitialised and contiguous, and returns them; nullptr as append().
  [[nodiscard]] std::byte* extend(std::size_t n);
  [[nodiscard]] bool append_zeros(std::size_t n);

  /// Copies min(out.size(), size() - offset) bytes; returns how many.
  std::size_t copy_out(std::size_t offset, std::span<std::byte> out) const;
  /// Calls f(span<const byte>) for each contiguous piece from `offset` on.
  template <typename F>
  void for_each_piece(std::size_t offset, F&& f) const;
  /// Visits the payload slices with shared ownership: f(ChunkRef, offset, length).
  [[nodiscard]] std::size_t slice_count() const { return head_->slice_count; }
  struct Slice {
    Chunk* chunk;
    std::uint32_t offset;
    std::uint32_t length;
  };
  [[nodiscard]] const Slice& slice(std::size_t i) const { return head_->slices[i]; }

  /// A second packet with the same bytes and meta; payload chunks are shared. Null if the pool is at its limit.
  [[nodiscard]] Packet clone() const;
  /// The same bytes in packets of another pool (another thread's); nothing is shared. Null if that pool is at its
  /// limit.
  [[nodiscard]] Packet copy_to(PacketPool& pool) const;
  /// Writes one byte, copying its chunk first if anybody else can see it. Precondition: at < size(). False: no memory.
  [[nodiscard]] bool poke(std::size_t at, std::byte value);
  [[nodiscard]] std::byte peek(std::size_t at) const;

  /// The packet reached its user: ends it and counts it as delivered.
  void consume();
  /// Ends it uncounted, after copy_to(): the copy has taken its place in the books.
  void forget_copied();
  /// Ends it and counts it as dropped. Called by Node::drop, which knows the reason; nobody else calls this.
  void discard();

 private:
  friend class PacketPool;
  struct Head {
    PacketPool* pool;
    Head* next_free;
    std::uint32_t size;  // head bytes + all slices
    std::uint16_t offset;
    std::uint16_t length;
    std::uint32_t slice_count;
    PacketMeta meta;
    Slice slices[kMaxSlices];
    std::byte storage[kHeadStorage];
  };
  explicit Packet(Head* head) : head_(head) {}
  bool pullup_slow(std::size_t n);
  void move_head_to_front();
  void pull_slow(std::size_t n);
  void abandon_if_any() {
    if (head_ != nullptr) [[unlikely]] {
      abandon();
    }
  }
  void abandon();
  std::byte* storage() { return head_->storage; }
  friend void complete_checksum(Packet& packet);

  Head* head_ = nullptr;
};

/// Where packets and chunks come from: slabs, free lists, limits. No malloc once the working set is there.
class PacketPool {
 public:
  struct Limits {
    std::uint64_t packets = 16'000'000;                  ///< packets alive at once
    std::uint64_t chunk_bytes = std::uint64_t{8} << 30;  ///< bytes in chunks at once
  };
  struct Stats {
    std::uint64_t made = 0;         ///< by make, clone and copy_to
    std::uint64_t consumed = 0;     ///< reached their user
    std::uint64_t dropped = 0;      ///< with a reason
    std::uint64_t unaccounted = 0;  ///< went out of scope: a bug
    std::uint64_t refused = 0;      ///< make() said no: the limit was reached
    std::uint64_t slabs = 0;        ///< calls of the system's allocator; constant in the steady state
    [[nodiscard]] std::uint64_t alive() const { return made - consumed - dropped - unaccounted; }
  };
  static constexpr std::uint32_t kSmallChunk = 2048;
  static constexpr std::uint32_t kLargeChunk =
      65536 + 64;  ///< the longest IP packet and the link header in front of it

  PacketPool() = default;
  explicit PacketPool(Limits limits) : limits_(limits) {}
  ~PacketPool();
  PacketPool(const PacketPool&) = delete;
  PacketPool& operator=(const PacketPool&) = delete;

  /// An empty packet with `headroom` bytes (at most kHeadStorage) in front. Null at the limit.
  [[nodiscard]] Packet make(std::size_t headroom = Packet::kHeadroom) {
    if (free_heads_ == nullptr && !refill()) [[unlikely]] {
      return Packet();
    }
    Packet::Head* head = free_heads_;
    free_heads_ = head->next_free;
    head->size = 0;
    head->offset = static_cast<std::uint16_t>(headroom);
    head->length = 0;
    head->slice_count = 0;
    head->meta = PacketMeta{};
    ++stats_.made;
    return Packet(head);
  }
  /// A chunk of at least `bytes` (at most kLargeChunk). Null at the limit.
  [[nodiscard]] ChunkRef make_chunk(std::size_t bytes);

  [[nodiscard]] const Stats& stats() const { return stats_; }
  [[nodiscard]] const Limits& limits() const { return limits_; }

 private:
  friend class Packet;
  friend class ChunkRef;
  bool refill();
  void free_head(Packet::Head* head);
  void free_chunk(Chunk* chunk);

  Limits limits_;
  Stats stats_;
  Packet::Head* free_heads_ = nullptr;
  Chunk* free_small_ = nullptr;
  Chunk* free_large_ = nullptr;
  std::uint64_t heads_ = 0;
  std::uint64_t chunk_bytes_ = 0;
  std::vector<std::unique_ptr<std::byte[]>> slabs_;
};

inline void ChunkRef::reset() {
  if (chunk_ != nullptr && --chunk_->references == 0) {
    chunk_->pool->free_chunk(chunk_);
  }
  chunk_ = nullptr;
}

inline void PacketPool::free_head(Packet::Head* head) {
  for (std::uint32_t i = 0; i < head->slice_count; ++i) {
    Chunk* chunk = head->slices[i].chunk;
    if (--chunk->references == 0) {
      chunk->pool->free_chunk(chunk);
    }
  }
  head->next_free = free_heads_;
  free_heads_ = head;
}

inline void Packet::consume() {
  ++head_->pool->stats_.consumed;
  head_->pool->free_head(std::exchange(head_, nullptr));
}

inline void Packet::forget_copied() {
  --head_->pool->stats_.made;
  head_->pool->free_head(std::exchange(head_, nullptr));
}

inline void Packet::discard() {
  ++head_->pool->stats_.dropped;
  head_->pool->free_head(std::exchange(head_, nullptr));
}

template <typename F>
void Packet::for_each_piece(std::size_t offset, F&& f) const {
  if (offset < head_->length) {
    f(head().subspan(offset));
    offset = 0;
  } else {
    offset -= head_->length;
  }
  for (std::uint32_t i = 0; i < head_->slice_count; ++i) {
    const Slice& s = head_->slices[i];
    if (offset < s.length) {
      f(std::span<const std::byte>(s.chunk->bytes() + s.offset + offset, s.length - offset));
      offset = 0;
    } else {
      offset -= s.length;
    }
  }
}

}  // namespace catenet
