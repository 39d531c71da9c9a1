// Work items: how a waiting message is read from its row, the same for pages and for recovery.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/model/message.h"
#include "core/store/sqlite/statement.h"

namespace heliograph::store {

// The columns read_work_item() expects, in its order; for SELECT ... FROM messages.
inline constexpr std::string_view kWorkItemColumns =
    "id, random, client, channel, lane, class, status, cycle, attempts, attempt_number, round, due,"
    " expires_at, ifnull(sending_provider, provider), pinned, in_doubt, doubtful,"
    " possible_duplicate, parts, excluded, recipient, sender, body, metadata,"
    " ifnull(started_at, 0), rich, key_cycle, trace";

model::WorkItem read_work_item(Rows& rows);

// "3,7": the excluded providers as the database keeps them.
std::string format_excluded(const std::vector<model::ProviderKey>& excluded);
std::vector<model::ProviderKey> parse_excluded(std::string_view text);

}  // namespace heliograph::store
