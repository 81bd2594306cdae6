/* SPDX-License-Identifier: Apache-2.0
 * The simplest server: one client after the other. */
#include "lines.h"

int main(int argc, char** argv) {
  const int listener = listen_on(argc, argv);
  const int clients = atoi(argv[2]);
  struct client c;
  int i;
  for (i = 1; i <= clients; ++i) {
    const int fd = accept(listener, NULL, NULL);
    if (fd < 0) die("accept");
    welcome(&c, fd, i);
    while (serve_once(&c) > 0) {
    }
    farewell(&c);
  }
  close(listener);
  return 0;
}
