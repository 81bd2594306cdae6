/* SPDX-License-Identifier: Apache-2.0
 * The same as errors.c for keys of TCP's signatures. argv[1] names the case; "ao" is of a kernel that has TCP-AO. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "say.inc"

struct ends {
  int family;
  struct sockaddr_storage here; /* port: a listener's */
};

static socklen_t size_of(const struct ends* e) {
  return e->family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
}

static struct ends loopback(int family) {
  struct ends e;
  memset(&e, 0, sizeof e);
  e.family = family;
  e.here.ss_family = (sa_family_t)family;
  if (family == AF_INET) {
    ((struct sockaddr_in*)&e.here)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  } else {
    ((struct sockaddr_in6*)&e.here)->sin6_addr = in6addr_loopback;
  }
  return e;
}

static int sign(int fd, const struct ends* peer, const char* key) {
  struct tcp_md5sig md5;
  memset(&md5, 0, sizeof md5);
  memcpy(&md5.tcpm_addr, &peer->here, size_of(peer));
  md5.tcpm_keylen = (uint16_t)strlen(key);
  memcpy(md5.tcpm_key, key, strlen(key));
  return setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG, &md5, sizeof md5);
}

static void md5_errors(int family) {
  struct ends peer = loopback(family);
  struct ends other = loopback(family == AF_INET ? AF_INET6 : AF_INET);
  int fd = socket(family, SOCK_STREAM, 0);
  struct tcp_md5sig md5;
  memset(&md5, 0, sizeof md5);
  memcpy(&md5.tcpm_addr, &peer.here, size_of(&peer));
  md5.tcpm_keylen = 3;
  memcpy(md5.tcpm_key, "key", 3);
  say("short", setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG, &md5, sizeof md5 - 1));
  say("take away", sign(fd, &peer, ""));
  say("give", sign(fd, &peer, "one"));
  say("give another", sign(fd, &peer, "two"));
  say("take away", sign(fd, &peer, ""));
  say("take away", sign(fd, &peer, ""));
  say("other family", sign(fd, &other, "key"));
  md5.tcpm_keylen = TCP_MD5SIG_MAXKEYLEN;
  say("longest", setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG, &md5, sizeof md5));
  md5.tcpm_keylen = TCP_MD5SIG_MAXKEYLEN + 1;
  say("too long", setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG, &md5, sizeof md5));
  md5.tcpm_keylen = 3;
  md5.tcpm_flags = TCP_MD5SIG_FLAG_PREFIX;
  md5.tcpm_prefixlen = 200;
  say("long prefix", setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG_EXT, &md5, sizeof md5));
  say("prefix without EXT", setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG, &md5, sizeof md5));
  md5.tcpm_prefixlen = 8;
  say("prefix", setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG_EXT, &md5, sizeof md5));
  md5.tcpm_keylen = 0;
  say("take prefix away", setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG_EXT, &md5, sizeof md5));
  md5.tcpm_keylen = 3;
  md5.tcpm_flags = 2;
  say("interface", setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG_EXT, &md5, sizeof md5));
  close(fd);
  fd = socket(family, SOCK_DGRAM, 0);
  say("datagram", sign(fd, &peer, "key"));
  close(fd);
}

static int listen_at(struct ends* e) {
  int fd = socket(e->family, SOCK_STREAM, 0);
  socklen_t size = size_of(e);
  bind(fd, (struct sockaddr*)&e->here, size);
  listen(fd, 5);
  getsockname(fd, (struct sockaddr*)&e->here, &size);
  return fd;
}

static void converse(int listener, int fd, const struct ends* e) {
  char buffer[64];
  int there;
  say("connect", connect(fd, (const struct sockaddr*)&e->here, size_of(e)));
  there = accept(listener, NULL, NULL);
  say("sent", send(fd, "hello", 5, 0));
  say("arrived", recv(there, buffer, sizeof buffer, 0));
  say("sent", send(there, buffer, 5, 0));
  say("echo", recv(fd, buffer, sizeof buffer, 0));
  say("take away from a connection", sign(fd, e, ""));
  say("and there", sign(there, e, ""));
  say("sent", send(fd, "again", 5, 0));
  say("arrived", recv(there, buffer, sizeof buffer, 0));
  close(there);
  say("end", recv(fd, buffer, sizeof buffer, 0));
  close(fd);
}

static void md5_talking(int family) {
  struct ends e = loopback(family);
  int listener = listen_at(&e);
  int fd = socket(family, SOCK_STREAM, 0);
  say("listener", sign(listener, &e, "swordfish"));
  say("client", sign(fd, &e, "swordfish"));
  converse(listener, fd, &e);
  close(listener);
}

static void md5_prefix(void) {
  struct ends e = loopback(AF_INET);
  int listener = listen_at(&e);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  struct tcp_md5sig md5;
  memset(&md5, 0, sizeof md5);
  memcpy(&md5.tcpm_addr, &e.here, size_of(&e));
  md5.tcpm_flags = TCP_MD5SIG_FLAG_PREFIX;
  md5.tcpm_prefixlen = 8;
  md5.tcpm_keylen = 9;
  memcpy(md5.tcpm_key, "swordfish", 9);
  say("listener", setsockopt(listener, IPPROTO_TCP, TCP_MD5SIG_EXT, &md5, sizeof md5));
  say("client", sign(fd, &e, "swordfish"));
  say("connect", connect(fd, (const struct sockaddr*)&e.here, size_of(&e)));
  close(fd);
  close(listener);
}

static void unheard(const char* server, const char* client) {
  struct ends e = loopback(AF_INET);
  int listener = listen_at(&e);
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  struct pollfd p = {.fd = fd, .events = POLLOUT};
  if (server) {
    say("listener", sign(listener, &e, server));
  }
  if (client) {
    say("client", sign(fd, &e, client));
  }
  say("connect", connect(fd, (const struct sockaddr*)&e.here, size_of(&e)));
  say("poll", poll(&p, 1, 300));
  close(fd);
  close(listener);
}

/* linux/tcp.h of 6.7 */
struct ao_add {
  struct sockaddr_storage addr;
  char alg_name[64];
  int32_t ifindex;
  uint32_t set_current : 1, set_rnext : 1, reserved : 30;
  uint16_t reserved2;
  uint8_t prefix, sndid, rcvid, maclen, keyflags, keylen;
  uint8_t key[80];
} __attribute__((aligned(8)));
struct ao_del {
  struct sockaddr_storage addr;
  int32_t ifindex;
  uint32_t set_current : 1, set_rnext : 1, del_async : 1, reserved : 29;
  uint16_t reserved2;
  uint8_t prefix, sndid, rcvid, current_key, rnext, keyflags;
} __attribute__((aligned(8)));
struct ao_info {
  uint32_t set_current : 1, set_rnext : 1, ao_required : 1, set_counters : 1, accept_icmps : 1, reserved : 27;
  uint16_t reserved2;
  uint8_t current_key, rnext;
  uint64_t pkt_good, pkt_bad, pkt_key_not_found, pkt_ao_required, pkt_dropped_icmp;
} __attribute__((aligned(8)));
struct ao_get {
  struct sockaddr_storage addr;
  char alg_name[64];
  uint8_t key[80];
  uint32_t nkeys;
  uint16_t is_current : 1, is_rnext : 1, get_all : 1, reserved : 13;
  uint8_t sndid, rcvid, prefix, maclen, keyflags, keylen;
  int32_t ifindex;
  uint64_t pkt_good, pkt_bad;
} __attribute__((aligned(8)));
enum { AO_ADD = 38, AO_DEL, AO_INFO, AO_GET };

static struct ao_add ao_key(const struct ends* peer, uint8_t send_id, uint8_t receive_id) {
  struct ao_add a;
  memset(&a, 0, sizeof a);
  memcpy(&a.addr, &peer->here, size_of(peer));
  strcpy(a.alg_name, "cmac(aes128)");
  a.prefix = 32;
  a.sndid = send_id;
  a.rcvid = receive_id;
  a.keylen = 10;
  memcpy(a.key, "testvector", 10);
  return a;
}

static void ao(void) {
  char buffer[64];
  struct ends e = loopback(AF_INET);
  int listener = listen_at(&e);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  struct ao_add a = ao_key(&e, 84, 61);
  struct ao_del d;
  struct ao_info info;
  struct ao_get keys;
  socklen_t size = sizeof info;
  int there;
  say("add", setsockopt(listener, IPPROTO_TCP, AO_ADD, &a, sizeof a));
  say("add again", setsockopt(listener, IPPROTO_TCP, AO_ADD, &a, sizeof a));
  say("md5 besides", sign(listener, &e, "key"));
  a = ao_key(&e, 61, 84);
  strcpy(a.alg_name, "rot13");
  say("unknown algorithm", setsockopt(fd, IPPROTO_TCP, AO_ADD, &a, sizeof a));
  a = ao_key(&e, 61, 84);
  a.reserved = 1;
  say("reserved", setsockopt(fd, IPPROTO_TCP, AO_ADD, &a, sizeof a));
  a.reserved = 0;
  a.keyflags = 1;
  say("interface", setsockopt(fd, IPPROTO_TCP, AO_ADD, &a, sizeof a));
  a = ao_key(&e, 85, 62);
  a.set_current = 1;
  say("current of a listener", setsockopt(listener, IPPROTO_TCP, AO_ADD, &a, sizeof a));
  a = ao_key(&e, 61, 84);
  a.set_current = a.set_rnext = 1;
  setsockopt(fd, IPPROTO_TCP, AO_ADD, &a, sizeof a);
  say("connect", connect(fd, (struct sockaddr*)&e.here, size_of(&e)));
  there = accept(listener, NULL, NULL);
  say("sent", send(fd, "hello", 5, 0));
  recv(there, buffer, sizeof buffer, 0);
  send(there, buffer, 5, 0);
  say("echo", recv(fd, buffer, sizeof buffer, 0));
  memset(&info, 0, sizeof info);
  printf("info: %d", getsockopt(fd, IPPROTO_TCP, AO_INFO, &info, &size));
  printf(" flags %d current %d next %d bad %d good %s\n", info.set_current | info.set_rnext << 1, info.current_key,
         info.rnext, (int)info.pkt_bad, info.pkt_good > 0 ? "yes" : "no");
  memset(&keys, 0, sizeof keys);
  keys.nkeys = 1;
  keys.get_all = 1;
  size = sizeof keys;
  printf("keys: %d", getsockopt(fd, IPPROTO_TCP, AO_GET, &keys, &size));
  printf(" n %d %s %d %d %d flags %d prefix %d\n", (int)keys.nkeys, keys.alg_name, keys.maclen, keys.sndid, keys.rcvid,
         keys.is_current | keys.is_rnext << 1, keys.prefix);
  memset(&info, 0, sizeof info);
  info.set_current = 1;
  info.current_key = 99;
  say("choose another", setsockopt(fd, IPPROTO_TCP, AO_INFO, &info, sizeof info));
  memset(&d, 0, sizeof d);
  d.addr = a.addr;
  d.prefix = 32;
  d.sndid = 61;
  d.rcvid = 84;
  say("remove current", setsockopt(fd, IPPROTO_TCP, AO_DEL, &d, sizeof d));
  d.sndid = 62;
  say("remove", setsockopt(fd, IPPROTO_TCP, AO_DEL, &d, sizeof d));
  close(there);
  close(fd);
  close(listener);
  listener = listen_at(&e);
  fd = socket(AF_INET, SOCK_STREAM, 0);
  connect(fd, (struct sockaddr*)&e.here, size_of(&e));
  say("too late", setsockopt(fd, IPPROTO_TCP, AO_ADD, &a, sizeof a));
  close(fd);
  close(listener);
}

int main(int argc, char** argv) {
  const char* name = argc > 1 ? argv[1] : "";
  if (!strcmp(name, "md5_errors")) {
    md5_errors(AF_INET);
  } else if (!strcmp(name, "md5_errors6")) {
    md5_errors(AF_INET6);
  } else if (!strcmp(name, "md5_talking")) {
    md5_talking(AF_INET);
  } else if (!strcmp(name, "md5_talking6")) {
    md5_talking(AF_INET6);
  } else if (!strcmp(name, "md5_prefix")) {
    md5_prefix();
  } else if (!strcmp(name, "md5_wrong")) {
    unheard("swordfish", "herring");
  } else if (!strcmp(name, "md5_missing")) {
    unheard("swordfish", NULL);
  } else if (!strcmp(name, "md5_unwanted")) {
    unheard(NULL, "swordfish");
  } else if (!strcmp(name, "ao")) {
    ao();
  } else {
    return 2;
  }
  return 0;
}
