// SPDX-License-Identifier: Apache-2.0
// Heads of HTTP/1.1 messages (RFC 9110, RFC 9112): from bytes to fields, strictly. What is ambiguous is refused, since
// two readers of one message that disagree about its length are a security hole (RFC 9112 11.2).
//
//   head_length(buffer) -> parse_request(head) -> request_framing(request) -> body
#pragma once
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace catenet::app {

struct HttpField {
  std::string name;
  std::string value;  ///< without the blanks around it
};

class HttpFields {
 public:
  void add(std::string_view name, std::string_view value) {
    fields_.push_back({std::string(name), std::string(value)});
  }
  /// The first field of that name (in any case), or null.
  [[nodiscard]] const std::string* find(std::string_view name) const;
  [[nodiscard]] std::size_t count(std::string_view name) const;
  /// Is `token` a member of the comma separated lists of that name ("Connection: close, te")? In any case.
  [[nodiscard]] bool has_token(std::string_view name, std::string_view token) const;
  [[nodiscard]] const std::vector<HttpField>& all() const { return fields_; }

 private:
  std::vector<HttpField> fields_;
};

struct HttpRequest {
  std::string method;
  std::string target;  ///< as sent
  int minor = 1;       ///< of HTTP/1.x
  HttpFields fields;
  /// May another request follow on this connection (RFC 9112 9.3)?
  [[nodiscard]] bool keeps_alive() const;
};

struct HttpResponse {
  int status = 0;
  std::string reason;
  int minor = 1;
  HttpFields fields;
};

/// How long the body is (RFC 9112 6.3).
struct HttpFraming {
  enum class Kind : std::uint8_t { none, length, chunked, until_close };
  Kind kind = Kind::none;
  std::uint64_t length = 0;  ///< of Kind::length
  bool operator==(const HttpFraming&) const = default;
};

/// Heads longer than this are refused with 431 (RFC 6585 5).
inline constexpr std::size_t kMaxHttpHead = 16 * 1024;
inline constexpr std::size_t kMaxHttpFields = 100;

/// Bytes of empty lines at the front, which a server ignores (RFC 9112 2.2).
[[nodiscard]] std::size_t leading_empty_lines(std::string_view buffer);
/// Length of the head with its empty line; nothing while it is not whole.
[[nodiscard]] std::optional<std::size_t> head_length(std::string_view buffer);

/// A request, or the status to answer: 400, 414, 431, 501, 505.
[[nodiscard]] std::expected<HttpRequest, int> parse_request(std::string_view head);
[[nodiscard]] std::expected<HttpFraming, int> request_framing(const HttpRequest& request);

/// A response, or why it is none.
[[nodiscard]] std::expected<HttpResponse, std::string> parse_response(std::string_view head);
/// `head_only`: it answers a HEAD request.
[[nodiscard]] std::expected<HttpFraming, std::string> response_framing(const HttpResponse& response, bool head_only);

/// The path of a request target: origin-form or absolute-form, without the query, with %XX decoded. Nothing when it is
/// neither or badly written.
[[nodiscard]] std::optional<std::string> path_of(std::string_view target);
/// "Not Found"; empty for a status that we never send.
[[nodiscard]] std::string_view reason_phrase(int status);
[[nodiscard]] bool equal_ignoring_case(std::string_view a, std::string_view b);

}  // namespace catenet::app
