// SPDX-License-Identifier: Apache-2.0
// OpenFile: what POSIX calls an open file description: what one or several descriptors of a process refer to. Sockets
// (socket_file.h), epoll instances (epoll.h), the standard streams, and files of the machine we run on.
#pragma once
#include <poll.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "catenet/base/delegate.h"
#include "catenet/base/result.h"

namespace catenet::posix {

class SocketFile;
class Epoll;

class OpenFile : public std::enable_shared_from_this<OpenFile> {
 public:
  OpenFile() = default;
  virtual ~OpenFile() = default;
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  /// May wait, unless `nonblocking`.
  virtual Result<std::size_t> read(std::span<std::byte> out) = 0;
  virtual Result<std::size_t> write(std::span<const std::byte> bytes) = 0;
  /// Which of poll's bits are true now.
  [[nodiscard]] virtual int events() const { return POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM; }
  /// The last descriptor of it is being closed.
  virtual void closing() {}
  virtual SocketFile* socket() { return nullptr; }
  virtual Epoll* epoll() { return nullptr; }
  /// The machine's own descriptor; -1: it is not one of the machine's files.
  [[nodiscard]] virtual int machine() const { return -1; }

  bool nonblocking = false;  ///< O_NONBLOCK
};

/// Standard input, output and error: a text that can be read once, a sink for what is written.
class StandardStream final : public OpenFile {
 public:
  using Sink = Delegate<void(std::string_view text)>;
  explicit StandardStream(std::string input) : input_(std::move(input)) {}
  explicit StandardStream(Sink sink) : sink_(sink) {}
  Result<std::size_t> read(std::span<std::byte> out) override;
  Result<std::size_t> write(std::span<const std::byte> bytes) override;
  void forget_sink() { sink_ = {}; }

 private:
  std::string input_;
  std::size_t at_ = 0;
  Sink sink_;
};

/// A file of the machine, for programs that read and write files. Never waits in virtual time.
class MachineFile final : public OpenFile {
 public:
  /// `owned`: closed with it.
  MachineFile(int fd, bool owned) : fd_(fd), owned_(owned) {}
  ~MachineFile() override;
  Result<std::size_t> read(std::span<std::byte> out) override;
  Result<std::size_t> write(std::span<const std::byte> bytes) override;
  [[nodiscard]] int machine() const override { return fd_; }

 private:
  int fd_;
  bool owned_;
};

}  // namespace catenet::posix
