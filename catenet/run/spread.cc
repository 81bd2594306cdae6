// SPDX-License-Identifier: Apache-2.0
#include "catenet/run/spread.h"

#include <metis.h>

#include <algorithm>
#include <map>

#include "catenet/base/check.h"
#include "catenet/run/groups.h"

namespace catenet::run {
namespace {

constexpr double kBalanced = 1.15;  // the busiest thread may have that much more to do than the mean

// What may be cut: groups of nodes that must stay together, and how many links join them.
struct Graph {
  std::vector<idx_t> member_of;  // group of every node
  std::vector<idx_t> weight;     // of every group
  std::vector<std::map<idx_t, idx_t>> links;
};

Graph contract(const lab::Description& lab, const std::vector<Duration>& delays, Duration shortest_cut) {
  Groups groups(lab.nodes.size());
  for (lab::LinkIndex i = 0; i < lab.links.size(); ++i) {
    if (delays[i] < shortest_cut || delays[i] <= Duration{}) {
      groups.join(lab.links[i].a, lab.links[i].b);
    }
  }
  Graph graph;
  std::vector<idx_t> number(lab.nodes.size(), -1);
  for (std::uint32_t i = 0; i < lab.nodes.size(); ++i) {
    idx_t& of_root = number[groups.root(i)];
    if (of_root < 0) {
      of_root = static_cast<idx_t>(graph.weight.size());
      graph.weight.push_back(0);
    }
    graph.member_of.push_back(of_root);
    graph.weight[static_cast<std::size_t>(of_root)] += static_cast<idx_t>(1 + lab.nodes[i].interfaces.size());
  }
  graph.links.resize(graph.weight.size());
  for (const lab::Link& link : lab.links) {
    const idx_t a = graph.member_of[link.a];
    const idx_t b = graph.member_of[link.b];
    if (a != b) {
      ++graph.links[static_cast<std::size_t>(a)][b];
      ++graph.links[static_cast<std::size_t>(b)][a];
    }
  }
  return graph;
}

// The part of every group. Parts may be empty.
std::vector<idx_t> cut(const Graph& graph, unsigned parts) {
  auto groups = static_cast<idx_t>(graph.weight.size());
  std::vector<idx_t> part(graph.weight.size(), 0);
  if (parts == 1) {
    return part;
  }
  if (graph.weight.size() <= parts) {
    for (idx_t i = 0; i < groups; ++i) {
      part[static_cast<std::size_t>(i)] = i;
    }
    return part;
  }
  std::vector<idx_t> first{0};
  std::vector<idx_t> neighbour;
  std::vector<idx_t> joints;
  for (const auto& links : graph.links) {
    for (const auto& [other, count] : links) {
      neighbour.push_back(other);
      joints.push_back(count);
    }
    first.push_back(static_cast<idx_t>(neighbour.size()));
  }
  std::vector<idx_t> weight = graph.weight;
  idx_t constraints = 1;
  auto wanted = static_cast<idx_t>(parts);
  idx_t options[METIS_NOPTIONS];
  METIS_SetDefaultOptions(options);
  options[METIS_OPTION_SEED] = 1;
  idx_t links_cut = 0;
  const int done =
      METIS_PartGraphRecursive(&groups, &constraints, first.data(), neighbour.data(), weight.data(), nullptr,
                               joints.data(), &wanted, nullptr, nullptr, options, &links_cut, part.data());
  check(done == METIS_OK, "METIS refused a graph");
  return part;
}

Spread describe(const lab::Description& lab, const std::vector<Duration>& delays, const Graph& graph,
                const std::vector<idx_t>& part) {
  Spread result;
  std::map<idx_t, unsigned> number;  // in the order of their first nodes, without the empty ones
  for (std::uint32_t i = 0; i < lab.nodes.size(); ++i) {
    const idx_t of = part[static_cast<std::size_t>(graph.member_of[i])];
    const auto [at, fresh] = number.try_emplace(of, static_cast<unsigned>(number.size()));
    if (fresh) {
      result.load.push_back(0);
    }
    result.thread.push_back(at->second);
    result.load[at->second] += 1 + lab.nodes[i].interfaces.size();
  }
  result.threads = std::max(1U, static_cast<unsigned>(number.size()));
  for (lab::LinkIndex i = 0; i < lab.links.size(); ++i) {
    if (result.thread[lab.links[i].a] != result.thread[lab.links[i].b]) {
      result.cut.push_back(i);
      result.lookahead = std::min(result.lookahead, delays[i]);
    }
  }
  return result;
}

std::uint64_t total(const Spread& spread) {
  std::uint64_t sum = 0;
  for (const std::uint64_t load : spread.load) {
    sum += load;
  }
  return sum;
}

bool is_balanced(const Spread& spread, unsigned threads) {
  return spread.best_speed_up() * kBalanced >= static_cast<double>(threads);
}

}  // namespace

double Spread::best_speed_up() const {
  const std::uint64_t most = load.empty() ? 0 : *std::max_element(load.begin(), load.end());
  return most == 0 ? 1.0 : static_cast<double>(total(*this)) / static_cast<double>(most);
}

std::vector<Duration> shortest_delays(const lab::Description& lab) {
  std::vector<Duration> delays;
  for (const lab::LinkOutlook& outlook : lab::link_outlooks(lab)) {
    delays.push_back(outlook.least_delay);
  }
  return delays;
}

Spread spread(const lab::Description& lab, unsigned threads) {
  const std::vector<Duration> delay_of = shortest_delays(lab);
  std::vector<Duration> delays;
  for (const Duration delay : delay_of) {
    if (threads > 1 && delay > Duration{}) {
      delays.push_back(delay);
    }
  }
  std::sort(delays.begin(), delays.end());
  delays.erase(std::unique(delays.begin(), delays.end()), delays.end());
  const auto with = [&](Duration shortest_cut) {
    const Graph graph = contract(lab, delay_of, shortest_cut);
    return describe(lab, delay_of, graph, cut(graph, threads));
  };
  // The shorter what may be cut, the better the balance: the longest delay that is good enough, by bisection.
  Spread best = with(delays.empty() ? Duration{} : delays.front());
  std::size_t low = 0;
  std::size_t high = delays.size();
  while (high - low > 1) {
    const std::size_t middle = (low + high) / 2;
    Spread tried = with(delays[middle]);
    if (is_balanced(tried, threads)) {
      best = std::move(tried);
      low = middle;
    } else {
      high = middle;
    }
  }
  return best;
}

}  // namespace catenet::run
