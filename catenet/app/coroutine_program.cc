// SPDX-License-Identifier: Apache-2.0
#include "catenet/app/coroutine_program.h"

#include <algorithm>
#include <system_error>

namespace catenet::app {

std::string error_text(const Error& error) {
  if (error.code == ENOENT) {  // only the resolver says so
    return "Name or service not known";
  }
  return std::generic_category().message(error.code);
}

int CoroutineProgram::complain(std::string_view program, std::string_view about, const Error& error) {
  say("{}: {}: {}\n", program, about, error_text(error));
  return 1;
}

Fact& CoroutineProgram::fact(std::string_view name) {
  const auto it = std::find_if(facts_.begin(), facts_.end(), [&](const Fact& fact) { return fact.name == name; });
  if (it != facts_.end()) {
    return *it;
  }
  facts_.push_back({std::string(name)});
  return facts_.back();
}

void CoroutineProgram::set_fact(std::string_view name, Fact::Unit unit, std::int64_t value) {
  Fact& f = fact(name);
  f.unit = unit;
  f.value = value;
}

void CoroutineProgram::set_fact(std::string_view name, std::string text) {
  Fact& f = fact(name);
  f.unit = Fact::Unit::text;
  f.text = std::move(text);
}

Task<void> CoroutineProgram::run_main() {
  code_ = co_await run();
  finish_soon();
}

// The end is told from an event of its own: our owner may destroy us in it, and no frame of ours must be running then.
void CoroutineProgram::finish_soon() {
  if (!finishing_) {
    finishing_ = true;
    host().table().wake_soon(finish_, Delegate<void()>::to<&CoroutineProgram::finish>(*this));
  }
}

void CoroutineProgram::finish() {
  tasks_.stop_all();
  const int code = code_ ? *code_ : on_stop();
  end(code);
}

namespace {

class UsageError final : public CoroutineProgram {
 public:
  UsageError(const Context& on, std::string_view usage, std::string_view wrong)
      : CoroutineProgram(on), text_(fmt::format("{}\nusage: {}\n", wrong, usage)) {}

 private:
  Task<int> run() override {
    say("{}", text_);
    co_return 2;
  }
  std::string text_;
};

}  // namespace

std::unique_ptr<Program> make_usage_error(const Context& context, std::string_view usage, std::string_view wrong) {
  return std::make_unique<UsageError>(context, usage, wrong);
}

}  // namespace catenet::app
