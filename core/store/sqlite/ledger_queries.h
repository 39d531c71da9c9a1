// LedgerQueries: what moved a client's credit, for people. On any connection, one thread at a time.
//
// No row is kept for it: holds are told from the messages and from how they were resolved, grants
// have rows of their own. Both have a place in one order, that of the message ids: a grant stands
// behind the messages of its millisecond.
#pragma once

#include <cstdint>
#include <optional>

#include "core/ports/store_queries.h"
#include "core/store/sqlite/statement.h"

namespace heliograph::store {

class Connection;

class LedgerQueries {
 public:
  // A page looks at no more messages than `examine_max`; then it is short and says where to go on.
  LedgerQueries(Connection& connection, std::size_t examine_max);

  ports::LedgerPage page(const ports::LedgerRequest& request);

 private:
  struct Charge;
  static std::optional<Charge> next_charge(Rows& rows);
  static std::optional<ports::LedgerEntry> next_grant(Rows& rows);
  void append(const Charge& charge, std::vector<ports::LedgerEntry>& entries);

  std::size_t examine_max_;
  Statement messages_;
  Statement resolutions_;
  Statement grants_;
};

}  // namespace heliograph::store
