// SPDX-License-Identifier: Apache-2.0
#include "catenet/live/netlink.h"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sys/socket.h>

#include <cstring>

namespace catenet::live {
namespace {

constexpr std::size_t align4(std::size_t n) { return (n + 3) & ~std::size_t{3}; }

std::uint32_t as_mask(std::uint8_t length) { return length == 0 ? 0 : ~std::uint32_t{0} << (32 - length); }

/// The kernel's explanation in an extended acknowledgement (netlink(7), NETLINK_EXT_ACK), or "".
std::string extended_text(const std::vector<std::uint8_t>& answer, const nlmsghdr& header) {
  if ((header.nlmsg_flags & NLM_F_ACK_TLVS) == 0) {
    return "";
  }
  // NETLINK_CAP_ACK was asked for: the failed request's body is not repeated, attributes follow the nlmsgerr.
  std::size_t at = NLMSG_HDRLEN + sizeof(nlmsgerr);
  const std::size_t end = std::min<std::size_t>(header.nlmsg_len, answer.size());
  while (at + sizeof(nlattr) <= end) {
    nlattr attribute;
    std::memcpy(&attribute, answer.data() + at, sizeof attribute);
    if (attribute.nla_len < sizeof attribute || at + attribute.nla_len > end) {
      break;
    }
    if ((attribute.nla_type & NLA_TYPE_MASK) == NLMSGERR_ATTR_MSG) {
      std::string text(reinterpret_cast<const char*>(answer.data()) + at + sizeof attribute,
                       attribute.nla_len - sizeof attribute);
      return text.substr(0, text.find('\0'));
    }
    at += align4(attribute.nla_len);
  }
  return "";
}

}  // namespace

std::string to_text(const Ipv4Bytes& a) {
  return std::to_string(a[0]) + "." + std::to_string(a[1]) + "." + std::to_string(a[2]) + "." + std::to_string(a[3]);
}

std::string to_text(const Ipv4Prefix& prefix) { return to_text(prefix.address) + "/" + std::to_string(prefix.length); }

std::string to_text(const Ipv4Route& route) {
  return to_text(route.prefix) + (route.gateway ? " via " + to_text(*route.gateway) : "") +
         (route.device.empty() ? "" : " dev " + route.device);
}

NetlinkRequest::NetlinkRequest(std::uint16_t type, std::uint16_t flags) {
  nlmsghdr header{};
  header.nlmsg_type = type;
  header.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags);
  append(&header, sizeof header);
}

void NetlinkRequest::append(const void* data, std::size_t size) {
  const std::size_t at = bytes_.size();
  bytes_.resize(at + align4(size));  // the padding is zero
  if (size != 0) {
    std::memcpy(bytes_.data() + at, data, size);
  }
}

void NetlinkRequest::put(std::uint16_t attribute, const void* data, std::size_t size) {
  nlattr header{static_cast<std::uint16_t>(sizeof(nlattr) + size), attribute};
  append(&header, sizeof header);
  append(data, size);
}

std::size_t NetlinkRequest::begin_nest(std::uint16_t attribute) {
  const std::size_t start = bytes_.size();
  nlattr header{0, static_cast<std::uint16_t>(attribute | NLA_F_NESTED)};
  append(&header, sizeof header);
  return start;
}

void NetlinkRequest::end_nest(std::size_t start) {
  const auto size = static_cast<std::uint16_t>(bytes_.size() - start);
  std::memcpy(bytes_.data() + start, &size, sizeof size);
}

std::vector<std::uint8_t>& NetlinkRequest::finish(std::uint32_t sequence) {
  nlmsghdr header;
  std::memcpy(&header, bytes_.data(), sizeof header);
  header.nlmsg_len = static_cast<std::uint32_t>(bytes_.size());
  header.nlmsg_seq = sequence;
  std::memcpy(bytes_.data(), &header, sizeof header);
  return bytes_;
}

LiveResult<Rtnl> Rtnl::open() {
  UniqueFd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!socket) {
    return os_fail("rtnetlink socket", errno);
  }
  const int on = 1;
  // Best effort: without them only the explanations are poorer.
  (void)::setsockopt(socket.get(), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
  (void)::setsockopt(socket.get(), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
  return Rtnl(std::move(socket));
}

LiveResult<std::vector<std::uint8_t>> Rtnl::exchange(NetlinkRequest& request, const std::string& doing) {
  const std::uint32_t sequence = ++sequence_;
  const std::vector<std::uint8_t>& bytes = request.finish(sequence);
  if (::send(socket_.get(), bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    return os_fail(doing, errno);
  }
  std::vector<std::uint8_t> answer(32 * 1024);
  while (true) {
    ssize_t n = ::recv(socket_.get(), answer.data(), answer.size(), 0);
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n < static_cast<ssize_t>(sizeof(nlmsghdr))) {
      return os_fail(doing, n < 0 ? errno : EPROTO);
    }
    nlmsghdr header;
    std::memcpy(&header, answer.data(), sizeof header);
    if (header.nlmsg_seq != sequence) {
      continue;
    }
    answer.resize(static_cast<std::size_t>(n));
    if (header.nlmsg_type != NLMSG_ERROR) {
      return answer;
    }
    nlmsgerr error;
    std::memcpy(&error, answer.data() + NLMSG_HDRLEN, sizeof error);
    if (error.error == 0) {
      return answer;
    }
    const std::string why = extended_text(answer, header);
    return live_fail(-error.error, doing + ": " + errno_text(-error.error) + (why.empty() ? "" : " (" + why + ")"));
  }
}

LiveResult<void> Rtnl::request(NetlinkRequest& request, const std::string& doing) {
  auto answer = exchange(request, doing);
  if (!answer) {
    return std::unexpected(answer.error());
  }
  return {};
}

// The answer to RTM_GETLINK without NLM_F_ACK is one RTM_NEWLINK; with it, the link comes first and the
// acknowledgement after it, which the next exchange skips by its sequence number.
LiveResult<int> Rtnl::index_of(const std::string& device) {
  NetlinkRequest get(RTM_GETLINK, 0);
  get.put_struct(ifinfomsg{});
  get.put_text(IFLA_IFNAME, device);
  auto answer = exchange(get, "find NIC " + device);
  if (!answer) {
    return std::unexpected(answer.error());
  }
  if (answer->size() < NLMSG_HDRLEN + sizeof(ifinfomsg)) {
    return os_fail("find NIC " + device, EPROTO);
  }
  ifinfomsg info;
  std::memcpy(&info, answer->data() + NLMSG_HDRLEN, sizeof info);
  return info.ifi_index;
}

LiveResult<void> Rtnl::set_up(const std::string& device) {
  NetlinkRequest set(RTM_NEWLINK, 0);
  ifinfomsg info{};
  info.ifi_flags = IFF_UP;
  info.ifi_change = IFF_UP;
  set.put_struct(info);
  set.put_text(IFLA_IFNAME, device);
  return request(set, "NIC " + device + " up");
}

LiveResult<void> Rtnl::set_link(const std::string& device, const std::optional<MacBytes>& mac, std::uint32_t mtu) {
  NetlinkRequest set(RTM_NEWLINK, 0);
  set.put_struct(ifinfomsg{});
  set.put_text(IFLA_IFNAME, device);
  if (mac) {
    set.put(IFLA_ADDRESS, mac->data(), mac->size());
  }
  set.put_u32(IFLA_MTU, mtu);
  return request(set, "NIC " + device + " MAC address and MTU " + std::to_string(mtu));
}

LiveResult<void> Rtnl::add_veth(const VethPair& pair) {
  NetlinkRequest add(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  add.put_struct(ifinfomsg{});
  add.put_text(IFLA_IFNAME, pair.name);
  add.put_u32(IFLA_MTU, pair.mtu);
  if (pair.mac) {
    add.put(IFLA_ADDRESS, pair.mac->data(), pair.mac->size());
  }
  const std::size_t link = add.begin_nest(IFLA_LINKINFO);
  add.put_text(IFLA_INFO_KIND, "veth");
  const std::size_t data = add.begin_nest(IFLA_INFO_DATA);
  const std::size_t peer = add.begin_nest(VETH_INFO_PEER);
  add.put_struct(ifinfomsg{});
  add.put_text(IFLA_IFNAME, pair.peer_name);
  add.put_u32(IFLA_MTU, pair.mtu);
  if (pair.peer_namespace >= 0) {
    add.put_u32(IFLA_NET_NS_FD, static_cast<std::uint32_t>(pair.peer_namespace));
  }
  add.end_nest(peer);
  add.end_nest(data);
  add.end_nest(link);
  return request(add, "veth pair " + pair.name + " - " + pair.peer_name);
}

LiveResult<void> Rtnl::add_address(const std::string& device, const Ipv4Prefix& address) {
  const std::string doing = "address " + to_text(address) + " on " + device;
  if (address.length > 32) {
    return os_fail(doing, EINVAL);
  }
  auto index = index_of(device);
  if (!index) {
    return live_fail(index.error().code, doing + ": " + index.error().text);
  }
  NetlinkRequest add(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
  ifaddrmsg info{};
  info.ifa_family = AF_INET;
  info.ifa_prefixlen = address.length;
  info.ifa_index = static_cast<std::uint32_t>(*index);
  info.ifa_scope = address.address[0] == 127 ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE;
  add.put_struct(info);
  add.put(IFA_LOCAL, address.address.data(), 4);
  add.put(IFA_ADDRESS, address.address.data(), 4);
  if (address.length < 31) {  // RFC 3021: a /31 has no broadcast address
    Ipv4Bytes broadcast = address.address;
    const std::uint32_t host_bits = ~as_mask(address.length);
    for (unsigned i = 0; i < 4; ++i) {
      broadcast[i] = static_cast<std::uint8_t>(broadcast[i] | (host_bits >> (24 - 8 * i)));
    }
    add.put(IFA_BROADCAST, broadcast.data(), 4);
  }
  return request(add, doing);
}

LiveResult<void> Rtnl::add_route(const Ipv4Route& route) {
  const std::string doing = "route " + to_text(route);
  if (route.prefix.length > 32 || (!route.gateway && route.device.empty())) {
    return live_fail(EINVAL, doing + ": a route needs a gateway or a device, and a prefix length of 0 to 32");
  }
  NetlinkRequest add(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL);
  rtmsg info{};
  info.rtm_family = AF_INET;
  info.rtm_dst_len = route.prefix.length;
  info.rtm_table = RT_TABLE_MAIN;
  info.rtm_protocol = RTPROT_STATIC;
  info.rtm_scope = route.gateway ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
  info.rtm_type = RTN_UNICAST;
  add.put_struct(info);
  add.put(RTA_DST, route.prefix.address.data(), 4);
  if (route.gateway) {
    add.put(RTA_GATEWAY, route.gateway->data(), 4);
  }
  if (!route.device.empty()) {
    auto index = index_of(route.device);
    if (!index) {
      return live_fail(index.error().code, doing + ": " + index.error().text);
    }
    add.put_u32(RTA_OIF, static_cast<std::uint32_t>(*index));
  }
  return request(add, doing);
}

}  // namespace catenet::live
