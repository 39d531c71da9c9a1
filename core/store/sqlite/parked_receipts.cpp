#include "core/store/sqlite/parked_receipts.h"

#include <sqlite3.h>

#include <algorithm>
#include <functional>
#include <string>

#include "core/store/sqlite/connection.h"

namespace heliograph::store {
namespace {

template <class Map>
void erase_pair(Map& map, typename Map::key_type key, std::int64_t id) {
  const auto [begin, end] = map.equal_range(key);
  for (auto it = begin; it != end; ++it) {
    if (it->second != id) continue;
    map.erase(it);
    return;
  }
}

}  // namespace

ParkedReceipts::ParkedReceipts(Connection& connection, std::size_t parked_max)
    : connection_(connection),
      parked_max_(parked_max),
      insert_(connection,
              "INSERT INTO parked_receipts (provider, provider_message_id, message, state, detail,"
              " received_at, only_of) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"),
      read_(connection,
            "SELECT provider, provider_message_id, message, state, only_of, detail"
            " FROM parked_receipts WHERE id = ?1"),
      remove_(connection, "DELETE FROM parked_receipts WHERE id = ?1"),
      read_all_(connection,
                "SELECT id, provider, provider_message_id, message FROM parked_receipts"),
      read_oldest_(connection,
                   "SELECT id, provider, provider_message_id, message, received_at"
                   " FROM parked_receipts ORDER BY id LIMIT ?1") {
  reload();
}

// Never 0 for a key that is there. A collision costs a look at one more row.
std::uint64_t ParkedReceipts::key_of(model::ProviderKey provider,
                                     std::string_view provider_message_id) {
  if (provider_message_id.empty()) return 0;
  const std::uint64_t text = std::hash<std::string_view>{}(provider_message_id);
  const auto number = static_cast<std::uint64_t>(provider);
  return (text ^ number * 0x9E3779B97F4A7C15ull) | 1;
}

void ParkedReceipts::reload() {
  count_ = 0;
  by_key_.clear();
  by_row_.clear();
  Rows rows = read_all_.query();
  while (rows.next()) remember(read_entry(rows));
}

// Of a query that begins with id, provider, provider_message_id, message.
ParkedReceipts::Entry ParkedReceipts::read_entry(Rows& rows) {
  Entry entry;
  entry.id = rows.get<std::int64_t>();
  const auto provider = rows.get<model::ProviderKey>();
  entry.key = key_of(provider, rows.get<std::string_view>());
  entry.row = rows.get<std::optional<std::int64_t>>();
  return entry;
}

void ParkedReceipts::remember(const Entry& entry) {
  if (entry.key != 0) by_key_.emplace(entry.key, entry.id);
  if (entry.row) by_row_.emplace(*entry.row, entry.id);
  ++count_;
}

void ParkedReceipts::forget(const Entry& entry) {
  if (entry.key != 0) erase_pair(by_key_, entry.key, entry.id);
  if (entry.row) erase_pair(by_row_, *entry.row, entry.id);
  remove_.run(entry.id);
  --count_;
}

std::vector<std::int64_t> ParkedReceipts::candidates(std::int64_t row, std::uint64_t key) const {
  std::vector<std::int64_t> ids;
  const auto [row_begin, row_end] = by_row_.equal_range(row);
  for (auto it = row_begin; it != row_end; ++it) ids.push_back(it->second);
  const auto [key_begin, key_end] = by_key_.equal_range(key);
  for (auto it = key_begin; it != key_end; ++it) ids.push_back(it->second);
  std::ranges::sort(ids);
  const auto repeated = std::ranges::unique(ids);
  ids.erase(repeated.begin(), repeated.end());
  return ids;
}

bool ParkedReceipts::is_parked(const model::Receipt& receipt, std::optional<std::int64_t> row) {
  const std::uint64_t key = key_of(receipt.provider, receipt.provider_message_id);
  for (const std::int64_t id : candidates(row.value_or(0), key)) {
    Rows rows = read_.query(id);
    if (!rows.next()) continue;
    const bool same = rows.get<model::ProviderKey>() == receipt.provider &&
                      rows.get<std::string_view>() == receipt.provider_message_id &&
                      rows.get<std::optional<std::int64_t>>() == row &&
                      rows.get<model::ReceiptState>() == receipt.state &&
                      rows.get<std::optional<model::ClientId>>() == receipt.only_of;
    if (same) return true;
  }
  return false;
}

void ParkedReceipts::park(const model::Receipt& receipt, std::optional<std::int64_t> row,
                          model::TimePoint now) {
  const std::uint64_t key = key_of(receipt.provider, receipt.provider_message_id);
  if (key == 0 && !row) return;  // nothing could ever claim it
  if (is_parked(receipt, row)) return;
  if (count_ >= parked_max_) drop_oldest();
  insert_.run(receipt.provider, receipt.provider_message_id, row, receipt.state, receipt.detail,
              now, receipt.only_of);
  remember({.id = sqlite3_last_insert_rowid(connection_.handle()), .key = key, .row = row});
}

std::vector<model::Receipt> ParkedReceipts::take(std::int64_t row, model::ProviderKey provider,
                                                 std::string_view provider_message_id) {
  std::vector<model::Receipt> taken;
  if (count_ == 0) return taken;
  const std::uint64_t key = key_of(provider, provider_message_id);
  for (const std::int64_t id : candidates(row, key)) {
    Entry entry{.id = id};
    model::Receipt receipt;
    {
      Rows rows = read_.query(id);
      if (!rows.next()) continue;
      receipt.provider = rows.get<model::ProviderKey>();
      receipt.provider_message_id = rows.get<std::string>();
      entry.row = rows.get<std::optional<std::int64_t>>();
      receipt.state = rows.get<model::ReceiptState>();
      receipt.only_of = rows.get<std::optional<model::ClientId>>();
      receipt.detail = rows.get<std::string>();
    }
    entry.key = key_of(receipt.provider, receipt.provider_message_id);
    const bool by_id =
        receipt.provider == provider && receipt.provider_message_id == provider_message_id;
    if (entry.row != row && !by_id) continue;  // only its hash is equal
    forget(entry);
    taken.push_back(std::move(receipt));
  }
  return taken;
}

void ParkedReceipts::drop_oldest() {
  Entry entry;
  {
    Rows rows = read_oldest_.query(1);
    if (!rows.next()) return;
    entry = read_entry(rows);
  }
  forget(entry);
}

std::size_t ParkedReceipts::prune(model::TimePoint before, std::size_t limit) {
  std::vector<Entry> old;
  {
    Rows rows = read_oldest_.query(limit);
    while (rows.next()) {
      const Entry entry = read_entry(rows);
      if (rows.get<model::TimePoint>() >= before) break;
      old.push_back(entry);
    }
  }
  for (const Entry& entry : old) forget(entry);
  return old.size();
}

}  // namespace heliograph::store
