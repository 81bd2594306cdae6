// SPDX-License-Identifier: Apache-2.0
// HTTP responses with their bodies: the first byte says in what pieces a chunked body comes; the pieces make no
// difference. URLs too, from the same bytes.
#include <string>

#include "catenet/app/chunked.h"
#include "catenet/app/http_message.h"
#include "catenet/app/url.h"
#include "catenet/socket/operation.h"
#include "fuzz/fuzz.h"

using namespace catenet::app;
using catenet::fuzz::expect;

namespace {

struct Decoded {
  std::string body;
  std::size_t consumed = 0;
  int error = 0;
  bool done = false;
  bool operator==(const Decoded&) const = default;
};

Decoded decode(std::string_view text, std::size_t piece) {
  ChunkedDecoder decoder;
  Decoded out;
  while (out.consumed < text.size() && !decoder.done()) {
    const auto step = decoder.next(text.substr(out.consumed, piece));
    if (!step) {
      out.error = step.error().code;
      out.consumed = 0;  // where it was noticed depends on the pieces
      return out;
    }
    expect(step->consumed > 0 && step->data.size() <= step->consumed);
    out.body += step->data;
    out.consumed += step->consumed;
  }
  out.done = decoder.done();
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const std::string_view text = catenet::socket::as_text(catenet::fuzz::input(data + 1, size - 1));
  if (const auto url = Url::parse(text)) {
    const auto again = Url::parse("http://" + url->authority() + url->target);
    expect(again && again->host == url->host && again->port == url->port && again->target == url->target);
  }
  const std::size_t length = head_length(text).value_or(text.size());
  const auto response = parse_response(text.substr(0, length));
  if (response) {
    expect(response->status >= 100 && response->status <= 999);
    expect(response_framing(*response, true) == HttpFraming{});
    (void)response_framing(*response, false);
  }
  const std::string_view body = text.substr(length);
  expect(decode(body, 1 + data[0]) == decode(body, body.size()));
  return 0;
}
