// SPDX-License-Identifier: Apache-2.0
#include "catenet/transport/udp/udp.h"

#include <algorithm>

#include "catenet/packet/checksum.h"
#include "catenet/transport/udp/pseudo_sum.h"
#include "catenet/wire/udp.h"
#include "catenet/wire/udp_lite.h"

namespace catenet::transport {
namespace {

constexpr std::size_t kFirstTableSize = 16;

}  // namespace

Udp::Udp(Node& node, ip::Network& network, wire::Family family, UdpFlavour flavour)
    : node_(node),
      flavour_(flavour),
      rng_(node.random_stream(flavour == UdpFlavour::lite ? "udplite" : "udp")),
      secret_(rng_.next()) {
  add_network(network, family);
}

Udp::~Udp() { check(all_.empty(), "UDP sockets outlive their host"); }

void Udp::drop(Packet packet, DropReason reason, Interface* interface) {
  node_.drop(std::move(packet), reason, interface);
}

// ---- in ---------------------------------------------------------------------------------------------------------

bool Udp::sum_is_right(const Packet& packet, const ip::Delivery& d, std::size_t covered) const {
  const auto length = static_cast<std::uint32_t>(packet.size());  // the whole packet's, whatever is covered
  const std::uint32_t pseudo = pseudo_header_sum(d.source, d.destination, protocol(), length);
  return checksum_finish(checksum_add_first(packet, covered, pseudo)) == 0;
}

// What is wrong with a datagram; what is right is cut to its own length.
std::optional<DropReason> Udp::fault_of(Packet& packet, const ip::Delivery& d) const {
  if (!packet.pullup(wire::kUdpHeaderSize)) {
    return DropReason::bad_udp_length;
  }
  const bool unverified = packet.meta().checksum == ChecksumState::unverified;
  if (is_lite()) {
    const auto header = wire::UdpLiteHeader::parse(packet.head(), packet.size());
    if (!header) {
      return DropReason::bad_udplite_coverage;
    }
    const bool good =
        (*header)->has_checksum() && (!unverified || sum_is_right(packet, d, (*header)->covered(packet.size())));
    return good ? std::nullopt : std::optional(DropReason::bad_udplite_checksum);
  }
  const wire::UdpHeader header = packet.header<wire::UdpHeader>();
  const std::size_t length = header.length;
  if (length < wire::kUdpHeaderSize || length > packet.size()) {
    return DropReason::bad_udp_length;
  }
  packet.trim(length);  // link padding is the network layer's to cut, but IP may carry more than UDP says
  // RFC 768: zero means that the sender made none. RFC 8200 8.1 forbids that over IPv6.
  const bool good = header.has_checksum() ? !unverified || sum_is_right(packet, d, length) : d.source.is_v4();
  return good ? std::nullopt : std::optional(DropReason::bad_udp_checksum);
}

void Udp::receive(Packet packet, const ip::Delivery& d) {
  if (const auto fault = fault_of(packet, d)) {
    ++counters_.in_errors;
    const bool sum = *fault == DropReason::bad_udp_checksum || *fault == DropReason::bad_udplite_checksum;
    counters_.bad_checksums += sum ? 1 : 0;
    return drop(std::move(packet), *fault, d.interface);
  }
  const wire::UdpHeader header = packet.header<wire::UdpHeader>();  // UDP-Lite's ports are in the same place
  if (d.destination.is_multicast() || is_broadcast(d.destination)) {
    return deliver_to_group(std::move(packet), d, header.source_port, header.destination_port);
  }
  UdpPcb* pcb = find({d.destination, header.destination_port}, {d.source, header.source_port}, d.interface);
  if (pcb == nullptr) {
    ++counters_.no_ports;
    if (!d.to_group) {  // RFC 1122 3.2.2: no ICMP error about what everybody got
      network(d.source.family())->send_port_unreachable(packet, d);
    }
    return drop(std::move(packet), DropReason::udp_no_port, d.interface);
  }
  pcb->enqueue(std::move(packet), d, header.source_port);
}

// Every socket that listens gets its own copy (RFC 1122 4.1.3.5; Linux does it for broadcasts as well).
void Udp::deliver_to_group(Packet packet, const ip::Delivery& d, std::uint16_t from, std::uint16_t to) {
  UdpPcb* chosen = nullptr;
  for (UdpPcb* pcb = port_chain(to); pcb != nullptr; pcb = pcb->next_by_port_) {
    if (pcb->match({d.destination, to}, {d.source, from}, d.interface) < 0 ||
        (d.destination.is_multicast() && !pcb->hears_group(d.destination, d.interface))) {
      continue;
    }
    if (chosen != nullptr) {
      if (Packet copy = packet.clone()) {
        chosen->enqueue(std::move(copy), d, from);
      }
    }
    chosen = pcb;
  }
  if (chosen == nullptr) {
    ++counters_.no_ports;
    return drop(std::move(packet), DropReason::udp_no_port, d.interface);
  }
  chosen->enqueue(std::move(packet), d, from);
}

void Udp::on_error(const ip::ErrorReport& report) {
  const auto* header = wire::view<wire::UdpHeader>(report.transport_header);
  if (header == nullptr || report.kind == ip::ErrorReport::Kind::source_quench) {  // RFC 6633: quench is ignored
    return;
  }
  const wire::Endpoint destination{report.destination, header->destination_port};
  UdpPcb* pcb = find({report.source, header->source_port}, destination);
  if (pcb == nullptr) {
    return;
  }
  const UdpError error{report.to_errno(), report.kind, report.mtu, report.reporter, destination, header->source_port};
  pcb->report(error, is_hard_error(report.kind, pcb->options_.dont_fragment));
}

UdpPcb* Udp::find(const wire::Endpoint& local, const wire::Endpoint& foreign, const Interface* arrival) const {
  UdpPcb* bound = find_bound(local, foreign, arrival);
  const bool any = bound == nullptr && any_ != nullptr && any_->takes(local.address.family()) &&
                   (any_->options_.device == nullptr || arrival == nullptr || any_->options_.device == arrival);
  return any ? any_ : bound;
}

UdpPcb* Udp::find_bound(const wire::Endpoint& local, const wire::Endpoint& foreign, const Interface* arrival) const {
  if (by_port_.empty()) {
    return nullptr;
  }
  const wire::FourTuple ends{local, foreign};
  for (UdpPcb* pcb = exact_[ends.hash(secret_) & (exact_.size() - 1)]; pcb != nullptr; pcb = pcb->next_exact_) {
    if (pcb->local_ == local && pcb->foreign_ == foreign && pcb->match(local, foreign, arrival) >= 0) {
      return pcb;
    }
  }
  UdpPcb* best = nullptr;
  int best_score = -1;
  std::uint32_t sharers = 0;  // of the best score, that spread what comes
  for (UdpPcb* pcb = port_chain(local.port); pcb != nullptr; pcb = pcb->next_by_port_) {
    const int score = pcb->match(local, foreign, arrival);
    if (score > best_score) {
      best = pcb;
      best_score = score;
      sharers = 0;
    }
    sharers += score == best_score && score >= 0 && pcb->options_.reuse_port ? 1 : 0;
  }
  if (sharers < 2 || !best->options_.reuse_port) {
    return best;
  }
  std::uint64_t left = (ends.hash(secret_) >> 32) * sharers >> 32;
  for (UdpPcb* pcb = best; pcb != nullptr; pcb = pcb->next_by_port_) {
    if (pcb->options_.reuse_port && pcb->match(local, foreign, arrival) == best_score && left-- == 0) {
      return pcb;
    }
  }
  return best;
}

// ---- ports and tables -------------------------------------------------------------------------------------------

bool Udp::conflicts(const UdpPcb& pcb, const wire::IpAddress& address, std::uint16_t port) const {
  for (const UdpPcb* other = port_chain(port); other != nullptr; other = other->next_by_port_) {
    if (other != &pcb && other->local_.port == port &&
        datagram_conflict(pcb.claim(address), other->claim(other->local_.address))) {
      return true;
    }
  }
  return false;
}

// RFC 6056 3.3.1: a random first candidate, then the next ones in order.
Result<std::uint16_t> Udp::ephemeral_port(const UdpPcb& pcb, const wire::IpAddress& address) {
  const std::uint32_t count = limits_.ephemeral_last - limits_.ephemeral_first + 1U;
  const auto start = static_cast<std::uint32_t>(rng_.below(count));
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto port = static_cast<std::uint16_t>(limits_.ephemeral_first + (start + i) % count);
    if (!conflicts(pcb, address, port)) {
      return port;
    }
  }
  return fail(EADDRINUSE, "no ephemeral UDP port is free");
}

UdpPcb*& Udp::exact_chain(const wire::FourTuple& ends) { return exact_[ends.hash(secret_) & (exact_.size() - 1)]; }

void Udp::link(UdpPcb& pcb) {
  if (bound_ >= by_port_.size()) {
    grow();
  }
  UdpPcb*& chain = port_chain(pcb.local_.port);
  pcb.next_by_port_ = chain;
  chain = &pcb;
  ++bound_;
  if (pcb.connected_) {
    UdpPcb*& exact = exact_chain({pcb.local_, pcb.foreign_});
    pcb.next_exact_ = exact;
    exact = &pcb;
  }
}

void Udp::unlink(UdpPcb& pcb) {
  UdpPcb** at = &port_chain(pcb.local_.port);
  while (*at != &pcb) {
    at = &(*at)->next_by_port_;
  }
  *at = pcb.next_by_port_;
  --bound_;
  if (pcb.connected_) {
    at = &exact_chain({pcb.local_, pcb.foreign_});
    while (*at != &pcb) {
      at = &(*at)->next_exact_;
    }
    *at = pcb.next_exact_;
  }
}

void Udp::grow() {
  const std::size_t size = by_port_.empty() ? kFirstTableSize : by_port_.size() * 2;
  Table bound;
  for (UdpPcb* head : by_port_) {
    const std::size_t first = bound.size();
    for (; head != nullptr; head = head->next_by_port_) {
      bound.push_back(head);
    }
    std::reverse(bound.begin() + static_cast<std::ptrdiff_t>(first), bound.end());  // link() puts the youngest first
  }
  by_port_.assign(size, nullptr);
  exact_.assign(size, nullptr);
  bound_ = 0;
  for (UdpPcb* pcb : bound) {
    link(*pcb);
  }
}

}  // namespace catenet::transport
