// SPDX-License-Identifier: Apache-2.0
#include "catenet/packetdrill/symbols.h"

#include <fcntl.h>
#include <ctime>

#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "catenet/wire/ip_address.h"

namespace catenet::packetdrill {
namespace {

struct Symbol {
  std::string_view name;
  std::int64_t value;
};

#define CATENET_SYMBOL(name) {#name, name}
constexpr Symbol kSymbols[] = {CATENET_SYMBOL(AF_INET),
                               CATENET_SYMBOL(AF_INET6),
                               CATENET_SYMBOL(PF_INET),
                               CATENET_SYMBOL(PF_INET6),
                               CATENET_SYMBOL(SOCK_STREAM),
                               CATENET_SYMBOL(SOCK_DGRAM),
                               CATENET_SYMBOL(SOCK_RAW),
                               CATENET_SYMBOL(SOCK_NONBLOCK),
                               CATENET_SYMBOL(SOCK_CLOEXEC),
                               CATENET_SYMBOL(IPPROTO_IP),
                               CATENET_SYMBOL(IPPROTO_TCP),
                               CATENET_SYMBOL(IPPROTO_UDP),
                               CATENET_SYMBOL(IPPROTO_ICMP),
                               CATENET_SYMBOL(IPPROTO_UDPLITE),
                               CATENET_SYMBOL(SOL_SOCKET),
                               {"NULL", 0},
                               CATENET_SYMBOL(SOL_IP),
                               CATENET_SYMBOL(SOL_TCP),
                               CATENET_SYMBOL(SOMAXCONN),
                               CATENET_SYMBOL(SO_REUSEADDR),
                               CATENET_SYMBOL(SO_REUSEPORT),
                               CATENET_SYMBOL(SO_KEEPALIVE),
                               CATENET_SYMBOL(SO_RCVBUF),
                               CATENET_SYMBOL(SO_SNDBUF),
                               CATENET_SYMBOL(SO_LINGER),
                               CATENET_SYMBOL(SO_DEBUG),
                               CATENET_SYMBOL(SO_DONTROUTE),
                               CATENET_SYMBOL(SO_BROADCAST),
                               CATENET_SYMBOL(SO_NO_CHECK),
                               CATENET_SYMBOL(SO_ERROR),
                               CATENET_SYMBOL(SO_TYPE),
                               CATENET_SYMBOL(SO_PROTOCOL),
                               CATENET_SYMBOL(SO_DOMAIN),
                               CATENET_SYMBOL(SO_ACCEPTCONN),
                               CATENET_SYMBOL(SO_RCVTIMEO),
                               CATENET_SYMBOL(SO_SNDTIMEO),
                               CATENET_SYMBOL(SO_RCVLOWAT),
                               CATENET_SYMBOL(SO_OOBINLINE),
                               CATENET_SYMBOL(SO_PRIORITY),
                               CATENET_SYMBOL(SO_MARK),
                               CATENET_SYMBOL(SO_TIMESTAMPING),
                               CATENET_SYMBOL(SO_TIMESTAMP),
                               CATENET_SYMBOL(SO_TIMESTAMPNS),
                               CATENET_SYMBOL(SO_ZEROCOPY),
                               CATENET_SYMBOL(SO_MAX_PACING_RATE),
                               CATENET_SYMBOL(SO_MEMINFO),
                               CATENET_SYMBOL(SO_BUSY_POLL),
                               CATENET_SYMBOL(SO_TXTIME),
                               CATENET_SYMBOL(TCP_NODELAY),
                               CATENET_SYMBOL(TCP_MAXSEG),
                               CATENET_SYMBOL(TCP_CORK),
                               CATENET_SYMBOL(TCP_KEEPIDLE),
                               CATENET_SYMBOL(TCP_KEEPINTVL),
                               CATENET_SYMBOL(TCP_KEEPCNT),
                               CATENET_SYMBOL(TCP_SYNCNT),
                               CATENET_SYMBOL(TCP_LINGER2),
                               CATENET_SYMBOL(TCP_DEFER_ACCEPT),
                               CATENET_SYMBOL(TCP_WINDOW_CLAMP),
                               CATENET_SYMBOL(TCP_INFO),
                               CATENET_SYMBOL(TCP_QUICKACK),
                               CATENET_SYMBOL(TCP_CONGESTION),
                               CATENET_SYMBOL(TCP_MD5SIG),
                               CATENET_SYMBOL(TCP_USER_TIMEOUT),
                               CATENET_SYMBOL(TCP_FASTOPEN),
                               CATENET_SYMBOL(TCP_TIMESTAMP),
                               CATENET_SYMBOL(TCP_NOTSENT_LOWAT),
                               CATENET_SYMBOL(TCP_CC_INFO),
                               CATENET_SYMBOL(TCP_SAVE_SYN),
                               CATENET_SYMBOL(TCP_SAVED_SYN),
                               CATENET_SYMBOL(TCP_ULP),
                               CATENET_SYMBOL(TCP_FASTOPEN_CONNECT),
                               CATENET_SYMBOL(TCP_INQ),
                               CATENET_SYMBOL(TCP_FASTOPEN_KEY),
                               CATENET_SYMBOL(TCP_FASTOPEN_NO_COOKIE),
                               CATENET_SYMBOL(TCP_ZEROCOPY_RECEIVE),
                               CATENET_SYMBOL(TCP_TX_DELAY),
                               CATENET_SYMBOL(TCP_REPAIR),
                               CATENET_SYMBOL(TCP_THIN_DUPACK),
                               CATENET_SYMBOL(TCP_THIN_LINEAR_TIMEOUTS),
                               CATENET_SYMBOL(IP_TOS),
                               CATENET_SYMBOL(IP_TTL),
                               CATENET_SYMBOL(IP_MTU_DISCOVER),
                               CATENET_SYMBOL(IP_RECVERR),
                               CATENET_SYMBOL(IPPROTO_IPV6),
                               CATENET_SYMBOL(SOL_IPV6),
                               CATENET_SYMBOL(IPPROTO_ICMPV6),
                               CATENET_SYMBOL(IPV6_V6ONLY),
                               CATENET_SYMBOL(IPV6_UNICAST_HOPS),
                               CATENET_SYMBOL(IPV6_TCLASS),
                               CATENET_SYMBOL(IPV6_RECVERR),
                               CATENET_SYMBOL(IPV6_MTU_DISCOVER),
                               CATENET_SYMBOL(IP_MTU),
                               CATENET_SYMBOL(IP_RECVTTL),
                               CATENET_SYMBOL(IP_RECVTOS),
                               CATENET_SYMBOL(IP_PKTINFO),
                               CATENET_SYMBOL(IP_FREEBIND),
                               CATENET_SYMBOL(IP_BIND_ADDRESS_NO_PORT),
                               CATENET_SYMBOL(IP_PMTUDISC_DONT),
                               CATENET_SYMBOL(IP_PMTUDISC_WANT),
                               CATENET_SYMBOL(IP_PMTUDISC_DO),
                               CATENET_SYMBOL(IP_PMTUDISC_PROBE),
                               CATENET_SYMBOL(MSG_PEEK),
                               CATENET_SYMBOL(MSG_DONTWAIT),
                               CATENET_SYMBOL(MSG_NOSIGNAL),
                               CATENET_SYMBOL(MSG_MORE),
                               CATENET_SYMBOL(MSG_OOB),
                               CATENET_SYMBOL(MSG_TRUNC),
                               CATENET_SYMBOL(MSG_WAITALL),
                               CATENET_SYMBOL(MSG_ERRQUEUE),
                               CATENET_SYMBOL(MSG_ZEROCOPY),
                               CATENET_SYMBOL(MSG_FASTOPEN),
                               CATENET_SYMBOL(MSG_CTRUNC),
                               CATENET_SYMBOL(MSG_EOR),
                               CATENET_SYMBOL(SHUT_RD),
                               CATENET_SYMBOL(SHUT_WR),
                               CATENET_SYMBOL(SHUT_RDWR),
                               CATENET_SYMBOL(F_GETFL),
                               CATENET_SYMBOL(F_SETFL),
                               CATENET_SYMBOL(O_RDWR),
                               CATENET_SYMBOL(O_RDONLY),
                               CATENET_SYMBOL(O_WRONLY),
                               CATENET_SYMBOL(O_NONBLOCK),
                               CATENET_SYMBOL(FIONREAD),
                               CATENET_SYMBOL(SIOCINQ),
                               CATENET_SYMBOL(SIOCOUTQ),
                               CATENET_SYMBOL(SIOCOUTQNSD),
                               CATENET_SYMBOL(POLLIN),
                               CATENET_SYMBOL(POLLOUT),
                               CATENET_SYMBOL(POLLERR),
                               CATENET_SYMBOL(POLLHUP),
                               CATENET_SYMBOL(POLLPRI),
                               CATENET_SYMBOL(POLLNVAL),
                               CATENET_SYMBOL(POLLRDNORM),
                               CATENET_SYMBOL(POLLWRNORM),
                               {"POLLRDHUP", 0x2000},
                               CATENET_SYMBOL(EPOLLIN),
                               CATENET_SYMBOL(EPOLLOUT),
                               CATENET_SYMBOL(EPOLLPRI),
                               CATENET_SYMBOL(EPOLLERR),
                               CATENET_SYMBOL(EPOLLHUP),
                               CATENET_SYMBOL(EPOLLRDHUP),
                               CATENET_SYMBOL(EPOLLRDNORM),
                               CATENET_SYMBOL(EPOLLWRNORM),
                               CATENET_SYMBOL(EPOLLONESHOT),
                               CATENET_SYMBOL(EPOLLEXCLUSIVE),
                               {"EPOLLET", 1LL << 31},
                               CATENET_SYMBOL(EPOLL_CTL_ADD),
                               CATENET_SYMBOL(EPOLL_CTL_MOD),
                               CATENET_SYMBOL(EPOLL_CTL_DEL),
                               CATENET_SYMBOL(EPOLL_CLOEXEC),
                               CATENET_SYMBOL(TCP_ESTABLISHED),
                               CATENET_SYMBOL(TCP_SYN_SENT),
                               CATENET_SYMBOL(TCP_SYN_RECV),
                               CATENET_SYMBOL(TCP_FIN_WAIT1),
                               CATENET_SYMBOL(TCP_FIN_WAIT2),
                               CATENET_SYMBOL(TCP_TIME_WAIT),
                               CATENET_SYMBOL(TCP_CLOSE),
                               CATENET_SYMBOL(TCP_CLOSE_WAIT),
                               CATENET_SYMBOL(TCP_LAST_ACK),
                               CATENET_SYMBOL(TCP_LISTEN),
                               CATENET_SYMBOL(TCP_CLOSING),
                               CATENET_SYMBOL(TCP_CA_Open),
                               CATENET_SYMBOL(TCP_CA_Disorder),
                               CATENET_SYMBOL(TCP_CA_CWR),
                               CATENET_SYMBOL(TCP_CA_Recovery),
                               CATENET_SYMBOL(TCP_CA_Loss),
                               CATENET_SYMBOL(TCPI_OPT_TIMESTAMPS),
                               CATENET_SYMBOL(TCPI_OPT_SACK),
                               CATENET_SYMBOL(TCPI_OPT_WSCALE),
                               CATENET_SYMBOL(TCPI_OPT_ECN),
                               CATENET_SYMBOL(TCPI_OPT_SYN_DATA),
                               // The states as FreeBSD's scripts name them; numbered as tcpi_state is here.
                               {"TCPI_CLOSED", TCP_CLOSE},
                               {"TCPI_LISTEN", TCP_LISTEN},
                               {"TCPI_SYN_SENT", TCP_SYN_SENT},
                               {"TCPI_SYN_RECEIVED", TCP_SYN_RECV},
                               {"TCPI_ESTABLISHED", TCP_ESTABLISHED},
                               {"TCPI_CLOSE_WAIT", TCP_CLOSE_WAIT},
                               {"TCPI_FIN_WAIT_1", TCP_FIN_WAIT1},
                               {"TCPI_CLOSING", TCP_CLOSING},
                               {"TCPI_LAST_ACK", TCP_LAST_ACK},
                               {"TCPI_FIN_WAIT_2", TCP_FIN_WAIT2},
                               {"TCPI_TIME_WAIT", TCP_TIME_WAIT},
                               {"IPTOS_DSCP_CS0", 0x00},
                               {"IPTOS_DSCP_LE", 0x04},
                               {"IPTOS_DSCP_CS1", 0x20},
                               {"IPTOS_DSCP_AF11", 0x28},
                               {"IPTOS_DSCP_AF12", 0x30},
                               {"IPTOS_DSCP_AF13", 0x38},
                               {"IPTOS_DSCP_CS2", 0x40},
                               {"IPTOS_DSCP_AF21", 0x48},
                               {"IPTOS_DSCP_AF22", 0x50},
                               {"IPTOS_DSCP_AF23", 0x58},
                               {"IPTOS_DSCP_CS3", 0x60},
                               {"IPTOS_DSCP_AF31", 0x68},
                               {"IPTOS_DSCP_AF32", 0x70},
                               {"IPTOS_DSCP_AF33", 0x78},
                               {"IPTOS_DSCP_CS4", 0x80},
                               {"IPTOS_DSCP_AF41", 0x88},
                               {"IPTOS_DSCP_AF42", 0x90},
                               {"IPTOS_DSCP_AF43", 0x98},
                               {"IPTOS_DSCP_CS5", 0xa0},
                               {"IPTOS_DSCP_VA", 0xb0},
                               {"IPTOS_DSCP_EF", 0xb8},
                               {"IPTOS_DSCP_CS6", 0xc0},
                               {"IPTOS_DSCP_CS7", 0xe0},
                               {"IPTOS_LOWDELAY", 0x10},
                               {"IPTOS_THROUGHPUT", 0x08},
                               {"IPTOS_RELIABILITY", 0x04},
                               {"IPTOS_MINCOST", 0x02},
                               CATENET_SYMBOL(SO_EE_ORIGIN_ZEROCOPY),
                               CATENET_SYMBOL(SO_EE_ORIGIN_TIMESTAMPING),
                               CATENET_SYMBOL(SO_EE_CODE_ZEROCOPY_COPIED),
                               CATENET_SYMBOL(SCM_TSTAMP_SND),
                               CATENET_SYMBOL(SCM_TSTAMP_SCHED),
                               CATENET_SYMBOL(SCM_TSTAMP_ACK),
                               CATENET_SYMBOL(SOF_TIMESTAMPING_TX_HARDWARE),
                               CATENET_SYMBOL(SOF_TIMESTAMPING_TX_SOFTWARE),
                               CATENET_SYMBOL(SOF_TIMESTAMPING_RX_HARDWARE),
                               CATENET_SYMBOL(SOF_TIMESTAMPING_RX_SOFTWARE),
                               CATENET_SYMBOL(SOF_TIMESTAMPING_SOFTWARE),
                               CATENET_SYMBOL(SOF_TIMESTAMPING_OPT_ID),
                               CATENET_SYMBOL(SOF_TIMESTAMPING_OPT_TSONLY),
                               CATENET_SYMBOL(SOF_TIMESTAMPING_OPT_CMSG),
                               CATENET_SYMBOL(SOF_TIMESTAMPING_TX_SCHED),
                               CATENET_SYMBOL(SOF_TIMESTAMPING_TX_ACK),
                               CATENET_SYMBOL(EPERM),
                               CATENET_SYMBOL(EINTR),
                               CATENET_SYMBOL(EBADF),
                               CATENET_SYMBOL(EAGAIN),
                               CATENET_SYMBOL(ENOMEM),
                               CATENET_SYMBOL(EACCES),
                               CATENET_SYMBOL(EFAULT),
                               CATENET_SYMBOL(EINVAL),
                               CATENET_SYMBOL(EMFILE),
                               CATENET_SYMBOL(ENOSPC),
                               CATENET_SYMBOL(EPIPE),
                               CATENET_SYMBOL(EDOM),
                               CATENET_SYMBOL(ENOENT),
                               CATENET_SYMBOL(ENOMSG),
                               CATENET_SYMBOL(EEXIST),
                               CATENET_SYMBOL(ENOTSOCK),
                               CATENET_SYMBOL(EDESTADDRREQ),
                               CATENET_SYMBOL(EMSGSIZE),
                               CATENET_SYMBOL(EPROTOTYPE),
                               CATENET_SYMBOL(ENOPROTOOPT),
                               CATENET_SYMBOL(EPROTO),
                               CATENET_SYMBOL(EPROTONOSUPPORT),
                               CATENET_SYMBOL(ESOCKTNOSUPPORT),
                               CATENET_SYMBOL(EOPNOTSUPP),
                               CATENET_SYMBOL(EAFNOSUPPORT),
                               CATENET_SYMBOL(EADDRINUSE),
                               CATENET_SYMBOL(EADDRNOTAVAIL),
                               CATENET_SYMBOL(ENETDOWN),
                               CATENET_SYMBOL(ENETUNREACH),
                               CATENET_SYMBOL(ENETRESET),
                               CATENET_SYMBOL(ECONNABORTED),
                               CATENET_SYMBOL(ECONNRESET),
                               CATENET_SYMBOL(ENOBUFS),
                               CATENET_SYMBOL(EISCONN),
                               CATENET_SYMBOL(ENOTCONN),
                               CATENET_SYMBOL(ESHUTDOWN),
                               CATENET_SYMBOL(ETIMEDOUT),
                               CATENET_SYMBOL(ECONNREFUSED),
                               CATENET_SYMBOL(EHOSTDOWN),
                               CATENET_SYMBOL(EHOSTUNREACH),
                               CATENET_SYMBOL(EALREADY),
                               CATENET_SYMBOL(EINPROGRESS),
                               CATENET_SYMBOL(EIO),
                               CATENET_SYMBOL(EWOULDBLOCK),
                               {"ENOTSUP", ENOTSUP}};
#undef CATENET_SYMBOL

}  // namespace

std::optional<std::int64_t> symbol(std::string_view name) {
  for (const Symbol& s : kSymbols) {
    if (s.name == name) {
      return s.value;
    }
  }
  return std::nullopt;
}

std::string error_name(int code) {
  bool errors = false;
  for (const Symbol& s : kSymbols) {  // the errors are the end of the table
    errors |= s.name == "EPERM";
    if (errors && s.value == code) {
      return std::string(s.name);
    }
  }
  return "E" + std::to_string(code);
}

std::optional<std::int64_t> number_of(const Expr& e, std::string& unknown) {
  switch (e.kind) {
    case Expr::Kind::integer:
      return e.number;
    case Expr::Kind::word: {
      const auto value = symbol(e.text);
      if (!value) {
        unknown = e.text;
      }
      return value;
    }
    case Expr::Kind::either: {
      std::int64_t all = 0;
      for (const Expr& item : e.items) {
        const auto value = number_of(item, unknown);
        if (!value) {
          return std::nullopt;
        }
        all |= *value;
      }
      return all;
    }
    case Expr::Kind::call:
      if (e.text == "htons" && e.items.size() == 1) {
        return number_of(e.items[0], unknown);
      }
      if (e.text == "inet_addr" && e.items.size() == 1) {
        const auto address = wire::Ipv4Address::parse(e.items[0].text);
        return address ? std::optional<std::int64_t>(address->value()) : std::nullopt;
      }
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

}  // namespace catenet::packetdrill
