// SPDX-License-Identifier: Apache-2.0
// EventLog: events.jsonl, one JSON object per line.
//   {"t":0.003000000,"node":"alice","kind":"arp-resolved","text":"10.0.0.1 is 02:00:00:00:00:02"}
//   {"t":0.004200000,"node":"r1","kind":"drop","reason":"ttl-expired","interface":"eth0","length":84}
// `t` is seconds since the start of the run, exact to the nanosecond; `interface` is left out where none was involved.
// Kinds and reasons are the stable names of NoteKind and DropReason.
#pragma once
#include <cstdint>
#include <string>

#include "catenet/trace/byte_sink.h"
#include "catenet/trace/journal.h"

namespace catenet::trace {

class EventLog final : public Listener {
 public:
  /// The sink outlives the log.
  explicit EventLog(ByteSink& sink) : sink_(sink) {}

  void hear(const Record& record) override;

  [[nodiscard]] std::uint64_t lines() const { return lines_; }
  Result<void> flush() { return sink_.flush(); }
  /// The first error of the sink: lines after it are missing.
  [[nodiscard]] Result<void> status() const { return sink_.status(); }

 private:
  ByteSink& sink_;
  std::uint64_t lines_ = 0;
  std::string line_;  // scratch
};

}  // namespace catenet::trace
