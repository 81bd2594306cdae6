// SPDX-License-Identifier: Apache-2.0
// A console for runs that nobody watches.
#pragma once
#include "catenet/run/runner.h"

namespace catenet::study {

class SilentConsole final : public run::Console {
  void story(std::string_view) override {}
  void progress(Instant, Instant, std::uint64_t) override {}
  void text(std::string_view) override {}
};

}  // namespace catenet::study
