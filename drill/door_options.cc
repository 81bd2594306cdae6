// SPDX-License-Identifier: Apache-2.0
// getsockopt and setsockopt of a Door: numbers by packetdrill's table, and what is more than a number.
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "catenet/packetdrill/options.h"
#include "catenet/socket/descriptor.h"
#include "catenet/transport/tcp/congestion/congestion.h"
#include "drill/door.h"

namespace catenet::drill {
namespace {

namespace option = socket::option;

int refuse_option(int code) {
  errno = code;
  return -1;
}

int answer_option(const Result<void>& done) { return done ? 0 : refuse_option(done.error().code); }

int give(const void* from, std::size_t bytes, void* value, socklen_t* size) {
  *size = static_cast<socklen_t>(std::min<std::size_t>(*size, bytes));
  std::memcpy(value, from, *size);
  return 0;
}

int give_number(std::int64_t number, void* value, socklen_t* size) {
  const int plain = static_cast<int>(number);
  return give(&plain, sizeof plain, value, size);
}

}  // namespace

int Door::setsockopt(int fd, int level, int name, const void* value, socklen_t size) {
  const Lock lock(mutex_);
  Open* open = find(fd);
  if (open == nullptr) {
    return -1;
  }
  if (value == nullptr) {
    return refuse_option(EFAULT);
  }
  const std::string_view text(static_cast<const char*>(value), size);
  if (level == SOL_SOCKET && name == SO_LINGER && size >= sizeof(linger)) {
    linger given{};
    std::memcpy(&given, value, sizeof given);
    return answer_option(
        table().set_option(open->fd, option::Linger{given.l_onoff != 0, Duration::seconds(given.l_linger)}));
  }
  if (level == IPPROTO_TCP && name == TCP_CONGESTION) {
    const std::string_view word = text.substr(0, text.find('\0'));
    const auto algorithm = transport::congestion_algorithm_from(word == "reno" ? "newreno" : word);
    return algorithm ? answer_option(table().set_option(open->fd, option::Congestion{*algorithm}))
                     : refuse_option(ENOENT);
  }
  if (level == IPPROTO_TCP && name == TCP_FASTOPEN_KEY) {
    const auto keys = transport::FastOpenKeys::from_bytes(std::as_bytes(std::span(text)));
    return keys ? answer_option(table().set_option(open->fd, option::FastOpenKeys{*keys}))
                : refuse_option(keys.error().code);
  }
  int number = 0;
  if (size < sizeof number) {
    return refuse_option(EINVAL);
  }
  std::memcpy(&number, value, sizeof number);
  const packetdrill::OptionRow* row = packetdrill::find_option(level, name);
  if (row == nullptr || row->set == nullptr) {
    return refuse_option(ENOPROTOOPT);
  }
  const auto done = row->set(table(), open->fd, number);
  if (done && level == SOL_SOCKET && (name == SO_SNDBUF || name == SO_RCVBUF)) {
    (name == SO_SNDBUF ? open->send_buffer : open->receive_buffer) = number;
  }
  look_at_waiters();
  return answer_option(done);
}

int Door::getsockopt(int fd, int level, int name, void* value, socklen_t* size) {
  const Lock lock(mutex_);
  const Open* open = find(fd);
  if (open == nullptr) {
    return -1;
  }
  if (value == nullptr || size == nullptr) {
    return refuse_option(EFAULT);
  }
  if (level == IPPROTO_TCP && name == TCP_INFO) {
    const auto figures = table().get_option<option::Figures>(open->fd);
    if (!figures) {
      return refuse_option(figures.error().code);
    }
    *size = static_cast<socklen_t>(fill_tcp_info(figures->tcp, value, *size));
    return 0;
  }
  if (level == IPPROTO_TCP && name == TCP_CC_INFO) {
    return give("", 0, value, size);  // CUBIC and NewReno have none in Linux either
  }
  constexpr int kMemInfo = 55;  // SO_MEMINFO: nine words, as far as they are known here
  if (level == SOL_SOCKET && name == kMemInfo) {
    const socket::Descriptor* d = table().find(open->fd);
    std::array<std::uint32_t, 9> words{};
    words[0] = d != nullptr ? static_cast<std::uint32_t>(d->row().receive_queue) : 0;
    words[2] = d != nullptr ? static_cast<std::uint32_t>(d->row().send_queue) : 0;
    return give(words.data(), sizeof words, value, size);
  }
  const int set = name == SO_SNDBUF ? open->send_buffer : open->receive_buffer;
  if (level == SOL_SOCKET && (name == SO_SNDBUF || name == SO_RCVBUF) && set > 0) {
    return give_number(std::int64_t{2} * set, value, size);  // socket(7): twice what was asked for
  }
  if (level == SOL_SOCKET && name == SO_TYPE) {
    return give_number(open->stream ? SOCK_STREAM : SOCK_DGRAM, value, size);
  }
  const packetdrill::OptionRow* row = packetdrill::find_option(level, name);
  if (row == nullptr || row->get == nullptr) {
    return refuse_option(ENOPROTOOPT);
  }
  const auto got = row->get(table(), open->fd);
  return got ? give_number(*got, value, size) : refuse_option(got.error().code);
}

}  // namespace catenet::drill
