// SPDX-License-Identifier: Apache-2.0
// getsockopt() and close() for those who load the library with LD_PRELOAD as well: packetdrill asks the C library for
// TCP_INFO of the descriptors that we gave it, and closes them there. For those that are not ours both go on to the
// kernel.
#include <sys/syscall.h>
#include <unistd.h>

#include "drill/door.h"

using catenet::drill::live_door;

extern "C" {

[[gnu::visibility("default")]] int getsockopt(int fd, int level, int name, void* value, socklen_t* size) {
  if (live_door() != nullptr && live_door()->owns(fd)) {
    return live_door()->getsockopt(fd, level, name, value, size);
  }
  return static_cast<int>(::syscall(SYS_getsockopt, fd, level, name, value, size));
}

[[gnu::visibility("default")]] int close(int fd) {
  if (live_door() != nullptr && live_door()->owns(fd)) {
    (void)live_door()->close(fd);
  }
  return static_cast<int>(::syscall(SYS_close, fd));
}

}  // extern "C"
