#include "core/store/sqlite/conversation_queries.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "core/base/text.h"
#include "core/model/attempt.h"
#include "core/store/sqlite/connection.h"
#include "core/store/sqlite/conversations.h"

namespace heliograph::store {
namespace {

// Of a message's content in a thread; longer ones (attachments) are shown with the message alone.
constexpr std::size_t kContentMax = 64 * 1024;

constexpr auto kNewest = std::numeric_limits<std::int64_t>::max();

// Both directions merged by row, each read in the order of its index.
std::string thread_sql(std::string_view compare, std::string_view order) {
  return fmt::format(
      "SELECT id, random, {2} AS direction FROM messages INDEXED BY messages_by_conversation"
      " WHERE conversation = ?1 AND id {0} ?2 UNION ALL"
      " SELECT id, random, {3} FROM inbound_messages INDEXED BY inbound_messages_by_conversation"
      " WHERE conversation = ?1 AND id {0} ?2 ORDER BY id {1} LIMIT ?3",
      compare, order, static_cast<int>(model::Direction::kOutbound),
      static_cast<int>(model::Direction::kInbound));
}

std::string count_outbound_sql() {
  return fmt::format(
      "SELECT count(*), ifnull(sum(status IN ({}, {}, {})), 0) FROM"
      " (SELECT status FROM messages WHERE conversation = ?1 ORDER BY id DESC LIMIT ?2)",
      static_cast<int>(model::Status::kFailedPerm), static_cast<int>(model::Status::kExpired),
      static_cast<int>(model::Status::kCancelled));
}

// A row's time is its upper bits. What is sent later waits for its time, not for a provider.
std::string send_time_sql() {
  return fmt::format(
      "SELECT avg(a.finished_at - ifnull(m.send_at, m.id >> 16)) FROM (SELECT id, send_at FROM"
      " messages WHERE conversation = ?1 ORDER BY id DESC LIMIT ?2) m"
      " JOIN attempts a ON a.message = m.id AND a.outcome = {}",
      static_cast<int>(model::Outcome::kSent));
}

bool contains(std::string_view text, const std::string& lower_part) {
  return base::to_lower_ascii(text).find(lower_part) != std::string::npos;
}

// A filter with its texts in the form in which they are compared.
class Matcher {
 public:
  explicit Matcher(const ports::ConversationFilter& filter) : filter_(filter) {
    if (filter.participant) participant_ = model::thread_address(*filter.participant);
    if (filter.contains) part_ = base::to_lower_ascii(*filter.contains);
  }

  bool matches(const model::Conversation& conversation) const {
    if (filter_.channel && conversation.channel != *filter_.channel) return false;
    if (filter_.status && conversation.status != *filter_.status) return false;
    if (filter_.type && conversation.type != *filter_.type) return false;
    if (filter_.participant && model::thread_address(conversation.from) != participant_ &&
        model::thread_address(conversation.to) != participant_)
      return false;
    return part_.empty() || contains(conversation.from, part_) ||
           contains(conversation.to, part_) || contains(conversation.title, part_);
  }

 private:
  const ports::ConversationFilter& filter_;
  std::string participant_;
  std::string part_;
};

model::OptOut read_opt_out(Rows& rows) {
  model::OptOut opt_out;
  opt_out.recipient = rows.get<std::string>();
  opt_out.sender = rows.get<std::string>();
  opt_out.origin = rows.get<model::OptOutOrigin>();
  opt_out.keyword = rows.get<std::string>();
  opt_out.at = rows.get<model::TimePoint>();
  return opt_out;
}

// A page ends early behind what reaches this: a single message may have half a megabyte.
constexpr std::size_t kPageBytes = 1 << 20;

std::size_t size_of(const model::InboundView& message) {
  return message.text.size() + (message.content ? message.content->html.size() : 0);
}

}  // namespace

ConversationQueries::ConversationQueries(Connection& connection, MessageQueries& messages,
                                         std::size_t examine_max)
    : messages_(messages),
      examine_max_(examine_max),
      find_(connection,
            fmt::format("SELECT {} WHERE c.id = ?1 AND c.client = ?2", kConversationColumns)),
      list_(connection, fmt::format("SELECT {} WHERE c.client = ?1 AND c.activity < ?2"
                                    " ORDER BY c.activity DESC",
                                    kConversationColumns)),
      forward_(connection, thread_sql(">", "ASC")),
      backward_(connection, thread_sql("<", "DESC")),
      find_inbound_(connection,
                    "SELECT i.id, i.random, i.channel, i.provider, i.provider_message_id, i.sender,"
                    " i.recipient, i.body, i.content, i.sent_at, i.id <= ifnull(c.read_row, 0),"
                    " c.id, c.random FROM inbound_messages i"
                    " LEFT JOIN conversations c ON c.id = i.conversation"
                    " WHERE i.id = ?1 AND i.client = ?2"),
      count_outbound_(connection, count_outbound_sql()),
      count_inbound_(connection,
                     "SELECT count(*) FROM (SELECT id FROM inbound_messages"
                     " WHERE conversation = ?1 LIMIT ?2)"),
      send_time_(connection, send_time_sql()),
      opt_outs_(connection,
                "SELECT id, recipient, sender, origin, keyword, at FROM opt_outs"
                " INDEXED BY opt_outs_by_client WHERE client = ?1 AND id < ?2"
                " ORDER BY id DESC LIMIT ?3"),
      opt_outs_of_(connection,
                   "SELECT id, recipient, sender, origin, keyword, at FROM opt_outs"
                   " INDEXED BY opt_outs_by_pair WHERE client = ?1 AND recipient = ?4 AND id < ?2"
                   " ORDER BY id DESC LIMIT ?3") {}

std::optional<model::Conversation> ConversationQueries::find(model::ClientId client,
                                                             model::ConversationId id) {
  Rows rows = find_.query(id.row(), client);
  if (!rows.next()) return std::nullopt;
  model::Conversation conversation = read_conversation(rows);
  if (conversation.id != id) return std::nullopt;
  return conversation;
}

ports::ConversationList ConversationQueries::list(const ports::ConversationFilter& filter) {
  const Matcher matcher(filter);
  ports::ConversationList list;
  const std::size_t limit = std::max<std::size_t>(filter.limit, 1);
  std::uint64_t matched = 0;
  std::int64_t last_row = 0;
  Rows rows = list_.query(filter.client, filter.before_row > 0 ? filter.before_row : kNewest);
  for (std::size_t examined = 0; rows.next(); ++examined) {
    if (examined == examine_max_) {
      if (list.next_row == 0) list.next_row = last_row;
      break;
    }
    model::Conversation conversation = read_conversation(rows);
    const std::int64_t row = conversation.activity_row;
    if (matcher.matches(conversation)) {
      const bool full = list.conversations.size() == limit;
      if (full && list.next_row == 0) list.next_row = last_row;
      if (full && !filter.with_total) break;
      if (!full && matched >= filter.skip) list.conversations.push_back(std::move(conversation));
      ++matched;
    }
    last_row = row;
  }
  if (filter.with_total) list.total = matched;
  return list;
}

std::vector<ConversationQueries::Entry> ConversationQueries::entries(
    const ports::ThreadFilter& filter) {
  std::vector<Entry> found;
  const std::int64_t thread = filter.conversation.row();
  const std::int64_t from =
      filter.newest_first && filter.after_row == 0 ? kNewest : filter.after_row;
  Rows rows = (filter.newest_first ? backward_ : forward_).query(thread, from, filter.limit + 1);
  while (rows.next()) {
    const auto row = rows.get<std::int64_t>();
    const auto id = model::MessageId::from_parts(row, rows.get<std::uint64_t>());
    found.push_back({.id = id, .direction = rows.get<model::Direction>()});
  }
  return found;
}

std::optional<model::ThreadMessage> ConversationQueries::load(model::ClientId client,
                                                              const Entry& entry,
                                                              model::TimePoint now) {
  if (entry.direction == model::Direction::kInbound) return find_inbound(client, entry.id);
  return messages_.find(client, entry.id, now, kContentMax);
}

std::optional<ports::ThreadPage> ConversationQueries::thread(const ports::ThreadFilter& filter,
                                                             model::TimePoint now) {
  if (!find(filter.client, filter.conversation)) return std::nullopt;
  std::vector<Entry> found = entries(filter);
  ports::ThreadPage page;
  if (found.size() > filter.limit) {
    found.pop_back();
    page.next_row = found.back().id.row();
  }
  std::size_t bytes = 0;
  for (const Entry& entry : found) {
    auto message = load(filter.client, entry, now);
    if (!message) continue;
    if (const auto* inbound = std::get_if<model::InboundView>(&*message))
      bytes += size_of(*inbound);
    page.messages.push_back(*std::move(message));
    if (bytes < kPageBytes) continue;
    if (entry.id != found.back().id) page.next_row = entry.id.row();
    break;
  }
  return page;
}

std::optional<model::InboundView> ConversationQueries::find_inbound(model::ClientId client,
                                                                    model::MessageId id) {
  Rows rows = find_inbound_.query(id.row(), client);
  if (!rows.next()) return std::nullopt;
  model::InboundView view;
  const auto row = rows.get<std::int64_t>();
  view.id = model::MessageId::from_parts(row, rows.get<std::uint64_t>());
  if (view.id != id) return std::nullopt;
  view.channel = rows.get<model::Channel>();
  view.provider = rows.get<std::string>();
  view.provider_message_id = rows.get<std::string>();
  view.from = rows.get<std::string>();
  view.to = rows.get<std::string>();
  view.text = rows.get<std::string>();
  const auto content = rows.get<std::string>();
  if (!content.empty()) view.content = model::unpack_view(content);
  view.sent_at = rows.get<std::optional<model::TimePoint>>();
  view.read = rows.get<bool>();
  const auto conversation = rows.get<std::optional<std::int64_t>>();
  const auto random = rows.get<std::optional<std::uint64_t>>();
  if (conversation) {
    view.conversation = model::ConversationId::from_parts(*conversation, random.value_or(0));
  }
  return view;
}

std::optional<ports::ConversationStatistics> ConversationQueries::statistics(
    model::ClientId client, model::ConversationId id) {
  if (!find(client, id)) return std::nullopt;
  ports::ConversationStatistics statistics;
  {
    Rows rows = count_outbound_.query(id.row(), examine_max_);
    if (rows.next()) {
      statistics.outbound = rows.get<std::uint64_t>();
      statistics.failed = rows.get<std::uint64_t>();
    }
  }
  {
    Rows rows = count_inbound_.query(id.row(), examine_max_);
    if (rows.next()) statistics.inbound = rows.get<std::uint64_t>();
  }
  Rows rows = send_time_.query(id.row(), examine_max_);
  if (rows.next()) {
    const auto milliseconds = rows.get<std::optional<double>>();
    if (milliseconds) statistics.send_seconds_average = std::max(0.0, *milliseconds) / 1000;
  }
  return statistics;
}

ports::OptOutList ConversationQueries::opt_outs(const ports::OptOutFilter& filter) {
  ports::OptOutList list;
  std::int64_t last_row = 0;
  const auto collect = [&](Rows rows) {
    while (rows.next()) {
      if (list.opt_outs.size() == filter.limit) {
        list.next_row = last_row;
        break;
      }
      last_row = rows.get<std::int64_t>();
      list.opt_outs.push_back(read_opt_out(rows));
    }
  };
  const std::int64_t before = filter.before_row > 0 ? filter.before_row : kNewest;
  if (filter.recipient) {
    const std::string recipient = model::thread_address(*filter.recipient);
    collect(opt_outs_of_.query(filter.client, before, filter.limit + 1, recipient));
  } else {
    collect(opt_outs_.query(filter.client, before, filter.limit + 1));
  }
  return list;
}

}  // namespace heliograph::store
