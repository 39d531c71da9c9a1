// Config: the schema, and create() over all that the schema lets through.
#include <algorithm>
#include <utility>

#include "life.hpp"
#include "random_config.hpp"
#include "sample_config.hpp"

namespace heliograph::sdk::conformance {
namespace {

constexpr int kMutations = 300;

Value parsed_schema(Check& check) {
  const std::string text = check.schema();
  return text.empty() ? Value::table({{"type", "object"}}) : Value::parse(text);
}

std::vector<std::string> mistakes(Check& check, const Value& config) {
  return check.judge().validate(check.schema(), config.json());
}

// What the component gets of it: defaults filled in, units as numbers.
Value completed(Check& check, const Value& config) {
  return testing::apply_schema(check.schema(), config);
}

void schema(Check& check) {
  Value parsed;
  try {
    parsed = parsed_schema(check);
  } catch (const std::invalid_argument&) {
    check.fail("config_schema is no JSON");
  }
  const Value* type = parsed.find("type");
  check.require(type != nullptr && type->text() == "object",
                "config_schema must describe an object: \"type\": \"object\"");
  check.step("the gateway's validator with the schema");
  for (const std::string& mistake : mistakes(check, Value::table())) {
    check.require(mistake.find("the schema of ") == std::string::npos, mistake);
  }
  const Value* open = parsed.find("additionalProperties");
  if (open == nullptr || open->type() != Value::Type::kBool || open->integer())
    check.note("a misspelt key goes unnoticed: say \"additionalProperties\": false");
}

void defaults(Check& check) {
  const auto wrong = mistakes(check, check.config());
  if (wrong.empty()) return;
  if (check.config_is_invented())
    check.skip("a made-up configuration does not fit: give one with --config: " + wrong.front());
  check.fail("its defaults (and the first examples of required keys) do not fit its schema: " +
             wrong.front());
}

// `visit(path, example)` for every example of the schema's tables.
template <class Visit>
void each_example(const Value& schema, const std::string& prefix, const Visit& visit) {
  const Value* properties = schema.find("properties");
  if (properties == nullptr) return;
  for (const auto& [name, property] : properties->children()) {
    const std::string path = prefix.empty() ? name : prefix + "." + name;
    if (const Value* examples = property.find("examples")) {
      for (const auto& [index, example] : examples->children()) visit(path, example);
    }
    each_example(property, path, visit);
  }
}

// Sets a dotted path, with the tables on the way.
Value with_path(const Value& config, std::string_view path, const Value& value) {
  const std::size_t dot = path.find('.');
  Value out = config;
  if (dot == std::string_view::npos) return out.set(path, value);
  const std::string_view key = path.substr(0, dot);
  const Value* inner = config.find(key);
  return out.set(
      key, with_path(inner == nullptr ? Value::table() : *inner, path.substr(dot + 1), value));
}

void examples(Check& check) {
  int n = 0;
  each_example(parsed_schema(check), "", [&](const std::string& path, const Value& example) {
    const Value config = with_path(check.config(), path, example);
    for (const std::string& mistake : mistakes(check, config)) {
      // A table made for this example alone may lack its other required keys.
      if (mistake.find(path) != std::string::npos)
        check.fail("the example " + example.json() + " of '" + path + "' does not fit: " + mistake);
    }
    ++n;
    if (!mistakes(check, config).empty()) return;
    check.step("create() with the example " + example.json() + " of '" + path + "'");
    FakeHost host;
    const Attempt made = attempt(host, check.component(), completed(check, config));
    check.require(flaw_of(made).empty(), flaw_of(made));
    if (made.status != HG_OK)
      check.note("the example of '" + path + "' alone is refused: " + made.text);
    check.require_obedience(host);
  });
  check.note(std::to_string(n) + " examples");
}

void required(Check& check) {
  const std::vector<std::string> paths = required_paths(parsed_schema(check));
  for (const std::string& path : paths) {
    const Value config = without(check.config(), path);
    const auto wrong = mistakes(check, config);
    const std::string key = path.substr(path.rfind('.') + 1);
    const bool named = std::any_of(wrong.begin(), wrong.end(), [&](const std::string& text) {
      return text.find(key) != std::string::npos;
    });
    check.require(named, "without '" + path + "' no error names it");
    // Of an older gateway or a test: the component meets what the schema would have caught.
    check.step("create() without the required key '" + path + "'");
    FakeHost host;
    const Attempt made =
        attempt(host, check.component(), without(completed(check, check.config()), path));
    check.require(made.status == HG_OK || made.text.find(key) != std::string::npos,
                  "create() refuses a configuration without '" + path +
                      "', and its error does not name the key: \"" + made.text + "\"");
    check.require_obedience(host);
  }
  if (paths.empty()) check.note("no key is required");
}

void mutations(Check& check) {
  const Value schema = parsed_schema(check);
  RandomConfig random(check.seed());
  int valid = 0;
  int taken = 0;
  for (int i = 0; i < kMutations; ++i) {
    const Value config = random.next(schema, check.config());
    const std::string text = config.json();
    check.step("configuration " + std::to_string(i + 1) + " of seed " +
               std::to_string(check.seed()) + ": " + text);
    if (!mistakes(check, config).empty()) continue;
    ++valid;
    FakeHost host;
    const Attempt made = attempt(host, check.component(), completed(check, config));
    taken += made.status == HG_OK ? 1 : 0;
    check.require(flaw_of(made).empty(), flaw_of(made) + " (configuration: " + text + ")");
    check.require_obedience(host);
  }
  check.note(std::to_string(kMutations) + " configurations, " + std::to_string(valid) +
             " fit the schema, " + std::to_string(taken) + " were taken by create()");
}

// Dotted paths of the keys that hold secrets.
void add_secrets(const Value& schema, const std::string& prefix, std::vector<std::string>& paths) {
  const Value* properties = schema.find("properties");
  if (properties == nullptr) return;
  for (const auto& [name, property] : properties->children()) {
    const std::string path = prefix.empty() ? name : prefix + "." + name;
    const Value* secret = property.find("x-secret");
    if (secret != nullptr && secret->integer() != 0) paths.push_back(path);
    add_secrets(property, path, paths);
  }
}

constexpr std::string_view kSecret = "kEeP-tHiS-qUiEt-5817";

void require_quiet(Check& check, const FakeHost& host, const std::string& error,
                   const std::string& path) {
  check.require(error.find(kSecret) == std::string::npos,
                "the secret '" + path + "' stands in an error's text");
  check.require(!host.logged(kSecret), "the secret '" + path + "' stands in the log");
}

void secrets(Check& check) {
  const Value schema = parsed_schema(check);
  std::vector<std::string> paths;
  add_secrets(schema, "", paths);
  if (paths.empty()) check.note("no key is marked \"x-secret\"");
  RandomConfig random(check.seed());
  for (const std::string& path : paths) {
    for (int i = 0; i < 60; ++i) {
      const Value base = i == 0 ? check.config() : random.next(schema, check.config());
      // Alone, and in the middle of text that may be thought wrong.
      const std::string secret = (i % 3 == 2 ? "\n{" : "") + std::string(kSecret);
      const Value config = with_path(base, path, secret);
      if (!mistakes(check, config).empty()) continue;
      check.step("a life with the secret '" + path + "': " + config.json());
      FakeHost host;
      std::string error;
      try {
        Instance instance(host, check.component(), config);
        if (check.may_start() && i == 0) error = start(instance).text;
      } catch (const testing::CreateError& refused) {
        error = refused.what();
      }
      require_quiet(check, host, error, path);
    }
  }
}

}  // namespace

std::vector<Case> config_cases() {
  return {
      {"config", "schema", "The schema is one that the gateway understands, of an object.",
       kAnyKind, Needs::kModule, schema},
      {"config", "defaults", "Defaults fit the schema that states them.", kAnyKind, Needs::kSchema,
       defaults},
      {"config", "examples", "Every example fits, and create takes it or says why not.", kAnyKind,
       Needs::kInstance, examples},
      {"config", "required", "An error about a missing required key names the key.", kAnyKind,
       Needs::kInstance, required},
      {"config", "mutations", "Create takes or refuses in words whatever the schema lets through.",
       kAnyKind, Needs::kInstance, mutations},
      {"config", "secrets", "No secret stands in a log line or an error.", kAnyKind, Needs::kRobust,
       secrets},
  };
}

}  // namespace heliograph::sdk::conformance
