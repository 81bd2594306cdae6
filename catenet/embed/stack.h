// SPDX-License-Identifier: Apache-2.0
// Stack: one host with TCP and UDP over IPv4 and IPv6, ICMP, ARP and neighbour discovery inside a program of yours, on
// your own source of packets and your own loop. It does no I/O, starts no thread, reads no clock and has no globals:
// packets and the time go in, packets and the next deadline come out (docs/embedding.md; examples/embed/host.cc is a
// whole program).
//
//   auto stack = embed::Stack::make({.address = *wire::Ipv4Prefix::parse_interface("10.1.0.2/24")});
//   for (;;) {
//     ... sleep until a packet is there or (*stack)->deadline() ...
//     (*stack)->input(packet, now);                                      // or advance(now), without one
//     ... what the program does with (*stack)->tcp() and udp() ...
//     for (auto out = (*stack)->output(); !out.empty(); out = (*stack)->output()) send(out);
//   }
//
// Time is any clock that never goes back, as an Instant; its zero is yours to choose. The callbacks of TCP and UDP
// (set_on_ready, set_on_change) run inside input() and advance(); they may do anything but call these two or destroy
// the Stack. One Stack belongs to one thread at a time; any number of them are independent of each other.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "catenet/embed/port.h"
#include "catenet/ip/ether_table.h"
#include "catenet/ip/ipv4.h"
#include "catenet/ip/ipv6.h"
#include "catenet/net/node.h"
#include "catenet/transport/tcp/tcp.h"
#include "catenet/transport/udp/udp.h"

namespace catenet::embed {

/// What there may be at most. Beside these, TcpLimits, Udp::Limits and Ipv4Config have limits of their own.
struct StackLimits {
  PacketPool::Limits memory;            ///< packets alive at once, and bytes of their payload
  std::uint32_t output_packets = 1000;  ///< waiting for output(); what exceeds it is dropped (queue-full)
  std::uint32_t reserved_packets = 0;   ///< allocated at once, by make()
  std::uint64_t reserved_bytes = 0;     ///< the same for payload
};

struct StackConfig {
  wire::Ipv4Prefix address;                    ///< with the length of its network: 10.1.0.2/24. Not set: see accept_any
  wire::Ipv4Address gateway;                   ///< unspecified: with a MAC address, none; else all is at the other end
  std::optional<wire::Ipv6Prefix> address6;    ///< 2001:db8::2/64; without it and accept_any, no IPv6
  wire::Ipv6Address gateway6;                  ///< unspecified: as above
  std::optional<wire::MacAddress> mac;         ///< Ethernet frames, with ARP; without it, bare IP packets
  std::uint32_t mtu = Interface::kDefaultMtu;  ///< of IP packets; 68 to Interface::kMaxMtu
  /// Takes packets for every address and sends from every one: for VPNs and proxies. Then Tcp::listen_any() and
  /// UdpPcb::bind_any() get what is for nobody else, and `address` need not be set.
  bool accept_any = false;
  /// output() may give TCP packets of up to 64 KiB that stand for many segments, output_segment_size() bytes each, and
  /// UDP packets, where UdpPcb::Options::segment_size asks for it. Else they are cut to the MTU first.
  bool super_segments = false;
  /// Initial sequence numbers, ports, hashes and cookies depend on it: take it from a source nobody can guess.
  std::uint64_t seed = 1;
  StackLimits limits;
  ip::Ipv4Config ipv4;
  ip::Ipv6Config ipv6;
  transport::TcpConfig tcp;
  transport::TcpPolicy tcp_policy;
  transport::TcpLimits tcp_limits;
  transport::Udp::Limits udp_limits;  ///< of UDP and of UDP-Lite, each
};

class Stack {
 public:
  /// EINVAL (no usable address, gateway or MTU), EHOSTUNREACH (the gateway is on no network of ours).
  static Result<std::unique_ptr<Stack>> make(const StackConfig& config);
  /// Connections end without a word to their peers; what waits is dropped. The user's UdpPcbs are gone before.
  ~Stack();
  Stack(const Stack&) = delete;
  Stack& operator=(const Stack&) = delete;

  // In
  /// A packet (an Ethernet frame without its FCS, if there is a MAC address) that has arrived. It is copied. What is
  /// due by then happens first. What is not right is dropped with a reason: see node().drops() and interface().drops().
  void input(std::span<const std::byte> packet, Instant now);
  /// Time has passed: timers fire that are due.
  void advance(Instant now);
  /// When advance() has something to do, if nothing else happens before; never() if nothing. It can be too early, never
  /// too late.
  [[nodiscard]] Instant deadline() const { return scheduler_.next(); }
  /// The time of the last input() or advance().
  [[nodiscard]] Instant now() const { return scheduler_.now(); }

  // Out
  [[nodiscard]] bool has_output() const { return port_.has_output(); }
  /// The next packet to send, complete with checksums; empty if there is none. Valid until the next call of output() or
  /// output_pieces(). To be called until it is empty after input(), advance() and the user's own calls of tcp() and
  /// udp().
  [[nodiscard]] std::span<const std::byte> output();
  /// The same without a copy: the pieces in order, for writev() and the like.
  [[nodiscard]] std::span<const std::span<const std::byte>> output_pieces();
  /// Payload bytes per segment of the last packet that output() gave; 0: it is one segment.
  [[nodiscard]] std::uint16_t output_segment_size() const { return out_ ? out_.meta().segment_size : std::uint16_t{0}; }

  // The host
  [[nodiscard]] transport::Tcp& tcp() { return host_.tcp; }
  [[nodiscard]] transport::Udp& udp() { return host_.udp; }
  [[nodiscard]] transport::Udp& udp_lite() { return host_.udp_lite; }
  [[nodiscard]] ip::Ipv4& ipv4() { return host_.ipv4; }
  /// Null: the host has no IPv6.
  [[nodiscard]] ip::Ipv6* ipv6() { return host_.ipv6.get(); }
  [[nodiscard]] Interface& interface() { return *interface_; }
  [[nodiscard]] Node& node() { return host_; }
  [[nodiscard]] const PacketPool& pool() const { return pool_; }

 private:
  /// What node::Host is, without sockets.
  struct Host final : Node {
    Host(Environment& environment, const StackConfig& config);
    void receive(Interface& in, Packet frame) override { ether_types.dispatch(in, std::move(frame)); }
    void link_changed(Interface& interface) override;
    void speak_ipv6(const ip::Ipv6Config& config);

    ip::EtherTable ether_types;
    ip::Ipv4 ipv4;
    std::unique_ptr<ip::Ipv6> ipv6;
    transport::Udp udp;
    transport::Udp udp_lite;
    transport::Tcp tcp;
  };

  explicit Stack(const StackConfig& config);
  Result<void> set_up(const StackConfig& config);
  Result<void> set_up_ipv4(const StackConfig& config);
  Result<void> set_up_ipv6(const StackConfig& config);
  void reserve(const StackLimits& limits);
  bool next_packet();

  PacketPool pool_;
  Scheduler scheduler_;
  Environment environment_;
  Port port_;
  Host host_;
  Interface* interface_;
  Packet out_;  // what output() gave last
  std::array<std::span<const std::byte>, 1 + Packet::kMaxSlices> pieces_;
  std::vector<std::byte> joined_;  // the same in one piece, where it is not
};

}  // namespace catenet::embed
