// SPDX-License-Identifier: Apache-2.0
// Journal: an Observer that turns what it hears into records and reads them out to listeners (EventLog, Story), in an
// order that is a pure function of the run: by time, then by node name, then as the node reported them. Nodes in
// different partitions report out of order inside a window, so records wait until read_out(horizon) says that nothing
// earlier will come. A journal that hears one partition only, or wall time, reads out at once.
//
// FanOut: several observers behind the one pointer that an Environment has.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "catenet/net/observer.h"

namespace catenet::trace {

/// A note or a drop. Nodes and interfaces outlive the journal's last read-out.
struct Record {
  enum class What : std::uint8_t { note, drop };
  Instant at;
  const Node* node = nullptr;
  What what = What::note;
  NoteKind kind = NoteKind::step;          ///< of a note
  DropReason reason = DropReason::count_;  ///< of a drop
  const Interface* interface = nullptr;    ///< of a drop; may be null
  std::uint32_t length = 0;                ///< of a dropped packet, as it was when it died
  std::string text;                        ///< of a note
};

/// "arp-resolved", or "drop".
[[nodiscard]] std::string_view kind_name(const Record& record);

class Listener {
 public:
  virtual ~Listener() = default;
  virtual void hear(const Record& record) = 0;
};

class Journal final : public Observer {
 public:
  enum class Reading : std::uint8_t { at_once, in_order };
  explicit Journal(Reading reading = Reading::at_once);
  ~Journal() override;
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  /// Listeners are told in the order in which they were added; they outlive the journal's use.
  void add(Listener& listener) { listeners_.push_back(&listener); }
  /// With Reading::in_order: one more observer that writes into this journal, for the nodes of another thread. What a
  /// node reports must all go to the same one. It lives as long as the journal.
  Observer& add_pen();
  /// Reads out what happened before `horizon`. Needed only with Reading::in_order: after each window, and with
  /// Instant::never() at the end. No thread may report meanwhile.
  void read_out(Instant horizon);
  [[nodiscard]] std::size_t waiting() const;

  void dropped(Instant now, const Node& node, const Interface* interface, const Packet& packet,
               DropReason reason) override;
  void noted(Instant now, const Node& node, NoteKind kind, std::string_view text) override;

 private:
  void take(Record record);
  void tell(const Record& record) {
    for (Listener* listener : listeners_) {
      listener->hear(record);
    }
  }

  Reading reading_;
  std::vector<Listener*> listeners_;
  struct Waiting {
    Record record;
    std::uint64_t sequence;  // of the report: a node's own order
  };
  class Pen;
  std::uint64_t next_sequence_ = 0;
  std::vector<Waiting> waiting_;
  std::vector<std::unique_ptr<Pen>> pens_;
};

class FanOut final : public Observer {
 public:
  /// Told in the order in which they were added; they outlive this.
  void add(Observer& observer) { observers_.push_back(&observer); }
  void dropped(Instant now, const Node& node, const Interface* interface, const Packet& packet,
               DropReason reason) override;
  void noted(Instant now, const Node& node, NoteKind kind, std::string_view text) override;

 private:
  std::vector<Observer*> observers_;
};

}  // namespace catenet::trace
