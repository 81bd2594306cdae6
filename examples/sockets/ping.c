/* SPDX-License-Identifier: Apache-2.0
 * A ping over a raw socket of ICMP: ping HOST COUNT. Says who answered, with which sequence number and time to live;
 * round trips, which differ from run to run, it only compares with a second. */
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { kData = 56 };

static unsigned short checksum(const void* data, size_t size) {
  const unsigned short* words = data;
  unsigned long sum = 0;
  size_t i;
  for (i = 0; i < size / 2; ++i) sum += words[i];
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return (unsigned short)~sum;
}

static long milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int ask(int fd, const struct sockaddr_in* to, int sequence) {
  struct {
    struct icmphdr head;
    unsigned char data[kData];
  } request;
  memset(&request, 0, sizeof request);
  request.head.type = ICMP_ECHO;
  request.head.un.echo.id = htons((unsigned short)getpid());
  request.head.un.echo.sequence = htons((unsigned short)sequence);
  request.head.checksum = checksum(&request, sizeof request);
  return sendto(fd, &request, sizeof request, 0, (const struct sockaddr*)to, sizeof *to) == sizeof request;
}

/* Waits for the answer to this question, a second at most. A raw socket gets the messages of all others, too. */
static int hear(int fd, int sequence) {
  const long start = milliseconds();
  for (;;) {
    unsigned char packet[1500];
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    struct iphdr ip;
    struct icmphdr icmp;
    char name[INET_ADDRSTRLEN];
    struct pollfd wait = {fd, POLLIN, 0};
    const long left = start + 1000 - milliseconds();
    ssize_t n;
    if (left <= 0 || poll(&wait, 1, (int)left) <= 0) return 0;
    n = recvfrom(fd, packet, sizeof packet, 0, (struct sockaddr*)&from, &size);
    if (n < (ssize_t)(sizeof ip + sizeof icmp)) continue;
    memcpy(&ip, packet, sizeof ip);
    memcpy(&icmp, packet + ip.ihl * 4, sizeof icmp);
    if (icmp.type != ICMP_ECHOREPLY || icmp.un.echo.id != htons((unsigned short)getpid()) ||
        icmp.un.echo.sequence != htons((unsigned short)sequence)) {
      continue;
    }
    printf("%zd bytes from %s: icmp_seq=%d ttl=%d\n", n - ip.ihl * 4,
           inet_ntop(AF_INET, &from.sin_addr, name, sizeof name), sequence, ip.ttl);
    return 1;
  }
}

int main(int argc, char** argv) {
  struct addrinfo hints;
  struct addrinfo* found;
  struct sockaddr_in to;
  char name[INET_ADDRSTRLEN];
  const int count = argc == 3 ? atoi(argv[2]) : 0;
  const int fd = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
  int sequence;
  int received = 0;
  if (count < 1) {
    fprintf(stderr, "usage: ping HOST COUNT\n");
    return 2;
  }
  if (fd < 0) {
    perror("socket");
    return 2;
  }
  memset(&hints, 0, sizeof hints);
  hints.ai_family = AF_INET;
  if (getaddrinfo(argv[1], NULL, &hints, &found) != 0) {
    fprintf(stderr, "ping: %s: nobody of this name\n", argv[1]);
    return 2;
  }
  memcpy(&to, found->ai_addr, sizeof to);
  freeaddrinfo(found);
  printf("PING %s, %d bytes of data\n", inet_ntop(AF_INET, &to.sin_addr, name, sizeof name), kData);
  for (sequence = 1; sequence <= count; ++sequence) {
    if (!ask(fd, &to, sequence)) {
      perror("sendto");
    } else {
      received += hear(fd, sequence);
    }
    if (sequence < count) usleep(10000);
  }
  printf("%d sent, %d received\n", count, received);
  close(fd);
  return received == count ? 0 : 1;
}
