// SPDX-License-Identifier: Apache-2.0
// Network: a lab's description made real: nodes with their rooms, cables with their impairments, captures, namespaces.
// Everything is made in the order of the lab file and numbered by it, so the same lab gives the same network.
//
// Virtual time: nodes are grouped into partitions of at most `partition_size`, joined at links with delay.
// Real time: one partition; `stack: linux` nodes are namespaces whose NICs the driver watches.
#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "catenet/bridge/switch.h"
#include "catenet/lab/description.h"
#include "catenet/live/linux_node.h"
#include "catenet/live/namespace.h"
#include "catenet/medium/cable.h"
#include "catenet/medium/impairment.h"
#include "catenet/node/host.h"
#include "catenet/run/spread.h"
#include "catenet/sim/simulation.h"
#include "catenet/trace/byte_sink.h"
#include "catenet/trace/capture.h"
#include "catenet/trace/journal.h"
#include "catenet/trace/pcapng.h"

namespace catenet::run {

struct NetworkOptions {
  std::uint32_t partition_size = 32;    ///< nodes; 0: everything that one thread runs in one partition
  unsigned threads = 1;                 ///< more than there is work for are not used; in real time one
  std::filesystem::path captures;       ///< folder of the capture files; empty: none are written
  std::string application = "catenet";  ///< goes into the captures
};

/// Which nodes are simulated together, and by which thread.
struct Partitioning {
  std::vector<std::uint32_t> partition;  ///< of every node; numbered in the order of their first nodes
  std::vector<unsigned> thread;          ///< of every partition
  unsigned threads = 1;
};

class Network {
 public:
  /// One node of the lab; exactly one of the three pointers is set.
  struct NodeEntry {
    std::unique_ptr<Node> node;
    node::Host* host = nullptr;
    bridge::LearningSwitch* bridge = nullptr;
    live::LinuxNode* linux_node = nullptr;
    std::unique_ptr<live::Namespace> space;      ///< of a linux node, in real time
    std::vector<transport::TcpFlow> past_flows;  ///< of a host, before its last crash
  };
  struct LinkEntry {
    std::unique_ptr<medium::Cable> cable;
    std::unique_ptr<medium::Impairment> forward;   ///< in front of b; null when nothing ever happens there
    std::unique_ptr<medium::Impairment> backward;  ///< in front of a
  };

  /// Builds everything but the namespaces. `lab` and `journal` outlive the network. Errors: a capture file cannot be
  /// made.
  static std::expected<std::unique_ptr<Network>, std::string> build(const lab::Description& lab,
                                                                    trace::Journal& journal,
                                                                    const NetworkOptions& options);
  ~Network();

  /// Makes the namespaces of the linux nodes, in their order. One line that says what the machine refused.
  live::LiveResult<void> make_namespaces(const std::string& working_directory);

  /// The node loses what it has in memory; its links are down already. A linux node has nothing in Catenet's memory:
  /// its kernel goes on.
  void crash(lab::NodeIndex node);
  /// After a crash, before the links come up again: a host gets its addresses and routes.
  void start_again(lab::NodeIndex node);

  /// After something was done to nodes between two windows: what it made ready runs.
  void settle();

  [[nodiscard]] sim::Simulation& simulation() { return simulation_; }
  [[nodiscard]] const sim::Simulation& simulation() const { return simulation_; }
  [[nodiscard]] Environment& environment_of(lab::NodeIndex node) {
    return *environments_[partitioning_.partition[node]];
  }
  [[nodiscard]] const lab::Description& lab() const { return lab_; }
  [[nodiscard]] std::vector<NodeEntry>& nodes() { return nodes_; }
  [[nodiscard]] const std::vector<NodeEntry>& nodes() const { return nodes_; }
  [[nodiscard]] const std::vector<LinkEntry>& links() const { return links_; }
  /// Names of the lab, for the programs of simulated hosts.
  [[nodiscard]] const socket::NameTable& names() const { return names_; }

  /// One hash over everything that was received anywhere, and when.
  [[nodiscard]] std::uint64_t digest() const;
  /// Frames that are on a wire, held back by an impairment, or in a transmit queue.
  [[nodiscard]] std::uint64_t frames_under_way() const;
  /// Ends what is under way, with the reason run-ended, so that every packet is accounted for.
  void drain();
  /// Writes out the captures; the first error of any.
  Result<void> flush_captures();
  /// The text of /etc/hosts that the lab's namespaces see.
  [[nodiscard]] std::string hosts_file() const;

 private:
  struct CaptureFile {
    std::unique_ptr<trace::FileSink> sink;
    std::unique_ptr<trace::PcapngWriter> writer;
    std::unique_ptr<trace::Capture> capture;
  };
  struct Observers {
    trace::DropWatch watch;
    trace::FanOut fan_out;
  };

  Network(const lab::Description& lab, trace::Journal& journal, const NetworkOptions& options);
  void make_partitions(trace::Journal& journal);
  void make_nodes();
  void make_interfaces(lab::NodeIndex index);
  void configure_host(lab::NodeIndex index);
  std::expected<void, std::string> make_links();
  std::expected<FrameSink*, std::string> make_capture(lab::NodeIndex node, std::uint32_t interface, Medium& face);
  void name_nodes();
  [[nodiscard]] live::NamespaceSpec namespace_spec(lab::NodeIndex index, const std::string& working_directory) const;

  const lab::Description& lab_;
  NetworkOptions options_;
  Partitioning partitioning_;
  sim::Simulation simulation_;
  std::vector<Environment*> environments_;
  std::vector<std::unique_ptr<Observers>> observers_;
  SourceId next_source_ = 1;
  socket::NameTable names_;
  std::vector<NodeEntry> nodes_;
  std::vector<LinkEntry> links_;
  std::vector<CaptureFile> captures_;
};

/// Spreads the nodes over `threads`, cutting links with the longest delay that lets all have about the same to do, and
/// as few of them as it can; what one thread has it groups into partitions of at most `size` nodes (0: one) that are
/// joined inside by links, those without delay above all. A link without delay is never cut, so there may be fewer
/// threads.
[[nodiscard]] Partitioning partition(const lab::Description& lab, std::uint32_t size, unsigned threads = 1);

}  // namespace catenet::run
