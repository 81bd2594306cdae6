// SPDX-License-Identifier: Apache-2.0
// door.cc, door_calls.cc, door_options.cc, tcp_info.cc, exports.cc, preload.cc: what packetdrill does with the
// interface, the far end's packets made by the script player's own builder. With the library (CATENET_SO) it is loaded
// as packetdrill loads it; without, the same calls are linked in.
#include "drill/door.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstring>
#include <thread>

#include "catenet/packetdrill/datagram.h"

namespace catenet::drill {
namespace {

TEST(Flags, SayWhatIsWrong) {
  const auto good = settings_from("local=192.0.2.7/24,gw=192.0.2.1,profile=linux,mtu=1400,net.ipv4.tcp_sack=0");
  ASSERT_TRUE(good) << good.error();
  EXPECT_EQ(good->mtu, 1400U);
  EXPECT_FALSE(good->tcp.config.sack);
  EXPECT_EQ(packetdrill::addresses_of(*good).local.to_string(), "192.0.2.7");
  EXPECT_EQ(packetdrill::addresses_of(*good).gateway.to_string(), "192.0.2.1");
  EXPECT_TRUE(settings_from(""));
  EXPECT_TRUE(settings_from("local=fd00::1/64,gw=fd00::2,mtu=1520"));
  for (const char* flags : {"local=192.0.2.7", "local=192.0.2.7/33", "gw=here", "profile=bsd", "mtu=1", "colour=red",
                            "net.ipv4.tcp_nonsense=1", "local=fd00::1/64,gw=10.0.0.1", "local=fd00::1/64,mtu=1000"}) {
    const auto bad = settings_from(flags);
    EXPECT_FALSE(bad) << flags;
  }
  EXPECT_EQ(settings_from("profile=linux,colour=red").error(),
            "colour=red: unknown; there are local, gw, profile, mtu and sysctls");
}

using packetdrill::PacketEvent;
using packetdrill::TcpFields;
using wire::TcpFlag;

// packetdrill's side of the interface, for one family.
class Loaded : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
#ifdef CATENET_SO
    library_ = ::dlopen(CATENET_SO, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND | RTLD_NODELETE);
    ASSERT_NE(library_, nullptr) << ::dlerror();
    const auto init =
        reinterpret_cast<decltype(&packetdrill_interface_init)>(::dlsym(library_, "packetdrill_interface_init"));
    ASSERT_NE(init, nullptr);
#else
    const auto init = &packetdrill_interface_init;
#endif
    init(v6() ? "local=fd3d:a0b:17d6::1/48,gw=fd3d:a0b:17d6:8888::1,profile=linux,mtu=1520"
              : "local=192.168.0.1/16,gw=192.168.0.2,profile=linux",
         &i_);
    far_ = {*wire::IpAddress::parse(v6() ? "fd3d:fa7b:d17d::1" : "192.0.2.1"), 40'000};
    near_ = {*wire::IpAddress::parse(v6() ? "fd3d:a0b:17d6::1" : "192.168.0.1"), 8080};
    address_size_ = v6() ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
    for (std::size_t n = 0; n < 33; ++n) {
      void* slot = nullptr;
      std::memcpy(static_cast<void*>(&slot), reinterpret_cast<const char*>(&i_) + n * sizeof slot, sizeof slot);
      ASSERT_NE(slot, nullptr) << "slot " << n;
    }
  }
  void TearDown() override {
    if (i_.free != nullptr) {
      i_.free(i_.userdata);
    }
    if (library_ != nullptr) {
      ::dlclose(library_);
    }
  }
  [[nodiscard]] bool v6() const { return GetParam(); }
  [[nodiscard]] sockaddr_storage address(const wire::Endpoint& end) const {
    sockaddr_storage out{};
    if (v6()) {
      auto& a = reinterpret_cast<sockaddr_in6&>(out);
      a.sin6_family = AF_INET6;
      a.sin6_port = htons(end.port);
      std::memcpy(&a.sin6_addr, end.address.v6().bytes().data(), 16);
    } else {
      auto& a = reinterpret_cast<sockaddr_in&>(out);
      a.sin_family = AF_INET;
      a.sin_port = htons(end.port);
      a.sin_addr.s_addr = htonl(end.address.v4().value());
    }
    return out;
  }
  int bound_listener() {
    const int fd = i_.socket(u(), v6() ? AF_INET6 : AF_INET, SOCK_STREAM, IPPROTO_TCP);
    EXPECT_GE(fd, 0);
    EXPECT_GE(::fcntl(fd, F_GETFD), 0) << "a real descriptor stands for it";
    const sockaddr_storage local = address(near_);
    EXPECT_EQ(i_.bind(u(), fd, reinterpret_cast<const sockaddr*>(&local), address_size_), 0);
    EXPECT_EQ(i_.listen(u(), fd, 5), 0);
    return fd;
  }
  void arrive(unsigned flags, std::uint32_t seq, std::uint32_t ack, std::uint32_t length = 0) {
    PacketEvent event;
    TcpFields tcp;
    tcp.flags = static_cast<std::uint16_t>(flags);
    tcp.seq = seq;
    tcp.ack = ack;
    tcp.length = length;
    tcp.window = 65'535;
    tcp.options.emplace();
    event.body = tcp;
    const auto bytes = packetdrill::build(event, far_, near_, {});
    EXPECT_EQ(i_.netdev_send(u(), bytes.data(), bytes.size()), 0);
  }
  // The next segment that leaves; `at` is when, in microseconds after the start of the clock.
  TcpFields leaves() {
    std::array<std::byte, 70'000> room{};
    std::size_t size = room.size();
    long long at = 0;
    EXPECT_EQ(i_.netdev_receive(u(), room.data(), &size, &at), 0);
    left_at_ = at;
    if (size == 0) {
      nothing_ = true;
      return {};
    }
    const auto seen = packetdrill::take_apart(std::span(room).first(size), {});
    EXPECT_EQ(seen.defect, "");
    near_.port = seen.source.port;
    return std::get<TcpFields>(seen.body);
  }
  // Opens a connection passively; `iss_` is our side's number.
  void shake_hands() {
    arrive(TcpFlag::kSyn, 0, 0);
    const TcpFields answer = leaves();
    EXPECT_EQ(answer.flags, TcpFlag::kSyn | TcpFlag::kAck);
    EXPECT_EQ(answer.ack, 1U);
    iss_ = answer.seq;
    arrive(TcpFlag::kAck, 1, iss_ + 1);
  }
  long long now() {
    timeval t{};
    EXPECT_EQ(i_.gettimeofday(u(), &t, nullptr), 0);
    return t.tv_sec * 1'000'000LL + t.tv_usec;
  }
  void* u() { return i_.userdata; }
  // Runs `call` on a second thread; returns once that thread sleeps in it, as packetdrill waits for it.
  template <typename F>
  std::thread blocked(F call) {
    std::atomic<int> id{0};
    std::thread thread([&id, call] {
      id = ::gettid();
      call();
    });
    while (id == 0 || state_of(id) != 'S') {
      std::this_thread::yield();
    }
    return thread;
  }
  static char state_of(int id) {
    std::array<char, 512> text{};
    const std::string name = "/proc/self/task/" + std::to_string(id) + "/stat";
    const int file = ::open(name.c_str(), O_RDONLY | O_CLOEXEC);
    const ssize_t got = ::read(file, text.data(), text.size() - 1);
    ::close(file);
    const char* end = got > 0 ? std::strrchr(text.data(), ')') : nullptr;
    return end != nullptr ? end[2] : '?';
  }

  void* library_ = nullptr;
  packetdrill_interface i_{};
  wire::Endpoint far_;
  wire::Endpoint near_;
  socklen_t address_size_ = 0;
  std::uint32_t iss_ = 0;
  long long left_at_ = 0;
  bool nothing_ = false;
};

INSTANTIATE_TEST_SUITE_P(Families, Loaded, ::testing::Bool(), [](const auto& p) { return p.param ? "Ipv6" : "Ipv4"; });

TEST_P(Loaded, HandshakeDataAndClose) {
  const int listener = bound_listener();
  shake_hands();
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  const int fd = i_.accept(u(), listener, reinterpret_cast<sockaddr*>(&peer), &size);
  ASSERT_GE(fd, 0);
  const sockaddr_storage wanted = address(far_);
  EXPECT_EQ(size, address_size_);
  EXPECT_EQ(std::memcmp(&peer, &wanted, size), 0);
  EXPECT_EQ(i_.fcntl(u(), fd, F_SETFL, O_RDWR | O_NONBLOCK), 0);
  std::array<char, 2000> bytes{};
  EXPECT_EQ(i_.read(u(), fd, bytes.data(), bytes.size()), -1);
  EXPECT_EQ(errno, EAGAIN);

  arrive(TcpFlag::kAck | TcpFlag::kPsh, 1, iss_ + 1, 700);
  EXPECT_EQ(leaves().ack, 701U);
  int queued = 0;
  EXPECT_EQ(i_.ioctl(u(), fd, SIOCINQ, &queued), 0);
  EXPECT_EQ(queued, 700);
  EXPECT_EQ(i_.recv(u(), fd, bytes.data(), bytes.size(), MSG_PEEK), 700);
  EXPECT_EQ(i_.read(u(), fd, bytes.data(), bytes.size()), 700);

  std::array<iovec, 2> pieces{{{bytes.data(), 300}, {bytes.data(), 200}}};
  EXPECT_EQ(i_.writev(u(), fd, pieces.data(), 2), 500);
  const TcpFields data = leaves();
  EXPECT_EQ(data.seq, iss_ + 1);
  EXPECT_EQ(data.length, 500U);
  EXPECT_EQ(data.flags, TcpFlag::kAck | TcpFlag::kPsh);
  tcp_info info{};
  size = sizeof info;
  EXPECT_EQ(i_.getsockopt(u(), fd, IPPROTO_TCP, TCP_INFO, &info, &size), 0);
  EXPECT_EQ(info.tcpi_state, TCP_ESTABLISHED);
  EXPECT_EQ(info.tcpi_unacked, 1U);
  EXPECT_EQ(info.tcpi_snd_cwnd, 10U);

  EXPECT_EQ(i_.shutdown(u(), fd, SHUT_WR), 0);
  EXPECT_EQ(leaves().flags, TcpFlag::kAck | TcpFlag::kFin);
  EXPECT_EQ(i_.close(u(), fd), 0);
  EXPECT_EQ(::fcntl(fd, F_GETFD), -1) << "the number is free again";
  EXPECT_EQ(i_.read(u(), fd, bytes.data(), 1), -1);
  EXPECT_EQ(errno, EBADF);
  EXPECT_EQ(i_.close(u(), listener), 0);
}

TEST_P(Loaded, TheClockIsMovedByTheCallsAlone) {
  const long long start = now();
  const long long again = now();
  EXPECT_GE(again, start + 1);
  EXPECT_LE(again, start + 10);
  i_.usleep(u(), 250'000);
  EXPECT_GE(now(), again + 250'000);
  EXPECT_LE(now(), again + 250'100);
  (void)leaves();
  EXPECT_TRUE(nothing_) << "two seconds without a packet";
  EXPECT_GE(now(), again + 2'250'000);
}

TEST_P(Loaded, ARetransmissionLeavesAtItsTime) {
  (void)bound_listener();
  arrive(TcpFlag::kSyn, 0, 0);
  const TcpFields first = leaves();
  const long long at = left_at_;
  const TcpFields second = leaves();
  EXPECT_EQ(second.seq, first.seq);
  EXPECT_NEAR(static_cast<double>(left_at_ - at), 1e6, 4'000);
}

TEST_P(Loaded, AcceptOnASecondThread) {
  const int listener = bound_listener();
  int fd = -1;
  long long ended = 0;
  std::thread thread = blocked([&] {
    fd = i_.accept(u(), listener, nullptr, nullptr);
    ended = now();
  });
  const long long begin = now();
  i_.usleep(u(), 200'000);
  shake_hands();
  const long long done = now();
  i_.usleep(u(), 500'000);
  thread.join();
  EXPECT_GE(fd, 0);
  EXPECT_GE(ended, begin + 200'000);
  EXPECT_LE(ended, done) << "when it could, not when its thread got to run";
}

TEST_P(Loaded, ConnectOnASecondThread) {
  const int fd = i_.socket(u(), v6() ? AF_INET6 : AF_INET, SOCK_STREAM, IPPROTO_TCP);
  const sockaddr_storage to = address(far_);
  int result = -1;
  std::thread thread =
      blocked([&] { result = i_.connect(u(), fd, reinterpret_cast<const sockaddr*>(&to), address_size_); });
  const TcpFields syn = leaves();
  EXPECT_EQ(syn.flags, TcpFlag::kSyn);
  arrive(TcpFlag::kSyn | TcpFlag::kAck, 0, syn.seq + 1);
  EXPECT_EQ(leaves().flags, TcpFlag::kAck);
  thread.join();
  EXPECT_EQ(result, 0);
  std::array<char, 10> bytes{};
  ssize_t got = -1;
  std::thread reader = blocked([&] { got = i_.read(u(), fd, bytes.data(), bytes.size()); });
  arrive(TcpFlag::kAck | TcpFlag::kPsh, 1, syn.seq + 1, 4);
  reader.join();
  EXPECT_EQ(got, 4);
}

TEST_P(Loaded, PollAndEpoll) {
  const int listener = bound_listener();
  pollfd entry{listener, POLLIN, 0};
  EXPECT_EQ(i_.poll(u(), &entry, 1, 0), 0);
  const long long before = now();
  EXPECT_EQ(i_.poll(u(), &entry, 1, 100), 0) << "on the thread that moves the time";
  EXPECT_GE(now(), before + 100'000);
  const int set = i_.epoll_create(u(), 1);
  ASSERT_GE(set, 0);
  epoll_event event{.events = EPOLLIN | EPOLLET, .data = {.u64 = 77}};
  EXPECT_EQ(i_.epoll_ctl(u(), set, EPOLL_CTL_ADD, listener, &event), 0);
  EXPECT_EQ(i_.epoll_ctl(u(), set, EPOLL_CTL_ADD, listener, &event), -1);
  EXPECT_EQ(errno, EEXIST);
  epoll_event out{};
  EXPECT_EQ(i_.epoll_wait(u(), set, &out, 1, 0), 0);
  shake_hands();
  EXPECT_EQ(i_.poll(u(), &entry, 1, 0), 1);
  EXPECT_EQ(entry.revents, POLLIN);
  EXPECT_EQ(i_.epoll_wait(u(), set, &out, 1, 0), 1);
  const std::uint64_t data = out.data.u64;  // the structure is packed
  EXPECT_EQ(data, 77U);
  EXPECT_EQ(i_.epoll_wait(u(), set, &out, 1, 0), 0) << "an edge is told once";
  EXPECT_EQ(i_.close(u(), set), 0);
}

TEST_P(Loaded, SpliceThroughAPipe) {
  const int listener = bound_listener();
  shake_hands();
  const int fd = i_.accept(u(), listener, nullptr, nullptr);
  arrive(TcpFlag::kAck | TcpFlag::kPsh, 1, iss_ + 1, 50);
  (void)leaves();
  std::array<int, 2> ends{};
  ASSERT_EQ(i_.pipe(u(), ends.data()), 0);
  EXPECT_EQ(i_.splice(u(), fd, nullptr, ends[1], nullptr, 100, 0), 50);
  EXPECT_EQ(i_.splice(u(), ends[0], nullptr, fd, nullptr, 100, 0), 50);
  EXPECT_EQ(leaves().length, 50U);
  EXPECT_EQ(i_.close(u(), ends[0]), 0);
  EXPECT_EQ(i_.close(u(), ends[1]), 0);
}

#ifdef CATENET_SO
TEST_P(Loaded, WhatThePreloadTrickNeeds) {
  const auto close_it = reinterpret_cast<int (*)(int)>(::dlsym(library_, "close"));
  const auto ask = reinterpret_cast<decltype(&::getsockopt)>(::dlsym(library_, "getsockopt"));
  ASSERT_NE(close_it, nullptr);
  ASSERT_NE(ask, nullptr);
  const int fd = i_.socket(u(), v6() ? AF_INET6 : AF_INET, SOCK_STREAM, IPPROTO_TCP);
  tcp_info info{};
  socklen_t size = sizeof info;
  EXPECT_EQ(ask(fd, IPPROTO_TCP, TCP_INFO, &info, &size), 0);
  EXPECT_EQ(info.tcpi_state, TCP_CLOSE);
  EXPECT_EQ(close_it(fd), 0);
  EXPECT_EQ(i_.close(u(), fd), -1) << "gone";
  const int other = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  EXPECT_EQ(ask(other, SOL_SOCKET, SO_TYPE, &info, &size), -1);
  EXPECT_EQ(errno, ENOTSOCK) << "the kernel's answer";
  EXPECT_EQ(close_it(other), 0);
}

#endif

}  // namespace
}  // namespace catenet::drill
