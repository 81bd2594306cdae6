// SPDX-License-Identifier: Apache-2.0
#include "catenet/trace/pcapng_reader.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "catenet/base/check.h"

namespace catenet::trace {
namespace {

constexpr std::uint32_t kBlockSection = 0x0a0d0d0a;  // the same in both byte orders
constexpr std::uint32_t kBlockInterface = 1;
constexpr std::uint32_t kBlockSimplePacket = 3;
constexpr std::uint32_t kBlockEnhancedPacket = 6;
constexpr std::uint32_t kMagic = 0x1a2b3c4d;
constexpr std::size_t kFrame = 12;  // type and two lengths
constexpr std::size_t kPiece = std::size_t{1} << 16;

constexpr std::uint16_t kOptionEnd = 0;
constexpr std::uint16_t kOptionComment = 1;
constexpr std::uint16_t kOptionName = 2;
constexpr std::uint16_t kOptionDescription = 3;
constexpr std::uint16_t kOptionResolution = 9;
constexpr std::uint16_t kOptionTimeOffset = 14;
constexpr std::uint16_t kOptionPacketFlags = 2;

}  // namespace

/// Walks the options of the present block from `at` on: code, length, value, padding to four bytes.
struct PcapngReader::Options {
  const PcapngReader& reader;
  std::size_t at;
  std::uint16_t code = 0;
  std::size_t value = 0;  // where it is
  std::uint16_t length = 0;

  /// False at the end. The list may end without its end mark, at the end of the block.
  std::expected<bool, std::string> next() {
    if (at + 4 > reader.body_.size()) {
      return at == reader.body_.size() ? std::expected<bool, std::string>(false)
                                       : std::unexpected(reader.at("half an option"));
    }
    code = reader.load16(at);
    length = reader.load16(at + 2);
    value = at + 4;
    if (code == kOptionEnd) {
      return false;
    }
    const std::size_t padded = (std::size_t{length} + 3) / 4 * 4;
    if (padded > reader.body_.size() - value) {
      return std::unexpected(reader.at("an option that reaches beyond its block"));
    }
    at = value + padded;
    return true;
  }
  [[nodiscard]] std::string text() const {
    return {reinterpret_cast<const char*>(reader.body_.data()) + value, length};
  }
};

std::string PcapngReader::at(std::string_view what) const {
  return "byte " + std::to_string(block_at_) + ": " + std::string(what);
}

std::uint16_t PcapngReader::load16(std::size_t at) const {
  const auto low = std::to_integer<unsigned>(body_[at + (swapped_ ? 1 : 0)]);
  const auto high = std::to_integer<unsigned>(body_[at + (swapped_ ? 0 : 1)]);
  return static_cast<std::uint16_t>(high << 8 | low);
}

std::uint32_t PcapngReader::load32(std::size_t at) const {
  const std::uint32_t first = load16(at);
  const std::uint32_t second = load16(at + 2);
  return swapped_ ? first << 16 | second : second << 16 | first;
}

/// Reads so many bytes behind what body_ has, a piece at a time: a length is not worth memory until its bytes are
/// there.
bool PcapngReader::fill(std::size_t bytes) {
  while (bytes > 0) {
    const std::size_t piece = std::min(bytes, kPiece);
    const std::size_t had = body_.size();
    body_.resize(had + piece);
    stream_.read(reinterpret_cast<char*>(body_.data()) + had, static_cast<std::streamsize>(piece));
    const auto got = static_cast<std::size_t>(stream_.gcount());
    if (got < piece) {
      body_.resize(had + got);
      return false;
    }
    bytes -= piece;
  }
  return true;
}

/// The whole next block into type_ and body_; false at the end of the file.
std::expected<bool, std::string> PcapngReader::read_block() {
  block_at_ = offset_;
  body_.clear();
  if (!fill(8)) {
    return body_.empty() ? std::expected<bool, std::string>(false)
                         : std::unexpected(at("the file ends inside a block"));
  }
  type_ = load32(0);
  if (type_ == kBlockSection) {  // its magic number tells how to read its length
    if (!fill(4)) {
      return std::unexpected(at("the file ends inside a section header"));
    }
    swapped_ = false;
    swapped_ = load32(8) != kMagic;
    if (load32(8) != kMagic) {
      return std::unexpected(at("a section header without the byte-order magic"));
    }
    begun_ = true;
  } else if (!begun_) {
    return std::unexpected(at("not a pcapng file: it begins with no section header"));
  }
  const std::uint32_t length = load32(4);
  if (length % 4 != 0 || length < kFrame || length < body_.size()) {
    return std::unexpected(at("a block of " + std::to_string(length) + " bytes"));
  }
  if (length > limits_.block) {
    return std::unexpected(
        at("a block of " + std::to_string(length) + " bytes; at most " + std::to_string(limits_.block) + " are read"));
  }
  if (!fill(length - body_.size())) {
    return std::unexpected(at("the file ends inside a block"));
  }
  if (load32(length - 4) != length) {
    return std::unexpected(at("a block whose two lengths differ"));
  }
  offset_ += length;
  body_.erase(body_.begin(), body_.begin() + 8);
  body_.resize(length - kFrame);
  return true;
}

PcapngReader::Step PcapngReader::begin_section() {
  if (body_.size() < 16) {
    return std::unexpected(at("a section header that is too short"));
  }
  if (load16(4) != 1) {
    return std::unexpected(at("version " + std::to_string(load16(4)) + " of the format; 1 is known"));
  }
  interfaces_.clear();
  clocks_.clear();
  snaplens_.clear();
  return {};
}

PcapngReader::Step PcapngReader::add_interface() {
  if (body_.size() < 8) {
    return std::unexpected(at("an interface description that is too short"));
  }
  if (interfaces_.size() == limits_.interfaces) {
    return std::unexpected(at("more than " + std::to_string(limits_.interfaces) + " interfaces"));
  }
  PcapngSource source;
  Clock clock;
  source.link_type = load16(0);
  Options options{*this, 8};
  while (true) {
    const auto more = options.next();
    if (!more) {
      return std::unexpected(more.error());
    }
    if (!*more) {
      break;
    }
    if (options.code == kOptionName) {
      source.name = options.text();
    } else if (options.code == kOptionDescription) {
      source.description = options.text();
    } else if (options.code == kOptionResolution && options.length == 1) {
      const auto value = std::to_integer<std::uint8_t>(body_[options.value]);
      clock.binary = (value & 0x80) != 0;
      clock.power = value & 0x7f;
    } else if (options.code == kOptionTimeOffset && options.length == 8) {
      const std::uint64_t first = load32(options.value);
      const std::uint64_t second = load32(options.value + 4);
      clock.offset_s = static_cast<std::int64_t>(swapped_ ? first << 32 | second : second << 32 | first);
    }
  }
  interfaces_.push_back(std::move(source));
  clocks_.push_back(clock);
  snaplens_.push_back(load32(4));
  return {};
}

std::expected<Instant, std::string> PcapngReader::time_of(const Clock& clock, std::uint64_t stamp) const {
  __extension__ using Wide = __int128;
  constexpr Wide kNsPerSecond = 1'000'000'000;
  Wide ns = static_cast<Wide>(stamp);
  if (clock.binary) {
    ns = clock.power < 64 ? ns * kNsPerSecond >> clock.power : 0;
  } else {
    for (int power = clock.power; power < 9; ++power) {
      ns *= 10;
    }
    for (int power = clock.power; power > 9 && ns != 0; --power) {
      ns /= 10;
    }
  }
  ns += static_cast<Wide>(clock.offset_s) * kNsPerSecond;
  if (ns > std::numeric_limits<std::int64_t>::max() || ns < std::numeric_limits<std::int64_t>::min()) {
    return std::unexpected(at("a time stamp that is more than 292 years away"));
  }
  return Instant::from_ns(static_cast<std::int64_t>(ns));
}

std::expected<CapturedPacket, std::string> PcapngReader::enhanced() const {
  if (body_.size() < 20) {
    return std::unexpected(at("a packet block that is too short"));
  }
  CapturedPacket packet;
  packet.offset = block_at_;
  packet.interface = load32(0);
  if (packet.interface >= interfaces_.size()) {
    return std::unexpected(
        at("a packet of interface " + std::to_string(packet.interface) + ", which is not described"));
  }
  const auto time = time_of(clocks_[packet.interface], std::uint64_t{load32(4)} << 32 | load32(8));
  if (!time) {
    return std::unexpected(time.error());
  }
  packet.at = *time;
  const std::uint32_t kept = load32(12);
  packet.length = load32(16);
  if (kept > body_.size() - 20) {
    return std::unexpected(at("a packet that reaches beyond its block"));
  }
  packet.data.assign(body_.begin() + 20, body_.begin() + 20 + kept);
  Options options{*this, std::min(20 + (std::size_t{kept} + 3) / 4 * 4, body_.size())};
  while (true) {
    const auto more = options.next();
    if (!more) {
      return std::unexpected(more.error());
    }
    if (!*more) {
      return packet;
    }
    if (options.code == kOptionComment) {
      packet.comment += (packet.comment.empty() ? "" : "\n") + options.text();
    } else if (options.code == kOptionPacketFlags && options.length == 4) {
      const std::uint32_t flags = load32(options.value);
      packet.direction = flags & 3;
      packet.bad_fcs = (flags >> 24 & 1) != 0;
    }
  }
}

std::expected<CapturedPacket, std::string> PcapngReader::simple() const {
  if (body_.size() < 4 || interfaces_.empty()) {
    return std::unexpected(at("a simple packet block that is too short, or of no interface"));
  }
  CapturedPacket packet;
  packet.offset = block_at_;
  packet.length = load32(0);
  std::uint32_t kept = snaplens_[0] == 0 ? packet.length : std::min(packet.length, snaplens_[0]);
  if (kept > body_.size() - 4) {
    return std::unexpected(at("a packet that reaches beyond its block"));
  }
  packet.data.assign(body_.begin() + 4, body_.begin() + 4 + kept);
  return packet;
}

std::expected<std::optional<CapturedPacket>, std::string> PcapngReader::next() {
  while (true) {
    const auto more = read_block();
    if (!more) {
      return std::unexpected(more.error());
    }
    if (!*more) {
      return std::nullopt;
    }
    if (type_ == kBlockEnhancedPacket || type_ == kBlockSimplePacket) {
      auto packet = type_ == kBlockEnhancedPacket ? enhanced() : simple();
      if (!packet) {
        return std::unexpected(packet.error());
      }
      return std::optional(std::move(*packet));
    }
    const Step done = type_ == kBlockSection ? begin_section() : type_ == kBlockInterface ? add_interface() : Step();
    if (!done) {
      return std::unexpected(done.error());
    }
  }
}

}  // namespace catenet::trace
