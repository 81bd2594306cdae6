// SPDX-License-Identifier: Apache-2.0
#include "catenet/packetdrill/assertion.h"

#include <array>
#include <charconv>
#include <limits>
#include <vector>

#include "catenet/base/text.h"

namespace catenet::packetdrill {
namespace {

using Lookup = std::function<std::optional<std::int64_t>(std::string_view)>;
constexpr unsigned kMaxNesting = 40;
constexpr std::size_t kMaxName = 40;
constexpr std::size_t kMaxVariables = 100;

struct Operator {
  std::string_view sign;
  int level;
};
// Python's binary operators, the weakest first; longer signs before their beginnings.
constexpr std::array<Operator, 10> kOperators{
    {{"|", 1}, {"^", 2}, {"&", 3}, {"<<", 4}, {">>", 4}, {"+", 5}, {"-", 5}, {"*", 6}, {"//", 6}, {"%", 6}}};
constexpr int kTightest = 6;

class Evaluator {
 public:
  Evaluator(std::string_view text, Variables& variables, const Lookup& lookup)
      : text_(text), variables_(variables), lookup_(lookup) {}

  Verdict run() {
    while (!failed()) {
      skip(true);
      if (at_ >= text_.size()) {
        break;
      }
      const std::size_t begin = at_;
      if (accept_word("assert")) {
        const std::int64_t value = disjunction();
        const std::string shown(text_.substr(begin, at_ - begin));
        skip(false);
        if (at_ < text_.size() && std::string_view(",;\n").find(text_[at_]) == std::string_view::npos) {
          refuse("the Python operator '" + std::string(text_.substr(at_, 8)) + "'");
        }
        skip_statement();
        if (!failed() && value == 0) {
          return {Verdict::Kind::fails, shown + seen_values()};
        }
        seen_.clear();
      } else if (accept_word("print") || accept_word("pass")) {
        skip_statement();
      } else if (!assignment()) {
        refuse("the Python statement '" + std::string(text_.substr(at_, 40)) + "'");
      }
    }
    return failed() ? Verdict{Verdict::Kind::unsupported, unsupported_} : Verdict{};
  }

 private:
  [[nodiscard]] bool failed() const { return !unsupported_.empty(); }
  void refuse(std::string what) {
    if (!failed()) {
      unsupported_ = std::move(what);
    }
  }
  // Blanks and comments; ends of lines only between statements and in parentheses.
  void skip(bool lines) {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == ' ' || c == '\t' || c == '\r' || ((lines || parentheses_ > 0) && (c == '\n' || c == ';'))) {
        ++at_;
      } else if (c == '\\' && at_ + 1 < text_.size() && text_[at_ + 1] == '\n') {
        at_ += 2;
      } else if (c == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else {
        return;
      }
    }
  }
  void skip_statement() {
    while (at_ < text_.size() && text_[at_] != '\n' && text_[at_] != ';') {
      at_ += text_[at_] == '\\' ? 2 : 1;
    }
  }
  bool accept(std::string_view s) {
    skip(false);
    if (text_.substr(std::min(at_, text_.size()), s.size()) != s) {
      return false;
    }
    at_ += s.size();
    return true;
  }
  bool accept_word(std::string_view word) {
    skip(false);
    const std::size_t end = at_ + word.size();
    if (text_.substr(std::min(at_, text_.size()), word.size()) != word || (end < text_.size() && is_word(text_[end]))) {
      return false;
    }
    at_ = end;
    return true;
  }

  // name = value, name += value, name -= value; false: none of these, and nothing read.
  bool assignment() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_word(text_[at_])) {
      ++at_;
    }
    const std::string name(text_.substr(begin, at_ - begin));
    const bool fits = !name.empty() && (name[0] < '0' || name[0] > '9') && name.size() <= kMaxName &&
                      (variables_.contains(name) || variables_.size() < kMaxVariables);
    const bool adds = fits && accept("+=");
    const bool takes = fits && !adds && accept("-=");
    skip(false);
    const bool plain =
        fits && !adds && !takes && !text_.substr(std::min(at_, text_.size())).starts_with("==") && accept("=");
    if ((!adds && !takes && !plain) || (!plain && !variables_.contains(name))) {
      at_ = begin;
      return false;
    }
    const std::int64_t value = disjunction();
    if (!failed()) {
      std::int64_t& variable = variables_[name];
      variable = plain ? value : apply(adds ? "+" : "-", variable, value);
    }
    skip_statement();
    return true;
  }

  std::int64_t disjunction() {
    std::int64_t value = conjunction();
    while (!failed() && accept_word("or")) {
      const std::int64_t right = conjunction();
      value = value != 0 ? value : right;
    }
    return value;
  }
  std::int64_t conjunction() {
    std::int64_t value = negation();
    while (!failed() && accept_word("and")) {
      const std::int64_t right = negation();
      value = value != 0 ? right : value;
    }
    return value;
  }
  std::int64_t negation() {
    bool inverted = false;
    bool any = false;
    while (accept_word("not")) {
      inverted = !inverted;
      any = true;
    }
    const std::int64_t value = comparison();
    return any ? ((value != 0) != inverted ? 1 : 0) : value;
  }
  std::int64_t comparison() {
    std::int64_t left = binary(1);
    bool all = true;
    bool compared = false;
    while (!failed()) {
      enum { equal, unequal, at_most, at_least, below, above } kind{};
      if (accept("==")) {
        kind = equal;
      } else if (accept("!=")) {
        kind = unequal;
      } else if (accept("<=")) {
        kind = at_most;
      } else if (accept(">=")) {
        kind = at_least;
      } else if (accept("<")) {
        kind = below;
      } else if (accept(">")) {
        kind = above;
      } else {
        break;
      }
      const std::int64_t right = binary(1);
      const std::array<bool, 6> holds{left == right, left != right, left <= right, left >= right,
                                      left<right, left> right};
      all = all && holds[kind];
      compared = true;
      left = right;
    }
    return compared ? (all ? 1 : 0) : left;
  }
  std::int64_t binary(int level) {
    if (level > kTightest) {
      return unary();
    }
    std::int64_t left = binary(level + 1);
    while (!failed()) {
      const Operator* found = nullptr;
      skip(false);
      const std::string_view rest = text_.substr(std::min(at_, text_.size()));
      for (const Operator& o : kOperators) {
        const bool power = o.sign == "*" && rest.starts_with("**");
        if (o.level == level && rest.starts_with(o.sign) && !power) {
          found = &o;
          break;
        }
      }
      if (found == nullptr) {
        return left;
      }
      at_ += found->sign.size();
      left = apply(found->sign, left, binary(level + 1));
    }
    return left;
  }
  std::int64_t apply(std::string_view sign, std::int64_t a, std::int64_t b) {
    std::int64_t out = 0;
    bool overflow = false;
    if (sign == "|") {
      out = a | b;
    } else if (sign == "^") {
      out = a ^ b;
    } else if (sign == "&") {
      out = a & b;
    } else if (sign == "+") {
      overflow = __builtin_add_overflow(a, b, &out);
    } else if (sign == "-") {
      overflow = __builtin_sub_overflow(a, b, &out);
    } else if (sign == "*") {
      overflow = __builtin_mul_overflow(a, b, &out);
    } else if (sign == "<<") {
      overflow = a < 0 || b < 0 || b > 31 || a > std::numeric_limits<std::int32_t>::max();
      out = overflow ? 0 : a << b;
    } else if (sign == ">>") {
      overflow = b < 0 || b > 62;
      out = overflow ? 0 : a >> b;
    } else {
      overflow = b <= 0;  // Python rounds down; so it does here, for divisors above zero
      if (!overflow) {
        const std::int64_t rest = ((a % b) + b) % b;
        out = sign == "%" ? rest : (a - rest) / b;
      }
    }
    if (overflow) {
      refuse("arithmetic beyond 64 bits");
    }
    return out;
  }
  std::int64_t unary() {
    if (++depth_ > kMaxNesting) {
      refuse("an expression that is nested too deep");
    }
    std::int64_t value = 0;
    if (failed()) {
      value = 0;
    } else if (accept("-")) {
      value = apply("-", 0, unary());
    } else if (accept("~")) {
      value = ~unary();
    } else if (accept("(")) {
      ++parentheses_;
      value = disjunction();
      if (!accept(")")) {
        refuse("a Python expression without ')'");
      }
      --parentheses_;
    } else {
      value = primary();
    }
    --depth_;
    return value;
  }
  std::int64_t primary() {
    skip(false);
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_word(text_[at_])) {
      ++at_;
    }
    const std::string_view word = text_.substr(std::min(begin, text_.size()), at_ - std::min(begin, at_));
    if (word.empty() || (at_ < text_.size() && (text_[at_] == '.' || text_[at_] == '(' || text_[at_] == '['))) {
      refuse("the Python expression '" + std::string(text_.substr(std::min(begin, text_.size()), 40)) + "'");
      return 0;
    }
    if (word[0] >= '0' && word[0] <= '9') {
      const bool hex = word.starts_with("0x");
      std::int64_t value = 0;
      const char* end = word.data() + word.size();
      if (std::from_chars(word.data() + (hex ? 2 : 0), end, value, hex ? 16 : 10).ptr != end) {
        refuse("the number '" + std::string(word) + "'");
      }
      return value;
    }
    if (word == "True" || word == "False") {
      return word == "True" ? 1 : 0;
    }
    const auto variable = variables_.find(std::string(word));
    const auto value = variable != variables_.end() ? std::optional(variable->second) : lookup_(word);
    if (!value) {
      refuse(std::string(word));
      return 0;
    }
    seen_.emplace_back(word, *value);
    return *value;
  }
  [[nodiscard]] std::string seen_values() const {
    std::string text;
    for (const auto& [name, value] : seen_) {
      text += (text.empty() ? "; " : ", ") + name + " is " + std::to_string(value);
    }
    return text;
  }

  std::string_view text_;
  Variables& variables_;
  const Lookup& lookup_;
  std::size_t at_ = 0;
  unsigned depth_ = 0;
  unsigned parentheses_ = 0;
  std::string unsupported_;
  std::vector<std::pair<std::string, std::int64_t>> seen_;
};

}  // namespace

Verdict check_code(std::string_view code, Variables& variables, const Lookup& value) {
  return Evaluator(code, variables, value).run();
}

}  // namespace catenet::packetdrill
