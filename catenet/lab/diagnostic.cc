// SPDX-License-Identifier: Apache-2.0
#include "catenet/lab/diagnostic.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

namespace catenet::lab {
namespace {

constexpr std::size_t kLongestQuote = 60;
constexpr std::size_t kLongestLine = 160;

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U; }

/// The `number`-th line (from 1) without its line end.
std::string_view line_of(std::string_view text, std::uint32_t number) {
  for (std::uint32_t at = 1; at < number; ++at) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) {
      return {};
    }
    text.remove_prefix(end + 1);
  }
  std::string_view line = text.substr(0, text.find('\n'));
  if (line.ends_with('\r')) {
    line.remove_suffix(1);
  }
  return line;
}

/// The line and a caret under `column`. A very long line is cut to the part around the caret.
std::string excerpt(std::string_view line, std::uint32_t column, bool colour) {
  std::size_t caret = std::min<std::size_t>(column == 0 ? 0 : column - 1, line.size());
  if (line.size() > kLongestLine) {
    std::size_t from = caret > kLongestLine / 2 ? caret - kLongestLine / 2 : 0;
    while (from < caret && continues_character(line[from])) {
      ++from;
    }
    std::size_t size = std::min(kLongestLine, line.size() - from);
    while (from + size < line.size() && size > 0 && continues_character(line[from + size])) {
      --size;
    }
    line = line.substr(from, size);
    caret -= from;
  }
  std::string shown;
  std::string spaces;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const auto c = static_cast<unsigned char>(line[i]);
    const std::size_t size = utf8_length(line.substr(i));
    if (size == 0) {
      shown += '?';  // what is not UTF-8 would garble the terminal
    } else {
      shown += c < 0x20 || c == 0x7f ? std::string_view(" ") : line.substr(i, size);  // a tab must not move the caret
    }
    spaces += i < caret ? " " : "";
    i += size > 1 ? size - 1 : 0;
  }
  return fmt::format("  {}\n  {}{}^{}\n", shown, spaces, colour ? "\033[1;32m" : "", colour ? "\033[0m" : "");
}

}  // namespace

void Diagnostics::error(Place place, std::string message) {
  ++count_;
  if (errors_.size() < kKept) {
    errors_.push_back({place, std::move(message)});
  }
}

std::vector<Diagnostic> Diagnostics::sorted() const {
  std::vector<Diagnostic> out = errors_;
  std::sort(out.begin(), out.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return std::tie(a.place, a.message) < std::tie(b.place, b.message);
  });
  const auto equal = [](const Diagnostic& a, const Diagnostic& b) {
    return a.place == b.place && a.message == b.message;
  };
  out.erase(std::unique(out.begin(), out.end(), equal), out.end());
  return out;
}

std::string Diagnostics::render(std::span<const Source> sources, bool colour) const {
  const std::vector<Diagnostic> all = sorted();
  const char* bold = colour ? "\033[1m" : "";
  const char* red = colour ? "\033[1;31m" : "";
  const char* plain = colour ? "\033[0m" : "";
  std::string out;
  for (std::size_t i = 0; i < all.size() && i < kShown; ++i) {
    const auto& [place, message] = all[i];
    const Source* source = place.source < sources.size() ? &sources[place.source] : nullptr;
    const std::string name = source != nullptr ? source->name : std::string("lab");
    if (!place.known()) {
      out += fmt::format("{}{}:{} {}error:{} {}\n", bold, name, plain, red, plain, message);
      continue;
    }
    out +=
        fmt::format("{}{}:{}:{}:{} {}error:{} {}\n", bold, name, place.line, place.column, plain, red, plain, message);
    if (source != nullptr) {
      out += excerpt(line_of(source->text, place.line), place.column, colour);
    }
  }
  if (all.size() > kShown) {
    const std::size_t unseen = all.size() - kShown + (count_ > kKept ? count_ - kKept : 0);
    out +=
        fmt::format("{}: {} more error{}\n", sources.empty() ? "lab" : sources[0].name, unseen, unseen == 1 ? "" : "s");
  }
  return out;
}

std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto tail = [&](std::size_t i) { return i < text.size() && (byte(i) & 0xc0U) == 0x80U; };
  const unsigned char c = byte(0);
  if (c < 0x80) {
    return 1;
  }
  if (c >= 0xc2 && c <= 0xdf) {
    return tail(1) ? 2 : 0;
  }
  if (c >= 0xe0 && c <= 0xef) {
    const bool ok = tail(1) && tail(2) && (c != 0xe0 || byte(1) >= 0xa0) && (c != 0xed || byte(1) < 0xa0);
    return ok ? 3 : 0;
  }
  if (c >= 0xf0 && c <= 0xf4) {
    const bool ok = tail(1) && tail(2) && tail(3) && (c != 0xf0 || byte(1) >= 0x90) && (c != 0xf4 || byte(1) < 0x90);
    return ok ? 4 : 0;
  }
  return 0;
}

std::string in_quotes(std::string_view text) {
  std::string out = "'";
  std::size_t characters = 0;
  for (const char c : text) {
    if (!continues_character(c) && ++characters > kLongestQuote) {
      out += "...";
      break;
    }
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out + "'";
}

std::string join_or(std::span<const std::string_view> words) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    out += i == 0 ? "" : (i + 1 == words.size() ? " or " : ", ");
    out += words[i];
  }
  return out;
}

}  // namespace catenet::lab
