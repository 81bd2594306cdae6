// SPDX-License-Identifier: Apache-2.0
#include "catenet/packet/filter_code.h"

#include <utility>

namespace catenet {
namespace {

constexpr std::uint16_t kLoadWord = 0x20;  // absolute; +8 half, +16 byte; +0x20 relative to X
constexpr std::uint16_t kRelative = 0x20;
constexpr std::uint16_t kLoadSize = 0x80;
constexpr std::uint16_t kLoadHeaderSize = 0xb1;  // X = 4 * (low half of a byte)
constexpr std::uint16_t kAndWith = 0x54;
constexpr std::uint16_t kGoTo = 0x05;
constexpr std::uint16_t kIfEqual = 0x15;
constexpr std::uint16_t kIfGreater = 0x25;
constexpr std::uint16_t kIfAtLeast = 0x35;
constexpr std::uint16_t kGive = 0x06;
constexpr std::uint32_t kWholeFrame = 0x0004'0000;  // as tcpdump

FilterTree combine(FilterCondition::Kind kind, FilterTree left, FilterTree right) {
  auto tree = std::make_unique<FilterCondition>();
  tree->kind = kind;
  tree->left = std::move(left);
  tree->right = std::move(right);
  return tree;
}

class Generator {
 public:
  std::vector<FilterInstruction> run(const FilterCondition& condition) {
    const std::size_t met = new_label();
    const std::size_t missed = new_label();
    emit(condition, met, missed);
    place(met);
    code_.push_back({kGive, 0, 0, kWholeFrame});
    place(missed);
    code_.push_back({kGive, 0, 0, 0});
    for (const auto& [at, label] : jumps_) {  // all of them lead forward
      code_[at].value = static_cast<std::uint32_t>(labels_[label] - at - 1);
    }
    return std::move(code_);
  }

 private:
  std::size_t new_label() {
    labels_.push_back(0);
    return labels_.size() - 1;
  }
  void place(std::size_t label) { labels_[label] = code_.size(); }
  void go_to(std::size_t label) {
    jumps_.emplace_back(code_.size(), label);
    code_.push_back({kGoTo, 0, 0, 0});
  }

  void emit(const FilterCondition& c, std::size_t met, std::size_t missed) {
    switch (c.kind) {
      case FilterCondition::Kind::always:
        go_to(met);
        return;
      case FilterCondition::Kind::never:
        go_to(missed);
        return;
      case FilterCondition::Kind::negated:
        emit(*c.left, missed, met);
        return;
      case FilterCondition::Kind::both:
      case FilterCondition::Kind::either: {
        const std::size_t second = new_label();
        const bool both = c.kind == FilterCondition::Kind::both;
        emit(*c.left, both ? second : met, both ? missed : second);
        place(second);
        emit(*c.right, met, missed);
        return;
      }
      case FilterCondition::Kind::test:
        emit_test(c, met, missed);
    }
  }

  // A conditional jump reaches 255 instructions only, so it decides between two that reach everywhere.
  void emit_test(const FilterCondition& c, std::size_t met, std::size_t missed) {
    const auto width = static_cast<std::uint16_t>(c.size == 4 ? 0 : c.size == 2 ? 8 : 16);
    if (c.from == FilterCondition::From::length) {
      code_.push_back({kLoadSize, 0, 0, 0});
    } else if (c.from == FilterCondition::From::ipv4_payload) {
      code_.push_back({kLoadHeaderSize, 0, 0, kFilterNetworkAt});
      code_.push_back({static_cast<std::uint16_t>(kLoadWord + width + kRelative), 0, 0, kFilterNetworkAt + c.offset});
    } else {
      code_.push_back({static_cast<std::uint16_t>(kLoadWord + width), 0, 0, c.offset});
    }
    if (c.mask != 0xffff'ffff) {
      code_.push_back({kAndWith, 0, 0, c.mask});
    }
    const std::uint16_t jump = c.compare == FilterCondition::Compare::equal     ? kIfEqual
                               : c.compare == FilterCondition::Compare::greater ? kIfGreater
                                                                                : kIfAtLeast;
    code_.push_back({jump, 0, 1, c.value});
    go_to(met);
    go_to(missed);
  }

  std::vector<FilterInstruction> code_;
  std::vector<std::size_t> labels_;                         // where they are
  std::vector<std::pair<std::size_t, std::size_t>> jumps_;  // instruction, label
};

}  // namespace

FilterTree FilterCondition::constant(bool met) {
  auto tree = std::make_unique<FilterCondition>();
  tree->kind = met ? Kind::always : Kind::never;
  return tree;
}

FilterTree FilterCondition::equal(std::uint32_t offset, std::uint8_t size, std::uint32_t value, std::uint32_t mask) {
  auto tree = std::make_unique<FilterCondition>();
  tree->kind = Kind::test;
  tree->offset = offset;
  tree->size = size;
  tree->value = value;
  tree->mask = mask;
  return tree;
}

FilterTree filter_both(FilterTree left, FilterTree right) {
  return combine(FilterCondition::Kind::both, std::move(left), std::move(right));
}
FilterTree filter_either(FilterTree left, FilterTree right) {
  return combine(FilterCondition::Kind::either, std::move(left), std::move(right));
}
FilterTree filter_not(FilterTree tree) { return combine(FilterCondition::Kind::negated, std::move(tree), nullptr); }

std::vector<FilterInstruction> generate_filter(const FilterCondition& condition) { return Generator().run(condition); }

}  // namespace catenet
