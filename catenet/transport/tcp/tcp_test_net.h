// SPDX-License-Identifier: Apache-2.0
// What the tests of Tcp share: two hosts that have nothing but a Tcp, joined by a pipe that stands in for the network
// layer and everything below. The pipe delays, loses, duplicates, reorders and corrupts by seed. At the end of every
// test each packet must have been consumed or dropped with a reason.
#pragma once
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "catenet/packet/checksum.h"
#include "catenet/transport/tcp/tcp.h"

namespace catenet::transport {

using namespace catenet::literals;

inline wire::Endpoint endpoint(const char* text) { return *wire::Endpoint::parse(text); }
inline wire::IpAddress address(const char* text) { return *wire::IpAddress::parse(text); }

struct Impairments {
  Duration delay = Duration::milliseconds(10);
  Probability loss;
  Probability duplicate;
  Probability reorder;  ///< held back by up to four delays
  Probability corrupt;  ///< one bit of header or data
  std::uint32_t mtu = 1500;
};

class TestNode final : public Node {
 public:
  using Node::Node;
  void receive(Interface& /*in*/, Packet frame) override { drop(std::move(frame), DropReason::not_for_us); }
};

/// Keeps the notes as text: "opened a > b".
class NoteKeeper final : public Observer {
 public:
  void dropped(Instant, const Node&, const Interface*, const Packet&, DropReason) override {}
  void noted(Instant, const Node& node, NoteKind kind, std::string_view text) override {
    notes.push_back(node.name() + ": " + std::string(catenet::name(kind)) + " " + std::string(text));
  }
  std::vector<std::string> notes;
};

class TestHost;

/// One direction. Packets in flight are ordered by arrival, then by when they were sent.
class Pipe final : public EventSource {
 public:
  Pipe(Scheduler& scheduler, SourceId id, Rng rng) : EventSource(id), scheduler_(scheduler), rng_(rng) {}
  ~Pipe() override { drain(); }
  void send(Packet packet, const ip::SendOptions& options, TestHost& from, TestHost& to);
  void drain();
  Impairments impairments;
  std::uint64_t sent = 0;
  /// Called for each packet; true loses it.
  std::function<bool(const Packet&, std::uint64_t number)> lose;
  /// Called for each packet that may be marked; true marks it.
  std::function<bool()> mark;

 private:
  struct InFlight {
    Packet packet;
    ip::SendOptions options;
    TestHost* from;
    TestHost* to;
  };
  void fire(Instant now) override;
  void launch(Packet packet, const ip::SendOptions& options, TestHost& from, TestHost& to);

  Scheduler& scheduler_;
  Rng rng_;
  std::map<std::pair<Instant, std::uint64_t>, InFlight> flying_;
  std::uint64_t next_ = 0;
};

class TestHost final : public ip::Network {
 public:
  TestHost(Environment& environment, SourceId id, const char* name, wire::IpAddress own)
      : node(environment, id, name),
        pipe(environment.scheduler, id + 1, Rng(environment.seed, name, "pipe")),
        own_address(own),
        tcp(node, *this, own.family()) {}

  Result<void> output(Packet packet, const ip::SendOptions& options) override {
    if (packet.size() + header_size() > pipe.impairments.mtu) {
      node.drop(std::move(packet), DropReason::fragmentation_needed);
      return fail(EMSGSIZE, "larger than the MTU");
    }
    if (output_error != 0) {
      node.drop(std::move(packet), DropReason::no_route);
      return fail(output_error, "as the test wants it");
    }
    pipe.send(std::move(packet), options, *this, *peer);
    return {};
  }
  [[nodiscard]] Result<wire::IpAddress> select_source(const wire::IpAddress& to) const override {
    return to == address("203.0.113.1") ? Result<wire::IpAddress>(fail(ENETUNREACH, "no route"))
                                        : Result<wire::IpAddress>(own_address);
  }
  [[nodiscard]] std::uint32_t path_mtu(const wire::IpAddress&) const override { return pipe.impairments.mtu; }
  [[nodiscard]] bool is_local(const wire::IpAddress& a) const override { return a == own_address; }
  [[nodiscard]] bool is_broadcast(const wire::IpAddress& a) const override { return a == address("10.0.0.255"); }
  void send_port_unreachable(const Packet&, const ip::Delivery&) override {}
  [[nodiscard]] std::size_t header_size() const override { return own_address.is_v4() ? 20 : 40; }

  TestNode node;
  Pipe pipe;  // outgoing
  wire::IpAddress own_address;
  Tcp tcp;
  TestHost* peer = nullptr;
  int output_error = 0;
};

inline void Pipe::send(Packet packet, const ip::SendOptions& options, TestHost& from, TestHost& to) {
  ++sent;
  if ((lose && lose(packet, sent)) || rng_.chance(impairments.loss)) {
    from.node.drop(std::move(packet), DropReason::link_loss);
    return;
  }
  if (rng_.chance(impairments.duplicate)) {
    complete_checksum(packet);
    launch(packet.clone(), options, from, to);
  }
  launch(std::move(packet), options, from, to);
}

inline void Pipe::launch(Packet packet, const ip::SendOptions& options, TestHost& from, TestHost& to) {
  complete_checksum(packet);
  packet.meta().checksum = ChecksumState::unverified;
  if (rng_.chance(impairments.corrupt)) {
    const std::size_t at = rng_.below(packet.size());
    ASSERT_TRUE(packet.poke(at, packet.peek(at) ^ std::byte(1U << rng_.below(8))));
  }
  Instant arrival = scheduler_.now() + impairments.delay;
  if (rng_.chance(impairments.reorder)) {
    arrival += rng_.between(Duration{}, impairments.delay * 4);
  }
  const bool marked = (options.traffic_class & 3) != 0 && mark && mark();
  const auto [flight, added] =
      flying_.emplace(std::pair(arrival, next_++), InFlight{std::move(packet), options, &from, &to});
  flight->second.options.traffic_class |= marked ? 3 : 0;
  scheduler_.schedule(*this, flying_.begin()->first.first);
}

inline void Pipe::fire(Instant now) {
  while (!flying_.empty() && flying_.begin()->first.first <= now) {
    InFlight next = std::move(flying_.begin()->second);
    flying_.erase(flying_.begin());
    ip::Delivery delivery;
    delivery.source = next.options.source;
    delivery.destination = next.options.destination;
    delivery.protocol = next.options.protocol;
    delivery.traffic_class = next.options.traffic_class;
    next.to->tcp.receive(std::move(next.packet), delivery);
  }
  if (!flying_.empty()) {
    scheduler_.schedule(*this, flying_.begin()->first.first);
  }
}

inline void Pipe::drain() {
  for (auto& [when, flight] : flying_) {
    flight.packet.discard();
  }
  flying_.clear();
}

/// a (10.0.0.1, or 2001:db8::1) and b (10.0.0.2, or 2001:db8::2).
class TwoTcps {
 public:
  explicit TwoTcps(std::uint64_t seed = 1, bool v6 = false) : environment{scheduler, pool, seed, &notes} {
    a = std::make_unique<TestHost>(environment, 1, "a", address(v6 ? "2001:db8::1" : "10.0.0.1"));
    b = std::make_unique<TestHost>(environment, 11, "b", address(v6 ? "2001:db8::2" : "10.0.0.2"));
    a->peer = b.get();
    b->peer = a.get();
  }
  ~TwoTcps() {
    a.reset();
    b.reset();
    EXPECT_EQ(pool.stats().unaccounted, 0U);
    EXPECT_EQ(pool.stats().alive(), 0U);
  }
  void set_impairments(const Impairments& impairments) {
    a->pipe.impairments = impairments;
    b->pipe.impairments = impairments;
  }
  void run_for(Duration d) { scheduler.run_until(scheduler.now() + d); }

  Scheduler scheduler;
  PacketPool pool;
  NoteKeeper notes;
  Environment environment;
  std::unique_ptr<TestHost> a;
  std::unique_ptr<TestHost> b;
};

inline std::vector<std::byte> random_bytes(std::size_t n, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<std::byte> bytes(n);
  for (std::byte& b : bytes) {
    b = std::byte(rng.next() & 0xff);
  }
  return bytes;
}

/// A segment that no TCP made.
struct Forged {
  wire::FourTuple tuple;  ///< as its receiver sees it
  std::uint32_t seq = 0;
  std::uint32_t ack = 0;
  std::uint8_t flags = wire::TcpFlag::kAck;
  std::uint16_t window = 0xffff;
  wire::TcpOptions options{};
  std::vector<std::byte> raw_options{};  ///< in place of `options`, padded to a multiple of four
  std::vector<std::byte> data{};
};

/// It arrives at `to`.
inline void inject(TestHost& to, const Forged& forged, Interface* interface = nullptr) {
  std::vector<std::byte> options = forged.raw_options;
  if (options.empty()) {
    options.resize(forged.options.size());
    (void)forged.options.emit(options);
  }
  options.resize((options.size() + 3) / 4 * 4);
  wire::TcpHeader header{};
  header.source_port = forged.tuple.foreign.port;
  header.destination_port = forged.tuple.local.port;
  header.seq = forged.seq;
  header.ack = forged.ack;
  header.flags = forged.flags;
  header.window = forged.window;
  header.set_header_size(wire::kTcpHeaderSize + options.size());
  Packet packet = to.node.pool().make();
  ASSERT_TRUE(packet.append(std::as_bytes(std::span(&header, 1))) && packet.append(options) &&
              packet.append(forged.data));
  packet.meta().checksum = ChecksumState::verified;
  ip::Delivery delivery;
  delivery.source = forged.tuple.foreign.address;
  delivery.destination = forged.tuple.local.address;
  delivery.protocol = Tcp::kProtocolNumber;
  delivery.interface = interface;
  to.tcp.receive(std::move(packet), delivery);
}

/// A program at one end: sends `to_send` in pieces, reads to the end of the stream, then closes.
class Talker {
 public:
  Talker(std::vector<std::byte> data, std::uint64_t seed) : to_send(std::move(data)), rng_(seed) {}
  void attach(TcpPcb& pcb) {
    pcb_ = &pcb;
    pcb.set_on_ready(Delegate<void()>::to<&Talker::pump>(*this));
    pump();
  }
  void pump() {
    if (pcb_ == nullptr) {
      return;
    }
    if (reading) {
      read_all();
    }
    write_all();
    if (error == 0 && shut_ && ended_) {
      pcb_->close();
      pcb_ = nullptr;
    }
  }
  /// Gives up; what is under way is lost.
  void abort() {
    if (pcb_ != nullptr) {
      pcb_->abort();
      pcb_ = nullptr;
      aborted = true;
    }
  }
  [[nodiscard]] bool done() const { return pcb_ == nullptr; }
  [[nodiscard]] TcpPcb* pcb() const { return pcb_; }

  std::vector<std::byte> to_send;
  std::vector<std::byte> received;
  std::uint32_t max_read = 65536;
  std::uint32_t max_write = 65536;
  bool reading = true;  ///< else it leaves what comes where it is
  bool aborted = false;
  int error = 0;

 private:
  void read_all() {
    std::byte buffer[65536];
    while (!ended_ && error == 0) {
      const auto got = pcb_->receive(std::span(buffer, 1 + rng_.below(std::min<std::size_t>(max_read, sizeof buffer))));
      if (!got) {
        error = got.error().code == EAGAIN ? 0 : got.error().code;
        return;
      }
      ended_ = *got == 0;
      received.insert(received.end(), buffer, buffer + *got);
    }
  }
  void write_all() {
    while (sent_ < to_send.size() && error == 0) {
      const std::size_t n = std::min<std::size_t>(to_send.size() - sent_, 1 + rng_.below(max_write));
      const auto sent = pcb_->send(std::span(to_send).subspan(sent_, n));
      if (!sent) {
        error = sent.error().code == EAGAIN ? 0 : sent.error().code;
        return;
      }
      sent_ += *sent;
    }
    if (!shut_ && error == 0 && pcb_->is_connected()) {
      shut_ = pcb_->shutdown_send().has_value();
    }
  }
  TcpPcb* pcb_ = nullptr;
  Rng rng_;
  std::size_t sent_ = 0;
  bool shut_ = false;
  bool ended_ = false;
};

/// Accepts one connection for a talker.
class Acceptor {
 public:
  Acceptor(TcpPcb& listener, Talker& talker) : listener_(listener), talker_(talker) {
    listener.set_on_ready(Delegate<void()>::to<&Acceptor::on_ready>(*this));
  }

 private:
  void on_ready() {
    if (const auto pcb = listener_.accept()) {
      talker_.attach(**pcb);
    }
  }
  TcpPcb& listener_;
  Talker& talker_;
};

}  // namespace catenet::transport
