// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <fstream>

#include "catenet/study/difference.h"
#include "catenet/study/shown.h"
#include "catenet/trace/pcapng_reader.h"
#include "catenet/trace/summary.h"

namespace catenet::study {
namespace {

using trace::CapturedPacket;

/// One of the two files, read ahead by one packet.
class CaptureSide {
 public:
  CaptureSide(const std::filesystem::path& path, std::optional<Instant> before)
      : path_(path), before_(before), stream_(path, std::ios::binary), reader_(stream_) {}

  /// Reads the next packet into packet(), if there is one before the limit. False when the file is damaged.
  bool next() {
    packet_.reset();
    if (!stream_.is_open()) {
      error_ = path_.string() + ": cannot be read";
      return false;
    }
    auto read = ended_ ? std::expected<std::optional<CapturedPacket>, std::string>(std::nullopt) : reader_.next();
    if (!read) {
      error_ = path_.string() + ": " + read.error();
      return false;
    }
    if (*read && (!before_ || (*read)->at < *before_)) {
      packet_ = std::move(**read);
    } else {
      ended_ = true;
    }
    return true;
  }
  [[nodiscard]] const std::optional<CapturedPacket>& packet() const { return packet_; }
  [[nodiscard]] const std::string& error() const { return error_; }

  [[nodiscard]] std::string line(const CapturedPacket& packet) const {
    const std::uint16_t type = reader_.interfaces()[packet.interface].link_type;
    const std::string_view way = packet.direction == 2 ? "out" : packet.direction == 1 ? "in " : "   ";
    return fmt::format(
        "{} {} {}{}{}", moment_name(packet.at), way, trace::summary(packet.data, type),
        packet.data.size() < packet.length ? fmt::format(" (kept {} of {})", packet.data.size(), packet.length) : "",
        packet.comment.empty() ? "" : " [" + shown(packet.comment) + "]");
  }
  /// The present packet and what follows it. Damage further on is no matter here.
  [[nodiscard]] PartingSide tell() {
    PartingSide side;
    if (!packet_) {
      return side;
    }
    side.line = line(*packet_);
    side.offset = packet_->offset;
    while (side.after.size() < kContext && next() && packet_) {
      side.after.push_back(line(*packet_));
    }
    return side;
  }

 private:
  std::filesystem::path path_;
  std::optional<Instant> before_;
  std::ifstream stream_;
  trace::PcapngReader reader_;
  std::optional<CapturedPacket> packet_;
  bool ended_ = false;
  std::string error_;
};

std::optional<std::uint32_t> first_difference(const CapturedPacket& a, const CapturedPacket& b) {
  const auto [at, other] = std::mismatch(a.data.begin(), a.data.end(), b.data.begin(), b.data.end());
  const bool equal = at == a.data.end() && other == b.data.end();
  return equal ? std::nullopt : std::optional(static_cast<std::uint32_t>(at - a.data.begin()));
}

Parting part(const std::string& file, CaptureSide& a, CaptureSide& b, const std::deque<CapturedPacket>& before) {
  Parting parting;
  parting.file = file;
  const auto& pa = a.packet();
  const auto& pb = b.packet();
  const CapturedPacket& earlier = !pb || (pa && pa->at <= pb->at) ? *pa : *pb;
  parting.at = earlier.at;
  parting.kind = earlier.direction == 2 ? Parting::Kind::sent : Parting::Kind::received;
  for (const CapturedPacket& packet : before) {
    parting.before.push_back(a.line(packet));
  }
  if (pa && pb && pa->at == pb->at) {
    parting.byte = first_difference(*pa, *pb);
  }
  parting.a = a.tell();
  parting.b = b.tell();
  return parting;
}

}  // namespace

MaybeParting compare_captures(const RunFolder& a, const RunFolder& b, const std::string& file,
                              std::optional<Instant> before) {
  CaptureSide side_a(a.path / file, before);
  CaptureSide side_b(b.path / file, before);
  std::deque<CapturedPacket> last;
  while (true) {
    for (CaptureSide* side : {&side_a, &side_b}) {
      if (!side->next()) {
        return std::unexpected(side->error());
      }
    }
    const auto& pa = side_a.packet();
    const auto& pb = side_b.packet();
    if (!pa && !pb) {
      return std::nullopt;
    }
    if (!pa || !pb || !pa->same_as(*pb)) {
      return part(file, side_a, side_b, last);
    }
    last.push_back(*pa);
    if (last.size() > kContext) {
      last.pop_front();
    }
  }
}

}  // namespace catenet::study
