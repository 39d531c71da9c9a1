// Intake: judges what a client submits, completes and prices it, and has the store keep it.
//
// judge() is pure; accept() adds the order of checks every way in shares: limits, idempotency in
// flight, store. Thread-safe: every API thread uses the one instance.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/config/config.h"
#include "core/model/client.h"
#include "core/model/message.h"
#include "core/pipeline/limit_use.h"
#include "core/pipeline/price_quote.h"
#include "core/pipeline/route_table.h"
#include "core/ports/clock.h"
#include "core/ports/metrics.h"
#include "core/ports/store.h"
#include "core/ports/tracer.h"

namespace heliograph::pipeline {

class QuietHours;

// What a client asks for, read but not judged. Empty strings and nullopt: not given.
struct Submission {
  model::Channel channel = model::Channel::kSms;
  std::string to;
  std::string from;
  std::string text;
  model::Content content;
  std::string client_reference;
  std::string callback_url;
  std::string provider;  // pin
  std::string metadata_json;
  std::optional<model::Lane> lane;
  std::optional<model::InDoubt> in_doubt;
  std::optional<model::TimePoint> send_at;
  std::optional<std::chrono::milliseconds> validity;
  std::string timezone;  // the recipient's, an IANA name
  bool otp = false;      // the API has to put a one-time code into the text before it is judged
  // How the systems that facades stand in for read numbers: in this region where neither client nor
  // gateway has one, and bare digits that are no national number are international.
  std::string fallback_region;
  bool digits_are_international = false;
  bool digits_have_no_region = false;  // nor are they completed with a region's calling code
};

struct FieldError {
  std::string pointer;  // JSON pointer: "/to"
  std::string detail;   // a sentence; never the value of a number or text
};

// The state of the tightest limit that applies, for RateLimit headers.
struct LimitState {
  std::string policy;  // "total" or "client"; empty: no limit applies
  std::uint64_t limit = 0;
  std::uint64_t window_seconds = 1;  // rounded up
  std::uint64_t remaining = 0;
  std::uint64_t reset_seconds = 0;  // until a whole quota is there again, rounded up
};
struct RateLimited {
  std::chrono::milliseconds retry_after{1'000};
};
struct IdempotencyInFlight {};  // the first request with this key is not answered yet
using IntakeResult = std::variant<ports::AcceptResult, RateLimited, IdempotencyInFlight>;

// What came of a batch. A NotSubmitted item with `retry_after` above zero met a limit.
using IntakeBatchResult = std::variant<ports::BatchAnswer, ports::IdempotencyMismatch,
                                       ports::Overloaded, IdempotencyInFlight>;
using BatchItem = std::variant<model::NewMessage, ports::NotSubmitted>;

struct IntakeSettings {
  config::Messages messages;
  config::Numbers numbers;
  config::Limits limits;
  config::Billing billing;
  RouteTable routes;
  // What is wrong with the URL of a callback, as a sentence; empty: every URL is taken.
  std::function<std::optional<std::string>(std::string_view url)> callback_url_fault;
  // Providers by name, with the bits of their channels: what a pin may name.
  std::vector<std::pair<std::string, std::uint32_t>> providers;
  model::PriceTable prices;
  std::shared_ptr<const QuietHours> quiet_hours;  // nullptr: nobody has any
  ports::Metrics* metrics = nullptr;              // nullptr: nothing is counted; outlives it
};

struct RecipientPrice {
  std::string to;  // in E.164, or an e-mail address
  PriceQuote quote;
  std::shared_ptr<const void> rules;  // what quote.rule points into, whatever is applied meanwhile
};

class Intake {
 public:
  // `tracer` may be null.
  Intake(IntakeSettings settings, ports::Clock& clock, ports::Store& store,
         ports::Tracer* tracer = nullptr);
  ~Intake();

  std::expected<model::NewMessage, FieldError> judge(const model::Client& client,
                                                     const Submission& submission) const;

  // What a part to `to` (as a client writes it) costs now. The error is about "/channel" or "/to".
  std::expected<RecipientPrice, FieldError> price(const model::Client& client,
                                                  model::Channel channel, std::string to) const;

  struct Options {
    bool skip_client_limit = false;  // facade requests share one client
  };
  // `message.trace` is the client's, as it came. `state` (if given) is filled before accept()
  // returns.
  void accept(const model::Client& client, model::NewMessage message,
              std::optional<ports::IdempotencyKey> key, const Options& options, LimitState* state,
              ports::Executor& where, ports::Done<IntakeResult> done);

  // Several at once: one key, one command for the store, one span. Limits count messages, so the
  // first that fit get in.
  void accept_batch(const model::Client& client, std::vector<BatchItem> items,
                    std::optional<ports::IdempotencyKey> key, const Options& options,
                    LimitState* state, ports::Executor& where, ports::Done<IntakeBatchResult> done);

  // [any thread] What is judged and priced from now on. `settings.limits` has to be what the intake
  // was made with: its meters go on.
  void apply(IntakeSettings settings);

  // How the client's tightest limit stands, for answers to what never got to accept().
  LimitState limit_state(const model::Client& client, const Options& options) const;
  // How much of limits.total is used; nullopt: there is none.
  std::optional<LimitUse> total_use() const;

 private:
  class Impl;
  // Shared with accepts that the store has not answered yet: they may outlive the intake.
  std::shared_ptr<Impl> impl_;
};

}  // namespace heliograph::pipeline
