// SPDX-License-Identifier: Apache-2.0
// Descriptors, what each call answers in each state, readiness, wake-ups, options. Covers socket_table.cc, waiter.cc,
// stream_descriptor.cc, datagram_descriptor.cc, socket_layer.cc and types.cc. What Linux answers to the same calls is
// compared in linux_oracle_test.cc.
#include "catenet/socket/socket_table.h"

#include <gmock/gmock.h>

#include <array>

#include "catenet/socket/operation.h"
#include "catenet/socket/socket_test_net.h"

namespace catenet::socket {
namespace {

using namespace catenet::literals;
using testing::ElementsAre;

class SocketTableTest : public testing::Test {
 protected:
  ~SocketTableTest() override {}
  /// A connected pair: {client on a, server side on b}.
  std::pair<int, int> connected() {
    const int listener = b.socket(SocketType::stream).value();
    EXPECT_TRUE(b.bind(listener, at("0.0.0.0:80")));
    EXPECT_TRUE(b.listen(listener, 5));
    const int client = a.socket(SocketType::stream).value();
    EXPECT_EQ(code_of(a.connect(client, at("10.0.0.2:80"))), EINPROGRESS);
    net.run();
    EXPECT_TRUE(a.connect(client, at("10.0.0.2:80")));
    const int server = b.accept(listener).value();
    EXPECT_TRUE(b.close(listener));
    return {client, server};
  }
  std::string recv(SocketLayer& host, int fd) {
    std::array<std::byte, 100> buffer;
    const auto n = host.recv(fd, buffer);
    return n ? std::string(as_text(std::span(buffer).first(*n))) : errno_name(n.error().code);
  }

  TwoHosts net;
  SocketLayer& a = net.a.sockets;
  SocketLayer& b = net.b.sockets;
};

TEST_F(SocketTableTest, NumbersAreTheLowestFree) {
  EXPECT_EQ(a.socket(SocketType::stream).value(), 3);
  EXPECT_EQ(a.socket(SocketType::datagram).value(), 4);
  EXPECT_EQ(a.socket(SocketType::stream).value(), 5);
  EXPECT_TRUE(a.close(4));
  EXPECT_EQ(code_of(a.close(4)), EBADF);
  EXPECT_EQ(a.socket(SocketType::datagram).value(), 4);
  EXPECT_EQ(a.table().open_descriptors(), 3U);
}

TEST_F(SocketTableTest, EveryCallOnNoDescriptorIsEbadf) {
  std::array<std::byte, 4> buffer{};
  for (const int fd : {-1, 0, 3, 1000}) {
    EXPECT_EQ(code_of(a.bind(fd, at("0.0.0.0:1"))), EBADF);
    EXPECT_EQ(code_of(a.listen(fd)), EBADF);
    EXPECT_EQ(code_of(a.accept(fd)), EBADF);
    EXPECT_EQ(code_of(a.connect(fd, at("10.0.0.2:1"))), EBADF);
    EXPECT_EQ(code_of(a.disconnect(fd)), EBADF);
    EXPECT_EQ(code_of(a.send(fd, buffer)), EBADF);
    EXPECT_EQ(code_of(a.send_to(fd, buffer, at("10.0.0.2:1"))), EBADF);
    EXPECT_EQ(code_of(a.recv(fd, buffer)), EBADF);
    EXPECT_EQ(code_of(a.recv_from(fd, buffer)), EBADF);
    EXPECT_EQ(code_of(a.send_segments(fd, buffer, 1)), EBADF);
    EXPECT_EQ(code_of(a.send_batch(fd, {})), EBADF);
    EXPECT_EQ(code_of(a.recv_batch(fd, {})), EBADF);
    EXPECT_EQ(code_of(a.recv_error(fd)), EBADF);
    EXPECT_EQ(code_of(a.peek(fd, buffer)), EBADF);
    EXPECT_EQ(code_of(a.shutdown(fd, ShutdownHow::both)), EBADF);
    EXPECT_EQ(code_of(a.close(fd)), EBADF);
    EXPECT_EQ(code_of(a.getsockname(fd)), EBADF);
    EXPECT_EQ(code_of(a.getpeername(fd)), EBADF);
    EXPECT_EQ(code_of(a.set_option(fd, option::NoDelay{true})), EBADF);
    EXPECT_EQ(code_of(a.get_option<option::NoDelay>(fd)), EBADF);
    EXPECT_EQ(code_of(a.take_error(fd)), EBADF);
    EXPECT_EQ(code_of(a.poll(fd)), EBADF);
    EXPECT_EQ(code_of(a.watch(fd, {})), EBADF);
    EXPECT_EQ(code_of(a.send_packet(fd, net.pool.make())), EBADF);
  }
  EXPECT_EQ(net.pool.stats().unaccounted, 0U);
}

TEST_F(SocketTableTest, DescriptorsAreLimited) {
  a.table().set_limit(2);
  EXPECT_EQ(a.socket(SocketType::datagram).value(), 3);
  EXPECT_EQ(a.socket(SocketType::stream).value(), 4);
  EXPECT_EQ(code_of(a.socket(SocketType::stream)), EMFILE);
  ASSERT_TRUE(a.listen(4));
  EXPECT_EQ(code_of(a.accept(4)), EMFILE);
  EXPECT_EQ(code_of(a.socket(SocketType::ping)), EMFILE);
}

TEST_F(SocketTableTest, WithoutIcmpThereAreNoPingSockets) {
  EXPECT_EQ(code_of(a.socket(SocketType::ping)), EPROTONOSUPPORT);
}

TEST_F(SocketTableTest, CoverageIsUdpLites) {
  const int lite = a.socket(SocketType::datagram_lite).value();
  const int plain = a.socket(SocketType::datagram).value();
  EXPECT_EQ(code_of(a.set_option(plain, option::SendCoverage{20})), ENOPROTOOPT);
  EXPECT_EQ(code_of(a.set_option(plain, option::ReceiveCoverage{20})), ENOPROTOOPT);
  EXPECT_EQ(a.get_option<option::ReceiveCoverage>(lite)->bytes, std::nullopt) << "it has said nothing";
  ASSERT_TRUE(a.set_option(lite, option::SendCoverage{7}));
  ASSERT_TRUE(a.set_option(lite, option::ReceiveCoverage{0}));
  EXPECT_EQ(a.get_option<option::SendCoverage>(lite)->bytes, 8);
  EXPECT_EQ(a.get_option<option::ReceiveCoverage>(lite)->bytes, 0);
  SocketLayer without({net.a.node, net.a.network, net.a.udp, net.a.tcp});
  EXPECT_EQ(code_of(without.socket(SocketType::datagram_lite)), EPROTONOSUPPORT);
}

TEST_F(SocketTableTest, DatagramsAlikeAreOneReceive) {
  net.b.network.arrival = &net.b.node.add_interface("eth0");
  const int server = b.socket(SocketType::datagram).value();
  const int client = a.socket(SocketType::datagram).value();
  ASSERT_TRUE(b.bind(server, at("0.0.0.0:9")));
  ASSERT_TRUE(b.set_option(server, option::ReceiveSegments{true}));
  ASSERT_TRUE(a.connect(client, at("10.0.0.2:9")));
  EXPECT_EQ(a.send_segments(client, as_bytes("aabbccd"), 2).value(), 7U);
  ASSERT_TRUE(a.set_option(client, option::SegmentSize{3}));
  EXPECT_EQ(a.send(client, as_bytes("eeeff")).value(), 5U);
  EXPECT_EQ(code_of(a.send_segments(a.socket(SocketType::stream).value(), as_bytes("x"), 2)), EOPNOTSUPP);
  net.run();
  std::array<std::byte, 64> room;
  EXPECT_EQ(b.peek_from(server, room)->size, 7U);
  const auto part = b.recv_from(server, std::span(room).first(5));
  EXPECT_EQ(as_text(std::span(room).first(part->size)), "aabb") << "the third would not fit";
  EXPECT_EQ(part->segment_size, 2);
  EXPECT_FALSE(part->truncated());
  const auto rest = b.recv_from(server, room);
  EXPECT_EQ(as_text(std::span(room).first(rest->size)), "ccd");
  const auto cut = b.recv_from(server, std::span(room).first(2));
  EXPECT_TRUE(cut->truncated()) << "one alone, longer than the room";
  EXPECT_EQ(cut->full_size, 3U);
  EXPECT_EQ(cut->segment_size, 0);
  EXPECT_EQ(recv(b, server), "ff");
  EXPECT_EQ(recv(b, server), "EAGAIN");
}

TEST_F(SocketTableTest, ManyDatagramsInOneCall) {
  Transcript steps;
  steps.follow(a);
  const int server = b.socket(SocketType::datagram).value();
  const int client = a.socket(SocketType::datagram).value();
  ASSERT_TRUE(b.bind(server, at("0.0.0.0:9")));
  const std::vector<Outgoing> messages = {{.payload = as_bytes("one"), .to = at("10.0.0.2:9")},
                                          {.payload = as_bytes("two"), .to = at("10.0.0.2:9")},
                                          {.payload = as_bytes("three"), .to = at("10.0.0.2:9")},
                                          {.payload = as_bytes("four")}};
  EXPECT_EQ(a.send_batch(client, messages).value(), 3U) << "the fourth goes nowhere";
  EXPECT_EQ(steps.lines.back(), "sendmmsg(3, 4) = 3");
  std::array<std::array<std::byte, 4>, 2> rooms;
  std::array<Incoming, 2> incoming = {Incoming{rooms[0], {}}, Incoming{rooms[1], {}}};
  EXPECT_EQ(code_of(b.recv_batch(server, incoming)), EAGAIN);
  net.run();
  EXPECT_EQ(b.recv_batch(server, incoming).value(), 2U);
  EXPECT_EQ(as_text(std::span(rooms[1]).first(incoming[1].got.size)), "two");
  EXPECT_EQ(incoming[1].got.from, (wire::Endpoint{ip("10.0.0.1"), a.getsockname(client)->port}));
  EXPECT_EQ(b.recv_batch(server, incoming).value(), 1U);
  EXPECT_TRUE(incoming[0].got.truncated());
  EXPECT_EQ(code_of(a.send_batch(a.socket(SocketType::stream).value(), messages)), EOPNOTSUPP);
  EXPECT_EQ(code_of(b.recv_batch(b.socket(SocketType::stream).value(), incoming)), EOPNOTSUPP);
}

TEST_F(SocketTableTest, AStreamFromBeginningToEnd) {
  auto [client, server] = connected();
  EXPECT_EQ(b.getpeername(server).value(), a.getsockname(client).value());
  EXPECT_EQ(a.getpeername(client).value(), at("10.0.0.2:80"));
  EXPECT_EQ(recv(b, server), "EAGAIN");
  EXPECT_EQ(a.send(client, as_bytes("hello")).value(), 5U);
  net.run();
  std::array<std::byte, 3> some;
  EXPECT_EQ(b.peek(server, some).value(), 3U);
  EXPECT_EQ(recv(b, server), "hello");
  EXPECT_TRUE(a.shutdown(client, ShutdownHow::send));
  EXPECT_EQ(code_of(a.send(client, as_bytes("more"))), EPIPE);
  net.run();
  EXPECT_EQ(recv(b, server), "");
  EXPECT_EQ(b.send(server, as_bytes("bye")).value(), 3U);
  net.run();
  EXPECT_EQ(recv(a, client), "bye");
  EXPECT_TRUE(b.close(server));
  EXPECT_TRUE(a.close(client));
  net.run(200_s);
  EXPECT_EQ(net.a.tcp.pcb_count() + net.b.tcp.pcb_count(), 0U);
  EXPECT_EQ(net.pool.stats().alive(), 0U);
}

TEST_F(SocketTableTest, ARefusedConnectCanBeTriedAgain) {
  const int fd = a.socket(SocketType::stream).value();
  ASSERT_TRUE(a.bind(fd, at("0.0.0.0:5000")));
  EXPECT_EQ(code_of(a.connect(fd, at("10.0.0.2:80"))), EINPROGRESS);
  EXPECT_EQ(code_of(a.connect(fd, at("10.0.0.2:80"))), EALREADY);
  net.run();
  EXPECT_EQ(a.poll(fd).value() & (ready::kError | ready::kHangup), ready::kError | ready::kHangup);
  EXPECT_EQ(code_of(a.connect(fd, at("10.0.0.2:80"))), ECONNREFUSED);
  EXPECT_EQ(a.getsockname(fd).value().port, 5000) << "the bound port stays";
  const int listener = b.socket(SocketType::stream).value();
  ASSERT_TRUE(b.bind(listener, at("0.0.0.0:80")));
  ASSERT_TRUE(b.listen(listener));
  EXPECT_EQ(code_of(a.connect(fd, at("10.0.0.2:80"))), EINPROGRESS);
  net.run();
  EXPECT_EQ(code_of(a.connect(fd, at("10.0.0.2:80"))), 0);
  EXPECT_EQ(code_of(a.connect(fd, at("10.0.0.2:80"))), EISCONN);
}

TEST_F(SocketTableTest, AStreamTellsWhatBecameOfItsSends) {
  auto [client, server] = connected();
  SocketTable& table = a.table();
  const auto flagged = [&] { return (*table.poll(client) & ready::kErrorQueue) != 0; };
  EXPECT_EQ(code_of(table.recv_notice(client)), EAGAIN);
  ASSERT_TRUE(a.set_option(client, option::ZeroCopy{true}));
  ASSERT_TRUE(a.set_option(client, option::SendStamps{.sent = true, .acknowledged = true}));
  ASSERT_TRUE(a.send(client, as_bytes("hello")));
  ASSERT_TRUE(table.end_send(client, true));
  const Instant sent = net.scheduler.now();
  net.run();
  EXPECT_TRUE(flagged());
  const SendNotice stamp = table.recv_notice(client).value();
  EXPECT_EQ(stamp.what, SendNotice::What::sent);
  EXPECT_EQ(stamp.at, sent);
  EXPECT_EQ(stamp.last, 4U) << "the last byte, counted from 0";
  EXPECT_EQ(table.recv_notice(client)->what, SendNotice::What::released);
  EXPECT_EQ(table.recv_notice(client)->what, SendNotice::What::acknowledged);
  EXPECT_FALSE(flagged());
  ASSERT_TRUE(a.set_option(client, option::SendStamps{}));
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(a.send(client, as_bytes("x")));
    ASSERT_TRUE(table.end_send(client, i != 1)) << "without zero copy there is nothing to tell";
  }
  net.run();
  const SendNotice both = table.recv_notice(client).value();
  EXPECT_EQ(both.first, 1U);
  EXPECT_EQ(both.last, 2U) << "neighbours come as one";
  EXPECT_EQ(code_of(table.recv_notice(client)), EAGAIN);
}

TEST_F(SocketTableTest, WhatComesAfterReceivingWasShutCanBeRead) {
  auto [client, server] = connected();
  ASSERT_TRUE(b.shutdown(server, ShutdownHow::receive));
  EXPECT_EQ(recv(b, server), "");
  ASSERT_TRUE(a.send(client, as_bytes("late")));
  net.run();
  EXPECT_EQ(recv(b, server), "late");
  EXPECT_EQ(recv(b, server), "");
}

TEST_F(SocketTableTest, AStreamWhosePeerIsForgottenCanConnectAgain) {
  auto [client, server] = connected();
  ASSERT_TRUE(a.disconnect(client));
  net.run();
  EXPECT_EQ(recv(b, server), "ECONNRESET");
  const int listener = b.socket(SocketType::stream).value();
  ASSERT_TRUE(b.bind(listener, at("0.0.0.0:81")));
  ASSERT_TRUE(b.listen(listener));
  EXPECT_EQ(code_of(a.connect(client, at("10.0.0.2:81"))), EINPROGRESS);
  net.run();
  EXPECT_TRUE(a.connect(client, at("10.0.0.2:81")));
}

TEST_F(SocketTableTest, LingerZeroResets) {
  auto [client, server] = connected();
  ASSERT_TRUE(a.set_option(client, option::Linger{true, Duration{}}));
  ASSERT_TRUE(a.close(client));
  net.run();
  EXPECT_EQ(recv(b, server), "ECONNRESET");
  EXPECT_EQ(recv(b, server), "");
  EXPECT_EQ(code_of(b.send(server, as_bytes("x"))), EPIPE);
  EXPECT_EQ(code_of(b.getpeername(server)), ENOTCONN);
}

TEST_F(SocketTableTest, AListenerThatIsShutStopsListeningAndKeepsItsPort) {
  const int fd = b.socket(SocketType::stream).value();
  ASSERT_TRUE(b.bind(fd, at("0.0.0.0:80")));
  ASSERT_TRUE(b.listen(fd));
  EXPECT_EQ(code_of(b.accept(fd)), EAGAIN);
  EXPECT_EQ(code_of(b.connect(fd, at("10.0.0.1:1"))), EISCONN);
  EXPECT_TRUE(b.shutdown(fd, ShutdownHow::send)) << "nothing happens";
  EXPECT_TRUE(b.shutdown(fd, ShutdownHow::receive));
  EXPECT_EQ(code_of(b.accept(fd)), EINVAL);
  EXPECT_EQ(b.getsockname(fd).value(), at("0.0.0.0:80"));
  EXPECT_TRUE(b.listen(fd));
}

TEST_F(SocketTableTest, DatagramsWithTheirEnds) {
  const int server = b.socket(SocketType::datagram).value();
  ASSERT_TRUE(b.bind(server, at("0.0.0.0:53")));
  const int client = a.socket(SocketType::datagram).value();
  ASSERT_TRUE(a.set_option(client, option::TimeToLive{9}));
  ASSERT_TRUE(a.set_option(client, option::TrafficClass{0x88}));
  EXPECT_EQ(a.send_to(client, as_bytes("question"), at("10.0.0.2:53")).value(), 8U);
  net.run();
  std::array<std::byte, 4> small;
  EXPECT_EQ(b.peek(server, small).value(), 4U);
  const auto got = b.recv_from(server, small);
  ASSERT_TRUE(got);
  EXPECT_EQ(got->size, 4U);
  EXPECT_EQ(got->full_size, 8U);
  EXPECT_TRUE(got->truncated());
  EXPECT_EQ(got->from.port, a.getsockname(client).value().port);
  EXPECT_EQ(got->to, at("10.0.0.2:53"));
  EXPECT_EQ(got->ttl, 9);
  EXPECT_EQ(got->traffic_class, 0x88);
  EXPECT_EQ(recv(b, server), "EAGAIN");
  EXPECT_EQ(code_of(b.listen(server)), EOPNOTSUPP);
  EXPECT_EQ(code_of(b.accept(server)), EOPNOTSUPP);
}

TEST_F(SocketTableTest, ADatagramSocketThatIsShutIsReady) {
  const int fd = a.socket(SocketType::datagram).value();
  EXPECT_EQ(code_of(a.shutdown(fd, ShutdownHow::both)), ENOTCONN);
  EXPECT_EQ(recv(a, fd), "EAGAIN");
  EXPECT_EQ(a.poll(fd).value(), ready::kRead | ready::kWrite | ready::kPeerShut | ready::kHangup);
}

TEST_F(SocketTableTest, APacketGoesOutWithoutACopy) {
  const int server = b.socket(SocketType::datagram).value();
  ASSERT_TRUE(b.bind(server, at("0.0.0.0:53")));
  const int client = a.socket(SocketType::datagram).value();
  Packet packet = net.pool.make();
  ASSERT_TRUE(packet.append(as_bytes("packet")));
  const wire::Endpoint to = at("10.0.0.2:53");
  ASSERT_TRUE(a.send_packet(client, std::move(packet), &to));
  net.run();
  EXPECT_EQ(recv(b, server), "packet");
  const int stream = a.socket(SocketType::stream).value();
  EXPECT_EQ(code_of(a.send_packet(stream, net.pool.make())), EOPNOTSUPP);
}

TEST_F(SocketTableTest, TheErrorQueueNamesTheReporter) {
  const int fd = a.socket(SocketType::datagram).value();
  ASSERT_TRUE(a.set_option(fd, option::ReceiveErrors{true}));
  ASSERT_TRUE(a.set_option(fd, option::TimeToLive{1}));
  ASSERT_TRUE(a.send_to(fd, as_bytes("probe"), at("10.0.0.2:33434")));
  net.run();
  EXPECT_EQ(a.poll(fd).value() & (ready::kError | ready::kErrorQueue), ready::kError | ready::kErrorQueue);
  const auto error = a.recv_error(fd);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind, ip::ErrorReport::Kind::time_exceeded);
  EXPECT_EQ(error->reporter, net.cloud.router);
  EXPECT_EQ(error->destination, at("10.0.0.2:33434"));
  EXPECT_EQ(code_of(a.recv_error(fd)), EAGAIN);
  const int stream = a.socket(SocketType::stream).value();
  EXPECT_EQ(code_of(a.recv_error(stream)), EOPNOTSUPP);
}

TEST_F(SocketTableTest, Options) {
  const int s = a.socket(SocketType::stream).value();
  const int d = a.socket(SocketType::datagram).value();
  EXPECT_EQ(code_of(a.set_option(s, option::Broadcast{true})), ENOPROTOOPT);
  EXPECT_EQ(code_of(a.set_option(d, option::NoDelay{true})), ENOPROTOOPT);
  EXPECT_EQ(code_of(a.get_option<option::Linger>(d)), ENOPROTOOPT);
  EXPECT_EQ(code_of(a.set_option(s, option::MulticastTtl{1})), ENOPROTOOPT);
  ASSERT_TRUE(a.set_option(s, option::TrafficClass{0xbb}));
  EXPECT_EQ(a.get_option<option::TrafficClass>(s)->bits, 0xb8) << "the ECN field is TCP's own";
  ASSERT_TRUE(a.set_option(s, option::TimeToLive{9}));
  EXPECT_EQ(a.get_option<option::TimeToLive>(s)->hops, 9);
  ASSERT_TRUE(a.set_option(s, option::SynRetries{2}));
  EXPECT_EQ(a.get_option<option::SynRetries>(s)->times, 2);
  EXPECT_EQ(code_of(a.set_option(s, option::SynRetries{0})), EINVAL);
  EXPECT_EQ(code_of(a.set_option(s, option::SendStamps{true, true, true})), EINVAL) << "no connection yet";
  EXPECT_EQ(code_of(a.set_option(s, option::ReceiveBuffer{0})), EINVAL);
  EXPECT_EQ(code_of(a.set_option(s, option::UserTimeout{-(1_s)})), EINVAL);
  ASSERT_TRUE(a.set_option(s, option::ReceiveBuffer{4096}));
  ASSERT_TRUE(a.set_option(s, option::SendBuffer{8192}));
  ASSERT_TRUE(a.set_option(s, option::NoDelay{true}));
  ASSERT_TRUE(a.set_option(s, option::KeepAlive{true}));
  ASSERT_TRUE(a.set_option(s, option::UserTimeout{5_s}));
  ASSERT_TRUE(a.set_option(s, option::ReuseAddress{true}));
  EXPECT_EQ(a.get_option<option::ReceiveBuffer>(s)->bytes, 4096U);
  EXPECT_EQ(a.get_option<option::SendBuffer>(s)->bytes, 8192U);
  EXPECT_TRUE(a.get_option<option::NoDelay>(s)->on);
  EXPECT_TRUE(a.get_option<option::KeepAlive>(s)->on);
  EXPECT_TRUE(a.get_option<option::ReuseAddress>(s)->on);
  EXPECT_EQ(a.get_option<option::UserTimeout>(s)->after, 5_s);
  ASSERT_TRUE(a.set_option(d, option::ReceiveBuffer{1000}));
  ASSERT_TRUE(a.set_option(d, option::MulticastTtl{3}));
  ASSERT_TRUE(a.set_option(d, option::DontFragment{true}));
  ASSERT_TRUE(a.set_option(d, option::NoChecksum{true}));
  ASSERT_TRUE(a.set_option(d, option::JoinGroup{ip("224.1.1.1")}));
  EXPECT_EQ(code_of(a.set_option(d, option::JoinGroup{ip("224.1.1.1")})), EADDRINUSE);
  ASSERT_TRUE(a.set_option(d, option::LeaveGroup{ip("224.1.1.1")}));
  EXPECT_EQ(a.get_option<option::ReceiveBuffer>(d)->bytes, 1000U);
  EXPECT_EQ(a.get_option<option::MulticastTtl>(d)->hops, 3);
  EXPECT_TRUE(a.get_option<option::DontFragment>(d)->on);
  EXPECT_TRUE(a.get_option<option::NoChecksum>(d)->on);
  EXPECT_EQ(code_of(a.get_option<option::JoinGroup>(d)), ENOPROTOOPT);
}

TEST_F(SocketTableTest, KeysAndTheUserTimeoutThatIsTold) {
  const int s = a.socket(SocketType::stream).value();
  const int d = a.socket(SocketType::datagram).value();
  const option::Md5Key key{wire::IpPrefix::host(ip("10.0.0.2")), transport::TcpSecret(std::vector<std::byte>(3))};
  EXPECT_EQ(code_of(a.set_option(s, key)), ENOPROTOOPT) << "the host has no hash functions";
  EXPECT_EQ(code_of(a.set_option(s, option::AoKeyRemoval{})), ENOPROTOOPT);
  EXPECT_EQ(code_of(a.set_option(s, option::Md5Key{wire::IpPrefix::host(ip("::1")), key.secret})), EINVAL);
  EXPECT_EQ(code_of(a.set_option(d, key)), ENOPROTOOPT);
  EXPECT_EQ(code_of(a.get_option<option::Keys>(s)), ENOENT);
  EXPECT_EQ(code_of(a.set_option(s, option::AdvertisedUserTimeout{-(1_s)})), EINVAL);
  ASSERT_TRUE(a.set_option(s, option::AdvertisedUserTimeout{300_s}));
  EXPECT_EQ(a.get_option<option::AdvertisedUserTimeout>(s)->after, 300_s);
}

TEST_F(SocketTableTest, ReadinessFollowsTheLifeOfAStream) {
  const int fresh = a.socket(SocketType::stream).value();
  EXPECT_EQ(a.poll(fresh).value(), ready::kWrite | ready::kHangup);
  const int listener = b.socket(SocketType::stream).value();
  ASSERT_TRUE(b.bind(listener, at("0.0.0.0:80")));
  ASSERT_TRUE(b.listen(listener));
  EXPECT_EQ(b.poll(listener).value(), 0U);
  (void)a.connect(fresh, at("10.0.0.2:80"));
  EXPECT_EQ(a.poll(fresh).value(), 0U);
  net.run();
  EXPECT_EQ(a.poll(fresh).value(), ready::kWrite);
  EXPECT_EQ(b.poll(listener).value(), ready::kRead);
  const int server = b.accept(listener).value();
  EXPECT_EQ(b.poll(listener).value(), 0U);
  ASSERT_TRUE(a.send(fresh, as_bytes("x")));
  ASSERT_TRUE(a.shutdown(fresh, ShutdownHow::send));
  net.run();
  EXPECT_EQ(b.poll(server).value(), ready::kRead | ready::kWrite | ready::kPeerShut);
  EXPECT_EQ(recv(b, server), "x");
  EXPECT_EQ(recv(b, server), "");
  ASSERT_TRUE(b.shutdown(server, ShutdownHow::send));
  EXPECT_EQ(b.poll(server).value(), ready::kRead | ready::kWrite | ready::kPeerShut | ready::kHangup);
}

// Notes what woke it.
struct Sleeper {
  Waiter waiter;
  int wakes = 0;
  void wake() { ++wakes; }
  Delegate<void()> delegate() { return Delegate<void()>::to<&Sleeper::wake>(*this); }
};

TEST_F(SocketTableTest, AWaiterIsWokenOnceAndNeverInsideTheProtocol) {
  auto [client, server] = connected();
  Sleeper reader;
  Sleeper writer;
  ASSERT_TRUE(b.table().wait(reader.waiter, server, ready::kRead, Instant::never(), reader.delegate()));
  ASSERT_TRUE(b.table().wait(writer.waiter, server, ready::kWrite, Instant::never(), writer.delegate()));
  EXPECT_EQ(writer.wakes, 0) << "ready already, but only posted";
  net.scheduler.run_posted();
  EXPECT_EQ(writer.wakes, 1);
  EXPECT_EQ(reader.wakes, 0);
  ASSERT_TRUE(a.send(client, as_bytes("1")));
  ASSERT_TRUE(a.send(client, as_bytes("2")));
  net.run();
  EXPECT_EQ(reader.wakes, 1);
  EXPECT_EQ(reader.waiter.outcome(), Waiter::Outcome::ready);
}

TEST_F(SocketTableTest, ADeadlineComesFirst) {
  const int fd = a.socket(SocketType::datagram).value();
  Sleeper s;
  ASSERT_TRUE(a.table().wait(s.waiter, fd, ready::kRead, a.now() + 7_ms, s.delegate()));
  net.run(6_ms);
  EXPECT_EQ(s.wakes, 0);
  net.run(2_ms);
  EXPECT_EQ(s.wakes, 1);
  EXPECT_EQ(s.waiter.outcome(), Waiter::Outcome::timed_out);
}

TEST_F(SocketTableTest, CloseWakesWhoWaits) {
  const int fd = a.socket(SocketType::datagram).value();
  Sleeper s;
  ASSERT_TRUE(a.table().wait(s.waiter, fd, ready::kRead, Instant::never(), s.delegate()));
  ASSERT_TRUE(a.close(fd));
  net.run();
  EXPECT_EQ(s.waiter.outcome(), Waiter::Outcome::closed);
  EXPECT_EQ(code_of(a.table().wait(s.waiter, fd, ready::kRead, Instant::never(), s.delegate())), EBADF);
}

TEST_F(SocketTableTest, ADeadWaiterIsForgotten) {
  const int fd = a.socket(SocketType::datagram).value();
  {
    Sleeper s;
    ASSERT_TRUE(a.table().wait(s.waiter, fd, ready::kWrite, a.now() + 1_ms, s.delegate()));
  }
  net.run();
}

struct Watching {
  SocketLayer* host = nullptr;
  std::vector<std::string> seen;
  bool close = false;
  void on_ready(int fd, unsigned mask) {
    seen.push_back(std::to_string(fd) + ":" + std::to_string(mask));
    if (close) {
      EXPECT_TRUE(host->close(fd));
    }
  }
};

TEST_F(SocketTableTest, AWatcherSeesEveryChangeAndMayClose) {
  const int fd = b.socket(SocketType::datagram).value();
  ASSERT_TRUE(b.bind(fd, at("0.0.0.0:9")));
  Watching w{&b, {}};
  ASSERT_TRUE(b.watch(fd, SocketTable::Watcher::to<&Watching::on_ready>(w)));
  net.run();
  EXPECT_THAT(w.seen, ElementsAre("3:2"));
  const int sender = a.socket(SocketType::datagram).value();
  ASSERT_TRUE(a.send_to(sender, as_bytes("1"), at("10.0.0.2:9")));
  net.run();
  EXPECT_THAT(w.seen, ElementsAre("3:2", "3:3"));
  w.close = true;
  ASSERT_TRUE(a.send_to(sender, as_bytes("2"), at("10.0.0.2:9")));
  net.run();
  EXPECT_EQ(w.seen.size(), 3U);
  EXPECT_EQ(code_of(b.poll(fd)), EBADF);
}

TEST_F(SocketTableTest, StepsAreToldAsTheyHappen) {
  Transcript t;
  t.follow(a);
  const int fd = a.socket(SocketType::stream).value();
  (void)a.bind(fd, at("10.0.0.1:7801"));
  (void)a.bind(fd, at("10.0.0.1:7801"));
  (void)a.listen(fd, 5);
  (void)a.accept(fd);
  (void)a.shutdown(fd, ShutdownHow::both);
  (void)a.send_to(fd, as_bytes("abc"), at("10.0.0.2:80"));
  (void)a.close(fd);
  EXPECT_THAT(t.lines, ElementsAre("socket(stream) = 3", "bind(3, 10.0.0.1:7801) = 0",
                                   "bind(3, 10.0.0.1:7801) = -1 EINVAL", "listen(3, 5) = 0", "accept(3) = -1 EAGAIN",
                                   "shutdown(3, both) = 0", "sendto(3, 10.0.0.2:80, 3) = -1 EPIPE", "close(3) = 0"));
}

TEST_F(SocketTableTest, AHostMayStopAtAnyMoment) {
  auto two = std::make_unique<TwoHosts>();
  SocketLayer& host = two->a.sockets;
  const int fd = host.socket(SocketType::stream).value();
  ASSERT_TRUE(host.bind(fd, at("0.0.0.0:80")));
  ASSERT_TRUE(host.listen(fd));
  const int client = two->b.sockets.socket(SocketType::stream).value();
  (void)two->b.sockets.connect(client, at("10.0.0.1:80"));
  Sleeper s;
  ASSERT_TRUE(host.table().wait(s.waiter, fd, ready::kRead, host.now() + 1_s, s.delegate()));
  two->scheduler.run_until(Instant::zero() + 1500_us);  // a SYN-ACK is on its way
  host.table().let_go();
  EXPECT_EQ(code_of(host.close(fd)), EBADF);
  two.reset();
  EXPECT_EQ(s.wakes, 0);
}

TEST(ErrnoName, KnowsWhatWeAnswer) {
  EXPECT_EQ(errno_name(ECONNREFUSED), "ECONNREFUSED");
  EXPECT_EQ(errno_name(EMFILE), "EMFILE");
  EXPECT_EQ(errno_name(12345), "E12345");
}

}  // namespace
}  // namespace catenet::socket
