// SPDX-License-Identifier: Apache-2.0
// epoll_create, epoll_ctl, epoll_wait.
#include <algorithm>
#include <cerrno>

#include "catenet/packetdrill/calls.h"
#include "catenet/packetdrill/notation.h"
#include "catenet/packetdrill/symbols.h"

namespace catenet::packetdrill {
namespace {

Answer epoll_error(int error) { return {Answer::Kind::returned, -1, error, {}}; }

// {events=EPOLLIN, fd=4}: the events, or what stands for the data.
const Expr* event_field(const Expr& event, bool events) {
  for (const Expr& field : event.items) {
    if (field.kind == Expr::Kind::field && (field.text == "events") == events) {
      return &field.items[0];
    }
  }
  return nullptr;
}

}  // namespace

void Calls::look() {
  pay_owed();
  for (auto& [name, set] : epolls_) {
    set.look(table_);
  }
}

Answer Calls::do_epoll_create(const CallEvent& call, Progress&) {
  const std::int64_t argument = number(call, 0);
  if (call.name == "epoll_create" && argument <= 0) {
    return epoll_error(EINVAL);
  }
  const bool named = call.result.kind == Expr::Kind::integer && call.result.number >= 0;
  const std::int64_t name = named ? call.result.number : kFirstEpoll;
  epolls_.insert_or_assign(name, EpollSet());
  return {Answer::Kind::returned, name, 0, {}};
}

Answer Calls::do_epoll_ctl(const CallEvent& call, Progress&) {
  const auto instance = epolls_.find(number(call, 0));
  const std::int64_t operation = number(call, 1);
  const std::int64_t fd = number(call, 2);
  if (instance == epolls_.end() || !open_.contains(fd)) {
    return epoll_error(EBADF);
  }
  const Expr* events = call.arguments.size() > 3 ? event_field(call.arguments[3], true) : nullptr;
  const Expr* data = events != nullptr ? event_field(call.arguments[3], false) : nullptr;
  const std::int64_t wanted = events != nullptr ? number(*events) : 0;
  const int error = instance->second.control(static_cast<int>(operation), fd, live(fd), wanted,
                                             static_cast<std::uint64_t>(data != nullptr ? number(*data) : 0));
  if (error == EINVAL && call.error != "EINVAL") {
    return {Answer::Kind::unsupported, 0, 0, "epoll_ctl with such events"};
  }
  return error == 0 ? Answer{} : epoll_error(error);
}

Answer Calls::do_epoll_wait(const CallEvent& call, Progress& progress) {
  const auto instance = epolls_.find(number(call, 0));
  const std::int64_t room = number(call, 2);
  const std::int64_t timeout = number(call, 3);
  if (instance == epolls_.end()) {
    return epoll_error(EBADF);
  }
  if (room <= 0) {
    return epoll_error(EINVAL);
  }
  const Instant now = table_.node().now();
  if (!progress.begun) {
    const std::int64_t most = std::min<std::int64_t>(timeout, 1 << 30);
    progress.deadline = timeout < 0 ? Instant::never() : now + Duration::milliseconds(most);
  }
  look();
  const auto reports = instance->second.collect(static_cast<std::size_t>(room));
  if (reports.empty() && now < progress.deadline) {
    return {Answer::Kind::blocks, 0, 0, {}};
  }
  const Expr& expected = call.arguments[1];
  const bool list = expected.kind == Expr::Kind::list;
  for (std::size_t i = 0; i < reports.size() && i < (list ? expected.items.size() : 1); ++i) {
    const Expr& wanted = list ? expected.items[i] : expected;
    const Expr* events = event_field(wanted, true);
    const Expr* data = event_field(wanted, false);
    if (events != nullptr && number(*events) != reports[i].events) {
      return {Answer::Kind::differs, 0, 0,
              "events is " + std::to_string(reports[i].events) + ", not " + std::to_string(number(*events))};
    }
    if (data != nullptr && static_cast<std::uint64_t>(number(*data)) != reports[i].data) {
      return {Answer::Kind::differs, 0, 0,
              "the data are " + std::to_string(reports[i].data) + ", not " + std::to_string(number(*data))};
    }
  }
  return {Answer::Kind::returned, static_cast<std::int64_t>(reports.size()), 0, {}};
}

}  // namespace catenet::packetdrill
