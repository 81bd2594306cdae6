// SPDX-License-Identifier: Apache-2.0
#include "catenet/live/control.h"

#include <algorithm>
#include <cstring>

namespace catenet::live {
namespace {

struct Head {
  Verb verb;
  std::int32_t code;
  std::int64_t value;
  std::int64_t grace_ns;
};
static_assert(sizeof(Head) == 24);

}  // namespace

Result<void> send_control(int socket, const Control& control, std::span<const int> fds) {
  const Head head{control.verb, control.code, control.value, control.grace_ns};
  std::vector<std::uint8_t> bytes(sizeof head);
  std::memcpy(bytes.data(), &head, sizeof head);
  for (const std::string& text : control.texts) {
    if (text.find('\0') != std::string::npos) {
      return fail(EINVAL, "zero byte in a text for a keeper");
    }
    bytes.insert(bytes.end(), text.begin(), text.end());
    bytes.push_back(0);
  }
  return send_message(socket, bytes, fds);
}

Result<Control> receive_control(int socket) {
  auto message = receive_message(socket);
  if (!message) {
    return std::unexpected(message.error());
  }
  const std::vector<std::uint8_t>& bytes = message->bytes;
  if (bytes.size() < sizeof(Head) || (bytes.size() > sizeof(Head) && bytes.back() != 0)) {
    return fail(EPROTO, "control message");
  }
  Head head;
  std::memcpy(&head, bytes.data(), sizeof head);
  if (head.verb < Verb::unshared || head.verb > Verb::stop) {
    return fail(EPROTO, "control message");
  }
  Control control{head.verb, head.code, head.value, head.grace_ns, {}, std::move(message->fds)};
  for (auto at = bytes.begin() + sizeof(Head); at != bytes.end();) {
    auto end = std::find(at, bytes.end(), 0);
    control.texts.emplace_back(at, end);
    at = end + 1;
  }
  return control;
}

}  // namespace catenet::live
