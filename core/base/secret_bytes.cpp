#include "core/base/secret_bytes.h"

#include <sys/random.h>

#include <cerrno>
#include <stdexcept>

namespace heliograph::base {

std::string secret_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  std::size_t filled = 0;
  while (filled < count) {
    const ssize_t got = ::getrandom(bytes.data() + filled, count - filled, 0);
    if (got < 0 && errno != EINTR) {
      throw std::runtime_error("the system has no secure random numbers to give");
    }
    if (got > 0) filled += static_cast<std::size_t>(got);
  }
  return bytes;
}

}  // namespace heliograph::base
