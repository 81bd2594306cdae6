// SPDX-License-Identifier: Apache-2.0
// Stepper: the walk-through of `--step TABLE`. After every socket call of every built-in program it prints the call,
// its result, and that table of each host that runs programs. The lab is in one partition then, so calls of different
// hosts come in the order of their times.
#pragma once
#include <memory>
#include <string_view>
#include <vector>

#include "catenet/run/network.h"
#include "catenet/run/tables.h"

namespace catenet::run {

class Console;

class Stepper {
 public:
  /// Everything outlives the stepper.
  Stepper(Network& network, const TableKind& table, Console& console);
  /// Nobody is told any more.
  ~Stepper();
  /// A host has been started again: its sockets are others.
  void watch_again(lab::NodeIndex node);

 private:
  struct Watched {
    Stepper& stepper;
    lab::NodeIndex node;
    void on_step(const socket::Step& step) { stepper.show(node, step); }
  };
  void show(lab::NodeIndex node, const socket::Step& step);

  Network& network_;
  const TableKind& table_;
  Console& console_;
  std::vector<std::unique_ptr<Watched>> watched_;
  std::uint64_t steps_ = 0;
};

}  // namespace catenet::run
