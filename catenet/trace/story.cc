// SPDX-License-Identifier: Apache-2.0
#include "catenet/trace/story.h"

#include "catenet/net/interface.h"
#include "catenet/net/node.h"
#include "catenet/trace/json_text.h"

namespace catenet::trace {
namespace {

constexpr std::string_view kPlain = "\x1b[0m";
constexpr std::string_view kDim = "\x1b[2m";
constexpr std::string_view kGreen = "\x1b[32m";
constexpr std::string_view kRed = "\x1b[31m";
constexpr std::string_view kCyan = "\x1b[36m";

// "ARP resolved", "link down": the name with spaces, acronyms in capitals. Empty where the text speaks for itself.
std::string phrase(NoteKind kind) {
  if (kind == NoteKind::step || kind == NoteKind::program_output) {
    return "";
  }
  std::string words(name(kind));
  for (char& c : words) {
    c = c == '-' ? ' ' : c;
  }
  for (const std::string_view acronym : {"arp", "mac"}) {
    if (words.starts_with(acronym)) {
      words.replace(0, acronym.size(), acronym == "arp" ? "ARP" : "MAC");
    }
  }
  return words;
}

std::string_view colour_of(const Record& record) {
  if (record.what == Record::What::drop) {
    return kRed;
  }
  switch (record.kind) {
    case NoteKind::link_down:
    case NoteKind::arp_failed:
    case NoteKind::connection_reset:
    case NoteKind::connection_failed:
      return kRed;
    case NoteKind::link_up:
    case NoteKind::connection_opened:
    case NoteKind::program_ready:
      return kGreen;
    case NoteKind::step:
    case NoteKind::event:
    case NoteKind::program_started:
    case NoteKind::program_exited:
      return kCyan;
    default:
      return "";
  }
}

// What every healthy LAN does all the time: stations that hear a broadcast meant for another, an end that comes while
// frames are on their way. They are in the drop tables and in events.jsonl; in a story they only hide the others.
bool is_everyday(const Record& record) {
  return record.what == Record::What::drop &&
         (record.reason == DropReason::arp_not_for_us || record.reason == DropReason::same_port ||
          record.reason == DropReason::run_ended);
}

bool is_always_told(const Record& record) {
  return record.what == Record::What::note &&
         (record.kind == NoteKind::step || record.kind == NoteKind::event || record.kind == NoteKind::program_exited);
}

// Output of programs is not trusted with the terminal: a control character would let it move the cursor.
void append_printable(std::string& out, std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte < 0x20 || byte == 0x7f ? ' ' : c;
  }
}

}  // namespace

void Story::hear(const Record& record) {
  if (is_everyday(record)) {
    return;
  }
  std::uint64_t& count = record.what == Record::What::drop ? drops_[static_cast<std::size_t>(record.reason)]
                                                           : notes_[static_cast<std::size_t>(record.kind)];
  ++count;
  if (count <= options_.per_kind || is_always_told(record)) {
    tell(record);
  }
}

void Story::tell(const Record& record) {
  const std::string_view colour = options_.colour ? colour_of(record) : std::string_view();
  const bool dim = options_.colour;
  text_.clear();
  append_seconds(text_, record.at, 3);
  text_.insert(0, text_.size() < 7 ? 7 - text_.size() : 0, ' ');
  text_ += " s  ";
  if (dim) {
    text_.insert(0, kDim);
    text_ += kPlain;
  }
  const std::string& node = record.node->name();
  text_ += node;
  text_.append(node.size() < options_.name_width ? options_.name_width - node.size() : 0, ' ');
  text_ += "  ";
  text_ += colour;
  if (record.what == Record::What::drop) {
    text_ += "dropped ";
    text_ += name(record.reason);
    text_ += " (" + std::to_string(record.length) + " bytes";
    if (record.interface != nullptr) {
      text_ += " at " + record.interface->name();
    }
    text_ += ")";
  } else {
    text_ += phrase(record.kind);
    if (!colour.empty() && record.kind != NoteKind::step) {
      text_ += kPlain;
    }
    if (!record.text.empty()) {
      text_ += phrase(record.kind).empty() ? "" : " ";
      append_printable(text_, record.text);
    }
  }
  if (!colour.empty()) {
    text_ += kPlain;
  }
  line_(text_);
}

void Story::tell_rest(std::string_view what, std::uint64_t told) {
  if (told > options_.per_kind) {
    text_ = "    and " + std::to_string(told - options_.per_kind) + " more: ";
    text_ += what;
    line_(text_);
  }
}

void Story::end() {
  for (std::size_t i = 0; i < notes_.size(); ++i) {
    const auto kind = static_cast<NoteKind>(i);
    if (kind != NoteKind::step && kind != NoteKind::event && kind != NoteKind::program_exited) {
      tell_rest(kind == NoteKind::program_output ? "lines of output" : phrase(kind), notes_[i]);
    }
  }
  for (std::size_t i = 0; i < drops_.size(); ++i) {
    tell_rest("dropped " + std::string(name(static_cast<DropReason>(i))), drops_[i]);
  }
}

}  // namespace catenet::trace
