// Reload: the configuration taken anew while the gateway serves. core/app implements it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/ports/executor.h"
#include "core/ports/store.h"

namespace heliograph::api {

// What became of a plugin instance.
struct ReloadedInstance {
  std::string kind;  // "provider", "distributor", "limiter"
  std::string name;
  std::string what;              // "added", "removed", "replaced", "changed"
  std::uint64_t generation = 0;  // of the instance that runs; of "removed": the last
};

struct ReloadResult {
  enum class Outcome : std::uint8_t {
    kApplied,          // in force from now on; `changed` may be empty
    kInvalid,          // nothing changed: `errors`
    kNotNow,           // nothing changed: `errors`; the same may succeed later
    kRestartRequired,  // nothing changed: `restart_required` cannot change while serving
  };
  Outcome outcome = Outcome::kApplied;
  std::uint64_t generation = 1;             // of the configuration in force; 1 is that of the start
  std::vector<std::string> changed;         // keys that were applied
  std::vector<ReloadedInstance> instances;  // those that are not as they were
  std::vector<std::string> unchanged;       // keys that differ and were left, because of the others
  std::vector<std::string> restart_required;
  std::vector<std::string> errors;  // lines, each naming file, line and key
};

class Reload {
 public:
  virtual ~Reload() = default;
  // [any thread] Reloads are done one after the other. The whole new configuration or nothing of
  // it.
  virtual void reload(ports::Executor& where, ports::Done<ReloadResult> done) = 0;
};

}  // namespace heliograph::api
