// SPDX-License-Identifier: Apache-2.0
// ICMPv6 messages (RFC 4443).
#include "catenet/wire/icmpv6.h"

namespace catenet::wire {
namespace {

Icmpv6Header make(Icmpv6Type type, unsigned code, std::uint32_t word) {
  return {static_cast<std::uint8_t>(type), static_cast<std::uint8_t>(code), std::uint16_t{0}, word};
}

std::uint32_t echo_word(std::uint16_t id, std::uint16_t sequence) { return std::uint32_t{id} << 16 | sequence; }

}  // namespace

Icmpv6Header Icmpv6Header::echo(std::uint16_t id, std::uint16_t sequence) {
  return make(Icmpv6Type::kEcho, 0, echo_word(id, sequence));
}

Icmpv6Header Icmpv6Header::echo_reply(std::uint16_t id, std::uint16_t sequence) {
  return make(Icmpv6Type::kEchoReply, 0, echo_word(id, sequence));
}

Icmpv6Header Icmpv6Header::unreachable(Icmpv6Unreachable code) {
  return make(Icmpv6Type::kUnreachable, static_cast<unsigned>(code), 0);
}

Icmpv6Header Icmpv6Header::packet_too_big(std::uint32_t mtu) { return make(Icmpv6Type::kPacketTooBig, 0, mtu); }

Icmpv6Header Icmpv6Header::time_exceeded(Icmpv6TimeExceeded code) {
  return make(Icmpv6Type::kTimeExceeded, static_cast<unsigned>(code), 0);
}

Icmpv6Header Icmpv6Header::parameter_problem(Icmpv6Parameter code, std::size_t pointer) {
  return make(Icmpv6Type::kParameterProblem, static_cast<unsigned>(code), static_cast<std::uint32_t>(pointer));
}

Parsed<const Icmpv6Header*> Icmpv6Header::parse(Bytes message) {
  const auto* header = view<Icmpv6Header>(message);
  if (header == nullptr) {
    return bad(WireError::kTooShort);
  }
  return header;
}

Parsed<Icmpv6Quote> Icmpv6Quote::parse(Bytes message) {
  if (message.size() < kIcmpv6HeaderSize) {
    return bad(WireError::kTooShort);
  }
  const Bytes quoted = message.subspan(kIcmpv6HeaderSize);
  const auto header = Ipv6Header::parse_quoted(quoted);
  if (!header) {
    return bad(header.error());
  }
  Ipv6ChainReader chain(quoted);
  for (;;) {
    const auto extension = chain.next();
    if (!extension) {
      return bad(extension.error());
    }
    if (!*extension) {
      return Icmpv6Quote{*header, chain.upper_layer(), chain.is_later_fragment(), quoted.subspan(chain.offset())};
    }
  }
}

}  // namespace catenet::wire
