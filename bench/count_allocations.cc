// SPDX-License-Identifier: Apache-2.0
#include "bench/count_allocations.h"

#include <cstddef>

// glibc's own names of the functions that are replaced here (glibc manual, 3.2.5 Replacing malloc).
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* block, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);
}

namespace {
std::uint64_t calls = 0;
}

extern "C" {
void* malloc(std::size_t size) {
  ++calls;
  return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) {
  ++calls;
  return __libc_calloc(count, size);
}
void* realloc(void* block, std::size_t size) {
  ++calls;
  return __libc_realloc(block, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) {
  ++calls;
  return __libc_memalign(alignment, size);
}
}

namespace catenet::bench {
std::uint64_t allocations() { return calls; }
}  // namespace catenet::bench
