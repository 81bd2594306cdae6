// SPDX-License-Identifier: Apache-2.0
#include "catenet/embed/stack.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <string>

#include "catenet/wire/ethernet.h"

namespace catenet::embed {
namespace {

using testing::ElementsAre;
using transport::TcpPcb;
using transport::TcpState;
using transport::UdpPcb;
using wire::Endpoint;
using wire::Ipv4Address;
using wire::Ipv4Prefix;
using wire::Ipv6Address;
using wire::Ipv6Prefix;
using wire::MacAddress;

const Ipv4Address kLeftHost(10, 1, 0, 1);
const Ipv4Address kRightHost(10, 1, 0, 2);
const Ipv4Address kFar(198, 51, 100, 7);

StackConfig config_of(Ipv4Address address) {
  StackConfig config;
  config.address = Ipv4Prefix(address, 24);
  config.seed = address.value();
  return config;
}

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string text_of(transport::UdpDatagram datagram) {
  std::string text(datagram.payload.size(), ' ');
  (void)datagram.payload.copy_out(0, std::as_writable_bytes(std::span(text)));
  datagram.payload.consume();
  return text;
}

/// Two stacks joined back to back: what one gives, the other gets, `kDelay` later.
class StackTest : public testing::Test {
 protected:
  static constexpr Duration kDelay = Duration::milliseconds(1);

  void make(const StackConfig& left_config, const StackConfig& right_config) {
    auto first = Stack::make(left_config);
    auto second = Stack::make(right_config);
    ASSERT_TRUE(first);
    ASSERT_TRUE(second);
    left = std::move(*first);
    right = std::move(*second);
  }
  // Everything that is due by `until`, packets before timers.
  void run(Instant until) {
    for (;;) {
      const bool there = carry(*left, *right);
      const bool back = carry(*right, *left);
      if (there || back) {
        continue;
      }
      const Instant next = std::min(left->deadline(), right->deadline());
      if (next > until) {
        break;
      }
      now = std::max(now, next);
      left->advance(now);
      right->advance(now);
    }
    now = std::max(now, until);
    left->advance(now);
    right->advance(now);
  }
  bool carry(Stack& from, Stack& to) {
    if (!from.has_output()) {
      return false;
    }
    now = now + kDelay;
    for (auto packet = from.output(); !packet.empty(); packet = from.output()) {
      if (on_wire) {
        on_wire(packet);
      }
      to.input(packet, now);
    }
    return true;
  }
  /// Sends `size` bytes from one to the other; false when it gets stuck or they come out otherwise.
  bool transfer(TcpPcb& from, TcpPcb& to, std::size_t size) {
    std::size_t sent = 0;
    std::size_t got = 0;
    for (int idle = 0; got < size && idle < 100; ++idle) {
      while (sent < size) {
        for (std::size_t i = 0; i < block.size(); ++i) {
          block[i] = static_cast<std::byte>((sent + i) * 31);
        }
        const auto taken = from.send(std::span(block).first(std::min(block.size(), size - sent)));
        if (!taken) {
          break;
        }
        sent += *taken;
      }
      run(now + Duration::milliseconds(5));
      while (const auto n = to.receive(block)) {
        for (std::size_t i = 0; i < *n; ++i) {
          if (block[i] != static_cast<std::byte>((got + i) * 31)) {
            return false;
          }
        }
        got += *n;
        idle = 0;
      }
    }
    return got == size;
  }
  /// A connection from left to a listener of right's; what both ends are.
  std::pair<TcpPcb*, TcpPcb*> connect(TcpPcb& listener, const Endpoint& to) {
    TcpPcb* client = left->tcp().connect({}, to).value();
    run(now + Duration::milliseconds(10));
    return {client, listener.accept().value()};
  }

  Instant now = Instant::zero();
  std::unique_ptr<Stack> left;
  std::unique_ptr<Stack> right;
  Delegate<void(std::span<const std::byte>)> on_wire;
  std::array<std::byte, 8192> block;
};

TEST_F(StackTest, TwoOfThemTalkTcpOverBareIp) {
  make(config_of(kLeftHost), config_of(kRightHost));
  TcpPcb* listener = right->tcp().listen({kRightHost, 7}, 4).value();
  const auto [client, server] = connect(*listener, {kRightHost, 7});
  EXPECT_EQ(server->foreign().address, kLeftHost);
  EXPECT_TRUE(transfer(*client, *server, 3'000'000));
  EXPECT_TRUE(transfer(*server, *client, 1'000'000));
  client->close();
  run(now + Duration::milliseconds(20));
  EXPECT_TRUE(server->at_end());
  server->close();
  run(now + Duration::seconds(61));
  EXPECT_EQ(left->tcp().pcb_count(), 0U);
  EXPECT_EQ(left->tcp().time_wait_count(), 0U) << "timers run by advance() alone";
  EXPECT_EQ(right->tcp().pcb_count(), 1U) << "the listener";
  EXPECT_TRUE(left->deadline().is_never());
}

TEST_F(StackTest, OverEthernetTheyFindEachOtherByArp) {
  StackConfig a = config_of(kLeftHost);
  StackConfig b = config_of(kRightHost);
  a.mac = MacAddress({2, 0, 0, 0, 0, 1});
  b.mac = MacAddress({2, 0, 0, 0, 0, 2});
  make(a, b);
  std::vector<unsigned> types;
  auto note = [&](std::span<const std::byte> frame) {
    ASSERT_GE(frame.size(), 60U) << "padded";
    types.push_back(std::uint16_t{reinterpret_cast<const wire::EthernetHeader*>(frame.data())->type});
  };
  on_wire = Delegate<void(std::span<const std::byte>)>::of(note);
  run(now + Duration::milliseconds(10));
  EXPECT_THAT(types, ElementsAre(0x0806, 0x0806)) << "each announces its address";
  types.clear();
  UdpPcb sender(left->udp());
  UdpPcb receiver(right->udp());
  ASSERT_TRUE(receiver.bind({kRightHost, 9}));
  const Endpoint to{kRightHost, 9};
  ASSERT_TRUE(sender.send(bytes_of("hello"), &to));
  run(now + Duration::milliseconds(10));
  EXPECT_EQ(text_of(receiver.receive().value()), "hello");
  EXPECT_EQ(types.back(), 0x0800U);
}

TEST_F(StackTest, OverIpv6AndEthernetTheyFindEachOtherByNeighbourDiscovery) {
  StackConfig a;
  StackConfig b;
  a.address6 = *Ipv6Prefix::parse_interface("2001:db8::1/64");
  b.address6 = *Ipv6Prefix::parse_interface("2001:db8::2/64");
  a.mac = MacAddress({2, 0, 0, 0, 0, 1});
  b.mac = MacAddress({2, 0, 0, 0, 0, 2});
  make(a, b);
  run(now + Duration::seconds(2));  // are the addresses free? (RFC 4862 5.4)
  const Endpoint to{b.address6->address(), 7};
  TcpPcb* listener = right->tcp().listen(to, 4).value();
  const auto [client, server] = connect(*listener, to);
  EXPECT_EQ(server->foreign().address, wire::IpAddress(a.address6->address()));
  EXPECT_TRUE(transfer(*client, *server, 1'000'000));
  EXPECT_TRUE(transfer(*server, *client, 1'000'000));
}

TEST_F(StackTest, PacketsAreNoLongerThanTheMtuUnlessTheUserTakesSuperSegments) {
  for (const bool super : {false, true}) {
    StackConfig a = config_of(kLeftHost);
    a.super_segments = super;
    a.mtu = 1000;
    make(a, config_of(kRightHost));
    TcpPcb* listener = right->tcp().listen({kRightHost, 7}, 4).value();
    std::size_t longest = 0;
    unsigned segment = 0;
    auto note = [&](std::span<const std::byte> packet) {
      longest = std::max(longest, packet.size());
      segment = std::max<unsigned>(segment, left->output_segment_size());
    };
    on_wire = Delegate<void(std::span<const std::byte>)>::of(note);
    const auto [client, server] = connect(*listener, {kRightHost, 7});
    EXPECT_TRUE(transfer(*client, *server, 500'000)) << "checksums of both kinds are right";
    EXPECT_EQ(longest > 1000, super) << longest;
    EXPECT_EQ(segment, super ? 948U : 0U) << "1000 - 20 - 20 - 12 of timestamps";
    on_wire = {};
  }
}

TEST_F(StackTest, PiecesAreTheSameBytes) {
  make(config_of(kLeftHost), config_of(kRightHost));
  StackConfig twin = config_of(kLeftHost);
  auto other = Stack::make(twin).value();
  const std::string text(1000, 'x');
  const Endpoint to{kRightHost, 9};
  UdpPcb one(left->udp());
  UdpPcb two(other->udp());
  ASSERT_TRUE(one.send(bytes_of(text), &to));
  ASSERT_TRUE(two.send(bytes_of(text), &to));
  std::string joined;
  const auto pieces = other->output_pieces();
  EXPECT_GT(pieces.size(), 1U);
  for (const auto& piece : pieces) {
    joined += text_of(piece);
  }
  EXPECT_EQ(joined.size(), 1028U);
  EXPECT_EQ(text_of(left->output()), joined);
  EXPECT_TRUE(left->output().empty());
  EXPECT_TRUE(other->output_pieces().empty());
}

TEST_F(StackTest, TheOutputQueueHasALimit) {
  StackConfig config = config_of(kLeftHost);
  config.limits.output_packets = 3;
  make(config, config_of(kRightHost));
  UdpPcb sender(left->udp());
  const Endpoint to{kRightHost, 9};
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(sender.send(bytes_of("x"), &to));
  }
  int given = 0;
  while (!left->output().empty()) {
    ++given;
  }
  EXPECT_EQ(given, 3);
  EXPECT_EQ(left->interface().drops().of(DropReason::queue_full), 2U);
}

TEST_F(StackTest, WhatIsNotRightIsDroppedWithAReason) {
  make(config_of(kLeftHost), config_of(kRightHost));
  left->input(bytes_of("garbage"), now);
  EXPECT_EQ(left->interface().drops().of(DropReason::unknown_ethertype) +
                left->interface().drops().of(DropReason::bad_ip_version),
            1U);
  left->input({}, now);
  EXPECT_EQ(left->interface().drops().of(DropReason::frame_too_short), 1U);
  left->input(std::vector<std::byte>(70'000), now);
  EXPECT_EQ(left->interface().drops().of(DropReason::frame_too_long), 1U);
  EXPECT_EQ(left->pool().stats().alive(), 0U);
}

TEST_F(StackTest, AMemoryLimitIsNotExceeded) {
  StackConfig config = config_of(kLeftHost);
  config.limits.memory = {.packets = 64, .chunk_bytes = 200'000};
  make(config, config_of(kRightHost));
  UdpPcb receiver(left->udp());
  ASSERT_TRUE(receiver.bind({kLeftHost, 9}));
  UdpPcb sender(right->udp());
  const Endpoint to{kLeftHost, 9};
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(sender.send(bytes_of(std::string(600, 'x')), &to));
  }
  run(now + Duration::milliseconds(10));
  EXPECT_GT(left->pool().stats().refused, 0U);
  EXPECT_LE(left->pool().stats().alive(), 64U);
  int got = 0;
  while (auto datagram = receiver.receive()) {
    datagram->payload.consume();
    ++got;
  }
  EXPECT_GT(got, 10);
  EXPECT_EQ(left->pool().stats().alive(), 0U);
}

TEST_F(StackTest, WhatIsReservedIsThereFromTheStart) {
  StackConfig config = config_of(kLeftHost);
  config.limits.reserved_packets = 1000;
  config.limits.reserved_bytes = 1 << 20;
  auto stack = Stack::make(config).value();
  const std::uint64_t slabs = stack->pool().stats().slabs;
  EXPECT_GE(slabs, 16U);
  UdpPcb sender(stack->udp());
  const Endpoint to{kRightHost, 9};
  for (int i = 0; i < 500; ++i) {
    ASSERT_TRUE(sender.send(bytes_of("x"), &to));
  }
  EXPECT_EQ(stack->pool().stats().slabs, slabs);
  config.limits.memory = {.packets = 1000, .chunk_bytes = 1 << 18};
  EXPECT_TRUE(Stack::make(config)) << "as much as there may be";
}

TEST_F(StackTest, BadConfigurationsAreRefused) {
  const auto code_of = [](const StackConfig& config) {
    const auto made = Stack::make(config);
    return made ? 0 : made.error().code;
  };
  StackConfig config;
  EXPECT_EQ(code_of(config), EINVAL) << "no address";
  config = config_of(kLeftHost);
  EXPECT_EQ(code_of(config), 0);
  config.mtu = 67;
  EXPECT_EQ(code_of(config), EINVAL);
  config.mtu = 65'536;
  EXPECT_EQ(code_of(config), EINVAL);
  config = config_of(kLeftHost);
  config.gateway = kLeftHost;
  EXPECT_EQ(code_of(config), EINVAL) << "not another host";
  config = config_of(kLeftHost);
  config.gateway6 = *Ipv6Address::parse("2001:db8::1");
  EXPECT_EQ(code_of(config), EINVAL) << "and no IPv6 address";
  config.address6 = *Ipv6Prefix::parse_interface("2001:db8::2/64");
  EXPECT_EQ(code_of(config), 0);
  config.mtu = 1279;
  EXPECT_EQ(code_of(config), EINVAL) << "RFC 8200 5";
  config = {};
  config.accept_any = true;
  EXPECT_EQ(code_of(config), 0) << "needs no address of its own";
}

// ---- for every address ------------------------------------------------------------------------------------------

class AcceptAnyTest : public StackTest {
 protected:
  void SetUp() override {
    StackConfig any;
    any.accept_any = true;
    make(config_of(kLeftHost), any);
  }
};

TEST_F(AcceptAnyTest, AConnectionToAnyAddressAndPortIsTaken) {
  TcpPcb* listener = right->tcp().listen_any(8).value();
  for (const Endpoint& to : {Endpoint{kFar, 80}, Endpoint{Ipv4Address(8, 8, 8, 8), 65'535}, Endpoint{kFar, 1}}) {
    const auto [client, server] = connect(*listener, to);
    EXPECT_EQ(server->local(), to) << "whom the peer wanted";
    EXPECT_EQ(server->foreign(), client->local());
    EXPECT_TRUE(transfer(*client, *server, 100'000));
    EXPECT_TRUE(transfer(*server, *client, 100'000));
    server->close();
    client->close();
  }
}

TEST_F(AcceptAnyTest, OverIpv6Too) {
  StackConfig config = config_of(kLeftHost);
  config.address6 = *Ipv6Prefix::parse_interface("2001:db8::1/64");
  left = Stack::make(config).value();
  TcpPcb* listener = right->tcp().listen_any(8, wire::Family::kV6).value();
  const Endpoint far{*Ipv6Address::parse("2001:db8:ffff::7"), 443};
  const auto [client, server] = connect(*listener, far);
  EXPECT_EQ(server->local(), far);
  EXPECT_TRUE(transfer(*client, *server, 100'000));
  const auto [client4, server4] = connect(*listener, {kFar, 443});
  EXPECT_EQ(server4->local(), (Endpoint{kFar, 443})) << "IPv4 as well";
  UdpPcb all(right->udp(), wire::Family::kV6);
  ASSERT_TRUE(all.bind_any());
  UdpPcb asks(left->udp(), wire::Family::kV6);
  ASSERT_TRUE(asks.connect({far.address, 53}));
  ASSERT_TRUE(asks.send(bytes_of("who is?")));
  run(now + Duration::milliseconds(10));
  auto question = all.receive();
  ASSERT_TRUE(question);
  ASSERT_TRUE(all.send_from(bytes_of("nobody"), question->to, question->from));
  question->payload.consume();
  run(now + Duration::milliseconds(10));
  EXPECT_EQ(text_of(asks.receive().value()), "nobody");
}

TEST_F(AcceptAnyTest, WhoListensOnAPortGoesBeforeWhoListensOnAll) {
  TcpPcb* everything = right->tcp().listen_any(8).value();
  TcpPcb* web = right->tcp().listen({Ipv4Address(), 80}, 8).value();
  const auto [client, server] = connect(*web, {kFar, 80});
  EXPECT_EQ(server->local(), (Endpoint{kFar, 80}));
  EXPECT_FALSE(everything->readable());
  EXPECT_EQ(right->tcp().listen_any(8).error().code, EADDRINUSE);
  EXPECT_EQ(server->listen_any(8).error().code, EINVAL);
  client->abort();
  everything->close();
  TcpPcb* refused = left->tcp().connect({}, {kFar, 81}).value();
  run(now + Duration::milliseconds(10));
  EXPECT_EQ(refused->error(), ECONNREFUSED) << "nobody listens any more";
  EXPECT_TRUE(right->tcp().listen_any(8));
}

TEST_F(AcceptAnyTest, ABacklogHoldsForAllTogether) {
  TcpPcb* listener = right->tcp().listen_any(1).value();
  for (std::uint16_t port = 1; port <= 4; ++port) {
    ASSERT_TRUE(left->tcp().connect({}, {kFar, port}));
    run(now + Duration::milliseconds(10));
  }
  EXPECT_EQ(right->tcp().counters().listen_overflows, 2U) << "backlog + 1 may wait";
  EXPECT_TRUE(listener->accept());
  EXPECT_TRUE(listener->accept());
  EXPECT_EQ(listener->accept().error().code, EAGAIN);
}

TEST_F(AcceptAnyTest, ADatagramToAnybodyIsTakenAndAnsweredInHisName) {
  UdpPcb all(right->udp());
  ASSERT_TRUE(all.bind_any());
  UdpPcb client(left->udp());
  const Endpoint resolver{Ipv4Address(9, 9, 9, 9), 53};
  ASSERT_TRUE(client.connect(resolver));
  ASSERT_TRUE(client.send(bytes_of("who is?")));
  run(now + Duration::milliseconds(10));
  auto question = all.receive();
  ASSERT_TRUE(question);
  EXPECT_EQ(question->to, resolver);
  EXPECT_EQ(question->from, client.local());
  ASSERT_TRUE(all.send_from(bytes_of("nobody"), question->to, question->from));
  question->payload.consume();
  run(now + Duration::milliseconds(10));
  auto answer = client.receive();  // connected: it takes what comes from there and nothing else
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->from, resolver);
  EXPECT_EQ(text_of(std::move(*answer)), "nobody");

  UdpPcb second(right->udp());
  EXPECT_EQ(second.bind_any().error().code, EADDRINUSE);
  ASSERT_TRUE(second.bind({resolver.address, 53})) << "somebody else's address, here";
  EXPECT_EQ(all.bind_any().error().code, EINVAL);
  ASSERT_TRUE(client.send(bytes_of("again")));
  run(now + Duration::milliseconds(10));
  EXPECT_FALSE(all.has_datagram());
  ASSERT_TRUE(second.has_datagram()) << "the more specific one";
  second.receive()->payload.consume();
}

TEST_F(AcceptAnyTest, WithoutATakerTheSenderHearsThatThePortIsUnreachable) {
  UdpPcb client(left->udp());
  ASSERT_TRUE(client.connect({kFar, 53}));
  ASSERT_TRUE(client.send(bytes_of("anybody?")));
  run(now + Duration::milliseconds(10));
  EXPECT_EQ(client.receive().error().code, ECONNREFUSED);
}

TEST_F(StackTest, AHostDoesNotTakeOrSendForOthers) {
  make(config_of(kLeftHost), config_of(kRightHost));
  EXPECT_TRUE(right->tcp().listen_any(8));
  TcpPcb* client = left->tcp().connect({}, {kFar, 80}).value();
  run(now + Duration::milliseconds(10));
  EXPECT_EQ(client->state(), TcpState::syn_sent);
  EXPECT_EQ(right->interface().drops().of(DropReason::not_forwarding), 1U);
  UdpPcb sender(right->udp());
  EXPECT_EQ(sender.send_from(bytes_of("x"), {kFar, 53}, {kLeftHost, 9}).error().code, EADDRNOTAVAIL);
  client->abort();
  TcpPcb* ours = left->tcp().connect({}, {kRightHost, 1234}).value();
  run(now + Duration::milliseconds(10));
  EXPECT_TRUE(ours->is_connected()) << "every port of its own address, though";
}

}  // namespace
}  // namespace catenet::embed
