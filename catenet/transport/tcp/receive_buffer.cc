// SPDX-License-Identifier: Apache-2.0
#include "catenet/transport/tcp/receive_buffer.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace catenet::transport {

void ReceiveBuffer::append(Packet&& data) {
  const std::size_t size = data.size();
  readable_ += static_cast<std::uint32_t>(size);
  // A head is several hundred bytes: many small payloads share one, so that the limit in bytes also bounds memory.
  if (size <= kCoalesceBelow && !in_order_.empty()) {
    if (std::byte* at = in_order_.back().extend(size); at != nullptr) {
      (void)data.copy_out(0, {at, size});
      data.consume();
      return;
    }
  }
  in_order_.push_back(std::move(data));
}

std::uint32_t ReceiveBuffer::accept(Packet data, std::uint32_t rcv_nxt, DropSink drop, wire::SackBlock& duplicate) {
  const std::uint32_t end = rcv_nxt + static_cast<std::uint32_t>(data.size());
  if (!has_gap()) [[likely]] {
    append(std::move(data));
    return end - rcv_nxt;
  }
  if (seq_up_to(end, gaps_->entries.front().seq)) {
    append(std::move(data));
    return end - rcv_nxt + take_contiguous(end, drop);
  }
  (void)insert(std::move(data), rcv_nxt, std::numeric_limits<std::size_t>::max(), drop, duplicate);
  return take_contiguous(rcv_nxt, drop);
}

bool ReceiveBuffer::insert(Packet data, std::uint32_t seq, std::size_t most, DropSink drop,
                           wire::SackBlock& duplicate) {
  if (!gaps_) {
    gaps_ = std::make_unique<Gaps>();
  }
  std::vector<Entry>& entries = gaps_->entries;
  const std::uint32_t end = seq + static_cast<std::uint32_t>(data.size());
  const std::uint32_t first = seq;
  bool kept = false;
  auto at = std::partition_point(entries.begin(), entries.end(),
                                 [seq](const Entry& entry) { return seq_up_to(entry.end(), seq); });
  for (;;) {
    if (at != entries.end() && seq_before(at->seq, end)) {
      const wire::SackBlock again = {seq_max(seq, at->seq), seq_min(end, at->end())};
      if (duplicate.left == duplicate.right) {
        duplicate = again;
      } else if (duplicate.right == again.left) {
        duplicate.right = again.right;
      }
    }
    if (at != entries.end() && seq_up_to(at->seq, seq)) {  // the next bytes are there already
      if (seq_up_to(end, at->end())) {
        note_recent(first);
        drop(std::move(data), DropReason::tcp_duplicate);
        return kept;
      }
      data.pull(at->end() - seq);
      seq = at->end();
      ++at;
      continue;
    }
    if (entries.size() >= most) {
      drop(std::move(data), DropReason::tcp_reassembly_full);
      return kept;
    }
    if (at == entries.end() || seq_up_to(end, at->seq)) {  // all that is left is new
      keep(std::move(data), seq, at);
      note_recent(first);
      return true;
    }
    Packet piece = data.clone();  // what comes before the bytes that are there
    if (!piece) {
      drop(std::move(data), DropReason::tcp_reassembly_full);
      return kept;
    }
    piece.trim(at->seq - seq);
    const auto index = at - entries.begin();
    keep(std::move(piece), seq, at);
    kept = true;
    at = entries.begin() + index + 1;
    data.pull(at->seq - seq);
    seq = at->seq;
  }
}

void ReceiveBuffer::keep(Packet data, std::uint32_t seq, std::vector<Entry>::iterator at) {
  const auto length = static_cast<std::uint32_t>(data.size());
  gaps_->bytes += length;
  gaps_->entries.insert(at, Entry{seq, length, std::move(data)});
  add_to_blocks(seq, seq + length);
}

// It overlaps none of them, and may touch two.
void ReceiveBuffer::add_to_blocks(std::uint32_t left, std::uint32_t right) {
  std::vector<wire::SackBlock>& blocks = gaps_->blocks;
  const auto after = std::partition_point(
      blocks.begin(), blocks.end(), [left](const wire::SackBlock& block) { return seq_before(block.left, left); });
  const bool touches_after = after != blocks.end() && after->left == right;
  if (after != blocks.begin() && std::prev(after)->right == left) {
    std::prev(after)->right = touches_after ? after->right : right;
    if (touches_after) {
      blocks.erase(after);
    }
  } else if (touches_after) {
    after->left = left;
  } else {
    blocks.insert(after, {left, right});
  }
}

std::uint32_t ReceiveBuffer::take_contiguous(std::uint32_t rcv_nxt, DropSink drop) {
  if (!has_gap()) {
    return 0;
  }
  std::vector<Entry>& entries = gaps_->entries;
  const std::uint32_t start = rcv_nxt;
  auto at = entries.begin();
  for (; at != entries.end() && seq_up_to(at->seq, rcv_nxt); ++at) {
    gaps_->bytes -= at->length;
    if (seq_up_to(at->end(), rcv_nxt)) {
      drop(std::move(at->data), DropReason::tcp_duplicate);
      continue;
    }
    at->data.pull(rcv_nxt - at->seq);
    rcv_nxt = at->end();
    append(std::move(at->data));
  }
  entries.erase(entries.begin(), at);
  std::vector<wire::SackBlock>& blocks = gaps_->blocks;
  blocks.erase(blocks.begin(), std::partition_point(blocks.begin(), blocks.end(), [rcv_nxt](const auto& block) {
                 return seq_up_to(block.right, rcv_nxt);
               }));
  if (entries.empty()) {
    gaps_->recent_count = 0;
  }
  return rcv_nxt - start;
}

// Moves the block that `seq` is in to the front of the list of recent ones.
void ReceiveBuffer::note_recent(std::uint32_t seq) {
  wire::SackBlock block;
  const bool found = block_around(seq, block);
  std::array<std::uint32_t, 6> fresh{seq};
  std::uint8_t count = 1;
  for (std::uint8_t i = 0; i < gaps_->recent_count && count < fresh.size(); ++i) {
    if (!found || !seq_within(block.left, gaps_->recent[i], block.right)) {
      fresh[count++] = gaps_->recent[i];
    }
  }
  gaps_->recent = fresh;
  gaps_->recent_count = count;
}

bool ReceiveBuffer::block_around(std::uint32_t seq, wire::SackBlock& block) const {
  const std::vector<wire::SackBlock>& blocks = gaps_->blocks;
  const auto at =
      std::partition_point(blocks.begin(), blocks.end(), [seq](const auto& one) { return seq_up_to(one.right, seq); });
  if (at == blocks.end() || seq_before(seq, at->left)) {
    return false;
  }
  block = *at;
  return true;
}

std::size_t ReceiveBuffer::sack_blocks(std::span<wire::SackBlock> out) const {
  std::size_t count = 0;
  for (std::uint8_t i = 0; gaps_ && i < gaps_->recent_count && count < out.size(); ++i) {
    const bool reported = std::any_of(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(count),
                                      [&](const auto& b) { return seq_within(b.left, gaps_->recent[i], b.right); });
    if (!reported && block_around(gaps_->recent[i], out[count])) {
      ++count;
    }
  }
  return count;
}

std::size_t ReceiveBuffer::read(std::span<std::byte> out, bool peek) {
  if (!peek && in_order_.size() == 1 && out.size() >= readable_) [[likely]] {  // all there is
    Packet packet = in_order_.pop_front();
    const std::size_t n = packet.copy_out(0, out);
    packet.consume();
    readable_ = 0;
    return n;
  }
  std::size_t done = 0;
  for (std::size_t i = 0; done < out.size() && i < in_order_.size();) {
    Packet& packet = in_order_[i];
    const std::size_t n = packet.copy_out(0, out.subspan(done));
    done += n;
    if (peek) {
      ++i;
    } else if (n == packet.size()) {
      in_order_.pop_front().consume();
    } else {
      packet.pull(n);
    }
  }
  if (!peek) {
    readable_ -= static_cast<std::uint32_t>(done);
  }
  return done;
}

void ReceiveBuffer::clear(DropSink drop, DropReason reason) {
  while (!in_order_.empty()) {
    drop(in_order_.pop_front(), reason);
  }
  for (std::size_t i = 0; gaps_ && i < gaps_->entries.size(); ++i) {
    drop(std::move(gaps_->entries[i].data), reason);
  }
  in_order_ = Ring<Packet>();
  gaps_.reset();
  readable_ = 0;
}

}  // namespace catenet::transport
