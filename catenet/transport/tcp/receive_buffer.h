// SPDX-License-Identifier: Apache-2.0
// ReceiveBuffer: data on its way to the user. In order: a queue of the packets they came in. Out of order: packets
// without overlap, sorted by sequence number, until the gap before them is filled. A packet ends (is consumed) when its
// last byte is read.
//
// Of data that come twice and differ, the first copy counts, byte by byte, whether it came in order or not: what was
// acknowledged or reported by SACK never changes, and nobody can make this end and an onlooker see different streams by
// the order of his segments.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "catenet/base/delegate.h"
#include "catenet/base/ring.h"
#include "catenet/net/drop_reason.h"
#include "catenet/packet/packet.h"
#include "catenet/transport/tcp/sequence.h"
#include "catenet/wire/tcp.h"

namespace catenet::transport {

/// Where a packet goes that has no use any more.
using DropSink = Delegate<void(Packet, DropReason)>;

class ReceiveBuffer {
 public:
  static constexpr std::size_t kCoalesceBelow = 512;  ///< payloads up to this are copied behind their predecessor

  /// How many packets may wait behind a gap when `bytes` may: a packet is more than its data, so a limit in bytes alone
  /// would let tiny segments take a thousand times as much memory.
  [[nodiscard]] static std::size_t most_out_of_order(std::uint32_t bytes) { return 64 + bytes / 512; }

  /// Bytes in order and not read.
  [[nodiscard]] std::uint32_t readable() const { return readable_; }
  [[nodiscard]] std::uint32_t out_of_order_bytes() const { return gaps_ ? gaps_->bytes : 0; }
  [[nodiscard]] bool has_gap() const { return gaps_ && !gaps_->entries.empty(); }

  /// Appends data that starts at the next byte expected. Takes the packet.
  void append(Packet&& data);
  /// Takes data that start at `rcv_nxt`. Returns how many bytes have become contiguous, with what waited behind them.
  /// `duplicate`: as insert().
  std::uint32_t accept(Packet data, std::uint32_t rcv_nxt, DropSink drop, wire::SackBlock& duplicate);
  /// Takes data that start at `seq`, later than the next byte expected, and keeps what is new of them, in at most
  /// `most` packets in all. False: nothing was kept; `drop` has got it, as tcp_duplicate or tcp_reassembly_full.
  /// `duplicate`, empty before, is set to the first range that we had already.
  bool insert(Packet data, std::uint32_t seq, std::size_t most, DropSink drop, wire::SackBlock& duplicate);
  /// Moves what has become contiguous at `rcv_nxt` in order; returns the bytes.
  std::uint32_t take_contiguous(std::uint32_t rcv_nxt, DropSink drop);

  /// The SACK blocks to report, at most out.size(): the one with the newest segment first, then those reported most
  /// recently (RFC 2018 4). Returns how many.
  std::size_t sack_blocks(std::span<wire::SackBlock> out) const;

  /// Copies out and, unless `peek`, takes away; returns the bytes.
  std::size_t read(std::span<std::byte> out, bool peek);
  /// Drops everything.
  void clear(DropSink drop, DropReason reason);

 private:
  struct Entry {
    std::uint32_t seq;
    std::uint32_t length;
    Packet data;
    [[nodiscard]] std::uint32_t end() const { return seq + length; }
  };
  struct Gaps {  // what came ahead of one
    std::vector<Entry> entries;
    std::vector<wire::SackBlock> blocks;  // the same, entries that touch taken together
    std::uint32_t bytes = 0;
    std::array<std::uint32_t, 6> recent{};  // a byte of each block, the newest first
    std::uint8_t recent_count = 0;
  };
  void keep(Packet data, std::uint32_t seq, std::vector<Entry>::iterator at);
  void add_to_blocks(std::uint32_t left, std::uint32_t right);
  void note_recent(std::uint32_t seq);
  [[nodiscard]] bool block_around(std::uint32_t seq, wire::SackBlock& block) const;

  Ring<Packet> in_order_;
  std::unique_ptr<Gaps> gaps_;  // from the first on
  std::uint32_t readable_ = 0;
};

}  // namespace catenet::transport
