#include "core/app/admin_operations.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/api/keys.h"
#include "core/app/blocking.h"

namespace heliograph::app {
namespace {

using Json = nlohmann::json;

// A failure whose text is for the person at the command line.
class Refused : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::string required_text(const Json& request, const char* name) {
  const auto found = request.find(name);
  if (found == request.end() || !found->is_string() ||
      found->get_ref<const std::string&>().empty()) {
    throw Refused(fmt::format("{}: a text is expected", name));
  }
  return found->get<std::string>();
}

std::int64_t whole_number(const Json& request, const char* name, std::int64_t otherwise) {
  const auto found = request.find(name);
  if (found == request.end()) return otherwise;
  if (!found->is_number_integer())
    throw Refused(fmt::format("{}: a whole number is expected", name));
  return found->get<std::int64_t>();
}

std::uint8_t scopes_of(const Json& request) {
  unsigned scopes = 0;
  for (const auto& name : request.value("scopes", Json::array({"send", "read"}))) {
    const auto scope =
        name.is_string() ? model::parse_scope(name.get<std::string>()) : std::nullopt;
    if (!scope) throw Refused("scopes: each is one of send, read, admin");
    scopes |= *scope;
  }
  if (scopes == 0) throw Refused("scopes: at least one of send, read, admin is expected");
  return static_cast<std::uint8_t>(scopes);
}

Json add_client(const Json& request, store::SqliteStore& store) {
  ports::DeclaredClient declared;
  declared.client.name = required_text(request, "name");
  declared.client.billing = request.value("billing", true);
  if (request.contains("price_per_part_cents")) {
    declared.client.price_per_part_cents = whole_number(request, "price_per_part_cents", 0);
  }
  declared.credit_cents = whole_number(request, "credit_cents", 0);
  declared.scopes = scopes_of(request);
  const auto key = api::generate_api_key();
  declared.key = api::hash_api_key(key);
  const auto name = declared.client.name;
  auto added = wait_for<std::optional<model::Client>>([&](ports::Executor& where, auto done) {
    store.add_client(std::move(declared), where, std::move(done));
  });
  if (!added) throw Refused(fmt::format("there is a client named '{}' already", name));
  return {{"name", added->name}, {"id", added->public_id}, {"key", key}};
}

Json list_clients(const Json&, store::SqliteStore& store) {
  const auto clients = wait_for<std::vector<ports::ClientSummary>>(
      [&](ports::Executor& where, auto done) { store.list_clients(where, std::move(done)); });
  Json list = Json::array();
  for (const auto& [client, balance, keys] : clients) {
    list.push_back({{"name", client.name},
                    {"id", client.public_id},
                    {"billing", client.billing},
                    {"granted_cents", balance.granted_cents},
                    {"available_cents", balance.available_cents},
                    {"held_cents", balance.held_cents},
                    {"captured_cents", balance.captured_cents},
                    {"keys", keys}});
  }
  return {{"clients", std::move(list)}};
}

Json grant_credit(const Json& request, store::SqliteStore& store) {
  const auto name = required_text(request, "name");
  const auto cents = whole_number(request, "cents", 0);
  if (cents == 0) throw Refused("cents: an amount other than 0 is expected");
  const auto balance =
      wait_for<std::optional<model::Balance>>([&](ports::Executor& where, auto done) {
        store.grant_credit(name, cents, request.value("note", ""), where, std::move(done));
      });
  if (!balance) throw Refused(fmt::format("no client '{}', or less than that is available", name));
  return {{"name", name}, {"available_cents", balance->available_cents}};
}

Json add_key(const Json& request, store::SqliteStore& store) {
  const auto name = required_text(request, "name");
  const auto key = api::generate_api_key();
  const auto scopes = scopes_of(request);
  const bool added = wait_for<bool>([&](ports::Executor& where, auto done) {
    store.add_key(name, api::hash_api_key(key), scopes, where, std::move(done));
  });
  if (!added) throw Refused(fmt::format("no client '{}', or it has two active keys already", name));
  return {{"name", name}, {"key", key}};
}

Json backup(const Json& request, store::SqliteStore& store) {
  const auto target = required_text(request, "target");
  store.backup(target);
  return {{"target", target}};
}

Json run(const Json& request, store::SqliteStore& store) {
  const auto operation = required_text(request, "operation");
  if (operation == "client.add") return add_client(request, store);
  if (operation == "client.list") return list_clients(request, store);
  if (operation == "client.credit") return grant_credit(request, store);
  if (operation == "client.key") return add_key(request, store);
  if (operation == "db.migrate") return {{"schema", "current"}};
  if (operation == "db.check") return {{"problems", store.check()}};
  if (operation == "db.backup") return backup(request, store);
  throw Refused(fmt::format("unknown operation '{}'", operation));
}

}  // namespace

Json run_admin_operation(const Json& request, store::SqliteStore& store) {
  try {
    if (!request.is_object()) throw Refused("a JSON object is expected");
    return run(request, store);
  } catch (const std::exception& error) {
    return {{"error", error.what()}};
  }
}

}  // namespace heliograph::app
