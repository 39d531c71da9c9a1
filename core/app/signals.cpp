#include "core/app/signals.h"

#include <pthread.h>
#include <unistd.h>

#include <cstdlib>

#include "core/app/exit_codes.h"

namespace heliograph::app {

Signals::Signals() {
  sigemptyset(&set_);
  sigaddset(&set_, SIGTERM);
  sigaddset(&set_, SIGINT);
  sigaddset(&set_, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &set_, nullptr);
}

void Signals::wait_for_end(const std::function<void()>& on_hangup) {
  while (true) {
    int signal = 0;
    if (sigwait(&set_, &signal) != 0) continue;
    if (signal != SIGHUP) return;
    if (on_hangup) on_hangup();
  }
}

void Signals::end_at_once_from_now_on() {
  const auto exit_now = [](int) { std::_Exit(kExitRuntime); };
  std::signal(SIGTERM, exit_now);
  std::signal(SIGINT, exit_now);
  std::signal(SIGHUP, SIG_IGN);  // before it is unblocked: its default would end the process
  pthread_sigmask(SIG_UNBLOCK, &set_, nullptr);
}

void Signals::request_end() { ::kill(::getpid(), SIGTERM); }

}  // namespace heliograph::app
