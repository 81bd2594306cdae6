// SPDX-License-Identifier: Apache-2.0
#include "catenet/packetdrill/calls.h"

#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

#include "catenet/packetdrill/notation.h"
#include "catenet/packetdrill/symbols.h"
#include "catenet/posix/poll_bits.h"
#include "catenet/socket/descriptor.h"

namespace catenet::packetdrill {
namespace {

Answer failed(int error) { return {Answer::Kind::returned, -1, error, {}}; }
Answer returned(std::int64_t value) { return {Answer::Kind::returned, value, 0, {}}; }
Answer unsupported(std::string what) { return {Answer::Kind::unsupported, 0, 0, std::move(what)}; }

bool is_null(const Expr& e) { return e.kind == Expr::Kind::word && e.text == "NULL"; }
// A packet of Linux's refers to so many pieces of memory (CONFIG_MAX_SKB_FRAGS).
constexpr std::size_t kMostPieces = 17;
std::size_t pieces_of(const Expr& e) {
  if (e.kind == Expr::Kind::list) {
    return e.items.size();
  }
  for (const Expr& field : e.items) {
    if (field.text == "msg_iov") {
      return field.items[0].items.size();
    }
  }
  return 0;
}
bool vector_has(const Expr& message, std::string_view name) {
  return std::ranges::any_of(message.items, [&](const Expr& field) { return field.text == name; });
}

template <typename T>
Answer plain(const Result<T>& result) {
  if (!result) {
    return failed(result.error().code);
  }
  if constexpr (std::is_void_v<T>) {
    return returned(0);
  } else {
    return returned(static_cast<std::int64_t>(*result));
  }
}

}  // namespace

std::span<const Calls::Row> Calls::rows() {
  static constexpr std::array<Row, 32> kRows{{
      {"socket", &Calls::do_socket},
      {"bind", &Calls::do_bind},
      {"listen", &Calls::do_listen},
      {"accept", &Calls::do_accept},
      {"accept4", &Calls::do_accept},
      {"connect", &Calls::do_connect},
      {"read", &Calls::do_read},
      {"readv", &Calls::do_read},
      {"recv", &Calls::do_read},
      {"recvfrom", &Calls::do_read},
      {"recvmsg", &Calls::do_read},
      {"write", &Calls::do_write},
      {"writev", &Calls::do_write},
      {"send", &Calls::do_write},
      {"sendto", &Calls::do_write},
      {"sendmsg", &Calls::do_write},
      {"close", &Calls::do_close},
      {"shutdown", &Calls::do_shutdown},
      {"fcntl", &Calls::do_fcntl},
      {"ioctl", &Calls::do_ioctl},
      {"poll", &Calls::do_poll},
      {"getsockname", &Calls::do_names},
      {"getpeername", &Calls::do_names},
      {"setsockopt", &Calls::do_setsockopt},
      {"getsockopt", &Calls::do_getsockopt},
      {"fcntl64", &Calls::do_fcntl},
      {"open", &Calls::do_open},
      {"sendfile", &Calls::do_sendfile},
      {"epoll_create", &Calls::do_epoll_create},
      {"epoll_create1", &Calls::do_epoll_create},
      {"epoll_ctl", &Calls::do_epoll_ctl},
      {"epoll_wait", &Calls::do_epoll_wait},
  }};
  return kRows;
}

Answer Calls::attempt(const CallEvent& call, Progress& progress) {
  unknown_.clear();
  for (const Row& row : rows()) {
    if (row.name == call.name) {
      Answer answer = (this->*row.handler)(call, progress);
      progress.begun = true;
      const bool told = unknown_.empty() || answer.kind == Answer::Kind::unsupported;
      return told ? answer : unsupported(unknown_);
    }
  }
  return unsupported("the call " + call.name);
}

int Calls::live(std::int64_t script_fd) const {
  const auto found = open_.find(script_fd);
  return found == open_.end() ? -1 : found->second.fd;
}

// ---- arguments ----------------------------------------------------------------------------------------------------

std::int64_t Calls::number(const Expr& expression) {
  const auto value = number_of(expression, unknown_);
  if (!value && unknown_.empty()) {
    unknown_ = "the argument " + to_text(expression).substr(0, 60);
  }
  return value.value_or(0);
}

std::int64_t Calls::number(const CallEvent& call, std::size_t index) {
  if (index >= call.arguments.size()) {
    unknown_ = call.name + " with so few arguments";
    return 0;
  }
  return number(call.arguments[index]);
}

std::size_t Calls::vector_bytes(const Expr& e) {
  std::size_t bytes = 0;
  if (e.kind == Expr::Kind::list) {
    for (const Expr& item : e.items) {
      bytes += vector_bytes(item);
    }
  } else if (e.kind == Expr::Kind::record && e.items.size() == 2 && e.items[0].kind != Expr::Kind::field) {
    bytes = static_cast<std::size_t>(std::clamp<std::int64_t>(number(e.items[1]), 0, kMaxBytes));
  } else if (e.kind == Expr::Kind::record) {
    for (const Expr& field : e.items) {
      if (field.text == "msg_iov") {
        bytes += vector_bytes(field.items[0]);
      }
    }
  }
  return std::min(bytes, kMaxBytes);
}

Calls::Open* Calls::descriptor(const CallEvent& call) {
  const auto found = open_.find(number(call, 0));
  return found == open_.end() ? nullptr : &found->second;
}

// {sa_family = AF_INET, sin_port = htons(80), sin_addr = inet_addr("1.2.3.4")}, or with AF_INET6, sin6_ and
// inet_pton().
Result<wire::Endpoint> Calls::address(const Expr& e, const wire::IpAddress& implied) {
  wire::Endpoint end{addresses_.seen(implied), kPort};
  if (e.kind == Expr::Kind::ellipsis) {
    return end;
  }
  if (e.kind == Expr::Kind::word && e.text == "AF_UNSPEC") {
    return fail(EAFNOSUPPORT, "no family");
  }
  for (const Expr& field : e.items) {
    const bool is_address = field.text == "sin_addr" || field.text == "sin6_addr";
    if (is_address && field.kind == Expr::Kind::field && field.items[0].kind == Expr::Kind::call) {
      const auto& arguments = field.items[0].items;
      const auto written = wire::IpAddress::parse(arguments.empty() ? "" : arguments.back().text);
      end.address = written.value_or(end.address);
      if (!written) {
        unknown_ = "the address " + to_text(field).substr(0, 60);
      }
      continue;
    }
    const std::int64_t value = field.kind == Expr::Kind::field ? number(field.items[0]) : 0;
    if (field.text == "sa_family" && value == AF_UNSPEC) {
      return fail(EAFNOSUPPORT, "no family");
    }
    if (field.text == "sa_family" && value != (is_ipv6() ? AF_INET6 : AF_INET)) {
      unknown_ = "an address of another family";
    } else if (field.text == "sin_port" || field.text == "sin6_port") {
      end.port = static_cast<std::uint16_t>(value);
    } else if (field.text == "sin_addr") {
      end.address = wire::Ipv4Address(static_cast<std::uint32_t>(value));
    } else if (field.text != "sa_family") {
      unknown_ = "an address with " + field.text;
    }
  }
  if (e.kind != Expr::Kind::record) {
    unknown_ = "the address " + to_text(e).substr(0, 60);
  }
  return end;
}

Answer Calls::check_address(const Expr& expected, const wire::Endpoint& got) {
  if (expected.kind == Expr::Kind::ellipsis || (expected.kind == Expr::Kind::word && expected.text == "NULL")) {
    return returned(0);
  }
  const auto wanted = address(expected, addresses_.remote);
  if (wanted && *wanted != got) {
    return {Answer::Kind::differs, 0, 0, "the address is " + got.to_string() + ", not " + wanted->to_string()};
  }
  return returned(0);
}

Answer Calls::would_block(const Open& open, int error) const {
  if (error == EAGAIN && !open.non_blocking) {
    return {Answer::Kind::blocks, 0, 0, {}};
  }
  return failed(error);
}

std::span<const std::byte> Calls::zeroes(std::size_t bytes) {
  if (buffer_.size() < bytes) {
    buffer_.resize(bytes);
  }
  return std::span(buffer_).first(bytes);
}

// ---- calls --------------------------------------------------------------------------------------------------------

Answer Calls::place(const CallEvent& call, int fd, bool stream, bool non_blocking) {
  // A script names the number it expects; ours may be another.
  std::int64_t name = call.result.kind == Expr::Kind::integer ? call.result.number : fd;
  if (name < 0) {
    name = fd;
  }
  open_[name] = Open{fd, stream, non_blocking};
  newest_ = fd;
  return returned(name);
}

Answer Calls::do_socket(const CallEvent& call, Progress&) {
  if (call.arguments.size() != 3) {
    return unsupported("socket with so few arguments");
  }
  const Expr& family = call.arguments[0];
  if (family.kind != Expr::Kind::ellipsis && number(family) != (is_ipv6() ? AF_INET6 : AF_INET)) {
    return unsupported("the address family " + to_text(family));
  }
  const std::int64_t type = number(call, 1);
  const std::int64_t protocol = number(call, 2);
  const std::int64_t kind = type & ~std::int64_t{SOCK_NONBLOCK | SOCK_CLOEXEC};
  const bool stream = kind == SOCK_STREAM && (protocol == IPPROTO_TCP || protocol == 0);
  const bool datagram = kind == SOCK_DGRAM && (protocol == IPPROTO_UDP || protocol == 0);
  if (!stream && !datagram) {
    return unsupported("socket(" + to_text(family) + ", " + to_text(call.arguments[1]) + ", " +
                       to_text(call.arguments[2]) + ")");
  }
  const auto fd =
      table_.socket(stream ? socket::SocketType::stream : socket::SocketType::datagram, addresses_.socket_family());
  return fd ? place(call, *fd, stream, (type & SOCK_NONBLOCK) != 0) : failed(fd.error().code);
}

Answer Calls::do_bind(const CallEvent& call, Progress&) {
  Open* open = descriptor(call);
  if (open == nullptr || call.arguments.size() < 2) {
    return failed(EBADF);
  }
  const auto local = address(call.arguments[1], addresses_.local);
  return local ? plain(table_.bind(open->fd, *local)) : failed(local.error().code);
}

Answer Calls::do_listen(const CallEvent& call, Progress&) {
  Open* open = descriptor(call);
  return open == nullptr
             ? failed(EBADF)
             : plain(table_.listen(
                   open->fd, static_cast<int>(std::clamp<std::int64_t>(number(call, 1), -1, std::int64_t{1} << 30))));
}

Answer Calls::do_accept(const CallEvent& call, Progress&) {
  Open* open = descriptor(call);
  if (open == nullptr) {
    return failed(EBADF);
  }
  wire::Endpoint peer;
  const auto fd = table_.accept(open->fd, &peer);
  if (!fd) {
    return would_block(*open, fd.error().code);
  }
  const bool non_blocking = call.arguments.size() > 3 && (number(call, 3) & SOCK_NONBLOCK) != 0;
  Answer answer = place(call, *fd, true, non_blocking);
  if (call.arguments.size() > 1) {
    if (Answer difference = check_address(call.arguments[1], peer); difference.kind != Answer::Kind::returned) {
      return difference;
    }
  }
  return answer;
}

Answer Calls::do_connect(const CallEvent& call, Progress& progress) {
  Open* open = descriptor(call);
  if (open == nullptr || call.arguments.size() < 2) {
    return failed(EBADF);
  }
  const auto to = address(call.arguments[1], addresses_.remote);
  if (!to) {
    return plain(table_.disconnect(open->fd));
  }
  if (!unknown_.empty()) {
    return unsupported(unknown_);
  }
  const auto done = table_.connect(open->fd, *to);
  if (done || open->non_blocking || !open->stream) {
    return plain(done);
  }
  const int error = done.error().code;
  // A blocking connect ends with what the later attempts tell.
  const bool waits = error == EINPROGRESS || (error == EALREADY && progress.begun);
  return waits ? Answer{Answer::Kind::blocks, 0, 0, {}} : failed(error);
}

Answer Calls::do_read(const CallEvent& call, Progress& progress) {
  Open* open = descriptor(call);
  if (open == nullptr || call.arguments.size() < 2) {
    return failed(EBADF);
  }
  const bool vector = call.name == "readv" || call.name == "recvmsg";
  const std::size_t bytes = vector ? vector_bytes(call.arguments[1])
                                   : static_cast<std::size_t>(std::clamp<std::int64_t>(number(call, 2), 0, kMaxBytes));
  std::int64_t flags = 0;
  if (call.name == "recvmsg") {
    flags = number(call, 2);
  } else if (call.name != "read" && call.name != "readv") {
    flags = number(call, 3);
  }
  if (open->stream && (flags & MSG_ERRQUEUE) != 0 && (flags & ~std::int64_t{MSG_ERRQUEUE | MSG_DONTWAIT}) == 0) {
    return read_error_queue(call, *open);
  }
  const std::int64_t of_streams = open->stream ? MSG_WAITALL | MSG_TRUNC : 0;
  if ((flags & ~(MSG_PEEK | MSG_DONTWAIT | MSG_NOSIGNAL | of_streams)) != 0) {
    return unsupported("a receive with the flags " + to_text(call.arguments[call.name == "recvmsg" ? 2 : 3]));
  }
  const bool nowhere = !vector && is_null(call.arguments[1]) && bytes > 0;
  if (nowhere) {
    flags |= MSG_PEEK;
  }
  std::vector<std::byte> out(bytes - std::min(bytes, progress.done));
  wire::Endpoint from;
  Result<std::size_t> got = 0;
  if ((flags & MSG_PEEK) != 0) {
    got = table_.peek(open->fd, out);
  } else {
    const auto received = table_.recv_from(open->fd, out);
    got = received ? Result<std::size_t>(received->size) : std::unexpected(received.error());
    from = received ? received->from : wire::Endpoint{};
  }
  const bool waits = (flags & MSG_DONTWAIT) == 0;
  if (!got) {
    const Answer answer = waits ? would_block(*open, got.error().code) : failed(got.error().code);
    const bool some = progress.done > 0 && answer.kind == Answer::Kind::returned;
    return some ? returned(static_cast<std::int64_t>(progress.done)) : answer;
  }
  if ((flags & MSG_WAITALL) != 0 && (flags & MSG_PEEK) == 0 && waits && !open->non_blocking) {
    progress.done += *got;
    if (*got > 0 && progress.done < bytes) {
      return {Answer::Kind::blocks, 0, 0, {}};
    }
    return returned(static_cast<std::int64_t>(progress.done));
  }
  if (nowhere && *got > 0) {
    return failed(EFAULT);
  }
  if (call.name == "recvmsg") {
    if (Answer difference = check_control(call, *open); difference.kind != Answer::Kind::returned) {
      return difference;
    }
  }
  if (call.name == "recvfrom" && call.arguments.size() > 4) {
    if (Answer difference = check_address(call.arguments[4], from); difference.kind != Answer::Kind::returned) {
      return difference;
    }
  }
  return returned(static_cast<std::int64_t>(*got));
}

// The control messages that a recvmsg must find: TCP_CM_INQ, if the socket gives it.
Answer Calls::check_control(const CallEvent& call, const Open& open) {
  const Expr* control = nullptr;
  for (const Expr& field : call.arguments[1].items) {
    control = field.text == "msg_control" ? &field.items[0] : control;
  }
  if (control == nullptr) {
    return returned(0);
  }
  for (const Expr& message : control->items) {
    const Expr* type = nullptr;
    const Expr* data = nullptr;
    for (const Expr& field : message.items) {
      type = field.text == "cmsg_type" && field.kind == Expr::Kind::field ? &field.items[0] : type;
      data = field.text == "cmsg_data" && field.kind == Expr::Kind::field ? &field.items[0] : data;
    }
    if (type == nullptr || data == nullptr || type->text != "TCP_CM_INQ" || !open.tells_queue) {
      return unsupported("control messages");
    }
    const socket::Descriptor* d = table_.find(open.fd);
    const std::uint64_t queue = d != nullptr ? d->row().receive_queue : 0;
    const auto ready = table_.poll(open.fd);
    const bool ended = ready && (*ready & socket::ready::kPeerShut) != 0;
    const std::int64_t got = queue == 0 && ended ? 1 : static_cast<std::int64_t>(queue);  // Linux: so that one reads on
    if (const std::int64_t wanted = number(*data); wanted != got) {
      return {Answer::Kind::differs, 0, 0,
              "TCP_CM_INQ says " + std::to_string(got) + ", not " + std::to_string(wanted)};
    }
  }
  return returned(0);
}

Answer Calls::do_write(const CallEvent& call, Progress& progress) {
  Open* open = descriptor(call);
  if (open == nullptr || call.arguments.size() < 2) {
    return failed(EBADF);
  }
  const bool vector = call.name == "writev" || call.name == "sendmsg";
  std::int64_t flags = 0;
  const std::int64_t wanted = vector ? static_cast<std::int64_t>(vector_bytes(call.arguments[1])) : number(call, 2);
  if (wanted < 0 || static_cast<std::uint64_t>(wanted) > kMaxBytes) {
    return unsupported("a write of so many bytes");
  }
  if (call.name == "sendmsg") {
    flags = number(call, 2);
  } else if (call.name == "send" || call.name == "sendto") {
    flags = number(call, 3);
  }
  if (call.name == "sendmsg" && vector_has(call.arguments[1], "msg_control")) {
    return unsupported("control messages");
  }
  const std::int64_t of_streams = open->stream ? MSG_MORE | MSG_EOR | MSG_ZEROCOPY : 0;
  if ((flags & ~(MSG_NOSIGNAL | MSG_DONTWAIT | MSG_FASTOPEN | of_streams)) != 0) {
    return unsupported("a send with the flags " + to_text(call.arguments[call.name == "sendmsg" ? 2 : 3]));
  }
  const bool zero_copy = (flags & MSG_ZEROCOPY) != 0;
  if (zero_copy && vector && pieces_of(call.arguments[1]) > kMostPieces) {
    return unsupported("a write of more pieces than a packet of Linux's refers to");
  }
  if (!vector && is_null(call.arguments[1]) && wanted > 0 && table_.getpeername(open->fd)) {
    return failed(EFAULT);
  }
  wrote_text_ |= call.arguments[1].kind == Expr::Kind::string;
  const auto to = destination_of(call);
  if (!to || !unknown_.empty()) {
    return failed((flags & MSG_FASTOPEN) != 0 ? EOPNOTSUPP : EAFNOSUPPORT);
  }
  Answer answer = send(*open, static_cast<std::size_t>(wanted), flags, *to ? &**to : nullptr, progress);
  if (answer.kind == Answer::Kind::returned && answer.value > 0 && open->stream) {
    (void)table_.end_send(open->fd, zero_copy);
  }
  return answer;
}

Result<std::optional<wire::Endpoint>> Calls::destination_of(const CallEvent& call) {
  const Expr* named = nullptr;
  if (call.name == "sendto" && call.arguments.size() > 4) {
    named = &call.arguments[4];
  } else if (call.name == "sendmsg" && call.arguments[1].kind == Expr::Kind::record) {
    for (const Expr& field : call.arguments[1].items) {
      named = field.text == "msg_name" ? &field.items[0] : named;
    }
  }
  if (named == nullptr || named->text == "NULL") {
    return std::optional<wire::Endpoint>();
  }
  if (named->kind == Expr::Kind::word && named->text == "AF_UNSPEC") {
    return fail(EAFNOSUPPORT, "no family");
  }
  const auto to = address(*named, addresses_.remote);
  return to ? Result<std::optional<wire::Endpoint>>(*to) : std::unexpected(to.error());
}

// A send that begins the handshake. One that waits does so until it has ended, and goes on with what is left.
Answer Calls::send_opening(Open& open, std::size_t bytes, bool waits, const wire::Endpoint* to, Progress& progress) {
  if (!progress.opening) {
    const auto data = zeroes(bytes);
    const auto sent = to != nullptr ? table_.connect_with(open.fd, *to, data) : table_.send(open.fd, data);
    if (!waits || (!sent && sent.error().code != EINPROGRESS)) {
      return plain(sent);
    }
    progress.done = sent.value_or(0);
    progress.opening = true;
    if (progress.done < bytes) {
      (void)table_.expect_send(open.fd);
    }
    return {Answer::Kind::blocks, 0, 0, {}};
  }
  const auto opened = table_.connect(open.fd, {});  // how the handshake went
  if (!opened && opened.error().code == EALREADY) {
    return {Answer::Kind::blocks, 0, 0, {}};
  }
  progress.opening = false;
  if (!opened && opened.error().code != EISCONN) {
    return failed(opened.error().code);
  }
  return send(open, bytes, 0, nullptr, progress);
}

Answer Calls::send_unopened(Open& open, std::size_t bytes, const wire::Endpoint& to) {
  const auto sent = table_.connect_with(open.fd, to, zeroes(bytes));
  if (!sent && sent.error().code != EINPROGRESS) {
    return failed(sent.error().code);
  }
  open.owed = bytes - std::min(bytes, sent.value_or(0));
  if (open.owed > 0) {
    (void)table_.expect_send(open.fd);
  }
  return returned(static_cast<std::int64_t>(bytes));
}

void Calls::pay_owed() {
  for (auto& [name, open] : open_) {
    if (open.owed > 0) {
      const auto sent = table_.send(open.fd, zeroes(open.owed));
      const bool waits = !sent && (sent.error().code == EAGAIN || sent.error().code == EINPROGRESS);
      open.owed -= sent ? std::min(open.owed, *sent) : waits ? 0 : open.owed;
    }
  }
}

Answer Calls::send(Open& open, std::size_t bytes, std::int64_t flags, const wire::Endpoint* to, Progress& progress) {
  const bool waits = !open.non_blocking && (flags & MSG_DONTWAIT) == 0;
  const socket::SendFlags how{.more = (flags & MSG_MORE) != 0, .end_of_record = (flags & MSG_EOR) != 0};
  if (open.fast_open && to != nullptr && flags == 0 && !table_.getpeername(open.fd)) {
    return send_unopened(open, bytes, *to);
  }
  const auto later = table_.get_option<socket::option::FastOpenConnect>(open.fd);
  const bool pending = later && later->pending;
  if (open.stream && (progress.opening || pending || ((flags & MSG_FASTOPEN) != 0 && progress.done == 0))) {
    return send_opening(open, bytes, waits, (flags & MSG_FASTOPEN) != 0 ? to : nullptr, progress);
  }
  if (progress.begun && waits && open.stream) {  // it sleeps until there is room again, which is more than some
    const auto ready = table_.poll(open.fd);
    if (ready && (*ready & socket::ready::kWrite) == 0) {
      return {Answer::Kind::blocks, 0, 0, {}};
    }
  }
  while (true) {
    const auto rest = zeroes(bytes).subspan(std::min(progress.done, bytes));
    const auto sent = open.stream     ? table_.send(open.fd, rest, how)
                      : to != nullptr ? table_.send_to(open.fd, rest, *to)
                                      : table_.send(open.fd, rest);
    if (!sent) {
      if (sent.error().code == EAGAIN && waits) {
        return {Answer::Kind::blocks, 0, 0, {}};
      }
      return progress.done > 0 ? returned(static_cast<std::int64_t>(progress.done)) : failed(sent.error().code);
    }
    progress.done += *sent;
    if (progress.done >= bytes || *sent == 0 || !open.stream) {
      return returned(static_cast<std::int64_t>(progress.done));
    }
  }
}

// socket(7): until the peer has acknowledged everything, our FIN too, or the time is over.
Answer Calls::wait_for_end(const Progress& progress) const {
  using enum transport::TcpState;
  const auto rows = table_.protocols().tcp.snapshot();
  const bool waits = std::ranges::any_of(rows, [&](const transport::TcpPcbInfo& row) {
    return row.tuple == *progress.closing &&
           (row.state == fin_wait_1 || row.state == closing || row.state == last_ack || row.state == close_wait ||
            row.state == established);
  });
  return waits && table_.node().now() < progress.deadline ? Answer{Answer::Kind::blocks, 0, 0, {}} : returned(0);
}

Answer Calls::do_close(const CallEvent& call, Progress& progress) {
  if (progress.closing) {
    return wait_for_end(progress);
  }
  const std::int64_t name = number(call, 0);
  const auto found = open_.find(name);
  if (found == open_.end()) {
    return open_files_.erase(name) > 0 ? returned(0) : failed(EBADF);
  }
  const auto linger = table_.get_option<socket::option::Linger>(found->second.fd);
  const bool lingers = linger && linger->on && linger->after > Duration{};
  if (lingers && found->second.non_blocking) {
    return unsupported("a close that lingers on a socket that does not wait");
  }
  const int fd = found->second.fd;
  const auto local = table_.getsockname(fd);
  const auto peer = table_.getpeername(fd);
  if (found->second.stream && local && peer) {
    closed_.push_back({*local, *peer});
  }
  if (lingers && local && peer) {
    for (const transport::TcpPcbInfo& row : table_.protocols().tcp.snapshot()) {
      const bool same = addresses_.seen(row.tuple.local.address) == local->address &&
                        row.tuple.local.port == local->port && row.tuple.foreign.port == peer->port &&
                        addresses_.seen(row.tuple.foreign.address) == peer->address;
      progress.closing = same ? std::optional(row.tuple) : progress.closing;
    }
    progress.deadline = table_.node().now() + linger->after;
  }
  for (auto& [number, set] : epolls_) {
    set.forget(name);
  }
  open_.erase(found);
  const Answer answer = plain(table_.close(fd));
  return progress.closing && answer.error == 0 ? wait_for_end(progress) : answer;
}

bool Calls::was_closed(const wire::FourTuple& tuple) const {
  return std::ranges::any_of(closed_, [&](const wire::FourTuple& c) {
    return c.local == wire::Endpoint{addresses_.seen(tuple.local.address), tuple.local.port} &&
           c.foreign == wire::Endpoint{addresses_.seen(tuple.foreign.address), tuple.foreign.port};
  });
}

Answer Calls::do_shutdown(const CallEvent& call, Progress&) {
  Open* open = descriptor(call);
  const std::int64_t how = number(call, 1);
  if (open == nullptr) {
    return failed(EBADF);
  }
  if (how < SHUT_RD || how > SHUT_RDWR) {
    return failed(EINVAL);
  }
  return plain(table_.shutdown(open->fd, how == SHUT_RD   ? socket::ShutdownHow::receive
                                         : how == SHUT_WR ? socket::ShutdownHow::send
                                                          : socket::ShutdownHow::both));
}

Answer Calls::do_fcntl(const CallEvent& call, Progress&) {
  Open* open = descriptor(call);
  if (open == nullptr) {
    return failed(EBADF);
  }
  const std::int64_t command = number(call, 1);
  if (command == F_GETFL) {
    return returned(O_RDWR | (open->non_blocking ? O_NONBLOCK : 0));
  }
  if (command != F_SETFL) {
    return unsupported("fcntl " + to_text(call.arguments[1]));
  }
  const std::int64_t flags = number(call, 2);
  if (!unknown_.empty()) {
    return unsupported(unknown_);
  }
  open->non_blocking = (flags & O_NONBLOCK) != 0;
  return returned(0);
}

Answer Calls::do_ioctl(const CallEvent& call, Progress&) {
  Open* open = descriptor(call);
  const std::int64_t request = number(call, 1);
  if (open == nullptr) {
    return failed(EBADF);
  }
  const socket::Descriptor* d = table_.find(open->fd);
  if (d == nullptr || !open->stream || (request != SIOCINQ && request != SIOCOUTQ)) {
    return unsupported("ioctl " + (call.arguments.size() > 1 ? to_text(call.arguments[1]) : std::string()));
  }
  const socket::PcbRow row = d->row();
  const auto value = static_cast<std::int64_t>(request == SIOCINQ ? row.receive_queue : row.send_queue);
  if (call.arguments.size() > 2 && call.arguments[2].kind == Expr::Kind::list && call.arguments[2].items.size() == 1) {
    const std::int64_t wanted = number(call.arguments[2].items[0]);
    if (wanted != value) {
      return {Answer::Kind::differs, 0, 0,
              "the queue holds " + std::to_string(value) + " bytes, not " + std::to_string(wanted)};
    }
  }
  return returned(0);
}

Answer Calls::do_poll(const CallEvent& call, Progress& progress) {
  if (call.arguments.size() != 3 || call.arguments[0].kind != Expr::Kind::list) {
    return unsupported("poll without a list");
  }
  std::int64_t count = 0;
  std::string difference;
  for (const Expr& entry : call.arguments[0].items) {
    std::int64_t events = 0;
    std::int64_t wanted = 0;
    int fd = -1;
    for (const Expr& field : entry.items) {
      const std::int64_t value = field.kind == Expr::Kind::field ? number(field.items[0]) : 0;
      fd = field.text == "fd" ? live(value) : fd;
      events = field.text == "events" ? value : events;
      wanted = field.text == "revents" ? value : wanted;
    }
    const auto mask = table_.poll(fd);
    std::int64_t got = mask ? posix::poll_bits(*mask) : POLLNVAL;
    got &= events | POLLERR | POLLHUP | POLLNVAL;
    count += got != 0 ? 1 : 0;
    if (got != wanted) {
      difference = "revents is " + std::to_string(got) + ", not " + std::to_string(wanted);
    }
  }
  const std::int64_t timeout = number(call, 2);
  const Instant now = table_.node().now();
  if (!progress.begun) {
    progress.deadline =
        timeout < 0 ? Instant::never() : now + Duration::milliseconds(std::min<std::int64_t>(timeout, 1 << 30));
  }
  if (count == 0 && now < progress.deadline) {
    return {Answer::Kind::blocks, 0, 0, {}};
  }
  return difference.empty() ? returned(count) : Answer{Answer::Kind::differs, 0, 0, difference};
}

Answer Calls::do_names(const CallEvent& call, Progress&) {
  Open* open = descriptor(call);
  if (open == nullptr || call.arguments.size() < 2) {
    return failed(EBADF);
  }
  const auto end = call.name == "getsockname" ? table_.getsockname(open->fd) : table_.getpeername(open->fd);
  return end ? check_address(call.arguments[1], *end) : failed(end.error().code);
}

}  // namespace catenet::packetdrill
