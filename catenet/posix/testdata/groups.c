/* SPDX-License-Identifier: Apache-2.0
 * The same as errors.c for multicast. argv[1] names the case. The host has two interfaces, eth0 (10.0.1.1/24, and
 * fe80::ff:fe00:1) and eth1 (fe80::ff:fe00:2), one at each end of a cable; groups are routed to eth0. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "say.inc"

static void settle(void) { usleep(5000); }

static struct sockaddr_in host(const char* address, unsigned short port) {
  struct sockaddr_in a;
  memset(&a, 0, sizeof a);
  a.sin_family = AF_INET;
  a.sin_port = htons(port);
  inet_pton(AF_INET, address, &a.sin_addr);
  return a;
}
static struct sockaddr_in6 host6(const char* address, unsigned short port) {
  struct sockaddr_in6 a;
  memset(&a, 0, sizeof a);
  a.sin6_family = AF_INET6;
  a.sin6_port = htons(port);
  inet_pton(AF_INET6, address, &a.sin6_addr);
  return a;
}
static int set(int fd, int level, int name, int value) { return setsockopt(fd, level, name, &value, sizeof value); }
static int bound(const char* address, unsigned short port) {
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  const struct sockaddr_in a = host(address, port);
  set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (bind(fd, (const struct sockaddr*)&a, sizeof a) != 0) perror("bind");
  return fd;
}
static int bound6(const char* address, unsigned short port) {
  const int fd = socket(AF_INET6, SOCK_DGRAM, 0);
  const struct sockaddr_in6 a = host6(address, port);
  set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (bind(fd, (const struct sockaddr*)&a, sizeof a) != 0) perror("bind");
  return fd;
}
/* IPv4's membership by an interface's address, or by its number. */
static int by_address(int fd, int name, const char* group, const char* address) {
  struct ip_mreq m;
  inet_pton(AF_INET, group, &m.imr_multiaddr);
  inet_pton(AF_INET, address, &m.imr_interface);
  return setsockopt(fd, IPPROTO_IP, name, &m, sizeof m);
}
static int by_number(int fd, int name, const char* group, int number) {
  struct ip_mreqn m;
  memset(&m, 0, sizeof m);
  inet_pton(AF_INET, group, &m.imr_multiaddr);
  m.imr_ifindex = number;
  return setsockopt(fd, IPPROTO_IP, name, &m, sizeof m);
}
static int by_number6(int fd, int name, const char* group, unsigned number) {
  struct ipv6_mreq m;
  inet_pton(AF_INET6, group, &m.ipv6mr_multiaddr);
  m.ipv6mr_interface = number;
  return setsockopt(fd, IPPROTO_IPV6, name, &m, sizeof m);
}
static int by_request(int fd, int level, int name, const void* address, size_t size, unsigned number) {
  struct group_req r;
  memset(&r, 0, sizeof r);
  r.gr_interface = number;
  memcpy(&r.gr_group, address, size);
  return setsockopt(fd, level, name, &r, sizeof r);
}
static int eth(int n) { return (int)if_nametoindex(n == 0 ? "eth0" : "eth1"); }
static void option(const char* what, int fd, int level, int name, int value) {
  int got = -77;
  socklen_t size = sizeof got;
  printf("%s %d: ", what, value);
  say("set", set(fd, level, name, value));
  if (say("get", getsockopt(fd, level, name, &got, &size)) == 0) printf("%d (%u)\n", got, size);
}
#define OPTION(fd, level, name, value) option(#level " " #name, fd, level, name, value)

static long tell(int fd, const char* text, const char* group, unsigned short port) {
  const struct sockaddr_in a = host(group, port);
  return sendto(fd, text, strlen(text), 0, (const struct sockaddr*)&a, sizeof a);
}
static long tell6(int fd, const char* text, const char* group, unsigned short port, unsigned scope) {
  struct sockaddr_in6 a = host6(group, port);
  a.sin6_scope_id = scope;
  return sendto(fd, text, strlen(text), 0, (const struct sockaddr*)&a, sizeof a);
}
/* All that has come, from whom, and what IP_PKTINFO says of it. */
static void drain(int fd) {
  settle();
  for (;;) {
    union {
      char bytes[256];
      struct cmsghdr head;
    } more;
    char data[64];
    char text[64];
    struct sockaddr_in6 from;
    struct iovec part = {data, sizeof data};
    struct msghdr message;
    const struct cmsghdr* c;
    long n;
    memset(&message, 0, sizeof message);
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = &more;
    message.msg_controllen = sizeof more;
    message.msg_name = &from;
    message.msg_namelen = sizeof from;
    n = recvmsg(fd, &message, MSG_DONTWAIT);
    if (n < 0) {
      printf("%s\n", strerrorname_np(errno));
      return;
    }
    if (from.sin6_family == AF_INET) {
      printf("%.*s from %s", (int)n, data, inet_ntop(AF_INET, &((struct sockaddr_in*)&from)->sin_addr, text, 64));
    } else {
      char name[IF_NAMESIZE] = "none";
      if (from.sin6_scope_id != 0) if_indextoname(from.sin6_scope_id, name);
      printf("%.*s from %s%%%s", (int)n, data, inet_ntop(AF_INET6, &from.sin6_addr, text, 64), name);
    }
    for (c = CMSG_FIRSTHDR(&message); c != NULL; c = CMSG_NXTHDR(&message, (struct cmsghdr*)c)) {
      char name[IF_NAMESIZE];
      char own[64];
      if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
        struct in_pktinfo info;
        memcpy(&info, CMSG_DATA(c), sizeof info);
        printf(" to %s on %s by %s", inet_ntop(AF_INET, &info.ipi_addr, text, 64),
               if_indextoname((unsigned)info.ipi_ifindex, name), inet_ntop(AF_INET, &info.ipi_spec_dst, own, 64));
      } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
        struct in6_pktinfo info;
        memcpy(&info, CMSG_DATA(c), sizeof info);
        printf(" to %s on %s", inet_ntop(AF_INET6, &info.ipi6_addr, text, 64), if_indextoname(info.ipi6_ifindex, name));
      } else {
        int value;
        memcpy(&value, CMSG_DATA(c), sizeof value);
        printf(" (%d %d: %d)", c->cmsg_level, c->cmsg_type, value);
      }
    }
    printf("\n");
  }
}

static void members(void) {
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  const int stream = socket(AF_INET, SOCK_STREAM, 0);
  struct ip_mreq m;
  struct sockaddr_in a = host("239.1.1.9", 0);
  memset(&m, 0, sizeof m);
  SAY(by_address(fd, IP_ADD_MEMBERSHIP, "10.0.1.1", "0.0.0.0"));
  SAY(by_address(fd, IP_ADD_MEMBERSHIP, "239.1.1.1", "0.0.0.0"));
  SAY(by_address(fd, IP_ADD_MEMBERSHIP, "239.1.1.1", "10.0.1.1"));
  SAY(by_number(fd, IP_ADD_MEMBERSHIP, "239.1.1.1", eth(0)));
  SAY(by_number(fd, IP_ADD_MEMBERSHIP, "239.1.1.1", eth(1)));
  SAY(by_number(fd, IP_ADD_MEMBERSHIP, "239.1.1.1", 77));
  SAY(by_address(fd, IP_ADD_MEMBERSHIP, "239.1.1.1", "10.9.9.9"));
  SAY(by_address(fd, IP_DROP_MEMBERSHIP, "239.1.1.2", "0.0.0.0"));
  SAY(by_address(fd, IP_DROP_MEMBERSHIP, "10.0.1.1", "0.0.0.0"));
  SAY(by_number(fd, IP_DROP_MEMBERSHIP, "239.1.1.1", eth(1)));
  SAY(by_number(fd, IP_DROP_MEMBERSHIP, "239.1.1.1", eth(1)));
  SAY(by_address(fd, IP_DROP_MEMBERSHIP, "239.1.1.1", "0.0.0.0"));
  SAY(by_address(fd, IP_DROP_MEMBERSHIP, "239.1.1.1", "0.0.0.0"));
  SAY(setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &m, 7));
  SAY(setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &m, sizeof m));
  SAY(by_address(stream, IP_ADD_MEMBERSHIP, "239.1.1.1", "0.0.0.0"));
  SAY(by_request(fd, IPPROTO_IP, MCAST_JOIN_GROUP, &a, sizeof a, (unsigned)eth(1)));
  SAY(by_request(fd, IPPROTO_IP, MCAST_JOIN_GROUP, &a, sizeof a, (unsigned)eth(1)));
  SAY(by_request(fd, IPPROTO_IP, MCAST_JOIN_GROUP, &a, sizeof a, 77));
  SAY(by_request(fd, IPPROTO_IP, MCAST_LEAVE_GROUP, &a, sizeof a, 0));
  SAY(by_request(fd, IPPROTO_IP, MCAST_LEAVE_GROUP, &a, sizeof a, (unsigned)eth(1)));
  a.sin_family = AF_INET6;
  SAY(by_request(fd, IPPROTO_IP, MCAST_JOIN_GROUP, &a, sizeof a, 0));
}

static void options(void) {
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  const int stream = socket(AF_INET, SOCK_STREAM, 0);
  struct ip_mreqn m;
  struct in_addr a;
  socklen_t size = sizeof a;
  char text[32];
  OPTION(fd, IPPROTO_IP, IP_MULTICAST_LOOP, 0);
  OPTION(fd, IPPROTO_IP, IP_MULTICAST_LOOP, 5);
  OPTION(fd, IPPROTO_IP, IP_MULTICAST_ALL, 0);
  OPTION(fd, IPPROTO_IP, IP_MULTICAST_ALL, 5);
  OPTION(fd, IPPROTO_IP, IP_MULTICAST_TTL, 0);
  OPTION(fd, IPPROTO_IP, IP_MULTICAST_TTL, 256);
  OPTION(fd, IPPROTO_IP, IP_MULTICAST_TTL, -1);
  SAY(getsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &a, &size));
  printf("%s (%u)\n", inet_ntop(AF_INET, &a, text, sizeof text), size);
  inet_pton(AF_INET, "10.0.1.1", &a);
  SAY(setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &a, sizeof a));
  SAY(getsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &a, &size));
  printf("%s (%u)\n", inet_ntop(AF_INET, &a, text, sizeof text), size);
  inet_pton(AF_INET, "10.0.1.7", &a);
  SAY(setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &a, sizeof a));
  SAY(setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &a, 3));
  memset(&m, 0, sizeof m);
  m.imr_ifindex = eth(1);
  SAY(setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &m, sizeof m));
  SAY(getsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &a, &size));
  printf("%s (%u)\n", inet_ntop(AF_INET, &a, text, sizeof text), size);
  m.imr_ifindex = 77;
  SAY(setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &m, sizeof m));
  memset(&a, 0, sizeof a);
  SAY(setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &a, sizeof a));
  SAY(setsockopt(stream, IPPROTO_IP, IP_MULTICAST_IF, &a, sizeof a));
}

/* What is sent to a group of this host is heard here, too. */
static void looping(void) {
  const int in = bound("0.0.0.0", 4000);
  const int out = socket(AF_INET, SOCK_DGRAM, 0);
  SAY(set(in, IPPROTO_IP, IP_PKTINFO, 1));
  SAY(set(in, IPPROTO_IP, IP_RECVTTL, 1));
  SAY(tell(out, "before", "239.1.1.1", 4000));
  SAY(by_address(in, IP_ADD_MEMBERSHIP, "239.1.1.1", "0.0.0.0"));
  SAY(tell(out, "one", "239.1.1.1", 4000));
  SAY(tell(in, "self", "239.1.1.1", 4000));
  SAY(tell(out, "other group", "239.1.1.2", 4000));
  SAY(set(out, IPPROTO_IP, IP_MULTICAST_TTL, 9));
  SAY(tell(out, "far", "239.1.1.1", 4000));
  SAY(set(out, IPPROTO_IP, IP_MULTICAST_TTL, 0));
  SAY(tell(out, "near", "239.1.1.1", 4000));
  SAY(tell(out, "nowhere", "239.1.1.2", 4000));
  SAY(set(out, IPPROTO_IP, IP_MULTICAST_LOOP, 0));
  SAY(set(out, IPPROTO_IP, IP_MULTICAST_TTL, 1));
  SAY(tell(out, "deaf", "239.1.1.1", 4000));
  SAY(set(out, IPPROTO_IP, IP_MULTICAST_LOOP, 1));
  drain(in);
  SAY(by_address(in, IP_DROP_MEMBERSHIP, "239.1.1.1", "0.0.0.0"));
  SAY(tell(out, "after", "239.1.1.1", 4000));
  drain(in);
}

/* Who hears what another socket of the host has joined. */
static void sharing(void) {
  const int member = bound("0.0.0.0", 4000);
  const int any = bound("0.0.0.0", 4000);
  const int picky = bound("0.0.0.0", 4000);
  const int group = bound("239.1.1.1", 4000);
  const int other = bound("239.1.1.2", 4000);
  const int own = bound("10.0.1.1", 4000);
  const int out = socket(AF_INET, SOCK_DGRAM, 0);
  SAY(set(picky, IPPROTO_IP, IP_MULTICAST_ALL, 0));
  SAY(by_address(member, IP_ADD_MEMBERSHIP, "239.1.1.1", "0.0.0.0"));
  SAY(tell(out, "one", "239.1.1.1", 4000));
  drain(member);
  drain(any);
  drain(picky);
  drain(group);
  drain(other);
  drain(own);
  SAY(close(member));
  SAY(tell(out, "two", "239.1.1.1", 4000));
  drain(any);
  drain(group);
}

/* A membership holds for one interface. */
static void choosing(void) {
  const int in = bound("0.0.0.0", 4000);
  const int out = socket(AF_INET, SOCK_DGRAM, 0);
  struct ip_mreqn m;
  SAY(set(in, IPPROTO_IP, IP_PKTINFO, 1));
  SAY(by_number(in, IP_ADD_MEMBERSHIP, "239.1.1.1", eth(1)));
  SAY(tell(out, "eth0", "239.1.1.1", 4000));
  drain(in);
  memset(&m, 0, sizeof m);
  m.imr_ifindex = eth(1);
  inet_pton(AF_INET, "10.0.1.1", &m.imr_address);
  SAY(setsockopt(out, IPPROTO_IP, IP_MULTICAST_IF, &m, sizeof m));
  SAY(tell(out, "eth1", "239.1.1.1", 4000));
  drain(in);
  SAY(by_number(in, IP_ADD_MEMBERSHIP, "239.1.1.1", eth(0)));
  memset(&m, 0, sizeof m);
  inet_pton(AF_INET, "10.0.1.1", &m.imr_address);
  SAY(setsockopt(out, IPPROTO_IP, IP_MULTICAST_IF, &m, sizeof m));
  SAY(tell(out, "eth0 again", "239.1.1.1", 4000));
  drain(in);
}

static void raw(void) {
  const int in = socket(AF_INET, SOCK_RAW, 200);
  const int out = socket(AF_INET, SOCK_RAW, 200);
  unsigned char data[64];
  SAY(by_address(in, IP_ADD_MEMBERSHIP, "224.0.0.5", "10.0.1.1"));
  SAY(tell(out, "hello", "224.0.0.5", 0));
  settle();
  SAY(recv(in, data, sizeof data, MSG_DONTWAIT));
  printf("%.5s %d\n", data + 20, data[8]);
  SAY(recv(out, data, sizeof data, MSG_DONTWAIT));
  SAY(set(out, IPPROTO_IP, IP_MULTICAST_LOOP, 0));
  SAY(tell(out, "hello", "224.0.0.5", 0));
  settle();
  SAY(recv(in, data, sizeof data, MSG_DONTWAIT));
  SAY(by_address(in, IP_DROP_MEMBERSHIP, "224.0.0.5", "10.0.1.1"));
}

static int stick6(int fd, const char* address, unsigned scope) {
  struct sockaddr_in6 a = host6(address, 0);
  a.sin6_scope_id = scope;
  return bind(fd, (const struct sockaddr*)&a, sizeof a);
}
static void show_end6(int fd) {
  struct sockaddr_in6 a;
  char text[64];
  char name[IF_NAMESIZE] = "none";
  socklen_t size = sizeof a;
  SAY(getsockname(fd, (struct sockaddr*)&a, &size));
  if (a.sin6_scope_id != 0) if_indextoname(a.sin6_scope_id, name);
  printf("%s%%%s\n", inet_ntop(AF_INET6, &a.sin6_addr, text, sizeof text), name);
}
/* A group of one link is heard on that link only, which bind() must be told. */
static void raw6(void) {
  const int fd = socket(AF_INET6, SOCK_RAW, 200);
  int out = socket(AF_INET6, SOCK_RAW, 200);
  char data[16];
  int i;
  SAY(stick6(fd, "ff02::99", 0));
  SAY(stick6(fd, "ff01::99", 0));
  SAY(stick6(out, "ff02::99", 77));
  close(out);
  out = socket(AF_INET6, SOCK_RAW, 200);
  SAY(stick6(fd, "fe80::ff:fe00:1", 0));
  SAY(stick6(fd, "ff05::99", 0));
  SAY(stick6(fd, "ff02::99", (unsigned)eth(1)));
  show_end6(fd);
  SAY(by_number6(fd, IPV6_JOIN_GROUP, "ff02::99", (unsigned)eth(0)));
  SAY(by_number6(fd, IPV6_JOIN_GROUP, "ff02::99", (unsigned)eth(1)));
  for (i = 0; i < 2; ++i) {
    SAY(set(out, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0));
    SAY(tell6(out, i == 0 ? "first" : "second", "ff02::99", 0, (unsigned)eth(i)));
    settle();
    SAY(recv(fd, data, sizeof data, MSG_DONTWAIT));
  }
  SAY(stick6(fd, "ff02::99", (unsigned)eth(0))); /* another link, since nothing ties it */
  for (i = 0; i < 2; ++i) {
    SAY(tell6(out, i == 0 ? "first" : "second", "ff02::99", 0, (unsigned)eth(i)));
    settle();
    SAY(recv(fd, data, sizeof data, MSG_DONTWAIT));
  }
  SAY(stick6(fd, "ff02::98", 0)); /* the link is known */
  show_end6(fd);
}

/* What a host sends to an address of its own seems to come in on the interface that has it. */
static void own(void) {
  const int fd = bound("0.0.0.0", 4001);
  const int fd6 = bound6("::", 4002);
  const int out = bound("0.0.0.0", 4003);
  const int out6 = socket(AF_INET6, SOCK_DGRAM, 0);
  SAY(set(fd, IPPROTO_IP, IP_PKTINFO, 1));
  SAY(set(fd6, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1));
  SAY(tell(out, "one", "10.0.1.1", 4001));
  drain(fd);
  SAY(tell6(out6, "three", "fe80::ff:fe00:1", 4002, (unsigned)eth(0)));
  drain(fd6);
  SAY(tell6(out6, "four", "fe80::ff:fe00:2", 4002, (unsigned)eth(1)));
  drain(fd6);
}

static void members6(void) {
  const int fd = socket(AF_INET6, SOCK_DGRAM, 0);
  const int stream = socket(AF_INET6, SOCK_STREAM, 0);
  struct sockaddr_in6 a = host6("ff15::9", 0);
  int got = 0;
  socklen_t size = sizeof got;
  SAY(by_number6(fd, IPV6_JOIN_GROUP, "fe80::1", (unsigned)eth(0)));
  SAY(by_number6(fd, IPV6_JOIN_GROUP, "ff15::1", (unsigned)eth(0)));
  SAY(by_number6(fd, IPV6_JOIN_GROUP, "ff15::1", (unsigned)eth(0)));
  SAY(by_number6(fd, IPV6_JOIN_GROUP, "ff15::1", (unsigned)eth(1)));
  SAY(by_number6(fd, IPV6_JOIN_GROUP, "ff15::1", 77));
  SAY(by_number6(fd, IPV6_LEAVE_GROUP, "ff15::2", (unsigned)eth(0)));
  SAY(by_number6(fd, IPV6_LEAVE_GROUP, "ff15::1", (unsigned)eth(0)));
  SAY(by_number6(fd, IPV6_LEAVE_GROUP, "ff15::1", (unsigned)eth(0)));
  SAY(by_number6(fd, IPV6_LEAVE_GROUP, "ff15::1", 0));
  SAY(by_number6(stream, IPV6_JOIN_GROUP, "ff15::1", (unsigned)eth(0)));
  SAY(by_request(fd, IPPROTO_IPV6, MCAST_JOIN_GROUP, &a, sizeof a, (unsigned)eth(1)));
  SAY(by_request(fd, IPPROTO_IPV6, MCAST_LEAVE_GROUP, &a, sizeof a, (unsigned)eth(1)));
  OPTION(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0);
  OPTION(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 2);
  OPTION(fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0);
  OPTION(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 0);
  OPTION(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, -1);
  SAY(set(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, eth(1)));
  SAY(getsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &got, &size));
  printf("%d\n", got == eth(1));
  OPTION(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, 0);
  OPTION(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, 77);
}

static void looping6(void) {
  const int in = bound6("::", 4000);
  const int any = bound6("::", 4000);
  const int picky = bound6("::", 4000);
  const int out = socket(AF_INET6, SOCK_DGRAM, 0);
  SAY(set(in, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1));
  SAY(set(in, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1));
  SAY(set(picky, IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0));
  SAY(by_number6(in, IPV6_JOIN_GROUP, "ff12::9", (unsigned)eth(0)));
  SAY(set(out, IPPROTO_IPV6, IPV6_MULTICAST_IF, eth(0)));
  SAY(tell6(out, "one", "ff12::9", 4000, 0));
  SAY(tell6(out, "two", "ff12::9", 4000, (unsigned)eth(0)));
  SAY(tell6(out, "other group", "ff12::8", 4000, 0));
  SAY(set(out, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 9));
  SAY(tell6(out, "far", "ff12::9", 4000, 0));
  SAY(set(out, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 0));
  SAY(tell6(out, "near", "ff12::9", 4000, 0));
  SAY(set(out, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0));
  SAY(set(out, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 1));
  SAY(tell6(out, "deaf", "ff12::9", 4000, 0));
  drain(in);
  drain(any);
  drain(picky);
  SAY(by_number6(in, IPV6_LEAVE_GROUP, "ff12::9", (unsigned)eth(0)));
  SAY(set(out, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 1));
  SAY(tell6(out, "after", "ff12::9", 4000, 0));
  drain(in);
  /* Over the cable: from eth0 to the member on eth1. */
  SAY(by_number6(in, IPV6_JOIN_GROUP, "ff12::9", (unsigned)eth(1)));
  SAY(tell6(out, "cable", "ff12::9", 4000, 0));
  drain(in);
}

static const struct {
  const char* name;
  void (*run)(void);
} kCases[] = {
    {"members", members}, {"options", options},   {"looping", looping},   {"sharing", sharing},
    {"choosing", choosing}, {"raw", raw}, {"raw6", raw6}, {"own", own},         {"members6", members6}, {"looping6", looping6},
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
