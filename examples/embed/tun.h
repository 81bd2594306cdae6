// SPDX-License-Identifier: Apache-2.0
// A TUN device of Linux: reading gives the packets that the kernel sends there, writing hands it packets.
#pragma once
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

// The device of that name, made if there is none (which needs CAP_NET_ADMIN, as root of a network namespace has it);
// or, for a number, a device that whoever started this program has opened. Reads do not wait. -1: see errno.
inline int open_tun(const char* name) {
  if (*name >= '0' && *name <= '9') {
    const int given = std::atoi(name);
    return fcntl(given, F_SETFL, O_NONBLOCK) == 0 ? given : -1;
  }
  const int tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  ifreq request{};
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  std::strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  return tun >= 0 && ioctl(tun, TUNSETIFF, &request) == 0 ? tun : -1;
}
