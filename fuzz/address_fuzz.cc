// SPDX-License-Identifier: Apache-2.0
// Address texts: what parses is written and parsed to the same again; IPv4 and IPv6 accept just what inet_pton does.
#include <arpa/inet.h>

#include <array>
#include <string>

#include "catenet/wire/address.h"
#include "fuzz/fuzz.h"

using namespace catenet::wire;
using catenet::fuzz::expect;

namespace {

template <typename T>
void round_trip(std::string_view text) {
  if (const auto value = T::parse(text)) {
    const std::string written = value->to_string();
    expect(written.size() <= T::kMaxText);
    const auto again = T::parse(written);
    expect(again && *again == *value && again->hash(1) == value->hash(1) && again->to_string() == written);
  }
}

template <typename A>
void agrees_with_the_system(const std::string& text, int family) {
  std::array<std::byte, A::kSize> bytes{};
  const auto ours = A::parse(text);
  const bool theirs = text.find('\0') == std::string::npos && inet_pton(family, text.c_str(), bytes.data()) == 1;
  expect(ours.has_value() == theirs);
  expect(!ours || ours->to_bytes() == bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  round_trip<MacAddress>(text);
  round_trip<Ipv4Address>(text);
  round_trip<Ipv6Address>(text);
  round_trip<IpAddress>(text);
  round_trip<Endpoint>(text);
  round_trip<Ipv4Prefix>(text);
  round_trip<Ipv6Prefix>(text);
  round_trip<IpPrefix>(text);
  agrees_with_the_system<Ipv4Address>(text, AF_INET);
  agrees_with_the_system<Ipv6Address>(text, AF_INET6);
  if (const auto prefix = IpPrefix::parse_interface(text)) {
    expect(prefix->contains(prefix->address()) && prefix->contains(prefix->broadcast()));
    expect(prefix->canonical().contains(*prefix));
    expect(IpPrefix::parse(text).has_value() == (prefix->network() == prefix->address()));
  }
  return 0;
}
