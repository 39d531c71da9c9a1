#include "core/pipeline/hint_box.h"

#include <algorithm>
#include <iterator>

namespace heliograph::pipeline {

bool HintBox::put(std::vector<model::WorkItem> items) {
  const std::lock_guard lock(mutex_);
  const bool was_empty = hints_.items.empty() && hints_.dropped.empty();
  const std::size_t room = capacity_ - std::min(capacity_, hints_.items.size());
  const std::size_t taken = std::min(room, items.size());
  const auto split = items.begin() + static_cast<std::ptrdiff_t>(taken);
  for (auto it = split; it != items.end(); ++it) drop(*it);
  if (split != items.end()) ++batches_dropped_;
  if (hints_.items.empty()) {
    items.erase(split, items.end());
    hints_.items = std::move(items);
  } else {
    hints_.items.insert(hints_.items.end(), std::make_move_iterator(items.begin()),
                        std::make_move_iterator(split));
  }
  return was_empty && !(hints_.items.empty() && hints_.dropped.empty());
}

void HintBox::drop(const model::WorkItem& item) {
  const ports::QueueKey key{item.lane, item.client, item.dispatch_class};
  const ports::QueuePosition position{item.due, item.id.row()};
  const auto [found, made] = hints_.dropped.try_emplace(key, position);
  if (!made) found->second = std::min(found->second, position);
}

HintBox::Hints HintBox::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(hints_, {});
}

std::uint64_t HintBox::batches_dropped() const {
  const std::lock_guard lock(mutex_);
  return batches_dropped_;
}

}  // namespace heliograph::pipeline
