// SPDX-License-Identifier: Apache-2.0
#include "catenet/socket/fibre.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <utility>

#if defined(__SANITIZE_ADDRESS__)
#define CATENET_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CATENET_ASAN 1
#endif
#endif
#ifdef CATENET_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace catenet::socket {
namespace {

// AddressSanitizer keeps its own idea of the current stack and has to be told of every switch.
class StackSwitch {
 public:
  /// About to leave for the stack at `bottom`. A stack that ends for good gives up its fake frames.
  static void leave(void** fake, const void* bottom, std::size_t size) {
#ifdef CATENET_ASAN
    __sanitizer_start_switch_fiber(fake, bottom, size);
#else
    (void)fake, (void)bottom, (void)size;
#endif
  }
  /// Has just come back, or arrived for the first time (`fake` null); where from goes to `bottom` and `size`.
  static void arrive(void* fake, const void** bottom, std::size_t* size) {
#ifdef CATENET_ASAN
    __sanitizer_finish_switch_fiber(fake, bottom, size);
#else
    (void)fake, (void)bottom, (void)size;
#endif
  }
  static void recycle(void* bottom, std::size_t size) {
#ifdef CATENET_ASAN
    __asan_unpoison_memory_region(bottom, size);
#else
    (void)bottom, (void)size;
#endif
  }
};

}  // namespace

// ---- stacks -----------------------------------------------------------------------------------------------------

StackPool::StackPool(std::size_t bytes) : guard_(static_cast<std::size_t>(::sysconf(_SC_PAGESIZE))) {
  constexpr std::size_t kSmallest = 32 * 1024;  // a frame or two of printf and of unwinding
  bytes_ = (std::max(bytes, kSmallest) + guard_ - 1) / guard_ * guard_;
}

StackPool::~StackPool() {
  for (void* top : free_) {
    ::munmap(static_cast<std::byte*>(top) - bytes_ - guard_, bytes_ + guard_);
  }
}

boost::context::stack_context StackPool::allocate() {
  boost::context::stack_context stack;
  stack.size = bytes_;
  if (!free_.empty()) {
    stack.sp = free_.back();
    free_.pop_back();
    return stack;
  }
  void* base = ::mmap(nullptr, bytes_ + guard_, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
  if (base == MAP_FAILED) {
    stack.sp = nullptr;
    return stack;
  }
  if (::mprotect(base, guard_, PROT_NONE) != 0) {
    ::munmap(base, bytes_ + guard_);
    stack.sp = nullptr;
    return stack;
  }
  stack.sp = static_cast<std::byte*>(base) + guard_ + bytes_;
  return stack;
}

void StackPool::deallocate(const boost::context::stack_context& stack) {
  StackSwitch::recycle(static_cast<std::byte*>(stack.sp) - bytes_, bytes_);
  free_.push_back(stack.sp);
}

// ---- one fibre --------------------------------------------------------------------------------------------------

class Fibre final : public Job {
 public:
  Fibre(SocketLayer& host, FibreRunner& runner, const boost::context::stack_context& stack,
        std::move_only_function<void()> body, std::shared_ptr<Completion> completion)
      : Job(host, std::move(completion)), runner_(runner), body_(std::move(body)), stack_(stack) {
    ++runner_.running_;
    context_ = boost::context::fiber(std::allocator_arg, boost::context::preallocated(stack.sp, stack.size, stack),
                                     Recycler{&runner.stacks_},
                                     [this](boost::context::fiber&& scheduler) { return run(std::move(scheduler)); });
    start_soon(Delegate<void()>::to<&Fibre::resume>(*this));
  }
  ~Fibre() override { --runner_.running_; }

  void resume() {
    runner_.current_ = this;
    void* fake = nullptr;
    StackSwitch::leave(&fake, static_cast<std::byte*>(stack_.sp) - stack_.size, stack_.size);
    context_ = std::move(context_).resume();
    StackSwitch::arrive(fake, nullptr, nullptr);
    runner_.current_ = nullptr;
    if (!context_) {  // it has ended
      delete this;
    }
  }
  void suspend() {
    if (!stopping_) {
      void* fake = nullptr;
      StackSwitch::leave(&fake, scheduler_stack_, scheduler_stack_size_);
      scheduler_ = std::move(scheduler_).resume();
      StackSwitch::arrive(fake, &scheduler_stack_, &scheduler_stack_size_);
    }
    if (stopping_ && std::uncaught_exceptions() == 0) {  // a destructor that blocks while we unwind just goes on
      throw FibreStopped{};
    }
  }
  void stop() override {
    check(runner_.current_ == nullptr, "a fibre is stopped from inside a fibre");
    stopping_ = true;
    resume();  // does not suspend any more, so this ends it
  }

 private:
  struct Recycler {
    StackPool* pool;
    void deallocate(boost::context::stack_context& stack) noexcept { pool->deallocate(stack); }
    boost::context::stack_context allocate() { return pool->allocate(); }
  };
  boost::context::fiber run(boost::context::fiber&& scheduler) {
    StackSwitch::arrive(nullptr, &scheduler_stack_, &scheduler_stack_size_);
    scheduler_ = std::move(scheduler);
    try {
      if (!stopping_) {
        body_();
        completed();
      }
    } catch (const FibreStopped&) {  // NOLINT(bugprone-empty-catch): unwound; the job counts as stopped
    } catch (...) {
      check(false, "an exception left a fibre");
    }
    body_ = nullptr;
    StackSwitch::leave(nullptr, scheduler_stack_, scheduler_stack_size_);
    return std::move(scheduler_);
  }

  FibreRunner& runner_;
  std::move_only_function<void()> body_;
  boost::context::stack_context stack_;
  boost::context::fiber context_;    // while it waits: where it goes on
  boost::context::fiber scheduler_;  // while it runs: who resumed it
  const void* scheduler_stack_ = nullptr;
  std::size_t scheduler_stack_size_ = 0;
  bool stopping_ = false;
};

// ---- the fibres of a host ---------------------------------------------------------------------------------------

FibreRunner::FibreRunner(SocketLayer& host) : host_(host), stacks_(host.limits().fibre_stack) {}

FibreRunner::~FibreRunner() { check(running_ == 0, "fibres outlive their host"); }

JoinHandle<void> FibreRunner::spawn(std::move_only_function<void()> body) {
  auto completion = std::make_shared<CompletionOf<void>>();
  completion->error = EAGAIN;
  if (running_ < host_.limits().fibres) {
    if (const boost::context::stack_context stack = stacks_.allocate(); stack.sp != nullptr) {
      new Fibre(host_, *this, stack, std::move(body), completion);  // ends itself, see resume()
    }
  }
  return JoinHandle<void>(std::move(completion));
}

void FibreRunner::suspend() { current_->suspend(); }

Delegate<void()> FibreRunner::resume_of_current() const { return Delegate<void()>::to<&Fibre::resume>(*current_); }

}  // namespace catenet::socket
