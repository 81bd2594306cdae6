// SPDX-License-Identifier: Apache-2.0
// Echo: what ping and traceroute see of ICMP and of ICMPv6. Identifiers tell the programs of one node apart.
#pragma once
#include <cstdint>
#include <vector>

#include "catenet/base/result.h"
#include "catenet/base/time.h"
#include "catenet/ip/network.h"

namespace catenet::ip {

/// A program that pings, or traces with echo requests. Programs that probe with UDP get errors by Protocol::on_error.
class EchoClient {
 public:
  /// An answer to one of our requests. The packet's front is the ICMP header (verified); end it with consume().
  virtual void on_echo_reply(Packet packet, const Delivery& delivery, std::uint16_t sequence) = 0;
  /// An error about one of our requests; `report.transport_header` is the request's ICMP header.
  virtual void on_echo_error(const ErrorReport& report, std::uint16_t sequence) = 0;

 protected:
  ~EchoClient() = default;
};

class Echo {
 public:
  /// `limit`: identifiers in use at once. `first`: where the search for a free one starts.
  Echo(std::uint16_t limit, std::uint16_t first) : limit_(limit), next_identifier_(first) {}
  virtual ~Echo() = default;

  /// Reserves an echo identifier: `wanted`, or a free one when that is 0. EADDRINUSE; ENOBUFS at the limit. The client
  /// outlives its identifier.
  Result<std::uint16_t> open(EchoClient& client, std::uint16_t wanted = 0);
  void close(std::uint16_t identifier);
  /// Sends an echo request with `packet` as its data. Errors as Network::output.
  virtual Result<void> send_echo(Packet packet, std::uint16_t identifier, std::uint16_t sequence,
                                 SendOptions options) = 0;

 protected:
  /// Null: nobody has it.
  [[nodiscard]] EchoClient* find(std::uint16_t identifier) const;

 private:
  struct Entry {
    std::uint16_t identifier;
    EchoClient* client;
  };
  std::vector<Entry> clients_;  // in the order of identifiers
  std::uint16_t limit_;
  std::uint16_t next_identifier_;
};

/// Lets `rate` events a second pass, `burst` at once; integers only.
class TokenBucket {
 public:
  TokenBucket(std::uint32_t rate, std::uint32_t burst) : tokens_(burst), rate_(rate), burst_(burst) {}
  bool take(Instant now);

 private:
  Instant filled_;
  std::uint32_t tokens_;
  std::uint32_t rate_;
  std::uint32_t burst_;
};

}  // namespace catenet::ip
