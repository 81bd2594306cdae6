// SPDX-License-Identifier: Apache-2.0
// The lab file: any bytes give either a complete lab, which explains itself as a lab that loads again, or errors. The
// text after a zero byte is a --set argument. Limits are small so that the time goes into shapes, not sizes.
#include <string>
#include <string_view>

#include "catenet/lab/explain.h"
#include "catenet/lab/loader.h"
#include "fuzz/fuzz.h"

using namespace catenet::lab;
using catenet::fuzz::expect;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 16'384) {
    return 0;
  }
  std::string_view text(reinterpret_cast<const char*>(data), size);
  LoadOptions options;
  options.limits = {16'384, 2'000, 2'000, 32};
  options.rules.max_nodes = 200;
  if (const auto zero = text.find('\0'); zero != std::string_view::npos) {
    options.overrides.emplace_back(text.substr(zero + 1));
    text = text.substr(0, zero);
  }
  const LoadedLab loaded = load_text(text, "fuzz.yaml", options);
  if (!loaded.ok()) {
    expect(!loaded.errors().empty() && !loaded.errors(true).empty());
    return 0;
  }
  expect(loaded.errors().empty());
  const LoadedLab again = load_text(explain(loaded.lab), "fuzz.yaml");
  expect(again.ok());
  expect(again.lab.nodes.size() == loaded.lab.nodes.size() && again.lab.links.size() == loaded.lab.links.size());
  expect(again.lab.programs.size() == loaded.lab.programs.size());
  return 0;
}
