// SPDX-License-Identifier: Apache-2.0
#include "catenet/app/small_services.h"

#include <algorithm>
#include <string>
#include <vector>

#include "catenet/app/arguments.h"
#include "catenet/app/stream_service.h"

namespace catenet::app {
namespace {

using namespace std::string_view_literals;
using socket::Received;

constexpr std::size_t kServiceBuffer = 16 * 1024;
constexpr std::size_t kAnyDatagram = 65'535;

/// What the three have in common: a port, TCP and UDP, a count of what came in.
class SmallService : public StreamService {
 public:
  static constexpr std::array kFacts = {"bytes"sv, "connections"sv, "datagrams"sv};

 protected:
  using StreamService::StreamService;
  /// Puts the answer to `datagram` into `answer`; false: none.
  virtual bool answer_to(std::span<const std::byte> datagram, std::string& answer) = 0;
  void took(std::size_t n) { bytes("bytes", bytes_ += n); }

 private:
  std::optional<int> prepare() override {
    auto bound = AsyncSocket::bound(host(), any_address(port()));
    if (!bound) {
      return complain(name(), fmt::format("cannot bind UDP port {}", port()), bound.error());
    }
    datagrams_ = std::move(*bound);
    spawn(serve_datagrams());
    return std::nullopt;
  }

  Task<void> serve_datagrams() {
    std::vector<std::byte> buffer(kAnyDatagram);
    std::string answer;
    std::uint64_t received = 0;
    while (true) {
      const Result<Received> got = co_await datagrams_.recv_from(buffer);
      if (!got) {
        co_await pause(Duration::milliseconds(1));  // the ICMP error that an answer of ours has brought
        continue;
      }
      count("datagrams", ++received);
      took(got->size);
      answer.clear();
      if (!is_small_service_port(got->from.port) && answer_to(std::span(buffer).first(got->size), answer)) {
        // An answer that cannot be sent is lost, as datagrams are.
        (void)co_await datagrams_.send_to(socket::as_bytes(answer), got->from);
      }
    }
  }

  AsyncSocket datagrams_;
  std::uint64_t bytes_ = 0;
};

template <std::uint16_t kPort>
struct PortArguments {
  std::uint16_t port = kPort;
  std::optional<std::string> read(std::span<const std::string> words) {
    ArgumentReader reader(words);
    reader.port("port", port);
    return reader.finish();
  }
};

class EchoServer final : public SmallService {
 public:
  static constexpr std::string_view kName = "echo-server";
  static constexpr std::string_view kUsage = "echo-server [port=7]";
  static constexpr std::string_view kPurpose = "sends back what it gets, on TCP and UDP (RFC 862)";
  using Arguments = PortArguments<7>;
  EchoServer(const Arguments& arguments, const Context& on) : SmallService(on, kName, arguments.port) {}

 private:
  Task<void> serve(AsyncSocket connection, wire::Endpoint) override {
    std::vector<std::byte> buffer(kServiceBuffer);
    while (true) {
      const Result<std::size_t> got = co_await connection.recv(buffer);
      if (!got || *got == 0) {
        co_return;
      }
      took(*got);
      const Result<std::size_t> sent = co_await connection.send_all(std::span(buffer).first(*got));
      if (!sent) {
        co_return;
      }
    }
  }
  bool answer_to(std::span<const std::byte> datagram, std::string& answer) override {
    answer = socket::as_text(datagram);
    return true;
  }
};

class DiscardServer final : public SmallService {
 public:
  static constexpr std::string_view kName = "discard-server";
  static constexpr std::string_view kUsage = "discard-server [port=9]";
  static constexpr std::string_view kPurpose = "throws away what it gets, on TCP and UDP (RFC 863)";
  using Arguments = PortArguments<9>;
  DiscardServer(const Arguments& arguments, const Context& on) : SmallService(on, kName, arguments.port) {}

 private:
  Task<void> serve(AsyncSocket connection, wire::Endpoint) override {
    std::vector<std::byte> buffer(kServiceBuffer);
    while (true) {
      const Result<std::size_t> got = co_await connection.recv(buffer);
      if (!got || *got == 0) {
        co_return;
      }
      took(*got);
    }
  }
  bool answer_to(std::span<const std::byte>, std::string&) override { return false; }
};

class ChargenServer final : public SmallService {
 public:
  static constexpr std::string_view kName = "chargen-server";
  static constexpr std::string_view kUsage = "chargen-server [port=19]";
  static constexpr std::string_view kPurpose =
      "sends characters without end (TCP), or some for each datagram (RFC 864)";
  using Arguments = PortArguments<19>;
  ChargenServer(const Arguments& arguments, const Context& on)
      : SmallService(on, kName, arguments.port), rng_(random()) {}

 private:
  Task<void> serve(AsyncSocket connection, wire::Endpoint) override {
    (void)connection.shutdown(socket::ShutdownHow::receive);  // "any data received is thrown away"
    std::string text;
    for (std::uint64_t line = 0;;) {
      text.clear();
      while (text.size() < kServiceBuffer) {
        const ChargenLine next = chargen_line(line++);
        text.append(next.data(), next.size());
      }
      const Result<std::size_t> sent = co_await connection.send_all(text);
      if (!sent) {
        co_return;
      }
    }
  }
  /// "a random number of characters (between 0 and 512)"
  bool answer_to(std::span<const std::byte>, std::string& answer) override {
    const std::size_t size = rng_.below(513);
    for (; answer.size() < size; ++line_) {
      const ChargenLine next = chargen_line(line_);
      answer.append(next.data(), std::min(next.size(), size - answer.size()));
    }
    return true;
  }
  Rng rng_;
  std::uint64_t line_ = 0;
};

}  // namespace

ChargenLine chargen_line(std::uint64_t n) {
  constexpr unsigned kPrinting = 95;  // from blank to tilde
  ChargenLine line{};
  for (std::size_t i = 0; i < 72; ++i) {
    line[i] = static_cast<char>(' ' + (n + i) % kPrinting);
  }
  line[72] = '\r';
  line[73] = '\n';
  return line;
}

bool is_small_service_port(std::uint16_t port) {
  constexpr std::array<std::uint16_t, 5> kPorts = {7, 13, 17, 19, 37};  // those that answer anything
  return std::find(kPorts.begin(), kPorts.end(), port) != kPorts.end();
}

ProgramKind echo_server_kind() { return kind_of<EchoServer>(true); }
ProgramKind discard_server_kind() { return kind_of<DiscardServer>(true); }
ProgramKind chargen_server_kind() { return kind_of<ChargenServer>(true); }

}  // namespace catenet::app
