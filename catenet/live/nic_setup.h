// SPDX-License-Identifier: Apache-2.0
// Makes the NICs of a namespace, from the inside: what the keeper does once, before any program runs. A NIC is a TAP
// device, or one end of a veth pair whose other end lies in a second, nameless network namespace ("the wire") with a
// packet socket on it. The wire is apart so that the namespace shows only its own NICs, and so that no IP stack hears a
// frame twice.
// Kept quiet: IPv6 is switched off on every NIC before it comes up (net.ipv6.conf.default.disable_ipv6=1; lo keeps
// ::1), so no router solicitation, MLD report or duplicate address detection appears in a capture. A plain TAP and a
// veth pair have no checksum or segmentation offloads, so that every frame carries its true checksums.
#pragma once
#include <string>

#include "catenet/live/netlink.h"
#include "catenet/live/nic_channel.h"

namespace catenet::live {

/// How a NIC is attached to Catenet.
enum class Attachment : std::uint8_t {
  automatic,      ///< TAP with offloads if /dev/net/tun can be opened, else a packet socket
  tap,            ///< TAP without offloads, or an error
  packet_socket,  ///< veth pair + packet socket
};

/// The outer end of a NIC just made.
struct NicEnd {
  ChannelKind kind = ChannelKind::tap;
  UniqueFd fd;
  std::string description;
};

/// Waits, two seconds at most, until both ends of a NIC that was set up can send. The kernel makes a link ready in a
/// work item of its own; what is sent before that is dropped without a word. `device` is in the caller's namespace.
void wait_for_carrier(const NicEnd& end, const std::string& device);

class NicMaker {
 public:
  /// To be made in the namespace that shall own the NICs; switches IPv6 off for the NICs to come.
  static LiveResult<NicMaker> create();

  /// Makes the NIC, down and without addresses. `mac` empty: the kernel draws one.
  LiveResult<NicEnd> make(const std::string& name, const std::optional<MacBytes>& mac, std::uint32_t mtu,
                          Attachment attachment);
  Rtnl& rtnl() { return rtnl_; }

 private:
  explicit NicMaker(Rtnl rtnl) : rtnl_(std::move(rtnl)) {}
  LiveResult<NicEnd> make_tap(const std::string& name, const std::optional<MacBytes>& mac, std::uint32_t mtu,
                              bool offloads);
  LiveResult<NicEnd> make_veth(const std::string& name, const std::optional<MacBytes>& mac, std::uint32_t mtu);
  LiveResult<void> make_wire();
  LiveResult<UniqueFd> listen_on_wire(const std::string& peer);

  Rtnl rtnl_;
  UniqueFd inside_;  ///< the namespace of the programs
  UniqueFd wire_;    ///< the namespace of the far ends; made with the first veth pair
};

}  // namespace catenet::live
