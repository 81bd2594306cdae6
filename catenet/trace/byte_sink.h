// SPDX-License-Identifier: Apache-2.0
// ByteSink: where a trace goes, record by record. A sink that fails says so once and for good: the run goes on, the
// trace ends at its last whole record, and whoever writes the report asks status() what became of it.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "catenet/base/result.h"

namespace catenet::trace {

class ByteSink {
 public:
  virtual ~ByteSink() = default;
  /// Takes one whole record. After the first failure everything is refused with that failure's error.
  virtual Result<void> write(std::span<const std::byte> record) = 0;
  /// Makes everything taken so far visible outside.
  virtual Result<void> flush() = 0;
  /// The first failure, if there was one.
  [[nodiscard]] virtual Result<void> status() const = 0;
};

inline std::span<const std::byte> bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

/// A file, buffered in whole records, so that after an error (ENOSPC, EIO) it can be cut back to the last record that
/// is complete in it. Owned by one thread.
class FileSink final : public ByteSink {
 public:
  /// Creates or empties `path`. The error has the errno value of open(2).
  [[nodiscard]] static Result<std::unique_ptr<FileSink>> create(const std::string& path);
  ~FileSink() override;  // flushes; an error then is lost, so call flush() before if it matters
  FileSink(const FileSink&) = delete;
  FileSink& operator=(const FileSink&) = delete;

  Result<void> write(std::span<const std::byte> record) override;
  Result<void> flush() override;
  [[nodiscard]] Result<void> status() const override;

 private:
  static constexpr std::size_t kBuffer = 65536;
  explicit FileSink(int descriptor) : descriptor_(descriptor) {}
  Result<void> put(std::span<const std::byte> bytes);

  int descriptor_;
  int error_ = 0;
  std::uint64_t whole_ = 0;  // bytes in the file, up to the end of a record
  std::vector<std::byte> buffer_;
};

/// Keeps everything in memory: for tests and for embedders.
class MemorySink final : public ByteSink {
 public:
  Result<void> write(std::span<const std::byte> record) override {
    bytes_.insert(bytes_.end(), record.begin(), record.end());
    return {};
  }
  Result<void> flush() override { return {}; }
  [[nodiscard]] Result<void> status() const override { return {}; }
  [[nodiscard]] const std::vector<std::byte>& bytes() const { return bytes_; }
  [[nodiscard]] std::string text() const { return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()}; }

 private:
  std::vector<std::byte> bytes_;
};

}  // namespace catenet::trace
