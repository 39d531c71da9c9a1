#include "core/plugin/post_queue.h"

#include "core/plugin/instance.h"

namespace heliograph::plugin {
namespace {

// One plugin that posts without end must leave the loop to the others.
constexpr std::size_t kPerTurn = 64;

}  // namespace

hg_status PostQueue::push(hg_fn fn, void* arg, std::uint64_t tag) {
  if (fn == nullptr) return HG_E_CONFIG;
  {
    const std::lock_guard lock(mutex_);
    if (!instance_.takes_callbacks()) return HG_E_STATE;
    instance_.callbacks().begin();
    waiting_.push_back({fn, arg, tag});
    if (scheduled_) return HG_OK;
    scheduled_ = true;
  }
  schedule();
  return HG_OK;
}

void PostQueue::schedule() {
  instance_.post_on_strand("post", [this] {
    if (run(kPerTurn)) schedule();
  });
}

bool PostQueue::run(std::size_t at_most) {
  for (std::size_t i = 0; i < at_most; ++i) {
    Post post{};
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.empty()) {
        scheduled_ = false;
        return false;
      }
      post = waiting_.front();
      waiting_.pop_front();
    }
    post.fn(post.arg, post.tag);
    instance_.callbacks().end();
  }
  // Not a turn for nothing: the instance may end before it comes, and live again after a reload.
  const std::lock_guard lock(mutex_);
  scheduled_ = !waiting_.empty();
  return scheduled_;
}

}  // namespace heliograph::plugin
