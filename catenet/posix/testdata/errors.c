/* SPDX-License-Identifier: Apache-2.0
 * The corners of the socket calls: what they answer in each state. The same file runs against the kernel and inside a
 * simulated host (oracle_test.cc); both must print the same. argv[1] names the case. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "say.inc"

/* The same for calls whose value is a descriptor, which need not be equal. */
#define OPEN(call) opened(#call, (call))
static int opened(const char* what, int fd) {
  say(what, fd < 0 ? fd : 0);
  return fd;
}

static void settle(void) { usleep(20000); }

static struct sockaddr_in at(unsigned short port) {
  struct sockaddr_in a;
  memset(&a, 0, sizeof a);
  a.sin_family = AF_INET;
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  a.sin_port = htons(port);
  return a;
}
static struct sockaddr_in name_of(int fd) {
  struct sockaddr_in a;
  socklen_t size = sizeof a;
  memset(&a, 0, sizeof a);
  getsockname(fd, (struct sockaddr*)&a, &size);
  return a;
}
static int dial(int fd, struct sockaddr_in a) { return connect(fd, (struct sockaddr*)&a, sizeof a); }
static int stick(int fd, struct sockaddr_in a) { return bind(fd, (struct sockaddr*)&a, sizeof a); }
static int stream(void) { return socket(AF_INET, SOCK_STREAM, 0); }
static int datagram(void) { return socket(AF_INET, SOCK_DGRAM, 0); }
static void soft(int fd) { fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK); }

/* What poll() says now of everything one can ask. */
static void bits(const char* what, int fd) {
  struct pollfd p = {fd, POLLIN | POLLOUT | POLLPRI | POLLRDHUP, 0};
  const int n = poll(&p, 1, 0);
  printf("poll %s: %d%s%s%s%s%s%s%s\n", what, n, p.revents & POLLIN ? " IN" : "", p.revents & POLLOUT ? " OUT" : "",
         p.revents & POLLPRI ? " PRI" : "", p.revents & POLLRDHUP ? " RDHUP" : "", p.revents & POLLHUP ? " HUP" : "",
         p.revents & POLLERR ? " ERR" : "", p.revents & POLLNVAL ? " NVAL" : "");
}
static long pending(int fd) {
  int code = -1;
  socklen_t size = sizeof code;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size) != 0) return -1;
  printf("pending %s\n", code == 0 ? "nothing" : strerrorname_np(code));
  return 0;
}

struct triple {
  int listener, client, server;
};
static struct triple pair(void) {
  struct triple t;
  t.listener = stream();
  stick(t.listener, at(0));
  listen(t.listener, 4);
  t.client = stream();
  if (dial(t.client, name_of(t.listener)) != 0) perror("connect");
  t.server = accept(t.listener, NULL, NULL);
  return t;
}

static unsigned short closed_port(void) {
  const int fd = stream();
  unsigned short port;
  stick(fd, at(0));
  port = ntohs(name_of(fd).sin_port);
  close(fd);
  return port;
}

/* ---- cases ------------------------------------------------------------------------------------------------------- */

static void making(void) {
  OPEN(socket(AF_INET, SOCK_STREAM, IPPROTO_TCP));
  OPEN(socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP));
  OPEN(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  OPEN(socket(AF_INET, SOCK_STREAM, IPPROTO_UDP));
  OPEN(socket(AF_INET, SOCK_DGRAM, IPPROTO_TCP));
  OPEN(socket(AF_INET, 77, 0));
  OPEN(socket(12345, SOCK_STREAM, 0));
  SAY(fcntl(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), F_GETFL) == (O_RDWR | O_NONBLOCK));
  SAY(fcntl(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), F_GETFD));
  SAY(fcntl(stream(), F_GETFL) == O_RDWR);
}

static void bad_descriptors(void) {
  struct sockaddr_in a = at(1);
  struct pollfd p = {999, POLLIN, 0};
  struct epoll_event e;
  socklen_t size = sizeof a;
  char b[4];
  int n = 0;
  fd_set set;
  memset(&e, 0, sizeof e);
  SAY(stick(999, a));
  SAY(listen(999, 1));
  SAY(accept(999, NULL, NULL));
  SAY(dial(999, a));
  SAY(read(999, b, 1));
  SAY(write(999, b, 1));
  SAY(send(999, b, 1, 0));
  SAY(recv(999, b, 1, 0));
  SAY(shutdown(999, SHUT_WR));
  SAY(close(999));
  SAY(close(-1));
  SAY(getsockname(999, (struct sockaddr*)&a, &size));
  SAY(getsockopt(999, SOL_SOCKET, SO_ERROR, &n, &size));
  SAY(setsockopt(999, SOL_SOCKET, SO_REUSEADDR, &n, sizeof n));
  SAY(fcntl(999, F_GETFL));
  SAY(ioctl(999, FIONREAD, &n));
  SAY(dup(999));
  SAY(poll(&p, 1, 0));
  SAY(p.revents == POLLNVAL);
  FD_ZERO(&set);
  FD_SET(40, &set);
  SAY(select(41, &set, NULL, NULL, NULL));
  SAY(epoll_wait(999, &e, 1, 0));
  SAY(epoll_ctl(999, EPOLL_CTL_ADD, 998, &e));
}

static void not_sockets(void) {
  const int file = open("/dev/null", O_RDWR);
  struct sockaddr_in a = at(1);
  char b[4] = "abc";
  int n = 0;
  socklen_t size = sizeof n;
  SAY(file >= 3);
  SAY(stick(file, a));
  SAY(listen(file, 1));
  SAY(accept(file, NULL, NULL));
  SAY(dial(file, a));
  SAY(send(file, b, 1, 0));
  SAY(recv(file, b, 1, 0));
  SAY(shutdown(file, SHUT_WR));
  SAY(getsockopt(file, SOL_SOCKET, SO_ERROR, &n, &size));
  SAY(write(file, b, 3));
  SAY(read(file, b, 3));
  bits("file", file);
  SAY(close(file));
  SAY(close(file));
}

static void numbers(void) {
  const int one = stream();
  const int two = stream();
  const int three = stream();
  int copy;
  SAY(two == one + 1 && three == two + 1);
  SAY(close(two));
  copy = OPEN(dup(one));
  SAY(copy == two);
  SAY(stick(copy, at(0)));
  SAY(name_of(one).sin_port == name_of(copy).sin_port);
  soft(copy);
  SAY((fcntl(one, F_GETFL) & O_NONBLOCK) != 0);
  SAY(close(one));
  SAY(listen(copy, 1));
  SAY(fcntl(copy, F_DUPFD, 100));
  SAY(dup2(copy, 50));
  SAY(accept(50, NULL, NULL));
  SAY(dup2(999, 51));
}

static void binding(void) {
  const int one = stream();
  const int two = stream();
  struct sockaddr_in a = at(0);
  struct sockaddr_in foreign = at(0);
  foreign.sin_addr.s_addr = htonl(0x08080808);
  SAY(bind(one, (struct sockaddr*)&a, 4));
  SAY(stick(one, foreign));
  SAY(stick(one, a));
  SAY(stick(one, a));
  SAY(stick(two, name_of(one)));
  SAY(listen(one, 1));
  SAY(stick(two, name_of(one)));
  a.sin_family = AF_INET6;
  SAY(stick(stream(), a));
}

static void unconnected(void) {
  const int s = stream();
  const int d = datagram();
  struct sockaddr_in a;
  socklen_t size = sizeof a;
  char b[4] = "abc";
  signal(SIGPIPE, SIG_IGN);
  SAY(getpeername(s, (struct sockaddr*)&a, &size));
  SAY(getpeername(d, (struct sockaddr*)&a, &size));
  SAY(read(s, b, 1));
  SAY(write(s, b, 1));
  SAY(send(d, b, 1, 0));
  SAY(accept(s, NULL, NULL));
  SAY(accept(d, NULL, NULL));
  SAY(listen(d, 1));
  SAY(shutdown(s, SHUT_WR));
  SAY(shutdown(s, 7));
  bits("stream", s);
  bits("datagram", d);
  soft(d);
  SAY(recv(d, b, 1, 0));
}

static void refused(void) {
  const int s = stream();
  const int t = stream();
  char b[4];
  const struct sockaddr_in a = at(closed_port());
  SAY(dial(s, a));
  bits("after refusal", s);
  pending(s);
  soft(t);
  SAY(dial(t, a));
  settle();
  bits("refused", t);
  pending(t);
  pending(t);
  bits("told", t);
  SAY(read(t, b, 1));
}

static void refused_read(void) {
  const int t = stream();
  char b[4];
  soft(t);
  SAY(dial(t, at(closed_port())));
  settle();
  SAY(read(t, b, 1));
  SAY(read(t, b, 1));
}

static void connecting(void) {
  const int l = stream();
  const int c = stream();
  stick(l, at(0));
  listen(l, 1);
  soft(c);
  SAY(dial(c, name_of(l)) == 0 || errno == EINPROGRESS);
  settle();
  bits("connected", c);
  pending(c);
  bits("listener", l);
  SAY(dial(c, name_of(l)) == 0 || errno == EISCONN);
  SAY(dial(c, name_of(l)));
  SAY(listen(c, 1));
}

static void talking(void) {
  const struct triple t = pair();
  char b[16] = "hello";
  int n = -1;
  bits("client", t.client);
  SAY(write(t.client, b, 5));
  settle();
  bits("server", t.server);
  SAY(ioctl(t.server, FIONREAD, &n));
  SAY(n);
  SAY(recv(t.server, b, 3, MSG_PEEK));
  SAY(recv(t.server, b, 3, MSG_PEEK));
  SAY(recv(t.server, b, 3, 0));
  SAY(recv(t.server, b, 16, MSG_DONTWAIT));
  SAY(recv(t.server, b, 16, MSG_DONTWAIT));
  SAY(recv(t.server, b, 1, MSG_OOB));
  SAY(write(t.client, b, 0));
  soft(t.server);
  SAY(read(t.server, b, 1));
  SAY(accept(t.client, NULL, NULL));
  SAY(accept4(t.listener, NULL, NULL, 12345));
  soft(t.listener);
  SAY(accept(t.listener, NULL, NULL));
}

static void half_close(void) {
  const struct triple t = pair();
  char b[16];
  signal(SIGPIPE, SIG_IGN);
  SAY(shutdown(t.client, SHUT_WR));
  settle();
  bits("shut", t.client);
  bits("peer of shut", t.server);
  SAY(write(t.client, "x", 1));
  SAY(read(t.server, b, 1));
  SAY(write(t.server, "yz", 2));
  settle();
  SAY(read(t.client, b, 16));
  SAY(shutdown(t.server, SHUT_WR));
  settle();
  bits("both shut", t.client);
  bits("both shut, server", t.server);
  SAY(read(t.client, b, 1));
  SAY(shutdown(t.client, SHUT_RDWR));
}

static void reset(void) {
  const struct triple t = pair();
  const struct linger now = {1, 0};
  char b[4];
  signal(SIGPIPE, SIG_IGN);
  SAY(setsockopt(t.client, SOL_SOCKET, SO_LINGER, &now, sizeof now));
  SAY(close(t.client));
  settle();
  bits("reset", t.server);
  SAY(read(t.server, b, 1));
  SAY(read(t.server, b, 1));
  SAY(write(t.server, b, 1));
  bits("told", t.server);
}

static void broken_pipe(void) {
  const struct triple t = pair();
  close(t.server);
  settle();
  SAY(write(t.client, "x", 1));
  settle();
  send(t.client, "x", 1, MSG_NOSIGNAL); /* is told of the reset: EPIPE in Linux, ECONNRESET by RFC 9293 3.10.7.4 */
  SAY(send(t.client, "x", 1, MSG_NOSIGNAL));
  fflush(stdout);
  write(t.client, "x", 1); /* SIGPIPE ends us here */
  printf("still alive\n");
}

static void on_pipe(int number) { printf("signal %d\n", number); }
static void caught_pipe(void) {
  const struct triple t = pair();
  signal(SIGPIPE, on_pipe);
  shutdown(t.client, SHUT_WR);
  SAY(write(t.client, "x", 1));
  SAY(signal(SIGPIPE, SIG_DFL) == on_pipe);
}

static void scattered(void) {
  const struct triple t = pair();
  char a[3];
  char b[8];
  struct iovec out[2] = {{"hel", 3}, {"lo world", 8}};
  struct iovec in[2] = {{a, 3}, {b, 8}};
  volatile int none = -1;
  struct msghdr m;
  memset(&m, 0, sizeof m);
  SAY(writev(t.client, out, 2));
  settle();
  SAY(readv(t.server, in, 2));
  printf("%.3s %.8s\n", a, b);
  m.msg_iov = out;
  m.msg_iovlen = 2;
  SAY(sendmsg(t.client, &m, 0));
  settle();
  m.msg_iov = in;
  SAY(recvmsg(t.server, &m, MSG_WAITALL));
  SAY(m.msg_flags);
  SAY(writev(t.client, out, none));
}

static void datagrams(void) {
  const int a = datagram();
  const int b = datagram();
  char text[8];
  int n = -1;
  struct sockaddr_in from;
  socklen_t size = sizeof from;
  struct iovec in = {text, 4};
  char control[64];
  struct msghdr m;
  const int on = 1;
  memset(&m, 0, sizeof m);
  m.msg_iov = &in;
  m.msg_iovlen = 1;
  m.msg_control = control;
  m.msg_controllen = sizeof control;
  stick(a, at(0));
  stick(b, at(0));
  SAY(setsockopt(a, IPPROTO_IP, IP_PKTINFO, &on, sizeof on));
  SAY(setsockopt(a, IPPROTO_IP, IP_RECVTTL, &on, sizeof on));
  SAY(dial(b, name_of(a)));
  SAY(send(b, "longer", 6, 0));
  SAY(send(b, "", 0, 0));
  SAY(send(b, "third", 5, 0));
  settle();
  bits("datagrams", a);
  SAY(ioctl(a, FIONREAD, &n));
  SAY(n);
  SAY(recv(a, text, 2, MSG_PEEK | MSG_TRUNC));
  SAY(recvmsg(a, &m, 0));
  SAY(m.msg_flags == MSG_TRUNC);
  {
    struct cmsghdr* c;
    for (c = CMSG_FIRSTHDR(&m); c != NULL; c = CMSG_NXTHDR(&m, c)) {
      printf("ancillary %d %d %zu\n", c->cmsg_level, c->cmsg_type, (size_t)c->cmsg_len);
      if (c->cmsg_type == IP_PKTINFO) {
        printf("to %s\n", inet_ntoa(((struct in_pktinfo*)(void*)CMSG_DATA(c))->ipi_addr));
      }
    }
  }
  SAY(recvfrom(a, text, 8, 0, (struct sockaddr*)&from, &size));
  SAY(size == sizeof from && from.sin_port == name_of(b).sin_port);
  SAY(recv(a, text, 8, 0));
  SAY(recv(a, text, 8, MSG_DONTWAIT));
  SAY(sendto(a, "x", 1, 0, NULL, 0));
  SAY(sendto(a, "x", 1, 0, (struct sockaddr*)&from, 3));
  SAY(close(a));
  SAY(send(b, "nobody", 6, 0));
  settle();
  bits("nobody", b);
  SAY(recv(b, text, 8, 0));
  from.sin_family = AF_UNSPEC;
  SAY(dial(b, from));
  SAY(send(b, "x", 1, 0));
}

static void option(const char* what, int fd, int level, int name, int value) {
  int got = -1;
  socklen_t size = sizeof got;
  const int set = setsockopt(fd, level, name, &value, sizeof value);
  const int set_code = errno;
  const int read_back = getsockopt(fd, level, name, &got, &size);
  printf("%s: %s, %s %d %d\n", what, set == 0 ? "set" : strerrorname_np(set_code),
         read_back == 0 ? "is" : strerrorname_np(errno), got, (int)size);
}
#define OPTION(fd, level, name, value) option(#name " " #value " of " #fd, fd, level, name, value)

static void options(void) {
  const int s = stream();
  const int d = datagram();
  const struct timeval limit = {1, 500000};
  struct timeval got = {0, 0};
  socklen_t size = sizeof got;
  OPTION(s, SOL_SOCKET, SO_REUSEADDR, 1);
  OPTION(s, SOL_SOCKET, SO_REUSEPORT, 5);
  OPTION(s, SOL_SOCKET, SO_KEEPALIVE, 1);
  OPTION(s, SOL_SOCKET, SO_BROADCAST, 1);
  OPTION(d, SOL_SOCKET, SO_BROADCAST, 1);
  OPTION(d, SOL_SOCKET, SO_REUSEADDR, 1);
  OPTION(d, SOL_SOCKET, SO_REUSEPORT, 1);
  OPTION(s, SOL_SOCKET, SO_TYPE, 1);
  OPTION(d, SOL_SOCKET, SO_ERROR, 1);
  OPTION(s, SOL_SOCKET, SO_RCVBUF, 20000);
  OPTION(s, SOL_SOCKET, SO_SNDBUF, 20000);
  OPTION(s, IPPROTO_TCP, TCP_NODELAY, 1);
  OPTION(s, IPPROTO_TCP, TCP_KEEPIDLE, 30);
  OPTION(s, IPPROTO_TCP, TCP_KEEPINTVL, 5);
  OPTION(s, IPPROTO_TCP, TCP_KEEPCNT, 4);
  OPTION(s, IPPROTO_TCP, TCP_KEEPCNT, 0);
  OPTION(s, IPPROTO_TCP, TCP_KEEPIDLE, 100000);
  OPTION(s, IPPROTO_TCP, TCP_USER_TIMEOUT, 9000);
  OPTION(s, IPPROTO_TCP, TCP_FASTOPEN, 7);
  OPTION(s, IPPROTO_TCP, TCP_FASTOPEN, -1);
  OPTION(s, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1);
  OPTION(s, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 2);
  OPTION(s, IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, 1);
  OPTION(d, IPPROTO_TCP, TCP_NODELAY, 1);
  OPTION(d, IPPROTO_IP, IP_TTL, 9);
  OPTION(d, IPPROTO_IP, IP_TTL, 300);
  OPTION(d, IPPROTO_IP, IP_TOS, 0x10);
  OPTION(d, IPPROTO_IP, IP_MULTICAST_TTL, 7);
  OPTION(s, SOL_SOCKET, 4711, 1);
  OPTION(s, IPPROTO_TCP, 4711, 1);
  SAY(setsockopt(s, SOL_SOCKET, SO_KEEPALIVE, &size, 2));
  SAY(setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit));
  SAY(getsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &got, &size));
  printf("%ld %ld\n", (long)got.tv_sec, (long)got.tv_usec);
}

static void time_limits(void) {
  const struct triple t = pair();
  const struct timeval limit = {0, 50000};
  struct timespec before;
  struct timespec after;
  char b[4];
  long ms;
  SAY(setsockopt(t.server, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit));
  SAY(setsockopt(t.listener, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit));
  clock_gettime(CLOCK_MONOTONIC, &before);
  SAY(read(t.server, b, 1));
  SAY(accept(t.listener, NULL, NULL));
  clock_gettime(CLOCK_MONOTONIC, &after);
  ms = (after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000;
  SAY(ms >= 99 && ms < 500);
}

static void waiting(void) {
  const struct triple t = pair();
  struct pollfd p[2] = {{-1, POLLIN, 0}, {t.server, POLLIN, 0}};
  struct timeval limit = {0, 30000};
  fd_set r;
  fd_set w;
  SAY(poll(p, 2, 10));
  SAY(poll(NULL, 0, 10));
  FD_ZERO(&r);
  FD_ZERO(&w);
  FD_SET(t.server, &r);
  SAY(select(t.server + 1, &r, NULL, NULL, &limit));
  SAY(FD_ISSET(t.server, &r) == 0);
  SAY(limit.tv_sec == 0 && limit.tv_usec == 0);
  FD_SET(t.server, &r);
  FD_SET(t.client, &w);
  limit.tv_sec = 1;
  SAY(select(t.server + 1, &r, &w, NULL, &limit));
  SAY(FD_ISSET(t.server, &r) == 0 && FD_ISSET(t.client, &w) != 0);
  write(t.client, "x", 1);
  settle();
  FD_SET(t.server, &r);
  SAY(select(t.server + 1, &r, &w, NULL, NULL));
  SAY(poll(p, 2, -1));
  SAY(p[0].revents == 0 && p[1].revents == POLLIN);
  SAY(select(-1, NULL, NULL, NULL, &limit));
}

static void show(int epoll) {
  struct epoll_event e[8];
  const int n = epoll_wait(epoll, e, 8, 0);
  int i;
  printf("epoll %d:", n);
  for (i = 0; i < n; ++i) {
    printf(" %c%s%s%s%s%s", (char)e[i].data.u32, e[i].events & EPOLLIN ? " in" : "",
           e[i].events & EPOLLOUT ? " out" : "", e[i].events & EPOLLRDHUP ? " rdhup" : "",
           e[i].events & EPOLLHUP ? " hup" : "", e[i].events & EPOLLERR ? " err" : "");
  }
  printf("\n");
}
static int control(int epoll, int operation, int fd, unsigned events, char mark) {
  struct epoll_event e;
  memset(&e, 0, sizeof e);
  e.events = events;
  e.data.u32 = (unsigned)mark;
  return epoll_ctl(epoll, operation, fd, &e);
}

static void epoll_levels(void) {
  const struct triple t = pair();
  const int epoll = epoll_create1(0);
  const int file = open("/dev/null", O_RDONLY);
  char b[8];
  SAY(control(epoll, EPOLL_CTL_ADD, t.server, EPOLLIN | EPOLLRDHUP, 's'));
  SAY(control(epoll, EPOLL_CTL_ADD, t.server, EPOLLIN, 's'));
  SAY(control(epoll, EPOLL_CTL_MOD, t.client, EPOLLIN, 'c'));
  SAY(control(epoll, EPOLL_CTL_DEL, t.client, 0, 'c'));
  SAY(control(epoll, EPOLL_CTL_ADD, epoll, EPOLLIN, 'e'));
  SAY(control(epoll, EPOLL_CTL_ADD, 999, EPOLLIN, 'e'));
  SAY(control(999, EPOLL_CTL_ADD, t.client, EPOLLIN, 'e'));
  SAY(control(t.client, EPOLL_CTL_ADD, t.server, EPOLLIN, 'e'));
  SAY(control(epoll, EPOLL_CTL_ADD, file, EPOLLIN, 'f'));
  SAY(control(epoll, 17, t.client, EPOLLIN, 'f'));
  SAY(control(epoll, EPOLL_CTL_ADD, t.client, EPOLLIN | EPOLLOUT, 'c'));
  show(epoll);
  show(epoll);
  write(t.client, "abc", 3);
  settle();
  show(epoll);
  show(epoll);
  read(t.server, b, 1);
  show(epoll);
  read(t.server, b, 8);
  show(epoll);
  SAY(control(epoll, EPOLL_CTL_MOD, t.client, EPOLLIN | EPOLLONESHOT, 'c'));
  write(t.server, "abc", 3);
  settle();
  show(epoll);
  show(epoll);
  SAY(control(epoll, EPOLL_CTL_MOD, t.client, EPOLLIN, 'C'));
  show(epoll);
  shutdown(t.client, SHUT_WR);
  settle();
  show(epoll);
  close(t.client);
  settle();
  show(epoll);
  close(t.server);
  show(epoll);
  SAY(epoll_wait(epoll, NULL, 0, 0));
  SAY(epoll_create(0));
  SAY(epoll_create1(7));
}

static void epoll_edges(void) {
  const struct triple t = pair();
  const int epoll = epoll_create1(0);
  char b[8];
  SAY(control(epoll, EPOLL_CTL_ADD, t.server, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, 's'));
  SAY(control(epoll, EPOLL_CTL_ADD, t.listener, EPOLLIN | EPOLLET, 'l'));
  show(epoll);
  show(epoll);
  settle();
  show(epoll);
  write(t.client, "abc", 3);
  settle();
  show(epoll);
  show(epoll);
  read(t.server, b, 1);
  show(epoll);
  write(t.client, "def", 3);
  settle();
  show(epoll);
  read(t.server, b, 8);
  show(epoll);
  write(t.server, "xyz", 3);
  settle();
  show(epoll);
  dial(stream(), name_of(t.listener));
  settle();
  show(epoll);
  show(epoll);
  dial(stream(), name_of(t.listener));
  settle();
  show(epoll);
  SAY(control(epoll, EPOLL_CTL_MOD, t.server, EPOLLOUT | EPOLLET, 'S'));
  show(epoll);
  show(epoll);
  SAY(control(epoll, EPOLL_CTL_MOD, t.server, EPOLLIN | EPOLLRDHUP | EPOLLET, 's'));
  show(epoll);
  shutdown(t.client, SHUT_WR);
  settle();
  show(epoll);
  show(epoll);
  shutdown(t.server, SHUT_WR);
  settle();
  show(epoll);
}

static void names(void) {
  struct addrinfo hints;
  struct addrinfo* list = NULL;
  struct addrinfo* a;
  char host[64];
  char service[64];
  memset(&hints, 0, sizeof hints);
  hints.ai_family = AF_INET;
  printf("%s\n", gai_strerror(getaddrinfo("127.0.0.1", "80", &hints, &list)));
  for (a = list; a != NULL; a = a->ai_next) {
    getnameinfo(a->ai_addr, a->ai_addrlen, host, sizeof host, service, sizeof service, NI_NUMERICHOST | NI_NUMERICSERV);
    printf("%d %d %d %u %s %s\n", a->ai_family, a->ai_socktype, a->ai_protocol, a->ai_addrlen, host, service);
  }
  freeaddrinfo(list);
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  printf("%d\n", getaddrinfo(NULL, "7", &hints, &list));
  SAY(list->ai_next == NULL);
  printf("%s\n", inet_ntoa(((struct sockaddr_in*)(void*)list->ai_addr)->sin_addr));
  freeaddrinfo(list);
  hints.ai_flags = AI_NUMERICHOST;
  SAY(getaddrinfo("no.such.name", "7", &hints, &list) == EAI_NONAME);
  SAY(getaddrinfo(NULL, NULL, &hints, &list) == EAI_NONAME);
  hints.ai_flags = AI_NUMERICSERV;
  SAY(getaddrinfo("127.0.0.1", "http", &hints, &list) == EAI_NONAME);
  hints.ai_flags = 0;
  hints.ai_socktype = 99;
  SAY(getaddrinfo("127.0.0.1", "7", &hints, &list) == EAI_SOCKTYPE);
  hints.ai_socktype = 0;
  hints.ai_family = 99;
  SAY(getaddrinfo("127.0.0.1", "7", &hints, &list) == EAI_FAMILY);
}

static void on_exit_say(void) { printf("exit handler\n"); }
static void ending(void) {
  atexit(on_exit_say);
  printf("before");
  exit(300 + 7);
}

static const struct {
  const char* name;
  void (*run)(void);
} kCases[] = {
    {"making", making},         {"bad_descriptors", bad_descriptors}, {"not_sockets", not_sockets},
    {"numbers", numbers},       {"binding", binding},                 {"unconnected", unconnected},
    {"refused", refused},       {"refused_read", refused_read},       {"connecting", connecting},
    {"talking", talking},       {"half_close", half_close},           {"reset", reset},
    {"broken_pipe", broken_pipe}, {"caught_pipe", caught_pipe},       {"scattered", scattered},
    {"datagrams", datagrams},   {"options", options},                 {"time_limits", time_limits},
    {"waiting", waiting},       {"epoll_levels", epoll_levels},       {"epoll_edges", epoll_edges},
    {"names", names},           {"ending", ending},
};

int main(int argc, char** argv) {
  size_t i;
  for (i = 0; i < sizeof kCases / sizeof *kCases; ++i) {
    if (argc > 1 && strcmp(argv[1], kCases[i].name) == 0) {
      kCases[i].run();
      return 0;
    }
  }
  for (i = 0; i < sizeof kCases / sizeof *kCases; ++i) printf("%s\n", kCases[i].name);
  return 2;
}
