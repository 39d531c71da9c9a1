// ParkedReceipts: receipts that came too early or for nothing we know, until the send result they
// belong to is written or their time is over.
//
// The rows are in the database; an index of them is in memory, so that a finished attempt costs a
// look into an empty map when, as usual, nothing waits. Writer's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/model/receipt.h"
#include "core/store/sqlite/statement.h"

namespace heliograph::store {

class Connection;

// Beyond this many the oldest are dropped: a provider that sends receipts for what is not ours must
// not fill the disk.
inline constexpr std::size_t kParkedMax = 100'000;

class ParkedReceipts {
 public:
  explicit ParkedReceipts(Connection& connection, std::size_t parked_max = kParkedMax);

  // `row`: the message it is known to belong to. One like it that is there already is enough.
  void park(const model::Receipt& receipt, std::optional<std::int64_t> row, model::TimePoint now);
  // Removes and returns those for this message or this provider's id, oldest first.
  std::vector<model::Receipt> take(std::int64_t row, model::ProviderKey provider,
                                   std::string_view provider_message_id);
  // Removes at most `limit` that came before `before`. Result: their number.
  std::size_t prune(model::TimePoint before, std::size_t limit);

  // After a rollback.
  void reload();

 private:
  struct Entry {
    std::int64_t id = 0;
    std::uint64_t key = 0;  // of (provider, provider's id); 0: it has none
    std::optional<std::int64_t> row{};
  };
  static Entry read_entry(Rows& rows);
  static std::uint64_t key_of(model::ProviderKey provider, std::string_view provider_message_id);
  bool is_parked(const model::Receipt& receipt, std::optional<std::int64_t> row);
  void remember(const Entry& entry);
  void forget(const Entry& entry);
  std::vector<std::int64_t> candidates(std::int64_t row, std::uint64_t key) const;
  void drop_oldest();

  Connection& connection_;
  std::size_t parked_max_;
  std::size_t count_ = 0;
  std::unordered_multimap<std::uint64_t, std::int64_t> by_key_;
  std::unordered_multimap<std::int64_t, std::int64_t> by_row_;
  Statement insert_;
  Statement read_;
  Statement remove_;
  Statement read_all_;
  Statement read_oldest_;
};

}  // namespace heliograph::store
