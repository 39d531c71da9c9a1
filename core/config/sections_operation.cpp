// The sections that say how the gateway works: store, queue, messages, retries, money and the rest.
#include <fmt/format.h>

#include "core/base/base64.h"
#include "core/base/text.h"
#include "core/config/formats.h"
#include "core/config/sections.h"
#include "core/model/addresses.h"
#include "core/model/phone_number.h"

namespace heliograph::config {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr milliseconds kInstant{1};
// A message is in memory whole, several times over, when it is accepted and when it is sent.
constexpr std::uint64_t kContentMaxLeast = 1ull << 10;
constexpr std::uint64_t kContentMaxMost = 16ull << 20;

void read_store(TableReader& table, const Surroundings& surroundings, Store& out) {
  std::string url;
  table.choice("engine", out.engine, {"sqlite", "postgres"});
  table.text("path", out.path);
  table.text("url", url);
  table.size("min_free", out.min_free_bytes);
  if (out.engine == "postgres") {
    return table.error("engine", "\"postgres\" is not in this build; use \"sqlite\"");
  }
  if (!url.empty()) table.error("url", "only the engine \"postgres\" has a url");
  if (out.path.empty()) table.error("path", "is empty");
  out.path = resolve_path(out.path, surroundings.folder);
}

void read_queue(TableReader& table, Queue& out) {
  table.integer("max_depth", out.max_depth, 1, 1'000'000'000);
  table.integer("window", out.window, 1, 10'000'000);
}

void read_messages(TableReader& table, Messages& out) {
  table.duration("validity", out.validity, seconds{1}, hours{24 * 365});
  table.integer("text_max", out.text_max, 1, 10'000);
  table.text("default_from", out.default_from);
  table.duration("sync_wait", out.sync_wait, seconds{0}, seconds{30});
  if (!out.default_from.empty() && !model::is_valid_sender(out.default_from)) {
    table.error("default_from",
                "expected an E.164 number, a short code of 3 to 8 digits, or 1 to 11 letters, "
                "digits and blanks");
  }
  table.size("content_max", out.content_max);
  if (out.content_max < kContentMaxLeast || out.content_max > kContentMaxMost) {
    table.error("content_max", "expected 1KiB to 16MiB");
  }
  table.text("default_from_email", out.default_from_email);
  if (!out.default_from_email.empty() && !model::is_email_address(out.default_from_email)) {
    table.error("default_from_email", "expected an address such as \"alerts@example.com\"");
  }
}

void read_numbers(TableReader& table, Numbers& out) {
  table.choice("validation", out.validation, {"shape", "possible"});
  table.text("default_region", out.default_region);
  if (!out.default_region.empty() && !model::is_known_region(out.default_region)) {
    table.error("default_region", fmt::format("\"{}\" is no region such as \"BD\" (two capital "
                                              "letters, ISO 3166)",
                                              out.default_region));
  }
}

void read_retry(TableReader& table, Retry& out) {
  table.duration("min_delay", out.min_delay, kInstant, kLongest);
  table.duration("max_delay", out.max_delay, kInstant, kLongest);
  table.real("factor", out.factor, 1.0, 100.0);
  table.integer("max_attempts", out.max_attempts, 1, 1'000);
  std::string jitter = out.full_jitter ? "full" : "none";
  table.choice("jitter", jitter, {"full", "none"});
  out.full_jitter = jitter == "full";
  if (out.max_delay < out.min_delay) {
    table.error("max_delay", fmt::format("{} is shorter than min_delay ({})",
                                         base::format_duration(out.max_delay),
                                         base::format_duration(out.min_delay)));
  }
}

void read_health(TableReader& table, Health& out) {
  table.duration("window", out.window, seconds{1}, hours{24});
  table.real("failure_threshold", out.failure_threshold, 0.01, 1.0);
  table.integer("min_attempts", out.min_attempts, 1, 1'000'000);
  table.duration("cooldown", out.cooldown, seconds{1}, hours{24});
  table.integer("probes", out.probes, 1, 1'000);
}

void read_in_doubt(TableReader& table, InDoubt& out) {
  std::string policy(to_string(out.policy));
  table.choice("policy", policy, {"auto", "resolve_same", "at_least_once", "at_most_once"});
  out.policy = model::parse_in_doubt(policy).value_or(out.policy);
  table.duration("wait", out.wait, kInstant, hours{24 * 7});
}

void read_billing(TableReader& table, Billing& out) {
  table.integer("price_per_part_cents", out.price_per_part_cents, 0, 1'000'000'000);
  table.choice("capture_on", out.capture_on, {"delivered", "sent", "accepted"});
  table.duration("hold_timeout", out.hold_timeout, minutes{1}, kLongest);
  table.choice("on_unknown", out.on_unknown, {"release", "capture"});
}

// With the references "env:NAME" and "file:PATH" followed.
void read_secret(TableReader& table, std::string_view key, const Surroundings& surroundings,
                 std::string& out) {
  std::string written;
  if (!table.text(key, written)) return;
  auto secret = resolve_secret(written, surroundings.environment, surroundings.folder);
  if (!secret) return table.error(key, secret.error());
  out = *std::move(secret);
}

void read_facades(TableReader& table, const Surroundings& surroundings, Facades& out) {
  table.boolean("twillow", out.twillow);
  table.boolean("messaging", out.messaging);
  table.text("client", out.client);
  table.boolean("allow_remote", out.allow_remote);
  table.integer("messaging_requests", out.messaging_requests, 0, 10'000);
  table.duration("messaging_period", out.messaging_period, seconds{1}, hours{24});
  read_secret(table, "twilio_auth_token", surroundings, out.twilio_auth_token);
  read_secret(table, "sendgrid_public_key", surroundings, out.sendgrid_public_key);
  if (!base::from_base64(out.sendgrid_public_key)) {
    table.error("sendgrid_public_key", "expected base64, as SendGrid shows its verification key");
  }
}

void read_retention(TableReader& table, Retention& out) {
  table.duration("body", out.body, minutes{1}, kLongest);
  table.duration("metadata", out.metadata, minutes{1}, kLongest);
  if (out.metadata < out.body) {
    table.error("metadata",
                fmt::format("{} is shorter than body ({})", base::format_duration(out.metadata),
                            base::format_duration(out.body)));
  }
}

void read_retry_delays(TableReader& table, std::vector<milliseconds>& out) {
  constexpr std::size_t kMost = 50;
  std::vector<std::string> texts;
  table.texts("retry_delays", texts);
  if (!table.has("retry_delays")) return;
  if (texts.size() > kMost) {
    table.error("retry_delays", fmt::format("has more than {} pauses", kMost));
  }
  out.clear();
  for (const std::string& text : texts) {
    const auto delay = base::parse_duration(text);
    if (delay && *delay >= kInstant && *delay <= hours{24 * 7}) {
      out.push_back(*delay);
    } else {
      table.error("retry_delays",
                  fmt::format("\"{}\" is no duration from \"1ms\" to \"7d\"", text));
    }
  }
}

void read_callbacks(TableReader& table, Callbacks& out) {
  table.texts("allow_cidrs", out.allow_cidrs);
  for (const std::string& cidr : out.allow_cidrs) {
    if (!is_address_or_cidr(cidr)) {
      table.error("allow_cidrs", fmt::format("\"{}\" is no address or CIDR", cidr));
    }
  }
  table.boolean("allow_http", out.allow_http);
  table.duration("timeout", out.timeout, seconds{1}, minutes{1});
  table.integer("max_in_flight", out.max_in_flight, 1, 256);
  read_retry_delays(table, out.retry_delays);
}

void read_log(TableReader& table, Log& out) {
  table.choice("level", out.level, {"trace", "debug", "info", "warn", "error"});
  table.choice("format", out.format, {"console", "json"});
}

void read_tracing(TableReader& table, const Surroundings& surroundings, Tracing& out) {
  table.text("endpoint", out.endpoint);
  table.text("service_name", out.service_name);
  table.real("sample", out.sample, 0.0, 1.0);
  read_secret(table, "authorization", surroundings, out.authorization);
  if (!out.endpoint.empty() && !is_http_url(out.endpoint)) {
    table.error("endpoint",
                "expected an http:// or https:// address, such as "
                "\"http://127.0.0.1:4318/v1/traces\"");
  }
  if (out.service_name.empty()) table.error("service_name", "is empty");
}

}  // namespace

void read_operation(TableReader& root, const Surroundings& surroundings, Config& out) {
  // The default path is relative as well, whether the section is there or not.
  out.store.path = resolve_path(out.store.path, surroundings.folder);
  root.section("store", [&](TableReader& t) { read_store(t, surroundings, out.store); });
  root.section("queue", [&](TableReader& t) { read_queue(t, out.queue); });
  root.section("messages", [&](TableReader& t) { read_messages(t, out.messages); });
  root.section("numbers", [&](TableReader& t) { read_numbers(t, out.numbers); });
  root.section("retry", [&](TableReader& t) { read_retry(t, out.retry); });
  root.section("health", [&](TableReader& t) { read_health(t, out.health); });
  root.section("in_doubt", [&](TableReader& t) { read_in_doubt(t, out.in_doubt); });
  root.section("billing", [&](TableReader& t) { read_billing(t, out.billing); });
  root.section("facades", [&](TableReader& t) { read_facades(t, surroundings, out.facades); });
  root.section("idempotency", [&](TableReader& t) {
    t.duration("retention", out.idempotency_retention, minutes{1}, kLongest);
  });
  root.section("retention", [&](TableReader& t) { read_retention(t, out.retention); });
  root.section("callbacks", [&](TableReader& t) { read_callbacks(t, out.callbacks); });
  root.section("shutdown", [&](TableReader& t) {
    t.duration("drain_timeout", out.drain_timeout, milliseconds{0}, hours{1});
  });
  root.section("log", [&](TableReader& t) { read_log(t, out.log); });
  root.section("tracing", [&](TableReader& t) { read_tracing(t, surroundings, out.tracing); });
}

}  // namespace heliograph::config
