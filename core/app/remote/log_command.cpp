// `heliograph log level`: how much a running gateway says about itself.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/app/exit_codes.h"
#include "core/app/remote/api_client.h"
#include "core/app/remote/rendering.h"

namespace heliograph::app {

int log_level(const Remote& remote, const LogLevelCommand& command) {
  ApiClient api(remote);
  const nlohmann::json state = command.level.empty()
                                   ? api.get("/v1/admin/log")
                                   : api.put("/v1/admin/log", {{"level", command.level}});
  if (remote.json) {
    print_json(state);
  } else {
    fmt::print("{}\n", member(state, "level"));
  }
  return kExitOk;
}

}  // namespace heliograph::app
