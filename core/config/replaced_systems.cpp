// The environment variables of the three systems that this gateway replaces, so that their .env
// files go on working. docs/configuration.md has the table.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "core/base/text.h"
#include "core/config/environment.h"
#include "core/config/formats.h"
#include "core/config/scalars.h"

namespace heliograph::config {
namespace {

// Long enough for every provider that answers at all, shorter than clients' usual 30 s.
constexpr std::string_view kSyncWait = "10s";

// Read and left alone: they name servers that this gateway does not need.
constexpr std::array<std::string_view, 4> kIgnored = {"TASKIQ_BROKER_URL", "DATABASE_URL",
                                                      "NATS_URL", "ENVIRONMENT"};
constexpr std::array<std::string_view, 3> kRedis = {"REDIS_URL", "REDIS_HOST", "REDIS_PORT"};

using Variable = Environment::value_type;

Node* find_path(Node& root, std::string_view section, std::string_view key) {
  Node* const table = root.find(section);
  return table == nullptr ? nullptr : table->find(key);
}

std::vector<Node>* find_providers(Node& root) {
  Node* const array = root.find("provider");
  return array != nullptr && array->kind == Node::Kind::kArray ? &array->items : nullptr;
}

class Translator {
 public:
  Translator(const Environment& environment, Node& root, Mock& mock, Notes& notes, Report& report)
      : environment_(environment), root_(root), mock_(mock), notes_(notes), report_(report) {}

  void run() {
    provider_urls();  // first: they may make the providers that the limits are for
    limits();
    copy("RATE_LIMIT_RPS", "limits.client.rate");
    copy("RATE_LIMIT_BURST", "limits.client.burst");
    messaging_limit();
    health_and_retry();
    server();
    synchronous();
    mocks();
    redis();
    ignored();
  }

 private:
  // The last one counts, as for a process.
  const std::string* find(std::string_view name) const {
    const std::string* out = nullptr;
    for (const auto& [known, value] : environment_) {
      if (known == name) out = &value;
    }
    return out;
  }

  void error(std::string_view name, std::string message) {
    report_.error({std::string(name), 0}, std::move(message));
  }

  void note(std::string_view name, std::string_view effect) {
    notes_.push_back(fmt::format("{} {}", name, effect));
  }

  // Puts text below `table`; its reader checks it and names the variable in its error.
  void put(Node& table, std::string_view path, std::string_view name, std::string value) {
    Node* const node = table.at_path(path, {std::string(name), 0});
    if (node == nullptr) return error(name, fmt::format("{} cannot be set here", path));
    *node = {.kind = Node::Kind::kVariable,
             .origin = {std::string(name), 0},
             .key = std::move(node->key),
             .text = std::move(value),
             .items = {}};
  }

  // The variable's text as it stands.
  void copy(std::string_view name, std::string_view path) {
    const std::string* const value = find(name);
    if (value == nullptr) return;
    put(root_, path, name, *value);
    note(name, fmt::format("sets {}", path));
  }

  // A whole number of seconds as a duration; empty, with an error, when it is none.
  std::optional<std::string> seconds(std::string_view name, std::string_view value) {
    const auto number = base::parse_uint(value);
    if (number && *number > 0) return fmt::format("{}s", *number);
    error(name, fmt::format("expected a number of seconds, found \"{}\"", value));
    return std::nullopt;
  }

  void provider_urls() {
    const bool declared = root_.find("provider") != nullptr;
    for (const auto& [number, variable] : numbered_urls()) {
      if (!declared) add_provider(variable->first, number);
      set_provider_url(variable->first, number, variable->second);
    }
  }

  // PROVIDER1_URL, PROVIDER2_URL, ... by their number. PROVIDER_URL and the like are not ours.
  std::map<std::uint64_t, const Variable*> numbered_urls() const {
    constexpr std::string_view kHead = "PROVIDER";
    constexpr std::string_view kTail = "_URL";
    std::map<std::uint64_t, const Variable*> out;
    for (const Variable& variable : environment_) {
      std::string_view digits = variable.first;
      if (!digits.starts_with(kHead) || !digits.ends_with(kTail)) continue;
      digits.remove_prefix(kHead.size());
      digits.remove_suffix(std::min(digits.size(), kTail.size()));
      const auto number = base::parse_uint(digits);
      if (number && *number > 0) out[*number] = &variable;
    }
    return out;
  }

  // Without any [[provider]] in the file the variables declare them, as they did there.
  void add_provider(const std::string& name, std::uint64_t number) {
    const Origin origin{name, 0};
    Node& array = root_.member("provider", origin);
    array.kind = Node::Kind::kArray;
    Node& provider = array.items.emplace_back();
    provider.origin = origin;
    const std::string id = fmt::format("provider{}", number);
    put(provider, "id", name, id);
    put(provider, "plugin", name, "http");
    note(name, fmt::format("adds provider '{}'", id));
  }

  // Provider n: the one called "provider<n>", else the n-th.
  void set_provider_url(const std::string& name, std::uint64_t number, const std::string& value) {
    std::vector<Node>* const providers = find_providers(root_);
    if (providers == nullptr) return;  // not an array: reported when it is read
    const std::string id = fmt::format("provider{}", number);
    const auto named = std::ranges::find_if(*providers, [&](const Node& provider) {
      const Node* const node = provider.find("id");
      return node != nullptr && node->text == id;
    });
    if (named == providers->end() && number > providers->size()) {
      return error(name, fmt::format("there is no provider {}, the configuration has {}", number,
                                     providers->size()));
    }
    Node& provider = named != providers->end() ? *named : (*providers)[number - 1];
    put(provider, "config.url", name, value);
    note(name, fmt::format("sets provider {} config.url", number));
  }

  // TOTAL_RATE_LIMIT and PROVIDER_RATE_LIMIT in RATE_LIMIT_WINDOW seconds.
  void limits() {
    copy("TOTAL_RATE_LIMIT", "limits.total.limit");
    std::vector<Node>* const providers = find_providers(root_);
    if (const auto* value = find("PROVIDER_RATE_LIMIT"); value != nullptr) {
      if (providers != nullptr) {
        for (Node& provider : *providers)
          put(provider, "limit.limit", "PROVIDER_RATE_LIMIT", *value);
      }
      note("PROVIDER_RATE_LIMIT", "sets limit.limit of every provider");
    }
    const auto* window = find("RATE_LIMIT_WINDOW");
    const auto duration = window != nullptr ? seconds("RATE_LIMIT_WINDOW", *window) : std::nullopt;
    if (!duration) return;
    if (Node* const total = find_path(root_, "limits", "total")) {
      put(*total, "window", "RATE_LIMIT_WINDOW", *duration);
    }
    if (providers != nullptr) {
      for (Node& provider : *providers) {
        Node* const limit = provider.find("limit");
        if (limit != nullptr) put(*limit, "window", "RATE_LIMIT_WINDOW", *duration);
      }
    }
    note("RATE_LIMIT_WINDOW", "sets the window of limits.total and of every provider's limit");
  }

  // Of the messaging service, which counted requests by address and path.
  void messaging_limit() {
    bool enabled = true;
    if (const std::string* const text = find("RATE_LIMIT_ENABLED"); text != nullptr) {
      const auto given = parse_boolean(*text);
      if (!given) error("RATE_LIMIT_ENABLED", "expected true or false");
      enabled = given.value_or(true);
      note("RATE_LIMIT_ENABLED", enabled ? "leaves facades.messaging_requests as it is"
                                         : "sets facades.messaging_requests to 0: no limit");
    }
    if (const auto* period = find("RATE_LIMIT_PERIOD"); period != nullptr) {
      if (const auto duration = seconds("RATE_LIMIT_PERIOD", *period)) {
        put(root_, "facades.messaging_period", "RATE_LIMIT_PERIOD", *duration);
        note("RATE_LIMIT_PERIOD", "sets facades.messaging_period");
      }
    }
    if (const auto* requests = find("RATE_LIMIT_REQUESTS"); requests != nullptr) {
      // 0 would be no limit here; there it let nothing through, and nobody means that.
      const auto count = base::parse_uint(*requests);
      if (!count || *count == 0) {
        return error("RATE_LIMIT_REQUESTS", "expected a number of requests above 0");
      }
      if (enabled) copy("RATE_LIMIT_REQUESTS", "facades.messaging_requests");
    }
    if (!enabled) put(root_, "facades.messaging_requests", "RATE_LIMIT_ENABLED", "0");
  }

  void health_and_retry() {
    if (const auto* value = find("HEALTH_WINDOW_DURATION"); value != nullptr) {
      if (const auto duration = seconds("HEALTH_WINDOW_DURATION", *value)) {
        put(root_, "health.window", "HEALTH_WINDOW_DURATION", *duration);
        put(root_, "health.cooldown", "HEALTH_WINDOW_DURATION", *duration);
        note("HEALTH_WINDOW_DURATION", "sets health.window and health.cooldown");
      }
    }
    copy("HEALTH_FAILURE_THRESHOLD", "health.failure_threshold");
    copy("RETRY_MIN_DELAY", "retry.min_delay");
    copy("RETRY_MAX_DELAY", "retry.max_delay");
    copy("RETRY_FACTOR", "retry.factor");
    copy("MAX_ATTEMPTS", "retry.max_attempts");
    copy("PRICE_PER_PART_CENTS", "billing.price_per_part_cents");
  }

  void server() {
    port();
    debug();
    if (const auto* level = find("LOG_LEVEL"); level != nullptr) {
      std::string word = base::to_lower_ascii(*level);
      if (word == "warning") word = "warn";
      put(root_, "log.level", "LOG_LEVEL", word);
      note("LOG_LEVEL", "sets log.level");
    }
  }

  void debug() {
    const std::string* const text = find("DEBUG");
    if (text == nullptr) return;
    const auto on = parse_boolean(*text);
    if (!on) return error("DEBUG", "expected true or false");
    if (*on) put(root_, "log.level", "DEBUG", "debug");
    note("DEBUG", *on ? "sets log.level to debug" : "leaves log.level as it is");
  }

  // A time that the file gives stays.
  void synchronous() {
    const std::string* const text = find("SYNC_MESSAGE_PROCESSING");
    if (text == nullptr) return;
    const auto on = parse_boolean(*text);
    if (!on) return error("SYNC_MESSAGE_PROCESSING", "expected true or false");
    const Node* const wait = find_path(root_, "messages", "sync_wait");
    const auto given = wait != nullptr ? base::parse_duration(wait->text) : std::nullopt;
    const bool has_time = given && given->count() > 0;
    if (*on && !has_time) {
      put(root_, "messages.sync_wait", "SYNC_MESSAGE_PROCESSING", std::string(kSyncWait));
    } else if (!*on) {
      put(root_, "messages.sync_wait", "SYNC_MESSAGE_PROCESSING", "0s");
    }
    note("SYNC_MESSAGE_PROCESSING",
         *on ? "makes answers wait for their message (messages.sync_wait)"
             : "sets messages.sync_wait to 0s");
  }

  // Only the port: which address to listen on stays what the file says.
  void port() {
    const auto* const value = find("PORT");
    if (value == nullptr) return;
    const Node* const listen = find_path(root_, "http", "listen");
    const std::string before = listen != nullptr ? listen->text : Http{}.listen;
    const auto number = base::parse_uint(*value);
    if (!number || *number > 65'535) {
      return error("PORT", fmt::format("expected a port from 0 to 65535, found \"{}\"", *value));
    }
    put(root_, "http.listen", "PORT", fmt::format("{}:{}", listen_host(before), *number));
    note("PORT", "sets the port of http.listen");
  }

  void mocks() {
    const std::array<std::pair<std::string_view, std::optional<double>*>, 3> rates = {
        {{"MOCK_SUCCESS_RATE", &mock_.success_rate},
         {"MOCK_TEMP_FAIL_RATE", &mock_.temp_fail_rate},
         {"MOCK_PERM_FAIL_RATE", &mock_.perm_fail_rate}}};
    for (const auto& [name, rate] : rates) {
      const auto* const value = find(name);
      if (value == nullptr) continue;
      const auto number = parse_real(*value);
      if (!number || *number < 0 || *number > 1) {
        error(name, fmt::format("expected a share from 0 to 1, found \"{}\"", *value));
        continue;
      }
      *rate = number;
      note(name, "is for the mock providers");
    }
  }

  // They say where a Redis is, never that it is to be used: that is limiter.plugin's business.
  void redis() {
    const Node* const plugin = find_path(root_, "limiter", "plugin");
    const bool used = plugin != nullptr && plugin->text == "redis";
    for (const std::string_view name : kRedis) {
      if (find(name) == nullptr) continue;
      note(name, used ? "sets limiter.config.url" : "is ignored: limiter.plugin is not \"redis\"");
    }
    if (!used) return;
    const std::string* const url = find("REDIS_URL");
    const std::string* const host = find("REDIS_HOST");
    const std::string* const port = find("REDIS_PORT");
    if (url != nullptr) {
      put(root_, "limiter.config.url", "REDIS_URL", *url);
    } else if (host != nullptr || port != nullptr) {
      put(root_, "limiter.config.url", host != nullptr ? "REDIS_HOST" : "REDIS_PORT",
          fmt::format("redis://{}:{}", host != nullptr ? *host : "127.0.0.1",
                      port != nullptr ? *port : "6379"));
    }
  }

  void ignored() {
    for (const auto& [name, value] : environment_) {
      const bool known = std::ranges::find(kIgnored, name) != kIgnored.end();
      if (known || name.starts_with("POSTGRES_")) note(name, "is ignored: it has no meaning here");
    }
  }

  const Environment& environment_;
  Node& root_;
  Mock& mock_;
  Notes& notes_;
  Report& report_;
};

}  // namespace

void apply_replaced_systems(const Environment& environment, Node& root, Mock& mock, Notes& notes,
                            Report& report) {
  Translator(environment, root, mock, notes, report).run();
}

}  // namespace heliograph::config
