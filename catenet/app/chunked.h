// SPDX-License-Identifier: Apache-2.0
// The chunked transfer coding (RFC 9112 7.1), decoded as it comes. Chunk extensions and trailer fields are skipped.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "catenet/base/result.h"

namespace catenet::app {

class ChunkedDecoder {
 public:
  /// Longest chunk-size line, and longest trailer section.
  static constexpr std::size_t kMaxLine = 4096;
  static constexpr std::size_t kMaxTrailer = 16 * 1024;

  /// One step over the front of `in`: `data` (a part of `in`, perhaps empty) belongs to the body.
  struct Step {
    std::size_t consumed = 0;
    std::string_view data;
  };
  /// Consumes something unless `in` is empty or the body is over. EPROTO: not chunked; EMSGSIZE: a line is too long.
  Result<Step> next(std::string_view in);
  [[nodiscard]] bool done() const { return state_ == State::done; }

 private:
  enum class State : std::uint8_t { size, extension, size_lf, data, data_cr, data_lf, trailer, trailer_lf, done };
  Result<void> take(char c);
  Result<void> end_of_size_line();

  State state_ = State::size;
  std::uint64_t left_ = 0;     // of the chunk
  std::size_t line_ = 0;       // bytes of the size line so far
  std::size_t digits_ = 0;     // of the size
  std::size_t trailer_ = 0;    // bytes of the trailer so far
  bool line_is_empty_ = true;  // the trailer's line
};

}  // namespace catenet::app
