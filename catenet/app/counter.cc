// SPDX-License-Identifier: Apache-2.0
#include "catenet/app/counter.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <vector>

#include "catenet/app/arguments.h"
#include "catenet/app/stream_service.h"

namespace catenet::app {
namespace {

using namespace std::string_view_literals;

constexpr std::uint16_t kCounterPort = 7500;
constexpr Duration kCopyAgain = Duration::milliseconds(100);
constexpr std::size_t kMostClients = 1024;  // more are not answered
constexpr std::size_t kMostWaiting = 4096;

/// "add 17": what it is and its numbers, at most two. Anything else: an empty word.
struct CounterMessage {
  std::string_view word;
  std::uint64_t first = 0;
  std::uint64_t second = 0;

  static CounterMessage parse(std::span<const std::byte> bytes) {
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    CounterMessage message;
    std::size_t at = text.find(' ');
    if (at == std::string_view::npos) {
      return message;
    }
    message.word = text.substr(0, at);
    for (std::uint64_t* number : {&message.first, &message.second}) {
      const char* begin = text.data() + std::min(at + 1, text.size());
      const auto [end, error] = std::from_chars(begin, text.data() + text.size(), *number);
      if (error != std::errc{}) {
        return number == &message.second ? message : CounterMessage{};
      }
      at = static_cast<std::size_t>(end - text.data());
    }
    return message;
  }
};

class CounterProgram : public CoroutineProgram {
 protected:
  using CoroutineProgram::CoroutineProgram;
  bool open(std::string_view program, std::uint16_t port) {
    auto made = AsyncSocket::bound(host(), any_address(port));
    if (!made) {
      (void)complain(program, fmt::format("cannot bind UDP port {}", port), made.error());
      return false;
    }
    socket_ = std::move(*made);
    return true;
  }
  /// A datagram that cannot be sent is one that was lost.
  Task<void> tell(wire::Endpoint to, std::string text) { (void)co_await socket_.send_to(socket::as_bytes(text), to); }

  AsyncSocket socket_;
  std::array<std::byte, 256> buffer_{};
};

struct PrimaryArguments {
  std::vector<std::string> backups;
  std::uint16_t port = kCounterPort;
  std::string bug = "none";
  std::optional<std::string> read(std::span<const std::string> words) {
    ArgumentReader reader(words);
    reader.rest(backups);
    reader.port("port", port);
    reader.word("bug", bug, std::array{"none"sv, "retry"sv});
    return reader.finish();
  }
};

class CounterPrimary final : public CounterProgram {
 public:
  static constexpr std::string_view kName = "counter-primary";
  static constexpr std::string_view kUsage = "counter-primary [BACKUP ...] [port=7500] [bug=retry]";
  static constexpr std::string_view kPurpose = "counts for counter-client; answers when a majority has a copy";
  static constexpr std::array kFacts = {"repeated"sv, "value"sv};
  using Arguments = PrimaryArguments;
  CounterPrimary(Arguments arguments, const Context& on) : CounterProgram(on), arguments_(std::move(arguments)) {}

 private:
  struct Backup {
    wire::Endpoint endpoint;
    std::uint64_t copied = 0;  // the value that it has, as far as is known
  };
  struct Asked {
    wire::Endpoint client;
    std::uint64_t number;
    std::uint64_t value;  // what a majority must have before it is answered
  };

  Task<int> run() override {
    for (const std::string& name : arguments_.backups) {
      const auto address = host().resolve(name);
      if (!address) {
        co_return complain(kName, name, address.error());
      }
      backups_.push_back({{*address, arguments_.port}, 0});
    }
    if (!open(kName, arguments_.port)) {
      co_return 1;
    }
    count("value", 0);
    count("repeated", 0);
    ready();
    while (true) {
      const Result<socket::Received> got = co_await socket_.recv_from(buffer_).within(kCopyAgain);
      if (got) {
        take(got->from, CounterMessage::parse(std::span(buffer_).first(got->size)));
      }
      if (!got || must_copy_) {
        co_await copy();
      }
      co_await answer();
    }
  }

  void take(const wire::Endpoint& from, const CounterMessage& message) {
    if (message.word == "copied") {
      for (Backup& backup : backups_) {
        if (backup.endpoint == from) {
          backup.copied = std::max(backup.copied, message.first);
        }
      }
    } else if (message.word == "add" && asked_.size() < kMostWaiting) {
      add(from, message.first);
    } else if (message.word == "get" && asked_.size() < kMostWaiting) {
      asked_.push_back({from, message.first, value_});
    }
  }

  void add(const wire::Endpoint& from, std::uint64_t number) {
    if (!last_.contains(from) && last_.size() >= kMostClients) {
      return;
    }
    std::uint64_t& last = last_[from];
    const bool again = number <= last;
    count("repeated", repeated_ += again ? 1 : 0);
    if (!again || arguments_.bug == "retry") {
      count("value", ++value_);
      must_copy_ = true;
    }
    last = std::max(last, number);
    asked_.push_back({from, number, value_});
  }

  Task<void> copy() {
    must_copy_ = false;
    for (const Backup& backup : backups_) {
      if (backup.copied < value_) {
        co_await tell(backup.endpoint, fmt::format("copy {}", value_));
      }
    }
  }

  /// We are one of the majority.
  [[nodiscard]] bool has_majority(std::uint64_t value) const {
    const auto have =
        std::count_if(backups_.begin(), backups_.end(), [&](const Backup& b) { return b.copied >= value; });
    return 2 * (static_cast<std::size_t>(have) + 1) > backups_.size() + 1;
  }

  Task<void> answer() {
    std::vector<Asked> later;
    std::vector<Asked> now_due;
    for (const Asked& asked : asked_) {
      (has_majority(asked.value) ? now_due : later).push_back(asked);
    }
    asked_ = std::move(later);
    for (const Asked& asked : now_due) {
      co_await tell(asked.client, fmt::format("ok {} {}", asked.number, asked.value));
    }
  }

  int on_stop() override {
    say("counter-primary: {}\n", value_);
    return 0;
  }

  Arguments arguments_;
  std::vector<Backup> backups_;
  std::uint64_t value_ = 0;
  std::uint64_t repeated_ = 0;
  bool must_copy_ = false;
  std::map<wire::Endpoint, std::uint64_t> last_;  // number of each client's last increment
  std::vector<Asked> asked_;
};

struct BackupArguments {
  std::uint16_t port = kCounterPort;
  std::string bug = "none";
  std::optional<std::string> read(std::span<const std::string> words) {
    ArgumentReader reader(words);
    reader.port("port", port);
    reader.word("bug", bug, std::array{"none"sv, "stale"sv});
    return reader.finish();
  }
};

class CounterBackup final : public CounterProgram {
 public:
  static constexpr std::string_view kName = "counter-backup";
  static constexpr std::string_view kUsage = "counter-backup [port=7500] [bug=stale]";
  static constexpr std::string_view kPurpose = "keeps a copy of the value of a counter-primary";
  static constexpr std::array kFacts = {"backwards"sv, "value"sv};
  using Arguments = BackupArguments;
  CounterBackup(Arguments arguments, const Context& on) : CounterProgram(on), arguments_(std::move(arguments)) {}

 private:
  Task<int> run() override {
    if (!open(kName, arguments_.port)) {
      co_return 1;
    }
    count("value", 0);
    count("backwards", 0);
    ready();
    while (true) {
      const Result<socket::Received> got = co_await socket_.recv_from(buffer_);
      if (!got) {
        co_await pause(Duration::milliseconds(1));
        continue;
      }
      const CounterMessage message = CounterMessage::parse(std::span(buffer_).first(got->size));
      if (message.word == "copy") {
        const bool stale = message.first < value_;
        if (!stale || arguments_.bug == "stale") {
          count("value", value_ = message.first);
          count("backwards", backwards_ += stale ? 1 : 0);
        }
        co_await tell(got->from, fmt::format("copied {}", message.first));
      }
    }
  }
  int on_stop() override {
    say("counter-backup: {}\n", value_);
    return 0;
  }

  Arguments arguments_;
  std::uint64_t value_ = 0;
  std::uint64_t backwards_ = 0;
};

struct ClientArguments {
  std::string primary;
  std::uint16_t port = kCounterPort;
  std::uint64_t count = 20;
  Duration interval = Duration::milliseconds(100);
  Duration retry = Duration::milliseconds(300);
  std::optional<std::string> read(std::span<const std::string> words) {
    ArgumentReader reader(words);
    reader.positional("PRIMARY", primary);
    reader.port("port", port);
    reader.integer("count", count, 1, 1'000'000'000);
    reader.duration("interval", interval, Duration{});
    reader.duration("retry", retry, Duration::nanoseconds(1));
    return reader.finish();
  }
};

class CounterClient final : public CounterProgram {
 public:
  static constexpr std::string_view kName = "counter-client";
  static constexpr std::string_view kUsage =
      "counter-client PRIMARY [count=20] [interval=100ms] [retry=300ms] [port=7500]";
  static constexpr std::string_view kPurpose = "increments a counter, then compares it with what was answered";
  static constexpr std::array kFacts = {"answered"sv, "retries"sv, "surplus"sv, "value"sv};
  using Arguments = ClientArguments;
  CounterClient(Arguments arguments, const Context& on) : CounterProgram(on), arguments_(std::move(arguments)) {}

 private:
  Task<int> run() override {
    const auto address = host().resolve(arguments_.primary);
    if (!address) {
      co_return complain(kName, arguments_.primary, address.error());
    }
    primary_ = {*address, arguments_.port};
    if (!open(kName, 0)) {
      co_return 1;
    }
    count("retries", 0);
    for (std::uint64_t n = 1; n <= arguments_.count; ++n) {
      (void)co_await ask("add", n);
      count("answered", n);
      co_await pause(arguments_.interval);
    }
    const std::uint64_t value = co_await ask("get", arguments_.count + 1);
    count("value", value);
    const auto surplus = static_cast<std::int64_t>(value - arguments_.count);
    set_fact("surplus", Fact::Unit::count, surplus);
    say("counter-client: {} answered, the counter says {}\n", arguments_.count, value);
    co_return 0;
  }

  /// Until it is answered; the value in the answer.
  Task<std::uint64_t> ask(std::string_view what, std::uint64_t number) {
    for (bool first = true;; first = false) {
      count("retries", retries_ += first ? 0 : 1);
      co_await tell(primary_, fmt::format("{} {}", what, number));
      const Instant deadline = now() + arguments_.retry;
      while (now() < deadline) {
        const auto got = co_await socket_.recv_from(buffer_).within(left_until(deadline));
        const auto message = got ? CounterMessage::parse(std::span(buffer_).first(got->size)) : CounterMessage{};
        if (message.word == "ok" && message.first == number) {
          co_return message.second;
        }
        if (!got && got.error().code != ETIMEDOUT) {  // an ICMP error: the primary may not be there yet
          co_await pause_until(deadline);
        }
      }
    }
  }

  Arguments arguments_;
  wire::Endpoint primary_;
  std::uint64_t retries_ = 0;
};

}  // namespace

ProgramKind counter_primary_kind() { return kind_of<CounterPrimary>(true); }
ProgramKind counter_backup_kind() { return kind_of<CounterBackup>(true); }
ProgramKind counter_client_kind() { return kind_of<CounterClient>(false); }

}  // namespace catenet::app
