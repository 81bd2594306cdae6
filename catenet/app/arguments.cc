// SPDX-License-Identifier: Apache-2.0
#include "catenet/app/arguments.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "catenet/app/spelling.h"

namespace catenet::app {
namespace {

/// Keys are words of letters, digits and '_'; so a URL with a query and a path "/big=10MB" are positional.
std::size_t key_length(std::string_view word) {
  const std::size_t equals = word.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    return 0;
  }
  const auto is_key_letter = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '-'; };
  return std::all_of(word.begin(), word.begin() + static_cast<std::ptrdiff_t>(equals), is_key_letter) ? equals : 0;
}

}  // namespace

ArgumentReader::ArgumentReader(std::span<const std::string> words) {
  for (const std::string_view word : words.subspan(words.empty() ? 0 : 1)) {
    const std::size_t length = key_length(word);
    if (length == 0) {
      positional_.push_back(word);
      continue;
    }
    const std::string_view key = word.substr(0, length);
    if (has(key)) {
      refuse(fmt::format("{} is given twice", key));
    }
    pairs_.push_back({key, word.substr(length + 1)});
  }
}

void ArgumentReader::positional(std::string_view what, std::string& out) {
  if (next_positional_ < positional_.size()) {
    out = positional_[next_positional_++];
  } else {
    refuse(fmt::format("{} is missing", what));
  }
}

void ArgumentReader::rest(std::vector<std::string>& out) {
  out.assign(positional_.begin() + static_cast<std::ptrdiff_t>(next_positional_), positional_.end());
  next_positional_ = positional_.size();
}

const ArgumentReader::Pair* ArgumentReader::take(std::string_view key) {
  known_.push_back(key);
  const Pair* found = nullptr;
  for (Pair& pair : pairs_) {
    if (pair.key == key) {
      pair.used = true;
      found = found == nullptr ? &pair : found;
    }
  }
  return found;
}

template <typename T>
void ArgumentReader::set(std::string_view key, T& out, const Parsed<T>& value) {
  if (value) {
    out = *value;
  } else {
    refuse(fmt::format("{}: {}", key, value.error()));
  }
}

void ArgumentReader::port(std::string_view key, std::uint16_t& out) {
  std::uint64_t number = out;
  integer(key, number, 1, 65'535);
  out = static_cast<std::uint16_t>(number);
}

void ArgumentReader::integer(std::string_view key, std::uint64_t& out, std::uint64_t low, std::uint64_t high) {
  if (const Pair* pair = take(key)) {
    set(key, out, parse_integer(pair->value, low, high));
  }
}

void ArgumentReader::size(std::string_view key, std::uint64_t& out, std::uint64_t low, std::uint64_t high) {
  if (const Pair* pair = take(key)) {
    const auto value = parse_size(pair->value);
    set(key, out, value);
    if (value && (*value < low || *value > high)) {
      refuse(fmt::format("{}: '{}' is out of range; expected {} to {} bytes", key, pair->value, low, high));
    }
  }
}

void ArgumentReader::duration(std::string_view key, Duration& out, Duration low) {
  if (const Pair* pair = take(key)) {
    const auto value = parse_duration(pair->value);
    set(key, out, value);
    if (value && *value < low) {
      refuse(fmt::format("{}: '{}' is out of range; at least {}ns", key, pair->value, low.ns()));
    }
  }
}

void ArgumentReader::rate(std::string_view key, BitRate& out) {
  if (const Pair* pair = take(key)) {
    set(key, out, parse_rate(pair->value));
  }
}

void ArgumentReader::word(std::string_view key, std::string& out, std::span<const std::string_view> allowed) {
  const Pair* pair = take(key);
  if (pair == nullptr) {
    return;
  }
  out = pair->value;
  if (std::find(allowed.begin(), allowed.end(), pair->value) == allowed.end()) {
    refuse(fmt::format("{}: unknown word '{}'; expected {}{}", key, pair->value, join_or(allowed),
                       did_you_mean(pair->value, allowed)));
  }
}

bool ArgumentReader::has(std::string_view key) const {
  return std::any_of(pairs_.begin(), pairs_.end(), [&](const Pair& pair) { return pair.key == key; });
}

void ArgumentReader::refuse(std::string reason) {
  if (!wrong_) {
    wrong_ = std::move(reason);
  }
}

std::optional<std::string> ArgumentReader::finish() {
  std::sort(known_.begin(), known_.end());
  // An unknown word explains more than what is missing because of it, so it is told first.
  for (const Pair& pair : pairs_) {
    if (!pair.used) {
      return fmt::format("unknown argument '{}'{}{}", pair.key,
                         known_.empty() ? "; it takes none" : "; expected " + join_or(known_),
                         did_you_mean(pair.key, known_));
    }
  }
  if (next_positional_ < positional_.size()) {
    const std::string_view word = positional_[next_positional_];
    refuse(fmt::format("'{}' is one word too many{}", word, did_you_mean(word, known_)));
  }
  return wrong_;
}

}  // namespace catenet::app
