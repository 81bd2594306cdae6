// SPDX-License-Identifier: Apache-2.0
#include "catenet/packetdrill/world.h"

#include <memory>

#include "catenet/packet/checksum.h"
#include "catenet/queue/fifo.h"
#include "catenet/wire/ethernet.h"

namespace catenet::packetdrill {

std::expected<LinkLayer::Arrival, DropReason> BareLink::decapsulate(Packet& frame, const wire::LinkAddress&) {
  frame.meta().cast = LinkCast::to_us;
  return Arrival{static_cast<std::uint16_t>(wire::EtherType::kIpv4), {}};
}

void Tun::transmit(Packet frame) {
  complete_checksum(frame);
  std::vector<std::byte> bytes(frame.size());
  frame.copy_out(0, bytes);
  frame.consume();
  if (sent.size() < kMaxSent) {
    sent.push_back(take_apart(bytes, scheduler_.now()));
  }
}

World::World(const node::HostConfig& config, std::uint32_t mtu) : host(environment, 1, "host", config) {
  Interface& interface = host.add_interface("tun0");
  interface.set_link_layer(std::make_unique<BareLink>());
  interface.set_qdisc(std::make_unique<queue::Fifo>());
  interface.set_mtu(mtu);
  interface.attach(tun);
  (void)host.ipv4().add_address(interface, wire::Ipv4Prefix(kLocal, 16));
  (void)host.ipv4().set_default_route(kGateway, &interface);
}

World::~World() { host.stop_programs(); }

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
