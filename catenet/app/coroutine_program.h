// SPDX-License-Identifier: Apache-2.0
// CoroutineProgram: a Program written as a coroutine. run() starts after start(); what it returns is the exit code.
//
//   class Hello final : public CoroutineProgram {
//    public:
//     Hello(const Arguments& arguments, const Context& context) : CoroutineProgram(context) {}
//    private:
//     Task<int> run() override { say("hello\n"); co_return 0; }
//   };
//
// Its tasks (spawn()) end with run(), with stop(), or with the object, whichever is first; members may be used in them
// at any time but not in the destructors of their local objects.
#pragma once
#include <fmt/format.h>

#include <string_view>

#include "catenet/app/program.h"
#include "catenet/app/task_group.h"
#include "catenet/socket/async_socket.h"

namespace catenet::app {

using socket::AsyncSocket;
using socket::Task;

class CoroutineProgram : public Program {
 public:
  explicit CoroutineProgram(const Context& context) : context_(context), tasks_(context.host) {}
  void start() final { tasks_.spawn(run_main()); }
  void stop() final { finish_soon(); }

 protected:
  virtual Task<int> run() = 0;
  /// stop() has ended run(): the last words, and the exit code.
  virtual int on_stop() { return 1; }

  void spawn(Task<void> task) { tasks_.spawn(std::move(task)); }
  [[nodiscard]] std::size_t running_tasks() const { return tasks_.running(); }
  [[nodiscard]] socket::SocketLayer& host() const { return context_.host; }
  [[nodiscard]] const Context& context() const { return context_; }
  [[nodiscard]] Instant now() const { return context_.host.now(); }
  /// Nothing but time.
  [[nodiscard]] socket::Sleep pause(Duration duration) const { return {host(), now() + duration}; }
  [[nodiscard]] socket::Sleep pause_until(Instant until) const { return {host(), until}; }
  /// What may still be waited until `deadline`; never zero, which would mean no limit.
  [[nodiscard]] Duration left_until(Instant deadline) const {
    return deadline.is_never() ? Duration{} : std::max(Duration::nanoseconds(1), deadline - now());
  }
  /// The program's random stream, named after it.
  [[nodiscard]] Rng random() const { return host().node().random_stream("program " + context_.name); }

  template <typename... Args>
  void say(fmt::format_string<Args...> format, Args&&... args) {
    context_.out.write(fmt::format(format, std::forward<Args>(args)...));
  }
  /// "ping: bob: Name or service not known" and the exit code 1.
  int complain(std::string_view program, std::string_view about, const Error& error);

  /// Sets a fact, which is added when it is new.
  void set_fact(std::string_view name, Fact::Unit unit, std::int64_t value);
  void set_fact(std::string_view name, std::string text);
  void count(std::string_view name, std::uint64_t n) { set_fact(name, Fact::Unit::count, to_value(n)); }
  void bytes(std::string_view name, std::uint64_t n) { set_fact(name, Fact::Unit::bytes, to_value(n)); }
  void time(std::string_view name, Duration d) { set_fact(name, Fact::Unit::nanoseconds, d.ns()); }
  void rate(std::string_view name, std::int64_t bps) { set_fact(name, Fact::Unit::bits_per_second, bps); }

 private:
  static std::int64_t to_value(std::uint64_t n) { return static_cast<std::int64_t>(n); }
  Fact& fact(std::string_view name);
  Task<void> run_main();
  void finish_soon();
  void finish();

  Context context_;
  std::optional<int> code_;  // of run()
  bool finishing_ = false;
  socket::Waiter finish_;
  TaskGroup tasks_;  // the last one: its tasks die before what they use
};

/// "Connection refused": an errno value in words.
[[nodiscard]] std::string error_text(const Error& error);

/// The row of the table for a program class P with a P::Arguments that has
/// `std::optional<std::string> read(std::span<const std::string> words)`.
[[nodiscard]] std::unique_ptr<Program> make_usage_error(const Context& context, std::string_view usage,
                                                        std::string_view wrong);
template <typename P>
[[nodiscard]] ProgramKind kind_of(bool service) {
  ProgramKind kind;
  kind.name = P::kName;
  kind.usage = P::kUsage;
  kind.purpose = P::kPurpose;
  kind.service = service;
  kind.facts = P::kFacts;
  kind.check = [](std::span<const std::string> words) { return typename P::Arguments{}.read(words); };
  kind.make = [](std::span<const std::string> words, const Context& context) -> std::unique_ptr<Program> {
    typename P::Arguments arguments;
    if (const auto wrong = arguments.read(words)) {
      return make_usage_error(context, P::kUsage, *wrong);
    }
    return std::make_unique<P>(arguments, context);
  };
  return kind;
}

}  // namespace catenet::app
