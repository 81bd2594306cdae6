// SPDX-License-Identifier: Apache-2.0
#include "catenet/run/tables.h"

#include <algorithm>

#include "catenet/run/counters.h"

namespace catenet::run {
namespace {

using Column = TableKind::Column;
constexpr Column kArp[] = {{"address", "address"}, {"link", "link address"},   {"state", "state"},
                           {"age_s", "age", true}, {"parked", "parked", true}, {"interface", "interface"}};
constexpr Column kMac[] = {{"address", "address"}, {"port", "port"}, {"age_s", "age", true}};
constexpr Column kFib[] = {{"prefix", "destination"},
                           {"via", "next hop"},
                           {"interface", "interface"},
                           {"kind", "kind"},
                           {"metric", "metric", true}};
constexpr Column kPcb[] = {{"protocol", "proto"},
                           {"local_address", "local address"},
                           {"local_port", "port", true},
                           {"foreign_address", "foreign address"},
                           {"foreign_port", "port", true},
                           {"listening", "listening"},
                           {"state", "state"},
                           {"recv_q", "recv-q", true},
                           {"send_q", "send-q", true},
                           {"cwnd", "cwnd", true},
                           {"ssthresh", "ssthresh", true},
                           {"srtt_ms", "srtt ms", true},
                           {"rto_ms", "rto ms", true},
                           {"retransmits", "retrans", true},
                           {"algorithm", "algorithm"}};
constexpr Column kInterfaces[] = {{"name", "name"},
                                  {"link", "link address"},
                                  {"address", "address"},
                                  {"mtu", "mtu", true},
                                  {"up", "up"},
                                  {"tx_packets", "tx packets", true},
                                  {"tx_bytes", "tx bytes", true},
                                  {"rx_packets", "rx packets", true},
                                  {"rx_bytes", "rx bytes", true},
                                  {"dropped", "dropped", true},
                                  {"queued", "queued", true}};
constexpr Column kDrops[] = {
    {"interface", "interface"}, {"reason", "reason"}, {"packets", "packets", true}, {"why", "why"}};
constexpr Column kCounters[] = {
    {"name", "counter"}, {"value", "value", true}, {"mib", "MIB object"}, {"what", "what it counts"}};

constexpr TableKind kTables[] = {
    {"arp", "neighbours: address, link address, state", kArp},
    {"mac", "a switch's addresses and the ports they are behind", kMac},
    {"fib", "routes", kFib},
    {"pcb", "protocol control blocks: sockets and connections", kPcb},
    {"interfaces", "interfaces and their counters", kInterfaces},
    {"drops", "dropped packets by reason", kDrops},
    {"counters", "what IP, ICMP, TCP and UDP have counted, as nstat names it", kCounters},
};

Json arp_rows(const ip::Ipv4& ipv4) {
  Json rows = Json::array();
  for (const auto& row : ipv4.arp().table()) {
    rows.push_back({{"address", row.address.to_string()},
                    {"link", row.link_address.empty() ? "-" : row.link_address.to_string()},
                    {"state", ip::name(row.state)},
                    {"age_s", row.age.ms() / 1000.0},
                    {"parked", row.parked},
                    {"interface", row.interface->name()}});
  }
  return rows;
}

Json fib_rows(const ip::Ipv4& ipv4) {
  Json rows = Json::array();
  for (const auto& route : ipv4.fib()) {
    const char* kind = route.kind == ip::RouteKind::connected      ? "connected"
                       : route.kind == ip::RouteKind::static_route ? "static"
                                                                   : "dynamic";
    rows.push_back({{"prefix", route.prefix.to_string()},
                    {"via", route.is_on_link() ? "-" : route.next_hop.to_string()},
                    {"interface", route.interface != nullptr ? route.interface->name() : "-"},
                    {"kind", kind},
                    {"metric", route.metric}});
  }
  return rows;
}

Json mac_rows(const bridge::LearningSwitch& bridge) {
  Json rows = Json::array();
  for (const auto& row : bridge.table()) {
    rows.push_back(
        {{"address", row.address.to_string()}, {"port", row.port->name()}, {"age_s", row.age.ms() / 1000.0}});
  }
  return rows;
}

Json interface_rows(const Network& network, lab::NodeIndex index) {
  Json rows = Json::array();
  const auto& described = network.lab().nodes[index].interfaces;
  const auto& made = network.nodes()[index].node->interfaces();
  for (std::size_t i = 0; i < made.size(); ++i) {
    const Interface& interface = *made[i];
    const InterfaceCounters& c = interface.counters();
    rows.push_back({{"name", interface.name()},
                    {"link", interface.address().to_string()},
                    {"address", described[i].address.is_set() ? described[i].address->to_string() : "-"},
                    {"mtu", interface.mtu()},
                    {"up", interface.is_up()},
                    {"tx_packets", c.tx_packets},
                    {"tx_bytes", c.tx_bytes},
                    {"rx_packets", c.rx_packets},
                    {"rx_bytes", c.rx_bytes},
                    {"dropped", interface.drops().total()},
                    {"queued", interface.qdisc().packets()}});
  }
  return rows;
}

void add_drops(Json& rows, const std::string& interface, const DropCounters& drops) {
  for (const auto& [reason, packets] : drops) {
    rows.push_back(
        {{"interface", interface}, {"reason", name(reason)}, {"packets", packets}, {"why", explanation(reason)}});
  }
}

std::string cell(const Json& row, const Column& column) {
  const auto at = row.find(column.key);
  if (at == row.end() || at->is_null()) {
    return "";
  }
  if (at->is_string()) {
    return at->get<std::string>();
  }
  if (at->is_boolean()) {
    return at->get<bool>() ? "yes" : "no";
  }
  if (column.key.ends_with("_port") && at->is_number_integer() && at->get<int>() == 0) {
    return "-";
  }
  return at->dump();
}

}  // namespace

std::span<const TableKind> table_kinds() { return kTables; }

const TableKind* find_table(std::string_view name) {
  const auto* at =
      std::find_if(std::begin(kTables), std::end(kTables), [&](const TableKind& kind) { return kind.name == name; });
  return at == std::end(kTables) ? nullptr : at;
}

Json node_tables(const Network& network, lab::NodeIndex index) {
  const Network::NodeEntry& entry = network.nodes()[index];
  Json tables = Json::object();
  if (entry.host != nullptr) {
    tables["arp"] = arp_rows(entry.host->ipv4());
    tables["fib"] = fib_rows(entry.host->ipv4());
    tables["pcb"] = pcb_rows(*entry.host);
  } else if (entry.bridge != nullptr) {
    tables["mac"] = mac_rows(*entry.bridge);
  } else if (entry.space != nullptr) {
    tables = linux_tables(entry);
  }
  tables["interfaces"] = interface_rows(network, index);
  tables["drops"] = Json::array();
  for (const auto& interface : entry.node->interfaces()) {
    add_drops(tables["drops"], interface->name(), interface->drops());
  }
  add_drops(tables["drops"], "-", entry.node->drops());
  if (entry.host != nullptr) {
    tables["counters"] = host_counters(*entry.host);
  } else if (entry.space != nullptr) {
    tables["counters"] = linux_counters(proc_folder(entry));
  }
  return tables;
}

Json table_rows(const TableKind& kind, const Json& kept, bool all) {
  return kind.name == "counters" ? counter_rows(kept, all) : kept;
}

std::string render_table(const TableKind& kind, const Json& rows) {
  if (rows.empty()) {
    return "  (empty)\n";
  }
  std::vector<const Column*> columns;  // a column that no row fills is left out
  for (const Column& column : kind.columns) {
    if (std::any_of(rows.begin(), rows.end(), [&](const Json& row) { return row.contains(column.key); })) {
      columns.push_back(&column);
    }
  }
  std::vector<std::size_t> widths;
  for (const Column* column : columns) {
    std::size_t width = column->heading.size();
    for (const Json& row : rows) {
      width = std::max(width, cell(row, *column).size());
    }
    widths.push_back(width);
  }
  std::string text;
  const auto line = [&](auto&& value_of) {
    std::string out;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const std::string value = value_of(*columns[i]);
      const std::string padding(widths[i] - std::min(widths[i], value.size()), ' ');
      out += "  " + (columns[i]->right ? padding + value : value + padding);
    }
    text += out.substr(0, out.find_last_not_of(' ') + 1) + "\n";
  };
  line([](const Column& column) { return std::string(column.heading); });
  for (const Json& row : rows) {
    line([&](const Column& column) { return cell(row, column); });
  }
  return text;
}

}  // namespace catenet::run
