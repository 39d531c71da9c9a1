// PostQueue: functions that a plugin posts to its strand, run in the order of posting.
//
// push() from any thread; everything else where the comment says.
#pragma once

#include <heliograph/abi/host.h>

#include <cstdint>
#include <deque>
#include <mutex>

namespace heliograph::plugin {

class Instance;

class PostQueue {
 public:
  explicit PostQueue(Instance& instance) : instance_(instance) {}
  hg_status push(hg_fn fn, void* arg, std::uint64_t tag);
  // On the strand: runs up to `at_most`. True: more are waiting.
  bool run(std::size_t at_most);

 private:
  struct Post {
    hg_fn fn;
    void* arg;
    std::uint64_t tag;
  };
  void schedule();

  Instance& instance_;
  std::mutex mutex_;
  std::deque<Post> waiting_;
  bool scheduled_ = false;
};

}  // namespace heliograph::plugin
