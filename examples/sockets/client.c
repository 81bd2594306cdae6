/* SPDX-License-Identifier: Apache-2.0
 * client HOST PORT CONNECTIONS: sends each line of its input on the next of its connections, in turn, and prints what
 * comes back. At the end it says "quit" on each and waits for the server to close. */
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static FILE* connect_to(const char* host, const char* service) {
  struct addrinfo hints;
  struct addrinfo* list;
  struct addrinfo* a;
  int code;
  memset(&hints, 0, sizeof hints);
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  code = getaddrinfo(host, service, &hints, &list);
  if (code != 0) {
    fprintf(stderr, "client: %s: %s\n", host, gai_strerror(code));
    exit(1);
  }
  for (a = list; a != NULL; a = a->ai_next) {
    const int fd = socket(a->ai_family, a->ai_socktype, a->ai_protocol);
    if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) == 0) {
      freeaddrinfo(list);
      return fdopen(fd, "r+"); /* the C library's streams work on sockets, too */
    }
    perror("client: connect");
    if (fd >= 0) close(fd);
  }
  exit(1);
}

int main(int argc, char** argv) {
  char line[512];
  FILE** servers;
  int count;
  int i;
  int turn = 0;
  if (argc != 4) {
    fprintf(stderr, "usage: %s HOST PORT CONNECTIONS\n", argv[0]);
    return 2;
  }
  count = atoi(argv[3]);
  servers = calloc((size_t)count, sizeof *servers);
  for (i = 0; i < count; ++i) {
    servers[i] = connect_to(argv[1], argv[2]);
    if (fgets(line, sizeof line, servers[i]) != NULL) printf("%d: %s", i + 1, line);
  }
  while (fgets(line, sizeof line, stdin) != NULL) {
    FILE* server = servers[turn];
    if (fputs(line, server) == EOF || fflush(server) == EOF) perror("client: send");
    if (fgets(line, sizeof line, server) == NULL) {
      printf("%d: closed\n", turn + 1);
      break;
    }
    printf("%d: %s", turn + 1, line);
    turn = (turn + 1) % count;
  }
  for (i = 0; i < count; ++i) {
    fputs("quit\n", servers[i]);
    fflush(servers[i]);
    if (fgets(line, sizeof line, servers[i]) == NULL) printf("%d: the end\n", i + 1);
    fclose(servers[i]);
  }
  free(servers);
  return 0;
}
