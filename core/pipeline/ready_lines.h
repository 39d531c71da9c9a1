// Ready lines: whose message is next. Lanes share by weight (urgent 8, normal 4, bulk 1), so that
// urgent goes first and bulk never starves; inside a lane clients take turns, inside a client its
// classes. [loop]
#pragma once

#include <array>
#include <deque>
#include <map>
#include <span>

#include "core/pipeline/waiting_queue.h"

namespace heliograph::pipeline {

// A client's queues in one lane that have ready messages.
struct LaneClient {
  std::deque<WaitingQueue*> turns;
  bool lined_up = false;
  std::size_t queues = 0;  // that refer to it
};

// What a half-open provider is probed with first: a message nobody has tried and that may go
// elsewhere.
inline bool suits_probe(const model::WorkItem& item) {
  return item.attempts == 0 && !item.doubtful && !item.pinned;
}

// Which queues may be served now.
struct Servable {
  ProviderMask providers = 0;                        // those that can take a message
  ProviderMask probing = 0;                          // those that can take one that suits a probe
  ProviderMask probing_any = 0;                      // those that can take any message as a probe
  std::span<const ClassInfo* const> closed;          // classes that must wait all the same
  bool operator()(const WaitingQueue& queue) const;  // which has a ready message
};

class ReadyLines {
 public:
  void adopt(WaitingQueue& queue);    // a new queue, once
  void abandon(WaitingQueue& queue);  // it has no ready message and is going away
  void line_up(WaitingQueue& queue);  // it has ready messages (again)
  // Takes the next message out of its queue; nullptr: none may be served.
  Job* next(const Servable& servable);

 private:
  struct Lane {
    std::deque<LaneClient*> turns;
    int credit = 0;
  };
  Job* take_from(Lane& lane, const Servable& servable);
  static Job* take_from(LaneClient& client, const Servable& servable);
  void charge(std::size_t served, const std::array<bool, model::kLanes>& dry);

  std::array<Lane, model::kLanes> lanes_;
  std::map<std::pair<model::Lane, model::ClientId>, LaneClient> clients_;
};

}  // namespace heliograph::pipeline
