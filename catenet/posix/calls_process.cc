// SPDX-License-Identifier: Apache-2.0
// The process itself: its end, signals, threads. A thread is a fibre: it runs until it waits, so that a mutex is only
// contended when its holder waits in a call. fork() is not there: a process cannot be copied in the middle of a
// simulation; the error names what is.
#include <pthread.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>

#include "catenet/posix/abi.h"

using namespace catenet::posix;
using ThreadNumber = unsigned long;  // what the machine's thread numbers are, too

namespace catenet::posix {
namespace {

void call_plain(void* call) { reinterpret_cast<void (*)()>(call)(); }

/// POSIX threads are told errors by value.
int refused_thread_call(const char* call) {
  (void)refuse_call(call);
  return ENOSYS;
}

}  // namespace
}  // namespace catenet::posix

extern "C" {

// ---- the end --------------------------------------------------------------------------------------------------------

void catenet_posix_exit(int code) { self().exit(code); }
void catenet_posix_quit(int code) { self().leave(code & 0xff, 0); }
void catenet_posix_quick_exit(int code) { self().leave(code & 0xff, 0); }
void catenet_posix_abort() { self().leave(0, SIGABRT); }

void catenet_posix_assert_fail(const char* what, const char* file, unsigned line, const char* function) {
  std::fprintf(self().stream(2), "%s: %s:%u: %s: Assertion `%s' failed.\n", self().name(), file, line, function, what);
  self().leave(0, SIGABRT);
}

int catenet_posix_atexit(void (*call)()) {
  self().at_exit(call_plain, reinterpret_cast<void*>(call));
  return 0;
}

int catenet_posix_cxa_atexit(void (*call)(void*), void* argument, void*) {
  self().at_exit(call, argument);
  return 0;
}

// ---- signals --------------------------------------------------------------------------------------------------------

int catenet_posix_sigaction(int signal, const struct sigaction* wanted, struct sigaction* before) {
  if (signal < 1 || signal >= NSIG || (wanted != nullptr && (signal == SIGKILL || signal == SIGSTOP))) {
    return refuse(EINVAL);
  }
  auto& actions = self().signal_actions();
  if (before != nullptr) {
    const auto found = actions.find(signal);
    *before = found != actions.end() ? found->second : (struct sigaction){};
  }
  if (wanted != nullptr) {
    actions[signal] = *wanted;
  }
  return 0;
}

sighandler_t catenet_posix_signal(int signal, sighandler_t handler) {
  struct sigaction wanted{};
  struct sigaction before{};
  wanted.sa_handler = handler;
  return catenet_posix_sigaction(signal, &wanted, &before) == 0 ? before.sa_handler : SIG_ERR;
}

int catenet_posix_raise(int signal) {
  if (signal < 1 || signal >= NSIG) {
    return refuse(EINVAL);
  }
  self().raise(signal);
  return 0;
}

// A process knows of no other.
pid_t catenet_posix_getpid() { return 1; }
pid_t catenet_posix_getppid() { return 0; }
int catenet_posix_kill(pid_t process, int signal) {
  if (process != 1) {
    return refuse(ESRCH);
  }
  return signal == 0 ? 0 : catenet_posix_raise(signal);
}
pid_t catenet_posix_wait(int*) { return refuse(ECHILD); }
pid_t catenet_posix_waitpid(pid_t, int*, int) { return refuse(ECHILD); }

// ---- threads --------------------------------------------------------------------------------------------------------

int catenet_posix_thread_create(ThreadNumber* number, const void*, void* (*call)(void*), void* argument) {
  const auto made = self().start_thread(call, argument);
  if (!made) {
    return made.error().code;
  }
  *number = (*made)->number;
  return 0;
}

ThreadNumber catenet_posix_thread_self() { return current().thread->number; }

int catenet_posix_thread_equal(ThreadNumber a, ThreadNumber b) { return a == b ? 1 : 0; }

void catenet_posix_thread_exit(void* result) {
  Thread& thread = *current().thread;
  if (self().find_thread(thread.number) == nullptr) {  // the first thread: here the process ends with it
    self().exit(0);
  }
  thread.result = result;
  std::longjmp(thread.ending, 1);
}

int catenet_posix_thread_join(ThreadNumber number, void** result) {
  Thread* thread = self().find_thread(number);
  if (thread == nullptr) {
    return ESRCH;
  }
  if (thread->detached) {
    return EINVAL;
  }
  if (thread == current().thread) {
    return EDEADLK;
  }
  while (!thread->ended) {
    (void)wait_for(thread->joiners, catenet::Instant::never());
  }
  if (result != nullptr) {
    *result = thread->result;
  }
  self().forget_thread(*thread);
  return 0;
}

int catenet_posix_thread_detach(ThreadNumber number) {
  Thread* thread = self().find_thread(number);
  if (thread == nullptr) {
    return ESRCH;
  }
  thread->detached = true;
  if (thread->ended) {
    self().forget_thread(*thread);
  }
  return 0;
}

// ---- what is not there ----------------------------------------------------------------------------------------------

pid_t catenet_posix_fork() { return refuse_call("fork", "use pthread_create() for a thread per client"); }
pid_t catenet_posix_vfork() { return refuse_call("vfork", "use pthread_create() for a thread per client"); }

#define CATENET_REFUSED(name) \
  int catenet_posix_##name() { return refuse_call(#name); }
CATENET_REFUSED(execv)
CATENET_REFUSED(execve)
CATENET_REFUSED(execvp)
CATENET_REFUSED(execl)
CATENET_REFUSED(execlp)
CATENET_REFUSED(system)
CATENET_REFUSED(pipe)
CATENET_REFUSED(pipe2)
CATENET_REFUSED(socketpair)
CATENET_REFUSED(eventfd)
CATENET_REFUSED(signalfd)
CATENET_REFUSED(timerfd_create)
CATENET_REFUSED(inotify_init1)
CATENET_REFUSED(sendfile)
CATENET_REFUSED(splice)
CATENET_REFUSED(setitimer)
CATENET_REFUSED(sockatmark)
unsigned catenet_posix_alarm(unsigned) {
  (void)refuse_call("alarm", "use SO_RCVTIMEO or poll()");
  return 0;
}
FILE* catenet_posix_popen(const char*, const char*) {
  (void)refuse_call("popen");
  return nullptr;
}
int catenet_posix_cond_wait() { return refused_thread_call("pthread_cond_wait"); }
int catenet_posix_cond_timedwait() { return refused_thread_call("pthread_cond_timedwait"); }
int catenet_posix_sem_wait() { return refuse_call("sem_wait"); }
// std::thread starts threads of the machine from inside the C++ library.
void catenet_posix_std_thread() {
  (void)refuse_call("std::thread", "use pthread_create()");
  self().leave(0, SIGABRT);
}

}  // extern "C"
