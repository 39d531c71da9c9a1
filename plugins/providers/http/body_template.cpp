#include "plugins/providers/http/body_template.h"

#include <optional>
#include <string>
#include <vector>

#include <heliograph/json.hpp>
#include <heliograph/text.hpp>

#include "plugins/providers/http/json_table.h"

namespace heliograph::plugins::http {

namespace {

// One past the closing quote of the string that begins at `start`, in valid JSON.
std::size_t string_end(std::string_view json, std::size_t start) {
  std::size_t i = start + 1;
  while (json[i] != '"') i += json[i] == '\\' ? 2 : 1;
  return i + 1;
}

bool is_key(std::string_view json, std::size_t end) {
  const std::size_t next = json.find_first_not_of(" \t\r\n", end);
  return next != std::string_view::npos && json[next] == ':';
}

std::optional<Template::Field> list_named(std::string_view text) {
  if (text == kMediaPlaceholder) return Template::Field::kMedia;
  if (text == kAttachmentsPlaceholder) return Template::Field::kAttachments;
  return std::nullopt;
}

}  // namespace

// The text of a JSON string is escaped already, and no placeholder's name needs escapes: so the
// document itself is the template, and only its strings have to be found.
Template json_body(std::string_view table, const Secrets& secrets, std::string_view path) {
  Template body(Escape::kJson);
  std::size_t done = 0;
  for (std::size_t quote = table.find('"'); quote != std::string_view::npos;) {
    const std::size_t end = string_end(table, quote);
    const std::string_view content = table.substr(quote + 1, end - quote - 2);
    if (const auto list = list_named(content); list && !is_key(table, end)) {
      body.add_literal(table.substr(done, quote - done));
      body.add_list(*list);
      done = end;
    } else if (!is_key(table, end)) {
      body.add_literal(table.substr(done, quote + 1 - done));
      body.add_text(content, Template::Around::kAsIs, secrets, path);
      done = end - 1;
    }
    quote = table.find('"', end);
  }
  body.add_literal(table.substr(done));
  return body;
}

namespace {

void add_pair(Template& body, const std::string& name, std::string_view value,
              const Secrets& secrets, const std::string& path) {
  const std::optional<std::string> text = sdk::json::scalar_text(value);
  if (!text) {
    throw sdk::ConfigError(path, "a form takes texts, numbers, true, false, or an array of them");
  }
  std::string encoded;
  append_escaped(encoded, name, Escape::kPercent);
  body.add_literal((body.empty() ? "" : "&") + encoded + "=");
  body.add_text(*text, Template::Around::kEscaped, secrets, path);
}

}  // namespace

Template form_body(std::string_view table, const Secrets& secrets, std::string_view path) {
  Template body(Escape::kPercent);
  std::vector<std::string> media;
  for (const auto& [name, value] : members(table)) {
    const std::string where = std::string(path) + "." + name;
    if (sdk::json::scalar_text(value) == kMediaPlaceholder) {
      append_escaped(media.emplace_back(), name, Escape::kPercent);
    } else if (value.front() != '[') {
      add_pair(body, name, value, secrets, where);
    } else {
      for (const std::string_view element : sdk::json::elements(value)) {
        add_pair(body, name, element, secrets, where);
      }
    }
  }
  for (const std::string& name : media) body.add_media_pairs(name);
  return body;
}

}  // namespace heliograph::plugins::http
