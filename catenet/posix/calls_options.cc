// SPDX-License-Identifier: Apache-2.0
// getsockopt() and setsockopt(). An option is honoured or refused with ENOPROTOOPT; none is taken and forgotten. Values
// are read and cut as Linux does.
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <limits>
#include <span>
#include <string_view>

#include "catenet/posix/abi.h"
#include "catenet/posix/link_address.h"
#include "catenet/posix/option_value.h"

namespace catenet::posix {
namespace {

namespace option = socket::option;

Duration duration_of(const timeval& t) { return Duration::seconds(t.tv_sec) + Duration::microseconds(t.tv_usec); }
timeval time_of(Duration d) { return {d.ns() / 1'000'000'000, d.us() % 1'000'000}; }

constexpr auto kReno = transport::CongestionAlgorithm::new_reno;
constexpr std::string_view kLinuxReno = "reno";  // what Linux calls it

Result<void> set_limit(Duration& limit, const Value& value) {
  const auto given = value.as<timeval>();
  if (!given) {
    return std::unexpected(given.error());
  }
  if (given->tv_usec < 0 || given->tv_usec >= 1'000'000) {
    return fail(EDOM, "not a time");
  }
  limit = given->tv_sec < 0 ? Duration::nanoseconds(1) : duration_of(*given);  // negative: do not wait
  return {};
}

// Linux doubles what is asked for, to have room for its own bookkeeping, and tells the doubled size.
template <typename T>
Result<void> set_buffer(const SocketFile& file, int bytes) {
  constexpr int kSmallest = std::is_same_v<T, option::SendBuffer> ? 2304 : 1152;
  return set(file, T{static_cast<std::size_t>(std::clamp(bytes, kSmallest, std::numeric_limits<int>::max() / 2))});
}

Result<void> set_device(const SocketFile& file, const Value& value) {
  const std::string_view given(static_cast<const char*>(value.data), std::min<socklen_t>(value.size, IFNAMSIZ - 1));
  const std::string_view word = given.substr(0, given.find('\0'));
  if (word.empty()) {
    return set(file, option::BindToDevice{});
  }
  for (const auto& interface : file.host().node().interfaces()) {
    if (interface->name() == word) {
      return set(file, option::BindToDevice{interface.get()});
    }
  }
  return fail(ENODEV, "no interface of this name");
}

Result<void> get_device(const SocketFile& file, Value& value) {
  const auto read = file.host().get_option<option::BindToDevice>(file.number());
  if (!read) {
    return std::unexpected(read.error());
  }
  std::array<char, IFNAMSIZ> name{};
  if (read->interface == nullptr) {
    value.size = 0;
    return {};
  }
  if (value.size < name.size()) {
    return fail(EINVAL, "no room for an interface's name");
  }
  const std::string_view word = read->interface->name();
  word.copy(name.data(), name.size() - 1);
  value.size = static_cast<socklen_t>(std::min(word.size(), name.size() - 1) + 1);
  std::memcpy(value.data, name.data(), value.size);
  return {};
}

Result<void> set_socket_option(SocketFile& file, int name, const Value& value) {
  if (name == SO_RCVTIMEO || name == SO_SNDTIMEO) {
    return set_limit(name == SO_RCVTIMEO ? file.receive_limit : file.send_limit, value);
  }
  if (name == SO_LINGER) {
    const auto given = value.as<linger>();
    if (!given) {
      return std::unexpected(given.error());
    }
    if (!file.is_stream()) {
      return no_such_option();
    }
    return set(file, option::Linger{given->l_onoff != 0, Duration::seconds(std::max(0, given->l_linger))});
  }
  if (name == SO_BINDTODEVICE) {
    return set_device(file, value);
  }
  if (is_filter_option(name)) {
    return set_filter_option(file, name, value);
  }
  const auto number = value.as<int>();
  if (!number) {
    return std::unexpected(number.error());
  }
  const bool on = *number != 0;
  switch (name) {
    case SO_REUSEADDR:
      file.reuse_address = on;
      return file.domain == AF_PACKET ? Result<void>() : set(file, option::ReuseAddress{on});
    case SO_REUSEPORT:
      return set(file, option::ReusePort{on});
    case SO_KEEPALIVE:
      return set(file, option::KeepAlive{on});
    case SO_BROADCAST:
      file.broadcast = on;
      return file.is_stream() || file.domain == AF_PACKET ? Result<void>() : set(file, option::Broadcast{on});
    case SO_RCVBUF:
      return set_buffer<option::ReceiveBuffer>(file, *number);
    case SO_SNDBUF:
      return set_buffer<option::SendBuffer>(file, *number);
    case SO_PRIORITY:
      return set(file, option::Priority{static_cast<std::uint32_t>(*number)});
    case SO_MARK:
      return set(file, option::Mark{static_cast<std::uint32_t>(*number)});
    case SO_NO_CHECK:
      return file.domain == AF_INET ? set(file, option::NoChecksum{on}) : no_such_option();
    default:
      return no_such_option();
  }
}

// What Linux makes of the four bits of RFC 1349 (ip_tos2prio).
std::uint32_t priority_of(int tos) {
  constexpr std::array<std::uint8_t, 8> kPriorities{0, 0, 2, 2, 6, 6, 4, 4};
  return kPriorities[static_cast<std::size_t>(tos >> 2) & 7];
}

Result<void> set_ip_option(SocketFile& file, int name, const Value& value) {
  if (is_group_option(file, name)) {
    return set_group_option(file, name, value);
  }
  const auto number = value.as_small();
  if (!number) {
    return std::unexpected(number.error());
  }
  const bool datagram = !file.is_stream();
  const bool byte = *number >= 0 && *number <= 255;
  switch (name) {
    case IP_TTL:
      if (*number != -1 && (*number < 1 || !byte)) {
        return fail(EINVAL, "not a time to live");
      }
      return set(file, option::TimeToLive{static_cast<std::uint8_t>(*number == -1 ? 0 : *number)});
    case IP_MULTICAST_TTL:
      if (*number != -1 && !byte) {
        return fail(EINVAL, "not a time to live");
      }
      return set(file, option::MulticastTtl{static_cast<std::uint8_t>(*number == -1 ? 1 : *number)});
    case IP_TOS:
      if (!file.is_stream()) {
        (void)set(file, option::Priority{priority_of(*number)});  // a ping socket has none
      }
      return set(file, option::TrafficClass{static_cast<std::uint8_t>(*number)});
    case IP_RECVERR:
      return set(file, option::ReceiveErrors{*number != 0});
    case IP_HDRINCL:
      return set(file, option::HeaderIncluded{*number != 0});
    case IP_MTU_DISCOVER:
      if (*number != IP_PMTUDISC_DONT && *number != IP_PMTUDISC_DO) {
        return fail(*number == IP_PMTUDISC_WANT || *number == IP_PMTUDISC_PROBE ? ENOPROTOOPT : EINVAL,
                    "a way of path MTU discovery that is not there");
      }
      return set(file, option::DontFragment{*number == IP_PMTUDISC_DO});
    case IP_PKTINFO:
    case IP_RECVTTL:
    case IP_RECVTOS:
      if (!datagram) {
        return no_such_option();
      }
      (name == IP_PKTINFO ? file.tell_destination : name == IP_RECVTTL ? file.tell_ttl : file.tell_tos) = *number != 0;
      return {};
    default:
      return no_such_option();
  }
}

Result<void> set_keepalive(const SocketFile& file, int name, int number) {
  auto timing = file.host().get_option<option::KeepAliveTiming>(file.number());
  const int most = name == TCP_KEEPCNT ? 127 : 32'767;  // Linux's limits
  if (!timing || number < 1 || number > most) {
    return timing ? fail(EINVAL, "out of range") : std::unexpected(timing.error());
  }
  if (name == TCP_KEEPIDLE) {
    timing->idle = Duration::seconds(number);
  } else if (name == TCP_KEEPINTVL) {
    timing->interval = Duration::seconds(number);
  } else {
    timing->probes = static_cast<std::uint8_t>(number);
  }
  return set(file, *timing);
}

Result<void> set_fast_open_keys(const SocketFile& file, const Value& value) {
  const auto bytes =
      std::as_bytes(std::span(static_cast<const char*>(value.data), value.data == nullptr ? 0 : value.size));
  const auto keys = transport::FastOpenKeys::from_bytes(bytes);
  return keys ? set(file, option::FastOpenKeys{*keys}) : std::unexpected(keys.error());
}

Result<void> set_fast_open(const SocketFile& file, int name, int number) {
  if (number < 0 || (name != TCP_FASTOPEN && number > 1)) {
    return fail(EINVAL, "out of range");
  }
  switch (name) {
    case TCP_FASTOPEN:
      return set(file, option::FastOpen{static_cast<std::uint32_t>(number)});
    case TCP_FASTOPEN_CONNECT:
      return set(file, option::FastOpenConnect{number != 0});
    default:
      return set(file, option::FastOpenWithoutCookie{number != 0});
  }
}

Result<void> set_tcp_option(const SocketFile& file, int name, const Value& value) {
  if (!file.is_stream()) {
    return no_such_option();  // reading it is EOPNOTSUPP: so says Linux
  }
  if (name == TCP_CONGESTION) {
    const std::string_view given(static_cast<const char*>(value.data), value.size);
    const std::string_view word = given.substr(0, given.find('\0'));
    const auto algorithm = transport::congestion_algorithm_from(word == kLinuxReno ? transport::name(kReno) : word);
    return algorithm ? set(file, option::Congestion{*algorithm})
                     : fail(ENOENT, "a congestion control that is not there");
  }
  if (name == TCP_FASTOPEN_KEY) {
    return set_fast_open_keys(file, value);
  }
  if (name == TCP_MD5SIG || name == TCP_MD5SIG_EXT || (name >= kAoAddKey && name <= kAoInfo)) {
    return set_tcp_key_option(file, name, value);
  }
  const auto number = value.as<int>();
  if (!number) {
    return std::unexpected(number.error());
  }
  switch (name) {
    case TCP_FASTOPEN:
    case TCP_FASTOPEN_CONNECT:
    case TCP_FASTOPEN_NO_COOKIE:
      return set_fast_open(file, name, *number);
    case TCP_NODELAY:
      return set(file, option::NoDelay{*number != 0});
    case TCP_CORK:
      return set(file, option::Cork{*number != 0});
    case TCP_MAXSEG:
      if (*number < 0 || *number > 32'767) {
        return fail(EINVAL, "not a segment size");
      }
      return set(file, option::MaxSegment{static_cast<std::uint16_t>(*number)});
    case TCP_NOTSENT_LOWAT:
      return set(file, option::UnsentLowMark{static_cast<std::uint32_t>(*number)});
    case TCP_SYNCNT:
      if (*number < 1 || *number > 127) {
        return fail(EINVAL, "not a number of retransmissions");
      }
      return set(file, option::SynRetries{static_cast<std::uint8_t>(*number)});
    case TCP_USER_TIMEOUT:
      return set(file, option::UserTimeout{Duration::milliseconds(*number)});
    case TCP_KEEPIDLE:
    case TCP_KEEPINTVL:
    case TCP_KEEPCNT:
      return set_keepalive(file, name, *number);
    default:
      return no_such_option();
  }
}

// ---- reading --------------------------------------------------------------------------------------------------------

Result<void> get_congestion(const SocketFile& file, Value& value) {
  const auto read = file.host().get_option<option::Congestion>(file.number());
  if (!read) {
    return std::unexpected(read.error());
  }
  const std::string_view word = read->algorithm == kReno ? kLinuxReno : transport::name(read->algorithm);
  std::array<char, 16> text{};  // TCP_CA_NAME_MAX
  word.copy(text.data(), text.size() - 1);
  return value.give(text);
}

Result<void> get_fast_open_keys(const SocketFile& file, Value& value) {
  const auto read = file.host().get_option<option::FastOpenKeys>(file.number());
  if (!read) {
    return std::unexpected(read.error());
  }
  const auto bytes = read->keys.bytes();
  value.size = static_cast<socklen_t>(std::min<std::size_t>(value.size, bytes.size()));
  std::memcpy(value.data, bytes.data(), value.size);
  return {};
}

constexpr auto kDoubled = [](const auto& o) {
  return static_cast<int>(std::min<std::size_t>(2 * o.bytes, std::numeric_limits<int>::max()));
};

Result<void> get_socket_option(const SocketFile& file, int name, Value& value) {
  switch (name) {
    case SO_ERROR: {
      const auto code = file.host().take_error(file.number());
      return code ? value.give(*code) : std::unexpected(code.error());
    }
    case SO_TYPE:
      return value.give(file.type);
    case SO_DOMAIN:
      return value.give(file.domain);
    case SO_PROTOCOL:
      return value.give(file.protocol);
    case SO_ACCEPTCONN:
      return value.give(file.is_listening() ? 1 : 0);
    case SO_REUSEADDR:
      return file.domain == AF_PACKET ? value.give(file.reuse_address ? 1 : 0)
                                      : get<option::ReuseAddress>(file, value, kOn);
    case SO_REUSEPORT:
      return get<option::ReusePort>(file, value, kOn);
    case SO_BINDTODEVICE:
      return get_device(file, value);
    case SO_KEEPALIVE:
      return get<option::KeepAlive>(file, value, kOn);
    case SO_BROADCAST:
      return value.give(file.broadcast ? 1 : 0);
    case SO_NO_CHECK:
      return get<option::NoChecksum>(file, value, kOn);
    case SO_RCVBUF:
      return get<option::ReceiveBuffer>(file, value, kDoubled);
    case SO_SNDBUF:
      return get<option::SendBuffer>(file, value, kDoubled);
    case SO_PRIORITY:
      return get<option::Priority>(file, value, [](const auto& o) { return static_cast<int>(o.value); });
    case SO_MARK:
      return get<option::Mark>(file, value, [](const auto& o) { return static_cast<int>(o.value); });
    case SO_GET_FILTER:
      return get_packet_filter(file, value);
    case SO_LOCK_FILTER:
      return get<option::FilterLock>(file, value, kOn);
    case SO_RCVTIMEO:
      return value.give(time_of(file.receive_limit));
    case SO_SNDTIMEO:
      return value.give(time_of(file.send_limit));
    case SO_LINGER: {
      const auto o = file.host().get_option<option::Linger>(file.number());
      return o ? value.give(linger{o->on ? 1 : 0, static_cast<int>(o->after.ns() / 1'000'000'000)})
               : std::unexpected(o.error());
    }
    default:
      return no_such_option();
  }
}

Result<void> get_ip_option(const SocketFile& file, int name, Value& value) {
  if (is_group_option(file, name)) {
    return get_group_option(file, name, value);
  }
  switch (name) {
    case IP_TTL:
      return get<option::TimeToLive>(file, value, [](const auto& o) { return o.hops == 0 ? 64 : o.hops; });
    case IP_MULTICAST_TTL:
      return get<option::MulticastTtl>(file, value, [](const auto& o) { return o.hops; });
    case IP_TOS:
      return get<option::TrafficClass>(file, value, [](const auto& o) { return o.bits; });
    case IP_RECVERR:
      return get<option::ReceiveErrors>(file, value, kOn);
    case IP_HDRINCL:
      return file.is_raw() ? get<option::HeaderIncluded>(file, value, kOn) : value.give(0);
    case IP_MTU_DISCOVER:
      return get<option::DontFragment>(file, value,
                                       [](const auto& o) { return o.on ? IP_PMTUDISC_DO : IP_PMTUDISC_DONT; });
    case IP_PKTINFO:
      return value.give(file.tell_destination ? 1 : 0);
    case IP_RECVTTL:
      return value.give(file.tell_ttl ? 1 : 0);
    case IP_RECVTOS:
      return value.give(file.tell_tos ? 1 : 0);
    default:
      return no_such_option();
  }
}

/// The fields of struct tcp_info that mean the same everywhere; the others are zero.
Result<void> get_tcp_info(const SocketFile& file, Value& value) {
  const auto figures = file.host().get_option<option::Figures>(file.number());
  if (!figures) {
    return std::unexpected(figures.error());
  }
  using transport::TcpState;
  const auto state_of = [](TcpState state) {  // in the order of TcpState
    constexpr std::uint8_t kNames[] = {TCP_CLOSE,       TCP_LISTEN,    TCP_SYN_SENT,  TCP_SYN_RECV,
                                       TCP_ESTABLISHED, TCP_FIN_WAIT1, TCP_FIN_WAIT2, TCP_CLOSE_WAIT,
                                       TCP_CLOSING,     TCP_LAST_ACK,  TCP_TIME_WAIT};
    return kNames[static_cast<std::size_t>(state)];
  };
  const transport::TcpPcbInfo& tcp = figures->tcp;
  tcp_info info{};
  info.tcpi_state = state_of(tcp.state);
  info.tcpi_rto = static_cast<std::uint32_t>(tcp.rto.us());
  info.tcpi_snd_mss = tcp.mss;
  info.tcpi_rtt = static_cast<std::uint32_t>(tcp.srtt.us());
  info.tcpi_snd_ssthresh = tcp.ssthresh / std::max(1U, tcp.mss);  // in segments, as Linux tells
  info.tcpi_snd_cwnd = tcp.cwnd / std::max(1U, tcp.mss);
  info.tcpi_total_retrans = tcp.statistics.retransmits;
  info.tcpi_last_data_recv = static_cast<std::uint32_t>(tcp.since_data.ms());
  info.tcpi_unacked = (tcp.unacked + std::max(1U, tcp.mss) - 1) / std::max(1U, tcp.mss);
  return value.give(info);
}

Result<void> get_tcp_option(const SocketFile& file, int name, Value& value) {
  if (!file.is_stream()) {
    return fail(EOPNOTSUPP, "an option of TCP on another socket");
  }
  using Timing = option::KeepAliveTiming;
  switch (name) {
    case TCP_NODELAY:
      return get<option::NoDelay>(file, value, kOn);
    case TCP_CORK:
      return get<option::Cork>(file, value, kOn);
    case TCP_MAXSEG:
      return get<option::MaxSegment>(file, value, [](const auto& o) { return o.bytes; });
    case TCP_NOTSENT_LOWAT:
      return get<option::UnsentLowMark>(file, value, [](const auto& o) { return static_cast<int>(o.bytes); });
    case TCP_SYNCNT:
      return get<option::SynRetries>(file, value, [](const auto& o) { return o.times; });
    case TCP_USER_TIMEOUT:
      return get<option::UserTimeout>(file, value, [](const auto& o) { return o.after.ms(); });
    case TCP_KEEPIDLE:
      return get<Timing>(file, value, [](const auto& o) { return o.idle.ms() / 1000; });
    case TCP_KEEPINTVL:
      return get<Timing>(file, value, [](const auto& o) { return o.interval.ms() / 1000; });
    case TCP_KEEPCNT:
      return get<Timing>(file, value, [](const auto& o) { return o.probes; });
    case TCP_FASTOPEN:
      return get<option::FastOpen>(file, value, [](const auto& o) { return o.queue; });
    case TCP_FASTOPEN_CONNECT:
      return get<option::FastOpenConnect>(file, value, kOn);
    case TCP_FASTOPEN_NO_COOKIE:
      return get<option::FastOpenWithoutCookie>(file, value, kOn);
    case TCP_FASTOPEN_KEY:
      return get_fast_open_keys(file, value);
    case kAoInfo:
    case kAoGetKeys:
      return get_tcp_key_option(file, name, value);
    case TCP_INFO:
      return get_tcp_info(file, value);
    case TCP_CONGESTION:
      return get_congestion(file, value);
    default:
      return no_such_option();
  }
}

Result<void> set_option(int fd, int level, int name, const Value& value) {
  const auto file = self().socket(fd);
  if (!file) {
    return std::unexpected(file.error());
  }
  if ((*file)->domain == AF_PACKET && level != SOL_SOCKET) {
    return level == kPacketLevel ? set_packet_option(**file, name, value) : no_such_option();
  }
  switch (level) {
    case SOL_SOCKET:
      return set_socket_option(**file, name, value);
    case IPPROTO_IP:  // of IPv6's sockets: Linux means what they say over IPv4, which has no settings of its own here
      return (*file)->domain == AF_INET ? set_ip_option(**file, name, value) : no_such_option();
    case IPPROTO_IPV6:
      return (*file)->domain == AF_INET6 ? set_ipv6_option(**file, name, value) : no_such_option();
    case IPPROTO_TCP:
      return set_tcp_option(**file, name, value);
    case kRawLevel:
    case IPPROTO_ICMPV6:
      return set_raw_option(**file, level, name, value);
    case IPPROTO_UDP:
    case IPPROTO_UDPLITE:
      return (*file)->is_udp() ? set_udp_option(**file, name, value) : no_such_option();
    default:
      return no_such_option();
  }
}

// Linux's two families do not agree.
Result<void> no_such_level(const SocketFile& file) {
  return fail(file.domain == AF_INET ? EOPNOTSUPP : ENOPROTOOPT, "a level that is not there");
}

Result<void> get_option(int fd, int level, int name, Value& value) {
  const auto file = self().socket(fd);
  if (!file) {
    return std::unexpected(file.error());
  }
  if ((*file)->domain == AF_PACKET && level != SOL_SOCKET) {
    return level == kPacketLevel ? get_packet_option(**file, name, value) : no_such_option();
  }
  switch (level) {
    case SOL_SOCKET:
      return get_socket_option(**file, name, value);
    case IPPROTO_IP:
      return (*file)->domain == AF_INET ? get_ip_option(**file, name, value) : no_such_option();
    case IPPROTO_IPV6:
      return (*file)->domain == AF_INET6 ? get_ipv6_option(**file, name, value)
                                         : fail(EOPNOTSUPP, "a level that is not there");
    case IPPROTO_TCP:
      return get_tcp_option(**file, name, value);
    case kRawLevel:
    case IPPROTO_ICMPV6:
      return get_raw_option(**file, level, name, value);
    case IPPROTO_UDP:
    case IPPROTO_UDPLITE:
      return (*file)->is_udp() ? get_udp_option(**file, name, value) : no_such_level(**file);
    default:
      return no_such_level(**file);
  }
}

}  // namespace
}  // namespace catenet::posix

using namespace catenet::posix;

extern "C" {

int catenet_posix_setsockopt(int fd, int level, int name, const void* data, socklen_t size) {
  return static_cast<int>(answer(set_option(fd, level, name, Value{const_cast<void*>(data), size})));
}

int catenet_posix_getsockopt(int fd, int level, int name, void* data, socklen_t* size) {
  if (data == nullptr || size == nullptr) {
    return refuse(EFAULT);
  }
  Value value{data, *size};
  const auto done = get_option(fd, level, name, value);
  if (done) {
    *size = value.size;
  }
  return static_cast<int>(answer(done));
}

}  // extern "C"
