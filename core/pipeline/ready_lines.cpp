#include "core/pipeline/ready_lines.h"

#include <algorithm>

namespace heliograph::pipeline {

namespace {
constexpr std::array<int, model::kLanes> kWeights{8, 4, 1};  // urgent, normal, bulk
}  // namespace

bool Servable::operator()(const WaitingQueue& queue) const {
  ProviderMask takers = providers | probing_any;
  if (suits_probe(queue.ready.front()->item)) takers |= probing;
  return (queue.info->providers & takers) != 0 &&
         std::ranges::find(closed, queue.info) == closed.end();
}

void ReadyLines::adopt(WaitingQueue& queue) {
  queue.client = &clients_[{queue.key.lane, queue.key.client}];
  ++queue.client->queues;
}

void ReadyLines::abandon(WaitingQueue& queue) {
  LaneClient& client = *queue.client;
  std::erase(client.turns, &queue);
  if (--client.queues > 0) return;
  std::erase(lanes_[static_cast<std::size_t>(queue.key.lane)].turns, &client);
  clients_.erase({queue.key.lane, queue.key.client});
}

void ReadyLines::line_up(WaitingQueue& queue) {
  if (queue.lined_up) return;
  queue.lined_up = true;
  LaneClient& client = *queue.client;
  client.turns.push_back(&queue);
  if (client.lined_up) return;
  client.lined_up = true;
  lanes_[static_cast<std::size_t>(queue.key.lane)].turns.push_back(&client);
}

// Smooth weighted round robin: each lane that has work earns its weight, the served one pays the
// sum.
void ReadyLines::charge(std::size_t served, const std::array<bool, model::kLanes>& dry) {
  int sum = 0;
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    if (dry[i]) {
      lanes_[i].credit = 0;
      continue;
    }
    lanes_[i].credit += kWeights[i];
    sum += kWeights[i];
  }
  lanes_[served].credit -= sum;
}

Job* ReadyLines::next(const Servable& servable) {
  std::array<bool, model::kLanes> dry{};
  for (std::size_t i = 0; i < lanes_.size(); ++i) dry[i] = lanes_[i].turns.empty();
  for (;;) {
    std::optional<std::size_t> best;
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      if (dry[i]) continue;
      if (!best || lanes_[i].credit + kWeights[i] > lanes_[*best].credit + kWeights[*best])
        best = i;
    }
    if (!best) return nullptr;
    if (Job* job = take_from(lanes_[*best], servable)) {
      charge(*best, dry);
      return job;
    }
    dry[*best] = true;
  }
}

Job* ReadyLines::take_from(Lane& lane, const Servable& servable) {
  for (std::size_t left = lane.turns.size(); left > 0; --left) {
    LaneClient* client = lane.turns.front();
    lane.turns.pop_front();
    Job* job = take_from(*client, servable);
    client->lined_up = !client->turns.empty();
    if (client->lined_up) lane.turns.push_back(client);
    if (job != nullptr) return job;
  }
  return nullptr;
}

Job* ReadyLines::take_from(LaneClient& client, const Servable& servable) {
  for (std::size_t left = client.turns.size(); left > 0; --left) {
    WaitingQueue* queue = client.turns.front();
    client.turns.pop_front();
    Job* job = nullptr;
    if (!queue->ready.empty() && servable(*queue)) {
      job = queue->ready.front();
      queue->ready.pop_front();
    }
    queue->lined_up = !queue->ready.empty();
    if (queue->lined_up) client.turns.push_back(queue);
    if (job != nullptr) return job;
  }
  return nullptr;
}

}  // namespace heliograph::pipeline
