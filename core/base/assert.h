// HG_ASSERT: states what must hold unless this program has a bug.
//
// It stays on in release builds: a gateway that goes on with a broken invariant can lose or double
// a message, one that stops recovers from its store. Never for what comes from outside (clients,
// providers, files, plugins): that is an error value.
#pragma once

namespace heliograph::base {

[[noreturn]] void assertion_failed(const char* expression, const char* file, int line) noexcept;

}  // namespace heliograph::base

#define HG_ASSERT(expression)          \
  ((expression) ? static_cast<void>(0) \
                : ::heliograph::base::assertion_failed(#expression, __FILE__, __LINE__))
