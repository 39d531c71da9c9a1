// Names: the small numbers that providers and dispatch classes go by in the database, given out
// once and never reused.
//
// Kept in memory whole (a few dozen rows). Numbers are given on the writer's side; name() and
// find() may be called from any thread.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/ports/store_types.h"
#include "core/store/sqlite/statement.h"

namespace heliograph::store {

class Connection;

class Names {
 public:
  explicit Names(Connection& connection);

  model::ProviderKey intern_provider(const std::string& name);
  model::ClassId intern_class(model::Channel channel, std::optional<model::ProviderKey> pinned,
                              const std::string& route);
  // False: no such provider.
  bool save_state(const ports::ProviderState& state);

  std::optional<model::ProviderKey> find_provider(const std::string& name) const;
  std::string provider_name(model::ProviderKey key) const;  // "" when unknown
  std::vector<ports::DispatchClass> classes() const;
  std::vector<ports::ProviderState> states() const;

  // Reads everything again: at the start, and after a rollback.
  void reload();

 private:
  std::optional<model::ClassId> find_class(model::Channel channel,
                                           std::optional<model::ProviderKey> pinned,
                                           std::string_view route) const;

  Connection& connection_;
  Statement insert_provider_;
  Statement insert_class_;
  Statement save_state_;
  Statement read_providers_;
  Statement read_classes_;
  mutable std::mutex mutex_;  // guards the two below
  std::vector<ports::ProviderState> providers_;
  std::vector<ports::DispatchClass> classes_;
};

}  // namespace heliograph::store
