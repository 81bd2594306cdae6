// SPDX-License-Identifier: Apache-2.0
// For live's own tests: running a piece of a test as root or as an ordinary user, a piece inside a namespace, and a
// neighbour made of hand-written bytes that answers ARP and echo requests at the outer end of a NIC.
#pragma once
#include <gtest/gtest.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <functional>
#include <string>
#include <vector>

#include "catenet/live/namespace.h"

namespace catenet::live::bench {

enum class Who { caller, nobody };

inline std::string name_of(Who who) { return who == Who::caller ? "caller" : "nobody"; }

/// Forks, runs `body` in the child, and gives the child's exit code; gtest failures in the child make it 1.
inline int in_child(const std::function<void()>& body) {
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    try {  // or a throw would climb into the runner and start the remaining tests over in the child
      body();
    } catch (const std::exception& error) {
      ADD_FAILURE() << error.what();
    }
    std::fflush(nullptr);
    ::_exit(::testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// Runs `body` as the caller, or in a child that has given up root for uid 65534.
inline void run_as(Who who, const std::function<void()>& body) {
  if (who == Who::caller) {
    body();
    return;
  }
  if (::geteuid() != 0) {
    GTEST_SKIP() << "the caller is an ordinary user already";
  }
  EXPECT_EQ(in_child([&] {
              ASSERT_EQ(::syscall(SYS_setgroups, 0, nullptr), 0);
              ASSERT_EQ(::setresgid(65534, 65534, 65534), 0);
              ASSERT_EQ(::setresuid(65534, 65534, 65534), 0);
              ::prctl(PR_SET_DUMPABLE,
                      1);  // a login shell is; a process that dropped root is not, and loses /proc/self
              body();
            }),
            0);
}

/// Runs `body` inside a namespace (user and network), in a forked child that does not return before `body` does.
inline int run_inside(const Namespace& node, const std::function<void()>& body) {
  const bool with_user = std::string(node.description()) == "user namespace";
  return in_child([&] {
    const UniqueFd keeper(static_cast<int>(::syscall(SYS_pidfd_open, node.keeper(), 0)));
    ASSERT_EQ(::setns(keeper.get(), CLONE_NEWNET | (with_user ? CLONE_NEWUSER : 0)), 0) << errno_text(errno);
    body();
  });
}

/// Why this machine (or user) has no namespaces; empty when it has.
inline std::string why_no_namespace() {
  auto made = Namespace::create({.name = "probe"});
  return made ? "" : made.error().text;
}

inline NamespaceSpec one_nic(Attachment attachment, std::uint32_t mtu = 1500) {
  NamespaceSpec spec{.name = "alice"};
  spec.nics.push_back({.name = "eth0",
                       .mac = MacBytes{2, 0, 0, 0, 0, 1},
                       .mtu = mtu,
                       .addresses = {{{10, 0, 0, 1}, 24}},
                       .attachment = attachment});
  spec.routes.push_back({{{0, 0, 0, 0}, 0}, Ipv4Bytes{10, 0, 0, 2}, ""});
  return spec;
}

using Bytes = std::vector<std::uint8_t>;

/// RFC 1071 over big-endian words.
inline std::uint16_t internet_checksum(const std::uint8_t* data, std::size_t size, std::uint32_t sum = 0) {
  for (std::size_t i = 0; i < size; ++i) {
    sum += i % 2 == 0 ? std::uint32_t{data[i]} << 8 : data[i];
  }
  while (sum >> 16 != 0) {
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return static_cast<std::uint16_t>(~sum);
}

inline void put16(Bytes& bytes, std::size_t at, unsigned value) {
  bytes[at] = static_cast<std::uint8_t>(value >> 8);
  bytes[at + 1] = static_cast<std::uint8_t>(value);
}

inline bool is_ipv4(const Bytes& frame, std::uint8_t protocol) {
  return frame.size() >= 34 && frame[12] == 8 && frame[13] == 0 && frame[23] == protocol;
}

/// An echo request from 10.0.0.2 (02:..:02) to 10.0.0.1 (02:..:01).
inline Bytes echo_request(std::uint16_t identifier, bool right_checksum) {
  Bytes f = {2,    0, 0, 0,  0, 1, 2, 0, 0,   0,   0,   2,   8,   0,                          // Ethernet II
             0x45, 0, 0, 36, 0, 1, 0, 0, 64,  1,   0,   0,   10,  0,   0,   2,  10, 0, 0, 1,  // IPv4
             8,    0, 0, 0,  0, 0, 0, 1, 'c', 'a', 't', 'e', 'n', 'e', 't', '!'};             // ICMP echo
  put16(f, 38, identifier);
  put16(f, 24, internet_checksum(&f[14], 20));
  put16(f, 36, internet_checksum(&f[34], 16) ^ (right_checksum ? 0 : 0x1234));
  return f;
}

/// The outer end of a NIC, with a neighbour 10.0.0.2 behind it.
class Neighbour {
 public:
  explicit Neighbour(NicChannel& nic) : nic_(nic) {}

  /// Every frame that came, in order.
  std::vector<Bytes> seen;
  bool answers = true;

  void send(const Bytes& frame) {
    iovec parts[2] = {{const_cast<std::uint8_t*>(frame.data()), 14},
                      {const_cast<std::uint8_t*>(frame.data()) + 14, frame.size() - 14}};
    const TxFrame tx{parts, 2};
    EXPECT_EQ(nic_.send({&tx, 1}).value(), 1U);
  }

  /// Receives and answers until `done` or the time is over; gives whether it was done.
  bool serve(const std::function<bool()>& done, int milliseconds = 10'000) {
    for (int spent = 0; !done(); spent += 10) {
      if (spent >= milliseconds) {
        return false;
      }
      pollfd wait{nic_.fd(), POLLIN, 0};
      ::poll(&wait, 1, 10);
      drain();
    }
    return true;
  }

 private:
  void drain() {
    std::vector<Bytes> buffers(NicChannel::kBatch, Bytes(nic_.max_frame()));
    std::vector<RxFrame> frames;
    for (Bytes& buffer : buffers) {
      frames.push_back({buffer.data(), static_cast<std::uint32_t>(buffer.size())});
    }
    const std::size_t n = nic_.receive(frames).value();
    for (std::size_t i = 0; i < n; ++i) {
      seen.emplace_back(frames[i].data, frames[i].data + frames[i].length);
      if (answers) {
        answer(Bytes(seen.back()));
      }
    }
  }

  void answer(Bytes f) {
    const Bytes us = {2, 0, 0, 0, 0, 2};
    const bool arp_request = f.size() >= 42 && f[12] == 8 && f[13] == 6 && f[21] == 1;
    if (arp_request && std::equal(f.begin() + 38, f.begin() + 42, Bytes{10, 0, 0, 2}.begin())) {
      std::swap_ranges(f.begin() + 22, f.begin() + 32, f.begin() + 32);  // sender <-> target, MAC and address
      std::copy(us.begin(), us.end(), f.begin() + 22);
      f[21] = 2;
    } else if (is_ipv4(f, 1) && f[34] == 8) {
      std::swap_ranges(f.begin() + 26, f.begin() + 30, f.begin() + 30);
      f[34] = 0;
      put16(f, 36, 0);
      put16(f, 36, internet_checksum(&f[34], (std::size_t{f[16]} << 8 | f[17]) - 20));
    } else {
      return;
    }
    std::copy(f.begin() + 6, f.begin() + 12, f.begin());
    std::copy(us.begin(), us.end(), f.begin() + 6);
    send(f);
  }

  NicChannel& nic_;
};

/// Runs a command to its end and gives its stdout.
inline std::string output_of(Namespace& node, const std::string& command) {
  auto process = node.start({.command = command, .out = Output::pipe(), .err = Output::pipe()});
  if (!process) {
    ADD_FAILURE() << process.error().text;
    return "";
  }
  auto status = (*process)->wait(Duration::seconds(20));
  std::string text(65536, '\0');
  const ssize_t n = ::read((*process)->stdout_fd(), text.data(), text.size());
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
  EXPECT_TRUE(status && status->success()) << command << ": " << (status ? status->text() : "still runs") << "\n"
                                           << text;
  return text;
}

}  // namespace catenet::live::bench
