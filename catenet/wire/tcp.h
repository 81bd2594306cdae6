// SPDX-License-Identifier: Apache-2.0
// The TCP header (RFC 9293 3.1) as it lies in the packet, and its options as values: maximum segment size, window scale
// and timestamps (RFC 7323), selective acknowledgement (RFC 2018), Fast Open (RFC 7413), user timeout (RFC 5482), and
// where a signature stands (RFC 2385, RFC 5925). Checksum, signatures and sequence arithmetic belong above.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "catenet/wire/bytes.h"

namespace catenet::wire {

inline constexpr std::size_t kTcpHeaderSize = 20;
inline constexpr std::size_t kTcpMaxHeaderSize = 60;
inline constexpr std::size_t kTcpMaxOptions = 40;
inline constexpr std::uint8_t kTcpMaxWindowScale = 14;  ///< a greater shift is used as 14 (RFC 7323 2.3)

/// Bits of TcpHeader::flags.
struct TcpFlag {
  static constexpr std::uint8_t kFin = 0x01;
  static constexpr std::uint8_t kSyn = 0x02;
  static constexpr std::uint8_t kRst = 0x04;
  static constexpr std::uint8_t kPsh = 0x08;
  static constexpr std::uint8_t kAck = 0x10;
  static constexpr std::uint8_t kUrg = 0x20;
  static constexpr std::uint8_t kEce = 0x40;  // RFC 3168 6.1
  static constexpr std::uint8_t kCwr = 0x80;
};
inline constexpr std::uint8_t kTcpAeFlag = 0x01;  ///< in TcpHeader::offset_reserved (RFC 9768 3.1)

struct TcpHeader {
  be16 source_port;
  be16 destination_port;
  be32 seq;
  be32 ack;
  std::uint8_t offset_reserved = 0x50;  ///< data offset in 32-bit words, three reserved bits, AE
  std::uint8_t flags = 0;
  be16 window;
  be16 checksum;
  be16 urgent_pointer;

  [[nodiscard]] std::size_t header_size() const { return std::size_t{offset_reserved} >> 4 << 2; }
  void set_header_size(std::size_t bytes) { offset_reserved = static_cast<std::uint8_t>(bytes / 4 << 4); }
  /// AE, CWR and ECE as one number (RFC 9768 3.2.2). Setting the header's size clears AE.
  [[nodiscard]] std::uint8_t ace() const {
    return static_cast<std::uint8_t>((offset_reserved & kTcpAeFlag) << 2 | flags >> 6);
  }
  void set_ace(std::uint8_t ace) {
    offset_reserved = static_cast<std::uint8_t>((offset_reserved & ~kTcpAeFlag) | ace >> 2);
    flags = static_cast<std::uint8_t>((flags & 0x3f) | (ace & 3) << 6);
  }
  [[nodiscard]] bool has(std::uint8_t flag_bits) const { return (flags & flag_bits) == flag_bits; }
  [[nodiscard]] bool has_options() const { return header_size() > kTcpHeaderSize; }

  /// In place. `segment` is header and data. kTooShort below 20 bytes; kBadHeaderLength when the data offset is below 5
  /// or beyond the segment.
  static Parsed<const TcpHeader*> parse(Bytes segment);
  /// The options of a parsed header within the `segment` it was parsed from.
  [[nodiscard]] Bytes options_in(Bytes segment) const {
    return segment.subspan(kTcpHeaderSize, header_size() - kTcpHeaderSize);
  }
};
static_assert(sizeof(TcpHeader) == kTcpHeaderSize && FixedHeader<TcpHeader>);

inline Parsed<const TcpHeader*> TcpHeader::parse(Bytes segment) {
  const auto* header = view<TcpHeader>(segment);
  if (header == nullptr) [[unlikely]] {
    return bad(WireError::kTooShort);
  }
  if (header->header_size() < kTcpHeaderSize || header->header_size() > segment.size()) [[unlikely]] {
    return bad(WireError::kBadHeaderLength);
  }
  return header;
}

/// Sequence numbers [left, right) that arrived out of order.
struct SackBlock {
  std::uint32_t left = 0;
  std::uint32_t right = 0;
  bool operator==(const SackBlock&) const = default;
};

struct TcpTimestamps {
  std::uint32_t value = 0;  ///< TSval
  std::uint32_t echo = 0;   ///< TSecr
  bool operator==(const TcpTimestamps&) const = default;
};

/// The Fast Open option (RFC 7413 4.1.1). Without a cookie it asks for one.
struct TcpFastOpen {
  static constexpr std::size_t kMinCookie = 4;
  static constexpr std::size_t kMaxCookie = 16;

  std::array<std::byte, kMaxCookie> cookie{};
  std::uint8_t size = 0;      ///< bytes of the cookie: 0, or 4 to 16 and even
  bool experimental = false;  ///< as kind 254 with the identifier 0xf989 (RFC 6994), which came before kind 34

  [[nodiscard]] Bytes bytes() const { return Bytes(cookie).first(size); }
  bool operator==(const TcpFastOpen&) const = default;
};

/// The option with a segment's signature, all but the signature itself (the MAC), which stays in the segment.
struct TcpSignature {
  enum class Kind : std::uint8_t {
    none,
    md5,      ///< RFC 2385
    ao,       ///< TCP-AO (RFC 5925 2.2)
    several,  ///< more than one, which no sender may send; not emitted
  };
  static constexpr std::uint8_t kMd5Mac = 16;
  static constexpr std::uint8_t kMaxAoMac = 16;        ///< what we send; more can be parsed
  static constexpr std::size_t kMacInHeader = 20 + 4;  ///< where emit() leaves room for it, in a segment of ours

  Kind kind = Kind::none;
  std::uint8_t mac_size = 0;
  std::uint8_t key_id = 0;       ///< of AO
  std::uint8_t next_key_id = 0;  ///< of AO: RNextKeyID
  std::uint8_t mac_at = 0;       ///< where the MAC begins in the options that were parsed; emit() does not ask

  [[nodiscard]] bool is_there() const { return kind != Kind::none; }
  /// Bytes in a header, padding included.
  [[nodiscard]] std::size_t size() const { return mac_size > 0 ? (4U + mac_size + 3U) / 4 * 4 : 0; }
  bool operator==(const TcpSignature& o) const {
    return kind == o.kind && mac_size == o.mac_size && key_id == o.key_id && next_key_id == o.next_key_id;
  }
};

/// How long the sender keeps data that nobody acknowledges (RFC 5482 3).
struct TcpUserTimeout {
  static constexpr std::uint16_t kMax = 0x7fff;
  std::uint16_t value = 0;  ///< at most kMax
  bool minutes = false;     ///< or seconds
  bool operator==(const TcpUserTimeout&) const = default;
};

/// The option of accurate ECN (RFC 9768 3.2.3): how many bytes of payload came with each ECN field, modulo 2^24. Kind
/// 172 begins with ECT(0), kind 174 with ECT(1); the last counters may be left out.
struct TcpAccurateEcn {
  std::uint32_t e0b = 0;
  std::uint32_t ceb = 0;
  std::uint32_t e1b = 0;
  std::uint8_t fields = 0;  ///< how many are there, 0 to 3; the others are 0
  bool e1b_first = false;   ///< kind 174

  bool operator==(const TcpAccurateEcn&) const = default;
};

struct TcpOptions {
  static constexpr std::size_t kMaxSackBlocks = 4;
  static constexpr std::size_t kAlignedTimestampsSize = 12;  ///< bytes of timestamps, with NOPs before them

  std::optional<std::uint16_t> mss;
  std::optional<std::uint8_t> window_scale;  ///< as it came; see kTcpMaxWindowScale
  bool sack_permitted = false;
  std::optional<TcpTimestamps> timestamps;
  std::uint8_t sack_count = 0;
  std::array<SackBlock, kMaxSackBlocks> sack{};
  std::optional<TcpFastOpen> fast_open;  ///< one whose cookie has an impossible length is passed over (RFC 7413 4.1.1)
  std::optional<TcpUserTimeout> user_timeout;
  std::optional<TcpAccurateEcn> accurate_ecn;  ///< the same (RFC 9768 3.2.3.1)
  TcpSignature signature;

  /// Unknown kinds are passed over by their length; the last of several of a kind counts. kBadOption for a length below
  /// 2 or beyond the header, or a known kind with a length that is not its own (RFC 9293 3.1, MUST-7). Options that are
  /// only meant for SYN segments are reported wherever they stand.
  static Parsed<TcpOptions> parse(Bytes options) {
    Parsed<TcpOptions> out;
    if (!out->parse_here(options)) {
      out = bad(WireError::kBadOption);
    }
    return out;
  }
  /// The same into this object, which is as fresh; false for kBadOption.
  [[nodiscard]] bool parse_here(Bytes options) {
    if (options.size() == kAlignedTimestampsSize && load32(options, 0) == kAlignedTimestamps) [[likely]] {
      timestamps = TcpTimestamps{load32(options, 4), load32(options, 8)};
      return true;
    }
    return parse_each(options);
  }

  /// How many of sack_count blocks fit beside the other options: at most 4, or 3 next to timestamps; fewer next to a
  /// signature.
  [[nodiscard]] std::size_t fitting_sack_blocks() const;
  /// Bytes that emit() writes: a multiple of four, at most kTcpMaxOptions unless more was asked for than there is room.
  [[nodiscard]] std::size_t size() const { return has_only_timestamps() ? kAlignedTimestampsSize : full_size(); }
  /// The signature, its MAC zero (room that others fill); MSS; timestamps, with SACK-permitted or NOPs
  /// before them; accurate ECN, padded with NOPs behind; SACK-permitted where there are no timestamps; NOP and window
  /// scale; user timeout; Fast Open, padded with NOPs behind; NOP, NOP and SACK: every option on a 32-bit boundary, the
  /// layout that receivers' fast paths expect (RFC 7323 appendix A). SACK blocks that do not fit are left out, the last
  /// first. Returns size().
  std::size_t emit(MutableBytes out) const {
    if (has_only_timestamps() && out.size() >= kAlignedTimestampsSize) [[likely]] {
      emit_timestamps(*timestamps, out.data());
      return kAlignedTimestampsSize;
    }
    return full_emit(out);
  }
  /// emit() of options that are timestamps and nothing else: kAlignedTimestampsSize bytes.
  static void emit_timestamps(const TcpTimestamps& stamps, std::byte* out) {
    const MutableBytes bytes(out, kAlignedTimestampsSize);
    store32(bytes, 0, kAlignedTimestamps);
    store32(bytes, 4, stamps.value);
    store32(bytes, 8, stamps.echo);
  }
  bool operator==(const TcpOptions&) const = default;

 private:
  /// NOP, NOP, kind, length and timestamps: what nearly every segment of a running connection carries, and nothing
  /// else (RFC 7323 appendix A).
  static constexpr std::uint32_t kAlignedTimestamps = 0x0101080a;
  [[nodiscard]] bool has_only_timestamps() const {
    return timestamps && sack_count == 0 && !signature.is_there() && !accurate_ecn && !user_timeout && !mss &&
           !window_scale && !fast_open && !sack_permitted;
  }
  [[nodiscard]] bool parse_each(Bytes options);
  [[nodiscard]] std::size_t full_size() const;
  std::size_t full_emit(MutableBytes out) const;
  [[nodiscard]] std::size_t size_without_sack() const;
};

}  // namespace catenet::wire
