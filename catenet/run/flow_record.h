// SPDX-License-Identifier: Apache-2.0
// FlowRecorder: a time series of every TCP connection of one host, for `catenet run --flows`. It looks on after
// whatever happens to a connection (transport::TcpWatch) and changes nothing: a run has the same digest with and
// without.
//
// Its memory is bounded: so many rows for a connection; when they are full, every second row goes, and from then on
// half as many events are kept. So a long transfer becomes coarser and is never cut off. Beyond so many connections of
// a host the rest is only counted. What is written (OUT/flows) is described in docs/report.md.
#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "catenet/node/host.h"

namespace catenet::run {

struct FlowLimits {
  std::size_t rows = 4096;       ///< of a connection; at least 16
  std::size_t connections = 64;  ///< of a host
};

/// One moment of a connection. Sequence numbers count from our (or the peer's) SYN, which is 0, and do not wrap.
struct FlowSample {
  Instant at;
  transport::TcpState state = transport::TcpState::closed;
  transport::Tcb::Recovery recovery = transport::Tcb::Recovery::none;
  std::uint32_t cwnd = 0;      ///< 0: none yet, or none any more
  std::uint32_t ssthresh = 0;  ///< UINT32_MAX: no loss so far
  std::uint32_t in_flight = 0;
  std::uint32_t lost = 0;
  std::uint32_t sacked = 0;
  std::uint32_t send_window = 0;
  std::uint32_t retransmits = 0;
  std::uint64_t snd_una = 0;
  std::uint64_t snd_nxt = 0;
  std::uint64_t rcv_nxt = 0;
  Duration srtt;  ///< zero: not measured
  Duration rttvar;
  Duration rto;
};

struct Flow {
  wire::FourTuple tuple;
  Instant started;
  std::uint64_t kept_every = 1;  ///< events for a row
  std::vector<FlowSample> rows;
};

class FlowRecorder final : public transport::TcpWatch {
 public:
  explicit FlowRecorder(const FlowLimits& limits) : limits_(limits) {}

  void on_settled(const transport::TcpPcb& pcb, const transport::Tcb& tcb, Instant now) override;

  /// Connections in the order of their first events, rows in that of time. Nothing is recorded afterwards.
  [[nodiscard]] std::vector<Flow> take();
  [[nodiscard]] std::size_t left_out() const { return left_out_; }

 private:
  struct Record {
    Flow flow;
    FlowSample last;           // the newest, whether kept or not
    std::uint64_t events = 0;  // that changed something
  };
  Record* record_of(const transport::TcpPcb& pcb);
  void keep(Record& record);

  FlowLimits limits_;
  std::vector<std::unique_ptr<Record>> records_;
  std::unordered_map<const transport::TcpPcb*, Record*> by_pcb_;  // null: left out; only looked up, never walked
  std::size_t left_out_ = 0;
};

/// Makes the folder anew, with an empty index flows.jsonl. False: it cannot be written.
[[nodiscard]] bool begin_flows(const std::filesystem::path& folder);
/// NODE-1.csv, NODE-2.csv, ... and their lines in the index. False: not all could be written.
[[nodiscard]] bool write_flows(const std::filesystem::path& folder, const std::string& node, FlowRecorder& recorder);

}  // namespace catenet::run
