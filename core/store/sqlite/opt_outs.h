// OptOuts: who does not want to hear of which client - the table, and the writer's view of it.
//
// The view is what every accept asks: one look at an empty set while nobody has opted out, else one
// into a hash table, never the database. Writer's thread.
#pragma once

#include <string>
#include <string_view>
#include <unordered_set>

#include "core/model/conversation.h"
#include "core/model/opt_out.h"
#include "core/store/sqlite/statement.h"

namespace heliograph::store {

class Connection;

class OptOuts {
 public:
  explicit OptOuts(Connection& connection);

  // Addresses in any of the forms that messages name them in.
  bool refuses(model::ClientId client, std::string_view sender, std::string_view recipient);

  // False: it was there, or was not there; nothing changed.
  bool add(model::ClientId client, const model::OptOut& opt_out, model::TimePoint now);
  bool remove(model::ClientId client, std::string_view sender, std::string_view recipient);

  // Reads the view again: at start, and after a rollback that followed a change.
  void reload();

 private:
  const std::string& key_of(model::ClientId client, std::string_view sender,
                            std::string_view recipient);

  std::unordered_set<std::string> view_;
  std::string key_;  // kept for its memory
  bool changed_ = false;
  Statement insert_;
  Statement remove_;
  Statement read_;
};

}  // namespace heliograph::store
