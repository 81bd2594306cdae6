// SPDX-License-Identifier: Apache-2.0
#include "catenet/run/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "catenet/run/counters.h"
#include "catenet/run/version.h"

namespace catenet::run {
namespace {

using lab::Value;

Value value_of(const app::Fact& fact) {
  switch (fact.unit) {
    case app::Fact::Unit::count:
      return Value::count(fact.value);
    case app::Fact::Unit::bytes:
      return Value::size(static_cast<std::uint64_t>(fact.value));
    case app::Fact::Unit::nanoseconds:
      return Value::time(Duration::nanoseconds(fact.value));
    case app::Fact::Unit::bits_per_second:
      return Value::rate(BitRate::bps(static_cast<std::uint64_t>(fact.value)));
    case app::Fact::Unit::parts_per_billion:
      return Value::ratio_ppb(fact.value);
    case app::Fact::Unit::text:
      return Value::word(fact.text);
  }
  return Value::count(fact.value);
}

Json json_of(const app::Fact& fact) {
  switch (fact.unit) {
    case app::Fact::Unit::nanoseconds:
      return static_cast<double>(fact.value) / 1e9;
    case app::Fact::Unit::parts_per_billion:
      return static_cast<double>(fact.value) / 1e9;
    case app::Fact::Unit::text:
      return fact.text;
    default:
      return fact.value;
  }
}

/// Report keys say their units.
std::string key_of(const app::Fact& fact) {
  switch (fact.unit) {
    case app::Fact::Unit::nanoseconds:
      return fact.name + "_s";
    case app::Fact::Unit::bits_per_second:
      return fact.name + "_bps";
    default:
      return fact.name;
  }
}

std::map<DropReason, std::uint64_t> all_drops(const Network& network) {
  std::map<DropReason, std::uint64_t> sum;
  for (const auto& entry : network.nodes()) {
    for (const auto& [reason, n] : entry.node->drops()) {
      sum[reason] += n;
    }
    for (const auto& interface : entry.node->interfaces()) {
      for (const auto& [reason, n] : interface->drops()) {
        sum[reason] += n;
      }
    }
  }
  return sum;
}

std::vector<std::string_view> split_path(std::string_view path) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t dot = path.find('.');
    parts.push_back(path.substr(0, dot));
    if (dot == std::string_view::npos) {
      return parts;
    }
    path.remove_prefix(dot + 1);
  }
}

Value count(std::uint64_t n) { return Value::count(static_cast<std::int64_t>(n)); }

/// Frames received by all interfaces together.
std::uint64_t packet_hops(const Network& network) {
  std::uint64_t hops = 0;
  for (const auto& entry : network.nodes()) {
    for (const auto& interface : entry.node->interfaces()) {
      hops += interface->counters().rx_packets;
    }
  }
  return hops;
}

/// Also those that a crash has ended.
std::vector<transport::TcpFlow> flows_of(const Network::NodeEntry& entry) {
  std::vector<transport::TcpFlow> flows = entry.past_flows;
  const std::vector<transport::TcpFlow> present = entry.host->tcp().flows();
  flows.insert(flows.end(), present.begin(), present.end());
  return flows;
}

class RunFacts final : public lab::Facts {
 public:
  RunFacts(const Network& network, const Programs& programs) : network_(network), programs_(programs) {}

  std::optional<Value> find(std::string_view path) const override {
    const auto parts = split_path(path);
    if (parts.size() == 2 && parts[0] == "drops") {
      const auto drops = all_drops(network_);
      if (parts[1] == "total") {
        std::uint64_t total = 0;
        for (const auto& [of, n] : drops) {
          total += n;
        }
        return count(total);
      }
      const auto reason = drop_reason_from(parts[1]);
      const auto at = reason ? drops.find(*reason) : drops.end();
      return reason ? std::optional(count(at == drops.end() ? 0 : at->second)) : std::nullopt;
    }
    if (parts.size() >= 5 && parts[0] == "nodes" && parts[2] == "interfaces") {
      return of_interface(parts);
    }
    if (parts.size() == 2 && (parts[0] == "sim" || parts[0] == "flows")) {
      return of_run(path);
    }
    return parts.size() == 2 ? of_program(parts[0], parts[1]) : std::nullopt;
  }

 private:
  /// The names are lab::run_facts().
  std::optional<Value> of_run(std::string_view path) const {
    if (path == "sim.end") {
      return Value::time(network_.simulation().now() - Instant::zero());
    }
    if (path == "sim.events") {
      return count(network_.simulation().events());
    }
    if (path == "sim.packet_hops") {
      return count(packet_hops(network_));
    }
    std::uint64_t flows = 0;
    std::uint64_t retransmits = 0;
    for (const auto& entry : network_.nodes()) {
      if (entry.host != nullptr) {
        for (const transport::TcpFlow& flow : flows_of(entry)) {
          ++flows;
          retransmits += flow.statistics.retransmits;
        }
      }
    }
    return path == "flows.total"         ? std::optional(count(flows))
           : path == "flows.retransmits" ? std::optional(count(retransmits))
                                         : std::nullopt;
  }

  std::optional<Value> of_interface(const std::vector<std::string_view>& parts) const {
    for (lab::NodeIndex i = 0; i < network_.nodes().size(); ++i) {
      const auto& entry = network_.nodes()[i];
      if (entry.node->name() != parts[1]) {
        continue;
      }
      const Interface* interface = find_interface(i, parts[3]);
      if (interface == nullptr) {
        return std::nullopt;
      }
      if (parts.size() == 6 && parts[4] == "drops") {
        if (parts[5] == "total") {
          return count(interface->drops().total());
        }
        const auto reason = drop_reason_from(parts[5]);
        return reason ? std::optional(count(interface->drops().of(*reason))) : std::nullopt;
      }
      if (parts.size() != 5) {
        return std::nullopt;
      }
      const InterfaceCounters& c = interface->counters();
      return parts[4] == "tx_packets"   ? std::optional(count(c.tx_packets))
             : parts[4] == "rx_packets" ? std::optional(count(c.rx_packets))
             : parts[4] == "tx_bytes"   ? std::optional(Value::size(c.tx_bytes))
             : parts[4] == "rx_bytes"   ? std::optional(Value::size(c.rx_bytes))
                                        : std::nullopt;
    }
    return std::nullopt;
  }

  /// By its name, or as the lab calls it: after the node at the other end (on a linux node the two differ).
  [[nodiscard]] const Interface* find_interface(lab::NodeIndex node, std::string_view called) const {
    const auto& described = network_.lab().nodes[node].interfaces;
    for (std::size_t i = 0; i < described.size(); ++i) {
      if (described[i].name == called || described[i].peer_name == called) {
        return network_.nodes()[node].node->interfaces()[i].get();
      }
    }
    return nullptr;
  }

  std::optional<Value> of_program(std::string_view program, std::string_view fact) const {
    for (const auto& record : programs_.records()) {
      if (record->described->name != program) {
        continue;
      }
      const bool ended = record->phase == ProgramRecord::Phase::ended;
      if (fact == "exit") {
        return ended && record->signal == 0 && !record->cut_off && !record->crashed
                   ? std::optional(Value::count(record->exit))
                   : std::nullopt;
      }
      if (fact == "starts") {
        return Value::count(record->starts);
      }
      if (fact == "duration") {
        return ended ? std::optional(Value::time(record->ended - record->started)) : std::nullopt;
      }
      if (fact == "stdout_bytes") {
        if (record->starts == 0 || !record->failure.empty()) {
          return std::nullopt;  // a file of that name is an earlier run's
        }
        std::error_code error;
        const auto size = std::filesystem::file_size(programs_.output_file(*record, false), error);
        return error ? std::nullopt : std::optional(Value::size(size));
      }
      for (const app::Fact& f : record->facts) {
        if (f.name == fact) {
          return value_of(f);
        }
      }
    }
    return std::nullopt;
  }

  const Network& network_;
  const Programs& programs_;
};

Json drops_json(const DropCounters& drops) {
  Json out = Json::object();
  for (const auto& [reason, n] : drops) {
    out[std::string(name(reason))] = n;
  }
  return out;
}

Json nodes_json(const Network& network) {
  Json nodes = Json::object();
  for (const auto& entry : network.nodes()) {
    Json interfaces = Json::object();
    for (const auto& interface : entry.node->interfaces()) {
      const InterfaceCounters& c = interface->counters();
      interfaces[interface->name()] = {{"tx_packets", c.tx_packets},
                                       {"tx_bytes", c.tx_bytes},
                                       {"rx_packets", c.rx_packets},
                                       {"rx_bytes", c.rx_bytes},
                                       {"drops", drops_json(interface->drops())}};
    }
    Json& node = nodes[entry.node->name()];
    node = {{"interfaces", std::move(interfaces)}, {"drops", drops_json(entry.node->drops())}};
    if (entry.host != nullptr) {
      node["counters"] = without_zeros(host_counters(*entry.host));
    } else if (entry.space != nullptr) {
      node["counters"] = without_zeros(linux_counters(proc_folder(entry)));
    }
  }
  return nodes;
}

Json programs_json(const Network& network, const Programs& programs) {
  Json out = Json::array();
  for (const auto& record : programs.records()) {
    const lab::Program& described = *record->described;
    Json row = {{"node", network.lab().nodes[described.node].name},
                {"name", described.name},
                {"kind", network.nodes()[described.node].host != nullptr ? "built-in" : "linux"},
                {"command", described.command},
                {"service", *described.service}};
    const bool ended = record->phase == ProgramRecord::Phase::ended;
    row["exit"] = ended && record->signal == 0 && !record->cut_off && !record->crashed ? Json(record->exit) : Json();
    if (record->signal != 0) {
      row["signal"] = record->signal;
    }
    if (record->crashed) {
      row["crashed"] = true;
    }
    if (record->starts > 1) {
      row["starts"] = record->starts;
    }
    row["started_s"] = record->starts > 0 ? Json(record->started.to_seconds()) : Json();
    row["ended_s"] = ended || record->crashed ? Json(record->ended.to_seconds()) : Json();
    Json result = Json::object();
    for (const app::Fact& fact : record->facts) {
      result[key_of(fact)] = json_of(fact);
    }
    row["result"] = std::move(result);
    out.push_back(std::move(row));
  }
  return out;
}

Json flows_json(const Network& network) {
  Json flows = Json::array();
  for (const auto& entry : network.nodes()) {
    if (entry.host == nullptr) {
      continue;
    }
    for (const transport::TcpFlow& flow : flows_of(entry)) {
      const auto& s = flow.statistics;
      const Duration took = flow.last_ack - flow.started;
      const double goodput = took > Duration{} ? static_cast<double>(s.bytes_acked) * 8 / took.to_seconds() : 0;
      flows.push_back({{"proto", "tcp"},
                       {"node", entry.node->name()},
                       {"src", flow.tuple.local.to_string()},
                       {"dst", flow.tuple.foreign.to_string()},
                       {"state", name(flow.state)},
                       {"bytes_sent", s.bytes_sent},
                       {"bytes_acked", s.bytes_acked},
                       {"bytes_received", s.bytes_received},
                       {"retransmits", s.retransmits},
                       {"goodput_bps", static_cast<std::int64_t>(goodput)},
                       {"srtt_s", flow.srtt.to_seconds()}});
    }
  }
  return flows;
}

}  // namespace

Conservation conservation(Network& network) {
  network.simulation().settle();
  const PacketPool::Stats s = network.simulation().packets();
  Conservation result{s.made, s.consumed, s.dropped, s.alive(), s.unaccounted, {}};
  for (std::size_t i = 0; i < network.links().size() && result.broken_link.empty(); ++i) {
    const lab::Link& described = network.lab().links[i];
    const Network::LinkEntry& link = network.links()[i];
    const Interface& a = *network.nodes()[described.a].node->interfaces()[described.a_interface];
    const Interface& b = *network.nodes()[described.b].node->interfaces()[described.b_interface];
    std::uint64_t sent = a.counters().tx_packets + b.counters().tx_packets;
    std::uint64_t ended = a.counters().rx_packets + b.counters().rx_packets + a.counters().lost_on_wire +
                          b.counters().lost_on_wire + link.cable->in_flight();
    for (const auto& impairment : {link.forward.get(), link.backward.get()}) {
      if (impairment != nullptr) {
        sent += impairment->counters().duplicated;
        ended += impairment->in_flight();
      }
    }
    if (sent != ended) {
      result.broken_link =
          fmt::format("{}: {} frames sent or duplicated, {} received, lost or under way", described.name, sent, ended);
    }
  }
  return result;
}

std::vector<lab::ExpectationResult> check_expectations(const Network& network, const Programs& programs) {
  const RunFacts facts(network, programs);
  std::vector<lab::ExpectationResult> results;
  for (const lab::Expectation& expectation : network.lab().expectations) {
    results.push_back(lab::evaluate(expectation, facts));
  }
  return results;
}

std::vector<std::string_view> drop_reason_names() {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < kDropReasonCount; ++i) {
    names.push_back(name(static_cast<DropReason>(i)));
  }
  return names;
}

std::vector<std::string_view> program_fact_names() {
  std::vector<std::string_view> names = {"exit", "duration", "starts", "stdout_bytes"};
  for (const app::ProgramKind& kind : app::program_kinds()) {
    names.insert(names.end(), kind.facts.begin(), kind.facts.end());
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

Json make_report(Network& network, const Programs& programs, const Outcome& outcome, const WallFacts& wall) {
  const bool real_time = network.lab().needs_real_time();
  Json report;
  report["catenet"] = kVersion;
  report["lab"] = network.lab().name;
  report["seed"] = *network.lab().seed;
  report["status"] = outcome.status;
  report["sim"] = {{"clock", real_time ? "real" : "virtual"},
                   {"end_s", outcome.end.to_seconds()},
                   {"events", network.simulation().events()},
                   {"packet_hops", packet_hops(network)},
                   {"partitions", network.simulation().partitions()},
                   {"digest", real_time ? Json() : Json(fmt::format("{:016x}", outcome.digest))}};
  report["packets"] = {{"made", outcome.packets.made},
                       {"delivered", outcome.packets.delivered},
                       {"dropped", outcome.packets.dropped},
                       {"in_flight", outcome.packets.in_flight},
                       {"conserved", outcome.packets.holds()}};
  if (!outcome.packets.broken_link.empty()) {
    report["packets"]["broken_link"] = outcome.packets.broken_link;
  }
  report["wall"] = {{"setup_s", wall.setup_s}, {"run_s", wall.run_s}, {"peak_rss_bytes", wall.peak_rss_bytes}};
  if (real_time) {
    report["wall"]["latest_event_s"] = wall.latest.to_seconds();
    report["wall"]["overruns"] = wall.overruns;
    report["wall"]["attachments"] = wall.attachments;
  }
  report["nodes"] = nodes_json(network);
  Json drops = Json::object();
  for (const auto& [reason, n] : all_drops(network)) {
    drops[std::string(name(reason))] = n;
  }
  report["drops"] = std::move(drops);
  report["programs"] = programs_json(network, programs);
  report["flows"] = flows_json(network);
  report["events"] = Json::array();
  for (const EventRecord& event : outcome.events) {
    Json row = {{"text", event.text}, {"at_s", event.at ? Json(event.at->to_seconds()) : Json()}};
    if (event.until) {
      row["until_s"] = event.until->to_seconds();
    }
    row["applied"] = event.applied;
    report["events"].push_back(std::move(row));
  }
  report["expect"] = Json::array();
  for (const lab::ExpectationResult& result : outcome.expectations) {
    report["expect"].push_back({{"text", result.text}, {"ok", result.ok}, {"got", result.got}});
  }
  return report;
}

bool write_report(const Json& report, const std::filesystem::path& out) {
  std::ofstream file(out / "report.json", std::ios::binary);
  file << report.dump(2) << "\n";
  file.close();
  return file.good();
}

}  // namespace catenet::run
