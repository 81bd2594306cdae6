// SPDX-License-Identifier: Apache-2.0
#include "catenet/live/linux_node.h"

namespace catenet::live {

LinuxNode::~LinuxNode() { drain(DropReason::run_ended); }

void LinuxNode::join(Interface& interface, NicChannel& channel) {
  nics_.push_back(std::make_unique<Nic>(interface, channel, pool()));
}

void LinuxNode::receive(Interface& in, Packet frame) {
  for (const auto& nic : nics_) {
    if (&nic->interface == &in) {
      nic->port.queue(std::move(frame));
      return;
    }
  }
  in.drop(std::move(frame), DropReason::no_medium);
}

bool LinuxNode::fetch(std::size_t nic) {
  return nics_[nic]->port.fetch(now(), Delegate<void(Packet)>::to<&Nic::send>(*nics_[nic]));
}

void LinuxNode::poll(std::size_t nic) {
  nics_[nic]->port.poll(now(), Delegate<void(Packet)>::to<&Nic::send>(*nics_[nic]));
}

void LinuxNode::set_prompt(bool on) {
  for (const auto& nic : nics_) {
    nic->port.set_prompt(on);
  }
}

bool LinuxNode::flush() {
  bool waits = false;
  for (const auto& nic : nics_) {
    waits |= nic->port.flush();
  }
  return waits;
}

void LinuxNode::drain(DropReason reason) {
  for (const auto& nic : nics_) {
    nic->port.drain(reason);
  }
}

std::uint64_t LinuxNode::overruns() const {
  std::uint64_t sum = 0;
  for (const auto& nic : nics_) {
    sum += nic->port.overruns();
  }
  return sum;
}

}  // namespace catenet::live
