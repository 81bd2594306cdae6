// SPDX-License-Identifier: Apache-2.0
#include "catenet/packetdrill/scanner.h"

#include <algorithm>
#include <charconv>

#include "catenet/base/text.h"

namespace catenet::packetdrill {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'; }

}  // namespace

void Scanner::advance(std::size_t n) {
  const std::size_t end = std::min(at_ + n, text_.size());
  line_ += static_cast<unsigned>(std::count(text_.begin() + static_cast<std::ptrdiff_t>(at_),
                                            text_.begin() + static_cast<std::ptrdiff_t>(end), '\n'));
  at_ = end;
}

void Scanner::skip_space() {
  while (!at_end()) {
    if (is_blank(peek())) {
      advance(1);
    } else if (looking_at("//") || peek() == '#') {
      const std::size_t end = text_.find('\n', at_);
      advance(end == std::string_view::npos ? text_.size() : end - at_);
    } else if (looking_at("/*")) {
      const std::size_t end = text_.find("*/", at_ + 2);
      if (end == std::string_view::npos) {
        complain("a comment without end");
        advance(text_.size());
        return;
      }
      advance(end + 2 - at_);
    } else {
      return;
    }
  }
}

bool Scanner::looking_at_word(std::string_view word) const { return looking_at(word) && !is_word(peek(word.size())); }

bool Scanner::looking_at_letter() const { return is_word(peek()) && !looking_at_digit(); }

bool Scanner::accept(std::string_view s) {
  skip_space();
  if (failed() || !looking_at(s)) {
    return false;
  }
  advance(s.size());
  return true;
}

bool Scanner::accept_word(std::string_view word) {
  skip_space();
  if (failed() || !looking_at_word(word)) {
    return false;
  }
  advance(word.size());
  return true;
}

bool Scanner::expect(std::string_view s) { return accept(s) || complain("expected '" + std::string(s) + "'"); }

bool Scanner::expect_word(std::string_view word) {
  return accept_word(word) || complain("expected '" + std::string(word) + "'");
}

std::string Scanner::word() {
  skip_space();
  std::size_t n = 0;
  while (is_word(peek(n))) {
    ++n;
  }
  std::string out(text_.substr(at_, n));
  advance(n);
  return out;
}

std::string Scanner::token() {
  skip_space();
  std::size_t n = 0;
  while (at_ + n < text_.size() && !is_blank(peek(n))) {
    ++n;
  }
  std::string out(text_.substr(at_, n));
  advance(n);
  return out;
}

std::optional<std::int64_t> Scanner::integer(std::int64_t low, std::int64_t high) {
  skip_space();
  const bool negative = peek() == '-';
  const std::size_t sign = negative ? 1 : 0;
  const bool hex = peek(sign) == '0' && (peek(sign + 1) == 'x' || peek(sign + 1) == 'X');
  const char* first = text_.data() + std::min(text_.size(), at_ + sign + (hex ? 2 : 0));
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(first, text_.data() + text_.size(), value, hex ? 16 : 10);
  if (error == std::errc::invalid_argument || end == first || *first == '-') {
    complain("expected a number");
    return std::nullopt;
  }
  advance(static_cast<std::size_t>(end - text_.data()) - at_);
  value = negative ? -value : value;
  if (error == std::errc::result_out_of_range || value < low || value > high) {
    complain("a number out of range");
    return std::nullopt;
  }
  return value;
}

std::optional<Duration> Scanner::seconds() {
  skip_space();
  std::int64_t whole = 0;
  std::size_t digits = 0;
  for (; looking_at_digit(); ++digits) {
    whole = std::min<std::int64_t>(whole * 10 + (peek() - '0'), kMaxTime.ns());
    advance(1);
  }
  std::int64_t fraction = 0;
  if (peek() == '.' && is_digit(peek(1))) {
    advance(1);
    for (std::int64_t unit = 100'000'000; looking_at_digit(); unit /= 10, ++digits) {
      fraction += unit * (peek() - '0');
      advance(1);
    }
  }
  if (digits == 0) {
    complain("expected a time in seconds");
    return std::nullopt;
  }
  if (whole >= kMaxTime.ns() / 1'000'000'000) {
    complain("a time of more than 100000 seconds");
    return std::nullopt;
  }
  return Duration::seconds(whole) + Duration::nanoseconds(fraction);
}

std::optional<std::string> Scanner::delimited(std::string_view open, std::string_view close) {
  advance(open.size());
  const std::size_t end = text_.find(close, at_);
  if (end == std::string_view::npos) {
    complain("expected '" + std::string(close) + "' after '" + std::string(open) + "'");
    return std::nullopt;
  }
  std::string out(text_.substr(at_, end - at_));
  advance(end + close.size() - at_);
  return out;
}

std::optional<std::string> Scanner::quoted() {
  std::size_t n = 1;
  while (at_ + n < text_.size() && peek(n) != '"') {
    n += peek(n) == '\\' ? 2 : 1;
  }
  if (at_ + n >= text_.size()) {
    complain("a string without end");
    return std::nullopt;
  }
  std::string out(text_.substr(at_ + 1, n - 1));
  advance(n + 1);
  return out;
}

std::string Scanner::rest_of_line() {
  const std::size_t end = std::min(text_.find('\n', at_), text_.size());
  std::string_view line = text_.substr(at_, end - at_);
  advance(end - at_);
  line = line.substr(0, std::min(line.find("//"), line.find('#')));
  while (!line.empty() && is_blank(line.back())) {
    line.remove_suffix(1);
  }
  while (!line.empty() && is_blank(line.front())) {
    line.remove_prefix(1);
  }
  return std::string(line);
}

bool Scanner::complain(std::string text, bool unsupported) {
  if (!complaint_) {
    complaint_ = Complaint{line_, std::move(text), unsupported};
  }
  return false;
}

}  // namespace catenet::packetdrill
