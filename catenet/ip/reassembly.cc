// SPDX-License-Identifier: Apache-2.0
#include "catenet/ip/reassembly.h"

#include <algorithm>

namespace catenet::ip {

Reassembly::Reassembly(Node& node, const ReassemblyConfig& config, OnTimeout on_timeout)
    : node_(node),
      config_(config),
      on_timeout_(on_timeout),
      timer_(node.timers(), Delegate<void(Instant)>::to<&Reassembly::on_timer>(*this)) {}

Reassembly::~Reassembly() {
  while (!datagrams_.empty()) {
    drop_all(datagrams_.begin(), DropReason::run_ended);
  }
}

Packet Reassembly::add(Packet fragment, const FragmentInfo& info, Interface* in) {
  const std::size_t length = fragment.size() - info.header_size;
  const std::uint32_t begin = info.begin;
  const auto end = static_cast<std::uint32_t>(begin + length);
  const bool more = info.more;
  const Key key{info.source, info.destination, info.id, info.protocol};
  Datagram& d = find_or_make(key);
  const auto found = [&] {
    return std::find_if(datagrams_.begin(), datagrams_.end(), [&](const auto& other) { return other.get() == &d; });
  };
  const auto refuse = [&](DropReason reason) -> Packet {
    drop_all(found(), reason);
    node_.drop(std::move(fragment), reason, in);
    return {};
  };
  auto at = std::lower_bound(d.fragments.begin(), d.fragments.end(), begin,
                             [](const Fragment& f, std::uint32_t b) { return f.begin < b; });
  if (at != d.fragments.end() && at->begin == begin && at->end == end) {
    node_.drop(std::move(fragment), DropReason::fragment_duplicate, in);
    return {};
  }
  if ((at != d.fragments.end() && at->begin < end) || (at != d.fragments.begin() && std::prev(at)->end > begin)) {
    return refuse(DropReason::fragment_overlap);
  }
  if (contradicts(d, end, more)) {
    return refuse(DropReason::bad_fragment);
  }
  if (d.fragments.size() >= config_.fragments) {
    return refuse(DropReason::reassembly_full);
  }
  make_room(static_cast<std::uint32_t>(length), d);
  if (bytes_ + length > config_.bytes) {
    return refuse(DropReason::reassembly_full);
  }
  bytes_ += static_cast<std::uint32_t>(length);
  d.received += static_cast<std::uint32_t>(length);
  if (!more) {
    d.total = end;
  }
  d.fragments.insert(at, {begin, end, std::move(fragment), in, info.header_size});
  if (d.total != 0 && d.received == d.total) {
    return finish(found());
  }
  arm();
  return {};
}

Reassembly::Datagram& Reassembly::find_or_make(const Key& key) {
  for (const auto& d : datagrams_) {
    if (d->key == key) {
      return *d;
    }
  }
  if (datagrams_.size() >= std::max<std::size_t>(config_.datagrams, 1)) {
    drop_all(datagrams_.begin(), DropReason::reassembly_full);  // the oldest has had its chance
  }
  datagrams_.push_back(std::make_unique<Datagram>());
  datagrams_.back()->key = key;
  datagrams_.back()->deadline = node_.now() + config_.timeout;
  return *datagrams_.back();
}

/// Two ends, or bytes behind the end.
bool Reassembly::contradicts(const Datagram& d, std::uint32_t end, bool more) {
  if (d.total != 0) {
    return end > d.total || !more;
  }
  return !more && !d.fragments.empty() && d.fragments.back().end > end;
}

void Reassembly::make_room(std::uint32_t bytes, const Datagram& keep) {
  while (bytes_ + bytes > config_.bytes) {
    const auto oldest =
        std::find_if(datagrams_.begin(), datagrams_.end(), [&](const auto& d) { return d.get() != &keep; });
    if (oldest == datagrams_.end()) {
      return;
    }
    drop_all(oldest, DropReason::reassembly_full);
  }
}

void Reassembly::drop_all(Datagrams::iterator at, DropReason reason) {
  const std::unique_ptr<Datagram> gone = std::move(*at);
  datagrams_.erase(at);
  bytes_ -= gone->received;
  for (Fragment& f : gone->fragments) {
    node_.drop(std::move(f.packet), reason, f.in);
  }
  arm();
}

/// All pieces are here: one packet with the first fragment's headers (RFC 791 3.2).
Packet Reassembly::finish(Datagrams::iterator at) {
  const std::unique_ptr<Datagram> d = std::move(*at);
  datagrams_.erase(at);
  bytes_ -= d->received;
  arm();
  const PacketMeta meta = d->fragments.front().packet.meta();
  ChecksumState state = ChecksumState::verified;
  for (const Fragment& f : d->fragments) {
    if (f.packet.meta().checksum != ChecksumState::verified) {
      state = ChecksumState::unverified;
    }
  }
  Packet whole;
  if (can_share(d->fragments)) {
    whole = join_shared(d->fragments);
  } else {
    whole = join_copied(d->fragments, d->total);
  }
  if (!whole) {
    for (Fragment& f : d->fragments) {
      node_.drop(std::move(f.packet), DropReason::no_memory, f.in);
    }
    return whole;
  }
  whole.meta() = meta;
  whole.meta().checksum = state;
  whole.meta().checksum_start = 0;
  whole.meta().checksum_field = 0;
  whole.mark_network_header();
  return whole;
}

/// True if every fragment but the first has its payload in chunks, and all of it together makes at most four slices.
bool Reassembly::can_share(const std::vector<Fragment>& fragments) {
  std::size_t slices = 0;
  const Chunk* chunk = nullptr;
  std::uint32_t next = 0;
  for (const Fragment& f : fragments) {
    if (&f != &fragments.front() && f.packet.head().size() != f.header_size) {
      return false;
    }
    for (std::size_t i = 0; i < f.packet.slice_count(); ++i) {
      const Packet::Slice& s = f.packet.slice(i);
      slices += s.chunk == chunk && s.offset == next ? 0 : 1;
      chunk = s.chunk;
      next = s.offset + s.length;
    }
  }
  return slices <= Packet::kMaxSlices;
}

Packet Reassembly::join_shared(std::vector<Fragment>& fragments) {
  Packet whole = std::move(fragments.front().packet);
  for (auto f = fragments.begin() + 1; f != fragments.end(); ++f) {
    for (std::size_t i = 0; i < f->packet.slice_count(); ++i) {
      const Packet::Slice& s = f->packet.slice(i);
      ++s.chunk->references;
      check(whole.append(ChunkRef(s.chunk), s.offset, s.length), "the slices were counted before");
    }
    f->packet.consume();
  }
  return whole;
}

/// Null: no memory; the fragments are still there.
Packet Reassembly::join_copied(std::vector<Fragment>& fragments, std::uint32_t total) {
  Packet& first = fragments.front().packet;
  const std::size_t header_size = fragments.front().header_size;
  Packet whole = first.pool().make();
  if (!whole) {
    return whole;
  }
  std::byte* header = whole.extend(header_size);  // fits the head
  (void)first.copy_out(0, {header, header_size});
  std::byte* at = whole.extend(total);
  if (at == nullptr) {
    whole.consume();
    return {};
  }
  for (Fragment& f : fragments) {
    (void)f.packet.copy_out(f.header_size, {at + f.begin, f.end - f.begin});
    f.packet.consume();
  }
  return whole;
}

/// Deadlines are in the order of the array: the same time-out counts for all.
void Reassembly::on_timer(Instant now) {
  while (!datagrams_.empty() && datagrams_.front()->deadline <= now) {
    const auto& fragments = datagrams_.front()->fragments;
    if (!fragments.empty() && fragments.front().begin == 0) {  // RFC 792: else nothing is sent
      on_timeout_(fragments.front().packet);
    }
    drop_all(datagrams_.begin(), DropReason::reassembly_timeout);
  }
  arm();
}

void Reassembly::arm() { timer_.arm(datagrams_.empty() ? Instant::never() : datagrams_.front()->deadline); }

}  // namespace catenet::ip
