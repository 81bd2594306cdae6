/* SPDX-License-Identifier: Apache-2.0
 * The same as errors.c for what datagram sockets have beyond the common calls: UDP-Lite, segments, batches.
 * argv[1] names the case. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "say.inc"

/* linux/net/udplite.h, which no header for programs has */
#define SEND_CSCOV 10
#define RECV_CSCOV 11

#define OPEN(call) say(#call, (call) < 0 ? -1 : 0)

static void settle(void) { usleep(2000); }

static struct sockaddr_in at(unsigned short port) {
  struct sockaddr_in a;
  memset(&a, 0, sizeof a);
  a.sin_family = AF_INET;
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  a.sin_port = htons(port);
  return a;
}
static struct sockaddr_in6 at6(unsigned short port) {
  struct sockaddr_in6 a;
  memset(&a, 0, sizeof a);
  a.sin6_family = AF_INET6;
  a.sin6_addr = in6addr_loopback;
  a.sin6_port = htons(port);
  return a;
}
static int stick(int fd, struct sockaddr_in a) { return bind(fd, (struct sockaddr*)&a, sizeof a); }
static int dial(int fd, struct sockaddr_in a) { return connect(fd, (struct sockaddr*)&a, sizeof a); }
static unsigned short port_of(int fd) {
  struct sockaddr_in6 a;
  socklen_t size = sizeof a;
  memset(&a, 0, sizeof a);
  getsockname(fd, (struct sockaddr*)&a, &size);
  return ntohs(a.sin6_port); /* where sin_port is, too */
}
static int datagram(void) { return socket(AF_INET, SOCK_DGRAM, 0); }
static int lite(void) { return socket(AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE); }

/* Two connected sockets of a protocol, the second of which can be sent to. */
struct pair {
  int client, server;
};
static struct pair pair_of(int domain, int protocol) {
  struct pair p;
  p.server = socket(domain, SOCK_DGRAM, protocol);
  p.client = socket(domain, SOCK_DGRAM, protocol);
  if (domain == AF_INET) {
    stick(p.server, at(0));
    SAY(dial(p.client, at(port_of(p.server))));
  } else {
    struct sockaddr_in6 a = at6(0);
    bind(p.server, (struct sockaddr*)&a, sizeof a);
    a = at6(port_of(p.server));
    SAY(connect(p.client, (struct sockaddr*)&a, sizeof a));
  }
  return p;
}

/* Everything that has come, by its length. */
static void drain(int fd) {
  static char data[70000];
  long n;
  settle();
  while ((n = recv(fd, data, sizeof data, MSG_DONTWAIT)) >= 0) printf("%ld ", n);
  printf("%s\n", strerrorname_np(errno));
}

static int set(int fd, int level, int name, int value) { return setsockopt(fd, level, name, &value, sizeof value); }
static void option(const char* what, int fd, int level, int name, int value) {
  int got = -1;
  socklen_t size = sizeof got;
  printf("%s %d: ", what, value);
  say("set", set(fd, level, name, value));
  if (say("get", getsockopt(fd, level, name, &got, &size)) == 0) printf("%d (%u)\n", got, size);
}
#define OPTION(fd, level, name, value) option(#level " " #name, fd, level, name, value)

/* ---- UDP-Lite ---------------------------------------------------------------------------------------------------- */

static void lite_making(void) {
  struct sockaddr_in a;
  const int plain = datagram();
  const int other = lite();
  OPEN(socket(AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE));
  OPEN(socket(AF_INET6, SOCK_DGRAM, IPPROTO_UDPLITE));
  OPEN(socket(AF_INET, SOCK_STREAM, IPPROTO_UDPLITE));
  OPTION(other, SOL_SOCKET, SO_PROTOCOL, 1);
  OPTION(other, SOL_SOCKET, SO_TYPE, 1);
  SAY(stick(plain, at(0)));
  a = at(port_of(plain));
  SAY(stick(other, a));
  SAY(stick(lite(), a));
  SAY(listen(other, 1));
}

/* Who asks for UDP-Lite gets it; others do not. */
static void lite_names(void) {
  const int asked[][2] = {{0, 0},
                          {SOCK_DGRAM, 0},
                          {0, IPPROTO_UDP},
                          {0, IPPROTO_UDPLITE},
                          {SOCK_DGRAM, IPPROTO_UDPLITE},
                          {SOCK_STREAM, IPPROTO_UDPLITE},
                          {SOCK_RAW, IPPROTO_ICMP},
                          {0, IPPROTO_ICMP}};
  size_t i;
  for (i = 0; i < sizeof asked / sizeof *asked; ++i) {
    struct addrinfo hints;
    struct addrinfo* list = NULL;
    struct addrinfo* a;
    int code;
    memset(&hints, 0, sizeof hints);
    hints.ai_socktype = asked[i][0];
    hints.ai_protocol = asked[i][1];
    code = getaddrinfo("127.0.0.1", "80", &hints, &list);
    printf("%d %d: %s\n", asked[i][0], asked[i][1], code != 0 ? gai_strerror(code) : "found");
    for (a = list; code == 0 && a != NULL; a = a->ai_next) printf("  %d %d\n", a->ai_socktype, a->ai_protocol);
    if (code == 0) freeaddrinfo(list);
  }
}

static void lite_options(void) {
  const int d = lite();
  const int v6 = socket(AF_INET6, SOCK_DGRAM, IPPROTO_UDPLITE);
  const int values[] = {20, 0, 1, 7, 8, 9, -1, 65535, 65536, 1 << 30};
  int got = 77;
  socklen_t size = sizeof got;
  const char small = 9;
  size_t i;
  SAY(getsockopt(d, IPPROTO_UDPLITE, SEND_CSCOV, &got, &size));
  printf("%d\n", got);
  for (i = 0; i < sizeof values / sizeof *values; ++i) {
    OPTION(d, IPPROTO_UDPLITE, SEND_CSCOV, values[i]);
    OPTION(d, IPPROTO_UDPLITE, RECV_CSCOV, values[i]);
  }
  OPTION(v6, IPPROTO_UDPLITE, SEND_CSCOV, 30);
  OPTION(v6, IPPROTO_UDP, RECV_CSCOV, 31);
  OPTION(d, IPPROTO_UDP, SEND_CSCOV, 21);
  OPTION(d, IPPROTO_UDPLITE, 77, 21);
  OPTION(datagram(), IPPROTO_UDP, SEND_CSCOV, 21);
  OPTION(datagram(), IPPROTO_UDPLITE, RECV_CSCOV, 21);
  OPTION(socket(AF_INET, SOCK_STREAM, 0), IPPROTO_UDPLITE, RECV_CSCOV, 21);
  OPTION(socket(AF_INET6, SOCK_STREAM, 0), IPPROTO_UDP, RECV_CSCOV, 21);
  SAY(setsockopt(d, IPPROTO_UDPLITE, SEND_CSCOV, &small, 1));
  size = 2;
  got = 0;
  SAY(getsockopt(d, IPPROTO_UDPLITE, SEND_CSCOV, &got, &size));
  printf("%d (%u)\n", got, size);
  OPTION(d, SOL_SOCKET, SO_NO_CHECK, 1);
}

static void cover(int domain) {
  const int least[] = {-2, 0, 8, 12, 100};
  const int covered[] = {-2, 0, 8, 11, 12, 13, 17, 18, 19, 1000};
  size_t i;
  size_t k;
  for (i = 0; i < sizeof least / sizeof *least; ++i) {
    const struct pair p = pair_of(domain, IPPROTO_UDPLITE);
    if (least[i] != -2) SAY(set(p.server, IPPROTO_UDPLITE, RECV_CSCOV, least[i]));
    for (k = 0; k < sizeof covered / sizeof *covered; ++k) {
      if (covered[k] != -2) set(p.client, IPPROTO_UDPLITE, SEND_CSCOV, covered[k]);
      if (send(p.client, "0123456789", 10, 0) != 10) printf("not sent\n");
      printf("least %d, covered %d: ", least[i], covered[k]);
      drain(p.server);
    }
    close(p.client);
    close(p.server);
  }
}
static void lite_coverage(void) { cover(AF_INET); }
static void lite_coverage6(void) { cover(AF_INET6); }

static void lite_talking(void) {
  const struct pair p = pair_of(AF_INET, IPPROTO_UDPLITE);
  static char large[70000];
  struct sockaddr_in from;
  socklen_t size = sizeof from;
  char data[16];
  SAY(set(p.client, IPPROTO_UDPLITE, SEND_CSCOV, 8));
  SAY(send(p.client, "", 0, 0));
  SAY(send(p.client, large, 65507, 0));
  SAY(send(p.client, large, 65508, 0));
  drain(p.server);
  SAY(send(p.client, "hello", 5, 0));
  SAY(recvfrom(p.server, data, 3, MSG_TRUNC, (struct sockaddr*)&from, &size));
  SAY(ntohs(from.sin_port) == port_of(p.client));
  close(p.server);
  SAY(send(p.client, "x", 1, 0));
  settle();
  SAY(send(p.client, "x", 1, 0));
  SAY(send(p.client, "x", 1, 0));
}

/* ---- segments ---------------------------------------------------------------------------------------------------- */

static char zeros[70000];

/* One message with a size of segments as ancillary data, of so many bytes at this level and type. */
static long send_cut(int fd, size_t size, int level, int type, unsigned value, size_t value_size) {
  union {
    char bytes[64];
    struct cmsghdr head;
  } more;
  struct iovec part = {zeros, size};
  struct msghdr message;
  memset(&message, 0, sizeof message);
  memset(&more, 0, sizeof more);
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = &more;
  message.msg_controllen = CMSG_SPACE(value_size);
  more.head.cmsg_len = CMSG_LEN(value_size);
  more.head.cmsg_level = level;
  more.head.cmsg_type = type;
  memcpy(CMSG_DATA(&more.head), &value, value_size);
  return sendmsg(fd, &message, 0);
}

/* Everything that has come, by its length and its ancillary data. */
static void take_all(int fd, size_t room, size_t more_room, int flags) {
  union {
    char bytes[256];
    struct cmsghdr head;
  } more;
  int rounds = 0;
  settle();
  for (;;) {
    struct iovec part = {zeros, room};
    struct msghdr message;
    struct cmsghdr* c;
    long n;
    memset(&message, 0, sizeof message);
    memset(&more, 0, sizeof more);
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = &more;
    message.msg_controllen = more_room;
    n = recvmsg(fd, &message, MSG_DONTWAIT | flags);
    if (n < 0) break;
    printf("%ld flags %x", n, message.msg_flags);
    for (c = CMSG_FIRSTHDR(&message); c != NULL; c = CMSG_NXTHDR(&message, c)) {
      int value = 0;
      size_t size = c->cmsg_len - CMSG_LEN(0);
      memcpy(&value, CMSG_DATA(c), size < sizeof value ? size : sizeof value);
      printf(" (%d %d length %zu: %d)", c->cmsg_level, c->cmsg_type, (size_t)c->cmsg_len, value);
    }
    printf("\n");
    if ((flags & MSG_PEEK) != 0 && ++rounds == 2) return;
  }
  printf("%s\n", strerrorname_np(errno));
}

static void segment_options(void) {
  const int d = datagram();
  const int values[] = {-1, 0, 1, 1400, 65535, 65536};
  const int switches[] = {1, 0, -1, 7};
  const char small = 1;
  size_t i;
  for (i = 0; i < sizeof values / sizeof *values; ++i) OPTION(d, IPPROTO_UDP, UDP_SEGMENT, values[i]);
  for (i = 0; i < sizeof switches / sizeof *switches; ++i) OPTION(d, IPPROTO_UDP, UDP_GRO, switches[i]);
  OPTION(socket(AF_INET6, SOCK_DGRAM, 0), IPPROTO_UDP, UDP_SEGMENT, 100);
  OPTION(socket(AF_INET, SOCK_STREAM, 0), IPPROTO_UDP, UDP_SEGMENT, 100);
  SAY(setsockopt(d, IPPROTO_UDP, UDP_SEGMENT, &small, 1));
}

static void cut(int domain) {
  const struct pair p = pair_of(domain, 0);
  const int sizes[] = {100, 1, 1000, 1472, 65000, 0};
  const int lengths[] = {0, 1, 64, 99, 100, 101, 129, 200, 250, 3000, 60000, 65000};
  size_t i;
  size_t k;
  int gro;
  for (gro = 0; gro < 2; ++gro) {
    SAY(set(p.server, IPPROTO_UDP, UDP_GRO, gro));
    for (i = 0; i < sizeof sizes / sizeof *sizes; ++i) {
      set(p.client, IPPROTO_UDP, UDP_SEGMENT, sizes[i]);
      for (k = 0; k < sizeof lengths / sizeof *lengths; ++k) {
        if (lengths[k] > 64 * sizes[i] && lengths[k] <= 128 * sizes[i]) continue; /* the limit was 64 before Linux 6.10 */
        printf("%d in pieces of %d: ", lengths[k], sizes[i]);
        SAY(send(p.client, zeros, lengths[k], 0));
        take_all(p.server, sizeof zeros, 100, 0);
      }
    }
  }
}
static void segments(void) { cut(AF_INET); }
static void segments6(void) { cut(AF_INET6); }

/* A filter sees each datagram of several, unless its socket takes them as one. */
static void filter_cut(int domain) {
  const struct sock_filter programs[][4] = {
      {BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0), BPF_STMT(BPF_ALU | BPF_SUB | BPF_K, 3), BPF_STMT(BPF_RET | BPF_A, 0)},
      {BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 8), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 'b', 1, 0),
       BPF_STMT(BPF_RET | BPF_K, 10000), BPF_STMT(BPF_RET | BPF_K, 0)},
      {BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 4), BPF_STMT(BPF_RET | BPF_A, 0)},
      {BPF_STMT(BPF_LD | BPF_H | BPF_ABS, (unsigned)SKF_NET_OFF + 2), BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 1),
       BPF_STMT(BPF_RET | BPF_A, 0)},
      {BPF_STMT(BPF_RET | BPF_K, 1)}};
  const unsigned short lengths[] = {3, 4, 2, 3, 1};
  static char text[250];
  const struct pair p = pair_of(domain, 0);
  size_t i;
  int gro;
  for (i = 0; i < sizeof text; ++i) text[i] = (char)('a' + i / 100);
  set(p.client, IPPROTO_UDP, UDP_SEGMENT, 100);
  for (gro = 0; gro < 2; ++gro) {
    SAY(set(p.server, IPPROTO_UDP, UDP_GRO, gro));
    for (i = 0; i < 5; ++i) {
      const struct sock_fprog program = {lengths[i], (struct sock_filter*)programs[i]};
      SAY(setsockopt(p.server, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program));
      SAY(send(p.client, text, sizeof text, 0));
      take_all(p.server, sizeof zeros, 100, 0);
    }
  }
}
static void segment_filters(void) { filter_cut(AF_INET); }
static void segment_filters6(void) { filter_cut(AF_INET6); }

static void segment_errors(void) {
  struct pair p = pair_of(AF_INET, 0);
  int d = datagram();
  set(p.client, IPPROTO_UDP, UDP_SEGMENT, 1000);
  SAY(send(p.client, zeros, 65508, 0));
  SAY(send(p.client, zeros, 65536, 0));
  set(p.client, SOL_SOCKET, SO_NO_CHECK, 1);
  SAY(send(p.client, zeros, 3000, 0));
  SAY(send(p.client, zeros, 30, 0));
  set(p.client, SOL_SOCKET, SO_NO_CHECK, 0);
  SAY(shutdown(p.client, SHUT_WR));
  SAY(send(p.client, zeros, 300000, 0));
  SAY(send(p.client, zeros, 3000, 0));
  set(d, IPPROTO_UDP, UDP_SEGMENT, 10);
  SAY(send(d, zeros, 5000, 0));
  SAY(dial(d, at(1)));
  SAY(send(d, zeros, 100, 0));
  settle();
  SAY(send(d, zeros, 100, 0));
  SAY(send(d, zeros, 100, 0));
  drain(p.server);
}

static void segment_lite(void) {
  const struct pair p = pair_of(AF_INET, IPPROTO_UDPLITE);
  SAY(set(p.client, IPPROTO_UDPLITE, UDP_SEGMENT, 100));
  SAY(send(p.client, zeros, 250, 0));
  SAY(send(p.client, zeros, 50, 0));
  SAY(set(p.client, IPPROTO_UDPLITE, UDP_SEGMENT, 0));
  SAY(send(p.client, zeros, 50, 0));
  SAY(set(p.client, IPPROTO_UDPLITE, UDP_GRO, 1));
  drain(p.server);
}

static void segment_cmsg(void) {
  const struct pair p = pair_of(AF_INET, 0);
  SAY(send_cut(p.client, 250, IPPROTO_UDP, UDP_SEGMENT, 100, 2));
  take_all(p.server, 1000, 100, 0);
  SAY(send_cut(p.client, 250, IPPROTO_UDP, UDP_SEGMENT, 65535, 2));
  SAY(send_cut(p.client, 250, IPPROTO_UDP, UDP_SEGMENT, 1, 2));
  SAY(send_cut(p.client, 250, IPPROTO_UDP, UDP_SEGMENT, 100, 4));
  SAY(send_cut(p.client, 250, IPPROTO_UDP, UDP_SEGMENT, 100, 1));
  SAY(send_cut(p.client, 250, IPPROTO_UDP, UDP_GRO, 100, 4));
  SAY(send_cut(p.client, 250, IPPROTO_UDP, 99, 100, 2));
  SAY(send_cut(p.client, 250, IPPROTO_UDPLITE, UDP_SEGMENT, 100, 2));
  SAY(send_cut(p.client, 250, IPPROTO_TCP, UDP_SEGMENT, 100, 2));
  take_all(p.server, 1000, 100, 0);
  SAY(set(p.client, IPPROTO_UDP, UDP_SEGMENT, 100));
  SAY(send_cut(p.client, 250, IPPROTO_UDP, UDP_SEGMENT, 0, 2));
  SAY(send_cut(p.client, 250, IPPROTO_UDP, UDP_SEGMENT, 200, 2));
  take_all(p.server, 1000, 100, 0);
}

static void segments_as_one(void) {
  const struct pair p = pair_of(AF_INET, 0);
  const int on = 1;
  int waiting = -1;
  size_t room;
  SAY(set(p.server, IPPROTO_UDP, UDP_GRO, 1));
  SAY(set(p.client, IPPROTO_UDP, UDP_SEGMENT, 100));
  SAY(send(p.client, zeros, 250, 0));
  settle();
  SAY(ioctl(p.server, FIONREAD, &waiting));
  printf("%d waiting\n", waiting);
  take_all(p.server, 1000, 100, MSG_PEEK);
  take_all(p.server, 120, 100, 0);
  SAY(send(p.client, zeros, 250, 0));
  settle();
  SAY(recv(p.server, zeros, 10, MSG_TRUNC));
  SAY(send(p.client, zeros, 200, 0));
  SAY(send(p.client, zeros, 200, 0));
  take_all(p.server, 1000, 100, 0);
  SAY(set(p.client, IPPROTO_UDP, UDP_SEGMENT, 0));
  SAY(send(p.client, zeros, 100, 0));
  SAY(send(p.client, zeros, 100, 0));
  take_all(p.server, 1000, 100, 0);
  SAY(set(p.client, IPPROTO_UDP, UDP_SEGMENT, 100));
  SAY(setsockopt(p.server, IPPROTO_IP, IP_RECVTTL, &on, sizeof on));
  for (room = 0; room <= 56; room += 4) {
    printf("room %zu: ", room);
    if (send(p.client, zeros, 250, 0) != 250) perror("send");
    take_all(p.server, 1000, room, 0);
  }
  SAY(send(p.client, zeros, 250, 0));
  settle();
  SAY(set(p.server, IPPROTO_UDP, UDP_GRO, 0));
  take_all(p.server, 1000, 100, 0);
}

/* ---- batches ----------------------------------------------------------------------------------------------------- */

enum { kMany = 6 };
static struct mmsghdr many[kMany];
static struct iovec parts[kMany][2];
static char bytes[kMany][16];
static struct sockaddr_in ends[kMany];

/* Messages "0", "11", "222" ... to nowhere in particular. */
static void compose(void) {
  int i;
  memset(many, 0, sizeof many);
  for (i = 0; i < kMany; ++i) {
    memset(bytes[i], '0' + i, sizeof bytes[i]);
    parts[i][0].iov_base = bytes[i];
    parts[i][0].iov_len = 1;
    parts[i][1].iov_base = bytes[i];
    parts[i][1].iov_len = i;
    many[i].msg_hdr.msg_iov = parts[i];
    many[i].msg_hdr.msg_iovlen = 2;
    many[i].msg_len = 77;
  }
}
/* Room for messages of four bytes and who sent them. */
static void make_room(void) {
  int i;
  compose();
  memset(bytes, '-', sizeof bytes);
  for (i = 0; i < kMany; ++i) {
    parts[i][1].iov_len = 3;
    many[i].msg_hdr.msg_name = &ends[i];
    many[i].msg_hdr.msg_namelen = sizeof ends[i];
  }
}
static void show_many(int n) {
  int i;
  for (i = 0; i < n; ++i) {
    printf("  %u flags %x, name %u: %.4s\n", many[i].msg_len, many[i].msg_hdr.msg_flags, many[i].msg_hdr.msg_namelen,
           bytes[i]);
  }
}
static void show_lengths(void) {
  int i;
  for (i = 0; i < kMany; ++i) printf(" %u", many[i].msg_len);
  printf("\n");
}
#define RECEIVE(fd, count, flags, limit) \
  do {                                   \
    make_room();                         \
    show_many((int)SAY(recvmmsg(fd, many, count, flags, limit))); \
  } while (0)

static void batches(void) {
  const struct pair p = pair_of(AF_INET, 0);
  int i;
  compose();
  SAY(sendmmsg(p.client, many, kMany, 0));
  show_lengths();
  settle();
  RECEIVE(p.server, 4, 0, NULL);
  RECEIVE(p.server, 4, MSG_WAITFORONE, NULL);
  RECEIVE(p.server, 4, MSG_DONTWAIT, NULL);
  SAY(sendmmsg(p.client, many, 0, 0));
  SAY(recvmmsg(p.server, many, 0, 0, NULL));
  compose();
  for (i = 0; i < kMany; ++i) {
    ends[i] = at(port_of(p.server));
    many[i].msg_hdr.msg_name = &ends[i];
    many[i].msg_hdr.msg_namelen = sizeof ends[i];
  }
  ends[3].sin_port = 0;
  SAY(sendmmsg(datagram(), many, kMany, 0));
  show_lengths();
  SAY(sendmmsg(datagram(), many + 3, 3, 0));
  settle();
  RECEIVE(p.server, kMany, MSG_DONTWAIT, NULL);
  compose();
  SAY(sendmmsg(datagram(), many, 2, 0));
  SAY(sendmmsg(-1, many, 2, 0));
  SAY(recvmmsg(-1, many, 2, 0, NULL));
  SAY(sendmmsg(1, many, 2, 0));
  SAY(recvmmsg(0, many, 2, 0, NULL));
  SAY(sendmmsg(-1, many, 0, 0));
  compose();
  SAY(sendmmsg(p.client, many, kMany, MSG_DONTWAIT | MSG_NOSIGNAL));
  settle();
  RECEIVE(p.server, 1, MSG_PEEK, NULL);
  RECEIVE(p.server, 3, MSG_PEEK, NULL);
  RECEIVE(p.server, kMany, MSG_TRUNC, NULL);
  SAY(shutdown(p.client, SHUT_WR));
  SAY(sendmmsg(p.client, many, 2, 0));
}

static void batch_times(void) {
  const struct pair p = pair_of(AF_INET, 0);
  struct timespec limit = {-1, 0};
  const struct timeval brief = {0, 30000};
  SAY(recvmmsg(p.server, many, 1, 0, &limit));
  limit.tv_sec = 0;
  limit.tv_nsec = 1000000000;
  SAY(recvmmsg(p.server, many, 1, 0, &limit));
  SAY(recvmmsg(-1, many, 1, 0, &limit));
  limit.tv_nsec = 0;
  SAY(recvmmsg(-1, many, 1, 0, &limit));
  compose();
  SAY(sendmmsg(p.client, many, kMany, 0));
  settle();
  RECEIVE(p.server, 4, 0, &limit);
  printf("%ld %ld\n", (long)limit.tv_sec, limit.tv_nsec);
  limit.tv_sec = 5;
  RECEIVE(p.server, 2, 0, &limit);
  printf("%d\n", limit.tv_sec >= 4);
  /* It is looked at after a message only: what ends this is SO_RCVTIMEO. */
  SAY(setsockopt(p.server, SOL_SOCKET, SO_RCVTIMEO, &brief, sizeof brief));
  limit.tv_sec = 5;
  RECEIVE(p.server, 4, MSG_DONTWAIT, &limit);
  drain(p.server);
  limit.tv_sec = 0;
  limit.tv_nsec = 1000000;
  RECEIVE(p.server, 4, 0, &limit);
  printf("%ld %ld\n", (long)limit.tv_sec, limit.tv_nsec);
  compose();
  SAY(sendmmsg(p.client, many, 2, 0));
  RECEIVE(p.server, 4, 0, NULL);
}

static void batch_errors(void) {
  const struct pair p = pair_of(AF_INET, 0);
  struct sockaddr_in back = at(port_of(p.client));
  compose();
  SAY(sendto(p.server, "back", 4, 0, (struct sockaddr*)&back, sizeof back));
  close(p.server);
  SAY(sendmmsg(p.client, many, 1, 0));
  settle();
  RECEIVE(p.client, 3, MSG_DONTWAIT, NULL);
  RECEIVE(p.client, 3, MSG_DONTWAIT, NULL);
  compose();
  SAY(sendmmsg(p.client, many, 1, 0));
  settle();
  SAY(sendmmsg(p.client, many, 3, 0));
  SAY(sendmmsg(p.client, many, 1, 0));
  settle();
  RECEIVE(p.client, 3, MSG_DONTWAIT, NULL);
  RECEIVE(p.client, 3, MSG_DONTWAIT, NULL);
}

static void batch_stream(void) {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  const int client = socket(AF_INET, SOCK_STREAM, 0);
  int server;
  stick(listener, at(0));
  listen(listener, 1);
  compose();
  SAY(recvmmsg(client, many, 2, 0, NULL));
  SAY(dial(client, at(port_of(listener))));
  server = accept(listener, NULL, NULL);
  SAY(sendmmsg(client, many, kMany, 0));
  show_lengths();
  settle();
  RECEIVE(server, 3, 0, NULL);
  RECEIVE(server, kMany, MSG_WAITFORONE, NULL);
  close(client);
  settle();
  RECEIVE(server, 2, 0, NULL);
}

static void batch_segments(void) {
  const struct pair p = pair_of(AF_INET, 0);
  compose();
  SAY(set(p.client, IPPROTO_UDP, UDP_SEGMENT, 2));
  SAY(sendmmsg(p.client, many, kMany, 0));
  show_lengths();
  settle();
  RECEIVE(p.server, 2, 0, NULL);
  SAY(set(p.server, IPPROTO_UDP, UDP_GRO, 1));
  drain(p.server);
  compose();
  SAY(sendmmsg(p.client, many, kMany, 0));
  settle();
  RECEIVE(p.server, kMany, MSG_DONTWAIT, NULL);
}

static const struct {
  const char* name;
  void (*run)(void);
} kCases[] = {
    {"lite_making", lite_making},       {"lite_names", lite_names},
    {"lite_options", lite_options},     {"lite_coverage", lite_coverage},
    {"lite_coverage6", lite_coverage6}, {"lite_talking", lite_talking},
    {"segment_options", segment_options}, {"segments", segments},       {"segments6", segments6},
    {"segment_filters", segment_filters}, {"segment_filters6", segment_filters6},
    {"segment_errors", segment_errors}, {"segment_lite", segment_lite}, {"segment_cmsg", segment_cmsg},
    {"segments_as_one", segments_as_one},
    {"batches", batches},               {"batch_times", batch_times},   {"batch_errors", batch_errors},
    {"batch_stream", batch_stream},     {"batch_segments", batch_segments},
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
