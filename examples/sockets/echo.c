/* SPDX-License-Identifier: Apache-2.0
 * The echo server of docs/sockets.md, as anybody would write it. */
#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

static void* serve(void* argument) {
  const int fd = (int)(intptr_t)argument;
  char buffer[512];
  ssize_t n;
  while ((n = read(fd, buffer, sizeof buffer)) > 0 && write(fd, buffer, (size_t)n) == n) {
  }
  close(fd);
  return NULL;
}
int main(void) {
  const struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(7)};
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(listener, (const struct sockaddr*)&any, sizeof any) != 0 || listen(listener, 16) != 0) return 1;
  for (int fd; (fd = accept(listener, NULL, NULL)) >= 0;) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, serve, (void*)(intptr_t)fd) == 0) pthread_detach(thread);
  }
  return 1;
}
