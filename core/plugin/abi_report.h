// What a plugin reports of its own accord - receipts and messages that came in - from the ABI's
// structs into the model.
#pragma once

#include <heliograph/abi/abi.h>

#include <expected>
#include <string>

#include "core/ports/provider_report.h"

namespace heliograph::plugin {

// `name`: the provider's. Everything is copied. The error says what cannot be taken: a NULL, an
// unknown kind, an inbound message that says neither where from nor where to.
std::expected<ports::ProviderReport, std::string> to_report(model::ProviderKey provider,
                                                            const std::string& name,
                                                            const hg_event* const* events,
                                                            std::size_t n);

}  // namespace heliograph::plugin
