// A terminal as `heliograph top` uses it: a screen of its own, keys as they are typed, the old
// screen back at the end, whatever ends it. One at a time; the main thread.
#pragma once

#include <termios.h>

#include <chrono>
#include <cstddef>
#include <string>

namespace heliograph::app {

class Screen {
 public:
  enum class Event { kTime, kQuit, kRedraw };

  Screen();   // takes over SIGINT, SIGTERM, SIGHUP and SIGWINCH
  ~Screen();  // gives all back
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  // Standard output is a terminal, and keys come from one.
  static bool possible();

  std::size_t columns() const;
  std::size_t rows() const;
  void show(const std::string& lines);
  // Until a key or signal wants something, or it is time.
  Event wait_until(std::chrono::steady_clock::time_point deadline);

 private:
  termios before_{};
};

}  // namespace heliograph::app
