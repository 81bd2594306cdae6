/* SPDX-License-Identifier: Apache-2.0
 * All clients in one loop of select(). */
#include <sys/select.h>

#include "lines.h"

int main(int argc, char** argv) {
  const int listener = listen_on(argc, argv);
  const int clients = atoi(argv[2]);
  struct client* all = calloc((size_t)clients, sizeof *all);
  int came = 0;
  int gone = 0;
  while (gone < clients) {
    fd_set readable;
    int highest = -1;
    int i;
    FD_ZERO(&readable);
    if (came < clients) {
      FD_SET(listener, &readable);
      highest = listener;
    }
    for (i = 0; i < came; ++i) {
      if (all[i].fd < 0) continue;
      FD_SET(all[i].fd, &readable);
      if (all[i].fd > highest) highest = all[i].fd;
    }
    if (select(highest + 1, &readable, NULL, NULL, NULL) < 0) die("select");
    for (i = 0; i < came; ++i) {
      if (all[i].fd >= 0 && FD_ISSET(all[i].fd, &readable) && serve_once(&all[i]) <= 0) {
        farewell(&all[i]);
        ++gone;
      }
    }
    if (came < clients && FD_ISSET(listener, &readable)) {
      const int fd = accept(listener, NULL, NULL);
      if (fd < 0) die("accept");
      welcome(&all[came], fd, came + 1);
      ++came;
    }
  }
  free(all);
  close(listener);
  return 0;
}
