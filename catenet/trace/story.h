// SPDX-License-Identifier: Apache-2.0
// Story: what happens in the lab, told to a person as it goes, one line each:
//     0.003 s  alice   ARP resolved 10.0.0.1 is 02:00:00:00:00:02
//     0.004 s  r1      dropped ttl-expired (84 bytes at eth0)
// A kind of event that keeps on happening is told only so often; end() says how much was left out. Steps of a
// walk-through and the ends of programs are always told.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "catenet/base/delegate.h"
#include "catenet/trace/journal.h"

namespace catenet::trace {

class Story final : public Listener {
 public:
  struct Options {
    bool colour = false;            ///< ANSI escapes for a terminal
    std::uint32_t per_kind = 40;    ///< lines for one kind of note, and for one reason of drop
    std::uint32_t name_width = 10;  ///< of the column of nodes, in characters
  };
  /// `line` gets each line without its end; what it refers to outlives the story.
  Story(Delegate<void(std::string_view)> line, const Options& options) : line_(line), options_(options) {}

  void hear(const Record& record) override;
  /// Tells what was left out, in the order of kinds. Call it once, at the end.
  void end();

 private:
  static constexpr std::size_t kKinds = static_cast<std::size_t>(NoteKind::step) + 1;
  void tell(const Record& record);
  void tell_rest(std::string_view what, std::uint64_t told);

  Delegate<void(std::string_view)> line_;
  Options options_;
  std::array<std::uint64_t, kKinds> notes_{};
  std::array<std::uint64_t, kDropReasonCount> drops_{};
  std::string text_;  // scratch
};

}  // namespace catenet::trace
