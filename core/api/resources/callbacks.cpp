// /v1/callbacks: the endpoints a client wants to be told at. A client sees its own alone: another's
// is 404. A secret is shown when it is made; that of the client's callback_urls, which nobody made
// by hand, to every key that may send.
#include <algorithm>
#include <optional>
#include <utility>

#include "core/api/callback_json.h"
#include "core/api/duration_field.h"
#include "core/api/endpoint.h"
#include "core/api/json_body.h"
#include "core/api/json_fields.h"
#include "core/api/message_json.h"
#include "core/api/page_query.h"
#include "core/api/store_answers.h"
#include "core/base/secret_bytes.h"
#include "core/http/await.h"
#include "core/http/problem.h"
#include "core/http/webhook_signature.h"

namespace heliograph::api {
namespace {

using Found = std::optional<model::CallbackEndpoint>;

constexpr std::size_t kSecretBytes = 32;
constexpr std::size_t kDescriptionMax = 256;  // bytes
constexpr std::chrono::hours kOverlap{24};
constexpr std::chrono::hours kOverlapMax{24 * 7};

http::Response not_found() { return StoreAnswers{}(ports::NotFound{}); }

ShowSecret shown_to(const Call& call) {
  return call.principal->may(model::kScopeSend) ? ShowSecret::kOfCallbackUrls : ShowSecret::kNever;
}

http::Response endpoint_response(const Call& call, unsigned status,
                                 const model::CallbackEndpoint& endpoint, ShowSecret secret) {
  JsonWriter json(512);
  write_callback(json, endpoint, call.ports().clock.wall(), secret);
  return json_response(status, json);
}

// ---- reading ----

std::optional<std::string> read_url(const Call& call, JsonFields& fields) {
  auto url = fields.text("url");
  if (!url) return std::nullopt;
  if (auto fault = call.context.callback_urls.fault(*url)) fields.fail("url", *std::move(fault));
  return url;
}

std::optional<std::string> read_description(JsonFields& fields) {
  auto text = fields.text("description");
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (text && (text->size() > kDescriptionMax || std::ranges::any_of(*text, control))) {
    fields.fail("description", "Must have at most 256 bytes and no control characters.");
  }
  return text;
}

std::optional<model::CallbackEvents> read_events(JsonFields& fields) {
  const JsonValue* list = fields.value("events");
  if (list == nullptr) return std::nullopt;
  if (list->kind != JsonKind::kArray || list->items.empty()) {
    fields.fail("events", "Must be an array that names at least one event.");
    return std::nullopt;
  }
  model::CallbackEvents events = 0;
  for (const JsonValue& item : list->items) {
    const auto event = item.kind == JsonKind::kString ? model::parse_callback_event(item.text)
                                                      : std::optional<model::CallbackEvent>{};
    if (!event) {
      fields.fail("events",
                  "May hold message.sent, message.delivered, message.failed, message.expired, "
                  "message.unknown, message.cancelled and message.received.");
    } else {
      events |= static_cast<model::CallbackEvents>(*event);
    }
  }
  return events;
}

std::expected<ports::NewCallbackEndpoint, http::Problem> read_new_endpoint(const Call& call) {
  const auto body = read_object(call.request);
  if (!body) return std::unexpected(body.error());
  JsonFields fields(*body);
  ports::NewCallbackEndpoint endpoint;
  endpoint.client = call.client().id;
  const auto url = read_url(call, fields);
  if (!url) fields.required_text("url");
  endpoint.url = url.value_or("");
  endpoint.description = read_description(fields).value_or("");
  endpoint.events = read_events(fields).value_or(model::kAllCallbackEvents);
  endpoint.enabled = fields.boolean("enabled").value_or(true);
  if (auto problem = fields.finish()) return std::unexpected(*std::move(problem));
  endpoint.secret = base::secret_bytes(kSecretBytes);
  return endpoint;
}

std::expected<ports::CallbackChanges, http::Problem> read_changes(const Call& call) {
  const auto body = read_object(call.request);
  if (!body) return std::unexpected(body.error());
  JsonFields fields(*body);
  ports::CallbackChanges changes;
  changes.url = read_url(call, fields);
  changes.description = read_description(fields);
  changes.events = read_events(fields);
  changes.enabled = fields.boolean("enabled");
  if (auto problem = fields.finish()) return std::unexpected(*std::move(problem));
  return changes;
}

std::expected<std::chrono::milliseconds, http::Problem> read_overlap(const Call& call) {
  const auto body = read_optional_object(call.request);
  if (!body) return std::unexpected(body.error());
  JsonFields fields(*body);
  const auto overlap = read_validity(fields, "overlap");
  if (overlap && *overlap > kOverlapMax) fields.fail("overlap", "Must be at most 7 days.");
  if (auto problem = fields.finish()) return std::unexpected(*std::move(problem));
  return overlap.value_or(kOverlap);
}

// ---- resources ----

boost::asio::awaitable<Found> find(Call& call, model::CallbackId id) {
  auto start = [&](ports::Done<Found> done) {
    call.ports().callbacks.find_callback(call.client().id, id, call.executor(), std::move(done));
  };
  co_return co_await http::await_done<Found>(start);
}

boost::asio::awaitable<http::Response> create(Call& call) {
  auto endpoint = read_new_endpoint(call);
  if (!endpoint) co_return http::problem_response(endpoint.error());
  auto start = [&](ports::Done<ports::CreateCallbackResult> done) {
    call.ports().callbacks.create_callback(std::move(*endpoint), call.executor(), std::move(done));
  };
  const auto result = co_await http::await_done<ports::CreateCallbackResult>(start);
  const auto* made = std::get_if<model::CallbackEndpoint>(&result);
  if (made == nullptr) {
    co_return http::problem_response(409, "A client may have 50 endpoints; remove one first.");
  }
  http::Response response = endpoint_response(call, 201, *made, ShowSecret::kAlways);
  response.headers.emplace_back("Location", "/v1/callbacks/" + made->id.to_string());
  co_return response;
}

boost::asio::awaitable<http::Response> list(Call& call) {
  const std::string name =
      "callbacks " + std::to_string(static_cast<std::int64_t>(call.client().id));
  const auto query = read_page_query(call.request, name);
  if (!query) co_return http::problem_response(query.error());
  auto start = [&](ports::Done<ports::CallbackEndpointList> done) {
    call.ports().callbacks.list_callbacks(call.client().id, query->before_row, query->limit,
                                          call.executor(), std::move(done));
  };
  const auto page = co_await http::await_done<ports::CallbackEndpointList>(start);
  JsonWriter json(512 * (page.endpoints.size() + 1));
  json.begin_object();
  json.begin_array("callbacks");
  const model::TimePoint now = call.ports().clock.wall();
  for (const auto& endpoint : page.endpoints) write_callback(json, endpoint, now, shown_to(call));
  json.end_array();
  const auto cursor = cursor_after(page.next_row, *query);
  cursor ? json.text("next_cursor", *cursor) : json.null("next_cursor");
  json.end_object();
  co_return json_response(200, json);
}

boost::asio::awaitable<http::Response> show(Call& call) {
  const auto id = model::CallbackId::parse(call.request.param("id"));
  if (!id) co_return not_found();
  const Found endpoint = co_await find(call, *id);
  if (!endpoint) co_return not_found();
  co_return endpoint_response(call, 200, *endpoint, shown_to(call));
}

boost::asio::awaitable<http::Response> change(Call& call) {
  auto changes = read_changes(call);
  if (!changes) co_return http::problem_response(changes.error());
  const auto id = model::CallbackId::parse(call.request.param("id"));
  if (!id) co_return not_found();
  const Found present = co_await find(call, *id);
  if (!present) co_return not_found();
  if (present->implicit && changes->url && *changes->url != present->url) {
    http::Problem problem;
    problem.detail = "url: It is that of messages' callback_url and cannot be another.";
    problem.pointer = "/url";
    co_return http::problem_response(problem);
  }
  auto start = [&](ports::Done<Found> done) {
    call.ports().callbacks.update_callback(call.client().id, *id, std::move(*changes),
                                           call.executor(), std::move(done));
  };
  const Found endpoint = co_await http::await_done<Found>(start);
  if (!endpoint) co_return not_found();
  co_return endpoint_response(call, 200, *endpoint, shown_to(call));
}

boost::asio::awaitable<http::Response> remove(Call& call) {
  const auto id = model::CallbackId::parse(call.request.param("id"));
  if (!id) co_return not_found();
  auto start = [&](ports::Done<bool> done) {
    call.ports().callbacks.remove_callback(call.client().id, *id, call.executor(), std::move(done));
  };
  const bool removed = co_await http::await_done<bool>(start);
  if (!removed) co_return not_found();
  http::Response response;
  response.status = 204;
  co_return response;
}

boost::asio::awaitable<http::Response> rotate_secret(Call& call) {
  const auto overlap = read_overlap(call);
  if (!overlap) co_return http::problem_response(overlap.error());
  const auto id = model::CallbackId::parse(call.request.param("id"));
  if (!id) co_return not_found();
  const model::TimePoint until = call.ports().clock.wall() + *overlap;
  auto start = [&](ports::Done<Found> done) {
    call.ports().callbacks.rotate_callback_secret(call.client().id, *id,
                                                  base::secret_bytes(kSecretBytes), until,
                                                  call.executor(), std::move(done));
  };
  const Found endpoint = co_await http::await_done<Found>(start);
  if (!endpoint) co_return not_found();
  co_return endpoint_response(call, 200, *endpoint, ShowSecret::kAlways);
}

// What callbacks to a message's or the client's callback_url are signed with, also before the first
// of them.
boost::asio::awaitable<http::Response> url_secret(Call& call) {
  auto start = [&](ports::Done<model::CallbackSecrets> done) {
    call.ports().callbacks.callback_url_secret(call.client().id, call.executor(), std::move(done));
  };
  const auto secrets = co_await http::await_done<model::CallbackSecrets>(start);
  JsonWriter json;
  json.begin_object();
  json.text("secret", http::webhook_secret_text(secrets.current));
  if (secrets.previous_until > call.ports().clock.wall()) {
    json.time("previous_secret_until", secrets.previous_until);
  }
  json.end_object();
  co_return json_response(200, json);
}

}  // namespace

void add_callbacks(Routes& routes) {
  using enum http::Method;
  routes.client(kPost, "/v1/callbacks", model::kScopeSend, create);
  routes.client(kGet, "/v1/callbacks", model::kScopeRead, list);
  routes.client(kGet, "/v1/callbacks/url-secret", model::kScopeSend, url_secret);
  routes.client(kGet, "/v1/callbacks/{id}", model::kScopeRead, show);
  routes.client(kPatch, "/v1/callbacks/{id}", model::kScopeSend, change);
  routes.client(kDelete, "/v1/callbacks/{id}", model::kScopeSend, remove);
  routes.client(kPost, "/v1/callbacks/{id}/rotate-secret", model::kScopeSend, rotate_secret);
}

}  // namespace heliograph::api
