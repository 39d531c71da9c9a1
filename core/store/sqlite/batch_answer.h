// Batch answer: what a batch was answered, as one text, so that a replay of its idempotency key
// gets the same again.
//
// One line for each item: `A` row, random, status of an accepted one; `C` cents that were short;
// `O` seconds and reason of an overload; `N` milliseconds and text of what was never submitted.
// Texts are preceded by their length. Pure; thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/ports/store_types.h"

namespace heliograph::store {

std::string encode_batch_answer(const std::vector<ports::BatchItemResult>& items);
// nullopt: no such text.
std::optional<std::vector<ports::BatchItemResult>> decode_batch_answer(std::string_view text);

}  // namespace heliograph::store
