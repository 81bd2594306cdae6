// SPDX-License-Identifier: Apache-2.0
// SHA-256 (FIPS 180-4) of a stream of bytes, by OpenSSL; the one place that knows it.
#pragma once
#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace catenet::app {

class Sha256 {
 public:
  using Digest = std::array<std::byte, 32>;
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void update(std::span<const std::byte> bytes);
  /// The digest of all bytes so far; the stream starts anew.
  [[nodiscard]] Digest finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// 64 small hexadecimal digits.
[[nodiscard]] std::string hex_text(const Sha256::Digest& digest);
/// RFC 4648 4, with padding.
[[nodiscard]] std::string base64_text(std::span<const std::byte> bytes);

}  // namespace catenet::app
