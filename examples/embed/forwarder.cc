// SPDX-License-Identifier: Apache-2.0
// What tun2socks and user-space VPNs do: every connection and every datagram that comes out of a TUN device, whatever
// its address and port, goes on through an ordinary socket of the kernel. Programs whose default route is the TUN
// device notice nothing. docs/embedding.md
//
//   program -> its kernel -> TUN -> Stack (accept_any) -> [ Flow: copies both ways ] -> socket -> the world
//
// forwarder DEVICE: the name of a TUN device, or the number of an inherited descriptor of one.
#include <catenet/embed/stack.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <list>
#include <random>
#include <vector>

#include "tun.h"

using namespace catenet;

namespace {

Instant now() { return Instant::from_ns(std::chrono::steady_clock::now().time_since_epoch().count()); }

// A socket on its way to where the peer behind the TUN wanted to go; -1 if there is no way.
int connect_to(const wire::Endpoint& to, int type) {
  sockaddr_in6 address6{};
  address6.sin6_family = AF_INET6;
  address6.sin6_port = htons(to.port);
  sockaddr_in address4{};
  address4.sin_family = AF_INET;
  address4.sin_port = htons(to.port);
  const bool v4 = to.address.is_v4();
  if (v4) {
    address4.sin_addr.s_addr = htonl(to.address.v4().value());
  } else {
    std::memcpy(&address6.sin6_addr, to.address.v6().bytes().data(), sizeof address6.sin6_addr);
  }
  const auto* address = v4 ? reinterpret_cast<sockaddr*>(&address4) : reinterpret_cast<sockaddr*>(&address6);
  const socklen_t size = v4 ? sizeof address4 : sizeof address6;
  const int fd = socket(v4 ? AF_INET : AF_INET6, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd >= 0 && connect(fd, address, size) < 0 && errno != EINPROGRESS) {
    close(fd);
    return -1;
  }
  return fd;
}

// One direction of a connection: bytes that one end has given and the other has not yet taken. It is what limits the
// faster end: when it is full, the Stack's window or the kernel's closes.
struct Pipe {
  std::byte bytes[32768];
  std::size_t begin = 0;
  std::size_t end = 0;
  bool ended = false;   // nothing more comes in
  bool passed = false;  // and the other end has been told

  std::span<std::byte> room() {
    if (begin == end)
      begin = end = 0;
    return std::span(bytes).subspan(end);
  }
  std::span<const std::byte> waiting() const { return std::span(bytes).subspan(begin, end - begin); }
};

// A connection behind the TUN and the kernel's that goes on from it.
struct Flow {
  transport::TcpPcb* inner;
  int outer;
  Pipe up{};    // from the TUN to the world
  Pipe down{};  // and back
  bool connected = false;
  std::size_t place = 0;  // in the list that poll() gets; 0: not there

  short events() {
    if (!connected)
      return POLLOUT;
    return static_cast<short>((down.ended || down.room().empty() ? 0 : POLLIN) | (up.waiting().empty() ? 0 : POLLOUT));
  }

  // Moves what can be moved; false once the flow is over.
  bool move(short happened) {
    if (!connected) {
      int error = 0;
      socklen_t size = sizeof error;
      if (happened & (POLLOUT | POLLERR | POLLHUP)) {
        getsockopt(outer, SOL_SOCKET, SO_ERROR, &error, &size);
        connected = error == 0;
      }
      if (error != 0)
        return false;
    }
    return inner->error() == 0 && (!connected || (move_up() && move_down())) && !(up.passed && down.passed);
  }

  void end() {
    if (up.passed && down.passed) {
      inner->close();
    } else {
      inner->abort();  // whoever is behind the TUN learns that it went wrong
    }
    if (outer >= 0)
      ::close(outer);
  }

 private:
  bool move_up() {
    while (!up.ended && !up.room().empty()) {
      const auto got = inner->receive(up.room());
      if (!got)
        break;
      up.ended = *got == 0;
      up.end += *got;
    }
    while (!up.waiting().empty()) {
      const ssize_t sent = send(outer, up.waiting().data(), up.waiting().size(), MSG_NOSIGNAL);
      if (sent < 0)
        return errno == EAGAIN;
      up.begin += static_cast<std::size_t>(sent);
    }
    if (up.ended && !up.passed) {
      up.passed = true;
      shutdown(outer, SHUT_WR);
    }
    return true;
  }

  bool move_down() {
    for (;;) {
      const std::span<std::byte> room = down.room();
      const ssize_t got = down.ended || room.empty() ? -1 : recv(outer, room.data(), room.size(), 0);
      if (got < 0 && !down.ended && !room.empty() && errno != EAGAIN)
        return false;
      down.ended = down.ended || got == 0;
      down.end += got > 0 ? static_cast<std::size_t>(got) : 0;
      const auto sent = down.waiting().empty() ? Result<std::size_t>(0) : inner->send(down.waiting());
      down.begin += sent ? *sent : 0;
      if (got <= 0 && (!sent || *sent == 0))
        break;
    }
    if (down.ended && down.waiting().empty() && !down.passed) {
      down.passed = true;
      (void)inner->shutdown_send();
    }
    return true;
  }
};

// Who spoke with whom by UDP: a socket of its own each, for as long as somebody speaks.
struct Talk {
  wire::Endpoint inner;
  wire::Endpoint remote;
  int outer;
  Instant last;
};

constexpr Duration kSilence = Duration::seconds(60);

class Forwarder {
 public:
  Forwarder(int tun, embed::Stack& stack)
      : tun_(tun),
        stack_(stack),
        listener_(stack.tcp().listen_any(128, wire::Family::kV6).value()),  // and IPv4's, as a socket for [::] does
        datagrams_(stack.udp(), wire::Family::kV6) {
    (void)datagrams_.bind_any();
  }

  [[noreturn]] void run() {
    for (;;) {
      wait();
      read_tun();
      take_connections();
      take_datagrams();
      flows_.remove_if([&](Flow& flow) {
        const short happened = flow.place != 0 ? waits_[flow.place].revents : short{0};
        return !flow.move(happened) && (flow.end(), true);
      });
      talks_.remove_if([&](Talk& talk) { return !answer(talk); });
      for (auto out = stack_.output(); !out.empty(); out = stack_.output())
        (void)!write(tun_, out.data(), out.size());
    }
  }

 private:
  void wait() {
    waits_.assign(1, {tun_, POLLIN, 0});
    for (Flow& flow : flows_) {
      const short events = flow.events();
      flow.place = events != 0 ? waits_.size() : 0;  // who waits for nothing would be woken by a hang-up, for ever
      if (events != 0) {
        waits_.push_back({flow.outer, events, 0});
      }
    }
    for (Talk& talk : talks_)
      waits_.push_back({talk.outer, POLLIN, 0});
    Instant until = stack_.deadline();
    if (!talks_.empty())
      until = std::min(until, now() + kSilence);
    const std::int64_t ns = until.is_never() ? -1'000'000 : std::max<std::int64_t>(0, (until - now()).ns() + 999'999);
    poll(waits_.data(), waits_.size(), static_cast<int>(ns / 1'000'000));
  }

  void read_tun() {
    for (ssize_t n; (n = read(tun_, buffer_, sizeof buffer_)) > 0;)
      stack_.input({buffer_, std::size_t(n)}, now());
    stack_.advance(now());
  }

  void take_connections() {
    while (const auto accepted = listener_->accept()) {
      const int outer = connect_to((*accepted)->local(), SOCK_STREAM);
      if (outer < 0) {
        (*accepted)->abort();
        continue;
      }
      const int on = 1;
      setsockopt(outer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      flows_.push_back({*accepted, outer});
    }
  }

  void take_datagrams() {
    while (auto datagram = datagrams_.receive()) {
      Talk* talk = talk_of(datagram->from, datagram->to);
      const std::size_t size = datagram->payload.copy_out(0, buffer_);
      datagram->payload.consume();
      if (talk != nullptr)
        (void)!send(talk->outer, buffer_, size, MSG_NOSIGNAL);
    }
  }

  Talk* talk_of(const wire::Endpoint& inner, const wire::Endpoint& remote) {
    for (Talk& talk : talks_) {
      if (talk.inner == inner && talk.remote == remote) {
        talk.last = now();
        return &talk;
      }
    }
    const int outer = connect_to(remote, SOCK_DGRAM);
    return outer < 0 ? nullptr : &talks_.emplace_back(Talk{inner, remote, outer, now()});
  }

  // Hands back what has come for it; false when nobody has spoken for long.
  bool answer(Talk& talk) {
    for (ssize_t n; (n = recv(talk.outer, buffer_, sizeof buffer_, 0)) >= 0; talk.last = now()) {
      (void)datagrams_.send_from({buffer_, std::size_t(n)}, talk.remote, talk.inner);
    }
    const bool goes_on = now() - talk.last < kSilence;
    if (!goes_on)
      close(talk.outer);
    return goes_on;
  }

  int tun_;
  embed::Stack& stack_;
  transport::TcpPcb* listener_;
  transport::UdpPcb datagrams_;
  std::list<Flow> flows_;
  std::list<Talk> talks_;
  std::vector<pollfd> waits_;
  std::byte buffer_[65536];
};

}  // namespace

int main(int argc, char** argv) {
  const int tun = open_tun(argc > 1 ? argv[1] : "tun0");
  embed::StackConfig config;
  config.accept_any = true;
  config.seed = std::random_device()();
  const auto made = embed::Stack::make(config);
  if (tun < 0 || !made) {
    std::perror("forwarder");
    return 1;
  }
  static Forwarder forwarder(tun, **made);
  std::puts("ready");
  std::fflush(stdout);
  forwarder.run();
}
