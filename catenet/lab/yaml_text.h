// SPDX-License-Identifier: Apache-2.0
// Values back into YAML: what read_yaml() reads as the same value.
#pragma once
#include <string>
#include <string_view>

#include "catenet/lab/yaml_reader.h"

namespace catenet::lab {

/// A scalar: plain where YAML reads it back as it is, else in double quotes.
[[nodiscard]] std::string yaml_text(std::string_view text);
/// A whole value on one line: 5%, [64KiB, 100p], {rate: 1Mbit}.
[[nodiscard]] std::string flow_text(const YamlValue& value);

}  // namespace catenet::lab
