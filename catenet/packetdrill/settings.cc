// SPDX-License-Identifier: Apache-2.0
#include "catenet/packetdrill/settings.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <span>
#include <utility>
#include <vector>

#include "catenet/packetdrill/freebsd.h"

namespace catenet::packetdrill {
namespace {

std::optional<std::int64_t> to_number(std::string_view text) {
  std::int64_t value = 0;
  const bool hexadecimal = text.starts_with("0x");
  text.remove_prefix(hexadecimal ? 2 : 0);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, hexadecimal ? 16 : 10);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

// The words of a shell command; quotes keep a word together.
std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  std::string word;
  char quote = '\0';
  bool open = false;
  for (const char c : line) {
    if (quote != '\0') {
      if (c == quote) {
        quote = '\0';
      } else {
        word += c;
      }
    } else if (c == '#' && !open) {  // a comment
      break;
    } else if (c == '"' || c == '\'') {
      quote = c;
      open = true;
    } else if (c == ' ' || c == '\t' || c == '\r') {
      if (open) {
        words.push_back(std::exchange(word, {}));
      }
      open = false;
    } else {
      word += c;
      open = true;
    }
  }
  if (open) {
    words.push_back(word);
  }
  return words;
}

// A number, or $((32*1024*1024)); -1: neither.
std::int64_t number_or_product(std::string_view text) {
  constexpr std::int64_t kMost = std::int64_t{1} << 31;
  if (!text.starts_with("$((") || !text.ends_with("))")) {
    return to_number(text).value_or(-1);
  }
  text = text.substr(3, text.size() - 5);
  std::int64_t product = 1;
  while (!text.empty()) {
    const std::string_view factor = text.substr(0, text.find('*'));
    const std::int64_t value = to_number(factor).value_or(-1);
    if (value < 0 || value > kMost || product > kMost) {
      return -1;
    }
    product *= value;
    text.remove_prefix(std::min(text.size(), factor.size() + 1));
  }
  return product;
}

std::vector<std::int64_t> numbers_of(std::string_view value) {
  std::vector<std::int64_t> numbers;
  for (const std::string& word : words_of(value)) {
    numbers.push_back(number_or_product(word));
  }
  return numbers;
}

std::optional<transport::CongestionAlgorithm> algorithm_named(std::string_view linux_name) {
  return transport::congestion_algorithm_from(linux_name == "reno" ? "newreno" : linux_name);
}

// The bits of tcp_fastopen, and the usual scripts' settings.
constexpr std::int64_t kFastOpenBits = 0x3;
constexpr std::int64_t kFastOpenEveryListener = 0x400;
constexpr std::string_view kFastOpenKey = "a1a1a1a1-b2b2b2b2-c3c3c3c3-d4d4d4d4";

transport::FastOpenPolicy fast_open_policy(std::int64_t bits) {
  transport::FastOpenPolicy policy;
  policy.client = (bits & 0x1) != 0;
  policy.server = (bits & 0x2) != 0;
  policy.client_without_cookie = (bits & 0x4) != 0;
  policy.server_without_cookie = (bits & 0x200) != 0;
  policy.every_listener = (bits & kFastOpenEveryListener) != 0;
  return policy;
}

// Four words in hexadecimal, in memory the lowest byte first; a second key after a comma.
std::optional<transport::FastOpenKeys> fast_open_key(std::string_view text) {
  std::vector<std::byte> bytes;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find_first_of("-,"));
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value, 16);
    if (error != std::errc() || end != word.data() + word.size() || bytes.size() >= 32) {
      return std::nullopt;
    }
    for (unsigned shift = 0; shift < 32; shift += 8) {
      bytes.push_back(std::byte(value >> shift & 0xff));
    }
    text.remove_prefix(std::min(text.size(), word.size() + 1));
  }
  const auto keys = transport::FastOpenKeys::from_bytes(bytes);
  return keys ? std::optional(*keys) : std::nullopt;
}

std::optional<std::uint8_t> mask_length(std::string_view mask) {
  const auto address = wire::Ipv4Address::parse(mask);
  const std::uint32_t bits = address ? address->value() : 0;
  const int length = std::countl_one(bits);
  const bool whole = address && (length == 32 || (bits << length) == 0);
  return whole ? std::optional(static_cast<std::uint8_t>(length)) : std::nullopt;
}

std::uint32_t buffer_size(std::int64_t bytes) {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(bytes, 1024, std::int64_t{64} << 20));
}

constexpr std::string_view kSomaxconn = "net.core.somaxconn";

// A sysctl that sets something here; false: not a value we have.
struct Setter {
  std::string_view name;
  bool (*set)(TcpSettings& tcp, std::int64_t value);
};
constexpr std::array<Setter, 34> kSetters{{
    {"tcp_sack", [](TcpSettings& t, std::int64_t v) { return t.config.sack = v != 0, true; }},
    {"tcp_timestamps", [](TcpSettings& t, std::int64_t v) { return t.config.timestamps = v != 0, true; }},
    {"tcp_window_scaling", [](TcpSettings& t, std::int64_t v) { return t.config.window_scaling = v != 0, true; }},
    {"tcp_syn_retries",
     [](TcpSettings& t, std::int64_t v) { return t.config.syn_retries = static_cast<std::uint8_t>(v), v < 128; }},
    {"tcp_synack_retries",
     [](TcpSettings& t, std::int64_t v) { return t.config.syn_retries = static_cast<std::uint8_t>(v), v < 128; }},
    {"tcp_retries2",
     [](TcpSettings& t, std::int64_t v) { return t.config.retries = static_cast<std::uint8_t>(v), v < 128; }},
    {"tcp_keepalive_time",
     [](TcpSettings& t, std::int64_t v) { return t.config.keepalive_idle = Duration::seconds(v), v < 32768; }},
    {"tcp_keepalive_intvl",
     [](TcpSettings& t, std::int64_t v) { return t.config.keepalive_interval = Duration::seconds(v), v < 32768; }},
    {"tcp_keepalive_probes",
     [](TcpSettings& t, std::int64_t v) { return t.config.keepalive_probes = static_cast<std::uint8_t>(v), v < 128; }},
    {"tcp_fin_timeout",
     [](TcpSettings& t, std::int64_t v) { return t.config.fin_wait_2 = Duration::seconds(v), v < 32768; }},
    {"tcp_rto_min_us",
     [](TcpSettings& t, std::int64_t v) { return t.config.min_rto = Duration::microseconds(v), v < 100'000'000; }},
    {"tcp_syncookies",
     [](TcpSettings& t, std::int64_t v) {
       return t.policy.syn_cookies = static_cast<transport::SynCookies>(v), v < 3;
     }},
    {"tcp_tw_reuse",
     [](TcpSettings& t, std::int64_t v) {
       using enum transport::TimeWaitReuse;
       t.policy.time_wait_reuse = v == 0 ? never : v == 1 ? always : loopback;
       return v < 3;
     }},
    {"tcp_fastopen",
     [](TcpSettings& t, std::int64_t v) {
       const Duration pause = t.policy.fast_open.black_hole_pause;
       t.policy.fast_open = fast_open_policy(v);
       t.policy.fast_open.black_hole_pause = pause;
       return true;
     }},
    {"tcp_fastopen_blackhole_timeout_sec",
     [](TcpSettings& t, std::int64_t v) {
       return t.policy.fast_open.black_hole_pause = Duration::seconds(v), v < 1 << 24;
     }},
    {"tcp_challenge_ack_limit",
     [](TcpSettings& t, std::int64_t v) {
       constexpr std::int64_t kNone = 0x7fffffff;
       return t.policy.challenge_ack_limit = v < kNone ? static_cast<std::uint32_t>(v) : 0, v > 0 && v <= kNone;
     }},
    {"tcp_invalid_ratelimit",
     [](TcpSettings& t, std::int64_t v) {
       t.config.challenge_acks = 1;
       return t.config.challenge_window = Duration::milliseconds(v), v < 1 << 24;
     }},
    {"tcp_rfc1337", [](TcpSettings& t, std::int64_t v) { return t.policy.time_wait_ignores_rst = v != 0, true; }},
    {"tcp_abort_on_overflow", [](TcpSettings& t, std::int64_t v) { return t.policy.abort_on_overflow = v != 0, true; }},
    {"tcp_max_tw_buckets",
     [](TcpSettings& t, std::int64_t v) { return t.limits.time_wait = static_cast<std::uint32_t>(v), v < 1 << 24; }},
    {kSomaxconn,
     [](TcpSettings& t, std::int64_t v) { return t.limits.backlog = static_cast<std::uint32_t>(v), v < 1 << 24; }},
    {"tcp_ecn",
     [](TcpSettings& t, std::int64_t v) {
       using enum transport::EcnMode;
       constexpr std::array kModes{never, ask, answer, ask_accurate, ask_answer_accurate, answer_accurate};
       t.config.ecn = kModes[std::min<std::size_t>(static_cast<std::size_t>(v), kModes.size() - 1)];
       return v < static_cast<std::int64_t>(kModes.size());
     }},
    {"tcp_ecn_option",
     [](TcpSettings& t, std::int64_t v) { return t.config.accurate_ecn_options = v != 0, v == 0 || v == 2; }},
    {"tcp_rto_max_ms",
     [](TcpSettings& t, std::int64_t v) {
       return t.config.max_rto = Duration::milliseconds(v), v >= 1000 && v <= 120'000;
     }},
    {"tcp_early_retrans",
     [](TcpSettings& t, std::int64_t v) { return t.config.tlp = v != 0, v == 0 || v == 3 || v == 4; }},
    {"tcp_recovery", [](TcpSettings& t, std::int64_t v) { return t.config.rack = v != 0, v < 2; }},
    {"tcp_min_tso_segs",
     [](TcpSettings& t, std::int64_t v) {
       return t.config.burst_segments = static_cast<std::uint8_t>(v), v > 0 && v < 128;
     }},
    {"tcp_fack", [](TcpSettings&, std::int64_t v) { return v == 0; }},
    {"tcp_slow_start_after_idle",
     [](TcpSettings& t, std::int64_t v) {
       return t.config.idle_window = v == 0 ? transport::IdleWindow::keep : transport::IdleWindow::restart, true;
     }},
    {"tcp_mtu_probing",
     [](TcpSettings& t, std::int64_t v) {
       return t.config.mtu_probing = static_cast<transport::MtuProbing>(v), v < 3;
     }},
    {"tcp_base_mss",
     [](TcpSettings& t, std::int64_t v) {
       return t.config.mtu_base_mss = static_cast<std::uint16_t>(v), v >= 48 && v <= 65535;
     }},
    {"tcp_mtu_probe_floor",
     [](TcpSettings& t, std::int64_t v) {
       return t.config.mtu_probe_floor = static_cast<std::uint16_t>(v), v >= 48 && v <= 65535;
     }},
    {"tcp_probe_threshold",
     [](TcpSettings& t, std::int64_t v) {
       return t.config.mtu_probe_threshold = static_cast<std::uint16_t>(v), v <= 65535;
     }},
    {"tcp_probe_interval",
     [](TcpSettings& t, std::int64_t v) { return t.config.mtu_probe_interval = Duration::seconds(v), v < 1 << 24; }},
}};

// What only says how Linux goes about its work, or asks for what is always so here: name and the value that is fine
// (empty: any).
struct Harmless {
  std::string_view name;
  std::string_view value;
};
constexpr std::array<Harmless, 24> kHarmless{{{"tcp_frto", ""},
                                              {"tcp_dsack", "1"},
                                              {"tcp_reordering", "3"},
                                              {"tcp_ecn_option_beacon", "3"},
                                              {"tcp_tso_win_divisor", ""},
                                              {"tcp_tso_rtt_log", ""},
                                              {"tcp_autocorking", ""},
                                              {"tcp_limit_output_bytes", ""},
                                              {"tcp_pacing_ss_ratio", ""},
                                              {"tcp_pacing_ca_ratio", ""},
                                              {"tcp_notsent_lowat", "4294967295"},
                                              {"tcp_no_metrics_save", "1"},
                                              {"tcp_metrics_save", "0"},
                                              {"tcp_moderate_rcvbuf", ""},
                                              {"tcp_shrink_window", "0"},
                                              {"tcp_workaround_signed_windows", "0"},
                                              {"tcp_thin_linear_timeouts", "0"},
                                              {"tcp_comp_sack_delay_ns", "0"},
                                              {"tcp_comp_sack_nr", "0"},
                                              {"tcp_max_syn_backlog", ""},
                                              {"tcp_retries1", ""},
                                              {"tcp_plb_enabled", "0"},
                                              {"tcp_allowed_congestion_control", ""},
                                              {"default_qdisc", ""}}};

std::string last_part(std::string_view path) {
  const std::size_t at = path.find_last_of('/');
  return std::string(at == std::string_view::npos ? path : path.substr(at + 1));
}

// Commands that do nothing to TCP itself.
bool is_harmless(const std::vector<std::string>& words) {
  const std::string program = last_part(words[0]);
  const auto has = [&](std::size_t at, std::string_view word) { return words.size() > at && words[at] == word; };
  const auto says = [&](std::string_view word) { return std::ranges::find(words, word) != words.end(); };
  // Segmentation offload: packets of the wire's size are what leaves here.
  const bool offload =
      program == "ethtool" && (has(1, "-K") || has(1, "--offload")) &&
      std::ranges::all_of(std::span(words).subspan(std::min<std::size_t>(3, words.size())), [](const std::string& w) {
        return w == "tso" || w == "gso" || w == "gro" || w == "on" || w == "off";
      });
  if (says("|")) {
    return false;  // something looks at what it prints
  }
  return program == "true" || program == "nstat" || program == "kldload" || program == "kldstat" ||
         program == "sleep" || program == "sync" || program == "rm" || program == "dd" ||
         program.starts_with("sysctl_restore_") || offload ||
         (program == "tc" && has(1, "qdisc") && says("pfifo") && !says("limit"));
}

std::optional<std::string> apply_assignment(std::string_view word, TcpSettings& into) {
  const std::size_t equals = word.find('=');
  if (equals == std::string_view::npos) {
    return "the command 'sysctl " + std::string(word) + "'";
  }
  return apply_sysctl(word.substr(0, equals), word.substr(equals + 1), into);
}

std::optional<std::string> apply_statement(const std::vector<std::string>& words, TcpSettings& into) {
  const std::string program = last_part(words[0]);
  if (program == "defaults.sh") {
    apply_linux_profile(into);
    into.config.ecn = transport::EcnMode::never;
    if (words[0].ends_with("common/defaults.sh")) {  // where the suite's own listeners do not ask for Fast Open
      into.policy.fast_open.every_listener = true;
    }
    return std::nullopt;
  }
  if (program == "ip" && words.size() > 2 && words[1] == "tcp_metrics" && words[2] == "flush") {
    into.forget_fast_open = true;
    return std::nullopt;
  }
  if (program == "sysctl" || program == "set_sysctls.py") {
    for (std::size_t i = 1; i < words.size(); ++i) {
      if (words[i].starts_with('-') || words[i].starts_with('>') || words[i].starts_with("2>")) {
        continue;
      }
      if (words[i] == "/dev/null") {
        continue;
      }
      if (auto reason = apply_assignment(words[i], into)) {
        return reason;
      }
    }
    return std::nullopt;
  }
  if (program == "echo" && words.size() == 4 && words[2] == ">") {
    return apply_sysctl(words[3], words[1], into);
  }
  if (is_harmless(words)) {
    return std::nullopt;
  }
  return "the command '" + words[0].substr(0, 60) + "'";
}

}  // namespace

std::optional<IpVersion> ip_version_named(std::string_view name) {
  return name == "ipv4"               ? std::optional(IpVersion::ipv4)
         : name == "ipv4-mapped-ipv6" ? std::optional(IpVersion::ipv4_mapped_ipv6)
         : name == "ipv6"             ? std::optional(IpVersion::ipv6)
                                      : std::nullopt;
}

namespace {

Addresses usual_addresses(IpVersion version) {
  using wire::Ipv4Address;
  using wire::Ipv6Address;
  if (version == IpVersion::ipv6) {
    return {.local = Ipv6Address({0xfd3d, 0x0a0b, 0x17d6, 0, 0, 0, 0, 1}),
            .remote = Ipv6Address({0xfd3d, 0xfa7b, 0xd17d, 0, 0, 0, 0, 1}),
            .gateway = Ipv6Address({0xfd3d, 0x0a0b, 0x17d6, 0x8888, 0, 0, 0, 1}),
            .prefix_length = 48};
  }
  return {.local = Ipv4Address(192, 168, 0, 1),
          .remote = Ipv4Address(192, 0, 2, 1),
          .gateway = Ipv4Address(192, 168, 0, 2),
          .prefix_length = 16,
          .mapped = version == IpVersion::ipv4_mapped_ipv6};
}

wire::IpAddress neighbour_of(const wire::IpAddress& address) {
  if (address.is_v4()) {
    return wire::Ipv4Address(address.v4().value() ^ 3);
  }
  auto bytes = address.v6().to_bytes();
  bytes.back() ^= std::byte{3};
  return wire::Ipv6Address::from_bytes(bytes);
}

}  // namespace

Addresses addresses_of(const Settings& settings) {
  Addresses out = usual_addresses(settings.ip_version);
  out.local = settings.local.value_or(out.local);
  out.remote = settings.remote.value_or(out.remote);
  out.prefix_length = settings.prefix_length.value_or(out.prefix_length);
  // The far end's side of the link: nobody answers there, so that any address of the network will do. A gateway
  // that is the host itself is how a kernel's tun device is set up.
  const bool usual = settings.local && !settings.gateway;
  if (usual || settings.gateway == out.local) {
    out.gateway = neighbour_of(out.local);
  } else {
    out.gateway = settings.gateway.value_or(out.gateway);
  }
  return out;
}

std::optional<std::string> address_mismatch(const Settings& settings) {
  const wire::Family family = usual_addresses(settings.ip_version).local.family();
  for (const auto& named : {settings.local, settings.remote, settings.gateway}) {
    if (named && named->family() != family) {
      return "the address " + named->to_string() + " in a run of the other family";
    }
  }
  return std::nullopt;
}

void apply_linux_profile(TcpSettings& tcp) {
  tcp.config.fix_send_buffer(4U << 20);
  tcp.config.fix_receive_buffer(15U << 20);  // window scale 8
  tcp.config.initial_window = 10;
  tcp.config.sack = tcp.config.timestamps = tcp.config.window_scaling = true;
  tcp.config.syn_retries = 5;
  tcp.config.min_rto = Duration::milliseconds(200);
  tcp.config.initial_rto = Duration::seconds(1);
  tcp.config.burst_segments = 2;
  tcp.config.half_window_counts = tcp.config.missing_timestamps = tcp.config.boundless_growth = true;
  tcp.config.growth_by_delivery = tcp.config.cuts_window = tcp.config.gentle_mark_cuts = tcp.config.variance_floor =
      true;
  tcp.config.empty_probes = tcp.config.counts_packets = true;
  tcp.config.ends_opening = transport::EndsOpening::every_error;
  tcp.config.accurate_ecn_always = tcp.config.generalized_ecn = true;
  tcp.linux_profile = true;
  if (const auto cubic = algorithm_named("cubic")) {
    tcp.config.congestion = *cubic;
  }
  tcp.policy.fast_open = fast_open_policy(kFastOpenBits);
  tcp.fast_open_keys = fast_open_key(kFastOpenKey);
  tcp.forget_fast_open = true;
}

std::optional<std::string> apply_sysctl(std::string_view name, std::string_view value, TcpSettings& into) {
  std::string dotted(name);
  constexpr std::string_view kProc = "/proc/sys/";
  if (dotted.starts_with(kProc)) {
    dotted.erase(0, kProc.size());
  }
  std::ranges::replace(dotted, '/', '.');
  std::string reason = "sysctl " + dotted.substr(0, 80) + "=" + std::string(value.substr(0, 40));
  constexpr std::string_view kIpv4 = "net.ipv4.";
  if (dotted == "net.mptcp.enabled" || (dotted.starts_with("net.core.") && dotted != kSomaxconn)) {
    return std::nullopt;
  }
  if (dotted.starts_with("net.inet.") || dotted.starts_with("net.inet6.") || dotted.starts_with("kern.")) {
    return apply_freebsd_sysctl(dotted, value, into);
  }
  if (!dotted.starts_with(kIpv4) && dotted != kSomaxconn) {
    return reason;
  }
  const std::string_view key = std::string_view(dotted).substr(dotted == kSomaxconn ? 0 : kIpv4.size());
  if (key == "tcp_rmem" || key == "tcp_wmem") {
    const auto sizes = numbers_of(value);
    if (sizes.size() != 3 || sizes[2] < 0) {
      return reason;
    }
    const std::uint32_t bytes = buffer_size(sizes[2]);
    if (key == "tcp_rmem") {
      into.config.fix_receive_buffer(bytes);
    } else {  // it grows with the congestion window from the middle one on
      into.config.fix_send_buffer(buffer_size(sizes[1]));
      into.config.max_send_buffer = bytes;
    }
    return std::nullopt;
  }
  if (key == "tcp_fastopen_key") {
    into.fast_open_keys = fast_open_key(value);
    return into.fast_open_keys ? std::nullopt : std::optional(reason);
  }
  if (key == "tcp_congestion_control") {
    const auto algorithm = algorithm_named(value);
    if (!algorithm) {
      return reason;
    }
    into.config.congestion = *algorithm;
    return std::nullopt;
  }
  for (const Setter& setter : kSetters) {
    if (setter.name == key) {
      const auto number = to_number(value);
      return number && *number >= 0 && setter.set(into, *number) ? std::nullopt : std::optional(reason);
    }
  }
  const bool fine = std::ranges::any_of(
      kHarmless, [&](const Harmless& h) { return h.name == key && (h.value.empty() || h.value == value); });
  return fine ? std::nullopt : std::optional(reason);
}

std::optional<std::string> apply_command(std::string_view command, TcpSettings& into) {
  std::string text(command);
  for (std::size_t at = 0; (at = text.find("\\\n", at)) != std::string::npos;) {
    text.replace(at, 2, "  ");
  }
  for (std::size_t at = 0; at <= text.size();) {
    std::size_t end = std::min(text.find_first_of("\n;", at), text.size());
    const std::size_t conjunction = text.find("&&", at);
    const bool joined = conjunction < end;
    end = joined ? conjunction : end;
    const auto words = words_of(std::string_view(text).substr(at, end - at));
    if (!words.empty() && !words[0].starts_with('#')) {
      if (auto reason = apply_statement(words, into)) {
        return reason;
      }
    }
    at = end + (joined ? 2 : 1);
  }
  return std::nullopt;
}

std::optional<std::pair<std::string, std::size_t>> file_made_by(std::string_view command) {
  const auto words = words_of(command);
  if (words.empty() || last_part(words[0]) != "dd") {
    return std::nullopt;
  }
  std::string path;
  std::int64_t block = 512;
  std::int64_t count = -1;
  for (const std::string& word : words) {
    path = word.starts_with("of=") ? word.substr(3) : path;
    block = word.starts_with("bs=") ? to_number(std::string_view(word).substr(3)).value_or(-1) : block;
    count = word.starts_with("count=") ? to_number(std::string_view(word).substr(6)).value_or(-1) : count;
  }
  constexpr std::int64_t kMost = 1 << 20;
  const bool zeroes = std::ranges::find(words, "if=/dev/zero") != words.end();
  if (!zeroes || path.empty() || block < 0 || count < 0 || block > kMost || count > kMost) {
    return std::nullopt;
  }
  return std::pair{path, static_cast<std::size_t>(block * count)};
}

std::optional<RowCheck> row_check(std::string_view command) {
  const auto words = words_of(command);
  const auto hexadecimal = [](std::string_view text) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
  };
  const bool shape = words.size() >= 5 && words[0] == "grep" && words[1].size() == 4 && words[1].starts_with(' ') &&
                     words[2] == "/proc/net/tcp" && words[words.size() - 3] == "|" &&
                     words[words.size() - 2] == "grep" && words.back().size() == 5 && words.back().starts_with(':');
  if (!shape) {
    return std::nullopt;
  }
  const auto state = hexadecimal(std::string_view(words[1]).substr(1, 2));
  const auto port = hexadecimal(std::string_view(words.back()).substr(1));
  return state && port ? std::optional(RowCheck{*state, static_cast<std::uint16_t>(*port)}) : std::nullopt;
}

std::optional<std::string> apply_option(std::string_view name, std::string_view value, Settings& into) {
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
    value = value.substr(1, value.size() - 2);
  }
  const auto number = to_number(value);
  if (name == "tolerance_usecs" && number && *number >= 0 && *number <= 100'000'000) {
    into.tolerance = Duration::microseconds(*number);
  } else if (name == "mtu" && number && *number >= 68 && *number <= 65535) {
    into.mtu = static_cast<std::uint32_t>(*number);
  } else if (name == "ip_version") {
    const auto version = ip_version_named(value);
    into.ip_version = version.value_or(into.ip_version);
    return version ? std::nullopt : std::optional("the option --ip_version=" + std::string(value.substr(0, 40)));
  } else if (name == "local_ip" || name == "remote_ip" || name == "gateway_ip") {
    const auto address = wire::IpAddress::parse(value);
    auto& named = name == "local_ip" ? into.local : name == "remote_ip" ? into.remote : into.gateway;
    if (address) {
      named = *address;
    }
    return address ? std::nullopt : std::optional("the option --" + std::string(name) + "=" + std::string(value));
  } else if (name == "netmask_ip") {
    into.prefix_length = mask_length(value);
    return into.prefix_length ? std::nullopt : std::optional("the option --netmask_ip=" + std::string(value));
  } else if (name == "tolerance_usecs" || name == "mtu" || name == "define" || name == "udp_encapsulation" ||
             name == "init_scripts" || name == "connect_port" || name == "bind_port") {
    return "the option --" + std::string(name);
  }
  return std::nullopt;  // about packetdrill itself
}

}  // namespace catenet::packetdrill
