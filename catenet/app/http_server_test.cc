// SPDX-License-Identifier: Apache-2.0
// Also of fetch.cc: each against literal messages, then against one another.
#include "catenet/app/http_server.h"

#include <gmock/gmock.h>

#include "catenet/app/app_test_bench.h"
#include "catenet/app/content.h"
#include "catenet/app/sha256.h"

namespace catenet::app {
namespace {
using namespace literals;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class HttpTest : public AppTest {
 protected:
  /// What the server on bob answers to these bytes, until it closes.
  std::string ask(std::string text, bool half_close = true) {
    RawClient client(alice(), 80, std::move(text), half_close);
    net.run_for(100_s);
    EXPECT_TRUE(client.closed);
    EXPECT_FALSE(client.reset);
    return client.got;
  }
  static std::string sha_of(std::string_view path, std::size_t size) {
    std::vector<std::byte> bytes(size);
    Content(path).fill(0, bytes);
    Sha256 sha;
    sha.update(bytes);
    return hex_text(sha.finish());
  }
};

TEST_F(HttpTest, ServesAPageAndAFile) {
  Running server(bob(), "http-server /big=1000");
  net.run_for(1_s);
  EXPECT_EQ(server.readies, 1);
  const std::string page = ask("GET / HTTP/1.1\r\nHost: bob\r\nConnection: close\r\n\r\n", false);
  EXPECT_THAT(page, StartsWith("HTTP/1.1 200 OK\r\nServer: catenet\r\nContent-Type: text/html; charset=utf-8\r\n"));
  EXPECT_THAT(page, HasSubstr("\r\nConnection: close\r\n\r\n<!DOCTYPE html>"));
  EXPECT_THAT(page, HasSubstr("<a href=\"/big\">/big</a> 1000 bytes"));
  const std::string file = ask("GET /big HTTP/1.0\r\n\r\n", false);
  EXPECT_THAT(file, HasSubstr("Content-Length: 1000\r\nRepr-Digest: sha-256=:"));
  std::vector<std::byte> body(1000);
  Content("/big").fill(0, body);
  EXPECT_THAT(file, EndsWith("\r\n\r\n" + std::string(socket::as_text(body))));
  EXPECT_THAT(ask("GET /big.sha256 HTTP/1.0\r\n\r\n", false), EndsWith("\r\n\r\n" + sha_of("/big", 1000) + "  big\n"));
  EXPECT_EQ(server.fact("requests"), 3);
  EXPECT_EQ(server.find("sha256")->text, sha_of("/big", 1000));
}

TEST_F(HttpTest, PipelinedRequestsKeepTheConnection) {
  Running server(bob(), "http-server /a=3 /b=5");
  net.run_for(1_s);
  const std::string got =
      ask("HEAD /a HTTP/1.1\r\nHost: bob\r\n\r\nGET /a HTTP/1.1\r\nHost: bob\r\n\r\n"
          "\r\nGET /nothing HTTP/1.1\r\nHost: bob\r\n\r\nGET /b HTTP/1.1\r\nHost: bob\r\n\r\n");
  std::size_t at = 0;
  for (const char* status :
       {"HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 404 Not Found\r\n", "HTTP/1.1 200 OK\r\n"}) {
    const std::size_t next = got.find(status, at);
    ASSERT_NE(next, std::string::npos) << status;
    at = next + 1;
  }
  EXPECT_THAT(got, Not(HasSubstr("Connection: close")));
  EXPECT_EQ(server.fact("requests"), 4);
  EXPECT_EQ(server.fact("connections"), 1);
}

TEST_F(HttpTest, RefusesWithTheRightStatus) {
  Running server(bob(), "http-server");
  net.run_for(1_s);
  const auto status = [&](std::string text) { return ask(std::move(text)).substr(9, 3); };
  EXPECT_EQ(status("GET /x HTTP/1.1\r\nHost: bob\r\n\r\n"), "404");
  EXPECT_EQ(status("nonsense\r\n\r\n"), "400");
  EXPECT_EQ(status("GET / HTTP/1.1\r\n\r\n"), "400");
  EXPECT_EQ(status("BREW / HTTP/1.1\r\nHost: bob\r\n\r\n"), "501");
  EXPECT_EQ(status("GET / HTTP/3.0\r\nHost: bob\r\n\r\n"), "505");
  EXPECT_EQ(status("GET / HTTP/1.1\r\nHost: bob\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n"), "431");
  EXPECT_EQ(status(std::string(20'000, 'x')), "414");
  const std::string posted = ask("POST / HTTP/1.1\r\nHost: bob\r\nContent-Length: 5\r\n\r\nhello", false);
  EXPECT_THAT(posted, StartsWith("HTTP/1.1 405 Method Not Allowed\r\n"));
  EXPECT_THAT(posted, HasSubstr("Allow: GET, HEAD\r\n"));
  EXPECT_THAT(posted, HasSubstr("Connection: close\r\n")) << "the body is not read as a request";
}

TEST_F(HttpTest, IdleAndSlowClientsAreLeft) {
  Running server(bob(), "http-server");
  net.run_for(1_s);
  EXPECT_EQ(ask("", false), "");
  EXPECT_THAT(ask("GET / HT", false), StartsWith("HTTP/1.1 408 Request Timeout\r\n"));
}

TEST_F(HttpTest, StopEndsTheServiceInOrder) {
  Running server(bob(), "http-server");
  net.run_for(1_s);
  server.program->stop();
  server.program->stop();
  EXPECT_EQ(server.ends, 0) << "posted";
  net.run_for(1_s);
  EXPECT_EQ(server.ends, 1);
  EXPECT_EQ(server.exit_code(), 0);
  Running again(bob(), "http-server");
  net.run_for(1_s);
  EXPECT_EQ(again.readies, 1) << "the port is free again";
}

TEST_F(HttpTest, TwoOnOnePort) {
  Running first(bob(), "http-server");
  net.run_for(1_s);
  Running second(bob(), "http-server");
  net.run_for(1_s);
  EXPECT_EQ(second.exit_code(), 1);
  EXPECT_EQ(second.out, "http-server: cannot listen on port 80: Address already in use\n");
  EXPECT_EQ(second.readies, 0);
}

TEST_F(HttpTest, FetchFromOurServerOverABadLink) {
  net.impair_to_bob({.loss = Probability::from_ppb(20'000'000)});
  net.impair_from_bob({.loss = Probability::from_ppb(20'000'000), .reorder = Probability::from_ppb(50'000'000)});
  Running server(bob(), "http-server /big=300kB");
  net.run_for(1_s);
  Running fetch(alice(), "fetch http://bob/big timeout=600s");
  net.run_for(600_s);
  EXPECT_EQ(fetch.exit_code(), 0) << fetch.out;
  EXPECT_EQ(fetch.ends, 1);
  EXPECT_EQ(fetch.fact("status"), 200);
  EXPECT_EQ(fetch.fact("bytes"), 300'000);
  EXPECT_EQ(fetch.find("sha256")->text, sha_of("/big", 300'000));
  EXPECT_EQ(fetch.find("sha256")->text, server.find("sha256")->text);
  EXPECT_EQ(fetch.fact("goodput"), 300'000LL * 8 * 1'000'000'000 / fetch.fact("time"));
  EXPECT_THAT(fetch.out, StartsWith("fetch: http://bob/big: 200 OK, 300000 bytes in "));
}

class FetchTest : public HttpTest {
 protected:
  /// fetch against a server that says `answer` and closes.
  void fetch(std::string answer) {
    request.clear();
    socket::spawn(bob(), raw_server(bob(), port, std::move(answer), request));
    running = std::make_unique<Running>(alice(),
                                        "fetch http://bob:" + std::to_string(port) + "/page?x output=body timeout=10s");
    ++port;
    net.run_for(20_s);
  }
  std::uint16_t port = 8080;
  std::string request;
  std::unique_ptr<Running> running;
};

TEST_F(FetchTest, AsksAndReadsAllFramings) {
  fetch("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_EQ(
      request,
      "GET /page?x HTTP/1.1\r\nHost: bob:8080\r\nUser-Agent: catenet\r\nAccept: */*\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(running->exit_code(), 0);
  EXPECT_THAT(running->out, StartsWith("hello"));
  EXPECT_EQ(running->find("sha256")->text, "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
  fetch("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n");
  EXPECT_EQ(running->exit_code(), 0);
  EXPECT_EQ(running->fact("bytes"), 5);
  fetch("HTTP/1.0 200 OK\r\n\r\nhello");
  EXPECT_EQ(running->exit_code(), 0);
  EXPECT_EQ(running->fact("bytes"), 5);
  fetch("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n");
  EXPECT_EQ(running->exit_code(), 0);
  EXPECT_EQ(running->fact("status"), 204);
}

TEST_F(FetchTest, SaysWhatWentWrong) {
  fetch("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno");
  EXPECT_EQ(running->exit_code(), 1);
  EXPECT_EQ(running->fact("status"), 404);
  fetch("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello");
  EXPECT_EQ(running->exit_code(), 1);
  EXPECT_THAT(running->out, HasSubstr("the connection was closed with 4 bytes missing"));
  fetch("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n");
  EXPECT_THAT(running->out, HasSubstr("the connection was closed before the last chunk"));
  fetch("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n");
  EXPECT_THAT(running->out, HasSubstr("a chunk has no size"));
  fetch("220 smtp ready\r\n\r\n");
  EXPECT_THAT(running->out, HasSubstr("the answer is not HTTP"));
  fetch("");
  EXPECT_THAT(running->out, HasSubstr("the server closed the connection without an answer"));
  Running refused(alice(), "fetch http://bob:81/");
  Running unknown(alice(), "fetch http://nobody/");
  net.run_for(1_s);
  EXPECT_EQ(refused.out, "fetch: http://bob:81/: Connection refused\n");
  EXPECT_EQ(unknown.out, "fetch: http://nobody/: Name or service not known\n");
  EXPECT_EQ(unknown.exit_code(), 1);
}

TEST_F(FetchTest, GivesUpInTime) {
  net.set_bob_up(false);
  Running fetch(alice(), "fetch http://bob/ timeout=700ms");
  net.run_for(699_ms);
  EXPECT_EQ(fetch.exit_code(), -1);
  net.run_for(2_ms);
  EXPECT_EQ(fetch.out, "fetch: http://bob/: Connection timed out\n");
}

}  // namespace
}  // namespace catenet::app
