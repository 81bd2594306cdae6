// SPDX-License-Identifier: Apache-2.0
// Keys of a socket, and sequence number extension. Whole connections are in tcp_signing_test.cc.
#include "catenet/transport/tcp/tcp_authentication.h"

#include <gtest/gtest.h>

#include "catenet/transport/tcp/tcp_test_digest.h"

namespace catenet::transport {
namespace {

wire::IpPrefix prefix(const char* text) { return *wire::IpPrefix::parse_interface(text); }
std::span<const std::byte> secret(std::string_view text) { return std::as_bytes(std::span(text)); }
TcpAoKey ao_key(const char* peer, std::uint8_t send_id, std::uint8_t receive_id) {
  TcpAoKey key;
  key.peer = prefix(peer);
  key.send_id = send_id;
  key.receive_id = receive_id;
  key.secret = TcpSecret(secret("ao"));
  return key;
}
int code_of(const Result<void>& result) { return result ? 0 : result.error().code; }
std::string text_of(const TcpSecret* found) {
  return found == nullptr ? "none" : std::string(reinterpret_cast<const char*>(found->storage.data()), found->size);
}

TEST(TcpKeys, TheLongestPrefixCounts) {
  TcpKeys keys;
  EXPECT_EQ(code_of(keys.set_md5(prefix("10.0.0.0/8"), secret("wide"))), 0);
  EXPECT_EQ(code_of(keys.set_md5(prefix("10.1.0.7/16"), secret("narrow"))), 0);
  EXPECT_EQ(text_of(keys.md5_for(*wire::IpAddress::parse("10.1.2.3"))), "narrow");
  EXPECT_EQ(text_of(keys.md5_for(*wire::IpAddress::parse("10.2.2.3"))), "wide");
  EXPECT_EQ(text_of(keys.md5_for(*wire::IpAddress::parse("11.2.2.3"))), "none");
  EXPECT_EQ(text_of(keys.md5_for(*wire::IpAddress::parse("::1"))), "none");
  EXPECT_EQ(code_of(keys.set_md5(prefix("10.1.0.0/16"), {})), 0);
  EXPECT_EQ(text_of(keys.md5_for(*wire::IpAddress::parse("10.1.2.3"))), "wide");
  EXPECT_EQ(code_of(keys.set_md5(prefix("10.1.0.0/16"), {})), ENOENT);
  EXPECT_EQ(code_of(keys.set_md5(prefix("10.1.0.0/16"), std::vector<std::byte>(81))), EINVAL);
}

TEST(TcpKeys, IdsTellKeysApart) {
  TcpKeys keys;
  EXPECT_EQ(code_of(keys.add_ao(ao_key("10.0.0.0/8", 1, 2))), 0);
  EXPECT_EQ(code_of(keys.add_ao(ao_key("10.0.0.1/32", 1, 3))), EEXIST);
  EXPECT_EQ(code_of(keys.add_ao(ao_key("10.0.0.1/32", 3, 2))), EEXIST);
  EXPECT_EQ(code_of(keys.add_ao(ao_key("11.0.0.1/32", 1, 2))), 0);
  EXPECT_EQ(code_of(keys.set_md5(prefix("10.9.0.0/16"), secret("x"))), EKEYREJECTED);
  EXPECT_EQ(code_of(keys.set_md5(prefix("12.9.0.0/16"), secret("x"))), 0);
  EXPECT_EQ(code_of(keys.add_ao(ao_key("12.9.1.1/32", 1, 2))), EKEYREJECTED);
  TcpAoKey odd = ao_key("13.0.0.1/32", 1, 2);
  odd.mac_size = 17;
  EXPECT_EQ(code_of(keys.add_ao(odd)), EINVAL);
  keys.state().current = 1;
  EXPECT_EQ(code_of(keys.remove_ao(prefix("10.0.0.0/8"), 1, 2)), EBUSY);
  keys.state().current.reset();
  EXPECT_EQ(code_of(keys.remove_ao(prefix("10.0.0.0/8"), 1, 2)), 0);
  EXPECT_EQ(code_of(keys.remove_ao(prefix("10.0.0.0/8"), 1, 2)), ENOENT);
}

TEST(TcpKeys, AConnectionGetsThoseOfItsPeer) {
  TcpKeys keys;
  ASSERT_TRUE(keys.add_ao(ao_key("10.0.0.0/8", 1, 2)));
  ASSERT_TRUE(keys.add_ao(ao_key("11.0.0.0/8", 1, 2)));
  ASSERT_TRUE(keys.set_md5(prefix("12.0.0.0/8"), secret("x")));
  const TcpKeys ten = keys.for_peer(*wire::IpAddress::parse("10.0.0.1"));
  EXPECT_EQ(ten.ao().size(), 1U);
  EXPECT_TRUE(ten.md5().empty());
  EXPECT_FALSE(ten.has_ao_for(*wire::IpAddress::parse("11.0.0.1")));
  EXPECT_EQ(text_of(keys.for_peer(*wire::IpAddress::parse("12.0.0.1")).md5_for(*wire::IpAddress::parse("12.0.0.1"))),
            "x");
}

TEST(ExtendedSequence, CountsTurnsBothWays) {  // RFC 5925 6.2, RFC 9187
  EXPECT_EQ(extended_sequence(0xfffffff0, 0x10), 0x100000010U);
  EXPECT_EQ(extended_sequence(0x100000010, 0xfffffff0), 0xfffffff0U);
  EXPECT_EQ(extended_sequence(0x500000000, 0x7fffffff), 0x57fffffffU);
  EXPECT_EQ(extended_sequence(0x500000000, 0x80000001), 0x480000001U);
}

// Two ends, and segments between them that are made by hand.
class TcpAoExtension : public testing::Test {
 protected:
  static constexpr TcpIsns kIsns{0xffffff00, 0x1000};  // as the sender sees them
  void SetUp() override {
    signer.set_digest(make_toy_digest());
    checker.set_digest(make_toy_digest());
    ASSERT_TRUE(sender.add_ao(ao_key("10.0.0.2/32", 1, 2)));
    ASSERT_TRUE(receiver.add_ao(ao_key("10.0.0.1/32", 2, 1)));
  }
  Packet signed_segment(std::uint32_t seq) {
    Packet packet = pool.make();
    wire::TcpOptions options;
    options.signature = signer.format(sender, tuple.foreign.address, nullptr);
    std::byte* bytes = packet.push(wire::kTcpHeaderSize + options.size());
    (void)options.emit({bytes + wire::kTcpHeaderSize, options.size()});
    auto& header = packet.header<wire::TcpHeader>();
    header = wire::TcpHeader{};
    header.set_header_size(wire::kTcpHeaderSize + options.size());
    header.seq = seq;
    header.flags = wire::TcpFlag::kAck;
    signer.sign(sender, packet, tuple, kIsns, nullptr);
    return packet;
  }
  std::optional<DropReason> checked(const Packet& packet) {
    TcpSegment segment;
    segment.seq = packet.header<wire::TcpHeader>().seq;
    segment.flags = wire::TcpFlag::kAck;
    segment.options = *wire::TcpOptions::parse(packet.head().subspan(wire::kTcpHeaderSize));
    const wire::FourTuple back = tuple.reversed();
    return checker.check(&receiver, {packet, segment, back, {kIsns.foreign, kIsns.local}, true});
  }
  std::optional<DropReason> pass(std::uint32_t seq) {
    Packet packet = signed_segment(seq);
    const auto wrong = checked(packet);
    packet.consume();
    return wrong;
  }
  TcpAuthentication signer;
  TcpAuthentication checker;
  TcpKeys sender;
  TcpKeys receiver;
  PacketPool pool;
  wire::FourTuple tuple{*wire::Endpoint::parse("10.0.0.1:1"), *wire::Endpoint::parse("10.0.0.2:2")};
};

TEST_F(TcpAoExtension, GoesOnPastTheWrapAndBack) {
  EXPECT_EQ(pass(0xffffff01), std::nullopt);
  EXPECT_EQ(pass(0x00000100), std::nullopt) << "the first of the next turn";
  EXPECT_EQ(pass(0xfffffff0), std::nullopt) << "sent again: of the turn before";
  EXPECT_EQ(pass(0x00000200), std::nullopt);
  EXPECT_EQ(checker.counters().ao_good, 4U);
}

TEST_F(TcpAoExtension, ASegmentOfAnEarlierTurnIsOld) {
  Packet old = signed_segment(0x00000100);
  EXPECT_EQ(checked(old), std::nullopt);
  for (std::uint64_t at = 0x100; at <= 0x100000100; at += 0x40000000) {  // a whole turn
    EXPECT_EQ(pass(static_cast<std::uint32_t>(at)), std::nullopt) << at;
  }
  EXPECT_EQ(checked(old), DropReason::tcp_ao_bad) << "the same number, but of the turn before";
  EXPECT_EQ(checker.counters().ao_bad, 1U);
  old.consume();
}

TEST_F(TcpAoExtension, NamesWhatIsWrong) {
  Packet packet = signed_segment(0xffffff01);
  ASSERT_TRUE(
      packet.poke(wire::TcpSignature::kMacInHeader, packet.peek(wire::TcpSignature::kMacInHeader) ^ std::byte{1}));
  EXPECT_EQ(checked(packet), DropReason::tcp_ao_bad);
  ASSERT_TRUE(packet.poke(wire::kTcpHeaderSize + 2, std::byte{9}));
  EXPECT_EQ(checked(packet), DropReason::tcp_ao_key_not_found);
  EXPECT_EQ(receiver.state().counters.ao_key_not_found, 1U);
  packet.consume();
}

}  // namespace
}  // namespace catenet::transport
