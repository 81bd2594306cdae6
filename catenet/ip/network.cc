// SPDX-License-Identifier: Apache-2.0
#include "catenet/ip/network.h"

#include <cerrno>

namespace catenet::ip {

// RFC 1122 4.2.3.9 tells soft errors from hard ones; the numbers are those that users of sockets know.
int ErrorReport::to_errno() const {
  switch (kind) {
    case Kind::network_unreachable:
      return ENETUNREACH;
    case Kind::host_unreachable:
    case Kind::time_exceeded:
    case Kind::reassembly_time_exceeded:
      return EHOSTUNREACH;
    case Kind::protocol_unreachable:
      return ENOPROTOOPT;
    case Kind::port_unreachable:
      return ECONNREFUSED;
    case Kind::packet_too_big:
      return EMSGSIZE;
    case Kind::administratively_prohibited:
      return EACCES;
    case Kind::parameter_problem:
      return EPROTO;
    case Kind::source_quench:
      return 0;  // RFC 6633: nothing happened
  }
  return EIO;
}

}  // namespace catenet::ip
