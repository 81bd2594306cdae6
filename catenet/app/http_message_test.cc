// SPDX-License-Identifier: Apache-2.0
// Also of chunked.cc and url.cc. Literal messages are those of RFC 9112 and RFC 9110.
#include "catenet/app/http_message.h"

#include <gtest/gtest.h>

#include "catenet/app/chunked.h"
#include "catenet/app/url.h"

namespace catenet::app {
namespace {

using Kind = HttpFraming::Kind;

TEST(HttpRequest, RfcExample) {
  // RFC 9110 3.9
  constexpr std::string_view kHead =
      "GET /hello.txt HTTP/1.1\r\nUser-Agent: curl/7.64.1\r\nHost: www.example.com\r\nAccept-Language: en, mi\r\n\r\n";
  EXPECT_EQ(head_length(kHead), kHead.size());
  EXPECT_EQ(head_length(kHead.substr(0, kHead.size() - 1)), std::nullopt);
  const auto request = parse_request(kHead);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->method, "GET");
  EXPECT_EQ(request->target, "/hello.txt");
  EXPECT_EQ(*request->fields.find("host"), "www.example.com");
  EXPECT_TRUE(request->fields.has_token("ACCEPT-LANGUAGE", "mi"));
  EXPECT_FALSE(request->fields.has_token("Accept-Language", "m"));
  EXPECT_TRUE(request->keeps_alive());
  EXPECT_EQ(request_framing(*request), HttpFraming{});
}

int refusal(std::string_view head) {
  const auto request = parse_request(head);
  return request ? 0 : request.error();
}

TEST(HttpRequest, Refused) {
  EXPECT_EQ(refusal("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), 0);
  EXPECT_EQ(refusal("GET / HTTP/1.0\r\n\r\n"), 0) << "Host is of HTTP/1.1";
  EXPECT_EQ(refusal("GET / HTTP/1.1\nHost: a\n\n"), 0) << "LF alone: RFC 9112 2.2";
  EXPECT_EQ(refusal("GET / HTTP/1.1\r\n\r\n"), 400) << "RFC 9112 3.2";
  EXPECT_EQ(refusal("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), 400);
  EXPECT_EQ(refusal("GET /\r\nHost: a\r\n\r\n"), 400) << "HTTP/0.9";
  EXPECT_EQ(refusal("GET / HTTP/2.0\r\nHost: a\r\n\r\n"), 505);
  EXPECT_EQ(refusal("GET / http/1.1\r\nHost: a\r\n\r\n"), 400) << "the version is case-sensitive";
  EXPECT_EQ(refusal("GET  / HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(refusal("G(T / HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(refusal("GET / HTTP/1.1\r\nHost : a\r\n\r\n"), 400) << "RFC 9112 5.1";
  EXPECT_EQ(refusal("GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n"), 400) << "RFC 9112 5.2";
  EXPECT_EQ(refusal("GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n"), 400) << "RFC 9112 2.2: a bare CR";
  EXPECT_EQ(refusal("GET /" + std::string(8'001, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n"), 414);
  std::string many = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (std::size_t i = 0; i < kMaxHttpFields; ++i) {
    many += "X: y\r\n";
  }
  EXPECT_EQ(refusal(many + "\r\n"), 431);
}

HttpFraming framing(std::string_view fields) {
  const auto request = parse_request("POST / HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n");
  EXPECT_TRUE(request) << fields;
  const auto framing = request_framing(*request);
  return framing ? *framing : HttpFraming{Kind::until_close, static_cast<std::uint64_t>(framing.error())};
}

// RFC 9112 6.3; until_close stands for a refusal, its length is the status.
TEST(HttpRequest, Framing) {
  EXPECT_EQ(framing("Content-Length: 42\r\n"), (HttpFraming{Kind::length, 42}));
  EXPECT_EQ(framing("Content-Length: 42, 42\r\nContent-Length: 42\r\n"), (HttpFraming{Kind::length, 42}));
  EXPECT_EQ(framing("Content-Length: 42, 43\r\n"), (HttpFraming{Kind::until_close, 400}));
  EXPECT_EQ(framing("Content-Length: -1\r\n"), (HttpFraming{Kind::until_close, 400}));
  EXPECT_EQ(framing("Content-Length: 99999999999999999999\r\n"), (HttpFraming{Kind::until_close, 400}));
  EXPECT_EQ(framing("Content-Length:\r\n"), (HttpFraming{Kind::until_close, 400}));
  EXPECT_EQ(framing("Transfer-Encoding: Chunked\r\n"), (HttpFraming{Kind::chunked}));
  EXPECT_EQ(framing("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n"), (HttpFraming{Kind::until_close, 400}));
  EXPECT_EQ(framing("Transfer-Encoding: gzip, chunked\r\n"), (HttpFraming{Kind::until_close, 501}));
  EXPECT_EQ(framing("Transfer-Encoding: chunked, gzip\r\n"), (HttpFraming{Kind::until_close, 400}));
}

TEST(HttpRequest, KeepAlive) {
  const auto keeps = [](std::string_view head) { return parse_request(head)->keeps_alive(); };
  EXPECT_TRUE(keeps("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  EXPECT_FALSE(keeps("GET / HTTP/1.1\r\nHost: a\r\nConnection: te, Close\r\n\r\n"));
  EXPECT_FALSE(keeps("GET / HTTP/1.0\r\n\r\n"));
  EXPECT_TRUE(keeps("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
}

TEST(HttpResponse, RfcExample) {
  // RFC 9110 3.9
  const auto response = parse_response(
      "HTTP/1.1 200 OK\r\nDate: Mon, 27 Jul 2009 12:28:53 GMT\r\nServer: Apache\r\n"
      "Last-Modified: Wed, 22 Jul 2009 19:15:56 GMT\r\nETag: \"34aa387-d-1568eb00\"\r\nAccept-Ranges: bytes\r\n"
      "Content-Length: 51\r\nVary: Accept-Encoding\r\nContent-Type: text/plain\r\n\r\n");
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->reason, "OK");
  EXPECT_EQ(response_framing(*response, false), (HttpFraming{Kind::length, 51}));
  EXPECT_EQ(response_framing(*response, true), HttpFraming{}) << "of HEAD";
}

TEST(HttpResponse, FramingAndRefusals) {
  const auto framed = [](std::string_view head) { return *response_framing(*parse_response(head), false); };
  EXPECT_EQ(framed("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n"), HttpFraming{});
  EXPECT_EQ(framed("HTTP/1.1 100\r\n\r\n"), HttpFraming{});
  EXPECT_EQ(framed("HTTP/1.0 200 OK\r\n\r\n").kind, Kind::until_close);
  EXPECT_EQ(framed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n").kind, Kind::chunked);
  EXPECT_FALSE(response_framing(*parse_response("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"), false));
  EXPECT_EQ(parse_response("SSH-2.0-OpenSSH\r\n\r\n").error(), "the answer is not HTTP");
  EXPECT_EQ(parse_response("HTTP/2.0 200 OK\r\n\r\n").error(), "the answer is not HTTP/1.x");
  EXPECT_EQ(parse_response("HTTP/1.1 2xx OK\r\n\r\n").error(), "the answer has no status code");
  EXPECT_EQ(parse_response("HTTP/1.1 200 OK\r\nbad line\r\n\r\n").error(), "the answer has a malformed header field");
  EXPECT_EQ(parse_response("").error(), "the answer is not HTTP");
}

TEST(HttpPath, Forms) {
  EXPECT_EQ(path_of("/a/b?c=d#e"), "/a/b");
  EXPECT_EQ(path_of("http://www.example.org/pub/WWW/"), "/pub/WWW/");  // RFC 9112 3.2.2
  EXPECT_EQ(path_of("http://www.example.org"), "/");
  EXPECT_EQ(path_of("http://www.example.org?x"), "/");
  EXPECT_EQ(path_of("/%7Esmith%2f"), "/~smith/");
  EXPECT_EQ(path_of("/%7"), std::nullopt);
  EXPECT_EQ(path_of("/%zz"), std::nullopt);
  EXPECT_EQ(path_of("*"), std::nullopt);
}

/// Everything through the decoder in pieces of `size`; "!" at the end: refused, "?": not over.
std::string decode(std::string_view text, std::size_t size) {
  ChunkedDecoder decoder;
  std::string out;
  while (!text.empty() && !decoder.done()) {
    const std::string_view piece = text.substr(0, size);
    const auto step = decoder.next(piece);
    if (!step) {
      return out + "!";
    }
    EXPECT_GT(step->consumed, 0U);
    out += step->data;
    text.remove_prefix(step->consumed);
  }
  return decoder.done() ? out : out + "?";
}

TEST(Chunked, DecodesInPiecesOfAnySize) {
  constexpr std::string_view kBody =
      "4\r\nWiki\r\n6;a=\"b\"\r\npedia \r\n0E \r\nin \r\n\r\nchunks.\r\n0\r\nX: y\r\n\r\nNEXT";
  for (std::size_t size = 1; size <= kBody.size(); ++size) {
    EXPECT_EQ(decode(kBody, size), "Wikipedia in \r\n\r\nchunks.") << size;
  }
  EXPECT_EQ(decode("0\r\n\r\n", 100), "");
}

TEST(Chunked, RefusesWhatIsAmbiguous) {
  EXPECT_EQ(decode("4\r\nWikiX", 100), "Wiki!");
  EXPECT_EQ(decode("\r\n", 100), "!");
  EXPECT_EQ(decode("x\r\n", 100), "!");
  EXPECT_EQ(decode("4x\r\nWiki", 100), "!");
  EXPECT_EQ(decode("4\nWiki", 100), "!");
  EXPECT_EQ(decode("4\rxWiki", 100), "!");
  EXPECT_EQ(decode("ffffffffffffffff\r\n", 100), "!") << "would overflow";
  EXPECT_EQ(decode("1;" + std::string(5000, 'x'), 10'000), "!");
  EXPECT_EQ(decode("0\r\n" + std::string(20'000, 'x'), 100), "!");
  EXPECT_EQ(decode("4\r\nWi", 100), "Wi?");
}

TEST(Url, Parts) {
  const auto url = Url::parse("http://bob:8080/a/b?c=d#e");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->host, "bob");
  EXPECT_EQ(url->port, 8080);
  EXPECT_EQ(url->target, "/a/b?c=d");
  EXPECT_EQ(url->authority(), "bob:8080");
  EXPECT_EQ(Url::parse("bob")->target, "/");
  EXPECT_EQ(Url::parse("bob")->authority(), "bob");
  EXPECT_EQ(Url::parse("http://bob?q")->target, "/?q");
  EXPECT_EQ(Url::parse("http://bob:/x")->port, 80);
  EXPECT_EQ(Url::parse("http://[2001:db8::1]:81/")->host, "2001:db8::1");
  EXPECT_EQ(Url::parse("http://[2001:db8::1]:81/")->authority(), "[2001:db8::1]:81");
}

TEST(Url, Refused) {
  EXPECT_EQ(Url::parse("https://bob/").error(),
            "'https://bob/' is not a URL that can be fetched: expected http://HOST[:PORT][/PATH]");
  EXPECT_FALSE(Url::parse("http:///x"));
  EXPECT_FALSE(Url::parse("http://[[1]/"));
  EXPECT_FALSE(Url::parse("http://a[b/"));
  EXPECT_FALSE(Url::parse("http://bob:0/"));
  EXPECT_FALSE(Url::parse("http://bob:x/"));
  EXPECT_FALSE(Url::parse("http://me@bob/"));
  EXPECT_FALSE(Url::parse("http://[::1/"));
  EXPECT_FALSE(Url::parse("http://[::1]x/"));
  EXPECT_FALSE(Url::parse("http://[bob]/"));
  EXPECT_FALSE(Url::parse("http://b[ob/"));
  EXPECT_FALSE(Url::parse("http://bob/\r\nEvil: 1"));
}

TEST(Http, LeadingEmptyLines) {
  EXPECT_EQ(leading_empty_lines("\r\n\r\nGET"), 4U);
  EXPECT_EQ(leading_empty_lines("\nGET"), 1U);
  EXPECT_EQ(leading_empty_lines("\rGET"), 0U);
}

}  // namespace
}  // namespace catenet::app
