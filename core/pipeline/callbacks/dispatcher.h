// CallbackDispatcher: sends what the store has for clients' endpoints, and writes down what came of
// it.
//
// Each endpoint has a lane; lanes with work take turns when places are short, and no lane nor
// client has more than its share of them, so that nobody waits for another's slow receiver. The
// store is told results in batches. After a crash what was under way is sent again, with the same
// id.
//
// Thread: the loop's, but on_callbacks_due(). Everything handed in outlives it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/pipeline/alive.h"
#include "core/pipeline/callbacks/lane.h"
#include "core/pipeline/callbacks/verdict.h"
#include "core/ports/callback_signer.h"
#include "core/ports/clock.h"
#include "core/ports/executor.h"
#include "core/ports/http_client.h"
#include "core/ports/log.h"
#include "core/ports/random.h"
#include "core/ports/store_callbacks.h"
#include "core/ports/tracer.h"

namespace heliograph::pipeline {

struct CallbackSettings {
  std::vector<std::chrono::milliseconds> retry_delays;
  std::chrono::milliseconds timeout{15'000};  // of an attempt
  std::size_t max_in_flight = 32;             // at one endpoint
  bool allow_http = false;
  std::string user_agent;
};

// At all endpoints; the HTTP client has as many connections.
inline constexpr std::size_t kCallbacksInFlight = 512;

struct CallbackDispatcherPorts {
  ports::Clock& clock;
  ports::Random& random;
  ports::Loop& loop;
  ports::StoreCallbacks& store;
  ports::HttpClient& http;
  const ports::CallbackSigner& signer;
  ports::Log* log = nullptr;        // nullptr: silent
  ports::Tracer* tracer = nullptr;  // nullptr: nothing is recorded
};

class CallbackDispatcher final : public ports::CallbackEvents {
 public:
  CallbackDispatcher(CallbackSettings settings, const CallbackDispatcherPorts& ports);
  ~CallbackDispatcher() override;

  void start(const std::vector<ports::CallbackHead>& heads);
  // Begins nothing new; `done` when nothing is under way, or at the deadline.
  void drain(ports::MonoTime deadline, base::Task done);

  // [writer thread]
  void on_callbacks_due(std::vector<std::int64_t> endpoints) override;

  struct Stats {
    std::uint64_t delivered = 0;
    std::uint64_t failed = 0;  // attempts
    std::uint64_t given_up = 0;
    std::uint64_t in_flight = 0;
  };
  Stats stats() const;  // [any thread]

 private:
  struct Attempt {
    std::int64_t endpoint = 0;
    model::CallbackId endpoint_id;
    model::ClientId client{};
    model::CallbackId id;
    std::string message;       // it tells of; only where a log wants to know
    std::size_t attempts = 0;  // before this one
    ports::MonoTime begun{};
    model::SpanId parent{};     // in the trace of the message
    model::TraceContext trace;  // of this attempt; may be invalid
  };

  // Rows of deliveries, each with that of its endpoint.
  struct ReportedRow {
    std::int64_t endpoint = 0;
    std::int64_t row = 0;
    model::TimePoint due{};  // of the next attempt; kNever: there is none
  };
  using RowsOfEndpoints = std::vector<ReportedRow>;

  // Both clocks at one moment: what was not due when a lane was looked at is still to come when
  // its alarm is set. Read anew in between, what fell due meanwhile would wake nobody.
  struct Moment {
    ports::MonoTime mono{};
    model::TimePoint wall{};
  };
  Moment now() const { return {ports_.clock.mono(), ports_.clock.wall()}; }

  CallbackLane& lane_for(std::int64_t endpoint);
  void wake(std::int64_t endpoint, model::TimePoint due);
  void work(CallbackLane& lane);
  void work_those_in_line();
  void look_ahead(CallbackLane& lane, const Moment& now);
  bool may_send(const CallbackLane& lane, const Moment& now) const;
  bool place_for(const CallbackLane& lane) const;
  void read_if_wanted(CallbackLane& lane, const Moment& now);
  void on_page(std::int64_t endpoint, std::size_t limit, ports::CallbackPage page);
  void set_alarm(CallbackLane& lane, const Moment& now);
  void forget_if_done(std::int64_t endpoint);

  void send_next(CallbackLane& lane);
  ports::OutgoingRequest make_request(const model::CallbackEndpoint& target,
                                      const model::CallbackJob& job, const std::string& url) const;
  void on_answer(const Attempt& attempt, const ports::OutgoingResponse& response);
  void end_span(const Attempt& attempt, const CallbackVerdict& verdict);
  void settle(CallbackLane& lane, const Attempt& attempt, const CallbackVerdict& verdict);
  void disable(CallbackLane& lane);
  void give_up(CallbackLane& lane, const model::CallbackJob& job, std::string why);
  void report(const CallbackLane& lane, ports::CallbackResult result);
  void flush();
  void on_committed(const RowsOfEndpoints& rows);
  void finish_drain_if_idle();

  const CallbackSettings settings_;
  const CallbackDispatcherPorts ports_;
  std::unordered_map<std::int64_t, std::unique_ptr<CallbackLane>> lanes_;
  std::deque<std::int64_t> line_;  // lanes that wait for a place
  std::map<model::ClientId, std::size_t> client_in_flight_;
  std::size_t in_flight_ = 0;
  std::vector<ports::CallbackResult> results_;
  RowsOfEndpoints result_rows_;
  std::vector<std::int64_t> gone_;
  bool flush_posted_ = false;
  bool stopped_ = false;
  base::Task drained_;
  std::atomic<std::uint64_t> delivered_{0};
  std::atomic<std::uint64_t> failed_{0};
  std::atomic<std::uint64_t> given_up_{0};
  std::atomic<std::uint64_t> shown_in_flight_{0};
  Alive alive_;
};

}  // namespace heliograph::pipeline
