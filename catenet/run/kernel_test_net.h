// SPDX-License-Identifier: Apache-2.0
// What the tests with the Linux kernel at the other end share: a host of ours and a namespace, on one cable, in real
// time, with a capture of what our interface sees. Ours is 10.9.0.2 and 2001:db8::2, the kernel 10.9.0.1 and
// 2001:db8::1.
#pragma once
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <memory>
#include <optional>
#include <string>

#include "catenet/link/ethernet/ethernet_link.h"
#include "catenet/live/driver.h"
#include "catenet/live/epoll_loop.h"
#include "catenet/live/linux_node.h"
#include "catenet/live/namespace.h"
#include "catenet/medium/cable.h"
#include "catenet/medium/impairment.h"
#include "catenet/node/host.h"
#include "catenet/queue/fifo.h"
#include "catenet/socket/async_socket.h"
#include "catenet/trace/byte_sink.h"
#include "catenet/trace/capture.h"

namespace catenet::run {

using namespace literals;

inline wire::Endpoint endpoint_at(std::string_view text) { return *wire::Endpoint::parse(text); }

/// Byte i of a stream that both ends know.
inline std::byte content(std::size_t i) { return static_cast<std::byte>(i * 2654435761U >> 13); }

inline std::string output_of(const std::string& command) {
  std::string text;
  FILE* pipe = ::popen(command.c_str(), "r");
  std::array<char, 4096> buffer;
  for (std::size_t n = 0; pipe != nullptr && (n = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
    text.append(buffer.data(), n);
  }
  EXPECT_TRUE(pipe != nullptr && ::pclose(pipe) == 0) << command;
  return text;
}

class KernelNet {
 public:
  KernelNet() = default;
  KernelNet(const KernelNet&) = delete;
  KernelNet& operator=(const KernelNet&) = delete;
  ~KernelNet() {
    ours_.stop_programs();
    driver_.reset();
    linux_.reset();
    node_.drain(DropReason::run_ended);
    cable_.drain(DropReason::run_ended);
    if (Interface* eth0 = ours_.find_interface("eth0")) {
      eth0->drain(DropReason::run_ended);
    }
    (void)!::system(("rm -rf " + std::string(folder_.data())).c_str());
  }

  /// Empty, or why this machine cannot.
  std::string set_up(live::Attachment attachment) {
    if (::access("/usr/bin/python3", X_OK) != 0 || ::system("command -v ip >/dev/null") != 0) {
      return "needs python3 and ip";
    }
    live::NamespaceSpec spec{.name = "linux"};
    spec.nics.push_back({.name = "eth0", .mac = live::MacBytes{2, 0, 0, 0, 0, 1}, .attachment = attachment});
    spec.sysctls = {{"net/ipv6/conf/eth0/accept_dad", "0"}, {"net/ipv6/conf/eth0/disable_ipv6", "0"}};
    auto made = live::Namespace::create(spec);
    if (!made) {
      return made.error().text;
    }
    linux_ = std::move(*made);
    check(::mkdtemp(folder_.data()) != nullptr, "a folder in /tmp");
    sink_ = *trace::FileSink::create(path("ours.pcapng"));
    writer_.emplace(*sink_, "catenet");
    Interface& inner = plug(node_, "eth0", 1);
    inner.attach(cable_.a());
    node_.join(inner, linux_->nic(0));
    Interface& eth0 = plug(ours_, "eth0", 2);
    capture_.emplace(eth0, cable_.b(), *writer_, nullptr);
    capture_->plug_in();
    towards_kernel_.emplace(environment_, 20, "ours->linux", inner, medium::ImpairmentSpec{});
    towards_ours_.emplace(environment_, 21, "linux->ours", *capture_, medium::ImpairmentSpec{});
    cable_.a().set_sink(*towards_kernel_);
    cable_.b().set_sink(*towards_ours_);
    EXPECT_TRUE(ours_.ipv6().add_address(eth0, *wire::Ipv6Prefix::parse_interface("2001:db8::2/64")));
    EXPECT_TRUE(ours_.ipv4().add_address(eth0, *wire::Ipv4Prefix::parse_interface("10.9.0.2/24")));
    driver_.emplace(scheduler_, loop_);
    EXPECT_TRUE(driver_->add(node_));
    // A back-off that doubles without end would make a test over a bad link last for minutes, now and then.
    transport::TcpConfig config = ours_.tcp().config();
    config.max_rto = 2_s;
    config.syn_retries = 60;
    ours_.tcp().set_config(config);
    auto address = start(
        "ip -6 address add 2001:db8::1/64 dev eth0 nodad && ip address add 10.9.0.1/24 dev eth0 && "
        "longest=/proc/sys/net/ipv4/tcp_rto_max_ms && { test ! -e $longest || echo 2000 > $longest; }");
    EXPECT_TRUE(run_until([&] { return address->poll().has_value(); }));
    EXPECT_EQ(address->poll(), (live::ExitStatus{false, 0})) << errors();
    EXPECT_TRUE(run_until([&] { return addresses_are_ours(); })) << "duplicate address detection takes a second";
    return {};
  }

  [[nodiscard]] std::string path(const char* file) const { return std::string(folder_.data()) + "/" + file; }
  /// Writes a script and runs it there.
  std::unique_ptr<live::Process> start_python(const char* name, const std::string& script,
                                              const std::string& arguments = {}) {
    std::ofstream(path(name)) << script;
    return start("exec /usr/bin/python3 " + path(name) + " " + arguments);
  }
  std::unique_ptr<live::Process> start(const std::string& command) {
    auto process = linux_->start(
        {.command = command, .out = live::Output::file(path("out")), .err = live::Output::file(path("err"))});
    EXPECT_TRUE(process);
    return std::move(*process);
  }
  /// Real time passes until `done`, 60 s at most.
  template <typename F>
  bool run_until(F&& done) {
    const Instant end = loop_.now() + 60_s;
    while (!done() && loop_.now() < end) {
      EXPECT_TRUE(driver_->run_until(loop_.now() + 5_ms));
    }
    return done();
  }
  bool kernel_listens(live::Transport transport, std::uint16_t port) { return linux_->is_listening(transport, port); }
  /// On the cable, towards both ends.
  void set_loss(Probability loss) {
    medium::ImpairmentSpec spec;
    spec.loss = loss;
    towards_kernel_->set_spec(spec);
    towards_ours_->set_spec(spec);
  }
  std::string output() const { return text_of("out"); }
  std::string errors() const { return text_of("err"); }
  [[nodiscard]] node::Host& ours() { return ours_; }
  [[nodiscard]] socket::SocketLayer& sockets() { return ours_.sockets(); }
  /// Frames that tshark finds in the capture and the filter lets through; empty without tshark.
  std::string captured(const std::string& filter) {
    EXPECT_TRUE(writer_->flush());
    return has_tshark()
               ? output_of("tshark -n -r " + path("ours.pcapng") +
                           " -o tcp.check_checksum:TRUE -o udp.check_checksum:TRUE 2>/dev/null -Y '" + filter + "'")
               : "";
  }
  [[nodiscard]] static bool has_tshark() { return ::system("command -v tshark >/dev/null") == 0; }

 private:
  static Interface& plug(Node& node, std::string_view name, std::uint8_t number) {
    Interface& interface = node.add_interface(name);
    interface.set_link_layer(std::make_unique<link::EthernetLink>());
    interface.set_qdisc(std::make_unique<queue::Fifo>());
    interface.set_address(wire::MacAddress({2, 0, 0, 0, 0, number}));
    return interface;
  }
  bool addresses_are_ours() {
    return std::ranges::all_of(ours_.ipv6().addresses(),
                               [](const auto& a) { return a.state == ip::AddressState::preferred; });
  }
  [[nodiscard]] std::string text_of(const char* file) const {
    std::ifstream in(path(file));
    return {std::istreambuf_iterator<char>(in), {}};
  }

  std::array<char, 32> folder_{"/tmp/catenet-peer-XXXXXX"};
  live::EpollLoop loop_ = std::move(*live::EpollLoop::create());
  Scheduler scheduler_;
  PacketPool pool_;
  Environment environment_{scheduler_, pool_, 1};
  std::unique_ptr<live::Namespace> linux_;
  medium::Cable cable_{environment_, environment_, 10, {.rate = BitRate::gbps(1)}, {.rate = BitRate::gbps(1)}};
  std::unique_ptr<trace::FileSink> sink_;
  std::optional<trace::PcapngWriter> writer_;
  node::Host ours_{environment_, 1, "ours"};
  live::LinuxNode node_{environment_, 2, "linux"};
  std::optional<trace::Capture> capture_;
  std::optional<medium::Impairment> towards_kernel_;
  std::optional<medium::Impairment> towards_ours_;
  std::optional<live::Driver> driver_;
};

}  // namespace catenet::run
