// SPDX-License-Identifier: Apache-2.0
// Catenet's TCP on a TAP device with offloads, the kernel's at the other end: a host of ours is plugged into the NIC of
// a namespace, in which an ordinary socket program (peers/kernel_tcp.cc) runs on another CPU.
//   bench_tap KERNEL_TCP CPU in|out|rr|rr-sleeping SECONDS
// in: bulk from the kernel, counted here; out: bulk to it, counted there; rr: one-byte transactions, the driver
// spinning or sleeping.
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <optional>

#include "bench/harness.h"
#include "bench/network.h"
#include "catenet/live/driver.h"
#include "catenet/live/namespace.h"
#include "catenet/live/nic_medium.h"
#include "catenet/transport/tcp/tcp.h"

namespace catenet::bench {
namespace {

using namespace catenet::literals;

constexpr std::size_t kPiece = 1 << 17;
constexpr double kWarmUp = 0.5;

/// What a connection does is said by its first byte, as in kernel_tcp: discard, send, echo.
class Session {
 public:
  explicit Session(transport::TcpPcb& pcb) : pcb_(pcb) {
    pcb_.set_on_ready(Delegate<void()>::to<&Session::on_ready>(*this));
    on_ready();
  }
  [[nodiscard]] std::uint64_t received() const { return received_; }

 private:
  void on_ready() {
    if (mode_ == 0 && pcb_.receive(std::as_writable_bytes(std::span(&mode_, 1))).value_or(0) == 0) {
      return;
    }
    if (mode_ == 's') {
      while (pcb_.send(buffer_)) {
      }
      return;
    }
    while (const auto got = pcb_.receive(buffer_)) {
      if (*got == 0) {
        return;
      }
      received_ += *got;
      if (mode_ == 'e') {
        check(pcb_.send(std::span(buffer_).first(*got)).has_value(), "send");
      }
    }
  }
  transport::TcpPcb& pcb_;
  char mode_ = 0;
  std::uint64_t received_ = 0;
  std::vector<std::byte> buffer_ = std::vector<std::byte>(kPiece, std::byte{0x5a});
};

class Server {
 public:
  explicit Server(node::Host& host) {
    transport::TcpConfig config = host.tcp().config();
    config.nagle = false;
    config.send_buffer = config.receive_buffer = 4 << 20;
    host.tcp().set_config(config);
    auto listening = host.tcp().listen({wire::Ipv4Address(), kPort}, 8);
    check(listening.has_value(), "listen");
    listener_ = *listening;
    listener_->set_on_ready(Delegate<void()>::to<&Server::on_accept>(*this));
  }
  [[nodiscard]] std::uint64_t received() const { return session_ ? session_->received() : 0; }

 private:
  void on_accept() {
    while (const auto accepted = listener_->accept()) {
      session_ = std::make_unique<Session>(**accepted);
    }
  }
  transport::TcpPcb* listener_;
  std::unique_ptr<Session> session_;
};

std::unique_ptr<live::Namespace> make_namespace() {
  live::NamespaceSpec spec{.name = "kernel"};
  spec.nics.push_back({.name = "eth0", .addresses = {{{10, 0, 0, 1}, 24}}});
  if (::geteuid() == 0) {  // so that the client may claim the priority that this program has
    spec.user_namespace = live::UserNamespace::never;
  }
  auto made = live::Namespace::create(spec);
  if (!made) {
    std::fprintf(stderr, "bench_tap: %s\n", made.error().text.c_str());
    std::exit(3);
  }
  return std::move(*made);
}

double seconds_at(Instant at) { return static_cast<double>(at.ns()) * 1e-9; }

int run(const std::string& program, const std::string& cpu, const std::string& mode, double seconds) {
  auto space = make_namespace();
  auto loop = live::EpollLoop::create();
  check(loop.has_value(), "epoll");
  live::EpollLoop::set_timer_slack(1_us);
  Scheduler scheduler;
  PacketPool pool;
  Environment world{scheduler, pool, 1, nullptr, false};
  Wiring wiring;
  node::Host host(world, wiring.next_id(), "host");
  Interface& interface = wiring.add_interface(host, "eth0");
  live::NicMedium nic(interface, space->nic(0));
  check(host.ipv4().add_address(interface, {wire::Ipv4Address(10, 0, 0, 2), 24}).has_value(), "address");
  const Server server(host);
  live::Driver driver(scheduler, *loop);
  check(driver.add(nic).has_value(), "driver");
  check(driver.set_spinning(mode == "rr").has_value(), "spinning");

  const char* verb = mode == "in" ? "send" : mode == "out" ? "receive" : "ask";
  const std::string command = "ip route change 10.0.0.0/24 dev eth0 congctl cubic; exec " + program +
                              " --claim --cpu " + cpu + " " + verb + " 10.0.0.2 9 " +
                              std::to_string(seconds + (mode == "in" ? 2 * kWarmUp : 0));
  auto client = space->start({.command = command, .out = live::Output::pipe()});
  check(client.has_value(), "client");
  if (mode == "in") {
    const auto until = [&](double s) {
      check(driver.run_until(loop->now() + Duration::nanoseconds(static_cast<std::int64_t>(s * 1e9))).has_value(),
            "run");
    };
    until(kWarmUp);
    const std::uint64_t before = server.received();
    const double start = seconds_at(loop->now());
    until(seconds);
    report("bulk from the other end", "bit/s",
           static_cast<double>(server.received() - before) * 8 / (seconds_at(loop->now()) - start));
  } else {
    while (!(*client)->poll()) {
      check(driver.run_until(loop->now() + 20_ms).has_value(), "run");
    }
    char figures[512];
    for (ssize_t n = 0; (n = ::read((*client)->stdout_fd(), figures, sizeof figures)) > 0;) {
      std::fwrite(figures, 1, static_cast<std::size_t>(n), stdout);
    }
  }
  nic.drain(DropReason::run_ended);
  return 0;
}

}  // namespace
}  // namespace catenet::bench

int main(int argc, char** argv) {
  const std::string mode = argc == 5 ? argv[3] : "";
  const double seconds = argc == 5 ? std::atof(argv[4]) : 0;
  if (seconds <= 0 || (mode != "in" && mode != "out" && mode != "rr" && mode != "rr-sleeping")) {
    std::fprintf(stderr, "usage: bench_tap KERNEL_TCP CPU in|out|rr|rr-sleeping SECONDS\n");
    return 2;
  }
  return catenet::bench::run(argv[1], argv[2], mode, seconds);
}
