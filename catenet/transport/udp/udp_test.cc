// SPDX-License-Identifier: Apache-2.0
// UDP between two hosts: demultiplexing, ports, checksums, errors, groups. Covers udp.cc and udp_pcb.cc.
#include "catenet/transport/udp/udp.h"

#include <gmock/gmock.h>

#include <map>
#include <set>

#include "catenet/transport/udp/pseudo_sum.h"
#include "catenet/transport/udp/udp_test_net.h"
#include "catenet/wire/udp.h"

namespace catenet::transport {
namespace {

using Kind = ip::ErrorReport::Kind;

struct Host {
  Host(Environment& environment, TestCloud& cloud, SourceId id, std::string_view name, const wire::IpAddress& address)
      : node(environment, id, name), network(node, cloud, address, id + 1), udp(node, network) {
    network.set_protocol(kProtocolUdp, udp);
  }
  PlainNode node;
  TestNetwork network;
  Udp udp;
};

class UdpTest : public testing::Test {
 protected:
  ~UdpTest() override { EXPECT_EQ(pool.stats().unaccounted, 0U); }
  void run() { scheduler.run_until(scheduler.now() + Duration::milliseconds(10)); }
  static int code(const Result<void>& result) { return result ? 0 : result.error().code; }
  static std::string receive(UdpPcb& pcb) {
    auto d = pcb.receive();
    if (!d) {
      return "errno " + std::to_string(d.error().code);
    }
    std::string text = text_of(d->payload) + " from " + d->from.to_string();
    d->payload.consume();
    return text;
  }
  /// A UDP packet made by hand: header as given, checksum field as given.
  Packet raw(std::uint16_t from, std::uint16_t to, std::uint16_t length, std::uint16_t checksum,
             std::string_view payload) {
    Packet p = pool.make();
    EXPECT_TRUE(p.append(bytes_of(payload)));
    auto& h = p.push_header<wire::UdpHeader>();
    h.source_port = from;
    h.destination_port = to;
    h.length = length;
    h.checksum = checksum;
    p.mark_network_header();
    return p;
  }
  ip::Delivery from_a() {
    ip::Delivery d;
    d.source = ip("10.0.0.1");
    d.destination = ip("10.0.0.2");
    d.protocol = kProtocolUdp;
    d.ttl = 64;
    return d;
  }

  Scheduler scheduler;
  PacketPool pool;
  Environment environment{scheduler, pool, 7};
  TestCloud cloud;
  Host a{environment, cloud, 1, "a", ip("10.0.0.1")};
  Host b{environment, cloud, 3, "b", ip("10.0.0.2")};
};

TEST_F(UdpTest, CarriesADatagramAndItsOrigin) {
  UdpPcb server(b.udp);
  ASSERT_TRUE(server.bind(at("0.0.0.0:53")));
  UdpPcb client(a.udp);
  ASSERT_TRUE(client.bind(at("10.0.0.1:1000")));
  const wire::Endpoint to = at("10.0.0.2:53");
  ASSERT_TRUE(client.send(bytes_of("hello"), &to));
  EXPECT_EQ(receive(server), "errno " + std::to_string(EAGAIN));
  run();
  EXPECT_EQ(receive(server), "hello from 10.0.0.1:1000");
  EXPECT_EQ(b.udp.counters().in_datagrams, 1U);
  EXPECT_EQ(a.udp.counters().out_datagrams, 1U);
}

TEST_F(UdpTest, AnIdleHostHasNoTables) {
  UdpPcb unbound(a.udp);
  EXPECT_EQ(a.udp.bound_sockets(), 0U);
  EXPECT_EQ(a.udp.find(at("10.0.0.1:1"), at("10.0.0.2:1")), nullptr);
}

TEST_F(UdpTest, TheMostSpecificSocketWins) {
  UdpPcb wildcard(b.udp);
  UdpPcb addressed(b.udp);
  UdpPcb connected(b.udp);
  for (UdpPcb* pcb : {&wildcard, &addressed, &connected}) {
    pcb->options().reuse_address = true;
  }
  ASSERT_TRUE(wildcard.bind(at("0.0.0.0:9")));
  ASSERT_TRUE(addressed.bind(at("10.0.0.2:9")));
  ASSERT_TRUE(connected.bind(at("10.0.0.2:9")));
  ASSERT_TRUE(connected.connect(at("10.0.0.1:5")));
  EXPECT_EQ(b.udp.find(at("10.0.0.2:9"), at("10.0.0.1:5")), &connected);
  EXPECT_EQ(b.udp.find(at("10.0.0.2:9"), at("10.0.0.1:6")), &addressed);
  EXPECT_EQ(b.udp.find(at("127.0.0.1:9"), at("127.0.0.1:6")), &wildcard);
  connected.disconnect();
  EXPECT_EQ(b.udp.find(at("10.0.0.2:9"), at("10.0.0.1:5")), &connected) << "the youngest of equals";
}

TEST_F(UdpTest, ReusePortSpreadsThePeers) {
  std::vector<std::unique_ptr<UdpPcb>> pcbs;
  for (int i = 0; i < 4; ++i) {
    pcbs.push_back(std::make_unique<UdpPcb>(b.udp));
    pcbs.back()->options().reuse_port = true;
    ASSERT_TRUE(pcbs.back()->bind(at("0.0.0.0:9")));
  }
  UdpPcb stranger(b.udp);
  stranger.options().reuse_address = true;
  EXPECT_EQ(stranger.bind(at("0.0.0.0:9")).error().code, EADDRINUSE);
  std::map<UdpPcb*, int> counts;
  for (std::uint16_t port = 1; port <= 400; ++port) {
    UdpPcb* chosen = b.udp.find(at("10.0.0.2:9"), {ip("10.0.0.1"), port});
    ++counts[chosen];
    EXPECT_EQ(b.udp.find(at("10.0.0.2:9"), {ip("10.0.0.1"), port}), chosen) << "the same one for the same peer";
  }
  ASSERT_EQ(counts.size(), 4U);
  for (const auto& [pcb, count] : counts) {
    EXPECT_GE(count, 60);
    EXPECT_LE(count, 140);
  }
}

TEST_F(UdpTest, ADeviceKeepsSocketsApart) {
  Interface& one = b.node.add_interface("one");
  Interface& two = b.node.add_interface("two");
  UdpPcb first(b.udp);
  UdpPcb second(b.udp);
  UdpPcb any(b.udp);
  first.options().device = &one;
  second.options().device = &two;
  ASSERT_TRUE(first.bind(at("0.0.0.0:9")) && second.bind(at("0.0.0.0:9")));
  EXPECT_EQ(any.bind(at("0.0.0.0:9")).error().code, EADDRINUSE);
  EXPECT_EQ(b.udp.find(at("10.0.0.2:9"), at("10.0.0.1:5"), &one), &first);
  EXPECT_EQ(b.udp.find(at("10.0.0.2:9"), at("10.0.0.1:5"), &two), &second);
  Interface& three = b.node.add_interface("three");
  EXPECT_EQ(b.udp.find(at("10.0.0.2:9"), at("10.0.0.1:5"), &three), nullptr);
}

TEST_F(UdpTest, FindsEveryoneInATableThatHasGrown) {
  std::vector<std::unique_ptr<UdpPcb>> pcbs;
  for (std::uint16_t i = 1; i <= 1000; ++i) {
    pcbs.push_back(std::make_unique<UdpPcb>(b.udp));
    ASSERT_TRUE(pcbs.back()->bind({ip("0.0.0.0"), i}));
    if (i % 2 == 0) {
      ASSERT_TRUE(pcbs.back()->connect({ip("10.0.0.1"), i}));
    }
  }
  for (std::uint16_t i = 1; i <= 1000; ++i) {
    EXPECT_EQ(b.udp.find({ip("10.0.0.2"), i}, {ip("10.0.0.1"), i}), pcbs[i - 1U].get());
  }
  EXPECT_EQ(b.udp.find(at("10.0.0.2:2"), at("10.0.0.1:3")), nullptr) << "connected to another port";
  pcbs.clear();
  EXPECT_EQ(b.udp.bound_sockets(), 0U);
}

TEST_F(UdpTest, BindRules) {
  UdpPcb first(a.udp);
  UdpPcb second(a.udp);
  EXPECT_EQ(code(first.bind(at("10.0.0.9:7"))), EADDRNOTAVAIL);
  EXPECT_EQ(code(first.bind(at("[::1]:7"))), EAFNOSUPPORT);
  EXPECT_EQ(code(first.bind(at("10.0.0.1:7"))), 0);
  EXPECT_EQ(code(first.bind(at("10.0.0.1:8"))), EINVAL);
  EXPECT_EQ(code(second.bind(at("10.0.0.1:7"))), EADDRINUSE);
  EXPECT_EQ(code(second.bind(at("0.0.0.0:7"))), EADDRINUSE);
  EXPECT_EQ(code(second.bind(at("127.0.0.1:7"))), 0) << "another address of the host";
  UdpPcb group(a.udp);
  EXPECT_EQ(code(group.bind(at("224.0.0.5:8"))), 0);
}

TEST_F(UdpTest, ReuseNeedsBothToAgree) {
  UdpPcb first(a.udp);
  UdpPcb second(a.udp);
  ASSERT_TRUE(first.bind(at("0.0.0.0:7")));
  second.options().reuse_address = true;
  EXPECT_EQ(code(second.bind(at("0.0.0.0:7"))), EADDRINUSE);
  first.options().reuse_address = true;
  EXPECT_EQ(code(second.bind(at("0.0.0.0:7"))), 0);
}

TEST_F(UdpTest, EphemeralPortsAreRandomDistinctAndLimited) {
  Udp::Limits limits;
  limits.ephemeral_first = 50'000;
  limits.ephemeral_last = 50'003;
  a.udp.set_limits(limits);
  std::vector<std::unique_ptr<UdpPcb>> pcbs;
  std::set<std::uint16_t> ports;
  for (int i = 0; i < 4; ++i) {
    pcbs.push_back(std::make_unique<UdpPcb>(a.udp));
    ASSERT_TRUE(pcbs.back()->bind(at("0.0.0.0:0")));
    ports.insert(pcbs.back()->local().port);
  }
  EXPECT_THAT(ports, testing::ElementsAre(50'000, 50'001, 50'002, 50'003));
  UdpPcb late(a.udp);
  EXPECT_EQ(code(late.bind(at("0.0.0.0:0"))), EADDRINUSE);
  const wire::Endpoint to = at("10.0.0.2:53");
  EXPECT_EQ(code(late.send(bytes_of("x"), &to)), EAGAIN);
  limits.sockets = 4;
  a.udp.set_limits(limits);
  pcbs.pop_back();
  EXPECT_EQ(code(late.bind(at("0.0.0.0:0"))), 0);
  UdpPcb too_many(a.udp);
  EXPECT_EQ(code(too_many.bind(at("0.0.0.0:80"))), ENOBUFS);
}

TEST_F(UdpTest, TheSeedDecidesTheFirstPort) {
  const auto first_port = [&](std::uint64_t seed) {
    Environment other{scheduler, pool, seed};
    Host host{other, cloud, 9, "c", ip("10.0.0.3")};
    UdpPcb pcb(host.udp);
    EXPECT_TRUE(pcb.bind(at("0.0.0.0:0")));
    return pcb.local().port;
  };
  EXPECT_EQ(first_port(1), first_port(1));
  EXPECT_NE(first_port(1), first_port(2));
  cloud.hosts.erase(ip("10.0.0.3"));
}

TEST_F(UdpTest, ConnectChoosesTheLocalEndAndDisconnectForgetsIt) {
  UdpPcb pcb(a.udp);
  EXPECT_EQ(code(pcb.connect(at("10.0.0.99:1"))), ENETUNREACH);
  EXPECT_TRUE(pcb.is_bound()) << "Linux binds first";
  ASSERT_TRUE(pcb.connect(at("10.0.0.2:53")));
  EXPECT_EQ(pcb.local().address, ip("10.0.0.1"));
  pcb.disconnect();
  EXPECT_EQ(pcb.local(), at("0.0.0.0:0"));
  EXPECT_EQ(code(pcb.connect(at("10.0.0.255:53"))), EACCES);
  pcb.options().broadcast = true;
  EXPECT_EQ(code(pcb.connect(at("10.0.0.255:53"))), 0);
}

TEST_F(UdpTest, AConnectedSocketHearsOnlyItsPeer) {
  UdpPcb server(b.udp);
  ASSERT_TRUE(server.bind(at("0.0.0.0:53")));
  ASSERT_TRUE(server.connect(at("10.0.0.1:1000")));
  UdpPcb stranger(a.udp);
  ASSERT_TRUE(stranger.bind(at("0.0.0.0:1001")));
  ASSERT_TRUE(stranger.connect(at("10.0.0.2:53")));
  ASSERT_TRUE(stranger.send(bytes_of("psst")));
  run();
  EXPECT_FALSE(server.has_datagram());
  EXPECT_EQ(b.network.port_unreachables, 1U);
  EXPECT_EQ(stranger.take_error(), ECONNREFUSED);
}

TEST_F(UdpTest, SendRefusesWhatLinuxRefuses) {
  UdpPcb pcb(a.udp);
  EXPECT_EQ(code(pcb.send(bytes_of("x"))), EDESTADDRREQ);
  const wire::Endpoint no_port = at("10.0.0.2:0");
  EXPECT_EQ(code(pcb.send(bytes_of("x"), &no_port)), EINVAL);
  const wire::Endpoint broadcast = at("255.255.255.255:9");
  EXPECT_EQ(code(pcb.send(bytes_of("x"), &broadcast)), EACCES);
  const wire::Endpoint v6 = at("[::1]:9");
  EXPECT_EQ(code(pcb.send(bytes_of("x"), &v6)), EAFNOSUPPORT);
  const wire::Endpoint nowhere = at("192.0.2.1:9");
  EXPECT_EQ(code(pcb.send(bytes_of("x"), &nowhere)), ENETUNREACH);
  const wire::Endpoint to = at("10.0.0.2:9");
  EXPECT_EQ(code(pcb.send(std::vector<std::byte>(65'508), &to)), EMSGSIZE);
  EXPECT_EQ(code(pcb.send(std::vector<std::byte>(65'507), &to)), 0);
  pcb.shutdown_send();
  EXPECT_EQ(code(pcb.send(bytes_of("x"), &to)), EPIPE);
  run();
}

TEST_F(UdpTest, TheLargestDatagramArrivesWhole) {
  UdpPcb server(b.udp);
  ASSERT_TRUE(server.bind(at("0.0.0.0:53")));
  UdpPcb client(a.udp);
  ASSERT_TRUE(client.connect(at("10.0.0.2:53")));
  const std::string big(65'507, 'x');
  ASSERT_TRUE(client.send(bytes_of(big)));
  run();
  auto d = server.receive();
  ASSERT_TRUE(d);
  EXPECT_EQ(text_of(d->payload), big);
  d->payload.consume();
}

TEST_F(UdpTest, MalformedAndDamagedDatagramsAreDroppedByName) {
  UdpPcb server(b.udp);
  ASSERT_TRUE(server.bind(at("0.0.0.0:53")));
  const auto arrives = [&](Packet p, ChecksumState state = ChecksumState::unverified) {
    p.meta().checksum = state;
    b.udp.receive(std::move(p), from_a());
  };
  Packet tiny = pool.make();
  ASSERT_TRUE(tiny.append(bytes_of("1234567")));
  arrives(std::move(tiny));
  arrives(raw(1, 53, 7, 0, "abc"));
  arrives(raw(1, 53, 12, 0, "abc"));
  EXPECT_EQ(b.node.drops().of(DropReason::bad_udp_length), 3U);
  arrives(raw(1, 53, 11, 0x1234, "abc"));
  EXPECT_EQ(b.node.drops().of(DropReason::bad_udp_checksum), 1U);
  EXPECT_EQ(b.udp.counters().in_errors, 4U);
  EXPECT_EQ(b.udp.counters().bad_checksums, 1U);
  EXPECT_FALSE(server.has_datagram());
  arrives(raw(1, 53, 11, 0x1234, "abc"), ChecksumState::verified);
  EXPECT_EQ(receive(server), "abc from 10.0.0.1:1") << "what is known to be right is not summed again";
  arrives(raw(2, 53, 11, 0, "abcdef"));
  EXPECT_EQ(receive(server), "abc from 10.0.0.1:2") << "no checksum, and bytes beyond the length";
}

TEST_F(UdpTest, AComputedZeroIsSentAsAllOnes) {
  UdpPcb server(b.udp);
  ASSERT_TRUE(server.bind(at("0.0.0.0:53")));
  UdpPcb client(a.udp);
  ASSERT_TRUE(client.bind(at("10.0.0.1:1000")));
  ASSERT_TRUE(client.connect(at("10.0.0.2:53")));
  // Two bytes that make the sum come out as 0xffff, so that the checksum is 0.
  const std::uint32_t rest = pseudo_header_sum(ip("10.0.0.1"), ip("10.0.0.2"), kProtocolUdp, 10) + 1000 + 53 + 10;
  const auto word = static_cast<std::uint16_t>(0xffff - checksum_fold(rest));
  const std::array<std::byte, 2> payload = {std::byte(word >> 8), std::byte(word & 0xff)};
  ASSERT_TRUE(client.send(payload));
  run();
  EXPECT_TRUE(server.has_datagram());
  client.options().no_checksum = true;
  ASSERT_TRUE(client.send(bytes_of("bare")));
  run();
  EXPECT_EQ(server.queued(), 2U);
}

TEST_F(UdpTest, TheReceiveQueueIsLimitedInBytes) {
  UdpPcb server(b.udp);
  server.options().receive_limit = 2 * (100 + UdpPcb::kDatagramCost);
  ASSERT_TRUE(server.bind(at("0.0.0.0:53")));
  UdpPcb client(a.udp);
  ASSERT_TRUE(client.connect(at("10.0.0.2:53")));
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(client.send(bytes_of(std::string(100, 'x'))));
  }
  run();
  EXPECT_EQ(server.queued(), 2U);
  EXPECT_EQ(b.node.drops().of(DropReason::udp_receive_full), 1U);
  EXPECT_EQ(b.udp.counters().receive_full, 1U);
  (void)receive(server);
  EXPECT_EQ(server.queued_bytes(), 100 + UdpPcb::kDatagramCost);
}

TEST_F(UdpTest, ClosingDropsWhatIsQueued) {
  {
    UdpPcb server(b.udp);
    ASSERT_TRUE(server.bind(at("0.0.0.0:53")));
    UdpPcb client(a.udp);
    ASSERT_TRUE(client.connect(at("10.0.0.2:53")));
    ASSERT_TRUE(client.send(bytes_of("late")));
    run();
  }
  EXPECT_EQ(b.node.drops().of(DropReason::socket_closed), 1U);
  EXPECT_EQ(pool.stats().alive(), 0U);
}

TEST_F(UdpTest, PortUnreachableReachesTheConnectedSenderOnce) {
  UdpPcb client(a.udp);
  int changes = 0;
  auto count = [&changes] { ++changes; };
  client.set_on_change(Delegate<void()>::of(count));
  ASSERT_TRUE(client.connect(at("10.0.0.2:53")));
  ASSERT_TRUE(client.send(bytes_of("anyone?")));
  run();
  EXPECT_EQ(b.node.drops().of(DropReason::udp_no_port), 1U);
  EXPECT_EQ(changes, 1);
  EXPECT_EQ(code(client.send(bytes_of("again"))), ECONNREFUSED);
  EXPECT_EQ(receive(client), "errno " + std::to_string(EAGAIN));
}

TEST_F(UdpTest, AnUnconnectedSenderHearsOfErrorsOnlyInTheErrorQueue) {
  UdpPcb client(a.udp);
  const wire::Endpoint to = at("10.0.0.2:53");
  ASSERT_TRUE(client.send(bytes_of("?"), &to));
  run();
  EXPECT_FALSE(client.has_error());
  client.options().receive_errors = true;
  ASSERT_TRUE(client.send(bytes_of("?"), &to));
  run();
  EXPECT_TRUE(client.has_error());
  const auto error = client.receive_error();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, ECONNREFUSED);
  EXPECT_EQ(error->kind, Kind::port_unreachable);
  EXPECT_EQ(error->reporter, ip("10.0.0.2"));
  EXPECT_EQ(error->destination, to);
  EXPECT_FALSE(client.has_error()) << "the pending error goes with its entry";
}

TEST_F(UdpTest, SoftErrorsDoNotDisturbAConnectedSocket) {
  cloud.unreachable[ip("10.0.0.77")] = Kind::host_unreachable;
  UdpPcb client(a.udp);
  ASSERT_TRUE(client.connect(at("10.0.0.77:53")));
  ASSERT_TRUE(client.send(bytes_of("?")));
  run();
  EXPECT_FALSE(client.has_error());
  client.options().receive_errors = true;
  client.options().ttl = 1;
  ASSERT_TRUE(client.send(bytes_of("?")));
  run();
  const auto error = client.receive_error();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind, Kind::time_exceeded);
  EXPECT_EQ(error->reporter, cloud.router);
  EXPECT_EQ(error->code, EHOSTUNREACH);
}

TEST_F(UdpTest, ErrorsAboutNobodyAndShortQuotesAreIgnored) {
  ip::ErrorReport report;
  report.kind = Kind::port_unreachable;
  a.udp.on_error(report);
  const std::array<std::byte, 8> quoted{};
  report.transport_header = quoted;
  a.udp.on_error(report);
  EXPECT_EQ(a.udp.bound_sockets(), 0U);
}

TEST_F(UdpTest, ABroadcastGoesToEverySocketOfThePortAndNeverCausesAnError) {
  UdpPcb one(b.udp);
  UdpPcb two(b.udp);
  one.options().reuse_address = two.options().reuse_address = true;
  ASSERT_TRUE(one.bind(at("0.0.0.0:9")));
  ASSERT_TRUE(two.bind(at("0.0.0.0:9")));
  UdpPcb sender(a.udp);
  sender.options().broadcast = true;
  const wire::Endpoint all = at("255.255.255.255:9");
  ASSERT_TRUE(sender.send(bytes_of("all"), &all));
  const wire::Endpoint nobody = at("255.255.255.255:10");
  ASSERT_TRUE(sender.send(bytes_of("none"), &nobody));
  run();
  EXPECT_EQ(one.queued(), 1U);
  EXPECT_EQ(two.queued(), 1U);
  EXPECT_EQ(one.peek()->to, all);
  EXPECT_EQ(b.network.port_unreachables, 0U);
  EXPECT_EQ(b.node.drops().of(DropReason::udp_no_port), 1U);
}

TEST_F(UdpTest, AGroupIsHeardByItsMembers) {
  const wire::IpAddress group = ip("224.1.2.3");
  {
    UdpPcb member(b.udp);
    UdpPcb other(b.udp);
    UdpPcb picky(b.udp);
    for (UdpPcb* pcb : {&member, &other, &picky}) {
      pcb->options().reuse_address = true;
      ASSERT_TRUE(pcb->bind(at("0.0.0.0:9")));
    }
    picky.options().multicast_all = false;
    EXPECT_EQ(code(member.join(ip("10.0.0.2"), nullptr)), EINVAL);
    ASSERT_TRUE(member.join(group, nullptr));
    EXPECT_EQ(code(member.join(group, nullptr)), EADDRINUSE);
    EXPECT_EQ(code(other.leave(group, nullptr)), EADDRNOTAVAIL);
    UdpPcb sender(a.udp);
    const wire::Endpoint to{group, 9};
    ASSERT_TRUE(sender.send(bytes_of("tick"), &to));
    EXPECT_EQ(a.network.last_options.ttl, 1) << "RFC 1112: one hop unless asked for more";
    EXPECT_TRUE(a.network.last_options.to_ourselves);
    EXPECT_FALSE(a.network.last_options.stays_here);
    run();
    EXPECT_EQ(member.queued(), 1U);
    EXPECT_EQ(other.queued(), 1U) << "Linux's IP_MULTICAST_ALL";
    EXPECT_EQ(picky.queued(), 0U);
    ASSERT_TRUE(picky.join(group, nullptr));
    sender.options().multicast_ttl = 0;
    sender.options().multicast_loop = false;
    ASSERT_TRUE(sender.send(bytes_of("tock"), &to));
    EXPECT_FALSE(a.network.last_options.to_ourselves);
    EXPECT_TRUE(a.network.last_options.stays_here);
    run();
    EXPECT_EQ(picky.queued(), 1U);
    ASSERT_TRUE(picky.leave(group, nullptr));
  }
  EXPECT_THAT(b.network.memberships, testing::ElementsAre("+224.1.2.3", "+224.1.2.3", "-224.1.2.3", "-224.1.2.3"));
}

TEST_F(UdpTest, GroupsOfASocketAreLimited) {
  UdpPcb pcb(b.udp);
  for (unsigned i = 0; i < b.udp.limits().memberships_per_socket; ++i) {
    ASSERT_TRUE(pcb.join(wire::Ipv4Address(0xe0010000U + i), nullptr));
  }
  EXPECT_EQ(code(pcb.join(ip("224.9.9.9"), nullptr)), ENOBUFS);
}

TEST_F(UdpTest, ABatchEndsWithTheFirstThatIsRefused) {
  UdpPcb server(b.udp);
  ASSERT_TRUE(server.bind(at("0.0.0.0:53")));
  UdpPcb client(a.udp);
  ASSERT_TRUE(client.connect(at("10.0.0.2:53")));
  const std::vector<UdpMessage> messages = {{.payload = bytes_of("one")},
                                            {.payload = bytes_of("two"), .to = at("10.0.0.2:53")},
                                            {.payload = bytes_of("threefour"), .segment_size = 5},
                                            {.payload = bytes_of("five"), .to = at("10.0.0.2:0")},
                                            {.payload = bytes_of("six")}};
  EXPECT_EQ(client.send_batch(messages).value(), 3U);
  EXPECT_EQ(client.send_batch(std::span(messages).subspan(3)).error().code, EINVAL);
  EXPECT_EQ(client.send_batch({}).value(), 0U);
  run();
  std::array<UdpDatagram, 3> first;
  EXPECT_EQ(server.receive_batch(first).value(), 3U);
  std::array<UdpDatagram, 3> rest;
  EXPECT_EQ(server.receive_batch(rest).value(), 1U);
  EXPECT_EQ(server.receive_batch(rest).error().code, EAGAIN);
  std::vector<std::string> texts;
  for (UdpDatagram* d : {&first[0], &first[1], &first[2], &rest[0]}) {
    texts.push_back(text_of(d->payload));
    d->payload.consume();
  }
  EXPECT_THAT(texts, testing::ElementsAre("one", "two", "three", "four"));
}

TEST_F(UdpTest, ABatchLeavesTheErrorBehindIt) {
  UdpPcb server(b.udp);
  ASSERT_TRUE(server.bind(at("0.0.0.0:53")));
  UdpPcb client(a.udp);
  ASSERT_TRUE(client.connect(at("10.0.0.2:9")));
  ASSERT_TRUE(client.send(bytes_of("nobody")));
  run();
  const std::vector<UdpMessage> messages(2, {.payload = bytes_of("x")});
  EXPECT_EQ(client.send_batch(messages).error().code, ECONNREFUSED);
  EXPECT_EQ(client.send_batch(messages).value(), 2U) << "once";
}

TEST_F(UdpTest, ToItselfWithoutCompletingTheChecksum) {
  UdpPcb pcb(a.udp);
  ASSERT_TRUE(pcb.bind(at("127.0.0.1:9")));
  ASSERT_TRUE(pcb.connect(at("127.0.0.1:9")));
  ASSERT_TRUE(pcb.send(bytes_of("me")));
  run();
  EXPECT_EQ(receive(pcb), "me from 127.0.0.1:9");
}

}  // namespace
}  // namespace catenet::transport
