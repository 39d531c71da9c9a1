// JSON pointers of the configuration into what a provider posts. Pure; thread-safe.
#pragma once

#include <string>
#include <string_view>

#include <heliograph/config.hpp>

namespace heliograph::plugins::http {

// A pointer of the configuration; it may be empty. Throws sdk::ConfigError for what is none.
std::string pointer_in(const sdk::Config& config, std::string_view path);

// What it points to in `element`, as text; "" where the pointer is empty, nothing is there, or no
// text.
std::string text_at(std::string_view element, std::string_view pointer);

}  // namespace heliograph::plugins::http
