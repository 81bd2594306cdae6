// SPDX-License-Identifier: Apache-2.0
#include "catenet/socket/socket_layer.h"

#include "catenet/base/check.h"
#include "catenet/socket/fibre.h"
#include "catenet/socket/job.h"

namespace catenet::socket {
namespace {

std::int64_t count(std::span<const std::byte> bytes) { return static_cast<std::int64_t>(bytes.size()); }

std::string_view word_of(SocketType type) {
  constexpr std::string_view kWords[] = {"stream", "datagram", "datagram-lite", "ping",
                                         "raw",    "packet",   "packet-payload"};
  return kWords[static_cast<std::size_t>(type)];
}
std::string_view word_of(ShutdownHow how) {
  return how == ShutdownHow::receive ? "receive" : how == ShutdownHow::send ? "send" : "both";
}

}  // namespace

SocketLayer::SocketLayer(const Protocols& protocols) : SocketLayer(protocols, Limits{}) {}

SocketLayer::SocketLayer(const Protocols& protocols, const Limits& limits) : limits_(limits), table_(protocols) {
  table_.set_limit(limits.descriptors);
}

// First the descriptors go, so that what programs close while they are unwound sends nothing any more.
SocketLayer::~SocketLayer() {
  check(fibres_ == nullptr || fibres_->current() == nullptr, "a host is destroyed by one of its own fibres");
  on_step_ = {};
  table_.let_go();
  while (!jobs_.empty()) {
    jobs_.front().stop();
  }
}

Result<int> SocketLayer::socket(SocketType type, wire::Family family, std::uint16_t protocol) {
  auto made = table_.socket(type, family, protocol);
  tell({.name = "socket", .word = word_of(type)}, made);
  return made;
}
Result<void> SocketLayer::bind(int fd, const wire::Endpoint& local) {
  auto done = table_.bind(fd, local);
  tell({"bind", fd, local}, done);
  return done;
}
Result<void> SocketLayer::listen(int fd, int backlog) {
  auto done = table_.listen(fd, backlog);
  tell({"listen", fd, {}, backlog}, done);
  return done;
}
Result<int> SocketLayer::accept(int fd, wire::Endpoint* peer) {
  auto made = table_.accept(fd, peer);
  tell({"accept", fd}, made);
  return made;
}
Result<void> SocketLayer::connect(int fd, const wire::Endpoint& foreign) {
  auto done = table_.connect(fd, foreign);
  tell({"connect", fd, foreign}, done);
  return done;
}
Result<std::size_t> SocketLayer::connect_with(int fd, const wire::Endpoint& foreign, std::span<const std::byte> bytes) {
  auto sent = table_.connect_with(fd, foreign, bytes);
  tell({"fastopen", fd, foreign, count(bytes)}, sent);
  return sent;
}
Result<void> SocketLayer::disconnect(int fd) {
  auto done = table_.disconnect(fd);
  tell({"disconnect", fd}, done);
  return done;
}
Result<std::size_t> SocketLayer::send(int fd, std::span<const std::byte> bytes, const SendFlags& flags) {
  auto sent = flags.more || flags.end_of_record ? table_.send(fd, bytes, flags) : table_.send(fd, bytes);
  tell({"send", fd, {}, count(bytes)}, sent);
  return sent;
}
Result<std::size_t> SocketLayer::send_to(int fd, std::span<const std::byte> bytes, const wire::Endpoint& to) {
  auto sent = table_.send_to(fd, bytes, to);
  tell({"sendto", fd, to, count(bytes)}, sent);
  return sent;
}
Result<std::size_t> SocketLayer::send_segments(int fd, std::span<const std::byte> bytes, std::uint16_t segment_size,
                                               const wire::Endpoint* to) {
  auto sent = table_.send_segments(fd, bytes, segment_size, to);
  tell({"sendseg", fd, to != nullptr ? std::optional(*to) : std::nullopt, count(bytes)}, sent);
  return sent;
}
Result<std::size_t> SocketLayer::send_batch(int fd, std::span<const Outgoing> messages) {
  auto sent = table_.send_batch(fd, messages);
  tell({"sendmmsg", fd, {}, static_cast<std::int64_t>(messages.size())}, sent);
  return sent;
}
Result<std::size_t> SocketLayer::recv_batch(int fd, std::span<Incoming> messages) {
  auto got = table_.recv_batch(fd, messages);
  tell({"recvmmsg", fd, {}, static_cast<std::int64_t>(messages.size())}, got);
  return got;
}
Result<std::size_t> SocketLayer::recv(int fd, std::span<std::byte> out) {
  auto got = table_.recv(fd, out);
  tell({"recv", fd, {}, count(out)}, got);
  return got;
}
Result<Received> SocketLayer::recv_from(int fd, std::span<std::byte> out) {
  auto got = table_.recv_from(fd, out);
  tell({"recvfrom", fd, {}, count(out)}, got);
  return got;
}
Result<std::size_t> SocketLayer::peek(int fd, std::span<std::byte> out) {
  auto got = table_.peek(fd, out);
  tell({"peek", fd, {}, count(out)}, got);
  return got;
}
Result<Received> SocketLayer::peek_from(int fd, std::span<std::byte> out) {
  auto got = table_.peek_from(fd, out);
  tell({"peek", fd, {}, count(out)}, got);
  return got;
}
Result<ErrorRecord> SocketLayer::recv_error(int fd) {
  auto got = table_.recv_error(fd);
  tell({"recverr", fd}, got);
  return got;
}
Result<void> SocketLayer::bind_link(int fd, const link::LinkEndpoint& local) {
  auto done = table_.bind_link(fd, local);
  tell({"bind", fd, {}, local.interface}, done);
  return done;
}
Result<std::size_t> SocketLayer::send_link(int fd, std::span<const std::byte> bytes, const link::LinkEndpoint& to) {
  auto sent = table_.send_link(fd, bytes, to);
  tell({"sendto", fd, {}, count(bytes)}, sent);
  return sent;
}
Result<void> SocketLayer::shutdown(int fd, ShutdownHow how) {
  auto done = table_.shutdown(fd, how);
  tell({.name = "shutdown", .fd = fd, .word = word_of(how)}, done);
  return done;
}
Result<void> SocketLayer::close(int fd) {
  auto done = table_.close(fd);
  tell({"close", fd}, done);
  return done;
}

Result<std::vector<wire::IpAddress>> SocketLayer::resolve_all(std::string_view name) const {
  const NameTable nothing;
  return (names_ != nullptr ? *names_ : nothing).lookup(name);
}

Result<wire::IpAddress> SocketLayer::resolve(std::string_view name) const {
  const auto addresses = resolve_all(name);
  if (!addresses) {
    return std::unexpected(addresses.error());
  }
  return addresses->front();
}

void SocketLayer::tell_waits(const Call& call) const {
  if (on_step_) [[unlikely]] {
    on_step_(Step{Step::Phase::waits, call});
  }
}

void SocketLayer::tell_returned(const Call& call, int error, std::int64_t value) const {
  on_step_(Step{Step::Phase::returned, call, error, value});
}

FibreRunner& SocketLayer::fibres() {
  if (fibres_ == nullptr) {
    fibres_ = std::make_unique<FibreRunner>(*this);
  }
  return *fibres_;
}

}  // namespace catenet::socket
