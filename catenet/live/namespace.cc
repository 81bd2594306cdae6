// SPDX-License-Identifier: Apache-2.0
// The owner's side; keeper.cc is the other.
#include "catenet/live/namespace.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>

#include "catenet/live/control.h"
#include "catenet/live/diagnosis.h"
#include "catenet/live/keeper.h"
#include "catenet/live/monotonic.h"

namespace catenet::live {
namespace {

LiveResult<void> validate(const NamespaceSpec& spec) {
  if (spec.name.empty() || spec.name.size() > 63 || spec.name.find('\0') != std::string::npos) {
    return live_fail(EINVAL, "a node name has 1 to 63 bytes");
  }
  if (spec.nics.size() > kMaxPassedFds) {
    return live_fail(EINVAL, spec.name + ": more than " + std::to_string(kMaxPassedFds) + " NICs");
  }
  for (const NicSpec& nic : spec.nics) {
    if (nic.name.empty() || nic.name.size() > 15 || nic.name == "lo" || nic.name == "." || nic.name == ".." ||
        nic.name.find_first_of(std::string_view("/ \t\n:%\0", 7)) != std::string::npos) {
      return live_fail(EINVAL,
                       spec.name + ": \"" + nic.name + "\" is no name for a NIC (1 to 15 bytes, not lo, no / : %)");
    }
    const auto same = [&nic](const NicSpec& other) { return other.name == nic.name; };
    if (std::count_if(spec.nics.begin(), spec.nics.end(), same) > 1) {
      return live_fail(EEXIST, spec.name + ": two NICs named " + nic.name);
    }
    // RFC 791: every host takes 68. At the top a frame with its header and two VLAN tags fits a packet chunk of 64 KiB.
    if (nic.mtu < 68 || nic.mtu > 65514) {
      return live_fail(EINVAL,
                       spec.name + ": " + nic.name + ": MTU " + std::to_string(nic.mtu) + " is not 68 to 65514");
    }
  }
  return {};
}

/// "inside inside count" for every range our own user namespace maps: root keeps all ids. Empty when unreadable.
std::string identity_map(const char* own_map) {
  std::istringstream lines(read_file(own_map).value_or(""));
  std::string map;
  unsigned long inside = 0, outside = 0, count = 0;
  while (lines >> inside >> outside >> count) {
    map += std::to_string(inside) + " " + std::to_string(inside) + " " + std::to_string(count) + "\n";
  }
  return map;
}

/// user_namespaces(7): without privileges one may map only oneself, and groups only after setgroups(2) is denied.
LiveResult<void> write_id_maps(pid_t process) {
  const std::string folder = "/proc/" + std::to_string(process) + "/";
  if (::geteuid() == 0 && write_file((folder + "uid_map").c_str(), identity_map("/proc/self/uid_map")) &&
      write_file((folder + "gid_map").c_str(), identity_map("/proc/self/gid_map"))) {
    return {};
  }
  const auto own = [](auto id) { return "0 " + std::to_string(id) + " 1\n"; };
  const std::pair<const char*, std::string> files[] = {
      {"setgroups", "deny"}, {"uid_map", own(::geteuid())}, {"gid_map", own(::getegid())}};
  for (const auto& [file, text] : files) {
    if (auto written = write_file((folder + file).c_str(), text); !written) {
      return live_fail(written.error().code, std::string("write ") + file);
    }
  }
  return {};
}

LiveError advice(const std::string& node, const std::string& step, int code) {
  return {code, node + ": " + explain_namespace_failure(step, code, read_namespace_settings())};
}

/// Waits for the next message, which must be `wanted`.
LiveResult<Control> expect(int control, Verb wanted, const std::string& node) {
  auto got = receive_control(control);
  if (!got) {
    return live_fail(got.error().code, node + ": the namespace's keeper ended unexpectedly");
  }
  if (got->verb == Verb::failed && !got->texts.empty()) {
    if (got->value == kForbidden) {
      return std::unexpected(advice(node, got->texts[0], got->code));
    }
    return live_fail(got->code, node + ": " + got->texts[0]);
  }
  if (got->verb != wanted) {
    return live_fail(EPROTO, node + ": unexpected answer from the namespace's keeper");
  }
  return std::move(*got);
}

/// Kills and reaps a child of ours, whatever state it is in.
void end_child(pid_t child) {
  if (child > 0) {
    ::kill(child, SIGKILL);
    while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
}

struct Birth {
  pid_t keeper;
  bool with_user_namespace;
};

/// From the fork to the keeper waiting for Verb::build.
LiveResult<Birth> give_birth(const NamespaceSpec& spec, int control, pid_t intermediate) {
  auto unshared = expect(control, Verb::unshared, spec.name);
  if (!unshared) {
    return std::unexpected(unshared.error());
  }
  const bool with_user = unshared->code != 0;
  if (with_user) {
    if (auto mapped = write_id_maps(intermediate); !mapped) {
      return std::unexpected(advice(spec.name, mapped.error().text, mapped.error().code));
    }
  }
  (void)send_control(control, {Verb::mapped, 0, 0, -1, {}, {}});  // a dead reader shows at the next receive
  auto started = expect(control, Verb::keeper_started, spec.name);
  if (!started) {
    return std::unexpected(started.error());
  }
  return Birth{static_cast<pid_t>(started->value), with_user};
}

struct OpenedOutput {
  UniqueFd ours;    ///< read end of a pipe
  UniqueFd theirs;  ///< for the program
};

LiveResult<UniqueFd> open_for_program(const char* path, int how) {
  UniqueFd fd(::open(path, O_WRONLY | O_CREAT | how | O_CLOEXEC | O_NOCTTY, 0644));
  if (!fd) {
    return os_fail(std::string("open ") + path, errno);
  }
  return fd;
}

LiveResult<OpenedOutput> open_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return os_fail("pipe", errno);
  }
  OpenedOutput pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);  // only our end: programs do not expect a non-blocking stdout
  return pipe;
}

LiveResult<OpenedOutput> open_output(const Output& output) {
  if (output.to == Output::To::pipe) {
    return open_pipe();
  }
  auto file = open_for_program(output.to == Output::To::discard ? "/dev/null" : output.path.c_str(),
                               output.to == Output::To::append ? O_APPEND : O_TRUNC);
  if (!file) {
    return std::unexpected(file.error());
  }
  return OpenedOutput{UniqueFd(), std::move(*file)};
}

}  // namespace

LiveResult<std::unique_ptr<Namespace>> Namespace::create(const NamespaceSpec& spec) {
  if (auto valid = validate(spec); !valid) {
    return std::unexpected(valid.error());
  }
  auto sockets = message_pair();
  if (!sockets) {
    return os_fail(spec.name + ": " + sockets.error().context, sockets.error().code);
  }
  const pid_t owner = ::getpid();
  const pid_t intermediate = ::fork();
  if (intermediate < 0) {
    return os_fail(spec.name + ": fork", errno);
  }
  if (intermediate == 0) {
    run_intermediate(spec, std::move(sockets->second), owner);
  }
  sockets->second.reset();
  auto born = give_birth(spec, sockets->first.get(), intermediate);
  end_child(intermediate);
  if (!born) {
    return std::unexpected(born.error());
  }
  std::unique_ptr<Namespace> made(new Namespace);  // from here on its destructor cleans up
  made->name_ = spec.name;
  made->working_directory_ = spec.working_directory;
  made->keeper_ = born->keeper;
  made->with_user_namespace_ = born->with_user_namespace;
  made->control_ = std::make_shared<UniqueFd>(std::move(sockets->first));
  made->keeper_pidfd_.reset(static_cast<int>(::syscall(SYS_pidfd_open, born->keeper, 0)));
  (void)send_control(made->control_->get(), {Verb::build, 0, 0, -1, {}, {}});
  auto ready = expect(made->control_->get(), Verb::ready, spec.name);
  if (!ready) {
    return std::unexpected(ready.error());
  }
  if (ready->texts.size() != spec.nics.size() || ready->fds.size() != spec.nics.size()) {
    return live_fail(EPROTO, spec.name + ": unexpected answer from the namespace's keeper");
  }
  for (std::size_t i = 0; i < spec.nics.size(); ++i) {
    const auto kind = static_cast<ChannelKind>(ready->texts[i].at(0) - '0');  // as keeper.cc writes it
    made->nic_names_.push_back(spec.nics[i].name);
    made->nics_.push_back(make_channel(kind, std::move(ready->fds[i]), ready->texts[i].substr(1), spec.nics[i].mtu));
  }
  return made;
}

Namespace::~Namespace() {
  if (control_) {
    control_->reset();
  }
  end_child(keeper_);
}

LiveResult<std::unique_ptr<Process>> Namespace::start(const ProcessSpec& spec) {
  auto out = open_output(spec.out);
  auto err = out ? open_output(spec.err) : std::unexpected(out.error());
  auto exit = err ? open_pipe() : std::unexpected(err.error());
  if (!exit) {
    return live_fail(exit.error().code, name_ + ": " + exit.error().text);
  }
  Control request{Verb::start, 0, 0, -1, {}, {}};
  request.texts = {spec.working_directory.empty() ? working_directory_ : spec.working_directory, spec.command};
  request.texts.insert(request.texts.end(), spec.environment.begin(), spec.environment.end());
  const int fds[] = {out->theirs.get(), err->theirs.get(), exit->theirs.get()};
  if (auto sent = send_control(control_->get(), request, fds); !sent) {
    const bool long_command = sent.error().code == EMSGSIZE;
    return os_fail(name_ + (long_command ? ": command and environment beyond 64 KiB" : ": start a program"),
                   sent.error().code);
  }
  auto started = expect(control_->get(), Verb::started, name_);
  if (!started) {
    return std::unexpected(started.error());
  }
  return std::make_unique<Process>(control_, static_cast<int>(started->value), std::move(exit->ours),
                                   std::move(out->ours), std::move(err->ours));
}

bool Namespace::is_listening(Transport transport, std::uint16_t port) const {
  const std::string table =
      "/proc/" + std::to_string(keeper_) + "/net/" + (transport == Transport::tcp ? "tcp" : "udp");
  return listens_in_table(read_file(table.c_str()).value_or(""), transport, port) ||
         listens_in_table(read_file((table + "6").c_str()).value_or(""), transport, port);
}

bool Namespace::wait_until_listening(Transport transport, std::uint16_t port, Duration timeout) const {
  const std::int64_t start = monotonic_ns();
  while (!is_listening(transport, port)) {
    const timespec pause{0, 2'000'000};
    ::nanosleep(&pause, nullptr);
    if (Duration::nanoseconds(monotonic_ns() - start) > timeout) {
      return false;
    }
  }
  return true;
}

LiveResult<NicCounters> Namespace::counters(std::size_t nic) const {
  const std::string path = "/proc/" + std::to_string(keeper_) + "/net/dev";
  std::istringstream lines(read_file(path.c_str()).value_or(""));
  const std::string label = nic_names_.at(nic) + ":";
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string name;
    // proc(5): 8 columns received (bytes packets errs drop fifo frame compressed multicast), then 8 sent.
    std::uint64_t columns[16] = {};
    if (!(words >> name) || name != label) {
      continue;
    }
    for (std::uint64_t& column : columns) {
      words >> column;
    }
    return NicCounters{columns[0], columns[1], columns[3], columns[8], columns[9], columns[11]};
  }
  return live_fail(ENODEV, name_ + ": NIC " + nic_names_.at(nic) + " is gone");
}

const char* Namespace::description() const {
  return with_user_namespace_ ? "user namespace" : "no user namespace (root)";
}

}  // namespace catenet::live
