#include "core/app/service_manager.h"

#include <fmt/format.h>
#include <systemd/sd-daemon.h>

#include <cstdint>
#include <ctime>
#include <string>
#include <utility>

namespace heliograph::app {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

void tell(const std::string& state) { sd_notify(0, state.c_str()); }

// sd_notify(3): a reload says when it began, by this very clock.
std::uint64_t monotonic_us() {
  std::timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000 +
         static_cast<std::uint64_t>(now.tv_nsec) / 1'000;
}

}  // namespace

ServiceManager::ServiceManager(Answers answers) : answers_(std::move(answers)) {}

ServiceManager::~ServiceManager() { end(); }

void ServiceManager::ready() {
  tell("READY=1");
  std::uint64_t limit_us = 0;
  if (thread_.joinable() || sd_watchdog_enabled(0, &limit_us) <= 0) return;
  // sd_watchdog_enabled(3) advises half of the time; a round may take two pauses, one for the
  // answer.
  const auto pause = duration_cast<milliseconds>(std::chrono::microseconds(limit_us / 4));
  thread_ = std::thread([this, pause] { feed(pause); });
}

void ServiceManager::reloading() {
  tell(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", monotonic_us()));
}

void ServiceManager::stopping() {
  end();
  tell("STOPPING=1");
}

void ServiceManager::feed(milliseconds pause) {
  std::unique_lock lock(mutex_);
  while (!ending_) {
    lock.unlock();
    if (answers_(pause)) tell("WATCHDOG=1");
    lock.lock();
    ended_.wait_for(lock, pause, [this] { return ending_; });
  }
}

void ServiceManager::end() {
  {
    const std::scoped_lock lock(mutex_);
    ending_ = true;
    ended_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

}  // namespace heliograph::app
