// ReadTransaction: what a connection reads for as long as it lives is of one moment, which is that
// of its first read. The connection's thread.
#pragma once

#include "core/store/sqlite/connection.h"

namespace heliograph::store {

class ReadTransaction {
 public:
  explicit ReadTransaction(Connection& connection) : connection_(connection) {
    connection_.exec("BEGIN");
  }
  ~ReadTransaction() {
    if (connection_.in_transaction()) connection_.exec("ROLLBACK");
  }
  ReadTransaction(const ReadTransaction&) = delete;
  ReadTransaction& operator=(const ReadTransaction&) = delete;

 private:
  Connection& connection_;
};

}  // namespace heliograph::store
