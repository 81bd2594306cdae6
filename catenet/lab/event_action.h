// SPDX-License-Identifier: Apache-2.0
// Reads what an event does: a short sentence that begins with what it is done to. Private to describe().
//
//   link A--B up | down | KEY=VALUE ... | flap period=500ms [down=100ms] | burst good=100 bad=5 [loss=100%]
//   filter A--B drop|delay 20ms|duplicate|corrupt [3rd|every 3rd] "tcp and src A"
//   partition A,B from C     partition A -> C     partition A,B (from all others)     heal
//   crash A     restart A     pause A     resume A
//
// A--B is both directions of a link, A->B the one from A to B.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catenet/lab/describe_parts.h"
#include "catenet/lab/event.h"
#include "catenet/lab/word_reader.h"

namespace catenet::lab {

class EventReader {
 public:
  explicit EventReader(DescribeState& state);
  /// Nothing after an error, which has been said.
  std::optional<EventAction> read(std::string_view text, Place place);

 private:
  using Values = std::map<std::string, Word, std::less<>>;

  std::nullopt_t wrong(const Word& word, const std::string& message);
  std::optional<EventAction> read_action(WordReader& words);
  std::optional<EventAction> read_link(WordReader& words);
  std::optional<EventAction> read_filter(WordReader& words);
  std::optional<EventAction> read_partition(WordReader& words);
  std::optional<EventAction> read_nodes_of(WordReader& words, NodeChange::What what);
  std::optional<LinkPart> read_link_part(WordReader& words);
  std::optional<EventAction> read_change(WordReader& words, const LinkPart& on);
  std::optional<EventAction> read_flap(WordReader& words, const LinkPart& on);
  std::optional<EventAction> read_burst(WordReader& words, const LinkPart& on);
  std::optional<std::vector<NodeIndex>> read_nodes(WordReader& words, std::string_view before);
  std::optional<Values> read_values(WordReader& words, std::span<const std::string_view> keys);
  /// False when a value is there and wrong.
  template <typename T, typename Parse>
  bool get(const Values& values, std::string_view key, std::optional<T>& out, Parse parse);
  bool refuse_rest(WordReader& words);
  bool allows_single_frames(const LinkPart& on, const Word& at);
  bool read_count(WordReader& words, LinkFilter& out);
  bool compiles(const Word& expression);
  bool is_whole(const LinkPart& on, const Word& at);

  DescribeState& state_;
  std::map<std::string, LinkIndex, std::less<>> links_;  // by the names of links, in the order of their ends
};

}  // namespace catenet::lab
