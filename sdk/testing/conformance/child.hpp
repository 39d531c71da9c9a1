// One case in a process of its own, seen from outside. Internal to the runner.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace heliograph::sdk::conformance {

// Starts `command` (its first element is the program) with a pipe at descriptor `report_fd`, waits
// for its end, at most `limit`, then kills it and what it started. Throws std::system_error when no
// process can be made.
struct ChildEnd {
  std::string report;  // what it wrote to the pipe, at most 256 KiB
  std::string output;  // standard output and error, at most 4 KiB
  bool timed_out = false;
  int status = 0;  // of waitpid()
  std::chrono::milliseconds took{0};
};
ChildEnd run_child(const std::vector<std::string>& command, int report_fd,
                   std::chrono::milliseconds limit);

}  // namespace heliograph::sdk::conformance
