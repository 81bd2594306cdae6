// SPDX-License-Identifier: Apache-2.0
// Scanner: reads a script character by character. The language's tokens depend on where they stand ("." is a flag, the
// start of a number or of an ellipsis), so the parsers ask for what they expect instead of being handed tokens. The
// first complaint is kept and everything after it fails.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "catenet/base/time.h"
#include "catenet/packetdrill/script.h"

namespace catenet::packetdrill {

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  /// Blanks, ends of lines and comments: // and # to the end of the line, /* */.
  void skip_space();
  [[nodiscard]] bool at_end() const { return at_ >= text_.size(); }
  [[nodiscard]] unsigned line() const { return line_; }
  /// The character here (0 at the end), and `ahead` behind it; nothing is skipped.
  [[nodiscard]] char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  [[nodiscard]] bool looking_at(std::string_view s) const { return text_.substr(at_, s.size()) == s; }
  /// True if a whole word of that spelling stands here.
  [[nodiscard]] bool looking_at_word(std::string_view word) const;
  [[nodiscard]] bool looking_at_digit() const { return peek() >= '0' && peek() <= '9'; }
  [[nodiscard]] bool looking_at_letter() const;

  // Each of the following skips blanks first.
  bool accept(std::string_view s);
  bool accept_word(std::string_view word);
  [[nodiscard]] bool expect(std::string_view s);
  [[nodiscard]] bool expect_word(std::string_view word);
  /// Letters, digits and underscores; empty if none stands here.
  [[nodiscard]] std::string word();
  /// Everything up to the next blank.
  [[nodiscard]] std::string token();
  /// Decimal, negative, or hexadecimal with 0x; within [low, high].
  [[nodiscard]] std::optional<std::int64_t> integer(std::int64_t low, std::int64_t high);
  /// Seconds: 1, 0.25, .1; at most kMaxTime.
  [[nodiscard]] std::optional<Duration> seconds();
  /// What stands between `open`, which is here, and the next `close`.
  [[nodiscard]] std::optional<std::string> delimited(std::string_view open, std::string_view close);
  /// A string in double quotes, escapes left as they are.
  [[nodiscard]] std::optional<std::string> quoted();
  /// The rest of this line, without comments and blanks at its ends.
  [[nodiscard]] std::string rest_of_line();

  /// Notes what is wrong here, unless something was wrong before. Always false.
  bool complain(std::string text, bool unsupported = false);
  [[nodiscard]] bool failed() const { return complaint_.has_value(); }
  [[nodiscard]] const std::optional<Complaint>& complaint() const { return complaint_; }

  /// The script's packets are of IPv6.
  void set_ipv6(bool on) { ipv6_ = on; }
  [[nodiscard]] bool ipv6() const { return ipv6_; }

  static constexpr Duration kMaxTime = Duration::seconds(100'000);

 private:
  void advance(std::size_t n);

  std::string_view text_;
  std::size_t at_ = 0;
  unsigned line_ = 1;
  bool ipv6_ = false;
  std::optional<Complaint> complaint_;
};

}  // namespace catenet::packetdrill
