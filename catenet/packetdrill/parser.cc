// SPDX-License-Identifier: Apache-2.0
#include "catenet/packetdrill/parser.h"

#include <algorithm>

namespace catenet::packetdrill {
namespace {

bool parse_options(Scanner& in, Script& out) {
  in.skip_space();
  while (in.looking_at("--")) {
    (void)in.accept("--");
    std::string name = in.word();
    if (name.empty()) {
      return in.complain("expected --name=value");
    }
    std::string value;
    if (in.peek() == '=') {
      (void)in.accept("=");
      value = in.rest_of_line();
    }
    if (out.options.size() >= kMaxItems) {
      return in.complain("too many options");
    }
    out.options.emplace_back(std::move(name), std::move(value));
    in.skip_space();
  }
  return !in.failed();
}

bool parse_time(Scanner& in, EventTime& out) {
  if (in.accept("*")) {
    out.kind = EventTime::Kind::any;
    return true;
  }
  const bool relative = in.accept("+");
  const auto at = in.seconds();
  if (!at) {
    return false;
  }
  out.kind = relative ? EventTime::Kind::relative : EventTime::Kind::absolute;
  out.at = out.end = *at;
  if (in.accept("~")) {
    if (relative && !in.expect("+")) {
      return false;
    }
    const auto end = in.seconds();
    if (!end) {
      return false;
    }
    if (*end < *at) {
      return in.complain("a time range that ends before it starts");
    }
    out.kind = relative ? EventTime::Kind::relative_range : EventTime::Kind::absolute_range;
    out.end = *end;
  }
  return true;
}

bool parse_action(Scanner& in, Event& out) {
  in.skip_space();
  if (in.peek() == '<' || in.peek() == '>') {
    PacketEvent packet;
    if (!parse_packet(in, packet)) {
      return false;
    }
    out.what = std::move(packet);
  } else if (in.peek() == '`') {
    auto text = in.delimited("`", "`");
    if (!text) {
      return false;
    }
    out.what = CommandEvent{std::move(*text)};
  } else if (in.looking_at("%{")) {
    auto text = in.delimited("%{", "}%");
    if (!text) {
      return false;
    }
    out.what = CodeEvent{std::move(*text)};
  } else {
    CallEvent call;
    if (in.accept("...")) {
      const auto until = in.seconds();
      if (!until) {
        return false;
      }
      if (*until < out.time.at) {
        return in.complain("a call that returns before it starts");
      }
      call.until = *until;
    }
    if (!parse_call(in, call)) {
      return false;
    }
    out.what = std::move(call);
  }
  // Only what the host does by itself can be expected at an uncertain time.
  const auto* packet = std::get_if<PacketEvent>(&out.what);
  const bool exact = out.time.kind == EventTime::Kind::absolute || out.time.kind == EventTime::Kind::relative;
  if (!exact && (packet == nullptr || packet->inbound)) {
    return in.complain("only an outbound packet can have a range of times, or *");
  }
  return !in.failed();
}

// The word of a line that has `before` others before it; empty: there are not so many.
std::string word_of(std::string_view line, unsigned before) {
  constexpr std::string_view kBlank = " \t\r\n";
  while (true) {
    line.remove_prefix(std::min(line.find_first_not_of(kBlank), line.size()));
    const std::string_view word = line.substr(0, line.find_first_of(kBlank));
    if (before == 0 || word.empty()) {
      return std::string(word);
    }
    line.remove_prefix(word.size());
    --before;
  }
}

// Blanks out, line by line, what "#ifdef NAME", "#ifndef NAME", "#else" and "#endif" leave out; any other line that
// begins with '#' is a comment.
std::string preprocessed(std::string_view text, std::string_view defined) {
  std::string out;
  std::vector<bool> kept;  // of the conditions that are open
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end == std::string_view::npos ? end : end + 1);
    text.remove_prefix(line.size());
    const std::string keyword = word_of(line, 0);
    if (keyword == "#ifdef" || keyword == "#ifndef") {
      kept.push_back((word_of(line, 1) == defined) == (keyword == "#ifdef"));
    } else if (keyword == "#else" && !kept.empty()) {
      kept.back() = !kept.back();
    } else if (keyword == "#endif" && !kept.empty()) {
      kept.pop_back();
    } else if (std::ranges::find(kept, false) == kept.end()) {
      out += line;
      continue;
    }
    out += '\n';
  }
  return out;
}

}  // namespace

std::expected<Script, Complaint> parse(std::string_view text, std::optional<IpVersion> version,
                                       std::string_view defined) {
  const std::string chosen = text.contains("#if") && text.size() <= kMaxScriptBytes ? preprocessed(text, defined) : "";
  Scanner in(chosen.empty() ? text : chosen);
  Script script;
  if (text.size() > kMaxScriptBytes) {
    in.complain("a script of more than 1 MiB");
  } else if (parse_options(in, script)) {
    std::optional<IpVersion> said;  // the last one counts, as for every option
    for (const auto& [name, value] : script.options) {
      said = name == "ip_version" ? ip_version_named(value) : said;
    }
    in.set_ipv6(version.or_else([&] { return said; }) == IpVersion::ipv6);
    for (in.skip_space(); !in.at_end() && !in.failed(); in.skip_space()) {
      Event event;
      event.line = in.line();
      const bool timeless = in.peek() == '`';  // the commands before and after all events
      if ((!timeless && !parse_time(in, event.time)) || !parse_action(in, event)) {
        break;
      }
      if (script.events.size() >= kMaxEvents) {
        in.complain("too many events");
        break;
      }
      script.events.push_back(std::move(event));
    }
  }
  if (in.failed()) {
    return std::unexpected(*in.complaint());
  }
  return script;
}

}  // namespace catenet::packetdrill
