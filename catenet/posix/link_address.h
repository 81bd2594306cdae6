// SPDX-License-Identifier: Apache-2.0
// sockaddr_ll, the address of packet sockets (AF_PACKET), as link::LinkEndpoint; and what ioctl() and getifaddrs() tell
// of interfaces.
#pragma once
#include <sys/socket.h>

#include "catenet/base/result.h"
#include "catenet/link/frames/link_endpoint.h"
#include "catenet/posix/socket_file.h"

struct ifaddrs;

namespace catenet::posix {

/// EFAULT, EINVAL too short or of another family. `to_send`: its address is the receiver's, and may be longer than what
/// was given only if nobody looks at it.
Result<link::LinkEndpoint> link_from(const sockaddr* address, socklen_t size, bool to_send);
/// As the kernel does: cut to what there is room for, `size` is the whole length. Null: not wanted. `received`: of a
/// frame, not of a socket.
void link_to(const link::LinkEndpoint& end, sockaddr* address, socklen_t* size, bool received);

/// Requests of netdevice(7): SIOCGIFINDEX, SIOCGIFNAME, SIOCGIFHWADDR, SIOCGIFFLAGS, SIOCSIFFLAGS (IFF_UP), SIOCGIFMTU,
/// SIOCGIFADDR, SIOCGIFNETMASK, SIOCGIFBRDADDR, SIOCGIFDSTADDR, SIOCGIFCONF. ENODEV, EADDRNOTAVAIL; ENOTTY: none of
/// them.
Result<int> interface_request(const SocketFile& file, unsigned long request, void* argument);
/// All interfaces with their addresses, in one piece of memory, to be freed as such. ENOMEM.
Result<ifaddrs*> interface_addresses(socket::SocketLayer& host);

/// Level SOL_PACKET.
inline constexpr int kPacketLevel = 263;

}  // namespace catenet::posix
