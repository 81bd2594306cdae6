// SPDX-License-Identifier: Apache-2.0
// Tcp: the transmission control protocol of one host (RFC 9293). It owns the protocol control blocks, finds the one a
// segment belongs to, and moves what a Tcb wants sent to the network layer. What a connection does is in tcb.h; here is
// only which connection it is.
//
// TcpPcb is the door for the socket layer: one row of the host's table, from open() to close(). All calls are
// non-blocking. Life:
//
//   open() -> [bind()] -> connect()            -> send/receive -> close()
//          -> bind() -> listen() -> accept() => another TcpPcb, connected
//
// After close() or abort() the pointer must not be used any more: Tcp keeps the row for as long as the protocol needs
// it (queued data, FIN) and then frees it. A connection in TIME-WAIT is a row of another kind (time_wait.h), whether or
// not somebody still holds the socket, which is CLOSED then; so is one whose handshake a peer has begun
// (tcp_request.h).
//
// Where to read: tcp.cc (segments in and out, what follows), tcp_listen.cc (listeners, requests, cookies, TIME-WAIT),
// tcp_fast_open.cc (data with SYNs), tcp_signing.cc (signed segments), tcp_pcb.cc (the user's calls), tcp_info.cc (what
// can be seen), tcp_ports.h.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "catenet/base/delegate.h"
#include "catenet/base/intrusive_list.h"
#include "catenet/base/rng.h"
#include "catenet/base/shared_value.h"
#include "catenet/event/timer.h"
#include "catenet/ip/network.h"
#include "catenet/net/node.h"
#include "catenet/transport/tcp/config.h"
#include "catenet/transport/tcp/fast_open.h"
#include "catenet/transport/tcp/pcb_table.h"
#include "catenet/transport/tcp/syn_cookie.h"
#include "catenet/transport/tcp/tcb.h"
#include "catenet/transport/tcp/tcb_types.h"
#include "catenet/transport/tcp/tcp_authentication.h"
#include "catenet/transport/tcp/tcp_counters.h"
#include "catenet/transport/tcp/tcp_entry.h"
#include "catenet/transport/tcp/tcp_listener.h"
#include "catenet/transport/tcp/tcp_ports.h"
#include "catenet/transport/tcp/tcp_request.h"
#include "catenet/transport/tcp/time_wait.h"

namespace catenet::transport {

class Tcp;

struct TcpAllPcbs;  // tag of the list of all

/// Somebody who looks on. He sees each connection after everything that happened to it, and must not touch it.
class TcpWatch {
 public:
  virtual ~TcpWatch() = default;
  virtual void on_settled(const TcpPcb& pcb, const Tcb& tcb, Instant now) = 0;
};

/// What a socket says about Fast Open.
struct TcpFastOpenSettings {
  std::uint32_t queue = 0;
  FastOpenKeys keys;
  bool without_cookie = false;
};

class TcpPcb final : public TcpPortUser, public ListNode<TcpAllPcbs>, public ListNode<TcpAcceptQueue> {
 public:
  ~TcpPcb();

  // --- the calls of a socket ---------------------------------------------------------------------------------------
  // A socket of IPv6 speaks IPv4 too unless set_v6_only() says that it does not. It may be given IPv4 addresses as they
  // are or mapped (RFC 3493 3.7); what it tells is never mapped.

  /// Gives the local end; for port 0 an ephemeral one. EINVAL when bound already, for IPv4 when the socket is for IPv6
  /// only, for a link-local address without its link; EAFNOSUPPORT; EADDRNOTAVAIL when the address is not ours or no
  /// port is left; EADDRINUSE when another socket has it.
  Result<void> bind(const wire::Endpoint& local);
  /// SO_REUSEADDR, SO_REUSEPORT, IPV6_V6ONLY: see port_claim.h. They count for this socket's own calls and for those of
  /// others, from now on; what is accepted or goes to TIME-WAIT inherits them.
  void set_reuse_address(bool on) { set_claim(&TcpPcb::reuse_address_, on); }
  void set_reuse_port(bool on) { set_claim(&TcpPcb::reuse_port_, on); }
  void set_v6_only(bool on) { set_claim(&TcpPcb::v6_only_, on); }
  /// Segments come and go by this interface only; null: by any (SO_BINDTODEVICE).
  void set_device(Interface* device) { device_ = device; }
  [[nodiscard]] Interface* bound_device() const { return device_; }
  /// As Linux counts: `backlog` + 1 connections may wait for accept(), `backlog` handshakes may be under way before
  /// cookies take over. An unbound socket gets an ephemeral port. EINVAL when connected; EADDRINUSE when another socket
  /// listens there (then it is bound as before); EADDRNOTAVAIL when no port is left.
  Result<void> listen(std::uint32_t backlog);
  /// Listens on every port and every address of the family (IPv6: of both, unless set_v6_only()): gets the connections
  /// that nobody else listens for, and accept() gives them with the address and port that their peers asked for as
  /// local(). Occupies no port. Of use where the network layer takes packets for others (ip::IpConfig::accept_any).
  /// EINVAL when bound or connected; EADDRINUSE when another socket does.
  Result<void> listen_any(std::uint32_t backlog);
  /// The oldest connection that is ready. EAGAIN when none is; EINVAL when not listening.
  Result<TcpPcb*> accept();
  /// Starts the handshake; writable() or error() tells the end of it. EISCONN; EALREADY; EOPNOTSUPP when listening;
  /// EAFNOSUPPORT; EADDRNOTAVAIL when the connection exists already or no port is left; ENETUNREACH (also for IPv4 when
  /// the socket is for IPv6 only); EACCES for a broadcast or multicast address; EINVAL for a link-local address without
  /// its link.
  Result<void> connect(const wire::Endpoint& foreign);
  /// connect() and send() in one (RFC 7413, MSG_FASTOPEN). With a cookie of the peer's, the first bytes go with the SYN
  /// and how many is the answer. Without one the handshake asks for it; then, or for no bytes, the answer is 0.
  /// Errors: those of connect(); EOPNOTSUPP when the host's policy is against it.
  Result<std::size_t> connect_with(const wire::Endpoint& foreign, std::span<const std::byte> bytes);
  /// connect() whose SYN waits for the first send(), to go with its bytes (TCP_FASTOPEN_CONNECT). False: there is no
  /// cookie, and the handshake has begun without. Errors: as connect_with().
  Result<bool> connect_later(const wire::Endpoint& foreign);
  /// A listener takes data with SYNs, of at most so many connections whose handshake has not ended; 0: of none. Counts
  /// for nothing unless the host's policy allows it.
  void set_fast_open_queue(std::uint32_t connections);
  /// For its cookies, in place of the host's.
  void set_fast_open_keys(const FastOpenKeys& keys);
  /// Neither sends nor asks for cookies.
  void set_fast_open_without_cookie(bool on);
  [[nodiscard]] const TcpFastOpenSettings& fast_open() const;

  /// Segments to and from these peers are signed by MD5 (RFC 2385): those of this socket's connection, and of the
  /// connections that a listener accepts from now on. No bytes: not any more (ENOENT: they were not). ENOPROTOOPT when
  /// the host has no hash functions (Tcp::set_digest); EINVAL for more than TcpSecret::kMaxSize bytes; EKEYREJECTED
  /// when there is a key of TCP-AO for some of them.
  Result<void> set_md5_key(const wire::IpPrefix& peer, std::span<const std::byte> key);
  /// The same by TCP-AO (RFC 5925). A connection that has begun without cannot begin with it: EISCONN. EEXIST when one
  /// of the ids is taken; EKEYREJECTED when there is an MD5 key; EINVAL; ENOPROTOOPT.
  Result<void> add_ao_key(const TcpAoKey& key);
  /// ENOENT; EBUSY when it is the current or the next one.
  Result<void> remove_ao_key(const wire::IpPrefix& peer, std::uint8_t send_id, std::uint8_t receive_id);
  /// Which key signs from now on, and which one the peer is asked to use; what is not given stays. Whether there must
  /// be a key. ENOENT; EISCONN and ENOPROTOOPT as add_ao_key().
  Result<void> choose_ao_keys(std::optional<std::uint8_t> current_send_id, std::optional<std::uint8_t> next_receive_id,
                              std::optional<bool> required);
  /// Null: none.
  [[nodiscard]] const TcpKeys* keys() const;
  /// What the socket before this one had.
  void take_keys(const TcpPcb& from);

  /// Bytes accepted into the send buffer, 1 to bytes.size() (0 for an empty span). EAGAIN when it is full or the
  /// handshake is under way; EPIPE after shutdown_send() or when the connection is gone; ENOTCONN; or the pending
  /// error(), once.
  Result<std::size_t> send(std::span<const std::byte> bytes, const TcpSendFlags& flags = {});
  /// After connect() or connect_with(): there is more to send, and the writer waits for the handshake's end.
  void expect_write() {
    if (tcb_) {
      tcb_->expect_write();
    }
  }
  /// What waits because a send said that there is more goes now.
  void push();
  /// What becomes of the last byte that was given so far is told by notices; on_ready() says that there are some.
  void watch(const TcpSendWish& wish);
  /// The oldest notice; null, and nothing to take: there is none.
  [[nodiscard]] const TcpSendNotice* next_notice() const {
    return tcb_ && tcb_->watched() != nullptr ? tcb_->watched()->next() : nullptr;
  }
  TcpSendNotice take_notice() { return tcb_->watched()->take(); }
  /// Bytes copied out; 0 is the end of the stream (or an empty span). EAGAIN when nothing is there yet; ENOTCONN; or
  /// the pending error(), once.
  Result<std::size_t> receive(std::span<std::byte> out);
  /// The same without taking the bytes away (MSG_PEEK).
  Result<std::size_t> peek(std::span<std::byte> out);
  /// No more sends: FIN follows the queued bytes. ENOTCONN.
  Result<void> shutdown_send();
  /// No more receives: receive() gives what is queued or still comes, and else the end instead of EAGAIN.
  void shutdown_receive();
  /// The user lets go; queued bytes and FIN are still delivered. Bytes that were received and not read make it a reset
  /// (RFC 9293 3.10.4, RFC 2525 2.17). A listener resets what was not accepted. The pointer is dead afterwards.
  void close();
  /// IP_TOS and IP_TTL, or their like of IPv6; what is accepted inherits them.
  void set_marking(const TcpMarking& marking) { marking_ = marking; }
  [[nodiscard]] const TcpMarking& marking() const { return marking_; }
  /// The user lets go; RST to the peer, queued bytes are lost. The pointer is dead afterwards.
  void abort();

  // --- readiness ---------------------------------------------------------------------------------------------------
  /// Called at the end of protocol processing when readable(), writable() or error() may have become true. It may call
  /// anything of this class, close() included. Never called from inside a call of the user.
  void set_on_ready(Delegate<void()> on_ready) { on_ready_ = on_ready; }
  /// receive() (or accept()) would not answer EAGAIN.
  [[nodiscard]] bool readable() const;
  /// send() would not answer EAGAIN.
  [[nodiscard]] bool writable() const;
  /// The peer has sent everything and all of it was read.
  [[nodiscard]] bool at_end() const { return tcb_ != nullptr && tcb_->at_end(); }
  /// Why the connection failed (ECONNREFUSED, ECONNRESET, ETIMEDOUT, EHOSTUNREACH, ...); 0: it did not. Not cleared.
  [[nodiscard]] int error() const { return tcb_ != nullptr ? tcb_->error() : 0; }
  /// The same, cleared (SO_ERROR).
  int take_error() { return tcb_ != nullptr ? tcb_->take_error() : 0; }

  // --- identity and settings ---------------------------------------------------------------------------------------
  [[nodiscard]] const wire::Endpoint& local() const { return tuple_.local; }
  [[nodiscard]] const wire::Endpoint& foreign() const { return tuple_.foreign; }
  /// closed (also: only bound, or in TIME-WAIT without us), listen, or the connection's.
  [[nodiscard]] TcpState state() const;
  [[nodiscard]] bool is_listening() const { return listener_ != nullptr; }
  /// connect_later() has been called, and nothing sent.
  [[nodiscard]] bool is_deferred() const { return deferred_; }
  /// The handshake is done and neither end has ended the connection altogether.
  [[nodiscard]] bool is_connected() const { return tcb_ != nullptr && tcb_->is_synchronized(); }
  /// Takes effect at once for nagle, cork, keepalive, delayed_ack, user_timeout, retries; buffer sizes and negotiated
  /// options before connect() or listen() (accepted connections inherit the listener's).
  [[nodiscard]] const TcpConfig& config() const { return *config_; }
  void set_config(const TcpConfig& config);
  [[nodiscard]] TcpPcbInfo info() const;
  [[nodiscard]] const Tcb* tcb() const { return tcb_.get(); }  ///< null unless there is a connection
  [[nodiscard]] Instant started() const { return started_; }   ///< when its first SYN went or came

 private:
  friend class Tcp;
  friend class TcpListenGroup;
  // Without the calls' early ends: what they answer is made where the caller reads it.
  Result<std::size_t> send_now(std::span<const std::byte> bytes, const TcpSendFlags& flags);
  Result<std::size_t> receive_now(std::span<std::byte> out);

  TcpPcb(Tcp& tcp, wire::Family family);
  void set_claim(bool TcpPortUser::* what, bool on);
  /// Not mapped, with its zone. EAFNOSUPPORT for a family that the socket does not speak; `v4_refused` for IPv4 when it
  /// is for IPv6 only; EINVAL.
  [[nodiscard]] Result<wire::Endpoint> end_from(const wire::Endpoint& end, int v4_refused) const;
  void on_timer(Instant now);
  Result<std::size_t> send_packets(std::span<const std::byte> bytes, const TcpSendFlags& flags);

  Tcp& tcp_;
  Timer timer_;
  Delegate<void()> on_ready_;
  std::unique_ptr<Tcb> tcb_;
  std::unique_ptr<TcpListener> listener_;
  std::unique_ptr<TcpFastOpenSettings> fast_open_;  // only of those who say something about it
  TcpPcb* parent_ = nullptr;                        // the listener, until accepted
  bool bound_ = false;                              // has a local port of its own
  bool in_table_ = false;                           // and can be found by segments: a connection
  bool owned_by_user_ = true;                       // a pointer is out there
  bool opened_ = false;                             // "connection opened" was told
  bool ended_ = false;                              // "connection closed" or worse was told
  bool deferred_ = false;                           // the SYN waits for the first data
  bool asked_for_cookie_ = false;                   // or sent one
  bool sent_early_ = false;                         // data with the SYN
  bool received_early_ = false;                     // and the handshake has not ended
  TcpMarking marking_;
  wire::Family family_;  // of the socket: its connection may be of IPv4 all the same
  Instant started_;
  Instant ended_at_ = Instant::never();
  SharedValue<TcpConfig> config_;  // the Tcb refers to it; most have the same
};

class Tcp final : public ip::Protocol {
 public:
  static constexpr std::uint8_t kProtocolNumber = 6;

  /// `network` serves its family; both outlive this. Nothing is allocated before the first use.
  Tcp(Node& node, ip::Network& network, wire::Family family = wire::Family::kV4);
  ~Tcp() override;
  Tcp(const Tcp&) = delete;
  Tcp& operator=(const Tcp&) = delete;
  /// The other family's network layer.
  void add_network(ip::Network& network, wire::Family family);

  /// A fresh, unbound row. ENOBUFS at the limit of the table; EAFNOSUPPORT without a network of that family.
  Result<TcpPcb*> open(wire::Family family = wire::Family::kV4);
  /// open() and bind() and listen().
  Result<TcpPcb*> listen(const wire::Endpoint& local, std::uint32_t backlog);
  /// open() and listen_any().
  Result<TcpPcb*> listen_any(std::uint32_t backlog, wire::Family family = wire::Family::kV4);
  /// open(), bind() if `local` says anything, and connect().
  Result<TcpPcb*> connect(const wire::Endpoint& local, const wire::Endpoint& foreign);

  // ip::Protocol
  void receive(Packet packet, const ip::Delivery& delivery) override;
  void on_error(const ip::ErrorReport& report) override;

  /// Defaults of sockets opened from now on.
  [[nodiscard]] const TcpConfig& config() const { return *config_; }
  void set_config(const TcpConfig& config) { config_ = SharedValue<TcpConfig>(config); }
  [[nodiscard]] const TcpLimits& limits() const { return limits_; }
  void set_limits(const TcpLimits& limits) {
    limits_ = limits;
    fast_open_cache_.set_limit(limits.fast_open_servers);
  }
  [[nodiscard]] const TcpPolicy& policy() const { return policy_; }
  void set_policy(const TcpPolicy& policy);
  /// Gives the hash functions of signatures (RFC 2385, RFC 5925), once a socket is given a key. Null, as at first:
  /// there are none, and no socket takes a key.
  void set_digest(MakeSegmentDigest make) { make_digest_ = make; }
  [[nodiscard]] const TcpSignatureCounters& signature_counters() const;
  /// The keys of this host's Fast Open cookies; random ones until this is called. Hosts behind one address share them.
  void set_fast_open_keys(const FastOpenKeys& keys) { fast_open_keys_ = keys; }
  [[nodiscard]] const FastOpenKeys& fast_open_keys();
  /// What has been learnt of servers (RFC 7413 4.1.3), and a way to forget it.
  [[nodiscard]] const FastOpenCache& fast_open_cache() const { return fast_open_cache_; }
  void forget_fast_open() { fast_open_cache_.clear(); }
  [[nodiscard]] const TcpCounters& counters() const { return counters_; }
  /// Sums over all connections that are or were, and over the segments that belonged to none.
  [[nodiscard]] TcpStatistics totals() const;
  /// Connections in ESTABLISHED or CLOSE-WAIT (RFC 4022's tcpCurrEstab).
  [[nodiscard]] std::size_t established_count() const;
  /// Who looks on from now on; null: nobody. It outlives its use.
  void set_watch(TcpWatch* watch) { watch_ = watch; }

  /// The table, requests and TIME-WAIT included, ordered by local end, then foreign end.
  [[nodiscard]] std::vector<TcpPcbInfo> snapshot() const;
  /// Connections that are closed (the newest limits().finished_flows of them, oldest first), then the open ones.
  [[nodiscard]] std::vector<TcpFlow> flows() const;
  /// Sockets and connections; requests and TIME-WAIT are counted apart.
  [[nodiscard]] std::size_t pcb_count() const { return pcb_count_; }
  [[nodiscard]] std::size_t request_count() const { return request_count_; }
  [[nodiscard]] std::size_t time_wait_count() const { return time_wait_count_; }
  [[nodiscard]] Node& node() const { return node_; }
  /// Null: the host does not speak this family.
  [[nodiscard]] ip::Network* network(wire::Family family) const {
    return networks_[family == wire::Family::kV4 ? 0 : 1];
  }

 private:
  friend class TcpPcb;
  friend class TcpRequest;

  // tcp.cc: in
  void input(TcpEntry& entry, Packet&& packet, const TcpSegment& segment);
  void answer_reset(std::uint32_t length, const TcpSegment& segment, const wire::FourTuple& tuple);
  void drop_packet(Packet packet, DropReason reason);
  void refuse(Packet packet, DropReason reason);

  // tcp_info.cc
  void adopt(const Tcb& tcb);
  void retire(const Tcb& tcb) { others_ += tcb.statistics(); }

  // tcp_listen.cc: before and after a connection
  [[nodiscard]] TcpPcb* find_listener(const wire::FourTuple& tuple) const;
  [[nodiscard]] std::array<wire::FourTuple, 3> listener_keys(const wire::FourTuple& tuple) const;
  void input_to_listener(TcpPcb& listener, Packet packet, const TcpSegment& segment, const wire::FourTuple& tuple);
  void input_syn(TcpPcb& listener, Packet packet, const TcpSegment& segment, const wire::FourTuple& tuple,
                 const TimeWaitFacts* former);
  [[nodiscard]] bool input_cookie(TcpPcb& listener, Packet& packet, const TcpSegment& segment,
                                  const wire::FourTuple& tuple);
  void answer_with_cookie(TcpPcb& listener, const TcpSegment& segment, const wire::FourTuple& tuple);
  void input_to_request(TcpRequest& request, Packet packet, const TcpSegment& segment);
  void complete(TcpRequest& request, Packet packet, const TcpSegment& segment);
  void on_request_timer(TcpRequest& request, Instant now);
  [[nodiscard]] unsigned patience(const TcpListener& listener, unsigned most) const;
  void end_request(TcpRequest& request);
  TcpPcb* make_child(TcpPcb& listener, const wire::FourTuple& tuple, const TcbOrigin& origin);
  void send_all(Tcb& tcb, const TcpPcb& listener, const TcpAoIds& ids);
  void established(TcpPcb& pcb);
  void end_listener(TcpPcb& listener);
  Result<void> start_listening(TcpPcb& pcb);
  Result<void> start_listening_to_all(TcpPcb& pcb);
  void stop_listening(TcpPcb& pcb);
  void enter_time_wait(TcpPcb& pcb);
  void input_to_time_wait(TcpTimeWait& row, Packet packet, const TcpSegment& segment);
  void acknowledge_again(const TcpTimeWait& row);
  void keep_in_order(TcpTimeWait& row);
  void end_time_wait(TcpTimeWait& row);
  void on_time_wait_timer(Instant now);

  // tcp_signing.cc
  [[nodiscard]] bool authenticate(Packet& packet, TcpSegment& segment, const wire::FourTuple& tuple, TcpEntry* entry,
                                  TcpPcb* listener);
  [[nodiscard]] TcpIsns isns_for(const TcpSegment& segment, const TcpEntry* entry);
  [[nodiscard]] TcpAuthentication& authentication();
  Result<TcpKeys*> keys_to_change(TcpPcb& pcb, bool ao);
  void keys_changed(TcpPcb& pcb);
  void begin_signing(TcpPcb& pcb, const TcpPcb& listener, const TcpAoIds& ids);
  void sign(const TcpPcb& pcb, Packet& packet);
  [[nodiscard]] bool distrusts_errors(const TcpPcb& pcb);
  [[nodiscard]] wire::TcpSignature signature_of(const TcpTimeWait& row);
  void sign(const TcpTimeWait& row, Packet& packet);

  // tcp_fast_open.cc
  struct FastOpenAnswer {
    bool accept = false;                      // the data
    std::optional<wire::TcpFastOpen> cookie;  // to give
  };
  [[nodiscard]] FastOpenAnswer judge_fast_open(TcpPcb& listener, const TcpSegment& syn, std::uint32_t bytes,
                                               const wire::FourTuple& tuple);
  [[nodiscard]] std::uint32_t fast_open_queue(const TcpPcb& listener) const;
  [[nodiscard]] bool open_early(TcpPcb& listener, Packet& packet, const TcpSegment& syn, const wire::FourTuple& tuple,
                                const TcbOrigin& from, const FastOpenAnswer& answer);
  void end_early(TcpPcb& pcb);
  struct FastOpenOffer {
    std::optional<wire::TcpFastOpen> option;
    std::uint32_t room = 0;  // bytes of data that may go with the SYN
  };
  [[nodiscard]] FastOpenOffer offer_fast_open(const TcpPcb& pcb);
  std::size_t start_early(TcpPcb& pcb, std::span<const std::byte> bytes);
  void learn_fast_open(TcpPcb& pcb, const TcpSegment& syn_ack);
  void note_early_timeout(TcpPcb& pcb);

  // tcp_pcb.cc
  Result<void> prepare(TcpPcb& pcb, const wire::Endpoint& to);
  Result<TcpPcb*> make_pcb(wire::Family family);
  Result<std::uint16_t> choose_port(const TcpPcb& pcb, const wire::Endpoint& local, const wire::Endpoint& foreign);
  Result<void> bind(TcpPcb& pcb, const wire::Endpoint& end);
  Result<void> connect(TcpPcb& pcb, const wire::Endpoint& foreign);
  [[nodiscard]] bool may_connect(const wire::FourTuple& tuple) const;
  void occupy(TcpPcb& pcb, const wire::FourTuple& tuple);
  void enter_table(TcpPcb& pcb, const wire::FourTuple& tuple);
  void leave_table(TcpPcb& pcb);
  void start(TcpPcb& pcb, const TcbOrigin& origin);
  [[nodiscard]] TcbOrigin origin(const wire::FourTuple& tuple) const;

  // After anything happened to a connection: send, tell, arm, free. May end the pcb; the last thing a caller does.
  void settle(TcpPcb& pcb, bool notify);
  Result<void> output(Packet&& packet, const wire::FourTuple& tuple, std::uint8_t ecn, Interface* device,
                      const TcpMarking& marking = {});
  void tell_story(TcpPcb& pcb);
  void closed(TcpPcb& pcb);
  void destroy(TcpPcb& pcb);
  void keep_flow(const TcpPcb& pcb);
  [[nodiscard]] TcpFlow flow_of(const TcpPcb& pcb) const;

  Node& node_;
  ip::Network* networks_[2] = {nullptr, nullptr};
  TcpPcb* any_listeners_[2] = {nullptr, nullptr};  // who gets what is for nobody else
  SharedValue<TcpConfig> config_;
  TcpLimits limits_;
  unsigned fast_open_pauses_ = 0;
  TcpPolicy policy_;
  const std::unique_ptr<TcpCounters> counters_block_ = std::make_unique<TcpCounters>();
  TcpCounters& counters_ = *counters_block_;  // apart: they are many, and rarely touched
  TcpStatistics others_;                      // of connections that are gone, and of segments that belonged to none
  TcpWatch* watch_ = nullptr;
  Rng rng_;
  std::uint64_t secret_[2];
  SynCookie cookie_;
  Instant last_cookie_at_ = Instant::never();  // never: none was given
  FastOpenKeys fast_open_keys_;
  FastOpenCache fast_open_cache_{TcpLimits{}.fast_open_servers};
  Instant fast_open_paused_until_ = Instant::zero();
  std::unique_ptr<ChallengeBudget> challenges_;
  TcbEnvironment environment_;
  MakeSegmentDigest make_digest_ = nullptr;
  std::unique_ptr<TcpAuthentication> authentication_;  // null: no socket has ever had a key
  Interface* arrival_ = nullptr;                       // where the segment at hand came in
  PcbTable<TcpEntry> table_;
  TcpPorts ports_;
  IntrusiveList<TcpPcb, TcpAllPcbs> pcbs_;                  // in the order of their making
  IntrusiveList<TcpTimeWait, TcpTimeWaitQueue> time_wait_;  // in the order in which they end
  Timer time_wait_timer_;
  std::uint32_t pcb_count_ = 0;
  std::uint32_t request_count_ = 0;
  std::uint32_t time_wait_count_ = 0;
  std::uint32_t finished_next_ = 0;  // where the oldest of finished_ is once that ring is full
  std::vector<TcpFlow> finished_;
};

}  // namespace catenet::transport
