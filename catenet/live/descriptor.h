// SPDX-License-Identifier: Apache-2.0
// File descriptors with an owner, and how they travel between Catenet and a namespace's keeper: SOCK_SEQPACKET messages
// with descriptors attached (SCM_RIGHTS, unix(7)). Every descriptor made here is close-on-exec.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "catenet/base/result.h"

namespace catenet::live {

/// Owns one descriptor; -1 is "none". Move-only.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    reset(other.release());
    return *this;
  }
  ~UniqueFd() { reset(); }

  [[nodiscard]] int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void reset(int fd = -1);

 private:
  int fd_ = -1;
};

/// Most descriptors one message may carry (the kernel's SCM_MAX_FD is 253).
inline constexpr std::size_t kMaxPassedFds = 128;
/// Longest message; longer ones are refused with EMSGSIZE by the sender.
inline constexpr std::size_t kMaxMessage = 64 * 1024;

/// One whole message: bytes and the descriptors that came with it.
struct Message {
  std::vector<std::uint8_t> bytes;
  std::vector<UniqueFd> fds;
};

/// A connected pair of SOCK_SEQPACKET sockets, blocking.
Result<std::pair<UniqueFd, UniqueFd>> message_pair();
/// Sends `bytes` as one message; the descriptors are duplicated into the receiver. EPIPE when the other end is gone.
Result<void> send_message(int socket, std::span<const std::uint8_t> bytes, std::span<const int> fds = {});
/// Waits for the next message. EPIPE at end of file (the other end is gone), EMSGSIZE when it was cut.
Result<Message> receive_message(int socket);

/// Reads a small file (procfs) whole, at most `limit` bytes.
Result<std::string> read_file(const char* path, std::size_t limit = std::size_t{1} << 20);
/// Writes `text` with one write(2), as procfs wants it; the file must exist.
Result<void> write_file(const char* path, const std::string& text);

}  // namespace catenet::live
