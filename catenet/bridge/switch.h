// SPDX-License-Identifier: Apache-2.0
// LearningSwitch: a transparent bridge (IEEE 802.1D 7): it learns which port a source address is behind, forwards a
// frame to the port of its destination, floods what it does not know, and forgets an address that has been silent for
// the ageing time. Store and forward: a frame is whole, and its FCS verified, before it leaves. Frames are never
// changed. Spanning tree and VLANs join here later; a loop of switches is refused by the lab until then.
#pragma once
#include <cstdint>
#include <vector>

#include "catenet/bridge/mac_table.h"
#include "catenet/net/interface.h"
#include "catenet/net/node.h"

namespace catenet::bridge {

class LearningSwitch : public Node {
 public:
  struct Config {
    Duration ageing = Duration::seconds(300);  ///< IEEE 802.1D 7.9.2: 10 s to 1,000,000 s, default 300 s
    std::uint32_t max_addresses = 16384;       ///< beyond it, addresses are not learned and their frames flood
  };
  LearningSwitch(Environment& environment, SourceId id, std::string_view name)
      : LearningSwitch(environment, id, name, Config{}) {}
  LearningSwitch(Environment& environment, SourceId id, std::string_view name, const Config& config);

  void receive(Interface& in, Packet frame) override;
  void link_changed(Interface& interface) override;

  struct TableRow {
    wire::MacAddress address;
    const Interface* port;
    Duration age;  ///< since it was last heard
  };
  /// What `catenet show mac` prints, ordered by address; aged entries are left out.
  [[nodiscard]] std::vector<TableRow> table() const;

 private:
  void flood(Interface& in, Packet frame);

  Config config_;
  MacTable addresses_;
};

}  // namespace catenet::bridge
