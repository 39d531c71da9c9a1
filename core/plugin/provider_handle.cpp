#include "core/plugin/provider_handle.h"

#include <fmt/format.h>

#include <utility>

#include "core/plugin/abi_report.h"
#include "core/plugin/abi_text.h"
#include "core/plugin/instance.h"

namespace heliograph::plugin {
namespace {

// A plugin that never completes would keep every message in memory; at this many it is unusable.
constexpr std::size_t kNeverCompletedMax = 1024;
constexpr std::size_t kSpareMax = 1024;
constexpr std::size_t kResultsMax = 4096;
constexpr std::size_t kEventsPendingMax = 10'000;
constexpr std::size_t kResultSizeMin = offsetof(hg_send_result, n_part_ids) + sizeof(std::size_t);

model::AttemptResult result_of(model::Outcome outcome, std::string detail) {
  model::AttemptResult result;
  result.outcome = outcome;
  result.detail = std::move(detail);
  return result;
}

// Calls back a plugin about emitted events: exactly once, also when the pipeline drops its
// completion because it ends.
class EmitReceipt {
 public:
  EmitReceipt(Instance& instance, hg_emit_fn done, void* arg, std::uint64_t tag,
              std::atomic<std::size_t>& pending, std::size_t count)
      : alive_(instance.shared_from_this()),
        done_(done),
        arg_(arg),
        tag_(tag),
        pending_(&pending),
        count_(count) {
    pending_->fetch_add(count_);
    if (done_ != nullptr) alive_->callbacks().begin();
  }
  EmitReceipt(EmitReceipt&& other) noexcept
      : alive_(std::move(other.alive_)),
        done_(other.done_),
        arg_(other.arg_),
        tag_(other.tag_),
        pending_(other.pending_),
        count_(other.count_) {}
  EmitReceipt& operator=(EmitReceipt&&) = delete;
  EmitReceipt(const EmitReceipt&) = delete;
  EmitReceipt& operator=(const EmitReceipt&) = delete;
  ~EmitReceipt() {
    if (alive_) tell(false);
  }

  void tell(bool durable) {
    const auto instance = std::exchange(alive_, nullptr);
    pending_->fetch_sub(count_);
    if (done_ == nullptr || instance->state() >= InstanceState::kDestroyed) return;
    instance->post_on_strand(
        "emit", [instance = instance.get(), done = done_, arg = arg_, tag = tag_, durable] {
          done(arg, tag, durable ? HG_OK : HG_E_IO);
          instance->callbacks().end();
        });
  }

 private:
  std::shared_ptr<Instance> alive_;
  hg_emit_fn done_;
  void* arg_;
  std::uint64_t tag_;
  std::atomic<std::size_t>* pending_;
  std::size_t count_;
};

}  // namespace

ProviderHandle::ProviderHandle(Instance& instance, hg_provider table)
    : instance_(instance),
      table_(table),
      deadlines_(
          instance.services().loop, instance.services().clock,
          [this](std::uint64_t op) {
            const auto flight = flights_.find(op);
            return flight != flights_.end() && !flight->second->answered;
          },
          [this](std::uint64_t op) { deadline_passed(op); }),
      ingress_(instance, [this](auto report, auto done) {
        store_events(std::move(report), std::move(done));
      }) {}

ProviderHandle::~ProviderHandle() = default;

const std::string& ProviderHandle::name() const { return instance_.name(); }

std::expected<void, std::string> ProviderHandle::take_caps(const hg_provider_caps& caps,
                                                           model::ProviderKey key,
                                                           bool receipts_wanted) {
  constexpr std::uint32_t kChannels = HG_CH_SMS | HG_CH_EMAIL | HG_CH_MMS | HG_CH_VOICE;
  if ((caps.channels & kChannels) == 0) return std::unexpected("its caps() name no channel");
  key_ = key;
  can_receipt_ = (caps.flags & HG_CAP_RECEIPTS) != 0;
  traits_ = {.channels = caps.channels & kChannels,
             .dedupes = (caps.flags & HG_CAP_DEDUPES) != 0,
             .receipts = can_receipt_ && receipts_wanted,
             .max_in_flight = caps.max_inflight == UINT32_MAX ? 0 : caps.max_inflight};
  return {};
}

void ProviderHandle::connect(ports::ProviderEvents* events) {
  events_ = events;
  if (events_ == nullptr) return;
  if (instance_.quarantined()) events_->on_quarantine(key_, instance_.quarantine_reason());
  if (window_.load() >= 0) tell_window();
}

void ProviderHandle::attach(ports::ProviderEvents& events) {
  events_ = &events;
  connect_later(&events);
  instance_.post([this] { tell_window(); });  // whatever was told for the key before
}

void ProviderHandle::tell_window() {
  if (events_ == nullptr || muted_) return;
  const auto own = traits_.max_in_flight == 0 ? UINT32_MAX : traits_.max_in_flight;
  const auto set = window_.load();
  const auto window = set < 0 ? own : static_cast<std::uint32_t>(set);
  events_->on_window(key_, paused_ ? 0 : window);
}

void ProviderHandle::connect_later(ports::ProviderEvents* events) {
  instance_.post([this, events] { connect(events); });
}

// ---- for a reload ----

void ProviderHandle::pause() {
  paused_ = true;
  tell_window();
}

// Of what an earlier life of the plugin was given nothing can come any more.
void ProviderHandle::resume() {
  std::erase_if(flights_, [](const auto& flight) { return flight.second->answered; });
  unanswered_ = 0;
  paused_ = false;
  tell_window();
}

void ProviderHandle::when_idle(base::Task idle) {
  idle_ = std::move(idle);
  tell_idle();
}

void ProviderHandle::tell_idle() {
  if (!by_ticket_.empty() || !idle_) return;
  std::exchange(idle_, nullptr)();
}

// ---- sending ----

ProviderHandle::FlightPtr ProviderHandle::new_flight() {
  FlightPtr flight;
  if (spare_.empty()) {
    flight = std::make_unique<Flight>();
  } else {
    flight = std::move(spare_.back());
    spare_.pop_back();
  }
  flight->answered = false;
  flight->told = false;
  flight->missed = false;
  return flight;
}

void ProviderHandle::recycle(FlightPtr flight) {
  flight->message.content.clear();
  if (spare_.size() < kSpareMax) spare_.push_back(std::move(flight));
}

bool ProviderHandle::send(const ports::SendRequest& request) {
  if (paused_ || !instance_.works() || unanswered_ >= kNeverCompletedMax) return false;
  auto flight = new_flight();
  flight->ticket = request.ticket;
  if (!flight->message.fill(*request.item, request.content)) {
    recycle(std::move(flight));
    refuse(request.ticket, model::Outcome::kRejected, "the content kept for it is not intact");
    return true;
  }
  const auto op = instance_.tickets().issue(TicketKind::kSend);
  if (op == 0) {
    recycle(std::move(flight));
    return false;
  }
  const hg_send_item item{.op = op,
                          .msg = &flight->message.view,
                          .deadline_mono_ns = to_ns(request.deadline),
                          .attempt = request.attempt_number,
                          .flags = request.resend ? HG_SEND_F_RESEND : 0U};
  std::size_t accepted = 0;
  hg_status status = HG_E_BUSY;
  instance_.loop_call("send", instance_.budgets().loop_call, [&] {
    current_call.sending = op;
    current_call.begin_by = request.begin_by;
    current_call.trace = request.trace.valid() ? &request.trace : nullptr;
    status = table_.send(instance_.self(), &item, 1, &accepted);
  });
  return settle(op, std::move(flight), status, accepted, request.deadline);
}

// What the return value of send() means: abi/provider.h.
bool ProviderHandle::settle(hg_op op, FlightPtr flight, hg_status status, std::size_t accepted,
                            ports::MonoTime deadline) {
  if (status > 0) {
    instance_.misbehaviour().report(Fault::kBadStatus, fmt::format("send returned {}", status));
  }
  const auto panicked = status == HG_E_PANIC;
  const auto taken = status >= 0 || accepted > 0 || panicked;
  if (!taken) {
    if (instance_.tickets().revoke(op)) {
      const auto ticket = flight->ticket;
      recycle(std::move(flight));
      if (status == HG_E_BUSY) return false;
      refuse(ticket, model::Outcome::kRetry,
             "the plugin did not take it: " + std::string{status_name(status)});
      return true;
    }
    // Its completion, which is on the way, is the truth.
    instance_.misbehaviour().report(Fault::kUnacceptedCompletion,
                                    "send completed an op and then refused it");
  }
  track(op, std::move(flight), deadline);
  if (panicked) instance_.quarantine("send: HG_E_PANIC");
  return true;
}

// The result of a send that no plugin has; after send() has returned, as every result.
void ProviderHandle::refuse(ports::SendTicket ticket, model::Outcome outcome, std::string why) {
  instance_.post([this, ticket, outcome, why = std::move(why)]() mutable {
    deliver(ticket, result_of(outcome, std::move(why)));
  });
}

void ProviderHandle::track(hg_op op, FlightPtr flight, ports::MonoTime deadline) {
  by_ticket_.emplace(flight->ticket, op);
  flights_.emplace(op, std::move(flight));
  deadlines_.add(op, deadline);
}

void ProviderHandle::cancel(ports::SendTicket ticket) {
  const auto found = by_ticket_.find(ticket);
  if (found != by_ticket_.end()) advise_cancel(found->second, HG_E_CANCELLED);
}

void ProviderHandle::advise_cancel(hg_op op, hg_status why) {
  instance_.loop_call("cancel", instance_.budgets().loop_call,
                      [&] { table_.cancel(instance_.self(), op, why); });
}

void ProviderHandle::deadline_passed(hg_op op) {
  auto& flight = *flights_.at(op);
  if (!flight.told) {
    flight.told = true;
    deadlines_.add(op, instance_.services().clock.mono() + instance_.budgets().send_grace);
    return advise_cancel(op, HG_E_DEADLINE);
  }
  if (!instance_.tickets().give_up(op)) return;  // its completion is in the inbox
  instance_.misbehaviour().report(Fault::kMissingCompletion, "send: no completion in time");
  answer_for(op, "no answer within the timeout");
  if (unanswered_ >= kNeverCompletedMax) {
    instance_.quarantine(fmt::format("{} sends were never completed", unanswered_));
  }
}

// ---- results ----

hg_status ProviderHandle::complete_send(const hg_send_result* results, std::size_t n) {
  if (n == 0) return HG_OK;
  if (n > kResultsMax || !plausible_size(results->size, kResultSizeMin)) {
    instance_.misbehaviour().report(Fault::kBadArgument, "complete_send: impossible size or count");
    return HG_E_CONFIG;
  }
  hg_status status = HG_OK;
  for (std::size_t i = 0; i < n; ++i) {
    const auto result = copy_sized(HG_AT(results, i));
    const auto completion = instance_.tickets().complete(result.op, TicketKind::kSend);
    if (completion != Completion::kFirst) {
      status = instance_.note_completion(completion, "complete_send");
      if (completion != Completion::kLate) continue;
    }
    const auto late = completion == Completion::kLate;
    if (inbox_.put({result.op, late, to_model(result)})) {
      instance_.post([this] { take_inbox(); });
    }
  }
  return status;
}

void ProviderHandle::take_inbox() {
  for (auto& completed : inbox_.take()) {
    const auto found = flights_.find(completed.op);
    if (found == flights_.end()) continue;
    auto flight = std::move(found->second);
    flights_.erase(found);
    const auto ticket = flight->ticket;
    if (flight->answered) {
      --unanswered_;
    } else {
      by_ticket_.erase(ticket);
      // Only "certainly not sent" agrees with what was noted; anything else is the plugin's to
      // know.
      if (flight->missed && completed.result.outcome == model::Outcome::kRetry) {
        deliver_missed(ticket);
      } else {
        deliver(ticket, std::move(completed.result));
      }
    }
    recycle(std::move(flight));
  }
  tell_idle();
}

void ProviderHandle::deliver(ports::SendTicket ticket, model::AttemptResult result) {
  if (events_ != nullptr) events_->on_send_result(key_, ticket, std::move(result));
}

void ProviderHandle::deliver_missed(ports::SendTicket ticket) {
  if (events_ != nullptr) events_->on_begin_missed(key_, ticket);
}

void ProviderHandle::begin_missed(hg_op op) {
  const auto found = flights_.find(op);
  if (found != flights_.end()) found->second->missed = true;
}

void ProviderHandle::answer_for(hg_op op, const std::string& why) {
  auto& flight = *flights_.at(op);
  flight.answered = true;
  ++unanswered_;
  by_ticket_.erase(flight.ticket);
  deliver(flight.ticket, result_of(model::Outcome::kUnknown, why));
  tell_idle();
}

void ProviderHandle::answer_all(const std::string& why) {
  take_inbox();
  std::vector<hg_op> open;
  for (const auto& [op, flight] : flights_) {
    if (!flight->answered) open.push_back(op);
  }
  for (const auto op : open) {
    if (instance_.tickets().give_up(op)) answer_for(op, why);
  }
  spare_.clear();  // what ended stays in memory, and this would be the most of it
}

void ProviderHandle::on_closed(const std::string& reason, bool quarantined) {
  answer_all(reason);
  ingress_.close();
  if (quarantined && events_ != nullptr && !muted_) events_->on_quarantine(key_, reason);
}

void ProviderHandle::set_window(std::uint32_t max_in_flight) {
  window_.store(max_in_flight);
  instance_.post([this] { tell_window(); });
}

// ---- events ----

hg_status ProviderHandle::emit(const hg_event* const* events, std::size_t n, hg_emit_fn done,
                               void* arg, std::uint64_t tag) {
  if (events_pending_.load() + n > kEventsPendingMax) return HG_E_BUSY;
  auto report = to_report(key_, instance_.name(), events, n);
  if (!report) {
    instance_.misbehaviour().report(Fault::kBadArgument, "emit: " + report.error());
    return HG_E_UNSUPPORTED;
  }
  EmitReceipt told(instance_, done, arg, tag, events_pending_, n);
  instance_.post([this, taken = std::move(*report), told = std::move(told)]() mutable {
    store_events(std::move(taken),
                 [told = std::move(told)](bool durable) mutable { told.tell(durable); });
  });
  return HG_PENDING;
}

void ProviderHandle::store_events(ports::ProviderReport report,
                                  base::UniqueFunction<void(bool)> done) {
  if (events_ == nullptr) return done(false);
  events_->on_report(key_, std::move(report), std::move(done));
}

hg_status ProviderHandle::answer(hg_op op, const void* ingress_answer) {
  return ingress_.answer(op, copy_sized(static_cast<const hg_ingress_answer*>(ingress_answer)),
                         key_);
}

}  // namespace heliograph::plugin
