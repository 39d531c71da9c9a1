// Statement and Rows: prepared SQL, bound by type and read column by column.
//
// SQLite's own C interface underneath: on the hot path a message costs a few dozen bindings, and
// this adds nothing to them. Texts and blobs are bound without a copy, so they must live until the
// run is over. Same thread as the connection; every error is a DatabaseError.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "core/model/ids.h"

struct sqlite3_stmt;

namespace heliograph::store {

class Connection;
class Rows;

using Blob = std::span<const std::uint8_t>;

template <class T>
inline constexpr bool kIsOptional = false;
template <class T>
inline constexpr bool kIsOptional<std::optional<T>> = true;

class Statement {
 public:
  // Prepared to be kept. `connection` outlives it.
  Statement(Connection& connection, std::string_view sql);
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  // Binds `values` to ?1, ?2 ... and runs to the end. Result: the number of rows changed.
  template <class... Values>
  int run(const Values&... values) {
    bind_all(values...);
    return run_bound();
  }

  // Binds and starts a query. The rows are to be gone before the next run.
  template <class... Values>
  [[nodiscard]] Rows query(const Values&... values);

 private:
  friend class Rows;

  template <class... Values>
  void bind_all(const Values&... values) {
    int index = 0;
    (bind(++index, values), ...);
  }

  template <class T>
  void bind(int index, const T& value) {
    if constexpr (kIsOptional<T>) {
      value ? bind(index, *value) : bind_null(index);
    } else if constexpr (std::is_same_v<T, std::nullptr_t>) {
      bind_null(index);
    } else if constexpr (std::is_enum_v<T>) {
      bind_integer(index, static_cast<std::int64_t>(value));
    } else if constexpr (std::is_integral_v<T>) {
      bind_integer(index, static_cast<std::int64_t>(value));
    } else if constexpr (std::is_floating_point_v<T>) {
      bind_real(index, value);
    } else if constexpr (std::is_same_v<T, model::TimePoint>) {
      bind_integer(index, value.time_since_epoch().count());
    } else if constexpr (std::is_convertible_v<T, std::string_view>) {
      bind_text(index, value);
    } else {
      bind_blob(index, Blob(value));
    }
  }

  void bind_null(int index);
  void bind_integer(int index, std::int64_t value);
  void bind_real(int index, double value);
  void bind_text(int index, std::string_view value);
  void bind_blob(int index, Blob value);
  void check(int code) const;
  int run_bound();
  bool step();
  void reset();

  sqlite3_stmt* handle_ = nullptr;
};

// The rows of a running query: next(), then one get() for each column in order. Ends the query when
// destroyed.
class Rows {
 public:
  explicit Rows(Statement& statement) : statement_(statement) {}
  ~Rows() { statement_.reset(); }
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;

  bool next() {
    column_ = 0;
    return statement_.step();
  }

  // A string_view or Blob is valid until the next call of next().
  template <class T>
  T get() {
    if constexpr (kIsOptional<T>) {
      if (is_null()) {
        ++column_;
        return std::nullopt;
      }
      return get<typename T::value_type>();
    } else if constexpr (std::is_enum_v<T>) {
      return static_cast<T>(integer());
    } else if constexpr (std::is_same_v<T, bool>) {
      return integer() != 0;
    } else if constexpr (std::is_integral_v<T>) {
      return static_cast<T>(integer());
    } else if constexpr (std::is_floating_point_v<T>) {
      return real();
    } else if constexpr (std::is_same_v<T, model::TimePoint>) {
      return model::TimePoint{std::chrono::milliseconds{integer()}};
    } else if constexpr (std::is_same_v<T, Blob>) {
      return blob();
    } else {
      return T(text());
    }
  }

 private:
  bool is_null() const;
  std::int64_t integer();
  double real();
  std::string_view text();
  Blob blob();

  Statement& statement_;
  int column_ = 0;
};

template <class... Values>
Rows Statement::query(const Values&... values) {
  bind_all(values...);
  return Rows(*this);
}

}  // namespace heliograph::store
