// The member `metadata` of a body: what clients keep with a message or a conversation. Pure;
// thread-safe.
#pragma once

#include <optional>
#include <string>

#include "core/api/json_fields.h"
#include "core/http/problem.h"

namespace heliograph::api {

inline constexpr std::size_t kMetadataEntriesMax = 50;
inline constexpr std::size_t kMetadataNameMax = 64;    // bytes
inline constexpr std::size_t kMetadataValueMax = 500;  // bytes

// `out`: an object of strings as JSON; left alone where it is not given or has no members. What is
// wrong with it is told by fields.finish(), what is wrong with a member of it by the result.
std::optional<http::Problem> read_metadata(JsonFields& fields, std::string& out);

}  // namespace heliograph::api
