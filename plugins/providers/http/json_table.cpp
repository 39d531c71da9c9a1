#include "plugins/providers/http/json_table.h"

#include <algorithm>
#include <optional>

#include <heliograph/json.hpp>

namespace heliograph::plugins::http {

std::vector<Member> members(std::string_view object) {
  std::vector<Member> found;
  if (object.empty() || object.front() != '{' || !sdk::json::valid(object)) return found;
  sdk::json::detail::each_child(object, [&](std::string_view name, std::string_view value) {
    found.emplace_back(sdk::json::detail::decode_string(name), value);
    return true;
  });
  return found;
}

std::string_view table_at(const sdk::Config& config, std::string_view pointer) {
  return sdk::json::find(config.json(), pointer).value_or("");
}

std::vector<std::pair<std::string, std::string>> texts_at(const sdk::Config& config,
                                                          std::string_view pointer) {
  std::vector<std::pair<std::string, std::string>> found;
  for (const auto& [name, value] : members(table_at(config, pointer))) {
    std::optional<std::string> text = sdk::json::scalar_text(value);
    if (!text) {
      std::string path(pointer.substr(1));
      std::ranges::replace(path, '/', '.');
      throw sdk::ConfigError(path + "." + name, "must be a text");
    }
    found.emplace_back(name, *std::move(text));
  }
  return found;
}

}  // namespace heliograph::plugins::http
