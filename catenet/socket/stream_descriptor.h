// SPDX-License-Identifier: Apache-2.0
// StreamDescriptor: a TCP socket. TcpPcb knows the protocol; what is added here is the life of a Linux socket round it:
//
//   idle -> connecting -> connected          connect() asked again tells how it went; a failure leads back to idle,
//     \---> listening --> (accept) connected  with a fresh control block that keeps the bound address
#pragma once
#include "catenet/socket/descriptor.h"
#include "catenet/wire/mapped_address.h"

namespace catenet::socket {

class StreamDescriptor final : public Descriptor {
 public:
  /// Takes over `pcb`, which is fresh.
  StreamDescriptor(SocketTable& table, transport::TcpPcb& pcb, wire::Family family);

  Result<void> bind(const wire::Endpoint& local) override;
  Result<void> listen(int backlog) override;
  Result<std::unique_ptr<Descriptor>> accept() override;
  Result<void> connect(const wire::Endpoint& foreign) override;
  Result<std::size_t> connect_with(const wire::Endpoint& foreign, std::span<const std::byte> bytes) override;
  Result<std::size_t> send(std::span<const std::byte> bytes, const wire::Endpoint* to) override;
  Result<std::size_t> send_with(std::span<const std::byte> bytes, const SendFlags& flags) override;
  void end_send(bool zero_copy) override;
  void expect_send() override { pcb_->expect_write(); }
  Result<SendNotice> recv_notice() override;
  Result<Received> recv(std::span<std::byte> out, bool peek) override;
  Result<void> shutdown(ShutdownHow how) override;
  Result<void> disconnect() override;
  void close() override;
  void let_go() override { pcb_->set_on_ready({}); }
  [[nodiscard]] wire::Endpoint local() const override { return as_seen(pcb_->local()); }
  [[nodiscard]] Result<wire::Endpoint> peer() const override;
  Result<void> set_option(const Option& option) override;
  Result<void> read_option(Option& option) const override;
  int take_error() override { return pcb_->take_error(); }
  [[nodiscard]] unsigned readiness() const override;
  [[nodiscard]] PcbRow row() const override;

 private:
  enum class Life : std::uint8_t { idle, connecting, connected, listening };
  [[nodiscard]] bool is_connection() const { return life_ == Life::connecting || life_ == Life::connected; }
  void attach(transport::TcpPcb& pcb);
  [[nodiscard]] bool start_over();
  Result<void> finish_connect();
  /// A socket of IPv6 sees IPv4 mapped (RFC 3493 3.7).
  [[nodiscard]] wire::Endpoint as_seen(const wire::Endpoint& end) const {
    return family_ == wire::Family::kV4 ? end : wire::Endpoint{wire::mapped(end.address), end.port};
  }
  [[nodiscard]] Result<wire::Endpoint> destination_of(const wire::Endpoint& foreign) const;

  // Options: one overload for each that a stream has.
  template <typename T>
  Result<void> apply(const T&) {
    return no_such_option();
  }
  Result<void> apply(const option::ReuseAddress& o);
  Result<void> apply(const option::ReusePort& o);
  Result<void> apply(const option::BindToDevice& o);
  Result<void> apply(const option::V6Only& o);
  Result<void> apply(const option::ReceiveBuffer& o);
  Result<void> apply(const option::SendBuffer& o);
  Result<void> apply(const option::NoDelay& o);
  Result<void> apply(const option::Cork& o);
  Result<void> apply(const option::UnsentLowMark& o);
  Result<void> apply(const option::TrafficClass& o);
  Result<void> apply(const option::TimeToLive& o);
  Result<void> apply(const option::DontFragment& o);
  Result<void> apply(const option::SynRetries& o);
  Result<void> apply(const option::ZeroCopy& o);
  Result<void> apply(const option::SendStamps& o);
  Result<void> apply(const option::KeepAlive& o);
  Result<void> apply(const option::KeepAliveTiming& o);
  Result<void> apply(const option::MaxSegment& o);
  Result<void> apply(const option::FastOpen& o);
  Result<void> apply(const option::FastOpenConnect& o);
  Result<void> apply(const option::FastOpenWithoutCookie& o);
  Result<void> apply(const option::FastOpenKeys& o);
  Result<void> apply(const option::UserTimeout& o);
  Result<void> apply(const option::AdvertisedUserTimeout& o);
  Result<void> apply(const option::Md5Key& o);
  Result<void> apply(const option::AoKey& o);
  Result<void> apply(const option::AoKeyRemoval& o);
  Result<void> apply(const option::AoChoice& o);
  [[nodiscard]] bool is_of_family(const wire::IpPrefix& peer) const {
    return family_ == wire::Family::kV6 || peer.address().is_v4();
  }
  Result<void> apply(const option::Congestion& o);
  Result<void> apply(const option::Linger& o);
  template <typename T>
  Result<void> fetch(T& o) const;
  template <typename F>
  Result<void> configure(F&& change);

  transport::TcpPcb* pcb_;
  wire::Family family_;
  Life life_ = Life::idle;
  wire::Endpoint bound_;         // what bind() chose; port 0: nothing
  bool connects_later_ = false;  // TCP_FASTOPEN_CONNECT
  bool send_shut_ = false;
  bool receive_shut_ = false;
  option::Linger linger_;
  struct Notices {  // of who has asked for any
    bool zero_copy = false;
    std::uint32_t sends = 0;  // with zero copy
    option::SendStamps stamps;
    std::uint32_t stamped_from = 0;  // the sequence number that offsets count from
  };
  std::unique_ptr<Notices> notices_;
};

}  // namespace catenet::socket
