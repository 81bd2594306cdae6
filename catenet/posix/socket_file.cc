// SPDX-License-Identifier: Apache-2.0
#include "catenet/posix/socket_file.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>

#include "catenet/posix/current.h"
#include "catenet/posix/epoll.h"
#include "catenet/posix/poll_bits.h"
#include "catenet/posix/process.h"

namespace catenet::posix {

namespace ready = socket::ready;
namespace option = socket::option;
using socket::Received;

SocketFile::~SocketFile() {
  while (!entries_.empty()) {
    entries_.back()->forget();
  }
  (void)host_.close(number_);
}

int SocketFile::events() const { return poll_bits(host_.poll(number_).value_or(ready::kHangup | ready::kError)); }

// SO_LINGER with a time: close() waits that long for the peer to acknowledge everything.
void SocketFile::closing() {
  const auto linger = host_.get_option<option::Linger>(number_);
  if (!linger || !linger->on || linger->after <= Duration{} || bytes_to_send() == 0 || current().process == nullptr) {
    return;
  }
  constexpr Duration kStep = Duration::milliseconds(1);
  const Instant deadline = host_.now() + linger->after;
  (void)host_.shutdown(number_, socket::ShutdownHow::send);
  while (bytes_to_send() != 0 && host_.now() < deadline) {
    wait_until(std::min(deadline, host_.now() + kStep));
  }
}

// ---- calls that wait ----------------------------------------------------------------------------------------------

// Tries until the call has an answer that a blocking socket would give, or the time limit is over (EAGAIN).
template <typename Attempt>
auto SocketFile::repeat(unsigned interest, bool may_wait, Duration limit, Attempt attempt) -> decltype(attempt()) {
  const Instant deadline = limit > Duration{} ? host_.now() + limit : Instant::never();
  for (;;) {
    auto result = attempt();
    if (result || result.error().code != EAGAIN || !may_wait) {
      return result;
    }
    const unsigned mask = host_.poll(number_).value_or(ready::kHangup);
    if ((mask & (interest | ready::kError | ready::kHangup)) != 0) {
      return result;  // it would have to wait for ever: no port is left, say
    }
    if (!wait_for(number_, interest, deadline)) {
      return fail(EAGAIN, "the socket's time limit is over");
    }
  }
}

// A send that begins the handshake (MSG_FASTOPEN, TCP_FASTOPEN_CONNECT). One that may wait does so until it has ended,
// and goes on with what is left.
Result<std::size_t> SocketFile::send_opening(std::span<const std::byte> bytes, const wire::Endpoint* to, int flags) {
  const bool may_wait = !nonblocking && (flags & MSG_DONTWAIT) == 0;
  const auto sent = to != nullptr ? host_.connect_with(number_, *to, bytes) : host_.send(number_, bytes);
  if (!may_wait || (!sent && sent.error().code != EINPROGRESS)) {
    return sent;
  }
  if (sent.value_or(0) < bytes.size()) {
    (void)host_.expect_send(number_);
  }
  const auto opened = connect(to != nullptr ? *to : wire::Endpoint{});  // waits for the handshake that has begun
  if (!opened && opened.error().code != EISCONN) {
    return std::unexpected(opened.error());
  }
  const std::size_t done = sent.value_or(0);
  if (done >= bytes.size()) {
    return done;
  }
  const auto rest = send(bytes.subspan(done), nullptr, flags & ~MSG_FASTOPEN);
  return rest ? Result<std::size_t>(done + *rest) : rest;
}

Result<std::size_t> SocketFile::send(std::span<const std::byte> bytes, const wire::Endpoint* to, int flags,
                                     std::optional<std::uint16_t> segment_size) {
  if (is_stream()) {
    const auto later = host_.get_option<option::FastOpenConnect>(number_);
    if ((flags & MSG_FASTOPEN) != 0 || (later && later->pending)) {
      return send_opening(bytes, (flags & MSG_FASTOPEN) != 0 ? to : nullptr, flags);
    }
  }
  const int of_streams = is_stream() ? MSG_MORE | MSG_EOR : 0;
  if ((flags & ~(MSG_NOSIGNAL | MSG_DONTWAIT | of_streams)) != 0) {
    return fail(EOPNOTSUPP, "a flag of send that is not there");
  }
  const socket::SendFlags how{.more = (flags & MSG_MORE) != 0, .end_of_record = (flags & MSG_EOR) != 0};
  const bool may_wait = !nonblocking && (flags & MSG_DONTWAIT) == 0;
  std::size_t done = 0;
  const auto attempt = [&]() -> Result<std::size_t> {
    for (;;) {
      const auto rest = bytes.subspan(done);
      const auto n = segment_size    ? host_.send_segments(number_, rest, *segment_size, to)
                     : is_stream()   ? host_.send(number_, rest, how)
                     : to != nullptr ? host_.send_to(number_, rest, *to)
                                     : host_.send(number_, rest);
      if (!n) {
        was_full_ |= n.error().code == EAGAIN;
        return n;
      }
      done += *n;
      was_full_ |= done < bytes.size();
      if (!may_wait || done >= bytes.size()) {  // a blocking send takes everything
        return done;
      }
    }
  };
  auto sent = repeat(ready::kWrite, may_wait, send_limit, attempt);
  return !sent && done > 0 ? Result<std::size_t>(done) : sent;
}

Result<std::size_t> SocketFile::send_frame(std::span<const std::byte> bytes, const link::LinkEndpoint& to, int flags) {
  if ((flags & ~(MSG_NOSIGNAL | MSG_DONTWAIT)) != 0) {
    return fail(EOPNOTSUPP, "a flag of send that is not there");
  }
  return host_.send_link(number_, bytes, to);
}

Result<Received> SocketFile::receive_from(std::span<std::byte> out, int flags) {
  if ((flags & ~(MSG_NOSIGNAL | MSG_DONTWAIT | MSG_PEEK | MSG_WAITALL | MSG_TRUNC | MSG_CMSG_CLOEXEC)) != 0) {
    return (flags & MSG_OOB) != 0 ? fail(EINVAL, "no urgent data")
                                  : fail(EOPNOTSUPP, "a flag of recv that is not there");
  }
  if (is_stream() && (flags & MSG_TRUNC) != 0) {
    return fail(EOPNOTSUPP, "MSG_TRUNC on a stream");
  }
  const bool may_wait = !nonblocking && (flags & MSG_DONTWAIT) == 0;
  const bool peek = (flags & MSG_PEEK) != 0;
  const bool whole = is_stream() && may_wait && !peek && (flags & MSG_WAITALL) != 0;
  std::size_t done = 0;
  auto got = repeat(ready::kRead, may_wait, receive_limit, [&]() -> Result<Received> {
    for (;;) {
      auto n = peek ? host_.peek_from(number_, out) : host_.recv_from(number_, out.subspan(done));
      if (!n) {
        return n;
      }
      done += n->size;
      if (!whole || n->size == 0 || done >= out.size()) {
        n->size = peek ? n->size : done;
        return n;
      }
    }
  });
  drained();
  if (!got && done > 0) {  // the error is for the next call
    return Received{.size = done, .full_size = done};
  }
  if (!got && got.error().code == EAGAIN && may_wait && (events() & POLLRDHUP) != 0) {
    return Received{};  // receiving from a datagram socket that was shut
  }
  if (got && (flags & MSG_TRUNC) != 0) {
    got->size = got->full_size;
  }
  return got;
}

bool SocketFile::await_more(int flags) {
  const bool may_wait = !nonblocking && (flags & MSG_DONTWAIT) == 0;
  const Instant deadline = receive_limit > Duration{} ? host_.now() + receive_limit : Instant::never();
  for (;;) {
    const unsigned mask = host_.poll(number_).value_or(ready::kError);
    if ((mask & ready::kError) != 0) {
      return false;
    }
    if (!may_wait || (mask & (ready::kRead | ready::kHangup)) != 0) {
      return true;
    }
    if (!wait_for(number_, ready::kRead, deadline)) {
      return false;
    }
  }
}

Result<void> SocketFile::connect(const wire::Endpoint& foreign) {
  const Instant deadline = send_limit > Duration{} ? host_.now() + send_limit : Instant::never();
  for (;;) {
    auto done = host_.connect(number_, foreign);
    const bool under_way = !done && (done.error().code == EINPROGRESS || done.error().code == EALREADY);
    if (!under_way || nonblocking) {
      return done;
    }
    if (!wait_for(number_, ready::kWrite, deadline)) {
      return fail(EINPROGRESS, "the socket's time limit is over");
    }
  }
}

Result<int> SocketFile::accept(wire::Endpoint* peer) {
  auto made = repeat(ready::kRead, !nonblocking, receive_limit, [&] { return host_.accept(number_, peer); });
  drained();
  return made;
}

// ---- figures ------------------------------------------------------------------------------------------------------

std::size_t SocketFile::bytes_to_read() const {
  if (is_stream()) {
    const auto figures = host_.get_option<option::Figures>(number_);
    return figures ? figures->tcp.receive_queue : 0;
  }
  if ((events() & (POLLIN | POLLERR)) != POLLIN) {  // a pending error is not taken by looking
    return 0;
  }
  std::array<std::byte, 1> none;
  const auto next = host_.table().peek_from(number_, none);
  return next ? next->full_size : 0;
}

std::size_t SocketFile::bytes_to_send() const {
  const auto figures = host_.get_option<option::Figures>(number_);
  return figures ? figures->tcp.send_queue : 0;
}

bool SocketFile::is_listening() const {
  const auto figures = host_.get_option<option::Figures>(number_);
  return figures && figures->tcp.state == transport::TcpState::listen;
}

// ---- watched ------------------------------------------------------------------------------------------------------

void SocketFile::add(EpollEntry& entry) {
  entries_.push_back(&entry);
  if (!watched_) {
    watched_ = first_ = true;
    seen_mask_ = host_.poll(number_).value_or(0);
    seen_arrivals_ = arrivals();
    (void)host_.watch(number_, socket::SocketTable::Watcher::to<&SocketFile::on_change>(*this));
  }
}

void SocketFile::remove(EpollEntry& entry) {
  std::erase(entries_, &entry);
  if (entries_.empty() && watched_) {
    watched_ = false;
    (void)host_.watch(number_, {});
  }
}

void SocketFile::look() {
  if (watched_) {
    on_change(number_, host_.poll(number_).value_or(0));
  }
}

// Grows with what arrives: bytes of a stream, datagrams, connections. For the latter two the queue tells: whoever takes
// from it asks again until there is nothing.
std::uint64_t SocketFile::arrivals() const {
  const auto figures = host_.get_option<option::Figures>(number_);
  if (figures && figures->tcp.state != transport::TcpState::listen) {
    return figures->tcp.statistics.bytes_received;
  }
  return figures ? figures->tcp.receive_queue : bytes_to_read();
}

// Something was taken: what comes next is new.
void SocketFile::drained() {
  if (watched_) {
    seen_mask_ &= host_.poll(number_).value_or(0);
    seen_arrivals_ = std::min(seen_arrivals_, arrivals());
  }
}

// Linux wakes for what arrives, for a state that is new, and for room after there was none. TCP tells of more.
void SocketFile::on_change(int, unsigned mask) {
  const std::uint64_t arrived = arrivals();
  const bool room = was_full_ && (mask & ready::kWrite) != 0;
  const bool datagram = !is_stream() && !first_ && (mask & ready::kRead) != 0;  // it is called for nothing else
  const bool news = (mask & ~seen_mask_) != 0 || arrived > seen_arrivals_ || room || datagram;
  first_ = false;
  seen_mask_ = mask;
  seen_arrivals_ = arrived;
  was_full_ &= !room;
  const std::vector<EpollEntry*> told = entries_;
  for (EpollEntry* entry : told) {
    entry->look(news);
  }
}

}  // namespace catenet::posix
