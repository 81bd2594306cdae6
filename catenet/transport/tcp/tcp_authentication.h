// SPDX-License-Identifier: Apache-2.0
// TcpAuthentication: which sockets of a host sign their segments, with which keys, and what is wrong with a segment
// that arrives. By MD5 (RFC 2385) or by TCP-AO (RFC 5925). A host has none of this until a socket is given its first
// key; while one has, each segment that arrives costs a look-up of its socket's keys.
//
// Keys are a socket's, each for the peers of a prefix; the longest prefix counts. A listener's are inherited by the
// connections that come to it, those that match their peer. A connection with a key for its peer signs every segment
// and drops every one that is not signed, or signed wrongly; one without drops those that are signed (as Linux does:
// names of counters and reasons are its own).
//
// A Tcb only leaves room in its headers (Tcb::set_signature); it is filled here, on the way out.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "catenet/base/result.h"
#include "catenet/net/drop_reason.h"
#include "catenet/transport/tcp/tcb_types.h"
#include "catenet/transport/tcp/tcp_entry.h"
#include "catenet/transport/tcp/tcp_signature.h"
#include "catenet/wire/prefix.h"

namespace catenet::transport {

// X(identifier, "name", "what it counts")
#define CATENET_TCP_SIGNATURE_COUNTERS(X)                                                             \
  X(md5_not_found, "TcpExtTCPMD5NotFound", "segments without the MD5 signature that they must have")  \
  X(md5_unexpected, "TcpExtTCPMD5Unexpected", "segments with an MD5 signature that nobody asked for") \
  X(md5_failure, "TcpExtTCPMD5Failure", "segments whose MD5 signature is wrong")                      \
  X(ao_required, "TcpExtTCPAORequired", "segments without the TCP-AO signature that they must have")  \
  X(ao_bad, "TcpExtTCPAOBad", "segments whose TCP-AO signature is wrong")                             \
  X(ao_key_not_found, "TcpExtTCPAOKeyNotFound", "segments signed with a TCP-AO key that is not ours") \
  X(ao_good, "TcpExtTCPAOGood", "segments whose TCP-AO signature is right")                           \
  X(ao_dropped_icmps, "TcpExtTCPAODroppedIcmps", "ICMP errors that a connection with TCP-AO did not heed")

struct TcpSignatureCounters {
#define CATENET_X(id, name, text) std::uint64_t id = 0;
  CATENET_TCP_SIGNATURE_COUNTERS(CATENET_X)
#undef CATENET_X
};

struct TcpMd5Key {
  wire::IpPrefix peer;
  TcpSecret secret;
};

/// A master key tuple (RFC 5925 3.1).
struct TcpAoKey {
  wire::IpPrefix peer;
  TcpAoAlgorithm algorithm = TcpAoAlgorithm::hmac_sha1_96;
  std::uint8_t send_id = 0;     ///< KeyID of what we send
  std::uint8_t receive_id = 0;  ///< KeyID of what comes
  std::uint8_t mac_size = 12;   ///< 1 to 16 bytes
  bool covers_options = true;   ///< the TCP options beside TCP-AO are signed too
  TcpSecret secret;
};

/// What a socket says about TCP-AO, and how it fared (TCP_AO_INFO).
struct TcpAoState {
  std::optional<std::uint8_t> current;  ///< send_id of the key that signs
  std::optional<std::uint8_t> next;     ///< receive_id of the key that the peer is asked to use (RNextKeyID)
  bool required = false;                ///< also from peers for whom there is no key
  TcpSignatureCounters counters;
};

/// The initial sequence numbers of a connection, which traffic keys are made of. 0: of a SYN's destination.
struct TcpIsns {
  std::uint32_t local = 0;
  std::uint32_t foreign = 0;
  bool operator==(const TcpIsns&) const = default;
};

/// The key ids that a peer's segment carries.
struct TcpAoIds {
  std::uint8_t key_id = 0;
  std::uint8_t next_key_id = 0;
  explicit TcpAoIds(const wire::TcpSignature& s) : key_id(s.key_id), next_key_id(s.next_key_id) {}
  TcpAoIds(std::uint8_t key, std::uint8_t next) : key_id(key), next_key_id(next) {}
};

/// The keys of one socket or connection.
class TcpKeys {
 public:
  struct AoRow {
    TcpAoKey key;
    std::uint64_t good = 0;
    std::uint64_t bad = 0;
    TcpTrafficKey send{};  ///< of the connection, once its numbers are known
    TcpTrafficKey receive{};
  };

  /// Of no bytes: takes it away; ENOENT if there is none.
  Result<void> set_md5(const wire::IpPrefix& peer, std::span<const std::byte> key);
  /// EEXIST if a key for some of these peers has one of its ids.
  Result<void> add_ao(const TcpAoKey& key);
  /// ENOENT; EBUSY if it is the current or the next one.
  Result<void> remove_ao(const wire::IpPrefix& peer, std::uint8_t send_id, std::uint8_t receive_id);
  [[nodiscard]] const TcpSecret* md5_for(const wire::IpAddress& peer) const;
  [[nodiscard]] bool has_ao_for(const wire::IpAddress& peer) const;
  [[nodiscard]] bool has_ao() const { return !ao_.empty() || state_.required; }
  [[nodiscard]] bool empty() const { return md5_.empty() && !has_ao(); }
  [[nodiscard]] const std::vector<AoRow>& ao() const { return ao_; }
  [[nodiscard]] const std::vector<TcpMd5Key>& md5() const { return md5_; }
  [[nodiscard]] const TcpAoState& state() const { return state_; }
  [[nodiscard]] TcpAoState& state() { return state_; }
  /// Those that mean this peer, for a connection with it.
  [[nodiscard]] TcpKeys for_peer(const wire::IpAddress& peer) const;
  [[nodiscard]] const TcpIsns& isns() const { return isns_; }

 private:
  friend class TcpAuthentication;
  template <typename F>
  AoRow* find_ao(const wire::IpAddress& peer, F&& wanted);

  std::vector<TcpMd5Key> md5_;
  std::vector<AoRow> ao_;
  TcpAoState state_;
  // Of a connection: what the traffic keys were made of, and how far its numbers have come, in 64 bits, whose upper
  // half is the sequence number extension (RFC 5925 6.2).
  bool connected_ = false;
  TcpIsns isns_;
  std::uint64_t sent_ = 0;
  std::uint64_t received_ = 0;
};

class TcpAuthentication {
 public:
  /// Before the first key. Without there are only signed segments that nobody wants.
  void set_digest(std::unique_ptr<SegmentDigest> digest) { digest_ = std::move(digest); }
  /// Somebody has keys.
  [[nodiscard]] bool is_in_use() const { return !keys_.empty(); }
  [[nodiscard]] bool has_digest() const { return digest_ != nullptr; }

  // --- whose keys --------------------------------------------------------------------------------------------------
  [[nodiscard]] TcpKeys* find(const TcpEntry& owner);
  TcpKeys& make(const TcpEntry& owner) { return keys_[&owner]; }
  void forget(const TcpEntry& owner);

  // --- in ----------------------------------------------------------------------------------------------------------
  struct Arrival {
    const Packet& packet;  ///< front: the TCP header
    const TcpSegment& segment;
    const wire::FourTuple& tuple;
    TcpIsns isns;
    bool is_connected = false;  ///< it belongs to the keys' own connection
  };
  /// Why the segment is to be dropped; none: it is as it must be. `keys`: of whom it is for, or null.
  [[nodiscard]] std::optional<DropReason> check(TcpKeys* keys, const Arrival& arrival);
  /// The segment at hand was signed, and its answer (a reset) is signed likewise.
  [[nodiscard]] wire::TcpSignature answer_format();
  void sign_answer(Packet& packet, const wire::FourTuple& tuple);

  // --- out ---------------------------------------------------------------------------------------------------------
  /// The option that segments to this peer carry. `ids`: of the segment that is answered; null: of the connection.
  [[nodiscard]] wire::TcpSignature format(TcpKeys& keys, const wire::IpAddress& peer, const TcpAoIds* ids);
  /// Fills the room that format() asked for. `packet`: front is the TCP header, complete but for its checksum.
  void sign(TcpKeys& keys, Packet& packet, const wire::FourTuple& tuple, const TcpIsns& isns, const TcpAoIds* ids);
  /// The keys belong to one connection from now on.
  void connect(TcpKeys& keys, const TcpIsns& isns);

  [[nodiscard]] const TcpSignatureCounters& counters() const { return counters_; }
  [[nodiscard]] TcpSignatureCounters& counters() { return counters_; }

 private:
  [[nodiscard]] std::optional<DropReason> check_md5(const TcpKeys* keys, const Arrival& arrival);
  [[nodiscard]] std::optional<DropReason> check_ao(TcpKeys* keys, const Arrival& arrival);
  [[nodiscard]] TcpKeys::AoRow* sending_row(TcpKeys& keys, const wire::IpAddress& peer, const TcpAoIds* ids);
  [[nodiscard]] TcpTrafficKey traffic_key(const TcpKeys& keys, TcpKeys::AoRow& row, const wire::FourTuple& tuple,
                                          const TcpIsns& isns, bool outgoing) const;
  void count(TcpKeys* keys, std::uint64_t TcpSignatureCounters::* what);

  std::unique_ptr<SegmentDigest> digest_;
  TcpSignatureCounters counters_;
  std::unordered_map<const TcpEntry*, TcpKeys> keys_;  // looked up, never listed
  TcpKeys* answering_ = nullptr;                       // of the segment at hand
  wire::IpAddress answering_peer_;
  TcpIsns answering_isns_;
  TcpAoIds answering_ids_{0, 0};
};

/// `seq` in 64 bits, as near as can be to `reference`.
[[nodiscard]] constexpr std::uint64_t extended_sequence(std::uint64_t reference, std::uint32_t seq) {
  const auto step = static_cast<std::int32_t>(seq - static_cast<std::uint32_t>(reference));
  return reference + static_cast<std::uint64_t>(std::int64_t{step});
}

}  // namespace catenet::transport
