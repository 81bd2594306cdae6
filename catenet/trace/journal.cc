// SPDX-License-Identifier: Apache-2.0
#include "catenet/trace/journal.h"

#include <algorithm>
#include <utility>

#include "catenet/net/node.h"

namespace catenet::trace {

std::string_view kind_name(const Record& record) {
  return record.what == Record::What::drop ? std::string_view("drop") : name(record.kind);
}

namespace {
Record drop_record(Instant now, const Node& node, const Interface* interface, const Packet& packet, DropReason reason) {
  return {.at = now,
          .node = &node,
          .what = Record::What::drop,
          .reason = reason,
          .interface = interface,
          .length = static_cast<std::uint32_t>(packet.size())};
}
}  // namespace

// Keeps what one thread reports until somebody reads.
class Journal::Pen final : public Observer {
 public:
  void dropped(Instant now, const Node& node, const Interface* interface, const Packet& packet,
               DropReason reason) override {
    written.push_back(drop_record(now, node, interface, packet, reason));
  }
  void noted(Instant now, const Node& node, NoteKind kind, std::string_view text) override {
    written.push_back({.at = now, .node = &node, .kind = kind, .text = std::string(text)});
  }
  std::vector<Record> written;
};

Journal::Journal(Reading reading) : reading_(reading) {}
Journal::~Journal() = default;

Observer& Journal::add_pen() {
  pens_.push_back(std::make_unique<Pen>());
  return *pens_.back();
}

std::size_t Journal::waiting() const {
  std::size_t sum = waiting_.size();
  for (const auto& pen : pens_) {
    sum += pen->written.size();
  }
  return sum;
}

void Journal::dropped(Instant now, const Node& node, const Interface* interface, const Packet& packet,
                      DropReason reason) {
  take(drop_record(now, node, interface, packet, reason));
}

void Journal::noted(Instant now, const Node& node, NoteKind kind, std::string_view text) {
  take({.at = now, .node = &node, .kind = kind, .text = std::string(text)});
}

void Journal::take(Record record) {
  if (reading_ == Reading::at_once) {
    tell(record);
  } else {
    waiting_.push_back({std::move(record), next_sequence_++});
  }
}

void Journal::read_out(Instant horizon) {
  for (const auto& pen : pens_) {
    for (Record& record : pen->written) {
      waiting_.push_back({std::move(record), next_sequence_++});
    }
    pen->written.clear();
  }
  if (waiting_.empty()) {
    return;
  }
  // A node is in one partition and reports in the order of its own time: between its reports, the sequence decides.
  std::sort(waiting_.begin(), waiting_.end(), [](const Waiting& a, const Waiting& b) {
    if (a.record.at != b.record.at) {
      return a.record.at < b.record.at;
    }
    const int names = a.record.node->name().compare(b.record.node->name());
    return names != 0 ? names < 0 : a.sequence < b.sequence;
  });
  auto end = waiting_.begin();
  for (; end != waiting_.end() && (horizon.is_never() || end->record.at < horizon); ++end) {
    tell(end->record);
  }
  waiting_.erase(waiting_.begin(), end);
}

void FanOut::dropped(Instant now, const Node& node, const Interface* interface, const Packet& packet,
                     DropReason reason) {
  for (Observer* observer : observers_) {
    observer->dropped(now, node, interface, packet, reason);
  }
}

void FanOut::noted(Instant now, const Node& node, NoteKind kind, std::string_view text) {
  for (Observer* observer : observers_) {
    observer->noted(now, node, kind, text);
  }
}

}  // namespace catenet::trace
