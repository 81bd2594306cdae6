// SPDX-License-Identifier: Apache-2.0
// DatagramDescriptor: a UDP or UDP-Lite socket. UdpPcb already answers as Linux does; this adds what is the socket's
// own.
#pragma once
#include "catenet/socket/descriptor.h"
#include "catenet/transport/udp/udp_pcb.h"
#include "catenet/wire/mapped_address.h"

namespace catenet::socket {

class DatagramDescriptor final : public Descriptor {
 public:
  DatagramDescriptor(SocketTable& table, transport::Udp& udp, wire::Family family);

  Result<void> bind(const wire::Endpoint& local) override { return pcb_.bind(local); }
  Result<void> connect(const wire::Endpoint& foreign) override { return pcb_.connect(foreign); }
  Result<void> disconnect() override;
  Result<std::size_t> send(std::span<const std::byte> bytes, const wire::Endpoint* to) override;
  Result<void> send_packet(Packet payload, const wire::Endpoint* to) override;
  Result<std::size_t> send_segments(std::span<const std::byte> bytes, std::uint16_t segment_size,
                                    const wire::Endpoint* to) override;
  Result<std::size_t> send_batch(std::span<const Outgoing> messages) override { return pcb_.send_batch(messages); }
  Result<Received> recv(std::span<std::byte> out, bool peek) override;
  Result<std::size_t> recv_batch(std::span<Incoming> messages) override;
  Result<ErrorRecord> recv_error() override;
  Result<void> shutdown(ShutdownHow how) override;
  void let_go() override { pcb_.leave_groups(false); }
  [[nodiscard]] wire::Endpoint local() const override { return as_seen(pcb_.local()); }
  [[nodiscard]] Result<wire::Endpoint> peer() const override;
  Result<void> set_option(const Option& option) override;
  Result<void> read_option(Option& option) const override;
  int take_error() override { return pcb_.take_error(); }
  [[nodiscard]] unsigned readiness() const override;
  [[nodiscard]] PcbRow row() const override;
  [[nodiscard]] const transport::UdpPcb& pcb() const { return pcb_; }

 private:
  /// A socket of IPv6 sees IPv4 mapped (RFC 3493 3.7).
  [[nodiscard]] wire::Endpoint as_seen(const wire::Endpoint& end) const {
    return pcb_.family() == wire::Family::kV4 ? end : wire::Endpoint{wire::mapped(end.address), end.port};
  }
  Received copy_run(std::span<std::byte> out) const;
  template <typename T>
  Result<void> apply(const T& o);
  template <typename T>
  Result<void> fetch(T& o) const;

  transport::UdpPcb pcb_;
};

}  // namespace catenet::socket
