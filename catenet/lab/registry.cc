// SPDX-License-Identifier: Apache-2.0
#include "catenet/lab/registry.h"

#include <algorithm>
#include <array>

namespace catenet::lab {
namespace {

using namespace std::string_view_literals;

constexpr std::array kNodeKinds = {"host"sv, "router"sv, "switch"sv};
constexpr std::array kStacks = {"catenet"sv, "linux"sv};
constexpr std::array kRoutings = {"auto"sv, "manual"sv, "ecmp"sv};

constexpr std::array kApps = {
    AppRule{"echo-server", true},     AppRule{"discard-server", true},
    AppRule{"chargen-server", true},  AppRule{"http-server", true},
    AppRule{"fetch", false},          AppRule{"bulk", false},
    AppRule{"bulk-server", true},     AppRule{"cbr", false},
    AppRule{"poisson", false},        AppRule{"udp-sink", true},
    AppRule{"ping", false},           AppRule{"trace", false},
    AppRule{"echo", false},           AppRule{"calls", false},
    AppRule{"counter-primary", true}, AppRule{"counter-backup", true},
    AppRule{"counter-client", false},
};

constexpr std::array kInterfaceCounters = {"tx_packets"sv, "tx_bytes"sv, "rx_packets"sv, "rx_bytes"sv};

constexpr std::array kRunFacts = {"sim.end"sv, "sim.events"sv, "sim.packet_hops"sv, "flows.total"sv,
                                  "flows.retransmits"sv};

constexpr std::array kCongestion = {"cubic"sv, "newreno"sv, "dctcp"sv, "vegas"sv, "bbr"sv};
constexpr std::array kEcnModes = {
    "ask"sv, "answer"sv, "never"sv, "ask_accurate"sv, "ask_answer_accurate"sv, "answer_accurate"sv};
constexpr std::array kIdleWindows = {"restart"sv, "keep"sv, "validate"sv};
constexpr std::array kMtuProbing = {"never"sv, "after_black_hole"sv, "always"sv};
constexpr std::uint64_t kSmallestBuffer = std::uint64_t{4} << 10;
constexpr std::uint64_t kLargestBuffer = std::uint64_t{1} << 30;

constexpr std::uint64_t kMillisecond = 1'000'000;
constexpr std::uint64_t kMinute = 60'000 * kMillisecond;

using enum OptionRule::Type;
constexpr std::array kTcpOptions = {
    OptionRule{"congestion", kWord, "cubic", 0, 0, kCongestion},
    OptionRule{"ecn", kWord, "answer", 0, 0, kEcnModes},
    OptionRule{"nagle", kFlag, "true"},
    OptionRule{"send_buffer", kSize, "1MiB", kSmallestBuffer, kLargestBuffer},
    OptionRule{"receive_buffer", kSize, "1MiB", kSmallestBuffer, kLargestBuffer},
    OptionRule{"max_send_buffer", kSize, "32MiB", kSmallestBuffer, kLargestBuffer},
    OptionRule{"max_receive_buffer", kSize, "32MiB", kSmallestBuffer, kLargestBuffer},
    OptionRule{"initial_window", kCount, "10", 1, 100},
    OptionRule{"max_mss", kCount, "65535", 64, 65535},
    OptionRule{"sack", kFlag, "true"},
    OptionRule{"timestamps", kFlag, "true"},
    OptionRule{"window_scaling", kFlag, "true"},
    OptionRule{"dsack", kFlag, "true"},
    OptionRule{"rack", kFlag, "true"},
    OptionRule{"tlp", kFlag, "true"},
    OptionRule{"prr", kFlag, "true"},
    OptionRule{"frto", kFlag, "true"},
    OptionRule{"undo", kFlag, "true"},
    OptionRule{"delayed_ack", kDuration, "40ms", 0, 499 * kMillisecond},
    OptionRule{"initial_rto", kDuration, "1s", kMillisecond, kMinute},
    OptionRule{"min_rto", kDuration, "200ms", kMillisecond, kMinute},
    OptionRule{"max_rto", kDuration, "120s", 1000 * kMillisecond, 60 * kMinute},
    OptionRule{"syn_retries", kCount, "6", 0, 100},
    OptionRule{"retries", kCount, "15", 0, 100},
    OptionRule{"keepalive", kFlag, "false"},
    OptionRule{"keepalive_idle", kDuration, "7200s", 1000 * kMillisecond, 1440 * kMinute},
    OptionRule{"keepalive_interval", kDuration, "75s", 1000 * kMillisecond, 1440 * kMinute},
    OptionRule{"user_timeout", kDuration, "0s", 0, 1440 * kMinute},
    OptionRule{"advertised_user_timeout", kDuration, "0s", 0, 1440 * kMinute},
    OptionRule{"msl", kDuration, "30s", 0, 10 * kMinute},
    OptionRule{"idle_window", kWord, "restart", 0, 0, kIdleWindows},
    OptionRule{"mtu_probing", kWord, "never", 0, 0, kMtuProbing},
    OptionRule{"mtu_base_mss", kCount, "1024", 48, 65535},
    OptionRule{"mtu_probe_interval", kDuration, "600s", 1000 * kMillisecond, 1440 * kMinute},
};

}  // namespace

std::span<const std::string_view> node_kind_names() { return kNodeKinds; }
std::span<const std::string_view> stack_names() { return kStacks; }
std::span<const std::string_view> routing_names() { return kRoutings; }
std::string_view name_of(NodeKind kind) { return kNodeKinds.at(static_cast<std::size_t>(kind)); }
std::string_view name_of(Stack stack) { return kStacks.at(static_cast<std::size_t>(stack)); }
std::string_view name_of(Routing routing) { return kRoutings.at(static_cast<std::size_t>(routing)); }

std::optional<std::size_t> find_word(std::span<const std::string_view> words, std::string_view word) {
  const auto it = std::find(words.begin(), words.end(), word);
  return it == words.end() ? std::nullopt : std::optional(static_cast<std::size_t>(it - words.begin()));
}

std::span<const AppRule> app_rules() { return kApps; }

const AppRule* find_app(std::string_view name) {
  const auto* it = std::find_if(kApps.begin(), kApps.end(), [&](const AppRule& app) { return app.name == name; });
  return it == kApps.end() ? nullptr : it;
}

std::span<const std::string_view> interface_counters() { return kInterfaceCounters; }
std::span<const std::string_view> run_facts() { return kRunFacts; }
std::span<const OptionRule> tcp_options() { return kTcpOptions; }
const OptionRule& tcp_option(std::string_view name) {
  return *std::find_if(kTcpOptions.begin(), kTcpOptions.end(), [&](const OptionRule& o) { return o.name == name; });
}

}  // namespace catenet::lab
