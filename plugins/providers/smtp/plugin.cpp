// The component `smtp` of kind provider.
#include <heliograph/sdk.hpp>

#include "plugins/providers/smtp/schema.h"
#include "plugins/providers/smtp/smtp_provider.h"

namespace sdk = heliograph::sdk;
namespace smtp = heliograph::plugins::smtp;

HELIOGRAPH_PLUGIN(
    sdk::ModuleInfo{.name = "smtp", .version = "1.0.0", .vendor = "Heliograph", .license = "MIT"},
    sdk::component<smtp::SmtpProvider>({.id = "smtp",
                                        .summary = "Sends e-mails through a mail server.",
                                        .schema = smtp::kSchema,
                                        .flags = HG_F_OWN_THREADS}))
