// SPDX-License-Identifier: Apache-2.0
// One TCP bulk flow in virtual time: host - router - host, links of 10 Gbit/s and 10 us, MTU 1500, both ends, the
// router and every frame on one core. The sender writes and the receiver reads 64 KiB at a time, as programs do, so
// both copies are paid for. Prints payload bits per second of CPU time, and allocator calls per segment after the first
// tenth.
//   bench_tcp MEGABYTES
#include <cstdlib>
#include <vector>

#include "bench/count_allocations.h"
#include "bench/harness.h"
#include "bench/network.h"
#include "catenet/sim/simulation.h"

namespace catenet::bench {
namespace {

constexpr std::size_t kPiece = 65536;

class Flow {
 public:
  explicit Flow(std::uint64_t bytes) : to_send_(bytes) {
    Environment& world = simulation_.add_partition();
    client_ = std::make_unique<node::Host>(world, wiring_.next_id(), "client");
    router_ = std::make_unique<node::Router>(world, wiring_.next_id(), "router");
    server_ = std::make_unique<node::Host>(world, wiring_.next_id(), "server");
    connect(*client_, 1);
    connect(*server_, 2);
  }
  ~Flow() { wiring_.drain(DropReason::run_ended); }
  Flow(const Flow&) = delete;
  Flow& operator=(const Flow&) = delete;

  void run() {
    const std::uint64_t bytes = to_send_;
    transport::TcpPcb* listener = open(*server_);
    check(listener->bind(wire::Endpoint{wire::Ipv4Address(), kPort}).has_value(), "bind");
    check(listener->listen(1).has_value(), "listen");
    listener_ = listener;
    listener->set_on_ready(Delegate<void()>::to<&Flow::on_accept>(*this));
    sender_ = open(*client_);
    sender_->set_on_ready(Delegate<void()>::to<&Flow::on_writable>(*this));
    check(sender_->connect({wire::Ipv4Address(10, 0, 2, 2), kPort}).has_value(), "connect");
    const double start = cpu_seconds();
    run_until_received(bytes / 10);
    const std::uint64_t allocations_before = allocations();
    run_until_received(bytes);
    const double cpu = cpu_seconds() - start;
    const auto allocated = static_cast<double>(allocations() - allocations_before);
    report("one TCP flow, virtual time", "bit/s of CPU time", static_cast<double>(bytes) * 8 / cpu);
    report("one TCP flow, virtual time, per segment", "allocations",
           allocated / (static_cast<double>(bytes) * 0.9 / 1448));
    sender_->abort();
    receiver_->abort();
    listener->abort();
  }

 private:
  // The router's end of network 10.0.n.0/24 is .1, the host's .2.
  void connect(node::Host& host, std::uint8_t network) {
    Interface& near = wiring_.add_interface(host, "eth0");
    Interface& far = wiring_.add_interface(*router_, host.name());
    wiring_.join(near, far, {.rate = BitRate::gbps(10), .delay = 10_us});
    const wire::Ipv4Address gateway(10, 0, network, 1);
    check(host.ipv4().add_address(near, {wire::Ipv4Address(10, 0, network, 2), 24}).has_value(), "address");
    check(router_->ipv4().add_address(far, {gateway, 24}).has_value(), "address");
    check(host.ipv4().set_default_route(gateway).has_value(), "route");
  }
  static transport::TcpPcb* open(node::Host& host) {
    const auto pcb = host.tcp().open(wire::Family::kV4);
    check(pcb.has_value(), "open");
    return *pcb;
  }
  void run_until_received(std::uint64_t bytes) {
    while (received_ < bytes) {
      const Instant before = simulation_.now();
      simulation_.run_until(before + 1_ms);
      check(before < Instant::zero() + 600_s, "the flow comes to its end");
    }
  }
  void on_writable() {
    while (to_send_ > 0) {
      const auto sent = sender_->send(std::span(out_).first(std::min<std::uint64_t>(to_send_, kPiece)));
      if (!sent) {
        check(sent.error().code == EAGAIN, "send");
        return;
      }
      to_send_ -= *sent;
    }
  }
  void on_accept() {
    if (const auto accepted = listener_->accept()) {
      receiver_ = *accepted;
      receiver_->set_on_ready(Delegate<void()>::to<&Flow::on_readable>(*this));
      on_readable();
    }
  }
  void on_readable() {
    while (const auto got = receiver_->receive(in_)) {
      if (*got == 0) {
        return;
      }
      received_ += *got;
    }
  }

  sim::Simulation simulation_{1};
  Wiring wiring_;
  std::unique_ptr<node::Host> client_;
  std::unique_ptr<node::Host> router_;
  std::unique_ptr<node::Host> server_;
  transport::TcpPcb* listener_ = nullptr;
  transport::TcpPcb* sender_ = nullptr;
  transport::TcpPcb* receiver_ = nullptr;
  std::uint64_t to_send_;
  std::uint64_t received_ = 0;
  std::vector<std::byte> out_ = std::vector<std::byte>(kPiece, std::byte{0x5a});
  std::vector<std::byte> in_ = std::vector<std::byte>(kPiece);
};

}  // namespace
}  // namespace catenet::bench

int main(int argc, char** argv) {
  const long megabytes = argc == 2 ? std::atol(argv[1]) : 0;
  if (megabytes < 1 || megabytes > 100'000) {
    std::fprintf(stderr, "usage: bench_tcp MEGABYTES\n");
    return 2;
  }
  catenet::bench::Flow(static_cast<std::uint64_t>(megabytes) * 1'000'000).run();
}
