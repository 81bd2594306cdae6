// SPDX-License-Identifier: Apache-2.0
// HTTP requests: what is accepted can be written out again and reads the same, and its length is known.
#include "catenet/app/http_message.h"
#include "catenet/socket/operation.h"
#include "fuzz/fuzz.h"

using namespace catenet::app;
using catenet::fuzz::expect;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = catenet::socket::as_text(catenet::fuzz::input(data, size));
  const auto length = head_length(text);
  const auto request = parse_request(text.substr(0, length.value_or(text.size())));
  if (!request) {
    expect(request.error() >= 400 && request.error() < 600 && !reason_phrase(request.error()).empty());
    return 0;
  }
  std::string again = request->method + " " + request->target + " HTTP/1." + std::to_string(request->minor) + "\r\n";
  for (const HttpField& field : request->fields.all()) {
    again += field.name + ": " + field.value + "\r\n";
  }
  again += "\r\n";
  expect(head_length(again) == again.size());
  const auto second = parse_request(again);
  expect(second.has_value() && second->target == request->target && second->keeps_alive() == request->keeps_alive());
  expect(second->fields.all().size() == request->fields.all().size());
  expect(request_framing(*second) == request_framing(*request));
  (void)path_of(request->target);
  return 0;
}
