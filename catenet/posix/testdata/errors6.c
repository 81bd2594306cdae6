/* SPDX-License-Identifier: Apache-2.0
 * The same as errors.c for sockets of AF_INET6: what they answer, what they make of addresses of IPv4, their options
 * and names. argv[1] names the case. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "say.inc"

#define OPEN(call) say(#call, (call) < 0 ? -1 : 0)

static void settle(void) { usleep(20000); }

static struct sockaddr_in6 at(const char* address, unsigned short port) {
  struct sockaddr_in6 a;
  memset(&a, 0, sizeof a);
  a.sin6_family = AF_INET6;
  inet_pton(AF_INET6, address, &a.sin6_addr);
  a.sin6_port = htons(port);
  return a;
}
static struct sockaddr_in at4(const char* address, unsigned short port) {
  struct sockaddr_in a;
  memset(&a, 0, sizeof a);
  a.sin_family = AF_INET;
  inet_pton(AF_INET, address, &a.sin_addr);
  a.sin_port = htons(port);
  return a;
}
static int dial(int fd, struct sockaddr_in6 a) { return connect(fd, (struct sockaddr*)&a, sizeof a); }
static int dial4(int fd, struct sockaddr_in a) { return connect(fd, (struct sockaddr*)&a, sizeof a); }
static int stick(int fd, struct sockaddr_in6 a) { return bind(fd, (struct sockaddr*)&a, sizeof a); }
static int stick4(int fd, struct sockaddr_in a) { return bind(fd, (struct sockaddr*)&a, sizeof a); }
static long throw(int fd, struct sockaddr_in6 a) { return sendto(fd, "x", 1, 0, (struct sockaddr*)&a, sizeof a); }
static long throw4(int fd, struct sockaddr_in a) { return sendto(fd, "x", 1, 0, (struct sockaddr*)&a, sizeof a); }
static int stream(void) { return socket(AF_INET6, SOCK_STREAM, 0); }
static int datagram(void) { return socket(AF_INET6, SOCK_DGRAM, 0); }
static int only(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  return fd;
}

/* An address without its port, which need not be equal; "+" if there is one. */
static void show(const char* what, const struct sockaddr_in6* a, socklen_t size) {
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(AF_INET6, &a->sin6_addr, text, sizeof text);
  printf("%s: %d %s%s %u (%u)\n", what, a->sin6_family == AF_INET6, text, a->sin6_port != 0 ? "+" : "",
         a->sin6_scope_id, size);
}
static struct sockaddr_in6 name_of(int fd) {
  struct sockaddr_in6 a;
  socklen_t size = sizeof a;
  memset(&a, 0, sizeof a);
  getsockname(fd, (struct sockaddr*)&a, &size);
  return a;
}
static unsigned short port_of(int fd) { return ntohs(name_of(fd).sin6_port); }
static void names_of(int fd) {
  struct sockaddr_in6 a;
  socklen_t size = sizeof a;
  if (SAY(getsockname(fd, (struct sockaddr*)&a, &size)) == 0) show("local", &a, size);
  size = sizeof a;
  if (SAY(getpeername(fd, (struct sockaddr*)&a, &size)) == 0) show("peer", &a, size);
}

static void making(void) {
  OPEN(socket(AF_INET6, SOCK_STREAM, IPPROTO_TCP));
  OPEN(socket(AF_INET6, SOCK_DGRAM, IPPROTO_UDP));
  OPEN(socket(AF_INET6, SOCK_STREAM, IPPROTO_UDP));
  OPEN(socket(AF_INET6, SOCK_DGRAM, IPPROTO_ICMP));
  OPEN(socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMPV6));
  names_of(stream());
  names_of(datagram());
}

static void binding(void) {
  struct sockaddr_in6 a = at("::1", 0);
  int fd;
  SAY(stick(stream(), at("::1", 0)));
  SAY(stick(stream(), at("2001:db8::77", 0)));
  SAY(stick(datagram(), at("2001:db8::77", 0)));
  SAY(stick(stream(), at("fe80::1", 0)));
  SAY(stick(datagram(), at("fe80::1", 0)));
  SAY(bind(stream(), (struct sockaddr*)&a, 16));
  SAY(bind(stream(), (struct sockaddr*)&a, 24));
  SAY(bind(stream(), (struct sockaddr*)&a, 1));
  SAY(stick4(stream(), at4("127.0.0.1", 0)));
  SAY(stick4(datagram(), at4("127.0.0.1", 0)));
  a.sin6_family = AF_UNSPEC;
  SAY(bind(stream(), (struct sockaddr*)&a, sizeof a));
  SAY(bind(datagram(), (struct sockaddr*)&a, sizeof a));
  SAY(stick(socket(AF_INET, SOCK_STREAM, 0), at("::1", 0)));
  fd = stream();
  SAY(stick(fd, at("::ffff:127.0.0.1", 0)));
  names_of(fd);
  SAY(stick(fd, at("::1", 0)));
  fd = datagram();
  SAY(stick(fd, at("::", 0)));
  names_of(fd);
  SAY(stick(only(stream()), at("::ffff:127.0.0.1", 0)));
  SAY(stick(only(datagram()), at("::ffff:127.0.0.1", 0)));
}

/* Who may have a port beside whom. */
static void sharing(void) {
  const int types[] = {SOCK_STREAM, SOCK_DGRAM};
  size_t i;
  for (i = 0; i < 2; ++i) {
    const int both = socket(AF_INET6, types[i], 0);
    int six;
    unsigned short port;
    stick(both, at("::", 0));
    port = port_of(both);
    SAY(stick4(socket(AF_INET, types[i], 0), at4("0.0.0.0", port)));
    SAY(stick4(socket(AF_INET, types[i], 0), at4("127.0.0.1", port)));
    SAY(stick(socket(AF_INET6, types[i], 0), at("::1", port)));
    SAY(stick(socket(AF_INET6, types[i], 0), at("::ffff:127.0.0.1", port)));
    close(both);
    six = only(socket(AF_INET6, types[i], 0));
    stick(six, at("::", 0));
    port = port_of(six);
    SAY(stick4(socket(AF_INET, types[i], 0), at4("0.0.0.0", port)));
    SAY(stick(only(socket(AF_INET6, types[i], 0)), at("::", port)));
  }
}

static void connecting(void) {
  struct sockaddr_in6 a = at("::1", 9);
  struct sockaddr_in6 mapped = at("::ffff:127.0.0.1", 9);
  int fd;
  SAY(dial(stream(), at("::1", 1)));
  SAY(dial(stream(), at("::ffff:127.0.0.1", 1)));
  SAY(dial(stream(), at("::", 1)));
  SAY(dial(stream(), at("ff02::1", 1)));
  SAY(dial(stream(), at("fe80::1", 1)));
  SAY(dial(datagram(), at("fe80::1", 1)));
  SAY(connect(stream(), (struct sockaddr*)&a, 16));
  SAY(connect(datagram(), (struct sockaddr*)&a, 16));
  SAY(dial4(stream(), at4("127.0.0.1", 1)));
  SAY(dial4(datagram(), at4("127.0.0.1", 1)));
  SAY(dial(socket(AF_INET, SOCK_STREAM, 0), a));
  SAY(dial(socket(AF_INET, SOCK_DGRAM, 0), a));
  SAY(dial(only(stream()), mapped));
  SAY(dial(only(datagram()), mapped));
  SAY(throw(only(datagram()), mapped));
  SAY(throw4(only(datagram()), at4("127.0.0.1", 9)));
  SAY(throw4(datagram(), at4("127.0.0.1", 9)));
  SAY(throw(datagram(), at("::1", 0)));
  SAY(throw(socket(AF_INET, SOCK_DGRAM, 0), a));
  fd = stream();
  stick(fd, at("::ffff:127.0.0.1", 0));
  SAY(dial(fd, at("2001:db8::1", 1)));
  fd = datagram();
  SAY(dial(fd, a));
  names_of(fd);
  fd = datagram();
  SAY(dial(fd, mapped));
  names_of(fd);
  a.sin6_family = AF_UNSPEC;
  SAY(connect(fd, (struct sockaddr*)&a, sizeof a));
  names_of(fd);
}

static void talk(const char* to) {
  const int listener = stream();
  const int client = stream();
  struct sockaddr_in6 a;
  socklen_t size = sizeof a;
  char b[8];
  int server;
  stick(listener, at("::", 0));
  SAY(listen(listener, 1));
  SAY(dial(client, at(to, port_of(listener))));
  names_of(client);
  server = accept(listener, (struct sockaddr*)&a, &size);
  show("accepted", &a, size);
  names_of(server);
  SAY(write(client, "hello", 5));
  SAY(read(server, b, sizeof b));
  size = 20;
  SAY(getpeername(server, (struct sockaddr*)&a, &size));
  printf("%u\n", size);
}
static void talking(void) { talk("::1"); }
static void talking_to_ipv4(void) { talk("::ffff:127.0.0.1"); }

static void receive(int fd) {
  union {
    char bytes[256];
    struct cmsghdr align;
  } more;
  struct sockaddr_in6 from;
  char data[16];
  struct iovec part = {data, sizeof data};
  struct msghdr message;
  struct cmsghdr* c;
  memset(&message, 0, sizeof message);
  message.msg_name = &from;
  message.msg_namelen = sizeof from;
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = &more;
  message.msg_controllen = sizeof more;
  if (SAY(recvmsg(fd, &message, 0)) < 0) return;
  show("from", &from, message.msg_namelen);
  for (c = CMSG_FIRSTHDR(&message); c != NULL; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_type == IPV6_PKTINFO) {
      struct in6_pktinfo info;
      char text[INET6_ADDRSTRLEN];
      memcpy(&info, CMSG_DATA(c), sizeof info);
      printf("pktinfo %s\n", inet_ntop(AF_INET6, &info.ipi6_addr, text, sizeof text));
    } else {
      int n = 0;
      memcpy(&n, CMSG_DATA(c), sizeof n);
      printf("level %d type %d length %zu: %d\n", c->cmsg_level, c->cmsg_type, (size_t)c->cmsg_len, n);
    }
  }
}

static int set(int fd, int name, int value) { return setsockopt(fd, IPPROTO_IPV6, name, &value, sizeof value); }

static void datagrams(void) {
  const int server = datagram();
  const int client = datagram();
  struct sockaddr_in6 to;
  stick(server, at("::", 0));
  SAY(set(server, IPV6_RECVPKTINFO, 1));
  SAY(set(server, IPV6_RECVHOPLIMIT, 1));
  SAY(set(server, IPV6_RECVTCLASS, 1));
  SAY(set(client, IPV6_UNICAST_HOPS, 7));
  SAY(set(client, IPV6_TCLASS, 0xb8));
  SAY(throw(client, at("::1", port_of(server))));
  receive(server);
  SAY(throw(client, at("::ffff:127.0.0.1", port_of(server))));
  receive(server);
  SAY(throw4(client, at4("127.0.0.1", port_of(server))));
  receive(server);
  to = name_of(client);
  show("client", &to, sizeof to);
  SAY(dial(client, at("::1", 1)));
  SAY(send(client, "x", 1, 0));
  settle();
  SAY(send(client, "x", 1, 0));
}

static void option(const char* what, int fd, int level, int name, int value) {
  int got = -1;
  socklen_t size = sizeof got;
  printf("%s %d: ", what, value);
  say("set", setsockopt(fd, level, name, &value, sizeof value));
  if (say("get", getsockopt(fd, level, name, &got, &size)) == 0) printf("%d (%u)\n", got, size);
}
#define OPTION(fd, name, value) option(#name, fd, IPPROTO_IPV6, name, value)

static void options(void) {
  int d = datagram();
  int got = 0;
  socklen_t size = sizeof got;
  const char small = 1;
  SAY(getsockopt(d, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &got, &size));
  printf("%d\n", got);
  SAY(getsockopt(stream(), IPPROTO_IPV6, IPV6_V6ONLY, &got, &size));
  printf("%d\n", got);
  OPTION(d, IPV6_V6ONLY, 1);
  OPTION(d, IPV6_V6ONLY, 0);
  OPTION(stream(), IPV6_V6ONLY, 7);
  OPTION(d, IPV6_UNICAST_HOPS, 9);
  OPTION(d, IPV6_UNICAST_HOPS, -1);
  OPTION(d, IPV6_UNICAST_HOPS, -2);
  OPTION(d, IPV6_UNICAST_HOPS, 256);
  OPTION(d, IPV6_MULTICAST_HOPS, 3);
  OPTION(d, IPV6_MULTICAST_HOPS, -1);
  OPTION(d, IPV6_MULTICAST_HOPS, 256);
  SAY(set(stream(), IPV6_MULTICAST_HOPS, 3));
  OPTION(d, IPV6_TCLASS, 0x20);
  OPTION(d, IPV6_TCLASS, -1);
  OPTION(d, IPV6_TCLASS, 256);
  OPTION(d, IPV6_RECVERR, 1);
  OPTION(d, IPV6_RECVPKTINFO, 1);
  OPTION(d, IPV6_RECVHOPLIMIT, 1);
  OPTION(d, IPV6_RECVTCLASS, 0);
  OPTION(d, IPV6_DONTFRAG, 1);
  OPTION(d, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DO);
  OPTION(d, IPV6_MTU_DISCOVER, 77);
  OPTION(d, 150, 1);
  OPTION(socket(AF_INET, SOCK_DGRAM, 0), IPV6_V6ONLY, 1);
  OPTION(socket(AF_INET, SOCK_STREAM, 0), IPV6_V6ONLY, 1);
  SAY(setsockopt(d, IPPROTO_IPV6, IPV6_V6ONLY, &small, 1));
  stick(d, at("::1", 0));
  OPTION(d, IPV6_V6ONLY, 1);
}

static void look_up(const char* node, const char* service, int family, int flags) {
  struct addrinfo hints;
  struct addrinfo* list;
  struct addrinfo* a;
  char host[100];
  char port[20];
  int code;
  memset(&hints, 0, sizeof hints);
  hints.ai_family = family;
  hints.ai_flags = flags;
  hints.ai_socktype = SOCK_STREAM;
  code = getaddrinfo(node, service, &hints, &list);
  printf("%s %s: %s\n", node != NULL ? node : "-", service, code != 0 ? gai_strerror(code) : "found");
  if (code != 0) return;
  for (a = list; a != NULL; a = a->ai_next) {
    getnameinfo(a->ai_addr, a->ai_addrlen, host, sizeof host, port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV);
    printf("  %d %d %d %u %s %s\n", a->ai_family, a->ai_socktype, a->ai_protocol, a->ai_addrlen, host, port);
  }
  freeaddrinfo(list);
}

static void names(void) {
  struct sockaddr_in6 a = at("2001:db8::5", 80);
  char host[100] = "";
  char name[IF_NAMESIZE];
  look_up(NULL, "80", AF_UNSPEC, 0);
  look_up(NULL, "80", AF_UNSPEC, AI_PASSIVE);
  look_up(NULL, "80", AF_INET6, 0);
  look_up(NULL, "80", AF_INET6, AI_PASSIVE);
  look_up("127.0.0.1", "80", AF_INET6, 0);
  look_up("127.0.0.1", "80", AF_INET6, AI_V4MAPPED);
  look_up("::1", "80", AF_INET, 0);
  look_up("::1", "80", AF_UNSPEC, 0);
  look_up("::ffff:1.2.3.4", "80", AF_UNSPEC, 0);
  look_up("::ffff:1.2.3.4", "80", AF_INET, 0);
  look_up("fe80::1%nonsense", "80", AF_UNSPEC, 0);
  SAY(getnameinfo((struct sockaddr*)&a, sizeof a, host, sizeof host, NULL, 0, NI_NAMEREQD) == EAI_NONAME);
  SAY(getnameinfo((struct sockaddr*)&a, 24, host, sizeof host, NULL, 0, NI_NUMERICHOST) == EAI_FAMILY);
  SAY(getnameinfo((struct sockaddr*)&a, sizeof a, host, sizeof host, NULL, 0, NI_NUMERICHOST));
  printf("%s\n", host);
  SAY(if_nametoindex("nonsense"));
  printf("%s\n", strerrorname_np(errno));
  SAY(if_indextoname(if_nametoindex("lo"), name) != NULL || if_indextoname(if_nametoindex("eth0"), name) != NULL);
  SAY(if_indextoname(99999, name) == NULL);
  printf("%s\n", strerrorname_np(errno));
}

static const struct {
  const char* name;
  void (*run)(void);
} kCases[] = {
    {"making", making},       {"binding", binding},     {"sharing", sharing},
    {"connecting", connecting}, {"talking", talking},   {"talking_to_ipv4", talking_to_ipv4},
    {"datagrams", datagrams}, {"options", options},     {"names", names},
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
