// Random bytes that may be secrets, from the kernel. Thread-safe.
#pragma once

#include <cstddef>
#include <string>

namespace heliograph::base {

// Throws std::runtime_error when the kernel has none to give.
std::string secret_bytes(std::size_t count);

}  // namespace heliograph::base
