// SPDX-License-Identifier: Apache-2.0
#include "catenet/posix/stream.h"

#include <cerrno>

namespace catenet::posix {
namespace {

struct Cookie {
  Process& process;
  int fd;
  bool owns;
};

// A stream reads and writes like read(2) and write(2): through the calls of this room, which may wait.
ssize_t read_cookie(void* cookie, char* buffer, std::size_t size) {
  const auto& c = *static_cast<Cookie*>(cookie);
  const auto file = c.process.file(c.fd);
  const auto got =
      file ? (*file)->read(std::as_writable_bytes(std::span(buffer, size))) : std::unexpected(file.error());
  if (!got) {
    errno = got.error().code;
    return -1;
  }
  return static_cast<ssize_t>(*got);
}

ssize_t write_cookie(void* cookie, const char* buffer, std::size_t size) {
  const auto& c = *static_cast<Cookie*>(cookie);
  const auto file = c.process.file(c.fd);
  const auto sent = file ? (*file)->write(std::as_bytes(std::span(buffer, size))) : std::unexpected(file.error());
  if (!sent) {
    errno = sent.error().code;
    if (errno == EPIPE && current().process == &c.process) {
      c.process.raise(SIGPIPE);
    }
    return 0;  // fopencookie(3): not -1
  }
  return static_cast<ssize_t>(*sent);
}

int close_cookie(void* cookie) {
  auto* c = static_cast<Cookie*>(cookie);
  if (c->owns) {
    (void)c->process.close(c->fd);
  }
  delete c;
  return 0;
}

}  // namespace

FILE* open_stream(Process& process, int fd, const char* mode, bool owns) {
  auto* cookie = new Cookie{process, fd, owns};
  FILE* stream =
      ::fopencookie(cookie, mode, {.read = read_cookie, .write = write_cookie, .seek = nullptr, .close = close_cookie});
  if (stream == nullptr) {
    delete cookie;
  }
  return stream;
}

}  // namespace catenet::posix
