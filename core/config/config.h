// The configuration as typed values: what the TOML file, the environment and the defaults add up
// to.
//
// Made by core/config/loader.h, validated there as a whole, immutable afterwards. Nothing reads
// TOML or the environment later. Every limit has its unit in its type or name; defaults are the
// ones the documentation states.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/model/client.h"
#include "core/model/message.h"
#include "core/model/opt_out.h"
#include "core/model/price_table.h"

namespace heliograph::config {

using std::chrono::milliseconds;

struct Listener {
  std::string listen;  // "127.0.0.1:8080"
  std::string cert;
  std::string key;
  std::string client_ca;
  std::vector<std::string> roles;  // empty: everything; else of "api", "admin"

  bool operator==(const Listener&) const = default;
};

struct Http {
  std::string listen = "127.0.0.1:8080";
  int threads = 1;
  std::size_t max_connections = 4096;
  std::size_t max_connections_per_address = 1024;
  std::vector<std::string> trusted_proxies;  // addresses or CIDRs
  std::vector<std::string> hostnames;        // besides localhost, 127.0.0.1, [::1]
  std::vector<std::string> cors_origins;
  std::vector<Listener> listeners;  // [[http.listener]], besides `listen`

  bool operator==(const Http&) const = default;
};

struct Store {
  std::string engine = "sqlite";
  std::string path = "data/heliograph.db";  // absolute after loading
  std::uint64_t min_free_bytes = 64ull << 20;

  bool operator==(const Store&) const = default;
};

struct Queue {
  std::uint64_t max_depth = 5'000'000;  // waiting messages; beyond, accepts are refused with 503
  std::size_t window = 20'000;          // messages in memory

  bool operator==(const Queue&) const = default;
};

struct Messages {
  milliseconds validity{std::chrono::hours{24}};
  std::size_t text_max = 1600;             // characters
  std::uint64_t content_max = 1ull << 20;  // bytes: text, HTML and attachments of one e-mail
  std::string default_from;
  std::string default_from_email;
  // How long an answer to a new message waits for it to be sent unless the request says; 0: not.
  milliseconds sync_wait{0};

  bool operator==(const Messages&) const = default;
};

struct Numbers {
  std::string validation = "shape";  // or "possible"
  std::string default_region;

  bool operator==(const Numbers&) const = default;
};

struct Retry {
  milliseconds min_delay{2'000};
  milliseconds max_delay{30 * 60'000};
  double factor = 2.0;
  int max_attempts = 5;  // sends, the first included
  bool full_jitter = true;

  bool operator==(const Retry&) const = default;
};

struct Health {
  milliseconds window{300'000};
  double failure_threshold = 0.7;
  int min_attempts = 10;
  milliseconds cooldown{300'000};
  int probes = 3;  // successes that close the circuit

  bool operator==(const Health&) const = default;
};

struct InDoubt {
  model::InDoubt policy = model::InDoubt::kAuto;
  milliseconds wait{30'000};

  bool operator==(const InDoubt&) const = default;
};

// One limit: `limit` units in any `window`.
struct Limit {
  std::uint64_t limit = 0;  // >= 1
  milliseconds window{1'000};
  std::string algorithm = "sliding_window";  // or "token_bucket"
  std::uint64_t burst = 0;                   // token bucket; 0: limit
  std::string unit = "messages";             // or "parts"

  bool operator==(const Limit&) const = default;
};
struct ClientRate {
  double rate = 0;  // messages a second
  double burst = 0;

  bool operator==(const ClientRate&) const = default;
};
struct Limits {
  std::optional<Limit> total;  // accepted messages of the whole gateway
  std::optional<ClientRate> client;
  std::optional<Limit> dispatch;  // sends of the whole gateway

  bool operator==(const Limits&) const = default;
};

// A plugin's own table, as JSON text (TOML's types mapped: offset date-times as RFC 3339 strings),
// secrets still as written
// ("env:NAME"). `where` names its place for errors: "heliograph.toml:41: [provider.config]".
struct PluginTable {
  std::string json = "{}";
  std::string where;

  bool operator==(const PluginTable&) const = default;
};

struct Provider {
  std::string id;      // unique; what attempts and the API show
  std::string plugin;  // component id of kind provider
  std::vector<model::Channel> channels{model::Channel::kSms};
  std::uint32_t weight = 1;
  std::uint32_t priority = 0;
  std::uint64_t cost_micros = 0;
  std::optional<Limit> limit;
  std::uint32_t max_in_flight = 64;
  milliseconds timeout{5'000};
  bool receipts = true;  // false: SENT is final, whatever the plugin says
  bool required = true;
  bool enabled = true;
  PluginTable config;

  bool operator==(const Provider&) const = default;
};

// One provider of a route's set. What is not given is as in its [[provider]].
struct RouteProvider {
  std::string id;
  std::optional<std::uint32_t> weight;  // 0: for pinned messages only
  std::optional<std::uint64_t> cost_micros;

  bool operator==(const RouteProvider&) const = default;
};

// Which providers may carry what. A condition that is not given holds for every message; of one
// with several values any is enough.
struct Route {                            // [[route]], in order: the first that fits is the one
  std::string name;                       // unique; what waiting messages remember
  std::optional<model::Channel> channel;  // else those that its providers carry
  std::vector<std::string> countries;     // "BD": by calling code; besides `prefixes`
  std::vector<std::string> prefixes;      // "+88017"
  std::vector<std::string> clients;       // names
  std::vector<std::string> senders;
  std::vector<std::string> tags;  // the text `tag` of a message's metadata
  std::vector<RouteProvider> providers;

  bool operator==(const Route&) const = default;
};

struct Strategy {  // [distributor]
  std::string plugin = "weighted_round_robin";
  PluginTable config;

  bool operator==(const Strategy&) const = default;
};
struct LimiterPlugin {  // [limiter]
  std::string plugin = "memory";
  PluginTable config;
  std::optional<milliseconds> guard;       // default: 2 % of the window, at least 10 ms
  std::string on_failure = "local_share";  // or "closed", "open"
  std::uint32_t instances = 1;             // gateways that share the limits, this one included

  bool operator==(const LimiterPlugin&) const = default;
};
struct PluginFile {  // [[plugin]]
  std::string id;
  std::string file;    // absolute after loading
  std::string sha256;  // hex; empty: not pinned
  bool required = true;

  bool operator==(const PluginFile&) const = default;
};
struct Plugins {
  std::vector<std::string> path;  // absolute after loading
  std::vector<PluginFile> files;

  bool operator==(const Plugins&) const = default;
};

struct Billing {
  std::int64_t price_per_part_cents = 5;
  std::string capture_on = "delivered";  // or "sent", "accepted"
  milliseconds hold_timeout{std::chrono::hours{72}};
  std::string on_unknown = "release";  // or "capture"

  bool operator==(const Billing&) const = default;
};

struct Facades {
  bool twillow = true;
  bool messaging = true;
  std::string client;  // empty: facades off
  bool allow_remote = false;
  // Requests of one address to one path of the facade messaging within any period; 0: any number.
  std::uint32_t messaging_requests = 100;
  milliseconds messaging_period{60'000};
  std::string twilio_auth_token;    // what Twilio signs its webhooks with; empty: not checked
  std::string sendgrid_public_key;  // SendGrid's: base64 of a SubjectPublicKeyInfo; likewise

  bool operator==(const Facades&) const = default;
};

// The time of day in which a client's messages are not sent, by the recipient's clock.
struct QuietHours {
  std::chrono::minutes from{};  // after midnight
  std::chrono::minutes to{};    // at or before `from`: of the next day; never equal to it
  std::vector<model::Channel> channels{model::Channel::kSms, model::Channel::kMms};
  std::string timezone;  // where the recipient's is not known; IANA name, or empty

  bool operator==(const QuietHours&) const = default;
};

struct Client {  // [[client]]
  std::string name;
  std::string key_sha256;  // hex; of the literal, env: or file: key, or as given
  std::int64_t credit_cents = 0;
  bool billing = true;
  std::optional<double> rate;
  std::optional<double> burst;
  std::optional<std::int64_t> price_per_part_cents;
  std::string default_region;
  std::string callback_url;
  model::InDoubt in_doubt = model::InDoubt::kAuto;
  std::uint8_t scopes = model::kScopeSend | model::kScopeRead;
  bool conversations = false;  // outgoing messages join conversations too
  std::optional<QuietHours> quiet_hours;

  bool operator==(const Client&) const = default;
};

// A number, short code or e-mail address of ours, and the client whose messages come in there.
struct OwnNumber {     // [[number]]
  std::string number;  // as model::inbound_address() makes it
  std::string client;

  bool operator==(const OwnNumber&) const = default;
};

struct Inbound {
  std::string default_client;  // of messages to numbers that are nobody's; empty: they are parked

  bool operator==(const Inbound&) const = default;
};

struct OptOut {
  bool enabled = true;  // false: no message is read for words, what is kept stays in force
  model::OptOutWords words{
      .stop = {"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"},
      .start = {"start", "unstop", "yes"}};

  bool operator==(const OptOut&) const = default;
};

struct Retention {
  milliseconds body{std::chrono::hours{24 * 30}};
  milliseconds metadata{std::chrono::hours{24 * 400}};

  bool operator==(const Retention&) const = default;
};

struct Callbacks {
  std::vector<std::string> allow_cidrs;
  bool allow_http = false;
  milliseconds timeout{15'000};
  std::uint32_t max_in_flight = 32;  // at one endpoint
  // Before the second attempt, the third and so on: the schedule of Standard Webhooks 1.0.
  std::vector<milliseconds> retry_delays{
      std::chrono::seconds{5}, std::chrono::minutes{5}, std::chrono::minutes{30},
      std::chrono::hours{2},   std::chrono::hours{5},   std::chrono::hours{10},
      std::chrono::hours{14},  std::chrono::hours{20},  std::chrono::hours{24}};

  bool operator==(const Callbacks&) const = default;
};

struct Log {
  std::string level = "info";      // trace, debug, info, warn, error
  std::string format = "console";  // or "json"

  bool operator==(const Log&) const = default;
};

struct Tracing {
  std::string endpoint;       // of an OTLP collector, http or https; empty: nothing is recorded
  std::string authorization;  // for it; secret
  std::string service_name = "heliograph";
  double sample = 0.01;  // of the messages that came without a trace

  bool operator==(const Tracing&) const = default;
};

// What the mock providers of `serve --demo` and of the program `mock-provider` do unless told
// otherwise. Comes from the environment only (MOCK_SUCCESS_RATE and its like).
struct Mock {
  std::optional<double> success_rate;
  std::optional<double> temp_fail_rate;
  std::optional<double> perm_fail_rate;

  bool operator==(const Mock&) const = default;
};

struct Config {
  std::string source;  // the file's path, or "the embedded default"
  std::vector<std::string> roles{"api", "dispatch"};
  Http http;
  Store store;
  Queue queue;
  Messages messages;
  Numbers numbers;
  Limits limits;
  Retry retry;
  Health health;
  InDoubt in_doubt;
  Plugins plugins;
  LimiterPlugin limiter;
  Strategy distributor;
  std::vector<Provider> providers;
  std::vector<Route> routes;
  Billing billing;
  Facades facades;
  std::vector<Client> clients;
  std::vector<OwnNumber> numbers_owned;
  Inbound inbound;
  OptOut opt_out;
  std::vector<model::PriceRule> prices;  // [[price]]
  milliseconds idempotency_retention{std::chrono::hours{72}};
  Retention retention;
  Callbacks callbacks;
  milliseconds drain_timeout{30'000};
  Log log;
  Tracing tracing;
  Mock mock;
  std::vector<std::string> notes;  // for the log at start: variables that took effect, warnings

  bool operator==(const Config&) const = default;
};

}  // namespace heliograph::config
