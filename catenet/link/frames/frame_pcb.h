// SPDX-License-Identifier: Apache-2.0
// FramePcb: the control block of one packet socket: what it listens to, its receive queue. Rules and errno values are
// Linux's (packet(7)). Everything is non-blocking; `set_on_change` tells when trying again may help.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "catenet/base/delegate.h"
#include "catenet/base/intrusive_list.h"
#include "catenet/base/result.h"
#include "catenet/base/ring.h"
#include "catenet/link/frames/link_endpoint.h"
#include "catenet/packet/packet.h"
#include "catenet/packet/packet_filter.h"

namespace catenet {
class Interface;
}

namespace catenet::link {

class Frames;

/// A received frame. Whoever takes it ends it with consume().
struct ReceivedFrame {
  Packet bytes;  ///< with its link header, or without (FramePcb's `with_header`)
  LinkEndpoint from;
};

class FramePcb : public ListNode<FramePcb> {
 public:
  static constexpr std::size_t kDefaultReceiveLimit = 212'992;  ///< bytes, Linux's rmem_default
  static constexpr std::size_t kFrameCost = 256;                ///< counted per queued frame beside its bytes
  static constexpr std::size_t kMaxMemberships = 20;

  struct Options {
    std::size_t receive_limit = kDefaultReceiveLimit;   ///< bytes, kFrameCost each included
    std::size_t send_limit = kDefaultReceiveLimit / 2;  ///< told to who asks: what is sent is the interface's at once
    std::uint32_t priority = 0;                         ///< for queues (SO_PRIORITY): 0 to 7, what is above is 7
    std::uint32_t mark = 0;                             ///< for filters (SO_MARK)
    FilterSlot filter;                                  ///< what of a frame is wanted, as it is received
    bool ignore_outgoing = false;                       ///< what this host sends is not of interest
  };
  /// Since they were last asked for.
  struct Statistics {
    std::uint32_t frames = 0;   ///< that were for this socket, the lost ones included
    std::uint32_t dropped = 0;  ///< of these, that found the queue full
  };
  enum class Membership : std::uint8_t { multicast = 0, promiscuous = 1, all_multicast = 2 };

  /// `with_header`: frames are received and sent with their link header (SOCK_RAW), else without (SOCK_DGRAM).
  /// `protocol`: what to listen to, on every interface; 0: nothing until bind(). `frames` outlives it.
  FramePcb(Frames& frames, bool with_header, std::uint16_t protocol);
  ~FramePcb();

  /// Listens to one interface (0: all) and protocol (0: the one it has). May be repeated. ENODEV.
  Result<void> bind(unsigned interface, std::uint16_t protocol);
  /// One frame. With a header: as it is, on the interface of `to`, or on that of bind(). Without: to the address and
  /// with the protocol of `to`. ENXIO no interface given or known, ENETDOWN, EINVAL shorter than a header or no address
  /// to send to, EMSGSIZE, ENOBUFS.
  Result<void> send(std::span<const std::byte> bytes, const LinkEndpoint* to = nullptr);
  /// The oldest frame. EAGAIN none; ENETDOWN, once, when its interface has been switched off.
  Result<ReceivedFrame> receive();
  /// The same, which stays queued; null if none.
  [[nodiscard]] const ReceivedFrame* peek() const { return queue_.empty() ? nullptr : &queue_.front(); }
  /// Frames for other stations, while a socket of the host asks for them on that interface (promiscuous); groups an
  /// interface hears without being asked. ENODEV, ENOBUFS. To leave what was not joined is no error: so Linux.
  Result<void> join(unsigned interface, Membership what);
  Result<void> leave(unsigned interface, Membership what);
  Statistics take_statistics() { return std::exchange(statistics_, {}); }
  /// The pending error, which is cleared; 0 if none (SO_ERROR).
  int take_error() { return std::exchange(pending_error_, 0); }

  /// What bind() said, and the interface's address.
  [[nodiscard]] LinkEndpoint local() const;
  [[nodiscard]] bool with_header() const { return with_header_; }
  [[nodiscard]] bool has_frame() const { return !queue_.empty(); }
  [[nodiscard]] bool has_error() const { return pending_error_ != 0; }
  [[nodiscard]] std::size_t queued_bytes() const { return queued_bytes_; }
  [[nodiscard]] std::size_t queued() const { return queue_.size(); }
  /// Frames that came and found the queue full.
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }
  [[nodiscard]] Options& options() { return options_; }
  [[nodiscard]] const Options& options() const { return options_; }
  /// Called inside the event when a frame has come: note it, post, and return.
  void set_on_change(Delegate<void()> on_change) { on_change_ = on_change; }

 private:
  friend class Frames;
  struct Joined {
    unsigned interface;
    Membership what;
    bool operator==(const Joined&) const = default;
  };
  [[nodiscard]] bool wants(const LinkEndpoint& from) const;
  [[nodiscard]] std::uint32_t wanted_of(const Packet& frame, const LinkEndpoint& from, std::size_t header_size) const;
  void take(const Packet& frame, const LinkEndpoint& from, std::size_t header_size);
  void changed() const {
    if (on_change_) {
      on_change_();
    }
  }

  Frames& frames_;
  std::uint16_t number_ = 0;  // PacketMeta::sender of its frames
  std::uint16_t protocol_;
  unsigned interface_ = 0;
  bool with_header_;
  int pending_error_ = 0;
  Options options_;
  Statistics statistics_;
  std::size_t queued_bytes_ = 0;
  std::uint64_t dropped_ = 0;
  Ring<ReceivedFrame> queue_;
  std::vector<Joined> joined_;
  Delegate<void()> on_change_;
};

}  // namespace catenet::link
