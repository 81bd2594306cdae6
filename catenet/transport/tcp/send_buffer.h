// SPDX-License-Identifier: Apache-2.0
// SendBuffer: what the user gave us and the peer has not acknowledged. The bytes are copied once, into shared chunks;
// segments and their retransmissions refer to them as slices, so acknowledging only lets references go.
#pragma once
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>

#include "catenet/base/ring.h"
#include "catenet/packet/packet.h"

namespace catenet::transport {

class SendBuffer {
 public:
  static constexpr std::uint32_t kCopiedUpTo = 64;  ///< bytes that a segment gets as a copy: a reference costs more

  [[nodiscard]] std::uint32_t size() const { return size_; }

  /// Copies up to `room` bytes in; returns how many (fewer only when the pool is at its limit).
  std::uint32_t write(std::span<const std::byte> bytes, std::uint32_t room, PacketPool& pool) {
    const auto wanted = static_cast<std::uint32_t>(std::min<std::size_t>(bytes.size(), room));
    std::uint32_t done = 0;
    while (done < wanted) {
      if (pieces_.empty() || pieces_.back().end == pieces_.back().chunk.capacity()) {
        // A little data gets a little chunk: an idle connection that sent a line holds 2 KiB, not 64.
        const bool bulk = size_ + (wanted - done) > PacketPool::kSmallChunk;
        ChunkRef chunk = pool.make_chunk(bulk ? PacketPool::kLargeChunk : PacketPool::kSmallChunk);
        if (!chunk) {
          break;
        }
        const std::uint32_t at = pieces_.empty() ? 0 : pieces_.back().at + pieces_.back().end - pieces_.back().begin;
        pieces_.push_back(Piece{std::move(chunk), 0, 0, at});
      }
      Piece& tail = pieces_.back();
      const std::uint32_t n = std::min(wanted - done, tail.chunk.capacity() - tail.end);
      std::memcpy(tail.chunk.bytes() + tail.end, bytes.data() + done, n);
      tail.end += n;
      size_ += n;
      done += n;
    }
    return done;
  }

  /// Adds `length` bytes from `offset` (0: the oldest byte) to the packet, by reference unless they are few; returns
  /// how many, fewer when the packet has no slice left. Precondition: offset + length <= size().
  std::uint32_t append_to(Packet& packet, std::uint32_t offset, std::uint32_t length) const {
    std::uint32_t done = 0;
    std::size_t i = find(offset);
    offset -= i < pieces_.size() ? pieces_[i].at - pieces_.front().at : 0;
    if (length <= kCopiedUpTo && i < pieces_.size() && pieces_[i].end - pieces_[i].begin - offset >= length) {
      return packet.append({pieces_[i].chunk.bytes() + pieces_[i].begin + offset, length}) ? length : 0;
    }
    for (; i < pieces_.size() && done < length; ++i) {
      const Piece& piece = pieces_[i];
      const std::uint32_t here = piece.end - piece.begin;
      const std::uint32_t n = std::min(length - done, here - offset);
      if (!packet.append(piece.chunk, piece.begin + offset, n)) {
        break;
      }
      done += n;
      offset = 0;
    }
    return done;
  }

  /// The oldest `n` bytes are acknowledged.
  void release(std::uint32_t n) {
    check(n <= size_, "acknowledged more than was buffered");
    size_ -= n;
    while (n > 0) {
      Piece& piece = pieces_.front();
      const std::uint32_t here = std::min(n, piece.end - piece.begin);
      piece.begin += here;
      piece.at += here;
      n -= here;
      if (piece.begin == piece.end) {
        (void)pieces_.pop_front();
      }
    }
  }
  void clear() {
    pieces_ = Ring<Piece>();
    size_ = 0;
  }

 private:
  struct Piece {
    ChunkRef chunk;
    std::uint32_t begin;
    std::uint32_t end;
    std::uint32_t at;  // of its first byte, counted from anywhere, modulo 2^32
  };
  /// The piece that the byte at `offset` is in. There may be hundreds, and new data are far behind.
  [[nodiscard]] std::size_t find(std::uint32_t offset) const {
    std::size_t low = 0;
    std::size_t high = pieces_.size();
    while (high - low > 1) {
      const std::size_t middle = low + (high - low) / 2;
      (pieces_[middle].at - pieces_.front().at <= offset ? low : high) = middle;
    }
    return low;
  }
  Ring<Piece> pieces_;
  std::uint32_t size_ = 0;
};

}  // namespace catenet::transport
