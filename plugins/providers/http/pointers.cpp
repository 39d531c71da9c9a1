#include "plugins/providers/http/pointers.h"

#include <heliograph/json.hpp>

namespace heliograph::plugins::http {

std::string pointer_in(const sdk::Config& config, std::string_view path) {
  const std::string_view text = config.text(path);
  if (!text.empty() && text.front() != '/') {
    throw sdk::ConfigError(path, "must be a JSON pointer, like /status");
  }
  return std::string(text);
}

std::string text_at(std::string_view element, std::string_view pointer) {
  if (pointer.empty()) return {};
  return sdk::json::text_at(element, pointer).value_or("");
}

}  // namespace heliograph::plugins::http
