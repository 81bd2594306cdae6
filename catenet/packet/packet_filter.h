// SPDX-License-Identifier: Apache-2.0
// PacketFilter: a program of classic BPF ("The BSD Packet Filter", McCanne and Jacobson 1993), in Linux's words
// (Documentation/networking/filter.rst), which says how many bytes of a packet its socket gets.
//
// make() takes what Linux takes: known instructions, jumps forward and inside, memory that was written before it is
// read, a return at the end. So each program ends after at most kMostInstructions steps; what reads outside of the
// packet, or divides by zero, ends with nothing.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "catenet/base/result.h"
#include "catenet/packet/packet.h"

namespace catenet {

/// Linux's struct sock_filter.
struct FilterInstruction {
  std::uint16_t code = 0;
  std::uint8_t if_true = 0;   ///< instructions to pass over
  std::uint8_t if_false = 0;  ///< the same
  std::uint32_t value = 0;
};

/// What a program can see.
struct FilterView {
  const Packet& packet;
  std::size_t begin = 0;            ///< where in it the socket's packet starts: the program's offset 0
  std::size_t network = 0;          ///< and where its network header (SKF_NET_OFF)
  std::optional<std::size_t> link;  ///< and its link header (SKF_LL_OFF)
  std::uint16_t protocol = 0;       ///< an EtherType (SKF_AD_PROTOCOL)
  std::uint16_t hardware = 0;       ///< SKF_AD_HATYPE
  std::uint32_t interface = 0;      ///< SKF_AD_IFINDEX
  std::uint8_t kind = 0;            ///< as in link/frames/link_endpoint.h (SKF_AD_PKTTYPE)
};

class PacketFilter {
 public:
  static constexpr std::size_t kMostInstructions = 4096;
  static constexpr std::size_t kMemoryWords = 16;

  /// EINVAL: it is no program, or asks for what no packet here has (its queue, hash or CPU, random numbers, netlink).
  static Result<std::shared_ptr<const PacketFilter>> make(std::span<const FilterInstruction> program);
  /// How many bytes from `view.begin` on are wanted: perhaps more than there are; 0: the packet is not.
  [[nodiscard]] std::uint32_t run(const FilterView& view) const;
  [[nodiscard]] std::span<const FilterInstruction> program() const { return program_; }

 private:
  struct Machine {
    std::uint32_t a = 0;
    std::uint32_t x = 0;
    std::array<std::uint32_t, kMemoryWords> memory{};
  };
  explicit PacketFilter(std::span<const FilterInstruction> program) : program_(program.begin(), program.end()) {}
  [[nodiscard]] static bool load(const FilterInstruction& i, const FilterView& view, Machine& m);
  [[nodiscard]] static bool load_index(const FilterInstruction& i, const FilterView& view, Machine& m);
  [[nodiscard]] static bool compute(const FilterInstruction& i, Machine& m);

  std::vector<FilterInstruction> program_;
};

/// A socket's filter, which may be locked for good.
struct FilterSlot {
  std::shared_ptr<const PacketFilter> program;  ///< null: everything is wanted
  bool locked = false;
  [[nodiscard]] std::uint32_t wanted(const FilterView& view) const {
    return program != nullptr ? program->run(view) : 0xffff'ffff;
  }
};

}  // namespace catenet
