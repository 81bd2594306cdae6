// SPDX-License-Identifier: Apache-2.0
#include "catenet/live/nic_channel.h"

#include <linux/if_packet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace catenet::live {
namespace {

/// struct virtio_net_hdr; linux/virtio_net.h is no C++. In the machine's byte order, as a TAP has it unless told else.
struct OffloadHeader {
  static constexpr std::uint8_t kNeedsChecksum = 1;
  static constexpr std::uint8_t kDataValid = 2;
  static constexpr std::uint8_t kTcp4 = 1;
  static constexpr std::uint8_t kTcp6 = 4;
  static constexpr std::uint8_t kUdp = 5;  // since Linux 6.2
  static constexpr std::uint8_t kEcn = 0x80;
  std::uint8_t flags = 0;
  std::uint8_t gso_type = 0;
  std::uint16_t hdr_len = 0;
  std::uint16_t gso_size = 0;
  std::uint16_t csum_start = 0;
  std::uint16_t csum_offset = 0;
};
static_assert(sizeof(OffloadHeader) == 10);

bool queue_full(int code) { return code == EAGAIN || code == ENOBUFS || code == ENOMEM; }

class TapChannel final : public NicChannel {
 public:
  using NicChannel::NicChannel;

  // A TAP knows no batches: one system call a frame.
  Result<std::size_t> receive(std::span<RxFrame> frames) override {
    if (!capacities_suffice(frames)) {
      return fail(EMSGSIZE, "receive buffer below max_frame()");
    }
    std::size_t done = 0;
    while (done < std::min(frames.size(), kBatch)) {
      RxFrame& frame = frames[done];
      ssize_t n = ::read(fd(), frame.data, frame.capacity);
      if (n < 0 && errno == EINTR) {
        continue;
      }
      if (n < 0) {
        return errno == EAGAIN || done > 0 ? Result<std::size_t>(done) : fail(errno, "read from TAP");
      }
      frame.length = static_cast<std::uint32_t>(n);
      ++done;
    }
    return done;
  }

  Result<std::size_t> send(std::span<const TxFrame> frames) override {
    std::size_t done = 0;
    while (done < frames.size()) {
      ssize_t n = ::writev(fd(), frames[done].parts, static_cast<int>(frames[done].count));
      if (n < 0 && errno == EINTR) {
        continue;
      }
      if (n < 0) {
        return queue_full(errno) || done > 0 ? Result<std::size_t>(done) : fail(errno, "write to TAP");
      }
      ++done;
    }
    return done;
  }

  std::uint64_t overruns() override { return 0; }
};

FrameOffload from_header(const OffloadHeader& header) {
  FrameOffload offload;
  offload.checksum_missing = (header.flags & OffloadHeader::kNeedsChecksum) != 0;
  offload.checksum_verified = (header.flags & OffloadHeader::kDataValid) != 0;
  offload.checksum_start = header.csum_start;
  offload.checksum_offset = header.csum_offset;
  switch (header.gso_type & ~OffloadHeader::kEcn) {
    case OffloadHeader::kTcp4:
      offload.kind = FrameOffload::Kind::tcp4;
      break;
    case OffloadHeader::kTcp6:
      offload.kind = FrameOffload::Kind::tcp6;
      break;
    case OffloadHeader::kUdp:
      offload.kind = FrameOffload::Kind::udp;
      break;
    default:
      return offload;
  }
  offload.congestion_reduced = (header.gso_type & OffloadHeader::kEcn) != 0;
  offload.header_length = header.hdr_len;
  offload.segment_size = header.gso_size;
  return offload;
}

OffloadHeader to_header(const FrameOffload& offload) {
  OffloadHeader header;
  if (offload.checksum_missing) {
    header.flags = OffloadHeader::kNeedsChecksum;
    header.csum_start = offload.checksum_start;
    header.csum_offset = offload.checksum_offset;
  } else if (offload.checksum_verified) {
    header.flags = OffloadHeader::kDataValid;
  }
  switch (offload.kind) {
    case FrameOffload::Kind::none:
      return header;
    case FrameOffload::Kind::tcp4:
      header.gso_type = OffloadHeader::kTcp4;
      break;
    case FrameOffload::Kind::tcp6:
      header.gso_type = OffloadHeader::kTcp6;
      break;
    case FrameOffload::Kind::udp:
      header.gso_type = OffloadHeader::kUdp;
      break;
  }
  header.gso_type |= offload.congestion_reduced ? OffloadHeader::kEcn : 0;
  header.hdr_len = offload.header_length;
  header.gso_size = offload.segment_size;
  return header;
}

class OffloadTapChannel final : public NicChannel {
 public:
  OffloadTapChannel(UniqueFd fd, std::string description, std::uint32_t mtu, bool udp)
      : NicChannel(std::move(fd), std::move(description), mtu), udp_(udp) {}
  [[nodiscard]] bool has_offloads() const override { return true; }
  [[nodiscard]] bool has_udp_offloads() const override { return udp_; }

  Result<std::size_t> receive(std::span<RxFrame> frames) override {
    if (!capacities_suffice(frames)) {
      return fail(EMSGSIZE, "receive buffer below max_frame()");
    }
    std::size_t done = 0;
    while (done < std::min(frames.size(), kBatch)) {
      RxFrame& frame = frames[done];
      OffloadHeader header;
      const ssize_t n = read_frame(frame, header);
      if (n < 0 && errno == EINTR) {
        continue;
      }
      if (n < 0) {
        return errno == EAGAIN || done > 0 ? Result<std::size_t>(done) : fail(errno, "read from TAP");
      }
      if (static_cast<std::size_t>(n) < sizeof header) {
        return fail(EPROTO, "a frame without its offload header");
      }
      frame.length = static_cast<std::uint32_t>(static_cast<std::size_t>(n) - sizeof header);
      frame.offload = from_header(header);
      ++done;
    }
    return done;
  }

  Result<std::size_t> send(std::span<const TxFrame> frames) override {
    std::size_t done = 0;
    while (done < frames.size()) {
      const TxFrame& frame = frames[done];
      if (frame.count > kMaxParts) {
        return done > 0 ? Result<std::size_t>(done) : fail(EMSGSIZE, "a frame of too many parts");
      }
      const ssize_t n = write_frame(frame);
      if (n < 0 && errno == EINTR) {
        continue;
      }
      if (n < 0) {
        return queue_full(errno) || done > 0 ? Result<std::size_t>(done) : fail(errno, "write to TAP");
      }
      ++done;
    }
    return done;
  }

  std::uint64_t overruns() override { return 0; }

 private:
  // A call for one contiguous piece costs the kernel less than one for several.
  [[nodiscard]] ssize_t read_frame(const RxFrame& frame, OffloadHeader& header) const {
    if (frame.lead < sizeof header) {
      const iovec parts[2] = {{&header, sizeof header}, {frame.data, frame.capacity}};
      return ::readv(fd(), parts, 2);
    }
    std::uint8_t* start = frame.data - sizeof header;
    const ssize_t n = ::read(fd(), start, frame.capacity + sizeof header);
    std::memcpy(&header, start, sizeof header);
    return n;
  }
  [[nodiscard]] ssize_t write_frame(const TxFrame& frame) {
    OffloadHeader header = to_header(frame.offload);
    if (frame.count == 1 && frame.parts[0].iov_len <= kShort) {
      std::array<std::uint8_t, sizeof header + kShort> bytes;
      std::memcpy(bytes.data(), &header, sizeof header);
      std::memcpy(bytes.data() + sizeof header, frame.parts[0].iov_base, frame.parts[0].iov_len);
      return ::write(fd(), bytes.data(), sizeof header + frame.parts[0].iov_len);
    }
    parts_[0] = {&header, sizeof header};
    std::copy_n(frame.parts, frame.count, parts_.begin() + 1);
    return ::writev(fd(), parts_.data(), static_cast<int>(frame.count) + 1);
  }

  static constexpr std::size_t kShort = 256;
  bool udp_;
  std::array<iovec, kMaxParts + 1> parts_;
};

class PacketSocketChannel final : public NicChannel {
 public:
  using NicChannel::NicChannel;

  Result<std::size_t> receive(std::span<RxFrame> frames) override {
    if (!capacities_suffice(frames)) {
      return fail(EMSGSIZE, "receive buffer below max_frame()");
    }
    const std::size_t count = std::min(frames.size(), kBatch);
    for (std::size_t i = 0; i < count; ++i) {
      parts_[i] = iovec{frames[i].data, frames[i].capacity - kTagSize};  // room for a tag put back
      headers_[i].msg_hdr = msghdr{};
      headers_[i].msg_hdr.msg_iov = &parts_[i];
      headers_[i].msg_hdr.msg_iovlen = 1;
      headers_[i].msg_hdr.msg_control = controls_[i].bytes;
      headers_[i].msg_hdr.msg_controllen = sizeof controls_[i].bytes;
    }
    int n = 0;
    do {
      n = ::recvmmsg(fd(), headers_.data(), static_cast<unsigned>(count), MSG_DONTWAIT, nullptr);
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
      return errno == EAGAIN ? Result<std::size_t>(0) : fail(errno, "receive from packet socket");
    }
    for (int i = 0; i < n; ++i) {
      frames[i].length = headers_[i].msg_len;
      restore_tag(headers_[i].msg_hdr, frames[i]);
    }
    return static_cast<std::size_t>(n);
  }

  Result<std::size_t> send(std::span<const TxFrame> frames) override {
    std::size_t done = 0;
    while (done < frames.size()) {
      const std::size_t count = std::min(frames.size() - done, kBatch);
      for (std::size_t i = 0; i < count; ++i) {
        headers_[i].msg_hdr = msghdr{};
        headers_[i].msg_hdr.msg_iov = const_cast<iovec*>(frames[done + i].parts);
        headers_[i].msg_hdr.msg_iovlen = frames[done + i].count;
      }
      int n = ::sendmmsg(fd(), headers_.data(), static_cast<unsigned>(count), MSG_DONTWAIT | MSG_NOSIGNAL);
      if (n < 0 && errno == EINTR) {
        continue;
      }
      if (n < 0) {
        return queue_full(errno) || done > 0 ? Result<std::size_t>(done) : fail(errno, "send to packet socket");
      }
      done += static_cast<std::size_t>(n);
    }
    return done;
  }

  std::uint64_t overruns() override {
    tpacket_stats stats{};
    socklen_t size = sizeof stats;
    if (::getsockopt(fd(), SOL_PACKET, PACKET_STATISTICS, &stats, &size) == 0) {
      overruns_ += stats.tp_drops;  // reading resets the kernel's count
    }
    return overruns_;
  }

 private:
  static constexpr std::uint32_t kTagSize = 4;
  struct Control {
    alignas(cmsghdr) std::uint8_t bytes[CMSG_SPACE(sizeof(tpacket_auxdata))];
  };

  /// The kernel takes the outer VLAN tag out of a frame before a packet socket sees it and tells it beside the frame
  /// (packet(7), PACKET_AUXDATA). On our wire it belongs behind the addresses.
  static void restore_tag(msghdr& header, RxFrame& frame) {
    for (cmsghdr* c = CMSG_FIRSTHDR(&header); c != nullptr; c = CMSG_NXTHDR(&header, c)) {
      if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA ||
          c->cmsg_len < CMSG_LEN(sizeof(tpacket_auxdata))) {
        continue;
      }
      tpacket_auxdata aux;
      std::memcpy(&aux, CMSG_DATA(c), sizeof aux);
      if ((aux.tp_status & TP_STATUS_VLAN_VALID) == 0 || frame.length < 12) {
        return;
      }
      const std::uint16_t tpid = (aux.tp_status & TP_STATUS_VLAN_TPID_VALID) != 0 ? aux.tp_vlan_tpid : 0x8100;
      std::memmove(frame.data + 12 + kTagSize, frame.data + 12, frame.length - 12);
      frame.data[12] = static_cast<std::uint8_t>(tpid >> 8);
      frame.data[13] = static_cast<std::uint8_t>(tpid);
      frame.data[14] = static_cast<std::uint8_t>(aux.tp_vlan_tci >> 8);
      frame.data[15] = static_cast<std::uint8_t>(aux.tp_vlan_tci);
      frame.length += kTagSize;
    }
  }

  std::array<mmsghdr, kBatch> headers_{};
  std::array<iovec, kBatch> parts_{};
  std::array<Control, kBatch> controls_{};
  std::uint64_t overruns_ = 0;
};

}  // namespace

NicChannel::NicChannel(UniqueFd fd, std::string description, std::uint32_t mtu)
    : fd_(std::move(fd)), description_(std::move(description)), mtu_(mtu) {}

bool NicChannel::capacities_suffice(std::span<const RxFrame> frames) const {
  return std::all_of(frames.begin(), frames.end(), [this](const RxFrame& f) { return f.capacity >= max_frame(); });
}

std::unique_ptr<NicChannel> make_channel(ChannelKind kind, UniqueFd fd, std::string description, std::uint32_t mtu) {
  if (kind == ChannelKind::tap) {
    return std::make_unique<TapChannel>(std::move(fd), std::move(description), mtu);
  }
  if (kind == ChannelKind::tap_with_offloads || kind == ChannelKind::tap_with_udp_offloads) {
    return std::make_unique<OffloadTapChannel>(std::move(fd), std::move(description), mtu,
                                               kind == ChannelKind::tap_with_udp_offloads);
  }
  return std::make_unique<PacketSocketChannel>(std::move(fd), std::move(description), mtu);
}

}  // namespace catenet::live
