// SPDX-License-Identifier: Apache-2.0
// Tables of a Linux namespace, read through /proc/<keeper>/net (proc(5)): nothing runs inside for it, nothing is sent.
#include <array>
#include <charconv>
#include <fstream>
#include <sstream>

#include "catenet/run/tables.h"

namespace catenet::run {
namespace {

std::vector<std::vector<std::string>> read_columns(const std::string& path) {
  std::vector<std::vector<std::string>> rows;
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);  // headings
  while (std::getline(file, line)) {
    std::istringstream words(line);
    rows.emplace_back();
    for (std::string word; words >> word;) {
      rows.back().push_back(word);
    }
  }
  return rows;
}

std::uint32_t hexadecimal(std::string_view text) {
  std::uint32_t value = 0;
  (void)std::from_chars(text.data(), text.data() + text.size(), value, 16);
  return value;
}

/// /proc prints addresses as the machine's own integers.
wire::Ipv4Address address_of(std::string_view hex) { return wire::Ipv4Address(swap_if_little(hexadecimal(hex))); }

Json arp_rows(const std::string& folder) {
  Json rows = Json::array();
  for (const auto& c : read_columns(folder + "/arp")) {
    if (c.size() >= 6) {
      const bool complete = (hexadecimal(std::string_view(c[2]).substr(2)) & 2) != 0;
      rows.push_back({{"address", c[0]},
                      {"link", complete ? c[3] : "-"},
                      {"state", complete ? "complete" : "incomplete"},
                      {"interface", c[5]}});
    }
  }
  return rows;
}

Json fib_rows(const std::string& folder) {
  Json rows = Json::array();
  for (const auto& c : read_columns(folder + "/route")) {
    if (c.size() >= 8) {
      const auto length = static_cast<unsigned>(__builtin_popcount(hexadecimal(c[7])));
      const wire::Ipv4Address via = address_of(c[2]);
      rows.push_back({{"prefix", address_of(c[1]).to_string() + "/" + std::to_string(length)},
                      {"via", via.is_unspecified() ? "-" : via.to_string()},
                      {"interface", c[0]},
                      {"kind", "linux"},
                      {"metric", std::stoul(c[6])}});
    }
  }
  return rows;
}

constexpr std::array<std::string_view, 12> kStates = {"",           "ESTABLISHED", "SYN-SENT",  "SYN-RECEIVED",
                                                      "FIN-WAIT-1", "FIN-WAIT-2",  "TIME-WAIT", "CLOSED",
                                                      "CLOSE-WAIT", "LAST-ACK",    "LISTEN",    "CLOSING"};

void add_sockets(Json& rows, const std::string& path, bool tcp) {
  for (const auto& c : read_columns(path)) {
    if (c.size() < 5 || c[1].size() < 13 || c[2].size() < 13) {
      continue;
    }
    const auto state = hexadecimal(c[3]);
    const std::size_t colon = c[4].find(':');
    const wire::Ipv4Address foreign = address_of(std::string_view(c[2]).substr(0, 8));
    rows.push_back({{"protocol", tcp ? "tcp" : "udp"},
                    {"local_address", address_of(std::string_view(c[1]).substr(0, 8)).to_string()},
                    {"local_port", hexadecimal(std::string_view(c[1]).substr(9))},
                    {"foreign_address", foreign.is_unspecified() ? "-" : foreign.to_string()},
                    {"foreign_port", hexadecimal(std::string_view(c[2]).substr(9))},
                    {"listening", tcp && state == 10 ? "*" : ""},
                    {"state", tcp && state < kStates.size() ? kStates[state] : ""},
                    {"recv_q", hexadecimal(std::string_view(c[4]).substr(colon + 1))},
                    {"send_q", hexadecimal(std::string_view(c[4]).substr(0, colon))}});
  }
}

}  // namespace

std::string proc_folder(const Network::NodeEntry& entry) {
  return "/proc/" + std::to_string(entry.space->keeper()) + "/net";
}

Json linux_tables(const Network::NodeEntry& entry) {
  const std::string folder = proc_folder(entry);
  Json tables = {{"arp", arp_rows(folder)}, {"fib", fib_rows(folder)}, {"pcb", Json::array()}};
  add_sockets(tables["pcb"], folder + "/tcp", true);
  add_sockets(tables["pcb"], folder + "/udp", false);
  return tables;
}

}  // namespace catenet::run
