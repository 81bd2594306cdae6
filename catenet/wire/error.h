// SPDX-License-Identifier: Apache-2.0
// WireError: what a parser found wrong, one value per kind of malformation, so that a caller can map each to a counted
// DropReason. Parsed<T> is a value or a WireError. Texts from people (addresses) answer with base's Result instead.
#pragma once
#include <cstdint>
#include <expected>

#include "catenet/base/result.h"

namespace catenet::wire {

enum class WireError : std::uint8_t {
  kTooShort,         ///< fewer bytes than the header, with its options, takes
  kBadVersion,       ///< the IP version is not the one of this parser
  kBadHeaderLength,  ///< IHL or data offset below the fixed header, or a data offset beyond the segment
  kBadTotalLength,   ///< IP total length below the header length or beyond the bytes that came
  kBadLength,        ///< another length field contradicts the bytes that came (802.3, UDP)
  kBadOption,        ///< an option's length or inner pointer is impossible
  kUnsupported,      ///< well formed, but for another hardware or protocol than this parser's (ARP)
};

template <typename T>
using Parsed = std::expected<T, WireError>;

[[nodiscard]] constexpr std::unexpected<WireError> bad(WireError error) { return std::unexpected(error); }

/// Static text, for logs and for base errors.
constexpr const char* to_text(WireError error) {
  switch (error) {
    case WireError::kTooShort:
      return "too short";
    case WireError::kBadVersion:
      return "bad version";
    case WireError::kBadHeaderLength:
      return "bad header length";
    case WireError::kBadTotalLength:
      return "bad total length";
    case WireError::kBadLength:
      return "bad length";
    case WireError::kBadOption:
      return "bad option";
    case WireError::kUnsupported:
      return "unsupported";
  }
  return "unknown";
}

/// The same as an errno-compatible error: EBADMSG, or EPROTONOSUPPORT for kUnsupported.
constexpr Error to_error(WireError error) {
  return {error == WireError::kUnsupported ? EPROTONOSUPPORT : EBADMSG, to_text(error)};
}

}  // namespace catenet::wire
