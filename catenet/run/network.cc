// SPDX-License-Identifier: Apache-2.0
#include "catenet/run/network.h"

#include <algorithm>

#include "catenet/base/hash.h"
#include "catenet/crypto/segment_digest.h"
#include "catenet/link/ethernet/ethernet_link.h"
#include "catenet/queue/fifo.h"
#include "catenet/queue/red.h"
#include "catenet/run/link_settings.h"
#include "catenet/run/tcp_settings.h"

namespace catenet::run {
namespace {

/// File names: what is not a letter, a digit, '.', '-' or '_' becomes '_'. "alice:eth0" is alice_eth0.pcapng.
std::string file_name(const std::string& node, const std::string& interface) {
  std::string name = node + "_" + interface;
  for (char& c : name) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
    c = plain ? c : '_';
  }
  return name + ".pcapng";
}

/// The packet whose time on the wire RED counts an idle link by, and the one that has the plain chance where it counts
/// bytes: F&J's and ns-2's "mean packet size" is of this order.
constexpr std::uint32_t kRedPacket = 1000;

std::unique_ptr<Qdisc> make_queue(const lab::Direction& direction, const Node& node, const std::string& interface) {
  const lab::QueueLimit& limit = *direction.queue;
  const queue::Fifo::Limits limits{.packets = limit.packets == 0 ? UINT32_MAX : limit.packets,
                                   .bytes = limit.bytes == 0 ? UINT64_MAX : limit.bytes,
                                   .mark = *direction.mark};
  const std::optional<lab::RedSettings>& red = *direction.red;
  if (!red) {
    return std::make_unique<queue::Fifo>(limits);
  }
  const queue::Red::Config config{.in_bytes = red->in_bytes,
                                  .min = red->min,
                                  .max = red->max,
                                  .max_probability = red->probability,
                                  .weight = red->weight,
                                  .gentle = red->gentle,
                                  .ecn = red->ecn,
                                  .mean_packet = kRedPacket,
                                  .idle_packet = direction.rate->transmission_time(kRedPacket),
                                  .limits = limits};
  return std::make_unique<queue::Red>(config, node.random_stream("red " + interface));
}

node::HostConfig host_config(const lab::Node& node) {
  node::HostConfig config;
  config.ipv4.forwarding = *node.forwarding;
  config.ipv4.default_ttl = static_cast<std::uint8_t>(*node.ttl);
  config.ipv4.neighbor.reachable_time = *node.arp.timeout;
  config.ipv4.neighbor.broadcast_tries = static_cast<std::uint8_t>(*node.arp.retries);
  config.tcp = tcp_config(node.tcp);
  config.tcp_digest = crypto::make_segment_digest;
  return config;
}

live::Ipv4Bytes bytes_of(wire::Ipv4Address address) {
  const auto b = address.to_bytes();
  return {std::to_integer<std::uint8_t>(b[0]), std::to_integer<std::uint8_t>(b[1]), std::to_integer<std::uint8_t>(b[2]),
          std::to_integer<std::uint8_t>(b[3])};
}

}  // namespace

Network::Network(const lab::Description& lab, trace::Journal& journal, const NetworkOptions& options)
    : lab_(lab),
      options_(options),
      partitioning_(lab.needs_real_time() ? partition(lab, 0)
                                          : partition(lab, options.partition_size, options.threads)),
      simulation_(*lab.seed, nullptr, partitioning_.threads) {
  make_partitions(journal);
}

Network::~Network() {
  for (NodeEntry& entry : nodes_) {  // programs first: they hold sockets, and those hold packets
    if (entry.host != nullptr) {
      entry.host->stop_programs();
    }
  }
  drain();
  for (NodeEntry& entry : nodes_) {
    entry.node.reset();
  }
  check(simulation_.packets().alive() == 0, "packets are left when the network is gone");
}

std::expected<std::unique_ptr<Network>, std::string> Network::build(const lab::Description& lab,
                                                                    trace::Journal& journal,
                                                                    const NetworkOptions& options) {
  std::unique_ptr<Network> network(new Network(lab, journal, options));
  network->name_nodes();
  network->make_nodes();
  if (auto done = network->make_links(); !done) {
    return std::unexpected(done.error());
  }
  for (lab::NodeIndex i = 0; i < lab.nodes.size(); ++i) {
    network->configure_host(i);
  }
  for (NodeEntry& entry : network->nodes_) {
    for (const auto& interface : entry.node->interfaces()) {
      interface->link_changed();  // the links come up, in lab order
    }
  }
  return network;
}

void Network::make_partitions(trace::Journal& journal) {
  std::vector<Observer*> pens{&journal};
  while (pens.size() < partitioning_.threads) {
    pens.push_back(&journal.add_pen());
  }
  for (const unsigned thread : partitioning_.thread) {
    environments_.push_back(&simulation_.add_partition(thread));
    environments_.back()->digests = !lab_.needs_real_time();  // no two runs are the same
    observers_.push_back(std::make_unique<Observers>());
    observers_.back()->fan_out.add(observers_.back()->watch);
    observers_.back()->fan_out.add(*pens[thread]);
    environments_.back()->observer = &observers_.back()->fan_out;
  }
}

void Network::make_nodes() {
  nodes_.resize(lab_.nodes.size());
  for (lab::NodeIndex i = 0; i < lab_.nodes.size(); ++i) {
    const lab::Node& described = lab_.nodes[i];
    Environment& world = environment_of(i);
    const SourceId id = next_source_++;
    NodeEntry& entry = nodes_[i];
    if (described.is_switch()) {
      auto made = std::make_unique<bridge::LearningSwitch>(
          world, id, described.name, bridge::LearningSwitch::Config{.ageing = *described.mac_ageing});
      entry.bridge = made.get();
      entry.node = std::move(made);
    } else if (described.is_linux()) {
      auto made = std::make_unique<live::LinuxNode>(world, id, described.name);
      entry.linux_node = made.get();
      entry.node = std::move(made);
    } else {
      auto made = std::make_unique<node::Host>(world, id, described.name, host_config(described));
      entry.host = made.get();
      entry.node = std::move(made);
    }
    make_interfaces(i);
  }
}

void Network::make_interfaces(lab::NodeIndex index) {
  for (const lab::Interface& described : lab_.nodes[index].interfaces) {
    Interface& made = nodes_[index].node->add_interface(described.name);
    const lab::Link& link = lab_.links[described.link];
    made.set_link_layer(std::make_unique<link::EthernetLink>());
    made.set_qdisc(make_queue(described.is_a ? link.forward : link.backward, made.node(), described.name));
    made.set_address(*described.mac);
    made.set_mtu(*described.mtu);
  }
}

std::expected<FrameSink*, std::string> Network::make_capture(lab::NodeIndex node, std::uint32_t interface,
                                                             Medium& face) {
  Interface& end = *nodes_[node].node->interfaces()[interface];
  const lab::Interface& described = lab_.nodes[node].interfaces[interface];
  if (!described.capture || options_.captures.empty()) {
    end.attach(face);
    return &end;
  }
  const auto path = options_.captures / file_name(lab_.nodes[node].name, described.name);
  auto sink = trace::FileSink::create(path.string());
  if (!sink) {
    return std::unexpected("cannot write " + path.string() + ": " + live::errno_text(sink.error().code));
  }
  CaptureFile file;
  file.sink = std::move(*sink);
  file.writer = std::make_unique<trace::PcapngWriter>(*file.sink, options_.application);
  trace::Capture::Options options;
  options.snaplen = *lab_.snaplen;
  options.description = "link " + lab_.links[described.link].name;
  file.capture = std::make_unique<trace::Capture>(end, face, *file.writer,
                                                  &observers_[partitioning_.partition[node]]->watch, options);
  file.capture->plug_in();
  captures_.push_back(std::move(file));
  return captures_.back().capture.get();
}

std::expected<void, std::string> Network::make_links() {
  const std::vector<lab::LinkOutlook> outlooks = lab::link_outlooks(lab_);
  for (const lab::Link& link : lab_.links) {
    const lab::LinkOutlook& outlook = outlooks[links_.size()];
    const SourceId first = next_source_;
    next_source_ += medium::Cable::kSourceIds + 2 * medium::Impairment::kSourceIds;
    Environment& a = environment_of(link.a);
    Environment& b = environment_of(link.b);
    LinkEntry entry;
    entry.cable =
        std::make_unique<medium::Cable>(a, b, first, cable_spec(link, link.forward), cable_spec(link, link.backward));
    entry.cable->promise_delay(outlook.least_delay);
    auto a_sink = make_capture(link.a, link.a_interface, entry.cable->a());
    auto b_sink = make_capture(link.b, link.b_interface, entry.cable->b());
    if (!a_sink || !b_sink) {
      return std::unexpected(!a_sink ? a_sink.error() : b_sink.error());
    }
    const SourceId wrappers = first + medium::Cable::kSourceIds;
    if (const auto spec = impairment_spec(link.forward); spec.any() || outlook.forward) {
      entry.forward = std::make_unique<medium::Impairment>(b, wrappers, link.name + " forward", **b_sink, spec);
      entry.cable->b().set_sink(*entry.forward);
    }
    if (const auto spec = impairment_spec(link.backward); spec.any() || outlook.backward) {
      entry.backward = std::make_unique<medium::Impairment>(a, wrappers + 1, link.name + " backward", **a_sink, spec);
      entry.cable->a().set_sink(*entry.backward);
    }
    if (&a != &b) {
      simulation_.add_crossing(a, b, entry.cable->lookahead());
    }
    links_.push_back(std::move(entry));
  }
  return {};
}

void Network::configure_host(lab::NodeIndex index) {
  node::Host* host = nodes_[index].host;
  if (host == nullptr) {
    return;
  }
  const lab::Node& described = lab_.nodes[index];
  for (std::size_t i = 0; i < described.interfaces.size(); ++i) {
    if (described.interfaces[i].address.is_set()) {
      // The lab has checked addresses and routes; what IP refuses now is a disagreement between two of our rooms.
      check(host->ipv4().add_address(*host->interfaces()[i], *described.interfaces[i].address).has_value(),
            "lab address refused");
    }
  }
  for (const lab::Route& route : described.routes) {
    ip::Ipv4Route made;
    made.prefix = route.destination;
    made.next_hop = route.via;
    made.interface = host->interfaces()[route.interface].get();
    check(host->ipv4().add_route(made).has_value(), "lab route refused");
  }
  if (described.gateway.is_set()) {
    check(host->ipv4().set_default_route(*described.gateway).has_value(), "lab gateway refused");
  }
}

void Network::crash(lab::NodeIndex index) {
  NodeEntry& entry = nodes_[index];
  for (const auto& interface : entry.node->interfaces()) {
    interface->drain(DropReason::node_down);
  }
  if (entry.host != nullptr) {
    const std::vector<transport::TcpFlow> flows = entry.host->tcp().flows();
    entry.past_flows.insert(entry.past_flows.end(), flows.begin(), flows.end());
    entry.host->crash(host_config(lab_.nodes[index]));
  }
}

void Network::start_again(lab::NodeIndex index) { configure_host(index); }

void Network::settle() {
  for (Environment* environment : environments_) {
    environment->scheduler.run_posted();
  }
}

void Network::name_nodes() {
  for (const lab::Node& described : lab_.nodes) {
    for (const lab::Interface& interface : described.interfaces) {
      if (interface.address.is_set()) {
        names_.add(described.name, interface.address->address());
      }
    }
  }
}

std::string Network::hosts_file() const {
  std::string text = "127.0.0.1\tlocalhost\n";
  for (const lab::Node& described : lab_.nodes) {
    for (const lab::Interface& interface : described.interfaces) {
      if (interface.address.is_set()) {
        text += interface.address->address().to_string() + "\t" + described.name + "\n";
      }
    }
  }
  return text;
}

live::NamespaceSpec Network::namespace_spec(lab::NodeIndex index, const std::string& working_directory) const {
  const lab::Node& described = lab_.nodes[index];
  live::NamespaceSpec spec;
  spec.name = described.name;
  spec.hosts = hosts_file();
  spec.working_directory = working_directory;
  for (const lab::Interface& interface : described.interfaces) {
    live::NicSpec nic;
    nic.name = interface.name;
    const wire::MacAddress mac = *interface.mac;
    nic.mac = live::MacBytes{mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]};
    nic.mtu = *interface.mtu;
    if (interface.address.is_set()) {
      nic.addresses.push_back(
          {bytes_of(interface.address->address()), static_cast<std::uint8_t>(interface.address->length())});
    }
    spec.nics.push_back(std::move(nic));
  }
  for (const lab::Route& route : described.routes) {
    live::Ipv4Route made;
    made.prefix = {bytes_of(route.destination.address()), static_cast<std::uint8_t>(route.destination.length())};
    made.gateway = bytes_of(route.via);
    made.device = described.interfaces[route.interface].name;
    spec.routes.push_back(std::move(made));
  }
  if (described.gateway.is_set()) {
    live::Ipv4Route route;
    route.gateway = bytes_of(*described.gateway);
    spec.routes.push_back(std::move(route));
  }
  if (*described.forwarding) {
    spec.sysctls.push_back({"net/ipv4/ip_forward", "1"});
  }
  // Ping as an ordinary program needs no capability then, whoever runs it inside.
  spec.sysctls.push_back({"net/ipv4/ping_group_range", "0 0"});
  return spec;
}

live::LiveResult<void> Network::make_namespaces(const std::string& working_directory) {
  for (lab::NodeIndex i = 0; i < nodes_.size(); ++i) {
    NodeEntry& entry = nodes_[i];
    if (entry.linux_node == nullptr) {
      continue;
    }
    auto made = live::Namespace::create(namespace_spec(i, working_directory));
    if (!made) {
      return live::live_fail(made.error().code, "node " + lab_.nodes[i].name + ": " + made.error().text);
    }
    entry.space = std::move(*made);
    for (std::size_t nic = 0; nic < entry.space->nic_count(); ++nic) {
      entry.linux_node->join(*entry.node->interfaces()[nic], entry.space->nic(nic));
    }
  }
  return {};
}

std::uint64_t Network::digest() const {
  std::uint64_t digest = hash_text("catenet run", *lab_.seed);
  for (const NodeEntry& entry : nodes_) {
    digest = mix64(digest, hash_text(entry.node->name()));
    for (const auto& interface : entry.node->interfaces()) {
      digest = mix64(digest ^ interface->digest(), interface->counters().rx_packets);
      digest = mix64(digest ^ interface->counters().tx_packets, interface->drops().total());
    }
    digest = mix64(digest, entry.node->drops().total());
  }
  return digest;
}

std::uint64_t Network::frames_under_way() const {
  std::uint64_t sum = 0;
  for (const LinkEntry& link : links_) {
    sum += link.cable->in_flight() + (link.forward ? link.forward->in_flight() : 0) +
           (link.backward ? link.backward->in_flight() : 0);
  }
  for (const NodeEntry& entry : nodes_) {
    for (const auto& interface : entry.node->interfaces()) {
      sum += interface->qdisc().packets();
    }
  }
  return sum;
}

void Network::drain() {
  simulation_.settle();
  for (LinkEntry& link : links_) {
    for (const auto& impairment : {link.forward.get(), link.backward.get()}) {
      if (impairment != nullptr) {
        impairment->drain(DropReason::run_ended);
      }
    }
    link.cable->drain(DropReason::run_ended);
  }
  for (NodeEntry& entry : nodes_) {
    if (entry.linux_node != nullptr) {
      entry.linux_node->drain(DropReason::run_ended);
    }
    for (const auto& interface : entry.node->interfaces()) {
      interface->drain(DropReason::run_ended);
    }
  }
}

Result<void> Network::flush_captures() {
  for (CaptureFile& file : captures_) {
    (void)file.writer->flush();
    if (auto status = file.writer->status(); !status) {
      return status;
    }
  }
  return {};
}

}  // namespace catenet::run
