// heliograph: the gateway and its tools in one binary.
#include <csignal>
#include <cstdio>
#include <exception>

#include "core/app/command_line.h"
#include "core/app/commands.h"
#include "core/app/exit_codes.h"
#include "core/app/output.h"

int main(int argc, char** argv) {
  using namespace heliograph::app;
  // A peer that hangs up must not end the process; plugins are promised the same (plugin ABI, rule
  // 10).
  std::signal(SIGPIPE, SIG_IGN);
  try {
    const auto parsed = parse_command_line(argc, argv);
    if (const auto* exit_code = std::get_if<int>(&parsed)) {
      flush_output();
      return *exit_code;
    }
    return run_command(std::get<Command>(parsed));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "heliograph: %s\n", error.what());
    return kExitRuntime;
  }
}
