// SPDX-License-Identifier: Apache-2.0
#include "catenet/run/flow_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <tuple>

#include <nlohmann/json.hpp>

namespace catenet::run {
namespace {

using transport::Tcb;
using transport::TcpState;
using Json = nlohmann::ordered_json;

constexpr std::string_view kHeading =
    "time_s,state,recovery,cwnd_bytes,ssthresh_bytes,in_flight_bytes,lost_bytes,sacked_bytes,snd_una,snd_nxt,snd_edge,"
    "rcv_nxt,retransmits,srtt_ms,rttvar_ms,rto_ms\n";

/// The number that `now` is 32 bits of, not far from `before`.
std::uint64_t unwrap(std::uint64_t before, std::uint32_t now) {
  return before + static_cast<std::uint64_t>(
                      static_cast<std::int64_t>(static_cast<std::int32_t>(now - static_cast<std::uint32_t>(before))));
}

FlowSample look(const Tcb& tcb, const FlowSample& before, Instant now) {
  FlowSample s;
  s.at = now;
  s.state = tcb.state();
  s.recovery = tcb.recovery();
  s.retransmits = tcb.statistics().retransmits;
  s.snd_una = unwrap(before.snd_una, tcb.snd_una() - tcb.iss());
  s.snd_nxt = unwrap(before.snd_nxt, tcb.snd_nxt() - tcb.iss());
  s.rcv_nxt = tcb.state() == TcpState::syn_sent ? 0 : unwrap(before.rcv_nxt, tcb.rcv_nxt() - tcb.irs());
  s.send_window = tcb.snd_wnd();
  s.srtt = tcb.rtt().srtt();
  s.rttvar = tcb.rtt().rttvar();
  s.rto = tcb.rto();
  s.cwnd = tcb.cwnd();
  s.ssthresh = tcb.ssthresh();
  if (tcb.is_synchronized() && tcb.state() != TcpState::time_wait) {
    s.in_flight = tcb.pipe();
    s.lost = tcb.sent_segments().lost_bytes();
    s.sacked = tcb.sent_segments().sacked_bytes();
  }
  return s;
}

bool same_but_for_time(FlowSample a, const FlowSample& b) {
  a.at = b.at;
  const auto all = [](const FlowSample& s) {
    return std::tuple(s.state, s.recovery, s.cwnd, s.ssthresh, s.in_flight, s.lost, s.sacked, s.send_window,
                      s.retransmits, s.snd_una, s.snd_nxt, s.rcv_nxt, s.srtt, s.rttvar, s.rto);
  };
  return all(a) == all(b);
}

std::string_view name(Tcb::Recovery recovery) {
  return recovery == Tcb::Recovery::fast ? "fast" : recovery == Tcb::Recovery::timeout ? "timeout" : "none";
}

std::string decimals(std::int64_t value, std::int64_t one, int digits) {
  return fmt::format("{}.{:0{}}", value / one, value % one, digits);
}
std::string milliseconds_text(Duration d) { return d == Duration{} ? std::string() : decimals(d.ns(), 1'000'000, 6); }

std::string line_of(const FlowSample& s) {
  const std::string cwnd = s.cwnd == 0 ? "" : std::to_string(s.cwnd);
  const std::string ssthresh = s.cwnd == 0 || s.ssthresh == UINT32_MAX ? "" : std::to_string(s.ssthresh);
  return fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}\n", decimals(s.at.ns(), 1'000'000'000, 9),
                     transport::name(s.state), name(s.recovery), cwnd, ssthresh, s.in_flight, s.lost, s.sacked,
                     s.snd_una, s.snd_nxt, s.snd_una + s.send_window, s.rcv_nxt, s.retransmits,
                     milliseconds_text(s.srtt), milliseconds_text(s.rttvar), milliseconds_text(s.rto));
}

}  // namespace

FlowRecorder::Record* FlowRecorder::record_of(const transport::TcpPcb& pcb) {
  const auto at = by_pcb_.find(&pcb);
  const wire::FourTuple tuple{pcb.local(), pcb.foreign()};
  // A block may be where an older one has been.
  if (at != by_pcb_.end() && at->second != nullptr && at->second->flow.tuple == tuple &&
      at->second->flow.started == pcb.started()) {
    return at->second;
  }
  if (records_.size() >= limits_.connections) {
    if (at == by_pcb_.end() || at->second != nullptr) {
      ++left_out_;
      by_pcb_[&pcb] = nullptr;
    }
    return nullptr;
  }
  records_.push_back(std::make_unique<Record>());
  records_.back()->flow.tuple = tuple;
  records_.back()->flow.started = pcb.started();
  return by_pcb_[&pcb] = records_.back().get();
}

void FlowRecorder::on_settled(const transport::TcpPcb& pcb, const Tcb& tcb, Instant now) {
  Record* record = record_of(pcb);
  if (record == nullptr) {
    return;
  }
  const FlowSample sample = look(tcb, record->last, now);
  if (record->events > 0 && same_but_for_time(sample, record->last)) {
    return;
  }
  record->last = sample;
  if (record->events++ % record->flow.kept_every == 0) {
    keep(*record);
  }
}

void FlowRecorder::keep(Record& record) {
  std::vector<FlowSample>& rows = record.flow.rows;
  if (rows.size() >= std::max<std::size_t>(limits_.rows, 16)) {
    for (std::size_t i = 0; 2 * i < rows.size(); ++i) {
      rows[i] = rows[2 * i];
    }
    rows.resize((rows.size() + 1) / 2);
    record.flow.kept_every *= 2;
    if ((record.events - 1) % record.flow.kept_every != 0) {
      return;
    }
  }
  rows.push_back(record.last);
}

std::vector<Flow> FlowRecorder::take() {
  std::vector<Flow> flows;
  for (const auto& record : records_) {
    if (!record->flow.rows.empty() && !same_but_for_time(record->flow.rows.back(), record->last)) {
      record->flow.rows.push_back(record->last);  // how it ended
    }
    flows.push_back(std::move(record->flow));
  }
  records_.clear();
  by_pcb_.clear();
  limits_.connections = 0;
  return flows;
}

bool begin_flows(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::remove_all(folder, error);
  std::filesystem::create_directories(folder, error);
  return !error && std::ofstream(folder / "flows.jsonl").good();
}

bool write_flows(const std::filesystem::path& folder, const std::string& node, FlowRecorder& recorder) {
  std::ofstream index(folder / "flows.jsonl", std::ios::app);
  const std::size_t left_out = recorder.left_out();
  bool good = true;
  std::size_t number = 0;
  for (const Flow& flow : recorder.take()) {
    const std::string called = fmt::format("{}-{}", node, ++number);
    index << Json{{"flow", called},
                  {"node", node},
                  {"local", flow.tuple.local.to_string()},
                  {"foreign", flow.tuple.foreign.to_string()},
                  {"started_s", flow.started.to_seconds()},
                  {"rows", flow.rows.size()},
                  {"kept_every", flow.kept_every},
                  {"snd_nxt", flow.rows.empty() ? 0 : flow.rows.back().snd_nxt}}
                 .dump()
          << "\n";
    std::ofstream file(folder / (called + ".csv"));
    file << kHeading;
    for (const FlowSample& sample : flow.rows) {
      file << line_of(sample);
    }
    file.close();
    good = good && file;
  }
  if (left_out > 0) {
    index << Json{{"node", node}, {"left_out", left_out}}.dump() << "\n";
  }
  index.close();
  return good && index;
}

}  // namespace catenet::run
