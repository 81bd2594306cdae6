// SPDX-License-Identifier: Apache-2.0
#include "catenet/transport/raw/raw.h"

namespace catenet::transport {

Raw::~Raw() { check(all_.empty(), "raw sockets outlive their host"); }

Result<void> Raw::may_open(wire::Family family) const {
  if (family == wire::Family::kV6 && ipv6_ == nullptr) {
    return fail(EAFNOSUPPORT, "this host has no IPv6");
  }
  return sockets_ < limits_.sockets ? Result<void>() : fail(ENOBUFS, "the host has too many raw sockets");
}

void Raw::add(RawPcb& pcb) {
  all_.push_back(pcb);
  ++sockets_;
  sockets6_ += pcb.family_ == wire::Family::kV6 ? 1 : 0;
  listen(pcb.family_, true);
}

void Raw::remove(RawPcb& pcb) {
  pcb.unlink();
  --sockets_;
  sockets6_ -= pcb.family_ == wire::Family::kV6 ? 1 : 0;
  const std::size_t left = pcb.family_ == wire::Family::kV6 ? sockets6_ : sockets_ - sockets6_;
  listen(pcb.family_, left > 0);
}

void Raw::listen(wire::Family family, bool on) {
  ip::RawReceiver* receiver = on ? this : nullptr;
  if (family == wire::Family::kV4) {
    ipv4_.set_raw_receiver(receiver);
  } else {
    ipv6_->set_raw_receiver(receiver);
  }
}

bool Raw::receive_raw(const Packet& packet, const ip::Delivery& d, std::size_t header_size) {
  bool taken = false;
  for (RawPcb& pcb : all_) {
    if (pcb.family_ == d.source.family() && pcb.matches(d.protocol, d.destination, d.source, d.interface) &&
        !pcb.is_unwanted(packet, header_size)) {
      pcb.take(packet, d, header_size);
      taken = true;
    }
  }
  return taken;
}

bool Raw::raw_error(const ip::ErrorReport& report, std::uint8_t protocol) {
  bool cared = false;
  for (RawPcb& pcb : all_) {
    if (pcb.family_ == report.source.family() && pcb.matches(protocol, report.source, report.destination, nullptr)) {
      pcb.report(report);
      cared = true;
    }
  }
  return cared;
}

}  // namespace catenet::transport
