/* SPDX-License-Identifier: Apache-2.0
 * What the servers of this folder have in common: the protocol, and a listening socket.
 *
 * A client sends lines. The server answers each with the same line ("echo TEXT" -> "TEXT"), in capital letters
 * ("upper TEXT" -> "TEXT"), or with "what?". "quit" ends the connection. It begins by
 * saying "hello". */
#ifndef LINES_H
#define LINES_H
#include <ctype.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 512 };

/* One client: what it has sent of a line so far. */
struct client {
  int fd;
  int number; /* the first is 1 */
  size_t used;
  char line[LINE_MAX_BYTES];
};

static inline void die(const char* what) {
  perror(what);
  exit(1);
}

/* argv: PORT, and how many clients to serve before the server ends. */
static inline int listen_on(int argc, char** argv) {
  struct sockaddr_in address;
  const int on = 1;
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (argc != 3) {
    fprintf(stderr, "usage: %s PORT CLIENTS\n", argv[0]);
    exit(2);
  }
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_port = htons((unsigned short)atoi(argv[1]));
  if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) die("socket");
  if (bind(fd, (struct sockaddr*)&address, sizeof address) != 0) die("bind");
  if (listen(fd, 16) != 0) die("listen");
  printf("ready\n");
  fflush(stdout);
  return fd;
}

static inline void welcome(struct client* c, int fd, int number) {
  c->fd = fd;
  c->number = number;
  c->used = 0;
  printf("client %d comes\n", number);
  if (write(fd, "hello\n", 6) != 6) die("write");
}

static inline void farewell(struct client* c) {
  printf("client %d goes\n", c->number);
  close(c->fd);
  c->fd = -1;
}

/* Sends all of it. On a socket that does not block a short answer always fits. */
static inline int send_text(int fd, const char* text, size_t size) {
  while (size > 0) {
    const ssize_t n = write(fd, text, size);
    if (n < 0) return -1;
    text += n;
    size -= (size_t)n;
  }
  return 0;
}

/* Answers a line without its end. 0: the client wants to go. */
static inline int answer_line(struct client* c, char* line) {
  char reply[LINE_MAX_BYTES + 1];
  printf("client %d: %s\n", c->number, line);
  if (strcmp(line, "quit") == 0) return 0;
  if (strncmp(line, "echo ", 5) == 0) {
    snprintf(reply, sizeof reply, "%s\n", line + 5);
  } else if (strncmp(line, "upper ", 6) == 0) {
    char* p;
    for (p = line + 6; *p != '\0'; ++p) *p = (char)toupper((unsigned char)*p);
    snprintf(reply, sizeof reply, "%s\n", line + 6);
  } else {
    snprintf(reply, sizeof reply, "what?\n");
  }
  return send_text(c->fd, reply, strlen(reply)) == 0;
}

/* Reads once and answers what lines there are. 0: the connection has ended; -1: nothing to read now (errno). */
static inline int serve_once(struct client* c) {
  char* start = c->line;
  char* end;
  const ssize_t n = read(c->fd, c->line + c->used, sizeof c->line - c->used);
  if (n < 0) return -1;
  if (n == 0) return 0;
  c->used += (size_t)n;
  while ((end = memchr(start, '\n', c->used - (size_t)(start - c->line))) != NULL) {
    *end = '\0';
    if (!answer_line(c, start)) return 0;
    start = end + 1;
  }
  c->used -= (size_t)(start - c->line);
  memmove(c->line, start, c->used);
  return c->used < sizeof c->line; /* a line that does not fit ends it, too */
}

#endif
