// SPDX-License-Identifier: Apache-2.0
#include "catenet/packetdrill/player.h"

#include <algorithm>
#include <array>

#include "catenet/packetdrill/assertion.h"
#include "catenet/packetdrill/notation.h"
#include "catenet/packetdrill/symbols.h"
#include "catenet/packetdrill/tcp_info.h"

namespace catenet::packetdrill {
namespace {

// An ICMP error, which quotes a packet.
bool is_error(const IcmpFields& icmp) {
  if (icmp.v6) {
    return icmp.type < 128;
  }
  constexpr std::array<std::uint8_t, 5> kErrors{3, 4, 5, 11, 12};
  return std::ranges::find(kErrors, icmp.type) != kErrors.end();
}

std::string answer_text(std::int64_t value, const std::string& error) {
  return std::to_string(value) + (error.empty() ? "" : " " + error);
}

}  // namespace

Player::Player(const Settings& settings, const Script& script)
    : settings_(settings),
      script_(script),
      world_({}, addresses_of(settings), settings.mtu),
      calls_(world_.host.sockets().table(), world_.addresses) {
  world_.apply(settings.tcp);
  calls_.set_linux(settings.tcp.linux_profile);
  calls_.set_freebsd(settings.tcp.freebsd);
  calls_.set_tolerance(settings.tolerance);
}

Outcome Player::play() {
  for (const Event& event : script_.events) {
    if (Stop stop = play_event(event)) {
      return *stop;
    }
    before_ = world_.now();
  }
  if (Stop stop = finish_call()) {
    return *stop;
  }
  return {};
}

Outcome Player::failed(const Event& event, std::string reason, std::string expected, std::string got) const {
  return {Outcome::Status::failed, event.line, std::move(reason), std::move(expected), std::move(got)};
}

Outcome Player::skipped(const Event& event, std::string reason) const {
  return {Outcome::Status::skipped, event.line, std::move(reason), {}, {}};
}

// ---- time ---------------------------------------------------------------------------------------------------------

// A relative time counts from the end of the event before.
Instant Player::start_of(const Event& event) const {
  const bool relative =
      event.time.kind == EventTime::Kind::relative || event.time.kind == EventTime::Kind::relative_range;
  return (relative ? before_ : Instant::zero()) + event.time.at;
}

Duration Player::tolerance(Instant at) const {
  const Duration since = at > before_ ? at - before_ : Duration{};
  return std::max(settings_.tolerance, since * settings_.tolerance_percent_tenths / 1000);
}

bool Player::step(Instant end) {
  if (!world_.step(end)) {
    return false;
  }
  calls_.look();
  try_pending();
  return true;
}

Player::Stop Player::advance(Instant at) {
  while (step(at)) {
    if (ended_) {
      return ended_;
    }
    if (world_.is_exhausted()) {
      return Outcome{Outcome::Status::failed, 0, "the host is busier than a script can make it", {}, {}};
    }
  }
  world_.set_time(at);
  try_pending();
  return ended_;
}

// ---- events -------------------------------------------------------------------------------------------------------

Player::Stop Player::play_event(const Event& event) {
  const auto* packet = std::get_if<PacketEvent>(&event.what);
  if (packet != nullptr && !packet->inbound) {
    return play_outbound(event, *packet);
  }
  if (Stop stop = advance(std::max(start_of(event), world_.now()))) {
    return stop;
  }
  if (packet != nullptr) {
    return play_inbound(event, *packet);
  }
  if (const auto* call = std::get_if<CallEvent>(&event.what)) {
    return play_call(event, *call);
  }
  if (const auto* command = std::get_if<CommandEvent>(&event.what)) {
    return play_command(event, command->text);
  }
  return play_code(event, std::get<CodeEvent>(event.what));
}

Player::Stop Player::play_command(const Event& event, const std::string& command) {
  transport::Tcp& tcp = world_.host.tcp();
  if (const auto wanted = socket_count(command)) {
    return check_sockets(event, *wanted);
  }
  if (const auto wanted = row_check(command)) {
    return check_row(event, *wanted);
  }
  TcpSettings tcp_settings{tcp.config(), tcp.policy(), tcp.limits(), {}, false, calls_.freebsd(), calls_.is_linux()};
  if (auto reason = apply_command(command, tcp_settings)) {
    return skipped(event, std::move(*reason));
  }
  for (std::string_view rest = command; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    if (const auto file = file_made_by(line)) {
      calls_.make_file(file->first, file->second);
    }
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
  }
  world_.apply(tcp_settings);
  calls_.set_freebsd(tcp_settings.freebsd);
  calls_.set_linux(tcp_settings.linux_profile);
  return std::nullopt;
}

Player::Stop Player::check_row(const Event& event, const RowCheck& wanted) {
  const auto rows = world_.host.tcp().snapshot();
  const bool there = std::ranges::any_of(rows, [&](const transport::TcpPcbInfo& row) {
    const bool port = row.tuple.local.port == wanted.port || row.tuple.foreign.port == wanted.port;
    return port && linux_state(row.state) == wanted.state;
  });
  return there ? std::nullopt : Stop(failed(event, "no connection in this state"));
}

Player::Stop Player::check_sockets(const Event& event, const SocketCount& wanted) {
  const auto rows = world_.host.tcp().snapshot();
  const auto count = static_cast<std::size_t>(std::ranges::count(rows, wanted.state, &transport::TcpPcbInfo::state));
  if (count == wanted.count) {
    return std::nullopt;
  }
  return failed(event, "sockets in this state", std::to_string(wanted.count), std::to_string(count));
}

bool Player::has_listener(std::uint16_t port) const {
  const auto rows = world_.host.tcp().snapshot();
  return std::ranges::any_of(rows, [&](const transport::TcpPcbInfo& row) {
    return row.state == transport::TcpState::listen && row.tuple.local.port == port;
  });
}

Player::Stop Player::play_inbound(const Event& event, const PacketEvent& packet) {
  PacketEvent live = packet;
  wire::Endpoint source{world_.addresses.remote, 0};
  wire::Endpoint destination{world_.addresses.local, 0};
  wire::FourTuple quoted{destination, source};
  Flow* flow = flow_for(packet);
  if (auto* icmp = std::get_if<IcmpFields>(&live.body)) {
    if (icmp->quoted == IcmpFields::Quoted::none && is_error(*icmp) && current_ != nullptr && current_->is_tcp()) {
      icmp->quoted = IcmpFields::Quoted::tcp;  // of the connection at hand, and of its SYN unless the script says more
      icmp->quoted_length = icmp->mtu;         // long enough to have been too big
      flow = current_;
    }
    if (icmp->quoted != IcmpFields::Quoted::none) {
      if (flow == nullptr) {
        return failed(event, "an ICMP error about a packet of no connection");
      }
      icmp->quoted_seq = flow->seq_to_wire(icmp->quoted_seq);
      quoted = {flow->local(), flow->remote()};
    }
  } else {
    source = flow->remote();
    destination = flow->local();
    if (flow->is_fresh() && !has_listener(destination.port)) {
      flow->use_wire_numbers();
    }
    if (auto* tcp = std::get_if<TcpFields>(&live.body)) {
      *tcp = flow->to_wire(*tcp);
    }
    current_ = flow;
  }
  world_.inject(build(live, source, destination, quoted));
  calls_.look();
  try_pending();
  return ended_;
}

Player::Stop Player::play_code(const Event& event, const CodeEvent& code) {
  std::optional<transport::TcpPcbInfo> found;
  const int fd = last_fd_ >= 0 ? last_fd_ : calls_.newest();
  const auto local = calls_.table().getsockname(fd);
  const auto peer = calls_.table().getpeername(fd);
  for (const transport::TcpPcbInfo& info : world_.host.tcp().snapshot()) {
    const bool same_flow =
        current_ != nullptr && info.tuple.local == current_->local() && info.tuple.foreign == current_->remote();
    const bool same_socket = local && peer && info.tuple.local == *local && info.tuple.foreign == *peer;
    if (same_socket || (same_flow && !found)) {
      found = info;
    }
  }
  if (!found) {  // no connection, but perhaps a socket
    const auto figures = calls_.table().get_option<socket::option::Figures>(fd);
    found = figures ? std::optional(figures->tcp) : std::nullopt;
  }
  const Verdict verdict = check_code(code.text, variables_, [&](std::string_view name) {
    return found ? tcp_info_field(*found, name) : std::nullopt;
  });
  if (verdict.kind == Verdict::Kind::fails) {
    return failed(event, verdict.text);
  }
  if (verdict.kind == Verdict::Kind::unsupported) {
    return skipped(event, verdict.text);
  }
  return std::nullopt;
}

// ---- calls --------------------------------------------------------------------------------------------------------

Player::Stop Player::play_call(const Event& event, const CallEvent& call) {
  if (Stop stop = finish_call()) {  // one at a time
    return stop;
  }
  Progress progress;
  const Answer answer = calls_.attempt(call, progress);
  calls_.look();
  if (answer.kind != Answer::Kind::blocks) {
    if (call.until && *call.until - event.time.at > tolerance(world_.now()) && answer.kind == Answer::Kind::returned) {
      return failed(event, call.name + " returned at once",
                    "return at " + to_text((start_of(event) + (*call.until - event.time.at)).since_start()),
                    "return at " + to_text(world_.now().since_start()));
    }
    return judge(event, call, answer);
  }
  const Duration length = call.until ? *call.until - event.time.at : Duration{};
  pending_ = Pending{&event, progress, world_.now() + length};
  return call.until ? std::nullopt : finish_call();
}

// Does the call that waits return now?
void Player::try_pending() {
  if (!pending_ || ended_) {
    return;
  }
  const Event& event = *pending_->event;
  const auto& call = std::get<CallEvent>(event.what);
  const Answer answer = calls_.attempt(call, pending_->progress);
  if (answer.kind == Answer::Kind::blocks) {
    return;
  }
  const Instant until = pending_->until;
  const Duration allowed = std::max(settings_.tolerance, event.time.at == Duration{} ? Duration{} : tolerance(until));
  pending_.reset();
  ended_ = judge(event, call, answer);
  const Instant now = world_.now();
  if (!ended_ && (now > until + allowed || now < until - allowed)) {
    ended_ = failed(event, call.name + " returned at the wrong time", "return at " + to_text(until.since_start()),
                    "return at " + to_text(now.since_start()));
  }
}

Player::Stop Player::finish_call() {
  if (!pending_) {
    return ended_;
  }
  const Instant end = std::max(world_.now(), pending_->until + tolerance(pending_->until));
  while (pending_ && !ended_ && !world_.is_exhausted()) {
    const Instant deadline = pending_->progress.deadline;
    if (!step(std::min(end, deadline))) {
      world_.set_time(std::min(end, deadline));
      try_pending();
      break;
    }
  }
  if (pending_ && !ended_) {
    const Event& event = *pending_->event;
    ended_ = failed(event, std::get<CallEvent>(event.what).name + " still blocks",
                    "return at " + to_text(pending_->until.since_start()), "nothing at " + to_text(end.since_start()));
  }
  return ended_;
}

Player::Stop Player::judge(const Event& event, const CallEvent& call, const Answer& answer) {
  if (answer.kind == Answer::Kind::unsupported) {
    return skipped(event, answer.text);
  }
  if (answer.kind == Answer::Kind::differs) {
    return failed(event, call.name + ": " + answer.text);
  }
  const std::string error = answer.error == 0 ? std::string() : error_name(answer.error);
  const std::string got = call.name + " = " + answer_text(answer.value, error);
  note_call(call, answer);
  if (call.result.kind == Expr::Kind::ellipsis) {
    return std::nullopt;
  }
  std::string unknown;
  const auto wanted = number_of(call.result, unknown);
  if (!wanted) {
    return skipped(event, "the result " + to_text(call.result));
  }
  const std::string expected = call.name + " = " + answer_text(*wanted, call.error);
  if (*wanted != answer.value) {
    return failed(event, "result of " + call.name, expected, got);
  }
  if (!call.error.empty() && call.error != error && symbol(call.error) != answer.error) {
    return failed(event, "errno of " + call.name, expected, got);
  }
  return std::nullopt;
}

void Player::note_call(const CallEvent& call, const Answer& answer) {
  if (answer.error != 0) {
    return;
  }
  if (call.name == "accept" || call.name == "accept4" || call.name == "socket") {
    last_fd_ = calls_.newest();
  }
  if (call.name == "listen") {
    std::string unknown;
    const auto fd = number_of(call.arguments[0], unknown);
    if (const auto end = calls_.table().getsockname(calls_.live(fd.value_or(-1)))) {
      fresh_listener_ = *end;
    }
  }
}

}  // namespace catenet::packetdrill
