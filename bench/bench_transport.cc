// SPDX-License-Identifier: Apache-2.0
// TCP in memory, both ends on one core, frames of MTU 1500, every checksum made and verified: what lwIP's harness
// (peers/lwip_memory.cc) does, done by Catenet. The virtual clock moves a microsecond whenever nothing is under way.
//   bench_transport bulk SECONDS     payload bits per second of one stream
//   bench_transport bulk-super SECONDS   the same, the wire being one that carries super-segments
//   bench_transport rr SECONDS       one-byte requests and answers on one connection, Nagle off
//   bench_transport cycles COUNT     connect, one byte, orderly close begun by the server; the first COUNT connections
//   bench_transport idle COUNT       bytes per idle established connection and end
//   bench_transport million          a million established connections, each of which then answers one byte
#include <malloc.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <vector>

#include "bench/crossover.h"
#include "bench/harness.h"
#include "bench/network.h"
#include "catenet/sim/simulation.h"

namespace catenet::bench {
namespace {

const wire::Endpoint kServer{wire::Ipv4Address(10, 0, 0, 2), kPort};
constexpr std::size_t kPiece = 65536;
constexpr std::uint32_t kBuffer = 256 * 1024;

class Hosts {
 public:
  explicit Hosts(std::uint32_t addresses = 1, bool whole = false) {
    Environment& world = simulation_.add_partition();
    world.digests = false;  // the peer keeps none either
    client_ = std::make_unique<node::Host>(world, wiring_.next_id(), "client");
    server_ = std::make_unique<node::Host>(world, wiring_.next_id(), "server");
    Interface& a = wiring_.add_interface(*client_, "eth0");
    Interface& b = wiring_.add_interface(*server_, "eth0");
    wire_.emplace(a, b, whole);
    for (std::uint32_t i = 0; i < addresses; ++i) {
      check(client_->ipv4().add_address(a, {wire::Ipv4Address(0x0a000100 + i), 16}).has_value(), "address");
    }
    check(server_->ipv4().add_address(b, {wire::Ipv4Address(10, 0, 0, 2), 16}).has_value(), "address");
    for (node::Host* host : {client_.get(), server_.get()}) {
      transport::TcpLimits limits = host->tcp().limits();
      limits.pcbs = 4'000'000;
      limits.backlog = 65'536;
      limits.finished_flows = 0;
      host->tcp().set_limits(limits);
      transport::TcpConfig config = host->tcp().config();
      config.nagle = false;
      // As fixed as lwIP's, and small enough for a cache of one core: the time in flight here is nothing, and buffers
      // that grew would only be moved through memory.
      config.send_buffer = config.max_send_buffer = kBuffer;
      config.receive_buffer = config.max_receive_buffer = kBuffer;
      host->tcp().set_config(config);
    }
  }
  node::Host& client() { return *client_; }
  node::Host& server() { return *server_; }
  /// A turn: frames under way, then timers.
  void turn() {
    if (wire_->pump(256) < 256) {
      simulation_.run_until(simulation_.now() + 1_us);
    }
  }
  void rest(Duration time) { simulation_.run_until(simulation_.now() + time); }
  static transport::TcpPcb* must(const Result<transport::TcpPcb*>& made) {
    check(made.has_value(), "a pcb");
    return *made;
  }
  transport::TcpPcb* dial(const wire::Endpoint& from = {wire::Ipv4Address(), 0}) {
    return must(client_->tcp().connect(from, kServer));
  }

 private:
  sim::Simulation simulation_{1};
  Wiring wiring_;
  std::unique_ptr<node::Host> client_;
  std::unique_ptr<node::Host> server_;
  std::optional<Crossover> wire_;
};

/// A server that hands every connection it accepts to a Session.
template <typename Session>
class Listener {
 public:
  explicit Listener(node::Host& host) : pcb_(Hosts::must(host.tcp().listen({wire::Ipv4Address(), kPort}, 65'536))) {
    pcb_->set_on_ready(Delegate<void()>::to<&Listener::on_accept>(*this));
  }
  std::vector<std::unique_ptr<Session>> sessions;

 private:
  void on_accept() {
    while (const auto accepted = pcb_->accept()) {
      sessions.push_back(std::make_unique<Session>(**accepted));
    }
  }
  transport::TcpPcb* pcb_;
};

struct Sink {
  explicit Sink(transport::TcpPcb& p) : pcb(p) { pcb.set_on_ready(Delegate<void()>::to<&Sink::on_ready>(*this)); }
  void on_ready() {
    while (const auto got = pcb.receive(buffer)) {
      if (*got == 0) {
        return;
      }
      received += *got;
    }
  }
  transport::TcpPcb& pcb;
  std::uint64_t received = 0;
  std::vector<std::byte> buffer = std::vector<std::byte>(kPiece);
};

struct Source {
  explicit Source(transport::TcpPcb& p) : pcb(p) { pcb.set_on_ready(Delegate<void()>::to<&Source::on_ready>(*this)); }
  void on_ready() {
    while (pcb.send(buffer)) {
    }
  }
  transport::TcpPcb& pcb;
  std::vector<std::byte> buffer = std::vector<std::byte>(kPiece, std::byte{0x5a});
};

/// Answers each byte with a byte; the client's first one starts it.
struct Echo {
  explicit Echo(transport::TcpPcb& p) : pcb(p) { pcb.set_on_ready(Delegate<void()>::to<&Echo::on_ready>(*this)); }
  void on_ready() {
    std::array<std::byte, 64> bytes;
    const std::size_t n = pcb.receive(bytes).value_or(0);  // there is never more
    count += n;
    check(n == 0 || pcb.send(std::span(bytes).first(n)).has_value(), "send");
  }
  transport::TcpPcb& pcb;
  std::uint64_t count = 0;
};

/// Asks with one byte and takes the answer.
struct Asker {
  explicit Asker(transport::TcpPcb& p) : pcb(p) { pcb.set_on_ready(Delegate<void()>::to<&Asker::on_ready>(*this)); }
  void on_ready() {
    std::byte byte{};
    answered = answered || pcb.receive({&byte, 1}).value_or(0) == 1;
  }
  transport::TcpPcb& pcb;
  bool answered = false;
};

void bulk(double seconds, bool whole) {
  Hosts pair(1, whole);
  const Listener<Sink> listener(pair.server());
  Source source(*pair.dial());
  const auto run = [&](double span) {
    for (const double end = cpu_seconds() + span; cpu_seconds() < end;) {
      for (int i = 0; i < 64; ++i) {
        pair.turn();
      }
    }
  };
  run(0.3);
  const Sink& sink = *listener.sessions.at(0);
  const std::uint64_t before = sink.received;
  const double start = cpu_seconds();
  run(seconds);
  report(whole ? "bulk in memory, super-segments" : "bulk in memory", "bit/s",
         static_cast<double>(sink.received - before) * 8 / (cpu_seconds() - start));
}

void requests(double seconds) {
  Hosts pair;
  const Listener<Echo> listener(pair.server());
  Echo client(*pair.dial());
  while (!client.pcb.is_connected()) {
    pair.turn();
  }
  const std::byte first{1};
  check(client.pcb.send({&first, 1}).has_value(), "send");
  const double start = cpu_seconds();
  while (cpu_seconds() - start < seconds) {
    for (int i = 0; i < 1000; ++i) {
      pair.turn();
    }
  }
  report("one-byte transactions in memory", "1/s", static_cast<double>(client.count) / (cpu_seconds() - start));
}

/// Server's side of a cycle: one byte comes, then it closes.
struct Closer {
  explicit Closer(transport::TcpPcb& p) : pcb(&p) { pcb->set_on_ready(Delegate<void()>::to<&Closer::on_ready>(*this)); }
  void on_ready() {
    std::byte byte{};
    if (pcb != nullptr && pcb->receive({&byte, 1}).value_or(0) == 1) {
      std::exchange(pcb, nullptr)->close();
    }
  }
  transport::TcpPcb* pcb;
};
/// Client's side: sends a byte, closes when the server has.
struct Caller {
  explicit Caller(transport::TcpPcb& p) : pcb(&p) { pcb->set_on_ready(Delegate<void()>::to<&Caller::on_ready>(*this)); }
  void on_ready() {
    const std::byte byte{'c'};
    if (!sent && pcb->writable()) {
      sent = pcb->send({&byte, 1}).has_value();
    }
    if (pcb->at_end()) {
      std::exchange(pcb, nullptr)->close();
    }
  }
  transport::TcpPcb* pcb;
  bool sent = false;
};

void cycles(std::uint32_t count) {
  Hosts pair;
  Listener<Closer> listener(pair.server());
  const double start = cpu_seconds();
  for (std::uint32_t i = 0; i < count; ++i) {
    // Ports in turn, as lwIP does it: a tuple that returns within microseconds would wait for the clock in its ISN.
    Caller caller(*pair.dial({wire::Ipv4Address(), static_cast<std::uint16_t>(1024 + i % 60'000)}));
    while (caller.pcb != nullptr) {
      pair.turn();
    }
    listener.sessions.clear();
  }
  report("open and close in memory, the first " + std::to_string(count), "1/s", count / (cpu_seconds() - start));
}

void idle(std::uint32_t count) {
  Hosts pair;
  transport::TcpPcb* listening = Hosts::must(pair.server().tcp().listen({wire::Ipv4Address(), kPort}, 65'536));
  pair.turn();
  const std::size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
  for (std::uint32_t i = 0; i < count; ++i) {
    transport::TcpPcb* pcb = pair.dial();
    while (!pcb->is_connected()) {
      pair.turn();
    }
    if (i % 1000 == 999) {
      while (listening->accept()) {
      }
    }
  }
  pair.rest(5_s);  // the handshakes' timers have gone
  const std::size_t after = mallinfo2().uordblks + mallinfo2().hblkhd;
  report("idle connection, one end", "bytes", static_cast<double>(after - before) / (2.0 * count));
}

void million() {
  constexpr std::uint32_t kCount = 1'000'000;
  constexpr std::uint32_t kAddresses = 50;
  Hosts pair(kAddresses);
  Listener<Echo> listener(pair.server());
  std::vector<std::unique_ptr<Asker>> clients;
  clients.reserve(kCount);
  const double start = cpu_seconds();
  for (std::uint32_t i = 0; i < kCount; ++i) {
    const wire::Endpoint from{wire::Ipv4Address(0x0a000100 + i % kAddresses),
                              static_cast<std::uint16_t>(1024 + i / kAddresses)};
    clients.push_back(std::make_unique<Asker>(*pair.dial(from)));
    while (!clients.back()->pcb.is_connected()) {
      pair.turn();
    }
  }
  const double opened = cpu_seconds();
  report("a million connections: opened", "1/s", kCount / (opened - start));
  const std::byte byte{1};
  for (const auto& client : clients) {
    check(client->pcb.send({&byte, 1}).has_value(), "send");
    pair.turn();
  }
  pair.turn();
  const auto answered = std::count_if(clients.begin(), clients.end(), [](const auto& c) { return c->answered; });
  check(answered == kCount, "every connection answers");
  report("a million connections: answers", "1/s", kCount / (cpu_seconds() - opened));
}

}  // namespace
}  // namespace catenet::bench

int main(int argc, char** argv) {
  using namespace catenet::bench;
  const char* mode = argc > 1 ? argv[1] : "";
  const double number = argc > 2 ? std::atof(argv[2]) : 0;
  if (std::strcmp(mode, "bulk") == 0 && number > 0) {
    bulk(number, false);
  } else if (std::strcmp(mode, "bulk-super") == 0 && number > 0) {
    bulk(number, true);
  } else if (std::strcmp(mode, "rr") == 0 && number > 0) {
    requests(number);
  } else if (std::strcmp(mode, "cycles") == 0 && number >= 1) {
    cycles(static_cast<std::uint32_t>(number));
  } else if (std::strcmp(mode, "idle") == 0 && number >= 1) {
    idle(static_cast<std::uint32_t>(number));
  } else if (std::strcmp(mode, "million") == 0) {
    million();
  } else {
    std::fprintf(stderr, "usage: bench_transport bulk|bulk-super|rr SECONDS | cycles|idle COUNT | million\n");
    return 2;
  }
}
