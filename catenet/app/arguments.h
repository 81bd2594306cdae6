// SPDX-License-Identifier: Apache-2.0
// ArgumentReader: the arguments of a program, "ping bob count=3 interval=200ms". Words of the form key=value set what
// the program has; the others are positional. A program says once what it takes and where it goes; the first thing
// wrong is kept and finish() tells it.
//
//   ArgumentReader reader(words);
//   reader.positional("HOST", host);
//   reader.integer("count", count, 1, 1'000'000);
//   return reader.finish();
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catenet/app/quantity.h"

namespace catenet::app {

class ArgumentReader {
 public:
  /// words[0] is the program's name. The words outlive the reader.
  explicit ArgumentReader(std::span<const std::string> words);

  // What the program takes. An argument that is not given leaves its variable as it is.
  void positional(std::string_view what, std::string& out);  ///< the next one; an error when there is none
  void rest(std::vector<std::string>& out);                  ///< all other positional ones
  void port(std::string_view key, std::uint16_t& out);
  void integer(std::string_view key, std::uint64_t& out, std::uint64_t low, std::uint64_t high);
  void size(std::string_view key, std::uint64_t& out, std::uint64_t low, std::uint64_t high);
  void duration(std::string_view key, Duration& out, Duration low);
  void rate(std::string_view key, BitRate& out);
  void word(std::string_view key, std::string& out, std::span<const std::string_view> allowed);

  /// Was the key given? To be asked after it was read.
  [[nodiscard]] bool has(std::string_view key) const;
  /// A reason of the program's own.
  void refuse(std::string reason);
  /// The first thing wrong, unknown keys and surplus words included; nothing when all is fine.
  [[nodiscard]] std::optional<std::string> finish();

 private:
  struct Pair {
    std::string_view key;
    std::string_view value;
    bool used = false;
  };
  /// The value of `key`, marked as used; null when not given.
  const Pair* take(std::string_view key);
  template <typename T>
  void set(std::string_view key, T& out, const Parsed<T>& value);

  std::vector<std::string_view> positional_;
  std::vector<Pair> pairs_;
  std::size_t next_positional_ = 0;
  std::vector<std::string_view> known_;
  std::optional<std::string> wrong_;
};

}  // namespace catenet::app
