// SPDX-License-Identifier: Apache-2.0
// A difference as people read it, and as JSON.
#include <fmt/format.h>

#include <algorithm>

#include "catenet/study/difference.h"

namespace catenet::study {
namespace {

constexpr std::size_t kPartingsShown = 4;  // of one moment

class Renderer {
 public:
  Renderer(const Difference& difference, bool colour) : difference_(difference), colour_(colour) {}

  std::string run(const RunFolder& a, const RunFolder& b) {
    side_head("A", a, true);
    side_head("B", b, false);
    if (!a.digest().empty() && a.digest() == b.digest()) {
      out_ += "the digests are equal: every frame came to every interface at the same time with the same bytes\n";
    }
    lab();
    if (difference_.same()) {
      out_ += fmt::format("the runs are the same: {}\n", compared());
    } else {
      partings();
      report();
    }
    for (const std::string& note : difference_.notes) {
      out_ += "note: " + note + "\n";
    }
    return std::move(out_);
  }

 private:
  [[nodiscard]] std::string painted(bool in_a, const std::string& text) const {
    return colour_ ? fmt::format("\033[{}m{}\033[0m", in_a ? 31 : 32, text) : text;
  }
  [[nodiscard]] std::string compared() const {
    return fmt::format("{} captures, events, tables of {} moment{}, report", difference_.captures, difference_.moments,
                       difference_.moments == 1 ? "" : "s");
  }
  void side_head(std::string_view letter, const RunFolder& run, bool in_a) {
    out_ += painted(in_a, fmt::format("{} {}", letter, run.label)) +
            fmt::format(": seed {}, ends at {} s, {}\n", run.report.value("seed", Json()).dump(),
                        moment_name(run.end()), run.digest().empty() ? "real time" : "digest " + run.digest());
  }
  void lab() {
    if (difference_.lab.empty()) {
      return;
    }
    out_ += "the labs differ:\n";
    for (const LabLine& line : difference_.lab) {
      out_ += painted(line.in_a, fmt::format("  {} {}", line.in_a ? "A" : "B", line.text)) + "\n";
    }
    if (difference_.lab_count > kLabShown) {
      out_ += fmt::format("  ... {} lines in all\n", difference_.lab_count);
    }
  }
  void partings() {
    const auto& all = difference_.partings;
    if (all.empty()) {
      out_ += fmt::format("frames, events and tables are the same ({} captures); the reports differ\n",
                          difference_.captures);
      return;
    }
    const Instant at = all.front().at;
    const auto later = std::find_if(all.begin(), all.end(), [&](const Parting& p) { return p.at > at; });
    out_ += fmt::format("the runs part at {} s\n", moment_name(at));
    std::size_t shown = 0;
    for (auto parting = all.begin(); parting != later && shown < kPartingsShown; ++parting, ++shown) {
      one(*parting);
    }
    const auto more = static_cast<std::size_t>(later - all.begin()) - shown;
    if (more > 0) {
      out_ += fmt::format("... and {} more files at that moment\n", more);
    }
    if (later != all.end()) {
      out_ += fmt::format("later differ {} more files, first {} at {} s\n", all.end() - later, later->file,
                          moment_name(later->at));
    }
  }
  void one(const Parting& parting) {
    constexpr std::string_view kKinds[] = {"a frame received", "a frame sent", "an event", "a table"};
    out_ += fmt::format("{}: {}\n", parting.file,
                        parting.what.empty() ? kKinds[static_cast<std::size_t>(parting.kind)] : parting.what);
    for (const std::string& line : parting.before) {
      out_ += "    " + line + "\n";
    }
    side(parting.a, true);
    side(parting.b, false);
    if (parting.byte) {
      out_ += fmt::format("    the frames differ from byte {} on\n", *parting.byte);
    }
    if (parting.a.offset || parting.b.offset) {
      const auto place = [](const PartingSide& s) {
        return s.offset ? fmt::format("byte {}", *s.offset) : std::string("its end");
      };
      out_ += fmt::format("    in the file: A at {}, B at {}\n", place(parting.a), place(parting.b));
    }
  }
  void side(const PartingSide& side, bool in_a) {
    const std::string_view letter = in_a ? "A" : "B";
    out_ += painted(in_a, fmt::format("  {} {}", letter, side.line.value_or("(nothing more)"))) + "\n";
    for (const std::string& line : side.after) {
      out_ += fmt::format("  {} {}\n", letter, line);
    }
  }
  void report() {
    if (difference_.report_count == 0) {
      return;
    }
    out_ += fmt::format("the reports differ in {} values:\n", difference_.report_count);
    for (const ReportDifference& value : difference_.report) {
      out_ += fmt::format("  {}: {} | {}\n", value.path, value.a, value.b);
    }
    if (difference_.report_count > difference_.report.size()) {
      out_ += "  ...\n";
    }
  }

  const Difference& difference_;
  bool colour_;
  std::string out_;
};

Json side_json(const PartingSide& side) {
  return {{"line", side.line ? Json(*side.line) : Json()},
          {"offset", side.offset ? Json(*side.offset) : Json()},
          {"after", side.after}};
}

Json run_json(const RunFolder& run) {
  return {{"folder", run.label},
          {"catenet", run.version()},
          {"seed", run.report.value("seed", Json())},
          {"end_s", run.report["sim"]["end_s"]},
          {"digest", run.report["sim"]["digest"]}};
}

}  // namespace

std::string render(const Difference& difference, const RunFolder& a, const RunFolder& b, bool colour) {
  return Renderer(difference, colour).run(a, b);
}

Json to_json(const Difference& difference, const RunFolder& a, const RunFolder& b) {
  constexpr std::string_view kKinds[] = {"received", "sent", "event", "table"};
  Json out = {{"same", difference.same()},
              {"a", run_json(a)},
              {"b", run_json(b)},
              {"compared", {{"captures", difference.captures}, {"moments", difference.moments}}}};
  out["partings"] = Json::array();
  for (const Parting& parting : difference.partings) {
    out["partings"].push_back({{"at_s", parting.at.to_seconds()},
                               {"file", parting.file},
                               {"kind", kKinds[static_cast<std::size_t>(parting.kind)]},
                               {"what", parting.what.empty() ? Json() : Json(parting.what)},
                               {"before", parting.before},
                               {"a", side_json(parting.a)},
                               {"b", side_json(parting.b)},
                               {"byte", parting.byte ? Json(*parting.byte) : Json()}});
  }
  out["report"] = {{"count", difference.report_count}, {"differences", Json::array()}};
  for (const ReportDifference& value : difference.report) {
    out["report"]["differences"].push_back({{"path", value.path}, {"a", value.a}, {"b", value.b}});
  }
  out["lab"] = Json::array();
  for (const LabLine& line : difference.lab) {
    out["lab"].push_back({{"side", line.in_a ? "a" : "b"}, {"text", line.text}});
  }
  out["notes"] = difference.notes;
  return out;
}

}  // namespace catenet::study
