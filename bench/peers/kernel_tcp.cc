// SPDX-License-Identifier: Apache-2.0
// The kernel's end of a TCP benchmark: an ordinary socket program, no library of ours. Figures as JSON.
//   kernel_tcp serve PORT                    answers each connection by its first byte: 'd' discards, 's' sends without
//                                            end, 'e' sends each byte back
//   kernel_tcp send ADDRESS PORT SECONDS     to a discarding server, which may count for itself
//   kernel_tcp receive ADDRESS PORT SECONDS  from a sending one: payload bits per second, after half a second
//   kernel_tcp ask ADDRESS PORT SECONDS      one-byte requests and answers, Nagle off: transactions per second
// Options before the mode: --claim (priority over other sessions, where that is allowed), --cpu N.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <vector>

namespace {

constexpr std::size_t kPiece = 1 << 17;
constexpr double kWarmUp = 0.5;

double seconds_now() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

void must(bool holds, const char* what) {
  if (!holds) {
    std::perror(what);
    std::exit(1);
  }
}

void no_delay(int fd) {
  const int on = 1;
  must(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0, "TCP_NODELAY");
}

void answer(int fd, std::vector<char>& buffer) {
  char mode = 0;
  if (read(fd, &mode, 1) != 1) {
    return;
  }
  no_delay(fd);
  if (mode == 's') {
    while (write(fd, buffer.data(), buffer.size()) > 0) {
    }
  } else {
    ssize_t n = 0;
    while ((n = read(fd, buffer.data(), buffer.size())) > 0) {
      if (mode == 'e' && write(fd, buffer.data(), static_cast<std::size_t>(n)) != n) {
        return;
      }
    }
  }
}

int serve(std::uint16_t port) {
  std::vector<char> buffer(kPiece);
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  must(listener >= 0, "socket");
  const int on = 1;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  must(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0, "SO_REUSEADDR");
  must(bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0, "bind");
  must(listen(listener, 8) == 0, "listen");
  for (;;) {
    const int fd = accept(listener, nullptr, nullptr);
    if (fd >= 0) {
      answer(fd, buffer);
      close(fd);
    }
  }
}

int dial(const char* to, std::uint16_t port, char mode) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  must(inet_pton(AF_INET, to, &address.sin_addr) == 1, "address");
  for (int tries = 0; tries < 100; ++tries) {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    must(fd >= 0, "socket");
    if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
      no_delay(fd);
      must(write(fd, &mode, 1) == 1, "write");
      return fd;
    }
    close(fd);
    usleep(20'000);  // the server may be about to start
  }
  must(false, "connect");
  return -1;
}

void report(const char* bench, const char* unit, double value) {
  std::printf("{\"bench\":\"%s\",\"unit\":\"%s\",\"value\":%.9g}\n", bench, unit, value);
}

void send_bulk(int fd, double seconds) {
  const std::vector<char> buffer(kPiece, 'z');
  for (const double end = seconds_now() + seconds; seconds_now() < end;) {
    if (write(fd, buffer.data(), buffer.size()) <= 0) {
      return;
    }
  }
}

void receive_bulk(int fd, double seconds) {
  std::vector<char> buffer(kPiece);
  double start = seconds_now() + kWarmUp;
  bool counting = false;
  std::uint64_t bytes = 0;
  for (;;) {
    const ssize_t n = read(fd, buffer.data(), buffer.size());
    must(n > 0, "read");
    const double now = seconds_now();
    if (!counting && now >= start) {
      counting = true;
      start = now;
    } else if (counting) {
      bytes += static_cast<std::uint64_t>(n);
      if (now >= start + seconds) {
        report("bulk from the other end", "bit/s", static_cast<double>(bytes) * 8 / (now - start));
        return;
      }
    }
  }
}

void ask(int fd, double seconds) {
  char byte = 'x';
  std::uint64_t count = 0;
  const double start = seconds_now();
  double now = start;
  for (; now - start < seconds; now = seconds_now()) {
    for (int i = 0; i < 16; ++i) {
      must(write(fd, &byte, 1) == 1, "write");
      must(read(fd, &byte, 1) == 1, "read");
    }
    count += 16;
  }
  report("one-byte transactions", "1/s", static_cast<double>(count) / (now - start));
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  if (!words.empty() && words[0] == "--claim") {
    if (FILE* group = std::fopen("/proc/self/autogroup", "w"); group != nullptr) {
      std::fputs("-15", group);
      std::fclose(group);
    }
    words.erase(words.begin());
  }
  if (words.size() > 2 && words[0] == "--cpu") {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(std::atoi(words[1].c_str()), &set);
    must(sched_setaffinity(0, sizeof set, &set) == 0, "sched_setaffinity");
    words.erase(words.begin(), words.begin() + 2);
  }
  const std::string mode = words.empty() ? "" : words[0];
  if (mode == "serve" && words.size() == 2) {
    return serve(static_cast<std::uint16_t>(std::atoi(words[1].c_str())));
  }
  if (words.size() == 4 && (mode == "send" || mode == "receive" || mode == "ask")) {
    const char wish = mode == "send" ? 'd' : mode == "receive" ? 's' : 'e';
    const int fd = dial(words[1].c_str(), static_cast<std::uint16_t>(std::atoi(words[2].c_str())), wish);
    const double seconds = std::atof(words[3].c_str());
    mode == "send" ? send_bulk(fd, seconds) : mode == "receive" ? receive_bulk(fd, seconds) : ask(fd, seconds);
    return 0;
  }
  std::fprintf(stderr, "usage: kernel_tcp [--claim] [--cpu N] serve PORT | send|receive|ask ADDRESS PORT SECONDS\n");
  return 2;
}
