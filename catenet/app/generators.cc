// SPDX-License-Identifier: Apache-2.0
#include "catenet/app/generators.h"

#include <array>
#include <cstring>
#include <vector>

#include "catenet/app/arguments.h"
#include "catenet/app/coroutine_program.h"
#include "catenet/app/flow_meter.h"

namespace catenet::app {
namespace {

using namespace std::string_view_literals;

struct GeneratorArguments {
  std::string target;
  std::uint16_t port = 9000;
  BitRate rate = BitRate::mbps(1);
  std::uint64_t size = 1000;
  Duration time = Duration::seconds(10);
  std::uint64_t count = 0;  ///< 0: `time` counts

  std::optional<std::string> read(std::span<const std::string> words) {
    ArgumentReader reader(words);
    reader.positional("HOST", target);
    reader.port("port", port);
    reader.rate("rate", rate);
    reader.size("size", size, sizeof(Probe), 65'507);
    reader.duration("time", time, Duration::nanoseconds(1));
    reader.integer("count", count, 1, 1'000'000'000'000);
    if (reader.has("time") && reader.has("count")) {
      reader.refuse("time and count exclude each other");
    }
    return reader.finish();
  }
};

/// When the next datagram is due, after the one before.
class ConstantGap {
 public:
  ConstantGap(const GeneratorArguments& arguments, Rng) : rate_(arguments.rate), size_(arguments.size) {}
  Duration next() { return rate_.transmission_time(size_, remainder_); }  // exact in the long run

 private:
  BitRate rate_;
  std::uint64_t size_;
  std::uint64_t remainder_ = 0;
};
class ExponentialGap {
 public:
  ExponentialGap(const GeneratorArguments& arguments, Rng rng)
      : mean_(arguments.rate.transmission_time(arguments.size)), rng_(rng) {}
  Duration next() {
    return Duration::nanoseconds(static_cast<std::int64_t>(rng_.exponential(static_cast<std::uint64_t>(mean_.ns()))));
  }

 private:
  Duration mean_;
  Rng rng_;
};

struct CbrNames {
  static constexpr std::string_view kName = "cbr";
  static constexpr std::string_view kUsage = "cbr HOST [port=9000] [rate=1Mbit] [size=1000] [time=10s | count=N]";
  static constexpr std::string_view kPurpose = "sends UDP at a constant rate, counted in bits of payload";
};
struct PoissonNames {
  static constexpr std::string_view kName = "poisson";
  static constexpr std::string_view kUsage = "poisson HOST [port=9000] [rate=1Mbit] [size=1000] [time=10s | count=N]";
  static constexpr std::string_view kPurpose = "sends UDP with exponentially distributed gaps at a mean rate";
};

template <typename Names, typename Gap>
class Generator final : public CoroutineProgram, public Names {
 public:
  static constexpr std::array kFacts = {"bytes"sv, "errors"sv, "sent"sv, "time"sv};
  using Arguments = GeneratorArguments;
  Generator(Arguments arguments, const Context& on)
      : CoroutineProgram(on), arguments_(std::move(arguments)), gap_(arguments_, random()) {}

 private:
  Task<int> run() override {
    const auto address = host().resolve(arguments_.target);
    if (!address) {
      co_return complain(Names::kName, arguments_.target, address.error());
    }
    auto made = AsyncSocket::datagram(host());
    if (!made) {
      co_return complain(Names::kName, "socket", made.error());
    }
    AsyncSocket socket = std::move(*made);
    const wire::Endpoint sink{*address, arguments_.port};
    const auto connected = co_await socket.connect(sink);
    if (!connected) {
      co_return complain(Names::kName, sink.to_string(), connected.error());
    }
    start_ = now();
    const bool counted = arguments_.count != 0;
    const Instant end = counted ? Instant::never() : start_ + arguments_.time;
    std::vector<std::byte> datagram(arguments_.size);
    Instant due = start_;
    for (std::uint64_t n = 0; counted ? n < arguments_.count : due < end; ++n) {
      co_await pause_until(due);
      Probe probe;
      probe.sequence = n;
      probe.sent_ns = static_cast<std::uint64_t>(now().ns());
      std::memcpy(datagram.data(), &probe, sizeof probe);
      const auto sent = co_await socket.send(datagram);
      took(sent.has_value());
      due += gap_.next();
    }
    report();
    co_return 0;
  }

  /// An error is an ICMP answer to an earlier datagram, or a full queue: this datagram was not sent.
  void took(bool sent) {
    (sent ? sent_ : errors_) += 1;
    count("sent", sent_);
    bytes("bytes", sent_ * arguments_.size);
    count("errors", errors_);
  }
  void report() {
    time("time", now() - start_);
    say("{}: {} datagrams of {} bytes in {} s{}\n", Names::kName, sent_, arguments_.size, seconds_text(now() - start_),
        errors_ == 0 ? "" : fmt::format(", {} errors", errors_));
  }
  int on_stop() override {
    report();
    return 0;  // it has sent what there was time for
  }

  Arguments arguments_;
  Gap gap_;
  Instant start_;
  std::uint64_t sent_ = 0;
  std::uint64_t errors_ = 0;
};

using Cbr = Generator<CbrNames, ConstantGap>;
using Poisson = Generator<PoissonNames, ExponentialGap>;

}  // namespace

ProgramKind cbr_kind() { return kind_of<Cbr>(false); }
ProgramKind poisson_kind() { return kind_of<Poisson>(false); }

}  // namespace catenet::app
