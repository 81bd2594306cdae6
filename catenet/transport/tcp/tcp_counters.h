// SPDX-License-Identifier: Apache-2.0
// TcpCounters: what a host's TCP has counted since it was made. Names are those of Linux's nstat (RFC 4022 where that
// has them), so that figures can be laid side by side.
#pragma once
#include <cstdint>
#include <string_view>

namespace catenet::transport {

// X(identifier, "name", "what it counts")
#define CATENET_TCP_COUNTERS(X)                                                                                      \
  X(active_opens, "TcpActiveOpens", "connections begun by connect()")                                                \
  X(passive_opens, "TcpPassiveOpens", "connections that came to a listener and were established")                    \
  X(attempt_fails, "TcpAttemptFails", "handshakes that failed, begun by either end")                                 \
  X(established_resets, "TcpEstabResets", "connections that went from ESTABLISHED or CLOSE-WAIT straight to CLOSED") \
  X(out_rsts, "TcpOutRsts", "resets sent")                                                                           \
  X(listen_overflows, "TcpExtListenOverflows", "SYNs and ACKs that found the accept queue full")                     \
  X(listen_drops, "TcpExtListenDrops", "SYNs that a listener did not answer")                                        \
  X(syn_queue_cookies, "TcpExtTCPReqQFullDoCookies", "SYNs answered with a cookie, the SYN queue being full")        \
  X(syn_queue_drops, "TcpExtTCPReqQFullDrop", "SYNs dropped, the SYN queue being full and cookies off")              \
  X(cookies_sent, "TcpExtSyncookiesSent", "SYN cookies sent")                                                        \
  X(cookies_received, "TcpExtSyncookiesRecv", "valid SYN cookies that came back")                                    \
  X(cookies_failed, "TcpExtSyncookiesFailed", "acknowledgements that are no valid cookie")                           \
  X(requests_pruned, "TcpRequestsPruned", "handshakes given up early, to make room in a SYN queue")                  \
  X(fast_open_active, "TcpExtTCPFastOpenActive", "Fast Open: data with a SYN that the server took")                  \
  X(fast_open_active_fail, "TcpExtTCPFastOpenActiveFail", "Fast Open: data with a SYN that had to be sent again")    \
  X(fast_open_passive, "TcpExtTCPFastOpenPassive", "Fast Open: SYNs with a good cookie")                             \
  X(fast_open_passive_fail, "TcpExtTCPFastOpenPassiveFail", "Fast Open: SYNs with a wrong cookie")                   \
  X(fast_open_passive_old, "TcpExtTCPFastOpenPassiveAltKey", "Fast Open: SYNs with a cookie of the former key")      \
  X(fast_open_overflow, "TcpExtTCPFastOpenListenOverflow", "Fast Open: SYNs that found a listener's limit reached")  \
  X(fast_open_requests, "TcpExtTCPFastOpenCookieReqd", "Fast Open: SYNs that asked for a cookie")                    \
  X(fast_open_black_holes, "TcpExtTCPFastOpenBlackhole", "Fast Open: times it was given up for a while")             \
  X(time_waits, "TcpExtTW", "TIME-WAITs that lasted their time")                                                     \
  X(time_waits_reused, "TcpExtTWRecycled", "TIME-WAITs that gave way to a new connection")                           \
  X(time_waits_killed, "TcpExtTWKilled", "TIME-WAITs ended by a reset")                                              \
  X(time_wait_overflows, "TcpExtTCPTimeWaitOverflow", "TIME-WAITs given up early, their number being limited")       \
  X(embryonic_resets, "TcpExtEmbryonicRsts", "handshakes begun by peers and ended by a reset")                       \
  X(paws_established, "TcpExtPAWSEstab", "segments with an old timestamp (PAWS, RFC 7323)")                          \
  X(challenge_acks, "TcpExtTCPChallengeACK", "acknowledgements in answer to what may be an attack (RFC 5961)")       \
  X(challenge_acks_skipped, "TcpExtTCPACKSkippedChallenge", "challenge ACKs held back, for their rate")              \
  X(syn_challenges, "TcpExtTCPSYNChallenge", "SYNs within a connection, which are answered with a challenge ACK")    \
  X(sequence_acks_skipped, "TcpExtTCPACKSkippedSeq", "answers to bare ACKs out of the window held back")             \
  X(paws_acks_skipped, "TcpExtTCPACKSkippedPAWS", "answers to bare ACKs with an old timestamp held back")            \
  X(delayed_acks, "TcpExtDelayedACKs", "acknowledgements that the delayed-ACK timer sent")                           \
  X(window_probes, "TcpExtTCPWinProbe", "probes of a closed window")                                                 \
  X(keepalives, "TcpExtTCPKeepAlive", "keep-alive probes")                                                           \
  X(syn_retransmits, "TcpExtTCPSynRetrans", "SYNs and SYN,ACKs sent again")                                          \
  X(fast_retransmits, "TcpExtTCPFastRetrans", "segments sent again in fast recovery")                                \
  X(slow_start_retransmits, "TcpExtTCPSlowStartRetrans", "segments sent again in the recovery after a timeout")      \
  X(aborts_on_timeout, "TcpExtTCPAbortOnTimeout", "connections given up because nobody answered")                    \
  X(aborts_on_close, "TcpExtTCPAbortOnClose", "connections reset by close(), with received data not read")           \
  X(aborts_on_data, "TcpExtTCPAbortOnData", "connections reset because data came after close()")                     \
  X(stale_icmps, "TcpExtOutOfWindowIcmps", "ICMP errors about a number that is not under way (RFC 5927)")            \
  X(mtu_probe_success, "TcpExtTCPMTUPSuccess", "path MTU probes that arrived (RFC 4821)")                            \
  X(mtu_probe_fail, "TcpExtTCPMTUPFail", "path MTU probes that were lost")                                           \
  X(mtu_black_holes, "TcpMtuBlackHoles", "times segments were made smaller because only large ones got lost")        \
  X(time_wait_acks_skipped, "TcpExtTCPACKSkippedTimeWait", "acknowledgements in TIME-WAIT held back, for their rate")

struct TcpCounters {
#define CATENET_X(id, name, text) std::uint64_t id = 0;
  CATENET_TCP_COUNTERS(CATENET_X)
#undef CATENET_X

  /// f(name, what it counts, value), in the order above.
  template <typename F>
  void for_each(F&& f) const {
#define CATENET_X(id, name, text) f(std::string_view(name), std::string_view(text), id);
    CATENET_TCP_COUNTERS(CATENET_X)
#undef CATENET_X
  }
};

}  // namespace catenet::transport
