#include "core/app/store_options.h"

namespace heliograph::app {

store::SqliteOptions store_options(const config::Config& config) {
  store::SqliteOptions options;
  options.path = config.store.path;
  options.min_free_bytes = config.store.min_free_bytes;
  options.max_depth = config.queue.max_depth;
  options.idempotency_retention = config.idempotency_retention;
  options.billing = config.billing;
  options.retention = config.retention;
  return options;
}

}  // namespace heliograph::app
