// SPDX-License-Identifier: Apache-2.0
#include "catenet/run/tcp_settings.h"

#include <array>
#include <type_traits>
#include <variant>

#include "catenet/base/check.h"

namespace catenet::run {
namespace {

using transport::TcpConfig;
using OptionValue = decltype(lab::OptionSetting::value);

template <auto Field>
void set(TcpConfig& config, const OptionValue& value) {
  using Type = std::remove_reference_t<decltype(config.*Field)>;
  if constexpr (std::is_same_v<Type, bool> || std::is_same_v<Type, Duration>) {
    config.*Field = std::get<Type>(value);
  } else {
    config.*Field = static_cast<Type>(std::get<std::uint64_t>(value));  // lab::OptionRule keeps it in range
  }
}

void set_congestion(TcpConfig& config, const OptionValue& value) {
  const auto algorithm = transport::congestion_algorithm_from(std::get<std::string>(value));
  check(algorithm.has_value(), "every word of the lab format names an algorithm");
  config.congestion = *algorithm;
}

void set_ecn(TcpConfig& config, const OptionValue& value) {
  const std::string& word = std::get<std::string>(value);
  using enum transport::EcnMode;
  config.ecn = word == "never"                 ? never
               : word == "ask"                 ? ask
               : word == "ask_accurate"        ? ask_accurate
               : word == "ask_answer_accurate" ? ask_answer_accurate
               : word == "answer_accurate"     ? answer_accurate
                                               : answer;
}

void set_idle_window(TcpConfig& config, const OptionValue& value) {
  const std::string& word = std::get<std::string>(value);
  config.idle_window = word == "validate" ? transport::IdleWindow::validate
                       : word == "keep"   ? transport::IdleWindow::keep
                                          : transport::IdleWindow::restart;
}

void set_mtu_probing(TcpConfig& config, const OptionValue& value) {
  const std::string& word = std::get<std::string>(value);
  config.mtu_probing = word == "always"             ? transport::MtuProbing::always
                       : word == "after_black_hole" ? transport::MtuProbing::after_black_hole
                                                    : transport::MtuProbing::never;
}

struct Setter {
  std::string_view name;
  void (*set)(TcpConfig& config, const OptionValue& value);
};

constexpr std::array kSetters = {
    Setter{"congestion", set_congestion},
    Setter{"ecn", set_ecn},
    Setter{"nagle", set<&TcpConfig::nagle>},
    Setter{"send_buffer", set<&TcpConfig::send_buffer>},
    Setter{"receive_buffer", set<&TcpConfig::receive_buffer>},
    Setter{"max_send_buffer", set<&TcpConfig::max_send_buffer>},
    Setter{"max_receive_buffer", set<&TcpConfig::max_receive_buffer>},
    Setter{"initial_window", set<&TcpConfig::initial_window>},
    Setter{"max_mss", set<&TcpConfig::max_mss>},
    Setter{"sack", set<&TcpConfig::sack>},
    Setter{"timestamps", set<&TcpConfig::timestamps>},
    Setter{"window_scaling", set<&TcpConfig::window_scaling>},
    Setter{"dsack", set<&TcpConfig::dsack>},
    Setter{"rack", set<&TcpConfig::rack>},
    Setter{"tlp", set<&TcpConfig::tlp>},
    Setter{"prr", set<&TcpConfig::prr>},
    Setter{"frto", set<&TcpConfig::frto>},
    Setter{"undo", set<&TcpConfig::undo>},
    Setter{"delayed_ack", set<&TcpConfig::delayed_ack>},
    Setter{"initial_rto", set<&TcpConfig::initial_rto>},
    Setter{"min_rto", set<&TcpConfig::min_rto>},
    Setter{"max_rto", set<&TcpConfig::max_rto>},
    Setter{"syn_retries", set<&TcpConfig::syn_retries>},
    Setter{"retries", set<&TcpConfig::retries>},
    Setter{"keepalive", set<&TcpConfig::keepalive>},
    Setter{"keepalive_idle", set<&TcpConfig::keepalive_idle>},
    Setter{"keepalive_interval", set<&TcpConfig::keepalive_interval>},
    Setter{"user_timeout", set<&TcpConfig::user_timeout>},
    Setter{"advertised_user_timeout", set<&TcpConfig::advertised_user_timeout>},
    Setter{"msl", set<&TcpConfig::msl>},
    Setter{"idle_window", set_idle_window},
    Setter{"mtu_probing", set_mtu_probing},
    Setter{"mtu_base_mss", set<&TcpConfig::mtu_base_mss>},
    Setter{"mtu_probe_interval", set<&TcpConfig::mtu_probe_interval>},
};

}  // namespace

transport::TcpConfig tcp_config(std::span<const lab::OptionSetting> options) {
  TcpConfig config;
  for (const lab::OptionSetting& option : options) {
    bool known = false;
    for (const Setter& setter : kSetters) {
      if (setter.name == option.name) {
        setter.set(config, option.value);
        known = true;
      }
    }
    // Who says a floor means that of the RFC, of the whole timeout.
    if (option.name == "min_rto" && option.origin != lab::Origin::kBuiltIn) {
      config.variance_floor = false;
    }
    check(known, "every TCP option of the lab format has a setter");
  }
  return config;
}

}  // namespace catenet::run
