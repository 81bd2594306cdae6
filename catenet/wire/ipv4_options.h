// SPDX-License-Identifier: Apache-2.0
// IPv4 options (RFC 791 3.1; router alert, RFC 2113): Ipv4OptionReader walks them in place, Ipv4Options holds those
// this house understands as values, and the functions at the end do what a router does to an option in a passing
// packet. Offsets count from the start of the IP header, which is what an ICMP parameter problem reports (RFC
// 1122 3.2.2.5).
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "catenet/wire/bytes.h"
#include "catenet/wire/ipv4.h"

namespace catenet::wire {

enum class Ipv4OptionType : std::uint8_t {
  kEnd = 0,
  kNop = 1,
  kRecordRoute = 7,
  kTimestamp = 68,
  kLooseSourceRoute = 131,
  kStrictSourceRoute = 137,
  kRouterAlert = 148,
};

struct Ipv4Option {
  std::uint8_t type = 0;
  std::size_t offset = 0;  ///< of its type byte, from the start of the IP header
  Bytes bytes;             ///< all of it: type, length, data

  [[nodiscard]] bool is(Ipv4OptionType t) const { return type == static_cast<std::uint8_t>(t); }
  [[nodiscard]] bool is_copied() const { return (type & 0x80) != 0; }  // goes into every fragment
};

/// Walks options without copying; NOPs are passed over and EOL ends the walk (what follows is padding).
class Ipv4OptionReader {
 public:
  /// `options` is what lies between the fixed header and the payload (Ipv4Header::options_in).
  explicit Ipv4OptionReader(Bytes options) : options_(options) {}
  /// The next option, nothing at the end, or kBadOption when its length is below 2 or beyond the header.
  Parsed<std::optional<Ipv4Option>> next();
  /// Where the reader stands, from the start of the IP header: after an error, the bad option.
  [[nodiscard]] std::size_t offset() const { return kIpv4HeaderSize + at_; }

 private:
  Bytes options_;
  std::size_t at_ = 0;
};

/// Record route, and loose or strict source route: a list of addresses and a pointer to the next slot.
struct Ipv4RouteOption {
  static constexpr std::size_t kMaxSlots = 9;
  Ipv4OptionType type = Ipv4OptionType::kRecordRoute;
  std::uint8_t pointer = 4;  ///< counts bytes of the option from 1, so the first slot is 4; beyond the length: full
  std::uint8_t count = 0;    ///< slots, at most kMaxSlots
  std::array<Ipv4Address, kMaxSlots> slots{};

  [[nodiscard]] std::size_t size() const { return 3 + std::size_t{count} * 4; }
  [[nodiscard]] bool is_exhausted() const { return pointer > size(); }
  /// kBadOption when the length is not 3 + 4n or the pointer is not 4, 8, 12, ...
  static Parsed<Ipv4RouteOption> parse(Bytes option);
  std::size_t emit(MutableBytes out) const;
  bool operator==(const Ipv4RouteOption&) const = default;
};

struct Ipv4TimestampOption {
  static constexpr std::size_t kMaxWords = 9;
  enum class Flag : std::uint8_t { kTimeOnly = 0, kAddressAndTime = 1, kPrespecified = 3 };
  Flag flag = Flag::kTimeOnly;
  std::uint8_t pointer = 5;                      ///< counts from 1; beyond the length: full
  std::uint8_t overflow = 0;                     ///< hosts that found no room, at most 15
  std::uint8_t count = 0;                        ///< 32-bit words: a time, or an address and a time
  std::array<std::uint32_t, kMaxWords> words{};  ///< times in milliseconds since midnight UT, or bit 31 set

  [[nodiscard]] std::size_t size() const { return 4 + std::size_t{count} * 4; }
  [[nodiscard]] std::size_t entry_size() const { return flag == Flag::kTimeOnly ? 4 : 8; }
  [[nodiscard]] bool is_full() const { return pointer > size(); }
  /// kBadOption when the length is not 4 plus whole entries, the pointer not at an entry, or the flag unknown.
  static Parsed<Ipv4TimestampOption> parse(Bytes option);
  std::size_t emit(MutableBytes out) const;
  bool operator==(const Ipv4TimestampOption&) const = default;
};

/// The options of one header as values. Unknown options are passed over; a second one of a kind is kBadOption, as is
/// a loose together with a strict source route (RFC 1122 3.2.1.8c).
struct Ipv4Options {
  std::optional<Ipv4RouteOption> record_route;
  std::optional<Ipv4RouteOption> source_route;
  std::optional<Ipv4TimestampOption> timestamp;
  std::optional<std::uint16_t> router_alert;  ///< 0: routers shall examine the packet

  /// `error_offset`, when given, receives the place of a bad option from the start of the IP header.
  static Parsed<Ipv4Options> parse(Bytes options, std::size_t* error_offset = nullptr);
  /// Bytes that emit() writes, a multiple of four. More than kIpv4MaxOptions does not fit a header; callers check.
  [[nodiscard]] std::size_t size() const;
  /// Router alert, source route, record route, timestamp, then EOL up to a multiple of four.
  std::size_t emit(MutableBytes out) const;
  bool operator==(const Ipv4Options&) const = default;
};

/// Copies the options which belong into fragments after the first (RFC 791 3.2), padded with EOL to a multiple of four;
/// returns their size. `options` has been parsed without error; `out` has room for as many bytes.
std::size_t copy_fragment_options(Bytes options, MutableBytes out);

/// On `option`, the bytes of a record route that has been parsed: puts `own` into the next slot. False when full.
bool record_route(MutableBytes option, Ipv4Address own);
/// On a parsed source route whose current destination is this host: swaps the next hop out for `own` (RFC 791 3.1).
/// Nothing when the route is exhausted, which means that this host is the final destination.
std::optional<Ipv4Address> advance_source_route(MutableBytes option, Ipv4Address own);
/// On a parsed timestamp option: adds `own` and `time_ms` (milliseconds since midnight UT) as its flag says. False when
/// it is full and the overflow count is, too: RFC 791 calls that a parameter problem.
bool record_timestamp(MutableBytes option, Ipv4Address own, std::uint32_t time_ms);

}  // namespace catenet::wire
