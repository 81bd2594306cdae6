// SPDX-License-Identifier: Apache-2.0
// IPv4 options, bytes to values and back, and the changes a router makes to them in place (RFC 791 3.1).
#include "catenet/wire/ipv4_options.h"

#include <algorithm>

namespace catenet::wire {
namespace {

constexpr std::uint8_t kEnd = static_cast<std::uint8_t>(Ipv4OptionType::kEnd);
constexpr std::uint8_t kNop = static_cast<std::uint8_t>(Ipv4OptionType::kNop);
constexpr std::size_t kRouterAlertSize = 4;

std::size_t padded(std::size_t size) { return (size + 3) & ~std::size_t{3}; }

// Fills up to a multiple of four with EOL; returns the padded size.
std::size_t pad(MutableBytes out, std::size_t size) {
  for (; size % 4 != 0; ++size) {
    store8(out, size, kEnd);
  }
  return size;
}

template <typename T>
bool take(std::optional<T>& slot, const Parsed<T>& option) {
  if (slot || !option) {
    return false;  // a second one of its kind, or a malformed one
  }
  slot = *option;
  return true;
}

Parsed<std::uint16_t> parse_router_alert(Bytes option) {
  if (option.size() != kRouterAlertSize) {
    return bad(WireError::kBadOption);
  }
  return load16(option, 2);
}

}  // namespace

Parsed<std::optional<Ipv4Option>> Ipv4OptionReader::next() {
  while (at_ < options_.size() && load8(options_, at_) == kNop) {
    ++at_;
  }
  if (at_ >= options_.size() || load8(options_, at_) == kEnd) {
    at_ = options_.size();
    return std::nullopt;
  }
  const std::size_t left = options_.size() - at_;
  const std::size_t length = left < 2 ? 0 : load8(options_, at_ + 1);
  if (length < 2 || length > left) {
    return bad(WireError::kBadOption);
  }
  const Ipv4Option option{load8(options_, at_), offset(), options_.subspan(at_, length)};
  at_ += length;
  return option;
}

Parsed<Ipv4RouteOption> Ipv4RouteOption::parse(Bytes option) {
  if (option.size() < 3 || option.size() % 4 != 3 || option.size() > 3 + 4 * kMaxSlots) {
    return bad(WireError::kBadOption);
  }
  Ipv4RouteOption route{.type = Ipv4OptionType{load8(option, 0)},
                        .pointer = load8(option, 2),
                        .count = static_cast<std::uint8_t>(option.size() / 4)};
  if (route.pointer < 4 || route.pointer % 4 != 0) {
    return bad(WireError::kBadOption);
  }
  for (std::size_t i = 0; i < route.count; ++i) {
    route.slots[i] = Ipv4Address(load32(option, 3 + 4 * i));
  }
  return route;
}

std::size_t Ipv4RouteOption::emit(MutableBytes out) const {
  check(count <= kMaxSlots && out.size() >= size(), "emit: room for a route option");
  store8(out, 0, static_cast<std::uint8_t>(type));
  store8(out, 1, static_cast<unsigned>(size()));
  store8(out, 2, pointer);
  for (std::size_t i = 0; i < count; ++i) {
    store32(out, 3 + 4 * i, slots[i].value());
  }
  return size();
}

Parsed<Ipv4TimestampOption> Ipv4TimestampOption::parse(Bytes option) {
  if (option.size() < 4 || option.size() % 4 != 0 || option.size() > 4 + 4 * kMaxWords) {
    return bad(WireError::kBadOption);
  }
  Ipv4TimestampOption stamps{.flag = Flag{static_cast<std::uint8_t>(load8(option, 3) & 0x0f)},
                             .pointer = load8(option, 2),
                             .overflow = static_cast<std::uint8_t>(load8(option, 3) >> 4),
                             .count = static_cast<std::uint8_t>(option.size() / 4 - 1)};
  const bool known_flag =
      stamps.flag == Flag::kTimeOnly || stamps.flag == Flag::kAddressAndTime || stamps.flag == Flag::kPrespecified;
  const std::size_t entry = stamps.entry_size();
  if (!known_flag || (option.size() - 4) % entry != 0 || stamps.pointer < 5 || (stamps.pointer - 5) % entry != 0) {
    return bad(WireError::kBadOption);
  }
  for (std::size_t i = 0; i < stamps.count; ++i) {
    stamps.words[i] = load32(option, 4 + 4 * i);
  }
  return stamps;
}

std::size_t Ipv4TimestampOption::emit(MutableBytes out) const {
  check(count <= kMaxWords && out.size() >= size(), "emit: room for a timestamp option");
  store8(out, 0, static_cast<std::uint8_t>(Ipv4OptionType::kTimestamp));
  store8(out, 1, static_cast<unsigned>(size()));
  store8(out, 2, pointer);
  store8(out, 3, static_cast<unsigned>(overflow << 4) | static_cast<unsigned>(flag));
  for (std::size_t i = 0; i < count; ++i) {
    store32(out, 4 + 4 * i, words[i]);
  }
  return size();
}

Parsed<Ipv4Options> Ipv4Options::parse(Bytes options, std::size_t* error_offset) {
  Ipv4Options out;
  Ipv4OptionReader reader(options);
  const auto fail_at = [error_offset](std::size_t offset) {
    if (error_offset != nullptr) {
      *error_offset = offset;
    }
    return bad(WireError::kBadOption);
  };
  while (true) {
    const auto next = reader.next();
    if (!next) {
      return fail_at(reader.offset());
    }
    if (!*next) {
      return out;
    }
    const Ipv4Option& option = **next;
    bool ok = true;
    switch (Ipv4OptionType{option.type}) {
      case Ipv4OptionType::kRecordRoute:
        ok = take(out.record_route, Ipv4RouteOption::parse(option.bytes));
        break;
      case Ipv4OptionType::kLooseSourceRoute:
      case Ipv4OptionType::kStrictSourceRoute:
        ok = take(out.source_route, Ipv4RouteOption::parse(option.bytes));
        break;
      case Ipv4OptionType::kTimestamp:
        ok = take(out.timestamp, Ipv4TimestampOption::parse(option.bytes));
        break;
      case Ipv4OptionType::kRouterAlert:
        ok = take(out.router_alert, parse_router_alert(option.bytes));
        break;
      default:
        break;  // "the option is ignored" (RFC 1122 3.2.1.8)
    }
    if (!ok) {
      return fail_at(option.offset);
    }
  }
}

std::size_t Ipv4Options::size() const {
  return padded((router_alert ? kRouterAlertSize : 0) + (source_route ? source_route->size() : 0) +
                (record_route ? record_route->size() : 0) + (timestamp ? timestamp->size() : 0));
}

std::size_t Ipv4Options::emit(MutableBytes out) const {
  check(out.size() >= size(), "emit: room for the IPv4 options");
  std::size_t at = 0;
  if (router_alert) {
    store8(out, 0, static_cast<std::uint8_t>(Ipv4OptionType::kRouterAlert));
    store8(out, 1, kRouterAlertSize);
    store16(out, 2, *router_alert);
    at = kRouterAlertSize;
  }
  if (source_route) {
    at += source_route->emit(out.subspan(at));
  }
  if (record_route) {
    at += record_route->emit(out.subspan(at));
  }
  if (timestamp) {
    at += timestamp->emit(out.subspan(at));
  }
  return pad(out, at);
}

std::size_t copy_fragment_options(Bytes options, MutableBytes out) {
  check(out.size() >= options.size(), "emit: room for a fragment's options");
  Ipv4OptionReader reader(options);
  std::size_t at = 0;
  for (auto next = reader.next(); next && *next; next = reader.next()) {
    if ((*next)->is_copied()) {
      std::ranges::copy((*next)->bytes, out.begin() + static_cast<std::ptrdiff_t>(at));
      at += (*next)->bytes.size();
    }
  }
  return pad(out, at);
}

bool record_route(MutableBytes option, Ipv4Address own) {
  const std::size_t pointer = load8(option, 2);
  if (pointer < 4 || pointer + 3 > option.size()) {
    return false;
  }
  store32(option, pointer - 1, own.value());
  store8(option, 2, static_cast<unsigned>(pointer) + 4);
  return true;
}

std::optional<Ipv4Address> advance_source_route(MutableBytes option, Ipv4Address own) {
  const std::size_t pointer = load8(option, 2);
  if (pointer < 4 || pointer + 3 > option.size()) {
    return std::nullopt;
  }
  const Ipv4Address next(load32(option, pointer - 1));
  record_route(option, own);
  return next;
}

bool record_timestamp(MutableBytes option, Ipv4Address own, std::uint32_t time_ms) {
  using Flag = Ipv4TimestampOption::Flag;
  const std::size_t pointer = load8(option, 2);
  const unsigned overflow_and_flag = load8(option, 3);
  const Flag flag{static_cast<std::uint8_t>(overflow_and_flag & 0x0f)};
  const std::size_t entry = flag == Flag::kTimeOnly ? 4 : 8;
  if (pointer < 5 || pointer - 1 + entry > option.size()) {
    if (flag == Flag::kPrespecified) {
      return true;  // every named host has been passed: no overflow, this host was not asked
    }
    if (overflow_and_flag >> 4 == 15) {
      return false;
    }
    store8(option, 3, overflow_and_flag + 0x10);
    return true;
  }
  std::size_t at = pointer - 1;
  if (flag == Flag::kPrespecified && load32(option, at) != own.value()) {
    return true;  // another host's turn
  }
  if (flag == Flag::kAddressAndTime) {
    store32(option, at, own.value());
  }
  at += entry - 4;
  store32(option, at, time_ms);
  store8(option, 2, static_cast<unsigned>(pointer + entry));
  return true;
}

}  // namespace catenet::wire
