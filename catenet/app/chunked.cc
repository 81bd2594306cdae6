// SPDX-License-Identifier: Apache-2.0
#include "catenet/app/chunked.h"

#include <algorithm>

#include "catenet/base/text.h"

namespace catenet::app {

Result<ChunkedDecoder::Step> ChunkedDecoder::next(std::string_view in) {
  Step step;
  while (step.consumed < in.size() && state_ != State::done) {
    if (state_ == State::data) {
      const std::size_t n = static_cast<std::size_t>(std::min<std::uint64_t>(left_, in.size() - step.consumed));
      step.data = in.substr(step.consumed, n);
      step.consumed += n;
      left_ -= n;
      state_ = left_ == 0 ? State::data_cr : State::data;
      return step;
    }
    if (auto taken = take(in[step.consumed]); !taken) {
      return std::unexpected(taken.error());
    }
    ++step.consumed;
  }
  return step;
}

Result<void> ChunkedDecoder::take(char c) {
  switch (state_) {
    case State::size:
      if (const int digit = hex_digit(c); digit >= 0) {
        if (++digits_ > 15) {  // 2^60 bytes and more
          return fail(EMSGSIZE, "a chunk is too large");
        }
        left_ = left_ * 16 + static_cast<unsigned>(digit);
        return {};
      }
      if (digits_ == 0) {
        return fail(EPROTO, "a chunk has no size");
      }
      if (c != ';' && c != ' ' && c != '\t' && c != '\r' && c != '\n') {
        return fail(EPROTO, "a chunk size is not a number");
      }
      state_ = State::extension;
      [[fallthrough]];
    case State::extension:
      if (++line_ > kMaxLine) {
        return fail(EMSGSIZE, "a chunk extension is too long");
      }
      if (c == '\r') {
        state_ = State::size_lf;
      }
      return c == '\n' ? fail(EPROTO, "a chunk size without CRLF") : Result<void>();
    case State::size_lf:
      return c == '\n' ? end_of_size_line() : fail(EPROTO, "a chunk size without CRLF");
    case State::data_cr:
      state_ = State::data_lf;
      return c == '\r' ? Result<void>() : fail(EPROTO, "a chunk is longer than its size");
    case State::data_lf:
      state_ = State::size;
      left_ = line_ = digits_ = 0;
      return c == '\n' ? Result<void>() : fail(EPROTO, "a chunk is longer than its size");
    case State::trailer:
      if (++trailer_ > kMaxTrailer) {
        return fail(EMSGSIZE, "the trailer is too long");
      }
      if (c == '\n') {
        return fail(EPROTO, "a trailer line without CRLF");
      }
      if (c == '\r') {
        state_ = State::trailer_lf;
      } else {
        line_is_empty_ = false;
      }
      return {};
    case State::trailer_lf:
      if (c != '\n') {
        return fail(EPROTO, "a trailer line without CRLF");
      }
      state_ = line_is_empty_ ? State::done : State::trailer;
      line_is_empty_ = true;
      return {};
    case State::data:
    case State::done:
      break;
  }
  return fail(EPROTO, "the body is over");
}

Result<void> ChunkedDecoder::end_of_size_line() {
  state_ = left_ == 0 ? State::trailer : State::data;
  return {};
}

}  // namespace catenet::app
