// SPDX-License-Identifier: Apache-2.0
// Scripts against one Tcb in virtual time, in the manner of packetdrill. One line each: a time in seconds, then
//
//   < S. 0:0(0) ack 1 win 65535 <mss 1460,sackOK>     a segment that comes in
//   > P. 1:1001(1000) ack 1 win 65535 <TS 100 50>     the next segment that goes out, at this time exactly; `win` and
//                                                     the options are compared only where the line gives them
//   listen | connect | send N | read N | eof | shutdown | close | abort       calls of the user (`send N fails CODE`)
//   state NAME | cwnd N | ssthresh N | error N | queue N | timer none          what must hold
//   quiet                                             nothing was sent up to this time
//
// Flags are of "SFRPU.EWA" in that order (ECE, CWR, AE); `ce` behind a segment that comes in: its network header was
// marked; `ect` behind one that goes out: it may be; numbers are relative to the initial ones, which are near the point
// where they wrap. Data bytes follow a pattern, checked on both sides. At the end nothing may have been sent that no
// line told.
#pragma once
#include <gtest/gtest.h>

#include <cmath>
#include <deque>
#include <memory>
#include <sstream>
#include <string>

#include "catenet/net/counters.h"
#include "catenet/packet/checksum.h"
#include "catenet/transport/tcp/tcb.h"
#include "catenet/transport/udp/pseudo_sum.h"

namespace catenet::transport {

using namespace catenet::literals;

class Script {
 public:
  static constexpr std::uint32_t kIss = 0xfffffc00;
  static constexpr std::uint32_t kIrs = 0xffffff80;

  explicit Script(TcpConfig c = {}) : config(c) {
    environment_.pool = &pool;
    environment_.drop = DropSink::to<&Script::drop>(*this);
    origin.iss = kIss;
  }
  ~Script() {
    tcb.reset();
    EXPECT_EQ(pool.stats().unaccounted, 0U);
    EXPECT_EQ(pool.stats().alive(), 0U);
  }

  void run(const std::string& text) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      line.erase(0, line.find_first_not_of(' '));
      if (line.empty() || line[0] == '#') {
        continue;
      }
      SCOPED_TRACE(line);
      step(line);
      if (testing::Test::HasFatalFailure()) {
        return;
      }
      if (tcb) {
        tcb->check_invariants();
      }
    }
    for (const Out& out : out_) {
      ADD_FAILURE() << "not told by the script: " << out.at.to_seconds() << " > " << out.text;
    }
  }

  TcpConfig config;
  TcbOrigin origin;
  PacketPool pool;
  std::unique_ptr<Tcb> tcb;
  DropCounters drops;
  Instant now;

 private:
  struct Out {
    Instant at;
    std::string text;  // flags and numbers
    std::string window;
    std::string options;
  };

  void drop(Packet packet, DropReason reason) {
    drops.add(reason);
    packet.discard();
  }

  static std::byte pattern(std::uint32_t at) { return std::byte((at * 7 + (at >> 8)) & 0xff); }

  void step(const std::string& line) {
    std::istringstream in(line);
    double seconds = 0;
    std::string verb;
    in >> seconds >> verb;
    ASSERT_FALSE(in.fail()) << "a time and a verb";
    advance(Instant::from_ns(std::llround(seconds * 1e9)));
    if (verb == "<") {
      segment_in(in);
    } else if (verb == ">") {
      segment_out(in);
    } else if (verb == "quiet") {
      ASSERT_TRUE(out_.empty()) << "was sent: " << out_.front().at.to_seconds() << " > " << out_.front().text;
    } else if (!call(verb, in)) {
      hold(verb, in);
    }
  }

  void advance(Instant to) {
    ASSERT_GE(to, now) << "time runs forward";
    while (tcb && tcb->deadline() <= to) {
      now = tcb->deadline();
      tcb->on_timeout(now);
      flush();
    }
    now = to;
  }

  void flush() {
    while (tcb) {
      Packet packet = tcb->transmit(now);
      if (!packet) {
        break;
      }
      out_.push_back(describe(packet));
      packet.consume();
    }
  }

  Out describe(Packet& packet) {
    complete_checksum(packet);
    const auto& tuple = tcb->tuple();
    const std::uint32_t pseudo =
        pseudo_header_sum(tuple.local.address, tuple.foreign.address, 6, static_cast<std::uint32_t>(packet.size()));
    EXPECT_EQ(checksum_fold(checksum_add(packet, 0, pseudo)), 0xffff);
    const auto& header = packet.header<wire::TcpHeader>();
    const auto options = wire::TcpOptions::parse(header.options_in(packet.head()));
    EXPECT_TRUE(options.has_value());
    const std::uint32_t seq = header.seq - kIss;
    const auto length = static_cast<std::uint32_t>(packet.size() - header.header_size());
    for (std::uint32_t i = 0; i < length; ++i) {
      EXPECT_EQ(packet.peek(header.header_size() + i), pattern(seq - 1 + i)) << "byte " << seq + i;
    }
    std::ostringstream text;
    for (const auto& [bit, letter] : kFlags) {
      text << (header.has(bit) ? std::string(1, letter) : "");
    }
    text << ((header.ace() & 4) != 0 ? "A" : "");
    text << ' ' << seq << ':' << seq + length << '(' << length << ')';
    if (header.has(wire::TcpFlag::kAck)) {
      text << " ack " << header.ack - kIrs;
    }
    text << (tcb->ecn_field() == 2 ? " ect" : "");
    return {now, text.str(), std::to_string(header.window), describe(*options)};
  }

  static std::string describe(const wire::TcpOptions& o) {
    std::string text;
    const auto add = [&](const std::string& s) { text += (text.empty() ? "" : ",") + s; };
    if (o.mss) {
      add("mss " + std::to_string(*o.mss));
    }
    if (o.sack_permitted) {
      add("sackOK");
    }
    if (o.timestamps) {
      add("TS " + std::to_string(o.timestamps->value) + " " + std::to_string(o.timestamps->echo));
    }
    if (o.window_scale) {
      add("wscale " + std::to_string(*o.window_scale));
    }
    if (o.user_timeout) {
      add("uto " + std::to_string(o.user_timeout->value) + (o.user_timeout->minutes ? "m" : "s"));
    }
    if (o.accurate_ecn) {
      add("ecn " + std::to_string(o.accurate_ecn->e0b) + " " + std::to_string(o.accurate_ecn->ceb) + " " +
          std::to_string(o.accurate_ecn->e1b));
    }
    for (std::size_t i = 0; i < o.sack_count; ++i) {
      add("sack " + std::to_string(o.sack[i].left - kIrs) + ":" + std::to_string(o.sack[i].right - kIrs));
    }
    return "<" + text + ">";
  }

  // FLAGS SEQ:END(LEN) [ack N] [win N] [<options>]
  struct Parsed {
    std::string text;  // as describe() writes it
    TcpSegment segment;
    std::uint32_t length = 0;
    std::string window;
    std::string options;
  };
  static Parsed parse(std::istringstream& in, bool incoming) {
    Parsed p;
    std::string flags;
    std::string range;
    in >> flags >> range;
    for (const auto& [bit, letter] : kFlags) {
      p.segment.flags |= flags.find(letter) != std::string::npos ? bit : 0;
    }
    p.segment.ae = flags.find('A') != std::string::npos;
    std::uint32_t seq = 0;
    std::uint32_t end = 0;
    EXPECT_EQ(std::sscanf(range.c_str(), "%u:%u(%u)", &seq, &end, &p.length), 3) << range;
    EXPECT_EQ(seq + p.length, end) << range;
    p.text = flags + " " + range;
    p.segment.seq = seq + (incoming ? kIrs : kIss);
    for (std::string word; in >> word;) {
      if (word == "ack") {
        std::uint32_t ack = 0;
        in >> ack;
        p.segment.ack = ack + (incoming ? kIss : kIrs);
        p.text += " ack " + std::to_string(ack);
      } else if (word == "ce") {
        p.segment.ecn = 3;
      } else if (word == "ect") {
        p.text += " ect";
      } else if (word == "win") {
        in >> p.window;
        p.segment.window = static_cast<std::uint16_t>(std::stoul(p.window));
      } else {
        std::string rest;
        std::getline(in, rest);
        p.options = word + rest;
      }
    }
    return p;
  }

  static wire::TcpOptions parse_options(std::string text) {  // NOLINT(performance-unnecessary-value-param)
    wire::TcpOptions o;
    if (text.size() < 2) {
      return o;
    }
    std::istringstream in(text.substr(1, text.size() - 2));
    for (std::string item; std::getline(in, item, ',');) {
      unsigned a = 0;
      unsigned b = 0;
      if (std::sscanf(item.c_str(), "mss %u", &a) == 1) {
        o.mss = static_cast<std::uint16_t>(a);
      } else if (char unit = 0; std::sscanf(item.c_str(), "uto %u%c", &a, &unit) == 2) {
        o.user_timeout = wire::TcpUserTimeout{static_cast<std::uint16_t>(a), unit == 'm'};
      } else if (item == "sackOK") {
        o.sack_permitted = true;
      } else if (std::sscanf(item.c_str(), "TS %u %u", &a, &b) == 2) {
        o.timestamps = wire::TcpTimestamps{a, b};
      } else if (std::sscanf(item.c_str(), "wscale %u", &a) == 1) {
        o.window_scale = static_cast<std::uint8_t>(a);
      } else if (unsigned c = 0; std::sscanf(item.c_str(), "ecn %u %u %u", &a, &b, &c) == 3) {
        o.accurate_ecn = wire::TcpAccurateEcn{a, b, c, 3, false};
      } else if (std::sscanf(item.c_str(), "sack %u:%u", &a, &b) == 2) {
        o.sack[o.sack_count++] = {a + kIss, b + kIss};
      } else {
        ADD_FAILURE() << "option " << item;
      }
    }
    return o;
  }

  void segment_in(std::istringstream& in) {
    Parsed p = parse(in, true);
    p.segment.options = parse_options(p.options);
    if (p.window.empty()) {
      p.segment.window = 65535;
    }
    if (!tcb && listening_ && p.segment.syn()) {  // what Tcp does with a SYN for a listener
      make();
      tcb->open_passive(p.segment, now);
      flush();
      return;
    }
    ASSERT_TRUE(tcb);
    Packet packet = pool.make();
    std::vector<std::byte> bytes(p.length);
    for (std::uint32_t i = 0; i < p.length; ++i) {
      bytes[i] = pattern(p.segment.seq - kIrs - 1 + i);
    }
    ASSERT_TRUE(packet.append(bytes));
    tcb->input(std::move(packet), p.segment, now);
    flush();
  }

  void segment_out(std::istringstream& in) {
    const Parsed p = parse(in, false);
    ASSERT_FALSE(out_.empty()) << "nothing was sent";
    const Out out = out_.front();
    out_.pop_front();
    EXPECT_EQ(out.text, p.text);
    EXPECT_NEAR(out.at.to_seconds(), now.to_seconds(), 1e-6);
    if (!p.window.empty()) {
      EXPECT_EQ(out.window, p.window);
    }
    if (!p.options.empty()) {
      EXPECT_EQ(out.options, p.options);
    }
    if (testing::Test::HasNonfatalFailure()) {
      FAIL();
    }
  }

  void make() { tcb = std::make_unique<Tcb>(environment_, config, tuple_, origin); }

  bool call(const std::string& verb, std::istringstream& in) {
    if (verb == "listen") {
      listening_ = true;
    } else if (verb == "connect") {
      make();
      tcb->open_active(now);
    } else if (verb == "send") {
      send(in);
    } else if (verb == "read") {
      read(in);
    } else if (verb == "eof") {
      std::byte one{};
      const auto got = tcb->receive({&one, 1});
      EXPECT_TRUE(got && *got == 0) << "end of stream";
    } else if (verb == "shutdown") {
      EXPECT_TRUE(tcb->shutdown_send());
    } else if (verb == "close") {
      tcb->close(now);
    } else if (verb == "abort") {
      tcb->abort();
    } else {
      return false;
    }
    flush();
    return true;
  }

  void send(std::istringstream& in) {
    std::uint32_t n = 0;
    std::string fails;
    int code = 0;
    in >> n >> fails >> code;
    std::vector<std::byte> bytes(n);
    for (std::uint32_t i = 0; i < n; ++i) {
      bytes[i] = pattern(sent_ + i);
    }
    const auto taken = tcb->send(bytes);
    if (!fails.empty()) {
      EXPECT_TRUE(!taken && taken.error().code == code) << "send fails with " << code;
      return;
    }
    ASSERT_TRUE(taken) << "send: " << taken.error().code;
    EXPECT_EQ(*taken, n);
    sent_ += n;
  }

  void read(std::istringstream& in) {
    std::uint32_t n = 0;
    in >> n;
    std::vector<std::byte> bytes(n);
    const auto got = tcb->receive(bytes);
    ASSERT_TRUE(got) << "read: " << got.error().code;
    EXPECT_EQ(*got, n);
    for (std::uint32_t i = 0; i < *got; ++i) {
      EXPECT_EQ(bytes[i], pattern(read_ + i)) << "byte " << read_ + i;
    }
    read_ += n;
  }

  void hold(const std::string& verb, std::istringstream& in) {
    std::string word;
    in >> word;
    if (verb == "state") {
      EXPECT_EQ(catenet::transport::name(tcb->state()), word);
    } else if (verb == "timer") {
      EXPECT_TRUE(tcb->deadline().is_never());
    } else {
      const auto value = static_cast<std::uint32_t>(std::stoul(word));
      if (verb == "cwnd") {
        EXPECT_EQ(tcb->cwnd(), value);
      } else if (verb == "ssthresh") {
        EXPECT_EQ(tcb->ssthresh(), value);
      } else if (verb == "error") {
        EXPECT_EQ(tcb->error(), static_cast<int>(value));
      } else if (verb == "queue") {
        EXPECT_EQ(tcb->receive_queue(), value);
      } else {
        FAIL() << "no such verb";
      }
    }
  }

  static constexpr std::pair<std::uint8_t, char> kFlags[] = {
      {wire::TcpFlag::kSyn, 'S'}, {wire::TcpFlag::kFin, 'F'}, {wire::TcpFlag::kRst, 'R'}, {wire::TcpFlag::kPsh, 'P'},
      {wire::TcpFlag::kUrg, 'U'}, {wire::TcpFlag::kAck, '.'}, {wire::TcpFlag::kEce, 'E'}, {wire::TcpFlag::kCwr, 'W'},
  };
  const wire::FourTuple tuple_{*wire::Endpoint::parse("10.0.0.1:1000"), *wire::Endpoint::parse("10.0.0.2:2000")};
  TcbEnvironment environment_;
  std::deque<Out> out_;
  bool listening_ = false;
  std::uint32_t sent_ = 0;
  std::uint32_t read_ = 0;
};

/// NewReno, no options, every segment acknowledged at once, RTO floor 1 s: what the RFCs' own examples assume.
inline TcpConfig plain_config() {
  TcpConfig config;
  config.congestion = CongestionAlgorithm::new_reno;
  config.timestamps = config.sack = config.window_scaling = false;
  config.min_rto = 1_s;
  config.variance_floor = false;
  config.receive_buffer = 65535;
  return config;
}

/// A passive open at 0 s, RTT 0.1 s, that leaves the connection established.
inline std::string established(const std::string& peer_options = "<mss 1460>", const std::string& window = "65535") {
  return "0 listen\n0 < S 0:0(0) win " + window + " " + peer_options +
         "\n0 > S. 0:0(0) ack 1\n0.1 < . 1:1(0) ack 1 win " + window + "\n0.1 state ESTABLISHED\n";
}

}  // namespace catenet::transport
