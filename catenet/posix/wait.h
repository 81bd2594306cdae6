// SPDX-License-Identifier: Apache-2.0
// Waiting in virtual time: the calling fibre goes on when one of several sockets is ready, when somebody wakes a list,
// or when a time has come. Every call of the room that blocks comes here.
#pragma once
#include <span>

#include "catenet/socket/socket_layer.h"

namespace catenet::posix {

struct Interest {
  int number = -1;    ///< of the socket, as the SocketLayer counts
  unsigned mask = 0;  ///< of socket::ready; kError and kHangup always count
};

/// False: the deadline came first. `list`, if given, is waited on as well.
bool wait_for(std::span<const Interest> interests, Instant deadline, socket::WaitList* list = nullptr);

inline bool wait_for(int number, unsigned mask, Instant deadline) {
  const Interest one{number, mask};
  return wait_for(std::span(&one, 1), deadline);
}
inline bool wait_for(socket::WaitList& list, Instant deadline) { return wait_for({}, deadline, &list); }
/// Nothing but time.
inline void wait_until(Instant deadline) { (void)wait_for({}, deadline); }

}  // namespace catenet::posix
