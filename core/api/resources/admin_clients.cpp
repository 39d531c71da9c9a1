// /v1/admin/clients: who may use the gateway, and with how much credit. The command line speaks to
// these over the gateway's own socket.
#include <algorithm>
#include <utility>

#include "core/api/client_admin.h"
#include "core/api/endpoint.h"
#include "core/api/json_body.h"
#include "core/api/json_fields.h"
#include "core/api/keys.h"
#include "core/api/message_json.h"
#include "core/http/await.h"
#include "core/http/problem.h"
#include "core/model/phone_number.h"

namespace heliograph::api {
namespace {

constexpr std::int64_t kCentsMax = 1'000'000'000'000;  // sums of many stay far from overflow
constexpr double kRateMax = 1'000'000;                 // messages a second
constexpr std::size_t kNameMax = 64;                   // bytes
constexpr std::size_t kNoteMax = 200;                  // bytes

bool is_text(std::string_view text, std::size_t max) {
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  return text.size() <= max && std::ranges::none_of(text, control);
}

void write_balance(JsonWriter& json, const model::Balance& balance) {
  json.begin_object("credit");
  json.integer("granted_cents", balance.granted_cents);
  json.integer("available_cents", balance.available_cents);
  json.integer("held_cents", balance.held_cents);
  json.integer("captured_cents", balance.captured_cents);
  json.end_object();
}

// Members of the open object.
void write_client(JsonWriter& json, const model::Client& client) {
  json.text("id", client.public_id);
  json.text("name", client.name);
  json.boolean("billing", client.billing);
  if (client.price_per_part_cents) {
    json.integer("price_per_part_cents", *client.price_per_part_cents);
  }
  if (client.rate) json.number("rate", *client.rate);
  if (client.burst) json.number("burst", *client.burst);
  json.text("in_doubt", model::to_string(client.in_doubt));
  json.text_unless_empty("default_region", client.default_region);
  json.text_unless_empty("callback_url", client.callback_url);
  json.boolean("conversations", client.conversations);
}

boost::asio::awaitable<http::Response> list_clients(Call& call) {
  using All = std::vector<ports::ClientSummary>;
  auto start = [&](ports::Done<All> done) {
    call.ports().clients.list_clients(call.executor(), std::move(done));
  };
  const All all = co_await http::await_done<All>(start);
  JsonWriter json(256 * (all.size() + 1));
  json.begin_object();
  json.begin_array("clients");
  for (const ports::ClientSummary& summary : all) {
    json.begin_object();
    write_client(json, summary.client);
    write_balance(json, summary.balance);
    json.count("active_keys", summary.active_keys);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  co_return json_response(200, json);
}

void read_name(JsonFields& fields, model::Client& client) {
  client.name = fields.required_text("name");
  if (!client.name.empty() && is_text(client.name, kNameMax)) return;
  fields.fail("name", "Must have 1 to 64 bytes and no control characters.");
}

void read_in_doubt(JsonFields& fields, model::Client& client) {
  const auto text = fields.text("in_doubt");
  if (!text) return;
  const auto policy = model::parse_in_doubt(*text);
  if (!policy) {
    fields.fail("in_doubt",
                "Must be \"auto\", \"resolve_same\", \"at_least_once\" or \"at_most_once\".");
  }
  client.in_doubt = policy.value_or(model::InDoubt::kAuto);
}

void read_region(JsonFields& fields, model::Client& client) {
  client.default_region = fields.text("default_region").value_or("");
  if (client.default_region.empty() || model::is_known_region(client.default_region)) return;
  fields.fail("default_region", "Must be the ISO 3166 code of a known region, such as \"BD\".");
}

void read_callback_url(const Call& call, JsonFields& fields, model::Client& client) {
  client.callback_url = fields.text("callback_url").value_or("");
  if (client.callback_url.empty()) return;
  if (auto fault = call.context.callback_urls.fault(client.callback_url)) {
    fields.fail("callback_url", *std::move(fault));
  }
}

std::expected<ports::DeclaredClient, http::Problem> read_new_client(const Call& call) {
  const auto body = read_object(call.request);
  if (!body) return std::unexpected(body.error());
  JsonFields fields(*body);
  ports::DeclaredClient declared;
  model::Client& client = declared.client;
  read_name(fields, client);
  client.billing = fields.boolean("billing").value_or(true);
  client.price_per_part_cents = fields.integer("price_per_part_cents", 0, kCentsMax / 1'000'000);
  client.rate = fields.number("rate", 0.001, kRateMax);
  client.burst = fields.number("burst", 1, kRateMax);
  read_in_doubt(fields, client);
  read_region(fields, client);
  declared.credit_cents = fields.integer("credit_cents", 0, kCentsMax).value_or(0);
  declared.scopes = read_scopes(fields);
  read_callback_url(call, fields, client);
  client.conversations = fields.boolean("conversations").value_or(false);
  if (auto problem = fields.finish()) return std::unexpected(std::move(*problem));
  return declared;
}

boost::asio::awaitable<http::Response> add_client(Call& call) {
  auto declared = read_new_client(call);
  if (!declared) co_return http::problem_response(declared.error());
  const std::string key = generate_api_key();
  declared->key = hash_api_key(key);
  auto start = [&](ports::Done<std::optional<model::Client>> done) {
    call.ports().clients.add_client(*declared, call.executor(), std::move(done));
  };
  const auto client = co_await http::await_done<std::optional<model::Client>>(start);
  if (!client) co_return http::problem_response(409, "There is a client of this name already.");
  log_admin_action(call, "add", client->name);
  JsonWriter json;
  json.begin_object();
  write_client(json, *client);
  json.integer("credit_cents", declared->credit_cents);
  write_scopes(json, declared->scopes);
  json.text("api_key", key);  // shown this once: the store has its hash alone
  json.end_object();
  co_return json_response(201, json);
}

struct Grant {
  std::int64_t cents = 0;
  std::string note;
};

std::expected<Grant, http::Problem> read_grant(const http::Request& request) {
  const auto body = read_object(request);
  if (!body) return std::unexpected(body.error());
  JsonFields fields(*body);
  Grant grant;
  grant.cents = fields.integer("cents", -kCentsMax, kCentsMax).value_or(0);
  if (grant.cents == 0) fields.fail("cents", "Must be a whole number other than 0.");
  grant.note = fields.text("note").value_or("");
  if (!is_text(grant.note, kNoteMax)) {
    fields.fail("note", "Must have at most 200 bytes and no control characters.");
  }
  if (auto problem = fields.finish()) return std::unexpected(std::move(*problem));
  return grant;
}

boost::asio::awaitable<http::Response> grant_credit(Call& call) {
  const auto grant = read_grant(call.request);
  if (!grant) co_return http::problem_response(grant.error());
  const std::string name(call.request.param("name"));
  auto start = [&](ports::Done<std::optional<model::Balance>> done) {
    call.ports().clients.grant_credit(name, grant->cents, grant->note, call.executor(),
                                      std::move(done));
  };
  const auto balance = co_await http::await_done<std::optional<model::Balance>>(start);
  if (!balance) {
    const auto client = co_await find_client(call, name);
    if (!client) co_return no_such_client();
    co_return http::problem_response(409, "The client has less than that available.");
  }
  log_admin_action(call, "credit", name);
  JsonWriter json;
  json.begin_object();
  json.text("name", name);
  write_balance(json, *balance);
  json.end_object();
  co_return json_response(200, json);
}

}  // namespace

void add_admin_clients(Routes& routes) {
  using enum http::Method;
  routes.admin(kGet, "/v1/admin/clients", list_clients);
  routes.admin(kPost, "/v1/admin/clients", add_client);
  routes.admin(kPost, "/v1/admin/clients/{name}/credit", grant_credit);
}

}  // namespace heliograph::api
