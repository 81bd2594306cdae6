// SPDX-License-Identifier: Apache-2.0
#include "catenet/app/calls.h"

#include <algorithm>
#include <array>

#include "catenet/app/arguments.h"
#include "catenet/app/coroutine_program.h"
#include "catenet/app/spelling.h"
#include "catenet/base/text.h"

namespace catenet::app {
namespace {

using namespace std::string_view_literals;
using Verb = SocketCall::Verb;

constexpr std::array kVerbs = {"socket"sv, "bind"sv,   "listen"sv,   "accept"sv,   "connect"sv, "send"sv,
                               "recv"sv,   "sendto"sv, "recvfrom"sv, "shutdown"sv, "close"sv,   "sleep"sv};
constexpr std::array kTypes = {"stream"sv, "udp"sv};
constexpr std::array kHows = {"receive"sv, "send"sv, "both"sv};
constexpr std::uint64_t kDefaultBacklog = 128;
constexpr std::uint64_t kDefaultRead = 1024;
constexpr std::uint64_t kLargestRead = 1024 * 1024;

/// Takes the first word; the rest is left trimmed.
std::string_view take_word(std::string_view& text) {
  const std::size_t end = std::min(text.find_first_of(" \t"), text.size());
  const std::string_view word = text.substr(0, end);
  text = trim(text.substr(end));
  return word;
}

std::unexpected<std::string> wrong(std::string why) { return std::unexpected(std::move(why)); }

/// "HOST:PORT" into the call.
Parsed<bool> parse_end(std::string_view text, SocketCall& call) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) {
    return wrong(fmt::format("'{}' is no address; expected HOST:PORT", text));
  }
  const auto port = parse_integer(text.substr(colon + 1), 0, 65'535);
  if (!port) {
    return wrong(port.error());
  }
  call.host = text.substr(0, colon);
  call.port = static_cast<std::uint16_t>(*port);
  return true;
}

Parsed<bool> parse_number(std::string_view text, std::uint64_t fallback, std::uint64_t most, SocketCall& call) {
  const auto number = text.empty() ? Parsed<std::uint64_t>(fallback) : parse_integer(text, 0, most);
  if (!number) {
    return wrong(number.error());
  }
  call.number = *number;
  return true;
}

Parsed<std::size_t> parse_choice(std::string_view text, std::span<const std::string_view> words, std::size_t fallback) {
  const auto it = std::find(words.begin(), words.end(), text);
  if (!text.empty() && it == words.end()) {
    return wrong(fmt::format("unknown word '{}'; expected {}{}", text, join_or(words), did_you_mean(text, words)));
  }
  return text.empty() ? fallback : static_cast<std::size_t>(it - words.begin());
}

/// What stands behind the name of the call.
Parsed<bool> parse_rest(std::string_view rest, SocketCall& call) {
  switch (call.verb) {
    case Verb::socket: {
      const auto type = parse_choice(rest, kTypes, 0);
      call.type = type && *type == 1 ? socket::SocketType::datagram : socket::SocketType::stream;
      return type ? Parsed<bool>(true) : wrong(type.error());
    }
    case Verb::shutdown: {
      const auto how = parse_choice(rest, kHows, 1);
      call.how = how ? static_cast<socket::ShutdownHow>(*how) : call.how;
      return how ? Parsed<bool>(true) : wrong(how.error());
    }
    case Verb::bind:
    case Verb::connect:
      return parse_end(rest, call);
    case Verb::listen:
      return parse_number(rest, kDefaultBacklog, 65'535, call);
    case Verb::recv:
    case Verb::recvfrom:
      return parse_number(rest, kDefaultRead, kLargestRead, call);
    case Verb::sendto: {
      const auto end = parse_end(take_word(rest), call);
      call.text = rest;
      return end;
    }
    case Verb::send:
      call.text = rest;
      return rest.empty() ? Parsed<bool>(wrong("a text to send is missing")) : true;
    case Verb::sleep: {
      const auto time = parse_duration(rest);
      call.time = time.value_or(Duration{});
      return time ? Parsed<bool>(true) : wrong(time.error());
    }
    case Verb::accept:
    case Verb::close:
      break;
  }
  return rest.empty() ? Parsed<bool>(true) : wrong(fmt::format("'{}' is one word too many", rest));
}

Parsed<SocketCall> parse_call(std::string_view text) {
  std::string_view rest = text;
  std::string_view name = take_word(rest);
  SocketCall call;
  if (const std::size_t at = name.find('@'); at != std::string_view::npos) {
    const auto fd = parse_integer(name.substr(at + 1), 0, 65'535);
    if (!fd) {
      return wrong(fd.error());
    }
    call.fd = static_cast<int>(*fd);
    name = name.substr(0, at);
  }
  const auto verb = std::find(kVerbs.begin(), kVerbs.end(), name);
  if (verb == kVerbs.end()) {
    return wrong(fmt::format("unknown call '{}'; expected {}{}", name, join_or(kVerbs), did_you_mean(name, kVerbs)));
  }
  call.verb = static_cast<Verb>(verb - kVerbs.begin());
  const auto done = parse_rest(rest, call);
  return done ? Parsed<SocketCall>(std::move(call)) : wrong(fmt::format("{}: {}", name, done.error()));
}

struct CallsArguments {
  std::vector<SocketCall> calls;
  std::optional<std::string> read(std::span<const std::string> words) {
    std::string text;
    for (const std::string& word : words.subspan(std::min<std::size_t>(1, words.size()))) {
      text += (text.empty() ? "" : " ") + word;
    }
    auto parsed = parse_calls(text);
    if (!parsed) {
      return parsed.error();
    }
    calls = std::move(*parsed);
    return std::nullopt;
  }
};

class Calls final : public CoroutineProgram {
 public:
  static constexpr std::string_view kName = "calls";
  static constexpr std::string_view kUsage =
      "calls CALL, CALL, ... with CALL = socket [udp] | bind ADDR:PORT | listen [N] | accept | connect HOST:PORT | "
      "send TEXT | recv [N] | sendto HOST:PORT TEXT | recvfrom [N] | shutdown [send|receive|both] | close | sleep TIME";
  static constexpr std::string_view kPurpose = "makes socket calls one by one and prints their results";
  static constexpr std::array kFacts = {"calls"sv, "errors"sv};
  using Arguments = CallsArguments;
  Calls(Arguments arguments, const Context& on) : CoroutineProgram(on), calls_(std::move(arguments.calls)) {}
  [[nodiscard]] bool keeps_sockets() const override { return true; }

 private:
  Task<int> run() override {
    std::uint64_t made = 0;
    std::uint64_t errors = 0;
    count("errors", 0);
    for (const SocketCall& call : calls_) {
      Task<int> making = make(call);
      errors += co_await std::move(making) == 0 ? 0 : 1;
      count("calls", ++made);
      count("errors", errors);
    }
    co_return errors == 0 ? 0 : 1;
  }

  /// Makes a call, prints it with its result, and says its errno.
  Task<int> make(const SocketCall& call) {
    socket::Call shown{kVerbs[static_cast<std::size_t>(call.verb)], fd_for(call)};
    wire::Endpoint end;
    if (!call.host.empty()) {
      const auto address = host().resolve(call.host);
      if (!address) {
        complain(kName, call.host, address.error());
        co_return address.error().code;
      }
      end = {*address, call.port};
      shown.end = end;
    }
    switch (call.verb) {
      case Verb::socket:
        co_return open(call, shown);
      case Verb::bind:
        co_return told(shown, host().bind(shown.fd, end));
      case Verb::listen:
        shown.number = static_cast<std::int64_t>(call.number);
        co_return told(shown, host().listen(shown.fd, static_cast<int>(call.number)));
      case Verb::accept: {
        wire::Endpoint peer;
        const auto fd = co_await socket::async_accept(host(), shown.fd, &peer);
        if (fd) {
          keep(*fd);
          shown.end = peer;
        }
        co_return told(shown, fd);
      }
      case Verb::connect: {
        const auto done = co_await socket::async_connect(host(), shown.fd, end);
        co_return told(shown, done);
      }
      case Verb::shutdown:
        shown.word = kHows[static_cast<std::size_t>(call.how)];
        co_return told(shown, host().shutdown(shown.fd, call.how));
      case Verb::close:
        co_return close(shown);
      case Verb::sleep:
        co_await pause(call.time);
        co_return 0;
      default: {
        Task<int> moving = move_bytes(call, shown, end);
        co_return co_await std::move(moving);
      }
    }
  }

  /// send, sendto, recv, recvfrom.
  Task<int> move_bytes(const SocketCall& call, socket::Call& shown, const wire::Endpoint& end) {
    if (call.verb == Verb::send || call.verb == Verb::sendto) {
      shown.number = static_cast<std::int64_t>(call.text.size());
      const auto text = socket::as_bytes(call.text);
      if (call.verb == Verb::send) {
        const auto sent = co_await socket::async_send_all(host(), shown.fd, text);
        co_return told(shown, sent);
      }
      const auto sent = co_await socket::async_send_to(host(), shown.fd, text, end);
      co_return told(shown, sent);
    }
    shown.number = static_cast<std::int64_t>(call.number);
    std::vector<std::byte> buffer(call.number);
    if (call.verb == Verb::recv) {
      const auto got = co_await socket::async_recv(host(), shown.fd, buffer);
      co_return told(shown, got, got ? std::span(buffer).first(*got) : std::span<std::byte>());
    }
    const auto got = co_await socket::async_recv_from(host(), shown.fd, buffer);
    if (!got) {
      co_return told(shown, Result<int>(std::unexpected(got.error())));
    }
    shown.end = got->from;
    co_return told(shown, Result<std::size_t>(got->size), std::span(buffer).first(got->size));
  }

  int open(const SocketCall& call, socket::Call& shown) {
    shown.fd = -1;
    shown.word = call.type == socket::SocketType::stream ? "stream" : "datagram";
    const auto fd = host().socket(call.type);
    if (fd) {
      keep(*fd);
      last_socket_ = *fd;
    }
    return told(shown, fd);
  }

  int close(const socket::Call& shown) {
    const auto it = std::find_if(open_.begin(), open_.end(), [&](const AsyncSocket& s) { return s.fd() == shown.fd; });
    if (it == open_.end()) {
      return told(shown, Result<void>(fail(EBADF, "not a descriptor of this program")));
    }
    open_.erase(it);  // which closes it
    newest_ = open_.empty() ? -1 : open_.back().fd();
    return told(shown, Result<void>());
  }

  void keep(int fd) {
    open_.emplace_back(host(), fd);
    newest_ = fd;
  }

  [[nodiscard]] int fd_for(const SocketCall& call) const {
    if (call.fd) {
      return *call.fd;
    }
    const bool of_socket =
        call.verb == Verb::bind || call.verb == Verb::listen || call.verb == Verb::accept || call.verb == Verb::connect;
    return call.verb == Verb::sleep ? -1 : of_socket ? last_socket_ : newest_;
  }

  template <typename T>
  int told(const socket::Call& call, const Result<T>& result, std::span<const std::byte> bytes = {}) {
    socket::Step step{socket::Step::Phase::returned, call, result ? 0 : result.error().code};
    if constexpr (!std::is_void_v<T>) {
      step.value = result ? static_cast<std::int64_t>(*result) : -1;
    }
    say("{}{}\n", step.text(), bytes.empty() ? "" : fmt::format(" \"{}\"", printable(bytes)));
    return step.error;
  }
  static std::string printable(std::span<const std::byte> bytes) {
    std::string text;
    for (const char c : socket::as_text(bytes.first(std::min<std::size_t>(bytes.size(), 80)))) {
      text += c >= ' ' && c <= '~' ? c : '.';
    }
    return text;
  }

  std::vector<SocketCall> calls_;
  std::vector<AsyncSocket> open_;  // outlives the list of calls
  int last_socket_ = -1;
  int newest_ = -1;
};

}  // namespace

std::expected<std::vector<SocketCall>, std::string> parse_calls(std::string_view text) {
  std::vector<SocketCall> calls;
  while (true) {
    const std::size_t comma = text.find(',');
    const std::string_view one = trim(text.substr(0, comma));
    if (one.empty()) {
      return std::unexpected(calls.empty() && comma == std::string_view::npos
                                 ? "no calls are given; expected a list such as 'socket, bind 0.0.0.0:1234, listen 5'"
                                 : "an empty call between two commas");
    }
    auto call = parse_call(one);
    if (!call) {
      return std::unexpected(call.error());
    }
    calls.push_back(std::move(*call));
    if (comma == std::string_view::npos) {
      return calls;
    }
    text.remove_prefix(comma + 1);
  }
}

ProgramKind calls_kind() { return kind_of<Calls>(false); }

}  // namespace catenet::app
