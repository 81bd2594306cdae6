// SPDX-License-Identifier: Apache-2.0
#include "catenet/app/echo.h"

#include <algorithm>
#include <array>
#include <vector>

#include "catenet/app/arguments.h"
#include "catenet/app/content.h"
#include "catenet/app/coroutine_program.h"

namespace catenet::app {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kEchoBuffer = 16 * 1024;
constexpr std::uint64_t kLargestDatagram = 65'507;
constexpr std::array kProtocols = {"tcp"sv, "udp"sv};

struct EchoArguments {
  std::string target;
  std::uint16_t port = 7;
  std::uint64_t size = 64;
  std::uint64_t count = 1;
  std::string proto = "tcp";
  Duration timeout = Duration::seconds(30);

  std::optional<std::string> read(std::span<const std::string> words) {
    ArgumentReader reader(words);
    reader.positional("HOST", target);
    reader.port("port", port);
    reader.size("size", size, 1, std::uint64_t{1} << 40);
    reader.integer("count", count, 1, 1'000'000'000);
    reader.word("proto", proto, kProtocols);
    reader.duration("timeout", timeout, Duration::nanoseconds(1));
    if (proto == "udp" && size > kLargestDatagram) {
      reader.refuse(fmt::format("size: a datagram has at most {} bytes", kLargestDatagram));
    }
    return reader.finish();
  }
};

class Echo final : public CoroutineProgram {
 public:
  static constexpr std::string_view kName = "echo";
  static constexpr std::string_view kUsage = "echo HOST [port=7] [size=64] [count=1] [proto=tcp|udp] [timeout=30s]";
  static constexpr std::string_view kPurpose = "sends bytes to an echo server and verifies what comes back";
  static constexpr std::array kFacts = {"bytes"sv, "received"sv, "rtt_avg"sv, "rtt_max"sv, "rtt_min"sv, "sent"sv};
  using Arguments = EchoArguments;
  Echo(Arguments arguments, const Context& on) : CoroutineProgram(on), arguments_(std::move(arguments)) {}

 private:
  Task<int> run() override {
    const auto address = host().resolve(arguments_.target);
    if (!address) {
      co_return complain(kName, arguments_.target, address.error());
    }
    const bool tcp = arguments_.proto == "tcp";
    auto made = tcp ? AsyncSocket::stream(host()) : AsyncSocket::datagram(host());
    if (!made) {
      co_return complain(kName, "socket", made.error());
    }
    socket_ = std::move(*made);
    const wire::Endpoint server{*address, arguments_.port};
    const auto connected = co_await socket_.connect(server).within(arguments_.timeout);
    if (!connected) {
      co_return complain(kName, server.to_string(), connected.error());
    }
    int code = 0;
    for (std::uint64_t round = 0; round < arguments_.count; ++round) {
      count("sent", round + 1);
      Task<bool> exchange = tcp ? stream_round(round) : datagram_round(round);
      const bool right = co_await std::move(exchange);
      if (!right) {
        code = 1;
        if (tcp) {
          break;
        }
      }
    }
    say("echo: {} of {} came back, {} bytes verified{}\n", received_, arguments_.count, bytes_,
        received_ == 0 ? "" : fmt::format(", rtt avg {} ms", milliseconds_text(average())));
    co_return code;
  }

  /// Sends while it receives: both buffers together may be smaller than one round.
  Task<bool> stream_round(std::uint64_t round) {
    const Instant start = now();
    const Instant deadline = start + arguments_.timeout;
    const std::uint64_t end = (round + 1) * arguments_.size;
    spawn(send_range(round * arguments_.size, end));
    std::vector<std::byte> buffer(kEchoBuffer);
    for (std::uint64_t at = round * arguments_.size; at < end;) {
      const auto room = std::span(buffer).first(std::min<std::uint64_t>(buffer.size(), end - at));
      const auto got = co_await socket_.recv(room).within(left_until(deadline));
      if (!got) {
        complain(kName, "recv", got.error());
        co_return false;
      }
      if (*got == 0) {
        say("echo: the server closed the connection after {} bytes\n", at);
        co_return false;
      }
      if (!verify(at, room.first(*got))) {
        co_return false;
      }
      at += *got;
    }
    took(now() - start);
    co_return true;
  }

  Task<void> send_range(std::uint64_t from, std::uint64_t end) {
    std::vector<std::byte> buffer(kEchoBuffer);
    while (from < end) {
      const auto part = std::span(buffer).first(std::min<std::uint64_t>(buffer.size(), end - from));
      content_.fill(from, part);
      const auto sent = co_await socket_.send_all(part);
      if (!sent) {
        co_return;  // the receiving side meets the same error
      }
      from += part.size();
    }
  }

  Task<bool> datagram_round(std::uint64_t round) {
    std::vector<std::byte> buffer(arguments_.size + 1);  // one more: a longer answer is seen
    const auto out = std::span(buffer).first(arguments_.size);
    const std::uint64_t at = round * arguments_.size;
    content_.fill(at, out);
    const Instant start = now();
    const Instant deadline = start + arguments_.timeout;
    const auto sent = co_await socket_.send(out);
    if (!sent) {
      complain(kName, "send", sent.error());
      co_return false;
    }
    while (true) {
      const auto got = co_await socket_.recv(buffer).within(left_until(deadline));
      if (!got) {
        complain(kName, fmt::format("datagram {}", round + 1), got.error());
        co_return false;
      }
      // The answer to an earlier datagram that we no longer waited for is let pass.
      if (*got == arguments_.size && content_.matching(at, std::span(buffer).first(*got)) == *got) {
        bytes("bytes", bytes_ += *got);
        took(now() - start);
        co_return true;
      }
    }
  }

  bool verify(std::uint64_t at, std::span<const std::byte> got) {
    const std::size_t right = content_.matching(at, got);
    bytes("bytes", bytes_ += right);
    if (right != got.size()) {
      say("echo: byte {} is not what was sent\n", at + right);
    }
    return right == got.size();
  }

  void took(Duration rtt) {
    ++received_;
    sum_ += rtt;
    smallest_ = received_ == 1 ? rtt : std::min(smallest_, rtt);
    largest_ = std::max(largest_, rtt);
    count("received", received_);
    time("rtt_min", smallest_);
    time("rtt_avg", average());
    time("rtt_max", largest_);
  }
  [[nodiscard]] Duration average() const { return sum_ / static_cast<std::int64_t>(received_); }

  Arguments arguments_;
  Content content_{"echo"};
  AsyncSocket socket_;
  std::uint64_t bytes_ = 0;
  std::uint64_t received_ = 0;
  Duration sum_;
  Duration smallest_;
  Duration largest_;
};

}  // namespace

ProgramKind echo_kind() { return kind_of<Echo>(false); }

}  // namespace catenet::app
