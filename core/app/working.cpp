#include "core/app/working.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <utility>

#include "core/app/remote/progress.h"

namespace heliograph::app {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kQuiet{1'000};
constexpr std::chrono::milliseconds kPace{200};

std::string size_of(const std::string& file) {
  if (file.empty()) return {};
  std::error_code missing;
  const auto bytes = std::filesystem::file_size(file, missing);
  return missing ? std::string{}
                 : fmt::format(", {:.1f} MiB", static_cast<double>(bytes) / 1048576);
}

}  // namespace

Working::Working(std::string what, std::string grows)
    : what_(std::move(what)), grows_(std::move(grows)) {
  if (::isatty(STDERR_FILENO) != 0) thread_ = std::thread([this] { run(); });
}

Working::~Working() {
  if (!thread_.joinable()) return;
  {
    const std::scoped_lock lock(mutex_);
    over_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Working::run() {
  const auto begun = Clock::now();
  Progress progress(what_);
  std::unique_lock lock(mutex_);
  auto next = begun + kQuiet;
  while (!wake_.wait_until(lock, next, [this] { return over_; })) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(Clock::now() - begun).count();
    progress.tell(fmt::format("{} s{}", seconds, size_of(grows_)));
    next = Clock::now() + kPace;
  }
}

}  // namespace heliograph::app
