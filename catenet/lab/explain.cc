// SPDX-License-Identifier: Apache-2.0
#include "catenet/lab/explain.h"

#include <fmt/format.h>

#include <algorithm>

#include "catenet/lab/yaml_text.h"

namespace catenet::lab {
namespace {

std::string_view comment(Origin origin) {
  switch (origin) {
    case Origin::kBuiltIn:
      return "  # default";
    case Origin::kDefaults:
      return "  # from defaults";
    case Origin::kAssigned:
      return "  # assigned";
    case Origin::kGiven:
      break;
  }
  return "";
}

std::string queue_text(const QueueLimit& queue) {
  std::string packets = fmt::format("{}p", queue.packets);
  if (queue.bytes == 0) {
    return packets;
  }
  return queue.packets == 0 ? size_text(queue.bytes) : fmt::format("[{}, {}]", size_text(queue.bytes), packets);
}

std::string red_text(const std::optional<RedSettings>& red) {
  if (!red) {
    return "false";
  }
  const auto length = [&](std::uint64_t n) { return red->in_bytes ? size_text(n) : fmt::format("{}p", n); };
  return fmt::format("{{min: {}, max: {}, probability: {}, weight: {}, gentle: {}, ecn: {}}}", length(red->min),
                     length(red->max), to_text(red->probability), to_text(red->weight), red->gentle, red->ecn);
}

std::string option_text(const OptionSetting& option) {
  if (const bool* flag = std::get_if<bool>(&option.value)) {
    return *flag ? "true" : "false";
  }
  if (const std::uint64_t* number = std::get_if<std::uint64_t>(&option.value)) {
    return tcp_option(option.name).type == OptionRule::Type::kSize ? size_text(*number) : fmt::to_string(*number);
  }
  if (const Duration* duration = std::get_if<Duration>(&option.value)) {
    return to_text(*duration);
  }
  return std::get<std::string>(option.value);
}

class Explainer {
 public:
  Explainer(const Description& lab, Origins origins) : lab_(lab), shown_(origins == Origins::shown) {}

  std::string run() {
    line(0, "lab", lab_.name, lab_.named ? Origin::kGiven : Origin::kBuiltIn);
    line(0, "seed", fmt::to_string(*lab_.seed), lab_.seed.origin);
    line(0, "until", to_text(*lab_.until), lab_.until.origin);
    std::string capture;
    for (const std::string& item : *lab_.capture) {
      capture += (capture.empty() ? "" : ", ") + yaml_text(item);
    }
    line(0, "capture", lab_.capture->size() == 1 ? capture : "[" + capture + "]", lab_.capture.origin);
    line(0, "snaplen", fmt::to_string(*lab_.snaplen), lab_.snaplen.origin);
    if (shown_) {
      sweep();
    }
    out_ += lab_.nodes.empty() ? "nodes: {}\n" : "nodes:\n";
    for (std::size_t n = 0; n < lab_.nodes.size(); ++n) {
      node(static_cast<NodeIndex>(n));
    }
    out_ += lab_.links.empty() ? "" : "links:\n";
    for (const Link& l : lab_.links) {
      link(l);
    }
    events();
    out_ += lab_.expectations.empty() ? "" : "expect:\n";
    for (const Expectation& e : lab_.expectations) {
      out_ += fmt::format("  - {}\n", yaml_text(e.text));
    }
    return std::move(out_);
  }

 private:
  /// Those that the end of the run leaves out are left out.
  void events() {
    bool first = true;
    for (const Event& e : lab_.events) {
      if (e.time.moment == EventTime::Moment::kRun && e.time.after > *lab_.until) {
        continue;
      }
      out_ += first ? "events:\n" : "";
      first = false;
      out_ += fmt::format("  - {}: {}\n", yaml_text(e.when), yaml_text(e.what));
    }
  }

  void line(int indent, std::string_view key, std::string_view value, Origin origin) {
    out_ += fmt::format("{:{}}{}: {}{}\n", "", indent, key, value, said(origin));
  }
  [[nodiscard]] std::string_view said(Origin origin) const { return shown_ ? comment(origin) : std::string_view(); }

  /// What is about many runs.
  void sweep() {
    if (!lab_.seeds.empty()) {
      out_ += fmt::format("seeds: {}\n", lab_.seeds.size() == 1 ? seed_text(lab_.seeds[0]) : seeds_text());
    }
    out_ += lab_.matrix.empty() ? "" : "matrix:\n";
    for (const Parameter& parameter : lab_.matrix) {
      out_ += fmt::format("  {}: [{}]\n", yaml_text(parameter.path), fmt::join(parameter.values, ", "));
    }
  }
  static std::string seed_text(const SeedRange& range) {
    return range.first == range.last ? fmt::to_string(range.first) : fmt::format("{}..{}", range.first, range.last);
  }
  [[nodiscard]] std::string seeds_text() const {
    std::string out;
    for (const SeedRange& range : lab_.seeds) {
      out += (out.empty() ? "" : ", ") + seed_text(range);
    }
    return "[" + out + "]";
  }

  void node(NodeIndex index) {
    const Node& node = lab_.nodes[index];
    out_ += fmt::format("  {}:\n", node.name);
    line(4, "kind", name_of(*node.kind), node.kind.origin);
    if (node.is_switch()) {
      line(4, "mac_ageing", to_text(*node.mac_ageing), node.mac_ageing.origin);
    }
    if (*node.kind == NodeKind::kHost) {
      line(4, "stack", name_of(*node.stack), node.stack.origin);
    }
    for (const Interface& i : node.interfaces) {
      if (*i.mtu != *lab_.links[i.link].mtu) {  // the node's own: then all its interfaces have it
        line(4, "mtu", fmt::to_string(*i.mtu), i.mtu.origin);
        break;
      }
    }
    if (!node.is_switch()) {
      interfaces(node);
      forwarding(node);
    }
    if (!node.is_switch() && !node.is_linux()) {
      line(4, "ttl", fmt::to_string(*node.ttl), node.ttl.origin);
      out_ += "    arp:\n";
      line(6, "timeout", to_text(*node.arp.timeout), node.arp.timeout.origin);
      line(6, "retries", fmt::to_string(*node.arp.retries), node.arp.retries.origin);
      out_ += "    tcp:\n";
      for (const OptionSetting& option : node.tcp) {
        tcp_option_line(option);
      }
    }
    bool first = true;
    for (; next_program_ < lab_.programs.size() && lab_.programs[next_program_].node == index; ++next_program_) {
      out_ += first ? "    run:\n" : "";
      first = false;
      program(lab_.programs[next_program_]);
    }
  }

  /// A min_rto that is given bounds the whole timeout, the default one only its variance.
  void tcp_option_line(const OptionSetting& option) {
    if (option.name == "min_rto" && option.origin == Origin::kBuiltIn) {
      out_ += fmt::format("      # min_rto: {}  (default: of the variance)\n", option_text(option));
    } else {
      line(6, option.name, option_text(option), option.origin);
    }
  }

  void interfaces(const Node& node) {
    if (node.interfaces.empty()) {
      return;
    }
    out_ += "    addresses:\n";
    for (const Interface& i : node.interfaces) {
      line(6, i.peer_name, i.address->to_string(), i.address.origin);
    }
    out_ += "    macs:\n";
    for (const Interface& i : node.interfaces) {
      line(6, i.peer_name, yaml_text(i.mac->to_string()), i.mac.origin);
    }
  }

  /// Worked-out routes are comments: written down as keys they would become routes by hand.
  void forwarding(const Node& node) {
    if (node.gateway.is_set()) {
      line(4, "gateway", node.gateway->to_string(), node.gateway.origin);
    }
    if (!node.is_linux()) {
      line(4, "forwarding", *node.forwarding ? "true" : "false", node.forwarding.origin);
    }
    if (*node.kind == NodeKind::kRouter) {
      line(4, "routing", name_of(*node.routing), node.routing.origin);
    }
    bool first = true;
    for (const Route& route : node.routes) {
      const bool given = route.origin == Origin::kGiven;
      out_ += first && given ? "    routes:\n" : "";
      first = first && !given;
      out_ += fmt::format("    {}{} via {}{}\n", given ? "  - " : "# route ", route.destination.to_string(),
                          route.via.to_string(), given ? "" : "  (assigned)");
    }
  }

  void program(const Program& program) {
    out_ += fmt::format("      - run: {}\n", yaml_text(program.command));
    line(8, "name", program.name, program.named ? Origin::kGiven : Origin::kAssigned);
    line(8, "at", to_text(*program.at), program.at.origin);
    if (!program.after.empty()) {
      std::string names;
      for (const ProgramIndex index : program.after) {
        names += (names.empty() ? "" : ", ") + lab_.programs[index].name;
      }
      line(8, "after", "[" + names + "]", Origin::kGiven);
    }
    line(8, "service", *program.service ? "true" : "false", program.service.origin);
    if (program.ready) {
      line(8, "ready", fmt::format("{}:{}", program.ready->tcp ? "tcp" : "udp", program.ready->port), Origin::kGiven);
    }
    if (!program.env.empty()) {
      out_ += "        env:\n";
      for (const auto& [key, value] : program.env) {
        line(10, yaml_text(key), yaml_text(value), Origin::kGiven);
      }
    }
    if (!program.cwd.empty()) {
      line(8, "cwd", yaml_text(program.cwd), Origin::kGiven);
    }
    if (!program.stdout_file.empty()) {
      line(8, "stdout", yaml_text(program.stdout_file), Origin::kGiven);
    }
    line(8, "exit", program.exit->has_value() ? fmt::to_string(**program.exit) : "any", program.exit.origin);
  }

  void link(const Link& link) {
    out_ += fmt::format("  - {} -- {}:", lab_.nodes[link.a].name, lab_.nodes[link.b].name);
    out_ += link.name.ends_with(lab_.nodes[link.b].name) ? "\n" : fmt::format("  # {}\n", link.name);
    line(6, "mtu", fmt::to_string(*link.mtu), link.mtu.origin);
    line(6, "trains", *link.trains ? "true" : "false", link.trains.origin);
    const std::string forward = direction(link.forward, 6);
    if (forward == direction(link.backward, 6)) {
      out_ += forward;
    } else {
      out_ += "      forward:\n" + direction(link.forward, 8) + "      backward:\n" + direction(link.backward, 8);
    }
  }

  /// The keys of one direction as text of its own, so that two can be compared.
  [[nodiscard]] std::string direction(const Direction& d, int indent) const {
    std::string out;
    const auto line = [&](std::string_view key, std::string_view value, Origin origin) {
      out += fmt::format("{:{}}{}: {}{}\n", "", indent, key, value, said(origin));
    };
    line("rate", to_text(*d.rate), d.rate.origin);
    if (d.length_mm) {
      line("length", length_text(*d.length_mm), d.delay.origin);
    } else {
      line("delay", to_text(*d.delay), d.delay.origin);
    }
    line("queue", queue_text(*d.queue), d.queue.origin);
    if (d.mark.is_set()) {
      line("mark", fmt::format("{}p", *d.mark), d.mark.origin);
    }
    if (d.red.is_set()) {
      line("red", red_text(*d.red), d.red.origin);
    }
    line("loss", to_text(*d.loss), d.loss.origin);
    line("duplicate", to_text(*d.duplicate), d.duplicate.origin);
    line("reorder", fmt::format("{} by {}", to_text(d.reorder->probability), to_text(d.reorder->by)), d.reorder.origin);
    line("jitter", to_text(*d.jitter), d.jitter.origin);
    line("corrupt", to_text(*d.corrupt), d.corrupt.origin);
    line("bit_error_rate", to_text(*d.bit_error_rate), d.bit_error_rate.origin);
    return out;
  }

  const Description& lab_;
  const bool shown_;
  std::string out_;
  std::size_t next_program_ = 0;
};

}  // namespace

std::string explain(const Description& lab, Origins origins) { return Explainer(lab, origins).run(); }

}  // namespace catenet::lab
