// SPDX-License-Identifier: Apache-2.0
// For tests of study/: labs that have run into folders, as `catenet run` leaves them.
#pragma once
#include <gmock/gmock.h>

#include <string>
#include <string_view>

#include "catenet/run/run_test_bench.h"
#include "catenet/study/run_folder.h"

namespace catenet::study {

/// A finished run, opened again.
class Done {
 public:
  explicit Done(std::string_view lab, run::RunOptions options = {}) : ran_(lab, std::move(options)) {
    EXPECT_FALSE(ran_.failed_to_run) << ran_.failure.text;
    EXPECT_TRUE(run::write_report(ran_.report(), path()));
  }
  [[nodiscard]] const std::filesystem::path& path() const { return ran_.folder.path(); }
  [[nodiscard]] RunFolder open() const {
    auto opened = open_run(path());
    EXPECT_TRUE(opened.has_value()) << opened.error();
    return opened ? std::move(*opened) : RunFolder{};
  }
  [[nodiscard]] const run::Folder& folder() const { return ran_.folder; }

 private:
  run::Ran ran_;
};

/// An echo over a slow link, every second of it.
inline std::string echo_lab(std::string_view loss, std::string_view more = "") {
  return "lab: echoes\nuntil: 5s\nnodes:\n"
         "  a: {kind: host, run: [{run: ping b count=3 interval=1s, name: p, exit: any}]}\n"
         "  r: router\n  b: host\n"
         "links: [a -- r, {\"r -- b\": {delay: 2ms, loss: " +
         std::string(loss) + "}}]\n" + std::string(more);
}

}  // namespace catenet::study
