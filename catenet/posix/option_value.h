// SPDX-License-Identifier: Apache-2.0
// What the options of all levels share: the value that the caller gave or has room for, and the way to the socket's own
// options.
#pragma once
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "catenet/posix/socket_file.h"

namespace catenet::posix {

inline std::unexpected<Error> no_such_option() { return fail(ENOPROTOOPT, "an option that is not there"); }

/// What the caller gave, or has room for.
struct Value {
  void* data;
  socklen_t size;

  /// EINVAL when there is less than T.
  template <typename T>
  [[nodiscard]] Result<T> as() const {
    T value{};
    if (size < sizeof value) {
      return fail(EINVAL, "a value that is cut");
    }
    if (data == nullptr) {
      return fail(EFAULT, "no value");
    }
    std::memcpy(&value, data, sizeof value);
    return value;
  }
  /// IP's options may be given as one byte (ip(7)).
  [[nodiscard]] Result<int> as_small() const {
    if (data != nullptr && size >= 1 && size < sizeof(int)) {
      return *static_cast<const unsigned char*>(data);
    }
    return as<int>();
  }
  template <typename T>
  Result<void> give(const T& value) {
    size = std::min<socklen_t>(size, sizeof value);
    std::memcpy(data, &value, size);
    return {};
  }
};

template <typename T>
Result<void> set(const SocketFile& file, const T& value) {
  return file.host().set_option(file.number(), value);
}

template <typename T, typename F>
Result<void> get(const SocketFile& file, Value& value, F&& as_number) {
  const auto read = file.host().get_option<T>(file.number());
  return read ? value.give(static_cast<int>(as_number(*read))) : std::unexpected(read.error());
}
inline constexpr auto kOn = [](const auto& o) { return o.on ? 1 : 0; };

/// Level IPPROTO_IPV6 of a socket of AF_INET6 (options_ipv6.cc).
Result<void> set_ipv6_option(SocketFile& file, int name, const Value& value);
Result<void> get_ipv6_option(const SocketFile& file, int name, Value& value);
/// Levels SOL_UDP and SOL_UDPLITE of a socket of one of them (options_udp.cc).
Result<void> set_udp_option(const SocketFile& file, int name, const Value& value);
Result<void> get_udp_option(const SocketFile& file, int name, Value& value);
/// Options of a raw socket alone: level SOL_RAW, of AF_INET6 also IPPROTO_ICMPV6 and two of IPPROTO_IPV6
/// (options_raw.cc).
inline constexpr int kRawLevel = 255;  // SOL_RAW
Result<void> set_raw_option(const SocketFile& file, int level, int name, const Value& value);
Result<void> get_raw_option(const SocketFile& file, int level, int name, Value& value);
/// Filters, of level SOL_SOCKET (options_filter.cc).
bool is_filter_option(int name);
Result<void> set_filter_option(const SocketFile& file, int name, const Value& value);
Result<void> get_packet_filter(const SocketFile& file, Value& value);
/// Multicast: options of IPPROTO_IP or IPPROTO_IPV6, whichever is the socket's (options_groups.cc).
bool is_group_option(const SocketFile& file, int name);
Result<void> set_group_option(const SocketFile& file, int name, const Value& value);
Result<void> get_group_option(const SocketFile& file, int name, Value& value);
/// Level SOL_PACKET of a packet socket (options_packet.cc).
Result<void> set_packet_option(const SocketFile& file, int name, const Value& value);
Result<void> get_packet_option(const SocketFile& file, int name, Value& value);
/// TCP's options that no header of the C library has (Linux 6.7).
inline constexpr int kAoAddKey = 38;     // TCP_AO_ADD_KEY
inline constexpr int kAoDeleteKey = 39;  // TCP_AO_DEL_KEY
inline constexpr int kAoInfo = 40;       // TCP_AO_INFO
inline constexpr int kAoGetKeys = 41;    // TCP_AO_GET_KEYS
/// Keys of TCP's signatures (options_tcp_keys.cc): TCP_MD5SIG, TCP_MD5SIG_EXT and the above; read: the last two.
Result<void> set_tcp_key_option(const SocketFile& file, int name, const Value& value);
Result<void> get_tcp_key_option(const SocketFile& file, int name, Value& value);

}  // namespace catenet::posix
