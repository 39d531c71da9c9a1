// The words and shapes that Twillow's answers share. Pure; thread-safe.
#pragma once

#include <string_view>
#include <vector>

#include "core/api/facades/facade_door.h"
#include "core/api/facades/facade_words.h"
#include "core/model/status.h"
#include "core/pipeline/provider_admin.h"

namespace heliograph::api::twillow {

using facade::error;
using facade::FieldFault;
using facade::invalid;
using facade::text_or_null;

// At the door: in the words of error(), JSON alone.
inline constexpr FacadeManners kManners{.words = error};

// "pending", "processing", "completed" or "failed".
std::string_view status_word(model::Status status);
// Those that have this word; empty: it is none of Twillow's.
std::vector<model::Status> statuses_of(std::string_view word);
inline constexpr std::string_view kStatusWords[] = {"pending", "processing", "completed", "failed"};

// Twillow knows SMS alone: providers of other channels are not shown.
bool carries_sms(const pipeline::ProviderStatus& provider);

}  // namespace heliograph::api::twillow
