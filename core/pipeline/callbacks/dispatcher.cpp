#include "core/pipeline/callbacks/dispatcher.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "core/base/assert.h"
#include "core/base/text.h"
#include "core/pipeline/callbacks/schedule.h"
#include "core/pipeline/message_log.h"

namespace heliograph::pipeline {
namespace {

using std::chrono::milliseconds;

// Of all places: so that a client with many slow receivers leaves room for the others.
constexpr std::size_t kClientInFlight = kCallbacksInFlight / 2;
constexpr std::size_t kPageMin = 16;
// When the store or the HTTP client cannot serve us now.
constexpr milliseconds kAgain{250};
// Of an answer: its status is what counts.
constexpr std::size_t kAnswerMax = 8 * 1024;

// Schemes are case-insensitive (RFC 3986, 3.1).
bool is_plain_http(std::string_view url) {
  return base::to_lower_ascii(url.substr(0, url.find(':'))) == "http";
}

}  // namespace

CallbackDispatcher::CallbackDispatcher(CallbackSettings settings,
                                       const CallbackDispatcherPorts& ports)
    : settings_(std::move(settings)), ports_(ports) {
  HG_ASSERT(settings_.max_in_flight > 0);
}

CallbackDispatcher::~CallbackDispatcher() = default;

void CallbackDispatcher::start(const std::vector<ports::CallbackHead>& heads) {
  for (const ports::CallbackHead& head : heads) wake(head.endpoint, head.first_due);
}

void CallbackDispatcher::on_callbacks_due(std::vector<std::int64_t> endpoints) {
  ports_.loop.post([this, alive = alive_.watch(), endpoints = std::move(endpoints)] {
    if (alive.expired()) return;
    for (const std::int64_t endpoint : endpoints) wake(endpoint, ports_.clock.wall());
  });
}

CallbackDispatcher::Stats CallbackDispatcher::stats() const {
  return {.delivered = delivered_,
          .failed = failed_,
          .given_up = given_up_,
          .in_flight = shown_in_flight_};
}

// ---- lanes ----

CallbackLane& CallbackDispatcher::lane_for(std::int64_t endpoint) {
  std::unique_ptr<CallbackLane>& lane = lanes_[endpoint];
  if (!lane) lane = std::make_unique<CallbackLane>(endpoint, settings_.max_in_flight);
  return *lane;
}

void CallbackDispatcher::wake(std::int64_t endpoint, model::TimePoint due) {
  if (stopped_) return;
  CallbackLane& lane = lane_for(endpoint);
  if (lane.reading) lane.told = true;
  lane.next_due = std::min(lane.next_due, due);
  work(lane);
  forget_if_done(endpoint);
}

bool CallbackDispatcher::may_send(const CallbackLane& lane, const Moment& now) const {
  return !stopped_ && !lane.loaded.empty() && lane.target && lane.target->enabled &&
         lane.in_flight < lane.pace.allowed() && lane.pace.paused_until() <= now.mono;
}

bool CallbackDispatcher::place_for(const CallbackLane& lane) const {
  if (in_flight_ >= kCallbacksInFlight) return false;
  const auto client = client_in_flight_.find(lane.target->client);
  return client == client_in_flight_.end() || client->second < kClientInFlight;
}

void CallbackDispatcher::work(CallbackLane& lane) {
  const Moment began = now();
  while (may_send(lane, began) && place_for(lane)) send_next(lane);
  if (may_send(lane, began) && !lane.in_line) {
    lane.in_line = true;
    line_.push_back(lane.endpoint);
  }
  look_ahead(lane, began);
}

void CallbackDispatcher::look_ahead(CallbackLane& lane, const Moment& now) {
  read_if_wanted(lane, now);
  set_alarm(lane, now);
}

// One each, in turn.
void CallbackDispatcher::work_those_in_line() {
  for (std::size_t i = line_.size(); i > 0 && in_flight_ < kCallbacksInFlight; --i) {
    const std::int64_t endpoint = line_.front();
    line_.pop_front();
    CallbackLane& lane = lane_for(endpoint);
    lane.in_line = false;
    const Moment began = now();
    if (may_send(lane, began) && place_for(lane)) send_next(lane);
    if (may_send(lane, began)) {
      lane.in_line = true;
      line_.push_back(endpoint);
    }
    look_ahead(lane, began);
    forget_if_done(endpoint);
  }
}

void CallbackDispatcher::read_if_wanted(CallbackLane& lane, const Moment& now) {
  if (stopped_ || lane.reading || lane.next_due > now.wall) return;
  if (lane.pace.paused_until() > now.mono) return;
  if (lane.loaded.size() >= lane.pace.allowed()) return;
  lane.reading = true;
  // What is known comes back with the rest.
  const std::size_t limit = lane.known.size() + std::max(kPageMin, 2 * lane.pace.allowed());
  auto done = [this, endpoint = lane.endpoint, limit](ports::CallbackPage page) {
    on_page(endpoint, limit, std::move(page));
  };
  ports_.store.callbacks_due(lane.endpoint, ports_.clock.wall(), limit, ports_.loop,
                             alive_.guard(std::move(done)));
}

void CallbackDispatcher::on_page(std::int64_t endpoint, std::size_t limit,
                                 ports::CallbackPage page) {
  CallbackLane& lane = lane_for(endpoint);
  const model::TimePoint now = ports_.clock.wall();
  lane.reading = false;
  lane.next_due = page.jobs.size() >= limit ? now : page.next_due;
  if (std::exchange(lane.told, false) || !lane.settled.empty()) lane.next_due = now;
  if (!page.read) lane.next_due = now + kAgain;
  if (page.read) {
    lane.target = std::move(page.endpoint);
    // Removed or disabled since these were read.
    if (!lane.target || !lane.target->enabled) {
      for (const model::CallbackJob& job : std::exchange(lane.loaded, {}))
        give_up(lane, job, "the endpoint is disabled");
    }
  }
  for (model::CallbackJob& job : page.jobs) {
    const std::int64_t row = job.id.row();
    if (lane.settled.contains(row) || !lane.known.insert(row).second) continue;
    if (lane.target && lane.target->enabled) {
      lane.loaded.push_back(std::move(job));
    } else {
      give_up(lane, job, "the endpoint is disabled");
    }
  }
  lane.settled.clear();
  work(lane);
  forget_if_done(endpoint);
}

void CallbackDispatcher::set_alarm(CallbackLane& lane, const Moment& now) {
  ports::MonoTime at = ports::MonoTime::max();
  if (!lane.reading && lane.next_due != model::kNever) {
    at = now.mono + std::max<std::chrono::nanoseconds>(lane.next_due - now.wall, milliseconds{0});
  }
  if (!lane.loaded.empty()) at = std::min(at, now.mono);
  at = std::max(at, lane.pace.paused_until());
  // Due, and not paused: whatever it waits for will call.
  const bool wanted = at > now.mono && at != ports::MonoTime::max() && !stopped_;
  if (lane.alarm && (!wanted || lane.alarm->first != at)) {
    ports_.loop.cancel(lane.alarm->second);
    lane.alarm.reset();
  }
  if (!wanted || lane.alarm) return;
  auto ring = [this, endpoint = lane.endpoint] {
    CallbackLane& woken = lane_for(endpoint);
    woken.alarm.reset();
    work(woken);
    forget_if_done(endpoint);
  };
  lane.alarm.emplace(at, ports_.loop.run_at(at, alive_.guard(std::move(ring))));
}

void CallbackDispatcher::forget_if_done(std::int64_t endpoint) {
  const auto found = lanes_.find(endpoint);
  if (found == lanes_.end()) return;
  const CallbackLane& lane = *found->second;
  const bool busy = lane.in_flight > 0 || lane.reading || lane.in_line || !lane.known.empty();
  if (busy || lane.alarm || lane.next_due != model::kNever) return;
  lanes_.erase(found);
}

// ---- sending ----

ports::OutgoingRequest CallbackDispatcher::make_request(const model::CallbackEndpoint& target,
                                                        const model::CallbackJob& job,
                                                        const std::string& url) const {
  const std::string id = job.id.to_string();
  const auto seconds =
      std::chrono::floor<std::chrono::seconds>(ports_.clock.real_wall()).time_since_epoch().count();
  std::vector<std::string_view> secrets{target.secrets.current};
  const bool overlap = target.secrets.previous_until > ports_.clock.wall();
  if (overlap && !target.secrets.previous.empty()) secrets.emplace_back(target.secrets.previous);
  ports::OutgoingRequest request;
  request.method = "POST";
  request.url = url;
  request.headers = {{"Content-Type", "application/json"},
                     {"User-Agent", settings_.user_agent},
                     {"webhook-id", id},
                     {"webhook-timestamp", fmt::to_string(seconds)},
                     {"webhook-signature", ports_.signer.sign(secrets, id, seconds, job.body)}};
  request.body = job.body;
  request.deadline = ports_.clock.mono() + settings_.timeout;
  request.body_max = kAnswerMax;
  request.safe_to_resend = true;  // receivers know a repetition by its id
  return request;
}

void CallbackDispatcher::send_next(CallbackLane& lane) {
  const model::CallbackJob job = std::move(lane.loaded.front());
  lane.loaded.pop_front();
  const model::CallbackEndpoint& target = *lane.target;
  const std::string& url = job.url.empty() ? target.url : job.url;
  const Attempt attempt{.endpoint = lane.endpoint,
                        .endpoint_id = target.id,
                        .client = target.client,
                        .id = job.id,
                        .message = message_for_log(ports_.log, job.body),
                        .attempts = job.attempts,
                        .begun = ports_.clock.mono(),
                        .parent = job.trace.span_id,
                        .trace = ports::begin_span(ports_.tracer, job.trace)};
  CallbackVerdict refused;
  if (!settings_.allow_http && is_plain_http(url)) {
    refused.error = "http:// is not allowed (callbacks.allow_http)";
    end_span(attempt, refused);
    return settle(lane, attempt, refused);
  }
  auto answered = [this, attempt](const ports::OutgoingResponse& response) {
    on_answer(attempt, response);
  };
  ports::OutgoingRequest request = make_request(target, job, url);
  if (attempt.trace.valid())
    request.headers.emplace_back("traceparent", model::format_traceparent(attempt.trace));
  const auto begun = ports_.http.request(std::move(request), alive_.guard(std::move(answered)));
  if (begun) {
    ++lane.in_flight;
    ++client_in_flight_[target.client];
    shown_in_flight_ = ++in_flight_;
  } else if (begun.error() == ports::HttpRefusal::kMalformed) {
    refused.error = "the URL cannot be used";
    end_span(attempt, refused);
    settle(lane, attempt, refused);
  } else {
    lane.known.erase(job.id.row());
    lane.next_due = std::min(lane.next_due, ports_.clock.wall() + kAgain);
  }
}

void CallbackDispatcher::on_answer(const Attempt& attempt,
                                   const ports::OutgoingResponse& response) {
  CallbackLane& lane = lane_for(attempt.endpoint);
  --lane.in_flight;
  shown_in_flight_ = --in_flight_;
  const auto client = client_in_flight_.find(attempt.client);
  if (--client->second == 0) client_in_flight_.erase(client);

  const ports::MonoTime now = ports_.clock.mono();
  const CallbackVerdict verdict = judge_callback(response, ports_.clock.real_wall());
  end_span(attempt, verdict);
  if (verdict.delivered) {
    lane.pace.on_success();
  } else if (verdict.slow_down) {
    lane.pace.on_slow_down(verdict.retry_after, now);
  } else {
    lane.pace.on_failure(attempt.begun, now);
  }
  settle(lane, attempt, verdict);
  if (verdict.gone) disable(lane);
  if (lane.pace.paused_until() > now && !lane.loaded.empty()) {
    // Read again afterwards: URL and secrets may have changed by then.
    for (const model::CallbackJob& job : lane.loaded) lane.known.erase(job.id.row());
    lane.loaded.clear();
    lane.next_due = std::min(lane.next_due, ports_.clock.wall());
  }
  work_those_in_line();
  work(lane);
  finish_drain_if_idle();
}

// Not its URL, which is the client's business.
void CallbackDispatcher::end_span(const Attempt& attempt, const CallbackVerdict& verdict) {
  if (!ports::is_recorded(ports_.tracer, attempt.trace)) return;
  ports::Span span;
  span.context = attempt.trace;
  span.parent = attempt.parent;
  span.name = "callback";
  span.kind = ports::SpanKind::kClient;
  span.start = attempt.begun;
  span.end = ports_.clock.mono();
  span.failed = !verdict.delivered;
  span.attributes.emplace_back("heliograph.callback.id", attempt.id.to_string());
  span.attributes.emplace_back("http.response.status_code", std::int64_t{verdict.status_code});
  ports_.tracer->end(std::move(span));
}

void CallbackDispatcher::settle(CallbackLane& lane, const Attempt& attempt,
                                const CallbackVerdict& verdict) {
  const model::TimePoint now = ports_.clock.wall();
  ports::CallbackResult result;
  result.id = attempt.id;
  result.at = now;
  result.due = now;
  result.status_code = verdict.status_code;
  result.error = verdict.error;
  log_callback(ports_.log, attempt.message, attempt.id, attempt.endpoint_id, verdict);
  if (verdict.delivered) {
    result.state = model::CallbackState::kDelivered;
    ++delivered_;
    return report(lane, std::move(result));
  }
  ++failed_;
  const auto delay =
      callback_delay(settings_.retry_delays, attempt.attempts + 1, ports_.random.unit());
  if (delay && !verdict.gone) {
    result.due = now + std::max(*delay, verdict.retry_after.value_or(milliseconds{0}));
    lane.next_due = std::min(lane.next_due, result.due);
    return report(lane, std::move(result));
  }
  result.state = model::CallbackState::kFailed;
  ++given_up_;
  if (ports_.log != nullptr) {
    ports_.log->info("callback given up", {{"endpoint", attempt.endpoint_id.to_string()},
                                           {"delivery", attempt.id.to_string()},
                                           {"error", verdict.error}});
  }
  report(lane, std::move(result));
}

void CallbackDispatcher::disable(CallbackLane& lane) {
  if (!lane.target || !lane.target->enabled) return;
  lane.target->enabled = false;
  gone_.push_back(lane.endpoint);
  if (ports_.log != nullptr) {
    // Not its URL: what follows the "?" is often a secret.
    ports_.log->warn("callback endpoint disabled: it answered 410",
                     {{"endpoint", lane.target->id.to_string()}});
  }
  for (const model::CallbackJob& job : lane.loaded) give_up(lane, job, "the endpoint is disabled");
  lane.loaded.clear();
}

void CallbackDispatcher::give_up(CallbackLane& lane, const model::CallbackJob& job,
                                 std::string why) {
  ports::CallbackResult result;
  result.id = job.id;
  result.attempted = false;
  result.state = model::CallbackState::kFailed;
  result.error = std::move(why);
  ++given_up_;
  report(lane, std::move(result));
}

// ---- results ----

void CallbackDispatcher::report(const CallbackLane& lane, ports::CallbackResult result) {
  const bool again = result.state == model::CallbackState::kPending;
  result_rows_.push_back({lane.endpoint, result.id.row(), again ? result.due : model::kNever});
  results_.push_back(std::move(result));
  if (std::exchange(flush_posted_, true)) return;
  ports_.loop.post(alive_.guard([this] { flush(); }));
}

void CallbackDispatcher::flush() {
  flush_posted_ = false;
  auto committed = [this, rows = std::exchange(result_rows_, {})](bool) { on_committed(rows); };
  ports_.store.finish_callbacks(std::exchange(results_, {}), std::exchange(gone_, {}), ports_.loop,
                                alive_.guard(std::move(committed)));
  finish_drain_if_idle();
}

void CallbackDispatcher::on_committed(const RowsOfEndpoints& rows) {
  std::set<std::int64_t> endpoints;
  for (const auto& [endpoint, row, due] : rows) {
    CallbackLane& lane = lane_for(endpoint);
    // A page that was read before this commit did not know of it.
    lane.next_due = std::min(lane.next_due, due);
    lane.known.erase(row);
    if (lane.reading) lane.settled.insert(row);
    endpoints.insert(endpoint);
  }
  for (const std::int64_t endpoint : endpoints) {
    work(lane_for(endpoint));
    forget_if_done(endpoint);
  }
}

void CallbackDispatcher::drain(ports::MonoTime deadline, base::Task done) {
  stopped_ = true;
  drained_ = std::move(done);
  ports_.loop.run_at(deadline, alive_.guard([this] {
    if (drained_) std::exchange(drained_, nullptr)();
  }));
  finish_drain_if_idle();
}

void CallbackDispatcher::finish_drain_if_idle() {
  if (!stopped_ || in_flight_ > 0 || !results_.empty() || !drained_) return;
  std::exchange(drained_, nullptr)();
}

}  // namespace heliograph::pipeline
