// ServiceManager: tells systemd how the service fares (sd_notify(3)) and feeds its watchdog, as
// long as the gateway answers. Does nothing where no service manager has asked for it
// (NOTIFY_SOCKET, WATCHDOG_USEC).
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace heliograph::app {

class ServiceManager {
 public:
  // `answers`: whether the parts that everything depends on do something within the time given.
  // Called on a thread of its own, from ready() until stopping().
  using Answers = std::function<bool(std::chrono::milliseconds)>;
  explicit ServiceManager(Answers answers);
  ~ServiceManager();
  ServiceManager(const ServiceManager&) = delete;
  ServiceManager& operator=(const ServiceManager&) = delete;

  void ready();
  void reloading();
  void stopping();  // the watchdog is fed until here; the stop has its own time limit

 private:
  void feed(std::chrono::milliseconds pause);
  void end();

  const Answers answers_;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool ending_ = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace heliograph::app
