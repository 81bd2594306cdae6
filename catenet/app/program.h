// SPDX-License-Identifier: Apache-2.0
// Program: a built-in application running on a simulated host, and the one table of them. A lab names it in `run:`
// ("ping bob count=3"), the command line in --do; both look it up here.
//
// Life: find_program(word) -> check(words) when the lab is read -> make(words, context) -> start() -> on_ready
// (services)
// -> on_end with an exit code. What it measured is in facts(), which go to report.json and to expectations
// ("bulk.goodput >= 5Mbit"); what it prints goes to the context's output, like the stdout of a real program.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catenet/base/delegate.h"
#include "catenet/socket/socket_layer.h"

namespace catenet::app {

/// One figure that a program found out. Names are the report's keys: "bytes", "goodput", "rtt_avg", "received".
struct Fact {
  enum class Unit : std::uint8_t { count, bytes, nanoseconds, bits_per_second, parts_per_billion, text };
  std::string name;
  Unit unit = Unit::count;
  std::int64_t value = 0;
  std::string text;  ///< of Unit::text ("sha256")
};

/// Where a program prints.
class Output {
 public:
  virtual ~Output() = default;
  virtual void write(std::string_view text) = 0;
};

/// What a program runs on; all of it outlives the program.
struct Context {
  socket::SocketLayer& host;
  Output& out;
  std::string name;  ///< of the program in the lab; names its random stream
};

class Program {
 public:
  virtual ~Program() = default;
  /// Begins; returns at once. Called once, from a task of the node.
  virtual void start() = 0;
  /// Asks it to end soon, as SIGTERM would. A service ends with exit code 0.
  virtual void stop() = 0;

  /// Called once when a service listens, and once at the end; posted, never from inside start() or stop().
  void set_on_ready(Delegate<void()> on_ready) { on_ready_ = on_ready; }
  void set_on_end(Delegate<void()> on_end) { on_end_ = on_end; }

  /// Its sockets stay open after its end, until the object dies: a walk-through wants to show them. Others are
  /// destroyed at their end, as a process gives back what it had.
  [[nodiscard]] virtual bool keeps_sockets() const { return false; }

  /// 0 fine, 1 the program failed, 2 wrong arguments; empty while it runs.
  [[nodiscard]] std::optional<int> exit_code() const { return exit_code_; }
  [[nodiscard]] const std::vector<Fact>& facts() const { return facts_; }

 protected:
  void ready() {
    if (on_ready_) {
      on_ready_();
    }
  }
  void end(int code) {
    exit_code_ = code;
    if (on_end_) {
      on_end_();
    }
  }
  std::vector<Fact> facts_;

 private:
  std::optional<int> exit_code_;
  Delegate<void()> on_ready_;
  Delegate<void()> on_end_;
};

struct ProgramKind {
  std::string_view name;
  std::string_view usage;    ///< "ping HOST [count=4] [interval=1s] [size=56] ..."
  std::string_view purpose;  ///< one line
  bool service = false;      ///< runs until stopped
  /// Names of the facts it gives.
  std::span<const std::string_view> facts;
  /// What is wrong with the arguments (words[0] is the program's name), or nothing.
  std::optional<std::string> (*check)(std::span<const std::string> words);
  std::unique_ptr<Program> (*make)(std::span<const std::string> words, const Context& context);
};

/// The table, in alphabetical order.
[[nodiscard]] std::span<const ProgramKind> program_kinds();
[[nodiscard]] const ProgramKind* find_program(std::string_view name);

}  // namespace catenet::app
