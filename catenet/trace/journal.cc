// SPDX-License-Identifier: Apache-2.0
#include "catenet/trace/journal.h"

#include <algorithm>
#include <utility>

#include "catenet/net/node.h"

namespace catenet::trace {

std::string_view kind_name(const Record& record) {
  return record.what == Record::What::drop ? std::string_view("drop") : name(record.kind);
}

void Journal::dropped(Instant now, const Node& node, const Interface* interface, const Packet& packet,
                      DropReason reason) {
  take({.at = now,
        .node = &node,
        .what = Record::What::drop,
        .reason = reason,
        .interface = interface,
        .length = static_cast<std::uint32_t>(packet.size())});
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
