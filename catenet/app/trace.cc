// SPDX-License-Identifier: Apache-2.0
#include "catenet/app/trace.h"

#include <array>
#include <vector>

#include "catenet/app/arguments.h"
#include "catenet/app/coroutine_program.h"
#include "catenet/app/host_names.h"

namespace catenet::app {
namespace {

using namespace std::string_view_literals;
using Kind = ip::ErrorReport::Kind;

constexpr std::uint16_t kFirstPort = 33'434;
constexpr std::size_t kPayload = 32;  // 60 bytes with the headers of UDP and IPv4

struct TraceArguments {
  std::string target;
  std::uint64_t max_hops = 30;
  std::uint64_t probes = 3;
  Duration timeout = Duration::seconds(1);

  std::optional<std::string> read(std::span<const std::string> words) {
    ArgumentReader reader(words);
    reader.positional("HOST", target);
    reader.integer("max_hops", max_hops, 1, 255);
    reader.integer("probes", probes, 1, 10);
    reader.duration("timeout", timeout, Duration::nanoseconds(1));
    return reader.finish();
  }
};

/// What traceroute writes behind an answer that is neither a router's nor the target's usual one.
std::string annotation(const socket::ErrorRecord& error) {
  switch (error.kind) {
    case Kind::network_unreachable:
      return " !N";
    case Kind::host_unreachable:
      return " !H";
    case Kind::protocol_unreachable:
      return " !P";
    case Kind::packet_too_big:
      return fmt::format(" !F-{}", error.mtu);
    case Kind::administratively_prohibited:
      return " !X";
    default:
      return "";
  }
}

class Trace final : public CoroutineProgram {
 public:
  static constexpr std::string_view kName = "trace";
  static constexpr std::string_view kUsage = "trace HOST [max_hops=30] [probes=3] [timeout=1s]";
  static constexpr std::string_view kPurpose = "shows the routers on the way to a host";
  static constexpr std::array kFacts = {"hops"sv, "reached"sv};
  using Arguments = TraceArguments;
  Trace(Arguments arguments, const Context& on) : CoroutineProgram(on), arguments_(std::move(arguments)) {}

 private:
  Task<int> run() override {
    const auto address = host().resolve(arguments_.target);
    if (!address) {
      co_return complain(kName, arguments_.target, address.error());
    }
    target_ = *address;
    auto made = AsyncSocket::datagram(host());
    if (!made) {
      co_return complain(kName, "socket", made.error());
    }
    socket_ = std::move(*made);
    if (auto done = socket_.set_option(socket::option::ReceiveErrors{true}); !done) {
      co_return complain(kName, "socket", done.error());
    }
    say("trace to {} ({}), {} hops max, {} byte packets\n", arguments_.target, target_.to_string(), arguments_.max_hops,
        kPayload + 28);
    count("reached", 0);
    std::uint64_t hop = 0;
    while (!over_ && hop < arguments_.max_hops) {
      ++hop;
      count("hops", hop);
      Task<bool> probing = probe_hop(hop);
      const bool went = co_await std::move(probing);
      if (!went) {
        co_return 1;
      }
    }
    count("reached", reached_ ? 1 : 0);
    co_return reached_ ? 0 : 1;
  }

  /// One line of the output; false when nothing can be sent at all.
  Task<bool> probe_hop(std::uint64_t hop) {
    (void)socket_.set_option(socket::option::TimeToLive{static_cast<std::uint8_t>(hop)});
    std::string line = fmt::format("{:2} ", hop);
    wire::IpAddress shown;
    for (std::uint64_t probe = 0; probe < arguments_.probes; ++probe) {
      const wire::Endpoint to{target_, next_port_};
      next_port_ = next_port_ == 65'535 ? kFirstPort : static_cast<std::uint16_t>(next_port_ + 1);
      std::array<std::byte, kPayload> payload{};
      const Instant start = now();
      auto sent = co_await socket_.send_to(payload, to);
      if (!sent) {  // perhaps only the error that an earlier probe has left
        sent = co_await socket_.send_to(payload, to);
      }
      if (!sent) {
        complain(kName, to.to_string(), sent.error());
        co_return false;
      }
      Task<std::optional<socket::ErrorRecord>> answering = answer_to(to, start + arguments_.timeout);
      const std::optional<socket::ErrorRecord> answer = co_await std::move(answering);
      if (!answer) {
        line += " *";
        continue;
      }
      if (answer->reporter != shown) {
        shown = answer->reporter;
        line += fmt::format(" {}", described(shown));
      }
      line += fmt::format("  {} ms{}", milliseconds_text(now() - start), annotation(*answer));
      reached_ = reached_ || answer->kind == Kind::port_unreachable;
      over_ = over_ || answer->kind != Kind::time_exceeded;
    }
    say("{}\n", line);
    co_return true;
  }

  /// The ICMP error about the probe to `to`; those about earlier ones came too late and are let pass.
  Task<std::optional<socket::ErrorRecord>> answer_to(const wire::Endpoint& to, Instant deadline) {
    while (true) {
      const Result<socket::ErrorRecord> error = co_await socket_.recv_error().within(left_until(deadline));
      if (!error) {
        co_return std::nullopt;
      }
      if (error->destination == to) {
        co_return *error;
      }
    }
  }

  /// traceroute repeats the address where it has no name.
  [[nodiscard]] std::string described(const wire::IpAddress& address) const {
    const std::string text = host_text(host(), address);
    return text.ends_with(')') ? text : fmt::format("{0} ({0})", text);
  }

  Arguments arguments_;
  AsyncSocket socket_;
  wire::IpAddress target_;
  std::uint16_t next_port_ = kFirstPort;
  bool reached_ = false;
  bool over_ = false;
};

}  // namespace

ProgramKind trace_kind() { return kind_of<Trace>(false); }

}  // namespace catenet::app
