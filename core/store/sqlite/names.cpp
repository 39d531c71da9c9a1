#include "core/store/sqlite/names.h"

#include <sqlite3.h>

#include <algorithm>

#include "core/base/assert.h"
#include "core/store/sqlite/connection.h"

namespace heliograph::store {

Names::Names(Connection& connection)
    : connection_(connection),
      insert_provider_(connection, "INSERT INTO providers (name) VALUES (?1)"),
      insert_class_(connection, "INSERT INTO classes (channel, pinned, route) VALUES (?1, ?2, ?3)"),
      save_state_(connection, "UPDATE providers SET enabled = ?2, health = ?3 WHERE id = ?1"),
      read_providers_(connection, "SELECT id, name, enabled, health FROM providers ORDER BY id"),
      read_classes_(connection, "SELECT id, channel, pinned, route FROM classes ORDER BY id") {
  reload();
}

void Names::reload() {
  const std::scoped_lock lock(mutex_);
  providers_.clear();
  Rows providers = read_providers_.query();
  while (providers.next()) {
    ports::ProviderState& state = providers_.emplace_back();
    state.key = providers.get<model::ProviderKey>();
    state.name = providers.get<std::string>();
    state.enabled = providers.get<bool>();
    state.health = providers.get<std::string>();
  }
  classes_.clear();
  Rows classes = read_classes_.query();
  while (classes.next()) {
    ports::DispatchClass& entry = classes_.emplace_back();
    entry.id = classes.get<model::ClassId>();
    entry.channel = classes.get<model::Channel>();
    entry.pinned = classes.get<std::optional<model::ProviderKey>>();
    entry.route = classes.get<std::string>();
  }
}

std::optional<model::ProviderKey> Names::find_provider(const std::string& name) const {
  const std::scoped_lock lock(mutex_);
  const auto it = std::ranges::find(providers_, name, &ports::ProviderState::name);
  return it == providers_.end() ? std::nullopt : std::optional(it->key);
}

model::ProviderKey Names::intern_provider(const std::string& name) {
  if (const auto known = find_provider(name)) return *known;
  insert_provider_.run(name);
  ports::ProviderState state;
  state.key = static_cast<model::ProviderKey>(sqlite3_last_insert_rowid(connection_.handle()));
  state.name = name;
  const std::scoped_lock lock(mutex_);
  providers_.push_back(state);
  return state.key;
}

std::optional<model::ClassId> Names::find_class(model::Channel channel,
                                                std::optional<model::ProviderKey> pinned,
                                                std::string_view route) const {
  const std::scoped_lock lock(mutex_);
  for (const ports::DispatchClass& entry : classes_) {
    if (entry.channel == channel && entry.pinned == pinned && entry.route == route) {
      return entry.id;
    }
  }
  return std::nullopt;
}

model::ClassId Names::intern_class(model::Channel channel, std::optional<model::ProviderKey> pinned,
                                   const std::string& route) {
  if (const auto known = find_class(channel, pinned, route)) return *known;
  insert_class_.run(channel, pinned, route);
  const auto id = static_cast<model::ClassId>(sqlite3_last_insert_rowid(connection_.handle()));
  const std::scoped_lock lock(mutex_);
  classes_.push_back({.id = id, .channel = channel, .pinned = pinned, .route = route});
  return id;
}

bool Names::save_state(const ports::ProviderState& state) {
  if (save_state_.run(state.key, state.enabled, state.health) == 0) return false;
  const std::scoped_lock lock(mutex_);
  const auto it = std::ranges::find(providers_, state.key, &ports::ProviderState::key);
  HG_ASSERT(it != providers_.end());
  it->enabled = state.enabled;
  it->health = state.health;
  return true;
}

std::string Names::provider_name(model::ProviderKey key) const {
  const std::scoped_lock lock(mutex_);
  const auto it = std::ranges::find(providers_, key, &ports::ProviderState::key);
  return it == providers_.end() ? std::string() : it->name;
}

std::vector<ports::DispatchClass> Names::classes() const {
  const std::scoped_lock lock(mutex_);
  return classes_;
}

std::vector<ports::ProviderState> Names::states() const {
  const std::scoped_lock lock(mutex_);
  return providers_;
}

}  // namespace heliograph::store
