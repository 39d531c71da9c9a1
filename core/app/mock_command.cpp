// `heliograph mock-provider`: the mock on its own, until a signal ends it.
#include <fmt/format.h>

#include <cstdio>

#include "core/app/commands.h"
#include "core/app/exit_codes.h"
#include "core/app/signals.h"
#include "core/app/system_clock.h"

namespace heliograph::app {

int run_mock_provider(const MockProviderCommand& command) {
  Signals signals;
  const SystemClock clock;
  mock::MockProvider mock(command.options, clock);
  mock.start();
  fmt::print("mock provider {} on http://{}\n", command.options.id, mock.address());
  std::fflush(stdout);
  signals.wait_for_end();
  mock.stop();
  return kExitOk;
}

}  // namespace heliograph::app
