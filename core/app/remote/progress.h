// Progress of long work: one line that is written anew, on a terminal's standard error; nothing
// anywhere else, so that scripts and logs stay quiet. Any one thread.
#pragma once

#include <chrono>
#include <string>

namespace heliograph::app {

class Progress {
 public:
  explicit Progress(std::string what);
  ~Progress();  // takes the line away
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  bool shown() const { return shown_; }
  // "what: text". Not more often than a reader can follow.
  void tell(const std::string& text);

 private:
  std::string what_;
  bool shown_;
  bool dirty_ = false;
  std::chrono::steady_clock::time_point next_{};
};

}  // namespace heliograph::app
