// SPDX-License-Identifier: Apache-2.0
// Flow: a conversation as the script writes it and as it is on the wire. Our sequence numbers and timestamps are ours
// to choose, so the script's are moved by what the first packet shows; those of the remote end are the script's own.
// The numbers of a SYN are meant as they stand; those of all other segments count from the SYN of their side.
#pragma once
#include <cstdint>
#include <map>
#include <optional>

#include "catenet/packetdrill/datagram.h"
#include "catenet/packetdrill/script.h"
#include "catenet/wire/endpoint.h"

namespace catenet::packetdrill {

class Flow {
 public:
  Flow(bool tcp, const wire::Endpoint& local, const wire::Endpoint& remote)
      : tcp_(tcp), local_(local), remote_(remote) {}

  [[nodiscard]] bool is_tcp() const { return tcp_; }
  [[nodiscard]] const wire::Endpoint& local() const { return local_; }
  [[nodiscard]] const wire::Endpoint& remote() const { return remote_; }
  /// Ports as the script names them; 0: it does not.
  [[nodiscard]] bool has_ports(std::uint16_t local, std::uint16_t remote) const {
    return (local == 0 || local == local_.port) && (remote == 0 || remote == remote_.port);
  }

  /// No SYN has been seen yet, of either side.
  [[nodiscard]] bool is_fresh() const { return !known_ && !remote_isn_; }
  /// Nobody listens there: no connection begins whose numbers could be counted, and all are as on the wire.
  void use_wire_numbers() { counted_ = false; }

  /// A segment of the script, as it shall arrive.
  [[nodiscard]] TcpFields to_wire(const TcpFields& script);
  /// A sequence number of ours, as an ICMP error quotes it.
  [[nodiscard]] std::uint32_t seq_to_wire(std::uint32_t script) const { return script + local_shift(false); }
  /// A segment that left, in the script's numbers. The expected one teaches us what its SYN and its timestamps mean.
  [[nodiscard]] TcpFields to_script(const TcpFields& wire, const TcpFields& expected);

 private:
  bool tcp_;
  wire::Endpoint local_;
  wire::Endpoint remote_;
  [[nodiscard]] std::uint32_t local_shift(bool syn) const { return syn ? shift_ : isn_; }

  bool counted_ = true;
  bool known_ = false;       // shift_ and isn_ are from a SYN
  std::uint32_t shift_ = 0;  // wire minus script, of our SYN's sequence number
  std::uint32_t isn_ = 0;    // of our SYN, on the wire
  std::optional<std::uint32_t> remote_isn_;
  std::uint32_t newest_isn_ = 0;                       // of the latest SYN that came
  std::optional<std::uint32_t> timestamp_shift_;       // wire minus script, of the first timestamp
  std::map<std::uint32_t, std::uint32_t> timestamps_;  // script to wire
};

/// The values of the timestamps option, if there is one of the right length.
struct Timestamps {
  std::uint32_t value = 0;
  std::uint32_t echo = 0;
};
[[nodiscard]] std::optional<Timestamps> timestamps_of(const TcpFields& tcp);

}  // namespace catenet::packetdrill
