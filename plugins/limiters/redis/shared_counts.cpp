#include "plugins/limiters/redis/shared_counts.h"

#include <hiredis/hiredis.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace heliograph::plugins::redis {

namespace {

std::string microseconds(std::chrono::nanoseconds time) {
  return std::to_string(std::max<std::int64_t>(1, time.count() / 1'000));
}

void answer(sdk::SharedTicket& ticket, std::size_t keys, const redisReply* reply) {
  if (reply == nullptr) return ticket.fail(HG_E_DEADLINE);  // it may have been counted
  if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 * keys) return ticket.fail(HG_E_IO);
  for (std::size_t i = 0; i < keys; ++i) {
    ticket.set(i, static_cast<std::uint64_t>(reply->element[2 * i]->integer),
               static_cast<std::uint64_t>(reply->element[2 * i + 1]->integer));
  }
  ticket.done();
}

}  // namespace

std::string SharedCounts::name(std::string_view key) const {
  return settings_.health_prefix + std::string(key) + ":counts";
}

void SharedCounts::exchange(const sdk::SharedCounts& counts, sdk::SharedTicket ticket) {
  Words words;
  for (std::size_t i = 0; i < counts.size(); ++i) words.push_back(name(counts.key(i)));
  words.push_back(microseconds(counts.window()));
  words.push_back(microseconds(counts.bucket()));
  for (std::size_t i = 0; i < counts.size(); ++i) {
    words.push_back(std::to_string(counts.ok(i)));
    words.push_back(std::to_string(counts.failed(i)));
  }
  // std::function wants what can be copied.
  const auto owed = std::make_shared<sdk::SharedTicket>(std::move(ticket));
  const auto done = [owed, keys = counts.size()](const redisReply* reply) {
    answer(*owed, keys, reply);
  };
  if (!connection_.run(Script::kExchange, counts.size(), std::move(words), done)) {
    return owed->fail(HG_E_IO);
  }
  connection_.flush();
}

void SharedCounts::reset(std::string_view key) { connection_.remove(name(key)); }

}  // namespace heliograph::plugins::redis
