// ProviderHandle: ports::Provider over a provider component's instance.
//
// It owes the pipeline exactly one result for each send it took, whatever the plugin does:
// completes at once or from its own thread, late, twice, never, throws, or stops. At a send's
// deadline the plugin is told (cancel), after the grace the handle answers UNKNOWN by itself; what
// the plugin then still says is counted and otherwise ignored. What a plugin was given to read
// stays in memory until it completes.
//
// [loop] unless a member says otherwise. send() hands over one message a call: with completions
// taken in batches, coalescing sends of a turn is not built.
#pragma once

#include <heliograph/abi/abi.h>

#include <atomic>
#include <expected>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/plugin/abi_message.h"
#include "core/plugin/deadline_queue.h"
#include "core/plugin/inbox.h"
#include "core/plugin/ingress_desk.h"
#include "core/plugin/kind_side.h"
#include "core/ports/provider.h"

namespace heliograph::plugin {

class Instance;

class ProviderHandle final : public ports::Provider, public KindSide {
 public:
  ProviderHandle(Instance& instance, hg_provider table);
  ~ProviderHandle() override;

  // [control thread] After start. The error says what makes the answer unusable.
  std::expected<void, std::string> take_caps(const hg_provider_caps& caps, model::ProviderKey key,
                                             bool receipts_wanted);
  const hg_provider& table() const { return table_; }
  // Who hears of results. nullptr: nobody any more. Results of sends before are dropped.
  void connect(ports::ProviderEvents* events);
  void connect_later(ports::ProviderEvents* events);  // [any] the same, on the loop
  // connect(), telling in a later turn, and its window in any case: its predecessor's may be 0.
  void attach(ports::ProviderEvents& events);
  IngressDesk& ingress() { return ingress_; }

  // For a reload. [loop]
  // Another instance has the key from now on: windows and quarantines of this one are not told any
  // more, results and reports are.
  void mute() { muted_ = true; }
  void want_receipts(bool wanted) { traits_.receipts = can_receipt_ && wanted; }
  // Takes nothing; told as a window of 0. Until resume(), which also follows upon a new life of the
  // plugin's instance.
  void pause();
  void resume();
  void forget_window() { window_.store(-1); }  // [any] that it has set in its life before
  // Calls `idle` once nothing is in flight, perhaps at once.
  void when_idle(base::Task idle);

  // ports::Provider
  model::ProviderKey key() const override { return key_; }
  const std::string& name() const override;
  const ports::ProviderTraits& traits() const override { return traits_; }
  bool send(const ports::SendRequest& request) override;
  void cancel(ports::SendTicket ticket) override;

  // KindSide
  hg_status complete_send(const hg_send_result* results, std::size_t n) override;  // [any]
  hg_status emit(const hg_event* const* events, std::size_t n, hg_emit_fn done, void* arg,
                 std::uint64_t tag) override;                       // [any]
  hg_status answer(hg_op op, const void* ingress_answer) override;  // [any]
  void set_window(std::uint32_t max_in_flight) override;            // [any]
  void begin_missed(hg_op op) override;
  void on_closed(const std::string& reason, bool quarantined) override;

 private:
  struct Flight {
    ports::SendTicket ticket{};
    bool answered = false;  // by the handle; the plugin still has its views
    bool told = false;      // cancel() at the deadline was called
    bool missed = false;    // its request came too late to begin
    AbiMessage message;
  };
  struct Completed {
    hg_op op = 0;
    bool late = false;
    model::AttemptResult result;
  };
  using FlightPtr = std::unique_ptr<Flight>;

  FlightPtr new_flight();
  void recycle(FlightPtr flight);
  bool settle(hg_op op, FlightPtr flight, hg_status status, std::size_t accepted,
              ports::MonoTime deadline);
  void refuse(ports::SendTicket ticket, model::Outcome outcome, std::string why);
  void track(hg_op op, FlightPtr flight, ports::MonoTime deadline);
  void advise_cancel(hg_op op, hg_status why);
  void deadline_passed(hg_op op);
  // UNKNOWN, for a ticket that was just given up.
  void answer_for(hg_op op, const std::string& why);
  void answer_all(const std::string& why);
  void deliver(ports::SendTicket ticket, model::AttemptResult result);
  void deliver_missed(ports::SendTicket ticket);
  void take_inbox();
  void tell_window();
  void tell_idle();
  void store_events(ports::ProviderReport report, base::UniqueFunction<void(bool)> done);

  Instance& instance_;
  const hg_provider table_;
  model::ProviderKey key_{};
  ports::ProviderTraits traits_;
  bool can_receipt_ = false;
  bool muted_ = false;
  bool paused_ = false;
  base::Task idle_;  // who waits for nothing to be in flight
  ports::ProviderEvents* events_ = nullptr;
  std::unordered_map<hg_op, FlightPtr> flights_;
  std::unordered_map<ports::SendTicket, hg_op> by_ticket_;
  std::vector<FlightPtr> spare_;
  std::size_t unanswered_ = 0;  // flights that the handle answered and the plugin has not completed
  DeadlineQueue deadlines_;
  Inbox<Completed> inbox_;
  std::atomic<std::int64_t> window_{-1};  // -1: never set
  std::atomic<std::size_t> events_pending_{0};
  IngressDesk ingress_;
};

}  // namespace heliograph::plugin
