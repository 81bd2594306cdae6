// SPDX-License-Identifier: Apache-2.0
// RawDescriptor: a raw socket. RawPcb already answers as Linux does; this adds what is the socket's own. The port of an
// endpoint is the protocol, where it means anything at all.
#pragma once
#include "catenet/socket/descriptor.h"
#include "catenet/transport/raw/raw_pcb.h"

namespace catenet::socket {

class RawDescriptor final : public Descriptor {
 public:
  RawDescriptor(SocketTable& table, transport::Raw& raw, wire::Family family, std::uint8_t protocol);

  Result<void> bind(const wire::Endpoint& local) override { return pcb_.bind(local.address); }
  Result<void> connect(const wire::Endpoint& foreign) override { return pcb_.connect(foreign); }
  Result<void> disconnect() override;
  Result<std::size_t> send(std::span<const std::byte> bytes, const wire::Endpoint* to) override;
  Result<Received> recv(std::span<std::byte> out, bool peek) override;
  Result<ErrorRecord> recv_error() override;
  Result<void> shutdown(ShutdownHow how) override;
  void let_go() override { pcb_.leave_groups(false); }
  [[nodiscard]] wire::Endpoint local() const override { return pcb_.local(); }
  /// ENOTCONN also where connect() was given port 0: so Linux has it.
  [[nodiscard]] Result<wire::Endpoint> peer() const override;
  Result<void> set_option(const Option& option) override;
  Result<void> read_option(Option& option) const override;
  int take_error() override { return pcb_.take_error(); }
  [[nodiscard]] unsigned readiness() const override;
  [[nodiscard]] PcbRow row() const override;

 private:
  template <typename T>
  Result<void> apply(const T& o);
  template <typename T>
  Result<void> fetch(T& o) const;

  transport::RawPcb pcb_;
};

}  // namespace catenet::socket
