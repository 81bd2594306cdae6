// SPDX-License-Identifier: Apache-2.0
// packetdrill scripts: any text is a script, is skipped, or is told to be none; none crashes the host it drives, loses
// a packet or runs for ever, and the same text gives the same outcome.
#include <string_view>

#include "catenet/packetdrill/runner.h"
#include "fuzz/fuzz.h"

using namespace catenet::packetdrill;
using catenet::fuzz::expect;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Outcome first = run_text(text, {.linux_profile = true});
  const Outcome again = run_text(text, {.linux_profile = true});
  expect(first.status == again.status && first.line == again.line && first.reason == again.reason &&
         first.got == again.got);
  expect((first.status == Outcome::Status::passed) == first.reason.empty());
  return 0;
}
