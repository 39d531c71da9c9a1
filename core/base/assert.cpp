#include "core/base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace heliograph::base {

void assertion_failed(const char* expression, const char* file, int line) noexcept {
  std::fprintf(stderr, "heliograph: internal error: %s does not hold (%s:%d)\n", expression, file,
               line);
  std::abort();
}

}  // namespace heliograph::base
