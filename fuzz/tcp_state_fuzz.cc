// SPDX-License-Identifier: Apache-2.0
// TCP as a state machine: the input is a program of segments, user calls, errors and passing time against one Tcb.
// Numbers are drawn close to those the connection is at, so that most segments say something. After every step the
// invariants must hold, every timer must lie ahead, the promised window must not move back, and at the end no packet
// may be missing.
#include <array>

#include "catenet/packet/checksum.h"
#include "catenet/transport/tcp/sequence.h"
#include "catenet/transport/tcp/tcb.h"
#include "fuzz/fuzz.h"

using namespace catenet;
using namespace catenet::transport;
using catenet::fuzz::expect;

namespace {

class Machine {
 public:
  explicit Machine(std::span<const std::byte> program) : program_(program) {
    environment_.pool = &pool_;
    environment_.drop = DropSink::to<&Machine::drop>(*this);
    const unsigned shape = take();
    config_.sack = (shape & 1) != 0;
    config_.timestamps = (shape & 2) != 0;
    config_.window_scaling = (shape & 4) != 0;
    config_.nagle = (shape & 8) != 0;
    config_.keepalive = (shape & 16) != 0;
    config_.send_buffer = 1U << (8 + take() % 10);
    config_.receive_buffer = 1U << (8 + take() % 12);
    config_.congestion = (shape & 128) != 0 ? CongestionAlgorithm::bbr : CongestionAlgorithm::cubic;
    config_.user_timeout = (shape & 32) != 0 ? Duration::seconds(100) : Duration{};
    TcbOrigin origin;
    origin.iss = 0xffffff00;
    tcb_ = std::make_unique<Tcb>(environment_, config_, tuple_, origin);
    if ((shape & 64) != 0) {
      tcb_->open_active(now_);
    } else {
      TcpSegment syn = segment();
      syn.flags = wire::TcpFlag::kSyn;
      tcb_->open_passive(syn, now_);
    }
    settle();
  }

  void run() {
    for (int steps = 0; at_ < program_.size() && steps < 2000; ++steps) {
      step();
      settle();
    }
    tcb_.reset();
    expect(pool_.stats().alive() == 0 && pool_.stats().unaccounted == 0);
  }

 private:
  void drop(Packet packet, DropReason) { packet.discard(); }
  unsigned take() { return at_ < program_.size() ? std::to_integer<unsigned>(program_[at_++]) : 0; }
  // Mostly small, sometimes anything.
  std::uint32_t near(std::uint32_t around) {
    const unsigned kind = take();
    if (kind < 128) {
      return around;
    }
    if (kind < 160) {
      return around + take();
    }
    if (kind < 192) {
      return around - take();
    }
    if (kind < 224) {
      return around + take() * 256 + take();
    }
    return take() << 24 | take() << 16 | take() << 8 | take();
  }

  TcpSegment segment() {
    TcpSegment s;
    const unsigned flags = take();
    s.flags = static_cast<std::uint8_t>(flags < 160 ? wire::TcpFlag::kAck : flags);
    s.seq = near(tcb_ ? tcb_->rcv_nxt() : 1000);
    const unsigned ack = take();
    s.ack = near(ack < 128 ? tcb_->snd_nxt() : tcb_->snd_una());
    s.window = static_cast<std::uint16_t>(take() << 8 | take());
    const unsigned options = take();
    if ((options & 1) != 0) {
      s.options.mss = static_cast<std::uint16_t>(take() * 8);
    }
    if ((options & 2) != 0) {
      s.options.window_scale = static_cast<std::uint8_t>(take());
    }
    s.options.sack_permitted = (options & 4) != 0;
    if ((options & 8) == 0) {
      s.options.timestamps = wire::TcpTimestamps{near(last_timestamp_), near(0)};
      last_timestamp_ = s.options.timestamps->value;
    }
    if ((options & 64) != 0) {
      s.options.user_timeout = wire::TcpUserTimeout{static_cast<std::uint16_t>(take()), (options & 128) != 0};
    }
    s.options.sack_count = static_cast<std::uint8_t>(options >> 4 & 3);
    for (std::size_t i = 0; i < s.options.sack_count; ++i) {
      const std::uint32_t left = near(tcb_->snd_una() + take());
      s.options.sack[i] = {left, near(left + take())};
    }
    return s;
  }

  void step() {
    std::array<std::byte, 4096> bytes{};
    const unsigned verb = take();
    switch (verb % 16) {
      case 0:
      case 1:
        now_ += Duration::milliseconds(static_cast<std::int64_t>(take()) * take());
        break;
      case 2:
        (void)tcb_->send(std::span(bytes).first(take() * 16));
        break;
      case 3:
        (void)tcb_->receive(std::span(bytes).first(take() * 16), (verb & 128) != 0);
        break;
      case 4:
        if ((verb & 112) == 0) {
          (void)tcb_->shutdown_send();
        } else if ((verb & 112) == 16) {
          tcb_->close(now_);
        } else if ((verb & 112) == 32) {
          tcb_->abort();
        } else if ((verb & 112) == 48) {
          tcb_->shutdown_receive();
        } else if ((verb & 112) == 64) {
          tcb_->set_max_segment(28 + take() * 8);
        } else if ((verb & 112) == 80) {
          tcb_->on_network_error(EHOSTUNREACH, (verb & 128) != 0);
        } else if ((verb & 112) == 96) {
          set_signature((verb & 128) != 0);
        } else {
          TcpConfig& fresh = configs_[next_config_++ % configs_.size()];
          fresh = config_;
          fresh.advertised_user_timeout = Duration::seconds((verb & 128) != 0 ? take() * 256 : 0);
          tcb_->set_config(fresh);
        }
        break;
      case 5:
        if (!tcb_->deadline().is_never() && now_ < tcb_->deadline()) {
          now_ = tcb_->deadline();
        }
        break;
      default: {
        const TcpSegment s = segment();
        Packet data = pool_.make();
        const unsigned size = take();
        expect(data.append(std::span(bytes).first(size < 128 ? 0 : (size - 128) * 16)));
        tcb_->input(std::move(data), s, now_);
      }
    }
    if (tcb_->deadline() <= now_) {
      tcb_->on_timeout(now_);
    }
  }

  void set_signature(bool on) {
    using Kind = wire::TcpSignature::Kind;
    const auto mac = static_cast<std::uint8_t>(1 + take() % wire::TcpSignature::kMaxAoMac);
    tcb_->set_signature(!on         ? wire::TcpSignature{}
                        : mac == 16 ? wire::TcpSignature{Kind::md5, mac}
                                    : wire::TcpSignature{Kind::ao, mac, 1, 2});
  }

  void settle() {
    int sent = 0;
    while (Packet packet = tcb_->transmit(now_)) {
      expect(++sent < 100'000);
      complete_checksum(packet);
      const auto& header = packet.header<wire::TcpHeader>();
      expect(header.header_size() >= wire::kTcpHeaderSize && header.header_size() <= packet.size());
      expect(packet.size() - header.header_size() <= tcb_->mss());
      expect(wire::TcpOptions::parse(header.options_in(packet.head())).has_value());
      packet.consume();
    }
    tcb_->check_invariants();
    expect(tcb_->deadline() > now_);
    const bool open = tcb_->state() >= TcpState::established;
    if (open && was_open_) {
      expect(seq_up_to(right_edge_, tcb_->rcv_nxt() + tcb_->rcv_wnd()));
    }
    was_open_ = open;
    right_edge_ = tcb_->rcv_nxt() + tcb_->rcv_wnd();
  }

  std::span<const std::byte> program_;
  std::size_t at_ = 0;
  PacketPool pool_;
  TcbEnvironment environment_;
  TcpConfig config_;
  std::array<TcpConfig, 2> configs_;  // the present one stays while the next one comes
  std::size_t next_config_ = 0;
  const wire::FourTuple tuple_{{wire::Ipv4Address(10, 0, 0, 1), 1000}, {wire::Ipv4Address(10, 0, 0, 2), 2000}};
  std::unique_ptr<Tcb> tcb_;
  Instant now_;
  std::uint32_t last_timestamp_ = 1000;
  std::uint32_t right_edge_ = 0;
  bool was_open_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Machine(catenet::fuzz::input(data, size)).run();
  return 0;
}
