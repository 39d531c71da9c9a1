// Vtables as the host calls them: copied into structs of the host's own size, absent optional slots
// replaced by functions that do nothing, absent required ones refused.
//
// So no call site asks whether a slot is there, and a table that an older SDK made shorter is never
// read beyond its end. Pure; thread-safe.
#pragma once

#include <heliograph/abi/abi.h>

#include <expected>
#include <string>

#include "core/plugin/negotiation.h"

namespace heliograph::plugin {

// `start` does nothing when absent. `drain`, `stop` and `reconfigure` stay NULL: their absence has
// a meaning of its own (abi/lifecycle.h).
std::expected<hg_lifecycle, std::string> lifecycle_of(const ComponentInfo& component);

// Precondition: the component is of that kind.
std::expected<hg_provider, std::string> provider_of(const ComponentInfo& component);
std::expected<hg_distributor, std::string> distributor_of(const ComponentInfo& component);
std::expected<hg_limiter, std::string> limiter_of(const ComponentInfo& component);

// All of the component's tables; the error names the first slot that is missing.
std::expected<void, std::string> check_vtables(const ComponentInfo& component);

}  // namespace heliograph::plugin
