// SPDX-License-Identifier: Apache-2.0
#include "catenet/packet/packet.h"

#include <algorithm>
#include <new>

namespace catenet {
namespace {
constexpr std::size_t kHeadsPerSlab = 64;
constexpr std::size_t kSmallChunksPerSlab = 32;
constexpr std::size_t kCacheLine = 64;
constexpr std::size_t kMaxPullup = 192;  // Ethernet 14 + IPv4 60 + TCP 60, with room to spare
}  // namespace

PacketPool::~PacketPool() = default;

void Packet::abandon() {
  ++head_->pool->stats_.unaccounted;
  head_->pool->free_head(std::exchange(head_, nullptr));
}

bool PacketPool::refill() {
  if (heads_ + kHeadsPerSlab > limits_.packets) {
    ++stats_.refused;
    return false;
  }
  constexpr std::size_t stride = (sizeof(Packet::Head) + kCacheLine - 1) / kCacheLine * kCacheLine;
  slabs_.push_back(std::make_unique_for_overwrite<std::byte[]>(stride * kHeadsPerSlab + kCacheLine));
  void* start = slabs_.back().get();
  std::size_t space = stride * kHeadsPerSlab + kCacheLine;
  auto* base = static_cast<std::byte*>(std::align(kCacheLine, stride * kHeadsPerSlab, start, space));
  for (std::size_t i = kHeadsPerSlab; i-- > 0;) {
    auto* head = new (base + i * stride) Packet::Head;
    head->pool = this;
    head->next_free = free_heads_;
    free_heads_ = head;
  }
  heads_ += kHeadsPerSlab;
  ++stats_.slabs;
  return true;
}

ChunkRef PacketPool::make_chunk(std::size_t bytes) {
  check(bytes <= kLargeChunk, "chunk size");
  const bool small = bytes <= kSmallChunk;
  Chunk*& list = small ? free_small_ : free_large_;
  if (list == nullptr) {
    const std::uint32_t capacity = small ? kSmallChunk : kLargeChunk;
    const std::size_t count = small ? kSmallChunksPerSlab : 1;
    const std::size_t stride = sizeof(Chunk) + capacity;
    if (chunk_bytes_ + count * stride > limits_.chunk_bytes) {
      ++stats_.refused;
      return {};
    }
    slabs_.push_back(std::make_unique_for_overwrite<std::byte[]>(count * stride));
    for (std::size_t i = count; i-- > 0;) {
      list = new (slabs_.back().get() + i * stride) Chunk{this, list, 0, capacity};
    }
    chunk_bytes_ += count * stride;
    ++stats_.slabs;
  }
  Chunk* chunk = list;
  list = chunk->next_free;
  chunk->references = 1;
  return ChunkRef(chunk);
}

void PacketPool::free_chunk(Chunk* chunk) {
  Chunk*& list = chunk->capacity == kSmallChunk ? free_small_ : free_large_;
  chunk->next_free = list;
  list = chunk;
}

/// Offsets in meta move along.
void Packet::move_head_to_front() {
  const std::uint16_t shift = head_->offset;
  std::memmove(head_->storage, data(), head_->length);
  head_->offset = 0;
  PacketMeta& m = head_->meta;
  m.network_header = m.network_header >= shift ? static_cast<std::uint16_t>(m.network_header - shift) : 0;
  m.checksum_start = m.checksum_start >= shift ? static_cast<std::uint16_t>(m.checksum_start - shift) : 0;
  m.checksum_field = m.checksum_field >= shift ? static_cast<std::uint16_t>(m.checksum_field - shift) : 0;
}

bool Packet::pullup_slow(std::size_t n) {
  if (n > head_->size || n > kMaxPullup) {
    return false;
  }
  reserve_head(n);
  const auto missing = static_cast<std::uint32_t>(n - head_->length);
  const std::uint16_t offset = head_->offset;
  const std::uint16_t length = head_->length;
  (void)copy_out(length, {head_->storage + offset + length, missing});
  const std::uint32_t size = head_->size;
  head_->length = 0;  // hide the head, strip the copied bytes from the slices, show the longer head
  head_->size = size - length;
  pull_slow(missing);
  head_->offset = offset;
  head_->length = static_cast<std::uint16_t>(n);
  head_->size = size;
  return true;
}

void Packet::pull_slow(std::size_t n) {
  check(n <= head_->size, "pull beyond the packet");
  head_->size -= static_cast<std::uint32_t>(n);
  n -= head_->length;
  head_->offset = static_cast<std::uint16_t>(head_->offset + head_->length);
  head_->length = 0;
  std::uint32_t gone = 0;
  while (n > 0) {
    Slice& s = head_->slices[gone];
    if (n < s.length) {
      s.offset += static_cast<std::uint32_t>(n);
      s.length -= static_cast<std::uint32_t>(n);
      break;
    }
    n -= s.length;
    ChunkRef(s.chunk).reset();
    ++gone;
  }
  if (gone > 0) {
    std::copy(head_->slices + gone, head_->slices + head_->slice_count, head_->slices);
    head_->slice_count -= gone;
  }
}

void Packet::trim(std::size_t n) {
  if (n >= head_->size) {
    return;
  }
  head_->size = static_cast<std::uint32_t>(n);
  if (n <= head_->length) {
    head_->length = static_cast<std::uint16_t>(n);
    n = 0;
  } else {
    n -= head_->length;
  }
  std::uint32_t kept = 0;
  for (std::uint32_t i = 0; i < head_->slice_count; ++i) {
    Slice& s = head_->slices[i];
    if (n == 0) {
      ChunkRef(s.chunk).reset();
      continue;
    }
    s.length = static_cast<std::uint32_t>(std::min<std::size_t>(s.length, n));
    n -= s.length;
    ++kept;
  }
  head_->slice_count = kept;
}

std::byte* Packet::extend(std::size_t n) {
  if (head_->slice_count == 0 && head_->offset + head_->length + n <= kHeadStorage) {
    std::byte* at = data() + head_->length;
    head_->length = static_cast<std::uint16_t>(head_->length + n);
    head_->size += static_cast<std::uint32_t>(n);
    return at;
  }
  if (head_->slice_count > 0) {  // room behind the last slice, if nobody else sees that chunk
    Slice& last = head_->slices[head_->slice_count - 1];
    if (last.chunk->references == 1 && last.offset + last.length + n <= last.chunk->capacity) {
      std::byte* at = last.chunk->bytes() + last.offset + last.length;
      last.length += static_cast<std::uint32_t>(n);
      head_->size += static_cast<std::uint32_t>(n);
      return at;
    }
  }
  if (head_->slice_count == kMaxSlices || n > PacketPool::kLargeChunk) {
    return nullptr;
  }
  ChunkRef chunk = head_->pool->make_chunk(n);
  if (!chunk) {
    return nullptr;
  }
  std::byte* at = chunk.bytes();
  head_->slices[head_->slice_count++] = Slice{chunk.release(), 0, static_cast<std::uint32_t>(n)};
  head_->size += static_cast<std::uint32_t>(n);
  return at;
}

bool Packet::append(std::span<const std::byte> bytes) {
  if (bytes.empty()) {
    return true;
  }
  std::byte* at = extend(bytes.size());
  if (at == nullptr) {
    return false;
  }
  std::memcpy(at, bytes.data(), bytes.size());
  return true;
}

bool Packet::append_zeros(std::size_t n) {
  std::byte* at = n == 0 ? data() : extend(n);
  if (at == nullptr) {
    return false;
  }
  std::memset(at, 0, n);
  return true;
}

bool Packet::append(const ChunkRef& chunk, std::uint32_t offset, std::uint32_t length) {
  check(offset + length <= chunk.capacity(), "slice outside its chunk");
  if (length == 0) {
    return true;
  }
  if (head_->slice_count > 0) {  // the next bytes of the same chunk: one slice
    Slice& last = head_->slices[head_->slice_count - 1];
    if (last.chunk == chunk.get() && last.offset + last.length == offset) {
      last.length += length;
      head_->size += length;
      return true;
    }
  }
  if (head_->slice_count == kMaxSlices) {
    return false;
  }
  head_->slices[head_->slice_count++] = Slice{ChunkRef(chunk).release(), offset, length};
  head_->size += length;
  return true;
}

bool Packet::append(const Packet& from, std::size_t offset, std::size_t length) {
  check(offset + length <= from.size(), "bytes beyond the other packet");
  const Head& other = *from.head_;
  if (offset < other.length) {
    const std::size_t n = std::min(length, other.length - offset);
    if (!append(from.head().subspan(offset, n))) {
      return false;
    }
    offset += n;
    length -= n;
  }
  offset -= other.length;
  for (std::uint32_t i = 0; length > 0; ++i) {
    const Slice& s = other.slices[i];
    if (offset >= s.length) {
      offset -= s.length;
      continue;
    }
    const std::size_t n = std::min<std::size_t>(length, s.length - offset);
    ChunkRef shared(s.chunk);
    const bool added = append(shared, s.offset + static_cast<std::uint32_t>(offset), static_cast<std::uint32_t>(n));
    (void)shared.release();  // it was never ours
    if (!added) {
      return false;
    }
    offset = 0;
    length -= n;
  }
  return true;
}

std::size_t Packet::copy_out(std::size_t offset, std::span<std::byte> out) const {
  std::size_t done = 0;
  for_each_piece(offset, [&](std::span<const std::byte> piece) {
    const std::size_t n = std::min(piece.size(), out.size() - done);
    if (n > 0) {
      std::memcpy(out.data() + done, piece.data(), n);
      done += n;
    }
  });
  return done;
}

Packet Packet::clone() const {
  Packet copy = head_->pool->make(head_->offset);
  if (!copy) {
    return copy;
  }
  Head& h = *copy.head_;
  h.length = head_->length;
  h.size = head_->size;
  h.meta = head_->meta;
  h.slice_count = head_->slice_count;
  // The headroom goes along too: it may hold headers that pull() stripped and unpull() wants back.
  std::memcpy(h.storage, head_->storage, static_cast<std::size_t>(head_->offset) + head_->length);
  for (std::uint32_t i = 0; i < head_->slice_count; ++i) {
    h.slices[i] = head_->slices[i];
    ++h.slices[i].chunk->references;
  }
  return copy;
}

Packet Packet::copy_to(PacketPool& pool) const {
  Packet copy = pool.make(head_->offset);
  if (!copy) {
    return copy;
  }
  Head& h = *copy.head_;
  h.length = head_->length;
  h.size = head_->length;
  h.meta = head_->meta;
  std::memcpy(h.storage, head_->storage, static_cast<std::size_t>(head_->offset) + head_->length);
  bool complete = true;
  for (std::uint32_t i = 0; i < head_->slice_count && complete; ++i) {
    const Slice& s = head_->slices[i];
    ChunkRef chunk = pool.make_chunk(s.length);
    complete = static_cast<bool>(chunk);
    if (complete) {
      std::memcpy(chunk.bytes(), s.chunk->bytes() + s.offset, s.length);
      complete = copy.append(chunk, 0, s.length);
    }
  }
  if (!complete) {
    --pool.stats_.made;  // it never was
    pool.free_head(std::exchange(copy.head_, nullptr));
  }
  return copy;
}

bool Packet::poke(std::size_t at, std::byte value) {
  check(at < head_->size, "poke beyond the packet");
  if (at < head_->length) {
    data()[at] = value;
    return true;
  }
  at -= head_->length;
  for (std::uint32_t i = 0; i < head_->slice_count; ++i) {
    Slice& s = head_->slices[i];
    if (at >= s.length) {
      at -= s.length;
      continue;
    }
    if (s.chunk->references > 1) {
      ChunkRef own = head_->pool->make_chunk(s.length);
      if (!own) {
        return false;
      }
      std::memcpy(own.bytes(), s.chunk->bytes() + s.offset, s.length);
      ChunkRef(s.chunk).reset();
      s = Slice{own.release(), 0, s.length};
    }
    s.chunk->bytes()[s.offset + at] = value;
    return true;
  }
  return false;
}

std::byte Packet::peek(std::size_t at) const {
  std::byte value{};
  (void)copy_out(at, {&value, 1});
  return value;
}

}  // namespace catenet
