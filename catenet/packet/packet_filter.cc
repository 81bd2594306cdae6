// SPDX-License-Identifier: Apache-2.0
#include "catenet/packet/packet_filter.h"

#include <algorithm>
#include <cerrno>

namespace catenet {
namespace {

// An instruction's code: a class, and what it means there.
constexpr unsigned kClass = 0x07;
enum Class : unsigned { kLoad, kLoadIndex, kStore, kStoreIndex, kAlu, kJump, kReturn, kMove };
constexpr unsigned kMode = 0xe0;
enum Mode : unsigned { kImmediate = 0x00, kAbsolute = 0x20, kIndirect = 0x40, kMemory = 0x60, kLength = 0x80 };
constexpr unsigned kSize = 0x18;
enum Size : unsigned { kWord = 0x00, kHalf = 0x08, kByte = 0x10 };
constexpr unsigned kOperation = 0xf0;
enum Operation : unsigned {
  kAdd = 0x00,
  kSubtract = 0x10,
  kMultiply = 0x20,
  kDivide = 0x30,
  kOr = 0x40,
  kAnd = 0x50,
  kShiftLeft = 0x60,
  kShiftRight = 0x70,
  kNegate = 0x80,
  kModulo = 0x90,
  kXor = 0xa0
};
enum Jump : unsigned { kAlways = 0x00, kEqual = 0x10, kGreater = 0x20, kAtLeast = 0x30, kAnyBit = 0x40 };
constexpr unsigned kByIndex = 0x08;  // the operand is X, not the value
constexpr unsigned kReturnA = 0x16;
constexpr unsigned kIndexToA = 0x87;  // TXA

// Offsets that are none in the packet: SKF_AD_OFF, SKF_NET_OFF, SKF_LL_OFF.
constexpr std::uint32_t kFacts = 0xffff'f000;
constexpr std::uint32_t kNetwork = 0xfff0'0000;
constexpr std::uint32_t kLink = 0xffe0'0000;
enum Fact : std::uint32_t {
  kProtocol = 0,
  kKind = 4,
  kInterface = 8,
  kMark = 20,
  kHardware = 28,
  kXorIndex = 40,
  kVlanTag = 44,
  kVlanPresent = 48
};

constexpr std::uint16_t kKnown[] = {0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x0c, 0x14, 0x15, 0x16, 0x1c,
                                    0x1d, 0x20, 0x24, 0x25, 0x28, 0x2c, 0x2d, 0x30, 0x34, 0x35, 0x3c, 0x3d, 0x40,
                                    0x44, 0x45, 0x48, 0x4c, 0x4d, 0x50, 0x54, 0x5c, 0x60, 0x61, 0x64, 0x6c, 0x74,
                                    0x7c, 0x80, 0x81, 0x84, 0x87, 0x94, 0x9c, 0xa4, 0xac, 0xb1};

bool is_fact(std::uint32_t offset) {
  constexpr std::uint32_t kThere[] = {kProtocol, kKind,     kInterface, kMark,
                                      kHardware, kXorIndex, kVlanTag,   kVlanPresent};
  return std::ranges::find(kThere, offset - kFacts) != std::end(kThere);
}

/// By itself it is one, `after` instructions from the end.
bool is_sound(const FilterInstruction& i, std::size_t after) {
  if (!std::ranges::binary_search(kKnown, i.code)) {
    return false;
  }
  const unsigned operation = i.code & kOperation;
  switch (i.code & kClass) {
    case kLoad:
    case kLoadIndex:
      if ((i.code & kMode) == kMemory) {
        return i.value < PacketFilter::kMemoryWords;
      }
      return (i.code & (kMode | kClass)) != kAbsolute || i.value < kFacts || is_fact(i.value);
    case kStore:
    case kStoreIndex:
      return i.value < PacketFilter::kMemoryWords;
    case kAlu:
      if ((i.code & kByIndex) != 0) {
        return true;
      }
      return operation == kDivide || operation == kModulo          ? i.value != 0
             : operation == kShiftLeft || operation == kShiftRight ? i.value < 32
                                                                   : true;
    case kJump:
      return operation == kAlways ? i.value < after : i.if_true < after && i.if_false < after;
    default:
      return true;
  }
}

/// On no way is memory read that was not written on it. Jumps are known to be sound.
bool reads_what_it_wrote(std::span<const FilterInstruction> program) {
  std::vector<std::uint16_t> arriving(program.size(), 0xffff);
  std::uint16_t written = 0;
  for (std::size_t pc = 0; pc < program.size(); ++pc) {
    const FilterInstruction& i = program[pc];
    written &= arriving[pc];
    const unsigned kind = i.code & kClass;
    if (kind == kStore || kind == kStoreIndex) {
      written = static_cast<std::uint16_t>(written | 1U << i.value);
    } else if ((kind == kLoad || kind == kLoadIndex) && (i.code & kMode) == kMemory) {
      if ((written >> i.value & 1) == 0) {
        return false;
      }
    } else if (kind == kJump) {
      const bool always = (i.code & kOperation) == kAlways;
      arriving[pc + 1 + (always ? i.value : i.if_true)] &= written;
      arriving[pc + 1 + (always ? i.value : i.if_false)] &= written;
      written = 0xffff;
    }
  }
  return true;
}

/// `size` bytes at an offset of the program's, in network order.
std::optional<std::uint32_t> bytes_at(const FilterView& view, std::uint32_t offset, std::size_t size) {
  std::size_t at = view.begin + offset;
  if (offset >= kNetwork) {
    at = view.network + (offset - kNetwork);
  } else if (offset >= kLink && view.link) {
    at = *view.link + (offset - kLink);
  } else if (offset >> 31 != 0) {
    return std::nullopt;
  }
  if (at + size > view.packet.size()) {
    return std::nullopt;
  }
  std::array<std::byte, 4> bytes{};
  (void)view.packet.copy_out(at, std::span(bytes).first(size));
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < size; ++i) {
    value = value << 8 | std::to_integer<std::uint32_t>(bytes[i]);
  }
  return value;
}

std::uint32_t fact_of(const FilterView& view, std::uint32_t which) {
  switch (which) {
    case kProtocol:
      return view.protocol;
    case kKind:
      return view.kind;
    case kInterface:
      return view.interface;
    case kMark:
      return view.packet.meta().mark;
    case kHardware:
      return view.hardware;
    default:
      return 0;  // no tag has been taken off it
  }
}

std::uint32_t length_of(const FilterView& view) { return static_cast<std::uint32_t>(view.packet.size() - view.begin); }

}  // namespace

Result<std::shared_ptr<const PacketFilter>> PacketFilter::make(std::span<const FilterInstruction> program) {
  if (program.empty() || program.size() > kMostInstructions) {
    return fail(EINVAL, "a filter without instructions, or with too many");
  }
  for (std::size_t pc = 0; pc < program.size(); ++pc) {
    if (!is_sound(program[pc], program.size() - pc - 1)) {
      return fail(EINVAL, "an instruction of a filter that is none");
    }
  }
  if ((program.back().code & kClass) != kReturn || !reads_what_it_wrote(program)) {
    return fail(EINVAL, "a filter without an end, or that reads what it has not written");
  }
  return std::shared_ptr<const PacketFilter>(new PacketFilter(program));
}

bool PacketFilter::load(const FilterInstruction& i, const FilterView& view, Machine& m) {
  const std::size_t size = (i.code & kSize) == kWord ? 4 : (i.code & kSize) == kHalf ? 2 : 1;
  switch (i.code & kMode) {
    case kImmediate:
      m.a = i.value;
      return true;
    case kMemory:
      m.a = m.memory[i.value];
      return true;
    case kLength:
      m.a = length_of(view);
      return true;
    default:
      break;
  }
  if ((i.code & kMode) == kAbsolute && i.value >= kFacts) {
    m.a = i.value - kFacts == kXorIndex ? m.a ^ m.x : fact_of(view, i.value - kFacts);
    return true;
  }
  const auto got = bytes_at(view, i.value + ((i.code & kMode) == kIndirect ? m.x : 0), size);
  m.a = got.value_or(0);
  return got.has_value();
}

bool PacketFilter::load_index(const FilterInstruction& i, const FilterView& view, Machine& m) {
  switch (i.code & kMode) {
    case kImmediate:
      m.x = i.value;
      return true;
    case kMemory:
      m.x = m.memory[i.value];
      return true;
    case kLength:
      m.x = length_of(view);
      return true;
    default: {  // the length of an IPv4 header
      const auto got = bytes_at(view, i.value, 1);
      m.x = (got.value_or(0) & 0xf) * 4;
      return got.has_value();
    }
  }
}

bool PacketFilter::compute(const FilterInstruction& i, Machine& m) {
  const std::uint32_t by = (i.code & kByIndex) != 0 ? m.x : i.value;
  switch (i.code & kOperation) {
    case kAdd:
      m.a += by;
      return true;
    case kSubtract:
      m.a -= by;
      return true;
    case kMultiply:
      m.a *= by;
      return true;
    case kOr:
      m.a |= by;
      return true;
    case kAnd:
      m.a &= by;
      return true;
    case kXor:
      m.a ^= by;
      return true;
    case kShiftLeft:
      m.a <<= by & 31;
      return true;
    case kShiftRight:
      m.a >>= by & 31;
      return true;
    case kNegate:
      m.a = -m.a;
      return true;
    default:
      if (by == 0) {
        return false;
      }
      m.a = (i.code & kOperation) == kDivide ? m.a / by : m.a % by;
      return true;
  }
}

std::uint32_t PacketFilter::run(const FilterView& view) const {
  Machine m;
  for (std::size_t pc = 0;; ++pc) {
    const FilterInstruction& i = program_[pc];
    switch (i.code & kClass) {
      case kLoad:
        if (!load(i, view, m)) {
          return 0;
        }
        break;
      case kLoadIndex:
        if (!load_index(i, view, m)) {
          return 0;
        }
        break;
      case kStore:
        m.memory[i.value] = m.a;
        break;
      case kStoreIndex:
        m.memory[i.value] = m.x;
        break;
      case kAlu:
        if (!compute(i, m)) {
          return 0;
        }
        break;
      case kJump: {
        const std::uint32_t to = (i.code & kByIndex) != 0 ? m.x : i.value;
        const unsigned how = i.code & kOperation;
        const bool met = how == kEqual     ? m.a == to
                         : how == kGreater ? m.a > to
                         : how == kAtLeast ? m.a >= to
                                           : (m.a & to) != 0;
        pc += how == kAlways ? i.value : met ? i.if_true : i.if_false;
        break;
      }
      case kReturn:
        return i.code == kReturnA ? m.a : i.value;
      default:
        (i.code == kIndexToA ? m.a : m.x) = i.code == kIndexToA ? m.x : m.a;
        break;
    }
  }
}

}  // namespace catenet
