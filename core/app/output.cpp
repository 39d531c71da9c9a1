#include "core/app/output.h"

#include <stdio_ext.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

namespace heliograph::app {
namespace {

// The error is an earlier one's where the flush had nothing left to do.
[[noreturn]] void fail(int error) {
  throw std::system_error(error == 0 ? EIO : error, std::generic_category(), "standard output");
}

}  // namespace

void flush_output() {
  errno = 0;
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) fail(errno);
}

bool print_while_read(std::string_view text) {
  errno = 0;
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (written && std::fflush(stdout) == 0) return true;
  const int error = errno;
  if (error != EPIPE) fail(error);
  __fpurge(stdout);
  std::clearerr(stdout);
  return false;
}

}  // namespace heliograph::app
