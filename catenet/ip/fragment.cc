// SPDX-License-Identifier: Apache-2.0
#include "catenet/ip/fragment.h"

#include <algorithm>

namespace catenet::ip {
namespace {

/// Appends bytes [offset, offset + length) of `from`, sharing its chunks. False when the slices of `to` do not suffice.
bool append_shared(Packet& to, const Packet& from, std::size_t offset, std::size_t length) {
  const auto head = from.head();
  if (offset < head.size()) {
    const std::size_t n = std::min(length, head.size() - offset);
    if (!to.append(head.subspan(offset, n))) {
      return false;
    }
    length -= n;
    offset = 0;
  } else {
    offset -= head.size();
  }
  for (std::size_t i = 0; i < from.slice_count() && length > 0; ++i) {
    const Packet::Slice& slice = from.slice(i);
    if (offset >= slice.length) {
      offset -= slice.length;
      continue;
    }
    const auto n = static_cast<std::uint32_t>(std::min<std::size_t>(length, slice.length - offset));
    ++slice.chunk->references;
    const ChunkRef chunk(slice.chunk);
    if (!to.append(chunk, slice.offset + static_cast<std::uint32_t>(offset), n)) {
      return false;
    }
    length -= n;
    offset = 0;
  }
  return true;
}

}  // namespace

bool append_range(Packet& to, const Packet& from, std::size_t offset, std::size_t length) {
  const std::size_t before = to.size();
  if (append_shared(to, from, offset, length)) {
    return true;
  }
  to.trim(before);
  std::byte* at = to.extend(length);
  return at != nullptr && from.copy_out(offset, {at, length}) == length;
}

}  // namespace catenet::ip
