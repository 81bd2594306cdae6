// SPDX-License-Identifier: Apache-2.0
#include "catenet/lab/yaml_reader.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>
// yaml-cpp's own umbrella leaves out the event interface.
#include <yaml-cpp/eventhandler.h>

#include <algorithm>
#include <istream>
#include <map>
#include <streambuf>
#include <unordered_set>
#include <utility>

namespace catenet::lab {
namespace {

/// Stops the parser: thrown by our event handler, caught in read_yaml().
struct Stop {};

/// Reads a string_view as a stream, without a copy.
class ViewBuffer : public std::streambuf {
 public:
  explicit ViewBuffer(std::string_view text) {
    char* begin = const_cast<char*>(text.data());  // never written to: a get area only
    setg(begin, begin, begin + text.size());
  }
};

/// A line whose value is a block scalar ("run: |"): the lines below it may hold tabs.
bool opens_block(std::string_view line) {
  while (!line.empty() && (line.back() == ' ' || line.back() == '\r')) {
    line.remove_suffix(1);
  }
  while (!line.empty() && (line.back() == '-' || line.back() == '+' || (line.back() >= '1' && line.back() <= '9'))) {
    line.remove_suffix(1);
  }
  return line.ends_with(" |") || line.ends_with(" >");
}

Place moved(Place origin, std::uint32_t line, std::uint32_t column) {
  return {origin.source, origin.line + line, line == 0 ? origin.column + column : column + 1};
}

/// What yaml-cpp would misread or accept by accident: wrong encoding, control characters, tabs as indentation.
bool clean_text(std::string_view text, Place origin, Diagnostics& diagnostics) {
  bool in_block = false;  // inside a block scalar whose parent is indented by block_indent
  std::size_t block_indent = 0;
  std::uint32_t number = 0;
  for (std::size_t at = 0; at < text.size(); ++number) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    for (std::size_t i = 0; i < line.size();) {
      const auto c = static_cast<unsigned char>(line[i]);
      const std::size_t size = utf8_length(line.substr(i));
      const Place place = moved(origin, number, static_cast<std::uint32_t>(i));
      if (size == 0) {
        diagnostics.error(place, fmt::format("byte 0x{:02x} is not UTF-8; a lab file is UTF-8 text", c));
        return false;
      }
      if ((c < 0x20 && c != '\t' && !(c == '\r' && i + 1 == line.size())) || c == 0x7f) {
        diagnostics.error(place, fmt::format("control character 0x{:02x} in the text", c));
        return false;
      }
      i += size;
    }
    const std::size_t indent = std::min(line.find_first_not_of(' '), line.size());
    const bool blank = line.find_first_not_of(" \t\r") == std::string_view::npos;
    if (in_block && !blank && indent <= block_indent) {
      in_block = false;
    }
    if (!in_block && !blank && line[indent] == '\t') {
      diagnostics.error(moved(origin, number, static_cast<std::uint32_t>(indent)),
                        "a tab is used for indentation; YAML wants spaces");
      return false;
    }
    if (!in_block && opens_block(line)) {
      in_block = true;
      block_indent = indent;
    }
    at = end + 1;
  }
  return true;
}

/// Builds the tree from yaml-cpp's events. A stack of open lists and maps; anchors are copies of finished values.
class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(Diagnostics& diagnostics, const YamlLimits& limits, Place origin)
      : diagnostics_(diagnostics), limits_(limits), origin_(origin) {}

  YamlValue take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ > 0) {
      stop(place(mark), "a second YAML document; a lab file holds one");
    }
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(leaf(YamlValue::Kind::kNull, mark, {}), anchor);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    check_tag(mark, tag);
    add(leaf(YamlValue::Kind::kScalar, mark, value), anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto it = anchors_.find(anchor);
    if (it == anchors_.end()) {
      stop(place(mark), "an alias inside the value it stands for");
    }
    aliased_ += it->second.count;
    if (aliased_ > limits_.aliased) {
      stop(place(mark), fmt::format("aliases that stand for more than {} values", limits_.aliased));
    }
    count(it->second.count, place(mark));
    YamlValue copy = it->second.value;
    add(std::move(copy), 0);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    check_tag(mark, tag);
    open(YamlValue::Kind::kList, mark, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    check_tag(mark, tag);
    open(YamlValue::Kind::kMap, mark, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    YamlValue value;
    YAML::anchor_t anchor = 0;
    std::size_t first_count = 0;                              // values counted when it was opened
    std::map<std::string, std::uint32_t, std::less<>> lines;  // of the keys seen, for duplicates
  };
  struct Anchor {
    YamlValue value;
    std::size_t count = 0;
  };

  [[nodiscard]] Place place(const YAML::Mark& mark) const {
    return moved(origin_, static_cast<std::uint32_t>(std::max(mark.line, 0)),
                 static_cast<std::uint32_t>(std::max(mark.column, 0)));
  }
  [[noreturn]] void stop(Place at, std::string message) {
    diagnostics_.error(at, std::move(message));
    throw Stop{};
  }
  void count(std::size_t more, Place at) {
    count_ += more;
    if (count_ > limits_.values) {
      stop(at, fmt::format("more than {} values", limits_.values));
    }
  }
  void check_tag(const YAML::Mark& mark, const std::string& tag) {
    if (!tag.empty() && tag != "?" && tag != "!" && !tag.starts_with("tag:yaml.org,2002:")) {
      stop(place(mark), fmt::format("the tag {} means nothing in a lab", in_quotes(tag)));
    }
  }
  YamlValue leaf(YamlValue::Kind kind, const YAML::Mark& mark, std::string_view text) {
    count(1, place(mark));
    YamlValue value;
    value.kind = kind;
    value.place = place(mark);
    value.text = text;
    return value;
  }
  void open(YamlValue::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (stack_.size() >= limits_.depth) {
      stop(place(mark), fmt::format("lists and maps nested more than {} deep", limits_.depth));
    }
    const std::size_t before = count_;
    stack_.push_back({leaf(kind, mark, {}), anchor, before, {}});
  }
  void close() {
    Open done = std::move(stack_.back());
    stack_.pop_back();
    if (done.anchor != 0) {
      anchors_[done.anchor] = {done.value, count_ - done.first_count};
    }
    add(std::move(done.value), 0);
  }
  void add(YamlValue value, YAML::anchor_t anchor) {
    if (anchor != 0) {
      anchors_[anchor] = {value, 1};
    }
    if (stack_.empty()) {
      root_ = std::move(value);
      return;
    }
    Open& parent = stack_.back();
    if (parent.value.is_map() && parent.value.keys.size() == parent.value.items.size()) {
      add_key(parent, value);
      return;
    }
    parent.value.items.push_back(std::move(value));
  }
  void add_key(Open& map, YamlValue& key) {
    if (!key.is_scalar()) {
      stop(key.place, "a key must be a word");
    }
    const auto [it, added] = map.lines.try_emplace(key.text, key.place.line);
    if (!added) {
      diagnostics_.error(key.place,
                         fmt::format("duplicate key {}; it is already in line {}", in_quotes(key.text), it->second));
    }
    map.value.keys.push_back({std::move(key.text), key.place});
  }

  Diagnostics& diagnostics_;
  const YamlLimits& limits_;
  Place origin_;
  YamlValue root_;
  std::vector<Open> stack_;
  std::map<YAML::anchor_t, Anchor> anchors_;
  std::size_t count_ = 0;
  std::size_t aliased_ = 0;
  int documents_ = 0;
};

}  // namespace

const YamlValue* YamlValue::find(std::string_view key) const {
  for (std::size_t i = 0; i < keys.size() && i < items.size(); ++i) {
    if (keys[i].text == key) {
      return &items[i];
    }
  }
  return nullptr;
}

YamlValue* YamlValue::find(std::string_view key) {
  return const_cast<YamlValue*>(std::as_const(*this).find(key));  // the object itself is not const here
}

YamlValue read_yaml(std::string_view text, Diagnostics& diagnostics, const YamlLimits& limits, Place origin) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (text.starts_with(kByteOrderMark)) {
    text.remove_prefix(kByteOrderMark.size());
  }
  if (text.size() > limits.bytes) {
    diagnostics.error({origin.source}, fmt::format("{} bytes; a lab file has at most {}", text.size(), limits.bytes));
    return {};
  }
  if (!clean_text(text, origin, diagnostics)) {
    return {};
  }
  TreeBuilder builder(diagnostics, limits, origin);
  try {
    ViewBuffer buffer(text);
    std::istream stream(&buffer);
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
    return builder.take();
  } catch (const Stop&) {  // NOLINT(bugprone-empty-catch): what stopped the reader was said where it was found
  } catch (const YAML::Exception& e) {
    const bool marked = !e.mark.is_null();
    const Place place =
        marked ? moved(origin, static_cast<std::uint32_t>(e.mark.line), static_cast<std::uint32_t>(e.mark.column))
               : Place{origin.source};
    diagnostics.error(place, fmt::format("not YAML: {}", e.msg));
  } catch (const std::exception& e) {
    diagnostics.error({origin.source}, fmt::format("not YAML: {}", e.what()));
  }
  return {};
}

}  // namespace catenet::lab
