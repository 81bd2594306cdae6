// SPDX-License-Identifier: Apache-2.0
#include "catenet/transport/tcp/accurate_ecn.h"

#include <algorithm>
#include <utility>

namespace catenet::transport {
namespace {

constexpr std::uint32_t kAceMask = 7;
constexpr std::uint32_t kFieldMask = 0xffffff;   // of the option's counters
constexpr std::uint32_t kMarksUntilAck = 2;      // "n" of 3.2.2.5.1, where there is something to acknowledge
constexpr std::uint32_t kMarksUntilPureAck = 3;  // where there is not, so that two ends do not answer each other
constexpr std::uint8_t kOptionsAfterChange = 2;  // one may get lost
constexpr std::uint32_t kManySegments = 4 * 64;  // for an acknowledgement: somebody on the way thins them out

}  // namespace

AccurateEcn::AccurateEcn(std::uint8_t syn_field) : syn_field_(syn_field) {
  r_cep_ += syn_field == kCe ? 1 : 0;
  told_cep_ = r_cep_;
}

std::uint8_t AccurateEcn::handshake_ace(std::uint8_t field) {
  constexpr std::uint8_t kAces[] = {0b010, 0b011, 0b100, 0b110};
  return kAces[field & 3];
}

bool AccurateEcn::received(std::uint8_t field, std::uint32_t segments, std::uint32_t bytes) {
  r_cep_ += field == kCe ? segments : 0;
  bool at_once = false;
  if (bytes > 0) {
    (field == kCe ? r_ceb_ : field == kEct0 ? r_e0b_ : r_e1b_) += field == kNotEct ? 0 : bytes;
    at_once = field == kCe && last_field_ != kCe;
    extra_options_ = field != last_field_ ? kOptionsAfterChange : extra_options_;
    last_field_ = field;
  }
  return at_once || r_cep_ - told_cep_ >= (bytes > 0 ? kMarksUntilAck : kMarksUntilPureAck);
}

std::uint8_t AccurateEcn::next_ace(bool pure) {
  const bool owed = owes_handshake_ack_;
  owes_handshake_ack_ = false;  // data end the handshake too: from then on the peer reads a counter
  if (owed && pure) {
    return handshake_ace(syn_field_);
  }
  told_cep_ = r_cep_;
  return static_cast<std::uint8_t>(r_cep_ & kAceMask);
}

bool AccurateEcn::option_is_due(std::uint8_t beacons, Duration srtt, Instant now) const {
  if (extra_options_ > 0 || option_at_.is_never()) {
    return true;
  }
  return beacons > 0 && now - option_at_ >= srtt / beacons;
}

// The counter that a sender uses comes first, so that nothing is lost where an option must be short.
wire::TcpAccurateEcn AccurateEcn::option(Instant now) {
  option_at_ = now;
  extra_options_ -= extra_options_ > 0 ? 1 : 0;
  wire::TcpAccurateEcn out;
  out.e0b = r_e0b_ & kFieldMask;
  out.ceb = r_ceb_ & kFieldMask;
  out.e1b = r_e1b_ & kFieldMask;
  out.fields = 3;
  out.e1b_first = last_field_ == kEct1;
  return out;
}

// 3.2.2.1 to 3.2.2.4, table 4. Our SYN went without ECT: whoever says that it arrived with tells of a box that writes
// into the field, and one that has cleared ACE is one that clears it always. What we would send could not be believed.
void AccurateEcn::take_handshake(std::uint8_t ace, bool pure) {
  heard_ = heard_ || pure;
  if (!pure) {
    return;
  }
  s_cep_ = ace == handshake_ace(kCe) ? 6 : 5;
  const bool mangled =
      ace == 0 || ace == handshake_ace(kEct0) || ace == handshake_ace(kEct1) || ace == handshake_ace(kCe);
  ect_ = ect_ && !mangled;
}

// Bytes newly reported as marked; nothing if the option does not say.
std::optional<std::uint32_t> AccurateEcn::take_option(const wire::TcpAccurateEcn& option) {
  if (!option_heard_ && option.fields > 0) {  // 3.2.3.2.4: these counters begin with 1
    option_heard_ = true;
    const bool e0b_cleared = (option.fields == 3 || !option.e1b_first) && option.e0b == 0;
    const bool e1b_cleared = (option.fields == 3 || option.e1b_first) && option.e1b == 0;
    option_is_good_ = !e0b_cleared && !e1b_cleared;
  }
  if (!option_is_good_ || option.fields < 2) {
    return std::nullopt;
  }
  const std::uint32_t news = (option.ceb - s_ceb_) & kFieldMask;
  if (news > kFieldMask / 2) {
    return std::nullopt;  // an older one
  }
  s_ceb_ += news;
  return news;
}

// Three bits may have wrapped if more than seven segments were acknowledged at once. A careful sender assumes that they
// did (3.2.2.5.2), unless the bytes tell, or acknowledgements always come for many.
AccurateEcn::Marks AccurateEcn::take_feedback(std::uint8_t ace, const std::optional<wire::TcpAccurateEcn>& option,
                                              std::uint32_t segments, std::uint32_t mss) {
  if (std::exchange(pass_over_, false)) {
    return {};
  }
  if (!heard_) {
    heard_ = true;
    ect_ = ect_ && ace != 0;  // 3.2.2.4: no counter begins there
  }
  const auto bytes = option ? take_option(*option) : std::nullopt;
  std::uint32_t packets = (ace - s_cep_) & kAceMask;
  if (segments > kAceMask) {
    const std::uint32_t most = segments - ((segments - packets) & kAceMask);
    if (bytes) {
      while (packets < most && packets * std::uint64_t{mss} < *bytes) {
        packets += kAceMask + 1;
      }
    } else if (segments_per_ack_ <= kManySegments) {
      packets = most;
    }
  }
  if (segments > 0) {
    segments_per_ack_ += std::min(segments, 1024U) - segments_per_ack_ / 64;
  }
  s_cep_ += packets;
  return {packets, bytes.value_or(packets * mss)};
}

}  // namespace catenet::transport
