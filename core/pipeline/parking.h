// Parking: messages that wait beside the provider the distributor has picked for them, because its
// window is full.
//
// Without it a full window would act like an exclusion, and weights of 50/30/20 would become
// 33/33/33 as soon as windows are the bottleneck. The wait is bounded: after 20 ms in vain the
// distributor may choose again, so that one provider that hangs does not hold up the others. [loop]
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <vector>

#include "core/pipeline/job.h"
#include "core/pipeline/provider_board.h"

namespace heliograph::pipeline {

inline constexpr std::chrono::milliseconds kParkedMax{20};

class Parking {
 public:
  explicit Parking(ProviderBoard& board) : board_(board), lots_(board.size()) {}

  void park(Job& job, const Choice& choice, ports::MonoTime now) {
    job.choice = choice;
    job.stage = Stage::kParked;
    job.parked_until = now + kParkedMax;
    lots_[choice.provider].push_back(&job);
    ++board_[choice.provider].parked;
  }
  // The one that waits longest beside `provider`; nullptr: none.
  Job* front(std::size_t provider) const {
    return lots_[provider].empty() ? nullptr : lots_[provider].front();
  }
  void remove(Job& job) {
    std::erase(lots_[job.choice.provider], &job);
    --board_[job.choice.provider].parked;
  }
  std::vector<Job*> at(std::size_t provider) const {
    return {lots_[provider].begin(), lots_[provider].end()};
  }
  ports::MonoTime next_end() const {
    ports::MonoTime earliest = ports::MonoTime::max();
    for (const auto& lot : lots_)
      for (const Job* job : lot) earliest = std::min(earliest, job->parked_until);
    return earliest;
  }

 private:
  ProviderBoard& board_;
  std::vector<std::deque<Job*>> lots_;
};

}  // namespace heliograph::pipeline
