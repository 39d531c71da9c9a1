// Fake provider: takes sends, remembers when each arrived, and answers as the test says - at once,
// later, too late (then its "handle" answers UNKNOWN at the deadline, as the real one does), with
// receipts if wanted. Everything happens on the virtual loop.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/ports/provider.h"
#include "tests/support/virtual_time.h"

namespace heliograph::test {

// What one send will come to.
struct SendPlan {
  model::Outcome outcome = model::Outcome::kSent;
  std::chrono::nanoseconds latency = std::chrono::milliseconds{5};
  std::chrono::milliseconds retry_after{0};
  std::int32_t status_code = 0;
  // Until a connection is there. A send that cannot begin in time ends without a result.
  std::chrono::nanoseconds ready_after{0};
  bool never_answers = false;  // UNKNOWN at the deadline
  bool busy = false;           // send() refuses
  bool reached = true;         // the recipient gets it (SENT, UNKNOWN)
  std::vector<std::pair<std::chrono::nanoseconds, model::ReceiptState>> receipts = {};
};

struct Arrival {
  ports::MonoTime at;
  model::WorkItem item;
  std::uint16_t attempt_number;
  bool resend;
  model::Outcome outcome;
  bool reached;
  model::TimePoint wall;  // the logical wall clock then
};

// A receipt of a delivery that the gateway has said it keeps.
struct Heard {
  ports::MonoTime at;
  model::MessageId id;
  std::uint16_t attempt_number;  // of the send it is for
};

class FakeProvider final : public ports::Provider {
 public:
  FakeProvider(std::string name, ports::ProviderTraits traits, VirtualClock& clock,
               VirtualLoop& loop)
      : name_(std::move(name)), traits_(traits), clock_(clock), loop_(loop) {}

  std::function<SendPlan(const ports::SendRequest&)> plan = [](const ports::SendRequest&) {
    return SendPlan{};
  };
  ports::ProviderEvents* events = nullptr;
  std::vector<Arrival> arrivals;
  std::vector<Heard> heard;
  std::size_t in_flight = 0;
  std::size_t in_flight_max = 0;
  int missed = 0;  // sends that could not begin in time

  model::ProviderKey key() const override { return key_; }
  void set_key(model::ProviderKey key) { key_ = key; }
  const std::string& name() const override { return name_; }
  const ports::ProviderTraits& traits() const override { return traits_; }
  void cancel(ports::SendTicket) override {}

  bool send(const ports::SendRequest& request) override {
    const SendPlan chosen = plan(request);
    if (chosen.busy) return false;
    const ports::MonoTime begins = clock_.mono() + chosen.ready_after;
    if (begins > request.begin_by) {
      miss(request.ticket, begins);
      return true;
    }
    const bool in_time = !chosen.never_answers && begins + chosen.latency < request.deadline;
    const model::Outcome outcome = in_time ? chosen.outcome : model::Outcome::kUnknown;
    const bool may_reach = chosen.outcome == model::Outcome::kSent ||
                           chosen.outcome == model::Outcome::kUnknown || !in_time;
    arrivals.push_back(
        {begins, *request.item, request.attempt_number, request.resend, outcome,
         chosen.reached && may_reach,
         clock_.wall() + std::chrono::ceil<std::chrono::milliseconds>(chosen.ready_after)});
    in_flight_max = std::max(in_flight_max, ++in_flight);
    answer(request, chosen, in_time ? begins + chosen.latency : request.deadline, outcome);
    if (chosen.reached && may_reach) report(request, chosen, begins);
    return true;
  }
  // How often the recipient got a message.
  int reached(model::MessageId id) const {
    int count = 0;
    std::vector<std::uint16_t> seen;
    for (const Arrival& arrival : arrivals)
      if (arrival.item.id == id && arrival.reached) ++count;
    return traits_.dedupes && count > 1 ? 1 : count;
  }
  std::string provider_id(model::MessageId id) const { return name_ + "-" + id.to_string(); }

 private:
  void miss(ports::SendTicket ticket, ports::MonoTime at) {
    ++missed;
    in_flight_max = std::max(in_flight_max, ++in_flight);
    loop_.run_at(at, [this, ticket] {
      --in_flight;
      if (events != nullptr) events->on_begin_missed(key_, ticket);
    });
  }
  void answer(const ports::SendRequest& request, const SendPlan& chosen, ports::MonoTime at,
              model::Outcome outcome) {
    model::AttemptResult result;
    result.outcome = outcome;
    result.retry_after = chosen.retry_after;
    result.status_code = chosen.status_code;
    if (outcome == model::Outcome::kSent)
      result.provider_message_id = provider_id(request.item->id);
    loop_.run_at(at, [this, ticket = request.ticket, result]() mutable {
      --in_flight;
      if (events != nullptr) events->on_send_result(key_, ticket, std::move(result));
    });
  }
  void report(const ports::SendRequest& request, const SendPlan& chosen, ports::MonoTime begun) {
    if (!traits_.receipts) return;
    const model::MessageId id = request.item->id;
    for (const auto& [delay, state] : chosen.receipts) {
      model::Receipt receipt;
      receipt.provider = key_;
      receipt.state = state;
      receipt.provider_message_id = provider_id(id);
      receipt.message_id = id;
      const bool delivered = state == model::ReceiptState::kDelivered;
      auto kept = [this, id, delivered, number = request.attempt_number](bool taken) {
        if (taken && delivered) heard.push_back({clock_.mono(), id, number});
      };
      loop_.run_at(begun + delay, [this, receipt, kept] {
        if (events != nullptr) events->on_report(key_, {.receipts = {receipt}}, kept);
      });
    }
  }

  std::string name_;
  ports::ProviderTraits traits_;
  model::ProviderKey key_{};
  VirtualClock& clock_;
  VirtualLoop& loop_;
};

}  // namespace heliograph::test
