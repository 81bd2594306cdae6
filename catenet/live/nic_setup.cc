// SPDX-License-Identifier: Apache-2.0
#include "catenet/live/nic_setup.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

namespace catenet::live {
namespace {

constexpr int kSocketBuffer = 4 << 20;  // bytes; half a second at 64 Mbit/s, or 2,700 full frames

ifreq request_for(const std::string& device) {
  ifreq request{};
  device.copy(request.ifr_name, IFNAMSIZ - 1);
  return request;
}

bool is_running(int socket, const std::string& device) {
  ifreq request = request_for(device);
  return ::ioctl(socket, SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_RUNNING) != 0;
}

/// The device that a packet socket is bound to, in the socket's namespace.
std::string device_of(int packet_socket) {
  sockaddr_ll address{};
  socklen_t size = sizeof address;
  ifreq request{};
  if (::getsockname(packet_socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return {};
  }
  request.ifr_ifindex = address.sll_ifindex;
  return ::ioctl(packet_socket, SIOCGIFNAME, &request) == 0 ? std::string(request.ifr_name) : std::string();
}

/// Every frame that leaves `device` gets its checksums and its final size in software. Features a device does not have
/// are refused with EOPNOTSUPP; that is as good as off.
LiveResult<void> switch_offloads_off(const std::string& device) {
  UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket) {
    return os_fail("socket for ethtool", errno);
  }
  for (std::uint32_t command : {ETHTOOL_STXCSUM, ETHTOOL_SSG, ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_SGRO}) {
    ethtool_value off{command, 0};
    ifreq request = request_for(device);
    request.ifr_data = reinterpret_cast<char*>(&off);
    if (::ioctl(socket.get(), SIOCETHTOOL, &request) != 0 && errno != EOPNOTSUPP) {
      return os_fail("offloads of " + device + " off", errno);
    }
  }
  return {};
}

/// Tells the kernel what the reader of a TAP understands, and says what a writer may give. Datagrams in trains came
/// with Linux 6.2.
std::optional<ChannelKind> take_offloads(int tap) {
  constexpr unsigned kUdpTrains = 0x20 | 0x40;  // TUN_F_USO4, TUN_F_USO6
  constexpr unsigned kSegments = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;
  if (::ioctl(tap, TUNSETOFFLOAD, kSegments | kUdpTrains) == 0) {
    return ChannelKind::tap_with_udp_offloads;
  }
  return ::ioctl(tap, TUNSETOFFLOAD, kSegments) == 0 ? std::optional(ChannelKind::tap_with_offloads) : std::nullopt;
}

LiveResult<void> silence_ipv6() {
  auto written = write_file("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1\n");
  if (!written && written.error().code != ENOENT) {  // ENOENT: a kernel without IPv6 is silent enough
    return os_fail("switch IPv6 off on the NICs", written.error().code);
  }
  return {};
}

LiveResult<UniqueFd> open_network_namespace() {
  UniqueFd fd(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!fd) {
    return os_fail("open /proc/self/ns/net", errno);
  }
  return fd;
}

}  // namespace

void wait_for_carrier(const NicEnd& end, const std::string& device) {
  constexpr int kTries = 2000;
  const UniqueFd inside(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const bool paired = end.kind == ChannelKind::packet_socket;
  const std::string peer = paired ? device_of(end.fd.get()) : std::string();
  for (int i = 0; i < kTries; ++i) {
    if (is_running(inside.get(), device) && (!paired || is_running(end.fd.get(), peer))) {
      return;
    }
    ::usleep(1000);
  }
}

LiveResult<NicMaker> NicMaker::create() {
  if (auto quiet = silence_ipv6(); !quiet) {
    return std::unexpected(quiet.error());
  }
  auto rtnl = Rtnl::open();
  if (!rtnl) {
    return std::unexpected(rtnl.error());
  }
  return NicMaker(std::move(*rtnl));
}

LiveResult<NicEnd> NicMaker::make(const std::string& name, const std::optional<MacBytes>& mac, std::uint32_t mtu,
                                  Attachment attachment) {
  if (attachment == Attachment::packet_socket) {
    auto veth = make_veth(name, mac, mtu);
    if (veth) {
      veth->description = "veth + packet socket, as asked for";
    }
    return veth;
  }
  auto tap = make_tap(name, mac, mtu, attachment == Attachment::automatic);
  if (tap || attachment == Attachment::tap) {
    return tap;
  }
  auto veth = make_veth(name, mac, mtu);
  if (!veth) {
    return live_fail(veth.error().code, veth.error().text + "; nor a TAP: " + tap.error().text);
  }
  veth->description = "veth + packet socket, because " + tap.error().text;
  return veth;
}

LiveResult<NicEnd> NicMaker::make_tap(const std::string& name, const std::optional<MacBytes>& mac, std::uint32_t mtu,
                                      bool offloads) {
  UniqueFd tap(::open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK));
  if (!tap) {
    return os_fail("/dev/net/tun", errno);
  }
  ifreq request = request_for(name);
  request.ifr_flags = static_cast<short>(IFF_TAP | IFF_NO_PI | (offloads ? IFF_VNET_HDR : 0));
  if (::ioctl(tap.get(), TUNSETIFF, &request) != 0) {
    return os_fail("make TAP " + name, errno);
  }
  const auto kind = offloads ? take_offloads(tap.get()) : ChannelKind::tap;
  if (!kind) {
    return os_fail("offloads of TAP " + name, errno);
  }
  if (auto set = rtnl_.set_link(name, mac, mtu); !set) {
    return std::unexpected(set.error());
  }
  return NicEnd{*kind, std::move(tap), offloads ? "TAP with offloads" : "TAP"};
}

LiveResult<NicEnd> NicMaker::make_veth(const std::string& name, const std::optional<MacBytes>& mac, std::uint32_t mtu) {
  if (!wire_) {
    if (auto wire = make_wire(); !wire) {
      return std::unexpected(wire.error());
    }
  }
  auto made = rtnl_.add_veth({.name = name, .mac = mac, .peer_name = name, .peer_namespace = wire_.get(), .mtu = mtu});
  if (!made) {
    return std::unexpected(made.error());
  }
  if (auto off = switch_offloads_off(name); !off) {
    return std::unexpected(off.error());
  }
  if (::setns(wire_.get(), CLONE_NEWNET) != 0) {
    return os_fail("enter the wire namespace", errno);
  }
  auto socket = listen_on_wire(name);
  if (::setns(inside_.get(), CLONE_NEWNET) != 0) {
    return os_fail("leave the wire namespace", errno);
  }
  if (!socket) {
    return std::unexpected(socket.error());
  }
  return NicEnd{ChannelKind::packet_socket, std::move(*socket), ""};
}

LiveResult<void> NicMaker::make_wire() {
  auto inside = open_network_namespace();
  if (!inside) {
    return std::unexpected(inside.error());
  }
  if (::unshare(CLONE_NEWNET) != 0) {
    return os_fail("unshare the wire namespace", errno);
  }
  auto quiet = silence_ipv6();  // /proc/sys/net is that of the caller's current namespace
  auto wire = open_network_namespace();
  if (::setns(inside->get(), CLONE_NEWNET) != 0) {
    return os_fail("leave the wire namespace", errno);
  }
  if (!quiet || !wire) {
    return std::unexpected(quiet ? wire.error() : quiet.error());
  }
  inside_ = std::move(*inside);
  wire_ = std::move(*wire);
  return {};
}

/// Runs in the wire namespace. The socket keeps that namespace alive; when Catenet closes it, the pair is gone.
LiveResult<UniqueFd> NicMaker::listen_on_wire(const std::string& peer) {
  auto rtnl = Rtnl::open();
  if (!rtnl) {
    return std::unexpected(rtnl.error());
  }
  auto index = rtnl->index_of(peer);
  if (!index) {
    return std::unexpected(index.error());
  }
  if (auto off = switch_offloads_off(peer); !off) {
    return std::unexpected(off.error());
  }
  // Up before bind(2): a packet socket bound to a device that is down reports ENETDOWN at its first read.
  if (auto up = rtnl->set_up(peer); !up) {
    return std::unexpected(up.error());
  }
  // Protocol 0: deaf until bound, so that no frame of another interface slips in.
  UniqueFd socket(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) {
    return os_fail("packet socket", errno);
  }
  const int on = 1;
  packet_mreq promiscuous{};
  promiscuous.mr_ifindex = *index;
  promiscuous.mr_type = PACKET_MR_PROMISC;
  if (::setsockopt(socket.get(), SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on) != 0 ||
      ::setsockopt(socket.get(), SOL_PACKET, PACKET_AUXDATA, &on, sizeof on) != 0 ||
      ::setsockopt(socket.get(), SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promiscuous, sizeof promiscuous) != 0) {
    return os_fail("options of the packet socket", errno);
  }
  for (auto [force, plain] : {std::pair(SO_RCVBUFFORCE, SO_RCVBUF), std::pair(SO_SNDBUFFORCE, SO_SNDBUF)}) {
    if (::setsockopt(socket.get(), SOL_SOCKET, force, &kSocketBuffer, sizeof kSocketBuffer) != 0) {
      (void)::setsockopt(socket.get(), SOL_SOCKET, plain, &kSocketBuffer, sizeof kSocketBuffer);  // as far as allowed
    }
  }
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = *index;
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return os_fail("bind the packet socket", errno);
  }
  return socket;
}

}  // namespace catenet::live
