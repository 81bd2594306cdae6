// SPDX-License-Identifier: Apache-2.0
#include "catenet/posix/process.h"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "catenet/base/check.h"
#include "catenet/posix/scratch.h"
#include "catenet/posix/socket_file.h"
#include "catenet/posix/stream.h"

namespace catenet::posix {
namespace {

// Whose data an image holds, and what it held before any process ran.
struct Loaded {
  Process* owner = nullptr;
  std::vector<char> pristine;
};

Loaded& loaded(catenet_posix_image& image) {
  if (image.loaded == nullptr) {
    auto* made = new Loaded;  // as long as the image, which is a static object
    made->pristine.assign(image.data_begin, image.data_end);
    image.loaded = made;
  }
  return *static_cast<Loaded*>(image.loaded);
}

void copy(char* to, const std::vector<char>& from) {
  if (to != nullptr && !from.empty()) {
    std::memcpy(to, from.data(), from.size());
  }
}

}  // namespace

std::shared_ptr<Process> Process::start(socket::SocketLayer& host, catenet_posix_image& image, Setup setup) {
  auto process = std::make_shared<Process>(host, image, std::move(setup));
  process->main_.fibre = socket::spawn_fibre(host, [process] { process->run_main(); });
  if (!process->main_.fibre.is_running()) {  // the host has no fibre left: as if a shell could not fork
    process->ended_ = true;
    process->code_ = 126;
  }
  return process;
}

Process::Process(socket::SocketLayer& host, catenet_posix_image& image, Setup setup)
    : host_(host), image_(image), setup_(std::move(setup)), scratch_(std::make_unique<Scratch>()) {}

Process::~Process() {
  leave_image();
  for (FILE* stream : streams_) {
    if (stream != nullptr) {  // it never ran to its end
      std::fclose(stream);
    }
  }
}

void Process::stop() {
  setup_.on_end = {};
  setup_.output = setup_.errors = {};
  for (const int fd : {1, 2}) {
    if (const auto standard = file(fd)) {
      if (auto* stream = dynamic_cast<StandardStream*>(standard->get()); stream != nullptr) {
        stream->forget_sink();
      }
    }
  }
  main_.fibre.cancel();
}

// ---- data -------------------------------------------------------------------------------------------------------

void Process::put_in_place() {
  Loaded& in = loaded(image_);
  if (in.owner == this) {
    return;
  }
  if (in.owner != nullptr) {
    in.owner->data_.assign(image_.data_begin, image_.data_end);
    in.owner->bss_.assign(image_.bss_begin, image_.bss_end);
  }
  copy(image_.data_begin, fresh_ ? in.pristine : data_);
  if (fresh_ && image_.bss_begin != nullptr) {
    std::memset(image_.bss_begin, 0, static_cast<std::size_t>(image_.bss_end - image_.bss_begin));
  }
  copy(image_.bss_begin, bss_);
  in.owner = this;
  fresh_ = false;
}

void Process::leave_image() {
  if (Loaded& in = loaded(image_); in.owner == this) {
    in.owner = nullptr;
  }
}

// ---- threads ----------------------------------------------------------------------------------------------------

void Process::run_main() {
  open_streams();
  const Entered entered({this, &main_});
  struct End {
    Process& process;
    ~End() { process.finish(); }
  } const end{*this};
  scratch_->arguments = setup_.arguments;
  for (std::string& argument : scratch_->arguments) {
    scratch_->argv.push_back(argument.data());
  }
  scratch_->argv.push_back(nullptr);
  if (setjmp(main_.ending) == 0) {
    const int count = static_cast<int>(scratch_->arguments.size());
    for (auto init = image_.init_begin; init != image_.init_end; ++init) {
      (*init)(count, scratch_->argv.data(), environ);
    }
    exit(image_.main(count, scratch_->argv.data(), environ));
  }
}

Result<Thread*> Process::start_thread(void* (*call)(void*), void* argument) {
  auto thread = std::make_unique<Thread>(next_thread_);
  Thread* raw = thread.get();
  raw->fibre = socket::spawn_fibre(
      host_, [self = shared_from_this(), raw, call, argument] { self->run_thread(*raw, call, argument); });
  if (!raw->fibre.is_running()) {
    return fail(EAGAIN, "the host has no fibre left for a thread");
  }
  threads_.emplace(next_thread_++, std::move(thread));
  return raw;
}

void Process::run_thread(Thread& thread, void* (*call)(void*), void* argument) {
  if (ended_) {
    return;
  }
  const Entered entered({this, &thread});
  struct End {
    Process& process;
    Thread& thread;
    ~End() {
      thread.ended = true;
      process.host().table().wake_all(thread.joiners);
      if (thread.detached) {
        process.forget_thread(thread);
      }
    }
  } const end{*this, thread};
  if (setjmp(thread.ending) == 0) {
    thread.result = call(argument);
  }
}

Thread* Process::find_thread(unsigned long number) {
  const auto found = threads_.find(number);
  return found == threads_.end() ? nullptr : found->second.get();
}

// ---- ends -------------------------------------------------------------------------------------------------------

void Process::exit(int code) {
  while (!exit_calls_.empty()) {  // one may add another
    const auto [call, argument] = exit_calls_.back();
    exit_calls_.pop_back();
    call(argument);
  }
  for (const auto& [stream, fd] : stream_numbers_) {
    std::fflush(stream);
  }
  leave(code & 0xff, 0);
}

void Process::leave(int code, int signal) {
  if (!leaving_) {
    leaving_ = true;
    code_ = code;
    signal_ = signal;
  }
  Thread& thread = *current().thread;
  if (&thread != &main_) {
    main_.fibre.cancel();
  }
  std::longjmp(thread.ending, 1);  // as on a real system, nothing on the stack is destroyed
}

// Runs when the first fibre ends, by exit() or because it is being unwound.
void Process::finish() {
  if (!leaving_) {
    leaving_ = true;
    signal_ = SIGTERM;
  }
  for (auto& [number, thread] : threads_) {
    thread->fibre.cancel();
  }
  for (FILE*& stream : streams_) {
    std::fclose(std::exchange(stream, nullptr));
  }
  for (std::size_t fd = 0; fd < files_.size(); ++fd) {
    (void)close(static_cast<int>(fd));
  }
  ended_ = true;
  if (setup_.on_end) {
    setup_.on_end();
  }
}

void Process::raise(int signal) {
  const auto found = signal_actions_.find(signal);
  const bool is_default = found == signal_actions_.end() || found->second.sa_handler == SIG_DFL;
  if (is_default && (signal == SIGCHLD || signal == SIGURG || signal == SIGWINCH || signal == SIGCONT)) {
    return;
  }
  if (is_default || signal == SIGKILL) {
    leave(0, signal);
  }
  if (found->second.sa_handler == SIG_IGN) {
    return;
  }
  if ((found->second.sa_flags & SA_SIGINFO) != 0) {
    siginfo_t info{};
    info.si_signo = signal;
    found->second.sa_sigaction(signal, &info, nullptr);
  } else {
    found->second.sa_handler(signal);
  }
}

// ---- descriptors --------------------------------------------------------------------------------------------------

void Process::open_streams() {
  files_.push_back({std::make_shared<StandardStream>(std::move(setup_.input))});
  files_.push_back({std::make_shared<StandardStream>(setup_.output)});
  files_.push_back({std::make_shared<StandardStream>(setup_.errors)});
  for (int fd = 0; fd < 3; ++fd) {
    streams_[fd] = open_stream(*this, fd, fd == 0 ? "r" : "w", false);
    stream_numbers_[streams_[fd]] = fd;
  }
  std::setvbuf(streams_[2], nullptr, _IONBF, 0);
}

Result<std::shared_ptr<OpenFile>> Process::file(int fd) const {
  if (fd < 0 || static_cast<std::size_t>(fd) >= files_.size() || files_[static_cast<std::size_t>(fd)].file == nullptr) {
    return fail(EBADF, "not an open descriptor");
  }
  return files_[static_cast<std::size_t>(fd)].file;
}

Result<std::shared_ptr<SocketFile>> Process::socket(int fd) const {
  const auto found = file(fd);
  if (!found) {
    return std::unexpected(found.error());
  }
  if ((*found)->socket() == nullptr) {
    return fail(ENOTSOCK, "not a socket");
  }
  return std::static_pointer_cast<SocketFile>(*found);
}

Result<int> Process::open(std::shared_ptr<OpenFile> file, bool close_on_exec, int from) {
  auto fd = static_cast<std::size_t>(from);
  while (fd < files_.size() && files_[fd].file != nullptr) {
    ++fd;
  }
  if (fd >= host_.limits().descriptors) {
    return fail(EMFILE, "too many descriptors");
  }
  if (fd >= files_.size()) {
    files_.resize(fd + 1);
  }
  files_[fd] = {std::move(file), close_on_exec};
  return static_cast<int>(fd);
}

Result<void> Process::close(int fd) {
  const auto found = file(fd);
  if (!found) {
    return std::unexpected(found.error());
  }
  files_[static_cast<std::size_t>(fd)] = {};
  if (found->use_count() == 1) {
    (*found)->closing();
  }
  return {};
}

Result<void> Process::put(int to, std::shared_ptr<OpenFile> file) {
  if (to < 0 || static_cast<std::size_t>(to) >= host_.limits().descriptors) {
    return fail(EBADF, "not a number for a descriptor");
  }
  (void)close(to);
  if (static_cast<std::size_t>(to) >= files_.size()) {
    files_.resize(static_cast<std::size_t>(to) + 1);
  }
  files_[static_cast<std::size_t>(to)] = {std::move(file), false};
  return {};
}

}  // namespace catenet::posix
