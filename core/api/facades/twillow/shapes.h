// The words and shapes that Twillow's answers share. Pure; thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/api/facades/facade_door.h"
#include "core/api/json_writer.h"
#include "core/http/message.h"
#include "core/model/status.h"
#include "core/pipeline/provider_admin.h"

namespace heliograph::api::twillow {

// {"detail": "..."}: every error that is not about a field.
http::Response error(unsigned status, std::string_view detail);

// At the door: in the words of error(), JSON alone.
inline constexpr FacadeManners kManners{.words = error};

// One thing wrong with a request, in the terms of the framework Twillow was built on.
struct FieldFault {
  std::string_view type;   // "missing", "string_too_short", "value_error"
  std::string_view where;  // "body", "query"
  std::string_view field;  // empty: all of it
  std::string message;     // never the value itself
};
// 422 {"detail": [{"type", "loc": [where, field], "msg"}]}
http::Response invalid(const std::vector<FieldFault>& faults);

// "pending", "processing", "completed" or "failed".
std::string_view status_word(model::Status status);
// Those that have this word; empty: it is none of Twillow's.
std::vector<model::Status> statuses_of(std::string_view word);
inline constexpr std::string_view kStatusWords[] = {"pending", "processing", "completed", "failed"};

// Twillow knows SMS alone: providers of other channels are not shown.
bool carries_sms(const pipeline::ProviderStatus& provider);

// "text": null when it is empty.
void text_or_null(JsonWriter& json, std::string_view name, std::string_view value);

}  // namespace heliograph::api::twillow
