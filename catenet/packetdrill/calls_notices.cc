// SPDX-License-Identifier: Apache-2.0
// The error queue of a stream: what recvmsg() with MSG_ERRQUEUE must find there of sends with MSG_ZEROCOPY, and of
// SO_TIMESTAMPING. And the descriptors of files that sendfile() reads.
#include <ctime>  // before the kernel's headers: they use timespec

#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "catenet/packetdrill/calls.h"
#include "catenet/packetdrill/notation.h"
#include "catenet/packetdrill/symbols.h"

namespace catenet::packetdrill {
namespace {

using socket::SendNotice;

constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;

Answer notice_differs(std::string_view field, std::int64_t got, std::int64_t wanted) {
  return {
      Answer::Kind::differs, 0, 0,
      "in the error queue " + std::string(field) + " is " + std::to_string(got) + ", not " + std::to_string(wanted)};
}

const Expr* field_named(const Expr& record, std::string_view name) {
  for (const Expr& field : record.items) {
    if (field.kind == Expr::Kind::field && field.text == name) {
      return &field.items[0];
    }
  }
  return nullptr;
}

// What Linux's sock_extended_err says of it.
std::int64_t extended_error(const SendNotice& notice, std::string_view field) {
  const bool released = notice.what == SendNotice::What::released;
  if (field == "ee_errno") {
    return released ? 0 : ENOMSG;
  }
  if (field == "ee_origin") {
    return released ? SO_EE_ORIGIN_ZEROCOPY : SO_EE_ORIGIN_TIMESTAMPING;
  }
  if (field == "ee_code") {  // our stack copies, as Linux does on a loopback or a tun device
    return released ? SO_EE_CODE_ZEROCOPY_COPIED : 0;
  }
  if (field == "ee_info") {
    return released                                     ? std::int64_t{notice.first}
           : notice.what == SendNotice::What::scheduled ? std::int64_t{SCM_TSTAMP_SCHED}
           : notice.what == SendNotice::What::sent      ? std::int64_t{SCM_TSTAMP_SND}
                                                        : std::int64_t{SCM_TSTAMP_ACK};
  }
  return field == "ee_data" ? std::int64_t{notice.last} : 0;  // ee_type
}

}  // namespace

Answer Calls::read_error_queue(const CallEvent& call, const Open& open) {
  const auto notice = table_.recv_notice(open.fd);
  if (!notice) {
    return {Answer::Kind::returned, -1, notice.error().code, {}};
  }
  const Expr* control = call.name == "recvmsg" ? field_named(call.arguments[1], "msg_control") : nullptr;
  if (control == nullptr) {
    return {Answer::Kind::unsupported, 0, 0, "an error queue without control messages"};
  }
  const bool stamped = notice->what != SendNotice::What::released;
  if (const std::size_t messages = stamped ? 2 : 1; control->items.size() != messages) {
    return {Answer::Kind::differs, 0, 0, "the error queue gives " + std::to_string(messages) + " control messages"};
  }
  if (const Expr* flags = field_named(call.arguments[1], "msg_flags")) {
    const std::int64_t got = MSG_ERRQUEUE | (stamped ? MSG_TRUNC : 0);  // with stamps come bytes, and nobody has room
    if (number(*flags) != got) {
      return notice_differs("msg_flags", got, number(*flags));
    }
  }
  for (const Expr& message : control->items) {
    const Expr* type = field_named(message, "cmsg_type");
    const Expr* data = field_named(message, "cmsg_data");
    if (type == nullptr || data == nullptr) {
      return {Answer::Kind::unsupported, 0, 0, "control messages"};
    }
    if (type->text == "SCM_TIMESTAMPING" && stamped) {
      const Expr* seconds = field_named(*data, "scm_sec");
      const Expr* rest = field_named(*data, "scm_nsec");
      const std::int64_t wanted =
          seconds == nullptr || rest == nullptr ? 0 : number(*seconds) * kNanosecondsPerSecond + number(*rest);
      const std::int64_t got = notice->at.since_start().ns();
      if (std::max(got, wanted) - std::min(got, wanted) > tolerance_.ns()) {
        return notice_differs("the time", got, wanted);
      }
    } else if (type->text == "CMSG_TYPE_RECVERR") {
      for (const Expr& field : data->items) {
        const std::int64_t wanted = field.kind == Expr::Kind::field ? number(field.items[0]) : 0;
        if (const std::int64_t got = extended_error(*notice, field.text); got != wanted) {
          return notice_differs(field.text, got, wanted);
        }
      }
    } else {
      return {Answer::Kind::differs, 0, 0, "the error queue gives another control message than " + type->text};
    }
  }
  return {};
}

std::optional<Answer> Calls::set_stamps(const Open& open, std::int64_t wanted) {
  constexpr std::int64_t kSend = SOF_TIMESTAMPING_TX_SCHED | SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_TX_ACK;
  constexpr std::int64_t kTold = SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_ID;
  if (!open.stream || (wanted & ~(kSend | kTold)) != 0 || (wanted != 0 && (wanted & kTold) != kTold)) {
    return std::nullopt;
  }
  const auto has = [&](std::int64_t bit) { return (wanted & bit) != 0; };
  const auto done = table_.set_option(
      open.fd, socket::option::SendStamps{has(SOF_TIMESTAMPING_TX_SCHED), has(SOF_TIMESTAMPING_TX_SOFTWARE),
                                          has(SOF_TIMESTAMPING_TX_ACK)});
  return done ? Answer{} : Answer{Answer::Kind::returned, -1, done.error().code, {}};
}

// ---- files ----------------------------------------------------------------------------------------------------------

void Calls::make_file(const std::string& path, std::size_t bytes) { files_[path] = bytes; }

// open("/tmp/file", O_RDONLY): one that a command of the script has made, of zeroes.
Answer Calls::do_open(const CallEvent& call, Progress&) {
  const bool named = !call.arguments.empty() && call.arguments[0].kind == Expr::Kind::string;
  const auto file = named ? files_.find(call.arguments[0].text) : files_.end();
  if (file == files_.end() || call.result.kind != Expr::Kind::integer || call.result.number < 0) {
    return {Answer::Kind::unsupported, 0, 0, "a file that no command has made"};
  }
  open_files_[call.result.number] = OpenFile{file->second, 0};
  return {Answer::Kind::returned, call.result.number, 0, {}};
}

// sendfile(4, 5, [0], 5)
Answer Calls::do_sendfile(const CallEvent& call, Progress& progress) {
  Open* open = descriptor(call);
  const auto file = open_files_.find(number(call, 1));
  if (open == nullptr || file == open_files_.end() || call.arguments.size() < 4) {
    return {Answer::Kind::returned, -1, EBADF, {}};
  }
  const Expr& offset = call.arguments[2];
  const bool given = offset.kind == Expr::Kind::list && offset.items.size() == 1;
  const std::int64_t from = given ? number(offset.items[0]) : static_cast<std::int64_t>(file->second.at);
  if (from < 0) {
    return {Answer::Kind::returned, -1, EINVAL, {}};
  }
  const std::size_t rest = file->second.size - std::min(file->second.size, static_cast<std::size_t>(from));
  const std::size_t bytes = std::min(rest, static_cast<std::size_t>(std::max<std::int64_t>(number(call, 3), 0)));
  Answer answer = send(*open, bytes, 0, nullptr, progress);
  if (!given && answer.kind == Answer::Kind::returned && answer.value > 0) {
    file->second.at += static_cast<std::size_t>(answer.value);
  }
  return answer;
}

}  // namespace catenet::packetdrill
