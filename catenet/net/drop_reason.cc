// SPDX-License-Identifier: Apache-2.0
#include "catenet/net/drop_reason.h"

namespace catenet {
namespace {
struct Row {
  std::string_view name;
  std::string_view text;
};
constexpr std::array<Row, kDropReasonCount> kRows{{
#define CATENET_X(id, name, text) {name, text},
    CATENET_DROP_REASONS(CATENET_X)
#undef CATENET_X
}};
}  // namespace

std::string_view name(DropReason reason) { return kRows[static_cast<std::size_t>(reason)].name; }
std::string_view explanation(DropReason reason) { return kRows[static_cast<std::size_t>(reason)].text; }

std::optional<DropReason> drop_reason_from(std::string_view name) {
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    if (kRows[i].name == name) {
      return static_cast<DropReason>(i);
    }
  }
  return std::nullopt;
}

}  // namespace catenet
