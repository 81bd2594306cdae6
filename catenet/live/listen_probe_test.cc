// SPDX-License-Identifier: Apache-2.0
#include "catenet/live/listen_probe.h"

#include <gtest/gtest.h>

namespace catenet::live {
namespace {

constexpr std::string_view kTcp =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0\n"
    "   1: 0100007F:0050 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 2 1 0 20 4 30 10 -1\n";
constexpr std::string_view kUdp6 =
    "  sl  local_address                         remote_address                        st tx_queue rx_queue\n"
    "  10: 00000000000000000000000000000000:0035 00000000000000000000000000000000:0000 07 00000000:00000000\n"
    "  11: 00000000000000000000000000000000:0045 000080FE000000000000000000000001:0043 01 00000000:00000000\n";

TEST(ListenProbe, TcpCountsListenersOnly) {
  EXPECT_TRUE(listens_in_table(kTcp, Transport::tcp, 8080));
  EXPECT_FALSE(listens_in_table(kTcp, Transport::tcp, 80));  // only an established connection has it
  EXPECT_FALSE(listens_in_table(kTcp, Transport::tcp, 8081));
}

TEST(ListenProbe, UdpCountsUnconnectedSockets) {
  EXPECT_TRUE(listens_in_table(kUdp6, Transport::udp, 53));
  EXPECT_FALSE(listens_in_table(kUdp6, Transport::udp, 69));
  EXPECT_FALSE(listens_in_table(kUdp6, Transport::tcp, 53));
}

TEST(ListenProbe, NonsenseIsNoListener) {
  for (std::string_view text : {"", "\n\n", "0:", "0: x y z", "0: :1F90 :0000 0A", "0: 1:1F90", "0: 1:ZZZZ 0:0 0A"}) {
    EXPECT_EQ(listens_in_table(text, Transport::tcp, 8080), text == "0: :1F90 :0000 0A") << text;
  }
}

}  // namespace
}  // namespace catenet::live
