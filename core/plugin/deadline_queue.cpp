#include "core/plugin/deadline_queue.h"

#include <utility>

namespace heliograph::plugin {

struct DeadlineQueue::State : std::enable_shared_from_this<State> {
  struct Entry {
    ports::MonoTime deadline;
    std::uint64_t number;
    bool operator>(const Entry& other) const { return deadline > other.deadline; }
  };

  State(ports::Loop& on, const ports::Clock& by) : loop(on), clock(by) {}

  void arm() {
    while (!entries.empty() && !open(entries.top().number)) entries.pop();
    if (entries.empty() || entries.top().deadline >= armed_for) return;
    armed_for = entries.top().deadline;
    loop.run_at(armed_for, [weak = weak_from_this(), at = armed_for] {
      if (const auto state = weak.lock()) state->ring(at);
    });
  }

  void ring(ports::MonoTime at) {
    if (at != armed_for) return;  // an earlier one was set meanwhile and has rung
    armed_for = ports::MonoTime::max();
    const auto now = clock.mono();
    while (!entries.empty() && entries.top().deadline <= now) {
      const auto number = entries.top().number;
      entries.pop();
      if (open(number)) passed(number);
    }
    arm();
  }

  ports::Loop& loop;
  const ports::Clock& clock;
  std::function<bool(std::uint64_t)> open;
  std::function<void(std::uint64_t)> passed;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> entries;
  ports::MonoTime armed_for = ports::MonoTime::max();
};

DeadlineQueue::DeadlineQueue(ports::Loop& loop, const ports::Clock& clock,
                             std::function<bool(std::uint64_t)> open,
                             std::function<void(std::uint64_t)> passed)
    : state_(std::make_shared<State>(loop, clock)) {
  state_->open = std::move(open);
  state_->passed = std::move(passed);
}

DeadlineQueue::~DeadlineQueue() = default;

void DeadlineQueue::add(std::uint64_t number, ports::MonoTime deadline) {
  state_->entries.push({deadline, number});
  state_->arm();
}

}  // namespace heliograph::plugin
