// SPDX-License-Identifier: Apache-2.0
// Neighbour discovery: options as values; what we make of them reads back.
#include <vector>

#include "catenet/wire/ndp.h"
#include "fuzz/fuzz.h"

using namespace catenet::wire;
using catenet::fuzz::expect;

namespace {

void append(std::vector<std::byte>& out, NdpOptionType type, const std::optional<MacAddress>& address) {
  if (address) {
    const NdpLinkAddressOption option{static_cast<std::uint8_t>(type), 1, *address};
    const auto bytes = bytes_of(option);
    out.insert(out.end(), bytes.begin(), bytes.end());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes bytes = catenet::fuzz::input(data, size);
  const auto* message = view<NdpNeighborMessage>(bytes);
  if (message == nullptr) {
    return 0;
  }
  const NdpNeighborMessage again = NdpNeighborMessage::advertisement(message->target, message->icmp.word);
  expect(again.target == message->target && again.is_router() == message->is_router() &&
         again.is_solicited() == message->is_solicited() && again.is_override() == message->is_override());
  const auto options = NdpOptions::parse(bytes.subspan(sizeof *message));
  if (!options) {
    expect(options.error() == WireError::kBadOption && size > sizeof *message);
    return 0;
  }
  expect((size - sizeof *message) % 8 == 0);
  std::vector<std::byte> out;
  append(out, NdpOptionType::kSourceLinkAddress, options->source_link_address);
  append(out, NdpOptionType::kTargetLinkAddress, options->target_link_address);
  expect(NdpOptions::parse(out) == *options);
  return 0;
}
