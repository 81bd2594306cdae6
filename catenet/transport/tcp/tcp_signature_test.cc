// SPDX-License-Identifier: Apache-2.0
// What is hashed, byte for byte. What real functions make of it: catenet/crypto (RFC 9235).
#include "catenet/transport/tcp/tcp_signature.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "catenet/transport/tcp/tcp_test_digest.h"
#include "catenet/wire/ip_address.h"

namespace catenet::transport {
namespace {

std::vector<std::byte> signature_bytes(std::string_view hex_text) {
  std::vector<std::byte> bytes;
  std::string digits(hex_text);
  std::erase(digits, ' ');
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    bytes.push_back(static_cast<std::byte>(std::stoi(digits.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

std::span<const std::byte> bytes_of_text(std::string_view text) { return std::as_bytes(std::span(text)); }

constexpr const char* kTuple[] = {"10.0.0.1:1000", "10.0.0.2:179"};

class TcpSignatureBytes : public testing::Test {
 protected:
  /// A segment with the option `option`, and data of which a part lies in a slice.
  Packet segment(std::string_view option) {
    Packet packet = pool.make();
    EXPECT_TRUE(packet.append(signature_bytes("03e8 00b3 00000001 00000002 " + std::string(offset) +
                                              "10 1000 abcd 0000 " + std::string(option))));
    EXPECT_TRUE(packet.pullup(packet.size()));
    const ChunkRef chunk = pool.make_chunk(100);
    chunk.bytes()[7] = std::byte{0xd1};
    chunk.bytes()[8] = std::byte{0xd2};
    EXPECT_TRUE(packet.append(chunk, 7, 2));
    return packet;
  }
  PacketPool pool;
  ToyDigest digest;
  TcpDirection way{*wire::Endpoint::parse(kTuple[0]), *wire::Endpoint::parse(kTuple[1])};
  const char* offset = "a0";
};

TEST_F(TcpSignatureBytes, Md5LeavesOptionsAndChecksumOut) {  // RFC 2385 2.0
  Packet packet = segment("0101 1312 00112233 44556677 8899aabb ccddeeff");
  (void)md5_signature(digest, way, packet, TcpSecret(bytes_of_text("key")));
  EXPECT_EQ(digest.bytes, signature_bytes("0a000001 0a000002 00 06 002a"
                                          "03e8 00b3 00000001 00000002 a010 1000 0000 0000"
                                          "d1d2 6b6579"));
  packet.consume();
}

TEST_F(TcpSignatureBytes, AoCoversEverythingOrItsOwnOption) {  // RFC 5925 5.1
  offset = "90";
  Packet packet = segment("1d0c3d54 00112233 44556677 01010303");
  TcpAoInput input{.sne = 5, .mac_at = 24, .mac_size = 8};
  (void)ao_signature(digest, way, packet, input, {});
  EXPECT_EQ(digest.bytes, signature_bytes("00000005 0a000001 0a000002 00 06 0026"
                                          "03e8 00b3 00000001 00000002 9010 1000 0000 0000"
                                          "1d0c3d54 00000000 00000000 01010303 d1d2"));
  input.covers_options = false;
  (void)ao_signature(digest, way, packet, input, {});
  EXPECT_EQ(digest.bytes, signature_bytes("00000005 0a000001 0a000002 00 06 0026"
                                          "03e8 00b3 00000001 00000002 9010 1000 0000 0000"
                                          "1d0c3d54 00000000 00000000 d1d2"));
  packet.consume();
}

TEST_F(TcpSignatureBytes, TrafficKeysAreOfADirection) {  // RFC 5926 3.1.1
  const TcpSecret master(bytes_of_text("master"));
  const auto key = ao_traffic_key(digest, TcpAoAlgorithm::hmac_sha1_96, master, way, 1, 2);
  EXPECT_EQ(key.size, 20);
  EXPECT_EQ(digest.bytes, signature_bytes("01 5443502d414f 0a000001 0a000002 03e8 00b3 00000001 00000002 00a0"));
  const auto aes = ao_traffic_key(digest, TcpAoAlgorithm::aes_128_cmac_96, master, way, 1, 2);
  EXPECT_EQ(aes.size, 16);
  EXPECT_EQ(digest.bytes, signature_bytes("01 5443502d414f 0a000001 0a000002 03e8 00b3 00000001 00000002 0080"));
}

TEST_F(TcpSignatureBytes, SixHasItsOwnPseudoHeader) {  // RFC 8200 8.1
  way = {*wire::Endpoint::parse("[fd00::1]:1000"), *wire::Endpoint::parse("[fd00::2]:179")};
  Packet packet = segment("0101 1312 00112233 44556677 8899aabb ccddeeff");
  (void)md5_signature(digest, way, packet, TcpSecret());
  EXPECT_EQ(digest.bytes, signature_bytes("fd000000000000000000000000000001 fd000000000000000000000000000002"
                                          "0000002a 000000 06"
                                          "03e8 00b3 00000001 00000002 a010 1000 0000 0000 d1d2"));
  packet.consume();
}

TEST(SameSignature, Compares) {
  const auto bytes = signature_bytes("010203");
  EXPECT_TRUE(same_signature(bytes, bytes));
  EXPECT_FALSE(same_signature(bytes, signature_bytes("010204")));
  EXPECT_FALSE(same_signature(bytes, std::span(bytes).first(2)));
}

}  // namespace
}  // namespace catenet::transport
