// Gateway: the composition root. It builds every part in the order of their dependence, starts
// them, and takes them down in reverse; the only place that knows them all.
//
// Life: construct (opens the database, loads and checks the plugins; throws with a sentence) ->
// start() -> (serving) -> stop(). One thread, the control thread, which may block.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/config/config.h"

namespace heliograph::app {

class Gateway {
 public:
  // `reload`: reads the configuration anew, and throws ConfigInvalid.
  Gateway(config::Config config, std::function<config::Config()> reload);
  ~Gateway();  // stop()
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  // Throws when a part cannot start; nothing is left running then.
  void start();
  // Accepts nothing new, finishes what is in flight within shutdown.drain_timeout, closes. Again:
  // nothing.
  void stop();

  void on_hangup();  // SIGHUP: takes the configuration anew; what came of it is in the log
  // [any thread, between start() and stop()] Whether the dispatch loop moves within `time`.
  bool answers(std::chrono::milliseconds time);
  std::vector<std::string> addresses() const;  // "127.0.0.1:8080", with the ports really bound
  std::vector<std::string> summary() const;    // what runs where, for the start message

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace heliograph::app
