// What `heliograph top` knows and shows: two looks at the admin API, a second apart, become one
// document; the document becomes text. Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>

namespace heliograph::app {

// The answers of one moment. Null: the key may not see it.
struct TopLook {
  std::chrono::steady_clock::time_point at{};
  nlohmann::json providers;     // GET /v1/admin/providers
  nlohmann::json queue;         // GET /v1/admin/queue
  nlohmann::json limits;        // GET /v1/admin/limits
  nlohmann::json distribution;  // GET /v1/admin/distribution
  nlohmann::json messages;      // GET /v1/messages: the newest of the key's client
  nlohmann::json dead_letters;  // GET /v1/dead-letters, likewise
};

// `before`: the look before, of which rates are made; nullptr: there are none yet (null).
nlohmann::json top_document(const TopLook& now, const TopLook* before);

// At most `rows` lines of at most `columns` characters; 0: as many as there are.
std::string top_text(const nlohmann::json& document, std::size_t columns, std::size_t rows);

}  // namespace heliograph::app
