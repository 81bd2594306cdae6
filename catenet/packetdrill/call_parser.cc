// SPDX-License-Identifier: Apache-2.0
// System calls: names, arguments, results.
#include <limits>

#include "catenet/packetdrill/parser.h"

namespace catenet::packetdrill {
namespace {

bool parse_expression(Scanner& in, Expr& out, unsigned depth);

// Up to `close`, which is eaten.
bool parse_items(Scanner& in, std::vector<Expr>& out, std::string_view close, unsigned depth) {
  if (in.accept(close)) {
    return true;
  }
  do {
    if (out.size() >= kMaxItems) {
      return in.complain("too many items in a list");
    }
    if (!parse_expression(in, out.emplace_back(), depth + 1)) {
      return false;
    }
  } while (in.accept(","));
  return in.expect(close);
}

bool parse_string(Scanner& in, Expr& out) {
  out.kind = Expr::Kind::string;
  while (in.peek() == '"') {  // neighbours are one string
    const auto piece = in.quoted();
    if (!piece) {
      return false;
    }
    out.text += *piece;
    in.skip_space();
  }
  (void)in.accept("...");
  return true;
}

bool parse_primary(Scanner& in, Expr& out, unsigned depth) {
  if (depth > kMaxDepth) {
    return in.complain("an expression that is nested too deep");
  }
  (void)in.accept("&");
  in.skip_space();
  if (in.accept("...")) {
    out.kind = Expr::Kind::ellipsis;
    return true;
  }
  if (in.peek() == '"') {
    return parse_string(in, out);
  }
  if (in.accept("[")) {
    out.kind = Expr::Kind::list;
    return parse_items(in, out.items, "]", depth);
  }
  if (in.accept("{")) {
    out.kind = Expr::Kind::record;
    return parse_items(in, out.items, "}", depth);
  }
  if (in.looking_at_digit() || in.peek() == '-') {
    const auto number = in.integer(std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max());
    out.kind = Expr::Kind::integer;
    out.number = number.value_or(0);
    return number.has_value();
  }
  if (!in.looking_at_letter()) {
    return in.complain("expected an argument");
  }
  out.kind = Expr::Kind::word;
  out.text = in.word();
  if (in.accept("(")) {
    out.kind = Expr::Kind::call;
    return parse_items(in, out.items, ")", depth);
  }
  return !in.failed();
}

bool parse_expression(Scanner& in, Expr& out, unsigned depth) {
  if (!parse_primary(in, out, depth)) {
    return false;
  }
  in.skip_space();
  if ((out.kind == Expr::Kind::word || out.kind == Expr::Kind::call) && in.peek() == '=' && in.peek(1) != '=') {
    (void)in.accept("=");
    Expr value;
    if (!parse_expression(in, value, depth + 1)) {
      return false;
    }
    Expr field{Expr::Kind::field, 0, out.text, {}};
    field.items.push_back(std::move(value));
    out = std::move(field);
    return true;
  }
  if (in.peek() == '|') {
    Expr either{Expr::Kind::either, 0, {}, {}};
    either.items.push_back(std::move(out));
    while (in.accept("|")) {
      if (either.items.size() >= kMaxItems || !parse_primary(in, either.items.emplace_back(), depth + 1)) {
        return in.complain("expected a constant after '|'");
      }
    }
    out = std::move(either);
  }
  return true;
}

}  // namespace

bool parse_call(Scanner& in, CallEvent& out) {
  in.skip_space();
  if (!in.looking_at_letter()) {
    return in.complain("expected a packet, a system call, a command or code");
  }
  out.name = in.word();
  if (!in.expect("(") || !parse_items(in, out.arguments, ")", 0) || !in.expect("=")) {
    return false;
  }
  if (!parse_expression(in, out.result, 0)) {
    return false;
  }
  in.skip_space();
  if (in.looking_at_letter()) {
    out.error = in.word();
  }
  in.skip_space();
  if (in.peek() == '(' && !in.delimited("(", ")")) {  // strerror's words, for people
    return false;
  }
  return !in.failed();
}

}  // namespace catenet::packetdrill
