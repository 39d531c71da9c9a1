#include "core/store/sqlite/statement.h"

#include <sqlite3.h>

#include "core/base/assert.h"
#include "core/store/sqlite/connection.h"

namespace heliograph::store {

Statement::Statement(Connection& connection, std::string_view sql) {
  const int code = sqlite3_prepare_v3(connection.handle(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &handle_, nullptr);
  if (code != SQLITE_OK) {
    throw DatabaseError(sqlite3_extended_errcode(connection.handle()),
                        sqlite3_errmsg(connection.handle()));
  }
}

Statement::~Statement() { sqlite3_finalize(handle_); }

void Statement::check(int code) const {
  if (code == SQLITE_OK) return;
  sqlite3* database = sqlite3_db_handle(handle_);
  throw DatabaseError(sqlite3_extended_errcode(database), sqlite3_errmsg(database));
}

void Statement::bind_null(int index) { check(sqlite3_bind_null(handle_, index)); }

void Statement::bind_integer(int index, std::int64_t value) {
  check(sqlite3_bind_int64(handle_, index, value));
}

void Statement::bind_real(int index, double value) {
  check(sqlite3_bind_double(handle_, index, value));
}

void Statement::bind_text(int index, std::string_view value) {
  // A null pointer would be bound as NULL.
  const char* data = value.data() != nullptr ? value.data() : "";
  check(sqlite3_bind_text64(handle_, index, data, value.size(), SQLITE_STATIC, SQLITE_UTF8));
}

void Statement::bind_blob(int index, Blob value) {
  check(sqlite3_bind_blob64(handle_, index, value.data(), value.size(), SQLITE_STATIC));
}

bool Statement::step() {
  const int code = sqlite3_step(handle_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  sqlite3* database = sqlite3_db_handle(handle_);
  const DatabaseError error(sqlite3_extended_errcode(database), sqlite3_errmsg(database));
  reset();
  throw error;
}

// Its result repeats the error of the last step, which has been thrown already.
void Statement::reset() { sqlite3_reset(handle_); }

int Statement::run_bound() {
  const bool row = step();
  HG_ASSERT(!row);
  reset();
  return sqlite3_changes(sqlite3_db_handle(handle_));
}

bool Rows::is_null() const {
  return sqlite3_column_type(statement_.handle_, column_) == SQLITE_NULL;
}

std::int64_t Rows::integer() { return sqlite3_column_int64(statement_.handle_, column_++); }

double Rows::real() { return sqlite3_column_double(statement_.handle_, column_++); }

std::string_view Rows::text() {
  const int column = column_++;
  const unsigned char* data = sqlite3_column_text(statement_.handle_, column);
  const int size = sqlite3_column_bytes(statement_.handle_, column);
  if (data == nullptr) return {};
  const void* bytes = data;
  return {static_cast<const char*>(bytes), static_cast<std::size_t>(size)};
}

Blob Rows::blob() {
  const int column = column_++;
  const void* data = sqlite3_column_blob(statement_.handle_, column);
  const int size = sqlite3_column_bytes(statement_.handle_, column);
  return {static_cast<const std::uint8_t*>(data), static_cast<std::size_t>(size)};
}

}  // namespace heliograph::store
