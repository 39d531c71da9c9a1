// The component `http` of kind provider.
#include <heliograph/sdk.hpp>

#include "plugins/providers/http/http_provider.h"
#include "plugins/providers/http/schema.h"

namespace sdk = heliograph::sdk;
namespace http = heliograph::plugins::http;

HELIOGRAPH_PLUGIN(
    sdk::ModuleInfo{.name = "http", .version = "1.0.0", .vendor = "Heliograph", .license = "MIT"},
    sdk::component<http::HttpProvider>(
        {.id = "http",
         .summary =
             "Sends messages to any HTTP API: request and meaning of answers are configuration.",
         .schema = http::kSchema}))
