// SPDX-License-Identifier: Apache-2.0
#include "catenet/app/http_message.h"

#include <algorithm>
#include <charconv>

#include "catenet/base/text.h"

namespace catenet::app {
namespace {

constexpr std::size_t kMaxTarget = 8'000;  // RFC 9112 3: "at least 8000 octets"

char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool is_alpha(char c) { return to_lower(c) >= 'a' && to_lower(c) <= 'z'; }

/// RFC 9110 5.6.2
bool is_token_char(char c) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return is_digit(c) || is_alpha(c) || kMarks.find(c) != std::string_view::npos;
}
bool is_token(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char); }

/// RFC 9110 5.5: visible characters, blanks and bytes above 127; no CR, LF, NUL.
bool is_field_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto u = static_cast<unsigned char>(c);
    return u == '\t' || (u >= 0x20 && u != 0x7f);
  });
}

/// Takes the next line without its end: CRLF, or LF alone as RFC 9112 2.2 allows.
std::string_view take_line(std::string_view& rest) {
  const std::size_t end = std::min(rest.find('\n'), rest.size());
  std::string_view line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  if (line.ends_with('\r')) {
    line.remove_suffix(1);
  }
  return line;
}

/// The minor version of "HTTP/1.x"; -1: another version, -2: no version at all.
int parse_version(std::string_view text) {
  if (text.size() != 8 || !text.starts_with("HTTP/") || !is_digit(text[5]) || text[6] != '.' || !is_digit(text[7])) {
    return -2;
  }
  return text[5] == '1' ? text[7] - '0' : -1;
}

enum class FieldsProblem : std::uint8_t { none, bad, too_many };

FieldsProblem parse_fields(std::string_view rest, HttpFields& out) {
  while (!rest.empty()) {
    const std::string_view line = take_line(rest);
    if (line.empty()) {
      return FieldsProblem::none;
    }
    const std::size_t colon = line.find(':');
    // A folded line starts with a blank (RFC 9112 5.2), and so has no token before its colon: refused, like a blank
    // before the colon (5.1).
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
      return FieldsProblem::bad;
    }
    const std::string_view value = trim(line.substr(colon + 1));
    if (!is_field_value(value)) {
      return FieldsProblem::bad;
    }
    if (out.all().size() == kMaxHttpFields) {
      return FieldsProblem::too_many;
    }
    out.add(line.substr(0, colon), value);
  }
  return FieldsProblem::none;
}

/// The one length that all Content-Length fields agree on; nothing if they do not, or it is no number.
std::optional<std::uint64_t> content_length(const HttpFields& fields) {
  std::optional<std::uint64_t> length;
  for (const HttpField& field : fields.all()) {
    if (!equal_ignoring_case(field.name, "Content-Length")) {
      continue;
    }
    std::string_view rest = field.value;
    for (bool more = true; more;) {  // "42, 42": RFC 9112 6.3 rule 5
      const std::size_t comma = rest.find(',');
      const std::string_view item = trim(rest.substr(0, comma));
      more = comma != std::string_view::npos;
      rest.remove_prefix(more ? comma + 1 : rest.size());
      std::uint64_t value = 0;
      const auto [end, error] = std::from_chars(item.data(), item.data() + item.size(), value);
      if (item.empty() || error != std::errc() || end != item.data() + item.size() || value > std::uint64_t{1} << 62 ||
          (length && *length != value)) {
        return std::nullopt;
      }
      length = value;
    }
  }
  return length;
}

/// The last transfer coding, and whether it is the only one.
struct Codings {
  std::string_view last;
  std::size_t count = 0;
};
Codings transfer_codings(const HttpFields& fields) {
  Codings codings;
  for (const HttpField& field : fields.all()) {
    if (equal_ignoring_case(field.name, "Transfer-Encoding")) {
      std::string_view rest = field.value;
      codings.count += 1 + static_cast<std::size_t>(std::count(rest.begin(), rest.end(), ','));
      const std::size_t comma = rest.rfind(',');
      codings.last = trim(comma == std::string_view::npos ? rest : rest.substr(comma + 1));
    }
  }
  return codings;
}

}  // namespace

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return to_lower(x) == to_lower(y); });
}

const std::string* HttpFields::find(std::string_view name) const {
  const auto it = std::find_if(fields_.begin(), fields_.end(),
                               [&](const HttpField& field) { return equal_ignoring_case(field.name, name); });
  return it == fields_.end() ? nullptr : &it->value;
}

std::size_t HttpFields::count(std::string_view name) const {
  return static_cast<std::size_t>(std::count_if(
      fields_.begin(), fields_.end(), [&](const HttpField& field) { return equal_ignoring_case(field.name, name); }));
}

bool HttpFields::has_token(std::string_view name, std::string_view token) const {
  for (const HttpField& field : fields_) {
    if (!equal_ignoring_case(field.name, name)) {
      continue;
    }
    std::string_view rest = field.value;
    while (!rest.empty()) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      if (equal_ignoring_case(trim(rest.substr(0, comma)), token)) {
        return true;
      }
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  return false;
}

bool HttpRequest::keeps_alive() const {
  if (fields.has_token("Connection", "close")) {
    return false;
  }
  return minor >= 1 || fields.has_token("Connection", "keep-alive");
}

std::size_t leading_empty_lines(std::string_view buffer) {
  std::size_t at = 0;
  while (true) {
    if (buffer.substr(at).starts_with("\r\n")) {
      at += 2;
    } else if (buffer.substr(at).starts_with('\n')) {
      at += 1;
    } else {
      return at;
    }
  }
}

std::optional<std::size_t> head_length(std::string_view buffer) {
  for (std::size_t at = buffer.find('\n'); at != std::string_view::npos; at = buffer.find('\n', at + 1)) {
    const std::string_view rest = buffer.substr(at + 1);
    if (rest.starts_with('\n')) {
      return at + 2;
    }
    if (rest.starts_with("\r\n")) {
      return at + 3;
    }
  }
  return std::nullopt;
}

std::expected<HttpRequest, int> parse_request(std::string_view head) {
  const std::string_view line = take_line(head);
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) {
    return std::unexpected(400);
  }
  HttpRequest request;
  request.method = line.substr(0, first);
  request.target = line.substr(first + 1, last - first - 1);
  request.minor = parse_version(line.substr(last + 1));
  const auto is_target_char = [](unsigned char c) { return c > 0x20 && c < 0x7f; };
  if (!is_token(request.method) || request.target.empty() || request.minor == -2 ||
      !std::all_of(request.target.begin(), request.target.end(), is_target_char)) {
    return std::unexpected(400);
  }
  if (request.minor < 0) {
    return std::unexpected(505);
  }
  if (request.target.size() > kMaxTarget) {
    return std::unexpected(414);
  }
  const FieldsProblem problem = parse_fields(head, request.fields);
  if (problem != FieldsProblem::none) {
    return std::unexpected(problem == FieldsProblem::bad ? 400 : 431);
  }
  const std::size_t hosts = request.fields.count("Host");  // RFC 9112 3.2
  if (hosts > 1 || (hosts == 0 && request.minor >= 1)) {
    return std::unexpected(400);
  }
  return request;
}

std::expected<HttpFraming, int> request_framing(const HttpRequest& request) {
  const Codings codings = transfer_codings(request.fields);
  const bool has_length = request.fields.count("Content-Length") != 0;
  if (codings.count != 0) {
    if (has_length || request.minor == 0) {  // RFC 9112 6.1: may be an attempt to smuggle a request
      return std::unexpected(400);
    }
    if (!equal_ignoring_case(codings.last, "chunked")) {
      return std::unexpected(400);
    }
    if (codings.count > 1) {
      return std::unexpected(501);
    }
    return HttpFraming{HttpFraming::Kind::chunked};
  }
  if (!has_length) {
    return HttpFraming{};
  }
  const auto length = content_length(request.fields);
  if (!length) {
    return std::unexpected(400);
  }
  return HttpFraming{HttpFraming::Kind::length, *length};
}

std::expected<HttpResponse, std::string> parse_response(std::string_view head) {
  const std::string_view line = take_line(head);
  HttpResponse response;
  response.minor = parse_version(line.substr(0, std::min<std::size_t>(8, line.size())));
  if (response.minor == -2) {
    return std::unexpected("the answer is not HTTP");
  }
  if (response.minor == -1) {
    return std::unexpected("the answer is not HTTP/1.x");
  }
  // "HTTP/1.1 200" or "HTTP/1.1 200 OK"
  if (line.size() < 12 || line[8] != ' ' || !is_digit(line[9]) || !is_digit(line[10]) || !is_digit(line[11]) ||
      (line.size() > 12 && line[12] != ' ')) {
    return std::unexpected("the answer has no status code");
  }
  response.status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
  response.reason = line.size() > 13 ? line.substr(13) : std::string_view();
  if (response.status < 100 || !is_field_value(response.reason)) {
    return std::unexpected("the answer has no status code");
  }
  switch (parse_fields(head, response.fields)) {
    case FieldsProblem::bad:
      return std::unexpected("the answer has a malformed header field");
    case FieldsProblem::too_many:
      return std::unexpected("the answer has too many header fields");
    case FieldsProblem::none:
      break;
  }
  return response;
}

std::expected<HttpFraming, std::string> response_framing(const HttpResponse& response, bool head_only) {
  if (head_only || response.status < 200 || response.status == 204 || response.status == 304) {
    return HttpFraming{};
  }
  const Codings codings = transfer_codings(response.fields);
  if (codings.count != 0) {  // overrides Content-Length (RFC 9112 6.3 rule 3)
    if (codings.count > 1) {
      return std::unexpected("the answer has a transfer coding that was not asked for");
    }
    return HttpFraming{equal_ignoring_case(codings.last, "chunked") ? HttpFraming::Kind::chunked
                                                                    : HttpFraming::Kind::until_close};
  }
  if (response.fields.count("Content-Length") == 0) {
    return HttpFraming{HttpFraming::Kind::until_close};
  }
  const auto length = content_length(response.fields);
  if (!length) {
    return std::unexpected("the answer has a malformed Content-Length");
  }
  return HttpFraming{HttpFraming::Kind::length, *length};
}

std::optional<std::string> path_of(std::string_view target) {
  if (!target.starts_with('/')) {
    const std::size_t scheme = target.find("://");
    if (scheme == std::string_view::npos || !equal_ignoring_case(target.substr(0, scheme), "http")) {
      return std::nullopt;
    }
    const std::size_t slash = target.find_first_of("/?", scheme + 3);
    target = slash == std::string_view::npos || target[slash] == '?' ? "/" : target.substr(slash);
  }
  target = target.substr(0, target.find_first_of("?#"));
  std::string path;
  for (std::size_t i = 0; i < target.size(); ++i) {
    if (target[i] != '%') {
      path += target[i];
      continue;
    }
    const int high = i + 2 < target.size() ? hex_digit(target[i + 1]) : -1;
    const int low = i + 2 < target.size() ? hex_digit(target[i + 2]) : -1;
    if (high < 0 || low < 0) {
      return std::nullopt;
    }
    path += static_cast<char>(high << 4 | low);
    i += 2;
  }
  return path;
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 414:
      return "URI Too Long";
    case 431:
      return "Request Header Fields Too Large";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return {};
  }
}

}  // namespace catenet::app
