// SPDX-License-Identifier: Apache-2.0
// SO_ATTACH_FILTER, SO_DETACH_FILTER, SO_LOCK_FILTER and SO_GET_FILTER (socket(7), Linux's networking/filter.rst).
#include <linux/filter.h>

#include "catenet/packet/packet_filter.h"
#include "catenet/posix/option_value.h"

namespace catenet::posix {

namespace option = socket::option;

static_assert(sizeof(FilterInstruction) == sizeof(sock_filter));

bool is_filter_option(int name) {
  return name == SO_ATTACH_FILTER || name == SO_DETACH_FILTER || name == SO_LOCK_FILTER;
}

Result<void> set_filter_option(const SocketFile& file, int name, const Value& value) {
  if (name != SO_ATTACH_FILTER) {
    const auto number = value.as<int>();  // Linux wants it of both
    if (!number) {
      return std::unexpected(number.error());
    }
    return name == SO_DETACH_FILTER ? set(file, option::Filter{}) : set(file, option::FilterLock{*number != 0});
  }
  const auto given = value.as<sock_fprog>();
  const auto lock = file.host().get_option<option::FilterLock>(file.number());
  if (!given || !lock) {
    return std::unexpected(given ? lock.error() : given.error());
  }
  if (value.size != sizeof *given) {
    return fail(EINVAL, "not a program");
  }
  if (lock->on) {  // before anybody looks at the program
    return fail(EPERM, "the filter is locked");
  }
  std::vector<FilterInstruction> program;
  for (const sock_filter& i : std::span(given->filter, given->filter != nullptr ? given->len : 0)) {
    program.push_back({i.code, i.jt, i.jf, i.k});
  }
  auto made = PacketFilter::make(program);
  return made ? set(file, option::Filter{std::move(*made)}) : std::unexpected(made.error());
}

/// `value` has room for so many instructions; none: how many there are is asked.
Result<void> get_packet_filter(const SocketFile& file, Value& value) {
  const auto read = file.host().get_option<option::Filter>(file.number());
  if (!read) {
    return std::unexpected(read.error());
  }
  const auto program = read->program != nullptr ? read->program->program() : std::span<const FilterInstruction>();
  const socklen_t room = value.size;
  value.size = static_cast<socklen_t>(program.size());
  if (room == 0 || program.empty()) {
    return {};
  }
  if (room < program.size()) {
    return fail(EINVAL, "no room for the program");
  }
  std::memcpy(value.data, program.data(), program.size_bytes());
  return {};
}

}  // namespace catenet::posix
