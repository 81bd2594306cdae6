// SPDX-License-Identifier: Apache-2.0
#include "catenet/posix/open_file.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace catenet::posix {

Result<std::size_t> StandardStream::read(std::span<std::byte> out) {
  const std::size_t n = std::min(out.size(), input_.size() - at_);
  std::memcpy(out.data(), input_.data() + at_, n);
  at_ += n;
  return n;
}

Result<std::size_t> StandardStream::write(std::span<const std::byte> bytes) {
  if (sink_ && !bytes.empty()) {
    sink_(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  }
  return bytes.size();
}

MachineFile::~MachineFile() {
  if (owned_) {
    ::close(fd_);
  }
}

Result<std::size_t> MachineFile::read(std::span<std::byte> out) {
  const ssize_t n = ::read(fd_, out.data(), out.size());
  return n < 0 ? Result<std::size_t>(fail(errno, "read")) : static_cast<std::size_t>(n);
}

Result<std::size_t> MachineFile::write(std::span<const std::byte> bytes) {
  const ssize_t n = ::write(fd_, bytes.data(), bytes.size());
  return n < 0 ? Result<std::size_t>(fail(errno, "write")) : static_cast<std::size_t>(n);
}

}  // namespace catenet::posix
