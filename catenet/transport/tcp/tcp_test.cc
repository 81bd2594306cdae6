// SPDX-License-Identifier: Apache-2.0
// The host's side of TCP (tcp.cc, tcp_pcb.cc): which block a segment belongs to, listeners and their queues, ports,
// errors of the socket calls, resets, ICMP, the story, the table and the flows; and, between two hosts, the published
// figures of slow start.
#include <algorithm>
#include <set>

#include "catenet/transport/tcp/isn.h"
#include "catenet/transport/tcp/tcp_test_net.h"

namespace catenet::transport {
namespace {

using testing::Test;

class TcpHost : public Test {
 protected:
  TcpPcb& listen(const char* local, std::uint32_t backlog = 5) { return **net.b->tcp.listen(endpoint(local), backlog); }
  TcpPcb& connect(const char* foreign = "10.0.0.2:80") { return **net.a->tcp.connect({}, endpoint(foreign)); }
  TwoTcps net;
};

TEST_F(TcpHost, ConnectAcceptSendReceiveClose) {
  TcpPcb& listener = listen("0.0.0.0:80");
  TcpPcb& client = connect();
  EXPECT_FALSE(listener.readable());
  EXPECT_EQ(listener.accept().error().code, EAGAIN);
  net.run_for(1_s);
  ASSERT_TRUE(listener.readable());
  TcpPcb& server = **listener.accept();
  EXPECT_EQ(server.foreign(), client.local());
  EXPECT_EQ(server.local(), endpoint("10.0.0.2:80"));
  const std::vector<std::byte> hello = random_bytes(1000, 1);
  EXPECT_EQ(*client.send(hello), 1000U);
  std::vector<std::byte> got(2000);
  EXPECT_EQ(server.receive(got).error().code, EAGAIN);
  net.run_for(1_s);
  EXPECT_EQ(*server.peek(got), 1000U);
  EXPECT_EQ(*server.receive(got), 1000U);
  got.resize(1000);
  EXPECT_EQ(got, hello);
  client.close();
  net.run_for(1_s);
  EXPECT_TRUE(server.at_end());
  EXPECT_EQ(*server.receive(got), 0U);
  server.close();
  net.run_for(1_s);
  EXPECT_EQ(net.b->tcp.pcb_count(), 1U);
  EXPECT_EQ(net.a->tcp.pcb_count(), 0U);
  EXPECT_EQ(net.a->tcp.snapshot()[0].state, TcpState::time_wait);
  net.run_for(60_s);
  EXPECT_EQ(net.a->tcp.time_wait_count(), 0U);
  const std::vector<std::string> story = {"b: listening tcp 0.0.0.0:80", "a: connection-opened", "b: connection-opened",
                                          "a: connection-closed", "b: connection-closed"};
  ASSERT_EQ(net.notes.notes.size(), story.size());
  std::vector<std::string> told = net.notes.notes;
  for (std::size_t i = 0; i < story.size(); ++i) {
    EXPECT_TRUE(std::any_of(told.begin(), told.end(), [&](const auto& t) { return t.starts_with(story[i]); }))
        << story[i];
  }
}

TEST_F(TcpHost, TheMostSpecificBlockGetsTheSegment) {  // the textbook's three questions
  TcpPcb& wildcard = **net.b->tcp.open();
  TcpPcb& specific = **net.b->tcp.open();
  wildcard.set_reuse_port(true);
  specific.set_reuse_port(true);
  ASSERT_TRUE(wildcard.bind(endpoint("0.0.0.0:80")) && wildcard.listen(5));
  ASSERT_TRUE(specific.bind(endpoint("10.0.0.2:80")));
  TcpPcb& first = connect();
  net.run_for(1_s);
  EXPECT_TRUE(wildcard.readable());  // the other one is only bound: nobody finds it
  ASSERT_TRUE(specific.listen(5));
  TcpPcb& second = connect();
  net.run_for(1_s);
  EXPECT_TRUE(specific.readable());
  EXPECT_EQ((*specific.accept())->foreign(), second.local());
  EXPECT_EQ((*wildcard.accept())->foreign(), first.local());
  EXPECT_EQ(wildcard.accept().error().code, EAGAIN);
}

TEST_F(TcpHost, NobodyListens) {  // RFC 9293 3.10.7.1
  TcpPcb& client = connect("10.0.0.2:81");
  net.run_for(1_s);
  EXPECT_EQ(client.error(), ECONNREFUSED);
  EXPECT_TRUE(client.readable() && client.writable());
  std::byte one{};
  EXPECT_EQ(client.receive({&one, 1}).error().code, ECONNREFUSED);
  EXPECT_EQ(*client.receive({&one, 1}), 0U);  // the error is told once
  EXPECT_EQ(client.send({&one, 1}).error().code, EPIPE);
  EXPECT_EQ(net.b->node.drops().of(DropReason::tcp_no_connection), 1U);
  EXPECT_TRUE(net.notes.notes.back().starts_with("a: connection-failed"));
  client.close();
  EXPECT_EQ(net.a->tcp.pcb_count(), 0U);
}

TEST_F(TcpHost, AClosedListenerResetsWhatWaits) {
  TcpPcb& listener = listen("0.0.0.0:80");
  TcpPcb& client = connect();
  net.run_for(1_s);
  listener.close();
  net.run_for(1_s);
  EXPECT_EQ(client.error(), ECONNRESET);
  EXPECT_EQ(net.b->tcp.pcb_count(), 0U);
}

TEST_F(TcpHost, BindRules) {
  Tcp& tcp = net.b->tcp;
  TcpPcb& first = **tcp.open();
  EXPECT_TRUE(first.bind(endpoint("0.0.0.0:80")));
  EXPECT_EQ(first.bind(endpoint("0.0.0.0:81")).error().code, EINVAL);
  TcpPcb& second = **tcp.open();
  EXPECT_EQ(second.bind(endpoint("10.0.0.2:80")).error().code, EADDRINUSE);
  EXPECT_EQ(second.bind(endpoint("10.9.9.9:80")).error().code, EADDRNOTAVAIL);
  EXPECT_EQ(second.bind(endpoint("[::1]:80")).error().code, EAFNOSUPPORT);
  second.set_reuse_address(true);
  EXPECT_EQ(second.bind(endpoint("10.0.0.2:80")).error().code, EADDRINUSE);  // both must say so
  first.set_reuse_address(true);
  EXPECT_TRUE(second.bind(endpoint("0.0.0.0:80")));
  EXPECT_TRUE(first.listen(1));
  EXPECT_EQ(second.listen(1).error().code, EADDRINUSE);  // and only one of them may listen
  TcpPcb& third = **tcp.open();
  EXPECT_TRUE(third.bind(endpoint("0.0.0.0:0")));
  EXPECT_GE(third.local().port, tcp.limits().port_low);
  EXPECT_FALSE(tcp.open(wire::Family::kV6));
}

TEST_F(TcpHost, AServerComesBackOnlyWithReuseAddress) {
  for (const bool reuse : {false, true}) {
    TcpPcb& listener = **net.b->tcp.open();
    listener.set_reuse_address(reuse);
    ASSERT_TRUE(listener.bind(endpoint("0.0.0.0:80")) && listener.listen(5));
    TcpPcb& client = connect();
    net.run_for(1_s);
    (*listener.accept())->close();  // the server closes first: TIME-WAIT is its
    listener.close();
    net.run_for(1_s);
    client.close();
    net.run_for(1_s);
    EXPECT_EQ(net.b->tcp.time_wait_count(), 1U);
    EXPECT_EQ(net.b->tcp.listen(endpoint("0.0.0.0:80"), 5).error().code, EADDRINUSE);
    TcpPcb& again = **net.b->tcp.open();
    again.set_reuse_address(true);  // Linux wants it of both; what is left of a connection inherits it
    EXPECT_EQ(again.bind(endpoint("0.0.0.0:80")).has_value(), reuse);
    again.close();
    net.run_for(60_s);
    EXPECT_EQ(net.b->tcp.time_wait_count(), 0U);
  }
}

TEST_F(TcpHost, CallsInTheWrongState) {
  TcpPcb& listener = listen("0.0.0.0:80");
  std::byte one{};
  EXPECT_EQ(listener.connect(endpoint("10.0.0.1:1")).error().code, EOPNOTSUPP);
  EXPECT_EQ(listener.send({&one, 1}).error().code, ENOTCONN);
  EXPECT_EQ(listener.receive({&one, 1}).error().code, ENOTCONN);
  EXPECT_EQ(listener.shutdown_send().error().code, ENOTCONN);
  TcpPcb& client = **net.a->tcp.open();
  EXPECT_EQ(client.accept().error().code, EINVAL);
  EXPECT_EQ(client.connect(endpoint("10.0.0.255:80")).error().code, EACCES);
  EXPECT_EQ(client.connect(endpoint("224.0.0.1:80")).error().code, EACCES);
  EXPECT_EQ(client.connect(endpoint("203.0.113.1:80")).error().code, ENETUNREACH);
  EXPECT_EQ(client.connect(endpoint("10.0.0.2:0")).error().code, EADDRNOTAVAIL);
  EXPECT_EQ(client.connect(endpoint("[::1]:80")).error().code, EAFNOSUPPORT);
  ASSERT_TRUE(client.connect(endpoint("10.0.0.2:80")));
  EXPECT_EQ(client.connect(endpoint("10.0.0.2:80")).error().code, EALREADY);
  EXPECT_EQ(client.listen(1).error().code, EINVAL);
  net.run_for(1_s);
  EXPECT_EQ(client.connect(endpoint("10.0.0.2:80")).error().code, EISCONN);
  const auto same = net.a->tcp.connect(client.local(), endpoint("10.0.0.2:80"));
  EXPECT_EQ(same.error().code, EADDRINUSE);
}

TEST_F(TcpHost, EphemeralPortsRunOutAndTheTableTooWithNames) {
  TcpLimits limits;
  limits.port_low = 50000;
  limits.port_high = 50003;
  limits.pcbs = 6;
  net.a->tcp.set_limits(limits);
  listen("0.0.0.0:80");
  std::set<std::uint16_t> ports;
  for (int i = 0; i < 4; ++i) {
    ports.insert(connect().local().port);
  }
  EXPECT_EQ(ports.size(), 4U);
  EXPECT_EQ(net.a->tcp.connect({}, endpoint("10.0.0.2:80")).error().code, EADDRNOTAVAIL);
  EXPECT_TRUE(net.a->tcp.connect({}, endpoint("10.0.0.2:81")));  // to another peer the same port is another connection
  EXPECT_TRUE(net.a->tcp.open());
  EXPECT_EQ(net.a->tcp.open().error().code, ENOBUFS);
}

TEST_F(TcpHost, MalformedSegmentsAreDroppedByName) {
  Tcp& tcp = net.b->tcp;
  listen("0.0.0.0:80");
  ip::Delivery delivery;
  delivery.source = address("10.0.0.1");
  delivery.destination = address("10.0.0.2");
  const auto deliver = [&](std::size_t size, std::uint8_t offset, std::uint8_t option, ChecksumState state) {
    Packet packet = net.pool.make();
    std::vector<std::byte> bytes(size);
    ASSERT_TRUE(packet.append(bytes));
    packet.data()[12] = std::byte(offset);
    if (size > 20) {
      packet.data()[20] = std::byte{2};
      packet.data()[21] = std::byte(option);
    }
    packet.meta().checksum = state;
    tcp.receive(std::move(packet), delivery);
  };
  deliver(19, 0x50, 0, ChecksumState::verified);
  deliver(20, 0x40, 0, ChecksumState::verified);
  deliver(20, 0x60, 0, ChecksumState::verified);
  EXPECT_EQ(net.b->node.drops().of(DropReason::bad_tcp_header), 3U);
  deliver(24, 0x60, 4, ChecksumState::unverified);
  EXPECT_EQ(net.b->node.drops().of(DropReason::bad_tcp_checksum), 1U);
  deliver(24, 0x60, 3, ChecksumState::verified);
  EXPECT_EQ(net.b->node.drops().of(DropReason::bad_tcp_option), 1U);
  delivery.to_group = true;
  deliver(20, 0x50, 0, ChecksumState::verified);
  delivery.to_group = false;
  delivery.source = address("224.0.0.1");
  deliver(20, 0x50, 0, ChecksumState::verified);
  EXPECT_EQ(net.b->node.drops().of(DropReason::tcp_bad_segment), 2U);
}

TEST_F(TcpHost, IcmpErrors) {
  TcpPcb& client = connect();
  const std::uint32_t iss = client.tcb()->iss();
  std::byte quoted[8]{};
  wire::store16(quoted, 0, client.local().port);
  wire::store16(quoted, 2, 80);
  wire::store32(quoted, 4, iss + 1);
  ip::ErrorReport report;
  report.kind = ip::ErrorReport::Kind::port_unreachable;
  report.source = address("10.0.0.1");
  report.destination = address("10.0.0.2");
  report.transport_header = quoted;
  net.a->tcp.on_error(report);
  EXPECT_EQ(client.error(), 0);  // nothing under way has that number: a blind attack (RFC 5927)
  wire::store32(quoted, 4, iss);
  report.kind = ip::ErrorReport::Kind::host_unreachable;
  net.a->tcp.on_error(report);
  EXPECT_EQ(client.error(), 0);  // soft
  report.kind = ip::ErrorReport::Kind::port_unreachable;
  net.a->tcp.on_error(report);
  EXPECT_EQ(client.error(), ECONNREFUSED);
}

// RFC 5461 4.1: what ends an attempt to connect is a matter of taste.
TEST_F(TcpHost, IcmpErrorsThatOthersCallHard) {
  using Kind = ip::ErrorReport::Kind;
  const auto error_after = [&](EndsOpening ends, Kind kind) {
    TcpPcb& client = connect();
    TcpConfig config = client.config();
    config.ends_opening = ends;
    client.set_config(config);
    std::byte quoted[8]{};
    wire::store16(quoted, 0, client.local().port);
    wire::store16(quoted, 2, 80);
    wire::store32(quoted, 4, client.tcb()->iss());
    ip::ErrorReport report;
    report.kind = kind;
    report.source = address("10.0.0.1");
    report.destination = address("10.0.0.2");
    report.transport_header = quoted;
    net.a->tcp.on_error(report);
    return client.error();
  };
  EXPECT_EQ(error_after(EndsOpening::hard_errors, Kind::time_exceeded), 0);
  EXPECT_EQ(error_after(EndsOpening::hard_errors, Kind::protocol_unreachable), ENOPROTOOPT);
  EXPECT_EQ(error_after(EndsOpening::refusals, Kind::host_unreachable), 0);
  EXPECT_EQ(error_after(EndsOpening::refusals, Kind::time_exceeded), EHOSTUNREACH);
  EXPECT_EQ(error_after(EndsOpening::refusals, Kind::protocol_unreachable), ECONNREFUSED);
  EXPECT_EQ(error_after(EndsOpening::refusals, Kind::administratively_prohibited), ECONNREFUSED);
  EXPECT_EQ(error_after(EndsOpening::every_error, Kind::host_unreachable), EHOSTUNREACH);
  EXPECT_EQ(error_after(EndsOpening::every_error, Kind::source_quench), 0);
}

TEST_F(TcpHost, PacketTooBigLowersTheSegmentSize) {
  TcpPcb& listener = listen("0.0.0.0:80");
  TcpPcb& client = connect();
  net.run_for(1_s);
  TcpPcb& server = **listener.accept();
  EXPECT_EQ(client.tcb()->mss(), 1448U);
  ASSERT_TRUE(client.send(random_bytes(5000, 1)));
  std::byte quoted[8]{};
  wire::store16(quoted, 0, client.local().port);
  wire::store16(quoted, 2, 80);
  wire::store32(quoted, 4, client.tcb()->snd_una());
  ip::ErrorReport report;
  report.kind = ip::ErrorReport::Kind::packet_too_big;
  report.mtu = 600;
  report.source = address("10.0.0.1");
  report.destination = address("10.0.0.2");
  report.transport_header = quoted;
  net.a->tcp.on_error(report);
  EXPECT_EQ(client.tcb()->mss(), 548U);
  report.mtu = 68;
  net.a->tcp.on_error(report);
  EXPECT_EQ(client.tcb()->mss(), 16U);
  net.run_for(5_s);
  EXPECT_EQ(server.info().receive_queue, 5000U);
}

TEST_F(TcpHost, ALocalMtuThatShrinksIsFollowed) {
  TcpPcb& listener = listen("0.0.0.0:80");
  TcpPcb& client = connect();
  net.run_for(1_s);
  net.a->pipe.impairments.mtu = 500;
  ASSERT_TRUE(client.send(random_bytes(5000, 1)));
  net.run_for(5_s);
  EXPECT_EQ((*listener.accept())->info().receive_queue, 5000U);
  EXPECT_EQ(client.tcb()->mss(), 448U);
}

TEST_F(TcpHost, NoRouteIsTheReasonOfATimeout) {
  TcpConfig config;
  config.syn_retries = 1;
  net.a->tcp.set_config(config);
  net.a->output_error = ENETUNREACH;
  TcpPcb& client = connect();
  net.run_for(10_s);
  EXPECT_EQ(client.error(), ENETUNREACH);
}

TEST_F(TcpHost, TimeWaitGivesWayToANewConnection) {  // RFC 6191
  TcpPcb& listener = listen("0.0.0.0:80");
  TcpPcb& client = **net.a->tcp.connect(endpoint("0.0.0.0:5000"), endpoint("10.0.0.2:80"));
  net.run_for(1_s);
  (*listener.accept())->close();
  net.run_for(1_s);
  client.close();
  net.run_for(1_s);
  EXPECT_EQ(net.a->tcp.pcb_count(), 0U);
  ASSERT_EQ(net.b->tcp.time_wait_count(), 1U);
  TcpPcb& again = **net.a->tcp.connect(endpoint("0.0.0.0:5000"), endpoint("10.0.0.2:80"));
  net.run_for(1_s);
  EXPECT_TRUE(again.is_connected());
  EXPECT_TRUE(listener.readable());
}

TEST_F(TcpHost, TableAndFlows) {
  TcpPcb& listener = listen("0.0.0.0:80");
  TcpPcb& bound = **net.b->tcp.open();
  ASSERT_TRUE(bound.bind(endpoint("0.0.0.0:7801")));
  TcpPcb& client = connect();
  net.run_for(1_s);
  ASSERT_TRUE(client.send(random_bytes(3000, 1)));
  net.run_for(1_s);
  const auto rows = net.b->tcp.snapshot();
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].tuple.local, endpoint("0.0.0.0:80"));
  EXPECT_EQ(rows[0].state, TcpState::listen);
  EXPECT_EQ(rows[0].receive_queue, 1U);
  EXPECT_EQ(rows[0].tuple.foreign.port, 0);
  EXPECT_EQ(rows[1].tuple.local, endpoint("0.0.0.0:7801"));
  EXPECT_EQ(rows[1].state, TcpState::closed);
  EXPECT_EQ(rows[2].state, TcpState::established);
  EXPECT_EQ(rows[2].receive_queue, 3000U);
  EXPECT_EQ(rows[2].algorithm, "cubic");
  (*listener.accept())->abort();
  net.run_for(1_s);
  EXPECT_EQ(client.error(), ECONNRESET);
  const auto flows = net.a->tcp.flows();
  ASSERT_EQ(flows.size(), 1U);
  EXPECT_EQ(flows[0].error, ECONNRESET);
  EXPECT_EQ(flows[0].statistics.bytes_acked, 3000U);
  EXPECT_EQ(flows[0].srtt, 20_ms);
  EXPECT_FALSE(flows[0].ended.is_never());
}

TEST_F(TcpHost, AllocatesNothingWhenIdle) { EXPECT_LE(sizeof(Tcp), 1024U); }

// --- published figures of slow start -------------------------------------------------------------------------------

// When the last of `bytes` bytes reached the receiver, RTT 100 ms, nothing lost, MSS 1460.
Instant last_byte(std::uint32_t bytes, std::uint8_t initial_window, Duration delayed_ack) {
  TwoTcps net;
  Impairments impairments;
  impairments.delay = 50_ms;
  net.set_impairments(impairments);
  TcpConfig config;
  config.congestion = CongestionAlgorithm::new_reno;  // RFC 5681: one segment more for each acknowledgement
  config.timestamps = false;
  config.nagle = false;  // which would hold the last, small segment for a round
  config.initial_window = initial_window;
  config.delayed_ack = delayed_ack;
  config.quick_acks = 0;
  config.send_buffer = config.receive_buffer = 4 << 20;
  net.a->tcp.set_config(config);
  net.b->tcp.set_config(config);
  TcpPcb& listener = **net.b->tcp.listen(endpoint("0.0.0.0:80"), 1);
  TcpPcb& client = **net.a->tcp.connect({}, endpoint("10.0.0.2:80"));
  net.run_for(100_ms + 1_ns);
  EXPECT_EQ(*client.send(random_bytes(bytes, 1)), bytes);
  net.run_for(50_ms);
  TcpPcb& server = **listener.accept();
  while (server.info().receive_queue < bytes && net.scheduler.now() < Instant::zero() + 10_s) {
    net.run_for(1_ms);
  }
  return net.scheduler.now();
}

TEST(TcpPublished, SlowStartRounds) {  // TCP-4
  EXPECT_NEAR(last_byte(100'000, 1, Duration{}).to_seconds(), 0.750, 0.002);
  EXPECT_NEAR(last_byte(100'000, 3, Duration{}).to_seconds(), 0.550, 0.002);
  EXPECT_NEAR(last_byte(100'000, 10, Duration{}).to_seconds(), 0.350, 0.002);
}

TEST(TcpPublished, DelayedAcksGrowTheWindowByHalf) {  // TCP-5: rounds for 1 MB, +-1
  const auto rounds = [](std::uint8_t window, Duration delay) {
    return (last_byte(1'000'000, window, delay).to_seconds() - 0.05) / 0.1;
  };
  EXPECT_NEAR(rounds(1, 1_ms), 14, 1.2);
  EXPECT_NEAR(rounds(3, 1_ms), 12, 1.2);
  EXPECT_NEAR(rounds(10, 1_ms), 9, 1.2);
  EXPECT_NEAR(rounds(1, Duration{}), 10, 1.2);
  EXPECT_NEAR(rounds(3, Duration{}), 8, 1.2);
  EXPECT_NEAR(rounds(10, Duration{}), 7, 1.2);
}

// --- numbers and table ---------------------------------------------------------------------------------------------

TEST(Isn, SipHashTestVector) {  // from the paper's appendix A: key 00..0f, message 00..0e
  std::byte message[15];
  for (std::size_t i = 0; i < sizeof message; ++i) {
    message[i] = std::byte(i);
  }
  EXPECT_EQ(SipHash(0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL)(message), 0xa129ca6149be45e5ULL);
}

TEST(Isn, GrowsWithTimeAndDependsOnTheTupleAndTheKey) {  // RFC 6528
  const std::uint64_t key[2] = {1, 2};
  const std::uint64_t other[2] = {1, 3};
  const wire::FourTuple a{endpoint("10.0.0.1:1"), endpoint("10.0.0.2:2")};
  EXPECT_EQ(initial_sequence(Instant::zero() + 1_s, tuple_hash(a, key)) -
                initial_sequence(Instant::zero(), tuple_hash(a, key)),
            250'000U);
  EXPECT_NE(tuple_hash(a, key), tuple_hash(a, other));
  EXPECT_NE(tuple_hash(a, key), tuple_hash(a.reversed(), key));
}

struct Row {
  wire::FourTuple key;
  [[nodiscard]] const wire::FourTuple& tuple() const { return key; }
};

// TCP-14: a request in two small pieces, then the wait for its answer, five times over a round trip of 0.4 ms. Nagle
// holds the second piece until the first is acknowledged, and the receiver takes 200 ms to do that.
Duration transaction(bool nagle, std::size_t piece) {
  TwoTcps net;
  Impairments impairments;
  impairments.delay = Duration::microseconds(200);
  net.set_impairments(impairments);
  TcpConfig config;
  config.nagle = nagle;
  config.delayed_ack = 200_ms;
  config.quick_acks = 0;
  net.a->tcp.set_config(config);
  net.b->tcp.set_config(config);
  TcpPcb& listener = **net.b->tcp.listen(endpoint("0.0.0.0:80"), 1);
  TcpPcb& client = **net.a->tcp.connect({}, endpoint("10.0.0.2:80"));
  net.run_for(1_s);
  TcpPcb& server = **listener.accept();
  const std::vector<std::byte> request(200);
  std::vector<std::byte> got(200);
  Instant begin;
  for (int i = 0; i < 6; ++i) {
    begin =
        i == 1 ? net.scheduler.now() : begin;  // reading for the first time opens the window, and that is told at once
    for (std::size_t sent = 0; sent < request.size(); sent += piece) {
      EXPECT_EQ(*client.send(std::span(request).first(piece)), piece);
    }
    std::size_t received = 0;
    while (received < request.size()) {
      net.run_for(Duration::microseconds(10));
      received += server.receive(got).value_or(0);
    }
    EXPECT_EQ(*server.send(std::span(request).first(1)), 1U);
    while (!client.receive(got)) {
      net.run_for(Duration::microseconds(10));
    }
  }
  return (net.scheduler.now() - begin) / 5;
}

TEST(TcpPublished, NagleWaitsForTheDelayedAcknowledgement) {  // TCP-14
  EXPECT_NEAR(transaction(true, 100).to_seconds(), 0.2004, 0.001);
  EXPECT_NEAR(transaction(false, 100).to_seconds(), 0.0004, 0.0001);  // TCP_NODELAY
  EXPECT_NEAR(transaction(true, 200).to_seconds(), 0.0004, 0.0001);   // or one write
}

class TcpBuffers : public TcpHost {
 protected:
  /// Sends 16 MB over a round trip of 100 ms for as long as it takes, at most ten seconds; how much was received.
  std::size_t transfer(bool read) {
    Impairments impairments;
    impairments.delay = 50_ms;
    net.set_impairments(impairments);
    TcpPcb& listener = listen("0.0.0.0:80");
    client = &connect();
    net.run_for(200_ms);
    server = *listener.accept();
    sender.attach(*client);
    if (read) {
      receiver.attach(*server);
    }
    for (int i = 0; i < 100 && receiver.received.size() < sender.to_send.size(); ++i) {
      net.run_for(100_ms);
      largest_send = std::max(largest_send, sender.done() ? 0 : client->info().send_queue);
      largest_limit = std::max(largest_limit, receiver.done() ? 0 : server->tcb()->receive_limit());
    }
    return receiver.received.size();
  }
  Talker sender{random_bytes(16'000'000, 1), 1};
  Talker receiver{{std::byte{1}}, 2};
  TcpPcb* client = nullptr;
  TcpPcb* server = nullptr;
  std::uint32_t largest_send = 0;
  std::uint32_t largest_limit = 0;
};

TEST_F(TcpBuffers, GrowWithThePath) {
  const Instant begin = net.scheduler.now();
  ASSERT_EQ(transfer(true), sender.to_send.size());
  EXPECT_GT(largest_limit, 4U << 20);
  EXPECT_LE(largest_limit, 32U << 20);
  EXPECT_GT(largest_send, 4U << 20);
  EXPECT_LT(net.scheduler.now() - begin, 2_s);  // with 1 MiB each it would take 16 round trips more
}

TEST_F(TcpBuffers, StayAsTheyAreWhenFixed) {
  TcpConfig config;
  config.fix_send_buffer(1 << 20);
  config.fix_receive_buffer(1 << 20);
  net.a->tcp.set_config(config);
  net.b->tcp.set_config(config);
  ASSERT_EQ(transfer(true), sender.to_send.size());
  EXPECT_EQ(largest_limit, 1U << 20);
  EXPECT_LE(largest_send, 1U << 20);
}

TEST_F(TcpBuffers, DoNotGrowForAUserWhoDoesNotRead) {
  ASSERT_EQ(transfer(false), 0U);
  EXPECT_EQ(server->tcb()->receive_limit(), 1U << 20);
  EXPECT_LE(server->info().receive_queue, 1U << 20);
  EXPECT_GT(server->info().receive_queue, (1U << 20) - 3000);
}

TEST(PcbTable, FindsWhatIsInItThroughGrowthAndRemoval) {
  PcbTable<Row> table(42);
  EXPECT_EQ(table.find({}), nullptr);
  std::vector<Row> rows(500);
  std::vector<bool> in(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i].key = {endpoint("10.0.0.1:80"), {address("10.0.0.2"), static_cast<std::uint16_t>(i + 1)}};
  }
  Rng rng(7);
  for (int step = 0; step < 20'000; ++step) {
    const std::size_t i = rng.below(rows.size());
    in[i] ? table.erase(rows[i]) : table.insert(rows[i]);
    in[i] = !in[i];
    const std::size_t j = rng.below(rows.size());
    ASSERT_EQ(table.find(rows[j].key), in[j] ? &rows[j] : nullptr);
  }
  EXPECT_EQ(table.size(), static_cast<std::size_t>(std::count(in.begin(), in.end(), true)));
}

}  // namespace
}  // namespace catenet::transport
