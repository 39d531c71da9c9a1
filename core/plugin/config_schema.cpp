#include "core/plugin/config_schema.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <tuple>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "core/base/text.h"
#include "core/plugin/abi_text.h"
#include "core/plugin/schema_walk.h"

namespace heliograph::plugin {
namespace {

using nlohmann::json;
using Lines = std::vector<std::string>;

constexpr auto kHttpSchema = R"({
  "type": "object", "additionalProperties": false,
  "properties": {
    "connections": {"type": "integer", "minimum": 1, "maximum": 4096, "default": 64},
    "queue": {"type": "integer", "minimum": 0, "maximum": 1000000, "default": 1024},
    "connect_timeout": {"type": "string", "x-unit": "duration", "default": "2s"},
    "idle_timeout": {"type": "string", "x-unit": "duration", "default": "15s"},
    "ca_file": {"type": "string", "default": ""}
  }})";

// A table that is being prepared, and what was found wrong with it.
class Preparation {
 public:
  Preparation(const ConfigInput& input, std::string prefix)
      : input_(input), prefix_(std::move(prefix)) {}

  void fail(const std::string& path, std::string_view what) {
    const auto place = input_.table->where.empty() ? input_.component : input_.table->where;
    const auto key = prefix_.empty() ? path : join_path(prefix_, path);
    lines_.push_back(key.empty() ? fmt::format("{}: {}", place, what)
                                 : fmt::format("{} {}: {}", place, key, what));
  }
  // The path is already in the sentence.
  void fail_sentence(const std::string& sentence) {
    const auto place = input_.table->where.empty() ? input_.component : input_.table->where;
    const auto prefix = prefix_.empty() ? "" : prefix_ + ".";
    lines_.push_back(fmt::format("{} {}{}", place, prefix, sentence));
  }

  void complete(const json& schema, json& value) {
    fill_defaults(schema, value);
    resolve_secrets(schema, value);
    validate(schema, value);
    if (lines_.empty()) convert_units(schema, value);
  }
  Lines take_lines() { return std::move(lines_); }

 private:
  void resolve_secrets(const json& schema, json& value) {
    for_each_string(schema, value, [this](const auto& path, const json& described, json& text) {
      if (!has_flag(described, "x-secret")) return;
      auto secret = config::resolve_secret(text.get_ref<const std::string&>(), *input_.environment,
                                           input_.folder);
      if (secret) {
        text = std::move(*secret);
      } else {
        fail(path, secret.error());
      }
    });
  }

  void validate(const json& schema, const json& value) {
    valijson::Schema compiled;
    valijson::ValidationResults results;
    try {
      valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
      parser.populateSchema(valijson::adapters::NlohmannJsonAdapter(schema), compiled);
      valijson::Validator validator;
      if (validator.validate(compiled, valijson::adapters::NlohmannJsonAdapter(value), &results)) {
        return;
      }
    } catch (const std::exception& broken) {
      fail({}, fmt::format("the schema of {} is broken: {}", input_.component, broken.what()));
      return;
    }
    const auto before = lines_.size();
    for (const auto& error : results) {
      auto sentence = explain(schema, value, error.context, error.description);
      if (!sentence.empty()) fail_sentence(sentence);
    }
    if (lines_.size() == before) fail({}, "does not fit the component's schema");
  }

  void convert_units(const json& schema, json& value) {
    for_each_string(schema, value, [this](const auto& path, const json& described, json& text) {
      const auto unit = text_of(described, "x-unit");
      const auto written = text.get<std::string>();
      if (unit == "duration") {
        const auto duration = base::parse_duration(written);
        if (!duration)
          return fail(path, fmt::format("expected a duration such as \"5s\", got \"{}\"", written));
        text = std::chrono::nanoseconds{*duration}.count();
      } else if (unit == "size") {
        const auto size = base::parse_size(written);
        if (!size)
          return fail(path, fmt::format("expected a size such as \"64KiB\", got \"{}\"", written));
        text = *size;
      }
    });
  }

  const ConfigInput& input_;
  std::string prefix_;
  Lines lines_;
};

std::expected<json, std::string> parse_schema(const ConfigInput& input) {
  if (input.schema.empty()) return json{{"type", "object"}, {"additionalProperties", false}};
  auto schema = json::parse(input.schema, nullptr, false);
  if (schema.is_discarded()) {
    return std::unexpected(fmt::format("the schema of {} is not JSON", input.component));
  }
  if (!schema.is_object() || text_of(schema, "type") != "object") {
    return std::unexpected(
        fmt::format("the schema of {} does not describe an object", input.component));
  }
  return schema;
}

std::chrono::milliseconds milliseconds_of(const json& nanoseconds) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::nanoseconds{nanoseconds.get<std::int64_t>()});
}

Lines read_http(const ConfigInput& input, json table, ports::HttpPoolOptions& options) {
  static const auto schema = json::parse(kHttpSchema);
  Preparation preparation(input, "http");
  preparation.complete(schema, table);
  auto lines = preparation.take_lines();
  if (!lines.empty()) return lines;
  options.connections_max = table["connections"].get<std::size_t>();
  options.queue_max = table["queue"].get<std::size_t>();
  options.connect_timeout = milliseconds_of(table["connect_timeout"]);
  options.idle_max = milliseconds_of(table["idle_timeout"]);
  options.ca_file = table["ca_file"].get<std::string>();
  if (options.ca_file.empty()) return {};
  options.ca_file = (std::filesystem::path{input.folder} / options.ca_file).string();
  if (::access(options.ca_file.c_str(), R_OK) == 0) return {};
  preparation.fail("ca_file", fmt::format("{} cannot be read", options.ca_file));
  return preparation.take_lines();
}

}  // namespace

std::expected<PreparedConfig, Lines> prepare_config(const ConfigInput& input) {
  Preparation preparation(input, {});
  const auto schema = parse_schema(input);
  if (!schema) {
    preparation.fail({}, schema.error());
    return std::unexpected(preparation.take_lines());
  }
  auto value = json::parse(input.table->json, nullptr, false);
  if (!value.is_object()) {
    preparation.fail({}, "expected a table");
    return std::unexpected(preparation.take_lines());
  }
  PreparedConfig prepared;
  Lines http_lines;
  const auto http = value.find("http");
  if (http != value.end() && !schema->value("properties", json::object()).contains("http")) {
    prepared.http_given = true;
    http_lines = read_http(input, *http, prepared.http);
    value.erase("http");
  }
  preparation.complete(*schema, value);
  auto lines = preparation.take_lines();
  lines.insert(lines.end(), http_lines.begin(), http_lines.end());
  if (!lines.empty()) return std::unexpected(std::move(lines));
  prepared.view = std::make_unique<ConfigView>(std::move(value));
  return prepared;
}

bool PreparedConfig::same_as(const PreparedConfig& other) const {
  const auto pool = [](const ports::HttpPoolOptions& options) {
    return std::tie(options.connections_max, options.queue_max, options.connect_timeout,
                    options.idle_max, options.ca_file);
  };
  return http_given == other.http_given && pool(http) == pool(other.http) &&
         view_of(view->text()) == view_of(other.view->text());
}

}  // namespace heliograph::plugin
