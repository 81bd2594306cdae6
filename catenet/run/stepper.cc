// SPDX-License-Identifier: Apache-2.0
#include "catenet/run/stepper.h"

#include <fmt/format.h>

#include <algorithm>

#include "catenet/run/runner.h"

namespace catenet::run {

Stepper::Stepper(Network& network, const TableKind& table, Console& console)
    : network_(network), table_(table), console_(console) {
  for (const lab::Program& program : network.lab().programs) {
    node::Host* host = network.nodes()[program.node].host;
    const bool known =
        std::any_of(watched_.begin(), watched_.end(), [&](const auto& w) { return w->node == program.node; });
    if (host != nullptr && !known) {
      watched_.push_back(std::make_unique<Watched>(Watched{*this, program.node}));
      host->sockets().set_on_step(socket::SocketLayer::OnStep::to<&Watched::on_step>(*watched_.back()));
    }
  }
}

Stepper::~Stepper() {
  for (const auto& watched : watched_) {
    network_.nodes()[watched->node].host->sockets().set_on_step({});
  }
}

void Stepper::watch_again(lab::NodeIndex node) {
  for (const auto& watched : watched_) {
    if (watched->node == node) {
      network_.nodes()[node].host->sockets().set_on_step(socket::SocketLayer::OnStep::to<&Watched::on_step>(*watched));
    }
  }
}

void Stepper::show(lab::NodeIndex node, const socket::Step& step) {
  const Node& at = *network_.nodes()[node].node;
  std::string text =
      fmt::format("\n#{} at {:.6f} s  {}: {}\n", ++steps_, at.now().to_seconds(), at.name(), step.text());
  if (step.phase == socket::Step::Phase::returned) {
    for (const auto& watched : watched_) {
      const Network::NodeEntry& entry = network_.nodes()[watched->node];
      text += entry.node->name() + "\n";
      text += table_.name == "pcb"
                  ? socket::pcb_text(entry.host->sockets().pcb_table())
                  : render_table(table_,
                                 table_rows(table_, node_tables(network_, watched->node)[std::string(table_.name)]));
    }
  }
  console_.text(text);
}

}  // namespace catenet::run
