// The mock providers of `serve --demo`: one for each provider of the configuration whose url is on
// this machine, posting its receipts to the gateway. MOCK_SUCCESS_RATE, MOCK_TEMP_FAIL_RATE and
// MOCK_PERM_FAIL_RATE set their rates, as they did for the mock of the credit gateway.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/app/mock/mock_provider.h"
#include "core/config/config.h"

namespace heliograph::app::mock {

class DemoMocks {
 public:
  // Starts them. Throws std::runtime_error when a port is taken.
  DemoMocks(const config::Config& config, const ports::Clock& clock);

  std::vector<std::string> summary() const;  // "mock provider1 on http://127.0.0.1:8071"

 private:
  std::vector<std::pair<std::string, std::unique_ptr<MockProvider>>> mocks_;
};

}  // namespace heliograph::app::mock
