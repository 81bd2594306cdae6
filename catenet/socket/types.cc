// SPDX-License-Identifier: Apache-2.0
#include "catenet/socket/types.h"

#include <cerrno>

namespace catenet::socket {

std::string errno_name(int code) {
  switch (code) {
#define CATENET_NAME(name) \
  case name:               \
    return #name
    CATENET_NAME(EACCES);
    CATENET_NAME(EADDRINUSE);
    CATENET_NAME(EADDRNOTAVAIL);
    CATENET_NAME(EAFNOSUPPORT);
    CATENET_NAME(EAGAIN);
    CATENET_NAME(EALREADY);
    CATENET_NAME(EBADF);
    CATENET_NAME(ECANCELED);
    CATENET_NAME(ECONNABORTED);
    CATENET_NAME(ECONNREFUSED);
    CATENET_NAME(ECONNRESET);
    CATENET_NAME(EDEADLK);
    CATENET_NAME(EDESTADDRREQ);
    CATENET_NAME(EHOSTUNREACH);
    CATENET_NAME(EINPROGRESS);
    CATENET_NAME(EINVAL);
    CATENET_NAME(EISCONN);
    CATENET_NAME(EMFILE);
    CATENET_NAME(EMSGSIZE);
    CATENET_NAME(ENETUNREACH);
    CATENET_NAME(ENOBUFS);
    CATENET_NAME(ENODATA);
    CATENET_NAME(ENOENT);
    CATENET_NAME(ENOPROTOOPT);
    CATENET_NAME(ENOTCONN);
    CATENET_NAME(EOPNOTSUPP);
    CATENET_NAME(EPIPE);
    CATENET_NAME(EPROTO);
    CATENET_NAME(EPROTONOSUPPORT);
    CATENET_NAME(ETIMEDOUT);
#undef CATENET_NAME
    default:
      return "E" + std::to_string(code);
  }
}

std::string Step::text() const {
  std::string text(call.name);
  text += '(';
  const char* separator = "";
  const auto argument = [&](std::string_view shown) {
    text += separator;
    text += shown;
    separator = ", ";
  };
  if (call.fd >= 0) {
    argument(std::to_string(call.fd));
  }
  if (!call.word.empty()) {
    argument(call.word);
  }
  if (call.end) {
    argument(call.end->to_string());
  }
  if (call.number >= 0) {
    argument(std::to_string(call.number));
  }
  text += ')';
  if (phase == Phase::waits) {
    return text + " waits";
  }
  text += " = " + std::to_string(error == 0 ? value : -1);
  return error == 0 ? text : text + ' ' + errno_name(error);
}

}  // namespace catenet::socket
