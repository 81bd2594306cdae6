// SPDX-License-Identifier: Apache-2.0
// Published vectors: whole segments with their traffic keys and MACs from RFC 9235, and the functions alone.
#include "catenet/crypto/segment_digest.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "catenet/wire/ipv4.h"

namespace catenet::crypto {
namespace {

using namespace transport;
using Algorithm = SegmentDigest::Algorithm;
constexpr auto kSha = TcpAoAlgorithm::hmac_sha1_96;
constexpr auto kAes = TcpAoAlgorithm::aes_128_cmac_96;

struct AoVector {
  const char* section;  // of RFC 9235
  TcpAoAlgorithm algorithm;
  bool covers_options;
  std::uint32_t source_isn;
  std::uint32_t destination_isn;
  const char* traffic_key;
  const char* packet;
};

constexpr AoVector kAoVectors[] = {
    {"4.1.1", kSha, true, 0xfbfbab5a, 0x0, "6d63ef1b02fe1509d4b1402707fd7b0416abb74f",
     "45e0004cdd0f4000ff06bf6b0a0b0c0dac1b1c1de9d700b3fbfbab5a00000000e002ffffcac40000020405b401030308"
     "0402080a00155ab7000000001d103d542ee437c6f8ede6d7c4d602e7"},
    {"4.1.2", kSha, true, 0x11c14261, 0xfbfbab5a, "d9e217e4834a80ca2f3fd8de2e41b8e6797fea96",
     "45e0004c65064000ff063775ac1b1c1d0a0b0c0d00b3e9d711c14261fbfbab5be012ffff37760000020405b401030308"
     "0402080a84a50beb00155ab71d10543deeab0fe24c3010815116b3be"},
    {"4.1.3", kSha, true, 0xfbfbab5a, 0x11c14261, "d2e59c65ffc7b1a39347656463b70edc24a13d71",
     "45e0008736a14000ff06659f0a0b0c0dac1b1c1de9d700b3fbfbab5b11c14262c0180104a16200000101080a00155ac1"
     "84a50beb1d103d547064cf998cc6c315c2c2e2bfffffffffffffffffffffffffffffffff00430104dabf00b40a0b0c0d"
     "260206010400010001020280000202020002024200020641040000dabf02084006006400010100"},
    {"4.1.4", kSha, true, 0x11c14261, 0xfbfbab5a, "d9e217e4834a80ca2f3fd8de2e41b8e6797fea96",
     "45e000871fa94000ff067c97ac1b1c1d0a0b0c0d00b3e9d711c14262fbfbab9ec0180100400c00000101080a84a50bf5"
     "00155ac11d10543da63f0ecbbb2e635c954deac7ffffffffffffffffffffffffffffffff00430104dac000b4ac1b1c1d"
     "260206010400010001020280000202020002024200020641040000dac002084006006400010100"},
    {"4.2.1", kSha, false, 0xcb0efbee, 0x0, "30eaa1560cf0be57dab5c045229fb10a423cd7ea",
     "45e0004c53994000ff0648e20a0b0c0dac1b1c1dff1200b3cb0efbee00000000e002ffff541f0000020405b401030308"
     "0402080a00024cce000000001d103d5480af3cfeb85368937b8f9ec2"},
    {"4.2.2", kSha, false, 0xacd5b5e1, 0xcb0efbee, "b5b2896bb3664e8176b0edc6e799524101a8307f",
     "45e0004c32844000ff0669f7ac1b1c1d0a0b0c0d00b3ff12acd5b5e1cb0efbefe012ffff388e0000020405b401030308"
     "0402080a576772f300024cce1d10543d09306f9acea63a8c68cb9a70"},
    {"4.2.3", kSha, false, 0xcb0efbee, 0xacd5b5e1, "f3db1793d7910ecd806c34f155ea1f00345953e3",
     "45e00087a8f54000ff06f34a0a0b0c0dac1b1c1dff1200b3cb0efbefacd5b5e2c01801046c4500000101080a00024cce"
     "576772f31d103d54710608cc696c03a271c93aa5ffffffffffffffffffffffffffffffff00430104dabf00b40a0b0c0d"
     "260206010400010001020280000202020002024200020641040000dabf02084006006400010100"},
    {"4.2.4", kSha, false, 0xacd5b5e1, 0xcb0efbee, "b5b2896bb3664e8176b0edc6e799524101a8307f",
     "45e0008754374000ff064809ac1b1c1d0a0b0c0d00b3ff12acd5b5e2cb0efc32c018010046b600000101080a576772f3"
     "00024cce1d10543d97766e48ac262de9ae61b4f9ffffffffffffffffffffffffffffffff00430104dac000b4ac1b1c1d"
     "260206010400010001020280000202020002024200020641040000dac002084006006400010100"},
    {"5.1.1", kAes, true, 0x787a1ddf, 0x0, "f5b8b3d5f34fdbb6eb8d4ab9660e60e3",
     "45e0004c7b9f4000ff0620dc0a0b0c0dac1b1c1dc4fa00b3787a1ddf00000000e002ffff5a0f0000020405b401030308"
     "0402080a00017ed0000000001d103d54e477e99c8040765498e55091"},
    {"6.1.1", kSha, true, 0x176a833f, 0x0, "625ec09d575836edc9b6428418bbf06989a361bb",
     "6e0891dc00380640fd000000000000000000000000000001fd000000000000000000000000000002f7e400b3176a833f"
     "00000000e002ffff47210000020405a0010303080402080a0041d087000000001d103d549033ec3d7334b64c5edd039f"},
    {"6.1.2", kSha, true, 0x3f51994b, 0x176a833f, "e4a37ada2a0afca8711434913fe138c771ebcb4a",
     "6e01009e00380640fd000000000000000000000000000002fd00000000000000000000000000000100b3f7e43f51994b"
     "176a8340e012ffffbfec0000020405a0010303080402080abd33129b0041d0871d10543df1cba346c3526163f71f1f55"},
    {"6.2.2", kSha, false, 0xeba3734d, 0x020c1e69, "405108947f996575e7bdbc26d40216a2c7fa91bd",
     "6e0a7e1f00380640fd000000000000000000000000000002fd00000000000000000000000000000100b3c6cdeba3734d"
     "020c1e6ae012ffff774d0000020405a0010303080402080a5ec99b70009db95b1d10543d3c546bad9743f12df8b8010d"},
    {"6.2.4", kSha, false, 0xeba3734d, 0x020c1e69, "405108947f996575e7bdbc26d40216a2c7fa91bd",
     "6e0a7e1f00730640fd000000000000000000000000000002fd00000000000000000000000000000100b3c6cdeba3734e"
     "020c1eadc0180100716a00000101080a5ec99b7a009db9651d10543d559a819445b4fde98d9e1317ffffffffffffffff"
     "ffffffffffffffff00430104fde800b40101017a260206010400010001020280000202020002024200020641040000fd"
     "e802084006006400010100"},
    {"7.1.2", kAes, true, 0xa6744ecb, 0x193cccec, "cf1b1e225e06a63616764a067b46f4b1",
     "6e06152000380640fd000000000000000000000000000002fd00000000000000000000000000000100b3f85aa6744ecb"
     "193cccede012ffffeabb0000020405a0010303080402080a71daabc813e4ab991d10543ddc2843a84e78a6bcfdc5ed80"},
    {"7.1.4", kAes, true, 0xa6744ecb, 0x193cccec, "cf1b1e225e06a63616764a067b46f4b1",
     "6e06152000730640fd000000000000000000000000000002fd00000000000000000000000000000100b3f85aa6744ecc"
     "193ccd30c018010052f400000101080a71daabd313e4aba31d10543dc1069b7dfd3d693a6df3f289ffffffffffffffff"
     "ffffffffffffffff00430104fde800b40101017a260206010400010001020280000202020002024200020641040000fd"
     "e802084006006400010100"},
};

std::vector<std::byte> from_hex(std::string_view text) {
  std::vector<std::byte> bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes.push_back(static_cast<std::byte>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

template <typename Bytes>
std::string to_hex(const Bytes& bytes, std::size_t size) {
  std::string text;
  for (std::size_t i = 0; i < size; ++i) {
    constexpr char kDigits[] = "0123456789abcdef";
    text += kDigits[std::to_integer<unsigned>(bytes[i]) >> 4];
    text += kDigits[std::to_integer<unsigned>(bytes[i]) & 15];
  }
  return text;
}

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

TcpDirection ends_of(std::span<const std::byte> packet) {
  const bool v4 = std::to_integer<unsigned>(packet[0]) >> 4 == 4;
  const std::size_t header = v4 ? 20 : 40;
  const auto port = [&](std::size_t at) { return wire::load16(packet, header + at); };
  if (v4) {
    return {{wire::Ipv4Address::from_bytes(packet.subspan<12, 4>()), port(0)},
            {wire::Ipv4Address::from_bytes(packet.subspan<16, 4>()), port(2)}};
  }
  return {{wire::Ipv6Address::from_bytes(packet.subspan<8, 16>()), port(0)},
          {wire::Ipv6Address::from_bytes(packet.subspan<24, 16>()), port(2)}};
}

class TcpAoVectors : public testing::TestWithParam<AoVector> {};

TEST_P(TcpAoVectors, KeyAndSignature) {
  const AoVector& vector = GetParam();
  const auto digest = make_segment_digest();
  const auto bytes = from_hex(vector.packet);
  const TcpDirection way = ends_of(bytes);
  const TcpTrafficKey key = ao_traffic_key(*digest, vector.algorithm, TcpSecret(bytes_of("testvector")), way,
                                           vector.source_isn, vector.destination_isn);
  EXPECT_EQ(to_hex(key.storage, key.size), vector.traffic_key);

  PacketPool pool;
  Packet segment = pool.make();
  ASSERT_TRUE(segment.append(std::span(bytes).subspan(way.source.address.is_v4() ? 20 : 40)));
  ASSERT_TRUE(segment.pullup(wire::kTcpHeaderSize));
  const std::size_t header_size = segment.header<wire::TcpHeader>().header_size();
  ASSERT_TRUE(segment.pullup(header_size));
  const auto options = wire::TcpOptions::parse(segment.header<wire::TcpHeader>().options_in(segment.head()));
  ASSERT_TRUE(options);
  ASSERT_EQ(options->signature.kind, wire::TcpSignature::Kind::ao);
  const std::size_t mac_at = wire::kTcpHeaderSize + options->signature.mac_at;
  const std::string there = to_hex(segment.head().subspan(mac_at), options->signature.mac_size);
  TcpAoInput input{vector.algorithm, vector.covers_options, 0, mac_at, options->signature.mac_size};
  const auto signature = [&] {
    return to_hex(ao_signature(*digest, way, segment, input, key), options->signature.mac_size);
  };
  EXPECT_EQ(signature(), there);
  input.sne = 1;
  EXPECT_NE(signature(), there);
  input.sne = 0;
  input.covers_options = !input.covers_options;
  EXPECT_NE(signature(), there);
  segment.consume();
}

INSTANTIATE_TEST_SUITE_P(Rfc9235, TcpAoVectors, testing::ValuesIn(kAoVectors), [](const auto& vector) {
  std::string name = "S" + std::string(vector.param.section);
  std::ranges::replace(name, '.', '_');
  return name;
});

std::string digest_of(Algorithm algorithm, std::span<const std::byte> key, std::string_view data) {
  const std::span<const std::byte> pieces[] = {bytes_of(data.substr(0, data.size() / 3)),
                                               bytes_of(data.substr(data.size() / 3))};
  return to_hex(make_segment_digest()->compute(algorithm, key, pieces), SegmentDigest::size_of(algorithm));
}

TEST(SegmentDigest, Md5) {  // RFC 1321 A.5
  EXPECT_EQ(digest_of(Algorithm::md5, {}, "message digest"), "f96b697d7cb7938d525a2f31aaf161d0");
  EXPECT_EQ(digest_of(Algorithm::md5, {}, ""), "d41d8cd98f00b204e9800998ecf8427e");
}

TEST(SegmentDigest, HmacSha1) {  // RFC 2202 3
  EXPECT_EQ(digest_of(Algorithm::hmac_sha1, bytes_of("Jefe"), "what do ya want for nothing?"),
            "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
  const std::vector<std::byte> key(80, std::byte{0xaa});
  EXPECT_EQ(digest_of(Algorithm::hmac_sha1, key, "Test Using Larger Than Block-Size Key - Hash Key First"),
            "aa4ae5e15272d00e95705637ce8a3b55ed402112");
  EXPECT_EQ(digest_of(Algorithm::hmac_sha1, {}, ""), "fbdb1d1b18aa6c08324b7d64b71fb76370690e1d");
}

TEST(SegmentDigest, Aes128Cmac) {  // RFC 4493 4
  const auto key = from_hex("2b7e151628aed2a6abf7158809cf4f3c");
  EXPECT_EQ(digest_of(Algorithm::aes_128_cmac, key, ""), "bb1d6929e95937287fa37d129b756746");
  const auto data = from_hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411");
  EXPECT_EQ(digest_of(Algorithm::aes_128_cmac, key, {reinterpret_cast<const char*>(data.data()), data.size()}),
            "dfa66747de9ae63030ca32611497c827");
}

}  // namespace
}  // namespace catenet::crypto
