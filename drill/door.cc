// SPDX-License-Identifier: Apache-2.0
#include "drill/door.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

namespace catenet::drill {
namespace {

using packetdrill::Settings;

constexpr long long kEpoch = 1'000'000'000'000'000;    // what the clock says at first, in microseconds
constexpr Duration kPatience = Duration::seconds(2);   // how long netdev_receive waits for a packet
constexpr Duration kForEver = Duration::seconds(600);  // a call of the thread that moves the time blocks no longer
thread_local std::optional<long long> tls_ended_at;    // when this thread's call, which had blocked, ended

// One "key=value" of the flags; empty: fine.
std::string take_flag(std::string_view key, std::string_view value, Settings& into) {
  if (key == "local") {
    const std::size_t slash = value.find('/');
    const auto address = wire::IpAddress::parse(value.substr(0, slash));
    std::uint8_t length = 0;
    const std::string_view digits = slash == std::string_view::npos ? "" : value.substr(slash + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
    const bool whole = error == std::errc() && end == digits.data() + digits.size();
    if (!address || !whole || length > (address->is_v4() ? 32 : 128)) {
      return "local is ADDRESS/LENGTH";
    }
    into.local = *address;
    into.prefix_length = length;
    into.ip_version = address->is_v4() ? packetdrill::IpVersion::ipv4 : packetdrill::IpVersion::ipv6;
    return {};
  }
  if (key == "gw") {
    const auto address = wire::IpAddress::parse(value);
    if (address) {
      into.gateway = *address;
    }
    return address ? "" : "gw is an address";
  }
  if (key == "profile") {
    if (value != "linux") {
      return "the only profile is linux";
    }
    packetdrill::apply_linux_profile(into.tcp);
    return {};
  }
  if (key == "mtu") {
    std::uint32_t mtu = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), mtu);
    const bool whole = error == std::errc() && end == value.data() + value.size();
    into.mtu = mtu;
    return whole && mtu >= 576 && mtu <= 65'535 ? "" : "mtu is 576 to 65535";
  }
  if (key.find('.') != std::string_view::npos) {
    const auto reason = packetdrill::apply_sysctl(key, value, into.tcp);
    return reason ? "not a setting of ours" : "";
  }
  return "unknown; there are local, gw, profile, mtu and sysctls";
}

}  // namespace

std::expected<Settings, std::string> settings_from(std::string_view flags) {
  Settings settings;
  while (!flags.empty()) {
    const std::string_view part = flags.substr(0, flags.find(','));
    flags.remove_prefix(std::min(flags.size(), part.size() + 1));
    const std::size_t equals = part.find('=');
    if (part.empty()) {
      continue;
    }
    const std::string_view key = part.substr(0, equals);
    const std::string_view value = equals == std::string_view::npos ? "" : part.substr(equals + 1);
    const std::string wrong = take_flag(key, value, settings);
    if (!wrong.empty()) {
      return std::unexpected(std::string(part) + ": " + wrong);
    }
  }
  constexpr std::uint32_t kIpv6MinMtu = 1280;
  if (settings.ip_version == packetdrill::IpVersion::ipv6 && settings.mtu < kIpv6MinMtu) {
    return std::unexpected("mtu=" + std::to_string(settings.mtu) + ": below what IPv6 needs");
  }
  if (const auto mismatch = packetdrill::address_mismatch(settings)) {
    return std::unexpected(*mismatch);
  }
  return settings;
}

Door::Door(const Settings& settings) : world_({}, packetdrill::addresses_of(settings), settings.mtu) {
  world_.apply(settings.tcp);
  world_.tun.keeps_raw = true;
}

Door*& live_door() {
  static Door* latest = nullptr;
  return latest;
}

// What stands for our sockets stays open: whoever has the numbers closes them.
Door::~Door() = default;

bool Door::owns(int fd) {
  const Lock lock(mutex_);
  return open_.contains(fd) || epolls_.contains(fd);
}

Door::Open* Door::find(int fd) {
  const auto found = open_.find(fd);
  if (found == open_.end()) {
    errno = EBADF;
    return nullptr;
  }
  return &found->second;
}

int Door::place(int table_fd, bool stream, bool non_blocking) {
  const int number = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (number < 0) {
    (void)table().close(table_fd);
    return -1;  // EMFILE and so on
  }
  open_[number] = Open{.fd = table_fd, .stream = stream, .non_blocking = non_blocking};
  return number;
}

// ---- time -----------------------------------------------------------------------------------------------------------

void Door::look_at_waiters() {
  for (auto& [number, set] : epolls_) {
    set.look(table());
  }
  for (auto at = waiters_.begin(); at != waiters_.end();) {
    Waiter& waiter = **at;
    if (!waiter.attempt() && world_.now() < waiter.deadline) {
      ++at;
      continue;
    }
    waiter.over = true;
    waiter.at = world_.now();
    at = waiters_.erase(at);
    waiter.changed.notify_one();
  }
}

void Door::advance(Instant end, const std::function<bool()>& enough) {
  while (!enough()) {
    Instant next = end;
    for (const Waiter* waiter : waiters_) {
      next = std::min(next, waiter->deadline);
    }
    const bool happened = world_.step(next);
    if (!happened) {
      world_.set_time(next);
    }
    look_at_waiters();
    if (!happened && next >= end) {
      return;
    }
  }
}

void Door::wait(Lock& lock, Instant deadline, std::function<bool()> attempt) {
  Waiter waiter{};
  waiter.attempt = std::move(attempt);
  waiter.deadline = deadline;
  waiters_.push_back(&waiter);
  look_at_waiters();
  if (std::this_thread::get_id() == mover_) {  // nobody else would let time pass
    advance(std::min(deadline, world_.now() + kForEver), [&] { return waiter.over; });
    if (!waiter.over) {
      waiters_.remove(&waiter);
    }
    return;
  }
  waiter.changed.wait(lock, [&] { return waiter.over; });
  tls_ended_at = kEpoch + waiter.at.since_start().us();
}

void Door::usleep(long long usecs) {
  const Lock lock(mutex_);
  advance(world_.now() + Duration::microseconds(std::max(usecs, 0LL)), [] { return false; });
}

long long Door::now_usecs() {
  if (tls_ended_at) {
    const long long at = *tls_ended_at;
    tls_ended_at.reset();
    return at;
  }
  const Lock lock(mutex_);
  if (std::this_thread::get_id() == mover_) {
    advance(world_.now() + Duration::microseconds(1), [] { return false; });
  }
  return kEpoch + world_.now().since_start().us();
}

// ---- packets --------------------------------------------------------------------------------------------------------

int Door::netdev_send(std::span<const std::byte> packet) {
  const Lock lock(mutex_);
  world_.inject(packet);
  look_at_waiters();
  return 0;
}

int Door::netdev_receive(void* packet, std::size_t* size, long long* time_usecs) {
  const Lock lock(mutex_);
  auto& raw = world_.tun.raw;
  advance(world_.now() + kPatience, [&] { return !raw.empty(); });
  if (raw.empty()) {
    *size = 0;
    *time_usecs = kEpoch + world_.now().since_start().us();
    return 0;
  }
  const auto first = std::move(raw.front());
  raw.pop_front();
  *size = std::min(*size, first.bytes.size());
  std::memcpy(packet, first.bytes.data(), *size);
  *time_usecs = kEpoch + first.at.since_start().us();
  return 0;
}

}  // namespace catenet::drill
