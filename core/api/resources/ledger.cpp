// GET /v1/me/ledger: what moved the client's credit, newest first - grants, and the hold of each
// message with how it ended.
#include "core/api/cursor.h"
#include "core/api/endpoint.h"
#include "core/api/list_query.h"
#include "core/api/message_json.h"
#include "core/base/text.h"
#include "core/http/await.h"
#include "core/http/problem.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace heliograph::api {
namespace {

std::string scope_of(const model::Client& client) {
  return fmt::format("{} ledger", static_cast<std::int64_t>(client.id));
}

std::unexpected<http::Problem> bad(std::string_view name, std::string_view sentence) {
  http::Problem problem;
  problem.detail = fmt::format("Query parameter {} {}", name.substr(0, 64), sentence);
  return std::unexpected(std::move(problem));
}

std::expected<ports::LedgerRequest, http::Problem> read_query(const Call& call) {
  ports::LedgerRequest request{.client = call.client().id, .limit = kPageDefault};
  for (const auto& [name, value] : call.request.query) {
    if (std::ranges::count(call.request.query, name, &http::Header::first) > 1) {
      return bad(name, "is given more than once.");
    }
    if (name == "limit") {
      const auto limit = base::parse_uint(value);
      if (!limit || *limit < 1 || *limit > kPageMax) {
        return bad(name, fmt::format("must be 1 to {}.", kPageMax));
      }
      request.limit = *limit;
    } else if (name == "cursor") {
      const auto row = decode_cursor(value, scope_of(call.client()));
      if (!row) return bad(name, "is not one that this list has given.");
      request.before_row = *row;
    } else {
      return bad(name, "is not known.");
    }
  }
  return request;
}

std::string_view word_of(model::HoldState state) {
  switch (state) {
    case model::HoldState::kHeld:
      return "held";
    case model::HoldState::kCaptured:
      return "captured";
    case model::HoldState::kReleased:
      return "released";
    case model::HoldState::kNone:
      return "none";
  }
  return "";
}

void write_entry(JsonWriter& json, const ports::LedgerEntry& entry) {
  const bool grant = entry.kind == ports::LedgerEntry::Kind::kGrant;
  json.begin_object();
  json.text("type", grant ? "grant" : "hold");
  if (!grant) json.text("state", word_of(entry.state));
  json.integer("cents", entry.cents);
  json.time("at", entry.at);
  if (entry.resolved_at) json.time("resolved_at", *entry.resolved_at);
  if (entry.message) json.text("message_id", entry.message->to_string());
  if (entry.cycle > 0) json.count("requeues", entry.cycle);
  json.text_unless_empty("client_reference", entry.client_reference);
  json.text_unless_empty("note", entry.note);
  json.end_object();
}

boost::asio::awaitable<http::Response> get_ledger(Call& call) {
  const auto query = read_query(call);
  if (!query) co_return http::problem_response(query.error());
  auto read_balance = [&](ports::Done<model::Balance> done) {
    call.ports().clients.balance(call.client().id, call.executor(), std::move(done));
  };
  const auto balance = co_await http::await_done<model::Balance>(read_balance);
  auto read_page = [&](ports::Done<ports::LedgerPage> done) {
    call.ports().queries.ledger(*query, call.executor(), std::move(done));
  };
  const auto page = co_await http::await_done<ports::LedgerPage>(read_page);

  JsonWriter json(160 * (page.entries.size() + 2));
  json.begin_object();
  json.integer("granted_cents", balance.granted_cents);
  json.integer("credit_cents", balance.available_cents);
  json.integer("held_cents", balance.held_cents);
  json.integer("captured_cents", balance.captured_cents);
  json.begin_array("entries");
  for (const ports::LedgerEntry& entry : page.entries) write_entry(json, entry);
  json.end_array();
  if (page.next_row > 0) {
    json.text("next_cursor", encode_cursor(page.next_row, scope_of(call.client())));
  } else {
    json.null("next_cursor");
  }
  json.end_object();
  co_return json_response(200, json);
}

}  // namespace

void add_ledger(Routes& routes) {
  routes.client(http::Method::kGet, "/v1/me/ledger", model::kScopeRead, get_ledger);
}

}  // namespace heliograph::api
