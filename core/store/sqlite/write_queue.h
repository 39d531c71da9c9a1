// WriteQueue: what waits for the writer, and what goes into its next transaction. A plain data
// structure; the writer's mutex guards it.
#pragma once

#include <array>
#include <cstddef>
#include <deque>
#include <vector>

#include "core/store/sqlite/operation.h"

namespace heliograph::store {

class WriteQueue {
 public:
  explicit WriteQueue(std::size_t accepts_max) : accepts_max_(accepts_max) {}

  bool has_room_for_accept() const { return lane(OperationKind::kAccept).size() < accepts_max_; }
  void push(OperationKind kind, Write operation);

  // The next transaction, in the order in which it runs: results, then begins, then accepts.
  // Accepts get at most half of `batch_max`, so that intake cannot starve sending, and at least an
  // eighth, so that sending cannot starve intake.
  std::vector<Write> take(std::size_t batch_max);
  // Everything, in the same order.
  std::vector<Write> take_all();
  // What a transaction had no time for, back to where it was.
  void put_back(std::vector<Write> operations);

  std::size_t size() const;
  bool empty() const { return size() == 0; }
  void clear();

 private:
  const std::deque<Write>& lane(OperationKind kind) const {
    return lanes_[static_cast<std::size_t>(kind)];
  }
  void move_front(OperationKind kind, std::size_t count, std::vector<Write>& out);

  std::size_t accepts_max_;
  std::uint64_t next_sequence_ = 1;
  std::array<std::deque<Write>, kOperationKinds> lanes_;
};

}  // namespace heliograph::store
