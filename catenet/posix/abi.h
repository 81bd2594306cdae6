// SPDX-License-Identifier: Apache-2.0
// Between C and the rest of the room: results as return values and errno, socket addresses as endpoints.
#pragma once
#include <sys/socket.h>
#include <sys/types.h>

#include <cerrno>
#include <cstring>
#include <type_traits>

#include "catenet/base/result.h"
#include "catenet/posix/process.h"
#include "catenet/posix/socket_file.h"
#include "catenet/wire/endpoint.h"

namespace catenet::posix {

/// -1 and errno, or the value (0 for a Result<void>).
template <typename T>
ssize_t answer(const Result<T>& result) {
  if (!result) {
    errno = result.error().code;
    return -1;
  }
  if constexpr (std::is_void_v<T>) {
    return 0;
  } else {
    return static_cast<ssize_t>(*result);
  }
}
inline int refuse(int code) {
  errno = code;
  return -1;
}
/// Says on the program's standard error that `call` is not there, and answers -1 with ENOSYS.
int refuse_call(const char* call, const char* instead = "");

/// For a socket of `domain`. EFAULT, EINVAL too short, EAFNOSUPPORT, ENODEV no such scope. `or_ipv4`: one of IPv6 takes
/// an address of IPv4 as it is, too.
Result<wire::Endpoint> endpoint_from(const sockaddr* address, socklen_t size, int domain, bool or_ipv4 = false);
/// As the kernel does: cut to what there is room for, `size` is the whole length. Null: not wanted.
void endpoint_to(const wire::Endpoint& end, sockaddr* address, socklen_t* size);

}  // namespace catenet::posix
