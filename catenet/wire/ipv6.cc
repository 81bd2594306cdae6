// SPDX-License-Identifier: Apache-2.0
// Chains of extension headers, and the options inside them (RFC 8200 4).
#include "catenet/wire/ipv6.h"

namespace catenet::wire {

Parsed<std::optional<Ipv6Extension>> Ipv6ChainReader::next() {
  if (!is_ipv6_extension(next_) || later_fragment_) {
    return std::nullopt;
  }
  if (count_ == kMaxHeaders) {
    return bad(WireError::kBadOption);
  }
  const Bytes rest = packet_.subspan(at_);
  const auto* header = view<Ipv6ExtensionHeader>(rest);
  if (header == nullptr) {
    return bad(WireError::kTooShort);
  }
  // A fragment header has no length field: the byte is reserved.
  const std::size_t size = next_ == IpProtocol::kFragment ? kIpv6FragmentHeaderSize : header->size();
  if (size > rest.size()) {
    return bad(WireError::kTooShort);
  }
  const Ipv6Extension found{next_, at_, size, named_at_};
  later_fragment_ = next_ == IpProtocol::kFragment && view<Ipv6FragmentHeader>(rest)->offset() != 0;
  next_ = IpProtocol{header->next_header};
  named_at_ = at_;  // in all of them, the first byte
  at_ += size;
  ++count_;
  return found;
}

Parsed<std::optional<Ipv6Option>> Ipv6OptionReader::next() {
  while (at_ < header_.size()) {
    const std::uint8_t type = load8(header_, at_);
    if (type == static_cast<std::uint8_t>(Ipv6OptionType::kPad1)) {
      ++at_;
      continue;
    }
    if (header_.size() - at_ < 2 || header_.size() - at_ - 2 < load8(header_, at_ + 1)) {
      return bad(WireError::kBadOption);
    }
    const Ipv6Option option{type, at_, header_.subspan(at_ + 2, load8(header_, at_ + 1))};
    if (type == static_cast<std::uint8_t>(Ipv6OptionType::kPadN)) {
      at_ += 2 + option.data.size();
      continue;
    }
    at_ += 2 + option.data.size();
    return option;
  }
  return std::nullopt;
}

}  // namespace catenet::wire
