// SPDX-License-Identifier: Apache-2.0
// UDP-Lite (RFC 3828) as a flavour of Udp: what its checksum covers, what a receiver refuses, and that it is a protocol
// of its own. The kernel judges the bytes both ways, where it has UDP-Lite and we may open raw sockets.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "catenet/transport/udp/udp.h"
#include "catenet/transport/udp/udp_test_net.h"
#include "catenet/wire/udp_lite.h"

namespace catenet::transport {
namespace {

using ByteVector = std::vector<std::byte>;

struct LiteHost {
  LiteHost(Environment& environment, TestCloud& cloud, SourceId id, std::string_view name,
           const wire::IpAddress& address)
      : node(environment, id, name),
        network(node, cloud, address, id + 1),
        udp(node, network),
        lite(node, network, wire::Family::kV4, UdpFlavour::lite) {
    network.set_protocol(kProtocolUdp, udp);
    network.set_protocol(kProtocolUdpLite, lite);
  }
  PlainNode node;
  TestNetwork network;
  Udp udp;
  Udp lite;
};

/// Takes what the network brings, byte for byte, as a wire would have it.
class WireTap final : public ip::Protocol {
 public:
  void receive(Packet packet, const ip::Delivery&) override {
    complete_checksum(packet);
    bytes.resize(packet.size());
    packet.copy_out(0, bytes);
    packet.consume();
  }
  void on_error(const ip::ErrorReport&) override {}
  ByteVector bytes;
};

class UdpLiteTest : public testing::Test {
 protected:
  ~UdpLiteTest() override { EXPECT_EQ(pool.stats().unaccounted, 0U); }
  void run() { scheduler.run_until(scheduler.now() + Duration::milliseconds(10)); }
  static std::string receive(UdpPcb& pcb) {
    auto d = pcb.receive();
    if (!d) {
      return "errno " + std::to_string(d.error().code);
    }
    std::string text = text_of(d->payload);
    d->payload.consume();
    return text;
  }
  /// A packet for b, as a wire brings it.
  void arrives(const ByteVector& bytes, ChecksumState state = ChecksumState::unverified) {
    Packet packet = pool.make();
    ASSERT_TRUE(packet.append(bytes));
    packet.meta().checksum = state;
    packet.mark_network_header();
    ip::Delivery d;
    d.source = ip("10.0.0.1");
    d.destination = ip("10.0.0.2");
    d.protocol = kProtocolUdpLite;
    b.lite.receive(std::move(packet), d);
  }
  static ByteVector hex(std::string_view text) {
    ByteVector bytes;
    int half = -1;
    for (const char c : text) {
      if (c == ' ') {
        continue;
      }
      const int digit = c <= '9' ? c - '0' : c - 'a' + 10;
      if (half < 0) {
        half = digit;
      } else {
        bytes.push_back(static_cast<std::byte>(half << 4 | digit));
        half = -1;
      }
    }
    return bytes;
  }
  /// What a sends to b, port 1000 to 9999, with this coverage.
  ByteVector sent(std::uint16_t coverage, std::string_view payload) {
    WireTap tap;
    b.network.set_protocol(kProtocolUdpLite, tap);
    UdpPcb client(a.lite);
    EXPECT_TRUE(client.bind(at("10.0.0.1:1000")));
    client.options().send_coverage = coverage;
    client.options().no_checksum = true;  // is UDP's alone
    const wire::Endpoint to = at("10.0.0.2:9999");
    EXPECT_TRUE(client.send(bytes_of(payload), &to));
    run();
    b.network.set_protocol(kProtocolUdpLite, b.lite);
    return tap.bytes;
  }

  Scheduler scheduler;
  PacketPool pool;
  Environment environment{scheduler, pool, 7};
  TestCloud cloud;
  LiteHost a{environment, cloud, 1, "a", ip("10.0.0.1")};
  LiteHost b{environment, cloud, 3, "b", ip("10.0.0.2")};
};

// The sums by hand: addresses, protocol and length make 0a00+0001+0a00+0002+0088+000b = 1496, the ports 2af7 more.
TEST_F(UdpLiteTest, TheChecksumCoversWhatWasAskedFor) {
  EXPECT_EQ(sent(8, "abc"), hex("03e8 270f 0008 c06a 616263")) << "3f8d + 8";
  EXPECT_EQ(sent(9, "abc"), hex("03e8 270f 0009 5f69 616263")) << "3f8d + 9 + 6100";
  EXPECT_EQ(sent(3, "abc"), sent(8, "abc")) << "less than the header is not legal";
  EXPECT_EQ(sent(11, "abc"), sent(0, "abc")) << "the whole, said in one way";
  EXPECT_EQ(sent(60'000, "abc"), sent(0, "abc")) << "more than there is";
  EXPECT_EQ(sent(0, "abc"), hex("03e8 270f 000b fc04 616263")) << "3f8d + b + 6162 + 6300 = 103fa";
}

TEST_F(UdpLiteTest, AComputedZeroIsSentAsAllOnes) {
  // The header's sum is 3f90 + a, three bytes longer than above; two bytes bring it to all ones.
  const std::string payload = "\xc0\x65rest";
  const ByteVector packet = sent(10, payload);
  EXPECT_EQ(packet[6], std::byte{0xff});
  EXPECT_EQ(packet[7], std::byte{0xff});
  UdpPcb server(b.lite);
  ASSERT_TRUE(server.bind(at("0.0.0.0:9999")));
  arrives(packet);
  EXPECT_EQ(receive(server), payload);
}

TEST_F(UdpLiteTest, DamageOutsideTheCoverageIsTaken) {
  UdpPcb server(b.lite);
  ASSERT_TRUE(server.bind(at("0.0.0.0:9999")));
  ByteVector packet = sent(9, "abc");
  packet[10] = std::byte{'X'};
  arrives(packet);
  EXPECT_EQ(receive(server), "abX");
  packet[8] = std::byte{'Y'};
  arrives(packet);
  EXPECT_FALSE(server.has_datagram());
  EXPECT_EQ(b.node.drops().of(DropReason::bad_udplite_checksum), 1U);
  EXPECT_EQ(b.lite.counters().in_errors, 1U);
  EXPECT_EQ(b.lite.counters().bad_checksums, 1U);
  EXPECT_EQ(b.lite.counters().in_datagrams, 1U);
}

TEST_F(UdpLiteTest, NamesWhatIsWrong) {
  UdpPcb server(b.lite);
  ASSERT_TRUE(server.bind(at("0.0.0.0:9999")));
  arrives(hex("03e8 270f 0008 c0"));
  EXPECT_EQ(b.node.drops().of(DropReason::bad_udp_length), 1U);
  for (const char* coverage : {"0001", "0007", "000c", "ffff"}) {
    arrives(hex("03e8 270f" + std::string(coverage) + "c06a 616263"), ChecksumState::verified);
  }
  EXPECT_EQ(b.node.drops().of(DropReason::bad_udplite_coverage), 4U);
  arrives(hex("03e8 270f 0008 0000 616263"));
  EXPECT_EQ(b.node.drops().of(DropReason::bad_udplite_checksum), 1U) << "RFC 3828 3.1: there must be one";
  arrives(hex("03e8 270f 0008 c06b 616263"));
  EXPECT_EQ(b.node.drops().of(DropReason::bad_udplite_checksum), 2U);
  EXPECT_FALSE(server.has_datagram());
  arrives(hex("03e8 270f 0008 c06b 616263"), ChecksumState::verified);
  EXPECT_EQ(receive(server), "abc") << "what is known to be right is not summed again";
}

TEST_F(UdpLiteTest, TheReceiverSaysHowMuchIsEnough) {
  UdpPcb server(b.lite);
  ASSERT_TRUE(server.bind(at("0.0.0.0:9999")));
  const auto taken = [&](std::uint16_t coverage) {
    arrives(sent(coverage, "0123456789"));
    return receive(server) == "0123456789";
  };
  EXPECT_TRUE(taken(8)) << "it has said nothing";
  server.options().receive_coverage = 12;
  EXPECT_FALSE(taken(8));
  EXPECT_FALSE(taken(11));
  EXPECT_EQ(b.node.drops().of(DropReason::udplite_uncovered), 2U);
  EXPECT_TRUE(taken(12));
  EXPECT_TRUE(taken(0));
  server.options().receive_coverage = 0;
  EXPECT_FALSE(taken(17));
  EXPECT_TRUE(taken(18));
  server.options().receive_coverage = 100;
  EXPECT_TRUE(taken(0)) << "all of it, though there is less than asked for";
}

TEST_F(UdpLiteTest, ItIsAProtocolOfItsOwn) {
  UdpPcb plain(b.udp);
  UdpPcb lite(b.lite);
  ASSERT_TRUE(plain.bind(at("0.0.0.0:9999")));
  ASSERT_TRUE(lite.bind(at("0.0.0.0:9999"))) << "its ports are others than UDP's";
  EXPECT_EQ(lite.flavour(), UdpFlavour::lite);
  UdpPcb client(a.lite);
  ASSERT_TRUE(client.connect(at("10.0.0.2:9999")));
  ASSERT_TRUE(client.send(bytes_of("lite")));
  run();
  EXPECT_EQ(receive(lite), "lite");
  EXPECT_FALSE(plain.has_datagram());
  ASSERT_TRUE(client.connect(at("10.0.0.2:7")));
  ASSERT_TRUE(client.send(bytes_of("?")));
  run();
  EXPECT_EQ(client.take_error(), ECONNREFUSED) << "ICMP errors find it";
}

TEST_F(UdpLiteTest, ToItselfInEveryCoverage) {
  UdpPcb pcb(a.lite);
  ASSERT_TRUE(pcb.bind(at("127.0.0.1:9")));
  ASSERT_TRUE(pcb.connect(at("127.0.0.1:9")));
  for (const std::uint16_t coverage : {0, 8, 9, 100}) {
    pcb.options().send_coverage = coverage;
    ASSERT_TRUE(pcb.send(bytes_of("me")));
    run();
    EXPECT_EQ(receive(pcb), "me");
  }
}

// ---- the kernel -----------------------------------------------------------------------------------------------------

/// A kernel socket on 127.0.0.1; -1 where there is none to be had.
class KernelSocket {
 public:
  explicit KernelSocket(int type) : fd_(::socket(AF_INET, type | SOCK_CLOEXEC, IPPROTO_UDPLITE)) {}
  ~KernelSocket() {
    if (fd_ >= 0) {
      ::close(fd_);
    }
  }
  KernelSocket(const KernelSocket&) = delete;
  KernelSocket& operator=(const KernelSocket&) = delete;
  [[nodiscard]] bool exists() const { return fd_ >= 0; }
  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    a.sin_port = htons(port);
    return a;
  }
  std::uint16_t bind() {
    sockaddr_in a = loopback(0);
    socklen_t size = sizeof a;
    EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&a), size), 0);
    EXPECT_EQ(::getsockname(fd_, reinterpret_cast<sockaddr*>(&a), &size), 0);
    return ntohs(a.sin_port);
  }
  void cover(int option, int bytes) { EXPECT_EQ(::setsockopt(fd_, IPPROTO_UDPLITE, option, &bytes, sizeof bytes), 0); }
  void send(std::span<const std::byte> bytes, std::uint16_t port) {
    const sockaddr_in a = loopback(port);
    EXPECT_EQ(::sendto(fd_, bytes.data(), bytes.size(), 0, reinterpret_cast<const sockaddr*>(&a), sizeof a),
              static_cast<ssize_t>(bytes.size()));
  }
  /// Empty: nothing came.
  ByteVector receive(int patience_ms) {
    pollfd p{fd_, POLLIN, 0};
    ByteVector bytes(2000);
    const bool there = ::poll(&p, 1, patience_ms) == 1;
    const ssize_t n = there ? ::recv(fd_, bytes.data(), bytes.size(), 0) : 0;
    bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
    return bytes;
  }

 private:
  int fd_;
};

class UdpLiteKernel : public UdpLiteTest {
 protected:
  static constexpr int kSendCoverage = 10;
  static constexpr int kReceiveCoverage = 11;
  static constexpr std::string_view kPayload = "thirteen more";
  void SetUp() override {
    if (!KernelSocket(SOCK_DGRAM).exists()) {
      GTEST_SKIP() << "the kernel has no UDP-Lite: nobody to compare with";
    }
    if (!raw.exists()) {
      GTEST_SKIP() << "no raw sockets for this user: the kernel's packets cannot be seen";
    }
  }
  /// What our stack sends from one port of 127.0.0.1 to another.
  ByteVector ours(std::uint16_t from, std::uint16_t to, std::uint16_t coverage) {
    WireTap tap;
    a.network.set_protocol(kProtocolUdpLite, tap);
    UdpPcb pcb(a.lite);
    EXPECT_TRUE(pcb.bind({ip("127.0.0.1"), from}));
    pcb.options().send_coverage = coverage;
    const wire::Endpoint end{ip("127.0.0.1"), to};
    EXPECT_TRUE(pcb.send(bytes_of(kPayload), &end));
    run();
    return tap.bytes;
  }
  KernelSocket raw{SOCK_RAW};
};

TEST_F(UdpLiteKernel, ItsPacketsAreOurs) {
  for (const int coverage : {8, 9, 15, 20, 21, 3, 5000}) {
    KernelSocket server(SOCK_DGRAM);
    KernelSocket client(SOCK_DGRAM);
    const std::uint16_t to = server.bind();
    const std::uint16_t from = client.bind();
    client.cover(kSendCoverage, coverage);
    client.send(bytes_of(kPayload), to);
    EXPECT_EQ(server.receive(2000).size(), kPayload.size());
    ByteVector packet;
    do {  // others may speak UDP-Lite on this machine
      packet = raw.receive(2000);
      ASSERT_FALSE(packet.empty());
      packet.erase(packet.begin(), packet.begin() + 20);
    } while (wire::view<wire::UdpLiteHeader>(packet)->source_port != from);
    const ByteVector own = ours(from, to, static_cast<std::uint16_t>(coverage));
    const auto* header = wire::view<wire::UdpLiteHeader>(packet);
    const bool whole = header->covered(packet.size()) == packet.size();
    EXPECT_EQ(wire::view<wire::UdpLiteHeader>(own)->coverage, header->coverage) << coverage;
    if (!whole) {  // else its checksum need not be complete on the way to itself
      EXPECT_EQ(own, packet) << coverage;
    }
  }
}

TEST_F(UdpLiteKernel, ItTakesOurPacketsAndRefusesTheSame) {
  for (const int least : {-1, 0, 15, 21}) {
    for (const std::uint16_t coverage : {0, 8, 14, 15, 20, 21}) {
      for (const bool damaged : {false, true}) {
        KernelSocket server(SOCK_DGRAM);
        const std::uint16_t to = server.bind();
        UdpPcb pcb(b.lite);
        ASSERT_TRUE(pcb.bind({ip("0.0.0.0"), to}));
        if (least >= 0) {
          server.cover(kReceiveCoverage, least);
          pcb.options().receive_coverage = static_cast<std::uint16_t>(least);
        }
        ByteVector packet = ours(1000, to, coverage);
        packet.back() ^= std::byte(damaged ? 1 : 0);
        raw.send(packet, 0);
        const bool taken = !server.receive(coverage == 0 || damaged || least >= 0 ? 20 : 2000).empty();
        Packet arriving = pool.make();
        ASSERT_TRUE(arriving.append(packet));
        arriving.mark_network_header();
        ip::Delivery d;
        d.source = d.destination = ip("127.0.0.1");
        b.lite.receive(std::move(arriving), d);
        EXPECT_EQ(receive(pcb) != "errno " + std::to_string(EAGAIN), taken) << least << ' ' << coverage << damaged;
      }
    }
  }
}

}  // namespace
}  // namespace catenet::transport
