// SPDX-License-Identifier: Apache-2.0
#include "catenet/live/nic_port.h"

#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "catenet/base/endian.h"
#include "catenet/net/coalescing.h"
#include "catenet/net/segmentation.h"
#include "catenet/packet/checksum.h"
#include "catenet/wire/ethernet.h"
#include "catenet/wire/tcp.h"
#include "catenet/wire/udp.h"

namespace catenet::live {
namespace {

constexpr std::size_t kFetchRounds = 4;
constexpr std::size_t kCopyBelow = 200;  // a frame this short fits a packet's head
constexpr std::size_t kParts = Packet::kMaxSlices + 1;
constexpr std::size_t kRunFrames = 256;     // frames looked at for one call where they may go together
constexpr std::size_t kOffloadBuffers = 4;  // of 64 KiB each: they shall stay in the cache
constexpr std::size_t kLinkHeader = 14;
constexpr std::size_t kMaxHeaders = kLinkHeader + 60 + 60;

FrameOffload::Kind kind_of(const Packet& frame) {
  const PacketMeta& meta = frame.meta();
  if (meta.checksum_field - meta.checksum_start != offsetof(wire::TcpHeader, checksum)) {
    return FrameOffload::Kind::udp;
  }
  const auto network = meta.network_header - frame.headroom();
  return std::to_integer<unsigned>(frame.data()[network]) >> 4 == 4 ? FrameOffload::Kind::tcp4
                                                                    : FrameOffload::Kind::tcp6;
}

/// What is to be said to the kernel of a frame that goes as it is.
FrameOffload describe(const Packet& frame) {
  const PacketMeta& meta = frame.meta();
  FrameOffload offload;
  offload.checksum_verified = meta.checksum == ChecksumState::verified;
  if (meta.checksum != ChecksumState::partial) {
    return offload;
  }
  offload.checksum_missing = true;
  offload.checksum_start = static_cast<std::uint16_t>(meta.checksum_start - frame.headroom());
  offload.checksum_offset = static_cast<std::uint16_t>(meta.checksum_field - meta.checksum_start);
  if (meta.segment_size != 0) {
    offload.kind = kind_of(frame);
    offload.segment_size = meta.segment_size;
    offload.header_length = static_cast<std::uint16_t>(Segmentation(frame).header_size());
    if (offload.kind != FrameOffload::Kind::udp) {
      const auto& header = *reinterpret_cast<const wire::TcpHeader*>(frame.data() + offload.checksum_start);
      offload.congestion_reduced = header.has(wire::TcpFlag::kCwr);
    }
  }
  return offload;
}

FrameOffload describe(const Coalescing& run) {
  FrameOffload offload;
  offload.kind = run.is_v4() ? FrameOffload::Kind::tcp4 : FrameOffload::Kind::tcp6;
  offload.checksum_missing = true;
  offload.checksum_start = static_cast<std::uint16_t>(run.transport_offset());
  offload.checksum_offset = offsetof(wire::TcpHeader, checksum);
  offload.header_length = static_cast<std::uint16_t>(run.header_size());
  offload.segment_size = static_cast<std::uint16_t>(run.segment_size());
  return offload;
}

}  // namespace

/// The arguments of one call of NicChannel::send.
struct NicPort::Batch {
  std::size_t frames = 0;   // written
  std::size_t packets = 0;  // they are made of
  std::size_t parts = 0;
  std::array<TxFrame, kRunFrames> frame;
  std::array<std::size_t, kRunFrames> packets_of;
  std::array<iovec, kRunFrames * kParts + kRunFrames / 2> part;
  std::array<Coalescing, kRunFrames / 2> run;  // the headers of frames that went together
  std::size_t runs = 0;

  void clear() { frames = packets = parts = runs = 0; }
  void add_part(std::span<const std::byte> bytes) {
    part[parts++] = iovec{const_cast<std::byte*>(bytes.data()), bytes.size()};
  }
  void end_frame(std::size_t first_part, std::size_t made_of, const FrameOffload& offload) {
    frame[frames] = TxFrame{&part[first_part], static_cast<std::uint32_t>(parts - first_part), offload};
    packets_of[frames++] = made_of;
    packets += made_of;
  }
};

NicPort::NicPort(NicChannel& channel, PacketPool& pool, Drop drop)
    : channel_(channel),
      pool_(pool),
      drop_(drop),
      frames_(channel.has_offloads() ? kOffloadBuffers : NicChannel::kBatch),
      buffers_(frames_.size()),
      batch_(std::make_unique<Batch>()) {}

NicPort::~NicPort() { drain(DropReason::run_ended); }

// --- from the kernel -----------------------------------------------------------------------------------------------

bool NicPort::fetch(Instant now, Delegate<void(Packet)> deliver) {
  const std::size_t batch = frames_.size();
  const std::size_t rounds = kFetchRounds * NicChannel::kBatch / batch;
  for (std::size_t round = 0; round < rounds; ++round) {
    std::size_t got = 0;
    if (!fetch_batch(now, deliver, batch, got)) {
      return false;
    }
    if (got < batch) {
      break;
    }
  }
  return true;
}

bool NicPort::fetch_batch(Instant now, Delegate<void(Packet)> deliver, std::size_t most, std::size_t& got) {
  std::size_t room = 0;
  while (room < most && prepare(room)) {  // if not: the pool is at its limit, and the rest waits in the kernel
    ++room;
  }
  const auto received = channel_.receive(std::span(frames_).first(room));
  if (!received) {
    return false;
  }
  got = *received;
  for (std::size_t i = 0; i < got; ++i) {
    Packet frame = wrap(i, frames_[i]);
    if (!frame) {
      ++refused_;
      continue;
    }
    frame.meta().stamp = now;
    deliver(std::move(frame));
  }
  return true;
}

// A buffer for this place of a batch.
bool NicPort::prepare(std::size_t place) {
  ChunkRef& buffer = buffers_[place];
  if (!buffer) {
    buffer = pool_.make_chunk(RxFrame::kLead + channel_.max_frame());
    if (!buffer) {
      return false;
    }
    frames_[place].data = reinterpret_cast<std::uint8_t*>(buffer.bytes()) + RxFrame::kLead;
    frames_[place].capacity = buffer.capacity() - RxFrame::kLead;
    frames_[place].lead = RxFrame::kLead;
  }
  return true;
}

Packet NicPort::wrap(std::size_t buffer, const RxFrame& received) {
  Packet frame = pool_.make(16);
  if (!frame) {
    return frame;
  }
  if (!take_bytes(frame, buffer, received.length) || !take_offload(frame, received.offload)) {
    frame.consume();
    return {};
  }
  return frame;
}

bool NicPort::take_bytes(Packet& frame, std::size_t buffer, std::uint32_t length) {
  const std::span<const std::byte> bytes(buffers_[buffer].bytes() + RxFrame::kLead, length);
  if (length <= kCopyBelow || (length <= PacketPool::kSmallChunk && channel_.has_offloads())) {
    return frame.append(bytes);
  }
  const bool added = frame.append(buffers_[buffer], RxFrame::kLead, length);
  buffers_[buffer].reset();
  return added;
}

// What the kernel says beside the frame, in our words. False: it makes no sense.
bool NicPort::take_offload(Packet& frame, const FrameOffload& offload) {
  PacketMeta& meta = frame.meta();
  meta.checksum = offload.checksum_verified ? ChecksumState::verified : ChecksumState::unverified;
  if (!offload.checksum_missing) {
    return offload.segment_size == 0;
  }
  const std::size_t field = std::size_t{offload.checksum_start} + offload.checksum_offset;
  if (!frame.pullup(std::min(frame.size(), std::max(kMaxHeaders, field + 2))) || field + 2 > frame.head().size()) {
    return false;
  }
  mark_partial_checksum(frame, offload.checksum_start, field);
  if (offload.segment_size == 0) {
    return true;
  }
  constexpr std::size_t kEtherType = 12;
  std::size_t network = kLinkHeader;
  be16 type;
  std::memcpy(&type, frame.data() + kEtherType, sizeof type);
  if (type == static_cast<std::uint16_t>(wire::EtherType::kVlan)) {
    network += 4;
  }
  const std::size_t header = offload.kind == FrameOffload::Kind::udp ? sizeof(wire::UdpHeader) : wire::kTcpHeaderSize;
  if (offload.checksum_start <= network || offload.checksum_start + header > frame.head().size()) {
    return false;
  }
  meta.network_header = static_cast<std::uint16_t>(frame.headroom() + network);
  if (offload.kind != FrameOffload::Kind::udp) {
    const auto& tcp = *reinterpret_cast<const wire::TcpHeader*>(frame.data() + offload.checksum_start);
    if (tcp.header_size() < wire::kTcpHeaderSize || offload.checksum_start + tcp.header_size() > frame.head().size()) {
      return false;
    }
  }
  meta.segment_size = offload.segment_size;
  return true;
}

// --- to the kernel -------------------------------------------------------------------------------------------------

void NicPort::queue(Packet frame) {
  const bool super = frame.meta().segment_size != 0;
  if (channel_.has_offloads() && (!super || channel_.has_udp_offloads() || kind_of(frame) != FrameOffload::Kind::udp)) {
    enqueue(std::move(frame));
    return;
  }
  if (!super) {
    complete_checksum(frame);
    enqueue(std::move(frame));
    return;
  }
  Segmentation segments(frame);
  while (!segments.done()) {
    Packet segment = segments.next();
    if (!segment) {
      drop_(std::move(frame), DropReason::no_memory);
      return;
    }
    complete_checksum(segment);
    enqueue(std::move(segment));
  }
  frame.consume();
}

void NicPort::enqueue(Packet frame) {
  if (waiting_.size() >= kMaxWaiting) {
    drop_(std::move(frame), DropReason::send_failed);
    return;
  }
  waiting_.push_back(std::move(frame));
  if (prompt_ ? waiting_.size() == 1 : waiting_.size() >= (channel_.has_offloads() ? kRunFrames : NicChannel::kBatch)) {
    (void)flush();
  }
}

bool NicPort::flush() {
  while (!waiting_.empty()) {
    Batch& batch = *batch_;
    gather(batch);
    const auto sent = channel_.send(std::span<const TxFrame>(batch.frame).first(batch.frames));
    if (!sent) {  // it speaks of the first frame: that one is lost, the others get their turn
      for (std::size_t i = 0; i < batch.packets_of[0]; ++i) {
        drop_(waiting_.pop_front(), DropReason::send_failed);
      }
      continue;
    }
    for (std::size_t i = 0; i < *sent; ++i) {
      for (std::size_t k = 0; k < batch.packets_of[i]; ++k) {
        waiting_.pop_front().consume();
      }
    }
    if (*sent < batch.frames) {
      return true;
    }
  }
  return false;
}

void NicPort::gather(Batch& batch) {
  batch.clear();
  const bool offloads = channel_.has_offloads();
  const std::size_t most = std::min(waiting_.size(), offloads ? kRunFrames : NicChannel::kBatch);
  for (std::size_t next = 0; next < most;) {
    const std::size_t first_part = batch.parts;
    if (offloads && next + 1 < most && batch.runs < batch.run.size()) {
      gather_run(batch, next);
      if (batch.parts != first_part) {
        continue;
      }
    }
    // A kernel that quotes a packet in an ICMP error quotes it as it came: a missing sum would be seen on the wire.
    if (waiting_[next].meta().segment_size == 0) {
      complete_checksum(waiting_[next]);
    }
    waiting_[next].for_each_piece(0, [&](std::span<const std::byte> piece) { batch.add_part(piece); });
    batch.end_frame(first_part, 1, offloads ? describe(waiting_[next]) : FrameOffload{});
    ++next;
  }
}

// Frames from `next` on that go as one, if they are more than one.
void NicPort::gather_run(Batch& batch, std::size_t& next) const {
  Coalescing& run = batch.run[batch.runs];
  const std::size_t most = std::min(waiting_.size(), kRunFrames);
  if (!run.start(waiting_[next])) {
    return;
  }
  // A frame has kParts pieces at most, and one more is the header of the whole.
  while (next + run.count() < most && (run.count() + 1) * kParts < NicChannel::kMaxParts &&
         run.add(waiting_[next + run.count()])) {
  }
  if (run.count() < 2) {
    return;
  }
  const std::size_t first_part = batch.parts;
  batch.add_part(run.finish_header());
  for (std::size_t i = 0; i < run.count(); ++i) {
    waiting_[next + i].for_each_piece(run.header_size(), [&](std::span<const std::byte> piece) {
      if (!piece.empty()) {
        batch.add_part(piece);
      }
    });
  }
  batch.end_frame(first_part, run.count(), describe(run));
  next += run.count();
  ++batch.runs;
}

void NicPort::drain(DropReason reason) {
  while (!waiting_.empty()) {
    drop_(waiting_.pop_front(), reason);
  }
}

}  // namespace catenet::live
