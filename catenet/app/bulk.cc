// SPDX-License-Identifier: Apache-2.0
#include "catenet/app/bulk.h"

#include <algorithm>
#include <array>
#include <vector>

#include "catenet/app/arguments.h"
#include "catenet/app/content.h"
#include "catenet/app/stream_service.h"

namespace catenet::app {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kBuffer = 64 * 1024;
constexpr std::uint16_t kPort = 5001;
constexpr std::string_view kContent = "bulk";

struct BulkArguments {
  std::string target;
  std::uint16_t port = kPort;
  std::uint64_t bytes = 10'000'000;
  Duration time;  ///< zero: `bytes` counts

  std::optional<std::string> read(std::span<const std::string> words) {
    ArgumentReader reader(words);
    reader.positional("HOST", target);
    reader.port("port", port);
    reader.size("bytes", bytes, 0, std::uint64_t{1} << 50);
    reader.duration("time", time, Duration::nanoseconds(1));
    if (reader.has("bytes") && reader.has("time")) {
      reader.refuse("bytes and time exclude each other");
    }
    return reader.finish();
  }
};

class Bulk final : public CoroutineProgram {
 public:
  static constexpr std::string_view kName = "bulk";
  static constexpr std::string_view kUsage = "bulk HOST [port=5001] [bytes=10MB | time=10s]";
  static constexpr std::string_view kPurpose = "sends as much TCP as the path takes, verified by a bulk-server";
  static constexpr std::array kFacts = {"bytes"sv, "goodput"sv, "retransmits"sv, "time"sv};
  using Arguments = BulkArguments;
  Bulk(Arguments arguments, const Context& on) : CoroutineProgram(on), arguments_(std::move(arguments)) {}

 private:
  Task<int> run() override {
    const auto address = host().resolve(arguments_.target);
    if (!address) {
      co_return complain(kName, arguments_.target, address.error());
    }
    auto made = AsyncSocket::stream(host());
    if (!made) {
      co_return complain(kName, "socket", made.error());
    }
    socket_ = std::move(*made);
    const wire::Endpoint server{*address, arguments_.port};
    const auto connected = co_await socket_.connect(server);
    if (!connected) {
      co_return complain(kName, server.to_string(), connected.error());
    }
    ends_ = {socket_.local().value_or(wire::Endpoint{}), server};  // a connection in TIME-WAIT knows no peer any more
    start_ = now();
    Task<Error> sending = send_content();
    const Error error = co_await std::move(sending);
    if (error.code != 0) {
      measure();
      co_return complain(kName, server.to_string(), error);
    }
    (void)socket_.shutdown(socket::ShutdownHow::send);
    Task<std::string> answering = read_answer();
    const std::string answer = co_await std::move(answering);
    measure();
    co_return judge(answer);
  }

  /// What stopped it; code 0 when all was sent.
  Task<Error> send_content() {
    const bool timed = arguments_.time > Duration{};
    const Instant deadline = timed ? start_ + arguments_.time : Instant::never();
    const Content content(kContent);
    std::vector<std::byte> buffer(kBuffer);
    while (timed ? now() < deadline : sent_ < arguments_.bytes) {
      auto part = std::span(buffer);
      if (!timed) {
        part = part.first(std::min<std::uint64_t>(part.size(), arguments_.bytes - sent_));
      }
      content.fill(sent_, part);
      while (!part.empty()) {
        const auto n = co_await socket_.send(part).within(left_until(deadline));
        if (!n && timed && n.error().code == ETIMEDOUT && now() >= deadline) {
          co_return Error{};
        }
        if (!n) {
          co_return n.error();
        }
        part = part.subspan(*n);
        bytes("bytes", sent_ += *n);
      }
    }
    co_return Error{};
  }

  /// The server's line, without its end; what else it is if it says no line.
  Task<std::string> read_answer() {
    std::array<std::byte, 128> piece;
    std::string answer;
    while (answer.size() < piece.size()) {
      const auto got = co_await socket_.recv(piece);
      if (!got) {
        co_return error_text(got.error());
      }
      if (*got == 0) {
        break;
      }
      answer += socket::as_text(std::span(piece).first(*got));
    }
    co_return answer.substr(0, answer.find('\n'));
  }

  void measure() {
    time("time", now() - start_);
    rate("goodput", goodput(sent_, now() - start_));
    for (const transport::TcpFlow& flow : host().table().protocols().tcp.flows()) {
      if (flow.tuple == ends_) {
        count("retransmits", flow.statistics.retransmits);
      }
    }
  }

  int judge(std::string_view answer) {
    const bool right = answer == fmt::format("received {}", sent_);
    say("bulk: {} bytes in {} s, {}{}\n", sent_, seconds_text(now() - start_),
        rate_text(goodput(sent_, now() - start_)), right ? "" : fmt::format("; the server says '{}'", answer));
    return right ? 0 : 1;
  }

  int on_stop() override {
    measure();
    say("bulk: stopped after {} bytes\n", sent_);
    return 1;
  }

  Arguments arguments_;
  AsyncSocket socket_;
  wire::FourTuple ends_;
  Instant start_;
  std::uint64_t sent_ = 0;
};

struct BulkServerArguments {
  std::uint16_t port = kPort;
  std::optional<std::string> read(std::span<const std::string> words) {
    ArgumentReader reader(words);
    reader.port("port", port);
    return reader.finish();
  }
};

class BulkServer final : public StreamService {
 public:
  static constexpr std::string_view kName = "bulk-server";
  static constexpr std::string_view kUsage = "bulk-server [port=5001]";
  static constexpr std::string_view kPurpose = "receives and verifies what bulk sends";
  static constexpr std::array kFacts = {"bytes"sv, "connections"sv, "corrupt"sv, "goodput"sv, "time"sv};
  using Arguments = BulkServerArguments;
  BulkServer(const Arguments& arguments, const Context& on) : StreamService(on, kName, arguments.port) {}

 private:
  Task<void> serve(AsyncSocket connection, wire::Endpoint peer) override {
    const Content content(kContent);
    std::vector<std::byte> buffer(kBuffer);
    std::uint64_t at = 0;
    std::optional<std::uint64_t> wrong;
    if (bytes_ == 0 && !first_) {
      first_ = now();
    }
    while (true) {
      const auto got = co_await connection.recv(buffer);
      if (!got) {
        say("bulk-server: {}: {} after {} bytes\n", peer.to_string(), error_text(got.error()), at);
        co_return;
      }
      if (*got == 0) {
        break;
      }
      const auto part = std::span(buffer).first(*got);
      if (!wrong) {
        const std::size_t right = content.matching(at, part);
        if (right != part.size()) {
          wrong = at + right;
          count("corrupt", ++corrupt_);
        }
      }
      at += *got;
      took(*got);
    }
    const std::string verdict = wrong ? fmt::format("mismatch at {}", *wrong) : fmt::format("received {}", at);
    say("bulk-server: {}: {}\n", peer.to_string(), verdict);
    const std::string line = verdict + "\n";
    (void)co_await connection.send_all(line);
  }

  /// From the first connection to the last byte, all connections together.
  void took(std::size_t n) {
    bytes("bytes", bytes_ += n);
    count("corrupt", corrupt_);
    time("time", now() - *first_);
    rate("goodput", goodput(bytes_, now() - *first_));
  }

  std::optional<Instant> first_;
  std::uint64_t bytes_ = 0;
  std::uint64_t corrupt_ = 0;
};

}  // namespace

ProgramKind bulk_kind() { return kind_of<Bulk>(false); }
ProgramKind bulk_server_kind() { return kind_of<BulkServer>(true); }

}  // namespace catenet::app
