// The store's options as the configuration says.
#pragma once

#include "core/config/config.h"
#include "core/store/sqlite_store.h"

namespace heliograph::app {

store::SqliteOptions store_options(const config::Config& config);

}  // namespace heliograph::app
