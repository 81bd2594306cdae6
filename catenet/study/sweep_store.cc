// SPDX-License-Identifier: Apache-2.0
#include "catenet/study/sweep_store.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include "catenet/study/facts.h"

namespace catenet::study {
namespace {

constexpr int kBusyMs = 10'000;  // somebody who looks at the file may make us wait so long

constexpr const char* kTables = R"(
CREATE TABLE sweep (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE parameters (position INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE);
CREATE TABLE points (point INTEGER PRIMARY KEY, label TEXT NOT NULL UNIQUE, lab_hash TEXT NOT NULL);
CREATE TABLE point_values (point INTEGER NOT NULL REFERENCES points, position INTEGER NOT NULL REFERENCES parameters,
  value TEXT NOT NULL, PRIMARY KEY (point, position)) WITHOUT ROWID;
CREATE TABLE runs (run INTEGER PRIMARY KEY, point INTEGER NOT NULL REFERENCES points, seed INTEGER NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('passed', 'failed', 'error', 'crashed', 'timeout')),
  exit INTEGER, signal INTEGER, digest TEXT, end_s REAL, wall_s REAL NOT NULL, error TEXT NOT NULL,
  UNIQUE (point, seed));
CREATE TABLE facts (run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE, name TEXT NOT NULL, value REAL NOT NULL,
  PRIMARY KEY (run, name)) WITHOUT ROWID;
CREATE TABLE expectations (run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE, position INTEGER NOT NULL,
  text TEXT NOT NULL, ok INTEGER NOT NULL, got TEXT NOT NULL, PRIMARY KEY (run, position)) WITHOUT ROWID;
CREATE TABLE summaries (point INTEGER NOT NULL REFERENCES points, name TEXT NOT NULL, n INTEGER NOT NULL,
  mean REAL NOT NULL, deviation REAL, low REAL, high REAL, least REAL NOT NULL, most REAL NOT NULL,
  PRIMARY KEY (point, name)) WITHOUT ROWID;
PRAGMA user_version = 1;
)";

/// A prepared statement. A failure is kept until somebody asks ok().
class Statement {
 public:
  Statement(sqlite3* db, const char* sql) : good_(sqlite3_prepare_v2(db, sql, -1, &statement_, nullptr) == SQLITE_OK) {}
  ~Statement() { sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Statement& bind(std::int64_t value) { return took(sqlite3_bind_int64(statement_, ++bound_, value)); }
  Statement& bind(double value) { return took(sqlite3_bind_double(statement_, ++bound_, value)); }
  Statement& bind(const std::string& text) {
    return took(sqlite3_bind_text64(statement_, ++bound_, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
  }
  Statement& bind_null() { return took(sqlite3_bind_null(statement_, ++bound_)); }
  template <typename T>
  Statement& bind(const std::optional<T>& value) {
    if constexpr (std::is_same_v<T, int>) {
      return value ? bind(std::int64_t{*value}) : bind_null();
    } else {
      return value ? bind(*value) : bind_null();
    }
  }
  /// Runs it to its end, ready to be bound again; false if anything has failed.
  bool run() {
    while (good_ && step()) {
    }
    const bool ok = good_;
    rewind();
    return ok;
  }
  /// Ready to be bound again.
  void rewind() {
    sqlite3_reset(statement_);
    bound_ = 0;
  }
  /// True when there is a row.
  bool step() {
    if (!good_) {
      return false;
    }
    const int code = sqlite3_step(statement_);
    good_ = code == SQLITE_ROW || code == SQLITE_DONE;
    return code == SQLITE_ROW;
  }
  [[nodiscard]] bool ok() const { return good_; }
  [[nodiscard]] std::int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }
  [[nodiscard]] double number(int column) const { return sqlite3_column_double(statement_, column); }
  [[nodiscard]] bool is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  [[nodiscard]] std::string text(int column) const {
    const unsigned char* text = sqlite3_column_text(statement_, column);
    return text == nullptr ? std::string()
                           : std::string(reinterpret_cast<const char*>(text),
                                         static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)));
  }

 private:
  Statement& took(int code) {
    good_ = good_ && code == SQLITE_OK;
    return *this;
  }
  sqlite3_stmt* statement_ = nullptr;
  bool good_;
  int bound_ = 0;
};

bool execute(sqlite3* db, const char* sql) { return sqlite3_exec(db, sql, nullptr, nullptr, nullptr) == SQLITE_OK; }

/// Taken back unless it was committed.
class Transaction {
 public:
  explicit Transaction(sqlite3* db) : db_(db), open_(execute(db, "BEGIN IMMEDIATE")) {}
  ~Transaction() {
    if (open_) {
      (void)execute(db_, "ROLLBACK");
    }
  }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  [[nodiscard]] bool is_open() const { return open_; }
  bool commit() {
    open_ = open_ && !execute(db_, "COMMIT");
    return !open_;
  }

 private:
  sqlite3* db_;
  bool open_;
};

std::string value_of(sqlite3* db, const std::string& key) {
  Statement read(db, "SELECT value FROM sweep WHERE key = ?");
  return read.bind(key).step() ? read.text(0) : std::string();
}

/// How many runs and facts the sweep has: the rows of record().
bool write_run(sqlite3* db, const SweepRun& run) {
  const auto seed = static_cast<std::int64_t>(run.seed);
  const auto point = static_cast<std::int64_t>(run.point);
  Statement gone(db, "DELETE FROM runs WHERE point = ? AND seed = ?");
  Statement made(db,
                 "INSERT INTO runs (point, seed, status, exit, signal, digest, end_s, wall_s, error) "
                 "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
  if (!gone.bind(point).bind(seed).run() || !made.bind(point)
                                                 .bind(seed)
                                                 .bind(run.status)
                                                 .bind(run.exit)
                                                 .bind(run.signal)
                                                 .bind(run.digest)
                                                 .bind(run.end_s)
                                                 .bind(run.wall_s)
                                                 .bind(run.error)
                                                 .run()) {
    return false;
  }
  const std::int64_t id = sqlite3_last_insert_rowid(db);
  Statement fact(db, "INSERT INTO facts VALUES (?, ?, ?)");
  bool good = true;
  for (const auto& [name, value] : run.facts) {
    good = good && fact.bind(id).bind(name).bind(value).run();
  }
  Statement expectation(db, "INSERT INTO expectations VALUES (?, ?, ?, ?, ?)");
  std::int64_t position = 0;
  for (const SweepRun::Expectation& e : run.expectations) {
    good =
        good && expectation.bind(id).bind(++position).bind(e.text).bind(std::int64_t{e.ok ? 1 : 0}).bind(e.got).run();
  }
  return good;
}

bool write_plan(sqlite3* db, const SweepPlan& plan, const std::string& version) {
  Statement about(db, "INSERT OR REPLACE INTO sweep VALUES (?, ?)");
  bool good =
      about.bind(std::string("lab")).bind(plan.lab).run() && about.bind(std::string("catenet")).bind(version).run();
  Statement parameter(db, "INSERT OR REPLACE INTO parameters VALUES (?, ?)");
  for (std::size_t i = 0; i < plan.parameters.size(); ++i) {
    good = good && parameter.bind(static_cast<std::int64_t>(i + 1)).bind(plan.parameters[i]).run();
  }
  Statement point(db, "INSERT INTO points VALUES (?, ?, ?)");
  Statement value(db, "INSERT INTO point_values VALUES (?, ?, ?)");
  for (std::size_t i = 0; i < plan.points.size(); ++i) {
    const auto number = static_cast<std::int64_t>(i + 1);
    good = good && point.bind(number).bind(plan.points[i].label).bind(plan.points[i].hash).run();
    for (std::size_t p = 0; p < plan.parameters.size(); ++p) {
      good = good && value.bind(number).bind(static_cast<std::int64_t>(p + 1)).bind(plan.points[i].values[p]).run();
    }
  }
  return good;
}

/// Points keep their results under new numbers when values were added to the matrix: the rows are numbered anew.
bool renumber(sqlite3* db, const SweepPlan& plan) {
  // Out of the way first, so that no two points have one number meanwhile.
  bool good = execute(db, "UPDATE runs SET point = -point");
  Statement move(db, "UPDATE runs SET point = ? WHERE point = -(SELECT point FROM points WHERE label = ?)");
  for (std::size_t i = 0; i < plan.points.size(); ++i) {
    good = good && move.bind(static_cast<std::int64_t>(i + 1)).bind(plan.points[i].label).run();
  }
  return good && execute(db, "DELETE FROM summaries") && execute(db, "DELETE FROM point_values") &&
         execute(db, "DELETE FROM points") && execute(db, "DELETE FROM parameters");
}

}  // namespace

void SweepStore::Close::operator()(sqlite3* db) const { sqlite3_close_v2(db); }
SweepStore::SweepStore(sqlite3* db) : db_(db) {}
SweepStore::SweepStore(SweepStore&&) noexcept = default;
SweepStore& SweepStore::operator=(SweepStore&&) noexcept = default;
SweepStore::~SweepStore() = default;

std::string SweepStore::failure() const {
  return fmt::format("the results cannot be kept: {}", sqlite3_errmsg(db_.get()));
}

std::expected<SweepStore, std::string> SweepStore::open(const std::filesystem::path& file) {
  sqlite3* db = nullptr;
  const int code = sqlite3_open_v2(file.c_str(), &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  SweepStore store(db);
  if (code != SQLITE_OK) {
    return std::unexpected(fmt::format("{}: {}", file.string(), db == nullptr ? "no memory" : sqlite3_errmsg(db)));
  }
  sqlite3_busy_timeout(db, kBusyMs);
  sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  Statement version(db, "PRAGMA user_version");
  Statement tables(db, "SELECT count(*) FROM sqlite_master");
  const bool read = version.step() && tables.step();
  if (!read) {
    return std::unexpected(fmt::format("{}: {}", file.string(), sqlite3_errmsg(db)));
  }
  if (tables.integer(0) == 0) {
    if (auto made = store.make_tables(); !made) {
      return std::unexpected(made.error());
    }
  } else if (version.integer(0) != kFormat) {
    return std::unexpected(fmt::format("{} is not a sweep of this version of the program", file.string()));
  }
  return store;
}

std::expected<void, std::string> SweepStore::make_tables() {
  Transaction transaction(db_.get());
  if (!transaction.is_open() || !execute(db_.get(), kTables) || !transaction.commit()) {
    return std::unexpected(failure());
  }
  return {};
}

std::expected<void, std::string> SweepStore::check_plan(const SweepPlan& plan, const std::string& version) const {
  sqlite3* db = db_.get();
  if (const std::string made = value_of(db, "catenet"); !made.empty() && made != version) {
    return std::unexpected(fmt::format(
        "the results that are there were made by version {}, this is {}; --restart throws them away", made, version));
  }
  std::map<std::string, std::string> hashes;
  for (const SweepPoint& point : plan.points) {
    hashes.emplace(point.label, point.hash);
  }
  Statement points(db, "SELECT label, lab_hash FROM points WHERE point IN (SELECT point FROM runs)");
  while (points.step()) {
    const auto found = hashes.find(points.text(0));
    if (found == hashes.end()) {
      return std::unexpected(fmt::format(
          "there are results of {}, which the lab does not have any more; --restart throws them away", points.text(0)));
    }
    if (found->second != points.text(1)) {
      return std::unexpected(fmt::format(
          "the lab was changed since the results of {} were made; --restart throws them away", points.text(0)));
    }
  }
  const std::set<std::uint64_t> seeds(plan.seeds.begin(), plan.seeds.end());
  Statement runs(db, "SELECT DISTINCT seed FROM runs");
  while (runs.step()) {
    if (!seeds.contains(static_cast<std::uint64_t>(runs.integer(0)))) {
      return std::unexpected(
          fmt::format("there are results of seed {}, which the lab does not have any more; --restart throws them away",
                      runs.integer(0)));
    }
  }
  return points.ok() && runs.ok() ? std::expected<void, std::string>() : std::unexpected(failure());
}

std::expected<void, std::string> SweepStore::begin(const SweepPlan& plan, const std::string& version) {
  if (auto fits = check_plan(plan, version); !fits) {
    return fits;
  }
  Transaction transaction(db_.get());
  if (!transaction.is_open() || !renumber(db_.get(), plan) || !write_plan(db_.get(), plan, version) ||
      !transaction.commit()) {
    return std::unexpected(failure());
  }
  return execute(db_.get(), "PRAGMA foreign_keys = ON") ? std::expected<void, std::string>()
                                                        : std::unexpected(failure());
}

std::set<std::pair<std::size_t, std::uint64_t>> SweepStore::done() const {
  std::set<std::pair<std::size_t, std::uint64_t>> out;
  Statement read(db_.get(), "SELECT point, seed FROM runs WHERE status IN ('passed', 'failed')");
  while (read.step()) {
    out.emplace(static_cast<std::size_t>(read.integer(0)), static_cast<std::uint64_t>(read.integer(1)));
  }
  return out;
}

std::uint64_t SweepStore::count(const std::string& status) const {
  Statement read(db_.get(), "SELECT count(*) FROM runs WHERE status = ?");
  return read.bind(status).step() ? static_cast<std::uint64_t>(read.integer(0)) : 0;
}

std::expected<void, std::string> SweepStore::record(const SweepRun& run) {
  Transaction transaction(db_.get());
  if (!transaction.is_open() || !write_run(db_.get(), run) || !transaction.commit()) {
    return std::unexpected(failure());
  }
  return {};
}

std::expected<void, std::string> SweepStore::summarize_all() {
  sqlite3* db = db_.get();
  std::map<std::size_t, std::size_t> runs;  // with a result, by point
  Statement count(db, "SELECT point, count(*) FROM runs WHERE status IN ('passed', 'failed') GROUP BY point");
  while (count.step()) {
    runs[static_cast<std::size_t>(count.integer(0))] = static_cast<std::size_t>(count.integer(1));
  }
  std::map<std::pair<std::size_t, std::string>, std::vector<double>> values;
  std::set<std::string> zeros;  // names of which a run without one has 0
  Statement read(db,
                 "SELECT point, name, value FROM facts JOIN runs USING (run) WHERE status IN ('passed', 'failed') "
                 "ORDER BY point, name, seed");
  while (read.step()) {
    values[{static_cast<std::size_t>(read.integer(0)), read.text(1)}].push_back(read.number(2));
    if (is_zero_when_missing(read.text(1))) {
      zeros.insert(read.text(1));
    }
  }
  for (const auto& [point, n] : runs) {
    for (const std::string& name : zeros) {
      values[{point, name}].resize(n, 0);
    }
  }
  Transaction transaction(db);
  bool good = count.ok() && read.ok() && transaction.is_open() && execute(db, "DELETE FROM summaries");
  Statement write(db, "INSERT INTO summaries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
  for (const auto& [key, sample] : values) {
    const Summary s = summarize(sample);
    write.bind(static_cast<std::int64_t>(key.first)).bind(key.second).bind(static_cast<std::int64_t>(s.n));
    write.bind(s.mean).bind(s.deviation);
    if (s.half) {
      write.bind(s.mean - *s.half).bind(s.mean + *s.half);
    } else {
      write.bind_null().bind_null();
    }
    good = good && write.bind(s.least).bind(s.most).run();
  }
  return good && transaction.commit() ? std::expected<void, std::string>() : std::unexpected(failure());
}

std::vector<SweepRun> SweepStore::runs() const {
  std::vector<SweepRun> out;
  Statement read(db_.get(),
                 "SELECT run, point, seed, status, exit, signal, digest, end_s, wall_s, error FROM runs "
                 "ORDER BY point, seed");
  Statement facts(db_.get(), "SELECT name, value FROM facts WHERE run = ? ORDER BY name");
  Statement expectations(db_.get(), "SELECT text, ok, got FROM expectations WHERE run = ? ORDER BY position");
  while (read.step()) {
    SweepRun run;
    run.point = static_cast<std::size_t>(read.integer(1));
    run.seed = static_cast<std::uint64_t>(read.integer(2));
    run.status = read.text(3);
    run.exit = read.is_null(4) ? std::nullopt : std::optional(static_cast<int>(read.integer(4)));
    run.signal = read.is_null(5) ? std::nullopt : std::optional(static_cast<int>(read.integer(5)));
    run.digest = read.is_null(6) ? std::nullopt : std::optional(read.text(6));
    run.end_s = read.is_null(7) ? std::nullopt : std::optional(read.number(7));
    run.wall_s = read.number(8);
    run.error = read.text(9);
    facts.bind(read.integer(0));
    while (facts.step()) {
      run.facts.emplace(facts.text(0), facts.number(1));
    }
    facts.rewind();
    expectations.bind(read.integer(0));
    while (expectations.step()) {
      run.expectations.push_back({expectations.text(0), expectations.integer(1) != 0, expectations.text(2)});
    }
    expectations.rewind();
    out.push_back(std::move(run));
  }
  return out;
}

std::vector<SweepSummary> SweepStore::summaries() const {
  std::vector<SweepSummary> out;
  Statement read(
      db_.get(),
      "SELECT point, name, n, mean, deviation, high - mean, least, most FROM summaries ORDER BY name, point");
  while (read.step()) {
    SweepSummary row;
    row.point = static_cast<std::size_t>(read.integer(0));
    row.fact = read.text(1);
    row.summary.n = static_cast<std::size_t>(read.integer(2));
    row.summary.mean = read.number(3);
    row.summary.deviation = read.is_null(4) ? std::nullopt : std::optional(read.number(4));
    row.summary.half = read.is_null(5) ? std::nullopt : std::optional(read.number(5));
    row.summary.least = read.number(6);
    row.summary.most = read.number(7);
    out.push_back(row);
  }
  return out;
}

}  // namespace catenet::study
