// SPDX-License-Identifier: Apache-2.0
#include "catenet/trace/byte_sink.h"

#include <fcntl.h>
#include <unistd.h>

namespace catenet::trace {

Result<std::unique_ptr<FileSink>> FileSink::create(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor < 0) {
    return fail(errno, "creating a trace file");
  }
  return std::unique_ptr<FileSink>(new FileSink(descriptor));
}

FileSink::~FileSink() {
  (void)flush();
  ::close(descriptor_);
}

Result<void> FileSink::status() const {
  if (error_ != 0) {
    return fail(error_, "writing a trace file");
  }
  return {};
}

Result<void> FileSink::write(std::span<const std::byte> record) {
  if (error_ != 0) {
    return status();
  }
  if (buffer_.size() + record.size() > kBuffer) {
    if (const auto flushed = flush(); !flushed) {
      return flushed;
    }
    if (record.size() > kBuffer) {
      return put(record);
    }
  }
  if (buffer_.capacity() < kBuffer) {
    buffer_.reserve(kBuffer);
  }
  buffer_.insert(buffer_.end(), record.begin(), record.end());
  return {};
}

Result<void> FileSink::flush() {
  if (error_ == 0 && !buffer_.empty()) {
    (void)put(buffer_);
    buffer_.clear();
  }
  return status();
}

// `bytes` begins and ends at a record's boundary.
Result<void> FileSink::put(std::span<const std::byte> bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = ::write(descriptor_, bytes.data() + done, bytes.size() - done);
    if (n > 0) {
      done += static_cast<std::size_t>(n);
    } else if (n == 0 || errno != EINTR) {
      error_ = n == 0 ? EIO : errno;
      // What is there of a half-written record would make the whole file look damaged. A pipe cannot be cut back.
      const int cut = ::ftruncate(descriptor_, static_cast<off_t>(whole_));
      static_cast<void>(cut);
      return status();
    }
  }
  whole_ += bytes.size();
  return {};
}

}  // namespace catenet::trace
