/* SPDX-License-Identifier: Apache-2.0
 * The same as errors.c for raw sockets. argv[1] names the case. Everything is between this host and itself. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/icmp.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include "say.inc"

#define OPEN(call) say(#call, (call) < 0 ? -1 : 0)
enum { kMine = 200, kOther = 201 }; /* protocols that nobody has */

static void settle(void) { usleep(2000); }

static struct sockaddr_in host(const char* address) {
  struct sockaddr_in a;
  memset(&a, 0, sizeof a);
  a.sin_family = AF_INET;
  inet_pton(AF_INET, address, &a.sin_addr);
  return a;
}
static struct sockaddr_in6 host6(const char* address, unsigned short protocol) {
  struct sockaddr_in6 a;
  memset(&a, 0, sizeof a);
  a.sin6_family = AF_INET6;
  a.sin6_port = htons(protocol);
  inet_pton(AF_INET6, address, &a.sin6_addr);
  return a;
}
static long send_at(int fd, const void* data, size_t size, const char* address) {
  const struct sockaddr_in a = host(address);
  return sendto(fd, data, size, 0, (const struct sockaddr*)&a, sizeof a);
}
static long send_at6(int fd, const void* data, size_t size, const char* address, unsigned short protocol) {
  const struct sockaddr_in6 a = host6(address, protocol);
  return sendto(fd, data, size, 0, (const struct sockaddr*)&a, sizeof a);
}
static int stick(int fd, const char* address) {
  const struct sockaddr_in a = host(address);
  return bind(fd, (const struct sockaddr*)&a, sizeof a);
}
static int dial(int fd, const char* address, unsigned short port) {
  struct sockaddr_in a = host(address);
  a.sin_port = htons(port);
  return connect(fd, (const struct sockaddr*)&a, sizeof a);
}
static int stick6(int fd, const char* address) {
  const struct sockaddr_in6 a = host6(address, 0);
  return bind(fd, (const struct sockaddr*)&a, sizeof a);
}
static int dial6(int fd, const char* address) {
  const struct sockaddr_in6 a = host6(address, 0);
  return connect(fd, (const struct sockaddr*)&a, sizeof a);
}
static int set(int fd, int level, int name, int value) { return setsockopt(fd, level, name, &value, sizeof value); }
static void option(const char* what, int fd, int level, int name, int value) {
  int got = -77;
  socklen_t size = sizeof got;
  printf("%s %d: ", what, value);
  say("set", set(fd, level, name, value));
  if (say("get", getsockopt(fd, level, name, &got, &size)) == 0) printf("%d (%u)\n", got, size);
}
#define OPTION(fd, level, name, value) option(#level " " #name, fd, level, name, value)

static void show_ends(int fd) {
  struct sockaddr_in a;
  char text[64];
  socklen_t size = sizeof a;
  memset(&a, 0, sizeof a);
  if (SAY(getsockname(fd, (struct sockaddr*)&a, &size)) == 0) {
    printf("%s %u\n", inet_ntop(AF_INET, &a.sin_addr, text, sizeof text), ntohs(a.sin_port));
  }
  size = sizeof a;
  if (SAY(getpeername(fd, (struct sockaddr*)&a, &size)) == 0) {
    printf("%s %u\n", inet_ntop(AF_INET, &a.sin_addr, text, sizeof text), ntohs(a.sin_port));
  }
}
static void show_ends6(int fd) {
  struct sockaddr_in6 a;
  char text[64];
  socklen_t size = sizeof a;
  memset(&a, 0, sizeof a);
  if (SAY(getsockname(fd, (struct sockaddr*)&a, &size)) == 0) {
    printf("%s %u\n", inet_ntop(AF_INET6, &a.sin6_addr, text, sizeof text), ntohs(a.sin6_port));
  }
  size = sizeof a;
  if (SAY(getpeername(fd, (struct sockaddr*)&a, &size)) == 0) {
    printf("%s %u\n", inet_ntop(AF_INET6, &a.sin6_addr, text, sizeof text), ntohs(a.sin6_port));
  }
}

static unsigned short sum_of(const void* data, size_t size) {
  const unsigned char* bytes = data;
  unsigned long sum = 0;
  size_t i;
  for (i = 0; i < size; ++i) sum += i % 2 == 0 ? (unsigned long)bytes[i] << 8 : bytes[i];
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return htons((unsigned short)~sum);
}

static void show_bytes(const unsigned char* bytes, long n) {
  long i;
  for (i = 0; i < n; ++i) printf("%02x", bytes[i]);
  printf("\n");
}

/* All that has come, with its IPv4 header: what of it is the same on every machine, and the payload. */
static void drain(int fd) {
  static unsigned char data[70000];
  char from[64];
  char to[64];
  settle();
  for (;;) {
    struct sockaddr_in a;
    struct iphdr ip;
    socklen_t size = sizeof a;
    const long n = recvfrom(fd, data, sizeof data, MSG_DONTWAIT, (struct sockaddr*)&a, &size);
    long head;
    if (n < (long)sizeof ip) {
      printf("%s\n", n < 0 ? strerrorname_np(errno) : "short");
      return;
    }
    memcpy(&ip, data, sizeof ip);
    head = ip.ihl * 4L;
    printf("%ld of %s %u: v%d header %ld length %d tos %d ttl %d protocol %d sum %d %s > %s: ", n,
           inet_ntop(AF_INET, &a.sin_addr, from, sizeof from), ntohs(a.sin_port), ip.version, head, ntohs(ip.tot_len),
           ip.tos, ip.ttl, ip.protocol, sum_of(data, head), inet_ntop(AF_INET, &ip.saddr, from, sizeof from),
           inet_ntop(AF_INET, &ip.daddr, to, sizeof to));
    show_bytes(data + head, n - head > 24 ? 24 : n - head);
  }
}
/* The same over IPv6, where no header comes along. */
static void drain6(int fd) {
  static unsigned char data[70000];
  char from[64];
  settle();
  for (;;) {
    struct sockaddr_in6 a;
    socklen_t size = sizeof a;
    const long n = recvfrom(fd, data, sizeof data, MSG_DONTWAIT, (struct sockaddr*)&a, &size);
    if (n < 0) {
      printf("%s\n", strerrorname_np(errno));
      return;
    }
    printf("%ld of %s %u: ", n, inet_ntop(AF_INET6, &a.sin6_addr, from, sizeof from), ntohs(a.sin6_port));
    show_bytes(data, n > 24 ? 24 : n);
  }
}

static const unsigned char* echo(unsigned char* message, int type) {
  memset(message, 0, 16);
  message[0] = (unsigned char)type;
  message[4] = 0x12;
  message[5] = 0x34;
  message[7] = 1;
  memcpy(message + 8, "payload!", 8);
  return message;
}

static void making(void) {
  OPEN(socket(AF_INET, SOCK_RAW, 0));
  OPEN(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
  OPEN(socket(AF_INET, SOCK_RAW, IPPROTO_TCP));
  OPEN(socket(AF_INET, SOCK_RAW, IPPROTO_RAW));
  OPEN(socket(AF_INET, SOCK_RAW, -1));
  OPEN(socket(AF_INET, SOCK_RAW, 1000));
  OPEN(socket(AF_INET, SOCK_DGRAM, 1000));
  OPEN(socket(AF_INET, SOCK_STREAM, -1));
  OPEN(socket(AF_INET, SOCK_STREAM, 99));
  OPEN(socket(AF_INET6, SOCK_RAW, 0));
  OPEN(socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6));
  OPEN(socket(AF_INET6, SOCK_RAW, IPPROTO_ICMP));
  OPEN(socket(AF_INET6, SOCK_RAW, IPPROTO_RAW));
  OPEN(socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, kMine));
  OPEN(socket(AF_INET, SOCK_RDM, 0));
  OPEN(socket(AF_INET, 77, 0));
}

static void ends(void) {
  const int fd = socket(AF_INET, SOCK_RAW, kMine);
  const struct sockaddr none = {AF_UNSPEC, {0}};
  struct sockaddr_in a = host("127.0.0.1");
  show_ends(fd);
  SAY(stick(fd, "192.0.2.77"));
  SAY(bind(fd, (struct sockaddr*)&a, 8));
  SAY(stick(fd, "127.0.0.2"));
  show_ends(fd);
  SAY(stick(fd, "127.0.0.1"));
  SAY(stick(fd, "0.0.0.0"));
  SAY(stick(fd, "224.0.0.5"));
  show_ends(fd);
  SAY(stick(fd, "0.0.0.0"));
  SAY(dial(fd, "127.0.0.3", 0));
  show_ends(fd);
  SAY(stick(fd, "127.0.0.1"));
  SAY(dial(fd, "127.0.0.4", 99));
  show_ends(fd);
  SAY(listen(fd, 1));
  SAY(accept(fd, NULL, NULL));
  SAY(shutdown(fd, SHUT_WR));
  SAY(send(fd, "x", 1, 0));
  SAY(connect(fd, &none, sizeof none));
  show_ends(fd);
  SAY(shutdown(socket(AF_INET, SOCK_RAW, kMine), SHUT_RDWR));
}

static void echoing(void) {
  const int fd = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
  unsigned char message[16];
  unsigned short sum;
  echo(message, 8);
  sum = sum_of(message, sizeof message);
  memcpy(message + 2, &sum, sizeof sum);
  SAY(send_at(fd, message, sizeof message, "127.0.0.1"));
  drain(fd); /* the request, too: it came to this host */
  message[2] ^= 1;
  SAY(send_at(fd, message, sizeof message, "127.0.0.1"));
  drain(fd); /* the wrong checksum is for its reader to see */
}

static void filtering(void) {
  const int fd = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
  unsigned char message[16];
  unsigned short sum;
  struct icmp_filter filter = {~0U};
  socklen_t size = sizeof filter;
  const char zero = 0;
  SAY(setsockopt(fd, IPPROTO_RAW, ICMP_FILTER, &filter, sizeof filter));
  echo(message, 8);
  sum = sum_of(message, sizeof message);
  memcpy(message + 2, &sum, sizeof sum);
  SAY(send_at(fd, message, sizeof message, "127.0.0.1"));
  drain(fd);
  filter.data = ~(1U << 0);
  SAY(setsockopt(fd, IPPROTO_RAW, ICMP_FILTER, &filter, sizeof filter));
  SAY(send_at(fd, message, sizeof message, "127.0.0.1"));
  drain(fd);
  message[0] = 77; /* the filter has no bit for it */
  SAY(send_at(fd, message, sizeof message, "127.0.0.1"));
  SAY(send_at(fd, message, 6, "127.0.0.1"));
  drain(fd);
  SAY(setsockopt(fd, IPPROTO_RAW, ICMP_FILTER, &zero, 1));
  SAY(getsockopt(fd, IPPROTO_RAW, ICMP_FILTER, &filter, &size));
  printf("%x (%u)\n", filter.data, size);
  size = 2;
  filter.data = 0;
  SAY(getsockopt(fd, IPPROTO_RAW, ICMP_FILTER, &filter, &size));
  printf("%x (%u)\n", filter.data, size);
  size = 100;
  SAY(getsockopt(fd, IPPROTO_RAW, ICMP_FILTER, &filter, &size));
  printf("(%u)\n", size);
  OPTION(fd, IPPROTO_RAW, 2, 1);
  OPTION(fd, IPPROTO_ICMPV6, 1, 1);
  OPTION(socket(AF_INET, SOCK_RAW, kMine), IPPROTO_RAW, ICMP_FILTER, 1);
  OPTION(socket(AF_INET, SOCK_RAW, kMine), IPPROTO_RAW, 2, 1);
  OPTION(socket(AF_INET, SOCK_DGRAM, 0), IPPROTO_RAW, ICMP_FILTER, 1);
  OPTION(socket(AF_INET, SOCK_STREAM, 0), IPPROTO_RAW, ICMP_FILTER, 1);
}

/* Who gets what: by protocol and by both addresses; everybody gets a copy. */
static void sharing(void) {
  const int all = socket(AF_INET, SOCK_RAW, kMine);
  const int bound = socket(AF_INET, SOCK_RAW, kMine);
  const int tied = socket(AF_INET, SOCK_RAW, kMine);
  const int other = socket(AF_INET, SOCK_RAW, kOther);
  const int sender = socket(AF_INET, SOCK_RAW, kMine);
  SAY(stick(bound, "127.0.0.2"));
  SAY(dial(tied, "127.0.0.3", 0));
  SAY(stick(sender, "127.0.0.3"));
  SAY(send_at(sender, "one", 3, "127.0.0.1"));
  SAY(send_at(sender, "two", 3, "127.0.0.2"));
  SAY(send_at(other, "other", 5, "127.0.0.1"));
  SAY(send_at(all, "", 0, "127.0.0.2"));
  drain(all);
  drain(bound);
  drain(tied);
  drain(other);
  SAY(send(tied, "back", 4, 0));
  drain(sender);
}

/* Datagrams of UDP reach their socket and, whole, a raw one. */
static void copies(void) {
  const int raw = socket(AF_INET, SOCK_RAW, IPPROTO_UDP);
  const int from = socket(AF_INET, SOCK_DGRAM, 0);
  const int to = socket(AF_INET, SOCK_DGRAM, 0);
  struct sockaddr_in a = host("127.0.0.1");
  static char large[5000];
  static unsigned char data[70000];
  char text[8];
  a.sin_port = htons(4000);
  SAY(bind(from, (struct sockaddr*)&a, sizeof a));
  a.sin_port = htons(4001);
  SAY(bind(to, (struct sockaddr*)&a, sizeof a));
  SAY(sendto(from, "hello", 5, 0, (struct sockaddr*)&a, sizeof a));
  settle();
  SAY(recv(to, text, sizeof text, MSG_DONTWAIT));
  SAY(recv(raw, data, sizeof data, MSG_DONTWAIT)); /* on Linux without its checksum */
  show_bytes(data + 20, 6);
  show_bytes(data + 28, 5);
  SAY(sendto(from, large, sizeof large, 0, (struct sockaddr*)&a, sizeof a));
  settle();
  SAY(recv(raw, data, sizeof data, MSG_DONTWAIT));
  /* One that the raw socket makes. */
  memcpy(data, "\x0f\xa0\x0f\xa1\x00\x0b\x00\x00raw", 11);
  SAY(send_at(raw, data, 11, "127.0.0.1"));
  settle();
  SAY(recv(to, data, 1, MSG_DONTWAIT));
  SAY(recv(to, data, sizeof data, MSG_DONTWAIT));
  printf("%.3s\n", data);
  drain(raw);
}

/* The caller makes the header. */
static void whole(void) {
  const int fd = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
  const int in = socket(AF_INET, SOCK_RAW, kMine);
  static unsigned char packet[70000];
  struct iphdr ip;
  memset(&ip, 0, sizeof ip);
  ip.version = 4;
  ip.ihl = 5;
  ip.tos = 0x28;
  ip.ttl = 9;
  ip.protocol = kMine;
  ip.tot_len = htons(7); /* not taken at its word */
  ip.check = 77;
  inet_pton(AF_INET, "127.0.0.1", &ip.daddr);
  memcpy(packet, &ip, sizeof ip);
  memcpy(packet + sizeof ip, "mine", 4);
  SAY(send_at(fd, packet, 24, "127.0.0.1"));
  inet_pton(AF_INET, "127.9.9.9", &ip.saddr);
  memcpy(packet, &ip, sizeof ip);
  SAY(send_at(fd, packet, 24, "127.0.0.1"));
  SAY(send_at(fd, packet, 20, "127.0.0.1"));
  drain(in);
  SAY(send_at(fd, packet, 19, "127.0.0.1"));
  SAY(send_at(fd, packet, 0, "127.0.0.1"));
  SAY(send_at(fd, packet, 65536, "127.0.0.1"));
  packet[0] = 0x4f;
  SAY(send_at(fd, packet, 24, "127.0.0.1"));
  packet[0] = 0x46;
  memcpy(packet + 20, "\x01\x01\x01\x00more", 8);
  SAY(send_at(fd, packet, 28, "127.0.0.1"));
  drain(in);
  OPTION(fd, IPPROTO_IP, IP_HDRINCL, 0);
  SAY(send_at(fd, "x", 1, "127.0.0.1"));
  OPTION(in, IPPROTO_IP, IP_HDRINCL, 1);
  packet[0] = 0x45;
  packet[9] = kMine;
  SAY(send_at(in, packet, 21, "127.0.0.1"));
  drain(in);
  drain(fd);
  OPTION(socket(AF_INET, SOCK_DGRAM, 0), IPPROTO_IP, IP_HDRINCL, 1);
}

static void faults(void) {
  const int fd = socket(AF_INET, SOCK_RAW, kMine);
  const int icmp = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
  static char large[70000];
  struct sockaddr_in a = host("127.0.0.1");
  char data[16];
  SAY(send(fd, "x", 1, 0));
  SAY(send_at(fd, large, 65535, "127.0.0.1"));
  SAY(send_at(fd, large, 65516, "127.0.0.1"));
  SAY(send_at(fd, large, 65536, "127.0.0.1"));
  SAY(sendto(fd, "x", 1, 0, (struct sockaddr*)&a, 8));
  a.sin_family = AF_INET6;
  SAY(sendto(fd, "x", 1, 0, (struct sockaddr*)&a, sizeof a));
  SAY(send_at(icmp, "x", 1, "127.0.0.1"));
  SAY(send_at(icmp, "", 0, "127.0.0.1"));
  SAY(recv(fd, data, sizeof data, MSG_DONTWAIT));
  SAY(send_at(fd, "x", 1, "0.0.0.0"));
  drain(fd);
}

/* Nobody takes the protocol: a connected socket hears of it, an unconnected one does not. */
static void unreachable(void) {
  const int fd = socket(AF_INET, SOCK_RAW, kMine);
  const int free = socket(AF_INET, SOCK_RAW, kMine);
  int code = 0;
  socklen_t size = sizeof code;
  struct pollfd p = {fd, POLLIN, 0};
  SAY(stick(fd, "127.0.0.2"));
  SAY(dial(fd, "127.0.0.3", 0));
  SAY(stick(free, "127.0.0.2"));
  SAY(send(fd, "12345678", 8, 0));
  settle();
  SAY(poll(&p, 1, 0));
  printf("%x\n", p.revents);
  SAY(send(fd, "12345678", 8, 0)); /* the error is for a call that waits */
  settle();
  SAY(recv(fd, &code, sizeof code, MSG_DONTWAIT));
  SAY(recv(fd, &code, sizeof code, MSG_DONTWAIT));
  SAY(getsockopt(free, SOL_SOCKET, SO_ERROR, &code, &size));
  printf("%d\n", code);
  SAY(set(free, IPPROTO_IP, IP_RECVERR, 1));
  SAY(send_at(free, "12345678", 8, "127.0.0.3"));
  settle();
  SAY(getsockopt(free, SOL_SOCKET, SO_ERROR, &code, &size));
  printf("%s\n", strerrorname_np(code));
}

/* A protocol for which there is a raw socket is not answered with an error, whatever else. */
static void taken(void) {
  const int fd = socket(AF_INET, SOCK_RAW, kMine);
  const int in = socket(AF_INET, SOCK_RAW, kMine);
  SAY(stick(fd, "127.0.0.2"));
  SAY(dial(fd, "127.0.0.3", 0));
  SAY(stick(in, "127.0.0.3"));
  SAY(send(fd, "x", 1, 0));
  drain(fd);
  drain(in);
}

/* Of datagram, raw and packet sockets alike. */
static void shared_options(int fd) {
  OPTION(fd, SOL_SOCKET, SO_RCVBUF, 1);
  OPTION(fd, SOL_SOCKET, SO_SNDBUF, 1);
  OPTION(fd, SOL_SOCKET, SO_SNDBUF, 20000);
  OPTION(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  OPTION(fd, SOL_SOCKET, SO_REUSEADDR, 0);
  OPTION(fd, SOL_SOCKET, SO_BROADCAST, 1);
  OPTION(fd, SOL_SOCKET, SO_PRIORITY, 5);
  OPTION(fd, SOL_SOCKET, SO_PRIORITY, 77);
  OPTION(fd, SOL_SOCKET, SO_MARK, -3);
}

static void options(void) {
  const int fd = socket(AF_INET, SOCK_RAW, kMine);
  int tos;
  int priority = -1;
  socklen_t size = sizeof priority;
  OPTION(fd, SOL_SOCKET, SO_TYPE, 1);
  OPTION(fd, SOL_SOCKET, SO_PROTOCOL, 1);
  OPTION(fd, SOL_SOCKET, SO_DOMAIN, 1);
  OPTION(fd, SOL_SOCKET, SO_ACCEPTCONN, 1);
  OPTION(fd, SOL_SOCKET, SO_BROADCAST, 1);
  OPTION(fd, SOL_SOCKET, SO_RCVBUF, 5000);
  shared_options(fd);
  OPTION(fd, SOL_SOCKET, SO_ERROR, 1);
  OPTION(fd, IPPROTO_IP, IP_TTL, 7);
  OPTION(fd, IPPROTO_IP, IP_TTL, 0);
  OPTION(fd, IPPROTO_IP, IP_TOS, 0x28);
  OPTION(fd, IPPROTO_IP, IP_MULTICAST_TTL, 3);
  OPTION(fd, IPPROTO_IP, IP_RECVERR, 1);
  OPTION(fd, IPPROTO_IP, IP_RECVTTL, 1);
  OPTION(fd, IPPROTO_IP, IP_RECVTOS, 1);
  OPTION(fd, IPPROTO_IP, IP_PKTINFO, 1);
  OPTION(fd, IPPROTO_IP, IP_HDRINCL, 5);
  OPTION(fd, IPPROTO_IP, IP_HDRINCL, 0);
  for (tos = 0; tos < 256; tos += 7) {
    OPTION(fd, IPPROTO_IP, IP_TOS, tos);
    SAY(getsockopt(fd, SOL_SOCKET, SO_PRIORITY, &priority, &size));
    printf("%d\n", priority);
  }
  shared_options(socket(AF_INET6, SOCK_RAW, kMine));
  shared_options(socket(AF_INET, SOCK_DGRAM, 0));
  OPTION(fd, IPPROTO_TCP, 1, 1);
  OPTION(fd, IPPROTO_UDP, 1, 1);
  OPTION(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
  SAY(send_at(fd, "x", 1, "127.0.0.1"));
  drain(fd);
}

/* What a filter sees of UDP, of a raw packet, and of one of IPv6; and what is left of it. */
static void filters(void) {
  const int udp = socket(AF_INET, SOCK_DGRAM, 0);
  const int udp6 = socket(AF_INET6, SOCK_DGRAM, 0);
  const int raw = socket(AF_INET, SOCK_RAW, kMine);
  const int raw6 = socket(AF_INET6, SOCK_RAW, kMine);
  const int fds[] = {udp, udp6, raw, raw6};
  struct sockaddr_in a = host("127.0.0.1");
  struct sockaddr_in6 b = host6("::1", 4002);
  int offset;
  int i;
  char data[128];
  a.sin_port = htons(4001);
  SAY(bind(udp, (struct sockaddr*)&a, sizeof a));
  SAY(bind(udp6, (struct sockaddr*)&b, sizeof b));
  for (offset = -10; offset < 40; ++offset) {
    const struct sock_filter load[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, offset < 0 ? (unsigned)(SKF_NET_OFF + 16 + offset) : (unsigned)offset),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0x1f), BPF_STMT(BPF_RET | BPF_A, 0)};
    const struct sock_filter length[] = {BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
                                         BPF_STMT(BPF_ALU | BPF_SUB | BPF_K, 3), BPF_STMT(BPF_RET | BPF_A, 0)};
    const struct sock_fprog program = {3, (struct sock_filter*)(offset == 39 ? length : load)};
    if (offset == 6 || offset == 7 || offset == 4 || offset == 5 || offset == 10 || offset == 11) continue; /* ids, sums */
    if (offset == -5 || offset == -6 || offset == -11 || offset == -12) continue;
    for (i = 0; i < 4; ++i) setsockopt(fds[i], SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
    sendto(udp, "0123456789abcdef", 16, 0, (struct sockaddr*)&a, sizeof a);
    sendto(udp6, "0123456789abcdef", 16, 0, (struct sockaddr*)&b, sizeof b);
    send_at(raw, "0123456789abcdef", 16, "127.0.0.1");
    send_at6(raw6, "0123456789abcdef", 16, "::1", 0);
    settle();
    printf("at %d:", offset);
    for (i = 0; i < 4; ++i) printf(" %ld", (long)recv(fds[i], data, sizeof data, MSG_DONTWAIT));
    printf("\n");
  }
}

static void control(void) {
  const int fd = socket(AF_INET, SOCK_RAW, kMine);
  union {
    char bytes[256];
    struct cmsghdr head;
  } more;
  char data[25];
  struct sockaddr_in from;
  struct iovec part = {data, sizeof data};
  struct msghdr message;
  struct cmsghdr* c;
  int waiting = -1;
  struct pollfd p = {fd, POLLIN | POLLOUT, 0};
  SAY(set(fd, IPPROTO_IP, IP_RECVTTL, 1));
  SAY(set(fd, IPPROTO_IP, IP_RECVTOS, 1));
  SAY(set(fd, IPPROTO_IP, IP_PKTINFO, 1));
  SAY(set(fd, IPPROTO_IP, IP_TTL, 33));
  SAY(set(fd, IPPROTO_IP, IP_TOS, 0x48));
  SAY(poll(&p, 1, 0));
  printf("%x\n", p.revents);
  SAY(send_at(fd, "0123456789", 10, "127.0.0.2"));
  settle();
  SAY(poll(&p, 1, 0));
  printf("%x\n", p.revents);
  SAY(ioctl(fd, FIONREAD, &waiting));
  printf("%d\n", waiting);
  SAY(recv(fd, data, 5, MSG_PEEK));
  SAY(recv(fd, data, 5, MSG_PEEK | MSG_TRUNC));
  memset(&message, 0, sizeof message);
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = &more;
  message.msg_controllen = sizeof more;
  message.msg_name = &from;
  message.msg_namelen = sizeof from;
  SAY(recvmsg(fd, &message, 0));
  printf("flags %x name %u\n", message.msg_flags, message.msg_namelen);
  for (c = CMSG_FIRSTHDR(&message); c != NULL; c = CMSG_NXTHDR(&message, c)) {
    printf("%d %d (%zu): ", c->cmsg_level, c->cmsg_type, (size_t)c->cmsg_len);
    show_bytes(CMSG_DATA(c), (long)(c->cmsg_len - CMSG_LEN(0)));
  }
  SAY(recv(fd, data, 5, MSG_DONTWAIT));
}

/* A queue has an end. */
static void full(void) {
  const int fd = socket(AF_INET, SOCK_RAW, kMine);
  const int out = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
  static char data[4000];
  struct iphdr ip;
  int sent;
  int got = 0;
  memset(&ip, 0, sizeof ip);
  ip.version = 4;
  ip.ihl = 5;
  ip.ttl = 9;
  ip.protocol = kMine;
  inet_pton(AF_INET, "127.0.0.1", &ip.daddr);
  memcpy(data, &ip, sizeof ip);
  SAY(set(fd, SOL_SOCKET, SO_RCVBUF, 20000));
  for (sent = 0; sent < 100 && send_at(out, data, sizeof data, "127.0.0.1") > 0; ++sent) settle();
  while (recv(fd, data, sizeof data, MSG_DONTWAIT) > 0) ++got;
  printf("%d sent, some lost: %d, some not: %d\n", sent, got < sent, got > 1);
}

static void after_disconnect(void) {
  const int fd = socket(AF_INET, SOCK_RAW, kMine);
  const struct sockaddr none = {AF_UNSPEC, {0}};
  SAY(dial(fd, "127.0.0.1", 5));
  SAY(send(fd, "x", 1, 0));
  drain(fd);
  SAY(connect(fd, &none, sizeof none));
  show_ends(fd);
  SAY(send(fd, "x", 1, 0));
  SAY(send_at(fd, "x", 1, "127.0.0.1"));
  drain(fd);
}

/* ---- IPv6 -------------------------------------------------------------------------------------------------------- */

static void ends6(void) {
  const int fd = socket(AF_INET6, SOCK_RAW, kMine);
  struct sockaddr_in6 a = host6("::1", 0);
  show_ends6(fd);
  SAY(stick6(fd, "2001:db8::77"));
  SAY(stick6(fd, "::ffff:127.0.0.1"));
  SAY(stick6(fd, "fe80::1"));
  SAY(bind(fd, (struct sockaddr*)&a, 20));
  a.sin6_family = AF_INET;
  SAY(bind(fd, (struct sockaddr*)&a, sizeof a));
  SAY(stick6(fd, "::1"));
  show_ends6(fd);
  SAY(dial6(fd, "::1"));
  show_ends6(fd);
  SAY(stick6(fd, "::1"));
  SAY(shutdown(fd, SHUT_WR));
  SAY(send(fd, "x", 1, 0));
}

static void echoing6(void) {
  const int fd = socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);
  unsigned char message[16];
  struct icmp6_filter filter;
  socklen_t size = sizeof filter;
  echo(message, 128);
  SAY(send_at6(fd, message, sizeof message, "::1", 0));
  drain6(fd); /* with a checksum that the socket made */
  ICMP6_FILTER_SETBLOCKALL(&filter);
  ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &filter);
  SAY(setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof filter));
  SAY(send_at6(fd, message, sizeof message, "::1", 0));
  SAY(send_at6(fd, message, 5, "::1", 0));
  SAY(send_at6(fd, message, 3, "::1", 0));
  SAY(send_at6(fd, message, 1, "::1", 0));
  drain6(fd);
  memset(&filter, 0, sizeof filter);
  SAY(getsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, &size));
  show_bytes((const unsigned char*)&filter, size);
  OPTION(fd, IPPROTO_ICMPV6, 7, 1);
  OPTION(fd, IPPROTO_RAW, ICMP_FILTER, 1);
  OPTION(socket(AF_INET6, SOCK_RAW, kMine), IPPROTO_ICMPV6, ICMP6_FILTER, 1);
  OPTION(socket(AF_INET6, SOCK_RAW, kMine), IPPROTO_ICMPV6, 7, 1);
  OPTION(socket(AF_INET6, SOCK_DGRAM, 0), IPPROTO_ICMPV6, ICMP6_FILTER, 1);
}

static void checksums6(void) {
  const int fd = socket(AF_INET6, SOCK_RAW, kMine);
  const int out = socket(AF_INET6, SOCK_RAW, kMine);
  const int icmp = socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);
  OPTION(fd, IPPROTO_IPV6, IPV6_CHECKSUM, 3);
  OPTION(fd, IPPROTO_IPV6, IPV6_CHECKSUM, -5);
  OPTION(fd, IPPROTO_RAW, IPV6_CHECKSUM, 2);
  OPTION(fd, IPPROTO_IPV6, IPV6_CHECKSUM, 4);
  OPTION(icmp, IPPROTO_IPV6, IPV6_CHECKSUM, 2);
  OPTION(icmp, IPPROTO_RAW, IPV6_CHECKSUM, 2);
  OPTION(socket(AF_INET6, SOCK_DGRAM, 0), IPPROTO_IPV6, IPV6_CHECKSUM, 4);
  SAY(send_at6(fd, "01234567", 8, "::1", 0));
  SAY(send_at6(fd, "0123456", 7, "::1", 0));
  SAY(send_at6(fd, "01234", 5, "::1", 0));
  SAY(send_at6(out, "without one", 11, "::1", 0)); /* which the first one does not take */
  drain6(fd);
  drain6(out);
  OPTION(fd, IPPROTO_RAW, IPV6_CHECKSUM, 70000);
  SAY(send_at6(fd, "01234567", 8, "::1", 0));
}

static void faults6(void) {
  const int fd = socket(AF_INET6, SOCK_RAW, kMine);
  const int any = socket(AF_INET6, SOCK_RAW, IPPROTO_RAW);
  struct sockaddr_in6 a = host6("::1", 0);
  struct sockaddr_in v4 = host("127.0.0.1");
  unsigned char packet[48];
  char data[8];
  SAY(send(fd, "x", 1, 0));
  SAY(send_at6(fd, "x", 1, "::1", kMine));
  SAY(send_at6(fd, "x", 1, "::1", kOther));
  SAY(send_at6(fd, "x", 1, "::1", 999));
  SAY(sendto(fd, "x", 1, 0, (struct sockaddr*)&a, 20));
  SAY(sendto(fd, "x", 1, 0, (struct sockaddr*)&v4, sizeof v4));
  SAY(send_at6(fd, "x", 1, "::", 0));
  settle();
  SAY(recv(fd, data, sizeof data, MSG_DONTWAIT));
  drain6(fd);
  /* The caller makes the header. */
  OPTION(fd, IPPROTO_IPV6, IPV6_HDRINCL, 0);
  OPTION(any, IPPROTO_IPV6, IPV6_HDRINCL, 1);
  memset(packet, 0, sizeof packet);
  packet[0] = 0x60;
  packet[5] = 4;
  packet[6] = kMine;
  packet[7] = 3;
  packet[23] = packet[39] = 1;
  memcpy(packet + 40, "mine", 4);
  SAY(send_at6(any, packet, 44, "::1", 0));
  SAY(send_at6(any, packet, 39, "::1", 0));
  drain6(fd);
}

static void control6(void) {
  const int fd = socket(AF_INET6, SOCK_RAW, kMine);
  union {
    char bytes[256];
    struct cmsghdr head;
  } more;
  char data[8];
  struct sockaddr_in6 from;
  struct iovec part = {data, sizeof data};
  struct msghdr message;
  struct cmsghdr* c;
  SAY(set(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1));
  SAY(set(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1));
  SAY(set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1));
  SAY(set(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 33));
  SAY(set(fd, IPPROTO_IPV6, IPV6_TCLASS, 0x48));
  SAY(send_at6(fd, "0123456789", 10, "::1", 0));
  settle();
  memset(&message, 0, sizeof message);
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = &more;
  message.msg_controllen = sizeof more;
  message.msg_name = &from;
  message.msg_namelen = sizeof from;
  SAY(recvmsg(fd, &message, 0));
  printf("flags %x name %u\n", message.msg_flags, message.msg_namelen);
  for (c = CMSG_FIRSTHDR(&message); c != NULL; c = CMSG_NXTHDR(&message, c)) {
    const long size = (long)(c->cmsg_len - CMSG_LEN(0));
    printf("%d %d (%zu): ", c->cmsg_level, c->cmsg_type, (size_t)c->cmsg_len);
    show_bytes(CMSG_DATA(c), size > 16 ? 16 : size); /* an interface's number is its machine's */
  }
}

static const struct {
  const char* name;
  void (*run)(void);
} kCases[] = {
    {"making", making},     {"ends", ends},         {"echoing", echoing},
    {"filtering", filtering}, {"sharing", sharing}, {"copies", copies},
    {"whole", whole},       {"faults", faults},     {"unreachable", unreachable},
    {"taken", taken},       {"options", options},   {"control", control},
    {"full", full},         {"filters", filters},         {"after_disconnect", after_disconnect},
    {"ends6", ends6},       {"echoing6", echoing6}, {"checksums6", checksums6},
    {"faults6", faults6},   {"control6", control6},
};

int main(int argc, char** argv) {
  size_t i;
  for (i = 0; i < sizeof kCases / sizeof *kCases; ++i) {
    if (argc > 1 && strcmp(argv[1], kCases[i].name) == 0) {
      kCases[i].run();
      return 0;
    }
  }
  return 2;
}
