// SPDX-License-Identifier: Apache-2.0
// The kernel as judge: the same calls on kernel sockets over 127.0.0.1 and on ours must give the same errno, the same
// counts and the same readiness, call by call. Covers stream_descriptor.cc and datagram_descriptor.cc.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>
#include <vector>

#include "catenet/socket/socket_test_net.h"

namespace catenet::socket {
namespace {

/// A place where programs call sockets. Calls answer a value, or an errno below zero; each is written down.
class World {
 public:
  virtual ~World() = default;
  virtual int do_socket(SocketType type) = 0;
  virtual int do_bind(int fd, const wire::Endpoint& local) = 0;
  virtual int do_listen(int fd, int backlog) = 0;
  virtual int do_accept(int fd) = 0;
  virtual int do_connect(int fd, const wire::Endpoint& to) = 0;
  virtual int do_disconnect(int fd) = 0;
  virtual int do_send(int fd, std::span<const std::byte> bytes, const wire::Endpoint* to) = 0;
  virtual int do_recv(int fd, std::span<std::byte> out, bool peek) = 0;
  virtual int do_shutdown(int fd, ShutdownHow how) = 0;
  virtual int do_close(int fd) = 0;
  virtual int do_peer(int fd) = 0;
  virtual int do_error(int fd) = 0;
  virtual int do_poll(int fd) = 0;
  virtual int do_reuse(int fd) = 0;
  virtual int do_linger_zero(int fd) = 0;
  virtual wire::Endpoint name(int fd) = 0;
  virtual void settle() = 0;  ///< until nothing is under way

  int stream() { return do_socket(SocketType::stream); }
  int datagram() { return do_socket(SocketType::datagram); }
  int bind(int fd, const wire::Endpoint& e) { return note("bind", do_bind(fd, e)); }
  int listen(int fd, int backlog = 5) { return note("listen", do_listen(fd, backlog)); }
  int accept(int fd) {
    const int got = do_accept(fd);
    note("accept", got < 0 ? got : 0);
    return got;
  }
  int connect(int fd, const wire::Endpoint& e) { return note("connect", do_connect(fd, e)); }
  int disconnect(int fd) { return note("disconnect", do_disconnect(fd)); }
  int send(int fd, std::string_view s) { return note("send", do_send(fd, transport::bytes_of(s), nullptr)); }
  int send_to(int fd, std::string_view s, const wire::Endpoint& to) {
    return note("sendto", do_send(fd, transport::bytes_of(s), &to));
  }
  int recv(int fd, bool peek = false) {
    std::array<std::byte, 64> buffer;
    return note("recv", do_recv(fd, buffer, peek));
  }
  int shutdown(int fd, ShutdownHow how) { return note("shutdown", do_shutdown(fd, how)); }
  int close(int fd) { return note("close", do_close(fd)); }
  int peer(int fd) { return note("getpeername", do_peer(fd)); }
  int error(int fd) { return note("SO_ERROR", do_error(fd)); }
  int poll(int fd) { return note("poll", do_poll(fd)); }
  int reuse(int fd) { return note("SO_REUSEADDR", do_reuse(fd)); }
  int linger_zero(int fd) { return note("SO_LINGER", do_linger_zero(fd)); }
  void is_bound(int fd) { note("bound", name(fd).port != 0 ? 1 : 0); }
  void has_address(int fd) { note("address", name(fd).address.is_unspecified() ? 0 : 1); }

  /// A listening socket on 127.0.0.1, a client connected to it, and the server's side of the connection.
  std::array<int, 3> connected() {
    const int listener = stream();
    bind(listener, at("127.0.0.1:0"));
    listen(listener);
    const int client = stream();
    connect(client, name(listener));
    settle();
    connect(client, name(listener));
    return {listener, client, accept(listener)};
  }
  std::vector<std::string> log;

 private:
  int note(std::string_view call, int result) {
    log.push_back(std::string(call) + " " + (result < 0 ? errno_name(-result) : std::to_string(result)));
    return result;
  }
};

class KernelWorld final : public World {
 public:
  ~KernelWorld() override {
    for (const int fd : open_) {
      ::close(fd);
    }
  }
  int do_socket(SocketType type) override {
    return opened(::socket(AF_INET, (type == SocketType::stream ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK, 0));
  }
  int do_bind(int fd, const wire::Endpoint& e) override {
    const sockaddr_in a = address(e);
    return result(::bind(fd, reinterpret_cast<const sockaddr*>(&a), sizeof a));
  }
  int do_listen(int fd, int backlog) override { return result(::listen(fd, backlog)); }
  int do_accept(int fd) override { return opened(::accept4(fd, nullptr, nullptr, SOCK_NONBLOCK)); }
  int do_connect(int fd, const wire::Endpoint& e) override {
    const sockaddr_in a = address(e);
    return result(::connect(fd, reinterpret_cast<const sockaddr*>(&a), sizeof a));
  }
  int do_disconnect(int fd) override {
    sockaddr a{};
    a.sa_family = AF_UNSPEC;
    return result(::connect(fd, &a, sizeof a));
  }
  int do_send(int fd, std::span<const std::byte> bytes, const wire::Endpoint* to) override {
    const sockaddr_in a = to != nullptr ? address(*to) : sockaddr_in{};
    return result(static_cast<int>(::sendto(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL,
                                            to != nullptr ? reinterpret_cast<const sockaddr*>(&a) : nullptr,
                                            to != nullptr ? sizeof a : 0)));
  }
  int do_recv(int fd, std::span<std::byte> out, bool peek) override {
    return result(static_cast<int>(::recv(fd, out.data(), out.size(), peek ? MSG_PEEK : 0)));
  }
  int do_shutdown(int fd, ShutdownHow how) override {
    return result(::shutdown(fd, how == ShutdownHow::receive ? SHUT_RD
                                 : how == ShutdownHow::send  ? SHUT_WR
                                                             : SHUT_RDWR));
  }
  int do_close(int fd) override {
    std::erase(open_, fd);
    return result(::close(fd));
  }
  int do_peer(int fd) override {
    sockaddr_in a{};
    socklen_t size = sizeof a;
    return result(::getpeername(fd, reinterpret_cast<sockaddr*>(&a), &size));
  }
  int do_error(int fd) override {
    int error = 0;
    socklen_t size = sizeof error;
    const int done = result(::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size));
    return done < 0 ? done : -error;
  }
  int do_poll(int fd) override {
    pollfd p{fd, POLLIN | POLLOUT | POLLRDHUP, 0};
    ::poll(&p, 1, 0);
    unsigned mask = 0;
    mask |= (p.revents & POLLIN) != 0 ? ready::kRead : 0;
    mask |= (p.revents & POLLOUT) != 0 ? ready::kWrite : 0;
    mask |= (p.revents & POLLRDHUP) != 0 ? ready::kPeerShut : 0;
    mask |= (p.revents & POLLHUP) != 0 ? ready::kHangup : 0;
    mask |= (p.revents & POLLERR) != 0 ? ready::kError : 0;
    return static_cast<int>(mask);
  }
  int do_reuse(int fd) override {
    const int on = 1;
    return result(::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on));
  }
  int do_linger_zero(int fd) override {
    const linger l{1, 0};
    return result(::setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof l));
  }
  wire::Endpoint name(int fd) override {
    sockaddr_in a{};
    socklen_t size = sizeof a;
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&a), &size);
    return {wire::Ipv4Address(ntohl(a.sin_addr.s_addr)), ntohs(a.sin_port)};
  }
  void settle() override { ::poll(nullptr, 0, 5); }  // loopback is synchronous but for a softirq

 private:
  static int result(int value) { return value < 0 ? -errno : value; }
  int opened(int fd) {
    if (fd >= 0) {
      open_.push_back(fd);
    }
    return result(fd);
  }
  static sockaddr_in address(const wire::Endpoint& e) {
    sockaddr_in a{};
    a.sin_family = e.address.is_v4() ? AF_INET : AF_INET6;
    a.sin_addr.s_addr = htonl(e.address.v4().value());
    a.sin_port = htons(e.port);
    return a;
  }
  std::vector<int> open_;
};

class OurWorld final : public World {
 public:
  int do_socket(SocketType type) override { return value(host_.socket(type)); }
  int do_bind(int fd, const wire::Endpoint& e) override { return value(host_.bind(fd, e)); }
  int do_listen(int fd, int backlog) override { return value(host_.listen(fd, backlog)); }
  int do_accept(int fd) override { return value(host_.accept(fd)); }
  int do_connect(int fd, const wire::Endpoint& e) override { return value(host_.connect(fd, e)); }
  int do_disconnect(int fd) override { return value(host_.disconnect(fd)); }
  int do_send(int fd, std::span<const std::byte> bytes, const wire::Endpoint* to) override {
    return value(to != nullptr ? host_.send_to(fd, bytes, *to) : host_.send(fd, bytes));
  }
  int do_recv(int fd, std::span<std::byte> out, bool peek) override {
    return value(peek ? host_.peek(fd, out) : host_.recv(fd, out));
  }
  int do_shutdown(int fd, ShutdownHow how) override { return value(host_.shutdown(fd, how)); }
  int do_close(int fd) override { return value(host_.close(fd)); }
  int do_peer(int fd) override { return value(host_.getpeername(fd)); }
  int do_error(int fd) override {
    const auto error = host_.take_error(fd);
    return error ? -*error : -error.error().code;
  }
  int do_poll(int fd) override { return value(host_.poll(fd)); }
  int do_reuse(int fd) override { return value(host_.set_option(fd, option::ReuseAddress{true})); }
  int do_linger_zero(int fd) override { return value(host_.set_option(fd, option::Linger{true, {}})); }
  wire::Endpoint name(int fd) override { return host_.getsockname(fd).value_or(wire::Endpoint{}); }
  void settle() override { net_.run(); }

 private:
  template <typename T>
  static int value(const Result<T>& result) {
    if (!result) {
      return -result.error().code;
    }
    if constexpr (std::is_integral_v<T>) {
      return static_cast<int>(*result);
    } else {
      return 0;
    }
  }
  TwoHosts net_;
  SocketLayer& host_ = net_.a.sockets;
};

// ---- scripts ------------------------------------------------------------------------------------------------------

struct Script {
  const char* name;
  void (*run)(World& w);
};
constexpr ShutdownHow kReceive = ShutdownHow::receive;
constexpr ShutdownHow kSend = ShutdownHow::send;
constexpr ShutdownHow kBoth = ShutdownHow::both;

const Script kScripts[] = {
    {"FreshStream",
     [](World& w) {
       const int s = w.stream();
       w.poll(s);
       w.recv(s);
       w.send(s, "x");
       w.send_to(s, "x", at("127.0.0.1:9"));
       w.accept(s);
       w.peer(s);
       w.error(s);
       w.shutdown(s, kSend);
       w.recv(s);
       w.shutdown(s, kReceive);
       w.recv(s);
       w.is_bound(s);
       w.close(s);
       w.close(s);
     }},
    {"StreamFromBeginningToEnd",
     [](World& w) {
       const auto [listener, client, server] = w.connected();
       w.poll(listener);
       w.poll(client);
       w.poll(server);
       w.connect(client, w.name(listener));
       w.peer(client);
       w.has_address(client);
       w.recv(server);
       w.send(client, "hello");
       w.settle();
       w.poll(server);
       w.recv(server, true);
       w.recv(server);
       w.shutdown(client, kSend);
       w.send(client, "more");
       w.settle();
       w.poll(client);
       w.poll(server);
       w.recv(server);
       w.recv(server);
       w.send(server, "bye");
       w.settle();
       w.recv(client);
       w.shutdown(server, kSend);
       w.settle();
       w.poll(client);
       w.poll(server);
       w.recv(client);
       w.send(server, "late");
     }},
    {"ConnectIsRefusedAndTriedAgain",
     [](World& w) {
       const int closed = w.stream();
       w.bind(closed, at("127.0.0.1:0"));
       const wire::Endpoint nobody = w.name(closed);
       w.close(closed);
       const int s = w.stream();
       w.connect(s, nobody);
       w.settle();
       w.poll(s);
       w.connect(s, nobody);
       w.poll(s);
       w.recv(s);
       w.connect(s, nobody);
       w.settle();
       w.error(s);
       w.error(s);
       w.send(s, "x");
       w.recv(s);
     }},
    {"RefusedConnectReadByRecv",
     [](World& w) {
       const int closed = w.stream();
       w.bind(closed, at("127.0.0.1:0"));
       const wire::Endpoint nobody = w.name(closed);
       w.close(closed);
       const int s = w.stream();
       w.connect(s, nobody);
       w.settle();
       w.recv(s);
       w.recv(s);
       w.send(s, "x");
       w.peer(s);
     }},
    {"ListenerCalls",
     [](World& w) {
       const int s = w.stream();
       w.listen(s);
       w.is_bound(s);
       w.accept(s);
       w.poll(s);
       w.recv(s);
       w.send(s, "x");
       w.peer(s);
       w.connect(s, at("127.0.0.1:9"));
       w.bind(s, at("127.0.0.1:0"));
       w.listen(s, 7);
       w.shutdown(s, kSend);
       w.accept(s);
       w.shutdown(s, kReceive);
       w.accept(s);
       w.poll(s);
     }},
    {"ListenOnAConnection",
     [](World& w) {
       const auto [listener, client, server] = w.connected();
       w.listen(client);
       w.accept(client);
       w.bind(client, at("127.0.0.1:0"));
       w.listen(server);
     }},
    {"BindRules",
     [](World& w) {
       const int one = w.stream();
       const int two = w.stream();
       w.bind(one, at("8.8.8.8:0"));
       w.bind(one, at("127.0.0.1:0"));
       w.is_bound(one);
       w.bind(one, at("127.0.0.1:0"));
       w.bind(two, w.name(one));
       w.bind(two, {ip("0.0.0.0"), w.name(one).port});
       const int udp = w.datagram();
       w.bind(udp, w.name(one));
       const int three = w.stream();
       w.bind(three, at("[::1]:0"));
     }},
    {"ReuseOfAListeningPort",
     [](World& w) {
       const int one = w.stream();
       w.reuse(one);
       w.bind(one, at("127.0.0.1:0"));
       w.listen(one);
       const int two = w.stream();
       w.reuse(two);
       w.bind(two, w.name(one));
     }},
    {"PortOfAConnectionInTimeWait",
     [](World& w) {
       const int listener = w.stream();
       w.reuse(listener);  // Linux wants it on both; what is accepted inherits it
       w.bind(listener, at("127.0.0.1:0"));
       w.listen(listener);
       const wire::Endpoint name = w.name(listener);
       const int client = w.stream();
       w.connect(client, name);
       w.settle();
       const int server = w.accept(listener);
       w.close(listener);
       w.close(server);
       w.settle();
       w.close(client);
       w.settle();
       const int plain = w.stream();
       w.bind(plain, name);
       w.reuse(plain);
       w.bind(plain, name);
       w.listen(plain);
     }},
    {"ResetByLinger",
     [](World& w) {
       const auto [listener, client, server] = w.connected();
       w.linger_zero(client);
       w.close(client);
       w.settle();
       w.poll(server);
       w.recv(server);
       w.recv(server);
       w.send(server, "x");
       w.peer(server);
       w.shutdown(server, kBoth);
     }},
    {"ResetSeenBySend",
     [](World& w) {
       const auto [listener, client, server] = w.connected();
       w.linger_zero(client);
       w.close(client);
       w.settle();
       w.send(server, "x");
       w.send(server, "x");
       w.recv(server);
     }},
    {"CloseWithUnreadDataResets",
     [](World& w) {
       const auto [listener, client, server] = w.connected();
       w.send(client, "unread");
       w.settle();
       w.close(server);
       w.settle();
       w.recv(client);
       w.recv(client);
     }},
    {"ShutdownOfReceiving",
     [](World& w) {
       const auto [listener, client, server] = w.connected();
       w.shutdown(client, kReceive);
       w.poll(client);
       w.recv(client);
       w.send(client, "still sends");
       w.settle();
       w.recv(server);
       w.shutdown(client, kBoth);
       w.poll(client);
       w.shutdown(client, kSend);
     }},
    {"EmptySends",
     [](World& w) {
       const auto [listener, client, server] = w.connected();
       w.send(client, "");
       w.send_to(client, "ignored address", at("127.0.0.1:1"));
       w.settle();
       w.recv(server);
       w.recv(server);
     }},
    {"GroupsHaveNoConnections",
     [](World& w) {
       const int s = w.stream();
       w.connect(s, at("255.255.255.255:9"));
       w.connect(s, at("[::1]:9"));
     }},
    {"FreshDatagram",
     [](World& w) {
       const int s = w.datagram();
       w.poll(s);
       w.recv(s);
       w.send(s, "x");
       w.listen(s);
       w.accept(s);
       w.peer(s);
       w.error(s);
       w.send_to(s, "x", at("127.0.0.1:0"));
       w.send_to(s, "x", at("[::1]:9"));
       w.send_to(s, "x", at("255.255.255.255:9"));
       w.is_bound(s);
       w.shutdown(s, kBoth);
       w.poll(s);
       w.recv(s);
       w.send_to(s, "x", at("127.0.0.1:9"));
     }},
    {"DatagramsAndTheirSizes",
     [](World& w) {
       const int server = w.datagram();
       w.bind(server, at("127.0.0.1:0"));
       w.bind(server, at("127.0.0.1:0"));
       const int client = w.datagram();
       w.send_to(client, "hello", w.name(server));
       w.is_bound(client);
       w.send_to(client, "", w.name(server));
       w.send_to(client, std::string(65'507, 'x'), w.name(server));
       w.send_to(client, std::string(65'508, 'x'), w.name(server));
       w.send_to(client, std::string(65'536, 'x'), w.name(server));
       w.settle();
       w.poll(server);
       w.recv(server, true);
       w.recv(server);
       w.recv(server);
       w.recv(server);
       w.recv(server);
     }},
    {"ConnectedDatagramIsRefused",
     [](World& w) {
       const int closed = w.datagram();
       w.bind(closed, at("127.0.0.1:0"));
       const wire::Endpoint nobody = w.name(closed);
       w.close(closed);
       const int s = w.datagram();
       w.connect(s, nobody);
       w.has_address(s);
       w.peer(s);
       w.send(s, "x");
       w.settle();
       w.poll(s);
       w.recv(s);
       w.recv(s);
       w.send(s, "x");
       w.settle();
       w.send(s, "x");
       w.send(s, "x");
       w.settle();
       w.error(s);
       w.error(s);
     }},
    {"UnconnectedDatagramHearsNothing",
     [](World& w) {
       const int closed = w.datagram();
       w.bind(closed, at("127.0.0.1:0"));
       const wire::Endpoint nobody = w.name(closed);
       w.close(closed);
       const int s = w.datagram();
       w.send_to(s, "x", nobody);
       w.settle();
       w.poll(s);
       w.recv(s);
     }},
    {"DatagramReconnectAndDisconnect",
     [](World& w) {
       const int server = w.datagram();
       w.bind(server, at("127.0.0.1:0"));
       const int s = w.datagram();
       w.connect(s, w.name(server));
       w.connect(s, at("127.0.0.1:9"));
       w.connect(s, at("255.255.255.255:9"));
       w.peer(s);
       w.disconnect(s);
       w.is_bound(s);
       w.has_address(s);
       w.peer(s);
       w.send(s, "x");
       const int bound = w.datagram();
       w.bind(bound, at("127.0.0.1:0"));
       w.connect(bound, w.name(server));
       w.disconnect(bound);
       w.is_bound(bound);
       w.has_address(bound);
     }},
    {"ConnectedDatagramShutDown",
     [](World& w) {
       const int server = w.datagram();
       w.bind(server, at("127.0.0.1:0"));
       const int s = w.datagram();
       w.connect(s, w.name(server));
       w.shutdown(s, kSend);
       w.send(s, "x");
       w.poll(s);
       w.recv(s);
       w.shutdown(s, kReceive);
       w.poll(s);
       w.recv(s);
     }},
    {"DatagramReuse",
     [](World& w) {
       const int one = w.datagram();
       const int two = w.datagram();
       w.bind(one, at("127.0.0.1:0"));
       w.bind(two, w.name(one));
       w.reuse(two);
       w.bind(two, w.name(one));
       w.reuse(one);
       w.bind(two, w.name(one));
       w.send_to(w.datagram(), "youngest", w.name(one));
       w.settle();
       w.recv(one);
       w.recv(two);
     }},
};

class LinuxOracle : public testing::TestWithParam<Script> {};

TEST_P(LinuxOracle, TheKernelAnswersTheSame) {
  KernelWorld kernel;
  if (const int probe = kernel.stream(); probe < 0 || kernel.do_bind(probe, at("127.0.0.1:0")) != 0) {
    GTEST_SKIP() << "no kernel sockets on 127.0.0.1 here";
  }
  OurWorld ours;
  GetParam().run(kernel);
  GetParam().run(ours);
  ASSERT_EQ(kernel.log.size(), ours.log.size());
  for (std::size_t i = 0; i < kernel.log.size(); ++i) {
    EXPECT_EQ(ours.log[i], kernel.log[i]) << "call " << i + 1 << " of " << GetParam().name;
  }
}

INSTANTIATE_TEST_SUITE_P(Calls, LinuxOracle, testing::ValuesIn(kScripts),
                         [](const auto& script) { return std::string(script.param.name); });

}  // namespace
}  // namespace catenet::socket
