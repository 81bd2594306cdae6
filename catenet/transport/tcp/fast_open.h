// SPDX-License-Identifier: Apache-2.0
// Fast Open's memory (RFC 7413): the keys by which a server makes and knows its cookies, and what a client has learnt
// of servers. Neither knows a connection. Cookies are made as Linux makes them, so that servers with one key understand
// each other's.
#pragma once
#include <array>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <span>

#include "catenet/base/time.h"
#include "catenet/wire/endpoint.h"
#include "catenet/wire/tcp.h"

namespace catenet::transport {

/// A server's keys: the one that cookies are made with, and perhaps the one before it (RFC 7413 4.1.2), whose cookies
/// are still good, and are replaced.
class FastOpenKeys {
 public:
  static constexpr std::size_t kKeySize = 16;
  using Key = std::array<std::byte, kKeySize>;
  enum class Verdict : std::uint8_t { wrong, good, outdated };

  FastOpenKeys() = default;
  explicit FastOpenKeys(const Key& key) : keys_{key, {}}, count_(1) {}
  FastOpenKeys(const Key& key, const Key& former) : keys_{key, former}, count_(2) {}
  /// 16 bytes, or 32: a key and the one before it. EINVAL.
  static Result<FastOpenKeys> from_bytes(std::span<const std::byte> bytes);

  [[nodiscard]] bool empty() const { return count_ == 0; }
  /// 0, 16 or 32 bytes.
  [[nodiscard]] std::span<const std::byte> bytes() const;
  /// For the client at `tuple.foreign` and ourselves; ports do not matter. Precondition: not empty().
  [[nodiscard]] wire::TcpFastOpen cookie(const wire::FourTuple& tuple, bool experimental) const;
  [[nodiscard]] Verdict judge(const wire::FourTuple& tuple, const wire::TcpFastOpen& presented) const;

 private:
  [[nodiscard]] wire::TcpFastOpen cookie_of(std::size_t key, const wire::FourTuple& tuple, bool experimental) const;

  std::array<Key, 2> keys_{};
  std::size_t count_ = 0;
};

/// What a client knows of servers by their address, for at most `limit` of them; the one not used longest goes first.
class FastOpenCache {
 public:
  struct Server {
    wire::TcpFastOpen cookie;  ///< size 0: none; `experimental`: the form to use
    std::uint16_t mss = 0;     ///< as its last SYN,ACK offered; 0: none has come
    std::uint8_t losses = 0;   ///< SYNs with data that went unanswered, in a row
    bool tried_experimental = false;
    Instant paused_until = Instant::zero();
  };
  /// After so many losses in a row a server is spoken to the plain way for a while: a minute, doubled with each.
  static constexpr std::uint8_t kLosses = 2;
  static constexpr Duration kPause = Duration::seconds(60);
  static constexpr unsigned kMaxDoublings = 6;

  explicit FastOpenCache(std::size_t limit) : limit_(limit) {}
  /// Null: nothing is known. Counts as use.
  [[nodiscard]] const Server* find(const wire::IpAddress& server);
  /// Made where there is none.
  Server& learn(const wire::IpAddress& server);
  /// A SYN with data, or its answer, was lost on the way to this server.
  void note_loss(const wire::IpAddress& server, Instant now);
  void clear();
  void set_limit(std::size_t limit);
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    Server server;
    std::list<wire::IpAddress>::iterator place;
  };
  void evict();

  std::size_t limit_;
  std::map<wire::IpAddress, Entry> entries_;
  std::list<wire::IpAddress> order_;  // least recently used first
};

}  // namespace catenet::transport
