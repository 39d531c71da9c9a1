#include "core/api/client_admin.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "core/http/await.h"
#include "core/http/problem.h"

namespace heliograph::api {
namespace {

constexpr std::array<std::pair<model::Scope, std::string_view>, 3> kScopes{
    {{model::kScopeSend, "send"}, {model::kScopeRead, "read"}, {model::kScopeAdmin, "admin"}}};

}  // namespace

std::uint8_t read_scopes(JsonFields& fields) {
  constexpr std::uint8_t kDefault = model::kScopeSend | model::kScopeRead;
  const JsonValue* given = fields.value("scopes");
  if (given == nullptr) return kDefault;
  std::uint8_t scopes = 0;
  bool known = given->kind == JsonKind::kArray && !given->items.empty();
  for (const JsonValue& item : given->items) {
    const auto scope = model::parse_scope(item.text);
    known = known && item.kind == JsonKind::kString && scope.has_value();
    if (scope) scopes = static_cast<std::uint8_t>(scopes | *scope);
  }
  if (!known) fields.fail("scopes", R"(Must be an array of "send", "read" and "admin".)");
  return scopes;
}

void write_scopes(JsonWriter& json, std::uint8_t scopes) {
  json.begin_array("scopes");
  for (const auto& [scope, name] : kScopes) {
    if ((scopes & scope) != 0) json.text_element(name);
  }
  json.end_array();
}

boost::asio::awaitable<std::optional<ports::ClientSummary>> find_client(Call& call,
                                                                        std::string_view name) {
  using All = std::vector<ports::ClientSummary>;
  auto start = [&](ports::Done<All> done) {
    call.ports().clients.list_clients(call.executor(), std::move(done));
  };
  All all = co_await http::await_done<All>(start);
  const auto found = std::ranges::find(
      all, name, [](const ports::ClientSummary& summary) { return summary.client.name; });
  if (found == all.end()) co_return std::nullopt;
  co_return std::move(*found);
}

http::Response no_such_client() {
  return http::problem_response(404, "There is no client of this name.");
}

void log_admin_action(const Call& call, std::string_view action, std::string_view client) {
  if (call.ports().log == nullptr) return;
  call.ports().log->info("client changed by an operator", {{"action", action},
                                                           {"client", client},
                                                           {"by", call.client().name},
                                                           {"request", call.request.request_id}});
}

}  // namespace heliograph::api
