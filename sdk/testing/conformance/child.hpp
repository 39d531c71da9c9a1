// One case in a process of its own, seen from outside. Internal to the runner.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace heliograph::sdk::conformance {

// Starts `command` (its first element is the program) with a pipe at descriptor `report_fd`, waits
// for its end, at most `limit`, then kills it and what it started. What comes through the pipe goes
// to `on_report`, in pieces as they come. Throws std::system_error when no process can be made.
struct ChildEnd {
  std::string output;  // standard output and error, at most 4 KiB
  bool timed_out = false;
  int status = 0;  // of waitpid()
  std::chrono::milliseconds took{0};
};
ChildEnd run_child(const std::vector<std::string>& command, int report_fd,
                   std::chrono::milliseconds limit,
                   const std::function<void(std::string_view)>& on_report);

}  // namespace heliograph::sdk::conformance
