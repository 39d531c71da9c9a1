// GET /api/sms/requests, /api/sms/requests/{id} and /api/sms/stats: what became of the messages of
// facades.client.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "core/api/endpoint.h"
#include "core/api/facades/twillow/request_query.h"
#include "core/api/facades/twillow/shapes.h"
#include "core/api/facades/twillow/twillow.h"
#include "core/api/message_json.h"
#include "core/http/await.h"

namespace heliograph::api::twillow {
namespace {

constexpr std::size_t kPage = 100;
// A filter that matches little makes pages short: so many are read at most, some 100 ms.
constexpr int kPagesMax = 20;

std::string joined(const std::vector<std::string>& names) {
  return fmt::format("{}", fmt::join(names, ","));
}

// Retries are the sends after the first.
std::int64_t retries(std::int64_t sends) { return std::max<std::int64_t>(sends - 1, 0); }

void write_members(JsonWriter& json, const model::MessageView& message,
                   const std::vector<std::string>& failed, const config::Retry& retry) {
  json.text("id", message.id.to_string());
  json.text("phone", message.to_given.empty() ? message.to : message.to_given);
  json.text("text", message.text);
  json.text("status", status_word(message.status));
  text_or_null(json, "provider_used", message.provider);
  json.integer("retry_count", retries(message.attempts));
  json.integer("max_retries", retries(retry.max_attempts));
  json.text("failed_providers", joined(failed));
  json.boolean("is_permanently_failed", status_word(message.status) == "failed");
  json.time("created_at", message.created_at);
  json.time("updated_at", message.updated_at);
}

// ---- the list ----

boost::asio::awaitable<http::Response> list_requests(Call& call) {
  auto query = read_request_query(call.request);
  if (!query) co_return std::move(query.error());
  ports::MessageFilter filter = std::move(query->filter);
  filter.client = call.client().id;
  filter.with_failed_providers = true;
  std::size_t left = query->limit;
  JsonWriter json(4096);
  json.begin_array();
  for (int pages = 0; left > 0 && pages < kPagesMax; ++pages) {
    filter.limit = std::min(left, kPage);
    auto start = [&](ports::Done<ports::MessageList> done) {
      call.ports().queries.list_messages(filter, call.executor(), std::move(done));
    };
    const auto page = co_await http::await_done<ports::MessageList>(start);
    for (const model::MessageView& message : page.messages) {
      json.begin_object();
      write_members(json, message, message.failed_providers, call.context.settings.retry);
      json.end_object();
    }
    left -= std::min(left, page.messages.size());
    filter.before_row = page.next_row;
    if (page.next_row == 0) break;
  }
  json.end_array();
  co_return json_response(200, json);
}

// ---- one request ----

using Attempts = std::vector<model::AttemptView>;

bool has_failed(const model::AttemptView& attempt) {
  using enum model::Outcome;
  return attempt.outcome && *attempt.outcome != kSent && *attempt.outcome != kThrottled;
}

std::vector<std::string> failed_of(const Attempts& attempts) {
  std::vector<std::string> names;
  for (const model::AttemptView& attempt : attempts) {
    if (has_failed(attempt) && std::ranges::find(names, attempt.provider) == names.end())
      names.push_back(attempt.provider);
  }
  return names;
}

// Twillow kept the provider's body as text; what is kept here is what it meant.
std::string response_data(const model::AttemptView& attempt) {
  JsonWriter json;
  json.begin_object();
  json.text("provider", attempt.provider);
  json.text("outcome", model::to_string(*attempt.outcome));
  json.text_unless_empty("provider_message_id", attempt.provider_message_id);
  json.text_unless_empty("detail", attempt.detail);
  json.end_object();
  return json.take();
}

void write_responses(JsonWriter& json, const Attempts& attempts) {
  json.begin_array("responses");
  for (const model::AttemptView& attempt : attempts) {
    if (!attempt.outcome) continue;  // it has not answered yet
    json.begin_object();
    json.count("id", attempt.number);
    json.text("response_data", response_data(attempt));
    json.integer("status_code", attempt.status_code);
    json.time("created_at", attempt.finished_at.value_or(attempt.started_at));
    json.end_object();
  }
  json.end_array();
}

http::Response not_found(std::string_view id) {
  return error(404, fmt::format("SMS request {} not found", id.substr(0, 64)));
}

boost::asio::awaitable<http::Response> get_request(Call& call) {
  using Found = std::optional<model::MessageView>;
  using FoundAttempts = std::optional<Attempts>;
  const std::string_view given = call.request.param("id");
  const auto id = model::MessageId::parse(given);
  if (!id) co_return not_found(given);
  auto find = [&](ports::Done<Found> done) {
    call.ports().queries.find_message(call.client().id, *id, call.executor(), std::move(done));
  };
  const Found message = co_await http::await_done<Found>(find);
  if (!message) co_return not_found(given);
  auto read_attempts = [&](ports::Done<FoundAttempts> done) {
    call.ports().queries.attempts(call.client().id, *id, call.executor(), std::move(done));
  };
  const FoundAttempts attempts = co_await http::await_done<FoundAttempts>(read_attempts);
  const Attempts tried = attempts.value_or(Attempts{});
  JsonWriter json(1024);
  json.begin_object();
  write_members(json, *message, failed_of(tried), call.context.settings.retry);
  write_responses(json, tried);
  json.end_object();
  co_return json_response(200, json);
}

// ---- counts ----

boost::asio::awaitable<ports::MessageCounts> count(Call& call,
                                                   std::optional<model::TimePoint> after) {
  auto start = [&](ports::Done<ports::MessageCounts> done) {
    call.ports().queries.count_messages(call.client().id, after, call.executor(), std::move(done));
  };
  co_return co_await http::await_done<ports::MessageCounts>(start);
}

struct Totals {
  std::uint64_t messages = 0;
  std::uint64_t attempts = 0;
  std::map<std::string_view, std::uint64_t> by_status;
  std::map<std::string, std::uint64_t> by_provider;
};

Totals totals_of(const ports::MessageCounts& counts, const std::vector<std::string>& providers) {
  Totals totals;
  for (const std::string_view word : kStatusWords) totals.by_status[word] = 0;
  for (const std::string& provider : providers) totals.by_provider[provider] = 0;
  for (const ports::MessageCount& group : counts.groups) {
    totals.messages += group.messages;
    totals.attempts += group.attempts;
    totals.by_status[status_word(group.status)] += group.messages;
    if (!group.provider.empty()) totals.by_provider[group.provider] += group.messages;
  }
  return totals;
}

boost::asio::awaitable<http::Response> get_stats(Call& call) {
  const auto& providers = call.context.settings.sms_providers;
  const model::TimePoint now = call.ports().clock.real_wall();
  const auto all = co_await count(call, std::nullopt);
  const auto last_hour = co_await count(call, now - std::chrono::hours{1});
  const Totals totals = totals_of(all, providers);
  const Totals recent = totals_of(last_hour, providers);
  JsonWriter json(512);
  json.begin_object();
  json.begin_object("requests");
  json.count("total_requests", totals.messages);
  json.begin_object("status_breakdown");
  for (const std::string_view word : kStatusWords) json.count(word, totals.by_status.at(word));
  json.end_object();
  json.begin_object("provider_breakdown");
  for (const auto& [provider, messages] : totals.by_provider) json.count(provider, messages);
  json.end_object();
  json.count("recent_requests", recent.messages);
  json.end_object();
  json.count("recent_responses", recent.attempts);
  json.boolean("complete", all.complete);
  json.time("timestamp", now);
  json.end_object();
  co_return json_response(200, json);
}

}  // namespace

void add_requests(Routes& routes) {
  using enum http::Method;
  routes.facade(kGet, "/api/sms/requests", kManners, list_requests);
  routes.facade(kGet, "/api/sms/requests/{id}", kManners, get_request);
  routes.facade(kGet, "/api/sms/stats", kManners, get_stats);
}

}  // namespace heliograph::api::twillow
