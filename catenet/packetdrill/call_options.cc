// SPDX-License-Identifier: Apache-2.0
// setsockopt and getsockopt: one row for each option that our sockets have.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <span>

#include "catenet/packetdrill/calls.h"
#include "catenet/packetdrill/notation.h"
#include "catenet/packetdrill/options.h"
#include "catenet/packetdrill/symbols.h"
#include "catenet/socket/descriptor.h"

namespace catenet::packetdrill {
namespace {

namespace option = socket::option;
using socket::SocketTable;

template <typename T>
Result<void> set_switch(SocketTable& table, int fd, std::int64_t value) {
  return table.set_option(fd, T{value != 0});
}
template <typename T>
Result<std::int64_t> get_switch(SocketTable& table, int fd) {
  const auto got = table.get_option<T>(fd);
  return got ? Result<std::int64_t>(got->on ? 1 : 0) : std::unexpected(got.error());
}
template <typename T>
Result<void> set_size(SocketTable& table, int fd, std::int64_t value) {
  return table.set_option(fd, T{static_cast<std::size_t>(std::max<std::int64_t>(value, 0))});
}
template <typename T>
Result<std::int64_t> get_size(SocketTable& table, int fd) {
  const auto got = table.get_option<T>(fd);
  return got ? Result<std::int64_t>(static_cast<std::int64_t>(got->bytes)) : std::unexpected(got.error());
}

Result<void> set_hops(SocketTable& table, int fd, std::int64_t value) {
  return table.set_option(fd, option::TimeToLive{static_cast<std::uint8_t>(value)});
}
Result<std::int64_t> get_hops(SocketTable& table, int fd) {
  const auto got = table.get_option<option::TimeToLive>(fd);
  return got ? Result<std::int64_t>(got->hops) : std::unexpected(got.error());
}
Result<void> set_class(SocketTable& table, int fd, std::int64_t value) {
  return table.set_option(fd, option::TrafficClass{static_cast<std::uint8_t>(value)});
}
Result<std::int64_t> get_class(SocketTable& table, int fd) {
  const auto got = table.get_option<option::TrafficClass>(fd);
  return got ? Result<std::int64_t>(got->bits) : std::unexpected(got.error());
}

using Timing = option::KeepAliveTiming;
Result<void> change_timing(SocketTable& table, int fd, const auto& change) {
  auto timing = table.get_option<Timing>(fd);
  if (!timing) {
    return std::unexpected(timing.error());
  }
  change(*timing);
  return table.set_option(fd, *timing);
}
Result<std::int64_t> read_timing(SocketTable& table, int fd, const auto& read) {
  const auto timing = table.get_option<Timing>(fd);
  return timing ? Result<std::int64_t>(read(*timing)) : std::unexpected(timing.error());
}
constexpr std::int64_t kMostSeconds = 32767;  // Linux's MAX_TCP_KEEPIDLE and MAX_TCP_KEEPINTVL

constexpr std::array<OptionRow, 29> kRows{{
    {IPPROTO_TCP, TCP_MAXSEG,
     [](SocketTable& table, int fd, std::int64_t value) {
       return value < 0 || value > 0xffff ? fail(EINVAL, "no segment is of that size")
                                          : table.set_option(fd, option::MaxSegment{static_cast<std::uint16_t>(value)});
     },
     [](SocketTable& table, int fd) {
       const auto got = table.get_option<option::MaxSegment>(fd);
       return got ? Result<std::int64_t>(got->bytes) : std::unexpected(got.error());
     }},
    {IPPROTO_TCP, TCP_KEEPIDLE,
     [](SocketTable& table, int fd, std::int64_t value) {
       return value < 1 || value > kMostSeconds
                  ? fail(EINVAL, "a time out of range")
                  : change_timing(table, fd, [&](Timing& t) { t.idle = Duration::seconds(value); });
     },
     [](SocketTable& table, int fd) {
       return read_timing(table, fd, [](const Timing& t) { return t.idle.ms() / 1000; });
     }},
    {IPPROTO_TCP, TCP_KEEPINTVL,
     [](SocketTable& table, int fd, std::int64_t value) {
       return value < 1 || value > kMostSeconds
                  ? fail(EINVAL, "a time out of range")
                  : change_timing(table, fd, [&](Timing& t) { t.interval = Duration::seconds(value); });
     },
     [](SocketTable& table, int fd) {
       return read_timing(table, fd, [](const Timing& t) { return t.interval.ms() / 1000; });
     }},
    {IPPROTO_TCP, TCP_KEEPCNT,
     [](SocketTable& table, int fd, std::int64_t value) {
       return value < 1 || value > 127
                  ? fail(EINVAL, "a number out of range")
                  : change_timing(table, fd, [&](Timing& t) { t.probes = static_cast<std::uint8_t>(value); });
     },
     [](SocketTable& table, int fd) {
       return read_timing(table, fd, [](const Timing& t) { return std::int64_t{t.probes}; });
     }},
    {SOL_SOCKET, SO_REUSEADDR, set_switch<option::ReuseAddress>, get_switch<option::ReuseAddress>},
    {SOL_SOCKET, SO_REUSEPORT, set_switch<option::ReusePort>, get_switch<option::ReusePort>},
    {SOL_SOCKET, SO_KEEPALIVE, set_switch<option::KeepAlive>, get_switch<option::KeepAlive>},
    {SOL_SOCKET, SO_BROADCAST, set_switch<option::Broadcast>, get_switch<option::Broadcast>},
    {SOL_SOCKET, SO_NO_CHECK, set_switch<option::NoChecksum>, get_switch<option::NoChecksum>},
    {SOL_SOCKET, SO_RCVBUF, set_size<option::ReceiveBuffer>, nullptr},
    {SOL_SOCKET, SO_SNDBUF, set_size<option::SendBuffer>, nullptr},
    {SOL_SOCKET, SO_ERROR, nullptr,
     [](SocketTable& table, int fd) {
       const auto got = table.take_error(fd);
       return got ? Result<std::int64_t>(*got) : std::unexpected(got.error());
     }},
    {IPPROTO_TCP, TCP_FASTOPEN,
     [](SocketTable& table, int fd, std::int64_t value) {
       return value < 0 ? fail(EINVAL, "a queue below zero")
                        : table.set_option(fd, option::FastOpen{static_cast<std::uint32_t>(value)});
     },
     [](SocketTable& table, int fd) {
       const auto got = table.get_option<option::FastOpen>(fd);
       return got ? Result<std::int64_t>(got->queue) : std::unexpected(got.error());
     }},
    {IPPROTO_TCP, TCP_FASTOPEN_CONNECT, set_switch<option::FastOpenConnect>, get_switch<option::FastOpenConnect>},
    {IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, set_switch<option::FastOpenWithoutCookie>,
     get_switch<option::FastOpenWithoutCookie>},
    {SOL_SOCKET, SO_ZEROCOPY, set_switch<option::ZeroCopy>, get_switch<option::ZeroCopy>},
    {IPPROTO_TCP, TCP_NOTSENT_LOWAT,
     [](SocketTable& table, int fd, std::int64_t value) {
       return table.set_option(fd, option::UnsentLowMark{static_cast<std::uint32_t>(value)});
     },
     [](SocketTable& table, int fd) {
       const auto got = table.get_option<option::UnsentLowMark>(fd);
       return got ? Result<std::int64_t>(got->bytes) : std::unexpected(got.error());
     }},
    {IPPROTO_TCP, TCP_SYNCNT,
     [](SocketTable& table, int fd, std::int64_t value) {
       return value < 1 || value > 127 ? fail(EINVAL, "a number out of range")
                                       : table.set_option(fd, option::SynRetries{static_cast<std::uint8_t>(value)});
     },
     [](SocketTable& table, int fd) {
       const auto got = table.get_option<option::SynRetries>(fd);
       return got ? Result<std::int64_t>(got->times) : std::unexpected(got.error());
     }},
    {IPPROTO_TCP, TCP_CORK, set_switch<option::Cork>, get_switch<option::Cork>},
    {IPPROTO_TCP, TCP_NODELAY, set_switch<option::NoDelay>, get_switch<option::NoDelay>},
    {IPPROTO_TCP, TCP_USER_TIMEOUT,
     [](SocketTable& table, int fd, std::int64_t value) {
       return table.set_option(fd, option::UserTimeout{Duration::milliseconds(value)});
     },
     [](SocketTable& table, int fd) {
       const auto got = table.get_option<option::UserTimeout>(fd);
       return got ? Result<std::int64_t>(got->after.ms()) : std::unexpected(got.error());
     }},
    {IPPROTO_IP, IP_TTL, set_hops, get_hops},
    {IPPROTO_IP, IP_TOS, set_class, get_class},
    {IPPROTO_IP, IP_MTU_DISCOVER,
     [](SocketTable& table, int fd, std::int64_t value) {
       return table.set_option(fd, option::DontFragment{value == IP_PMTUDISC_DO || value == IP_PMTUDISC_WANT});
     },
     nullptr},
    {IPPROTO_IP, IP_RECVERR, set_switch<option::ReceiveErrors>, get_switch<option::ReceiveErrors>},
    {IPPROTO_IPV6, IPV6_V6ONLY, set_switch<option::V6Only>, get_switch<option::V6Only>},
    {IPPROTO_IPV6, IPV6_UNICAST_HOPS, set_hops, get_hops},
    {IPPROTO_IPV6, IPV6_TCLASS, set_class, get_class},
    {IPPROTO_IPV6, IPV6_RECVERR, set_switch<option::ReceiveErrors>, get_switch<option::ReceiveErrors>},
}};

// "\xa1\x05" as the bytes it means.
std::string unescaped(std::string_view text) {
  std::string bytes;
  for (std::size_t at = 0; at < text.size();) {
    unsigned value = 0;
    const char* digits = text.data() + at + 2;
    if (text.substr(at).starts_with("\\x") && text.size() - at >= 4 &&
        std::from_chars(digits, digits + 2, value, 16).ptr == digits + 2) {
      bytes += static_cast<char>(value);
      at += 4;
    } else {
      bytes += text[at++];
    }
  }
  return bytes;
}

Answer unsupported(const CallEvent& call) {
  return {Answer::Kind::unsupported, 0, 0,
          "the socket option " + (call.arguments.size() > 2 ? to_text(call.arguments[2]) : std::string("?"))};
}

Answer answer(const Result<void>& done, const CallEvent& call) {
  if (!done && done.error().code == ENOPROTOOPT && call.error != "ENOPROTOOPT") {
    return unsupported(call);  // an option of other types of sockets here
  }
  return done ? Answer{} : Answer{Answer::Kind::returned, -1, done.error().code, {}};
}

constexpr std::int64_t kLeastLinuxBuffer = 4608;  // SOCK_MIN_SNDBUF

// A buffer's size as FreeBSD tells it: on a connection rounded up to whole segments.
std::int64_t freebsd_buffer(SocketTable& table, int fd, bool receive, std::int64_t set) {
  const transport::TcpConfig& config = table.protocols().tcp.config();
  const std::int64_t size = set > 0 ? set : receive ? config.receive_buffer : config.send_buffer;
  const auto figures = table.get_option<option::Figures>(fd);
  using enum transport::TcpState;
  const bool connected =
      figures && figures->tcp.state != closed && figures->tcp.state != listen && figures->tcp.state != syn_sent;
  const std::int64_t mss = connected ? std::max<std::int64_t>(figures->tcp.mss, 1) : 1;
  return (size + mss - 1) / mss * mss;
}

}  // namespace

const OptionRow* find_option(std::int64_t level, std::int64_t name) {
  const auto* row = std::ranges::find_if(kRows, [&](const OptionRow& r) { return r.level == level && r.name == name; });
  return row == kRows.end() ? nullptr : row;
}

// What is remembered here, because the sockets have no such option of their own.
std::optional<Answer> Calls::set_special(Open& open, std::int64_t level, std::int64_t name, const CallEvent& call) {
  const Expr& argument = call.arguments[3];
  const Expr& value = argument.kind == Expr::Kind::list && argument.items.size() == 1 ? argument.items[0] : argument;
  if (level == IPPROTO_TCP && name == TCP_INQ && open.stream) {
    open.tells_queue = number(value) != 0;
    return Answer{};
  }
  if (level == IPPROTO_TCP && name == TCP_FASTOPEN && freebsd_) {
    open.fast_open = number(value) != 0;
  }
  if (level == SOL_SOCKET && (name == SO_SNDBUF || name == SO_RCVBUF)) {
    (name == SO_SNDBUF ? open.send_buffer : open.receive_buffer) = number(value);
  }
  if (level == SOL_SOCKET && name == SO_SNDBUF && open.stream && linux_) {  // socket(7): room for the bookkeeping
    const std::int64_t bytes = std::max(2 * number(value), kLeastLinuxBuffer);
    return answer(table_.set_option(open.fd, option::SendBuffer{static_cast<std::size_t>(bytes)}), call);
  }
  if (level == SOL_SOCKET && name == SO_TIMESTAMPING) {
    return set_stamps(open, number(value));
  }
  if (level == SOL_SOCKET && name == SO_OOBINLINE && number(value) != 0) {
    return Answer{};  // urgent data are always taken in line (RFC 6093)
  }
  const bool says_nothing_here = level == SOL_SOCKET ? name == SO_MARK || name == SO_DEBUG || name == SO_PRIORITY
                                                     : level == IPPROTO_IP && name == IP_FREEBIND;
  return says_nothing_here ? std::optional(Answer{}) : std::nullopt;
}

std::optional<std::int64_t> Calls::get_special(const Open& open, std::int64_t level, std::int64_t name) const {
  if (level == IPPROTO_TCP && name == TCP_INQ && open.stream) {
    return open.tells_queue ? 1 : 0;
  }
  if (level == SOL_SOCKET && (name == SO_SNDBUF || name == SO_RCVBUF)) {
    const std::int64_t set = name == SO_SNDBUF ? open.send_buffer : open.receive_buffer;
    if (freebsd_ && open.stream) {
      return freebsd_buffer(table_, open.fd, name == SO_RCVBUF, set);
    }
    return set > 0 ? std::optional(2 * set) : std::nullopt;  // socket(7): Linux tells twice what was asked for
  }
  if (level == SOL_SOCKET && name == SO_TYPE) {
    return open.stream ? SOCK_STREAM : SOCK_DGRAM;
  }
  if (level == SOL_SOCKET && name == SO_PROTOCOL) {
    return open.stream ? IPPROTO_TCP : IPPROTO_UDP;
  }
  if (level == SOL_SOCKET && name == SO_DOMAIN) {
    return is_ipv6() ? AF_INET6 : AF_INET;
  }
  if (level == SOL_SOCKET && name == SO_ACCEPTCONN) {
    const socket::Descriptor* d = table_.find(open.fd);
    return d != nullptr && d->row().listening ? 1 : 0;
  }
  return std::nullopt;
}

Answer Calls::do_setsockopt(const CallEvent& call, Progress&) {
  Open* open = descriptor(call);
  if (open == nullptr || call.arguments.size() < 4) {
    return {Answer::Kind::returned, -1, EBADF, {}};
  }
  const std::int64_t level = number(call, 1);
  const std::int64_t name = number(call, 2);
  if (!unknown_.empty()) {
    return unsupported(call);
  }
  const Expr& argument = call.arguments[3];
  if (auto done = set_special(*open, level, name, call)) {
    return *done;
  }
  if (level == SOL_SOCKET && name == SO_LINGER && argument.kind == Expr::Kind::record && argument.items.size() == 2) {
    option::Linger linger;
    for (const Expr& field : argument.items) {
      const std::int64_t value = field.kind == Expr::Kind::field ? number(field.items[0]) : 0;
      (field.text.ends_with("onoff")
           ? linger.on = value != 0
           : (linger.after = Duration::seconds(std::min<std::int64_t>(value, 1 << 20)), true));
    }
    return answer(table_.set_option(open->fd, linger), call);
  }
  if (level == IPPROTO_TCP && name == TCP_CONGESTION) {
    const auto algorithm =
        transport::congestion_algorithm_from(argument.text == "reno" ? "newreno" : std::string_view(argument.text));
    return algorithm ? answer(table_.set_option(open->fd, option::Congestion{*algorithm}), call)
                     : Answer{Answer::Kind::unsupported, 0, 0, "the congestion control " + argument.text.substr(0, 40)};
  }
  if (level == IPPROTO_TCP && name == TCP_FASTOPEN_KEY && argument.kind == Expr::Kind::string) {
    const std::string bytes = unescaped(argument.text);
    const std::size_t size = std::min<std::size_t>(bytes.size(), static_cast<std::size_t>(number(call, 4)));
    const auto keys = transport::FastOpenKeys::from_bytes(std::as_bytes(std::span(bytes)).first(size));
    return answer(keys ? table_.set_option(open->fd, option::FastOpenKeys{*keys}) : std::unexpected(keys.error()),
                  call);
  }
  const OptionRow* row = level == (is_ipv6() ? IPPROTO_IP : IPPROTO_IPV6) ? nullptr : find_option(level, name);
  const Expr& value = argument.kind == Expr::Kind::list && argument.items.size() == 1 ? argument.items[0] : argument;
  if (row == nullptr || row->set == nullptr) {
    return unsupported(call);
  }
  return answer(row->set(table_, open->fd, number(value)), call);
}

Answer Calls::do_getsockopt(const CallEvent& call, Progress&) {
  Open* open = descriptor(call);
  if (open == nullptr || call.arguments.size() < 4) {
    return {Answer::Kind::returned, -1, EBADF, {}};
  }
  const std::int64_t level = number(call, 1);
  const std::int64_t name = number(call, 2);
  const Expr& argument = call.arguments[3];
  const bool named = unknown_.empty() && argument.kind == Expr::Kind::list && argument.items.size() == 1;
  const auto differs = [&](std::int64_t got) -> Answer {
    if (!named || argument.items[0].kind == Expr::Kind::ellipsis || number(argument.items[0]) == got) {
      return {};
    }
    return {Answer::Kind::differs, 0, 0,
            "the option is " + std::to_string(got) + ", not " + std::to_string(number(argument.items[0]))};
  };
  if (const auto special = unknown_.empty() ? get_special(*open, level, name) : std::nullopt) {
    return differs(*special);
  }
  if (unknown_.empty() && level == SOL_SOCKET && name == SO_LINGER && argument.kind == Expr::Kind::record) {
    const auto linger = table_.get_option<option::Linger>(open->fd);
    for (const Expr& field : argument.items) {
      const bool on = field.text.ends_with("onoff");
      const std::int64_t got = !linger ? -1 : on ? (linger->on ? 1 : 0) : linger->after.ms() / 1000;
      const std::int64_t wanted = field.kind == Expr::Kind::field ? number(field.items[0]) : got;
      if (got != wanted) {
        return {Answer::Kind::differs, 0, 0, field.text + " is " + std::to_string(got)};
      }
    }
    return {};
  }
  const bool other_family = level == (is_ipv6() ? IPPROTO_IP : IPPROTO_IPV6);
  const OptionRow* row = unknown_.empty() && !other_family ? find_option(level, name) : nullptr;
  if (row == nullptr || row->get == nullptr) {
    return unsupported(call);
  }
  const auto got = row->get(table_, open->fd);
  if (!got) {
    return answer(std::unexpected(got.error()), call);
  }
  return differs(*got);
}

}  // namespace catenet::packetdrill
