// SPDX-License-Identifier: Apache-2.0
// What C functions that answer pointers to static data point to, one of each per process.
#pragma once
#include <netdb.h>

#include <array>
#include <string>
#include <vector>

#include "catenet/posix/process.h"

namespace catenet::posix {

struct Process::Scratch {
  std::vector<std::string> arguments;  // of main(), which may write into them
  std::vector<char*> argv;
  // gethostbyname(), gethostbyaddr()
  hostent host{};
  std::string host_name;
  std::vector<std::array<char, 16>> addresses;
  std::vector<char*> address_list;
  char* no_aliases[1] = {nullptr};
  // getservbyname(), getservbyport()
  servent service{};
  std::string service_name;
  std::string service_protocol;
};

}  // namespace catenet::posix
