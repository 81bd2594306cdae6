// SPDX-License-Identifier: Apache-2.0
// The few rtnetlink requests a lab node needs (rtnetlink(7), netlink(7)), written out by hand: links up, with MAC and
// MTU; veth pairs; IPv4 addresses; IPv4 routes. A request goes to the network namespace in which the Rtnl was opened,
// also after the caller has moved to another one. Errors carry the kernel's own explanation (extended acknowledgement).
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "catenet/live/descriptor.h"
#include "catenet/live/error.h"

namespace catenet::live {

using MacBytes = std::array<std::uint8_t, 6>;
using Ipv4Bytes = std::array<std::uint8_t, 4>;  ///< network order: {10, 0, 0, 1}

struct Ipv4Prefix {
  Ipv4Bytes address{};
  std::uint8_t length = 0;  ///< 0 to 32; for an interface address the host bits are kept
  bool operator==(const Ipv4Prefix&) const = default;
};

/// A route through a gateway, a device, or a gateway on a device.
struct Ipv4Route {
  Ipv4Prefix prefix;                 ///< host bits must be zero, or the kernel refuses it
  std::optional<Ipv4Bytes> gateway;  ///< must be on-link
  std::string device;                ///< NIC name; empty: the kernel finds it from the gateway
};

/// "10.0.0.1" and "10.0.0.0/24", for messages.
std::string to_text(const Ipv4Bytes& address);
std::string to_text(const Ipv4Prefix& prefix);
std::string to_text(const Ipv4Route& route);

struct VethPair {
  std::string name;  ///< made in the Rtnl's namespace
  std::optional<MacBytes> mac;
  std::string peer_name;
  int peer_namespace = -1;   ///< descriptor of a network namespace the peer is born in; -1: the same one
  std::uint32_t mtu = 1500;  ///< of both ends, without the Ethernet header
};

/// One request being written: a header structure, then attributes, nested at will.
class NetlinkRequest {
 public:
  NetlinkRequest(std::uint16_t type, std::uint16_t flags);
  /// Appends a raw structure (ifinfomsg, ifaddrmsg, rtmsg), aligned to 4.
  template <typename T>
  void put_struct(const T& value) {
    append(&value, sizeof value);
  }
  void put(std::uint16_t attribute, const void* data, std::size_t size);
  void put_text(std::uint16_t attribute, const std::string& text) { put(attribute, text.c_str(), text.size() + 1); }
  void put_u32(std::uint16_t attribute, std::uint32_t value) { put(attribute, &value, sizeof value); }
  /// Opens a nested attribute; end_nest() takes what this returned.
  std::size_t begin_nest(std::uint16_t attribute);
  void end_nest(std::size_t start);
  /// The finished message.
  std::vector<std::uint8_t>& finish(std::uint32_t sequence);

 private:
  void append(const void* data, std::size_t size);
  std::vector<std::uint8_t> bytes_;
};

class Rtnl {
 public:
  static LiveResult<Rtnl> open();

  LiveResult<void> set_up(const std::string& device);
  LiveResult<void> set_link(const std::string& device, const std::optional<MacBytes>& mac, std::uint32_t mtu);
  LiveResult<void> add_veth(const VethPair& pair);
  LiveResult<void> add_address(const std::string& device, const Ipv4Prefix& address);
  LiveResult<void> add_route(const Ipv4Route& route);
  /// The interface's index; ENODEV when there is none of that name.
  LiveResult<int> index_of(const std::string& device);

 private:
  explicit Rtnl(UniqueFd socket) : socket_(std::move(socket)) {}
  LiveResult<std::vector<std::uint8_t>> exchange(NetlinkRequest& request, const std::string& doing);
  LiveResult<void> request(NetlinkRequest& request, const std::string& doing);

  UniqueFd socket_;
  std::uint32_t sequence_ = 0;
};

}  // namespace catenet::live
