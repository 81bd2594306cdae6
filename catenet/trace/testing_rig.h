// SPDX-License-Identifier: Apache-2.0
// For this folder's tests only: a world of one node whose frames are dropped, answered or consumed as the test says, a
// medium that keeps what it is given, and tshark as the judge of capture files.
#pragma once
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catenet/base/delegate.h"
#include "catenet/net/interface.h"
#include "catenet/packet/checksum.h"
#include "catenet/wire/ethernet.h"
#include "catenet/wire/ipv4.h"
#include "catenet/wire/pseudo_header.h"
#include "catenet/wire/udp.h"

namespace catenet::trace::testing {

class WireEnd final : public Medium {
 public:
  ~WireEnd() override {
    for (Packet& frame : sent) {
      frame.consume();
    }
  }
  void set_sink(FrameSink& s) override { sink = &s; }
  [[nodiscard]] bool is_idle() const override { return true; }
  void transmit(Packet frame) override { sent.push_back(std::move(frame)); }
  void request_ready() override {}
  [[nodiscard]] bool is_up() const override { return up; }
  FrameSink* sink = nullptr;
  bool up = true;
  std::vector<Packet> sent;
};

class TestNode final : public Node {
 public:
  using Node::Node;
  void receive(Interface& in, Packet frame) override {
    if (on_receive_) {
      on_receive_(in, std::move(frame));
    } else {
      frame.consume();
    }
  }
  /// `f` outlives its use.
  template <typename F>
  void on_receive(F& f) {
    on_receive_ = Delegate<void(Interface&, Packet)>::of(f);
  }

 private:
  Delegate<void(Interface&, Packet)> on_receive_;
};

// An Ethernet whose FCS is right when its last byte is zero.
class TestLink final : public LinkLayer {
 public:
  [[nodiscard]] std::size_t header_size() const override { return 14; }
  [[nodiscard]] bool needs_resolution() const override { return true; }
  [[nodiscard]] bool encapsulate(Packet&, const wire::LinkAddress&, const wire::LinkAddress&, std::uint16_t) override {
    return true;
  }
  [[nodiscard]] std::expected<Arrival, DropReason> decapsulate(Packet&, const wire::LinkAddress&) override {
    return Arrival{};
  }
  [[nodiscard]] bool verify(Packet& frame) override {
    const bool right = frame.peek(frame.size() - 1) == std::byte{0};
    frame.trim(frame.size() - 4);
    frame.meta().fcs_present = false;
    return right;
  }
};

struct World {
  World() : node(environment, 1, "alice"), interface(node.add_interface("eth0")) {
    interface.set_link_layer(std::make_unique<TestLink>());
  }
  Packet datagram(std::string_view payload, std::uint8_t ttl = 64);

  Scheduler scheduler;
  PacketPool pool;
  Environment environment{scheduler, pool};
  TestNode node;
  Interface& interface;
  WireEnd wire;
};

// Ethernet, IPv4, UDP 10.0.0.1:5000 -> 10.0.0.2:7, its UDP checksum still partial.
inline Packet World::datagram(std::string_view payload, std::uint8_t ttl) {
  Packet packet = pool.make();
  EXPECT_TRUE(packet.append(std::as_bytes(std::span(payload.data(), payload.size()))));
  const auto source = wire::Ipv4Address(10, 0, 0, 1);
  const auto destination = wire::Ipv4Address(10, 0, 0, 2);
  auto& udp = packet.push_header<wire::UdpHeader>();
  udp.source_port = 5000;
  udp.destination_port = 7;
  udp.length = static_cast<std::uint16_t>(packet.size());
  const wire::Ipv4PseudoHeader pseudo{
      .source = source, .destination = destination, .protocol = 17, .length = udp.length};
  udp.checksum = checksum_fold(checksum_add(std::as_bytes(std::span(&pseudo, 1))));
  mark_partial_checksum(packet, 0, 6);
  auto& ip = packet.push_header<wire::Ipv4Header>();
  ip.total_length = static_cast<std::uint16_t>(packet.size());
  ip.ttl = ttl;
  ip.protocol = 17;
  ip.source = source;
  ip.destination = destination;
  ip.checksum = internet_checksum(packet.head().first(20));
  auto& ethernet = packet.push_header<wire::EthernetHeader>();
  ethernet.type = 0x0800;
  return packet;
}

inline bool have_tshark() { return std::system("command -v tshark capinfos >/dev/null 2>&1") == 0; }

inline std::string output_of(const std::string& command) {
  std::string out;
  FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  char piece[4096];
  for (std::size_t n = 0; (n = std::fread(piece, 1, sizeof piece, pipe)) > 0;) {
    out.append(piece, n);
  }
  ::pclose(pipe);
  return out;
}

// A file in the tests' temporary folder, gone with the object.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& name)
      : path_(::testing::TempDir() + "catenet_" + std::to_string(::getpid()) + "_" + name) {}
  ~TemporaryFile() { std::filesystem::remove(path_); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }
  void write(const std::vector<std::byte>& bytes) const {
    std::ofstream(path_, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }
  [[nodiscard]] std::string read() const {
    std::ifstream file(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

 private:
  std::string path_;
};

// The lines of `tshark -T fields` over these bytes, fields divided by '|', checksums verified.
inline std::string tshark_fields(const std::vector<std::byte>& bytes, const std::string& fields) {
  const TemporaryFile file("fields.pcapng");
  file.write(bytes);
  std::string command = "(tshark -n -r " + file.path() +
                        " -o udp.check_checksum:TRUE -o ip.check_checksum:TRUE -T fields -E separator='|' ";
  std::size_t at = 0;
  while (at < fields.size()) {
    const std::size_t end = std::min(fields.find(' ', at), fields.size());
    command += "-e " + fields.substr(at, end - at) + " ";
    at = end + 1;
  }
  return output_of(command + ") 2>&1 | grep -v 'Running as user'");
}

}  // namespace catenet::trace::testing
