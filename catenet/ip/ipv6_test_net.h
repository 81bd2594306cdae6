// SPDX-License-Identifier: Apache-2.0
// What the tests of IPv6 add to ip_test_net.h: packets with extension headers, one host and one router with taps.
// Neighbours are known, and addresses need no detection of duplicates, unless a test says otherwise.
#pragma once
#include "catenet/ip/ip_test_net.h"

namespace catenet::ip {

inline constexpr const char* kHost = "2001:db8::1";
inline constexpr const char* kPeer = "2001:db8::2";

struct Fields6 {
  const char* source = kPeer;
  const char* destination = kHost;
  IpProtocol next = IpProtocol::kUdp;  ///< of the first header behind IPv6's
  std::uint8_t hop_limit = 64;
  ByteString extensions;
  ByteString payload = pattern(8);
};

inline ByteString hex(std::string_view text) {
  ByteString out;
  std::string digits;
  for (const char c : text) {
    if (c != ' ') {
      digits += c;
    }
  }
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    out.push_back(std::byte(std::stoi(digits.substr(i, 2), nullptr, 16)));
  }
  return out;
}

inline ByteString make_ip6(const Fields6& f) {
  Ipv6Header header;
  header.payload_length = static_cast<std::uint16_t>(f.extensions.size() + f.payload.size());
  header.next_header = static_cast<std::uint8_t>(f.next);
  header.hop_limit = f.hop_limit;
  header.source = ip6(f.source);
  header.destination = ip6(f.destination);
  ByteString bytes(sizeof header);
  std::memcpy(bytes.data(), &header, sizeof header);
  bytes.insert(bytes.end(), f.extensions.begin(), f.extensions.end());
  bytes.insert(bytes.end(), f.payload.begin(), f.payload.end());
  return bytes;
}

inline std::uint16_t sum6(const Ipv6Address& source, const Ipv6Address& destination, const ByteString& message) {
  const wire::Ipv6PseudoHeader pseudo{.source = source,
                                      .destination = destination,
                                      .length = static_cast<std::uint32_t>(message.size()),
                                      .next_header = 58};
  return checksum_finish(checksum_add(message, checksum_add(wire::bytes_of(pseudo))));
}

/// An ICMPv6 message with its checksum.
template <typename Header>
ByteString make_icmp6(const Header& header, const ByteString& data, const char* source, const char* destination) {
  ByteString bytes(sizeof header);
  std::memcpy(bytes.data(), &header, sizeof header);
  bytes.insert(bytes.end(), data.begin(), data.end());
  const be16 checksum = sum6(ip6(source), ip6(destination), bytes);
  std::memcpy(bytes.data() + 2, &checksum, 2);
  return bytes;
}

/// One node with one tapped interface eth0, mac(1), 2001:db8::1/64; its neighbour is 2001:db8::2, mac(2).
class OneHost6 : public IpTest {
 protected:
  void start(Ipv6Config config = without_detection()) {
    node = &add_node("host", {}, config);
    eth0 = &add_interface(*node, "eth0", 1, nullptr);
    wire0 = &tap(*eth0);
    ASSERT_TRUE(node->ipv6.add_address(*eth0, net6("2001:db8::1/64")));
    teach6(*eth0, kPeer, 2);
  }
  static Ipv6Config without_detection() {
    Ipv6Config config;
    config.dad_transmits = 0;
    return config;
  }
  void teach6(Interface& interface, const char* address, unsigned n) {
    ASSERT_TRUE(node->ipv6.ndp().cache().learn(interface, ip6(address), mac(n), true));
  }
  void inject_bytes6(const ByteString& packet) { wire0->inject(make_frame(mac(1), mac(2), EtherType::kIpv6, packet)); }
  void inject6(const Fields6& f) { inject_bytes6(make_ip6(f)); }
  template <typename Header>
  void inject_icmp6(const Header& header, const ByteString& data, Fields6 f = {}) {
    f.next = IpProtocol::kIcmpv6;
    f.payload = make_icmp6(header, data, f.source, f.destination);
    inject6(f);
  }
  Result<void> send_to(const char* destination, std::size_t size = 8, SendOptions options = {}) {
    options.destination = ip6(destination);
    options.protocol = options.protocol == 0 ? 17 : options.protocol;
    return node->ipv6.output(make_packet(pattern(size)), options);
  }
  /// The frame that was sent last, which must be an ICMPv6 message with a right checksum.
  const Sent& last_error(Icmpv6Type type, unsigned code) {
    EXPECT_FALSE(wire0->frames.empty());
    const Sent& sent = wire0->frames.back();
    EXPECT_TRUE(sent.is_icmp6(type));
    EXPECT_EQ(sent.icmp6().code, code);
    EXPECT_EQ(sum6(sent.ip6().source, sent.ip6().destination, sent.payload6()), 0);
    return sent;
  }
  TestNode* node = nullptr;
  Interface* eth0 = nullptr;
  Tap* wire0 = nullptr;
};

/// The same as a router, with eth1 2001:db8:1::1/64 (mac 11) and its neighbour 2001:db8:1::2 (mac 12).
class OneRouter6 : public OneHost6 {
 protected:
  void start_router(Ipv6Config config = without_detection()) {
    config.forwarding = true;
    start(config);
    eth1 = &add_interface(*node, "eth1", 11, nullptr);
    wire1 = &tap(*eth1);
    ASSERT_TRUE(node->ipv6.add_address(*eth1, net6("2001:db8:1::1/64")));
    teach6(*eth1, "2001:db8:1::2", 12);
  }
  Interface* eth1 = nullptr;
  Tap* wire1 = nullptr;
};

}  // namespace catenet::ip
