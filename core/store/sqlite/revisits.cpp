#include "core/store/sqlite/revisits.h"

#include "core/store/sqlite/connection.h"

namespace heliograph::store {
namespace {

const char* place_name(Sweep sweep) {
  switch (sweep) {
    case Sweep::kHolds:
      return "sweep_holds";
    case Sweep::kKeys:
      return "sweep_keys";
    case Sweep::kBodies:
      return "sweep_bodies";
    case Sweep::kMessages:
      return "sweep_messages";
  }
  return "";
}

}  // namespace

Revisits::Revisits(Connection& connection)
    : read_place_(connection, "SELECT value FROM meta WHERE name = ?1"),
      write_place_(connection, "INSERT OR REPLACE INTO meta (name, value) VALUES (?1, ?2)"),
      insert_(connection, "INSERT OR IGNORE INTO revisits (sweep, message) VALUES (?1, ?2)"),
      remove_(connection, "DELETE FROM revisits WHERE sweep = ?1 AND message = ?2"),
      read_(connection,
            "SELECT message FROM revisits WHERE sweep = ?1 AND message > ?2 ORDER BY message"
            " LIMIT ?3") {}

std::int64_t Revisits::place(Sweep sweep) {
  Rows rows = read_place_.query(place_name(sweep));
  return rows.next() ? rows.get<std::int64_t>() : 0;
}

void Revisits::set_place(Sweep sweep, std::int64_t row) {
  write_place_.run(place_name(sweep), row);
}

void Revisits::add(Sweep sweep, std::int64_t row) { insert_.run(sweep, row); }

void Revisits::remove(Sweep sweep, std::int64_t row) { remove_.run(sweep, row); }

void Revisits::add_all(std::int64_t row) {
  for (const Sweep sweep : {Sweep::kHolds, Sweep::kBodies, Sweep::kMessages}) {
    if (row <= place(sweep)) add(sweep, row);
  }
}

std::vector<std::int64_t> Revisits::next(Sweep sweep, std::size_t limit) {
  std::vector<std::int64_t> found;
  std::int64_t& last = last_[static_cast<std::size_t>(sweep)];
  Rows rows = read_.query(sweep, last, limit);
  while (rows.next()) found.push_back(rows.get<std::int64_t>());
  last = found.size() < limit || found.empty() ? 0 : found.back();
  return found;
}

}  // namespace heliograph::store
