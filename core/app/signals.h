// Signals as a thread can wait for them.
//
// Make one before any other thread: it blocks SIGTERM, SIGINT and SIGHUP in the constructing
// thread, which the threads made later inherit, so that only wait_for_end() sees them.
#pragma once

#include <csignal>
#include <functional>

namespace heliograph::app {

class Signals {
 public:
  Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  // Returns at the first SIGTERM or SIGINT, or when request_end() was called. A SIGHUP calls
  // `on_hangup` and waits on.
  void wait_for_end(const std::function<void()>& on_hangup = {});
  // From now on a further SIGTERM or SIGINT ends the process at once, with exit code 1.
  void end_at_once_from_now_on();
  // [any thread] Makes wait_for_end() return.
  static void request_end();

 private:
  sigset_t set_{};
};

}  // namespace heliograph::app
