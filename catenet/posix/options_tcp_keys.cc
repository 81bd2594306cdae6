// SPDX-License-Identifier: Apache-2.0
// The options of TCP that give keys: TCP_MD5SIG, TCP_MD5SIG_EXT, and those of TCP-AO (Linux's Documentation/networking/
// tcp_ao.rst), whose structures the C library does not have.
#include <netinet/tcp.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "catenet/posix/abi.h"
#include "catenet/posix/option_value.h"
#include "catenet/wire/mapped_address.h"

namespace catenet::posix {

namespace option = socket::option;

namespace {

constexpr std::uint8_t kInterfaceGiven = 0x2;    // TCP_MD5SIG_FLAG_IFINDEX
constexpr std::uint8_t kAoInterface = 0x1;       // TCP_AO_KEYF_IFINDEX
constexpr std::uint8_t kAoExcludeOptions = 0x2;  // TCP_AO_KEYF_EXCLUDE_OPT
constexpr std::size_t kMaxAoKey = 80;            // TCP_AO_MAXKEYLEN

// struct tcp_ao_add; flags: set_current, set_rnext, then 30 reserved bits.
struct AoAdd {
  sockaddr_storage addr;
  char alg_name[64];
  std::int32_t ifindex;
  std::uint32_t flags;
  std::uint16_t reserved2;
  std::uint8_t prefix;
  std::uint8_t sndid;
  std::uint8_t rcvid;
  std::uint8_t maclen;
  std::uint8_t keyflags;
  std::uint8_t keylen;
  std::uint8_t key[kMaxAoKey];
};
static_assert(sizeof(AoAdd) == 288 && offsetof(AoAdd, key) == 208);

// struct tcp_ao_del; flags: set_current, set_rnext, del_async, then 29 reserved bits.
struct AoDel {
  sockaddr_storage addr;
  std::int32_t ifindex;
  std::uint32_t flags;
  std::uint16_t reserved2;
  std::uint8_t prefix;
  std::uint8_t sndid;
  std::uint8_t rcvid;
  std::uint8_t current_key;
  std::uint8_t rnext;
  std::uint8_t keyflags;
};
static_assert(sizeof(AoDel) == 144);

// struct tcp_ao_info_opt; flags: set_current, set_rnext, ao_required, set_counters, accept_icmps, then 27 reserved
// bits.
struct AoInfo {
  std::uint32_t flags;
  std::uint16_t reserved2;
  std::uint8_t current_key;
  std::uint8_t rnext;
  std::uint64_t pkt_good;
  std::uint64_t pkt_bad;
  std::uint64_t pkt_key_not_found;
  std::uint64_t pkt_ao_required;
  std::uint64_t pkt_dropped_icmp;
};
static_assert(sizeof(AoInfo) == 48);

// struct tcp_ao_getsockopt; flags: is_current, is_rnext, get_all, then 13 reserved bits.
struct AoGet {
  sockaddr_storage addr;
  char alg_name[64];
  std::uint8_t key[kMaxAoKey];
  std::uint32_t nkeys;
  std::uint16_t flags;
  std::uint8_t sndid;
  std::uint8_t rcvid;
  std::uint8_t prefix;
  std::uint8_t maclen;
  std::uint8_t keyflags;
  std::uint8_t keylen;
  std::int32_t ifindex;
  std::uint64_t pkt_good;
  std::uint64_t pkt_bad;
};
static_assert(sizeof(AoGet) == 304 && offsetof(AoGet, pkt_good) == 288);

constexpr std::uint32_t kSetCurrent = 1;
constexpr std::uint32_t kSetNext = 2;
constexpr std::uint32_t kRequired = 4;

constexpr std::pair<std::string_view, transport::TcpAoAlgorithm> kAoAlgorithms[] = {
    {"hmac(sha1)", transport::TcpAoAlgorithm::hmac_sha1_96},
    {"cmac(aes128)", transport::TcpAoAlgorithm::aes_128_cmac_96}};

/// Of a mapped address the length is IPv4's, as Linux has it. `length`: none for the whole address.
Result<wire::IpPrefix> peers_from(const SocketFile& file, const sockaddr_storage& address,
                                  std::optional<std::uint8_t> length) {
  if (address.ss_family != file.domain) {
    return fail(EINVAL, "an address of another family");
  }
  const auto end = endpoint_from(reinterpret_cast<const sockaddr*>(&address), sizeof address, file.domain);
  if (!end) {
    return fail(EINVAL, "no address");
  }
  const wire::IpAddress peer = wire::unmapped(end->address);
  if (length.value_or(0) > peer.bit_width()) {
    return fail(EINVAL, "a prefix longer than its address");
  }
  return wire::IpPrefix(peer, length.value_or(static_cast<std::uint8_t>(peer.bit_width())));
}

Result<void> set_md5(const SocketFile& file, bool extended, const Value& value) {
  const auto given = value.as<tcp_md5sig>();
  if (!given) {
    return std::unexpected(given.error());
  }
  const bool has_prefix = extended && (given->tcpm_flags & TCP_MD5SIG_FLAG_PREFIX) != 0;
  const auto peers =
      peers_from(file, given->tcpm_addr, has_prefix ? std::optional(given->tcpm_prefixlen) : std::nullopt);
  if (!peers) {
    return std::unexpected(peers.error());
  }
  if (extended && (given->tcpm_flags & kInterfaceGiven) != 0 && given->__tcpm_pad != 0) {  // Linux: tcpm_ifindex
    return fail(EINVAL, "no interface is the master of others");
  }
  if (given->tcpm_keylen > TCP_MD5SIG_MAXKEYLEN) {
    return fail(EINVAL, "a key that is too long");
  }
  const auto key = std::as_bytes(std::span(given->tcpm_key)).first(given->tcpm_keylen);
  return set(file, option::Md5Key{*peers, transport::TcpSecret(key)});
}

Result<void> add_ao(const SocketFile& file, const Value& value) {
  const auto given = value.as<AoAdd>();
  if (!given) {
    return std::unexpected(given.error());
  }
  const auto peers = peers_from(file, given->addr, given->prefix);
  if (!peers) {
    return std::unexpected(peers.error());
  }
  if ((given->flags & ~(kSetCurrent | kSetNext)) != 0 || given->reserved2 != 0 || given->keylen > kMaxAoKey ||
      (given->keyflags & ~kAoExcludeOptions) != 0) {
    return fail(EINVAL, "reserved bits, a key that is too long, or an interface");
  }
  const std::string_view field(given->alg_name, sizeof given->alg_name);
  const auto algorithm = std::ranges::find(kAoAlgorithms, field.substr(0, field.find('\0')),
                                           &std::pair<std::string_view, transport::TcpAoAlgorithm>::first);
  if (algorithm == std::end(kAoAlgorithms)) {
    return fail(ENOENT, "an algorithm that is not there");
  }
  constexpr std::uint8_t kUsualMac = 12;
  option::AoKey o;
  o.key.peer = *peers;
  o.key.algorithm = algorithm->second;
  o.key.send_id = given->sndid;
  o.key.receive_id = given->rcvid;
  o.key.mac_size = given->maclen == 0 ? kUsualMac : given->maclen;
  o.key.covers_options = (given->keyflags & kAoExcludeOptions) == 0;
  o.key.secret = transport::TcpSecret(std::as_bytes(std::span(given->key)).first(given->keylen));
  o.current = (given->flags & kSetCurrent) != 0;
  o.next = (given->flags & kSetNext) != 0;
  return set(file, o);
}

Result<void> choose_ao(const SocketFile& file, std::uint32_t flags, std::uint8_t current, std::uint8_t next,
                       std::optional<bool> required) {
  option::AoChoice choice;
  choice.required = required;
  if ((flags & kSetCurrent) != 0) {
    choice.current = current;
  }
  if ((flags & kSetNext) != 0) {
    choice.next = next;
  }
  return set(file, choice);
}

Result<void> remove_ao(const SocketFile& file, const Value& value) {
  const auto given = value.as<AoDel>();
  if (!given) {
    return std::unexpected(given.error());
  }
  const auto peers = peers_from(file, given->addr, given->prefix);
  if (!peers) {
    return std::unexpected(peers.error());
  }
  constexpr std::uint32_t kAsync = 4;  // nothing waits here: removing is at once in any case
  if ((given->flags & ~(kSetCurrent | kSetNext | kAsync)) != 0 || given->reserved2 != 0 ||
      (given->keyflags & kAoInterface) != 0 || ((given->flags & kAsync) != 0 && !file.is_listening())) {
    return fail(EINVAL, "reserved bits, or an interface");
  }
  if ((given->flags & (kSetCurrent | kSetNext)) != 0) {
    if (const auto chosen = choose_ao(file, given->flags, given->current_key, given->rnext, {}); !chosen) {
      return chosen;
    }
  }
  return set(file, option::AoKeyRemoval{*peers, given->sndid, given->rcvid});
}

Result<void> set_ao_info(const SocketFile& file, const Value& value) {
  const auto given = value.as<AoInfo>();
  if (!given) {
    return std::unexpected(given.error());
  }
  if ((given->flags & ~(kSetCurrent | kSetNext | kRequired)) != 0 || given->reserved2 != 0) {
    return fail(EINVAL, "reserved bits, or setting counters, or heeding ICMP, which are not there");
  }
  return choose_ao(file, given->flags, given->current_key, given->rnext, (given->flags & kRequired) != 0);
}

Result<void> get_ao_info(const SocketFile& file, Value& value) {
  const auto keys = file.host().get_option<option::Keys>(file.number());
  if (!keys) {
    return std::unexpected(keys.error());
  }
  if (!keys->keys.has_ao()) {
    return fail(ENOENT, "no TCP-AO");
  }
  const transport::TcpAoState& state = keys->keys.state();
  AoInfo info{};
  info.flags = (state.current ? kSetCurrent : 0) | (state.next ? kSetNext : 0) | (state.required ? kRequired : 0);
  info.current_key = state.current.value_or(0);
  info.rnext = state.next.value_or(0);
  info.pkt_good = state.counters.ao_good;
  info.pkt_bad = state.counters.ao_bad;
  info.pkt_key_not_found = state.counters.ao_key_not_found;
  info.pkt_ao_required = state.counters.ao_required;
  info.pkt_dropped_icmp = state.counters.ao_dropped_icmps;
  return value.give(info);
}

AoGet row_from(const SocketFile& file, const transport::TcpKeys& keys, const transport::TcpKeys::AoRow& row) {
  AoGet out{};
  const wire::IpAddress peer = row.key.peer.address();
  socklen_t size = sizeof out.addr;
  endpoint_to({file.domain == AF_INET6 ? wire::mapped(peer) : peer, 0}, reinterpret_cast<sockaddr*>(&out.addr), &size);
  const auto algorithm = std::ranges::find(kAoAlgorithms, row.key.algorithm,
                                           &std::pair<std::string_view, transport::TcpAoAlgorithm>::second);
  algorithm->first.copy(out.alg_name, sizeof out.alg_name - 1);
  std::memcpy(out.key, row.key.secret.bytes().data(), row.key.secret.size);
  out.flags = static_cast<std::uint16_t>((keys.state().current == row.key.send_id ? 1U : 0U) |
                                         (keys.state().next == row.key.receive_id ? 2U : 0U));
  out.sndid = row.key.send_id;
  out.rcvid = row.key.receive_id;
  out.prefix = static_cast<std::uint8_t>(row.key.peer.length());
  out.maclen = row.key.mac_size;
  out.keyflags = row.key.covers_options ? std::uint8_t{0} : kAoExcludeOptions;
  out.keylen = row.key.secret.size;
  out.pkt_good = row.good;
  out.pkt_bad = row.bad;
  return out;
}

// As many as there is room for; each row says how many there are. What is asked for is in the first row.
Result<void> get_ao_keys(const SocketFile& file, Value& value) {
  const auto asked = value.as<AoGet>();
  const auto keys = file.host().get_option<option::Keys>(file.number());
  if (!asked || !keys) {
    return std::unexpected(!asked ? asked.error() : keys.error());
  }
  constexpr unsigned kCurrent = 1;
  constexpr unsigned kNext = 2;
  constexpr unsigned kAll = 4;
  const unsigned flags = asked->flags;
  if (asked->nkeys == 0 || (flags & ~(kCurrent | kNext | kAll)) != 0 || (flags & kAll && flags != kAll)) {
    return fail(EINVAL, "nothing is asked for");
  }
  const transport::TcpKeys& all = keys->keys;
  const auto wanted = [&](const transport::TcpKeys::AoRow& row) {
    if (flags != 0) {
      return (flags & kAll) != 0 || ((flags & kCurrent) != 0 && all.state().current == row.key.send_id) ||
             ((flags & kNext) != 0 && all.state().next == row.key.receive_id);
    }
    const auto peers = peers_from(file, asked->addr, asked->prefix);
    return peers && peers->canonical() == row.key.peer && asked->sndid == row.key.send_id &&
           asked->rcvid == row.key.receive_id;
  };
  const auto matches = static_cast<std::uint32_t>(std::ranges::count_if(all.ao(), wanted));
  const std::size_t room = std::min<std::size_t>(asked->nkeys, value.size / sizeof(AoGet));
  std::size_t n = 0;
  for (const auto& row : all.ao()) {
    if (n < room && wanted(row)) {
      AoGet out = row_from(file, all, row);
      out.nkeys = matches;
      std::memcpy(static_cast<std::byte*>(value.data) + n++ * sizeof out, &out, sizeof out);
    }
  }
  value.size = sizeof(AoGet);
  return n > 0 ? Result<void>() : fail(ENOENT, "no such key");
}

}  // namespace

Result<void> set_tcp_key_option(const SocketFile& file, int name, const Value& value) {
  switch (name) {
    case TCP_MD5SIG:
    case TCP_MD5SIG_EXT:
      return set_md5(file, name == TCP_MD5SIG_EXT, value);
    case kAoAddKey:
      return add_ao(file, value);
    case kAoDeleteKey:
      return remove_ao(file, value);
    default:
      return set_ao_info(file, value);
  }
}

Result<void> get_tcp_key_option(const SocketFile& file, int name, Value& value) {
  return name == kAoInfo ? get_ao_info(file, value) : get_ao_keys(file, value);
}

}  // namespace catenet::posix
