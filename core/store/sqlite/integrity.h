// Integrity: whether the database is whole and the money adds up. Read-only; any connection.
#pragma once

#include <string>
#include <vector>

#include "core/ports/store_clients.h"

namespace heliograph::store {

class Connection;

// Sentences, empty when all is well. `quick` leaves out the comparison of indexes with tables.
std::vector<std::string> check_structure(Connection& connection, bool quick);
std::vector<std::string> check_references(Connection& connection);

// Recomputes every balance from grants, resolutions and messages, in one snapshot.
ports::LedgerCheck check_ledger(Connection& connection);

// The three in order, up to the first that finds something: the figures of a damaged database would
// only confuse. What cannot be read is a problem too, not an exception.
std::vector<std::string> check_everything(Connection& connection);

}  // namespace heliograph::store
