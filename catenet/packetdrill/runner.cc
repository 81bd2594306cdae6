// SPDX-License-Identifier: Apache-2.0
#include "catenet/packetdrill/runner.h"

#include "catenet/packetdrill/freebsd.h"
#include "catenet/packetdrill/parser.h"
#include "catenet/packetdrill/player.h"

namespace catenet::packetdrill {

namespace {

constexpr std::uint32_t kIpv6MinMtu = 1280;

Outcome run_script(const Script& script, const RunOptions& options) {
  Settings settings;
  if (options.linux_profile) {
    apply_linux_profile(settings.tcp);
  }
  if (is_made_for_freebsd(script)) {
    apply_freebsd_settings(settings.tcp);
  }
  for (const auto& [name, value] : script.options) {
    if (auto reason = apply_option(name, value, settings)) {
      return {Outcome::Status::skipped, 0, std::move(*reason), {}, {}};
    }
  }
  settings.ip_version = options.ip_version.value_or(settings.ip_version);
  settings.mtu = options.mtu != 0 ? options.mtu : settings.mtu;
  if (settings.ip_version == IpVersion::ipv6 && settings.mtu < kIpv6MinMtu) {
    return {Outcome::Status::skipped, 0, "IPv6 over an MTU of " + std::to_string(settings.mtu), {}, {}};
  }
  if (auto reason = address_mismatch(settings)) {
    return {Outcome::Status::skipped, 0, std::move(*reason), {}, {}};
  }
  if (options.tolerance > Duration{}) {
    settings.tolerance = options.tolerance;
  }
  return Player(settings, script).play();
}

}  // namespace

namespace {

Outcome run_as(std::string_view text, const RunOptions& options, std::string_view defined) {
  const auto script = parse(text, options.ip_version, defined);
  if (!script) {
    const Complaint& c = script.error();
    return {c.unsupported ? Outcome::Status::skipped : Outcome::Status::broken, c.line, c.text, {}, {}};
  }
  return run_script(*script, options);
}

}  // namespace

Outcome run_text(std::string_view text, const RunOptions& options) {
  Outcome outcome = run_as(text, options, "STANDARD");
  // What the standard asks for, or what is known of a system that does otherwise: a script that gives both takes both.
  for (const std::string_view system : {"Linux", "FreeBSD"}) {
    if (outcome.status != Outcome::Status::passed && text.contains("#ifdef " + std::string(system))) {
      if (Outcome other = run_as(text, options, system); other.status == Outcome::Status::passed) {
        outcome = std::move(other);
      }
    }
  }
  return outcome;
}

}  // namespace catenet::packetdrill
