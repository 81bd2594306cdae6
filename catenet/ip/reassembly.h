// SPDX-License-Identifier: Apache-2.0
// Reassembly of fragments (RFC 791 3.2, RFC 815, RFC 1122 3.3.2; RFC 8200 4.5). A datagram's fragments lie in a flat
// array sorted by offset; since none may overlap, it is complete when their lengths add up to its own. Payload chunks
// are shared: a datagram that was fragmented from chunks comes out made of the same chunks, else it is copied once.
//
// Two fragments that overlap kill their datagram (RFC 5722's rule for IPv6, wise for IPv4); exact duplicates are
// dropped alone. Limits: time, bytes and number of all datagrams, fragments of one.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "catenet/event/timer.h"
#include "catenet/ip/config.h"
#include "catenet/net/interface.h"
#include "catenet/packet/packet.h"
#include "catenet/wire/ip_address.h"

namespace catenet::ip {

/// What a family's header says of a fragment.
struct FragmentInfo {
  wire::IpAddress source;
  wire::IpAddress destination;
  std::uint32_t id = 0;
  std::uint8_t protocol = 0;      ///< 0 in IPv6, where it does not tell datagrams apart
  std::uint32_t begin = 0;        ///< place of its payload in the datagram's, in bytes
  bool more = false;              ///< not the last one
  std::uint16_t header_size = 0;  ///< what stands in front of the payload; contiguous in the packet's head
};

class Reassembly {
 public:
  /// Called with the first fragment (offset zero, front = IP header) of a datagram that was not completed in time, just
  /// before it is dropped: time exceeded, code 1, in either ICMP.
  using OnTimeout = Delegate<void(const Packet& first)>;

  Reassembly(Node& node, const ReassemblyConfig& config, OnTimeout on_timeout);
  ~Reassembly();
  Reassembly(const Reassembly&) = delete;
  Reassembly& operator=(const Reassembly&) = delete;

  /// Takes a fragment (front = IP header, validated, trimmed to what IP says is its length; its payload is not empty).
  /// Returns the whole datagram when this was the last piece missing: headers as they stood in the first fragment, and
  /// not yet true. Else null: it waits, or was dropped with its reason.
  [[nodiscard]] Packet add(Packet fragment, const FragmentInfo& info, Interface* in);

  [[nodiscard]] std::size_t datagrams() const { return datagrams_.size(); }
  [[nodiscard]] std::uint32_t bytes() const { return bytes_; }

 private:
  struct Key {
    wire::IpAddress source;
    wire::IpAddress destination;
    std::uint32_t id;
    std::uint8_t protocol;
    bool operator==(const Key&) const = default;
  };
  struct Fragment {
    std::uint32_t begin;
    std::uint32_t end;
    Packet packet;
    Interface* in;
    std::uint16_t header_size;
  };
  struct Datagram {
    Key key;
    Instant deadline;
    std::uint32_t total = 0;  // payload bytes; 0: the last fragment is still missing
    std::uint32_t received = 0;
    std::vector<Fragment> fragments;  // by begin
  };
  using Datagrams = std::vector<std::unique_ptr<Datagram>>;

  Datagram& find_or_make(const Key& key);
  [[nodiscard]] static bool contradicts(const Datagram& d, std::uint32_t end, bool more);
  void drop_all(Datagrams::iterator at, DropReason reason);
  void make_room(std::uint32_t bytes, const Datagram& keep);
  [[nodiscard]] Packet finish(Datagrams::iterator at);
  [[nodiscard]] static bool can_share(const std::vector<Fragment>& fragments);
  [[nodiscard]] static Packet join_shared(std::vector<Fragment>& fragments);
  [[nodiscard]] static Packet join_copied(std::vector<Fragment>& fragments, std::uint32_t total);
  void on_timer(Instant now);
  void arm();

  Node& node_;
  const ReassemblyConfig& config_;
  OnTimeout on_timeout_;
  Timer timer_;
  Datagrams datagrams_;  // in the order of deadlines
  std::uint32_t bytes_ = 0;
};

}  // namespace catenet::ip
