#include "plugins/providers/http/settings.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <string>
#include <utility>

#include "plugins/providers/http/json_table.h"
#include "plugins/providers/http/pointers.h"

namespace heliograph::plugins::http {

namespace {

std::uint32_t outcome_of(std::string_view name, std::string_view path) {
  const std::optional<std::uint32_t> outcome = outcome_named(name);
  if (!outcome) {
    throw sdk::ConfigError(path, "must be sent, rejected, retry, unknown, throttled or refused");
  }
  return *outcome;
}

void check_pointer(std::string_view pointer, std::string_view path) {
  if (pointer.empty() || pointer.front() == '/') return;
  throw sdk::ConfigError(path, "must be a JSON pointer, like /message_id");
}

Classification read_classification(const sdk::Config& config) {
  Classification made;
  for (const auto& [status, name] : texts_at(config, "/classify")) {
    const std::string path = "classify." + status;
    made.set_status(status, outcome_of(name, path), path);
  }
  for (const auto& [code, name] : texts_at(config, "/codes")) {
    made.set_code(code, outcome_of(name, "codes." + code));
  }
  return made;
}

}  // namespace

AnswerRules read_answer_rules(const sdk::Config& config) {
  AnswerRules rules;
  rules.classification = read_classification(config);
  for (const sdk::Config& pointer : config.children("id_pointers")) {
    check_pointer(pointer.text(), "id_pointers." + std::string(pointer.key()));
    rules.id_pointers.emplace_back(pointer.text());
  }
  rules.parts_list = pointer_in(config, "part_ids.list");
  rules.part_id = pointer_in(config, "part_ids.id");
  rules.id_header = config.text("id_header");
  std::ranges::transform(rules.id_header, rules.id_header.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  rules.error_pointer = config.text("error_pointer");
  check_pointer(rules.error_pointer, "error_pointer");
  rules.code_required = config.flag("code_required");
  const bool codes = !texts_at(config, "/codes").empty();
  if (rules.error_pointer.empty() && (codes || rules.code_required)) {
    throw sdk::ConfigError("error_pointer", "is missing beside codes or code_required");
  }
  return rules;
}

}  // namespace heliograph::plugins::http
