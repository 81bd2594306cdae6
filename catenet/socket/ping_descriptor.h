// SPDX-License-Identifier: Apache-2.0
// PingDescriptor: ICMP echo for programs, as Linux's SOCK_DGRAM with IPPROTO_ICMP or IPPROTO_ICMPV6. A message starts
// with an ICMP header (wire::IcmpHeader, wire::Icmpv6Header). To send: an echo request, of which type, code and
// sequence count; the identifier and the checksum are filled in. To receive: the whole echo reply. The "port" of an
// endpoint is the identifier: bind() asks for one, the first send takes any; foreign ports mean nothing.
#pragma once
#include "catenet/base/ring.h"
#include "catenet/ip/echo.h"
#include "catenet/socket/descriptor.h"

namespace catenet::socket {

class PingDescriptor final : public Descriptor, private ip::EchoClient {
 public:
  static constexpr std::size_t kMaxErrors = 64;
  static constexpr std::size_t kReplyCost = 256;  ///< bytes counted per queued reply beside its own

  /// Network and echo of `family`; both outlive it.
  PingDescriptor(SocketTable& table, ip::Network& network, ip::Echo& echo, wire::Family family)
      : Descriptor(table),
        network_(network),
        echo_(echo),
        local_(wire::IpAddress::any(family)),
        foreign_(wire::IpAddress::any(family)) {}
  ~PingDescriptor() override;

  Result<void> bind(const wire::Endpoint& local) override;
  Result<void> connect(const wire::Endpoint& foreign) override;
  Result<void> disconnect() override;
  Result<std::size_t> send(std::span<const std::byte> bytes, const wire::Endpoint* to) override;
  Result<Received> recv(std::span<std::byte> out, bool peek) override;
  Result<ErrorRecord> recv_error() override;
  Result<void> shutdown(ShutdownHow how) override;
  [[nodiscard]] wire::Endpoint local() const override { return {local_, identifier_}; }
  [[nodiscard]] Result<wire::Endpoint> peer() const override;
  Result<void> set_option(const Option& option) override;
  Result<void> read_option(Option& option) const override;
  int take_error() override { return std::exchange(pending_error_, 0); }
  [[nodiscard]] unsigned readiness() const override;
  [[nodiscard]] PcbRow row() const override;

 private:
  struct Reply {
    Packet message;
    wire::IpAddress from;
    wire::IpAddress to;
    unsigned interface;
    std::uint8_t ttl;
    std::uint8_t traffic_class;
  };
  // ip::EchoClient
  void on_echo_reply(Packet packet, const ip::Delivery& delivery, std::uint16_t sequence) override;
  void on_echo_error(const ip::ErrorReport& report, std::uint16_t sequence) override;

  Result<void> open(std::uint16_t wanted);
  [[nodiscard]] wire::Family family() const { return local_.family(); }
  template <typename T>
  Result<void> apply(const T& o);
  template <typename T>
  Result<void> fetch(T& o) const;

  ip::Network& network_;
  ip::Echo& echo_;
  wire::IpAddress local_;
  wire::IpAddress foreign_;
  std::uint16_t identifier_ = 0;  // 0: none yet
  bool connected_ = false;
  bool send_shut_ = false;
  bool receive_shut_ = false;
  bool receive_errors_ = false;
  bool dont_fragment_ = false;
  bool broadcast_ = false;
  std::uint8_t ttl_ = 0;
  std::uint8_t traffic_class_ = 0;
  int pending_error_ = 0;
  std::size_t receive_limit_ = 212'992;
  std::size_t queued_bytes_ = 0;
  Ring<Reply> replies_;
  Ring<ErrorRecord> errors_;
};

}  // namespace catenet::socket
