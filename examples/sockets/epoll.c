/* SPDX-License-Identifier: Apache-2.0
 * All clients in one loop of epoll_wait(), level-triggered. */
#include <sys/epoll.h>

#include "lines.h"

static void watch(int epoll, int fd, void* who) {
  struct epoll_event event;
  memset(&event, 0, sizeof event);
  event.events = EPOLLIN;
  event.data.ptr = who;
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) die("epoll_ctl");
}

int main(int argc, char** argv) {
  const int listener = listen_on(argc, argv);
  const int clients = atoi(argv[2]);
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  struct client* all = calloc((size_t)clients, sizeof *all);
  int came = 0;
  int gone = 0;
  if (epoll < 0) die("epoll_create1");
  watch(epoll, listener, NULL);
  while (gone < clients) {
    struct epoll_event events[8];
    const int n = epoll_wait(epoll, events, 8, -1);
    int i;
    if (n < 0) die("epoll_wait");
    for (i = 0; i < n; ++i) {
      struct client* c = events[i].data.ptr;
      if (c == NULL) {
        const int fd = accept(listener, NULL, NULL);
        if (fd < 0) die("accept");
        c = &all[came++];
        welcome(c, fd, came);
        watch(epoll, fd, c);
        if (came == clients) epoll_ctl(epoll, EPOLL_CTL_DEL, listener, NULL);
      } else if (serve_once(c) <= 0) {
        farewell(c); /* close() takes it out of the set */
        ++gone;
      }
    }
  }
  free(all);
  close(epoll);
  close(listener);
  return 0;
}
