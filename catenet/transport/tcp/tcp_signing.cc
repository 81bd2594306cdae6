// SPDX-License-Identifier: Apache-2.0
// Signed segments at the host (RFC 2385, RFC 5925): whose keys a segment is judged by, and what a socket may say about
// its keys. What a signature is, and what is wrong with one: tcp_authentication.h.
#include <utility>

#include "catenet/transport/tcp/tcp.h"

namespace catenet::transport {

// --- in ------------------------------------------------------------------------------------------------------------

TcpAuthentication& Tcp::authentication() {
  if (authentication_ == nullptr) {
    authentication_ = std::make_unique<TcpAuthentication>();
  }
  return *authentication_;
}

const TcpSignatureCounters& Tcp::signature_counters() const {
  static constexpr TcpSignatureCounters kNothing{};
  return authentication_ != nullptr ? authentication_->counters() : kNothing;
}

// What the sender made its traffic key of. A listener knows nothing of its peer but what the segment says: an ACK that
// comes to it must be the handshake's last (a cookie's).
TcpIsns Tcp::isns_for(const TcpSegment& segment, const TcpEntry* entry) {
  if (segment.syn() && !segment.has_ack()) {
    return {.foreign = segment.seq};
  }
  if (entry == nullptr) {
    return {segment.ack - 1, segment.seq - 1};
  }
  if (entry->entry_kind() == TcpEntry::Kind::request) {
    const auto& request = *static_cast<const TcpRequest*>(entry);
    return {request.iss_, request.irs_};
  }
  if (entry->entry_kind() == TcpEntry::Kind::connection) {
    const Tcb& tcb = *static_cast<const TcpPcb*>(entry)->tcb_;
    return {tcb.iss(), tcb.state() == TcpState::syn_sent ? segment.seq : tcb.irs()};
  }
  const TcpKeys* keys = authentication().find(*entry);
  return keys != nullptr ? keys->isns() : TcpIsns{};
}

// False: the segment is not to be believed, and is gone. `packet`: front is its TCP header.
bool Tcp::authenticate(Packet& packet, TcpSegment& segment, const wire::FourTuple& tuple, TcpEntry* entry,
                       TcpPcb* listener) {
  using Kind = wire::TcpSignature::Kind;
  const wire::TcpSignature& signature = segment.options.signature;
  const TcpEntry* judge = entry != nullptr ? entry : listener;
  const bool nobody = judge == nullptr;
  if (nobody && signature.is_there()) {
    // As Linux: the end that has lost the connection may be the one that once listened on the sender's port.
    judge = find_listener({{tuple.local.address, tuple.foreign.port}, tuple.foreign});
  } else if (entry != nullptr && entry->entry_kind() == TcpEntry::Kind::request) {
    judge = &static_cast<TcpRequest*>(entry)->listener_;
  } else if (entry != nullptr && entry->entry_kind() == TcpEntry::Kind::time_wait && segment.syn() &&
             !segment.has_ack()) {
    const TcpPcb* next = find_listener(tuple);  // whose connection it would begin
    judge = next != nullptr ? next : judge;
  }
  TcpAuthentication& authentication = this->authentication();
  TcpKeys* keys = judge != nullptr ? authentication.find(*judge) : nullptr;
  if (nobody && signature.is_there() && keys == nullptr) {
    refuse(std::move(packet), DropReason::tcp_no_connection);  // a reset without a signature would not be believed
    return false;
  }
  const bool own = entry != nullptr && judge == entry && (!segment.syn() || segment.has_ack());
  const auto wrong = authentication.check(
      keys,
      {.packet = packet, .segment = segment, .tuple = tuple, .isns = isns_for(segment, entry), .is_connected = own});
  if (wrong) {
    refuse(std::move(packet), *wrong);
    return false;
  }
  const bool connection = entry != nullptr && entry->entry_kind() == TcpEntry::Kind::connection;
  if (signature.kind == Kind::md5 && segment.syn() && (connection || segment.options.sack_permitted)) {
    segment.options.timestamps.reset();  // as Linux: next to this signature they would leave no room for SACK
  }
  if (signature.kind == Kind::ao && connection) {
    keys_changed(static_cast<TcpPcb&>(*entry));  // the peer may have asked for another key
  }
  return true;
}

// RFC 5925 7.8: anybody can send an ICMP error.
bool Tcp::distrusts_errors(const TcpPcb& pcb) {
  TcpKeys* keys = pcb.has_keys_ ? authentication_->find(pcb) : nullptr;
  if (keys == nullptr || !keys->has_ao_for(pcb.tuple_.foreign.address)) {
    return false;
  }
  ++authentication_->counters().ao_dropped_icmps;
  ++keys->state().counters.ao_dropped_icmps;
  return true;
}

// --- out -----------------------------------------------------------------------------------------------------------

void Tcp::sign(const TcpPcb& pcb, Packet& packet) {
  const Tcb& tcb = *pcb.tcb_;
  authentication_->sign(*authentication_->find(pcb), packet, pcb.tuple_, {tcb.iss(), tcb.irs()}, nullptr);
}

wire::TcpSignature Tcp::signature_of(const TcpTimeWait& row) {
  return row.has_keys_ ? authentication_->format(*authentication_->find(row), row.tuple().foreign.address, nullptr)
                       : wire::TcpSignature{};
}

void Tcp::sign(const TcpTimeWait& row, Packet& packet) {
  if (row.has_keys_) {
    TcpKeys& keys = *authentication_->find(row);
    authentication_->sign(keys, packet, row.tuple(), keys.isns(), nullptr);
  }
}

// A connection that came to a listener with keys; its first segments were answered by these ids.
void Tcp::begin_signing(TcpPcb& pcb, const TcpPcb& listener, const TcpAoIds& ids) {
  if (!listener.has_keys_) {
    return;
  }
  const wire::IpAddress& peer = pcb.tuple_.foreign.address;
  TcpKeys mine = authentication_->find(listener)->for_peer(peer);
  if (mine.empty()) {
    return;
  }
  const wire::TcpSignature form = authentication_->format(mine, peer, &ids);
  if (form.kind == wire::TcpSignature::Kind::ao) {
    mine.state().current = form.key_id;
    mine.state().next = form.next_key_id;
  }
  authentication_->make(pcb) = std::move(mine);
  pcb.has_keys_ = true;
  pcb.tcb_->set_signature(form);
}

void Tcp::keys_changed(TcpPcb& pcb) {
  if (pcb.tcb_ != nullptr && pcb.has_keys_) {
    TcpKeys& keys = *authentication_->find(pcb);
    pcb.tcb_->set_signature(authentication_->format(keys, pcb.tuple_.foreign.address, nullptr));
  }
}

// --- what a socket says --------------------------------------------------------------------------------------------

Result<TcpKeys*> Tcp::keys_to_change(TcpPcb& pcb, bool ao) {
  if (make_digest_ == nullptr) {
    return fail(ENOPROTOOPT, "the host has no hash functions");
  }
  if (!authentication().has_digest()) {
    authentication().set_digest(make_digest_());
  }
  TcpKeys* keys = pcb.has_keys_ ? authentication().find(pcb) : nullptr;
  if (ao && pcb.tcb_ != nullptr && (keys == nullptr || !keys->has_ao_for(pcb.tuple_.foreign.address))) {
    return fail(EISCONN, "the connection has begun without TCP-AO");
  }
  if (keys == nullptr) {
    keys = &authentication().make(pcb);
    pcb.has_keys_ = true;
  }
  return keys;
}

Result<void> TcpPcb::set_md5_key(const wire::IpPrefix& peer, std::span<const std::byte> key) {
  const auto keys = tcp_.keys_to_change(*this, false);
  if (!keys) {
    return std::unexpected(keys.error());
  }
  const Result<void> done = (*keys)->set_md5(peer, key);
  tcp_.keys_changed(*this);
  return done;
}

Result<void> TcpPcb::add_ao_key(const TcpAoKey& key) {
  const auto keys = tcp_.keys_to_change(*this, true);
  if (!keys) {
    return std::unexpected(keys.error());
  }
  const Result<void> done = (*keys)->add_ao(key);
  tcp_.keys_changed(*this);
  return done;
}

Result<void> TcpPcb::remove_ao_key(const wire::IpPrefix& peer, std::uint8_t send_id, std::uint8_t receive_id) {
  const auto keys = tcp_.keys_to_change(*this, true);
  if (!keys) {
    return std::unexpected(keys.error());
  }
  const Result<void> done = (*keys)->remove_ao(peer, send_id, receive_id);
  tcp_.keys_changed(*this);
  return done;
}

Result<void> TcpPcb::choose_ao_keys(std::optional<std::uint8_t> current_send_id,
                                    std::optional<std::uint8_t> next_receive_id, std::optional<bool> required) {
  const auto keys = tcp_.keys_to_change(*this, true);
  if (!keys) {
    return std::unexpected(keys.error());
  }
  const auto& rows = (*keys)->ao();
  const auto sends = [&](const TcpKeys::AoRow& row) { return row.key.send_id == current_send_id; };
  const auto receives = [&](const TcpKeys::AoRow& row) { return row.key.receive_id == next_receive_id; };
  if ((current_send_id && std::ranges::none_of(rows, sends)) ||
      (next_receive_id && std::ranges::none_of(rows, receives))) {
    return fail(ENOENT, "no such key");
  }
  TcpAoState& state = (*keys)->state();
  state.current = current_send_id ? current_send_id : state.current;
  state.next = next_receive_id ? next_receive_id : state.next;
  state.required = required.value_or(state.required);
  tcp_.keys_changed(*this);
  return {};
}

const TcpKeys* TcpPcb::keys() const { return has_keys_ ? tcp_.authentication_->find(*this) : nullptr; }

void TcpPcb::take_keys(const TcpPcb& from) {
  if (const TcpKeys* keys = from.keys()) {
    tcp_.authentication_->make(*this) = *keys;
    has_keys_ = true;
  }
}

}  // namespace catenet::transport
