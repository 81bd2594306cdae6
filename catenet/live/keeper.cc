// SPDX-License-Identifier: Apache-2.0
#include "catenet/live/keeper.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "catenet/live/control.h"
#include "catenet/live/namespace.h"
#include "catenet/live/programs.h"

namespace catenet::live {
namespace {

constexpr unsigned long kPlainMount = MS_NOSUID | MS_NODEV | MS_NOEXEC;

[[noreturn]] void give_up(int control, const LiveError& error, std::int64_t value = 0) {
  (void)send_control(control, {Verb::failed, error.code, value, -1, {error.text}, {}});
  ::_exit(1);
}

/// A step that a machine may forbid: the owner turns (step, errno) into advice.
[[noreturn]] void forbidden(int control, const char* step, int code) { give_up(control, {code, step}, kForbidden); }

/// Keep only the control socket (moved to 3) and stderr, so that no descriptor of the owner lives on in here: a copy of
/// another namespace's control socket would keep that one alive after the owner's death.
UniqueFd drop_descriptors(UniqueFd control) {
  if (control.get() != 3) {
    ::dup3(control.get(), 3, O_CLOEXEC);
    (void)control.release();
  } else {
    (void)control.release();
  }
  ::close_range(4, ~0U, 0);
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null >= 0) {  // else 0 and 1 stay as they were given to us
    ::dup2(null, 0);
    ::dup2(null, 1);
    ::close(null);
  }
  return UniqueFd(3);
}

void reset_signals() {
  for (int number = 1; number < NSIG; ++number) {
    ::signal(number, SIG_DFL);
  }
  ::signal(SIGPIPE, SIG_IGN);
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);  // taken through a signalfd
  ::sigprocmask(SIG_SETMASK, &child, nullptr);
}

/// Gives each path a new content that only this mount namespace sees: the text lies in a tmpfs that is mounted over
/// /tmp for a moment, bound onto the path, and detached; the bind mount keeps it.
LiveResult<void> replace_files(const NamespaceSpec& spec) {
  struct Replacement {
    const char* path;
    const char* draft;
    const std::optional<std::string>& text;
    bool may_be_absent;  // a resolver without /etc/resolv.conf is fine, one with a dangling link to it too
  };
  const Replacement replacements[] = {{"/etc/hosts", "/tmp/hosts", spec.hosts, false},
                                      {"/etc/resolv.conf", "/tmp/resolv.conf", spec.resolv_conf, true}};
  if (!spec.hosts && !spec.resolv_conf) {
    return {};
  }
  if (::mount("catenet", "/tmp", "tmpfs", kPlainMount, "size=16m,mode=0755") != 0) {
    return os_fail("mount a tmpfs for private files", errno);
  }
  for (const Replacement& file : replacements) {
    if (!file.text) {
      continue;
    }
    UniqueFd draft(::open(file.draft, O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
    const auto size = static_cast<ssize_t>(file.text->size());
    if (!draft || ::fchmod(draft.get(), 0644) != 0 ||
        ::write(draft.get(), file.text->data(), file.text->size()) != size) {
      return os_fail(std::string("write the private ") + file.path, errno);
    }
    if (::mount(file.draft, file.path, nullptr, MS_BIND, nullptr) != 0 && !(errno == ENOENT && file.may_be_absent)) {
      return os_fail(std::string("mount the private ") + file.path, errno);
    }
  }
  if (::umount2("/tmp", MNT_DETACH) != 0) {
    return os_fail("unmount the tmpfs for private files", errno);
  }
  return {};
}

/// Addresses first, then routes: a gateway is accepted only when it is on-link.
LiveResult<std::vector<NicEnd>> build_network(const NamespaceSpec& spec) {
  auto maker = NicMaker::create();
  if (!maker) {
    return std::unexpected(maker.error());
  }
  if (auto up = maker->rtnl().set_up("lo"); !up) {
    return std::unexpected(up.error());
  }
  std::vector<NicEnd> ends;
  for (const NicSpec& nic : spec.nics) {
    auto end = maker->make(nic.name, nic.mac, nic.mtu, nic.attachment);
    if (!end) {
      return std::unexpected(end.error());
    }
    ends.push_back(std::move(*end));
    for (const Ipv4Prefix& address : nic.addresses) {
      if (auto added = maker->rtnl().add_address(nic.name, address); !added) {
        return std::unexpected(added.error());
      }
    }
    if (auto up = maker->rtnl().set_up(nic.name); !up) {
      return std::unexpected(up.error());
    }
    wait_for_carrier(ends.back(), nic.name);
  }
  for (const Ipv4Route& route : spec.routes) {
    if (auto added = maker->rtnl().add_route(route); !added) {
      return std::unexpected(added.error());
    }
  }
  for (const Sysctl& sysctl : spec.sysctls) {
    if (auto written = write_file(("/proc/sys/" + sysctl.path).c_str(), sysctl.value); !written) {
      return os_fail("sysctl " + sysctl.path + "=" + sysctl.value, written.error().code);
    }
  }
  return ends;
}

void build_node(const NamespaceSpec& spec, int control) {
  if (::sethostname(spec.name.data(), spec.name.size()) != 0) {
    forbidden(control, "sethostname", errno);
  }
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    forbidden(control, "make mounts private", errno);
  }
  if (::mount("proc", "/proc", "proc", kPlainMount, nullptr) != 0) {
    forbidden(control, "mount /proc", errno);
  }
  // /sys/class/net then lists this node's NICs; programs that read it are few, so a refusal is no reason to stop.
  (void)::mount("sysfs", "/sys", "sysfs", kPlainMount | MS_RDONLY, nullptr);
  auto ends = build_network(spec);
  if (!ends) {
    give_up(control, ends.error());
  }
  if (auto files = replace_files(spec); !files) {
    give_up(control, files.error());
  }
  Control ready{Verb::ready, 0, 0, -1, {}, {}};
  std::vector<int> fds;
  for (const NicEnd& end : *ends) {
    ready.texts.push_back(std::to_string(static_cast<int>(end.kind)) + end.description);
    fds.push_back(end.fd.get());
  }
  if (!send_control(control, ready, fds)) {
    ::_exit(1);
  }
}

void obey(int control, Programs& programs) {
  auto request = receive_control(control);
  if (!request) {
    ::_exit(0);  // the owner is gone; the kernel kills everything inside with us
  }
  if (request->verb == Verb::stop) {
    programs.stop(*request);
    return;
  }
  Control answer{Verb::started, 0, 0, -1, {}, {}};
  auto id = request->verb == Verb::start ? programs.start(std::move(*request)) : live_fail(EPROTO, "unknown request");
  if (id) {
    answer.value = *id;
  } else {
    answer = {Verb::failed, id.error().code, 0, -1, {id.error().text}, {}};
  }
  if (!send_control(control, answer)) {
    ::_exit(0);
  }
}

[[noreturn]] void run_keeper(const NamespaceSpec& spec, int control) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::setsid();  // Ctrl-C in the terminal is for Catenet alone
  reset_signals();
  ::prctl(PR_SET_NAME, ("catenet:" + spec.name).substr(0, 15).c_str());
  if (auto go = receive_control(control); !go || go->verb != Verb::build) {
    ::_exit(1);
  }
  build_node(spec, control);
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  UniqueFd children(::signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK));
  Programs programs;
  while (true) {
    pollfd waits[2] = {{control, POLLIN, 0}, {children.get(), POLLIN, 0}};
    if (::poll(waits, 2, programs.enforce_grace()) < 0 && errno != EINTR) {
      ::_exit(1);
    }
    signalfd_siginfo info;
    while (::read(children.get(), &info, sizeof info) > 0) {
    }
    programs.reap();
    if (waits[0].revents != 0) {
      obey(control, programs);
    }
  }
}

}  // namespace

void run_intermediate(const NamespaceSpec& spec, UniqueFd inherited, pid_t owner) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != owner) {
    ::_exit(1);  // it died before the request took effect
  }
  UniqueFd control = drop_descriptors(std::move(inherited));
  constexpr int kinds = CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWPID;
  bool with_user = spec.user_namespace == UserNamespace::automatic;
  if (with_user && ::unshare(kinds | CLONE_NEWUSER) != 0) {
    const int code = errno;
    if (::geteuid() != 0) {
      forbidden(control.get(), "unshare", code);
    }
    with_user = false;  // root does not need one
  }
  if (!with_user && ::unshare(kinds) != 0) {
    forbidden(control.get(), "unshare", errno);
  }
  if (!send_control(control.get(), {Verb::unshared, with_user ? 1 : 0, 0, -1, {}, {}})) {
    ::_exit(1);
  }
  if (auto mapped = receive_control(control.get()); !mapped || mapped->verb != Verb::mapped) {
    ::_exit(1);
  }
  // The raw call: glibc's fork() cannot pass CLONE_PARENT. We are single-threaded, so the child may use everything.
  const long keeper = ::syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
  if (keeper < 0) {
    forbidden(control.get(), "clone", errno);
  }
  if (keeper == 0) {
    run_keeper(spec, control.get());
  }
  (void)send_control(control.get(), {Verb::keeper_started, 0, keeper, -1, {}, {}});
  ::_exit(0);
}

}  // namespace catenet::live
