// SPDX-License-Identifier: Apache-2.0
// How this folder looks at bytes. A fixed header is a struct of be16/be32 and other alignment-1 members, read and
// written in place through view<T> and edit<T>; what varies (options) is a plain struct with parse and emit.
// Parsers take bytes from outside and answer with Parsed<T>; they never read past the span and never end the program.
// Emitters write into a span that the caller has made large enough (size() says how large); check() guards it.
#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

#include "catenet/base/check.h"
#include "catenet/base/endian.h"
#include "catenet/wire/error.h"

namespace catenet::wire {

using Bytes = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;

template <typename T>
concept FixedHeader = std::is_trivially_copyable_v<T> && std::is_standard_layout_v<T> && alignof(T) == 1;

/// The header at the start of `bytes`, in place; null when there are fewer than sizeof(T). Nothing else is validated.
template <FixedHeader T>
const T* view(Bytes bytes) {
  return bytes.size() < sizeof(T) ? nullptr : reinterpret_cast<const T*>(bytes.data());
}

/// The same for writing.
template <FixedHeader T>
T* edit(MutableBytes bytes) {
  return bytes.size() < sizeof(T) ? nullptr : reinterpret_cast<T*>(bytes.data());
}

template <FixedHeader T>
std::span<const std::byte, sizeof(T)> bytes_of(const T& header) {
  return std::as_bytes(std::span<const T, 1>(&header, 1));
}

/// Copies `header` to the start of `out`; returns its size.
template <FixedHeader T>
std::size_t emit_header(const T& header, MutableBytes out) {
  check(out.size() >= sizeof(T), "emit: room for the header");
  std::memcpy(out.data(), &header, sizeof(T));
  return sizeof(T);
}

inline std::uint8_t load8(Bytes b, std::size_t at) { return std::to_integer<std::uint8_t>(b[at]); }
inline std::uint16_t load16(Bytes b, std::size_t at) {
  be16 value;
  std::memcpy(&value, b.data() + at, sizeof value);
  return value;
}
inline std::uint32_t load32(Bytes b, std::size_t at) {
  be32 value;
  std::memcpy(&value, b.data() + at, sizeof value);
  return value;
}

inline void store8(MutableBytes b, std::size_t at, unsigned v) { b[at] = std::byte(v & 0xff); }
inline void store16(MutableBytes b, std::size_t at, unsigned v) {
  const be16 value = static_cast<std::uint16_t>(v);
  std::memcpy(b.data() + at, &value, sizeof value);
}
inline void store32(MutableBytes b, std::size_t at, std::uint32_t v) {
  const be32 value = v;
  std::memcpy(b.data() + at, &value, sizeof value);
}

}  // namespace catenet::wire
