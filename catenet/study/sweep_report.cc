// SPDX-License-Identifier: Apache-2.0
#include "catenet/study/sweep_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "catenet/run/version.h"
#include "catenet/study/chart.h"
#include "catenet/study/facts.h"

namespace catenet::study {
namespace {

constexpr std::size_t kFailuresShown = 50;
constexpr std::size_t kLongestCell = 200;

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) {
    return text;
  }
  std::string out = "\"";
  for (const char c : text) {
    out += c == '"' ? std::string("\"\"") : std::string(1, c);
  }
  return out + "\"";
}

/// In the order of the summaries: alphabetical.
std::vector<std::string> fact_names(const std::vector<SweepSummary>& summaries) {
  std::vector<std::string> names;
  for (const SweepSummary& row : summaries) {
    if (names.empty() || names.back() != row.fact) {
      names.push_back(row.fact);
    }
  }
  return names;
}

/// The parameter along the x axis: the first of several values that are quantities, else the first of several values.
std::optional<std::size_t> along_x(const SweepPlan& plan, const std::vector<std::vector<std::string>>& values) {
  std::optional<std::size_t> chosen;
  for (std::size_t i = 0; i < plan.parameters.size(); ++i) {
    if (values[i].size() < 2) {
      continue;
    }
    if (make_axis("", values[i]).quantities) {
      return i;
    }
    chosen = chosen.value_or(i);
  }
  return chosen;
}

/// The values of each parameter in the order of the lab.
std::vector<std::vector<std::string>> values_of(const SweepPlan& plan) {
  std::vector<std::vector<std::string>> out(plan.parameters.size());
  for (const SweepPoint& point : plan.points) {
    for (std::size_t i = 0; i < out.size(); ++i) {
      if (std::find(out[i].begin(), out[i].end(), point.values[i]) == out[i].end()) {
        out[i].push_back(point.values[i]);
      }
    }
  }
  return out;
}

class Page {
 public:
  Page(const SweepPlan& plan, const SweepStore& store, const std::string& folder)
      : plan_(plan),
        folder_(folder),
        runs_(store.runs()),
        summaries_(store.summaries()),
        values_(values_of(plan)),
        x_(along_x(plan, values_)) {}

  std::string run() {
    head();
    failures();
    charts();
    tables();
    return out_ + "</body></html>\n";
  }

 private:
  void head() {
    std::size_t passed = 0;
    std::size_t failed = 0;
    for (const SweepRun& run : runs_) {
      passed += run.status == "passed" ? 1 : 0;
      failed += run.status == "failed" ? 1 : 0;
    }
    out_ += fmt::format(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Sweep of {0}</title>\n<style>"
        "body{{font-family:sans-serif;max-width:1200px;margin:2em auto;padding:0 1em;color:#222}}"
        "table{{border-collapse:collapse;margin:.5em 0}}td,th{{padding:.2em .8em;border-bottom:1px solid #ddd;"
        "text-align:right}}td:first-child,th:first-child{{text-align:left}}code{{background:#f3f3f3}}"
        ".charts{{display:flex;flex-wrap:wrap;gap:1em}}.grid{{stroke:#e4e4e4}}.tick{{stroke:#444}}"
        ".frame{{fill:none;stroke:#444}}.mark{{font-size:11px}}.mean{{fill:none;stroke-width:1.5}}"
        ".ci{{fill:none;stroke-width:1.2}}</style></head><body>\n<h1>Sweep of {0}</h1>\n"
        "<p>{1} of {2} runs: {3} passed, {4} failed, {5} without a result. {6} points, {7} seeds each. Catenet "
        "{8}.</p>\n"
        "<p>Means over the seeds; bars and ± are 95 % confidence intervals (Student's t).</p>\n",
        html_text(plan_.lab), runs_.size(), plan_.runs(), passed, failed, runs_.size() - passed - failed,
        plan_.points.size(), plan_.seeds.size(), run::kVersion);
    if (!plan_.parameters.empty()) {
      out_ += "<table><tr><th>parameter</th><th>values</th></tr>\n";
      for (std::size_t i = 0; i < plan_.parameters.size(); ++i) {
        out_ += fmt::format("<tr><td>{}</td><td>{}</td></tr>\n", html_text(plan_.parameters[i]),
                            html_text(fmt::format("{}", fmt::join(values_[i], ", "))));
      }
      out_ += "</table>\n";
    }
  }

  static std::string why(const SweepRun& run) {
    for (const SweepRun::Expectation& e : run.expectations) {
      if (!e.ok) {
        return fmt::format("expect {}: got {}", e.text, e.got);
      }
    }
    return run.has_result() ? "a program failed" : run.error.substr(0, kLongestCell);
  }

  void failures() {
    std::size_t count = 0;
    for (const SweepRun& run : runs_) {
      if (run.status == "passed" || count++ >= kFailuresShown) {
        continue;
      }
      out_ += count == 1 ? "<h2>Runs that did not pass</h2>\n<table><tr><th>run</th><th>status</th><th>why</th>"
                           "<th>again</th></tr>\n"
                         : "";
      out_ += fmt::format(
          "<tr><td>{}, seed {}</td><td>{}</td><td>{}</td><td><code>catenet run {}/points/{}.yaml --seed {}</code></td>"
          "</tr>\n",
          html_text(plan_.points[run.point - 1].label), run.seed, html_text(run.status), html_text(why(run)),
          html_text(folder_), run.point, run.seed);
    }
    out_ += count > 0 ? "</table>\n" : "";
    out_ += count > kFailuresShown ? fmt::format("<p>... {} in all</p>\n", count) : "";
  }

  /// The point's values of the parameters that are not the x axis.
  [[nodiscard]] std::string series_of(const SweepPoint& point) const {
    std::string out;
    for (std::size_t i = 0; i < plan_.parameters.size(); ++i) {
      if (i != x_ && values_[i].size() > 1) {
        out += (out.empty() ? "" : ", ") + plan_.parameters[i] + "=" + point.values[i];
      }
    }
    return out;
  }

  [[nodiscard]] Chart chart_of(const std::string& fact) const {
    Chart chart{fact, make_axis(plan_.parameters[*x_], values_[*x_]), {}};
    std::map<std::string, std::size_t> numbers;
    for (const SweepPoint& point : plan_.points) {
      if (numbers.try_emplace(series_of(point), chart.series.size()).second) {
        chart.series.push_back({series_of(point), {}});
      }
    }
    for (const SweepSummary& row : summaries_) {
      if (row.fact != fact) {
        continue;
      }
      const SweepPoint& point = plan_.points[row.point - 1];
      const auto x = std::find(values_[*x_].begin(), values_[*x_].end(), point.values[*x_]) - values_[*x_].begin();
      chart.series[numbers[series_of(point)]].points.push_back(
          {static_cast<std::size_t>(x), row.summary.mean, row.summary.half});
    }
    return chart;
  }

  [[nodiscard]] bool varies(const std::string& fact) const {
    std::optional<double> first;
    for (const SweepSummary& row : summaries_) {
      if (row.fact == fact) {
        first = first.value_or(row.summary.least);
        if (row.summary.least != *first || row.summary.most != *first) {
          return true;
        }
      }
    }
    return false;
  }

  void charts() {
    if (!x_) {
      return;
    }
    out_ += "<h2>Charts</h2>\n<div class=\"charts\">\n";
    for (const std::string& fact : fact_names(summaries_)) {
      if (varies(fact)) {
        out_ += "<figure>" + chart_svg(chart_of(fact)) + "</figure>\n";
      }
    }
    out_ += "</div>\n";
  }

  void tables() {
    out_ += "<h2>Means</h2>\n";
    std::string fact;
    for (const SweepSummary& row : summaries_) {
      if (row.fact != fact) {
        out_ += fact.empty() ? "" : "</table></details>\n";
        fact = row.fact;
        out_ += fmt::format(
            "<details><summary>{}</summary><table><tr><th>point</th><th>runs</th><th>mean</th><th>±</th>"
            "<th>deviation</th><th>least</th><th>most</th></tr>\n",
            html_text(fact));
      }
      const Summary& s = row.summary;
      const auto optional = [&](const std::optional<double>& value) { return value ? fact_text(fact, *value) : "-"; };
      out_ += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
                          html_text(plan_.points[row.point - 1].label), s.n, fact_text(fact, s.mean), optional(s.half),
                          optional(s.deviation), fact_text(fact, s.least), fact_text(fact, s.most));
    }
    out_ += fact.empty() ? "<p>There is no result.</p>\n" : "</table></details>\n";
  }

  const SweepPlan& plan_;
  const std::string& folder_;
  std::vector<SweepRun> runs_;
  std::vector<SweepSummary> summaries_;
  std::vector<std::vector<std::string>> values_;
  std::optional<std::size_t> x_;
  std::string out_;
};

}  // namespace

std::string sweep_csv(const SweepPlan& plan, const SweepStore& store) {
  const auto runs = store.runs();
  std::set<std::string> facts;
  for (const SweepRun& run : runs) {
    for (const auto& [name, value] : run.facts) {
      facts.insert(name);
    }
  }
  std::string out = "point";
  for (const std::string& path : plan.parameters) {
    out += "," + csv_cell(path);
  }
  out += ",seed,status,digest,end_s";
  for (const std::string& fact : facts) {
    out += "," + csv_cell(fact);
  }
  out += "\n";
  for (const SweepRun& run : runs) {
    out += fmt::to_string(run.point);
    for (const std::string& value : plan.points[run.point - 1].values) {
      out += "," + csv_cell(value);
    }
    out += fmt::format(",{},{},{},{}", run.seed, run.status, run.digest.value_or(""),
                       run.end_s ? fmt::format("{}", *run.end_s) : "");
    for (const std::string& fact : facts) {
      const auto found = run.facts.find(fact);
      const bool zero = run.has_result() && is_zero_when_missing(fact);
      out += found != run.facts.end() ? fmt::format(",{}", found->second) : zero ? ",0" : ",";
    }
    out += "\n";
  }
  return out;
}

std::string sweep_html(const SweepPlan& plan, const SweepStore& store, const std::string& out) {
  return Page(plan, store, out).run();
}

std::string sweep_text(const SweepPlan& plan, const SweepStore& store, const std::string& out) {
  struct Count {
    std::size_t passed = 0;
    std::size_t runs = 0;
  };
  std::vector<Count> counts(plan.points.size());
  std::string failures;
  std::size_t failed = 0;
  for (const SweepRun& run : store.runs()) {
    Count& count = counts[run.point - 1];
    ++count.runs;
    count.passed += run.status == "passed" ? 1 : 0;
    if (run.status != "passed" && failed++ < 10) {
      failures += fmt::format("  {}: catenet run {}/points/{}.yaml --seed {}\n", run.status, out, run.point, run.seed);
    }
  }
  std::string text;
  for (std::size_t i = 0; i < counts.size() && i < 100; ++i) {
    text += fmt::format("  {:<50} {} of {} passed\n", plan.points[i].label, counts[i].passed, counts[i].runs);
  }
  return text + failures + (failed > 10 ? fmt::format("  ... {} runs did not pass\n", failed) : "");
}

}  // namespace catenet::study
