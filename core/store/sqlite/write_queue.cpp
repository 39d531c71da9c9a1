#include "core/store/sqlite/write_queue.h"

#include <algorithm>
#include <ranges>
#include <utility>

namespace heliograph::store {

void WriteQueue::push(OperationKind kind, Write operation) {
  operation->kind = kind;
  operation->sequence = next_sequence_++;
  lanes_[static_cast<std::size_t>(kind)].push_back(std::move(operation));
}

std::size_t WriteQueue::size() const {
  std::size_t sum = 0;
  for (const auto& lane : lanes_) sum += lane.size();
  return sum;
}

void WriteQueue::move_front(OperationKind kind, std::size_t count, std::vector<Write>& out) {
  std::deque<Write>& lane = lanes_[static_cast<std::size_t>(kind)];
  for (std::size_t i = std::min(count, lane.size()); i > 0; --i) {
    out.push_back(std::move(lane.front()));
    lane.pop_front();
  }
}

std::vector<Write> WriteQueue::take(std::size_t batch_max) {
  const std::size_t accepts_waiting = lane(OperationKind::kAccept).size();
  const std::size_t accepts_kept = std::min(accepts_waiting, batch_max / 8);
  std::vector<Write> batch;
  batch.reserve(std::min(batch_max, size()));
  move_front(OperationKind::kResult, batch_max - accepts_kept, batch);
  move_front(OperationKind::kBegin, batch_max - accepts_kept - batch.size(), batch);
  move_front(OperationKind::kAccept, std::min(batch_max - batch.size(), (batch_max + 1) / 2),
             batch);
  return batch;
}

std::vector<Write> WriteQueue::take_all() {
  std::vector<Write> batch;
  for (std::size_t kind = 0; kind < kOperationKinds; ++kind) {
    move_front(static_cast<OperationKind>(kind), lanes_[kind].size(), batch);
  }
  return batch;
}

void WriteQueue::put_back(std::vector<Write> operations) {
  for (Write& operation : std::views::reverse(operations)) {
    lanes_[static_cast<std::size_t>(operation->kind)].push_front(std::move(operation));
  }
}

void WriteQueue::clear() {
  for (auto& lane : lanes_) lane.clear();
}

}  // namespace heliograph::store
