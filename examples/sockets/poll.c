/* SPDX-License-Identifier: Apache-2.0
 * All clients in one loop of poll(). */
#include <poll.h>

#include "lines.h"

int main(int argc, char** argv) {
  const int listener = listen_on(argc, argv);
  const int clients = atoi(argv[2]);
  struct client* all = calloc((size_t)clients, sizeof *all);
  struct pollfd* set = calloc((size_t)clients + 1, sizeof *set);
  int came = 0;
  int gone = 0;
  while (gone < clients) {
    int i;
    for (i = 0; i < came; ++i) {
      set[i].fd = all[i].fd; /* poll() passes over those that are gone, -1 */
      set[i].events = POLLIN;
    }
    set[came].fd = came < clients ? listener : -1;
    set[came].events = POLLIN;
    if (poll(set, (nfds_t)came + 1, -1) < 0) die("poll");
    for (i = 0; i < came; ++i) {
      if (set[i].revents != 0 && serve_once(&all[i]) <= 0) {
        farewell(&all[i]);
        ++gone;
      }
    }
    if (set[i].revents != 0) {
      const int fd = accept(listener, NULL, NULL);
      if (fd < 0) die("accept");
      welcome(&all[came], fd, came + 1);
      ++came;
    }
  }
  free(set);
  free(all);
  close(listener);
  return 0;
}
