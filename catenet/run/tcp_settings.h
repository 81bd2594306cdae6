// SPDX-License-Identifier: Apache-2.0
// What a lab says under `tcp:` as the configuration that TCP takes.
#pragma once
#include <span>

#include "catenet/lab/description.h"
#include "catenet/transport/tcp/config.h"

namespace catenet::run {

/// Every option of lab::tcp_options() decides one field; what is not among `options` keeps TcpConfig's default.
transport::TcpConfig tcp_config(std::span<const lab::OptionSetting> options);

}  // namespace catenet::run
