// SPDX-License-Identifier: Apache-2.0
// DropReason: why a packet died. One list for the whole house: a reason has a name that users see in `catenet show
// drops`, in report.json and in capture comments, and a sentence that explains it. Names are stable; new ones are added
// at the end of their layer's block.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace catenet {

// X(identifier, "name", "sentence")
#define CATENET_DROP_REASONS(X)                                                                                        \
  /* medium and link */                                                                                                \
  X(link_loss, "link-loss", "lost on the link (impairment `loss`)")                                                    \
  X(link_down, "link-down", "the link is down")                                                                        \
  X(no_medium, "no-medium", "the interface is attached to nothing")                                                    \
  X(fcs_error, "fcs-error", "the frame check sequence is wrong: bits were damaged on the wire")                        \
  X(frame_too_short, "frame-too-short", "shorter than the link layer's header")                                        \
  X(frame_too_long, "frame-too-long", "longer than the receiving interface's MTU allows")                              \
  X(queue_full, "queue-full", "the transmit queue is at its limit")                                                    \
  X(no_memory, "no-memory", "the packet pool is at its limit")                                                         \
  X(bad_llc, "bad-llc", "an 802.3 frame whose LLC header is malformed or names no known protocol")                     \
  X(unknown_ethertype, "unknown-ethertype", "no protocol at this node handles this EtherType")                         \
  X(not_for_us, "not-for-us", "addressed to another station")                                                          \
  X(bad_source_address, "bad-source-address", "the link-layer source address is a group address")                      \
  X(send_failed, "send-failed", "the device outside Catenet did not take the frame")                                   \
  X(red, "red", "random early detection chose it, and it could not be marked instead")                                 \
  /* bridge */                                                                                                         \
  X(same_port, "same-port", "the destination is behind the port the frame came from")                                  \
  X(reserved_group, "reserved-group", "a link-local group address (01-80-C2-00-00-0x), which a bridge never forwards") \
  X(no_port, "no-port", "a frame for everybody, and the bridge has no other port that is up")                          \
  /* ARP */                                                                                                            \
  X(bad_arp, "bad-arp", "a malformed ARP packet")                                                                      \
  X(arp_not_for_us, "arp-not-for-us", "an ARP packet that neither asks for us nor updates an entry we have")           \
  X(arp_queue_full, "arp-queue-full", "too many packets wait for this address to be resolved")                         \
  X(arp_failed, "arp-failed", "nobody answered for the next hop's address")                                            \
  X(arp_cache_full, "arp-cache-full", "the neighbour cache is at its limit")                                           \
  /* neighbour discovery */                                                                                            \
  X(bad_ndp, "bad-ndp", "a neighbour discovery message that is malformed or from beyond the link")                     \
  X(ndp_not_for_us, "ndp-not-for-us", "a neighbour message that neither asks for us nor tells of one we know")         \
  X(ndp_queue_full, "ndp-queue-full", "too many packets wait for this neighbour to be resolved")                       \
  X(ndp_failed, "ndp-failed", "the neighbour did not answer")                                                          \
  X(ndp_cache_full, "ndp-cache-full", "the neighbour cache is at its limit")                                           \
  /* IP */                                                                                                             \
  X(bad_ip_version, "bad-ip-version", "the version is not the one the link layer announced")                           \
  X(bad_ip_header, "bad-ip-header", "header length below the minimum or beyond the packet")                            \
  X(bad_ip_length, "bad-ip-length", "total length below the header's or beyond the packet")                            \
  X(bad_ip_checksum, "bad-ip-checksum", "the IPv4 header checksum is wrong")                                           \
  X(bad_ip_option, "bad-ip-option", "a malformed IP option, or one that may not be passed over")                       \
  X(source_route_refused, "source-route-refused", "source routing is refused")                                         \
  X(martian_source, "martian-source", "a source address that must not appear on this interface")                       \
  X(martian_destination, "martian-destination", "a destination address that must not appear on this interface")        \
  X(ttl_expired, "ttl-expired", "the time to live, or hop limit, ran out")                                             \
  X(no_route, "no-route", "no route to the destination")                                                               \
  X(not_forwarding, "not-forwarding", "for another host, and this node is not a router")                               \
  X(link_broadcast_forward, "link-broadcast-forward", "came by link-layer broadcast and is for another host")          \
  X(fragmentation_needed, "fragmentation-needed", "larger than the next link's MTU, and not to be cut")                \
  X(bad_fragment, "bad-fragment", "a fragment whose offset and length are impossible")                                 \
  X(fragment_overlap, "fragment-overlap", "a fragment that overlaps another one with different extent")                \
  X(fragment_duplicate, "fragment-duplicate", "a fragment that had arrived before")                                    \
  X(reassembly_timeout, "reassembly-timeout", "the other fragments did not come in time")                              \
  X(reassembly_full, "reassembly-full", "the reassembly buffers are at their limit")                                   \
  X(unknown_protocol, "unknown-protocol", "no transport at this node handles this IP protocol")                        \
  X(no_address, "no-address", "the interface has no address to send from")                                             \
  X(broadcast_refused, "broadcast-refused", "a broadcast that the sender did not ask to be allowed")                   \
  X(message_too_long, "message-too-long", "larger than the protocol can carry")                                        \
  X(bad_extension_header, "bad-extension-header", "IPv6 extension headers that are cut, misplaced or incomplete")      \
  X(extension_header_limit, "extension-header-limit", "more or longer IPv6 extension headers than a node reads")       \
  X(no_next_header, "no-next-header", "an IPv6 packet that says that nothing follows")                                 \
  /* ICMP */                                                                                                           \
  X(bad_icmp, "bad-icmp", "a malformed ICMP message")                                                                  \
  X(bad_icmp_checksum, "bad-icmp-checksum", "the ICMP checksum is wrong")                                              \
  X(unknown_icmp_type, "unknown-icmp-type", "an ICMP type that this node does not handle")                             \
  X(icmp_ignored, "icmp-ignored", "an ICMP message that policy says to ignore (broadcast echo)")                       \
  X(icmp_rate_limited, "icmp-rate-limited", "an ICMP error not sent because of the rate limit")                        \
  X(icmp_no_socket, "icmp-no-socket", "an ICMP reply or error that nobody waits for")                                  \
  X(bad_igmp, "bad-igmp", "a malformed IGMP message")                                                                  \
  /* transport */                                                                                                      \
  X(bad_udp_length, "bad-udp-length", "the UDP length is impossible")                                                  \
  X(bad_udp_checksum, "bad-udp-checksum", "the UDP checksum is wrong")                                                 \
  X(udp_no_port, "udp-no-port", "no socket on this UDP port")                                                          \
  X(udp_receive_full, "udp-receive-full", "the socket's receive buffer is full")                                       \
  X(bad_tcp_header, "bad-tcp-header", "the TCP header is shorter or longer than it can be")                            \
  X(bad_tcp_option, "bad-tcp-option", "a malformed TCP option")                                                        \
  X(bad_tcp_checksum, "bad-tcp-checksum", "the TCP checksum is wrong")                                                 \
  X(tcp_no_connection, "tcp-no-connection", "no connection and no listener; answered with RST unless it was one")      \
  X(tcp_bad_segment, "tcp-bad-segment", "flags or numbers that the state of the connection does not allow")            \
  X(tcp_out_of_window, "tcp-out-of-window", "outside the receive window; answered with an ACK")                        \
  X(tcp_old_timestamp, "tcp-old-timestamp", "a timestamp older than the last one (PAWS, RFC 7323)")                    \
  X(tcp_duplicate, "tcp-duplicate", "data that had arrived before")                                                    \
  X(tcp_backlog_full, "tcp-backlog-full", "the listener's queue of connections to accept is full")                     \
  X(tcp_reassembly_full, "tcp-reassembly-full", "too much data out of order")                                          \
  X(tcp_table_full, "tcp-table-full", "the table of connections is at its limit")                                      \
  X(tcp_closed, "tcp-closed", "data for a socket that its user has closed")                                            \
  X(tcp_syn_queue_full, "tcp-syn-queue-full",                                                                          \
    "too many handshakes of the listener are under way, and cookies are off")                                          \
  X(socket_closed, "socket-closed", "was queued for a socket when that closed")                                        \
  X(bad_udplite_coverage, "bad-udplite-coverage",                                                                      \
    "a UDP-Lite checksum that covers 1 to 7 bytes, or more than there are")                                            \
  X(bad_udplite_checksum, "bad-udplite-checksum", "the UDP-Lite checksum is wrong, or missing")                        \
  X(udplite_uncovered, "udplite-uncovered", "the UDP-Lite checksum covers less than the receiver asks for")            \
  X(raw_receive_full, "raw-receive-full", "the raw socket's receive buffer is full")                                   \
  X(bad_raw_checksum, "bad-raw-checksum", "not the checksum that the raw socket asks for (IPV6_CHECKSUM)")             \
  X(packet_receive_full, "packet-receive-full", "the packet socket's receive buffer is full")                          \
  X(tcp_md5_not_found, "tcp-md5-not-found", "no MD5 signature, and the connection wants one (RFC 2385)")               \
  X(tcp_md5_unexpected, "tcp-md5-unexpected", "an MD5 signature, and no key for this peer")                            \
  X(tcp_md5_failure, "tcp-md5-failure", "the MD5 signature is wrong")                                                  \
  X(tcp_ao_required, "tcp-ao-required", "no TCP-AO signature, and the connection wants one (RFC 5925)")                \
  X(tcp_ao_key_not_found, "tcp-ao-key-not-found", "a TCP-AO signature with a key that is not there for this peer")     \
  X(tcp_ao_bad, "tcp-ao-bad", "the TCP-AO signature is wrong")                                                         \
  /* end of a run, faults */                                                                                           \
  X(node_down, "node-down", "the node is not running")                                                                 \
  X(filtered, "filtered", "a filter rule said so")                                                                     \
  X(partitioned, "partitioned", "comes from the other side of a partition of the network (`events`)")                  \
  X(link_filtered, "link-filtered", "a filter on the link took it (`events`)")                                         \
  X(run_ended, "run-ended", "was on its way when the run ended")

enum class DropReason : std::uint8_t {
#define CATENET_X(id, name, text) id,
  CATENET_DROP_REASONS(CATENET_X)
#undef CATENET_X
      count_
};
inline constexpr std::size_t kDropReasonCount = static_cast<std::size_t>(DropReason::count_);

/// "ttl-expired": the stable name.
[[nodiscard]] std::string_view name(DropReason reason);
/// "the time to live ran out": one clause for people.
[[nodiscard]] std::string_view explanation(DropReason reason);
[[nodiscard]] std::optional<DropReason> drop_reason_from(std::string_view name);

}  // namespace catenet
