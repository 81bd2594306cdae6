/* SPDX-License-Identifier: Apache-2.0
 * The same as errors.c for packet sockets. argv[1] names the case. The host has two interfaces, eth0 (02:00:00:00:00:01,
 * 10.0.1.1/24) and eth1 (02:00:00:00:00:02), one at each end of a cable. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/filter.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "say.inc"

#define OPEN(call) say(#call, (call) < 0 ? -1 : 0)
enum { kTest = 0x88b5, kOther = 0x88b6 }; /* for local experiments (IEEE 802) */

static const unsigned char kEth0[6] = {2, 0, 0, 0, 0, 1};
static const unsigned char kEth1[6] = {2, 0, 0, 0, 0, 2};
static const unsigned char kNobody[6] = {2, 0, 0, 0, 0, 9};
static const unsigned char kGroup[6] = {1, 0, 0x5e, 0, 0, 9};
static const unsigned char kAll[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

static void settle(void) { usleep(5000); }

static struct sockaddr_ll at(const char* interface, int protocol) {
  struct sockaddr_ll a;
  memset(&a, 0, sizeof a);
  a.sll_family = AF_PACKET;
  a.sll_protocol = htons((unsigned short)protocol);
  a.sll_ifindex = interface != NULL ? (int)if_nametoindex(interface) : 0;
  return a;
}
static int stick(int fd, const char* interface, int protocol) {
  const struct sockaddr_ll a = at(interface, protocol);
  return bind(fd, (const struct sockaddr*)&a, sizeof a);
}
static int listener(int type, const char* interface, int protocol) {
  const int fd = socket(AF_PACKET, type, htons((unsigned short)protocol));
  if (stick(fd, interface, protocol) != 0) perror("bind");
  return fd;
}
static const char* name_of(int index) {
  static char name[IF_NAMESIZE];
  return index == 0 ? "none" : if_indextoname((unsigned)index, name) != NULL ? name : "?";
}
static void show_address(const struct sockaddr_ll* a, socklen_t size) {
  int i;
  printf("(%u) family %d protocol %04x %s hardware %d kind %d address", size, a->sll_family, ntohs(a->sll_protocol),
         name_of(a->sll_ifindex), a->sll_hatype, a->sll_pkttype);
  for (i = 0; i < a->sll_halen && i < 8; ++i) printf(" %02x", a->sll_addr[i]);
  printf("\n");
}
static void show_end(int fd) {
  struct sockaddr_ll a;
  socklen_t size = sizeof a;
  memset(&a, 0, sizeof a);
  if (SAY(getsockname(fd, (struct sockaddr*)&a, &size)) == 0) show_address(&a, size);
}

/* A frame of 64 bytes, its payload "frame N........". */
static unsigned char frame[2000];
static unsigned char* make(const unsigned char* to, const unsigned char* from, int type, int number) {
  memset(frame, '.', 64);
  memcpy(frame, to, 6);
  memcpy(frame + 6, from, 6);
  frame[12] = (unsigned char)(type >> 8);
  frame[13] = (unsigned char)type;
  memcpy(frame + 14, "frame ", 6);
  frame[20] = (unsigned char)('0' + number);
  return frame;
}
static void drain(int fd) {
  static unsigned char data[4000];
  settle();
  for (;;) {
    struct sockaddr_ll a;
    socklen_t size = sizeof a;
    long n;
    int i;
    memset(&a, 0, sizeof a);
    memset(data, 0, sizeof data);
    n = recvfrom(fd, data, sizeof data, MSG_DONTWAIT, (struct sockaddr*)&a, &size);
    if (n < 0) {
      printf("%s\n", strerrorname_np(errno));
      return;
    }
    printf("%ld: ", n);
    for (i = 0; i < 22; ++i) printf("%02x", data[i]);
    printf(" ");
    show_address(&a, size);
  }
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
static int member(int fd, int what, const char* interface, int type, int length) {
  struct packet_mreq m;
  memset(&m, 0, sizeof m);
  m.mr_ifindex = interface != NULL ? (int)if_nametoindex(interface) : 77;
  m.mr_type = (unsigned short)type;
  m.mr_alen = (unsigned short)length;
  memcpy(m.mr_address, kGroup, sizeof kGroup);
  return setsockopt(fd, SOL_PACKET, what, &m, sizeof m);
}

static struct ifreq request(const char* name) {
  struct ifreq r;
  memset(&r, 0, sizeof r);
  strcpy(r.ifr_name, name);
  return r;
}
static void switch_to(const char* name, int on) {
  struct ifreq r = request(name);
  SAY(ioctl(socket(AF_INET, SOCK_DGRAM, 0), SIOCGIFFLAGS, &r));
  r.ifr_flags = (short)(on ? r.ifr_flags | IFF_UP : r.ifr_flags & ~IFF_UP);
  SAY(ioctl(socket(AF_INET, SOCK_DGRAM, 0), SIOCSIFFLAGS, &r));
  SAY(ioctl(socket(AF_INET, SOCK_DGRAM, 0), SIOCGIFFLAGS, &r));
  printf("%d\n", (r.ifr_flags & IFF_UP) != 0);
  settle();
}

static void making(void) {
  OPEN(socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL)));
  OPEN(socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_IP)));
  OPEN(socket(AF_PACKET, SOCK_RAW, 0));
  OPEN(socket(AF_PACKET, SOCK_STREAM, 0));
  OPEN(socket(AF_PACKET, SOCK_SEQPACKET, 0));
  OPEN(socket(AF_PACKET, 77, 0));
  OPEN(socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, htons(ETH_P_ALL)));
}

static void ends(void) {
  const int fd = socket(AF_PACKET, SOCK_RAW, htons(kTest));
  struct sockaddr_ll a = at("eth0", kTest);
  socklen_t size = sizeof a;
  show_end(fd);
  SAY(bind(fd, (struct sockaddr*)&a, 10));
  SAY(bind(fd, (struct sockaddr*)&a, sizeof a - 1));
  a.sll_family = AF_INET;
  SAY(bind(fd, (struct sockaddr*)&a, sizeof a));
  a.sll_family = AF_PACKET;
  a.sll_ifindex = 77;
  SAY(bind(fd, (struct sockaddr*)&a, sizeof a));
  SAY(stick(fd, "eth0", kTest));
  show_end(fd);
  SAY(stick(fd, "eth1", kOther));
  show_end(fd);
  SAY(stick(fd, NULL, ETH_P_ALL));
  show_end(fd);
  SAY(stick(fd, "eth1", 0));
  show_end(fd);
  SAY(connect(fd, (struct sockaddr*)&a, sizeof a));
  SAY(getpeername(fd, (struct sockaddr*)&a, &size));
  SAY(listen(fd, 1));
  SAY(accept(fd, NULL, NULL));
  SAY(shutdown(fd, SHUT_RDWR));
}

/* With the header, both ways; and who listens to what. */
static void frames(void) {
  const int out = listener(SOCK_RAW, "eth0", 0);
  const int in = listener(SOCK_RAW, "eth1", kTest);
  const int other = listener(SOCK_RAW, "eth1", kOther);
  const int all = listener(SOCK_RAW, "eth1", ETH_P_ALL);
  const int payload = listener(SOCK_DGRAM, "eth1", kTest);
  const int elsewhere = listener(SOCK_RAW, "eth0", kTest);
  struct sockaddr_ll a = at("eth0", 0);
  SAY(send(out, make(kEth1, kEth0, kTest, 1), 64, 0));
  SAY(send(out, make(kAll, kEth0, kTest, 2), 64, 0));
  SAY(send(out, make(kGroup, kEth0, kTest, 3), 64, 0));
  SAY(send(out, make(kEth1, kNobody, kOther, 4), 64, 0));
  SAY(sendto(socket(AF_PACKET, SOCK_RAW, 0), make(kEth1, kEth0, kTest, 5), 64, 0, (struct sockaddr*)&a, sizeof a));
  drain(in);
  drain(other);
  drain(all);
  drain(payload);
  drain(elsewhere);
}

/* Without: the host makes the header. */
static void payloads(void) {
  const int fd = socket(AF_PACKET, SOCK_DGRAM, 0);
  const int bound = listener(SOCK_DGRAM, "eth1", kOther);
  const int in = listener(SOCK_RAW, "eth1", kTest);
  const int back = listener(SOCK_RAW, "eth0", kOther);
  struct sockaddr_ll a = at("eth0", kTest);
  a.sll_halen = 6;
  memcpy(a.sll_addr, kEth1, 6);
  SAY(sendto(fd, make(kEth1, kEth0, kTest, 1) + 14, 50, 0, (struct sockaddr*)&a, sizeof a));
  memcpy(a.sll_addr, kAll, 6);
  a.sll_halen = 0; /* nobody looks at it */
  SAY(sendto(fd, make(kEth1, kEth0, kTest, 2) + 14, 50, 0, (struct sockaddr*)&a, sizeof a));
  a.sll_halen = 9;
  SAY(sendto(fd, frame, 50, 0, (struct sockaddr*)&a, sizeof a));
  drain(in);
  a = at("eth1", kOther);
  memcpy(a.sll_addr, kEth0, 6);
  SAY(send(bound, frame, 50, 0));
  SAY(sendto(bound, make(kEth1, kEth0, kTest, 3) + 14, 50, 0, (struct sockaddr*)&a, sizeof a));
  drain(back);
}

/* What goes out is seen by sockets of every protocol, but for the one that sent it. */
static void outgoing(void) {
  const int fd = listener(SOCK_RAW, "eth0", ETH_P_ALL);
  const int witness = listener(SOCK_RAW, "eth0", ETH_P_ALL);
  const int cooked = listener(SOCK_DGRAM, "eth0", ETH_P_ALL);
  const int one = listener(SOCK_RAW, "eth0", kTest);
  const int everywhere = listener(SOCK_RAW, NULL, ETH_P_ALL);
  SAY(send(fd, make(kEth1, kEth0, kTest, 1), 64, 0));
  drain(fd);
  drain(witness);
  drain(cooked);
  drain(one);
  drain(everywhere);
  OPTION(witness, SOL_PACKET, 23, 1);
  OPTION(witness, SOL_PACKET, 23, 2);
  SAY(send(fd, make(kEth1, kEth0, kTest, 2), 64, 0));
  drain(witness);
  drain(cooked);
}

static void lengths(void) {
  const int out = listener(SOCK_RAW, "eth0", 0);
  const int in = listener(SOCK_RAW, "eth1", ETH_P_ALL);
  const int llc = listener(SOCK_RAW, "eth1", 4);
  const int cooked = listener(SOCK_DGRAM, "eth1", ETH_P_ALL);
  make(kEth1, kEth0, 50, 1);
  SAY(send(out, frame, 64, 0));
  frame[14] = frame[15] = 0xff;
  SAY(send(out, frame, 64, 0));
  drain(in);
  drain(llc);
  drain(cooked);
}

static void faults(void) {
  const int fd = socket(AF_PACKET, SOCK_RAW, htons(kTest));
  const int cooked = socket(AF_PACKET, SOCK_DGRAM, htons(kTest));
  struct sockaddr_ll a = at("eth0", kTest);
  char data[8];
  SAY(send(fd, frame, 64, 0));
  SAY(sendto(fd, frame, 64, 0, (struct sockaddr*)&a, sizeof a - 1));
  a.sll_ifindex = 77;
  SAY(sendto(fd, frame, 64, 0, (struct sockaddr*)&a, sizeof a));
  a = at("eth0", kTest);
  make(kEth1, kEth0, kTest, 1);
  SAY(sendto(fd, frame, 13, 0, (struct sockaddr*)&a, sizeof a));
  SAY(sendto(fd, frame, 0, 0, (struct sockaddr*)&a, sizeof a));
  SAY(sendto(fd, frame, 1514, 0, (struct sockaddr*)&a, sizeof a));
  SAY(sendto(fd, frame, 1515, 0, (struct sockaddr*)&a, sizeof a));
  SAY(sendto(cooked, frame, 1500, 0, (struct sockaddr*)&a, sizeof a));
  SAY(sendto(cooked, frame, 1501, 0, (struct sockaddr*)&a, sizeof a));
  SAY(stick(cooked, "eth0", kTest));
  SAY(send(cooked, frame, 60, 0));
  settle();
  SAY(recv(fd, data, sizeof data, MSG_DONTWAIT));
}

/* A frame for another station, where a socket asks for such. */
static void promiscuous(void) {
  const int out = listener(SOCK_RAW, "eth0", 0);
  const int in = listener(SOCK_RAW, "eth1", kTest);
  SAY(member(in, PACKET_ADD_MEMBERSHIP, "eth1", PACKET_MR_PROMISC, 0));
  SAY(member(in, PACKET_ADD_MEMBERSHIP, "eth1", PACKET_MR_PROMISC, 0));
  SAY(send(out, make(kNobody, kEth0, kTest, 1), 64, 0));
  drain(in);
  SAY(member(in, PACKET_DROP_MEMBERSHIP, "eth1", PACKET_MR_PROMISC, 0));
  SAY(send(out, make(kNobody, kEth0, kTest, 2), 64, 0));
  drain(in);
  SAY(member(in, PACKET_DROP_MEMBERSHIP, "eth1", PACKET_MR_PROMISC, 0));
  SAY(member(in, PACKET_DROP_MEMBERSHIP, "eth1", PACKET_MR_PROMISC, 0));
  SAY(member(in, PACKET_ADD_MEMBERSHIP, NULL, PACKET_MR_PROMISC, 0));
  SAY(member(in, PACKET_ADD_MEMBERSHIP, "eth1", PACKET_MR_ALLMULTI, 0));
  SAY(member(in, PACKET_ADD_MEMBERSHIP, "eth1", PACKET_MR_MULTICAST, 6));
  SAY(member(in, PACKET_ADD_MEMBERSHIP, "eth1", PACKET_MR_MULTICAST, 5));
  SAY(member(in, PACKET_DROP_MEMBERSHIP, "eth1", PACKET_MR_MULTICAST, 6));
  SAY(setsockopt(in, SOL_PACKET, PACKET_ADD_MEMBERSHIP, frame, 8));
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
  const int fd = listener(SOCK_RAW, "eth0", kTest);
  OPTION(fd, SOL_SOCKET, SO_TYPE, 1);
  OPTION(fd, SOL_SOCKET, SO_DOMAIN, 1);
  OPTION(fd, SOL_SOCKET, SO_RCVBUF, 5000);
  shared_options(fd);
  OPTION(fd, SOL_SOCKET, SO_ERROR, 1);
  OPTION(fd, IPPROTO_IP, IP_TTL, 1);
  OPTION(fd, IPPROTO_TCP, 1, 1);
  OPTION(fd, SOL_PACKET, 99, 1);
}

static void receiving(void) {
  const int out = listener(SOCK_RAW, "eth0", 0);
  const int in = listener(SOCK_RAW, "eth1", kTest);
  struct pollfd p = {in, POLLIN | POLLOUT, 0};
  struct {
    unsigned packets, drops;
  } statistics;
  socklen_t size = sizeof statistics;
  char data[10];
  struct iovec part = {data, sizeof data};
  struct sockaddr_ll from;
  struct msghdr message;
  int waiting = -1;
  SAY(poll(&p, 1, 0));
  printf("%x\n", p.revents);
  SAY(send(out, make(kEth1, kEth0, kTest, 1), 64, 0));
  SAY(send(out, make(kEth1, kEth0, kTest, 2), 64, 0));
  settle();
  SAY(poll(&p, 1, 0));
  printf("%x\n", p.revents);
  SAY(recv(in, data, sizeof data, MSG_PEEK));
  SAY(recv(in, data, sizeof data, MSG_PEEK | MSG_TRUNC));
  SAY(ioctl(in, FIONREAD, &waiting));
  printf("%d\n", waiting);
  memset(&message, 0, sizeof message);
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_name = &from;
  message.msg_namelen = sizeof from;
  SAY(recvmsg(in, &message, 0));
  printf("flags %x\n", message.msg_flags);
  show_address(&from, message.msg_namelen);
  SAY(recv(in, data, sizeof data, MSG_TRUNC));
  SAY(getsockopt(in, SOL_PACKET, 6, &statistics, &size));
  printf("%u %u (%u)\n", statistics.packets, statistics.drops, size);
  SAY(getsockopt(in, SOL_PACKET, 6, &statistics, &size));
  printf("%u %u\n", statistics.packets, statistics.drops);
  SAY(stick(in, "eth1", 0)); /* the protocol stays */
  SAY(send(out, make(kEth1, kEth0, kTest, 3), 64, 0));
  drain(in);
}

static void show_in(const char* what, const struct sockaddr* a) {
  struct sockaddr_in in;
  char text[32];
  memcpy(&in, a, sizeof in);
  printf("%s %d %s\n", what, in.sin_family, inet_ntop(AF_INET, &in.sin_addr, text, sizeof text));
}
/* Who is bound to an interface that is switched off hears of it once; of one that is on but has no carrier nobody. */
static void look(int fd) {
  struct pollfd p = {fd, POLLIN | POLLOUT, 0};
  int code = 0;
  socklen_t size = sizeof code;
  char data[8];
  SAY(poll(&p, 1, 0));
  printf("%x\n", p.revents);
  SAY(getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size));
  printf("%d\n", code);
  SAY(recv(fd, data, sizeof data, MSG_DONTWAIT));
  SAY(send(fd, make(kEth1, kEth0, kTest, 1), 64, 0));
  SAY(recv(fd, data, sizeof data, MSG_DONTWAIT));
}
static void downs(void) {
  const int bound = listener(SOCK_RAW, "eth0", kTest);
  const int reader = listener(SOCK_RAW, "eth0", kTest);
  const int mute = listener(SOCK_RAW, "eth0", 0);
  const int every = listener(SOCK_RAW, NULL, kTest);
  const int out = listener(SOCK_RAW, "eth1", 0);
  int late;
  char data[8];
  switch_to("eth0", 0);
  look(bound);
  look(mute);
  look(every);
  SAY(recv(reader, data, sizeof data, MSG_DONTWAIT));
  SAY(recv(reader, data, sizeof data, MSG_DONTWAIT));
  late = socket(AF_PACKET, SOCK_RAW, htons(kTest));
  SAY(stick(late, "eth0", kTest));
  look(late);
  SAY(stick(mute, "eth0", 0));
  look(mute);
  switch_to("eth0", 1);
  look(bound);
  SAY(send(out, make(kEth0, kEth1, kTest, 7), 64, 0));
  drain(bound);
  switch_to("eth1", 0);
  look(bound);
  switch_to("eth1", 1);
  SAY(send(out, make(kEth0, kEth1, kTest, 8), 64, 0));
  drain(bound);
}

static int attach(int fd, const struct sock_filter* program, size_t n) {
  struct sock_fprog p;
  p.len = (unsigned short)n;
  p.filter = (struct sock_filter*)program;
  return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &p, sizeof p);
}
/* Wants as many bytes as the word, half-word or byte at `offset` is, plus one. */
static int attach_load(int fd, unsigned size, unsigned offset) {
  const struct sock_filter program[] = {BPF_STMT(BPF_LD | size | BPF_ABS, offset),
                                        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0x3f),
                                        BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 1), BPF_STMT(BPF_RET | BPF_A, 0)};
  return attach(fd, program, 4);
}
static long length_at(int fd) {
  char data[100];
  settle();
  return recv(fd, data, sizeof data, MSG_DONTWAIT);
}
static void sees(const char* program_of, int fd, int out) {
  static const struct {
    unsigned size, offset;
  } kLoads[] = {{BPF_B, 0},
                {BPF_B, 13},
                {BPF_B, 19},
                {BPF_H, 62},
                {BPF_H, 63},
                {BPF_W, 61},
                {BPF_B, 49},
                {BPF_B, 50},
                {BPF_B, (unsigned)SKF_NET_OFF},
                {BPF_B, (unsigned)SKF_NET_OFF + 6},
                {BPF_B, (unsigned)SKF_NET_OFF + 50},
                {BPF_B, (unsigned)SKF_LL_OFF + 11},
                {BPF_H, (unsigned)SKF_LL_OFF + 12},
                {BPF_B, (unsigned)SKF_AD_OFF + SKF_AD_PKTTYPE},
                {BPF_H, (unsigned)SKF_AD_OFF + SKF_AD_PROTOCOL},
                {BPF_W, (unsigned)SKF_AD_OFF + SKF_AD_MARK},
                {BPF_W, (unsigned)SKF_AD_OFF + SKF_AD_HATYPE},
                {BPF_W, (unsigned)SKF_AD_OFF + SKF_AD_VLAN_TAG_PRESENT},
                {BPF_W, 0x80000000U}};
  size_t i;
  for (i = 0; i < sizeof kLoads / sizeof *kLoads; ++i) {
    printf("%s %x at %x: ", program_of, kLoads[i].size, kLoads[i].offset);
    SAY(attach_load(fd, kLoads[i].size, kLoads[i].offset));
    SAY(send(out, make(kEth1, kEth0, kTest, 1), 64, 0));
    printf("%ld\n", length_at(fd));
  }
}
static void filters(void) {
  const int out = listener(SOCK_RAW, "eth0", 0);
  const int in = listener(SOCK_RAW, "eth1", kTest);
  const int payload = listener(SOCK_DGRAM, "eth1", kTest);
  const int witness = listener(SOCK_RAW, "eth0", ETH_P_ALL);
  const struct sock_filter nothing[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
  const struct sock_filter outgoing[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)SKF_AD_OFF + SKF_AD_PKTTYPE),
                                         BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OUTGOING, 0, 1),
                                         BPF_STMT(BPF_RET | BPF_K, 20), BPF_STMT(BPF_RET | BPF_K, 0)};
  struct {
    unsigned packets, drops;
  } statistics;
  socklen_t size = sizeof statistics;
  sees("frame", in, out);
  sees("payload", payload, out);
  while (recv(witness, frame, sizeof frame, MSG_DONTWAIT) > 0) continue;
  SAY(attach(witness, outgoing, 4));
  SAY(send(out, make(kEth1, kEth0, kTest, 2), 64, 0));
  printf("%ld\n", length_at(witness));
  SAY(getsockopt(in, SOL_PACKET, 6, &statistics, &size));
  SAY(attach(in, nothing, 1));
  SAY(send(out, make(kEth1, kEth0, kTest, 3), 64, 0));
  drain(in);
  SAY(getsockopt(in, SOL_PACKET, 6, &statistics, &size));
  printf("%u %u\n", statistics.packets, statistics.drops);
}
/* Of every kind of socket that has a filter here; of UDP and raw ones also what they see. */
static void filter_options(void) {
  const struct sock_filter five[] = {BPF_STMT(BPF_RET | BPF_K, 5)};
  const struct sock_filter bad[] = {BPF_STMT(BPF_LD | BPF_IMM, 5)};
  const int kinds[][3] = {{AF_PACKET, SOCK_RAW, 0}, {AF_INET, SOCK_DGRAM, 0}, {AF_INET6, SOCK_RAW, 200},
                          {AF_INET, SOCK_RAW, 200}};
  size_t i;
  for (i = 0; i < 4; ++i) {
    const int fd = socket(kinds[i][0], kinds[i][1], kinds[i][2]);
    struct sock_filter back[4];
    struct sock_fprog p = {1, NULL};
    socklen_t n = 4;
    int zero = 0;
    SAY(setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &zero, sizeof zero));
    SAY(attach(fd, bad, 1));
    SAY(attach(fd, five, 0));
    SAY(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &p, sizeof p));
    SAY(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, five, 8));
    SAY(getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, back, &n));
    printf("%u\n", n);
    SAY(attach(fd, five, 1));
    n = 4;
    SAY(getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, back, &n));
    printf("%u: %x %u\n", n, back[0].code, back[0].k);
    n = 0;
    SAY(getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, back, &n));
    printf("%u\n", n);
    SAY(setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, NULL, 0));
    SAY(setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &zero, sizeof zero));
    OPTION(fd, SOL_SOCKET, SO_LOCK_FILTER, 0);
    SAY(attach(fd, five, 1));
    OPTION(fd, SOL_SOCKET, SO_LOCK_FILTER, 7);
    OPTION(fd, SOL_SOCKET, SO_LOCK_FILTER, 0);
    SAY(attach(fd, five, 1));
    SAY(attach(fd, bad, 1));
    SAY(setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &zero, sizeof zero));
  }
}

static void interfaces(void) {
  const int kinds[] = {AF_PACKET, AF_INET};
  const int types[] = {SOCK_RAW, SOCK_DGRAM};
  size_t i;
  for (i = 0; i < 2; ++i) {
    const int fd = socket(kinds[i], types[i], 0);
    struct ifreq r = request("eth0");
    struct ifconf list;
    struct ifreq rows[8];
    int k;
    SAY(ioctl(fd, SIOCGIFINDEX, &r));
    printf("%d\n", r.ifr_ifindex == (int)if_nametoindex("eth0"));
    memset(r.ifr_name, 0, sizeof r.ifr_name);
    SAY(ioctl(fd, SIOCGIFNAME, &r));
    printf("%s\n", r.ifr_name);
    r.ifr_ifindex = 77;
    SAY(ioctl(fd, SIOCGIFNAME, &r));
    r = request("eth0");
    SAY(ioctl(fd, SIOCGIFHWADDR, &r));
    printf("%d ", r.ifr_hwaddr.sa_family);
    for (k = 0; k < 6; ++k) printf("%02x ", (unsigned char)r.ifr_hwaddr.sa_data[k]);
    printf("\n");
    r = request("eth1");
    SAY(ioctl(fd, SIOCGIFFLAGS, &r));
    printf("%x\n", (unsigned short)r.ifr_flags & ~(IFF_PROMISC | IFF_ALLMULTI));
    SAY(ioctl(fd, SIOCGIFMTU, &r));
    printf("%d\n", r.ifr_mtu);
    r = request("eth0");
    SAY(ioctl(fd, SIOCGIFADDR, &r));
    show_in("address", &r.ifr_addr);
    SAY(ioctl(fd, SIOCGIFNETMASK, &r));
    show_in("mask", &r.ifr_addr);
    SAY(ioctl(fd, SIOCGIFBRDADDR, &r));
    show_in("broadcast", &r.ifr_addr);
    r = request("eth1");
    SAY(ioctl(fd, SIOCGIFADDR, &r));
    r = request("eth7");
    SAY(ioctl(fd, SIOCGIFINDEX, &r));
    SAY(ioctl(fd, SIOCGIFADDR, &r));
    memset(&list, 0, sizeof list);
    list.ifc_len = sizeof rows;
    list.ifc_req = rows;
    SAY(ioctl(fd, SIOCGIFCONF, &list));
    printf("%d\n", list.ifc_len / (int)sizeof *rows);
    for (k = 0; k < list.ifc_len / (int)sizeof *rows; ++k) show_in(rows[k].ifr_name, &rows[k].ifr_addr);
    list.ifc_len = 10;
    SAY(ioctl(fd, SIOCGIFCONF, &list));
    printf("%d\n", list.ifc_len);
  }
}

static void addresses(void) {
  struct ifaddrs* list = NULL;
  const struct ifaddrs* a;
  const char* const names[] = {"eth0", "eth1"};
  int i;
  SAY(getifaddrs(&list));
  for (i = 0; i < 2; ++i) {
    for (a = list; a != NULL; a = a->ifa_next) {
      if (strcmp(a->ifa_name, names[i]) != 0) continue;
      printf("%s %x: ", a->ifa_name, a->ifa_flags & ~(unsigned)(IFF_PROMISC | IFF_ALLMULTI));
      if (a->ifa_addr->sa_family == AF_PACKET) {
        show_address((const struct sockaddr_ll*)a->ifa_addr, 0);
      } else if (a->ifa_addr->sa_family == AF_INET) {
        show_in("address", a->ifa_addr);
        show_in("mask", a->ifa_netmask);
        show_in("broadcast", a->ifa_broadaddr);
      }
    }
  }
  freeifaddrs(list);
}

static const struct {
  const char* name;
  void (*run)(void);
} kCases[] = {
    {"making", making},     {"ends", ends},         {"frames", frames},   {"payloads", payloads},
    {"outgoing", outgoing}, {"lengths", lengths},   {"faults", faults},   {"promiscuous", promiscuous},
    {"options", options},   {"receiving", receiving}, {"interfaces", interfaces}, {"addresses", addresses},
    {"downs", downs},
    {"filters", filters},   {"filter_options", filter_options},
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
