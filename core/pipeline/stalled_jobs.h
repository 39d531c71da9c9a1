// Stalled jobs: messages in memory whose own providers are all busy or paused while others of their
// queue can go on - they have tried some providers already. Grouped by the providers they may use,
// so that a provider that becomes free wakes only those it can help. [loop]
#pragma once

#include <cstddef>
#include <deque>
#include <map>

#include "core/pipeline/dispatch_classes.h"
#include "core/pipeline/job.h"

namespace heliograph::pipeline {

class StalledJobs {
 public:
  using Groups = std::map<ProviderMask, std::deque<Job*>>;

  void add(ProviderMask providers, Job& job) {
    job.stage = Stage::kStalled;
    groups_[providers].push_back(&job);
    ++count_;
  }
  // The oldest job of each group that one of `providers` can help; taken out.
  std::deque<Job*> take_one_each(ProviderMask providers) {
    return take([&](ProviderMask mask) { return (mask & providers) != 0; }, 1);
  }
  // All jobs that none of `providers` can help.
  std::deque<Job*> take_hopeless(ProviderMask providers) {
    return take([&](ProviderMask mask) { return (mask & providers) == 0; }, ~std::size_t{0});
  }
  std::deque<Job*> take_all() {
    return take([](ProviderMask) { return true; }, ~std::size_t{0});
  }
  std::size_t size() const { return count_; }

 private:
  template <class Match>
  std::deque<Job*> take(Match match, std::size_t most_of_each) {
    std::deque<Job*> out;
    for (auto it = groups_.begin(); it != groups_.end();) {
      auto& jobs = it->second;
      if (match(it->first)) {
        for (std::size_t i = 0; i < most_of_each && !jobs.empty(); ++i) {
          out.push_back(jobs.front());
          jobs.pop_front();
          --count_;
        }
      }
      it = jobs.empty() ? groups_.erase(it) : std::next(it);
    }
    return out;
  }

  Groups groups_;
  std::size_t count_ = 0;
};

}  // namespace heliograph::pipeline
