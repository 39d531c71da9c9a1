#include "core/store/sqlite/work_items.h"

#include <charconv>

#include "core/base/assert.h"

namespace heliograph::store {

model::WorkItem read_work_item(Rows& rows) {
  model::WorkItem item;
  const auto row = rows.get<std::int64_t>();
  item.id = model::MessageId::from_parts(row, rows.get<std::uint64_t>());
  item.client = rows.get<model::ClientId>();
  item.channel = rows.get<model::Channel>();
  item.lane = rows.get<model::Lane>();
  item.dispatch_class = rows.get<model::ClassId>();
  item.status = rows.get<model::Status>();
  item.cycle = rows.get<std::uint16_t>();
  item.attempts = rows.get<std::uint16_t>();
  item.attempt_number = rows.get<std::uint16_t>();
  item.round = rows.get<std::uint16_t>();
  item.due = rows.get<model::TimePoint>();
  item.expires_at = rows.get<model::TimePoint>();
  item.last_provider = rows.get<std::optional<model::ProviderKey>>();
  item.pinned = rows.get<std::optional<model::ProviderKey>>();
  item.in_doubt = rows.get<model::InDoubt>();
  item.doubtful = rows.get<bool>();
  item.possible_duplicate = rows.get<bool>();
  item.parts = rows.get<std::uint16_t>();
  item.excluded = parse_excluded(rows.get<std::string_view>());
  item.to = rows.get<std::string>();
  item.from = rows.get<std::string>();
  item.text = rows.get<std::string>();
  item.metadata_json = rows.get<std::string>();
  item.started_at = rows.get<model::TimePoint>();
  item.rich = rows.get<bool>();
  item.key_cycle = rows.get<std::uint16_t>();
  item.trace = model::unpack_trace(rows.get<Blob>());
  return item;
}

std::string format_excluded(const std::vector<model::ProviderKey>& excluded) {
  std::string text;
  for (const model::ProviderKey key : excluded) {
    if (!text.empty()) text += ',';
    text += std::to_string(static_cast<std::int32_t>(key));
  }
  return text;
}

std::vector<model::ProviderKey> parse_excluded(std::string_view text) {
  std::vector<model::ProviderKey> excluded;
  while (!text.empty()) {
    std::int32_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    HG_ASSERT(error == std::errc());
    excluded.push_back(model::ProviderKey{number});
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (text.starts_with(',')) text.remove_prefix(1);
  }
  return excluded;
}

}  // namespace heliograph::store
