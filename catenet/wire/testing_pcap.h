// SPDX-License-Identifier: Apache-2.0
// For this folder's tests only: bytes from hexadecimal text, the Internet checksum in its plainest form (RFC 1071), and
// classic pcap files of Ethernet frames, written for tshark and read from captures.
#pragma once
#include <cstdint>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catenet/wire/bytes.h"
#include "catenet/wire/text.h"

namespace catenet::wire::testing {

using Buffer = std::vector<std::byte>;

/// Pairs of digits; blanks and line ends between them are passed over.
inline Buffer hex(std::string_view text) {
  Buffer out;
  int high = -1;
  for (const char c : text) {
    const int digit = hex_digit(c);
    if (digit < 0) {
      continue;
    }
    if (high < 0) {
      high = digit;
    } else {
      out.push_back(std::byte(high << 4 | digit));
      high = -1;
    }
  }
  return out;
}

inline void append(Buffer& to, Bytes bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

template <FixedHeader T>
void append(Buffer& to, const T& header) {
  append(to, Bytes(bytes_of(header)));
}

/// The folded sum without complement: 0xffff over data that holds its own correct checksum.
inline std::uint16_t ones_sum(Bytes bytes, std::uint32_t sum = 0) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    sum += std::uint32_t{load8(bytes, i)} << (i % 2 == 0 ? 8 : 0);
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return static_cast<std::uint16_t>(sum);
}

/// A pcap file of Ethernet frames, microseconds, in this machine's byte order.
inline void write_pcap(const std::string& path, const std::vector<Buffer>& frames) {
  std::ofstream file(path, std::ios::binary);
  const auto put = [&file](std::initializer_list<std::uint32_t> words) {
    for (const std::uint32_t word : words) {
      file.write(reinterpret_cast<const char*>(&word), sizeof word);
    }
  };
  put({0xa1b2c3d4, 0x00040002, 0, 0, 65535, 1});
  std::uint32_t second = 0;
  for (const Buffer& frame : frames) {
    const auto size = static_cast<std::uint32_t>(frame.size());
    put({++second, 0, size, size});
    file.write(reinterpret_cast<const char*>(frame.data()), size);
  }
}

/// The frames of a classic pcap file with link type Ethernet, in either byte order; nothing for any other file. Stops
/// at the first impossible record length.
inline std::optional<std::vector<Buffer>> read_pcap(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const Bytes all = std::as_bytes(std::span(text));
  if (all.size() < 24) {
    return std::nullopt;
  }
  const std::uint32_t magic = load32(all, 0);
  const bool swapped = magic == 0xd4c3b2a1 || magic == 0x4d3cb2a1;  // little-endian file
  if (!swapped && magic != 0xa1b2c3d4 && magic != 0xa1b23c4d) {
    return std::nullopt;
  }
  const auto word = [&](std::size_t at) { return swapped ? __builtin_bswap32(load32(all, at)) : load32(all, at); };
  if ((word(20) & 0x0fffffff) != 1) {
    return std::nullopt;
  }
  std::vector<Buffer> frames;
  for (std::size_t at = 24; all.size() - at >= 16;) {
    const std::size_t captured = word(at + 8);
    at += 16;
    if (captured > all.size() - at) {
      break;
    }
    const Bytes frame = all.subspan(at, captured);
    frames.emplace_back(frame.begin(), frame.end());
    at += captured;
  }
  return frames;
}

}  // namespace catenet::wire::testing
