// SPDX-License-Identifier: Apache-2.0
// PacketDescriptor: a packet socket. FramePcb already answers as Linux does; this adds what is the socket's own. Its
// ends are link::LinkEndpoints: the calls that take or give Internet addresses are refused.
#pragma once
#include "catenet/link/frames/frame_pcb.h"
#include "catenet/socket/descriptor.h"

namespace catenet::socket {

class PacketDescriptor final : public Descriptor {
 public:
  PacketDescriptor(SocketTable& table, link::Frames& frames, bool with_header, std::uint16_t protocol);

  Result<void> bind(const wire::Endpoint&) override { return fail(EINVAL, "not a link's address"); }
  Result<void> connect(const wire::Endpoint&) override { return unconnected(); }
  Result<void> disconnect() override { return unconnected(); }
  Result<std::size_t> send(std::span<const std::byte> bytes, const wire::Endpoint* to) override;
  Result<void> bind_link(const link::LinkEndpoint& local) override {
    return pcb_.bind(local.interface, local.protocol);
  }
  Result<std::size_t> send_link(std::span<const std::byte> bytes, const link::LinkEndpoint& to) override;
  [[nodiscard]] Result<link::LinkEndpoint> local_link() const override { return pcb_.local(); }
  Result<link::FramePcb::Statistics> take_statistics() override { return pcb_.take_statistics(); }
  Result<Received> recv(std::span<std::byte> out, bool peek) override;
  Result<void> shutdown(ShutdownHow) override { return unconnected(); }
  [[nodiscard]] wire::Endpoint local() const override { return {}; }
  [[nodiscard]] Result<wire::Endpoint> peer() const override { return unconnected(); }
  Result<void> set_option(const Option& option) override;
  Result<void> read_option(Option& option) const override;
  int take_error() override { return pcb_.take_error(); }
  [[nodiscard]] unsigned readiness() const override;
  [[nodiscard]] PcbRow row() const override;

 private:
  static std::unexpected<Error> unconnected() { return fail(EOPNOTSUPP, "a packet socket has no connection"); }

  link::FramePcb pcb_;
};

}  // namespace catenet::socket
