// SPDX-License-Identifier: Apache-2.0
#include "catenet/packetdrill/freebsd.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "catenet/wire/tcp.h"

namespace catenet::packetdrill {
namespace {

using transport::TcpState;

std::optional<std::int64_t> plain_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

std::uint32_t bytes_of(std::int64_t value) {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(value, 1024, std::int64_t{64} << 20));
}

struct BsdSetter {
  std::string_view name;
  bool (*set)(TcpSettings& tcp, std::int64_t value);  // false: not a value we have
};
constexpr std::array<BsdSetter, 21> kBsdSetters{{
    {"net.inet.tcp.rfc1323",
     [](TcpSettings& t, std::int64_t v) {  // 2: scaling alone, 3: timestamps alone
       t.config.window_scaling = v == 1 || v == 2;
       t.config.timestamps = v == 1 || v == 3;
       return v < 4;
     }},
    {"net.inet.tcp.sack.enable", [](TcpSettings& t, std::int64_t v) { return t.config.sack = v != 0, v < 2; }},
    {"net.inet.tcp.ecn.enable",
     [](TcpSettings& t, std::int64_t v) {
       using enum transport::EcnMode;
       constexpr std::array kModes{never, ask, answer, ask_answer_accurate, answer_accurate};
       t.config.ecn = kModes[std::min<std::size_t>(static_cast<std::size_t>(v), kModes.size() - 1)];
       t.config.accurate_ecn_options = false;
       return v < static_cast<std::int64_t>(kModes.size());
     }},
    {"net.inet.tcp.fastopen.client_enable",
     [](TcpSettings& t, std::int64_t v) {
       t.policy.fast_open.client = v != 0;
       t.policy.fast_open.refusal_pause = Duration::seconds(900);
       t.forget_fast_open |= v == 0;
       return v < 2;
     }},
    {"net.inet.tcp.fastopen.server_enable",
     [](TcpSettings& t, std::int64_t v) { return t.policy.fast_open.server = v != 0, v < 2; }},
    {"kern.ipc.maxsockbuf",
     [](TcpSettings& t, std::int64_t v) {  // it decides the window scale, up to the largest
       constexpr std::int64_t kMost = std::int64_t{1} << 30;
       return t.config.max_receive_buffer = static_cast<std::uint32_t>(std::clamp<std::int64_t>(v, 1024, kMost)), true;
     }},
    {"net.inet.tcp.recvspace",
     [](TcpSettings& t, std::int64_t v) { return t.config.receive_buffer = bytes_of(v), true; }},
    {"net.inet.tcp.sendspace", [](TcpSettings& t, std::int64_t v) { return t.config.send_buffer = bytes_of(v), true; }},
    {"net.inet.tcp.rexmit_initial",
     [](TcpSettings& t, std::int64_t v) { return t.config.initial_rto = Duration::milliseconds(v), v < 100'000; }},
    {"net.inet.tcp.msl",
     [](TcpSettings& t, std::int64_t v) { return t.config.msl = Duration::milliseconds(v), v < 1 << 20; }},
    {"net.inet.tcp.finwait2_timeout",
     [](TcpSettings& t, std::int64_t v) { return t.config.fin_wait_2 = Duration::milliseconds(v), v < 1 << 24; }},
    {"net.inet.tcp.keepidle",
     [](TcpSettings& t, std::int64_t v) { return t.config.keepalive_idle = Duration::milliseconds(v), v < 1 << 30; }},
    {"net.inet.tcp.keepintvl",
     [](TcpSettings& t, std::int64_t v) {
       return t.config.keepalive_interval = Duration::milliseconds(v), v < 1 << 30;
     }},
    {"net.inet.tcp.keepcnt",
     [](TcpSettings& t, std::int64_t v) { return t.config.keepalive_probes = static_cast<std::uint8_t>(v), v < 128; }},
    {"net.inet.tcp.ack_war_timewindow",
     [](TcpSettings& t, std::int64_t v) { return t.config.challenge_window = Duration::milliseconds(v), v < 1 << 24; }},
    {"net.inet.tcp.ack_war_cnt",
     [](TcpSettings& t, std::int64_t v) { return t.config.challenge_acks = static_cast<std::uint8_t>(v), v < 128; }},
    {"net.inet.tcp.mssdflt", [](TcpSettings&, std::int64_t v) { return v == 536; }},
    {"net.inet.tcp.delayed_ack",
     [](TcpSettings& t, std::int64_t v) {
       return t.config.delayed_ack = v == 0 ? Duration{} : Duration::milliseconds(40), v < 2;
     }},
    {"net.inet.tcp.initcwnd_segments",
     [](TcpSettings& t, std::int64_t v) { return t.config.initial_window = static_cast<std::uint8_t>(v), v < 128; }},
    {"net.inet.tcp.tolerate_missing_ts",
     [](TcpSettings& t, std::int64_t v) { return t.config.missing_timestamps = v != 0, v < 2; }},
    {"net.inet.tcp.syncookies",
     [](TcpSettings& t, std::int64_t v) {
       t.policy.syn_cookies = v == 0 ? transport::SynCookies::never : transport::SynCookies::when_full;
       return v < 2;
     }},
}};

// Those that ask for what is always so here; empty: any value does.
constexpr std::array<std::pair<std::string_view, std::string_view>, 44> kBsdFine{{
    {"net.inet.tcp.blackhole", "0"},
    {"net.inet.udp.blackhole", "0"},
    {"net.inet.tcp.insecure_rst", "0"},
    {"net.inet.tcp.insecure_syn", "0"},
    {"net.inet.tcp.insecure_ack", "0"},
    {"net.inet.tcp.hostcache.purgenow", ""},
    {"net.inet.tcp.hostcache.enable", ""},
    {"net.inet.tcp.rexmit_slop", "200"},
    {"net.inet.tcp.rexmit_min", "30"},
    {"net.inet.tcp.rexmit_drop_options", "0"},
    {"net.inet.tcp.keepinit", "75000"},
    {"net.inet.tcp.abc_l_var", "2"},
    {"net.inet.tcp.path_mtu_discovery", "1"},
    {"net.inet.tcp.rfc3042", "1"},
    {"net.inet.tcp.functions_default", "freebsd"},
    {"net.inet.tcp.tso", ""},
    {"net.inet.tcp.pcblist", ""},
    {"net.inet.icmp.icmplim", ""},
    {"net.inet.icmp.icmplim_output", ""},
    {"net.inet.tcp.icmp_may_rst", "1"},
    {"net.inet.tcp.syncookies_only", "0"},
    {"net.inet.tcp.fastopen.psk_enable", "0"},
    {"net.inet.tcp.ecn.generalized", "0"},
    {"net.inet.tcp.ecn.plusplus", "0"},
    {"net.inet.tcp.udp_tunneling_port", "0"},
    {"net.inet.tcp.udp_tunneling_overhead", ""},
    {"net.inet.tcp.recvbuf_auto", ""},
    {"net.inet.tcp.recvbuf_max", ""},
    {"net.inet.tcp.sendbuf_auto", ""},
    {"net.inet.tcp.sendbuf_max", ""},
    {"net.inet.tcp.always_keepalive", "1"},
    {"net.inet.tcp.v6mssdflt", "1220"},
    {"net.inet.tcp.minmss", "216"},
    {"net.inet.tcp.do_prr", "1"},
    {"net.inet.tcp.do_lrd", "1"},
    {"net.inet.tcp.newcwv", "0"},
    {"net.inet.tcp.rfc3390", "1"},
    {"net.inet.tcp.rfc3465", "1"},
    {"net.inet.tcp.cc.abe", "0"},
    {"net.inet.tcp.log_in_vain", ""},
    {"net.inet.tcp.fast_finwait2_recycle", "0"},
    {"net.inet.tcp.maxtcptw", ""},
    {"net.inet.ip.ttl", "64"},
    {"net.inet6.ip6.hlim", "64"},
}};

bool has_freebsd_look(const TcpFields& syn) {
  if ((syn.flags & wire::TcpFlag::kSyn) == 0 || !syn.options) {
    return false;
  }
  const auto& options = *syn.options;
  return std::ranges::count(options, option_kind::kEnd, &TcpOption::kind) > 0 ||
         (options.size() > 3 && options[0].kind == option_kind::kMss && options[1].kind == option_kind::kNop &&
          options[2].kind == option_kind::kWindowScale);
}

// FreeBSD's buffer to begin with; Linux never tells this number unless it was set.
bool asks_for_freebsd_buffer(const CallEvent& call) {
  constexpr std::int64_t kReceiveSpace = 65'536;
  return call.name == "getsockopt" && call.arguments.size() > 3 && call.arguments[2].text == "SO_RCVBUF" &&
         call.arguments[3].items.size() == 1 && call.arguments[3].items[0].number == kReceiveSpace;
}

}  // namespace

bool is_made_for_freebsd(const Script& script) {
  bool looks = false;
  for (const Event& event : script.events) {
    if (const auto* command = std::get_if<CommandEvent>(&event.what)) {
      looks |= command->text.contains("sysctl") && command->text.contains("net.inet.");
      if (command->text.contains("net.ipv4") || command->text.contains("net/ipv4") ||
          command->text.contains("defaults.sh")) {
        return false;
      }
    } else if (const auto* packet = std::get_if<PacketEvent>(&event.what)) {
      const auto* tcp = std::get_if<TcpFields>(&packet->body);
      looks |= tcp != nullptr && !packet->inbound && has_freebsd_look(*tcp);
    } else if (const auto* call = std::get_if<CallEvent>(&event.what)) {
      if (call->name == "setsockopt" && call->arguments.size() > 2 && call->arguments[2].text == "SO_RCVBUF") {
        return looks;
      }
      looks |= asks_for_freebsd_buffer(*call);
    }
  }
  return looks;
}

void apply_freebsd_settings(TcpSettings& tcp) {
  transport::TcpConfig config;
  config.receive_buffer = 65'536;
  config.max_receive_buffer = 2U << 20;  // window scale 6
  config.send_buffer = 32'768;
  config.max_send_buffer = 2U << 20;
  config.initial_window = 10;
  config.initial_rto = Duration::seconds(1);
  config.min_rto = Duration::milliseconds(230);
  config.variance_floor = false;
  config.syn_retries = config.retries = 12;
  config.quick_acks = 0;
  config.keepalive_probes = 8;
  config.buffer_is_window = true;
  config.missing_timestamps = true;  // as far as no sysctl says otherwise, as older ones do
  config.ends_opening = transport::EndsOpening::refusals;
  config.super_segments = false;  // PSH at the end of the data alone
  tcp.config = config;
  tcp.policy.fast_open.client = tcp.policy.fast_open.server = tcp.policy.fast_open.every_listener = false;
  tcp.freebsd = true;
}

std::optional<std::string> apply_freebsd_sysctl(std::string_view name, std::string_view value, TcpSettings& into) {
  if (!into.freebsd) {
    apply_freebsd_settings(into);
  }
  const std::string reason = "sysctl " + std::string(name.substr(0, 80)) + "=" + std::string(value.substr(0, 40));
  if (name == "net.inet.tcp.cc.algorithm") {
    const auto algorithm = transport::congestion_algorithm_from(value);
    into.config.congestion = algorithm.value_or(into.config.congestion);
    return algorithm ? std::nullopt : std::optional(reason);
  }
  for (const BsdSetter& setter : kBsdSetters) {
    if (setter.name == name) {
      const auto number = plain_number(value);
      return number && *number >= 0 && setter.set(into, *number) ? std::nullopt : std::optional(reason);
    }
  }
  const bool fine = std::ranges::any_of(
      kBsdFine, [&](const auto& f) { return f.first == name && (f.second.empty() || f.second == value); });
  return fine ? std::nullopt : std::optional(reason);
}

std::vector<TcpOption> in_order_of(const std::vector<TcpOption>& expected, const std::vector<TcpOption>& got) {
  const auto is_padding = [](const TcpOption& o) { return o.kind <= option_kind::kNop; };
  std::vector<TcpOption> out;
  std::size_t taken = 0;
  for (const TcpOption& wanted : expected) {
    const auto found = std::ranges::find(got, wanted.kind, &TcpOption::kind);
    if (!is_padding(wanted) && found == got.end()) {
      return got;
    }
    out.push_back(is_padding(wanted) ? wanted : *found);
    taken += is_padding(wanted) ? 0 : 1;
  }
  const auto said =
      static_cast<std::size_t>(std::ranges::count_if(got, [&](const TcpOption& o) { return !is_padding(o); }));
  return taken == said ? out : got;
}

std::optional<std::uint16_t> window_like(std::optional<std::uint16_t> expected, std::optional<std::uint16_t> got) {
  constexpr int kSmallestSegment = 536;
  const bool close = expected && got && *got > 0 && *got < *expected && *expected - *got < kSmallestSegment;
  return close ? expected : got;
}

void acknowledgement_like(const TcpFields& expected, TcpFields& got) {
  using wire::TcpFlag;
  const bool fin = expected.flags == (TcpFlag::kFin | TcpFlag::kAck) && expected.length == 0;
  if (fin && got.flags == TcpFlag::kAck && got.length == 0 && got.seq == expected.seq + 1) {
    got.flags = expected.flags;
    got.seq = expected.seq;
  }
}

std::optional<SocketCount> socket_count(std::string_view command) {
  static constexpr std::array<std::pair<std::string_view, TcpState>, 10> kStates{{
      {"SYN_SENT", TcpState::syn_sent},
      {"SYN_RCVD", TcpState::syn_received},
      {"ESTABLISHED", TcpState::established},
      {"CLOSE_WAIT", TcpState::close_wait},
      {"FIN_WAIT_1", TcpState::fin_wait_1},
      {"FIN_WAIT_2", TcpState::fin_wait_2},
      {"CLOSING", TcpState::closing},
      {"LAST_ACK", TcpState::last_ack},
      {"TIME_WAIT", TcpState::time_wait},
      {"LISTEN", TcpState::listen},
  }};
  constexpr std::string_view kCount = "grep -c ";
  const std::size_t at = command.find(kCount);
  const std::size_t last = command.rfind("| grep ");
  if (!command.starts_with("sockstat ") || at == std::string_view::npos || last == std::string_view::npos ||
      last < at) {
    return std::nullopt;
  }
  std::string_view state = command.substr(at + kCount.size());
  state = state.substr(0, state.find(' '));
  std::string_view digits = command.substr(last + 7);
  digits = digits.substr(0, digits.find_first_not_of("0123456789"));
  const auto count = plain_number(digits);
  const auto* found = std::ranges::find(kStates, state, &std::pair<std::string_view, TcpState>::first);
  if (found == kStates.end() || !count) {
    return std::nullopt;
  }
  return SocketCount{found->second, static_cast<std::size_t>(*count)};
}

}  // namespace catenet::packetdrill
