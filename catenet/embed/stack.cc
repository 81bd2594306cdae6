// SPDX-License-Identifier: Apache-2.0
#include "catenet/embed/stack.h"

#include <algorithm>

#include "catenet/link/bare_ip/bare_ip_link.h"
#include "catenet/link/ethernet/ethernet_link.h"
#include "catenet/packet/checksum.h"
#include "catenet/queue/fifo.h"
#include "catenet/wire/ethernet.h"

namespace catenet::embed {
namespace {

constexpr SourceId kTimers = 1;
constexpr std::uint32_t kMinMtu = 68;  // RFC 791 3.2

template <typename Config>
Config with_accept_any(Config ip, bool accept_any) {
  ip.accept_any = ip.accept_any || accept_any;
  return ip;
}

}  // namespace

Stack::Host::Host(Environment& environment, const StackConfig& config)
    : Node(environment, kTimers, "embedded"),
      ipv4(*this, with_accept_any(config.ipv4, config.accept_any)),
      udp(*this, ipv4),
      udp_lite(*this, ipv4, wire::Family::kV4, transport::UdpFlavour::lite),
      tcp(*this, ipv4) {
  ether_types.add(static_cast<std::uint16_t>(wire::EtherType::kIpv4), ipv4);
  ether_types.add(static_cast<std::uint16_t>(wire::EtherType::kArp), ipv4.arp());
  ipv4.register_protocol(transport::kProtocolUdp, udp);
  ipv4.register_protocol(transport::kProtocolUdpLite, udp_lite);
  ipv4.register_protocol(transport::Tcp::kProtocolNumber, tcp);
  tcp.set_config(config.tcp);
  tcp.set_policy(config.tcp_policy);
  tcp.set_limits(config.tcp_limits);
  udp.set_limits(config.udp_limits);
  udp_lite.set_limits(config.udp_limits);
}

void Stack::Host::speak_ipv6(const ip::Ipv6Config& config) {
  ipv6 = std::make_unique<ip::Ipv6>(*this, config);
  ether_types.add(static_cast<std::uint16_t>(wire::EtherType::kIpv6), *ipv6);
  ipv6->register_protocol(transport::kProtocolUdp, udp);
  ipv6->register_protocol(transport::kProtocolUdpLite, udp_lite);
  ipv6->register_protocol(transport::Tcp::kProtocolNumber, tcp);
  udp.add_network(*ipv6, wire::Family::kV6);
  udp_lite.add_network(*ipv6, wire::Family::kV6);
  tcp.add_network(*ipv6, wire::Family::kV6);
}

void Stack::Host::link_changed(Interface& interface) {
  ipv4.link_changed(interface);
  if (ipv6 != nullptr) {
    ipv6->link_changed(interface);
  }
}

Stack::Stack(const StackConfig& config)
    : pool_(config.limits.memory),
      environment_{.scheduler = scheduler_, .pool = pool_, .seed = config.seed, .digests = false},
      port_(config.super_segments),
      host_(environment_, config),
      interface_(&host_.add_interface("port")) {}

Stack::~Stack() {
  if (out_) {
    out_.consume();
  }
  interface_->drain(DropReason::run_ended);
}

Result<std::unique_ptr<Stack>> Stack::make(const StackConfig& config) {
  std::unique_ptr<Stack> stack(new Stack(config));
  if (const Result<void> done = stack->set_up(config); !done) {
    return std::unexpected(done.error());
  }
  stack->reserve(config.limits);
  return stack;
}

Result<void> Stack::set_up(const StackConfig& config) {
  if (config.mtu < kMinMtu || config.mtu > Interface::kMaxMtu) {
    return fail(EINVAL, "an MTU that no link may have");
  }
  interface_->set_mtu(config.mtu);
  interface_->set_qdisc(std::make_unique<queue::Fifo>(queue::Fifo::Limits{.packets = config.limits.output_packets}));
  if (config.mac) {
    interface_->set_link_layer(std::make_unique<link::EthernetLink>());
    interface_->set_address(*config.mac);
  } else {
    interface_->set_link_layer(std::make_unique<link::BareIpLink>());
  }
  interface_->attach(port_);
  joined_.reserve(interface_->link_layer().max_frame(config.super_segments ? Interface::kMaxMtu : config.mtu));
  if (const Result<void> done = set_up_ipv4(config); !done) {
    return done;
  }
  if (const Result<void> done = set_up_ipv6(config); !done) {
    return done;
  }
  host_.link_changed(*interface_);  // our neighbours may learn of us
  return {};
}

Result<void> Stack::set_up_ipv4(const StackConfig& config) {
  const bool none = config.address.address().is_unspecified();
  if (!none || !(config.accept_any || config.address6)) {
    if (const Result<void> added = host_.ipv4.add_address(*interface_, config.address); !added) {
      return added;
    }
  }
  const bool everything = !config.mac && (!none || config.accept_any);  // is at the other end
  if (everything || !config.gateway.is_unspecified()) {
    return host_.ipv4.set_default_route(config.gateway, interface_);
  }
  return {};
}

Result<void> Stack::set_up_ipv6(const StackConfig& config) {
  if (!config.address6 && !config.accept_any) {
    return config.gateway6.is_unspecified() ? Result<void>() : fail(EINVAL, "an IPv6 gateway without an address");
  }
  if (!config.address6 && config.mtu < wire::kIpv6MinMtu) {
    return {};  // IPv4 alone: nobody has asked for more
  }
  host_.speak_ipv6(with_accept_any(config.ipv6, config.accept_any));
  const Result<void> enabled =
      config.address6 ? host_.ipv6->add_address(*interface_, *config.address6) : host_.ipv6->enable(*interface_);
  if (enabled && (!config.mac || !config.gateway6.is_unspecified())) {
    return host_.ipv6->set_default_route(config.gateway6, interface_);
  }
  return enabled;
}

// What has been in use once is kept by the pool: so everything is used once.
void Stack::reserve(const StackLimits& limits) {
  std::vector<Packet> packets;
  std::uint64_t bytes = 0;
  while (packets.size() < limits.reserved_packets || bytes < limits.reserved_bytes) {
    Packet packet = pool_.make();
    if (!packet) {
      break;
    }
    const bool large = packets.size() % 2 != 0;  // chunks of both sizes
    const std::size_t size = large ? PacketPool::kLargeChunk : PacketPool::kSmallChunk;
    const bool wanted = bytes < limits.reserved_bytes;
    const bool got = wanted && packet.extend(size) != nullptr;
    bytes += got ? size : 0;
    packets.push_back(std::move(packet));
    if (wanted && !got) {
      break;  // all that limits.memory allows
    }
  }
  for (Packet& packet : packets) {
    packet.consume();
  }
}

void Stack::advance(Instant now) {
  while (scheduler_.run_one(now + Duration::nanoseconds(1))) {
  }
  scheduler_.run_until(now);
}

void Stack::input(std::span<const std::byte> bytes, Instant now) {
  advance(now);
  Packet packet = pool_.make();
  if (!packet) {
    return;  // counted by the pool: refused
  }
  FrameSink& sink = port_.sink();
  if (bytes.size() > interface_->link_layer().max_frame(Interface::kMaxMtu)) {
    sink.discard_frame(std::move(packet), DropReason::frame_too_long);
  } else if (!packet.append(bytes)) {
    sink.discard_frame(std::move(packet), DropReason::no_memory);
  } else {
    sink.receive(std::move(packet));
  }
}

bool Stack::next_packet() {
  if (out_) {
    out_.consume();
  }
  out_ = port_.take();
  if (!out_) {
    return false;
  }
  complete_checksum(out_);
  return true;
}

std::span<const std::span<const std::byte>> Stack::output_pieces() {
  if (!next_packet()) {
    return {};
  }
  std::size_t count = 0;
  out_.for_each_piece(0, [&](std::span<const std::byte> piece) { pieces_[count++] = piece; });
  return {pieces_.data(), count};
}

std::span<const std::byte> Stack::output() {
  const auto pieces = output_pieces();
  if (pieces.size() <= 1) {
    return pieces.empty() ? std::span<const std::byte>() : pieces.front();
  }
  joined_.resize(out_.size());
  (void)out_.copy_out(0, joined_);
  return joined_;
}

}  // namespace catenet::embed
