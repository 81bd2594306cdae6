// SPDX-License-Identifier: Apache-2.0
// The same in C++, edge-triggered on sockets that do not block: each event is read until there is nothing more.
#include <fcntl.h>
#include <sys/epoll.h>

#include <array>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <map>
#include <memory>
#include <netinet/in.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>

namespace {

std::map<int, int> numbers;  // a client's descriptor -> which one it was; a global on purpose

class Client {
 public:
  explicit Client(int fd) : fd_(fd) {
    std::cout << "client " << numbers[fd] << " comes\n";
    reply("hello");
  }
  ~Client() {
    std::cout << "client " << numbers[fd_] << " goes\n";
    close(fd_);
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // False: it is over.
  bool serve() {
    std::array<char, 100> piece{};
    for (;;) {
      const ssize_t n = read(fd_, piece.data(), piece.size());
      if (n < 0) return errno == EAGAIN;
      if (n == 0) return false;
      pending_.append(piece.data(), static_cast<std::size_t>(n));
      for (std::size_t end; (end = pending_.find('\n')) != std::string::npos; pending_.erase(0, end + 1)) {
        if (!answer(pending_.substr(0, end))) return false;
      }
    }
  }

 private:
  bool answer(std::string line) {
    std::cout << "client " << numbers[fd_] << ": " << line << '\n';
    if (line == "quit") return false;
    if (line.rfind("echo ", 0) == 0) return reply(line.substr(5));
    if (line.rfind("upper ", 0) != 0) return reply("what?");
    line.erase(0, 6);
    for (char& c : line) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return reply(line);
  }
  bool reply(const std::string& line) {
    const std::string text = line + '\n';
    return write(fd_, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  }

  int fd_;
  std::string pending_;
};

void watch(int epoll, int fd) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET | EPOLLRDHUP;
  event.data.fd = fd;
  if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) != 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
    std::cerr << "watch: " << std::strerror(errno) << '\n';
    std::exit(1);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: " << argv[0] << " PORT CLIENTS\n";
    return 2;
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<unsigned short>(std::atoi(argv[1])));
  const int on = 1;
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(listener, 16) != 0) {
    std::cerr << "listen: " << std::strerror(errno) << '\n';
    return 1;
  }
  const int epoll = epoll_create1(0);
  watch(epoll, listener);
  std::cout << "ready" << std::endl;

  std::map<int, std::unique_ptr<Client>> clients;
  int came = 0;
  int gone = 0;
  while (gone < std::atoi(argv[2])) {
    std::array<epoll_event, 8> events{};
    const int n = epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < n; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (fd == listener) {
        for (int made; (made = accept(listener, nullptr, nullptr)) >= 0;) {
          numbers[made] = ++came;
          clients.emplace(made, std::make_unique<Client>(made));
          watch(epoll, made);
        }
      } else if (!clients.at(fd)->serve()) {
        clients.erase(fd);
        ++gone;
      }
    }
  }
  close(epoll);
  close(listener);
  return 0;
}
