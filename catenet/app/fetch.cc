// SPDX-License-Identifier: Apache-2.0
#include "catenet/app/fetch.h"

#include <algorithm>
#include <array>
#include <vector>

#include "catenet/app/arguments.h"
#include "catenet/app/chunked.h"
#include "catenet/app/coroutine_program.h"
#include "catenet/app/http_message.h"
#include "catenet/app/sha256.h"
#include "catenet/app/url.h"

namespace catenet::app {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kFetchBuffer = 64 * 1024;
constexpr int kMostInterim = 10;  // 1xx answers before the real one
constexpr std::array kOutputs = {"none"sv, "body"sv};

struct FetchArguments {
  Url url;
  std::string output = "none";
  Duration timeout = Duration::seconds(30);

  std::optional<std::string> read(std::span<const std::string> words) {
    ArgumentReader reader(words);
    std::string text;
    reader.positional("URL", text);
    reader.word("output", output, kOutputs);
    reader.duration("timeout", timeout, Duration::nanoseconds(1));
    if (!text.empty()) {
      auto parsed = Url::parse(text);
      if (parsed) {
        url = std::move(*parsed);
      } else {
        reader.refuse(parsed.error());
      }
    }
    return reader.finish();
  }
};

class Fetch final : public CoroutineProgram {
 public:
  static constexpr std::string_view kName = "fetch";
  static constexpr std::string_view kUsage = "fetch URL [output=none|body] [timeout=30s]";
  static constexpr std::string_view kPurpose = "gets a page or file over HTTP/1.1 and hashes it";
  static constexpr std::array kFacts = {"bytes"sv,  "connect"sv, "first_byte"sv, "goodput"sv,
                                        "sha256"sv, "status"sv,  "time"sv};
  using Arguments = FetchArguments;
  Fetch(Arguments arguments, const Context& on) : CoroutineProgram(on), arguments_(std::move(arguments)) {}

 private:
  Task<int> run() override {
    start_ = now();
    deadline_ = start_ + arguments_.timeout;
    const auto address = host().resolve(arguments_.url.host);
    if (!address) {
      co_return give_up(error_text(address.error()));
    }
    auto made = AsyncSocket::stream(host());
    if (!made) {
      co_return give_up(error_text(made.error()));
    }
    socket_ = std::move(*made);
    const wire::Endpoint server{*address, arguments_.url.port};
    const auto connected = co_await socket_.connect(server).within(left_until(deadline_));
    if (!connected) {
      co_return give_up(error_text(connected.error()));
    }
    time("connect", now() - start_);
    const std::string request =
        fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: catenet\r\nAccept: */*\r\nConnection: close\r\n\r\n",
                    arguments_.url.target, arguments_.url.authority());
    const auto sent = co_await socket_.send_all(request).within(left_until(deadline_));
    if (!sent) {
      co_return give_up(error_text(sent.error()));
    }
    Task<bool> heading = read_head();
    const bool has_head = co_await std::move(heading);
    if (!has_head) {
      co_return 1;
    }
    Task<bool> reading = read_body();
    const bool complete = co_await std::move(reading);
    finish_facts();
    if (!complete) {
      co_return 1;
    }
    say("fetch: {}: {} {}, {} bytes in {} s, {}, sha256 {}\n", shown_url(), response_.status, response_.reason, bytes_,
        seconds_text(now() - start_), rate_text(goodput(bytes_, now() - start_)), digest_);
    co_return response_.status >= 200 && response_.status < 300 ? 0 : 1;
  }

  /// More bytes into buffer_; false at the end of the stream (ended_) or on an error, which has been told.
  Task<bool> fill_buffer() {
    const auto got = co_await socket_.recv(piece_).within(left_until(deadline_));
    if (!got) {
      give_up(error_text(got.error()));
      co_return false;
    }
    ended_ = *got == 0;
    buffer_ += socket::as_text(std::span(piece_).first(*got));
    co_return !ended_;
  }

  /// The head of the final answer into response_; what follows it stays in buffer_.
  Task<bool> read_head() {
    for (int interim = 0; interim <= kMostInterim;) {
      const auto length = head_length(buffer_);
      if (!length) {
        if (buffer_.size() > kMaxHttpHead) {
          give_up("the answer's head is too long");
          co_return false;
        }
        Task<bool> filling = fill_buffer();
        const bool more = co_await std::move(filling);
        if (!more) {
          if (ended_) {
            give_up("the server closed the connection without an answer");
          }
          co_return false;
        }
        continue;
      }
      auto parsed = parse_response(std::string_view(buffer_).substr(0, *length));
      if (!parsed) {
        give_up(parsed.error());
        co_return false;
      }
      buffer_.erase(0, *length);
      response_ = std::move(*parsed);
      if (response_.status >= 200) {
        time("first_byte", now() - start_);
        count("status", static_cast<std::uint64_t>(response_.status));
        co_return true;
      }
      ++interim;  // 100 Continue and its kind (RFC 9110 15.2)
    }
    give_up("too many interim answers");
    co_return false;
  }

  /// True when all of the body came.
  Task<bool> read_body() {
    const auto framing = response_framing(response_, false);
    if (!framing) {
      give_up(framing.error());
      co_return false;
    }
    std::uint64_t left = framing->length;
    while (true) {
      const auto over = consume(*framing, left);
      if (!over) {
        give_up(over.error().context);
        co_return false;
      }
      if (*over) {
        co_return true;
      }
      Task<bool> filling = fill_buffer();
      const bool more = co_await std::move(filling);
      if (more) {
        continue;
      }
      if (!ended_) {
        co_return false;
      }
      if (framing->kind == HttpFraming::Kind::until_close) {
        co_return true;
      }
      give_up(framing->kind == HttpFraming::Kind::length
                  ? fmt::format("the connection was closed with {} bytes missing", left)
                  : "the connection was closed before the last chunk");
      co_return false;
    }
  }

  /// Takes what buffer_ has of the body; true when that was the end of it.
  Result<bool> consume(const HttpFraming& framing, std::uint64_t& left) {
    std::string_view rest = buffer_;
    bool over = false;
    switch (framing.kind) {
      case HttpFraming::Kind::none:
        over = true;
        break;
      case HttpFraming::Kind::length:
        rest = rest.substr(0, std::min<std::uint64_t>(left, rest.size()));
        took(rest);
        left -= rest.size();
        over = left == 0;
        break;
      case HttpFraming::Kind::until_close:
        took(rest);
        break;
      case HttpFraming::Kind::chunked:
        while (!rest.empty() && !chunks_.done()) {
          const auto step = chunks_.next(rest);
          if (!step) {
            return std::unexpected(step.error());
          }
          took(step->data);
          rest.remove_prefix(step->consumed);
        }
        over = chunks_.done();
        break;
    }
    buffer_.clear();
    return over;
  }

  void took(std::string_view data) {
    sha_.update(socket::as_bytes(data));
    bytes("bytes", bytes_ += data.size());
    if (arguments_.output == "body" && !data.empty()) {
      context().out.write(data);
    }
  }

  void finish_facts() {
    digest_ = hex_text(sha_.finish());
    set_fact("sha256", digest_);
    time("time", now() - start_);
    rate("goodput", goodput(bytes_, now() - start_));
  }

  [[nodiscard]] std::string shown_url() const {
    return fmt::format("http://{}{}", arguments_.url.authority(), arguments_.url.target);
  }
  int give_up(std::string_view why) {
    say("fetch: {}: {}\n", shown_url(), why);
    return 1;
  }

  Arguments arguments_;
  AsyncSocket socket_;
  Instant start_;
  Instant deadline_;
  std::vector<std::byte> piece_ = std::vector<std::byte>(kFetchBuffer);
  std::string buffer_;
  bool ended_ = false;
  HttpResponse response_;
  ChunkedDecoder chunks_;
  Sha256 sha_;
  std::string digest_;
  std::uint64_t bytes_ = 0;
};

}  // namespace

ProgramKind fetch_kind() { return kind_of<Fetch>(false); }

}  // namespace catenet::app
