// Working: tells a terminal that long work goes on, from a thread of its own while the main one is
// in it: "backup: 12 s, 34 MiB". Quiet for the first second, and where standard error is no
// terminal. Its end takes the line away.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace heliograph::app {

class Working {
 public:
  // `grows`: a file whose size shows how far it is; empty: none.
  Working(std::string what, std::string grows);
  ~Working();
  Working(const Working&) = delete;
  Working& operator=(const Working&) = delete;

 private:
  void run();

  std::string what_;
  std::string grows_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool over_ = false;
  std::thread thread_;  // none where nobody looks
};

}  // namespace heliograph::app
