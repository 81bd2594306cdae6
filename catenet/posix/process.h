// SPDX-License-Identifier: Apache-2.0
// Process: an ordinary socket program inside a simulated host. It has what POSIX gives a process: descriptors, standard
// streams, data of its own, signal dispositions, threads (each a fibre), an exit status.
//
//   CATENET_POSIX_PROGRAM(upper);  // made by catenet_program(upper SOURCES upper.c)
//   auto p = posix::Process::start(host.sockets(), catenet_posix_image_upper, {.arguments = {"upper", "7"}});
//   ... run the simulation ...
//   if (!p->is_running()) return p->exit_code();
//
// Life: start() -> (after the present event) constructors, main() -> exit handlers -> streams flushed, descriptors
// closed -> on_end. stop() and the end of the host unwind it where it waits.
#pragma once
#include <csetjmp>
#include <csignal>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "catenet/posix/current.h"
#include "catenet/posix/image.h"
#include "catenet/posix/open_file.h"
#include "catenet/socket/fibre.h"
#include "catenet/socket/socket_layer.h"

namespace catenet::posix {

using Sink = StandardStream::Sink;

/// A thread of a process: a fibre. The first one runs main().
class Thread {
 public:
  explicit Thread(unsigned long own) : number(own) {}
  unsigned long number;  ///< what pthread_self() answers
  std::jmp_buf ending;   ///< where exit() and pthread_exit() lead: the bottom of its stack
  socket::JoinHandle<void> fibre;
  socket::WaitList joiners;
  void* result = nullptr;
  bool ended = false;
  bool detached = false;
};

class Process : public std::enable_shared_from_this<Process> {
 public:
  struct Setup {
    std::vector<std::string> arguments;  ///< argv, the program's name first
    std::string input;                   ///< what it reads from its standard input
    Sink output;                         ///< what it prints, and
    Sink errors;                         ///< what it complains of; both outlive the process or are forgotten by stop()
    Delegate<void()> on_end;             ///< called once, by the last breath of the process
  };
  /// The process outlives neither its host nor, running, the last pointer to it: it holds itself until its end.
  static std::shared_ptr<Process> start(socket::SocketLayer& host, catenet_posix_image& image, Setup setup);
  Process(socket::SocketLayer& host, catenet_posix_image& image, Setup setup);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  [[nodiscard]] bool is_running() const { return !ended_; }
  /// What it gave to exit(); 128 + the signal that ended it.
  [[nodiscard]] int exit_code() const { return signal_ != 0 ? 128 + signal_ : code_; }
  [[nodiscard]] int signal() const { return signal_; }
  /// Ends it soon, as SIGTERM would; nothing it prints from now on is passed on, and on_end is not called.
  void stop();

  // --- for the calls of this room
  // -------------------------------------------------------------------------------------
  [[nodiscard]] socket::SocketLayer& host() const { return host_; }
  [[nodiscard]] Instant now() const { return host_.now(); }
  [[nodiscard]] FILE* stream(int number) const { return streams_[number]; }
  [[nodiscard]] const char* name() const { return image_.name; }
  /// Brings this process's data into the image.
  void put_in_place();

  // Descriptors.
  /// EBADF.
  [[nodiscard]] Result<std::shared_ptr<OpenFile>> file(int fd) const;
  /// EBADF, ENOTSOCK. Keeps the file alive while a call waits.
  [[nodiscard]] Result<std::shared_ptr<SocketFile>> socket(int fd) const;
  /// The lowest free number from `from` on. EMFILE; then `file` is let go.
  Result<int> open(std::shared_ptr<OpenFile> file, bool close_on_exec = false, int from = 0);
  Result<void> close(int fd);
  /// dup2: what `to` was is closed. EBADF.
  Result<void> put(int to, std::shared_ptr<OpenFile> file);
  [[nodiscard]] bool close_on_exec(int fd) const { return files_[static_cast<std::size_t>(fd)].close_on_exec; }
  void set_close_on_exec(int fd, bool on) { files_[static_cast<std::size_t>(fd)].close_on_exec = on; }
  /// The streams that fdopen() made, with their descriptors.
  std::map<FILE*, int>& stream_numbers() { return stream_numbers_; }

  // Ends.
  void at_exit(void (*call)(void*), void* argument) { exit_calls_.emplace_back(call, argument); }
  [[noreturn]] void exit(int code);
  /// Without exit handlers: _exit(), or a signal.
  [[noreturn]] void leave(int code, int signal);

  // Signals: dispositions, and what this process does to itself.
  std::map<int, struct sigaction>& signal_actions() { return signal_actions_; }
  void raise(int signal);

  // Threads.
  /// EAGAIN.
  Result<Thread*> start_thread(void* (*call)(void*), void* argument);
  [[nodiscard]] Thread* find_thread(unsigned long number);
  void forget_thread(Thread& thread) { threads_.erase(thread.number); }

  /// What C functions that answer pointers to static data point to.
  struct Scratch;
  Scratch& scratch() { return *scratch_; }

 private:
  struct Slot {
    std::shared_ptr<OpenFile> file;
    bool close_on_exec = false;
  };
  void run_main();
  void run_thread(Thread& thread, void* (*call)(void*), void* argument);
  void open_streams();
  void finish();
  void leave_image();

  socket::SocketLayer& host_;
  catenet_posix_image& image_;
  Setup setup_;
  std::vector<Slot> files_;
  FILE* streams_[3] = {nullptr, nullptr, nullptr};
  std::map<FILE*, int> stream_numbers_;
  std::vector<char> data_;  // while another process's is in place
  std::vector<char> bss_;
  bool fresh_ = true;  // it has no data yet
  Thread main_{1};
  std::map<unsigned long, std::unique_ptr<Thread>> threads_;  // the others
  unsigned long next_thread_ = 2;
  std::vector<std::pair<void (*)(void*), void*>> exit_calls_;
  std::map<int, struct sigaction> signal_actions_;
  std::unique_ptr<Scratch> scratch_;
  bool leaving_ = false;
  bool ended_ = false;
  int code_ = 0;
  int signal_ = 0;
};

}  // namespace catenet::posix
