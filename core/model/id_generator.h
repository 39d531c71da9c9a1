// Makes the ids of messages, in the order in which messages are accepted.
//
// The row part never repeats and never goes back, not even when the clock does or more than 65,536
// messages are accepted in a millisecond: then it runs ahead of the clock. Thread-compatible: the
// store's writer owns the only one.
#pragma once

#include <cstdint>

#include "core/model/ids.h"

namespace heliograph::model {

class IdGenerator {
 public:
  // `highest_row`: the largest row the store holds; 0 when it is empty.
  explicit IdGenerator(std::int64_t highest_row);

  // `now` is not before 1970; of `random` the low 58 bits are used.
  MessageId next(TimePoint now, std::uint64_t random);

 private:
  std::int64_t last_row_;
};

}  // namespace heliograph::model
