#include "core/model/id_generator.h"

#include <algorithm>

#include "core/base/assert.h"

namespace heliograph::model {

IdGenerator::IdGenerator(std::int64_t highest_row) : last_row_(highest_row) {
  HG_ASSERT(highest_row >= 0);
}

MessageId IdGenerator::next(TimePoint now, std::uint64_t random) {
  const std::int64_t now_ms = now.time_since_epoch().count();
  HG_ASSERT(now_ms >= 0 && now_ms >> 47 == 0);
  last_row_ = std::max(last_row_ + 1, now_ms << 16);
  return MessageId::from_parts(last_row_, random);
}

}  // namespace heliograph::model
