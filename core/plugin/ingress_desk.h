// IngressDesk: the hg.ingress/1 of one provider instance: raw requests in, the plugin's answer out,
// and in between the events it found made durable.
//
// A 2xx leaves only after the events are stored; if they cannot be, the peer gets 503 and repeats.
// [loop] unless said otherwise.
#pragma once

#include <heliograph/abi/ext/ingress.h>

#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "core/plugin/deadline_queue.h"
#include "core/plugin/inbox.h"
#include "core/ports/ingress.h"
#include "core/ports/provider_report.h"

namespace heliograph::plugin {

class Instance;

class IngressDesk {
 public:
  using Reply = base::UniqueFunction<void(ports::IngressAnswer)>;
  using StoreEvents = std::function<void(ports::ProviderReport, base::UniqueFunction<void(bool)>)>;

  IngressDesk(Instance& instance, StoreEvents store_events);
  ~IngressDesk();

  // [control thread] After create: the plugin's extension, nullptr when it has none.
  void set_extension(const void* extension);
  bool open() const { return has_extension_; }
  // [any] handle() on the loop; `reply` is dropped uncalled when the instance is gone.
  void submit(ports::IngressRequest request, Reply reply);
  // `reply` is called exactly once, on the loop.
  void handle(ports::IngressRequest request, Reply reply);
  // [any] The plugin's answer.
  hg_status answer(hg_op op, const hg_ingress_answer& answer, model::ProviderKey provider);
  // Everybody who waits gets 503.
  void close();

 private:
  struct Call;
  struct Answered {
    hg_op op = 0;
    bool late = false;
    ports::IngressAnswer answer;
    ports::ProviderReport report;
  };
  void take_inbox();
  void finish(Answered answered);
  void settle(hg_op op, hg_status status);
  void give_up(hg_op op, unsigned status);

  Instance& instance_;
  StoreEvents store_events_;
  hg_ingress extension_{};
  bool has_extension_ = false;
  std::unordered_map<hg_op, std::unique_ptr<Call>> calls_;
  DeadlineQueue deadlines_;
  Inbox<Answered> inbox_;
};

}  // namespace heliograph::plugin
