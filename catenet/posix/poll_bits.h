// SPDX-License-Identifier: Apache-2.0
// What a socket is ready for, in poll(2)'s words. epoll's are the same.
#pragma once
#include <poll.h>

#include "catenet/socket/descriptor.h"

namespace catenet::posix {

/// For a mask of socket::ready.
[[nodiscard]] inline int poll_bits(unsigned ready) {
  namespace bits = socket::ready;
  int mask = 0;
  mask |= (ready & bits::kRead) != 0 ? POLLIN | POLLRDNORM : 0;
  mask |= (ready & bits::kWrite) != 0 ? POLLOUT | POLLWRNORM : 0;
  mask |= (ready & bits::kPeerShut) != 0 ? POLLRDHUP : 0;
  mask |= (ready & bits::kHangup) != 0 ? POLLHUP : 0;
  mask |= (ready & (bits::kError | bits::kErrorQueue)) != 0 ? POLLERR : 0;
  return mask;
}

}  // namespace catenet::posix
