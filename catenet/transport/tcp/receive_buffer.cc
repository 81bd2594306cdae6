// SPDX-License-Identifier: Apache-2.0
#include "catenet/transport/tcp/receive_buffer.h"

#include <algorithm>
#include <utility>

namespace catenet::transport {

void ReceiveBuffer::append(Packet data) {
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

bool ReceiveBuffer::insert(Packet& data, std::uint32_t seq, DropSink drop, DropReason& reason,
                           wire::SackBlock& duplicate) {
  if (!gaps_) {
    gaps_ = std::make_unique<Gaps>();
  }
  std::vector<Entry>& entries = gaps_->entries;
  auto at = std::find_if(entries.begin(), entries.end(), [&](const Entry& e) { return seq_before(seq, e.end()); });
  std::uint32_t end = seq + static_cast<std::uint32_t>(data.size());
  if (at != entries.end() && seq_up_to(at->seq, seq)) {  // what we have already covers the first bytes
    note_recent(seq);
    duplicate = {seq, seq_min(end, at->end())};
    if (seq_up_to(end, at->end())) {
      reason = DropReason::tcp_duplicate;
      return false;
    }
    data.pull(at->end() - seq);
    seq = at->end();
    ++at;
  }
  while (at != entries.end() && seq_before(at->seq, end)) {
    if (duplicate.left == duplicate.right) {
      duplicate = {at->seq, seq_min(end, at->end())};
    }
    if (seq_before(end, at->end())) {
      end = at->seq;
      data.trim(end - seq);
      break;
    }
    gaps_->bytes -= at->length;  // the new one holds all of it
    drop(std::move(at->data), DropReason::tcp_duplicate);
    at = entries.erase(at);
  }
  if (seq == end) {
    reason = DropReason::tcp_duplicate;
    return false;
  }
  if (entries.size() >= kMaxOutOfOrder) {
    reason = DropReason::tcp_reassembly_full;
    return false;
  }
  gaps_->bytes += end - seq;
  entries.insert(at, Entry{seq, end - seq, std::move(data)});
  note_recent(seq);
  return true;
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
  const std::vector<Entry>& entries = gaps_->entries;
  const auto at =
      std::find_if(entries.begin(), entries.end(), [&](const Entry& e) { return seq_within(e.seq, seq, e.end()); });
  if (at == entries.end()) {
    return false;
  }
  block = {at->seq, at->end()};
  for (auto before = at; before != entries.begin() && std::prev(before)->end() == block.left;) {
    --before;
    block.left = before->seq;
  }
  for (auto after = std::next(at); after != entries.end() && after->seq == block.right; ++after) {
    block.right = after->end();
  }
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
