// SPDX-License-Identifier: Apache-2.0
#include "catenet/app/http_server.h"

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "catenet/app/arguments.h"
#include "catenet/app/content.h"
#include "catenet/app/http_message.h"
#include "catenet/app/sha256.h"
#include "catenet/app/stream_service.h"

namespace catenet::app {
namespace {

using namespace std::string_view_literals;

constexpr Duration kIdle = Duration::seconds(60);      // between two requests
constexpr Duration kHeadTime = Duration::seconds(30);  // for the whole head of one
constexpr Duration kLinger = Duration::seconds(2);
constexpr std::size_t kServerBuffer = 64 * 1024;
constexpr std::uint64_t kLargestFile = std::uint64_t{1} << 40;
constexpr std::uint64_t kLargestDigested = std::uint64_t{1} << 30;  // larger ones are hashed only when asked for

struct HttpServerArguments {
  std::uint16_t port = 80;
  std::map<std::string, std::uint64_t> files;

  std::optional<std::string> read(std::span<const std::string> words) {
    ArgumentReader reader(words);
    reader.port("port", port);
    std::vector<std::string> pairs;
    reader.rest(pairs);
    for (const std::string& pair : pairs) {
      const std::size_t equals = pair.find('=');
      const auto size = parse_size(equals == std::string::npos ? "" : std::string_view(pair).substr(equals + 1));
      if (!pair.starts_with('/') || equals == std::string::npos) {
        reader.refuse(fmt::format("'{}' is no file; expected PATH=SIZE such as /big=10MB", pair));
      } else if (!size) {
        reader.refuse(fmt::format("{}: {}", pair.substr(0, equals), size.error()));
      } else if (*size > kLargestFile) {
        reader.refuse(fmt::format("{}: larger than 1TiB", pair.substr(0, equals)));
      } else if (!files.emplace(pair.substr(0, equals), *size).second) {
        reader.refuse(fmt::format("{} is given twice", pair.substr(0, equals)));
      }
    }
    return reader.finish();
  }
};

/// What a request gets: a text, or a file of the server.
struct Answer {
  int status = 200;
  std::string type = "text/plain; charset=utf-8";
  std::string text;
  std::string fields;  ///< more header lines
  const std::string* file = nullptr;
  std::uint64_t length = 0;
};

class HttpServer final : public StreamService {
 public:
  static constexpr std::string_view kName = "http-server";
  static constexpr std::string_view kUsage = "http-server [port=80] [PATH=SIZE]...";
  static constexpr std::string_view kPurpose = "serves pages and pseudo-random files of any size over HTTP/1.1";
  static constexpr std::array kFacts = {"bytes"sv, "connections"sv, "requests"sv, "sha256"sv};
  using Arguments = HttpServerArguments;
  HttpServer(Arguments arguments, const Context& on)
      : StreamService(on, kName, arguments.port), files_(std::move(arguments.files)) {}

 private:
  Task<void> serve(AsyncSocket connection, wire::Endpoint) override {
    std::string buffer;
    while (true) {
      Task<std::expected<HttpRequest, int>> reading = read_request(connection, buffer);
      const std::expected<HttpRequest, int> request = co_await std::move(reading);
      if (!request && request.error() == 0) {
        co_return;  // it closed the connection, or said nothing for too long
      }
      count("requests", ++requests_);
      bool keep = request.has_value() && request->keeps_alive();
      Answer answer = request ? answer_to(*request) : refusal(request.error());
      if (request) {
        // We take no bodies. One that comes nevertheless would be read as the next request: we hang up instead.
        const auto framing = request_framing(*request);
        keep = keep && framing && *framing == HttpFraming{};
        if (!framing) {
          answer = refusal(framing.error());
        }
      }
      const bool head_only = request && request->method == "HEAD";
      Task<bool> sending = send_answer(connection, answer, head_only, keep);
      const bool sent = co_await std::move(sending);
      if (!sent) {
        co_return;
      }
      if (!keep) {
        break;
      }
    }
    Task<void> closing = close_slowly(connection);
    co_await std::move(closing);
  }

  /// The next request, taken from the front of `buffer`; or the status to refuse it with; 0: there is none.
  Task<std::expected<HttpRequest, int>> read_request(AsyncSocket& connection, std::string& buffer) {
    std::vector<std::byte> piece(4096);
    Instant deadline = now() + kIdle;
    while (true) {
      buffer.erase(0, leading_empty_lines(buffer));
      if (const auto length = head_length(buffer)) {
        auto request =
            *length > kMaxHttpHead ? std::unexpected(431) : parse_request(std::string_view(buffer).substr(0, *length));
        buffer.erase(0, *length);
        co_return request;
      }
      if (buffer.size() > kMaxHttpHead) {
        co_return std::unexpected(buffer.find('\n') == std::string::npos ? 414 : 431);
      }
      const auto got = co_await connection.recv(piece).within(left_until(deadline));
      if (!got) {
        co_return std::unexpected(got.error().code == ETIMEDOUT && !buffer.empty() ? 408 : 0);
      }
      if (*got == 0) {
        co_return std::unexpected(0);
      }
      if (buffer.empty()) {
        deadline = now() + kHeadTime;
      }
      buffer += socket::as_text(std::span(piece).first(*got));
    }
  }

  Answer answer_to(const HttpRequest& request) {
    if (request.method != "GET" && request.method != "HEAD") {
      constexpr std::array kKnown = {"CONNECT"sv, "DELETE"sv, "OPTIONS"sv, "PATCH"sv, "POST"sv, "PUT"sv, "TRACE"sv};
      const bool known = std::find(kKnown.begin(), kKnown.end(), request.method) != kKnown.end();
      Answer answer = refusal(known ? 405 : 501);
      answer.fields = known ? "Allow: GET, HEAD\r\n" : "";
      return answer;
    }
    const auto path = path_of(request.target);
    if (!path) {
      return refusal(400);
    }
    if (const auto file = files_.find(*path); file != files_.end()) {
      Answer answer;
      answer.type = "application/octet-stream";
      answer.file = &file->first;
      answer.length = file->second;
      if (file->second <= kLargestDigested) {
        answer.fields = fmt::format("Repr-Digest: sha-256=:{}:\r\n", base64_text(digest_of(file->first)));
      }
      return answer;
    }
    constexpr std::string_view kSuffix = ".sha256";
    if (path->ends_with(kSuffix)) {
      const std::string of = path->substr(0, path->size() - kSuffix.size());
      if (files_.contains(of)) {
        return text(fmt::format("{}  {}\n", hex_text(digest_of(of)), of.substr(of.rfind('/') + 1)));
      }
    }
    return *path == "/" ? front_page() : refusal(404);
  }

  static Answer text(std::string text) {
    Answer answer;
    answer.length = text.size();
    answer.text = std::move(text);
    return answer;
  }
  static Answer refusal(int status) {
    Answer answer = text(fmt::format("{} {}\n", status, reason_phrase(status)));
    answer.status = status;
    return answer;
  }
  Answer front_page() {
    std::string page = fmt::format(
        "<!DOCTYPE html>\n<html><head><title>{0}</title></head>\n<body><h1>{0}</h1>\n<p>A host of Catenet.</p>\n<ul>\n",
        host().node().name());
    for (const auto& [path, size] : files_) {
      page += fmt::format("<li><a href=\"{0}\">{0}</a> {1} bytes</li>\n", path, size);
    }
    Answer answer = text(page + "</ul></body></html>\n");
    answer.type = "text/html; charset=utf-8";
    return answer;
  }

  /// Computed when first asked for: it takes a moment for large files.
  const Sha256::Digest& digest_of(const std::string& path) {
    const auto [it, added] = digests_.try_emplace(path);
    if (added) {
      const Content content(path);
      const std::uint64_t size = files_.at(path);
      std::vector<std::byte> buffer(kServerBuffer);
      Sha256 sha;
      for (std::uint64_t at = 0; at < size;) {
        const auto part = std::span(buffer).first(std::min<std::uint64_t>(kServerBuffer, size - at));
        content.fill(at, part);
        sha.update(part);
        at += part.size();
      }
      it->second = sha.finish();
    }
    return it->second;
  }

  /// True when all of it was sent.
  Task<bool> send_answer(AsyncSocket& connection, const Answer& answer, bool head_only, bool keep) {
    std::string head = fmt::format(
        "HTTP/1.1 {} {}\r\nServer: catenet\r\nContent-Type: {}\r\nContent-Length: {}\r\n{}{}\r\n", answer.status,
        reason_phrase(answer.status), answer.type, answer.length, answer.fields, keep ? "" : "Connection: close\r\n");
    if (!head_only) {
      head += answer.text;
    }
    const auto sent = co_await connection.send_all(head);
    if (!sent) {
      co_return false;
    }
    if (head_only) {
      co_return true;
    }
    bytes("bytes", bytes_ += answer.text.size());
    if (answer.file != nullptr) {
      Task<bool> sending = send_file(connection, *answer.file, answer.length);
      co_return co_await std::move(sending);
    }
    co_return true;
  }

  Task<bool> send_file(AsyncSocket& connection, const std::string& path, std::uint64_t size) {
    const Content content(path);
    std::vector<std::byte> buffer(std::min<std::uint64_t>(kServerBuffer, size));
    for (std::uint64_t at = 0; at < size;) {
      const auto part = std::span(buffer).first(std::min<std::uint64_t>(kServerBuffer, size - at));
      content.fill(at, part);
      const auto sent = co_await connection.send_all(part);
      if (!sent) {
        co_return false;
      }
      at += part.size();
      bytes("bytes", bytes_ += part.size());
    }
    if (digests_.contains(path)) {
      set_fact("sha256", hex_text(digest_of(path)));
    }
    co_return true;
  }

  /// RFC 9112 9.6: closing with unread bytes would reset the connection and lose the end of our answer.
  Task<void> close_slowly(AsyncSocket& connection) {
    (void)connection.shutdown(socket::ShutdownHow::send);
    std::vector<std::byte> piece(4096);
    const Instant deadline = now() + kLinger;
    while (true) {
      const auto got = co_await connection.recv(piece).within(left_until(deadline));
      if (!got || *got == 0) {
        co_return;
      }
    }
  }

  std::map<std::string, std::uint64_t> files_;
  std::map<std::string, Sha256::Digest> digests_;
  std::uint64_t requests_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace

ProgramKind http_server_kind() { return kind_of<HttpServer>(true); }

}  // namespace catenet::app
