// SPDX-License-Identifier: Apache-2.0
#include "catenet/queue/fifo.h"

#include "catenet/net/interface.h"
#include "catenet/queue/congestion_mark.h"

namespace catenet::queue {

void Fifo::enqueue(Packet packet, Interface& owner) {
  if (!queue_.empty() && (queue_.size() >= limits_.packets || bytes_ + packet.size() > limits_.bytes)) {
    owner.drop(std::move(packet), DropReason::queue_full);
    return;
  }
  if (limits_.mark != 0 && queue_.size() >= limits_.mark) {
    mark_congestion(packet);
  }
  bytes_ += packet.size();
  queue_.push_back(std::move(packet));
}

Packet Fifo::dequeue(Instant /*now*/, Interface& /*owner*/) {
  if (queue_.empty()) {
    return {};
  }
  Packet packet = queue_.pop_front();
  bytes_ -= packet.size();
  return packet;
}

}  // namespace catenet::queue
