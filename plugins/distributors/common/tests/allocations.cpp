#include "plugins/distributors/common/tests/allocations.h"

#include <cstdlib>
#include <new>

// ThreadSanitizer has these operators itself, and does not let them be replaced.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define HELIOGRAPH_ALLOCATIONS_NOT_COUNTED
#endif
#endif

namespace {

long count = 0;

}  // namespace

#ifndef HELIOGRAPH_ALLOCATIONS_NOT_COUNTED
void* operator new(std::size_t size) {
  ++count;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}

void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
#endif

namespace heliograph::plugins::distributors {

long allocations() { return count; }

}  // namespace heliograph::plugins::distributors
