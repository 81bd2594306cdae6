// SPDX-License-Identifier: Apache-2.0
// For the tests of linux_node.h and driver.h: the smallest link that joins a LinuxNode to a Recorder (media, queues and
// link layers are rooms that live does not see), and a NIC whose kernel is played by the test.
#pragma once
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <deque>
#include <memory>
#include <vector>

#include "catenet/base/ring.h"
#include "catenet/live/linux_node.h"
#include "catenet/live/namespace.h"
#include "catenet/net/recorder.h"

namespace catenet::live::bench {

struct PlainQueue final : Qdisc {
  void enqueue(Packet packet, Interface&) override { ring.push_back(std::move(packet)); }
  Packet dequeue(Instant, Interface&) override { return ring.empty() ? Packet() : ring.pop_front(); }
  Instant ready_at(Instant now) const override { return ring.empty() ? Instant::never() : now; }
  std::size_t packets() const override { return ring.size(); }
  std::size_t bytes() const override { return 0; }
  Ring<Packet> ring;
};

struct PlainLink final : LinkLayer {
  std::size_t header_size() const override { return 14; }
  bool needs_resolution() const override { return false; }
  bool encapsulate(Packet&, const wire::LinkAddress&, const wire::LinkAddress&, std::uint16_t) override { return true; }
  std::expected<Arrival, DropReason> decapsulate(Packet&, const wire::LinkAddress&) override { return Arrival{}; }
  bool verify(Packet&) override { return true; }
};

/// One direction of a wire: always idle, every frame arrives a microsecond later.
class Wire final : public Medium, private EventSource {
 public:
  static constexpr Duration kDelay = Duration::microseconds(1);
  Wire(Environment& world, SourceId id) : EventSource(id), world_(world) {}
  void set_sink(FrameSink& sink) override { own_sink_ = &sink; }
  bool is_idle() const override { return true; }
  void request_ready() override { world_.scheduler.schedule(*this, world_.scheduler.now()); }
  bool is_up() const override { return true; }
  void transmit(Packet frame) override {
    flying_.push_back({world_.scheduler.now() + kDelay, std::move(frame)});
    world_.scheduler.schedule(*this, flying_.front().arrival);
  }
  void lead_to(Wire& other) { other_ = &other; }
  void drain() {
    while (!flying_.empty()) {
      other_->own_sink_->discard_frame(flying_.pop_front().frame, DropReason::run_ended);
    }
  }

 private:
  struct Flying {
    Instant arrival;
    Packet frame;
  };
  void fire(Instant now) override {
    while (!flying_.empty() && flying_.front().arrival <= now) {
      other_->own_sink_->receive(flying_.pop_front().frame);
    }
    if (!flying_.empty()) {
      world_.scheduler.schedule(*this, flying_.front().arrival);
    }
  }

  Environment& world_;
  FrameSink* own_sink_ = nullptr;
  Wire* other_ = nullptr;
  Ring<Flying> flying_;
};

using Octets = std::vector<std::uint8_t>;

/// A NIC without a namespace: what "the kernel" sends is put in by the test, what it gets is kept. Its descriptor is
/// readable while frames wait, as a TAP's.
class FakeChannel final : public NicChannel {
 public:
  explicit FakeChannel(std::uint32_t mtu = 1500) : NicChannel(UniqueFd(::eventfd(0, EFD_NONBLOCK)), "fake", mtu) {}

  void sends(Octets frame, const FrameOffload& offload = {}) {
    incoming.push_back({std::move(frame), offload});
    ring();
  }
  [[nodiscard]] bool has_offloads() const override { return offloads; }
  [[nodiscard]] bool has_udp_offloads() const override { return udp_offloads; }
  /// The NIC goes away under Catenet: readable, and an error.
  void vanish() {
    gone = true;
    ring();
  }

  Result<std::size_t> receive(std::span<RxFrame> frames) override {
    ++receive_calls;
    if (gone) {
      return fail(ENETDOWN, "the NIC is gone");
    }
    if (!capacities_suffice(frames)) {
      return fail(EMSGSIZE, "receive buffer below max_frame()");
    }
    std::size_t n = 0;
    for (; n < frames.size() && !incoming.empty(); ++n) {
      const Octets& bytes = incoming.front().first;
      std::copy(bytes.begin(), bytes.end(), frames[n].data);
      frames[n].length = static_cast<std::uint32_t>(bytes.size());
      frames[n].offload = incoming.front().second;
      incoming.pop_front();
    }
    if (incoming.empty()) {
      std::uint64_t count = 0;
      (void)!::read(fd(), &count, sizeof count);
    }
    return n;
  }

  Result<std::size_t> send(std::span<const TxFrame> frames) override {
    batches.push_back(frames.size());
    std::size_t n = 0;
    for (; n < frames.size() && room > 0; ++n) {
      Octets bytes;
      for (std::uint32_t i = 0; i < frames[n].count; ++i) {
        const auto* from = static_cast<const std::uint8_t*>(frames[n].parts[i].iov_base);
        bytes.insert(bytes.end(), from, from + frames[n].parts[i].iov_len);
      }
      if (bytes.size() > max_frame()) {  // an error speaks of the first frame only
        return n > 0 ? Result<std::size_t>(n) : fail(EMSGSIZE, "too long");
      }
      taken.push_back(std::move(bytes));
      beside.push_back(frames[n].offload);
      --room;
    }
    return n;
  }

  std::uint64_t overruns() override { return lost; }

  std::deque<std::pair<Octets, FrameOffload>> incoming;  ///< sent inside, not fetched yet
  std::vector<Octets> taken;                             ///< what arrived inside, in order
  std::vector<FrameOffload> beside;                      ///< and what stood beside each
  std::vector<std::size_t> batches;                      ///< frames offered by each send()
  std::size_t room = SIZE_MAX;                           ///< frames that the kernel's queue still takes
  std::uint64_t lost = 0;
  int receive_calls = 0;
  bool offloads = false;
  bool udp_offloads = false;
  bool gone = false;

 private:
  void ring() {
    const std::uint64_t one = 1;
    (void)!::write(fd(), &one, sizeof one);
  }
};

/// A LinuxNode "alice" and a Recorder "tap" at the two ends of a wire. alice's NIC is joined by the test. At the end
/// the pool's book must balance.
class WireTest : public testing::Test {
 protected:
  WireTest() : WireTest(PacketPool::Limits{}) {}
  explicit WireTest(PacketPool::Limits limits) : pool(limits) {
    there.lead_to(back);
    back.lead_to(there);
    alice_eth0.attach(there);
    tap_eth0.attach(back);
  }
  void TearDown() override {
    there.drain();
    back.drain();
    alice.drain(DropReason::run_ended);
    tap.clear();
    const PacketPool::Stats& s = pool.stats();
    EXPECT_EQ(s.unaccounted, 0U);
    EXPECT_EQ(s.made, s.consumed + s.dropped);
  }

  static Interface& plug(Node& node) {
    Interface& made = node.add_interface("eth0");
    made.set_qdisc(std::make_unique<PlainQueue>());
    made.set_link_layer(std::make_unique<PlainLink>());
    return made;
  }
  Packet frame(std::size_t size, std::uint8_t fill = 0) {
    Packet packet = pool.make();
    EXPECT_TRUE(packet.append(std::vector<std::byte>(size, std::byte{fill})));
    return packet;
  }
  static Octets octets(const Packet& packet) {
    Octets bytes(packet.size());
    packet.copy_out(0, std::as_writable_bytes(std::span(bytes)));
    return bytes;
  }
  /// The far end sends a frame to alice's kernel.
  void to_alice(std::size_t size, std::uint8_t fill = 0) { tap_eth0.send(frame(size, fill)); }

  FakeChannel kernel;                // alice's NIC,
  std::unique_ptr<Namespace> space;  // or the namespace that has it: both outlive the node
  PacketPool pool;
  Scheduler scheduler;
  Environment world{scheduler, pool, 1, nullptr};
  LinuxNode alice{world, 1, "alice"};
  Recorder tap{world, 2, "tap"};
  Interface& alice_eth0 = plug(alice);
  Interface& tap_eth0 = plug(tap);
  Wire there{world, 10};
  Wire back{world, 11};
};

}  // namespace catenet::live::bench
