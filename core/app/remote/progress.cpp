#include "core/app/remote/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace heliograph::app {
namespace {

constexpr std::chrono::milliseconds kPace{100};
constexpr const char* kClearLine = "\r\x1b[K";  // ECMA-48: EL, from the cursor to the line's end

}  // namespace

Progress::Progress(std::string what)
    : what_(std::move(what)), shown_(::isatty(STDERR_FILENO) != 0) {}

Progress::~Progress() {
  if (!dirty_) return;
  std::fputs(kClearLine, stderr);  // does not throw
  std::fflush(stderr);
}

void Progress::tell(const std::string& text) {
  const auto now = std::chrono::steady_clock::now();
  if (!shown_ || now < next_) return;
  next_ = now + kPace;
  dirty_ = true;
  const std::string line = fmt::format("{}{}: {}", kClearLine, what_, text);
  std::fputs(line.c_str(), stderr);
  std::fflush(stderr);
}

}  // namespace heliograph::app
