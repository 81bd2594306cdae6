/* SPDX-License-Identifier: Apache-2.0
 * A thread per client, each with blocking calls. Inside a simulated host a thread is a fibre. */
#include <pthread.h>

#include "lines.h"

static void* serve(void* argument) {
  struct client* c = argument;
  while (serve_once(c) > 0) {
  }
  farewell(c);
  free(c);
  return NULL;
}

int main(int argc, char** argv) {
  const int listener = listen_on(argc, argv);
  const int clients = atoi(argv[2]);
  pthread_t* threads = calloc((size_t)clients, sizeof *threads);
  int i;
  for (i = 0; i < clients; ++i) {
    struct client* c = malloc(sizeof *c);
    const int fd = accept(listener, NULL, NULL);
    if (fd < 0) die("accept");
    welcome(c, fd, i + 1);
    if (pthread_create(&threads[i], NULL, serve, c) != 0) die("pthread_create");
  }
  for (i = 0; i < clients; ++i) pthread_join(threads[i], NULL);
  free(threads);
  close(listener);
  return 0;
}
