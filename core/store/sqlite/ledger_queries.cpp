#include "core/store/sqlite/ledger_queries.h"

#include <algorithm>
#include <limits>

#include "core/store/sqlite/connection.h"

namespace heliograph::store {
namespace {

using model::HoldState;
using Kind = ports::LedgerEntry::Kind;

constexpr int kCounterBits = 16;  // of a row, below its milliseconds (core/model/ids.h)

std::int64_t milliseconds_of(std::int64_t row) { return row >> kCounterBits; }

std::int64_t place_of(const ports::LedgerEntry& grant) {
  return ((grant.at.time_since_epoch().count() + 1) << kCounterBits) - 1;
}

}  // namespace

// A message's part in the ledger.
struct LedgerQueries::Charge {
  model::MessageId id;
  std::int64_t cents = 0;
  HoldState state{};
  std::uint16_t cycle = 0;
  std::optional<model::TimePoint> held_since;
  std::string client_reference;
};

LedgerQueries::LedgerQueries(Connection& connection, std::size_t examine_max)
    : examine_max_(examine_max),
      messages_(connection,
                "SELECT id, random, cost_cents, hold_state, cycle, held_since, client_reference"
                " FROM messages WHERE client = ?1 AND id < ?2 ORDER BY id DESC"),
      resolutions_(connection,
                   "SELECT cycle, hold_state, cents, at FROM resolutions WHERE message = ?1"
                   " ORDER BY cycle DESC"),
      grants_(connection,
              "SELECT cents, note, at FROM grants WHERE client = ?1 AND at < ?2"
              " ORDER BY at DESC, id DESC") {}

std::optional<LedgerQueries::Charge> LedgerQueries::next_charge(Rows& rows) {
  if (!rows.next()) return std::nullopt;
  Charge charge;
  const auto row = rows.get<std::int64_t>();
  charge.id = model::MessageId::from_parts(row, rows.get<std::uint64_t>());
  charge.cents = rows.get<std::int64_t>();
  charge.state = rows.get<HoldState>();
  charge.cycle = rows.get<std::uint16_t>();
  charge.held_since = rows.get<std::optional<model::TimePoint>>();
  charge.client_reference = rows.get<std::string>();
  return charge;
}

std::optional<ports::LedgerEntry> LedgerQueries::next_grant(Rows& rows) {
  if (!rows.next()) return std::nullopt;
  ports::LedgerEntry grant;
  grant.kind = Kind::kGrant;
  grant.cents = rows.get<std::int64_t>();
  grant.note = rows.get<std::string>();
  grant.at = rows.get<model::TimePoint>();
  return grant;
}

// Newest first: what is held still, then how the holds of this and of earlier cycles ended.
void LedgerQueries::append(const Charge& charge, std::vector<ports::LedgerEntry>& entries) {
  ports::LedgerEntry entry;
  entry.kind = Kind::kHold;
  entry.message = charge.id;
  entry.client_reference = charge.client_reference;
  if (charge.state == HoldState::kHeld) {
    entry.cents = charge.cents;
    entry.cycle = charge.cycle;
    entry.state = HoldState::kHeld;
    entry.at = charge.cycle == 0 ? charge.id.created_at()
                                 : charge.held_since.value_or(charge.id.created_at());
    entries.push_back(entry);
  }
  Rows rows = resolutions_.query(charge.id.row());
  while (rows.next()) {
    entry.cycle = rows.get<std::uint16_t>();
    entry.state = rows.get<HoldState>();
    entry.cents = rows.get<std::int64_t>();
    entry.resolved_at = rows.get<model::TimePoint>();
    entry.at = charge.id.created_at();
    entries.push_back(entry);
  }
}

ports::LedgerPage LedgerQueries::page(const ports::LedgerRequest& request) {
  const std::int64_t before =
      request.before_row > 0 ? request.before_row : std::numeric_limits<std::int64_t>::max();
  Rows messages = messages_.query(request.client, before);
  Rows grants = grants_.query(request.client, milliseconds_of(before));
  auto charge = next_charge(messages);
  auto grant = next_grant(grants);
  ports::LedgerPage page;
  std::size_t examined = 0;
  std::int64_t last = 0;
  while (charge || grant) {
    const std::int64_t charge_at = charge ? charge->id.row() : -1;
    const std::int64_t grant_at = grant ? place_of(*grant) : -1;
    const std::int64_t place = std::max(charge_at, grant_at);
    // What shares a place is never parted: the next page begins behind it.
    const bool full = page.entries.size() >= request.limit || examined >= examine_max_;
    if (full && place != last) {
      page.next_row = last;
      break;
    }
    last = place;
    if (grant_at >= charge_at) {
      page.entries.push_back(*std::move(grant));
      grant = next_grant(grants);
      continue;
    }
    ++examined;
    if (charge->cents > 0) append(*charge, page.entries);
    charge = next_charge(messages);
  }
  return page;
}

}  // namespace heliograph::store
