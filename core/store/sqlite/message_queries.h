// MessageQueries: messages as the API shows them. On any connection, one thread at a time.
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "core/model/attempt.h"
#include "core/model/message.h"
#include "core/ports/store_queries.h"
#include "core/store/sqlite/statement.h"

namespace heliograph::store {

class Connection;

// A count looks at this many messages at most, the newest: some 200 ms.
inline constexpr std::size_t kCountExamineMax = 200'000;

// A list looks at no more rows than this for one page; then it is short and says where to go on.
inline constexpr std::size_t kListExamineMax = 10'000;

class MessageQueries {
 public:
  explicit MessageQueries(Connection& connection, std::size_t examine_max = kListExamineMax);

  // `now` turns a stored SCHEDULED into QUEUED once it is due: coming due is no write. Content is
  // shown if it has at most `content_max` characters.
  std::optional<model::MessageView> find(
      std::optional<model::ClientId> client, model::MessageId id, model::TimePoint now,
      std::size_t content_max = std::numeric_limits<std::int32_t>::max());
  ports::MessageList list(const ports::MessageFilter& filter, model::TimePoint now);
  std::optional<std::vector<model::AttemptView>> attempts(std::optional<model::ClientId> client,
                                                          model::MessageId id);
  // By name; see ports::StoreQueries.
  std::vector<std::string> providers_awaiting(const std::string& provider_message_id);
  ports::MessageCounts count(std::optional<model::ClientId> client,
                             std::optional<model::TimePoint> created_after, model::TimePoint now,
                             std::size_t examine_max = kCountExamineMax);

 private:
  // The running attempt has no row yet: it is told from the message.
  struct Running {
    bool is_running = false;
    model::AttemptView view;
  };
  std::optional<Running> running(std::optional<model::ClientId> client, model::MessageId id);
  std::optional<model::ContentView> content_of(std::int64_t row, std::size_t content_max);
  std::optional<model::ProviderKey> provider_key(const std::string& name);
  std::vector<std::string> failed_providers(std::int64_t row);
  ports::MessageList collect(Rows& rows, const ports::MessageFilter& filter,
                             std::optional<model::ProviderKey> provider, model::TimePoint now);

  std::size_t examine_max_;
  Statement find_;
  Statement content_;
  Statement list_all_;
  Statement list_client_;
  Statement provider_key_;
  Statement running_;
  Statement attempts_;
  Statement failed_providers_;
  Statement count_;
  Statement count_client_;
  Statement awaiting_;
};

}  // namespace heliograph::store
