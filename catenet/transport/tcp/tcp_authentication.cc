// SPDX-License-Identifier: Apache-2.0
#include "catenet/transport/tcp/tcp_authentication.h"

namespace catenet::transport {
namespace {

using wire::TcpFlag;
using wire::TcpSignature;

bool begins(const wire::TcpHeader& header) { return (header.flags & (TcpFlag::kSyn | TcpFlag::kAck)) == TcpFlag::kSyn; }

bool overlap(const wire::IpPrefix& a, const wire::IpPrefix& b) { return a.contains(b) || b.contains(a); }

}  // namespace

// --- the keys of a socket ------------------------------------------------------------------------------------------

Result<void> TcpKeys::set_md5(const wire::IpPrefix& peer, std::span<const std::byte> key) {
  const wire::IpPrefix network = peer.canonical();
  const auto found = std::ranges::find(md5_, network, &TcpMd5Key::peer);
  if (key.size() > TcpSecret::kMaxSize) {
    return fail(EINVAL, "a key that is too long");
  }
  if (key.empty()) {
    if (found == md5_.end()) {
      return fail(ENOENT, "no such key");
    }
    md5_.erase(found);
    return {};
  }
  // Linux keeps the two apart: a peer signs in one way.
  if (std::ranges::any_of(ao_, [&](const AoRow& row) { return overlap(row.key.peer, network); })) {
    return fail(EKEYREJECTED, "a key of TCP-AO is there for this peer");
  }
  if (found != md5_.end()) {
    found->secret = TcpSecret(key);
  } else {
    md5_.push_back({network, TcpSecret(key)});
  }
  return {};
}

Result<void> TcpKeys::add_ao(const TcpAoKey& key) {
  const wire::IpPrefix network = key.peer.canonical();
  if (key.secret.size == 0 || key.mac_size == 0 || key.mac_size > TcpSignature::kMaxAoMac) {
    return fail(EINVAL, "a key of no bytes, or a signature of a size that cannot be");
  }
  if (std::ranges::any_of(md5_, [&](const TcpMd5Key& md5) { return overlap(md5.peer, network); })) {
    return fail(EKEYREJECTED, "an MD5 key is there for this peer");
  }
  for (const AoRow& row : ao_) {  // RFC 5925 3.1: ids must tell the keys of a connection apart
    if (overlap(row.key.peer, network) && (row.key.send_id == key.send_id || row.key.receive_id == key.receive_id)) {
      return fail(EEXIST, "another key has this id");
    }
  }
  ao_.push_back({.key = key});
  ao_.back().key.peer = network;
  connected_ = false;  // traffic keys are made anew
  return {};
}

Result<void> TcpKeys::remove_ao(const wire::IpPrefix& peer, std::uint8_t send_id, std::uint8_t receive_id) {
  const auto found = std::ranges::find_if(ao_, [&](const AoRow& row) {
    return row.key.peer == peer.canonical() && row.key.send_id == send_id && row.key.receive_id == receive_id;
  });
  if (found == ao_.end()) {
    return fail(ENOENT, "no such key");
  }
  if (state_.current == send_id || state_.next == receive_id) {
    return fail(EBUSY, "the key is in use");
  }
  ao_.erase(found);
  return {};
}

const TcpSecret* TcpKeys::md5_for(const wire::IpAddress& peer) const {
  const TcpMd5Key* best = nullptr;
  for (const TcpMd5Key& key : md5_) {
    if (key.peer.contains(peer) && (best == nullptr || key.peer.length() > best->peer.length())) {
      best = &key;
    }
  }
  return best != nullptr ? &best->secret : nullptr;
}

template <typename F>
TcpKeys::AoRow* TcpKeys::find_ao(const wire::IpAddress& peer, F&& wanted) {
  AoRow* best = nullptr;
  for (AoRow& row : ao_) {
    if (row.key.peer.contains(peer) && wanted(row.key) &&
        (best == nullptr || row.key.peer.length() > best->key.peer.length())) {
      best = &row;
    }
  }
  return best;
}

bool TcpKeys::has_ao_for(const wire::IpAddress& peer) const {
  return std::ranges::any_of(ao_, [&](const AoRow& row) { return row.key.peer.contains(peer); });
}

TcpKeys TcpKeys::for_peer(const wire::IpAddress& peer) const {
  TcpKeys mine;
  if (const TcpSecret* secret = md5_for(peer)) {
    mine.md5_.push_back({wire::IpPrefix::host(peer).canonical(), *secret});
  }
  for (const AoRow& row : ao_) {
    if (row.key.peer.contains(peer)) {
      mine.ao_.push_back({.key = row.key});
    }
  }
  mine.state_.required = state_.required;
  return mine;
}

// --- whose keys ----------------------------------------------------------------------------------------------------

TcpKeys* TcpAuthentication::find(const TcpEntry& owner) {
  const auto found = keys_.find(&owner);
  return found != keys_.end() ? &found->second : nullptr;
}

void TcpAuthentication::forget(const TcpEntry& owner) {
  if (answering_ != nullptr && answering_ == find(owner)) {
    answering_ = nullptr;
  }
  keys_.erase(&owner);
}

void TcpAuthentication::count(TcpKeys* keys, std::uint64_t TcpSignatureCounters::* what) {
  ++(counters_.*what);
  if (keys != nullptr) {
    ++(keys->state().counters.*what);
  }
}

// --- in ------------------------------------------------------------------------------------------------------------

std::optional<DropReason> TcpAuthentication::check(TcpKeys* keys, const Arrival& arrival) {
  answering_ = nullptr;
  const wire::IpAddress& peer = arrival.tuple.foreign.address;
  std::optional<DropReason> wrong;
  switch (arrival.segment.options.signature.kind) {
    case TcpSignature::Kind::none:
      if (keys != nullptr && (keys->state().required || keys->has_ao_for(peer))) {
        count(keys, &TcpSignatureCounters::ao_required);
        return DropReason::tcp_ao_required;
      }
      if (keys != nullptr && keys->md5_for(peer) != nullptr) {
        count(keys, &TcpSignatureCounters::md5_not_found);
        return DropReason::tcp_md5_not_found;
      }
      return {};
    case TcpSignature::Kind::several:
      return DropReason::bad_tcp_option;
    case TcpSignature::Kind::md5:
      wrong = check_md5(keys, arrival);
      break;
    case TcpSignature::Kind::ao:
      wrong = check_ao(keys, arrival);
      break;
  }
  if (!wrong) {
    answering_ = keys;
    answering_isns_ = arrival.isns;
    answering_peer_ = peer;
    answering_ids_ = TcpAoIds(arrival.segment.options.signature);
  }
  return wrong;
}

std::optional<DropReason> TcpAuthentication::check_md5(const TcpKeys* keys, const Arrival& arrival) {
  const TcpSecret* secret = keys != nullptr ? keys->md5_for(arrival.tuple.foreign.address) : nullptr;
  if (secret == nullptr) {
    ++counters_.md5_unexpected;
    return DropReason::tcp_md5_unexpected;
  }
  const auto right = md5_signature(*digest_, {arrival.tuple.foreign, arrival.tuple.local}, arrival.packet, *secret);
  const auto there = arrival.packet.head().subspan(wire::kTcpHeaderSize + arrival.segment.options.signature.mac_at,
                                                   TcpSignature::kMd5Mac);
  if (!same_signature(std::span(right).first(TcpSignature::kMd5Mac), there)) {
    ++counters_.md5_failure;
    return DropReason::tcp_md5_failure;
  }
  return {};
}

std::optional<DropReason> TcpAuthentication::check_ao(TcpKeys* keys, const Arrival& arrival) {
  const TcpSignature& signature = arrival.segment.options.signature;
  const wire::IpAddress& peer = arrival.tuple.foreign.address;
  TcpKeys::AoRow* row =
      keys != nullptr ? keys->find_ao(peer, [&](const TcpAoKey& key) { return key.receive_id == signature.key_id; })
                      : nullptr;
  if (row == nullptr) {
    count(keys, &TcpSignatureCounters::ao_key_not_found);
    return DropReason::tcp_ao_key_not_found;
  }
  if (arrival.is_connected) {
    connect(*keys, arrival.isns);
  }
  const std::uint64_t reference = arrival.is_connected ? keys->received_ : arrival.isns.foreign;
  const std::uint64_t seq = extended_sequence(reference, arrival.segment.seq);
  const TcpAoInput input{row->key.algorithm, row->key.covers_options, static_cast<std::uint32_t>(seq >> 32),
                         wire::kTcpHeaderSize + signature.mac_at, signature.mac_size};
  bool good = signature.mac_size == row->key.mac_size;
  if (good) {
    const auto right = ao_signature(*digest_, {arrival.tuple.foreign, arrival.tuple.local}, arrival.packet, input,
                                    traffic_key(*keys, *row, arrival.tuple, arrival.isns, false));
    good = same_signature(std::span(right).first(signature.mac_size),
                          arrival.packet.head().subspan(input.mac_at, signature.mac_size));
  }
  if (!good) {
    ++row->bad;
    count(keys, &TcpSignatureCounters::ao_bad);
    return DropReason::tcp_ao_bad;
  }
  ++row->good;
  count(keys, &TcpSignatureCounters::ao_good);
  if (arrival.is_connected) {
    keys->received_ = std::max(keys->received_, seq);
    // RFC 5925 7.5 2.f: the peer is ready for another key, and asks us to use it.
    if (keys->state_.current != signature.next_key_id &&
        keys->find_ao(peer, [&](const TcpAoKey& key) { return key.send_id == signature.next_key_id; }) != nullptr) {
      keys->state_.current = signature.next_key_id;
    }
  }
  return {};
}

// --- out -----------------------------------------------------------------------------------------------------------

void TcpAuthentication::connect(TcpKeys& keys, const TcpIsns& isns) {
  if (keys.connected_ && keys.isns_ == isns) {
    return;
  }
  if (keys.isns_ != isns || (keys.sent_ == 0 && keys.received_ == 0)) {
    keys.sent_ = isns.local;
    keys.received_ = isns.foreign;
  }
  keys.isns_ = isns;
  keys.connected_ = true;
  for (TcpKeys::AoRow& row : keys.ao_) {
    row.send.size = row.receive.size = 0;
  }
}

// RFC 5925 5.2. A connection keeps its traffic keys.
TcpTrafficKey TcpAuthentication::traffic_key(const TcpKeys& keys, TcpKeys::AoRow& row, const wire::FourTuple& tuple,
                                             const TcpIsns& isns, bool outgoing) const {
  const bool keep = keys.connected_ && keys.isns_ == isns;
  TcpTrafficKey& kept = outgoing ? row.send : row.receive;
  if (keep && kept.size > 0) {
    return kept;
  }
  const TcpDirection way =
      outgoing ? TcpDirection{tuple.local, tuple.foreign} : TcpDirection{tuple.foreign, tuple.local};
  const TcpTrafficKey made = ao_traffic_key(*digest_, row.key.algorithm, row.key.secret, way,
                                            outgoing ? isns.local : isns.foreign, outgoing ? isns.foreign : isns.local);
  if (keep) {
    kept = made;
  }
  return made;
}

// An answer goes with the key that its peer asks for, or else with the one that it used (RFC 5925 7.4, 7.5).
TcpKeys::AoRow* TcpAuthentication::sending_row(TcpKeys& keys, const wire::IpAddress& peer, const TcpAoIds* ids) {
  if (ids != nullptr) {
    TcpKeys::AoRow* row = keys.find_ao(peer, [&](const TcpAoKey& key) { return key.send_id == ids->next_key_id; });
    return row != nullptr ? row
                          : keys.find_ao(peer, [&](const TcpAoKey& key) { return key.receive_id == ids->key_id; });
  }
  TcpKeys::AoRow* row =
      keys.state_.current ? keys.find_ao(peer, [&](const TcpAoKey& key) { return key.send_id == keys.state_.current; })
                          : nullptr;
  if (row == nullptr) {
    row = keys.find_ao(peer, [](const TcpAoKey&) { return true; });
    if (row != nullptr) {
      keys.state_.current = row->key.send_id;
    }
  }
  return row;
}

TcpSignature TcpAuthentication::format(TcpKeys& keys, const wire::IpAddress& peer, const TcpAoIds* ids) {
  if (const TcpKeys::AoRow* row = sending_row(keys, peer, ids)) {
    const std::uint8_t next = ids != nullptr ? ids->key_id : keys.state_.next.value_or(row->key.receive_id);
    return {TcpSignature::Kind::ao, row->key.mac_size, row->key.send_id, next};
  }
  if (keys.md5_for(peer) != nullptr) {
    return {TcpSignature::Kind::md5, TcpSignature::kMd5Mac};
  }
  return {};
}

void TcpAuthentication::sign(TcpKeys& keys, Packet& packet, const wire::FourTuple& tuple, const TcpIsns& isns,
                             const TcpAoIds* ids) {
  const TcpSignature form = format(keys, tuple.foreign.address, ids);
  if (!form.is_there()) {
    return;
  }
  const std::span<std::byte> head = packet.head();
  const auto& header = packet.header<wire::TcpHeader>();
  catenet::check(header.header_size() >= wire::kTcpHeaderSize + form.size(), "the header has room for the signature");
  const std::span<std::byte> mac = head.subspan(TcpSignature::kMacInHeader, form.mac_size);
  const TcpDirection way{tuple.local, tuple.foreign};
  if (form.kind == TcpSignature::Kind::md5) {
    const auto made = md5_signature(*digest_, way, packet, *keys.md5_for(tuple.foreign.address));
    std::copy_n(made.begin(), mac.size(), mac.begin());
    return;
  }
  // The key may be another one than when the room was left; all have signatures of one size, or it would not fit.
  wire::store8(head, wire::kTcpHeaderSize + 2, form.key_id);
  wire::store8(head, wire::kTcpHeaderSize + 3, form.next_key_id);
  TcpKeys::AoRow& row = *sending_row(keys, tuple.foreign.address, ids);
  const TcpIsns numbers = begins(header) ? TcpIsns{isns.local, 0} : isns;
  const bool own = ids == nullptr && !begins(header);
  if (own) {
    connect(keys, numbers);
  }
  const std::uint64_t seq = extended_sequence(own ? keys.sent_ : isns.local, header.seq);
  if (own) {
    keys.sent_ = std::max(keys.sent_, seq);
  }
  const TcpAoInput input{row.key.algorithm, row.key.covers_options, static_cast<std::uint32_t>(seq >> 32),
                         TcpSignature::kMacInHeader, form.mac_size};
  const auto made = ao_signature(*digest_, way, packet, input, traffic_key(keys, row, tuple, numbers, true));
  std::copy_n(made.begin(), mac.size(), mac.begin());
}

TcpSignature TcpAuthentication::answer_format() {
  return answering_ != nullptr && !answering_->empty() ? format(*answering_, answering_peer_, &answering_ids_)
                                                       : TcpSignature{};
}

void TcpAuthentication::sign_answer(Packet& packet, const wire::FourTuple& tuple) {
  if (answering_ != nullptr) {
    sign(*answering_, packet, tuple, answering_isns_, &answering_ids_);
  }
}

}  // namespace catenet::transport
