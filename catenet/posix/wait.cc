// SPDX-License-Identifier: Apache-2.0
#include "catenet/posix/wait.h"

#include <deque>

#include "catenet/posix/current.h"
#include "catenet/posix/process.h"
#include "catenet/socket/fibre.h"

namespace catenet::posix {

bool wait_for(std::span<const Interest> interests, Instant deadline, socket::WaitList* list) {
  socket::SocketLayer& host = self().host();
  socket::SocketTable& table = host.table();
  socket::FibreRunner& fibres = host.fibres();
  check(fibres.current() != nullptr, "a process waits outside of its fibres");
  const Delegate<void()> wake = fibres.resume_of_current();
  // The first of these to be woken resumes us; the others are forgotten when they die, woken or not.
  std::deque<socket::Waiter> waiters;
  socket::Waiter clock;
  for (const Interest& interest : interests) {
    (void)table.wait(waiters.emplace_back(), interest.number, interest.mask, Instant::never(), wake);
  }
  if (list != nullptr) {
    table.wait_on(*list, waiters.emplace_back(), Instant::never(), wake);
  }
  if (!deadline.is_never()) {
    table.wait_until(clock, deadline, wake);
  }
  {
    const Suspended others_run;
    fibres.suspend();
  }
  return clock.outcome() != socket::Waiter::Outcome::timed_out;
}

}  // namespace catenet::posix
