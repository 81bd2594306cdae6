// SPDX-License-Identifier: Apache-2.0
// Descriptors: close, dup, fcntl, ioctl, and the calls on files of the machine that take a descriptor. A process counts
// its descriptors from 0 without gaps, whatever the machine's numbers are.
#include <fcntl.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdarg>

#include "catenet/posix/abi.h"
#include "catenet/posix/epoll.h"
#include "catenet/posix/link_address.h"
#include "catenet/posix/stream.h"

namespace catenet::posix {
namespace {

Result<int> duplicate(int fd, int from, bool close_on_exec) {
  auto file = self().file(fd);
  if (!file) {
    return std::unexpected(file.error());
  }
  if (from < 0) {
    return fail(EINVAL, "a negative number");
  }
  return self().open(*file, close_on_exec, from);
}

Result<int> control_file(int fd, int command, long argument) {
  Process& process = self();
  const auto file = process.file(fd);
  if (!file) {
    return std::unexpected(file.error());
  }
  constexpr int kSettable = O_NONBLOCK | O_APPEND | O_ASYNC | O_DIRECT | O_NOATIME;
  switch (command) {
    case F_GETFL:
      if ((*file)->machine() >= 0) {
        return ::fcntl((*file)->machine(), F_GETFL);
      }
      return O_RDWR | ((*file)->nonblocking ? O_NONBLOCK : 0);
    case F_SETFL:
      if ((*file)->machine() < 0 && (argument & kSettable & ~O_NONBLOCK) != 0) {
        return fail(EINVAL, "a flag that a socket does not have here");
      }
      (*file)->nonblocking = (argument & O_NONBLOCK) != 0;
      return 0;
    case F_GETFD:
      return process.close_on_exec(fd) ? FD_CLOEXEC : 0;
    case F_SETFD:
      process.set_close_on_exec(fd, (argument & FD_CLOEXEC) != 0);
      return 0;
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
      return duplicate(fd, static_cast<int>(argument), command == F_DUPFD_CLOEXEC);
    default:
      return fail(EINVAL, "a command of fcntl that is not there");
  }
}

Result<int> control_device(int fd, unsigned long request, void* argument) {
  const auto file = self().file(fd);
  if (!file) {
    return std::unexpected(file.error());
  }
  SocketFile* socket = (*file)->socket();
  int& number = *static_cast<int*>(argument);
  if (request == FIONBIO) {
    (*file)->nonblocking = number != 0;
  } else if (request == FIOCLEX || request == FIONCLEX) {
    self().set_close_on_exec(fd, request == FIOCLEX);
  } else if (request == FIONREAD && socket != nullptr) {
    if (socket->is_listening()) {
      return fail(EINVAL, "bytes of a listener");
    }
    number = static_cast<int>(socket->bytes_to_read());
  } else if (request == SIOCOUTQ && socket != nullptr && socket->is_stream()) {
    number = static_cast<int>(socket->bytes_to_send());
  } else if (socket != nullptr) {
    return interface_request(*socket, request, argument);
  } else {
    return fail(ENOTTY, "a request of ioctl that is not there");
  }
  return 0;
}

Result<int> open_file(int folder, const char* path, int flags, mode_t mode) {
  const int fd = ::openat(folder, path, flags | O_CLOEXEC, mode);
  if (fd < 0) {
    return fail(errno, "open");
  }
  return self().open(std::make_shared<MachineFile>(fd, true), (flags & O_CLOEXEC) != 0);
}

/// The machine's descriptor behind `fd`; EINVAL for a socket, which has no place in a file.
Result<int> machine(int fd) {
  const auto file = self().file(fd);
  if (!file) {
    return std::unexpected(file.error());
  }
  if ((*file)->machine() < 0) {
    return fail((*file)->socket() != nullptr ? ESPIPE : EINVAL, "not a file");
  }
  return (*file)->machine();
}

}  // namespace
}  // namespace catenet::posix

using namespace catenet::posix;

extern "C" {

int catenet_posix_close(int fd) { return static_cast<int>(answer(self().close(fd))); }

int catenet_posix_dup(int fd) { return static_cast<int>(answer(duplicate(fd, 0, false))); }

int catenet_posix_dup2(int fd, int to) {
  const auto file = self().file(fd);
  if (!file) {
    return refuse(file.error().code);
  }
  if (fd != to) {
    if (const auto put = self().put(to, *file); !put) {
      return refuse(put.error().code);
    }
  }
  return to;
}

int catenet_posix_dup3(int fd, int to, int flags) {
  if (fd == to || (flags & ~O_CLOEXEC) != 0) {
    return refuse(EINVAL);
  }
  const int made = catenet_posix_dup2(fd, to);
  if (made >= 0) {
    self().set_close_on_exec(made, flags != 0);
  }
  return made;
}

int catenet_posix_fcntl(int fd, int command, ...) {
  std::va_list arguments;
  va_start(arguments, command);
  const long argument = va_arg(arguments, long);  // where there is none, none is read
  va_end(arguments);
  return static_cast<int>(answer(control_file(fd, command, argument)));
}

int catenet_posix_ioctl(int fd, unsigned long request, ...) {
  std::va_list arguments;
  va_start(arguments, request);
  void* argument = va_arg(arguments, void*);
  va_end(arguments);
  return static_cast<int>(answer(control_device(fd, request, argument)));
}

int catenet_posix_open(const char* path, int flags, ...) {
  std::va_list arguments;
  va_start(arguments, flags);
  const auto mode = va_arg(arguments, mode_t);
  va_end(arguments);
  return static_cast<int>(answer(open_file(AT_FDCWD, path, flags, mode)));
}

int catenet_posix_creat(const char* path, mode_t mode) {
  return static_cast<int>(answer(open_file(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode)));
}

off_t catenet_posix_lseek(int fd, off_t offset, int whence) {
  const auto file = machine(fd);
  return file ? ::lseek(*file, offset, whence) : refuse(file.error().code);
}

int catenet_posix_fstat(int fd, struct stat* out) {
  const auto file = self().file(fd);
  if (file && (*file)->machine() < 0) {
    *out = {};
    out->st_mode = (*file)->socket() != nullptr ? S_IFSOCK | 0777 : S_IFIFO | 0600;
    return 0;
  }
  return file ? ::fstat((*file)->machine(), out) : refuse(file.error().code);
}

int catenet_posix_isatty(int fd) {
  const auto file = self().file(fd);
  if (file && (*file)->machine() < 0) {
    return refuse(ENOTTY) + 1;
  }
  return file ? ::isatty((*file)->machine()) : refuse(file.error().code) + 1;
}

int catenet_posix_fsync(int fd) {
  const auto file = machine(fd);
  return file ? ::fsync(*file) : refuse(EINVAL);
}

int catenet_posix_ftruncate(int fd, off_t size) {
  const auto file = machine(fd);
  return file ? ::ftruncate(*file, size) : refuse(EINVAL);
}

ssize_t catenet_posix_pread(int fd, void* data, std::size_t size, off_t offset) {
  const auto file = machine(fd);
  return file ? ::pread(*file, data, size, offset) : refuse(file.error().code);
}

ssize_t catenet_posix_pwrite(int fd, const void* data, std::size_t size, off_t offset) {
  const auto file = machine(fd);
  return file ? ::pwrite(*file, data, size, offset) : refuse(file.error().code);
}

// ---- streams of the C library
// -----------------------------------------------------------------------------------------

FILE* catenet_posix_fdopen(int fd, const char* mode) {
  Process& process = self();
  const auto file = process.file(fd);
  if (!file) {
    errno = file.error().code;
    return nullptr;
  }
  FILE* stream = open_stream(process, fd, mode, true);
  if (stream != nullptr) {
    process.stream_numbers()[stream] = fd;
  }
  return stream;
}

// A stream of fopen() is the machine's; its descriptor gets a number when somebody asks for it.
int catenet_posix_fileno(FILE* stream) {
  Process& process = self();
  if (const auto found = process.stream_numbers().find(stream); found != process.stream_numbers().end()) {
    return found->second;
  }
  const int fd = ::fileno(stream);
  if (fd < 0) {
    return -1;
  }
  const auto made = process.open(std::make_shared<MachineFile>(fd, false));
  if (made) {
    process.stream_numbers()[stream] = *made;
  }
  return static_cast<int>(answer(made));
}

int catenet_posix_fclose(FILE* stream) {
  Process& process = self();
  for (int number = 0; number < 3; ++number) {
    if (stream == process.stream(number)) {  // it is closed when the process ends; its descriptor may be reused
      std::fflush(stream);
      return static_cast<int>(answer(process.close(number)));
    }
  }
  const auto found = process.stream_numbers().find(stream);
  if (found != process.stream_numbers().end()) {
    const int fd = ::fileno(stream) >= 0 ? found->second : -1;  // else the stream closes its descriptor itself
    process.stream_numbers().erase(found);
    (void)process.close(fd);
  }
  return std::fclose(stream);
}

}  // extern "C"
