#include <heliograph/testing/event_log.hpp>

#include <utility>

#include <heliograph/testing/fake_host.hpp>

namespace heliograph::sdk::testing {

std::vector<EventRecord> EventLog::stored() const {
  const std::lock_guard lock(mutex_);
  return stored_;
}

std::size_t EventLog::held() const {
  const std::lock_guard lock(mutex_);
  return held_.size();
}

std::optional<IngressReply> EventLog::reply(hg_op op) const {
  const std::lock_guard lock(mutex_);
  const auto found = replies_.find(op);
  return found == replies_.end() ? std::nullopt : std::optional(found->second);
}

bool EventLog::settle(hg_status status) {
  std::unique_lock lock(mutex_);
  if (held_.empty()) return false;
  Batch batch = std::move(held_.front());
  held_.erase(held_.begin());
  lock.unlock();
  settle_now(std::move(batch), status);
  return true;
}

void EventLog::settle_now(Batch batch, hg_status status) {
  {
    const std::lock_guard lock(mutex_);
    if (status == HG_OK) stored_.insert(stored_.end(), batch.events.begin(), batch.events.end());
  }
  host_.schedule(host_.now_ns(), [done = std::move(batch.done), status] { done(status); });
}

void EventLog::take(Batch batch) {
  std::unique_lock lock(mutex_);
  if (holding_) {
    held_.push_back(std::move(batch));
    return;
  }
  lock.unlock();
  settle_now(std::move(batch), HG_OK);
}

std::vector<EventRecord> EventLog::copy(const hg_event* const* events, std::size_t n) {
  std::vector<EventRecord> copies;
  copies.reserve(n);
  for (std::size_t i = 0; i < n; ++i) copies.push_back(copy_event(*events[i]));
  return copies;
}

hg_status EventLog::emit(const hg_event* const* events, std::size_t n, hg_emit_fn done, void* arg,
                         std::uint64_t tag) {
  {
    const std::lock_guard lock(mutex_);
    if (busy_) return HG_E_BUSY;
  }
  take({copy(events, n), [done, arg, tag](hg_status status) {
          if (done != nullptr) done(arg, tag, status);
        }});
  return HG_PENDING;
}

const hg_ingress_host* EventLog::extension() {
  static constexpr hg_ingress_host kIngress{sizeof(hg_ingress_host), 0, &EventLog::on_answer};
  return &kIngress;
}

hg_status EventLog::on_answer(const hg_host* raw, hg_op op, const hg_ingress_answer* answer) {
  FakeHost& host = FakeHost::of(raw);
  const hg_status status = host.finish(op, OpKind::kIngress);
  if (status != HG_OK) return status;
  EventLog& log = host.events();
  IngressReply reply{answer->code, copy_pairs(answer->headers, answer->n_headers),
                     copy_text(answer->body)};
  const auto publish = [&log, op, reply](hg_status durable) {
    const std::lock_guard lock(log.mutex_);
    log.replies_[op] = durable == HG_OK ? reply : IngressReply{503, {}, {}};
  };
  if (answer->n_events == 0) {
    publish(HG_OK);
  } else {
    log.take({copy(answer->events, answer->n_events), publish});
  }
  return HG_OK;
}

}  // namespace heliograph::sdk::testing
