// SPDX-License-Identifier: Apache-2.0
#include "catenet/packetdrill/world.h"

#include <memory>

#include "catenet/base/check.h"
#include "catenet/packet/checksum.h"
#include "catenet/queue/fifo.h"
#include "catenet/wire/bytes.h"
#include "catenet/wire/ethernet.h"

namespace catenet::packetdrill {

std::expected<LinkLayer::Arrival, DropReason> BareLink::decapsulate(Packet& frame, const wire::LinkAddress&) {
  frame.meta().cast = LinkCast::to_us;
  const bool v6 = frame.pullup(1) && wire::load8(frame.head(), 0) >> 4 == 6;
  return Arrival{static_cast<std::uint16_t>(v6 ? wire::EtherType::kIpv6 : wire::EtherType::kIpv4), {}};
}

void Tun::transmit(Packet frame) {
  complete_checksum(frame);
  std::vector<std::byte> bytes(frame.size());
  frame.copy_out(0, bytes);
  frame.consume();
  if (keeps_raw && raw.size() < kMaxSent) {
    raw.push_back({scheduler_.now(), std::move(bytes)});
  } else if (!keeps_raw && sent.size() < kMaxSent) {
    sent.push_back(take_apart(bytes, scheduler_.now()));
  }
}

World::World(const node::HostConfig& config, const Addresses& where, std::uint32_t mtu)
    : addresses(where), host(environment, 1, "host", config) {
  Interface& interface = host.add_interface("tun0");
  interface.set_link_layer(std::make_unique<BareLink>());
  interface.set_qdisc(std::make_unique<queue::Fifo>());
  interface.set_mtu(mtu);
  interface.attach(tun);
  const wire::IpAddress& local = addresses.local;
  const bool made = local.is_v4() ? host.ipv4().add_address(interface, {local.v4(), addresses.prefix_length}) &&
                                        host.ipv4().set_default_route(addresses.gateway.v4(), &interface)
                                  : host.ipv6().add_address(interface, {local.v6(), addresses.prefix_length}) &&
                                        host.ipv6().set_default_route(addresses.gateway.v6(), &interface);
  check(made, "a link that IP can use");
}

World::~World() { host.stop_programs(); }

void World::apply(const TcpSettings& settings) {
  transport::Tcp& tcp = host.tcp();
  tcp.set_config(settings.config);
  tcp.set_policy(settings.policy);
  tcp.set_limits(settings.limits);
  if (settings.fast_open_keys) {
    tcp.set_fast_open_keys(*settings.fast_open_keys);
  }
  if (settings.forget_fast_open) {
    tcp.forget_fast_open();
  }
}

void World::inject(std::span<const std::byte> bytes) {
  Packet packet = pool.make(0);
  if (!packet) {
    return;
  }
  if (!packet.append(bytes)) {
    packet.discard();
    return;
  }
  tun.deliver(std::move(packet));
  scheduler.run_posted();
}

bool World::step(Instant end) { return scheduler.run_one(end + Duration::nanoseconds(1)); }

void World::set_time(Instant at) {
  if (at > now()) {
    scheduler.run_until(at);
  }
}

}  // namespace catenet::packetdrill
