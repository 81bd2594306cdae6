// SPDX-License-Identifier: Apache-2.0
// Which conversation a packet belongs to, and the packets that the script expects.
#include <algorithm>

#include "catenet/packetdrill/compare.h"
#include "catenet/packetdrill/notation.h"
#include "catenet/packetdrill/player.h"
#include "catenet/wire/tcp.h"

namespace catenet::packetdrill {
namespace {

using wire::TcpFlag;

constexpr Duration kPatience = Duration::seconds(3);  // to tell a packet that comes late from one that never comes
constexpr Duration kLongPatience = Duration::seconds(600);  // for "*"

bool is_first_syn(const PacketEvent& packet) {
  const auto* tcp = std::get_if<TcpFields>(&packet.body);
  return tcp != nullptr && (tcp->flags & (TcpFlag::kSyn | TcpFlag::kAck | TcpFlag::kRst)) == TcpFlag::kSyn;
}

}  // namespace

// ---- flows --------------------------------------------------------------------------------------------------------

Flow& Player::open_flow(bool tcp, const wire::Endpoint& local, const wire::Endpoint& remote) {
  return flows_.emplace_back(tcp, local, remote);
}

// Where an inbound packet goes that belongs to no conversation yet.
wire::Endpoint Player::server_end(const PacketEvent& packet) const {
  wire::Endpoint end{world_.addresses.local, Calls::kPort};
  if (std::holds_alternative<TcpFields>(packet.body) && fresh_listener_) {
    end.port = fresh_listener_->port;
  } else if (std::holds_alternative<UdpFields>(packet.body)) {
    if (const auto bound = world_.host.has_sockets() ? calls_.newest() : -1; bound >= 0) {
      const auto local = const_cast<Calls&>(calls_).table().getsockname(bound);
      end.port = local && local->port != 0 ? local->port : end.port;
    }
  }
  if (packet.destination_port != 0) {
    end.port = packet.destination_port;
  }
  return end;
}

Flow* Player::flow_for(const PacketEvent& packet) {
  if (const auto* icmp = std::get_if<IcmpFields>(&packet.body)) {
    if (icmp->quoted == IcmpFields::Quoted::none) {
      return nullptr;
    }
    if (current_ == nullptr && icmp->quoted == IcmpFields::Quoted::none) {
      return nullptr;
    }
    return current_;
  }
  const bool tcp = std::holds_alternative<TcpFields>(packet.body);
  const bool named = packet.source_port != 0 || packet.destination_port != 0;
  const bool opens = is_first_syn(packet) && fresh_listener_.has_value();
  if (!named && !opens && current_ != nullptr && current_->is_tcp() == tcp) {
    return current_;
  }
  for (Flow& flow : flows_) {
    if (named && flow.is_tcp() == tcp && flow.has_ports(packet.destination_port, packet.source_port)) {
      return &flow;
    }
  }
  wire::Endpoint remote{world_.addresses.remote, packet.source_port};
  if (!tcp && remote.port == 0 && calls_.newest() >= 0) {
    if (const auto peer = calls_.table().getpeername(calls_.newest())) {
      remote.port = peer->port;
    }
  }
  if (remote.port == 0) {
    remote.port = next_port_++;
  }
  Flow& flow = open_flow(tcp, server_end(packet), remote);
  if (opens && !named) {
    fresh_listener_.reset();
  }
  return &flow;
}

// The conversation of a packet that left; null: it can be none that the script means.
Flow* Player::flow_of(const Seen& seen, const PacketEvent& expected) {
  const bool tcp = std::holds_alternative<TcpFields>(seen.body);
  for (Flow& flow : flows_) {
    if (flow.is_tcp() == tcp && flow.local() == seen.source && flow.remote() == seen.destination) {
      return &flow;
    }
  }
  if (tcp && !is_first_syn(expected)) {
    return nullptr;
  }
  return &open_flow(tcp, seen.source, seen.destination);
}

// ---- expected packets -----------------------------------------------------------------------------------------------

std::optional<Seen> Player::next_packet(Instant end) {
  while (world_.tun.sent.empty()) {
    if (ended_ || world_.is_exhausted() || !step(end)) {
      return std::nullopt;
    }
  }
  Seen seen = std::move(world_.tun.sent.front());
  world_.tun.sent.pop_front();
  return seen;
}

Player::Stop Player::check_time(const Event& event, Instant at, const std::string& what) {
  if (event.time.kind == EventTime::Kind::any) {
    return std::nullopt;
  }
  const Instant first = start_of(event);
  const Instant last = first + (event.time.end - event.time.at);
  const Duration allowed = tolerance(first);
  if (at >= first - allowed && at <= last + allowed) {
    return std::nullopt;
  }
  const std::string range =
      last > first ? to_text(first.since_start()) + "~" + to_text(last.since_start()) : to_text(first.since_start());
  return failed(event, "time of an outbound packet", range + " " + what, to_text(at.since_start()) + " " + what);
}

Player::Stop Player::play_outbound(const Event& event, const PacketEvent& packet) {
  const Instant first = start_of(event);
  const Instant last = first + (event.time.end - event.time.at);
  const bool any = event.time.kind == EventTime::Kind::any;
  const Instant end = any ? world_.now() + kLongPatience : std::max(last, world_.now()) + tolerance(first) + kPatience;
  auto seen = next_packet(end);
  // As the original: what no socket sends (the answer to a ping, an ICMP error) is only looked at where it is expected.
  while (seen && !ended_ &&
         ((std::holds_alternative<IcmpFields>(seen->body) && !std::holds_alternative<IcmpFields>(packet.body)) ||
          is_afterword(*seen, packet))) {
    seen = next_packet(end);
  }
  if (ended_) {
    return ended_;
  }
  const std::string when = any ? "*" : to_text(first.since_start());
  if (!seen) {
    return failed(event, "no packet left", when + " " + to_text(packet),
                  "nothing by " + to_text(std::max(end, world_.now()).since_start()));
  }
  return compare_packet(event, packet, std::move(*seen));
}

bool Player::is_afterword(const Seen& seen, const PacketEvent& expected) {
  const auto* tcp = std::get_if<TcpFields>(&seen.body);
  const bool begins = tcp != nullptr && (tcp->flags & (TcpFlag::kSyn | TcpFlag::kAck)) == TcpFlag::kSyn;
  if (tcp == nullptr || begins || !calls_.was_closed({seen.source, seen.destination})) {
    return false;
  }
  if (is_first_syn(expected)) {
    return true;
  }
  const bool names = expected.source_port != 0 || expected.destination_port != 0;
  const bool current =
      current_ != nullptr && current_->local() == seen.source && current_->remote() == seen.destination;
  return !names && !current && current_ != nullptr;
}

Player::Stop Player::compare_packet(const Event& event, const PacketEvent& expected, Seen seen) {
  const Instant at = seen.at;
  const auto* wanted = std::get_if<TcpFields>(&expected.body);
  auto* tcp = std::get_if<TcpFields>(&seen.body);
  const bool any = event.time.kind == EventTime::Kind::any;
  if (!std::holds_alternative<IcmpFields>(seen.body)) {
    Flow* flow = flow_of(seen, expected);
    if (flow == nullptr) {
      return failed(event, "a packet of another connection", to_text(expected), shown(expected, seen));
    }
    if (wanted != nullptr && tcp != nullptr) {
      *tcp = flow->to_script(*tcp, *wanted);
      if (Stop stop = gather(event, expected, *flow, seen)) {
        return stop;
      }
      if (calls_.freebsd()) {
        tcp->window = window_like(wanted->window, tcp->window);
        acknowledgement_like(*wanted, *tcp);
      }
      if (calls_.freebsd() && (tcp->flags & TcpFlag::kSyn) != 0 && tcp->options && wanted->options) {
        tcp->options = in_order_of(*wanted->options, *tcp->options);
      }
    }
    current_ = flow;
  }
  const std::string when = any ? "*" : to_text(start_of(event).since_start());
  if (const std::string what = difference(expected, seen); !what.empty()) {
    return failed(event, what, when + " " + to_text(expected), to_text(at.since_start()) + " " + shown(expected, seen));
  }
  if (!seen.zeroes && !calls_.wrote_text() && wanted != nullptr) {
    return failed(event, "payload that nobody wrote", when + " " + to_text(expected),
                  to_text(at.since_start()) + " " + shown(expected, seen));
  }
  return check_time(event, at, to_text(expected));
}

// A script may write several segments as one, as a stack with segmentation offload sends them.
Player::Stop Player::gather(const Event& event, const PacketEvent& expected, Flow& flow, Seen& seen) {
  auto& whole = std::get<TcpFields>(seen.body);
  const auto& wanted = std::get<TcpFields>(expected.body);
  const std::uint32_t first_length = whole.length;
  while (first_length > 0 && whole.length < wanted.length && whole.seq == wanted.seq && seen.defect.empty()) {
    const auto next = next_packet(seen.at + tolerance(start_of(event)));
    const auto* more = next ? std::get_if<TcpFields>(&next->body) : nullptr;
    if (ended_) {
      return ended_;
    }
    if (more == nullptr || next->source != seen.source || next->destination != seen.destination) {
      break;
    }
    TcpFields piece = flow.to_script(*more, wanted);
    if (!glue(whole, first_length, piece)) {
      world_.tun.sent.push_front(*next);
      break;
    }
    seen.zeroes = seen.zeroes && next->zeroes;
    seen.defect = next->defect;
  }
  return std::nullopt;
}

}  // namespace catenet::packetdrill
