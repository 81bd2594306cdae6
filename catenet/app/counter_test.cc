// SPDX-License-Identifier: Apache-2.0
// counter.cc: the replicated counter, as it should be and with the faults that can be planted in it.
#include "catenet/app/counter.h"

#include <gmock/gmock.h>

#include "catenet/app/app_test_bench.h"

namespace catenet::app {
namespace {
using namespace literals;

class CounterTest : public AppTest {};

TEST_F(CounterTest, CountsWhatIsAsked) {
  Running backup(bob(), "counter-backup port=7501");
  Running primary(bob(), "counter-primary");
  net.run_for(1_s);
  Running client(alice(), "counter-client bob count=10 interval=10ms");
  net.run_for(10_s);
  EXPECT_EQ(client.exit_code(), 0) << client.out;
  EXPECT_EQ(client.fact("value"), 10);
  EXPECT_EQ(client.fact("surplus"), 0);
  EXPECT_EQ(client.fact("retries"), 0);
  EXPECT_EQ(primary.fact("value"), 10);
}

TEST_F(CounterTest, AnswersWhenAMajorityHasIt) {
  Running primary(bob(), "counter-primary alice");
  net.run_for(1_s);
  Running client(alice(), "counter-client bob count=3 interval=10ms");
  net.run_for(3_s);
  EXPECT_FALSE(client.program->exit_code().has_value()) << "the only backup is not there";
  EXPECT_EQ(client.find("answered"), nullptr);
  Running backup(alice(), "counter-backup");
  net.run_for(3_s);
  EXPECT_EQ(client.exit_code(), 0);
  EXPECT_EQ(backup.fact("value"), 3);
  EXPECT_EQ(client.fact("surplus"), 0);
  EXPECT_GT(primary.fact("repeated"), 0) << "asked again while it could not answer, and not counted again";
}

TEST_F(CounterTest, RepeatsCountOnceUnlessAFaultIsPlanted) {
  net.impair_to_bob({.duplicate = Probability::from_ppb(500'000'000)});
  Running good(bob(), "counter-primary");
  Running bad(bob(), "counter-primary port=7600 bug=retry");
  net.run_for(1_s);
  Running first(alice(), "counter-client bob count=30 interval=10ms");
  Running second(alice(), "counter-client bob count=30 interval=10ms port=7600");
  net.run_for(10_s);
  EXPECT_EQ(first.fact("surplus"), 0);
  EXPECT_GT(good.fact("repeated"), 3);
  EXPECT_GT(second.fact("surplus"), 3);
}

TEST_F(CounterTest, OldCopiesDoNotReplaceNewOnesUnlessAFaultIsPlanted) {
  Running good(bob(), "counter-backup");
  Running bad(bob(), "counter-backup port=7600 bug=stale");
  net.run_for(1_s);
  for (const char* text : {"copy 5", "copy 4", "copy", "copy x", "nonsense 7", "copy 99999999999999999999"}) {
    for (const std::uint16_t port : {std::uint16_t{7500}, std::uint16_t{7600}}) {
      auto socket = socket::AsyncSocket::datagram(alice());
      ASSERT_TRUE(socket.has_value());
      const wire::Endpoint to{*alice().resolve("bob"), port};
      ASSERT_TRUE(alice().send_to(socket->fd(), socket::as_bytes(std::string_view(text)), to).has_value());
      net.run_for(10_ms);
    }
  }
  EXPECT_EQ(good.fact("value"), 5);
  EXPECT_EQ(good.fact("backwards"), 0);
  EXPECT_EQ(bad.fact("value"), 4);
  EXPECT_EQ(bad.fact("backwards"), 1);
}

}  // namespace
}  // namespace catenet::app
