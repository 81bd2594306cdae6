// SPDX-License-Identifier: Apache-2.0
// The user timeout option (RFC 5482): each end tells the other how long it will wait for acknowledgements, so that both
// give up, or do not, at about the same time. Off unless TcpConfig::advertised_user_timeout says something (ADV_UTO
// with ENABLED); a user_timeout that the user has set is not changed by what the peer says (CHANGEABLE). The option
// goes with SYNs and with the first segment behind them (3.4), and again when the user changes it.
#include <algorithm>

#include "catenet/transport/tcp/tcb.h"

namespace catenet::transport {
namespace {

constexpr std::uint32_t kUserTimeoutBytes = 4;

// 3.3: to the second as far as that goes, or else to the minute, rounded up.
wire::TcpUserTimeout option_of(Duration timeout) {
  const auto in = [&](Duration unit) {
    const std::int64_t n = (timeout.ns() + unit.ns() - 1) / unit.ns();
    return static_cast<std::uint16_t>(std::min<std::int64_t>(n, wire::TcpUserTimeout::kMax));
  };
  const bool minutes = timeout > Duration::seconds(wire::TcpUserTimeout::kMax);
  return {in(minutes ? Duration::seconds(60) : Duration::seconds(1)), minutes};
}

}  // namespace

// 3.1: USER_TIMEOUT = min(U_LIMIT, max(ADV_UTO, REMOTE_UTO, L_LIMIT))
Duration Tcb::user_timeout() const {
  if (!config_->announces_user_timeout() || config_->user_timeout > Duration{}) {
    return config_->user_timeout;
  }
  const Duration remote = rare_ ? rare_->remote_user_timeout : Duration{};
  return std::min(config_->max_user_timeout,
                  std::max({config_->advertised_user_timeout, remote, config_->min_user_timeout}));
}

void Tcb::set_config(const TcpConfig& config) {
  if (config.advertised_user_timeout != config_->advertised_user_timeout && config.announces_user_timeout()) {
    rare().user_timeout_due = true;
  }
  const bool keepalive_changes =
      config.keepalive != config_->keepalive || config.keepalive_idle != config_->keepalive_idle;
  config_ = &config;
  if (keepalive_changes && probes_ == 0 && is_synchronized() && state_ != TcpState::time_wait) {
    disarm(kKeepalive);  // the new time counts from when the peer was last heard, which may be over
    if (config.keepalive) {
      arm(kKeepalive, last_heard_ + config.keepalive_idle);
    }
  }
  if (send_blocked_ && is_synchronized() && has_room_again()) {  // a limit has risen or gone
    send_blocked_ = false;
    event_ = true;
  }
}

// The peer says how long it will wait. Zero means nothing.
void Tcb::take_user_timeout(const wire::TcpUserTimeout& option) {
  if (!config_->announces_user_timeout() || option.value == 0) {
    return;
  }
  const Duration before = user_timeout();
  rare().remote_user_timeout = Duration::seconds(std::int64_t{option.value} * (option.minutes ? 60 : 1));
  if (is_armed(kUserTimeout)) {
    arm(kUserTimeout, timer(kUserTimeout) + (user_timeout() - before));
  }
}

// Into a SYN, if the other options have left room.
void Tcb::add_user_timeout_to_syn(wire::TcpOptions& options) {
  if (!config_->announces_user_timeout()) {
    return;
  }
  rare().user_timeout_due = true;
  if (options.size() + rare().signature.size() + kUserTimeoutBytes <= wire::kTcpMaxOptions) {
    options.user_timeout = option_of(config_->advertised_user_timeout);
  }
}

void Tcb::add_user_timeout(wire::TcpOptions& options) {
  if (rare_ && rare_->user_timeout_due) {
    rare_->user_timeout_due = false;
    if (config_->announces_user_timeout()) {
      options.user_timeout = option_of(config_->advertised_user_timeout);
    }
  }
}

// A segment with the option has so much less data, and is one alone.
bool Tcb::make_room_for_user_timeout(Plan& plan) const {
  if (!rare_ || !rare_->user_timeout_due || plan.length <= mss_ - kUserTimeoutBytes) {
    return false;
  }
  plan.length = mss_ - kUserTimeoutBytes;
  plan.fin = plan.mtu_probe = false;
  return true;
}

}  // namespace catenet::transport
