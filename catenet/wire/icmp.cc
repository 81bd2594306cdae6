// SPDX-License-Identifier: Apache-2.0
// ICMP messages (RFC 792).
#include "catenet/wire/icmp.h"

#include <algorithm>

namespace catenet::wire {
namespace {

IcmpHeader make(IcmpType type, unsigned code, std::uint16_t word0, std::uint16_t word1) {
  return {static_cast<std::uint8_t>(type), static_cast<std::uint8_t>(code), std::uint16_t{0}, word0, word1};
}

std::size_t least_size(const IcmpHeader& header) {
  switch (header.kind()) {
    case IcmpType::kTimestamp:
    case IcmpType::kTimestampReply:
      return kIcmpHeaderSize + sizeof(IcmpTimestamps);
    case IcmpType::kMaskRequest:
    case IcmpType::kMaskReply:
      return kIcmpHeaderSize + 4;
    default:
      return header.is_error() ? kIcmpHeaderSize + kIpv4HeaderSize : kIcmpHeaderSize;
  }
}

}  // namespace

IcmpHeader IcmpHeader::echo(std::uint16_t id, std::uint16_t sequence) { return make(IcmpType::kEcho, 0, id, sequence); }

IcmpHeader IcmpHeader::echo_reply(std::uint16_t id, std::uint16_t sequence) {
  return make(IcmpType::kEchoReply, 0, id, sequence);
}

IcmpHeader IcmpHeader::unreachable(IcmpUnreachable code, std::uint16_t next_hop_mtu) {
  return make(IcmpType::kUnreachable, static_cast<unsigned>(code), 0, next_hop_mtu);
}

IcmpHeader IcmpHeader::time_exceeded(IcmpTimeExceeded code) {
  return make(IcmpType::kTimeExceeded, static_cast<unsigned>(code), 0, 0);
}

IcmpHeader IcmpHeader::parameter_problem(std::uint8_t pointer) {
  return make(IcmpType::kParameterProblem, 0, static_cast<std::uint16_t>(pointer << 8), 0);
}

IcmpHeader IcmpHeader::redirect(IcmpRedirect code, Ipv4Address gateway) {
  return make(IcmpType::kRedirect, static_cast<unsigned>(code), static_cast<std::uint16_t>(gateway.value() >> 16),
              static_cast<std::uint16_t>(gateway.value()));
}

Parsed<const IcmpHeader*> IcmpHeader::parse(Bytes message) {
  const auto* header = view<IcmpHeader>(message);
  if (header == nullptr || message.size() < least_size(*header)) {
    return bad(WireError::kTooShort);
  }
  return header;
}

Parsed<IcmpQuote> IcmpQuote::parse(Bytes message) {
  if (message.size() < kIcmpHeaderSize) {
    return bad(WireError::kTooShort);
  }
  const Bytes quoted = message.subspan(kIcmpHeaderSize);
  const auto header = Ipv4Header::parse_quoted(quoted);
  if (!header) {
    return bad(header.error());
  }
  const Bytes payload = quoted.subspan((*header)->header_size());
  if (payload.size() < std::min((*header)->payload_size(), kIcmpMinQuotedPayload)) {
    return bad(WireError::kTooShort);
  }
  return IcmpQuote{*header, payload};
}

}  // namespace catenet::wire
