#include "core/store/sqlite/callback_endpoints.h"

#include <fmt/format.h>

#include <span>
#include <utility>

#include "core/base/secret_bytes.h"
#include "core/store/sqlite/connection.h"

namespace heliograph::store {
namespace {

// Standard Webhooks 1.0: 24 to 64 bytes.
constexpr std::size_t kSecretBytes = 32;

Blob blob_of(const std::string& bytes) {
  return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}

std::string text_of(Blob blob) { return {blob.begin(), blob.end()}; }

model::CallbackSecrets read_secrets(Rows& rows) {
  model::CallbackSecrets secrets;
  secrets.current = text_of(rows.get<Blob>());
  secrets.previous = text_of(rows.get<Blob>());
  secrets.previous_until = rows.get<model::TimePoint>();
  return secrets;
}

}  // namespace

model::CallbackEndpoint read_callback_endpoint(Rows& rows) {
  model::CallbackEndpoint endpoint;
  const auto row = rows.get<std::int64_t>();
  endpoint.id = model::CallbackId::from_parts(row, rows.get<std::uint64_t>());
  endpoint.client = rows.get<model::ClientId>();
  endpoint.url = rows.get<std::string>();
  endpoint.description = rows.get<std::string>();
  endpoint.events = rows.get<model::CallbackEvents>();
  endpoint.implicit = rows.get<bool>();
  endpoint.enabled = rows.get<bool>();
  endpoint.disabled_reason = rows.get<std::string>();
  endpoint.secrets = read_secrets(rows);
  endpoint.created_at = rows.get<model::TimePoint>();
  endpoint.updated_at = rows.get<model::TimePoint>();
  return endpoint;
}

CallbackEndpoints::CallbackEndpoints(Connection& connection, ports::Clock& clock,
                                     ports::Random& random)
    : clock_(clock),
      random_(random),
      ids_(connection.query_integer("SELECT ifnull(max(id), 0) FROM callback_endpoints")),
      insert_(connection,
              "INSERT INTO callback_endpoints (id, random, client, url, description, events,"
              " implicit, enabled, secret, created_at, updated_at)"
              " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10)"),
      find_(connection, fmt::format("SELECT {} WHERE e.id = ?1 AND e.client = ?2 AND e.removed = 0",
                                    kCallbackEndpointColumns)),
      count_(connection,
             "SELECT count(*) FROM callback_endpoints"
             " WHERE client = ?1 AND implicit = 0 AND removed = 0"),
      update_(connection,
              "UPDATE callback_endpoints SET url = ?2, description = ?3, events = ?4,"
              " enabled = ?5, disabled_reason = '', updated_at = ?6 WHERE id = ?1"),
      remove_(connection,
              "UPDATE callback_endpoints SET removed = 1, enabled = 0, secret = x'',"
              " previous_secret = x'' WHERE id = ?1"),
      disable_(connection,
               "UPDATE callback_endpoints SET enabled = 0, disabled_reason = ?2, updated_at = ?3"
               " WHERE id = ?1 AND enabled = 1"),
      rotate_(connection,
              "UPDATE callback_endpoints SET previous_secret = secret, secret = ?2,"
              " previous_until = ?3, updated_at = ?4 WHERE id = ?1"),
      rotate_client_(connection,
                     "UPDATE callback_secrets SET previous_secret = secret, secret = ?2,"
                     " previous_until = ?3 WHERE client = ?1"),
      find_implicit_(connection,
                     "SELECT id, enabled FROM callback_endpoints"
                     " WHERE client = ?1 AND url = ?2 AND implicit = 1 AND removed = 0"),
      read_secret_(connection,
                   "SELECT secret, previous_secret, previous_until FROM callback_secrets"
                   " WHERE client = ?1"),
      insert_secret_(connection, "INSERT INTO callback_secrets (client, secret) VALUES (?1, ?2)"),
      read_subscribers_(connection,
                        "SELECT id, client, events, url FROM callback_endpoints"
                        " WHERE implicit = 0 AND enabled = 1 AND removed = 0 ORDER BY id") {
  reload();
}

void CallbackEndpoints::reload() {
  by_client_.clear();
  Rows rows = read_subscribers_.query();
  while (rows.next()) {
    Subscriber subscriber;
    subscriber.row = rows.get<std::int64_t>();
    std::vector<Subscriber>& list = by_client_[rows.get<std::int64_t>()];
    subscriber.events = rows.get<model::CallbackEvents>();
    subscriber.url = rows.get<std::string>();
    list.push_back(std::move(subscriber));
  }
}

const std::vector<CallbackEndpoints::Subscriber>* CallbackEndpoints::subscribers(
    model::ClientId client) const {
  if (by_client_.empty()) return nullptr;
  const auto found = by_client_.find(static_cast<std::int64_t>(client));
  return found == by_client_.end() ? nullptr : &found->second;
}

std::int64_t CallbackEndpoints::count_registered(model::ClientId client) {
  Rows rows = count_.query(client);
  return rows.next() ? rows.get<std::int64_t>() : 0;
}

std::optional<model::CallbackEndpoint> CallbackEndpoints::find(model::ClientId client,
                                                               model::CallbackId id) {
  Rows rows = find_.query(id.row(), client);
  if (!rows.next()) return std::nullopt;
  model::CallbackEndpoint endpoint = read_callback_endpoint(rows);
  if (endpoint.id != id) return std::nullopt;
  return endpoint;
}

ports::CreateCallbackResult CallbackEndpoints::create(const ports::NewCallbackEndpoint& endpoint) {
  if (std::cmp_greater_equal(count_registered(endpoint.client), ports::kCallbackEndpointsMax)) {
    return ports::CallbackLimit{};
  }
  const model::TimePoint now = clock_.wall();
  const model::CallbackId id = ids_.next(now, random_.next());
  insert_.run(id.row(), id.random(), endpoint.client, endpoint.url, endpoint.description,
              endpoint.events, false, endpoint.enabled, blob_of(endpoint.secret), now);
  reload();
  return *find(endpoint.client, id);
}

std::optional<model::CallbackEndpoint> CallbackEndpoints::update(
    model::ClientId client, model::CallbackId id, const ports::CallbackChanges& changes) {
  std::optional<model::CallbackEndpoint> endpoint = find(client, id);
  if (!endpoint) return std::nullopt;
  const bool renamed = changes.url && !endpoint->implicit;
  update_.run(id.row(), renamed ? *changes.url : endpoint->url,
              changes.description.value_or(endpoint->description),
              changes.events.value_or(endpoint->events),
              changes.enabled.value_or(endpoint->enabled), clock_.wall());
  reload();
  return find(client, id);
}

bool CallbackEndpoints::remove(model::ClientId client, model::CallbackId id) {
  if (!find(client, id)) return false;
  remove_.run(id.row());
  reload();
  return true;
}

std::optional<model::CallbackEndpoint> CallbackEndpoints::rotate_secret(
    model::ClientId client, model::CallbackId id, const std::string& secret,
    model::TimePoint previous_until) {
  const std::optional<model::CallbackEndpoint> endpoint = find(client, id);
  if (!endpoint) return std::nullopt;
  if (endpoint->implicit) {
    rotate_client_.run(client, blob_of(secret), previous_until);
  } else {
    rotate_.run(id.row(), blob_of(secret), previous_until, clock_.wall());
  }
  return find(client, id);
}

model::CallbackSecrets CallbackEndpoints::url_secret(model::ClientId client) {
  {
    Rows rows = read_secret_.query(client);
    if (rows.next()) return read_secrets(rows);
  }
  model::CallbackSecrets secrets;
  secrets.current = base::secret_bytes(kSecretBytes);
  insert_secret_.run(client, blob_of(secrets.current));
  return secrets;
}

void CallbackEndpoints::disable(std::int64_t row, std::string_view reason) {
  if (disable_.run(row, reason, clock_.wall()) > 0) reload();
}

std::optional<std::int64_t> CallbackEndpoints::implicit_endpoint(model::ClientId client,
                                                                 std::string_view url) {
  {
    Rows rows = find_implicit_.query(client, url);
    if (rows.next()) {
      const auto row = rows.get<std::int64_t>();
      return rows.get<bool>() ? std::optional(row) : std::nullopt;
    }
  }
  url_secret(client);
  const model::TimePoint now = clock_.wall();
  const model::CallbackId id = ids_.next(now, random_.next());
  static const std::string kNone;  // an empty blob, where a null pointer would be NULL
  insert_.run(id.row(), id.random(), client, url, "", model::kAllCallbackEvents, true, true,
              blob_of(kNone), now);
  return id.row();
}

}  // namespace heliograph::store
