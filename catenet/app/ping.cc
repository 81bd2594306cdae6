// SPDX-License-Identifier: Apache-2.0
#include "catenet/app/ping.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "catenet/app/arguments.h"
#include "catenet/app/coroutine_program.h"
#include "catenet/app/host_names.h"
#include "catenet/app/signal.h"
#include "catenet/wire/icmp.h"

namespace catenet::app {
namespace {

using namespace std::string_view_literals;
using wire::IcmpHeader;

constexpr std::size_t kSequences = 65'536;

struct PingArguments {
  std::string target;
  std::uint64_t count = 4;
  Duration interval = Duration::seconds(1);
  std::uint64_t size = 56;
  Duration timeout = Duration::seconds(10);
  std::uint64_t ttl = 0;  ///< 0: the host's default

  std::optional<std::string> read(std::span<const std::string> words) {
    ArgumentReader reader(words);
    reader.positional("HOST", target);
    reader.integer("count", count, 1, 1'000'000'000);
    reader.duration("interval", interval, Duration::microseconds(1));
    reader.size("size", size, 0, 65'507);
    reader.duration("timeout", timeout, Duration::nanoseconds(1));
    reader.integer("ttl", ttl, 1, 255);
    return reader.finish();
  }
};

/// The largest integer whose square is not above `n`.
std::int64_t square_root(unsigned __int128 n) {
  std::uint64_t root = 0;
  for (std::uint64_t bit = std::uint64_t{1} << 62; bit != 0; bit >>= 1) {
    const std::uint64_t next = root | bit;
    if (static_cast<unsigned __int128>(next) * next <= n) {
      root = next;
    }
  }
  return static_cast<std::int64_t>(root);
}

std::string error_words(const socket::ErrorRecord& error) {
  using Kind = ip::ErrorReport::Kind;
  switch (error.kind) {
    case Kind::network_unreachable:
      return "Destination Net Unreachable";
    case Kind::host_unreachable:
      return "Destination Host Unreachable";
    case Kind::protocol_unreachable:
      return "Destination Protocol Unreachable";
    case Kind::port_unreachable:
      return "Destination Port Unreachable";
    case Kind::packet_too_big:
      return fmt::format("Frag needed and DF set (mtu = {})", error.mtu);
    case Kind::administratively_prohibited:
      return "Packet filtered";
    case Kind::time_exceeded:
      return "Time to live exceeded";
    case Kind::reassembly_time_exceeded:
      return "Frag reassembly time exceeded";
    case Kind::parameter_problem:
      return "Parameter problem";
    case Kind::source_quench:
      return "Source Quench";
  }
  return "ICMP error";
}

class Ping final : public CoroutineProgram {
 public:
  static constexpr std::string_view kName = "ping";
  static constexpr std::string_view kUsage = "ping HOST [count=4] [interval=1s] [size=56] [timeout=10s] [ttl=N]";
  static constexpr std::string_view kPurpose = "asks a host for echoes and measures the round trips";
  static constexpr std::array kFacts = {"duplicates"sv, "errors"sv,   "loss"sv,    "received"sv, "rtt_avg"sv,
                                        "rtt_max"sv,    "rtt_mdev"sv, "rtt_min"sv, "sent"sv};
  using Arguments = PingArguments;
  Ping(Arguments arguments, const Context& on) : CoroutineProgram(on), arguments_(std::move(arguments)) {}

 private:
  Task<int> run() override {
    const auto address = host().resolve(arguments_.target);
    if (!address) {
      co_return complain(kName, arguments_.target, address.error());
    }
    if (auto opened = open(*address); !opened) {
      co_return complain(kName, "socket", opened.error());
    }
    sent_at_.assign(std::min<std::uint64_t>(arguments_.count, kSequences), Instant::never());
    // 20 bytes of IP header, 8 of ICMP.
    say("PING {} ({}) {}({}) bytes of data.\n", arguments_.target, address->to_string(), arguments_.size,
        arguments_.size + 28);
    spawn(receive_replies());
    spawn(receive_errors());
    begin_ = now();
    for (std::uint64_t n = 1;; ++n) {
      Task<void> sending = send_one(n);
      co_await std::move(sending);
      if (n == arguments_.count) {
        break;
      }
      co_await pause_until(begin_ + arguments_.interval * static_cast<std::int64_t>(n));
    }
    const Instant last = now();
    while (!is_complete()) {
      const Duration patience = received_ == 0 ? arguments_.timeout : std::max(largest_ * 2, arguments_.interval);
      const Instant give_up = last + std::min(patience, arguments_.timeout);
      if (now() >= give_up) {
        break;
      }
      co_await answered_.wait_until(give_up);
    }
    end_ = is_complete() ? now() : last;
    summarise();
    co_return received_ > 0 ? 0 : 1;
  }

  [[nodiscard]] bool is_complete() const { return received_ + errors_ >= sent_; }

  Result<void> open(const wire::IpAddress& address) {
    target_ = {address, 0};
    auto made = AsyncSocket::ping(host());
    if (!made) {
      return std::unexpected(made.error());
    }
    socket_ = std::move(*made);
    if (auto done = socket_.set_option(socket::option::ReceiveErrors{true}); !done) {
      return done;
    }
    if (arguments_.ttl != 0) {
      return socket_.set_option(socket::option::TimeToLive{static_cast<std::uint8_t>(arguments_.ttl)});
    }
    return {};
  }

  /// Data of our own: 0, 1, 2, ... as the original ping has it.
  void fill(std::span<std::byte> message, std::uint16_t sequence) const {
    const IcmpHeader header = IcmpHeader::echo(0, sequence);
    std::memcpy(message.data(), &header, sizeof header);
    for (std::size_t i = sizeof header; i < message.size(); ++i) {
      message[i] = static_cast<std::byte>(i - sizeof header);
    }
  }

  Task<void> send_one(std::uint64_t n) {
    std::vector<std::byte> message(sizeof(IcmpHeader) + arguments_.size);
    fill(message, static_cast<std::uint16_t>(n));
    sent_at_[n % sent_at_.size()] = now();
    count("sent", ++sent_);
    update_loss();
    auto sent = co_await socket_.send_to(message, target_);
    if (!sent) {  // perhaps only the error of an earlier echo, which is now told
      sent = co_await socket_.send_to(message, target_);
    }
    if (!sent) {
      complain(kName, "sendmsg", sent.error());
      count("errors", ++errors_);
    }
  }

  Task<void> receive_replies() {
    std::vector<std::byte> buffer(65'535);
    while (true) {
      const Result<socket::Received> got = co_await socket_.recv_from(buffer);
      if (got) {
        took(*got, std::span(buffer).first(got->size));
        answered_.give();
      } else {
        co_await pause(Duration::microseconds(1));  // an ICMP error; receive_errors() tells it
      }
    }
  }

  Task<void> receive_errors() {
    while (true) {
      const Result<socket::ErrorRecord> error = co_await socket_.recv_error();
      if (!error) {
        co_return;
      }
      count("errors", ++errors_);
      answered_.give();
      say("From {} icmp_seq={} {}\n", host_text(host(), error->reporter), error->sequence, error_words(*error));
    }
  }

  void took(const socket::Received& from, std::span<const std::byte> message) {
    IcmpHeader header;
    if (message.size() < sizeof header) {
      return;
    }
    std::memcpy(&header, message.data(), sizeof header);
    Instant& sent = sent_at_[header.sequence() % sent_at_.size()];
    const bool duplicate = sent.is_never();
    const Duration rtt = duplicate ? Duration{} : now() - sent;
    std::vector<std::byte> expected(sizeof header + arguments_.size);
    fill(expected, header.sequence());
    const auto data = message.subspan(sizeof header);
    const bool right = std::ranges::equal(data, std::span(expected).subspan(sizeof header));
    say("{} bytes from {}: icmp_seq={} ttl={}{}{}\n", message.size(), host_text(host(), from.from.address),
        header.sequence(), from.ttl, duplicate ? " (DUP!)" : fmt::format(" time={} ms", ping_time_text(rtt)),
        right ? "" : " wrong data!");
    if (duplicate) {
      count("duplicates", ++duplicates_);
      return;
    }
    sent = Instant::never();
    if (!right) {
      count("errors", ++errors_);
      return;
    }
    measure(rtt);
  }

  void measure(Duration rtt) {
    ++received_;
    sum_ += rtt;
    squares_ += static_cast<unsigned __int128>(rtt.ns()) * static_cast<unsigned __int128>(rtt.ns());
    smallest_ = received_ == 1 ? rtt : std::min(smallest_, rtt);
    largest_ = std::max(largest_, rtt);
    update_loss();
    time("rtt_min", smallest_);
    time("rtt_avg", average());
    time("rtt_max", largest_);
    time("rtt_mdev", deviation());
  }
  void update_loss() {
    count("received", received_);
    set_fact("loss", Fact::Unit::parts_per_billion, ratio_ppb(sent_ - std::min(sent_, received_), sent_));
  }
  [[nodiscard]] Duration average() const { return sum_ / static_cast<std::int64_t>(received_); }
  [[nodiscard]] Duration deviation() const {
    const auto mean = static_cast<unsigned __int128>(average().ns());
    const unsigned __int128 square = squares_ / received_;
    return Duration::nanoseconds(square_root(square > mean * mean ? square - mean * mean : 0));
  }

  void summarise() {
    say("\n--- {} ping statistics ---\n{} packets transmitted, {} received{}{}, {} packet loss, time {}ms\n",
        arguments_.target, sent_, received_, duplicates_ == 0 ? "" : fmt::format(", +{} duplicates", duplicates_),
        errors_ == 0 ? "" : fmt::format(", +{} errors", errors_),
        percent_text(ratio_ppb(sent_ - std::min(sent_, received_), sent_)), (end_ - begin_).ms());
    if (received_ > 0) {
      say("rtt min/avg/max/mdev = {}/{}/{}/{} ms\n", milliseconds_text(smallest_), milliseconds_text(average()),
          milliseconds_text(largest_), milliseconds_text(deviation()));
    }
  }

  int on_stop() override {
    if (sent_ > 0) {
      end_ = now();
      summarise();
    }
    return received_ > 0 ? 0 : 1;
  }

  Arguments arguments_;
  AsyncSocket socket_;
  wire::Endpoint target_;
  Signal answered_{host()};
  std::vector<Instant> sent_at_;  // by sequence number; never(): not sent, or answered
  Instant begin_;
  Instant end_;
  std::uint64_t sent_ = 0;
  std::uint64_t received_ = 0;
  std::uint64_t duplicates_ = 0;
  std::uint64_t errors_ = 0;
  Duration sum_;
  Duration smallest_;
  Duration largest_;
  unsigned __int128 squares_ = 0;
};

}  // namespace

std::string ping_time_text(Duration rtt) {
  std::string text = milliseconds_text(rtt);
  const std::size_t point = text.find('.');
  // Three digits in all, but at least those before the point.
  text.resize(point >= 3 ? point : point == 1 && text[0] == '0' ? 5 : 4);
  return text;
}

ProgramKind ping_kind() { return kind_of<Ping>(false); }

}  // namespace catenet::app
