// SPDX-License-Identifier: Apache-2.0
// Fast Open at the host (RFC 7413): whose data with a SYN are taken, and what a client does with what it knows of a
// server. The defence (5): a listener takes data of so many connections only whose handshake has not ended, and one
// that was reset counts as such for another minute, so that nobody makes room by sending resets in its name.
#include <algorithm>

#include "catenet/transport/tcp/tcp.h"

namespace catenet::transport {
namespace {

constexpr Duration kResetCounts = Duration::seconds(60);
constexpr std::uint32_t kHeaderReserve = 40;  // options at their longest: boxes on the way may add to a SYN
constexpr unsigned kMaxPauseDoublings = 6;

}  // namespace

// --- what a socket says --------------------------------------------------------------------------------------------

const TcpFastOpenSettings& TcpPcb::fast_open() const {
  static constexpr TcpFastOpenSettings kNothing{};
  return fast_open_ != nullptr ? *fast_open_ : kNothing;
}

namespace {
TcpFastOpenSettings& made(std::unique_ptr<TcpFastOpenSettings>& settings) {
  if (settings == nullptr) {
    settings = std::make_unique<TcpFastOpenSettings>();
  }
  return *settings;
}
}  // namespace

void TcpPcb::set_fast_open_queue(std::uint32_t connections) {
  made(fast_open_).queue = std::min(connections, tcp_.limits_.backlog);
}

void TcpPcb::set_fast_open_keys(const FastOpenKeys& keys) { made(fast_open_).keys = keys; }

void TcpPcb::set_fast_open_without_cookie(bool on) { made(fast_open_).without_cookie = on; }

const FastOpenKeys& Tcp::fast_open_keys() {
  if (fast_open_keys_.empty()) {
    Rng rng = node_.random_stream("tcp-fast-open");
    FastOpenKeys::Key key;
    for (std::byte& b : key) {
      b = std::byte(rng.next() & 0xff);
    }
    fast_open_keys_ = FastOpenKeys(key);
  }
  return fast_open_keys_;
}

// --- the server ----------------------------------------------------------------------------------------------------

std::uint32_t Tcp::fast_open_queue(const TcpPcb& listener) const {
  const std::uint32_t own = listener.fast_open().queue;
  return own == 0 && policy_.fast_open.every_listener ? listener.listener_->backlog : own;
}

// RFC 7413 4.2: no cookie is asked for unless there is something to gain, and none is given unless it could be used.
Tcp::FastOpenAnswer Tcp::judge_fast_open(TcpPcb& listener, const TcpSegment& syn, std::uint32_t bytes,
                                         const wire::FourTuple& tuple) {
  const auto& presented = syn.options.fast_open;
  counters_.fast_open_requests += presented && presented->size == 0 ? 1 : 0;
  const std::uint32_t queue = fast_open_queue(listener);
  if (!policy_.fast_open.server || queue == 0 || syn.options.signature.is_there() || (bytes == 0 && !presented)) {
    return {};
  }
  TcpListener& queues = *listener.listener_;
  std::erase_if(queues.early_resets, [&](Instant until) { return until <= node_.now(); });
  if (queues.early.size() + queues.early_resets.size() >= queue) {
    ++counters_.fast_open_overflow;
    return {};
  }
  const TcpFastOpenSettings& settings = listener.fast_open();
  if (policy_.fast_open.server_without_cookie || settings.without_cookie) {
    return {true, {}};
  }
  if (!presented) {
    return {};
  }
  const FastOpenKeys& keys = settings.keys.empty() ? fast_open_keys() : settings.keys;
  FastOpenAnswer answer{false, keys.cookie(tuple, presented->experimental)};
  if (presented->size == 0) {
    return answer;
  }
  switch (keys.judge(tuple, *presented)) {
    case FastOpenKeys::Verdict::good:
      return {true, {}};
    case FastOpenKeys::Verdict::outdated:
      ++counters_.fast_open_passive_old;
      answer.accept = true;
      break;
    case FastOpenKeys::Verdict::wrong:
      ++counters_.fast_open_passive_fail;
      break;
  }
  return answer;
}

// A connection that waits for accept() before its handshake has ended. False: there was no room for it, and the packet
// is the caller's.
bool Tcp::open_early(TcpPcb& listener, Packet& packet, const TcpSegment& syn, const wire::FourTuple& tuple,
                     const TcbOrigin& from, const FastOpenAnswer& answer) {
  TcpPcb* child = make_child(listener, tuple, from);
  if (child == nullptr) {
    return false;
  }
  ++counters_.fast_open_passive;
  if (answer.cookie) {
    child->tcb_->set_fast_open(*answer.cookie);
  }
  child->tcb_->open_passive_early(syn, std::move(packet), node_.now());
  adopt(*child->tcb_);
  child->received_early_ = true;
  listener.listener_->early.push_back(child);
  const wire::FourTuple key = tuple;
  settle(*child, false);
  if (const TcpEntry* entry = table_.find(key); entry == child) {
    established(*child);
  }
  return true;
}

// The handshake has ended, or the connection has: it no longer counts against its listener, which may be gone.
void Tcp::end_early(TcpPcb& pcb) {
  pcb.received_early_ = false;
  for (const wire::FourTuple& key : listener_keys(pcb.tuple_)) {
    const TcpEntry* entry = table_.find(key);
    if (entry == nullptr) {
      continue;
    }
    for (TcpPcb* listener : static_cast<const TcpListenGroup*>(entry)->members()) {
      TcpListener& queues = *listener->listener_;
      if (std::erase(queues.early, &pcb) > 0 && pcb.tcb_->error() == ECONNRESET) {
        queues.early_resets.push_back(node_.now() + kResetCounts);
      }
    }
  }
}

// --- the client ----------------------------------------------------------------------------------------------------

Tcp::FastOpenOffer Tcp::offer_fast_open(const TcpPcb& pcb) {
  const Instant now = node_.now();
  const FastOpenCache::Server* server = fast_open_cache_.find(pcb.tuple_.foreign.address);
  FastOpenOffer offer;
  if (pcb.has_keys_ || now < fast_open_paused_until_ || (server != nullptr && now < server->paused_until)) {
    return offer;
  }
  const bool without_cookie = policy_.fast_open.client_without_cookie || pcb.fast_open().without_cookie;
  if (!without_cookie) {
    offer.option = server != nullptr ? server->cookie : wire::TcpFastOpen{};
  }
  if (without_cookie || offer.option->size > 0) {
    std::uint32_t segment = std::min<std::uint32_t>(origin(pcb.tuple_).max_segment, pcb.config_->max_mss);
    if (server != nullptr && server->mss != 0) {
      segment = std::min<std::uint32_t>(segment, server->mss);
    }
    offer.room = segment - std::min(segment, kHeaderReserve);
  }
  return offer;
}

Result<std::size_t> TcpPcb::connect_with(const wire::Endpoint& foreign, std::span<const std::byte> bytes) {
  if (!tcp_.policy_.fast_open.client) {
    return fail(EOPNOTSUPP, "Fast Open is off");
  }
  if (const Result<void> prepared = tcp_.prepare(*this, foreign); !prepared) {
    return std::unexpected(prepared.error());
  }
  return tcp_.start_early(*this, bytes);
}

Result<bool> TcpPcb::connect_later(const wire::Endpoint& foreign) {
  if (!tcp_.policy_.fast_open.client) {
    return fail(EOPNOTSUPP, "Fast Open is off");
  }
  if (const Result<void> prepared = tcp_.prepare(*this, foreign); !prepared) {
    return std::unexpected(prepared.error());
  }
  deferred_ = tcp_.offer_fast_open(*this).room > 0;
  if (!deferred_) {
    (void)tcp_.start_early(*this, {});
  }
  return deferred_;
}

// The SYN, with as many of the bytes as may go with it.
std::size_t Tcp::start_early(TcpPcb& pcb, std::span<const std::byte> bytes) {
  pcb.deferred_ = false;
  const FastOpenOffer offer = offer_fast_open(pcb);
  const std::size_t taken = bytes.empty() || offer.room == 0
                                ? 0
                                : pcb.tcb_->preload(bytes.first(std::min<std::size_t>(bytes.size(), offer.room)));
  if (offer.option) {
    pcb.tcb_->set_fast_open(*offer.option);
  }
  pcb.asked_for_cookie_ = offer.option.has_value();
  pcb.sent_early_ = taken > 0;
  pcb.tcb_->open_active(node_.now());
  settle(pcb, false);
  return taken;
}

// RFC 7413 4.1.3: the server's cookie and segment size, and how our data fared.
void Tcp::learn_fast_open(TcpPcb& pcb, const TcpSegment& syn_ack) {
  const wire::IpAddress& peer = pcb.tuple_.foreign.address;
  const Tcb& tcb = *pcb.tcb_;
  const auto& given = syn_ack.options.fast_open;
  FastOpenCache::Server& server = fast_open_cache_.learn(peer);
  server.mss = syn_ack.options.mss.value_or(default_mss(pcb.tuple_.foreign.address));
  if (tcb.syn_data_taken()) {
    ++counters_.fast_open_active;
    server.losses = 0;
    fast_open_pauses_ = 0;
  } else if (pcb.sent_early_) {
    ++counters_.fast_open_active_fail;
  }
  if (!pcb.asked_for_cookie_) {
    return;  // one that comes unasked is not believed
  }
  if (given && given->size > 0) {
    server.cookie = *given;
    server.losses = 0;
  } else if (tcb.statistics().retransmits > 0) {
    if (pcb.sent_early_ && !tcb.syn_data_taken()) {
      fast_open_cache_.note_loss(peer, node_.now());
    }
  } else if (policy_.fast_open.refusal_pause > Duration{}) {
    if (!tcb.syn_data_taken()) {
      server.paused_until = node_.now() + policy_.fast_open.refusal_pause;
    }
  } else if (!pcb.sent_early_ && server.cookie.size == 0) {
    // It does not know this form of the option: the other one is tried once (RFC 7413 appendix, Linux).
    server.cookie.experimental = !server.tried_experimental;
    server.tried_experimental = true;
  }
}

// A second timeout in a row: perhaps the network swallows what has anything to do with Fast Open.
void Tcp::note_early_timeout(TcpPcb& pcb) {
  constexpr unsigned kSuspicious = 2;
  if (policy_.fast_open.black_hole_pause <= Duration{} || pcb.tcb_->retries() != kSuspicious) {
    return;
  }
  ++counters_.fast_open_black_holes;
  const unsigned doublings = std::min(fast_open_pauses_++, kMaxPauseDoublings);
  fast_open_paused_until_ = node_.now() + policy_.fast_open.black_hole_pause * (std::int64_t{1} << doublings);
}

}  // namespace catenet::transport
