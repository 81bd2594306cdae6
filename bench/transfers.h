// SPDX-License-Identifier: Apache-2.0
// TCP for the benchmarks of whole networks: Transfer writes a number of bytes to a host as a program would, 64 KiB at a
// time; Sink accepts everything on kPort and reads it.
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>

#include "bench/network.h"

namespace catenet::bench {

inline constexpr std::size_t kPiece = 65'536;
inline constexpr std::uint64_t kEndless = UINT64_MAX;
/// Payload of a full segment at an MTU of 1500, with timestamps.
inline constexpr std::uint64_t kSegment = 1448;

class Transfer {
 public:
  Transfer(node::Host& from, wire::Ipv4Address to, std::uint64_t bytes) : to_send_(bytes) {
    const auto pcb = from.tcp().open(wire::Family::kV4);
    check(pcb.has_value(), "open");
    pcb_ = *pcb;
    pcb_->set_on_ready(Delegate<void()>::to<&Transfer::on_writable>(*this));
    check(pcb_->connect({to, kPort}).has_value(), "connect");
  }
  ~Transfer() {
    if (pcb_ != nullptr) {
      pcb_->abort();
    }
  }
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;
  [[nodiscard]] bool has_sent_all() const { return pcb_ == nullptr; }

 private:
  void on_writable() {
    static constexpr std::array<std::byte, kPiece> kBytes{};
    while (to_send_ > 0) {
      const auto sent = pcb_->send(std::span(kBytes).first(std::min<std::uint64_t>(to_send_, kPiece)));
      if (!sent) {
        check(sent.error().code == EAGAIN, "send");
        return;
      }
      to_send_ -= to_send_ == kEndless ? 0 : *sent;
    }
    pcb_->close();
    pcb_ = nullptr;
  }
  std::uint64_t to_send_;
  transport::TcpPcb* pcb_ = nullptr;
};

class Sink {
 public:
  explicit Sink(node::Host& host) {
    const auto listener = host.tcp().listen(wire::Endpoint{wire::Ipv4Address(), kPort}, 4096);
    check(listener.has_value(), "listen");
    listener_ = *listener;
    listener_->set_on_ready(Delegate<void()>::to<&Sink::on_accept>(*this));
  }
  ~Sink() {
    for (Connection& connection : connections_) {
      if (connection.pcb != nullptr) {
        connection.pcb->abort();
      }
    }
    listener_->abort();
  }
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  [[nodiscard]] std::uint64_t received() const { return received_; }
  [[nodiscard]] std::uint64_t ended() const { return ended_; }
  [[nodiscard]] std::size_t accepted() const { return connections_.size(); }
  /// Bytes of the connection that got the fewest; 0 if there is none.
  [[nodiscard]] std::uint64_t least() const {
    std::uint64_t least = connections_.empty() ? 0 : UINT64_MAX;
    for (const Connection& connection : connections_) {
      least = std::min(least, connection.received);
    }
    return least;
  }

 private:
  struct Connection {
    Sink* sink;
    transport::TcpPcb* pcb;
    std::uint64_t received = 0;
    void on_readable() { sink->read(*this); }
  };
  void on_accept() {
    while (const auto pcb = listener_->accept()) {
      Connection& connection = connections_.emplace_back(Connection{this, *pcb});
      connection.pcb->set_on_ready(Delegate<void()>::to<&Connection::on_readable>(connection));
      read(connection);
    }
  }
  void read(Connection& connection) {
    while (connection.pcb != nullptr) {
      const auto got = connection.pcb->receive(buffer_);
      if (!got) {
        check(got.error().code == EAGAIN, "receive");
        return;
      }
      if (*got == 0) {
        connection.pcb->close();
        connection.pcb = nullptr;
        ++ended_;
      }
      connection.received += *got;
      received_ += *got;
    }
  }
  transport::TcpPcb* listener_ = nullptr;
  std::deque<Connection> connections_;
  std::uint64_t received_ = 0;
  std::uint64_t ended_ = 0;
  std::vector<std::byte> buffer_ = std::vector<std::byte>(kPiece);
};

}  // namespace catenet::bench
