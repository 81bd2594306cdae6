// SPDX-License-Identifier: Apache-2.0
// Where two runs part: the first moment at which anything that they left behind differs, and both sides of it.
//
// Compared are captures (those that both have), events, tables (of the moments that both kept) and the report without
// what depends on the machine. Each kind of file is read once, record by record, so runs of any size can be compared.
#pragma once
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catenet/base/time.h"
#include "catenet/study/run_folder.h"

namespace catenet::study {

/// How many records stand before and behind a parting.
inline constexpr std::size_t kContext = 3;

/// One side of a parting. Lines are for people: time, and what the record says.
struct PartingSide {
  std::optional<std::string> line;      ///< nothing: this run's file has no further record
  std::optional<std::uint64_t> offset;  ///< of the record in the file, bytes
  std::vector<std::string> after;       ///< what follows it, at most kContext
};

/// The first difference between two files.
struct Parting {
  /// In the order in which partings of one moment are told: a node sends because of what it has received.
  enum class Kind : std::uint8_t { received, sent, event, table };
  Kind kind = Kind::event;
  Instant at;  ///< of the earlier side
  std::string file;
  std::vector<std::string> before;  ///< the last records that both have, at most kContext
  PartingSide a;
  PartingSide b;
  std::optional<std::uint32_t> byte;  ///< of two frames of one moment: the first byte that differs
  std::string what;                   ///< of a table: "node alice, table pcb, row 0, state"
};

/// A value of the report that differs; "-" where one side has none.
struct ReportDifference {
  std::string path;  ///< "nodes.alice.interfaces.sw1.tx_packets"
  std::string a;
  std::string b;
};

struct LabLine {
  bool in_a = true;  ///< else in B
  std::string text;
};

struct Difference {
  std::vector<Parting> partings;         ///< one for each file that differs, the earliest first
  std::vector<ReportDifference> report;  ///< at most kReportShown
  std::uint64_t report_count = 0;        ///< how many there are
  std::vector<LabLine> lab;              ///< where the labs differ, at most kLabShown of each side
  std::uint64_t lab_count = 0;
  std::size_t captures = 0;  ///< compared
  std::size_t moments = 0;   ///< of tables, compared
  std::vector<std::string> notes;

  [[nodiscard]] bool same() const { return partings.empty() && report_count == 0; }
};
inline constexpr std::size_t kReportShown = 20;
inline constexpr std::size_t kLabShown = 8;

struct DiffOptions {
  /// Compare only what happened before this moment, the tables of earlier ones, and no report.
  std::optional<Instant> before;
  bool its_tables = false;  ///< with `before`: the tables of that moment itself, too
};

/// The error names a file that cannot be read as what it should be.
[[nodiscard]] std::expected<Difference, std::string> compare_runs(const RunFolder& a, const RunFolder& b,
                                                                  const DiffOptions& options = {});

/// For people; `colour` for a terminal.
[[nodiscard]] std::string render(const Difference& difference, const RunFolder& a, const RunFolder& b, bool colour);
[[nodiscard]] Json to_json(const Difference& difference, const RunFolder& a, const RunFolder& b);

// The parts of compare_runs(), a kind of file each. Nothing: they agree.
using MaybeParting = std::expected<std::optional<Parting>, std::string>;
[[nodiscard]] MaybeParting compare_captures(const RunFolder& a, const RunFolder& b, const std::string& file,
                                            std::optional<Instant> before);
[[nodiscard]] MaybeParting compare_events(const RunFolder& a, const RunFolder& b, std::optional<Instant> before);
/// Of the given moments only.
[[nodiscard]] MaybeParting compare_tables(const RunFolder& a, const RunFolder& b, const std::set<std::string>& moments);
/// Where two values of JSON differ, in their order; `most` of them are kept, all are counted.
[[nodiscard]] std::uint64_t compare_json(const Json& a, const Json& b, const std::string& path, std::size_t most,
                                         std::vector<ReportDifference>& out);

}  // namespace catenet::study
