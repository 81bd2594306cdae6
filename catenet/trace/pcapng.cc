// SPDX-License-Identifier: Apache-2.0
#include "catenet/trace/pcapng.h"

#include <algorithm>
#include <bit>

namespace catenet::trace {
namespace {

constexpr std::uint32_t kSectionHeader = 0x0a0d0d0a;
constexpr std::uint32_t kInterfaceDescription = 1;
constexpr std::uint32_t kEnhancedPacket = 6;
constexpr std::uint32_t kByteOrderMagic = 0x1a2b3c4d;

constexpr std::uint16_t kOptEnd = 0;
constexpr std::uint16_t kOptComment = 1;
constexpr std::uint16_t kShbUserappl = 4;
constexpr std::uint16_t kIfName = 2;
constexpr std::uint16_t kIfDescription = 3;
constexpr std::uint16_t kIfTsresol = 9;
constexpr std::uint16_t kEpbFlags = 2;
constexpr std::uint32_t kFlagCrcError = 1U << 24;

// A section is written little-endian on every machine, so that its bytes are the same (the magic tells readers).
template <typename T>
void put(std::vector<std::byte>& out, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    out.push_back(static_cast<std::byte>(static_cast<std::uint64_t>(value) >> (8 * i)));
  }
}

void put_padded(std::vector<std::byte>& out, std::span<const std::byte> bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
  out.insert(out.end(), (4 - bytes.size() % 4) % 4, std::byte{0});
}

void put_option(std::vector<std::byte>& out, std::uint16_t code, std::span<const std::byte> value) {
  value = value.first(std::min<std::size_t>(value.size(), 0xffff));  // the length field has 16 bits
  put(out, code);
  put(out, static_cast<std::uint16_t>(value.size()));
  put_padded(out, value);
}

void put_option(std::vector<std::byte>& out, std::uint16_t code, std::string_view text) {
  put_option(out, code, std::as_bytes(std::span(text.data(), text.size())));
}

void put_option(std::vector<std::byte>& out, std::uint16_t code, std::uint32_t value) {
  put(out, code);
  put(out, std::uint16_t{4});
  put(out, value);
}

void put_end_of_options(std::vector<std::byte>& out) {
  put(out, kOptEnd);
  put(out, std::uint16_t{0});
}

// A block is its type, its total length, its body, and its total length once more.
class Block {
 public:
  Block(std::vector<std::byte>& out, std::uint32_t type) : out_(out), start_(out.size()) {
    put(out, type);
    put(out, std::uint32_t{0});
  }
  ~Block() {
    const auto length = static_cast<std::uint32_t>(out_.size() - start_ + 4);
    put(out_, length);
    for (std::size_t i = 0; i < 4; ++i) {
      out_[start_ + 4 + i] = static_cast<std::byte>(length >> (8 * i));
    }
  }
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

 private:
  std::vector<std::byte>& out_;
  std::size_t start_;
};

void append_block(std::vector<std::byte>& out, const PcapngPacket& packet) {
  Block block(out, kEnhancedPacket);
  const auto stamp = static_cast<std::uint64_t>(std::max<std::int64_t>(packet.at.ns(), 0));
  put(out, packet.interface);
  put(out, static_cast<std::uint32_t>(stamp >> 32));
  put(out, static_cast<std::uint32_t>(stamp));
  put(out, static_cast<std::uint32_t>(packet.data.size()));
  put(out, packet.length);
  put_padded(out, packet.data);
  if (!packet.comment.empty()) {
    put_option(out, kOptComment, packet.comment);
  }
  put_option(out, kEpbFlags, static_cast<std::uint32_t>(packet.direction) | (packet.bad_fcs ? kFlagCrcError : 0));
  put_end_of_options(out);
}

}  // namespace

PcapngWriter::PcapngWriter(ByteSink& sink, std::string_view application) : sink_(sink) {
  {
    Block block(block_, kSectionHeader);
    put(block_, kByteOrderMagic);
    put(block_, std::uint16_t{1});  // version 1.0
    put(block_, std::uint16_t{0});
    put(block_, std::uint64_t{0xffffffffffffffff});  // section length: not given
    put_option(block_, kShbUserappl, application);
    put_end_of_options(block_);
  }
  (void)sink_.write(block_);
}

std::uint32_t PcapngWriter::add_interface(const PcapngInterface& interface) {
  block_.clear();
  {
    Block block(block_, kInterfaceDescription);
    put(block_, interface.link_type);
    put(block_, std::uint16_t{0});
    put(block_, interface.snaplen);
    put_option(block_, kIfName, interface.name);
    if (!interface.description.empty()) {
      put_option(block_, kIfDescription, interface.description);
    }
    constexpr std::byte kNanoseconds{9};  // stamps count 10^-9 s
    put_option(block_, kIfTsresol, std::span(&kNanoseconds, 1));
    put_end_of_options(block_);
  }
  (void)sink_.write(block_);
  return interfaces_++;
}

void PcapngWriter::write(const PcapngPacket& packet) {
  if (holding_) {
    append_block(held_, packet);
    return;
  }
  block_.clear();
  append_block(block_, packet);
  (void)sink_.write(block_);
}

void PcapngWriter::release(const PcapngPacket& first) {
  holding_ = false;
  write(first);
  if (!held_.empty()) {
    (void)sink_.write(held_);
    held_.clear();
  }
}

}  // namespace catenet::trace
