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
#include "catenet/packetdrill/symbols.h"

namespace catenet::packetdrill {
namespace {

namespace option = socket::option;
using socket::SocketTable;

struct OptionRow {
  int level;
  int name;
  Result<void> (*set)(SocketTable& table, int fd, std::int64_t value);
  Result<std::int64_t> (*get)(SocketTable& table, int fd);
};

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

constexpr std::array<OptionRow, 22> kRows{{
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

const OptionRow* find_row(std::int64_t level, std::int64_t name) {
  const auto* row = std::ranges::find_if(kRows, [&](const OptionRow& r) { return r.level == level && r.name == name; });
  return row == kRows.end() ? nullptr : row;
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

}  // namespace

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
  if (level == SOL_SOCKET && name == SO_LINGER && argument.kind == Expr::Kind::record && argument.items.size() == 2) {
    option::Linger linger;
    for (const Expr& field : argument.items) {
      const std::int64_t value = field.kind == Expr::Kind::field ? number(field.items[0]) : 0;
      (field.text == "onoff" ? linger.on = value != 0
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
  const OptionRow* row = level == (is_ipv6() ? IPPROTO_IP : IPPROTO_IPV6) ? nullptr : find_row(level, name);
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
  const bool other_family = level == (is_ipv6() ? IPPROTO_IP : IPPROTO_IPV6);
  const OptionRow* row = unknown_.empty() && !other_family ? find_row(level, name) : nullptr;
  if (row == nullptr || row->get == nullptr) {
    return unsupported(call);
  }
  const auto got = row->get(table_, open->fd);
  if (!got) {
    return answer(std::unexpected(got.error()), call);
  }
  const Expr& argument = call.arguments[3];
  if (argument.kind == Expr::Kind::list && argument.items.size() == 1 &&
      argument.items[0].kind != Expr::Kind::ellipsis) {
    const std::int64_t wanted = number(argument.items[0]);
    if (wanted != *got) {
      return {Answer::Kind::differs, 0, 0, "the option is " + std::to_string(*got) + ", not " + std::to_string(wanted)};
    }
  }
  return {};
}

}  // namespace catenet::packetdrill
