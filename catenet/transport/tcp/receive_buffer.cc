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
  auto at = std::find_if(out_of_order_.begin(), out_of_order_.end(),
                         [&](const Entry& e) { return seq_before(seq, e.end()); });
  std::uint32_t end = seq + static_cast<std::uint32_t>(data.size());
  if (at != out_of_order_.end() && seq_up_to(at->seq, seq)) {  // what we have already covers the first bytes
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
  while (at != out_of_order_.end() && seq_before(at->seq, end)) {
    if (duplicate.left == duplicate.right) {
      duplicate = {at->seq, seq_min(end, at->end())};
    }
    if (seq_before(end, at->end())) {
      end = at->seq;
      data.trim(end - seq);
      break;
    }
    out_of_order_bytes_ -= at->length;  // the new one holds all of it
    drop(std::move(at->data), DropReason::tcp_duplicate);
    at = out_of_order_.erase(at);
  }
  if (seq == end) {
    reason = DropReason::tcp_duplicate;
    return false;
  }
  if (out_of_order_.size() >= kMaxOutOfOrder) {
    reason = DropReason::tcp_reassembly_full;
    return false;
  }
  out_of_order_bytes_ += end - seq;
  out_of_order_.insert(at, Entry{seq, end - seq, std::move(data)});
  note_recent(seq);
  return true;
}

std::uint32_t ReceiveBuffer::take_contiguous(std::uint32_t rcv_nxt, DropSink drop) {
  const std::uint32_t start = rcv_nxt;
  auto at = out_of_order_.begin();
  for (; at != out_of_order_.end() && seq_up_to(at->seq, rcv_nxt); ++at) {
    out_of_order_bytes_ -= at->length;
    if (seq_up_to(at->end(), rcv_nxt)) {
      drop(std::move(at->data), DropReason::tcp_duplicate);
      continue;
    }
    at->data.pull(rcv_nxt - at->seq);
    rcv_nxt = at->end();
    append(std::move(at->data));
  }
  out_of_order_.erase(out_of_order_.begin(), at);
  if (out_of_order_.empty()) {
    recent_count_ = 0;
  }
  return rcv_nxt - start;
}

// Moves the block that `seq` is in to the front of the list of recent ones.
void ReceiveBuffer::note_recent(std::uint32_t seq) {
  wire::SackBlock block;
  const bool found = block_around(seq, block);
  std::array<std::uint32_t, 6> fresh{seq};
  std::uint8_t count = 1;
  for (std::uint8_t i = 0; i < recent_count_ && count < fresh.size(); ++i) {
    if (!found || !seq_within(block.left, recent_[i], block.right)) {
      fresh[count++] = recent_[i];
    }
  }
  recent_ = fresh;
  recent_count_ = count;
}

bool ReceiveBuffer::block_around(std::uint32_t seq, wire::SackBlock& block) const {
  const auto at = std::find_if(out_of_order_.begin(), out_of_order_.end(),
                               [&](const Entry& e) { return seq_within(e.seq, seq, e.end()); });
  if (at == out_of_order_.end()) {
    return false;
  }
  block = {at->seq, at->end()};
  for (auto before = at; before != out_of_order_.begin() && std::prev(before)->end() == block.left;) {
    --before;
    block.left = before->seq;
  }
  for (auto after = std::next(at); after != out_of_order_.end() && after->seq == block.right; ++after) {
    block.right = after->end();
  }
  return true;
}

std::size_t ReceiveBuffer::sack_blocks(std::span<wire::SackBlock> out) const {
  std::size_t count = 0;
  for (std::uint8_t i = 0; i < recent_count_ && count < out.size(); ++i) {
    const bool reported = std::any_of(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(count),
                                      [&](const auto& b) { return seq_within(b.left, recent_[i], b.right); });
    if (!reported && block_around(recent_[i], out[count])) {
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
  for (Entry& e : out_of_order_) {
    drop(std::move(e.data), reason);
  }
  in_order_ = Ring<Packet>();
  out_of_order_ = std::vector<Entry>();
  readable_ = 0;
  out_of_order_bytes_ = 0;
  recent_count_ = 0;
}

}  // namespace catenet::transport
