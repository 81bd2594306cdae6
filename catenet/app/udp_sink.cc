// SPDX-License-Identifier: Apache-2.0
#include "catenet/app/udp_sink.h"

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "catenet/app/arguments.h"
#include "catenet/app/flow_meter.h"
#include "catenet/app/stream_service.h"

namespace catenet::app {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kMostFlows = 1024;  // further senders are counted, not measured

struct UdpSinkArguments {
  std::uint16_t port = 9000;
  std::optional<std::string> read(std::span<const std::string> words) {
    ArgumentReader reader(words);
    reader.port("port", port);
    return reader.finish();
  }
};

class UdpSink final : public CoroutineProgram {
 public:
  static constexpr std::string_view kName = "udp-sink";
  static constexpr std::string_view kUsage = "udp-sink [port=9000]";
  static constexpr std::string_view kPurpose = "receives cbr and poisson and measures loss, order, latency and jitter";
  static constexpr std::array kFacts = {"bytes"sv,       "duplicates"sv, "jitter"sv,   "latency_avg"sv,
                                        "latency_max"sv, "lost"sv,       "received"sv, "reordered"sv};
  using Arguments = UdpSinkArguments;
  UdpSink(const Arguments& arguments, const Context& on) : CoroutineProgram(on), port_(arguments.port) {}

 private:
  Task<int> run() override {
    auto bound = AsyncSocket::bound(host(), any_address(port_));
    if (!bound) {
      co_return complain(kName, fmt::format("cannot bind UDP port {}", port_), bound.error());
    }
    count("received", 0);
    bytes("bytes", 0);
    ready();
    std::vector<std::byte> buffer(65'535);
    while (true) {
      const Result<socket::Received> got = co_await bound->recv_from(buffer);
      if (!got) {
        co_await pause(Duration::milliseconds(1));
        continue;
      }
      count("received", ++received_);
      bytes("bytes", bytes_ += got->size);
      if (const auto probe = Probe::parse(std::span(buffer).first(got->size))) {
        measure(got->from, *probe);
      }
    }
  }

  void measure(const wire::Endpoint& from, const Probe& probe) {
    if (flows_.size() >= kMostFlows && !flows_.contains(from)) {
      return;
    }
    FlowMeter& flow = flows_[from];
    // The sums change by what this flow changes, so that a datagram costs the same however many senders there are.
    totals_.add(flow, -1);
    flow.input(probe.sequence, Instant::from_ns(static_cast<std::int64_t>(probe.sent_ns)), now());
    totals_.add(flow, +1);
    latency_max_ = totals_.unique == 1 ? flow.latency_max() : std::max(latency_max_, flow.latency_max());
    count("lost", static_cast<std::uint64_t>(totals_.lost));
    count("reordered", static_cast<std::uint64_t>(totals_.reordered));
    count("duplicates", static_cast<std::uint64_t>(totals_.duplicates));
    time("latency_avg", totals_.latency / totals_.unique);
    time("latency_max", latency_max_);
    time("jitter", totals_.jitter / static_cast<std::int64_t>(flows_.size()));
  }

  int on_stop() override {
    say("udp-sink: {} datagrams, {} bytes from {} senders, {} lost, {} reordered, {} duplicates\n", received_, bytes_,
        flows_.size(), totals_.lost, totals_.reordered, totals_.duplicates);
    return 0;
  }

  struct Totals {
    std::int64_t unique = 0;
    std::int64_t lost = 0;
    std::int64_t reordered = 0;
    std::int64_t duplicates = 0;
    Duration latency;
    Duration jitter;
    void add(const FlowMeter& flow, std::int64_t sign) {
      unique += sign * static_cast<std::int64_t>(flow.unique());
      lost += sign * static_cast<std::int64_t>(flow.lost());
      reordered += sign * static_cast<std::int64_t>(flow.reordered());
      duplicates += sign * static_cast<std::int64_t>(flow.duplicates());
      latency += sign * flow.latency_sum();
      jitter += sign * flow.jitter();
    }
  };

  std::uint16_t port_;
  std::map<wire::Endpoint, FlowMeter> flows_;
  Totals totals_;
  Duration latency_max_;
  std::uint64_t received_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace

ProgramKind udp_sink_kind() { return kind_of<UdpSink>(true); }

}  // namespace catenet::app
