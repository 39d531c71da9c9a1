// SharedWindowDesk: ports::SharedWindow over the hg.shared-window/1 of a limiter's instance.
//
// The host waits for an answer one second at most; what the plugin was given lives until it answers
// all the same. [loop] unless said otherwise.
#pragma once

#include <heliograph/abi/ext/shared_window.h>

#include <memory>
#include <optional>
#include <unordered_map>

#include "core/plugin/deadline_queue.h"
#include "core/plugin/inbox.h"
#include "core/ports/shared_window.h"

namespace heliograph::plugin {

class Instance;

class SharedWindowDesk final : public ports::SharedWindow {
 public:
  explicit SharedWindowDesk(Instance& instance);
  ~SharedWindowDesk() override;

  // [control thread] After start: the plugin's extension, nullptr when it has none.
  void set_extension(const void* extension);
  bool open() const { return has_extension_; }

  void exchange(std::chrono::nanoseconds window, std::chrono::nanoseconds bucket,
                std::vector<ports::SharedCounts> items,
                base::UniqueFunction<void(Answer)> done) override;
  void reset(const std::string& key) override;

  // [any] nullopt: not an exchange's op.
  std::optional<hg_status> complete(hg_op op, hg_status status);
  // Everybody who waits is answered.
  void close();

 private:
  struct Call;
  struct Completed {
    hg_op op = 0;
    hg_status status = HG_OK;
  };
  void take_inbox();
  void answer(Call& call, hg_status status);
  void give_up(hg_op op);

  Instance& instance_;
  hg_shared_window extension_{};
  bool has_extension_ = false;
  std::unordered_map<hg_op, std::unique_ptr<Call>> calls_;
  DeadlineQueue deadlines_;
  Inbox<Completed> inbox_;
};

}  // namespace heliograph::plugin
