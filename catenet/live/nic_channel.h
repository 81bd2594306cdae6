// SPDX-License-Identifier: Apache-2.0
// NicChannel: the outer end of a namespace's NIC. Whatever the programs inside send out of eth0 is received here, whole
// Ethernet frames without FCS, and whatever is sent here arrives at eth0. Two bodies:
//   TapChannel           a TAP device's descriptor (Documentation/networking/tuntap)
//   PacketSocketChannel  a packet socket (packet(7)) on the far end of a veth pair, where /dev/net/tun is forbidden
// Frames of the second, and of a plain TAP, are what a wire would carry: checksums are true, segments MTU-sized. A TAP
// with offloads carries a header beside each frame (virtio_net.h): the kernel leaves out checksums that it would have
// to sum, and hands over and takes super-segments, one system call for up to 64 KiB. The descriptor is non-blocking,
// for epoll.
#pragma once
#include <sys/uio.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "catenet/base/result.h"
#include "catenet/live/descriptor.h"

namespace catenet::live {

/// What stands beside a frame where the channel has offloads (struct virtio_net_hdr of the VIRTIO standard, 5.1.6).
struct FrameOffload {
  enum class Kind : std::uint8_t { none, tcp4, tcp6, udp };
  Kind kind = Kind::none;             ///< of a super-segment
  bool checksum_missing = false;      ///< the field holds the pseudo-header's sum only
  bool checksum_verified = false;     ///< complete, and known to be right
  bool congestion_reduced = false;    ///< TCP's CWR is set in it
  std::uint16_t header_length = 0;    ///< bytes before the payload of a super-segment
  std::uint16_t segment_size = 0;     ///< payload bytes of each segment; 0: one segment
  std::uint16_t checksum_start = 0;   ///< byte of the frame where the missing sum starts
  std::uint16_t checksum_offset = 0;  ///< of its field, from there
};

/// A place for one received frame. `capacity` must be at least the channel's max_frame().
struct RxFrame {
  static constexpr std::uint32_t kLead = 16;
  std::uint8_t* data = nullptr;
  std::uint32_t capacity = 0;  ///< bytes
  std::uint32_t lead = 0;    ///< bytes before `data` that receive() may write: with kLead of them it is a little faster
  std::uint32_t length = 0;  ///< set by receive(): bytes of the frame, Ethernet header included, FCS not
  FrameOffload offload;      ///< set by receive()
};

/// A frame to send, in pieces (header and shared payload chunks need not be joined).
struct TxFrame {
  const iovec* parts = nullptr;
  std::uint32_t count = 0;  ///< at most NicChannel::kMaxParts
  FrameOffload offload;     ///< ignored where the channel has no offloads
};

enum class ChannelKind : std::uint8_t {
  tap,
  tap_with_offloads,
  packet_socket,
  tap_with_udp_offloads,  ///< the same as tap_with_offloads, for datagrams too: since Linux 6.2
};

class NicChannel {
 public:
  /// Most frames moved by one call; the rest waits for the next.
  static constexpr std::size_t kBatch = 64;
  /// Pieces of a frame to send.
  static constexpr std::size_t kMaxParts = 512;

  NicChannel(UniqueFd fd, std::string description, std::uint32_t mtu);
  virtual ~NicChannel() = default;
  NicChannel(const NicChannel&) = delete;
  NicChannel& operator=(const NicChannel&) = delete;

  /// Readable when frames wait.
  [[nodiscard]] int fd() const { return fd_.get(); }
  /// "TAP", or "veth + packet socket, because /dev/net/tun: Permission denied".
  [[nodiscard]] const std::string& description() const { return description_; }
  /// Super-segments and missing checksums, both ways.
  [[nodiscard]] virtual bool has_offloads() const { return false; }
  /// The same for super-segments of UDP.
  [[nodiscard]] virtual bool has_udp_offloads() const { return false; }
  /// Longest frame that can come: MTU (with offloads: the longest IP packet) + Ethernet header + two VLAN tags.
  [[nodiscard]] std::uint32_t max_frame() const { return (has_offloads() ? kMaxIpPacket : mtu_) + 14 + 8; }

  /// Takes up to frames.size() (at most kBatch) waiting frames; 0 = none waits. EMSGSIZE: a capacity is below
  /// max_frame(). ENETDOWN and the like: the NIC is gone.
  virtual Result<std::size_t> receive(std::span<RxFrame> frames) = 0;
  /// Sends frames in order; returns how many the kernel took: fewer than given (also 0) = its queue is full. An error
  /// speaks of frames[0] (EMSGSIZE or EINVAL: too long, shorter than an Ethernet header; ENETDOWN: the NIC is down).
  virtual Result<std::size_t> send(std::span<const TxFrame> frames) = 0;
  /// Frames from inside that the kernel dropped because they were not fetched in time, as far as it tells: the packet
  /// socket's own count; a TAP's is the NIC's tx_dropped (Namespace::counters).
  virtual std::uint64_t overruns() = 0;

 protected:
  [[nodiscard]] bool capacities_suffice(std::span<const RxFrame> frames) const;

 private:
  static constexpr std::uint32_t kMaxIpPacket = 65535;
  UniqueFd fd_;
  std::string description_;
  std::uint32_t mtu_;
};

std::unique_ptr<NicChannel> make_channel(ChannelKind kind, UniqueFd fd, std::string description, std::uint32_t mtu);

}  // namespace catenet::live
