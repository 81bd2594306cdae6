// SPDX-License-Identifier: Apache-2.0
// events.jsonl and tables.jsonl: a record is a line.
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <fstream>

#include "catenet/study/difference.h"
#include "catenet/study/shown.h"

namespace catenet::study {
namespace {

/// One of two files of lines; `Take` says which lines count.
class LineSide {
 public:
  explicit LineSide(const std::filesystem::path& path) : path_(path), stream_(path, std::ios::binary) {}
  /// False at the end of the file. offset() is then that of the line.
  bool next() {
    offset_ = next_;
    ++number_;
    there_ = static_cast<bool>(std::getline(stream_, line_));
    next_ += line_.size() + 1;
    return there_;
  }
  [[nodiscard]] bool is_open() const { return stream_.is_open(); }
  [[nodiscard]] bool there() const { return there_; }
  [[nodiscard]] const std::string& line() const { return line_; }
  [[nodiscard]] std::uint64_t offset() const { return offset_; }
  [[nodiscard]] std::string place() const { return fmt::format("{}:{}", path_.string(), number_); }
  [[nodiscard]] std::string unreadable() const { return path_.string() + ": cannot be read"; }

 private:
  std::filesystem::path path_;
  std::ifstream stream_;
  std::string line_;
  std::uint64_t offset_ = 0;
  std::uint64_t next_ = 0;
  std::uint64_t number_ = 0;
  bool there_ = false;
};

/// {"t":0.003000000,...: exact.
std::optional<Instant> time_of_event(const std::string& line) {
  constexpr std::string_view kHead = "{\"t\":";
  const std::size_t comma = line.find(',');
  if (!line.starts_with(kHead) || comma == std::string::npos) {
    return std::nullopt;
  }
  return seconds_from(std::string_view(line).substr(kHead.size(), comma - kHead.size()));
}

/// 0.003000000 alice arp-resolved 10.0.0.1 is 02:00:00:00:00:02
std::string event_line(const std::string& line) {
  const Json event = parse_json(line);
  const auto time = time_of_event(line);
  if (!event.is_object() || !time) {
    return shown(line);
  }
  std::string out = moment_name(*time);
  for (const auto& [key, value] : event.items()) {
    if (key != "t") {
      const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
      out += key == "length" ? fmt::format(" {} bytes", text) : key == "interface" ? " at " + text : " " + text;
    }
  }
  return shown(out);
}

/// Events before the limit, one at a time.
class EventSide {
 public:
  EventSide(const std::filesystem::path& path, std::optional<Instant> before) : lines_(path), before_(before) {}
  bool next(std::string& error) {
    there_ = false;
    if (!lines_.is_open()) {
      error = lines_.unreadable();
      return false;
    }
    if (ended_ || !lines_.next()) {
      ended_ = true;
      return true;
    }
    const auto time = time_of_event(lines_.line());
    if (!time) {
      error = lines_.place() + ": not a line of events";
      return false;
    }
    at_ = *time;
    there_ = !before_ || at_ < *before_;
    ended_ = !there_;
    return true;
  }
  [[nodiscard]] bool there() const { return there_; }
  [[nodiscard]] Instant at() const { return at_; }
  [[nodiscard]] const std::string& line() const { return lines_.line(); }
  [[nodiscard]] PartingSide tell() {
    PartingSide side;
    if (!there_) {
      return side;
    }
    side.line = event_line(line());
    side.offset = lines_.offset();
    std::string ignored;
    while (side.after.size() < kContext && next(ignored) && there_) {
      side.after.push_back(event_line(line()));
    }
    return side;
  }

 private:
  LineSide lines_;
  std::optional<Instant> before_;
  Instant at_;
  bool there_ = false;
  bool ended_ = false;
};

/// Lines of tables whose moment counts.
class TableSide {
 public:
  TableSide(const std::filesystem::path& path, const std::set<std::string>& moments)
      : lines_(path), moments_(moments) {}
  bool next(std::string& error) {
    if (!lines_.is_open()) {
      error = lines_.unreadable();
      return false;
    }
    constexpr std::size_t kMoment = std::string_view("{\"moment\":\"").size();
    while (lines_.next()) {
      const std::string& line = lines_.line();
      const std::size_t quote = line.find('"', std::min(kMoment, line.size()));
      if (quote != std::string::npos && moments_.contains(line.substr(kMoment, quote - kMoment))) {
        return true;
      }
    }
    return true;
  }
  [[nodiscard]] bool there() const { return lines_.there(); }
  [[nodiscard]] const std::string& line() const { return lines_.line(); }
  [[nodiscard]] std::uint64_t offset() const { return lines_.offset(); }
  /// Null and an error if it is no line of tables.
  [[nodiscard]] Json parsed(std::string& error) const {
    Json row = parse_json(line());
    if (!row.is_object() || !row.value("node", Json()).is_string() || !instant_of(row.value("t", Json())) ||
        !row.value("moment", Json()).is_string()) {
      error = lines_.place() + ": not a line of tables";
      return {};
    }
    return row;
  }

 private:
  LineSide lines_;
  const std::set<std::string>& moments_;
};

std::string name_of_line(const Json& row) {
  return fmt::format("node {} at {}", shown(row["node"].get<std::string>()), shown(row["moment"].get<std::string>()));
}

/// What differs between two lines of tables of the same node and moment, or that they are of different ones.
MaybeParting part_tables(TableSide& a, TableSide& b) {
  Parting parting;
  parting.kind = Parting::Kind::table;
  parting.file = "tables.jsonl";
  std::string error;
  const Json row_a = a.there() ? a.parsed(error) : Json();
  const Json row_b = b.there() ? b.parsed(error) : Json();
  if (!error.empty()) {
    return std::unexpected(error);
  }
  if (a.there()) {
    parting.a.offset = a.offset();
    parting.a.line = name_of_line(row_a);
  }
  if (b.there()) {
    parting.b.offset = b.offset();
    parting.b.line = name_of_line(row_b);
  }
  parting.at = a.there() ? *instant_of(row_a["t"]) : *instant_of(row_b["t"]);
  if (a.there() && b.there()) {
    parting.at = std::min(parting.at, *instant_of(row_b["t"]));
    if (parting.a.line == parting.b.line) {
      std::vector<ReportDifference> found;
      (void)compare_json(row_a, row_b, "", 1, found);
      parting.what = fmt::format("{}: {}", *parting.a.line, found.empty() ? "order of keys" : found[0].path);
      parting.a.line = found.empty() ? "" : shown(found[0].a);
      parting.b.line = found.empty() ? "" : shown(found[0].b);
    }
  }
  return parting;
}

}  // namespace

MaybeParting compare_events(const RunFolder& a, const RunFolder& b, std::optional<Instant> before) {
  EventSide side_a(a.path / "events.jsonl", before);
  EventSide side_b(b.path / "events.jsonl", before);
  std::deque<std::string> last;
  std::string error;
  while (true) {
    if (!side_a.next(error) || !side_b.next(error)) {
      return std::unexpected(error);
    }
    if (!side_a.there() && !side_b.there()) {
      return std::nullopt;
    }
    if (!side_a.there() || !side_b.there() || side_a.line() != side_b.line()) {
      break;
    }
    last.push_back(side_a.line());
    if (last.size() > kContext) {
      last.pop_front();
    }
  }
  Parting parting;
  parting.file = "events.jsonl";
  parting.at = !side_b.there() ? side_a.at() : !side_a.there() ? side_b.at() : std::min(side_a.at(), side_b.at());
  for (const std::string& line : last) {
    parting.before.push_back(event_line(line));
  }
  parting.a = side_a.tell();
  parting.b = side_b.tell();
  return parting;
}

MaybeParting compare_tables(const RunFolder& a, const RunFolder& b, const std::set<std::string>& moments) {
  TableSide side_a(a.path / "tables.jsonl", moments);
  TableSide side_b(b.path / "tables.jsonl", moments);
  std::string error;
  while (true) {
    if (!side_a.next(error) || !side_b.next(error)) {
      return std::unexpected(error);
    }
    if (!side_a.there() && !side_b.there()) {
      return std::nullopt;
    }
    if (!side_a.there() || !side_b.there() || side_a.line() != side_b.line()) {
      return part_tables(side_a, side_b);
    }
  }
}

}  // namespace catenet::study
